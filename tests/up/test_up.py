"""`mull up vllm` as a user meets it, with a small program in the place of vLLM."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mull.errors import MullError
from mull.model.checkpoint import EMBEDDED
from mull.up.process import Process

# Answers /health after a moment, has a child of its own, and says what it was told.
PROGRAM = """
import http.server, subprocess, sys, time
print("told", *sys.argv[1:], flush=True)
if "--fail" in sys.argv:
    sys.exit(3)
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
print("child", child.pid, flush=True)
time.sleep(0.3)
class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.send_response(503 if "--sick" in sys.argv else 200)
        self.end_headers()
    def log_message(self, *_):
        pass
port = int(sys.argv[sys.argv.index("--port") + 1])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture
def program(tmp_path: Path) -> str:
    script = tmp_path / "vllm"
    script.write_text(f"#!{sys.executable}\n{PROGRAM}")
    script.chmod(0o755)
    return str(script)


@pytest.fixture
def port() -> str:
    import socket

    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def start(*arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "mull", "up", "vllm", *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, "VLLM_API_KEY": ""},
    )


def alive(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except (FileNotFoundError, ProcessLookupError):
        return False
    return status != "Z"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
def test_it_is_started_waited_for_and_ended_with_all_it_has_started(
    program: str, port: str, how: signal.Signals
) -> None:
    running = start("m", "--program", program, "--port", port, "--quantization", "fp8")
    assert running.stdout is not None
    assert running.stdout.readline() == f"ready: mull ask --server http://127.0.0.1:{port}/v1 ...\n"
    running.send_signal(how)
    _, log = running.communicate(timeout=20)
    assert running.returncode == 130
    assert "told serve m" in log
    assert "--quantization fp8" in log
    child = int(log.split("child ")[1].split()[0])
    until = time.monotonic() + 5
    while alive(child) and time.monotonic() < until:
        time.sleep(0.02)
    assert not alive(child)


def test_a_second_interrupt_while_it_ends_leaves_nothing(
    program: str, port: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = Process([program, "serve", "--port", port], f"http://127.0.0.1:{port}")
    wait = server._popen.wait

    def interrupted(timeout: float | None = None) -> int:
        if timeout is not None:
            raise KeyboardInterrupt
        return wait()

    monkeypatch.setattr(server._popen, "terminate", lambda: None)  # it takes its time
    monkeypatch.setattr(server._popen, "wait", interrupted)
    try:
        with pytest.raises(KeyboardInterrupt):
            server.stop()
        assert not alive(server._popen.pid)
    finally:
        server._popen.kill()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--fail"], "ended before it was ready (exit status 3)"),
        (["--sick", "--wait", "1"], "was not ready within 1 s"),
        (["--host", "0.0.0.0"], "needs a key: set VLLM_API_KEY"),
        (["--program", "/nowhere/vllm"], "not found"),
    ],
)
def test_what_goes_wrong_is_one_line(program: str, port: str, arguments: list[str], said: str) -> None:
    _, log = (running := start("m", "--program", program, "--port", port, *arguments)).communicate(timeout=20)
    assert running.returncode == 1
    assert said in log.splitlines()[-1]


def test_a_port_that_is_taken(program: str, port: str) -> None:
    url = f"http://127.0.0.1:{port}"
    with Process([program, "serve", "--port", port], url) as server:
        server.wait_until_well(10)
        with pytest.raises(MullError, match="answers there already"):
            Process([program, "serve", "--port", port], url)


def test_the_plan_starts_nothing(port: str) -> None:
    running = start("--plan", str(EMBEDDED), "--gpu-gb", "80", "--port", port)
    told, log = running.communicate(timeout=20)
    assert running.returncode == 0
    assert told.startswith(f"vllm serve {EMBEDDED} --host 127.0.0.1")
    assert "1 GPU of 80 GB" in log
