"""Hugging Face folders in the peers' formats: GGUF as mull exports it, OpenVINO with its own exporter."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from benchmarks.models import Model, save_tokenizer
from mull.export import gguf
from mull.model.checkpoint import Checkpoint

GGUF_TYPES: dict[str, gguf.Dtype] = {"f32": "f32", "16": "f16", "int8": "q8_0"}
OPENVINO_TYPES = {"f32": "fp32", "16": "fp16", "int8": "int8"}
OPENVINO_PACKAGES = ("openvino-genai", "optimum-intel", "nncf")
CONSTRAINTS = Path(__file__).resolve().parents[1] / "constraints.txt"


def to_gguf(model: Model, dtype: str) -> Path:
    """The model's GGUF at this precision, made now if it is not there."""
    path = model.derived / f"{dtype}.gguf"
    if path.exists():
        return path
    # Only ids go in and come out, so the text of the random models' tokens does not matter.
    return gguf.to_gguf(Checkpoint.open(model.folder), path, GGUF_TYPES[dtype], ids_only=True)


def openvino_python(cache: Path) -> Path:
    """The interpreter of OpenVINO's own environment, set up now if it is not there.

    Its exporter pins an older transformers, so it cannot share ours.
    """
    environment = cache / "openvino"
    python, complete = environment / "bin" / "python", environment / "complete"
    if not complete.exists():
        print(f"installing {', '.join(OPENVINO_PACKAGES)} into {environment} (once) ...", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "venv", str(environment)], check=True)
        pip = [str(python), "-m", "pip", "install", "-q", "--disable-pip-version-check"]
        subprocess.run([*pip, "-c", str(CONSTRAINTS), *OPENVINO_PACKAGES], check=True)
        # Comes along as a dependency of a dependency and does not fit this torch; nothing here needs it.
        subprocess.run([str(python), "-m", "pip", "uninstall", "-q", "-y", "torchvision"], check=True)
        complete.touch()
    return python


def to_openvino(model: Model, dtype: str, cache: Path) -> Path:
    """The model in OpenVINO's format by optimum-intel, made now if it is not there.

    Its tokenizer is a stand-in: only ids go in and come out, and the converter takes this one.
    """
    folder = model.derived / f"openvino-{dtype}"
    if folder.exists():
        return folder
    python = openvino_python(cache)
    source = model.derived / "for-openvino"
    source.mkdir(parents=True, exist_ok=True)
    for name in ("config.json", "model.safetensors"):
        (source / name).unlink(missing_ok=True)
        (source / name).symlink_to(model.folder / name)
    save_tokenizer(source, model.config.vocab_size)
    aside = folder.with_suffix(".tmp")
    shutil.rmtree(aside, ignore_errors=True)
    task = ["--task", "text-generation-with-past", "--weight-format", OPENVINO_TYPES[dtype]]
    command = [str(python.with_name("optimum-cli")), "export", "openvino", "--model", str(source), *task]
    done = subprocess.run([*command, str(aside)], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"optimum-cli cannot export it: {done.stderr.strip()[-300:]}")
    aside.rename(folder)
    return folder
