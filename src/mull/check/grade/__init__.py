"""The grader: does a text give the gold answer? Exact, symmetric, bounded in time, never running a text.

    from mull.check.grade import grade
    grade("1/2", r"So the probability is $\\boxed{0.5}$.")     # Verdict(equal=True, reason="both are 1/2", …)

A text's answer is found (find.py), read into trees (read.py, parse.py) and compared with the gold answer's
(compare.py): as text, as exact numbers, part by part, by interval arithmetic, at sample points, and where all
this does not tell, by sympy in a process of its own (symbolic.py).
"""

from mull.check.grade.grader import grade, grade_all
from mull.check.grade.symbolic import warm
from mull.check.grade.verdict import Verdict

VERSION = 2  # changes whenever a verdict may
__all__ = ["VERSION", "Verdict", "grade", "grade_all", "warm"]
