"""Solves questions from their words alone, written apart from the code that makes them."""

import ast
import math
import operator
import re
from collections.abc import Callable, Iterable
from fractions import Fraction
from itertools import combinations, pairwise, permutations, product
from typing import Any

from tests.tasks import stories

NAME = "[A-Z][a-z]+"
TERM = r"(?:\d+\([xyzntkm] ?[-+] ?\d+\)|\d*[xyzntkm]\b|\d+)"
SIDE = rf"-?{TERM}(?: ?[-+] ?{TERM})*"
EQUATION = re.compile(rf"(?<!\w){SIDE} ?= ?{SIDE}")
SIGNS = {ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv}


def addition(question: str) -> str:
    a, b = _numbers(question)
    if re.search(r"(?:[sS]ubtract|[tT]ake)(?: away)? \d+ (?:away )?from|less than", question):
        return str(b - a)
    minus = re.search(r"minus|difference|From|\d\s*-\s*\d", question)
    return str(a - b if minus else a + b)


def multiplication(question: str) -> str:
    a, b = _numbers(question)
    return str(a * b)


def division(question: str) -> str:
    a, b = _numbers(question)
    q = int(Fraction(a, b))
    rest = a - q * b
    return f"{q} remainder {rest}" if rest or "remainder" in question else str(q)


def expressions(question: str) -> str:
    (text,) = re.findall(r"[\d(][\d()+*/× -]*[\d)]", question)
    return _whole(value(text.replace("×", "*"))[1])


