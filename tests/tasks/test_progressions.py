"""Finding the rule of a sequence: the order in which rules are tried, and that they agree."""

import pytest

from mull import tasks
from mull.tasks.progressions import check, continuations, explain


@pytest.mark.parametrize(
    ("terms", "lines", "step"),
    [
        (
            (3, 7, 11, 15),
            ["up 7-3=4", "up 11-7=4", "up 15-11=4", "up 4,up 4,up 4: same, so up 4"],
            (15, "+", 4),
        ),
        (
            (47, 40, 33),
            ["down 47-40=7", "down 40-33: 40-30=10, 10-3=7", "down 7,down 7: same, so down 7"],
            (33, "-", 7),
        ),
        (
            (3, 12, 5, 14, 7),
            [
                "up 12-3=9",
                "down 12-5=7",
                "up 14-5=9",
                "down 14-7=7",
                "up 9,down 7,up 9,down 7: in turns, so up 9",
            ],
            (7, "+", 9),
        ),
        (
            (96, 48, 24, 12),
            [
                "down 96-48: 96-40=56, 56-8=48",
                "down 48-24=24",
                "down 24-12=12",
                "down 48,down 24,down 12: not the same",
                "Times 96,48,24,12: 96=48*2+0, 48=24*2+0, 24=12*2+0: yes, so divide by 2",
            ],
            (12, "/", 2),
        ),
        (
            (1, 2, 3, 5, 8),
            [
                "up 2-1=1",
                "up 3-2=1",
                "up 5-3=2",
                "up 8-5=3",
                "up 1,up 1,up 2,up 3: not the same",
                "Times 1,2,3,5,8: 2=1*2+0, 3=2*1+1: no",
                "1+2=3, need 3: yes",
                "2+3=5, need 5: yes",
                "3+5=8, need 8: yes",
                "Sums: yes, so up 5",
            ],
            (8, "+", 5),
        ),
        (
            (76, 82, 90, 100),
            [
                "up 82-76: 82-70=12, 12-6=6",
                "up 90-82: 90-80=10, 10-2=8",
                "up 100-90=10",
                "up 6,up 8,up 10: not the same",
                "Times 76,82,90,100: 82=76*1+6: no",
                "76+82=158, need 90: no",
                "up 8-6=2",
                "up 10-8=2",
                "up 2,up 2: same",
                "10+2=12, so up 12",
            ],
            (100, "+", 12),
        ),
        (
            (100, 90, 82, 76),
            [
                "down 100-90=10",
                "down 90-82: 90-80=10, 10-2=8",
                "down 82-76: 82-70=12, 12-6=6",
                "down 10,down 8,down 6: not the same",
                "Times 100,90,82,76: 100=90*1+10: no",
                "down 10-8=2",
                "down 8-6=2",
                "down 2,down 2: same",
                "6-2=4, so down 4",
            ],
            (76, "-", 4),
        ),
        (
            (1, 10, 4, 12, 7, 14),
            [
                "up 10-1=9",
                "down 10-4=6",
                "up 12-4=8",
                "down 12-7=5",
                "up 14-7=7",
                "up 9,down 6,up 8,down 5,up 7: not the same",
                "Every other: 1,4,7",
                "up 4-1=3",
                "up 7-4=3",
                "up 3,up 3: same, so up 3",
            ],
            (7, "+", 3),
        ),
    ],
)
def test_rules_are_tried_in_a_fixed_order(
    terms: tuple[int, ...], lines: list[str], step: tuple[int, str, int]
) -> None:
    assert explain(terms) == (lines, step)


def test_a_sequence_that_two_rules_continue_differently_is_no_problem() -> None:
    assert continuations((2, 3, 5, 8)) == {12, 13}  # differences 1, 2, 3; or sums
    assert not tasks.get("sequences").valid({"kind": "sum", "terms": [2, 3, 5, 8]})
    assert continuations((2, 3, 5, 8, 13)) == {21}
    assert continuations((1, 2, 4, 5, 9)) == set()


def test_the_check_turns_the_last_step_round() -> None:
    assert check(19, (15, "+", 4)) == ("19-15=4", 4)
    assert check(29, (33, "-", 7)) == ("33-29: 33-20=13, 13-9=4", 7)
    assert check(46, (24, "*", 2)) == ("46/2: 4=2*2+0, 6=2*3+0, 46/2=23", 24)
    assert check(13, (24, "/", 2)) == ("13*2=26", 24)


def test_the_explained_step_is_the_answer() -> None:
    family = tasks.get("sequences")
    for level in family.levels:
        for index in range(100):
            problem = family.problem("train", level, index)
            last, sign, k = explain(tuple(problem.facts["terms"]))[1]
            results = {"+": last + k, "-": last - k, "*": last * k, "/": last // k}
            assert str(results[sign]) == problem.answer
