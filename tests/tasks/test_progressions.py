"""Finding the rule of a sequence: the order in which rules are tried, and that they agree."""

import pytest

from mull import tasks
from mull.tasks.progressions import check, continuations, explain


@pytest.mark.parametrize(
    ("terms", "lines", "step"),
    [
        (
            (3, 7, 11, 15),
            [
                "3<7: up 7-3=4 | 7,11,15",
                "7<11: up 11-7=4 | 11,15",
                "11<15: up 15-11=4",
                "up 4,up 4,up 4: up 4,up 4 yes, up 4,up 4 yes, so up 4",
            ],
            (15, "+", 4),
        ),
        (
            (47, 40, 33),
            [
                "47>40: down 47-40=7 | 40,33",
                "40>33: down 40-33: 40-30=10, 10-3=7",
                "down 7,down 7: down 7,down 7 yes, so down 7",
            ],
            (33, "-", 7),
        ),
        (
            (3, 12, 5, 14, 7),
            [
                "3<12: up 12-3=9 | 12,5,14,7",
                "12>5: down 12-5=7 | 5,14,7",
                "5<14: up 14-5=9 | 14,7",
                "14>7: down 14-7=7",
                "up 9,down 7,up 9,down 7: up 9,down 7 no",
                "In turns: up 9,up 9 yes, down 7,down 7 yes, so up 9",
            ],
            (7, "+", 9),
        ),
        (
            (96, 48, 24, 12),
            [
                "96>48: down 96-48: 96-40=56, 56-8=48 | 48,24,12",
                "48>24: down 48-24=24 | 24,12",
                "24>12: down 24-12=12",
                "down 48,down 24,down 12: down 48,down 24 no",
                "In turns: down 48,down 12 no",
                "Times 96,48,24,12",
                "96=48*2+0 yes | 48,24,12",
                "48=24*2+0 yes | 24,12",
                "24=12*2+0 yes, so divide by 2",
            ],
            (12, "/", 2),
        ),
        (
            (1, 2, 3, 5, 8),
            [
                "1<2: up 2-1=1 | 2,3,5,8",
                "2<3: up 3-2=1 | 3,5,8",
                "3<5: up 5-3=2 | 5,8",
                "5<8: up 8-5=3",
                "up 1,up 1,up 2,up 3: up 1,up 1 yes, up 1,up 2 no",
                "In turns: up 1,up 2 no",
                "Times 1,2,3,5,8",
                "2=1*2+0 yes | 2,3,5,8",
                "3=2*1+1 no",
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
                "76<82: up 82-76: 82-70=12, 12-6=6 | 82,90,100",
                "82<90: up 90-82: 90-80=10, 10-2=8 | 90,100",
                "90<100: up 100-90=10",
                "up 6,up 8,up 10: up 6,up 8 no",
                "In turns: up 6,up 10 no",
                "Times 76,82,90,100",
                "82=76*1+6 no",
                "76+82=158, need 90: no",
                "Sizes: 6,8,10",
                "6<8: up 8-6=2 | 8,10",
                "8<10: up 10-8=2",
                "up 2,up 2: up 2,up 2 yes",
                "10+2=12, so up 12",
            ],
            (100, "+", 12),
        ),
        (
            (100, 90, 82, 76),
            [
                "100>90: down 100-90=10 | 90,82,76",
                "90>82: down 90-82: 90-80=10, 10-2=8 | 82,76",
                "82>76: down 82-76: 82-70=12, 12-6=6",
                "down 10,down 8,down 6: down 10,down 8 no",
                "In turns: down 10,down 6 no",
                "Times 100,90,82,76",
                "100=90*1+10 no",
                "Sizes: 10,8,6",
                "10>8: down 10-8=2 | 8,6",
                "8>6: down 8-6=2",
                "down 2,down 2: down 2,down 2 yes",
                "6-2=4, so down 4",
            ],
            (76, "-", 4),
        ),
        (
            (1, 10, 4, 12, 7, 14),
            [
                "1<10: up 10-1=9 | 10,4,12,7,14",
                "10>4: down 10-4=6 | 4,12,7,14",
                "4<12: up 12-4=8 | 12,7,14",
                "12>7: down 12-7=5 | 7,14",
                "7<14: up 14-7=7",
                "up 9,down 6,up 8,down 5,up 7: up 9,down 6 no",
                "In turns: up 9,up 8 no",
                "Every other: 1,4,7",
                "1<4: up 4-1=3 | 4,7",
                "4<7: up 7-4=3",
                "up 3,up 3: up 3,up 3 yes, so up 3",
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
