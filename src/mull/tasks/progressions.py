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
    way, row = lines[0], ",".join(map(str, gaps))
    sign = "-" if way == "Down:" else "+"
    if len(set(gaps)) == 1:
        return [*lines, f"{row}: same, so {WORDS[sign]} {gaps[0]}"], (terms[-1], sign, gaps[0])
    if gaps[2:] == gaps[:-2]:
        sign = "-" if gaps[-2] < 0 else sign
        k = abs(gaps[-2])
        return [*lines, f"{row}: in turns, so {WORDS[sign]} {k}"], (terms[-1], sign, k)
    lines.append(f"{row}: not the same")
    if way == "Differences:":
        every = terms[-2::-2][::-1]
        rest, step = explain(every)
        return [*lines, f"Every other: {','.join(map(str, every))}", *rest], step
    pairs = [(max(pair), min(pair)) for pair in pairwise(terms)]
    k = pairs[0][0] // pairs[0][1]
    miss = next((i for i, (a, b) in enumerate(pairs) if a != b * k), None)
    factors = ", ".join(divided(a, b) for a, b in pairs[: None if miss is None else miss + 1])
    shown = ",".join(map(str, terms))
    if miss is None:
        sign = "*" if sign == "+" else "/"
        return [*lines, f"Times {shown}: {factors}: yes, so {WORDS[sign]} {k}"], (terms[-1], sign, k)
    lines.append(f"Times {shown}: {factors}: no")
    lines += [] if way == "Down:" else _sums(terms)
    if lines[-1].endswith(f"so up {terms[-2]}"):
        return lines, (terms[-1], "+", terms[-2])
    more, seconds = _differences(gaps)
    k = 2 * gaps[-1] - gaps[-2]
    change = (places.plus if k > gaps[-1] else places.minus)(gaps[-1], seconds[0])
    lines += [*more, f"{','.join(map(str, seconds))}: same", f"{change}, so {WORDS[sign]} {k}"]
    return lines, (terms[-1], sign, k)


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
    """A line for each, and their results; the larger number first, if the numbers only rise or only fall."""
    gaps = _gaps(terms)
    if all(gap < 0 for gap in gaps):
        return ["Down:", *(places.minus(a, b) for a, b in pairwise(terms))], tuple(-gap for gap in gaps)
    way = "Up:" if all(gap > 0 for gap in gaps) else "Differences:"
    return [way, *(places.minus(b, a) for a, b in pairwise(terms))], gaps


def _sums(terms: Terms) -> list[str]:
    """A line for each sum of two neighbours, up to one that is not the number after them."""
    lines = ["Sums:"]
    for a, b, c in zip(terms, terms[1:], terms[2:], strict=False):
        lines.append(places.plus(a, b))
        if a + b != c:
            return [*lines[:-1], f"{lines[-1]}, need {c}: no"]
    return [*lines, f"Sums: yes, so up {terms[-2]}"]


def _gaps(terms: Terms) -> Terms:
    return tuple(b - a for a, b in pairwise(terms))
