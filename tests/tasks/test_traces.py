"""Traces are true, line by line, except where a mistake was planted; such a mistake is found and mended."""

import re
from collections import Counter
from itertools import pairwise, product
from math import comb
from random import Random

import pytest

from mull import tasks
from mull.tasks import Family, Problem, Segment
from mull.tasks.base import Split
from tests.tasks import truth
from tests.tasks.claims import claims

FAMILIES = tasks.families()
SPLITS: tuple[Split, ...] = ("train", "test")
PLANTERS = [
    family
    for family in FAMILIES
    if family.name in ("equations", "countdown", "remainders", "sequences", "numbers")
]
LONGEST = {  # characters; else 900
    "addition": 700,
    "multiplication": 1000,
    "ordering": 1200,
    "remainders": 1200,
    "knights": 4500,
    "sequences": 1500,
    "numbers": 1500,
}
IN_CASE = {"honest": "knight", "lies": "knave"}
WITHOUT_NUMBERS = ("knights", "ordering")
each_family = pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
each_planter = pytest.mark.parametrize("family", PLANTERS, ids=lambda family: family.name)


def samples(family: Family, count: int, slips: float) -> list[tuple[Problem, tuple[Segment, ...]]]:
    rng = Random(family.name)
    return [
        (problem, family.trace(problem, rng, slips))
        for split in SPLITS
        for level in family.levels
        for index in range(count)
        for problem in [family.problem(split, level, index)]
    ]


def text(segments: tuple[Segment, ...]) -> str:
    return "".join(segment.text for segment in segments)


@each_family
@pytest.mark.parametrize("slips", [0.0, 1.0])
def test_every_learned_claim_is_true(family: Family, slips: float) -> None:
    seen = 0
    for problem, segments in samples(family, 100, slips):
        for segment in segments:
            if segment.learn:
                found = list(claims(segment.text))
                seen += len(found)
                assert not [claim for claim, true in found if not true], problem.question
    assert seen > 2000 or family.name in WITHOUT_NUMBERS


@pytest.mark.parametrize(
    "name",
    [
        "addition",
        "multiplication",
        "division",
        "countdown",
        "remainders",
        "bases",
        "counting",
        "sequences",
        "numbers",
    ],
)
def test_no_number_escapes_the_check(name: str) -> None:
    """Every `=` between numbers is part of a claim that the check understands."""
    for problem, segments in samples(tasks.get(name), 40, 0.5):
        learned = "\n".join(segment.text for segment in segments if segment.learn)
        assert len(re.findall(r"\d=-?\d", learned)) == len(list(claims(learned))), problem.question


def test_every_line_about_knights_is_true() -> None:
    """Read each line back: what is looked up, whether the claim holds, and whether that fits the speaker."""
    for problem, segments in samples(tasks.get("knights"), 60, 0.0):
        case: dict[str, str] = {}
        for line in text(segments).split("\n"):
            if match := re.fullmatch(r"\d+: (.*)", line):
                case = dict(person.split() for person in match[1].split(", "))  # type: ignore[misc]
            elif match := re.fullmatch(r"(\w+) said ([^:]*): (.*), (true|false), (\w+ \w+) (ok|no)", line):
                speaker, claim, looked, judgement, again, verdict = match.groups()
                assert again == f"{speaker} {case[speaker]}"
                parts = re.findall(r"([A-Z][a-z]+)(?: (knight|knave))?", claim)
                judged = " and " in claim or " or " in claim
                assert looked == ", ".join(
                    f"{name} {case[name]}" + judged * (" yes" if IN_CASE[case[name]] == kind else " no")
                    for name, kind in parts
                )
                holds = _holds(claim.split(), {name: IN_CASE[word] for name, word in case.items()})
                assert judgement == ("true" if holds else "false")
                assert verdict == ("ok" if holds == (case[speaker] == "honest") else "no")
            elif line.startswith("So"):
                kinds = (f"{name} is a {IN_CASE[word]}" for name, word in case.items())
                assert problem.answer == ", ".join(kinds)
            elif match := re.fullmatch(r"(\w+) says (.*): \1 said (.*)", line):
                speaker, said, note = match.groups()
                assert re.search(rf'{speaker} says:? "?{re.escape(said)}\b', problem.question)
                names, meant = list(problem.facts["names"]), truth.claim(said, speaker)
                for kinds in product(("knight", "knave"), repeat=len(names)):
                    of = dict(zip(names, kinds, strict=True))
                    honest = {name: kind == "knight" for name, kind in of.items()}
                    assert _holds(note.split(), of) == meant(honest)
            else:
                assert line == "Find the kinds."


