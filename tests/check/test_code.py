"""Programs run in their tiers: hostile ones reach and leave nothing, harmless ones give their value."""

from __future__ import annotations

import os
import re
import resource
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import monotonic

import pytest

from mull.check import code
from mull.check.code import Limits, Tier, run
from mull.check.program import said
from mull.errors import MullError

FOLDER = Path(__file__).parent / "programs"
MEMORY = (64 << 20) + os.getpid()  # tells our processes from others' by their command line
LIMITS = Limits(seconds=0.5, memory=MEMORY)
SHORT = Limits(seconds=0.1, memory=MEMORY)  # for what is only to be stopped
WORST = 2.5  # seconds, on a busy machine
AVAILABLE = run("1", LIMITS, tiers=["jail"]).outcome != "not available"
TIERS = [
    pytest.param("monty"),
    pytest.param("jail", marks=pytest.mark.skipif(not AVAILABLE, reason="this system has no jail")),
]


def blocks(name: str) -> list[tuple[str, str]]:
    """Title and text of each program in a file."""
    parts = (FOLDER / name).read_text(encoding="utf-8").split("### ")[1:]
    return [(title, text) for title, _, text in (part.partition("\n") for part in parts)]


HOSTILE, HARMLESS = blocks("hostile.txt"), blocks("harmless.txt")


@pytest.fixture(scope="module")
def listener() -> Iterator[socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(("title", "program"), HOSTILE, ids=[title for title, _ in HOSTILE])
def test_hostile_programs_reach_nothing(
    title: str,
    program: str,
    tier: Tier,
    tmp_path: Path,
    listener: socket.socket,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CANARY", "KEPT")
    program = aimed(program, tmp_path, listener)
    started = monotonic()
    result = run(program, SHORT if title.startswith("limit") else LIMITS, tiers=[tier])
    assert monotonic() - started < WORST
    told = result.output + (result.value or "")
    assert "ESCAPED" not in told
    assert "KEPT" not in told + result.reason
    assert len(told) <= 2 * LIMITS.output
    assert sorted(place.name for place in tmp_path.iterdir()) == ["planted.py", "secret"]
    assert (tmp_path / "secret").read_text() == "KEPT"
    if title.startswith("limit"):
        assert result.outcome != "value"
        assert result.reason
    with pytest.raises(BlockingIOError):
        listener.accept()
    assert running() == []


def aimed(program: str, folder: Path, listener: socket.socket) -> str:
    """The program with places that it can attack."""
    (folder / "secret").write_text("KEPT")
    (folder / "planted.py").write_text(f"print('ESCAPED'); open({str(folder / 'marker')!r}, 'w')")
    places = {name: str(folder / name) for name in ("secret", "marker")}
    for name, place in {**places, "folder": str(folder), "port": str(listener.getsockname()[1])}.items():
        program = program.replace("{" + name + "}", place)
    return program


@pytest.mark.parametrize(
    "title",
    [
        *("reads a file", "imports a file", "reads the environment", "makes a folder", "runs a command"),
        *("connects", "calls the system by C", "walks the classes", "unicode names"),
    ],
)
def test_without_walls_such_programs_do_harm(
    title: str, tmp_path: Path, listener: socket.socket, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CANARY", "KEPT")
    program = aimed(dict(HOSTILE)[title], tmp_path, listener)
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True).stdout
    assert "ESCAPED" in said or (tmp_path / "marker").exists()
    if title == "connects":
        listener.accept()


def running() -> list[str]:
    """Command lines of processes that run one of this test's programs."""
    found = []
    for place in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = place.read_bytes()
        except OSError:
            continue  # it has just ended
        if str(MEMORY).encode() in line:
            found.append(line.decode(errors="replace"))
    return found


@pytest.mark.parametrize(("value", "program"), HARMLESS, ids=range(len(HARMLESS)))
def test_harmless_programs_give_their_value(value: str, program: str) -> None:
    result = run(program, Limits(seconds=10.0, memory=MEMORY))
    if result.outcome == "refused" and not AVAILABLE:
        pytest.skip("this system has no jail")
    assert (result.outcome, said(result)) == ("value", value), result


@pytest.mark.skipif(not AVAILABLE, reason="this system has no jail")
@pytest.mark.parametrize(("value", "program"), HARMLESS, ids=range(len(HARMLESS)))
def test_harmless_programs_give_their_value_in_the_jail(value: str, program: str) -> None:
    result = run(program, Limits(seconds=10.0, memory=MEMORY), tiers=["jail"])
    assert (result.outcome, said(result)) == ("value", value), result


@pytest.mark.parametrize("tier", TIERS)
@pytest.mark.parametrize(
    ("program", "outcome", "reason"),
    [
        ("while True: pass", "limit", "time|Timeout"),
        ("x = 'a'\nwhile True: x += x", "limit", "MemoryError"),
        ("def f(): f()\nf()", "limit", "RecursionError"),
        ("while True: print('x' * 999)", "limit", "too much output"),
        ("1 / 0", "error", "ZeroDivisionError"),
        ("x = (", "error", "SyntaxError"),
        ("open('/etc/passwd')", "refused", "PermissionError"),
        ("import socket", "refused", "ModuleNotFoundError"),
        ("x = '\0'", "error", "null bytes"),
        ("x" * 30_000, "refused", "30000 bytes"),
    ],
)
def test_the_outcome_and_its_reason(program: str, outcome: str, reason: str, tier: Tier) -> None:
    seconds = 0.5 if "time" in reason else 10.0  # a busy machine starts a process slowly
    result = run(program, Limits(seconds=seconds, memory=32 << 20), tiers=[tier])
    assert result.outcome == outcome, result
    assert re.search(reason, result.reason), result


def test_what_one_tier_does_not_know_the_next_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []
    for tier, outcome in (("monty", "refused"), ("jail", "value")):
        answer = code.Result(outcome, tier)  # type: ignore[arg-type]
        monkeypatch.setitem(
            code._TIERS, tier, lambda *_, answer=answer: (asked.append(answer.tier), answer)[1]
        )
    assert run("x").tier == "jail"
    assert asked == ["monty", "jail"]


def test_a_jail_that_cannot_be_built_is_not_available_and_the_refusal_stands(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(sys, "platform", "sunos")
    assert run("1", tiers=["jail"]).outcome == "not available"
    result = run("import socket")
    assert (result.outcome, result.tier) == ("refused", "monty")


def test_a_jail_without_namespaces_runs_nothing(tmp_path: Path) -> None:
    """As where a container forbids them: here the script is started with a call that fails."""
    script = Path(code.__file__).with_name("jail.py").read_text()
    broken = script.replace("libc.unshare(NEW_NAMESPACES)", "libc.unshare(-1)")
    assert broken != script
    (tmp_path / "jail.py").write_text(broken)
    done = subprocess.run(
        [sys.executable, "-I", "-S", str(tmp_path / "jail.py"), "1", str(1 << 28)],
        input=b"print('ran')",
        capture_output=True,
    )
    assert done.stdout == b""
    assert b'"missing": "namespaces' in done.stderr


def test_without_monty_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(sys, "executable", str(tmp_path / "python"))
    monkeypatch.setattr(code.sysconfig, "get_path", lambda _name: str(tmp_path))
    with pytest.raises(MullError, match=r'pip install "mull\[code\]"'):
        run("1 + 1")


def test_the_host_does_not_grow_with_what_a_program_holds() -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for tier in ("monty", *(["jail"] if AVAILABLE else [])):
        run("x = 'a' * 10**6\n[x] * 10**5", LIMITS, tiers=[tier])  # type: ignore[list-item]
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 50 << 10  # KiB
