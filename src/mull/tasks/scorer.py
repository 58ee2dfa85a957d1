"""The scorer of every task family: reads a model's text, and accepts nothing it does not fully understand.

This one file is the reward, byte for byte, wherever a model is trained or measured: here, in TRL, in verl
(`compute_score`) and in OpenRLHF (`reward_func`). So it stands alone: standard library only, no import of
mull, no `eval`. What is right is told by the problem's `truth`, a JSON object with the `form` of the answer
and what that form needs; the solver that writes the thoughts has no part in it.
"""

import json
import re
from collections import Counter
from collections.abc import Callable, Mapping
from fractions import Fraction
from typing import Any

LONGEST = 300  # characters of a box; a longer one is wrong

_END = re.compile(
    r"(?:<\|[^<>|]*\|>|<｜[^<>｜]*｜>)\Z"
)  # a control token: <|im_end|>, <|endoftext|> and the like
_CLOSING = re.compile(r"(?:[\s.!$*]|\\[\])])*")
_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]*|[1-9][0-9]{0,2}(?:,[0-9]{3})+)")
_TOKEN = re.compile(r"\s*(?:(0|[1-9][0-9]{0,8})|([-+*/()]))")
_SIGNS = {"×": "*", "·": "*", "÷": "/", "−": "-", "\\times": "*", "\\cdot": "*", "\\div": "/"}
_KIND = re.compile(r"([A-Za-z]+)(?:\s*[:=]\s*|\s+is\s+|\s+)(?:an?\s+)?(knight|knave)")
_QUOTIENT = re.compile(r"([0-9,]*[0-9])(?:,?\s*(?:remainder|rem|r|R)\.?\s*([0-9]+))?")

Truth = Mapping[str, Any]


def score(truth: Truth, text: str) -> float:
    """1.0 if the last box of `text` holds a right answer, else 0.0. Raises KeyError for an unknown form."""
    right = FORMS[truth["form"]]
    found = boxed(text)
    return float(found is not None and len(found) <= LONGEST and right(truth, plain(found)))


def compute_score(*, solution_str: str, ground_truth: str, **_: Any) -> float:
    """The reward function of verl, called by keyword; `ground_truth` is the problem's truth as JSON."""
    return score(json.loads(ground_truth), solution_str)


def reward_func(queries: list[str], _prompts: list[str], labels: list[str], **_: Any) -> dict[str, Any]:
    """The reward function of OpenRLHF: queries are prompts with their responses, labels truths as JSON.

    The prompt is read too: where it opens the thoughts, they must have been closed. Version 0.11 asks for
    one response at a time, and makes a tensor of the number it gets.
    """
    found = [score(json.loads(label), query) for query, label in zip(queries, labels, strict=True)]
    rewards = found[0] if len(found) == 1 else found
    return {"rewards": rewards, "scores": rewards, "extra_logs": {}}


# What stands in the box


def boxed(text: str) -> str | None:
    """Content of the last \\boxed{…}; None unless it is complete, outside the thoughts, and ends the text.

    Only closing punctuation, of a sentence or of LaTeX mathematics, may follow, and a token that ends a turn.
    """
    answer = _END.sub("", text.rpartition("</think>")[2])
    start = answer.rfind("\\boxed{")
    if start < 0 or "<think>" in answer:
        return None
    start += len("\\boxed{")
    depth = 1
    for end in range(start, len(answer)):
        depth += {"{": 1, "}": -1}.get(answer[end], 0)
        if depth == 0:
            return answer[start:end] if _CLOSING.fullmatch(answer, end + 1) else None
    return None


def plain(text: str) -> str:
    """Without the space and the \\text{…} around it."""
    text = text.strip()
    wrapped = re.fullmatch(r"\\text\{([^{}]*)\}", text)
    return wrapped[1].strip() if wrapped else text


def integer(text: str) -> int | None:
    """A whole number as people write it: optional sign, all thousands commas or none; else None."""
    text = text.strip().replace("−", "-")
    return int(text.replace(",", "")) if len(text) <= 60 and _INTEGER.fullmatch(text) else None


# One function a form: what it needs of the truth, and what it accepts


def _integer(truth: Truth, text: str) -> bool:
    """`answer`, a whole number."""
    return integer(text) == int(truth["answer"])


def _word(truth: Truth, text: str) -> bool:
    """`answer`, one word, as it stands."""
    return text.removesuffix(".") == truth["answer"]