def bases(question: str) -> str:
    named = re.search(r"binary|hexadecimal|base (\d+)", question)
    assert named
    base = int(named[1] or {"binary": 2, "hexadecimal": 16}[named[0]])
    (digits,) = re.findall(r"\b[0-9A-F]+\b", question.replace(named[0], ""))
    if "decimal" in question.replace("hexadecimal", ""):
        return str(int(digits, base))
    places = [base**place for place in range(20) if base**place <= int(digits)]
    return "".join("0123456789ABCDEF"[int(digits) // place % base] for place in reversed(places))


def counting(question: str) -> str:
    if points := [(int(x), int(y)) for x, y in re.findall(r"\((\d+),(\d+)\)", question)]:
        return str(math.prod(_paths(c - a, d - b) for (a, b), (c, d) in pairwise(points)))
    pairs = [(int(k), int(n)) for k, n in re.findall(r"(\d+) of (\d+)", question)]
    if re.search("order", question):
        k, n = pairs[0] if pairs else _numbers(question) * 2
        return str(sum(1 for _ in permutations(range(n), k)) if n < 9 else math.prod(range(n - k + 1, n + 1)))
    if pairs:
        return str(math.prod(sum(1 for _ in combinations(range(n), k)) for k, n in pairs))
    return str(math.prod(_numbers(question)))


def _paths(right: int, up: int) -> int:
    if right == 0 or up == 0:
        return 1
    return _paths(right - 1, up) + _paths(right, up - 1)


def remainders(question: str) -> str:
    numbers = _numbers(question)
    if times_x := re.search(r"(\d+)(?: times )?x", question):
        modulus = re.search(r"(?:mod|divided by) (\d+)", question)
        assert modulus
        a, m = int(times_x[1]), int(modulus[1])
        numbers.remove(a)
        numbers.remove(m)
        (b,) = numbers
        return str(next(x for x in range(1, m + 1) if (a * x - b) % m == 0))
    if "^" in question:
        a, n, m = numbers
        return str(a**n % m)
    if re.search(r"\d ?(?:\*|×|times) ?\d", question):
        a, b, m = numbers
        return str(a * b % m)
    if len(numbers) == 2:
        return str(numbers[0] % numbers[1])
    if "remainders" in question:  # with remainders a and b when divided by m and n
        a, b, m, n = numbers
    elif re.search(r"[dD]ivided by \d+ (?:a number )?leaves|mod \d+ =", question):
        m, a, n, b = numbers
    else:  # a mod m, remainder a when divided by m
        a, m, b, n = numbers
    return str(next(x for x in range(1, m * n + 1) if x % m == a and x % n == b))


def equations(question: str) -> str:
    if "legs" in question:
        heads = int(re.search(r"(\d+) (?:heads|animals|hens and cows)", question)[1])  # type: ignore[index]
        legs = int(re.search(r"(\d+) legs", question)[1])  # type: ignore[index]
        asked = re.findall("hens|cows", question)[-1]
        hens = [h for h in range(heads + 1) if 2 * h + 4 * (heads - h) == legs]
        return str(_only(h if asked == "hens" else heads - h for h in hens))
    equals = [match[0] for match in EQUATION.finditer(question)]
    letters = sorted(set(re.findall("[xyzntkm]", " ".join(equals))))
    rows = [_affine(text, letters) for text in equals]
    if len(letters) == 1:
        return _whole(Fraction(-rows[0][1], rows[0][0]))
    (a, b, c), (d, e, f) = rows
    x, y = Fraction(b * f - c * e, a * e - b * d), Fraction(c * d - a * f, a * e - b * d)
    return _whole(x if _asked(question) == "x" else y)


def sequences(question: str) -> str:
    """Every rule as a recurrence: those that predict all terms shown have to agree on the next."""
    terms = [Fraction(n) for n in _numbers(question)]
    rules: list[tuple[int, int, Callable[..., Fraction]]] = [  # terms needed, terms predicted at least
        (2, 2, lambda a, b: 2 * b - a),
        (2, 2, lambda a, b: b * b / a),
        (2, 2, lambda a, b: a + b),
        (3, 1, lambda a, b, c: 3 * c - 3 * b + a),
        (3, 1, lambda a, b, c: c + b - a),
        (4, 2, lambda a, _b, c, _d: 2 * c - a),
    ]
    return _whole(
        _only(
            {
                rule(*terms[-k:])
                for k, least, rule in rules
                if len(terms) >= k + least
                and all(rule(*terms[i - k : i]) == terms[i] for i in range(k, len(terms)))
            }
        )
    )


def numbers(question: str) -> str:
    given = _numbers(question)
    if re.search("gcd|greatest common divisor", question):
        return str(max(d for d in range(1, min(given) + 1) if not any(n % d for n in given)))
    if re.search("lcm|least common multiple", question):
        return str(next(m for m in range(max(given), math.prod(given) + 1) if not any(m % n for n in given)))
    if re.search("last|end", question):
        return str(given[0] ** given[1] % 10)
    if "digit" in question:
        total = sum(int(d) for d in str(given[0]))
        if re.search("again|until|repeated", question):
            while total > 9:
                total = sum(int(d) for d in str(total))
        return str(total)
    if re.search("multiples of|divisible by", question):
        n, *of = [number for number in given if number > 1]
        return str(sum(any(x % m == 0 for m in of) for x in range(1, n + 1)))
    return str(sum(given[0] % d == 0 for d in range(1, given[0] + 1)))


def countdown(question: str) -> tuple[list[int], int]:
    """The numbers given, and the target."""
    target = re.search(r"(?:[mM]ake|[tT]arget:?|[gG]et|[rR]each) (\d+)", question)
    assert target, question
    return sorted(_numbers(question.replace(target[0], "", 1))), int(target[1])


def value(expression: str) -> tuple[list[int], Fraction]:
    """The numbers in an expression and its value, by Python's own grammar. Raises for anything else."""
    numbers: list[int] = []

    def visit(node: ast.AST) -> Fraction:
        match node:
            case ast.Constant(value=int(number)):
                numbers.append(number)
                return Fraction(number)
            case ast.BinOp(left, sign, right):
                return SIGNS[type(sign)](visit(left), visit(right))
        raise ValueError(expression)

    result = visit(ast.parse(expression.strip(), mode="eval").body)
    return sorted(numbers), result


def knights(question: str) -> str:
    said = re.findall(rf'({NAME}) says:? "?(.*?)\."?(?= |$)', question)
    names = [name for name, _ in said]
    claims = [claim(text, name) for name, text in said]
    fitting = [
        case
        for kinds in product((True, False), repeat=len(names))
        if all(
            meant(case := dict(zip(names, kinds, strict=True))) == case[n]
            for n, meant in zip(names, claims, strict=True)
        )
    ]
    return ", ".join(f"{name} is a {'knight' if kind else 'knave'}" for name, kind in _only(fitting).items())


MORE, LESS = ("tall", "old", "fast", "strong"), ("short", "young", "slow", "weak")


def ordering(question: str) -> str:
    clues = []
    for subject, first, then in re.findall(
        rf"({NAME}) is (\w+er than {NAME})(?: but (\w+er than {NAME}))?", question
    ):
        clues += [(subject, *clue.split("er than ")) for clue in (first, then) if clue]
    people = {name for a, _, b in clues for name in (a, b)}
    rows = [
        row
        for row in permutations(people)
        if all((row.index(a) < row.index(b)) == (word in MORE) for a, word, b in clues)
    ]
    row = list(_only(rows))
    place, first, last = re.findall(r"(second |third |)(\w+)est(?: to (\w+)est)?", question)[0]
    assert first in MORE + LESS
    row = row if first in MORE else row[::-1]
    return ", ".join(row) if last else row[("", "second ", "third ").index(place)]


def word(question: str) -> str:
    return str(stories.solve(question))


def claim(text: str, speaker: str) -> Callable[[dict[str, bool]], bool]:
    """The meaning of a sentence, for a case that says who is a knight."""
    text = re.sub(r"\b(?:I am|I|me)\b", lambda m: f"{speaker} is" if m[0] == "I am" else speaker, text)
    text = text.removesuffix(", or both")
    if match := re.fullmatch(rf"({NAME}) and ({NAME}) are (.*)", text):
        a, b, what = match.groups()
        return {
            "the same kind": lambda case: case[a] is case[b],
            "different kinds": lambda case: case[a] is not case[b],
            "both knights": lambda case: case[a] and case[b],
            "both knaves": lambda case: not case[a] and not case[b],
        }[what]
    if match := re.fullmatch(rf"At least one of ({NAME}) and ({NAME}) is a (\w+)", text):
        a, b, kind = match.groups()
        return lambda case: (kind == "knight") in (case[a], case[b])
    for word, join in ((" and ", all), (" or ", any)):
        if word in text:
            parts = [claim(part, speaker) for part in text.split(word)]
            return lambda case: join(part(case) for part in parts)
    match = re.fullmatch(rf"({NAME}) is a (knight|knave)", text)
    assert match, text
    name, kind = match.groups()
    return lambda case: case[name] == (kind == "knight")


def _asked(question: str) -> str:
    match = re.search(
        r"(?:[Ff]ind|is|me|number|[Cc]ompute|[Ss]olve|for|Which) ([xy])\b(?! ?[-+=])|([xy]) = \?", question
    )
    assert match, question
    return next(letter for letter in match.groups() if letter)


def _affine(equation: str, letters: list[str]) -> list[int]:
    """The equation as coefficients and a constant whose sum must be zero."""
    left, right = equation.replace(" ", "").split("=")

    def gap(point: dict[str, int]) -> int:
        return _value(left, point) - _value(right, point)

    zero = dict.fromkeys(letters, 0)
    return [gap(zero | {letter: 1}) - gap(zero) for letter in letters] + [gap(zero)]


def _whole(number: Fraction) -> str:
    assert number.denominator == 1
    return str(number)


def _value(side: str, values: dict[str, int]) -> int:
    if match := re.fullmatch(r"(\d+)\((.*)\)", side):
        return int(match[1]) * _value(match[2], values)
    terms = re.findall(r"([+-]?)(\d*)([a-z]?)", side)
    return sum(
        (-1 if sign == "-" else 1) * (int(number) if number else 1) * (values[letter] if letter else 1)
        for sign, number, letter in terms
        if number or letter
    )


def _numbers(question: str) -> list[int]:
    return [int(number) for number in re.findall(r"\d+", question)]


def _only(found: Iterable[Any]) -> Any:
    (one,) = found
    return one
