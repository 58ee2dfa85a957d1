"""Scorers accept right answers in the forms people use, and nothing else."""

import json
from collections import Counter
from collections.abc import Callable, Iterator
from fractions import Fraction
from itertools import product
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mull import tasks
from mull.tasks import Problem, boxed
from mull.tasks.scorer import evaluate, integer
from tests.tasks import truth


def box(content: str) -> str:
    return f"The answer is \\boxed{{{content}}}."


BOXES: list[tuple[str, str | None]] = [
    ("\\boxed{5}", "5"),
    ("The answer is \\boxed{5}.", "5"),
    ("\\boxed{5}.\n", "5"),
    ("so $\\boxed{5}$.", "5"),
    ("\\[ \\boxed{5} \\]", "5"),
    ("**\\boxed{5}**", "5"),
    ("<think>\\boxed{4}</think>\n\\boxed{5}", "5"),
    ("\\boxed{4} no, \\boxed{5}", "5"),
    ("\\boxed{\\text{a}}", "\\text{a}"),
    ("\\boxed{}", ""),
    ("5", None),
    ("", None),
    ("\\boxed{5", None),
    ("\\boxed5", None),
    ("boxed{5}", None),
    ("\\boxed{5} or 6", None),
    ("\\boxed{5}6", None),
    ("\\boxed{\\boxed{5}}", None),
    ("\\boxed{5} \\boxed{6", None),
    ("<think>\\boxed{5}", None),
    ("<think>\\boxed{5}</think>", None),
    ("</think>\\boxed{5}<think>", None),
    ("<think>a</think><think>\\boxed{5}", None),
    ("\\boxed{5}}", None),
]

INTEGERS: list[tuple[str, int | None]] = [
    ("7", 7),
    (" 7\n", 7),
    ("+7", 7),
    ("-7", -7),
    ("−7", -7),
    ("0", 0),
    ("1,234", 1234),
    ("-1,234,567", -1234567),
    ("1234", 1234),
    ("", None),
    ("-", None),
    ("--7", None),
    ("- 7", None),
    ("007", None),
    ("7.0", None),
    ("7/1", None),
    ("1e3", None),
    ("12,34", None),
    ("1,2345", None),
    ("1234,567", None),
    ("0,123", None),
    ("1 234", None),
    ("1_234", None),
    ("７", None),
    ("٧", None),
    ("²", None),
    ("0x7", None),
    ("7 apples", None),
    ("7 or 8", None),
    ("x=7", None),
    ("$7", None),
    ("9" * 100, None),
]

EXPRESSIONS: list[tuple[str, int | Fraction | None]] = [
    ("54", 54),
    ("(25-7)*3", 54),
    ("( 25 − 7 ) × 3", 54),
    ("(25-7)\\times 3", 54),
    ("8/3/2", Fraction(4, 3)),
    ("8÷(3-1)", 4),
    ("7-3-2", 2),
    ("2+3*4", 14),
    ("((2))", 2),
    ("", None),
    ("()", None),
    ("2+", None),
    ("+2", None),
    ("-2", None),
    ("2--2", None),
    ("2 3", None),
    ("(2)(3)", None),
    ("2(3)", None),
    ("(2", None),
    ("2)", None),
    ("1/(2-2)", None),
    ("2**3", None),
    ("2//3", None),
    ("2^3", None),
    ("2%3", None),
    ("2.5*2", None),
    ("02+1", None),
    ("2!", None),
    ("x+1", None),
    ("__import__('os')", None),
    ("1e3", None),
    ("٣+1", None),
    ("(" * 90 + "1", None),
    ("(" * 400 + "1" + ")" * 400, None),
    ("1" * 20, None),
]


@pytest.mark.parametrize(("text", "content"), BOXES)
def test_boxed(text: str, content: str | None) -> None:
    assert boxed(text) == content


@pytest.mark.parametrize(("text", "number"), INTEGERS)
def test_integer(text: str, number: int | None) -> None:
    assert integer(text) == number


@pytest.mark.parametrize(("text", "value"), EXPRESSIONS)
def test_evaluate(text: str, value: int | Fraction | None) -> None:
    result = evaluate(text)
    assert (result[0] if result else None) == value


