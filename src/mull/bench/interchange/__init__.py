"""Outputs of other tools as runs of ours, and runs of ours as logs of theirs.

What others generated is judged by our grader, and then compared, cut and reported like any run.
"""

from __future__ import annotations

from mull.bench.interchange.foreign import Foreign, adopt
from mull.bench.interchange.reading import read

__all__ = ["Foreign", "adopt", "read"]
