import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import errors

from mull.errors import CheckpointError
from mull.model import checkpoint as module
from mull.model.checkpoint import Checkpoint, Defaults
from mull.model.formats import Tagged
from mull.model.tokenizer import Tokenizer
from tests.model.builders import TINY, save_checkpoint, save_json, tokenizer_json

CONTROL = Tokenizer(json.loads(tokenizer_json())).control
END, TEXT_END = CONTROL["<|im_end|>"], CONTROL["<|endoftext|>"]


def test_a_folder(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path / "tiny")
    for name in (folder, str(folder)):
        checkpoint = Checkpoint.open(name)
        assert (checkpoint.name, checkpoint.folder) == ("tiny", folder)
        assert checkpoint.config.num_layers == 2
        assert checkpoint.format == Tagged()
        assert checkpoint.tokenizer.control_id("<|im_end|>") == END
        assert checkpoint.weights["model.norm.weight"].shape == (32,)
        assert checkpoint.tokenizer is checkpoint.tokenizer


def test_opening_reads_only_the_config(tmp_path: Path) -> None:
    save_json(tmp_path / "config.json", TINY)
    checkpoint = Checkpoint.open(tmp_path)
    with pytest.raises(CheckpointError, match=r"tokenizer\.json: not found"):
        _ = checkpoint.tokenizer
    with pytest.raises(CheckpointError, match="no weights there"):
        _ = checkpoint.weights


def test_the_embedded_model_is_the_default(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(module, "EMBEDDED", tmp_path)
    with pytest.raises(CheckpointError, match="no embedded model"):
        Checkpoint.open()
    save_checkpoint(tmp_path)
    assert Checkpoint.open().name == "embedded"


@pytest.mark.parametrize(
    ("config", "generation", "expected"),
    [
        ({"eos_token_id": END}, None, {END, TEXT_END}),
        ({"eos_token_id": 7}, {"eos_token_id": [8, 9]}, {8, 9, END, TEXT_END}),
        ({"eos_token_id": [7, 8]}, {"top_k": 5}, {7, 8, END, TEXT_END}),
        ({"eos_token_id": None}, None, {END, TEXT_END}),
    ],
)
def test_stop_ids(tmp_path: Path, config, generation, expected) -> None:
    files = {"generation_config": generation} if generation else {}
    checkpoint = Checkpoint.open(save_checkpoint(tmp_path, TINY | config, **files))
    assert checkpoint.stop_ids == expected


@pytest.mark.parametrize("eos", [-1, 10**9, "x", 1.0, True, [1, None]])
def test_stop_ids_must_be_in_the_vocabulary(tmp_path: Path, eos: Any) -> None:
    checkpoint = Checkpoint.open(save_checkpoint(tmp_path, TINY | {"eos_token_id": eos}))
    with pytest.raises(CheckpointError, match="eos_token_id"):
        _ = checkpoint.stop_ids


def test_a_model_that_never_stops_is_refused(tmp_path: Path) -> None:
    save_json(tmp_path / "config.json", TINY | {"eos_token_id": None})
    with pytest.raises(CheckpointError, match="no token ends a turn"):
        _ = Checkpoint.open(tmp_path).stop_ids


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        (None, Defaults()),
        ({}, Defaults()),
        (
            {"do_sample": True, "temperature": 0.7, "top_p": 0.8, "top_k": 20, "repetition_penalty": 1.0},
            Defaults(temperature=0.7, top_p=0.8, top_k=20),
        ),
        ({"temperature": 1, "min_p": 0.05, "top_k": None}, Defaults(temperature=1.0, min_p=0.05)),
        ({"do_sample": False, "temperature": 0.6}, Defaults(temperature=0.0)),
    ],
)
def test_sampling_defaults(tmp_path: Path, raw, expected) -> None:
    save_json(tmp_path / "config.json", TINY)
    if raw is not None:
        save_json(tmp_path / "generation_config.json", raw)
    assert Checkpoint.open(tmp_path).defaults == expected


