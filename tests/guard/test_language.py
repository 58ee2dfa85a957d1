"""Changes of language are found where they are; what may be foreign is left alone."""

from __future__ import annotations

import asyncio
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mull.engine import Chain, Ended, Event, Sampling
from mull.engine.events import Switched
from mull.engine.scripted import scripted
from mull.errors import MullError
from mull.guard.language import Language, expected
from mull.guard.writing import SCRIPTS, Prose, Switch, Writing, script, scripts_of

ENGLISH = "Let us first look at the numbers and see which of them are odd, since the sum has to be even. "
CHINESE = "我们先来看一下这些数字，其中哪些是奇数，因为它们的和必须是偶数，所以我们可以排除其他的情况。"
JAPANESE = "まずこれらの数を見て、どれが奇数であるかを調べましょう。和は偶数でなければならないからです。"
RUSSIAN = "Сначала посмотрим на числа и выясним, какие из них нечётные, потому что сумма должна быть чётной. "
KOREAN = "먼저 이 숫자들을 살펴보고 어느 것이 홀수인지 알아봅시다. 합은 짝수여야 하기 때문입니다. "
ARABIC = "لننظر أولا إلى الأعداد ونرى أيها فردي لأن المجموع يجب أن يكون زوجيا. "
TEXTS = {"en": ENGLISH, "zh": CHINESE, "ja": JAPANESE, "ru": RUSSIAN, "ko": KOREAN, "ar": ARABIC}


def switches(language: str, *pieces: str) -> list[Switch]:
    writing = Writing(SCRIPTS[language])
    prose = Prose()
    return [switch for piece in pieces for switch in writing.feed(prose.feed(piece))]


@pytest.mark.parametrize(
    ("char", "name"),
    [
        *zip("aéｗ", ["Latin"] * 3, strict=True),
        *zip("数々", ["Han"] * 2, strict=True),
        *zip("かカｶ", ["Kana"] * 3, strict=True),
        *zip("жπ한א", ["Cyrillic", "Greek", "Hangul", "Hebrew"], strict=True),
        *zip("عकก", ["Arabic", "Devanagari", "Thai"], strict=True),
        *zip("1 ，∑𝑥ℝ💡", [None] * 7, strict=True),
    ],
)
def test_script_of_a_letter(char: str, name: str | None) -> None:
    assert script(char) == name


@pytest.mark.parametrize("language", TEXTS)
def test_every_language_may_speak_itself(language: str) -> None:
    assert switches(language, TEXTS[language] * 5) == []


@pytest.mark.parametrize("into", TEXTS)
@pytest.mark.parametrize("language", TEXTS)
def test_every_switch_is_found_where_it_is(language: str, into: str) -> None:
    if SCRIPTS[into] <= SCRIPTS[language]:
        return
    text = TEXTS[language] * 2
    (switch,) = switches(language, text + TEXTS[into] * 3)
    assert abs(switch.start - len(text)) <= 4  # Han before the first kana; a capital initial
    assert switch.found in SCRIPTS[into] - SCRIPTS[language]


@pytest.mark.parametrize("seed", range(4))
def test_pieces_do_not_matter(seed: int) -> None:
    random = Random(seed)
    text = ENGLISH + CHINESE + ENGLISH * 2 + RUSSIAN + "`" + CHINESE + "`\n" + ENGLISH
    pieces, rest = [], text
    while rest:
        size = random.choice((1, 2, 3, 7, 20))
        pieces.append(rest[:size])
        rest = rest[size:]
    found = switches("en", *pieces)
    assert [(switch.left, switch.found) for switch in found] == [("Latin", "Han"), ("Latin", "Cyrillic")]
    assert found == switches("en", *text)
    assert [text[switch.start] for switch in found] == ["我", "С"]


@pytest.mark.parametrize(
    "text",
    [
        "Confucius (孔子) taught that; the word 学 means to learn, and 学习 to study. " * 4,
        f'He said "{CHINESE}" and left. ' * 3,
        f"The text reads “{RUSSIAN}”. " * 3,
        f"The title is 《{CHINESE}》. " * 3,
        f"```python\n# {CHINESE}\nprint(1)\n# {RUSSIAN}\n```\n" * 3 + ENGLISH,
        f"In `{CHINESE}` we see " * 3,
        f"$\\text{{{CHINESE}}} = 1$ and \\({RUSSIAN}\\) and \\[{CHINESE}\\] " * 3,
        "So α + β = γ, where ΔΘ = λμ and Σ over φψω; αβγδεζηθικλμνξοπρστυφχψω. " * 5,
        "𝑎𝑏𝑐𝑑𝑒𝑓 ∈ ℝ, ∀𝑥∃𝑦 " * 20,
        "",
    ],
    ids=lambda text: text[:20],
)
def test_names_quotations_mathematics_and_code_may_be_foreign(text: str) -> None:
    assert switches("en", ENGLISH + text + ENGLISH) == []


