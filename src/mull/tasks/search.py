"""The search of Countdown: depth-first, in one fixed order, so that every line follows from the one before.

Pairs of the list are taken from the left, each with + - * / in this order; the larger number stands first.
Moves that cannot help (x*1, x/1, x-x, anything of `LIMIT` or more) are left out, and with two numbers left
also those that must miss: where the sum is too small only the product can hit, where too large it cannot.
Every line names the target: where it stood far away, most wrong answers were a "yes" to another number.
"""

from mull.tasks.expression import Tree

LIMIT = 100

State = tuple[int, ...]
Move = tuple[int, str, int, int]  # 25 - 7 = 18


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
    lines: list[str] = []
    for move, rest in moves(state):
        if move[3] == target:
            return [*lines, f"{claim(move)} yes"], [move]
        a, b = max(rest), min(rest)
        last = [
            m for m, _ in moves(rest) if (m[1] in "+*" if a + b < target else m[1] in "-/" or m[1] == "+")
        ]
        hit = next((k for k, m in enumerate(last) if m[3] == target), None)
        tried = ", ".join(map(claim, last if hit is None else last[: hit + 1]))
        lines.append(f"{claim(move)} {listed(rest)} to {target}: {tried} {'no' if hit is None else 'yes'}")
        if hit is not None:
            return lines, [move, last[hit]]
    return lines, []


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


def claim(move: Move) -> str:
    """The move as it is written."""
    return f"{move[0]}{move[1]}{move[2]}={move[3]}"


def listed(state: State) -> str:
    """The list as it is written."""
    return f"[{','.join(map(str, state))}]"
