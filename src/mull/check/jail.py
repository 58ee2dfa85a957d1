"""The process that runs a program in CPython, behind the walls that Linux has. Started by code.py.

In this order, and only if each step succeeds: the modules that the program names are loaded; new user, mount
and network namespaces; an empty read-only file system; limits on memory, time, files; a seccomp filter that
allows sixteen harmless system calls and fails all others. Only then is the program looked at. It can
still do anything that Python can, but reach nothing: no file, no process, no signal, no network, no thread.

Reads the program from standard input. Its output goes to standard output, and one JSON object to standard
error: what became of it.
"""

from __future__ import annotations

import ast
import ctypes
import json
import os
import platform
import re
import resource
import signal
import struct
import sys
from contextlib import suppress
from typing import Any

# Importing is over once the file system is gone, so what a program may want is loaded if it names it.
NAMES = (
    "array bisect calendar cmath collections copy dataclasses datetime decimal enum fractions functools "
    "hashlib heapq io itertools json math numbers operator random re statistics string textwrap time types "
    "typing"
)
MODULES = frozenset(NAMES.split())
LONGEST = 20_000  # characters of a value or an error that are told

# <linux/sched.h>, <linux/mount.h>, <linux/prctl.h>, <linux/seccomp.h>, <linux/audit.h>
NEW_NAMESPACES = 0x00020000 | 0x10000000 | 0x40000000  # mount user net
PRIVATE, RECURSIVE = 1 << 18, 1 << 14
READ_ONLY, NO_SUID, NO_DEVICES, NO_EXEC = 1, 2, 4, 8
DETACH = 2
NO_NEW_PRIVILEGES, SET_SECCOMP, FILTER = 38, 22, 2
X86_64 = 0xC000003E
KILL, FAIL, ALLOW = 0x80000000, 0x00050000 | 1, 0x7FFF0000  # FAIL: with EPERM
PIVOT_ROOT = 155
READ, WRITE = 0, 1
# mmap mprotect munmap brk rt_sigreturn sched_yield mremap madvise nanosleep getpid exit futex clock_nanosleep
# exit_group
CALLS = (9, 10, 11, 12, 15, 24, 25, 28, 35, 39, 60, 202, 230, 231)


def main() -> None:
    seconds, memory = float(sys.argv[1]), int(sys.argv[2])
    program = sys.stdin.read()
    for name in sorted(MODULES & set(re.findall(r"[a-z]+", program))):
        __import__(name)
    try:
        _enclose(seconds, memory)
    except OSError as problem:
        _tell({"missing": f"{problem.strerror or problem}"})
        return
    sys.stderr = sys.stdout
    try:
        told = _run(program)
        sys.stdout.flush()
    except BaseException as problem:
        with suppress(BaseException):
            sys.stdout.flush()
        told = {"error": type(problem).__name__, "message": str(problem)[:LONGEST]}
    _tell(told)
    os._exit(0)


def _run(program: str) -> dict[str, Any]:
    """Run it; the value is that of the last line, if that is an expression."""
    tree = ast.parse(program)
    last = tree.body.pop() if tree.body and isinstance(tree.body[-1], ast.Expr) else None
    names: dict[str, Any] = {"__name__": "__main__", "__builtins__": __builtins__}
    try:
        exec(compile(tree, "program", "exec"), names)
        value = None
        if isinstance(last, ast.Expr):
            value = eval(compile(ast.Expression(last.value), "program", "eval"), names)
    except SystemExit as end:
        if end.code not in (None, 0):
            raise
        value = None
    return {"value": None if value is None else repr(value)[:LONGEST]}


def _tell(what: dict[str, Any]) -> None:
    os.write(2, json.dumps(what).encode())


def _enclose(seconds: float, memory: int) -> None:
    """Raises OSError if one of the walls cannot be put up."""
    if sys.platform != "linux" or platform.machine() != "x86_64":
        raise OSError(f"no walls are known for {sys.platform} on {platform.machine()}")
    os.closerange(3, 1 << 16)
    libc = ctypes.CDLL(None, use_errno=True)
    user, group = os.getuid(), os.getgid()
    _must("namespaces", libc.unshare(NEW_NAMESPACES))
    for name, text in (("setgroups", "deny"), ("uid_map", f"0 {user} 1"), ("gid_map", f"0 {group} 1")):
        _write(f"/proc/self/{name}", text)
    _empty_root(libc)
    _limit(seconds, memory)
    _filter(libc)
    with suppress(PermissionError):
        os.open("/", os.O_RDONLY)
        raise OSError("seccomp has no effect")


def _empty_root(libc: ctypes.CDLL) -> None:
    """A file system with nothing in it, over a folder that is there for sure, then in place of all others."""
    flags = READ_ONLY | NO_SUID | NO_DEVICES | NO_EXEC
    _must("mounts", libc.mount(None, b"/", None, ctypes.c_ulong(PRIVATE | RECURSIVE), None))
    _must("an empty file system", libc.mount(b"empty", b"/proc", b"tmpfs", ctypes.c_ulong(flags), None))
    os.chdir("/proc")
    _must("another root", libc.syscall(PIVOT_ROOT, b".", b"."))
    _must("another root", libc.umount2(b".", DETACH))
    os.chdir("/")


def _limit(seconds: float, memory: int) -> None:
    cpu = int(seconds) + 1
    for kind, most in (
        (resource.RLIMIT_AS, memory),
        (resource.RLIMIT_CPU, cpu),
        (resource.RLIMIT_FSIZE, 0),
        (resource.RLIMIT_NOFILE, 0),
        (resource.RLIMIT_NPROC, 0),
        (resource.RLIMIT_CORE, 0),
    ):
        resource.setrlimit(kind, (most, most))
    signal.setitimer(signal.ITIMER_REAL, seconds)  # ends it, and cannot be called off in here


def _filter(libc: ctypes.CDLL) -> None:
    """Classic BPF over `struct seccomp_data`: number, architecture, then (from byte 16) the arguments."""

    def load(offset: int) -> bytes:
        return struct.pack("HBBI", 0x20, 0, 0, offset)

    def unless(value: int, skip: int) -> bytes:
        return struct.pack("HBBI", 0x15, 0, skip, value)

    def give(verdict: int) -> bytes:
        return struct.pack("HBBI", 0x06, 0, 0, verdict)

    code = [load(4), struct.pack("HBBI", 0x15, 1, 0, X86_64), give(KILL), load(0)]
    for number in CALLS:
        code += [unless(number, 1), give(ALLOW)]
    for number, files in ((READ, (0,)), (WRITE, (1, 2))):
        tests = [part for file in files for part in (unless(file, 1), give(ALLOW))]
        code += [unless(number, len(tests) + 2), load(16), *tests, give(FAIL)]
    code.append(give(FAIL))
    rules = ctypes.create_string_buffer(b"".join(code))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(code), ctypes.addressof(rules)))
    _must("no new privileges", libc.prctl(NO_NEW_PRIVILEGES, 1, 0, 0, 0))
    _must("seccomp", libc.prctl(SET_SECCOMP, FILTER, program, 0, 0))


def _must(what: str, result: int) -> None:
    if result != 0:
        raise OSError(f"{what}: {os.strerror(ctypes.get_errno())}")


def _write(path: str, text: str) -> None:
    file = os.open(path, os.O_WRONLY)
    try:
        os.write(file, text.encode())
    finally:
        os.close(file)


if __name__ == "__main__":
    main()
