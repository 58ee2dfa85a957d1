"""Addition and subtraction of whole numbers, in columns from the right.

No mistakes are planted here: a check would cost as much as the sum itself.
"""

from collections.abc import Mapping
from random import Random

from mull.tasks import columns
from mull.tasks.base import Facts, Family, Problem, Segment, Wordings, spaced

DIGITS = {1: (1, 2), 2: (2, 3), 3: (3, 4), 4: (5, 6), 5: (7, 8)}


class Addition(Family):
    name = "addition"
    title = "sums and differences of whole numbers"
    wordings: Mapping[str, Wordings] = {
        "+": Wordings(
            seen=(
                "What is {sum}?",
                "Compute {sum}.",
                "Calculate {sum}.",
                "Work out {sum}.",
                "{sum}",
                "{sum} = ?",
                "what is {sum}",
                "Add {a} and {b}.",
                "Find the sum of {a} and {b}.",
                "What do you get when you add {b} to {a}?",
                "How much is {a} plus {b}?",
            ),
            held_out=("How much is {sum}?", "Compute the sum of {a} and {b}.", "Find {a} plus {b}."),
        ),
        "-": Wordings(
            seen=(
                "What is {sum}?",
                "Compute {sum}.",
                "Calculate {sum}.",
                "Work out {sum}.",
                "{sum}",
                "{sum} = ?",
                "what is {sum}",
                "Subtract {b} from {a}.",
                "Find the difference {sum}.",
                "What is left when you take {b} from {a}?",
                "How much is {a} minus {b}?",
            ),
            held_out=("How much is {sum}?", "Find the difference of {a} and {b}.", "Compute {a} minus {b}."),
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
        lines = [f"Find {a}{kind}{b}."]
        large, small = max(a, b), min(a, b)
        if kind == "-" and a < b:
            lines.append(f"{a}<{b}, so find -({large}-{small}).")
        if kind == "+" and len(str(a)) >= len(str(b)):
            large, small = a, b
        top, bottom = columns.digits(large), columns.digits(small)
        lines.append(f"From the right: {columns.spell(top)}{kind}{columns.spell(bottom)}")
        lines += (columns.add if kind == "+" else columns.subtract)(top, bottom)[0]
        return (Segment("\n".join([*lines, f"So {a}{kind}{b}={problem.answer}."])),)