def test_every_line_about_an_order_is_true() -> None:
    """The clues in both directions, the way up, who is next: each follows from the order."""
    for problem, segments in samples(tasks.get("ordering"), 60, 0.0):
        order, clues = problem.facts["order"], problem.facts["clues"]
        goal, *lines, find, so = text(segments).split("\n")
        for (a, word, b), line in zip(clues, lines, strict=False):
            sign, back = (">", "<") if word == "more" else ("<", ">")
            assert re.fullmatch(rf"{a} is \w+er than {b}: {b} {back} {a}, {a} {sign} {b}", line)
        for line in lines:
            for a, sign, b in re.findall(r"([A-Z]\w+) ([<>]) (\w+)", line):
                assert (order.index(a) < order.index(b)) == (sign == ">")
        climb, *rows = lines[len(clues) :]
        way = climb.removesuffix(f", {order[0]} top").split(", ")
        assert way == [f"{order[0]} top"] or way[-1].endswith(f" < {order[0]}")
        assert [row.split()[:2] for row in rows] == [[str(i), name] for i, name in enumerate(order, 1)]
        for row, name in zip(rows, order[1:], strict=False):
            under, _, far = row.partition(" > ")[2].partition(": ")
            ruled_out = [pair.split(" < ")[0] for pair in far.split(", ") if pair]
            assert [each for each in under.split(", ") if each not in ruled_out] == [name]
        asked, _, shown = find.partition(": ")
        assert goal == f"{asked}."
        assert so.startswith(f"So {asked.removeprefix('Find ')} is ")
        numbered = [part.split() for part in shown.split(", ")]
        assert all(order[int(place) - 1] == name for place, name in numbered)
        assert problem.answer in (numbered[-1][1], ", ".join(name for _, name in numbered))


def _holds(claim: list[str], case: dict[str, str]) -> bool:
    match claim:
        case [a, "knight" | "knave" as kind]:
            return case[a] == kind
        case [a, b, "same"]:
            return case[a] == case[b]
        case [a, b, "different"]:
            return case[a] != case[b]
        case [a, kind_a, "and", b, kind_b]:
            return case[a] == kind_a and case[b] == kind_b
        case [a, kind_a, "or", b, kind_b]:
            return case[a] == kind_a or case[b] == kind_b
    raise AssertionError(claim)


@each_family
@pytest.mark.parametrize("slips", [0.0, 1.0])
def test_a_trace_ends_in_the_answer_and_scores(family: Family, slips: float) -> None:
    for problem, segments in samples(family, 40, slips):
        thoughts = text(segments)
        last = thoughts.rsplit("So ", 1)[1]
        assert problem.answer in last
        assert thoughts.split("\n")[0].startswith(("Find", "Make"))
        assert family.score(problem, f"<think>\n{thoughts}\n</think>\n\n{tasks.final(problem)}") == 1.0
        assert (
            family.score(problem, f"<think>\n{thoughts}\n\n{tasks.final(problem)}") == 0.0
        )  # never stopped thinking
        assert family.score(problem, thoughts) == 0.0


@each_family
def test_a_trace_is_plain_and_short(family: Family) -> None:
    for _, segments in samples(family, 60, 0.2):
        thoughts = text(segments)
        assert re.fullmatch(r"[A-Za-z0-9 \n.,:|<>^+*/=()\[\]-]+", thoughts)
        assert not re.search(r"\n\n|  |\s$", thoughts)
        assert len(thoughts) < LONGEST.get(family.name, 900)


def test_all_families_share_a_small_vocabulary() -> None:
    words = {
        word
        for family in FAMILIES
        for problem, segments in samples(family, 100, 0.5)
        for word in re.findall("[A-Za-z]+", f"{problem.question} {text(segments)} {tasks.final(problem)}")
        if not re.fullmatch("[A-F]+", word)  # digits of base 16
    }
    assert len(words) <= 340


