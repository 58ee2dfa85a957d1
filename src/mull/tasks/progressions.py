"""Sequences whose next number follows from a rule: finding the rule step by step, and all rules that fit."""

from itertools import pairwise

from mull.tasks.written import divided

WORDS = {"+": "up", "-": "down", "*": "times", "/": "divide by"}
Terms = tuple[int, ...]
Step = tuple[int, str, int]  # the last step: the number it starts from, the sign, and how much


def explain(terms: Terms) -> tuple[list[str], Step]:
    """The lines that find the rule, and the step to the next number; one of the rules has to fit."""
    line, gaps = _differences(terms)
    lines, sign, row = [line], "-" if line.startswith("Down") else "+", ",".join(map(str, gaps))
    if len(set(gaps)) == 1:
        return [*lines, f"{row}: same, so {WORDS[sign]} {gaps[0]}"], (terms[-1], sign, gaps[0])
    if gaps[2:] == gaps[:-2]:
        sign = "-" if gaps[-2] < 0 else sign
        k = abs(gaps[-2])
        return [*lines, f"{row}: in turns, so {WORDS[sign]} {k}"], (terms[-1], sign, k)
    lines.append(f"{row}: not the same")
    if line.startswith("Differences"):
        every = terms[-2::-2][::-1]
        rest, step = explain(every)
        return [*lines, f"Every other: {','.join(map(str, every))}", *rest], step
    pairs = [(max(pair), min(pair)) for pair in pairwise(terms)]
    k = pairs[0][0] // pairs[0][1]
    miss = next((i for i, (a, b) in enumerate(pairs) if a != b * k), None)
    factors = ", ".join(divided(a, b) for a, b in pairs[: None if miss is None else miss + 1])
    if miss is None:
        sign = "*" if sign == "+" else "/"
        return [*lines, f"Times: {factors}: yes, so {WORDS[sign]} {k}"], (terms[-1], sign, k)
    lines.append(f"Times: {factors}: no")
    sums = [f"{a}+{b}={a + b}" for a, b in pairwise(terms[:-1])]
    miss = next(
        (i for i, (a, b, c) in enumerate(zip(terms, terms[1:], terms[2:], strict=False)) if a + b != c), None
    )
    if miss is None:
        lines.append(f"Sums: {', '.join(sums)}: yes, so up {terms[-2]}")
        return lines, (terms[-1], "+", terms[-2])
    lines.append(f"Sums: {', '.join(sums[: miss + 1])}, need {terms[miss + 2]}: no")
    line, seconds = _differences(gaps)
    k = 2 * gaps[-1] - gaps[-2]
    change = f"{gaps[-1]}{'+' if k > gaps[-1] else '-'}{seconds[0]}={k}"
    lines += [line, f"{','.join(map(str, seconds))}: same, {change}, so {WORDS[sign]} {k}"]
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
            return f"{value}-{last}={value - last}", k
        case "-":
            return f"{last}-{value}={last - value}", k
        case "*":
            return f"{value}/{k}={value // k}", last
    return f"{value}*{k}={value * k}", last


def _differences(terms: Terms) -> tuple[str, Terms]:
    """The line and its results; always the larger number first, if the numbers only rise or only fall."""
    gaps = _gaps(terms)
    if all(gap < 0 for gap in gaps):
        return "Down: " + ", ".join(f"{a}-{b}={a - b}" for a, b in pairwise(terms)), tuple(-g for g in gaps)
    word = "Up" if all(gap > 0 for gap in gaps) else "Differences"
    return f"{word}: " + ", ".join(f"{b}-{a}={b - a}" for a, b in pairwise(terms)), gaps


def _gaps(terms: Terms) -> Terms:
    return tuple(b - a for a, b in pairwise(terms))