@pytest.mark.parametrize(
    "text",
    [
        "设函数 f(x) = \\sin x + \\cos x，则 max f = sqrt(2)，其中 x 是实数。" * 4,
        "我们用 Python 和 NumPy 写程序，再用 Newton 法和 Cauchy 不等式。" * 4,
        "```python\nfor number in numbers:\n    print(number, number squared)\n```\n" * 4 + CHINESE,
        "Isaac Newton, Leonhard Euler, Carl Friedrich Gauss, Bernhard Riemann, Georg Cantor 都是数学家。" * 2,
    ],
    ids=lambda text: text[:20],
)
def test_terms_and_names_in_latin_letters_may_stand_in_chinese(text: str) -> None:
    assert switches("zh", CHINESE + text + CHINESE) == []


def test_a_mark_without_partner_ends_with_its_line() -> None:
    assert len(switches("en", f'It costs $5 and " or `so.\n{CHINESE}')) == 1


def test_tells_again_only_after_coming_back() -> None:
    assert len(switches("en", ENGLISH + CHINESE * 5)) == 1
    assert len(switches("en", ENGLISH + CHINESE + ENGLISH * 2 + CHINESE)) == 2


@given(st.text(alphabet="ab好$\"'`\\()[]\n “”A", max_size=60))
@settings(max_examples=100, deadline=None)
def test_prose_is_the_same_in_any_pieces(text: str) -> None:
    whole = list(Prose().feed(text))
    prose = Prose()
    assert [letter for char in text for letter in prose.feed(char)] == whole
    assert all(text[place] == char and char.isalpha() for place, char, _ in whole)


def test_expected_from_the_question_or_given() -> None:
    assert expected("auto", "What is 2+2?") == {"Latin"}
    assert expected("auto", "一加一等于几？") == {"Han"}
    assert expected("auto", "この数を求めよ。") == {"Han", "Kana"}
    assert expected("auto", "求 \\frac{1}{2} 和 $x$ 的 number") >= {"Han"}
    assert expected("auto", "2+2?") == scripts_of("") == {"Latin"}
    assert expected("ja") == {"Han", "Kana"}
    with pytest.raises(MullError, match="auto, or one of"):
        expected("xx")


ASKED = {
    "?": f"<think>{ENGLISH}{CHINESE}{ENGLISH}</think>{ENGLISH}{RUSSIAN}",
    "Say on.": " In English, then.",
}


def on(program: Any) -> Any:
    async def body() -> Any:
        engine = scripted(ASKED, sampling=Sampling(temperature=0.0))
        async with engine.open(list(b"?")) as chain:
            return await program(chain)

    return asyncio.run(body())


def test_thoughts_and_answer_apart() -> None:
    async def program(chain: Chain) -> list[tuple[str, str, str]]:
        told = []
        while not isinstance(event := await chain.think(watch=(Language(SCRIPTS["en"]),)), Ended):
            assert isinstance(event, Switched)
            told.append(
                (
                    event.part,
                    event.found,
                    bytes(chain.ids[event.start : event.at]).decode(errors="replace")[0],
                )
            )
        return told

    assert on(program) == [("thought", "Han", "我"), ("answer", "Cyrillic", "С")]


def test_rewinds_to_the_switch() -> None:
    async def program(chain: Chain) -> tuple[str, Event, str]:
        event = await chain.think(watch=(Language(SCRIPTS["en"]),))
        assert isinstance(event, Switched)
        chain.rewind(event.start)
        kept = chain.text
        chain.say("Say on.")
        return kept, await chain.think(watch=(Language(SCRIPTS["en"]),)), chain.text

    kept, ended, text = on(program)
    assert kept == f"<think>{ENGLISH}"
    assert isinstance(ended, Ended)
    assert text == f"<think>{ENGLISH}Say on. In English, then."
