"""A checkpoint: a folder in the Hugging Face layout, opened by path, hub name, or as the embedded one.

Opening reads `config.json` and nothing else; tokenizer and weights are read when first asked for.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from functools import cached_property
from hashlib import blake2b
from pathlib import Path
from typing import Any

from mull.errors import CheckpointError
from mull.model import formats
from mull.model.config import Config, read_json
from mull.model.settings import RANGES
from mull.model.tokenizer import Tokenizer
from mull.model.weights import Weights

EMBEDDED = Path(__file__).parents[1] / "embedded"

# What is downloaded: data only, from the top folder. The template is read as text, never run.
_WANTED = ["*.json", "*.safetensors", "chat_template.jinja"]
_HUB_NAME = re.compile(r"(?:hub:)?(?P<repo>[\w-][\w.-]*/[\w-][\w.-]*)(?:@(?P<revision>[\w./-]+))?")
_SAMPLED = 64  # weights of a tensor that its fingerprint is made from
_END_TOKENS = ("<|im_end|>", "<|endoftext|>", "<｜end▁of▁sentence｜>")


@dataclass(frozen=True, slots=True)
class Defaults:
    """The sampling a checkpoint asks for. Without a word from it: the plain distribution.

    temperature 0 is greedy; top_k 0, top_p 1, min_p 0 and repetition_penalty 1 switch off.
    """

    temperature: float = 1.0
    top_p: float = 1.0
    top_k: int = 0
    min_p: float = 0.0
    repetition_penalty: float = 1.0


class Checkpoint:
    """One model's files. Use `Checkpoint.open`."""

    def __init__(self, folder: Path, name: str) -> None:
        self.folder = folder
        self.name = name
        self.config = Config.load(folder / "config.json")

    @classmethod
    def open(cls, name: str | Path | None = None, *, weights: bool = True) -> Checkpoint:
        """None: the embedded model. Else a folder, or a hub name `org/name[@revision]`.

        Only a name that cannot be meant as a path goes to the hub; `hub:org/name` always does. With
        `weights=False` all but the weights is downloaded.
        Raises CheckpointError in one line that says what to do.
        """
        if name is None:
            if not (EMBEDDED / "config.json").exists():
                raise CheckpointError(
                    "this installation carries no embedded model; name a folder or hub model."
                )
            return cls(EMBEDDED, "embedded")
        try:
            path = Path(name).expanduser()
            if path.is_dir():
                return cls(path, path.resolve().name)
            is_file = path.exists()
        except (OSError, RuntimeError) as error:
            raise CheckpointError(f"{name!s:.80}: cannot be opened ({error!s:.80}).") from None
        if is_file:
            raise CheckpointError(f"{name}: is a file. Pass the folder that holds config.json.")
        hub = _HUB_NAME.fullmatch(name) if isinstance(name, str) else None
        if hub is None:
            raise CheckpointError(
                f"{name!s:.200}: no such folder, and not a hub name (org/name or org/name@revision)."
            )
        if path.parent.is_dir() and not str(name).startswith("hub:"):
            raise CheckpointError(
                f"{name}: no such folder. For the model of that name on the hub: hub:{name}"
            )
        wanted = _WANTED if weights else [each for each in _WANTED if "safetensors" not in each]
        return cls(_download(hub["repo"], hub["revision"], wanted), str(name).removeprefix("hub:"))

    @cached_property
    def tokenizer(self) -> Tokenizer:
        tokenizer = Tokenizer.load(self.folder)
        if tokenizer.vocab_size > self.config.vocab_size:
            raise CheckpointError(
                f"{self.folder}: tokenizer.json has ids up to {tokenizer.vocab_size - 1}, config.json says "
                f"vocab_size {self.config.vocab_size}. Use the two that belong together."
            )
        return tokenizer

    @cached_property
    def weights(self) -> Weights:
        return Weights.open(self.folder, self.config)

    @cached_property
    def fingerprint(self) -> str:
        """16 hex digits that tell this network from others: of its shape, and a few weights of each tensor.

        Cheap also for 65 GB, and the same however the tensors are spread over files; no checksum.
        """
        found = blake2b(json.dumps(asdict(self.config)).encode(), digest_size=8)
        for name in sorted(self.weights):
            flat = self.weights.stored(name).reshape(-1)
            middle = len(flat) // 2
            found.update(f"{name} {self.weights.dtype(name)}".encode())
            found.update(flat[middle : middle + _SAMPLED].tobytes())
        return found.hexdigest()

    @cached_property
    def format(self) -> formats.Format:
        """The thinking format, from the tokenizer and the source of the chat template."""
        return formats.detect(self.tokenizer, self.template)

    @cached_property
    def stop_ids(self) -> frozenset[int]:
        """Ids that end a turn: those the files name and the usual end tokens the tokenizer has.

        The union, because models end on either (QwQ does) whatever a single file says.
        """
        named = self._generation.get("eos_token_id")
        if named is None:
            named = read_json(self.folder / "config.json").get("eos_token_id")
        ids = named if isinstance(named, list) else [] if named is None else [named]
        if not all(type(id) is int and 0 <= id < self.config.vocab_size for id in ids):
            raise CheckpointError(f"{self.folder}: eos_token_id {named!r:.60} is no id of the vocabulary.")
        if (self.folder / "tokenizer.json").exists():
            control = self.tokenizer.control
            ids = [*ids, *(control[token] for token in _END_TOKENS if token in control)]
        if not ids:
            raise CheckpointError(f"{self.folder}: no token ends a turn. Set eos_token_id in config.json.")
        return frozenset(ids)

    @cached_property
    def defaults(self) -> Defaults:
        """Sampling from `generation_config.json`; `do_sample: false` means temperature 0."""
        try:
            return _defaults(self._generation)
        except CheckpointError as error:
            raise CheckpointError(f"{self.folder / 'generation_config.json'}: {error}") from None

    @cached_property
    def _generation(self) -> dict[str, Any]:
        path = self.folder / "generation_config.json"
        return read_json(path) if path.exists() else {}

    @cached_property
    def template(self) -> str:
        """The source of the chat template, "" without one. It is read and passed on, never run."""
        path = self.folder / "chat_template.jinja"
        if path.exists():
            return path.read_text(encoding="utf-8", errors="replace")
        path = self.folder / "tokenizer_config.json"
        template = read_json(path).get("chat_template") if path.exists() else None
        return template if isinstance(template, str) else ""


