"""The code that runs."""

from __future__ import annotations

import subprocess
from pathlib import Path


def commit() -> str:
    """Of the checkout mull runs from, with a + where tracked files differ from it; else "unknown"."""
    here = Path(__file__).resolve()
    try:
        subprocess.run(
            ["git", "-C", str(here.parent), "ls-files", "--error-unmatch", here.name],
            check=True,
            capture_output=True,
        )
        describe = ["git", "-C", str(here.parent), "describe", "--always", "--dirty=+", "--exclude", "*"]
        return subprocess.run(describe, check=True, capture_output=True, text=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
