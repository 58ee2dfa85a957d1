"""Builds the CPU runner's libraries with the system's C compiler, for wheels and editable installs.

One library per instruction set, all from the same source; which one runs is decided when it is loaded.
A missing or failing compiler never fails the installation: mull then runs on numpy and says so.
"""

from __future__ import annotations

import os
import platform
import shlex
import shutil
import subprocess
import sys
import sysconfig
import time
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

FOLDER = Path("src") / "mull" / "runner"
FLAGS = [
    *("-std=gnu11", "-O3", "-fPIC", "-shared", "-pthread", "-fvisibility=hidden"),
    *("-ffp-contract=fast", "-fno-math-errno", "-fno-trapping-math", "-Wno-psabi"),
]
AVX2 = ["-mavx2", "-mfma"]
AVX512 = [*AVX2, "-mavx512f", "-mavx512bw", "-mavx512dq", "-mavx512vl", "-mavx512vnni"]

INSTRUCTION_SETS: dict[str, dict[str, list[str]]] = {
    "x86_64": {"portable": [], "avx2": AVX2, "avx512": AVX512},
    "aarch64": {"portable": [], "dotprod": ["-march=armv8.2-a+dotprod"]},
}
MACHINES = {"amd64": "x86_64", "arm64": "aarch64"}


def compiler() -> list[str] | None:
    """The C compiler's command: $CC, or the first of cc, gcc and clang."""
    if os.environ.get("CC"):
        return shlex.split(os.environ["CC"])
    found = next(filter(None, map(shutil.which, ("cc", "gcc", "clang"))), None)
    return [found] if found else None


def build(folder: Path) -> list[Path]:
    """Compile cpu.c in `folder` for every instruction set of this machine; returns what was built."""
    for old in folder.glob("_cpu_*"):
        old.unlink()
    command = compiler()
    if command is None:
        say("no C compiler found (looked for $CC, cc, gcc, clang); mull will run on numpy, slower.")
        return []
    start = time.monotonic()
    machine = platform.machine().lower()
    sets = INSTRUCTION_SETS.get(MACHINES.get(machine, machine), {"portable": []})
    running: dict[Path, subprocess.Popen[str]] = {}
    for name, flags in sets.items():
        target = folder / f"_cpu_{name}.so"
        arguments = [*command, *FLAGS, *flags, str(folder / "cpu.c"), "-o", str(target), "-lm"]
        try:
            running[target] = subprocess.Popen(arguments, stderr=subprocess.PIPE, text=True)
        except OSError as error:
            say(f"{command[0]} does not start ({error.strerror}); mull will run on numpy, slower.")
            return []
    built, failed = [], {}
    for target, process in running.items():
        complaint = process.communicate()[1].strip().splitlines()
        if process.returncode == 0 and target.exists():
            built.append(target)
        else:
            target.unlink(missing_ok=True)
            failed[target.name] = complaint[0] if complaint else f"exit status {process.returncode}"
    if failed:
        name, reason = next(iter(failed.items()))
        without = ", ".join(failed) if built else "all of them, running on numpy, slower"
        say(f"{command[0]} could not build {name} ({reason}); mull will do without {without}.")
    if built:
        say(f"compiled {', '.join(path.name for path in built)} in {time.monotonic() - start:.1f} s.")
    return built


def say(line: str) -> None:
    """One line for whoever installs."""
    print(f"mull: {line}", file=sys.stderr)


class Hook(BuildHookInterface[Any]):
    """Called by hatchling; the name it looks for is the only subclass in this file."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile, and make the wheel a wheel for this platform if there is something to ship."""
        if self.target_name != "wheel":
            return
        built = build(Path(self.root) / FOLDER)
        if built and version != "editable":
            build_data["pure_python"] = False
            tag = sysconfig.get_platform().replace("-", "_").replace(".", "_")
            build_data["tag"] = f"py3-none-{tag}"
            build_data["artifacts"] += [str((FOLDER / path.name).as_posix()) for path in built]
