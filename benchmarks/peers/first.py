"""The least a program needs to print one token: import, load, one prompt, one token.

python -m benchmarks.peers.first llama.cpp FILE.gguf
python -m benchmarks.peers.first transformers FOLDER
python -m benchmarks.peers.first openvino FOLDER
"""

from __future__ import annotations

import os
import sys

PROMPT = list(range(10, 30))
THREADS = 2


def llama_cpp(path: str) -> int:
    from benchmarks.peers.llamacpp import LlamaCpp

    peer = LlamaCpp(path, "int8", THREADS)
    peer.prefill([PROMPT], 1, 8)
    return peer.decode(1, 0.0)[0][0]


def transformers(folder: str) -> int:
    import torch
    from transformers import AutoModelForCausalLM

    model = AutoModelForCausalLM.from_pretrained(folder)
    ids = torch.tensor([PROMPT])
    settings = dict(max_new_tokens=1, do_sample=False, pad_token_id=0)
    return int(model.generate(ids, attention_mask=torch.ones_like(ids), **settings)[0, -1])


def openvino(folder: str) -> int:
    from benchmarks.peers.openvino import Genai

    peer = Genai(folder, "int8", THREADS)
    peer.prefill([PROMPT], 1, 8)  # draws the token
    return peer.first


if __name__ == "__main__":
    kind, where = sys.argv[1:]
    answers = os.fdopen(os.dup(1), "w")
    quiet = os.open(os.devnull, os.O_WRONLY)  # what libraries print while they load is no token
    os.dup2(quiet, 1)
    os.dup2(quiet, 2)
    makers = {"llama.cpp": llama_cpp, "transformers": transformers, "openvino": openvino}
    answers.write(f"{makers[kind](where)}\n")
    answers.flush()