def _numeral(truth: Truth, text: str) -> bool:
    """`answer`, a number in `base`; letters may be small or capital, the base may stand below: "3e8_{16}"."""
    right = truth["answer"].lower()
    return text.lower() in (right, f"{right}_{truth['base']}", f"{right}_{{{truth['base']}}}")


def _row(truth: Truth, text: str) -> bool:
    """`answer`, words in their order: "Ann, Bob, Cy" or "Ann > Bob > Cy"."""
    text = text.removesuffix(".")
    return re.split(r"\s*>\s*" if ">" in text else r",\s*", text) == truth["answer"]


def _grid(truth: Truth, text: str) -> bool:
    """`answer`, rows of digits: "1234/3412/…", with spaces, commas or line breaks between digits or rows."""
    rows = [re.sub(r"[\s,|]", "", row) for row in re.split(r"[/;\n]", text)]
    return rows == truth["answer"].split("/")


def _quotient(truth: Truth, text: str) -> bool:
    """`quotient` and `remainder`: "17 remainder 3", "17 r 3"; a remainder of 0 may be left out."""
    text = re.sub(r"\\text\{([^{}]*)\}", r"\1", text)
    found = _QUOTIENT.fullmatch(text)
    if found is None:
        return False
    return (integer(found[1]), integer(found[2] or "0")) == (truth["quotient"], truth["remainder"])


def _kinds(truth: Truth, text: str) -> bool:
    """`answer`, everybody's kind, in any order: "Ann is a knight, Bob is a knave" or "Bob: knave"."""
    said: dict[str, str] = {}
    for part in re.split(r"\s*[,;]\s*(?:and\s+)?|\s+and\s+", text.removesuffix(".")):
        match = _KIND.fullmatch(part)
        if match is None or match[1] in said:
            return False
        said[match[1]] = match[2]
    return said == truth["answer"]


def _countdown(truth: Truth, text: str) -> bool:
    """`target` and `numbers`: any expression of the numbers, with or without "= target" behind it."""
    left, equals, right = text.partition("=")
    parsed, target = evaluate(left), truth["target"]
    if parsed is None or (equals and integer(right) != target):
        return False
    value, used = parsed
    return value == target and not Counter(used) - Counter(truth["numbers"])


FORMS: dict[str, Callable[[Truth, str], bool]] = {
    "integer": _integer,
    "word": _word,
    "numeral": _numeral,
    "row": _row,
    "grid": _grid,
    "quotient": _quotient,
    "kinds": _kinds,
    "countdown": _countdown,
}


# Expressions, read exactly


def evaluate(text: str) -> tuple[Fraction, list[int]] | None:
    """Value of the expression and the numbers in it, in order; None if it is not one, or divides by zero.

    sum := product (("+" | "-") product)*; product := atom (("*" | "/") atom)*; atom := number | "(" sum ")".
    """
    if len(text) > LONGEST:
        return None
    for sign, simple in _SIGNS.items():
        text = text.replace(sign, simple)
    tokens: list[str] = []
    text, end = text.rstrip(), 0
    while end < len(text):
        match = _TOKEN.match(text, end)
        if match is None:
            return None
        tokens.append(match[1] or match[2])
        end = match.end()
    numbers: list[int] = []
    tokens.append("")
    try:
        value, end = _sum(tokens, 0, numbers)
    except (ValueError, ZeroDivisionError):
        return None
    return (value, numbers) if tokens[end] == "" else None


def _sum(tokens: list[str], at: int, numbers: list[int]) -> tuple[Fraction, int]:
    value, at = _product(tokens, at, numbers)
    while tokens[at] in ("+", "-"):
        other, end = _product(tokens, at + 1, numbers)
        value, at = (value + other if tokens[at] == "+" else value - other), end
    return value, at


def _product(tokens: list[str], at: int, numbers: list[int]) -> tuple[Fraction, int]:
    value, at = _atom(tokens, at, numbers)
    while tokens[at] in ("*", "/"):
        other, end = _atom(tokens, at + 1, numbers)
        value, at = (value * other if tokens[at] == "*" else value / other), end
    return value, at


def _atom(tokens: list[str], at: int, numbers: list[int]) -> tuple[Fraction, int]:
    if tokens[at] == "(":
        value, at = _sum(tokens, at + 1, numbers)
        if tokens[at] != ")":
            raise ValueError("unbalanced parenthesis")
        return value, at + 1
    number = int(tokens[at])  # ValueError where a number is missing
    numbers.append(number)
    return Fraction(number), at + 1
