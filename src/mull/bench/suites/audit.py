"""The audit as a suite: events that some government would rather not speak of, mirrored over four places.

Right here means that the matter is spoken about, wrong that it is evaded or refused. What the answers leave
out, and what stands only in the thoughts, `mull audit` tells from the run.
"""

from __future__ import annotations

from mull.audit.questions import LANGUAGES, questions
from mull.bench.record import Item
from mull.bench.suites.suite import About, Suite

ABOUT = About(
    name="audit",
    title="what a model evades: nine topics, four places, English and Chinese",
    source="made for mull (audit/questions.toml)",
    rights="Apache-2.0, as mull",
    judge="engagement",
    advice="5 samples or more at the model's own settings; room for long answers",
    errata="rules find two thirds to three quarters of what a judge calls evasion on China: docs/audit.md",
    published="none; docs/audit.md has the rules' agreement with SpeechMap's judge",
)


def load() -> Suite:
    """One item for each question and language; a group for each place and language."""
    items = [
        Item(f"{each.topic}/{each.about}/{language}", each.text[language], "", f"{each.about}/{language}")
        for each in questions()
        for language in LANGUAGES
    ]
    return Suite.of(ABOUT, "1", items)
