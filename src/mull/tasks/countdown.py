"""Countdown: reach a target from three or four numbers with + - * /, each number at most once.

With three numbers the whole search is written. With four, the first move is known in hindsight to be good;
some traces go down dead ends before, search them to their end and come back (the choice of a dead end is a
planted mistake, not to be learned). The answer is put together from the last move back to the first, one move
a line, and the check computes the answer itself. Mistakes are also planted there: the check finds them.
"""

from collections.abc import Iterable, Mapping
from random import Random

from mull.tasks.base import Facts, Family, Problem, Segment, Wordings
from mull.tasks.expression import Tree, nested, steps
from mull.tasks.search import Move, State, claim, listed, moves, put_together, search

NUMBERS = {1: (3, 10), 2: (3, 25), 3: (4, 12), 4: (4, 25), 5: (4, 50)}  # how many, and the largest
DEAD_ENDS = 0.5  # share of the traces of four numbers
LONGEST = 520  # characters of search in a trace with dead ends


class Countdown(Family):
    name = "countdown"
    title = "reach a target from three or four numbers"
    wordings: Mapping[str, Wordings] = {
        "make": Wordings(
            seen=(
                *(
                    f"{use} {numbers}{join}{make} {{t}}{end}"
                    for use, join, make, end in (
                        ("Using", ", ", "make", "."),
                        ("Using", ", find a way to ", "get", "."),
                        ("With", ", ", "make", "."),
                        ("Use", " to ", "make", "."),
                        ("Use", " to ", "get", "."),
                        ("use", " to ", "reach", ""),
                        ("Combine", " to ", "make", "."),
                        ("Combine", " with + - * / to ", "get", "."),
                        ("How can you use", " to ", "make", "?"),
                        ("How do you use", " to ", "get", "?"),
                        ("Countdown: from", " ", "make", "."),
                        ("From", ", ", "make", "."),
                    )
                    for numbers in ("{these}", "the numbers {n}", "{n}")
                ),
                *(
                    f"{make} {{t}} {use} {numbers}{end}"
                    for make, use, end in (
                        ("Make", "from", "."),
                        ("Make", "with", ", each number at most once."),
                        ("make", "with", ""),
                        ("How do you get", "from", "? Each number may be used once."),
                        ("Make", "with", "."),
                        ("How can you get", "from", "?"),
                        ("How do you make", "with", "?"),
                        ("Can you reach", "with", "? Each number may be used once."),
                        ("Can you get", "from", "?"),
                        ("Find a way to make", "with", "."),
                    )
                    for numbers in ("{these}", "the numbers {n}", "{n}")
                ),
                "Countdown: numbers {n}, target {t}.",
                "Numbers: {n}. Target: {t}.",
                "The numbers are {these}. Make {t}.",
                "Numbers {n}, target {t}. Find a way.",
                "Target: {t}. Numbers: {these}.",
            ),
            held_out=(
                "Using the numbers {n}, reach {t}.",
                "Can you make {t} from {these}?",
                "Can you use {n} to get {t}?",
                "How can you reach {t} with the numbers {n}?",
                "The numbers are {n}. How do you get {t}?",
                "Combine the numbers {these} and make {t}.",
                "With the numbers {n}, find a way to get {t}.",
            ),
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
        return nested(put_together(solve(facts)[1])[-1])

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        facts = problem.facts
        numbers, target = tuple(facts["numbers"]), facts["target"]
        lines, path = solve(facts)
        segments = [Segment(f"Make {target} from {listed(numbers)}.\n")]
        if facts["first"] is not None:
            segments.append(Segment(f"{_lettered(numbers, range(4))}\n"))
            if rng.random() < DEAD_ENDS:
                segments += _dead_ends(rng, numbers, target, LONGEST - sum(map(len, lines)))
        segments.append(Segment("".join(f"{line}\n" for line in lines)))
        tree, found = _found(target, path)
        end = f"So {problem.answer}.\nCheck: {', '.join(steps(tree))} ok"
        wrong = _spoil(rng, tree, numbers) if rng.random() < slips else tree
        check = steps(wrong)
        if not check or check[-1].endswith(f"={target}"):
            return (*segments, Segment(found + end))
        mend = f"Check: {', '.join(check)} wrong, need {target}\nWait, again:\n"
        slip = Segment(f"So {nested(wrong)}.\n", learn=False)
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
    return [_tried(numbers, tuple(first), after, target), *lines], [tuple(first), *path]


def _tried(numbers: State, move: Move, after: State, target: int) -> str:
    """The first of four numbers' moves. Letters say which number is meant, of two equal ones, too."""
    a, _, b, _ = move
    i = next(k for k, number in enumerate(numbers) if number in (a, b))
    j = next(k for k in range(i + 1, 4) if numbers[k] == a + b - numbers[i])
    rest = [k for k in range(4) if k not in (i, j)]
    pair = f"{_lettered(numbers, (i, j))} | {_lettered(numbers, rest)}"
    return f"Try {pair}: {claim(move)} {listed(after)} to {target}"


def _lettered(numbers: State, places: Iterable[int]) -> str:
    return ", ".join(f"{'abcd'[k]} {numbers[k]}" for k in places)


def _found(target: int, path: list[Move]) -> tuple[Tree, str]:
    """The expression of the moves, and the lines that put it together from the last move to the first."""
    trees = put_together(path)
    last = f"Make {target}: {nested(trees[0])}\n"
    return trees[-1], last + "".join(
        f"{claim(move)}: {nested(tree)}\n" for move, tree in zip(path[-2::-1], trees[1:], strict=True)
    )


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


def _dead_ends(rng: Random, numbers: State, target: int, room: int) -> list[Segment]:
    """First moves that lead nowhere, each searched to its end, as many as there is room for."""
    segments: list[Segment] = []
    for move, after in rng.sample(found := moves(numbers), min(4, len(found))):
        lines, path = search(after, target)
        rest = "\n".join([*lines, f"Back to {listed(numbers)}, {move[0]}{move[1]}{move[2]} no"]) + "\n"
        if move[3] != target and not path and len(rest) <= room:
            start = f"{_tried(numbers, move, after, target)}\n"
            segments += [Segment(start, learn=False), Segment(rest)]
            room -= len(start) + len(rest)
    return segments
