"""Problems come from where the model is right sometimes."""

from collections import Counter

import pytest

from mull import tasks
from mull.train.curriculum import FLOOR, Curriculum


def curriculum(reworded: float = 0.0) -> Curriculum:
    return Curriculum(("addition", "countdown"), (1, 2, 3), seed=1, reworded=reworded)


def taught(rates: dict[tuple[str, int], float], draws: int = 2000) -> Counter[tuple[str, int]]:
    """How often each level is drawn when the pass rates are these."""
    made = curriculum()
    for problem in made.draw(300):
        made.learn(problem, rates[problem.family, problem.level])
    return Counter((problem.family, problem.level) for problem in made.draw(draws))


def test_most_draws_are_at_the_edge() -> None:
    rates = {
        ("addition", 1): 1.0,
        ("addition", 2): 0.6,
        ("addition", 3): 0.05,
        ("countdown", 1): 0.4,
        ("countdown", 2): 0.0,
        ("countdown", 3): 0.0,
    }
    drawn = taught(rates)
    edge = sum(count for place, count in drawn.items() if 0.3 <= rates[place] <= 0.7)
    assert edge / drawn.total() > 0.7
    assert min(drawn[place] for place in rates) > drawn.total() * FLOOR  # none is left out


def test_problems_are_for_training_and_never_the_same() -> None:
    problems = curriculum().draw(200)
    assert {problem.split for problem in problems} == {"train"}
    assert len({(problem.family, problem.level, problem.index) for problem in problems}) == 200


def test_the_same_seed_goes_on_where_it_was() -> None:
    whole, first, second = curriculum(0.5), curriculum(0.5), curriculum(0.5)
    expected = whole.draw(40)
    begun = first.draw(15)
    second.restore(first.state)
    assert begun + second.draw(25) == expected
    own = [tasks.get(each.family).problem("train", each.level, each.index) for each in expected]
    assert 5 < sum(one.question != other.question for one, other in zip(own, expected, strict=True)) < 35


def test_rates_follow_what_is_seen() -> None:
    made = curriculum()
    [problem] = made.draw(1)
    before = made.rates[problem.family][problem.level]
    made.learn(problem, 1.0)
    assert made.rates[problem.family][problem.level] > before == 0.5


def test_what_does_not_exist_is_said_at_once() -> None:
    with pytest.raises(tasks.TaskError, match="no task family"):
        Curriculum(("alchemy",), (1,), 0, 0.0)
    with pytest.raises(tasks.TaskError, match="levels 1 to 5"):
        Curriculum(("addition",), (9,), 0, 0.0)
