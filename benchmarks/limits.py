"""What the machine can do at most: bytes a second it reads, multiplications and additions a second it makes.

    python -m benchmarks.limits THREADS        # prints one JSON object

memory, cache ...  `bandwidth.c`, over sizes far above the last cache and below it
f32                torch's matrix product (MKL or oneDNN underneath) at 2048 cubed
int8               `dot8.c`, the best 8-bit instruction out of registers, times the threads: no program gets
                   all of it. torch's own 8-bit product is hundreds of times slower where VNNI is missing.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from time import perf_counter

import torch

from benchmarks.process import cores

SIZES = {"memory": 1 << 30, "cache 16 MB": 16 << 20, "cache 4 MB": 4 << 20, "cache 512 kB": 512 << 10}
_RUNS = 5


def limits(threads: int) -> dict[str, float]:
    """Bytes a second by what is read, operations a second by their kind."""
    torch.set_num_threads(threads)
    a, b = torch.randn(2048, 2048), torch.randn(2048, 2048)
    f32 = 2 * 2048**3 / best(lambda: a @ b)
    with tempfile.TemporaryDirectory() as folder:
        read, dot8 = (_compiled(name, Path(folder)) for name in ("bandwidth", "dot8"))
        rates = {name: _number(read, size, threads) for name, size in SIZES.items()}
        return rates | {"f32": f32, "int8": _number(dot8) * threads}


def _compiled(name: str, folder: Path) -> Path:
    compiler = [os.environ.get("CC", "cc"), "-O3", "-march=native", "-pthread"]
    source = Path(__file__).with_name(f"{name}.c")
    subprocess.run([*compiler, str(source), "-o", str(folder / name)], check=True)
    return folder / name


def _number(program: Path, *arguments: int) -> float:
    return float(subprocess.check_output([str(program), *map(str, arguments)]))


def best(work: Callable[[], object]) -> float:
    """Least seconds of several runs."""
    times = []
    for _ in range(_RUNS):
        started = perf_counter()
        work()
        times.append(perf_counter() - started)
    return min(times)


if __name__ == "__main__":
    count = int(sys.argv[1])
    os.sched_setaffinity(0, cores(count))
    print(json.dumps(limits(count)))
