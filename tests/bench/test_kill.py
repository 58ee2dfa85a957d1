"""A run killed at any moment goes on to the table it would have had, and nothing is written down twice."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mull.bench.record import SAMPLES, Run

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="SIGKILL")

COMMAND = ("-m", "mull", "bench", "tasks:addition:1-2", "--limit", "4", "-k", "3", "--temperature", "1")


def start(folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        [sys.executable, *COMMAND, "--threads", "1", "--parallel", "4", "-q", "--out", str(folder)],
        stdout=subprocess.DEVNULL,
    )


def lines(folder: Path) -> int:
    path = folder / SAMPLES
    return path.read_bytes().count(b"\n") if path.exists() else 0


def test_a_killed_run_goes_on_to_the_same_table(tmp_path: Path) -> None:
    assert start(tmp_path / "whole").wait(120) == 0
    whole = Run.read(tmp_path / "whole")
    assert len(whole.samples) == 24

    killed, deadline = 0, time.monotonic() + 120
    while True:
        process, before = start(tmp_path / "killed"), lines(tmp_path / "killed")
        while process.poll() is None and lines(tmp_path / "killed") < before + 5:
            assert time.monotonic() < deadline
            time.sleep(0.002)
        if process.poll() is not None:
            break
        os.kill(process.pid, signal.SIGKILL)
        process.wait()
        killed += 1
        with (tmp_path / "killed" / SAMPLES).open("ab") as file:  # torn, as a kill in a write leaves it
            file.write(b'{"item": "addition/1/1000')
    assert process.returncode == 0
    assert killed >= 3
    again = Run.read(tmp_path / "killed")
    assert again.table() == whole.table()
    assert again.manifest.hash == whole.manifest.hash
    assert lines(tmp_path / "killed") == 24  # each sample was written down, and so paid for, once