@given(st.text(alphabet="0123456789+-*/() ", max_size=12))
def test_evaluate_agrees_with_pythons_grammar(text: str) -> None:
    """On what both accept; ours accepts no signs, leading zeros, powers or floor division."""
    result = evaluate(text)
    if result is not None:
        assert truth.value(text) == (sorted(result[1]), result[0])


def test_a_countdown_answer_may_differ_from_ours() -> None:
    family = tasks.get("countdown")
    problem = Problem(
        "", "(25-7)*3", "", "countdown", 3, "train", 0, {"numbers": [3, 7, 8, 25], "target": 54}
    )
    right = ["(25-7)*3", "3*(25-7)", "25+8*3+(8-3)", "3 × (25 − 7) = 54", "25*3-7*3", "(25-7)*3=54"]
    assert [family.score(problem, box(text)) for text in right] == [1, 1, 0, 1, 0, 1]
    wrong = [
        "54",
        "54=54",
        "(25-7)*3=55",
        "(25-7)*3=(54)",
        "=54",
        "25-7*3",
        "(25-7)*3, 8",
        "27*2",
        "(25-7)*(8-5)",
    ]
    assert not any(family.score(problem, box(text)) for text in wrong)


def test_kinds_may_come_in_any_order_and_dress() -> None:
    family = tasks.get("knights")
    problem = family.problem("test", 3, 0)
    people = problem.answer.split(", ")
    turned = ", ".join(reversed(people))
    forms = [
        problem.answer,
        turned,
        turned + ".",
        " and ".join(people),
        ", and ".join(people),
        "; ".join(people),
    ]
    forms += [problem.answer.replace(" is a", form) for form in ("", ":", " =", " a", " is")]
    forms += [f"\\text{{{problem.answer}}}"]
    assert [text for text in forms if not family.score(problem, box(text))] == []


def test_quotients_may_come_in_many_dresses() -> None:
    family, facts = tasks.get("division"), {"kind": "rest", "a": 7407, "b": 6}
    problem = Problem("", "1234 remainder 3", "", "division", 3, "train", 0, facts)
    right = ["1234 remainder 3", "1234 R 3", "1234R3", "1234, remainder 3", "1,234 rem. 3"]
    right += ["1234 \\text{ remainder } 3", "\\text{1234 remainder 3}", "1234 r3"]
    assert [text for text in right if not family.score(problem, box(text))] == []
    exact = Problem("", "12", "", "division", 1, "train", 0, {"kind": "plain", "a": 84, "b": 7})
    assert all(family.score(exact, box(text)) for text in ("12", "12 remainder 0", "12 R 0"))


def test_an_order_may_be_written_with_commas_or_signs() -> None:
    family = tasks.get("ordering")
    problem = next(p for i in range(99) if ", " in (p := family.problem("test", 3, i)).answer)
    forms = [problem.answer.replace(", ", form) for form in (", ", ",", " > ", ">")]
    forms += [f"{problem.answer}.", f"\\text{{{problem.answer}}}"]
    assert [text for text in forms if not family.score(problem, box(text))] == []


def test_numerals_may_name_their_base() -> None:
    family, facts = tasks.get("bases"), {"kind": "to", "n": 1000, "d": "3E8", "b": 16}
    problem = Problem("", "3E8", "", "bases", 3, "train", 0, facts)
    assert all(
        family.score(problem, box(text)) for text in ("3E8", "3e8", "3E8_16", "3e8_{16}", "\\text{3E8}")
    )
    wrong = (
        "3E8_",
        "3E8_{}",
        "3E8_10",
        "3E8_{1}6",
        "3E8_16_16",
        "1000",
        "1000_{10}",
        "0x3E8",
        "3E8 16",
        "3E8_{16",
    )
    assert not any(family.score(problem, box(text)) for text in wrong)


