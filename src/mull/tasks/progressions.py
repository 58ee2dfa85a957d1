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
    same, line = _alike(f"{_row(gaps)}: ", gaps, 1)
    lines.append(line)
    if not same:
        same, line = _alike("In turns: ", gaps, 2)
        lines += [line] * (len(gaps) > 2)
    if same:
        lines[-1] += f", so {_way(gaps[-2])}"
        return lines, _moved(terms[-1], gaps[-2])
    if min(gaps) < 0 < max(gaps):
        every = terms[-2::-2][::-1]
        rest, step = explain(every)
        return [*lines, f"Every other: {','.join(map(str, every))}", *rest], step
    k, more = _factor(terms)
    lines += more
    falls = gaps[0] < 0
    if k:
        sign = "/" if falls else "*"
        lines[-1] += f", so {WORDS[sign]} {k}"
        return lines, (terms[-1], sign, k)
    if not falls:
        lines += _sums(terms)
        if lines[-1].startswith("Sums"):
            return lines, (terms[-1], "+", terms[-2])
    sizes = tuple(map(abs, gaps))
    more, seconds = _differences(sizes)
    k = sizes[-1] + seconds[-1]
    change = (places.plus if seconds[-1] > 0 else places.minus)(sizes[-1], abs(seconds[-1]))
    step = _moved(terms[-1], -k if falls else k)
    _, same_line = _alike(f"{_row(seconds)}: ", seconds, 1)
    lines += [f"Sizes: {','.join(map(str, sizes))}", *more, same_line, f"{change}, so {WORDS[step[1]]} {k}"]
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
    """A line for each difference, `5<12: up 12-5=7 | 12,20`, with the row from there on; and all of them."""
    lines = []
    for place, (a, b) in enumerate(pairwise(terms), 1):
        step = (
            f"{a}>{b}: down {places.minus(a, b)}"
            if b < a
            else f"{a}{'<' if a < b else ','}{b}: up {places.minus(b, a)}"
        )
        lines.append(step + _left(terms[place:]))
    return lines, _gaps(terms)


def _factor(terms: Terms) -> tuple[int, list[str]]:
    """The constant factor, 0 if there is none, and a line for each pair up to the first that has another."""
    lines, k = [f"Times {','.join(map(str, terms))}"], 0
    for place, pair in enumerate(pairwise(terms), 1):
        a, b = max(pair), min(pair)
        k = k or a // b
        if a != b * k:
            return 0, [*lines, f"{divided(a, b)} no"]
        lines.append(f"{divided(a, b)} yes{_left(terms[place:])}")
    return k, lines


def _alike(start: str, gaps: Terms, apart: int) -> tuple[bool, str]:
    """Whether differences so far apart are the same, two at a time, up to the first two that are not."""
    shown = []
    for a, b in zip(gaps, gaps[apart:], strict=False):
        shown.append(f"{_way(a)},{_way(b)} {'yes' if a == b else 'no'}")
        if a != b:
            return False, start + ", ".join(shown)
    return True, start + ", ".join(shown)


def _left(terms: Terms) -> str:
    return f" | {','.join(map(str, terms))}" if len(terms) > 1 else ""


def _row(gaps: Terms) -> str:
    return ",".join(map(_way, gaps))


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