@pytest.mark.parametrize(
    "raw",
    [
        {"temperature": -1},
        {"temperature": "hot"},
        {"temperature": float("nan")},
        {"temperature": 10**400},
        {"top_p": 1.5},
        {"top_k": 0.5},
        {"top_k": True},
        {"top_p": 0},
        {"top_k": 1 << 70},
        {"repetition_penalty": 0},
        {"repetition_penalty": 11},
    ],
)
def test_absurd_sampling_defaults_are_refused(tmp_path: Path, raw) -> None:
    save_json(tmp_path / "config.json", TINY)
    save_json(tmp_path / "generation_config.json", raw)
    with pytest.raises(CheckpointError, match=rf"generation_config\.json: {next(iter(raw))}"):
        _ = Checkpoint.open(tmp_path).defaults


def test_a_tokenizer_larger_than_the_network_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CheckpointError, match="belong together"):
        _ = Checkpoint.open(
            save_checkpoint(tmp_path, TINY | {"vocab_size": 500, "eos_token_id": 1})
        ).tokenizer


TEMPLATE = "{% if add_generation_prompt %}{{ '<|im_start|>assistant\\n' }}{% endif %}"


@pytest.mark.parametrize("place", ["chat_template.jinja", "tokenizer_config.json"])
def test_the_template_is_read_as_text(tmp_path: Path, place: str) -> None:
    save_checkpoint(tmp_path)
    hostile = (
        TEMPLATE + "{{ ''.__class__.__mro__[1].__subclasses__() }}{% for x in range(10**9) %}{% endfor %}"
    )
    if place.endswith(".json"):
        save_json(tmp_path / place, {"chat_template": hostile})
    else:
        (tmp_path / place).write_text(hostile, encoding="utf-8")
    assert Checkpoint.open(tmp_path).format == Tagged(starts_open=False)


def test_code_in_the_folder_is_not_run(tmp_path: Path) -> None:
    save_checkpoint(tmp_path)
    (tmp_path / "modeling_qwen2.py").write_text("raise SystemExit('imported')", encoding="utf-8")
    checkpoint = Checkpoint.open(tmp_path)
    assert checkpoint.weights
    assert checkpoint.format == Tagged()


@pytest.fixture
def hub(monkeypatch) -> list[tuple[str, dict[str, Any]]]:
    """A hub that notes what was asked of it and has nothing."""
    asked: list[tuple[str, dict[str, Any]]] = []

    def download(repo: str, **options: Any) -> str:
        asked.append((repo, options))
        raise errors.LocalEntryNotFoundError("nothing here\nand nothing there")

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    return asked


MISTYPED = (
    "qwq",
    "./models/qwq",
    "../qwq",
    "/models/qwq",
    "a/b/c",
    "models/qwq",
    "~/qwq",
    "C:\\models\\qwq",
    "",
)
NO_NAME = ("a/b\n", "org/name@", "org/na me", "x\0/y", "~nobody-of-this-name/x", "x" * 5000, ".hidden/name")


@pytest.mark.parametrize("name", [*MISTYPED, *NO_NAME, Path("org/name")])
def test_what_may_be_a_mistyped_folder_never_goes_to_the_hub(tmp_path, monkeypatch, hub, name) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()
    with pytest.raises(CheckpointError, match=r"no such folder|cannot be opened|config\.json: not found"):
        Checkpoint.open(name)
    assert not hub


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "qwq.gguf").touch()
    with pytest.raises(CheckpointError, match=r"is a file\. Pass the folder"):
        Checkpoint.open(tmp_path / "qwq.gguf")