def wrong_integers(problem: Problem, rng: Random) -> Iterator[str]:
    right = int(problem.answer)
    text = str(right)
    near = [right + d for d in (1, -1, 2, 9, 10, -10, 90, 100)]
    near += [right * 10, -right, right // 10, int("-" * (right < 0) + text.lstrip("-")[::-1])]
    for number in {n for n in near if n != right}:
        yield str(number)
    mess = (
        "{} or {}",
        "{}, {}",
        "{}{}",
        "{}.0",
        "{}.",
        "{}/1",
        "{}+0",
        "0{}",
        "x={}",
        "{}%",
        "{} {}",
        "#{}",
        "({})",
        "'{}'",
        "{}\n{}",
        "about {}",
        "{}e0",
        "~{}",
        "={}",
        "{}=",
        "{}}}",
        "{{{}}}",
        "{},",
        "{};",
        "{}!",
        "\\{}",
        "{}​",
    )
    for form in rng.sample(mess, 8):
        yield form.format(text, text)


def wrong_numerals(problem: Problem, rng: Random) -> Iterator[str]:
    """One digit wrong, missing, too many or in another place; the right ones in forms that are wrong."""
    if problem.facts["kind"] == "from":
        yield from wrong_integers(problem, rng)
        return
    right, base = problem.answer, problem.facts["b"]
    near = [f"{right}{d}" for d in "01"] + [f"{d}{right}" for d in "01"]
    near += [right[::-1], right[1:], right[:-1], str(problem.facts["n"]), f"{problem.facts['n']:x}"]
    for place in range(len(right)):
        near.append(right[:place] + rng.choice("0123456789ABCDEF") + right[place + 1 :])
    yield from (text for text in near if text.lower() != right.lower())
    mess = (
        "{}.",
        "-{}",
        "+{}",
        "({})",
        "{}h",
        "0x{}",
        "0b{}",
        "{}.0",
        "{} {}",
        "{}, {}",
        "{}_",
        "_{}",
        "{}_{{}}",
    )
    for form in (*mess, "{} or {}", "{}={}", "'{}'", "base {}", f"{{}} base {base}", f"{{}}_{base + 1}"):
        yield form.format(right, right)


def wrong_quotients(problem: Problem, rng: Random) -> Iterator[str]:
    """Numbers that are near, in every right form; the right numbers, in forms that are wrong."""
    a, b = problem.facts["a"], problem.facts["b"]
    q, r = divmod(a, b)
    forms = ("{} remainder {}", "{} R {}", "{}, remainder {}", "{}r{}", "{} \\text{{ rem }} {}")
    near = [(q, r + 1), (q + 1, r), (q - 1, r + b), (q + 1, r - b), (q, b), (r, q), (q * 10, r), (q, r + 10)]
    for pair in near:
        if pair != (q, r):
            yield rng.choice(forms).format(*pair)
    mess = (
        "{} {}",
        "{}.{}",
        "{}, {}",
        "{}; {}",
        "{}+{}",
        "{}{}",
        "{} rest {}",
        "{} Remainder: {}",
        "0{} remainder {}",
        "{} remainder 0{}",
        "-{} remainder {}",
        "{} remainder -{}",
        ",{} remainder {}",
        "{} remainder",
        "remainder {1} {0}",
        "{} remainder {} remainder {}",
        "{} remainder {} or {}",
        "{} remainder {}/1",
        "({}) remainder ({})",
        "{} {{remainder}} {}",
        "{}e0 r {}",
        "{}r",
        "r{}",
    )
    for form in rng.sample(mess, 12):
        yield form.format(q, r, q)
    yield from (str(a), f"{a}/{b}", f"{q} {r}/{b}", *([str(q)] if r else []))


def wrong_expressions(problem: Problem, rng: Random) -> Iterator[str]:
    """Random expressions over the numbers and others; those that truth.py finds right are left out."""
    numbers, target = truth.countdown(problem.question)
    yield from (str(target), f"{target}={target}", f"{problem.answer}={target + 1}", f"{problem.answer};")
    yield from (
        f"-(-({problem.answer}))",
        f"({problem.answer})*1**1",
        f"{problem.answer}.0",
        f"[{problem.answer}]",
    )
    for _ in range(25):
        parts = [str(n) for n in rng.sample(numbers, len(numbers))]
        if rng.random() < 0.4:
            parts[rng.randrange(len(parts))] = str(rng.choice([*numbers, target, rng.randint(1, 60)]))
        while len(parts) > 1:
            a, b = parts.pop(), parts.pop()
            parts.append(f"({a}{rng.choice('+-*/')}{b})")
        if not right_expression(parts[0], numbers, target):
            yield parts[0]


def right_expression(text: str, numbers: list[int], target: int) -> bool:
    try:
        used, value = truth.value(text)
    except ZeroDivisionError:
        return False
    return value == target and not Counter(used) - Counter(numbers)


def wrong_kinds(problem: Problem, _: Random) -> Iterator[str]:
    right = problem.answer
    people = dict(part.split(" is a ") for part in right.split(", "))  # type: ignore[misc]
    for kinds in product(("knight", "knave"), repeat=len(people)):
        text = ", ".join(f"{name} is a {kind}" for name, kind in zip(people, kinds, strict=True))
        if text != right:
            yield text
    first, *_, last = right.split(", ")
    name = first.split()[0]
    other = "knave" if first.endswith("knight") else "knight"
    yield from (first, last, f"{right}, {first}", f"{right}, Zoe is a knight", f"{right}, {last}", "")
    yield from (right.replace("is a", "is not a"), f"{right} or a {other}", right.replace("kn", "n"))
    yield from (right.replace(", ", " or "), f"maybe {right}", right.lower(), right.replace("k", "K"))
    yield from (f"{right}, {name} is a {other}", f"{right}?", ", ".join(people), right.replace("a ", "the "))


def wrong_orders(problem: Problem, rng: Random) -> Iterator[str]:
    """Other names, other orders, too few or too many; a row by the wrong signs."""
    right, names = problem.answer, problem.facts["order"]
    yield from ("", f"{right} or {right}", f"{right}?", right.lower(), f"the {right}", f"{right} Zoe", "1")
    yield from (f"{right}, {right}", f"not {right}", f"{right},", f"{right} >", f"1 {right}", right[:-1])
    yield from (f"{names[0]} > {right}", f"{right}, {names[-1]}", f"({right})", f"{right}\n{names[0]}")
    if ", " not in right:
        yield from (name for name in names if name != right)
        yield ", ".join(names)
        return
    yield from (right.replace(", ", sign) for sign in (" < ", " ", "; ", "\n", " = ", ",, ", "/", " and "))
    yield from (right.replace(", ", " > ", 1), right.rpartition(", ")[0], right.partition(", ")[2], *names)
    for _ in range(8):
        mixed = ", ".join(rng.sample(names, len(names)))
        if mixed != right:
            yield mixed


WRONG: dict[str, Callable[[Problem, Random], Iterator[str]]] = {
    "addition": wrong_integers,
    "multiplication": wrong_integers,
    "division": wrong_quotients,
    "expressions": wrong_integers,
    "bases": wrong_numerals,
    "counting": wrong_integers,
    "equations": wrong_integers,
    "remainders": wrong_integers,
    "sequences": wrong_integers,
    "numbers": wrong_integers,
    "countdown": wrong_expressions,
    "knights": wrong_kinds,
    "ordering": wrong_orders,
    "word": wrong_integers,
}
DRESSES = (  # a right answer (0) and a wrong one (1) shown in ways that must not count
    "{0}",
    "<think>{0}</think>{1}",
    "\\boxed{{{0}}} or \\boxed{{{1}}}",
    "\\boxed{{{0}}} \\boxed{{{1}",
    "\\boxed{{{0}",
    "<think>\\boxed{{{0}}}",
    "<think>\\boxed{{{0}}}</think>",
    "\\boxed{{{0}}} or {1}",
    "\\boxed {{{0}}}",
    "\\box{{{0}}}",
)


@pytest.mark.parametrize("name", tasks.names())
def test_no_wrong_answer_is_accepted(name: str) -> None:
    family, rng, tried = tasks.get(name), Random(name), 0
    for index in range(30):
        for level in family.levels:
            problem = family.problem("test", level, index)
            assert family.score(problem, box(problem.answer)) == 1
            wrongs = [wrong for wrong in WRONG[name](problem, rng) if wrong != problem.answer]
            for wrong in wrongs:
                tried += 1
                assert family.score(problem, box(wrong)) == 0, (problem, wrong)
            for dress in DRESSES:
                tried += 1
                text = dress.format(problem.answer, wrongs[0])
                assert family.score(problem, text) == 0, (problem, text)
    assert tried > 3000  # six families: more than 18,000 in all


@given(st.text(), st.sampled_from(tasks.names()))
def test_any_text_is_scored_without_error(text: str, name: str) -> None:
    family = tasks.get(name)
    problem = family.problem("test", 1, 0)
    accepted = family.score(problem, box(text))
    assert accepted == 0 or json.dumps(text).strip('" ') in problem.answer or name == "countdown"
    assert family.score(problem, text) == 0
