"""Addition and subtraction of whole numbers, in columns from the right.

No mistakes are planted here: a check would cost as much as the sum itself.
"""

from collections.abc import Mapping
from random import Random

from mull.tasks import columns
from mull.tasks.base import Facts, Family, Problem, Segment, Wordings, spaced
from mull.tasks.phrases import every

DIGITS = {1: (1, 2), 2: (2, 3), 3: (3, 4), 4: (5, 6), 5: (7, 8)}


DIRECT = (
    "[What is|what is] {sum}?",
    "[Compute|Calculate|Work out|Find|Tell me] {sum}.",
    "{sum}[| = ?| =|?]",
)


class Addition(Family):
    name = "addition"
    title = "sums and differences of whole numbers"
    wordings: Mapping[str, Wordings] = {
        "+": Wordings(
            seen=every(
                *DIRECT,
                "[Add|Sum] {a} and {b}.",
                "Add {a} to {b}.",
                "[Find|Compute|Calculate|Work out] the sum of {a} and {b}.",
                "[What is|what is] the sum of {a} and {b}?",
                "[Compute|Calculate|Work out] {a} plus {b}.",
                "[What is|what is|How much is] {a} plus {b}?",
                "{a} plus {b}",
                "What do you get when you add {a} [and|to] {b}?",
                "When you add {a} [and|to] {b}, what do you get?",
                "What [is|number is] {a} more than {b}?",
            ),
            held_out=every(
                "[How much is|What do you get for] {sum}?",
                "Tell me the sum of {a} and {b}.",
                "[Find|Tell me] {a} plus {b}.",
                "How much do you get when you add {a} [and|to] {b}?",
                "Which number is {a} more than {b}?",
                "Add the numbers {a} and {b}.",
            ),
        ),
        "-": Wordings(
            seen=every(
                *DIRECT,
                "[Subtract|Take] {b} from {a}.",
                "Take {b} away from {a}.",
                "[Find|Compute|Calculate|Work out] the difference[ of {a} and {b}| {sum}].",
                "[What is|what is] the difference of {a} and {b}?",
                "[Compute|Calculate|Work out] {a} minus {b}.",
                "[What is|what is|How much is] {a} minus {b}?",
                "{a} minus {b}",
                "What do you get when you [subtract|take] {b} from {a}?",
                "What is left when you [subtract|take|take away] {b} from {a}?",
                "When you [subtract|take] {b} from {a}, what [is left|do you get]?",
                "From {a} [subtract|take] {b}.",
                "What [is|number is] {b} less than {a}?",
            ),
            held_out=every(
                "[How much is|What do you get for] {sum}?",
                "Tell me the difference of {a} and {b}.",
                "[Find|Tell me] {a} minus {b}.",
                "How much [is left|do you get] when you subtract {b} from {a}?",
                "Which number is {b} less than {a}?",
                "From {a} take away {b}.",
            ),
        ),
    }

    def draw(self, rng: Random, level: int) -> Facts:
        low, high = DIGITS[level]
        a, b = (
            rng.randint(10 ** (n - 1), 10**n - 1) for n in (rng.randint(low, high), rng.randint(low, high))
        )
        kind = rng.choice("+-")
        if kind == "-" and a < b and (level == 1 or rng.random() < 0.8):
            a, b = b, a
        return {"kind": kind, "a": a, "b": b}

    def key(self, facts: Facts) -> str:
        a, b, kind = facts["a"], facts["b"], facts["kind"]
        return f"{min(a, b)}+{max(a, b)}" if kind == "+" else f"{a}-{b}"

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        return {**facts, "sum": spaced(rng, f"{facts['a']}{facts['kind']}{facts['b']}")}

    def answer(self, facts: Facts) -> str:
        a, b = facts["a"], facts["b"]
        return str(a + b if facts["kind"] == "+" else a - b)

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        a, b, kind = problem.facts["a"], problem.facts["b"], problem.facts["kind"]
        lines, left, right = [f"Find {a}{kind}{b}."], a, b
        if kind == "-" and a < b:
            lines.append(f"{a}<{b}, so find -({b}-{a}).")
            left, right = b, a
        elif kind == "-" and a > b:
            lines.append(f"{a}>{b}")
        lines += [columns.turned(left), columns.turned(right)]
        top, bottom = columns.digits(left), columns.digits(right)
        lines.append(f"{columns.spell(top)}{kind}{columns.spell(bottom)}")
        steps, found = (columns.add if kind == "+" else columns.subtract)(top, bottom)
        sign = f", so {problem.answer}" if kind == "-" and a < b else ""
        lines += [*steps, f"{columns.back(found)}{sign}"]
        return (Segment("\n".join([*lines, f"So {a}{kind}{b}={problem.answer}."])),)