@pytest.mark.parametrize(
    ("name", "repo", "revision"),
    [
        ("Qwen/QwQ-32B-Preview", "Qwen/QwQ-32B-Preview", None),
        ("Qwen/QwQ-32B@refs/pr/3", "Qwen/QwQ-32B", "refs/pr/3"),
        ("hub:models/qwq@v1.0", "models/qwq", "v1.0"),
    ],
)
def test_hub_names(tmp_path, monkeypatch, hub, name, repo, revision) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "models").mkdir()  # so that only hub: reaches models/qwq
    with pytest.raises(CheckpointError, match="pass the folder"):
        Checkpoint.open(name)
    ((asked, options),) = hub
    assert (asked, options["revision"]) == (repo, revision)


def test_only_data_is_downloaded(tmp_path, monkeypatch) -> None:
    """The real pattern filter of the hub library, over the kinds of files repositories hold."""
    from huggingface_hub.utils import filter_repo_objects

    def download(_repo: str, **options: Any) -> str:
        wanted.extend(
            filter_repo_objects(
                files, allow_patterns=options["allow_patterns"], ignore_patterns=options["ignore_patterns"]
            )
        )
        return str(save_checkpoint(tmp_path / "snapshot"))

    wanted: list[str] = []
    keep = ["config.json", "tokenizer.json", "model-00001-of-00002.safetensors", "chat_template.jinja"]
    drop = [
        "pytorch_model.bin",
        "modeling.py",
        "original/model.safetensors",
        "a/config.json",
        "x.gguf",
        "t.pt",
    ]
    files = keep + drop
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    checkpoint = Checkpoint.open("org/name@main")
    assert checkpoint.name == "org/name@main"
    assert wanted == keep


def response(status: int) -> Any:
    """As much of an answer as the hub library's errors look at, whichever HTTP library it uses."""
    return SimpleNamespace(status_code=status, headers={}, request=None)


FAILURES = [
    (errors.GatedRepoError("x", response=response(403)), "licence must be accepted"),
    (errors.RepositoryNotFoundError("x", response=response(404)), "no such public model"),
    (errors.RevisionNotFoundError("x", response=response(404)), "no revision v9"),
    (errors.HFValidationError("x"), "valid hub name"),
    (errors.LocalEntryNotFoundError("x"), "cannot be reached"),
    (errors.OfflineModeIsEnabled("x"), "cannot be reached"),
    (errors.HfHubHTTPError("broken\npipe", response=response(500)), "download failed.*broken pipe"),
    (OSError(28, "No space left on device"), "No space left"),
    (RuntimeError(""), "download failed"),
]


@pytest.mark.parametrize(("failure", "message"), FAILURES)
def test_every_hub_failure_is_one_clear_line(tmp_path, monkeypatch, failure, message) -> None:
    def download(*_: Any, **__: Any) -> str:
        raise failure

    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    with pytest.raises(CheckpointError, match=message) as error:
        Checkpoint.open("org/name@v9")
    assert str(error.value).startswith("org/name: ")
    assert "\n" not in str(error.value)


def test_offline_for_real(tmp_path: Path) -> None:
    """The library itself in its offline mode, with an empty cache."""
    code = "from mull.model.checkpoint import Checkpoint; Checkpoint.open('org/name')"
    run = subprocess.run(
        [sys.executable, "-c", code],
        env={"HF_HUB_OFFLINE": "1", "HF_HOME": str(tmp_path), "PYTHONPATH": ":".join(sys.path), "PATH": ""},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 1
    assert (
        "org/name: no such folder here, not in the local cache, and the hub cannot be reached" in run.stderr
    )


def test_a_local_model_loads_without_the_hub_library_or_torch(tmp_path: Path) -> None:
    folder = save_checkpoint(tmp_path)
    code = (
        "import sys; from mull.model.checkpoint import Checkpoint; c = Checkpoint.open(sys.argv[1]);"
        "c.weights, c.tokenizer, c.format, c.stop_ids, c.defaults;"
        "heavy = 'huggingface_hub', 'torch', 'transformers', 'jinja2';"
        "print([name for name in heavy if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        env={"PYTHONPATH": ":".join(sys.path), "PATH": ""},
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    assert run.stdout.strip() == "[]"
