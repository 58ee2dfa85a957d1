"""Multiplication of whole numbers: one row of columns for each digit, then the rows are added.

No mistakes are planted here: a check would cost as much as the product itself.
"""

from collections.abc import Mapping
from random import Random

from mull.tasks import columns
from mull.tasks.base import Facts, Family, Problem, Segment, Wordings
from mull.tasks.phrases import every

DIGITS = {  # of the two factors
    1: ((1, 1), (2, 1), (2, 1), (3, 1)),
    2: ((3, 1), (2, 2), (2, 2)),
    3: ((4, 1), (3, 2)),
    4: ((5, 1), (4, 2)),
    5: ((6, 1), (7, 1), (3, 3)),
}


class Multiplication(Family):
    name = "multiplication"
    title = "products of whole numbers"
    wordings: Mapping[str, Wordings] = {
        "*": Wordings(
            seen=every(
                "[What is|what is] {a}[*| * | x | × | times ]{b}?",
                "[Compute|Calculate|Work out] {a}[*| * | x | × | times ]{b}.",
                "How much is {a} [times|x] {b}?",
                "{a}[*| * | x | × | times ]{b}",
                "{a}[*| * | × ]{b} = ?",
                "Multiply {a} [by|and|with] {b}.",
                "[Find|Compute|Calculate] the product of {a} and {b}.",
                "[What is|what is] the product of {a} and {b}?",
                "What do you get when you multiply {a} [by|and] {b}?",
                "When you multiply {a} by {b}, what do you get?",
            ),
            held_out=every(
                "How much is {a}[*| * | × ]{b}?",
                "[Tell me|Work out] the product of {a} and {b}.",
                "[Find|Tell me] {a}[ × | * | times ]{b}.",
                "How much do you get when you multiply {a} by {b}?",
                "Multiply the numbers {a} and {b}.",
            ),
        )
    }

    def draw(self, rng: Random, level: int) -> Facts:
        a, b = (rng.randint(2 if n == 1 else 10 ** (n - 1), 10**n - 1) for n in rng.choice(DIGITS[level]))
        if rng.random() < 0.3:
            a, b = b, a
        return {"kind": "*", "a": a, "b": b}

    def key(self, facts: Facts) -> str:
        return f"{min(facts['a'], facts['b'])}*{max(facts['a'], facts['b'])}"

    def answer(self, facts: Facts) -> str:
        return str(facts["a"] * facts["b"])

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        a, b = problem.facts["a"], problem.facts["b"]
        lines = [f"Find {a}*{b}."]
        large, small = (a, b) if len(str(a)) >= len(str(b)) else (b, a)
        if large != a:
            lines.append(f"So find {large}*{small}.")
        top = columns.digits(large)
        parts = [(d, place) for place, d in enumerate(columns.digits(small)) if d]
        if len(parts) > 1:
            lines.append(f"{small}={'+'.join(str(d * 10**place) for d, place in reversed(parts))}")
        elif small > 9:
            lines.append(f"{small}={parts[0][0]}*{10 ** parts[0][1]}")
        lines.append(columns.turned(large))
        total: columns.Digits = []
        for d, place in parts:
            lines.append(f"{columns.spell(top)}*{d}")
            steps, row = columns.times(top, d)
            row = [0] * place + row
            lines += steps
            if len(parts) == 1 and place:
                lines.append(f"Times {10**place}: {columns.spell(row)}")
            if total:
                lines.append(f"Add: {columns.spell(row)}+{columns.spell(total)}")
                steps, row = columns.add(row, total)
                lines += steps
            total = row
        return (Segment("\n".join([*lines, columns.back(total), f"So {a}*{b}={problem.answer}."])),)
