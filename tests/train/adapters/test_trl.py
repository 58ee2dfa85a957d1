"""TRL for real: two processes train the embedded model, and nothing leaves the machine.

`make test-trl` runs this in an environment of its own, on a CPU.
"""

import json
import math
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import torch
import yaml
from safetensors.torch import load_file
from torch import Tensor

import mull
from mull.cli.trl import CONFIGS
from mull.train.adapters import trl as adapter
from mull.train.adapters.rows import Selection
from mull.train.adapters.trl import Plan

pytest.importorskip("trl")
pytestmark = pytest.mark.trl

CONFIG_FOLDER = Path(adapter.__file__).parent / "configs"


@pytest.fixture
def calls() -> Iterator[list[bytes]]:
    """What anybody asks of the network: a proxy that writes it down and hangs up."""
    heard: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as server:

        def listen() -> None:
            while True:
                try:
                    connection, _ = server.accept()
                except OSError:  # closed
                    return
                with connection:
                    heard.append(connection.recv(200))

        threading.Thread(target=listen, daemon=True).start()
        proxy = f"http://127.0.0.1:{server.getsockname()[1]}"
        with pytest.MonkeyPatch.context() as patch:
            for name in ("http_proxy", "https_proxy", "all_proxy"):
                patch.setenv(name, proxy)
                patch.setenv(name.upper(), proxy)
            for name in ("HF_HUB_OFFLINE", "HF_HUB_DISABLE_TELEMETRY", "DO_NOT_TRACK"):
                patch.delenv(name, raising=False)
            yield heard


def launch(stage: str, out: Path, *options: str, steps: int = 3, levels: str = "1") -> list[dict[str, Any]]:
    """Run a stage on two processes; returns what TRL logged, step by step."""
    command = [
        sys.executable,
        "-m",
        "accelerate.commands.launch",
        "--config_file",
        str(CONFIG_FOLDER / "cpu.yaml"),
    ]
    command += ["--num_processes", "2", "--main_process_port", "0", "-m", "mull", "train", stage]
    command += [
        "--backend",
        "trl",
        "--out",
        str(out),
        "--steps",
        str(steps),
        "--count",
        "20",
        "--levels",
        levels,
    ]
    for setting in (f"save_steps={steps}", "logging_steps=1", "disable_tqdm=true", *options):
        command += ["--set", setting]
    done = subprocess.run(
        command, env={**os.environ, "OMP_NUM_THREADS": "1"}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.count("the model is in") == 1
    state = json.loads((out / f"checkpoint-{steps}" / "trainer_state.json").read_text())
    return [record for record in state["log_history"] if "loss" in record]


def test_supervised_on_two_processes(tmp_path: Path, calls: list[bytes]) -> None:
    logged = launch("sft", tmp_path, "gradient_accumulation_steps=1", "learning_rate=1e-4")
    assert len(logged) == 3
    rows = len(Selection.parse((), "1", 20, bare=True).rows("train"))
    assert logged[-1]["epoch"] == pytest.approx(3 * 4 * 2 / rows, abs=0.02)  # both processes took their share
    assert all(record["loss"] > 0 and 0 < record["grad_norm"] < math.inf for record in logged)
    answer = mull.ask("What is 39 + 23?", engine=mull.load(tmp_path / "model"))
    assert "boxed" in answer.text
    assert calls == []


def test_reinforcement_on_two_processes(tmp_path: Path, calls: list[bytes]) -> None:
    options = ("num_generations=8", "gradient_accumulation_steps=2", "max_completion_length=160")
    logged = launch("rl", tmp_path, *options, "learning_rate=1e-5", steps=4, levels="2,3")
    rewards = [record["rewards/right/mean"] for record in logged]
    assert len(rewards) == 4
    assert all(0 <= reward <= 1 for reward in rewards)
    assert sum(rewards) > 0
    assert any(record["grad_norm"] > 0 for record in logged)
    assert all(record["completions/mean_length"] > 10 for record in logged)
    assert calls == []


def test_a_run_goes_on_where_it_was_stopped(tmp_path: Path) -> None:
    """Four steps, and two and two: the same weights, bit for bit."""

    def run(out: Path, steps: int, resume: bool = False) -> dict[str, Tensor]:
        settings = dict(save_steps=2, disable_tqdm=True, lr_scheduler_type="constant", warmup_steps=0)
        selection = Selection.parse(("addition",), "1", 20, bare=True)
        plan = Plan(out=out, steps=steps, selection=selection, settings=settings)
        return load_file(adapter.sft(plan, resume) / "model.safetensors")

    whole, half = run(tmp_path / "whole", 4), run(tmp_path / "parts", 2)
    parts = run(tmp_path / "parts", 4, resume=True)
    assert not any(torch.equal(whole[name], half[name]) for name in whole if "proj.weight" in name)
    assert all(torch.equal(whole[name], parts[name]) for name in whole)


@pytest.mark.parametrize("name", CONFIGS)
def test_accelerate_knows_every_key_of_a_configuration(name: str) -> None:
    from accelerate.commands.config.config_args import load_config_from_file

    found = load_config_from_file(str(CONFIG_FOLDER / f"{name}.yaml"))
    assert found.use_cpu == (name == "cpu")


def test_fsdp2_is_what_the_configuration_says(monkeypatch: pytest.MonkeyPatch) -> None:
    """As far as it goes without a GPU: accelerate's launcher and plugin read the file."""
    from accelerate import FullyShardedDataParallelPlugin
    from accelerate.commands.launch import _validate_launch_command, launch_command_parser
    from accelerate.utils.launch import prepare_multi_gpu_env

    path = CONFIG_FOLDER / "fsdp2.yaml"
    arguments = launch_command_parser().parse_args(["--config_file", str(path), "script.py"])
    arguments, _, _ = _validate_launch_command(arguments)
    for name, value in prepare_multi_gpu_env(arguments).items():
        monkeypatch.setenv(name, value)
    plugin = FullyShardedDataParallelPlugin()
    written = yaml.safe_load(path.read_text())["fsdp_config"]
    assert plugin.fsdp_version == written["fsdp_version"] == 2
    assert plugin.reshard_after_forward is True
    assert str(plugin.state_dict_type).endswith(written["fsdp_state_dict_type"])
    assert arguments.use_fsdp
    assert arguments.num_processes == 8
