"""The embedded model on all suites: what docs/runs holds, made again with one command.

    make measure                                               # our own families, 16 samples each
    python benchmarks/measure.py --rows FOLDER                 # and AIME, MATH-500, GSM8K from rows of yours

Runs are kept in runs/ and go on where they were stopped. Of each, its manifest, what `mull bench show` says
and a report are copied; questions and answers only of our own families, since AIME's are not ours.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]

OWN = {"tasks": ("tasks:all", "--limit", "20", "--samples", "16", "--temperature", "1")}
ROWS = {
    "aime24": "aime_2024/test.jsonl",
    "aime25": "aime_2025/test.jsonl",
    "math500": "math_500/test.jsonl",
    "gsm8k": "gsm8k/test.jsonl",
}  # where they lie in the folder of rows


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--rows", type=Path, help="a folder with the rows of the public suites")
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "measure", help="where runs are kept")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "runs", help="where they are told of")
    given = parser.parse_args()
    asked = dict(OWN)
    if given.rows:
        asked |= {name: (name, "--data", str(given.rows / path)) for name, path in ROWS.items()}
    for name, arguments in asked.items():
        run, told = given.runs / name, given.out / name
        mull("bench", *arguments, "--out", str(run))
        told.mkdir(parents=True, exist_ok=True)
        shutil.copy(run / "manifest.json", told)
        (told / "summary.txt").write_text(mull("bench", "show", str(run)), encoding="utf-8")
        texts = () if name in OWN else ("--no-texts",)  # ours are ours to copy
        mull("bench", "report", str(run), "--out", str(told / "report.html"), *texts)


def mull(*arguments: str) -> str:
    """What the command prints; how far it is goes to the terminal."""
    print(" ".join(["mull", *arguments]), file=sys.stderr)
    path = os.pathsep.join(filter(None, [str(ROOT / "src"), os.environ.get("PYTHONPATH")]))
    done = subprocess.run(
        [sys.executable, "-m", "mull", *arguments],
        check=True,
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONPATH": path, "COLUMNS": "110"},
    )
    return done.stdout


if __name__ == "__main__":
    main()
