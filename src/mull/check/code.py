"""Programs that a model wrote, run where they can do no harm. None ever runs in this process.

Two tiers, each a process of its own that is killed with its group when its time is over:

monty   pydantic-monty's interpreter, which has no way to the system at all; most of Python, few modules
jail    CPython behind the walls that Linux has (jail.py); takes what the first does not know

Values never come back as objects, only as text with a limit: a list that holds one string a million times is
small in there and would not be small out here.
"""

from __future__ import annotations

import json
import re
import signal
import sys
import sysconfig
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from time import perf_counter
from typing import Literal

from mull.errors import MullError

if sys.platform != "win32":
    from mull.check.process import Ended, watch

Outcome = Literal["value", "error", "limit", "refused", "not available"]
Tier = Literal["monty", "jail"]

START = 1.0  # seconds in which an interpreter is up, on a busy machine too
ROOM = 1 << 30  # bytes of address space that the monty program may have beside the program's memory
INSTALL = 'running programs needs pydantic-monty: pip install "mull[code]".'
_REFUSED = ("PermissionError", "ModuleNotFoundError", "ImportError", "NotImplementedError")
_LIMIT = ("MemoryError", "RecursionError", "TimeoutError")
_UNKNOWN = re.compile(r"not supported in this environment|^AttributeError: module '\w+' has no attribute")
_RESULT = re.compile(r"^[\d.]+(?:ns|μs|µs|ms|s) ❯ (?!error: )(.*)\Z", re.MULTILINE | re.DOTALL)
_ERROR = re.compile(r"^(\w+(?:\.\w+)*)(?:: (.*))?\Z", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Limits:
    """What one program may use: seconds, bytes of memory, calls within calls, bytes of output, of itself."""

    seconds: float = 1.0
    memory: int = 128 << 20
    recursion: int = 500
    output: int = 64 << 10
    program: int = 20_000


@dataclass(frozen=True, slots=True)
class Result:
    """What became of a program.

    outcome  value: it ran to its end; error: it raised one, or is no Python; limit: it wanted more than it
             may have; refused: it asked for what no program gets, or what this tier does not have;
             not available: it was not run
    output   what it printed
    value    its last line's, as `repr` writes it, where that is an expression and not None
    reason   why it has no value: one line
    seconds  by the clock
    """

    outcome: Outcome
    tier: Tier
    output: str = ""
    value: str | None = None
    reason: str = ""
    seconds: float = 0.0


def run(program: str, limits: Limits | None = None, *, tiers: Sequence[Tier] = ("monty", "jail")) -> Result:
    """Run it in the first of the tiers that knows what it needs. Blocks for two seconds a tier at most.

    Where a tier refuses, the next is asked; where that one is not available, the first refusal stands.
    Raises MullError where pydantic-monty is not installed and it is one of the tiers.
    """
    if sys.platform == "win32":
        return Result("not available", tiers[0], reason="Windows has no process groups to kill")
    limits = limits or Limits()
    text = program.encode("utf-8", "replace")
    if len(text) > limits.program:
        return Result("refused", tiers[0], reason=f"{len(text)} bytes are more than {limits.program}")
    if b"\0" in text:
        return Result("error", tiers[0], reason="a program has no null bytes")
    result = _TIERS[tiers[0]](text, limits)
    for tier in tiers[1:]:
        if result.outcome not in ("refused", "not available"):
            break
        other = _TIERS[tier](text, limits)
        if other.outcome != "not available":
            result = other
    return result


def _monty(program: bytes, limits: Limits) -> Result:
    command = [
        monty_binary(),
        *("--max-feed-duration", str(limits.seconds), "--max-turn-duration", str(limits.seconds)),
        *("--max-memory", str(limits.memory), "--max-recursion-depth", str(limits.recursion)),
        *("--max-suspensions", "100", "--max-total-sleep", "0", "--max-sleep", "0", "--gc-interval", "10000"),
        *("-c", "\n" + program.decode()),  # a line first: a program may begin with a dash
    ]
    started = perf_counter()
    ended = watch(
        command, b"", seconds=limits.seconds + START, output=limits.output, memory=limits.memory + ROOM
    )
    seconds = perf_counter() - started
    output, errors = _text(ended.output), _text(ended.errors)
    if stopped := _stopped(ended):
        return Result("limit", "monty", output, reason=stopped, seconds=seconds)
    if ended.code == 0 and (found := _RESULT.search(errors)):
        value = found[1].removesuffix("\n")
        return Result("value", "monty", output, None if value == "None" else value, seconds=seconds)
    last = errors.strip().rpartition("❯ error: ")[2]
    outcome, reason = _failed(last)
    return Result(outcome, "monty", output, reason=reason, seconds=seconds)


def _failed(told: str) -> tuple[Outcome, str]:
    """What monty says at the end of a program that raised an error."""
    last = told.rpartition("\n")[2]
    named = _ERROR.search(told)
    name = named[1] if named else ""
    unknown = told.startswith("unknown external function") or _UNKNOWN.search(last)
    if name in _REFUSED or unknown:
        return "refused", last[:200]
    return ("limit" if name in _LIMIT else "error"), last[:200]


def _jail(program: bytes, limits: Limits) -> Result:
    if sys.platform != "linux":
        return Result("not available", "jail", reason=f"{sys.platform} has not what it is made of")
    script = str(Path(__file__).with_name("jail.py"))
    command = [sys.executable, "-I", "-S", "-B", script, str(limits.seconds), str(limits.memory)]
    started = perf_counter()
    ended = watch(
        command, program, seconds=limits.seconds + START, output=limits.output, memory=limits.memory + ROOM
    )
    seconds = perf_counter() - started
    output = _text(ended.output)
    if stopped := _stopped(ended):
        return Result("limit", "jail", output, reason=stopped, seconds=seconds)
    told = _report(ended.errors)
    if missing := told.get("missing"):
        return Result("not available", "jail", reason=missing[:200], seconds=seconds)
    if "value" in told:
        return Result("value", "jail", output, told["value"], seconds=seconds)
    name = told.get("error") or "it ended itself"
    outcome: Outcome = "refused" if name in _REFUSED else "limit" if name in _LIMIT else "error"
    reason = f"{name}: {told.get('message') or ''}".partition("\n")[0][:200]
    return Result(outcome, "jail", output, reason=reason, seconds=seconds)


def _report(told: bytes) -> dict[str, str | None]:
    """What jail.py says at its end; nothing if that is no report, for a program can write there, too."""
    try:
        report = json.loads(told)
    except (ValueError, RecursionError):
        return {}
    proper = isinstance(report, dict) and all(isinstance(said, str | None) for said in report.values())
    return report if proper else {}


def _stopped(ended: Ended) -> str:
    """Why a process did not come to its own end; empty if it did."""
    if ended.killed:
        return f"too much {ended.killed}"
    if ended.code in (-getattr(signal, "SIGALRM", 0), -getattr(signal, "SIGXCPU", 0)):
        return "too much time"
    if ended.code < 0:
        return f"died of {signal.Signals(-ended.code).name}"
    return ""


def _text(said: bytes) -> str:
    return said.decode("utf-8", "replace")


def monty_binary() -> str:
    """Beside this environment's other commands; nowhere else is looked, so that no other program is run.

    Raises MullError where it is not installed.
    """
    for folder in (Path(sysconfig.get_path("scripts")), Path(sys.executable).parent):
        if (folder / "monty").is_file():
            return str(folder / "monty")
    raise MullError(INSTALL)


_TIERS = {"monty": _monty, "jail": _jail}
