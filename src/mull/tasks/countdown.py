"""Countdown: reach a target from three or four numbers with + - * /, each number at most once.

With three numbers the whole search is written. With four, the first move is known in hindsight to be good;
some traces go down a dead end before, search it to its end and come back (the choice of the dead end is a
planted mistake, not to be learned). Mistakes are also planted in the final expression: the check finds them.
"""

from collections.abc import Mapping
from random import Random

from mull.tasks.base import Facts, Family, Problem, Segment, Wordings
from mull.tasks.expression import Tree, steps, write
from mull.tasks.search import Move, State, build, claim, listed, moves, search

NUMBERS = {1: (3, 10), 2: (3, 25), 3: (4, 12), 4: (4, 25), 5: (4, 50)}  # how many, and the largest
DEAD_ENDS = 0.4  # share of the traces of four numbers
LONGEST = 13  # lines of search in a trace with a dead end


class Countdown(Family):
    name = "countdown"
    title = "reach a target from three or four numbers"
    wordings: Mapping[str, Wordings] = {
        "make": Wordings(
            seen=(
                "Using {these}, make {t}.",
                "Make {t} from the numbers {n}.",
                "Use the numbers {n} to make {t}.",
                "Make {t} from {these}, using each number at most once.",
                "Countdown: numbers {n}, target {t}.",
                "Can you reach {t} with {these}? Each number may be used once.",
                "Combine {these} with + - * / to get {t}.",
                "How can you get {t} from {these}?",
                "Numbers: {n}. Target: {t}.",
                "make {t} with {n}",
                "Use {these} to get {t}.",
            ),
            held_out=("Using the numbers {n}, make {t}.", "Can you make {t} from {these}?"),
        )
    }

    def draw(self, rng: Random, level: int) -> Facts:
        count, top = NUMBERS[level]
        while True:
            numbers = tuple(rng.randint(1, top) for _ in range(count))
            state, first = numbers, None
            while len(state) > 1 and (found := moves(state)):
                move, state = rng.choice(found)
                first = first or move
            if len(state) == 1 and state[0] >= 10 and state[0] not in numbers:
                first = first if count == 4 else None
                return {"kind": "make", "numbers": list(numbers), "target": state[0], "first": first}

    def valid(self, facts: Facts) -> bool:
        """With four numbers, the solution found has to use the first move."""
        first, path = facts["first"], solve(facts)[1]
        return first is None or (first[3] != facts["target"] and (len(path) > 2 or first[3] in path[1][::2]))

    def key(self, facts: Facts) -> str:
        return f"{' '.join(map(str, sorted(facts['numbers'])))} to {facts['target']}"

    def words(self, rng: Random, facts: Facts) -> Mapping[str, object]:
        numbers = [str(n) for n in facts["numbers"]]
        row = rng.choice((", ", ", ", " ")).join(numbers)
        return {"these": f"{', '.join(numbers[:-1])} and {numbers[-1]}", "n": row, "t": facts["target"]}

    def answer(self, facts: Facts) -> str:
        return write(build(facts["numbers"], solve(facts)[1]))

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        facts = problem.facts
        numbers, target = tuple(facts["numbers"]), facts["target"]
        lines, path = solve(facts)
        segments = [Segment(f"Make {target} from {listed(numbers)}.\n")]
        if facts["first"] is not None and rng.random() < DEAD_ENDS:
            segments += _dead_end(rng, numbers, target, LONGEST - len(lines))
        segments.append(Segment("".join(f"{line}\n" for line in lines)))
        tree = build(numbers, path)
        found = f"Make {target}: {', '.join(map(claim, path))}.\n"
        end = f"So {problem.answer}.\nCheck: {', '.join(steps(tree))} ok"
        wrong = _spoil(rng, tree, numbers) if rng.random() < slips else tree
        check = steps(wrong)
        if not check or check[-1].endswith(f"={target}"):
            return (*segments, Segment(found + end))
        mend = f"Check: {', '.join(check)} wrong, need {target}\nWait, again:\n"
        slip = Segment(f"So {write(wrong)}.\n", learn=False)
        return (*segments, Segment(found), slip, Segment(mend + found + end))

    def truth(self, problem: Problem) -> Facts:
        return {"form": "countdown", "numbers": problem.facts["numbers"], "target": problem.facts["target"]}


def solve(facts: Facts) -> tuple[list[str], list[Move]]:
    """Lines and moves of the solution that the trace shows."""
    numbers, target, first = tuple(facts["numbers"]), facts["target"], facts["first"]
    if first is None:
        return search(numbers, target)
    after = next(state for move, state in moves(numbers) if move == tuple(first))
    lines, path = search(after, target)
    return [f"Try {claim(first)} {listed(after)} to {target}", *lines], [tuple(first), *path]


def _spoil(rng: Random, tree: Tree, numbers: State) -> Tree:
    """The expression with one number or sign taken wrongly."""
    if isinstance(tree, int):
        return rng.choice(numbers)
    a, sign, b = tree
    match rng.randrange(3):
        case 0:
            return _spoil(rng, a, numbers), sign, b
        case 1:
            return a, sign, _spoil(rng, b, numbers)
    return a, rng.choice("+-*"), b


def _dead_end(rng: Random, numbers: State, target: int, room: int) -> list[Segment]:
    for move, state in rng.sample(found := moves(numbers), min(4, len(found))):
        lines, path = search(state, target)
        if move[3] != target and not path and len(lines) <= room:
            rest = "\n".join([*lines, f"Back to {listed(numbers)}"]) + "\n"
            return [Segment(f"Try {claim(move)} {listed(state)} to {target}\n", learn=False), Segment(rest)]
    return []
