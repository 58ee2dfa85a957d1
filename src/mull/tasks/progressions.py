"""Sequences whose next number follows from a rule: finding the rule step by step, and all rules that fit."""

from itertools import pairwise

from mull.tasks import places
from mull.tasks.written import divided

WORDS = {"+": "up", "-": "down", "*": "times", "/": "divide by"}
Terms = tuple[int, ...]
Step = tuple[int, str, int]  # the last step: the number it starts from, the sign, and how much


def explain(terms: Terms) -> tuple[list[str], Step]:
    """The lines that find the rule, and the step to the next number; one of the rules has to fit."""
    lines, gaps = _differences(terms)
    row = ",".join(map(_way, gaps))
    if len(set(gaps)) == 1 or gaps[2:] == gaps[:-2]:
        found = "same" if len(set(gaps)) == 1 else "in turns"
        return [*lines, f"{row}: {found}, so {_way(gaps[-2])}"], _moved(terms[-1], gaps[-2])
    lines.append(f"{row}: not the same")
    if min(gaps) < 0 < max(gaps):
        every = terms[-2::-2][::-1]
        rest, step = explain(every)
        return [*lines, f"Every other: {','.join(map(str, every))}", *rest], step
    pairs = [(max(pair), min(pair)) for pair in pairwise(terms)]
    k = pairs[0][0] // pairs[0][1]
    miss = next((i for i, (a, b) in enumerate(pairs) if a != b * k), None)
    factors = ", ".join(divided(a, b) for a, b in pairs[: None if miss is None else miss + 1])
    shown = ",".join(map(str, terms))
    falls = gaps[0] < 0
    if miss is None:
        sign = "/" if falls else "*"
        return [*lines, f"Times {shown}: {factors}: yes, so {WORDS[sign]} {k}"], (terms[-1], sign, k)
    lines.append(f"Times {shown}: {factors}: no")
    if not falls:
        lines += _sums(terms)
        if lines[-1].startswith("Sums"):
            return lines, (terms[-1], "+", terms[-2])
    sizes = tuple(map(abs, gaps))
    more, seconds = _differences(sizes)
    k = sizes[-1] + seconds[-1]
    change = (places.plus if seconds[-1] > 0 else places.minus)(sizes[-1], abs(seconds[-1]))
    step = _moved(terms[-1], -k if falls else k)
    lines += [*more, f"{','.join(map(_way, seconds))}: same", f"{change}, so {WORDS[step[1]]} {k}"]
    return lines, step


def continuations(terms: Terms) -> set[int]:
    """What comes next by each of the rules that fit at least four terms."""
    gaps, (*_, a, b, c) = _gaps(terms), terms
    found = set()
    if gaps[2:] == gaps[:-2]:  # with equal differences, too
        found.add(c + gaps[-2])
    if len(set(_gaps(gaps))) == 1:
        found.add(3 * c - 3 * b + a)
    if all(y * terms[0] == x * terms[1] for x, y in pairwise(terms)) and c * c % b == 0:
        found.add(c * c // b)
    if all(x + y == z for x, y, z in zip(terms, terms[1:], terms[2:], strict=False)):
        found.add(b + c)
    if len(terms) > 5 and all(len(set(_gaps(terms[start::2]))) == 1 for start in (0, 1)):
        found.add(2 * b - terms[-4])
    return found


def check(value: int, step: Step) -> tuple[str, int]:
    """The last step turned round, and what has to come out."""
    last, sign, k = step
    match sign:
        case "+":
            return places.minus(value, last), k
        case "-":
            return places.minus(last, value), k
        case "*":
            return places.quotient(value, k), last
    return places.product(value, k), last


def _differences(terms: Terms) -> tuple[list[str], Terms]:
    """A line for each difference, `up 12-7=5` (the larger number first), and all of them."""
    lines = [f"{'down' if b < a else 'up'} {places.minus(max(a, b), min(a, b))}" for a, b in pairwise(terms)]
    return lines, _gaps(terms)


def _way(gap: int) -> str:
    return f"{'down' if gap < 0 else 'up'} {abs(gap)}"


def _moved(last: int, gap: int) -> Step:
    return last, "-" if gap < 0 else "+", abs(gap)


def _sums(terms: Terms) -> list[str]:
    """A line for each sum of two neighbours beside the number after them, up to one that is another."""
    lines = []
    for a, b, c in zip(terms, terms[1:], terms[2:], strict=False):
        lines.append(f"{places.plus(a, b)}, need {c}: {'yes' if a + b == c else 'no'}")
        if a + b != c:
            return lines
    return [*lines, f"Sums: yes, so up {terms[-2]}"]


def _gaps(terms: Terms) -> Terms:
    return tuple(b - a for a, b in pairwise(terms))
