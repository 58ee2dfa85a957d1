"""The search of Countdown for three numbers, in one fixed order: every line follows from the one before.

The three pairs are numbered, each line of a pair saying what stays beside it: `1: 7,25 |3`; the next is the
line before turned by one place. Each pair is tried with + - * / in this order, the larger number first, and
each result with the number that stays: where their sum is too small only the product can hit, where too large
only difference and quotient. A move that is not allowed (`LIMIT` or more, below 1, not whole, times or by 1)
is written and refused, so nothing is left out in silence. Every line names the target: where it stood far
away, most wrong answers were a "yes" to another number.
"""

from collections.abc import Iterator

from mull.tasks.expression import Tree

LIMIT = 100

State = tuple[int, ...]
Move = tuple[int, str, int, int]  # 25 - 7 = 18


def moves(state: State) -> list[tuple[Move, State]]:
    """All moves from a list of numbers, each with the list after it."""
    found: list[tuple[Move, State]] = []
    for i in range(len(state)):
        for j in range(i + 1, len(state)):
            rest = state[:i] + state[i + 1 : j] + state[j + 1 :]
            found += [(move, (move[3], *rest)) for _, move in _pair(state[i], state[j]) if move]
    return found


def search(state: State, target: int) -> tuple[list[str], list[Move]]:
    """All lines for three numbers up to the first solution, and its moves (none if there is no solution)."""
    lines: list[str] = []
    for number in range(3):
        x, y, rest = state[number:] + state[:number]
        lines.append(f"{number + 1}: {x},{y} |{rest}")
        for written, move in _pair(x, y):
            if move is None:
                lines.append(f"{written} no")
                continue
            if move[3] == target:
                return [*lines, f"{claim(move)} to {target} yes"], [move]
            tried, last = _last(move[3], rest, target)
            lines.append(f"{claim(move)} to {target}: {', '.join(tried)} {'yes' if last else 'no'}")
            if last:
                return lines, [move, last]
    return lines, []


def put_together(path: list[Move]) -> list[Tree]:
    """The last move as an expression, then with each move before it put in for its result."""
    *before, (a, sign, b, _) = path
    trees: list[Tree] = [(a, sign, b)]
    for move in reversed(before):
        trees.append(_replaced(trees[-1], move))
    return trees


def claim(move: Move) -> str:
    """The move as it is written."""
    return f"{move[0]}{move[1]}{move[2]}={move[3]}"


def listed(state: State) -> str:
    """The list as it is written."""
    return f"[{','.join(map(str, state))}]"


def _pair(x: int, y: int) -> Iterator[tuple[str, Move | None]]:
    """The four moves of two numbers as they begin in writing; None for one that is not allowed."""
    a, b = max(x, y), min(x, y)
    useful = {"+": True, "-": a > b, "*": b > 1, "/": b > 1 and a % b == 0}
    for sign, value in _results(a, b):
        allowed = useful[sign] and value < LIMIT
        yield f"{a}{sign}{b}", (a, sign, b, value) if allowed else None


def _last(x: int, y: int, target: int) -> tuple[list[str], Move | None]:
    """The moves of the last two numbers as they are tried, and the one that hits."""
    a, b = max(x, y), min(x, y)
    tried = []
    for sign, value in _results(a, b):
        if sign == "+" or (sign == "*") == (a + b < target):
            whole = value < LIMIT and (sign != "/" or a % b == 0)
            tried.append(f"{a}{sign}{b}={value}" if whole else f"{a}{sign}{b}")
            if whole and value == target:
                return tried, (a, sign, b, value)
    return tried, None


def _results(a: int, b: int) -> tuple[tuple[str, int], ...]:
    return ("+", a + b), ("-", a - b), ("*", a * b), ("/", a // b)


def _replaced(tree: Tree, move: Move) -> Tree:
    """The first number that is the result of the move, replaced by it: any equal one would do as well."""
    if isinstance(tree, int):
        return move[:3] if tree == move[3] else tree
    a, sign, b = tree
    first = _replaced(a, move)
    return (first, sign, b if first != a else _replaced(b, move))
