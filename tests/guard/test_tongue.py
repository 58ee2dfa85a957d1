"""Languages of one script are told apart, roughly where they part; mathematics is left alone."""

from __future__ import annotations

import asyncio
from itertools import permutations
from random import Random

import pytest

import mull
from mull.engine import Sampling
from mull.engine.scripted import asked, scripted
from mull.guard import tongue
from mull.guard.lock import LanguageGuard
from mull.guard.tongue import Tongue, spoken
from mull.guard.writing import SCRIPTS, Prose, Switch
from mull.model.formats import Tagged
from mull.think.answer import Answer
from mull.think.line import Line

TEXTS = {
    "en": "Let us first look at the numbers and see which of them are odd, since the sum has to be even. Of "
    "the five that are left, two are divisible by three, so they cannot be what we are looking for. ",
    "de": "Sehen wir uns zuerst die Zahlen an und prüfen, welche von ihnen ungerade sind, denn die Summe "
    "muss gerade sein. Von den fünf übrigen sind zwei durch drei teilbar, also können sie es nicht "
    "sein. ",
    "fr": "Regardons d'abord les nombres et voyons lesquels sont impairs, car la somme doit être paire. "
    "Parmi les cinq qui restent, deux sont divisibles par trois, donc ce ne sont pas ceux que nous "
    "cherchons. ",
    "es": "Miremos primero los números y veamos cuáles de ellos son impares, porque la suma tiene que ser "
    "par. De los cinco que quedan, dos son divisibles por tres, así que no pueden ser los que "
    "buscamos. ",
    "pl": "Spójrzmy najpierw na liczby i zobaczmy, które z nich są nieparzyste, ponieważ suma musi być "
    "parzysta. Z pięciu pozostałych dwie dzielą się przez trzy, więc nie mogą to być te, których "
    "szukamy. ",
    "ru": "Сначала посмотрим на числа и выясним, какие из них нечётные, потому что сумма должна быть чётной. "
    "Из пяти оставшихся два делятся на три, поэтому они не могут быть теми, которые мы ищем. ",
    "uk": "Спочатку подивімося на числа і з'ясуємо, які з них непарні, бо сума має бути парною. Із п'яти, що "
    "залишилися, два діляться на три, тому вони не можуть бути тими, які ми шукаємо. ",
}
PAIRS = [(one, other) for one, other in permutations(TEXTS, 2) if SCRIPTS[one] == SCRIPTS[other]]


def switches(language: str, *pieces: str, question: str = "") -> list[Switch]:
    tongue = Tongue(language, question)
    prose = Prose()
    return [switch for piece in pieces for switch in tongue.feed(prose.feed(piece))]


@pytest.mark.parametrize("language", TEXTS)
def test_every_language_may_speak_itself(language: str) -> None:
    assert switches(language, TEXTS[language] * 5) == []
    assert spoken(TEXTS[language]) == language


@pytest.mark.parametrize(("one", "other"), PAIRS)
def test_a_switch_is_found_near_where_it_is(one: str, other: str) -> None:
    text = TEXTS[one] * 2
    (switch,) = switches(one, text + TEXTS[other] * 3)
    assert (switch.left, switch.found) == (one, other)
    assert abs(switch.start - len(text)) <= 48


def test_pieces_do_not_matter_and_coming_back_does() -> None:
    text = TEXTS["en"] * 2 + TEXTS["de"] * 2 + TEXTS["en"] * 2 + TEXTS["fr"] * 2
    random, pieces, at = Random(1), [], 0
    while at < len(text):
        size = random.choice((1, 2, 5, 30))
        pieces.append(text[at : at + size])
        at += size
    found = switches("en", *pieces)
    assert [switch.found for switch in found] == ["de", "fr"]
    assert found == switches("en", text)


@pytest.mark.parametrize(
    "text",
    [
        "|x + yi| = |a - b| and y = x + z, so x y = z a b c d e; i j k l m n o p q r s t u v w x y z. " * 8,
        "9+2=11: 71 | 3+3 carry 1\n[25,13,8] goal 54\n(1) 25+13=38 no\n" * 12,
        "Erdős, Gauß, Poincaré, Łukasiewicz and Śniadecki proved it; see `la somme est égale à`. " * 6,
        TEXTS["en"] * 2 + 'He writes: "' + TEXTS["de"].strip() + '"\n' + TEXTS["en"],
    ],
    ids=["variables", "columns", "names", "quotation"],
)
def test_mathematics_names_and_quotations_are_left_alone(text: str) -> None:
    assert switches("en", TEXTS["en"] + text + TEXTS["en"]) == []


def test_auto_goes_by_the_question() -> None:
    text = TEXTS["de"] * 2 + TEXTS["en"] * 2
    assert [each.found for each in switches("auto", text, question=TEXTS["de"])] == ["en"]
    assert switches("auto", text, question="2+2?") == []  # too short to tell
    assert spoken("Find x.") is None


def test_without_the_library_nothing_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tongue, "available", lambda: False)
    assert switches("en", TEXTS["en"] + TEXTS["de"] * 3) == []
    assert spoken(TEXTS["en"]) is None


def answered(language: str) -> Answer:
    begun = f"<think>\nSo.\n</think>\n{TEXTS['en']}"
    script = {asked("?"): {begun + TEXTS["de"] * 2: 1.0, begun + "It is seven.": 1e-6}}
    engine = scripted(
        script, format=Tagged(starts_open=False), sampling=Sampling(temperature=0), context=2048
    )
    guard = LanguageGuard(SCRIPTS["en"], language, TEXTS["en"])
    return asyncio.run(mull.answer("?", engine=engine, line=Line(guards=(guard,))))


def test_an_answer_is_taken_back_to_where_it_left_a_language_that_was_named() -> None:
    answer = answered("en")
    assert [note["did"] for note in answer.trace.notes("language")] == ["rewound"]
    assert answer.text == TEXTS["en"] + "It is seven."


def test_by_the_question_alone_it_is_only_noted() -> None:
    answer = answered("auto")
    (note,) = answer.trace.notes("language")
    assert (note["did"], note["left"], note["found"]) == ("nothing", "en", "de")
    assert answer.text == (TEXTS["en"] + TEXTS["de"] * 2).strip()
