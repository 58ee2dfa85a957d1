"""Countdown: reach a target from three or four numbers with + - * /, each number at most once.

The search is depth-first in a fixed order (pairs of the list from the left, then + - * /), so that every line
follows from the one before. With three numbers all of it is written. With four, the first move is known in
hindsight to be good; some traces go down a dead end before, search it to its end and come back (the choice of the
dead end is a planted mistake, not to be learned). Results stay below `LIMIT`; moves that cannot help are left out.
Mistakes are planted in the final expression, where the check finds them.
"""

from collections import Counter
from collections.abc import Mapping
from random import Random

from mull.tasks import expression
from mull.tasks.base import Facts, Family, Problem, Segment, Wordings, boxed, integer

LIMIT = 100
NUMBERS = {1: (3, 10), 2: (3, 25), 3: (4, 12), 4: (4, 25), 5: (4, 50)}  # how many, and the largest
DEAD_ENDS = 0.4  # share of the traces of four numbers
LONGEST = 13  # lines of search in a trace with a dead end

State = tuple[int, ...]
Move = tuple[int, str, int, int]  # 25 - 7 = 18
Tree = int | tuple["Tree", str, "Tree"]


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
            if len(state) == 1 and 10 <= state[0] and state[0] not in numbers:
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
        listed = rng.choice((", ", ", ", " ")).join(numbers)
        return {"these": f"{', '.join(numbers[:-1])} and {numbers[-1]}", "n": listed, "t": facts["target"]}

    def answer(self, facts: Facts) -> str:
        return write(build(facts["numbers"], solve(facts)[1]))

    def trace(self, problem: Problem, rng: Random, slips: float = 0.0) -> tuple[Segment, ...]:
        facts = problem.facts
        numbers, target = tuple(facts["numbers"]), facts["target"]
        lines, path = solve(facts)
        segments = [Segment(f"Make {target} from {_list(numbers)}.\n")]
        if facts["first"] is not None and rng.random() < DEAD_ENDS:
            segments += _dead_end(rng, numbers, target, LONGEST - len(lines))
        tree = build(numbers, path)
        found = "".join(f"{line}\n" for line in lines) + f"Make {target}: {', '.join(map(_claim, path))}.\n"
        end = f"So {problem.answer}.\nCheck: {', '.join(_steps(tree))} ok"
        wrong = _spoil(rng, tree, numbers) if rng.random() < slips else tree
        steps = _steps(wrong)
        if steps and not steps[-1].endswith(f"={target}"):
            mend = f"Check: {', '.join(steps)} wrong, need {target}\nWait, again:\n"
            segments += [Segment(found), Segment(f"So {write(wrong)}.\n", learn=False)]
            return (*segments, Segment(mend + found[found.rindex("Make") :] + end))
        return (*segments, Segment(found + end))

    def score(self, problem: Problem, text: str) -> float:
        found = boxed(text)
        if found is None:
            return 0.0
        left, equals, right = found.partition("=")
        value = expression.evaluate(left)
        if value is None or (equals and integer(right) != problem.facts["target"]):
            return 0.0
        unused = Counter(value[1]) - Counter(problem.facts["numbers"])
        return float(value[0] == problem.facts["target"] and not unused)


def moves(state: State) -> list[tuple[Move, State]]:
    """All moves in their order, each with the list after it."""
    found: list[tuple[Move, State]] = []
    for i in range(len(state)):
        for j in range(i + 1, len(state)):
            a, b = max(state[i], state[j]), min(state[i], state[j])
            rest = state[:i] + state[i + 1 : j] + state[j + 1 :]
            if a + b < LIMIT:
                found.append(((a, "+", b, a + b), (a + b, *rest)))
            if a > b:
                found.append(((a, "-", b, a - b), (a - b, *rest)))
            if b > 1 and a * b < LIMIT:
                found.append(((a, "*", b, a * b), (a * b, *rest)))
            if b > 1 and a % b == 0:
                found.append(((a, "/", b, a // b), (a // b, *rest)))
    return found


def search(state: State, target: int) -> tuple[list[str], list[Move]]:
    """All lines for three numbers up to the first solution, and its moves (none if there is no solution)."""
    lines = []
    for move, rest in moves(state):
        if move[3] == target:
            return [*lines, f"{_claim(move)} yes"], [move]
        a, b = max(rest), min(rest)
        last = [
            m for m, _ in moves(rest) if (m[1] in "+*" if a + b < target else m[1] in "-/" or m[1] == "+")
        ]
        hit = next((k for k, m in enumerate(last) if m[3] == target), None)
        tried = ", ".join(map(_claim, last if hit is None else last[: hit + 1]))
        lines.append(f"{_claim(move)} {_list(rest)}: {tried} {'no' if hit is None else 'yes'}")
        if hit is not None:
            return lines, [move, last[hit]]
    return lines, []


def solve(facts: Facts) -> tuple[list[str], list[Move]]:
    """Lines and moves of the solution that the trace shows."""
    numbers, target, first = tuple(facts["numbers"]), facts["target"], facts["first"]
    if first is None:
        return search(numbers, target)
    after = next(state for move, state in moves(numbers) if move == tuple(first))
    lines, path = search(after, target)
    return [f"Try {_claim(first)} {_list(after)}", *lines], [tuple(first), *path]


def build(numbers: State, path: list[Move]) -> Tree:
    """The moves as one expression."""
    pool: list[tuple[int, Tree]] = [(n, n) for n in numbers]
    for a, sign, b, value in path:
        sides = []
        for wanted in (a, b):
            at = max(k for k, (have, _) in enumerate(pool) if have == wanted)
            sides.append(pool.pop(at)[1])
        pool.append((value, (sides[0], sign, sides[1])))
    return pool[-1][1]


def write(tree: Tree, around: str = "", right: bool = False) -> str:
    """The expression with the parentheses it needs."""
    if isinstance(tree, int):
        return str(tree)
    a, sign, b = tree
    text = f"{write(a, sign)}{sign}{write(b, sign, right=True)}"
    loose, tight = sign in "+-", around in ("*", "/")
    return f"({text})" if (loose and tight) or (right and (loose or tight)) else text


def _steps(tree: Tree) -> list[str]:
    """The claims that compute the expression, inner ones first; none if a value is not a whole number above 0."""
    lines: list[str] = []

    def value(tree: Tree) -> int:
        if isinstance(tree, int):
            return tree
        a, sign, b = value(tree[0]), tree[1], value(tree[2])
        if sign == "/" and a % b:
            raise ValueError("not whole")
        result = {"+": a + b, "-": a - b, "*": a * b, "/": a // b}[sign]
        if result < 1:
            raise ValueError("not above zero")
        lines.append(f"{a}{sign}{b}={result}")
        return result

    try:
        value(tree)
    except ValueError:
        return []
    return lines


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
            rest = "\n".join([*lines, f"Back to {_list(numbers)}"]) + "\n"
            return [Segment(f"Try {_claim(move)} {_list(state)}\n", learn=False), Segment(rest)]
    return []


def _claim(move: Move) -> str:
    return f"{move[0]}{move[1]}{move[2]}={move[3]}"


def _list(state: State) -> str:
    return f"[{','.join(map(str, state))}]"
