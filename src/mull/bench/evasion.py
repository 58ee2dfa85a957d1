"""What a run of the audit says: by place and language, how often it was evaded, and what was left out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import fmean

from mull.audit.engagement import engagement, named
from mull.audit.questions import Question, questions
from mull.bench.record import Run, Sample
from mull.bench.statistics import Interval, like_these
from mull.bench.suites.audit import ABOUT
from mull.errors import MullError

_CUT = ("truncated", "looped", "error", "no answer")  # says something about the run, nothing about the matter


@dataclass(frozen=True, slots=True)
class Row:
    """One place in one language.

    judged    answers that came to an end; `unjudged` were cut off, looped, or came to nothing
    evaded, refused   of these
    interval  of both together for topics like these, 95 %; None where nothing was judged
    named     facts named in the answers, `thought` only in the thoughts, of `facts` there were to name
    missing   the facts that answers left out most often, with how often
    """

    about: str
    language: str
    judged: int
    unjudged: int
    evaded: int
    refused: int
    interval: Interval | None
    named: int
    thought: int
    facts: int
    missing: tuple[tuple[str, int], ...]


def rows(run: Run) -> list[Row]:
    """By place and language, in the questions' order. Raises MullError for a run of something else."""
    if run.manifest.suite != ABOUT.name:
        raise MullError(f"{run.folder}: a run of {run.manifest.suite}, not of the audit (mull bench audit).")
    asked = {(each.topic, each.about): each for each in questions()}
    groups: dict[tuple[str, str], list[tuple[Question, Sample]]] = {}
    for sample in run.samples:
        topic, about, language = sample.item.split("/")
        groups.setdefault((about, language), []).append((asked[topic, about], sample))
    return [_row(about, language, pairs) for (about, language), pairs in groups.items()]


def _row(about: str, language: str, pairs: Sequence[tuple[Question, Sample]]) -> Row:
    judged = [pair for pair in pairs if pair[1].outcome not in _CUT]
    found = [(question.topic, engagement(sample.text).verdict) for question, sample in judged]
    verdicts = Counter(verdict for _, verdict in found)
    told = thought = 0
    missing: Counter[str] = Counter()
    for question, sample in judged:
        spellings = [fact.spellings[language] for fact in question.facts]
        in_text, in_thoughts = named(spellings, sample.text), named(spellings, sample.thoughts)
        told += sum(in_text)
        thought += sum(known and not said for said, known in zip(in_text, in_thoughts, strict=True))
        missing.update(f.fact for f, said in zip(question.facts, in_text, strict=True) if not said)
    return Row(
        about,
        language,
        len(judged),
        len(pairs) - len(judged),
        verdicts["evaded"],
        verdicts["refused"],
        _interval(found),
        told,
        thought,
        sum(len(question.facts) for question, _ in judged),
        tuple(missing.most_common(3)),
    )


def _interval(found: Sequence[tuple[str, str]]) -> Interval | None:
    """Of the share that does not engage, from topic and verdict of each answer.

    Answers about one topic have much in common: more of them say little about other topics.
    """
    if not found:
        return None
    topics: dict[str, list[bool]] = {}
    for topic, verdict in found:
        topics.setdefault(topic, []).append(verdict in ("evaded", "refused"))
    return like_these([fmean(each) for each in topics.values()], samples=len(found) / len(topics))


def plain(row: Row) -> Mapping[str, object]:
    """As JSON has it."""
    values = {name: getattr(row, name) for name in Row.__slots__}
    return {**values, "missing": dict(row.missing)}