def _defaults(raw: Mapping[str, Any]) -> Defaults:
    found: dict[str, Any] = {}
    for field in fields(Defaults):
        value = raw.get(field.name)
        if value is None:
            continue
        fine, wanted = RANGES[field.name]
        kinds = (int,) if field.name == "top_k" else (int, float)
        if type(value) not in kinds or not fine(value):
            raise CheckpointError(f"{field.name} must be {wanted}, found {value!r:.40}.")
        found[field.name] = value if field.name == "top_k" else float(value)
    if raw.get("do_sample") is False:
        found["temperature"] = 0.0
    return Defaults(**found)


def _download(repo: str, revision: str | None, wanted: list[str]) -> Path:
    """The folder of a hub model, from the local cache where it is complete."""
    import huggingface_hub
    from huggingface_hub import errors

    elsewhere = "You can also download it elsewhere (config, tokenizer, *.safetensors) and pass the folder."
    try:
        folder = huggingface_hub.snapshot_download(
            repo, revision=revision, allow_patterns=wanted, ignore_patterns=["*/*"]
        )
    except errors.GatedRepoError:
        why = "its licence must be accepted on the hub first, then log in with `hf auth login`."
    except errors.RevisionNotFoundError:
        why = f"the hub has no revision {revision} of it."
    except errors.RepositoryNotFoundError:
        why = "no such folder here and no such public model on the hub. Check the spelling."
    except errors.HFValidationError:
        why = "neither a folder here nor a valid hub name."
    except (errors.LocalEntryNotFoundError, errors.OfflineModeIsEnabled):
        why = "no such folder here, not in the local cache, and the hub cannot be reached."
    except Exception as error:  # network, server and disk errors come in the types of several libraries
        why = f"download failed ({type(error).__name__}: {' '.join(str(error).split()):.120}). Try again."
    else:
        return Path(folder)
    raise CheckpointError(f"{repo}: {why} {elsewhere}")
