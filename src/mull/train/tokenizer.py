"""Builds the embedded model's tokenizer: a plain `tokenizer.json` of the Qwen2 kind, at most 768 entries.

Byte-level BPE behind Qwen2's own pre-tokenisation, so it loads as it is wherever Qwen2 does
(transformers, llama.cpp, vLLM), every text tokenises and comes back unchanged, and every digit
is a token. Merges are learned from words alone, so an operator or a bracket is one token whatever
stands beside it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from random import Random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from mull import tasks
from mull.train.wording import FILLERS

SIZE = 768
RARE = 10  # a word seen less often is spelled
WEIGHT = 8  # of a question's words: they are many, and each is seen less often than those of the thoughts
PAD, EOS = "<|endoftext|>", "<|im_end|>"
THINK = ("<think>", "</think>")
SPECIALS = (PAD, "<|im_start|>", EOS, *THINK)
ROLES = ("system", "user", "assistant")
PIECES = (  # Qwen2's
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
_WORDS = re.compile(r" ?[A-Za-z]+| [^\sA-Za-z0-9]")  # what merges are learned from


def build(samples: int = 200) -> Tokenizer:
    """The tokenizer for the task families as they are now: same families, same bytes."""
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=SIZE,
        min_frequency=RARE,
        initial_alphabet=sorted(pre_tokenizers.ByteLevel.alphabet()),
        special_tokens=[AddedToken(token, special=True, normalized=False) for token in SPECIALS],
        show_progress=False,
    )
    tokenizer.train_from_iterator(_words(samples), trainer)
    made = json.loads(tokenizer.to_str())
    for token in made["added_tokens"]:
        token["special"] = (
            token["content"] not in THINK
        )  # kept where special tokens are left out, as in Qwen3
    return Tokenizer.from_str(json.dumps(made))


def alike(tokenizer: Tokenizer) -> list[tuple[int, int]]:
    """Pairs of ids that mean the same: with and without the space before, and in upper case."""
    vocabulary = tokenizer.get_vocab()
    pairs = []
    for entry, other in vocabulary.items():
        plain = entry.removeprefix("Ġ")
        if not plain.isascii():  # a letter that stands for a byte
            continue
        for form in (plain, plain.lower()):
            if form != entry and form in vocabulary:
                pairs.append((vocabulary[form], other))
                break
    return sorted(pairs)


def _words(samples: int) -> Iterable[str]:
    """The words of all questions, thoughts and answers of the training split, one at a time."""
    for word in (*(f" {word}" for word in FILLERS), *ROLES):
        yield from [word] * RARE
    for family in tasks.families():
        for level in family.levels:
            for index in range(samples):
                rng = Random(index)
                problem = family.problem("train", level, index)
                thoughts = "".join(part.text for part in family.trace(problem, rng, slips=0.5))
                for text in (*[problem.question] * WEIGHT, thoughts, tasks.final(problem)):
                    yield from _WORDS.findall(text)