def test_long_division_line_by_line() -> None:
    """The quotient grows, the digits to come shrink, every digit is tried and judged rightly."""
    missed = 0
    for problem, segments in samples(tasks.get("division"), 60, 0.0):
        a, b = str(problem.facts["a"]), problem.facts["b"]
        assert all(segment.learn or re.fullmatch(r"\d", segment.text) for segment in segments)
        missed += sum(not segment.learn for segment in segments)
        lines = text(segments).split("\n")[1:-1]
        for line in lines:
            steps, _, state = re.sub(r"(\d): (\d+\*)", r"\1; \2", line).partition(": ")
            quotient, _, left = state.partition(" | ")
            taken = int(a.removesuffix(left))
            assert int(quotient) == taken // b
            assert all(int(x) < int(y) for x, y in re.findall(r"(\d+)<(\d+)", steps))
            tried = [int(digit) for digit in re.findall(rf"\b{b}\*(\d)", steps)]
            assert not tried or tried[-1] == taken // b % 10
        assert left == ""
        assert len(lines) == len(str(int(a) // b))
    assert missed > 50


def test_expressions_shrink_by_one_operation_a_line_and_keep_their_value() -> None:
    for _, segments in samples(tasks.get("expressions"), 100, 0.0):
        goal, *lines, end = text(segments).split("\n")
        left = goal.removeprefix("Find ").removesuffix(".")
        value = truth.value(left)[1]
        assert end == f"So {left}={value}."
        for line in lines:
            step, _, after = line.partition(" | ")
            operation = re.match(r"-?\d+[-+*/]\d+", step)
            assert operation
            assert operation[0] in left
            assert len(re.findall(r"\d=-?\d", step)) == len(list(claims(step)))
            left, before = after or step.rsplit("=", 1)[1], left
            assert truth.value(f"0{left}" if left[0] == "-" else left)[1] == value
            assert len(re.findall(r"\d+", left)) == len(re.findall(r"\d+", before)) - 1
        assert left == str(value)


def test_numerals_grow_and_shrink_by_one_digit_a_line() -> None:
    """Whatever is found so far is the end of the answer, or the value of the digits taken."""
    for problem, segments in samples(tasks.get("bases"), 60, 0.0):
        base, lines = problem.facts["b"], text(segments).split("\n")[1:-1]
        for place, line in enumerate(lines, 1):
            assert all(int(digit, 16) == int(n) for n, digit in re.findall(r"(\d+) is ([A-F])", line))
            assert all(int(digit, 16) == int(n) for digit, n in re.findall(r"([A-F]) is (\d+)", line))
            if problem.facts["kind"] == "to":
                found = line.rsplit(": ")[-1]
                assert problem.answer[-place:] == found
            else:
                step, _, left = line.partition(" | ")
                taken = problem.facts["d"][:place]
                assert left == problem.facts["d"][place:]
                assert int(re.findall(r"\d+", step)[-1]) == int(taken, base)
        assert len(lines) == len(problem.facts["d"])


def test_every_count_on_the_way_is_the_number_of_ways() -> None:
    seen = 0
    for problem, segments in samples(tasks.get("counting"), 60, 0.0):
        for k, n, steps in re.findall(r"^(\d+) of (\d+): (.*\d)$", text(segments), re.MULTILINE):
            assert int(re.findall(r"\d+", steps)[-1]) == comb(int(n), int(k)), problem.question
            seen += 1
    assert seen > 500


@each_planter
def test_planted_mistakes_are_found_by_a_check_and_mended(family: Family) -> None:
    mended = 0
    for _, segments in samples(family, 100, 1.0):
        for slip, repair in pairwise(segments):
            if not slip.learn and not slip.text.startswith("Try"):
                match = re.match(r"Check: (.*) wrong, need (-?\d+).*\nWait, again:\n", repair.text)
                assert match, repair.text
                assert not match[1].endswith(f"={match[2]}")
                mended += 1
        assert segments[-1].learn
        assert "wrong" not in segments[-1].text.rsplit("again:", 1)[-1]
    assert mended > 100
    assert all("wrong" not in text(segments) for _, segments in samples(family, 20, 0.0)), (
        "mistakes are planted only when asked for"
    )


def test_a_countdown_is_searched_and_put_together_line_by_line() -> None:
    """Each pair and what stays are the list turned; each expression has the target's value."""
    for problem, segments in samples(tasks.get("countdown"), 60, 0.0):
        target, given = problem.facts["target"], problem.facts["numbers"]
        state: list[int] = []
        made: list[str] = []
        for line in text(segments).split("\n"):
            if match := re.fullmatch(r"(?:Make|Try) .*\[([\d,]+)\].*", line):
                state = [int(number) for number in match[1].split(",")]
            elif match := re.fullmatch(r"(\d): (\d+),(\d+) \|(\d+)", line):
                turn = int(match[1]) - 1
                assert [int(number) for number in match.groups()[1:]] == state[turn:] + state[:turn]
            elif match := re.fullmatch(rf"(?:Make {target}|\S+=\d+): ([-+*/()\d]+)", line):
                made.append(match[1])
                assert truth.value(match[1])[1] == target
            elif line.startswith("So"):
                assert line == f"So {made[-1]}."
                assert not Counter(truth.value(made[-1])[0]) - Counter(given)
            if line.startswith("Try"):
                lettered = [f"{'abcd'[k]} {number}" for k, number in enumerate(given)]
                assert sorted(re.findall(r"[a-d] \d+", line)) == lettered


def test_dead_ends_are_searched_to_their_end() -> None:
    """A first move that leads nowhere is not learned; every move after it is tried before going back."""
    family, seen = tasks.get("countdown"), 0
    for problem, segments in samples(family, 60, 0.0):
        for slip, search in pairwise(segments):
            if not slip.learn:
                *lines, back = search.text.rstrip().split("\n")
                move = re.search(r": (\S+)=", slip.text)
                assert move
                assert back == f"Back to [{','.join(map(str, problem.facts['numbers']))}], {move[1]} no"
                headers = [line for line in lines if not line.endswith(" no")]
                assert [header[:2] for header in headers] == ["1:", "2:", "3:"]
                seen += 1
    assert seen > 50
