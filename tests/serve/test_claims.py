"""Claims told beside a trace: all of them, whatever way the text comes, and only those that still stand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from mull.check.claims import claims
from mull.serve.claims import ClaimRecords
from mull.think.trace import Record

TEXT = "So 12*13=156.\nThen 156+4=161, no: 156+4=160.\nMaybe 2+2=5? And 7*3=21, 21+8=29 ok.\n"
PROMPT = [1, 2, 3]


def opened() -> ClaimRecords:
    heard = ClaimRecords()
    assert tell(heard, op="open", chain=0, prompt=PROMPT) == []
    return heard


def tell(heard: ClaimRecords, **record: object) -> list[Record]:
    return list(heard.hear({"seconds": 0.5, **record}))


def say(heard: ClaimRecords, pieces: list[str], chain: int = 0) -> list[Record]:
    return tell(heard, op="tokens", chain=chain, ids=[0] * len(pieces), pieces=pieces)


@given(st.lists(st.integers(0, len(TEXT)), max_size=30).map(sorted), st.integers(1, 9))
def test_every_claim_is_told_once_with_its_tokens(cuts: list[int], together: int) -> None:
    pieces = [TEXT[a:b] for a, b in zip([0, *cuts], [*cuts, len(TEXT)], strict=True)]
    heard = opened()
    told = [one for at in range(0, len(pieces), together) for one in say(heard, pieces[at : at + together])]
    assert [(one["text"], one["verdict"], one["value"]) for one in told] == [
        (claim.text, claim.verdict, claim.value) for claim in claims(TEXT)
    ]
    for one in told:
        first, after = (place - len(PROMPT) for place in one["span"])
        assert one["text"] in "".join(pieces[first:after])
        assert one["text"] not in "".join(pieces[first + 1 : after])


def test_what_is_rewound_is_told_again_when_it_is_said_again() -> None:
    heard = opened()
    assert [one["value"] for one in say(heard, ["12", "*", "13", "=", "157", "\n"])] == ["156"]
    tell(heard, op="rewind", chain=0, to=len(PROMPT) + 4, stream=1)
    (again,) = say(heard, ["156", "\n"])
    assert (again["text"], again["verdict"], again["span"]) == ("12*13=156", "confirmed", [3, 8])


def test_a_fork_goes_on_with_the_line_of_its_stem() -> None:
    heard = opened()
    say(heard, ["12", "*", "13"])
    tell(heard, op="fork", chain=1, parent=0, at=6, stream=1)
    (other,) = say(heard, ["=", "155", "\n"], chain=1)
    (own,) = say(heard, ["=", "156", "\n"])
    assert (other["chain"], other["verdict"]) == (1, "contradicted")
    assert (own["chain"], own["verdict"]) == (0, "confirmed")


def test_other_records_say_nothing() -> None:
    heard = opened()
    for record in (
        {"op": "trace"},
        {"op": "think", "chain": 0},
        {"op": "note", "kind": "settled", "votes": 2},
    ):
        assert tell(heard, **record) == []
