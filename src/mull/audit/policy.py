"""An operator's policy: what whoever runs the model wants done about some questions, never in silence.

    id = "example.org"
    version = "2026-11"

    [[rule]]
    name = "medicine"
    match = ["dosage", "mg of"]        # words or phrases, any of them, in what the user said
    action = "add_context"             # pass, disclose, add_context or decline
    text = "Say that a physician must be asked."

The first rule that matches is applied. `pass` does nothing and says so; `disclose` shows its text beside the
answer; `add_context` puts it before the conversation, for the model to follow; `decline` gives it instead of
an answer, and the model is not asked. Whatever was applied stands in the answer, in the trace and, word for
word, before the user: a refusal says that it is the operator's and does not speak in the model's voice.
"""

from __future__ import annotations

import hashlib
import re
import tomllib
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, get_args

from mull.engine.chain import Engine
from mull.errors import MullError
from mull.model.chat import Message
from mull.think.answer import Action, Answer, Applied
from mull.think.question import Question

ACTIONS: tuple[Action, ...] = get_args(Action)


@dataclass(frozen=True, slots=True)
class Rule:
    """What is done (`action`, `text`) about questions in which one of the phrases `match` stands."""

    name: str
    match: tuple[str, ...]
    action: Action
    text: str = ""

    def matches(self, text: str) -> bool:
        """Whether a phrase stands in `text`, as whole words where its script has spaces."""
        folded = _fold(text)
        return any(re.search(_pattern(phrase), folded) for phrase in self.match)


@dataclass(frozen=True, slots=True)
class Policy:
    """Rules in order, by whom (`id`) and since when (`version`); `digest` is a hash of them all."""

    id: str
    version: str
    rules: tuple[Rule, ...]

    @classmethod
    def read(cls, path: str | Path) -> Policy:
        """From a TOML file. Raises MullError for what is no policy: a rule misread would act in silence."""
        try:
            found = tomllib.loads(Path(path).read_text("utf-8"))
        except OSError as error:
            raise MullError(f"{path}: the policy cannot be read ({error.strerror}).") from None
        except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise MullError(f"{path}: the policy is not TOML: {error}.") from None
        try:
            return cls.of(found)
        except MullError as error:
            raise MullError(f"{path}: {error}") from None

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Policy:
        """From plain values, as they stand in the file."""
        _only(values, ("id", "version", "rule"), "the policy")
        rules = values.get("rule", [])
        if not isinstance(rules, list):
            raise MullError("rules are written as [[rule]].")
        made = tuple(_rule(each, number) for number, each in enumerate(rules, 1))
        if len({rule.name for rule in made}) < len(made):
            raise MullError("two rules have the same name.")
        return cls(_text(values, "id", "the policy"), _text(values, "version", "the policy"), made)

    @property
    def digest(self) -> str:
        """Sixteen hexadecimal digits that change when anything in the policy does."""
        return hashlib.sha256(repr((self.id, self.version, self.rules)).encode()).hexdigest()[:16]

    def apply(self, question: Question) -> Applied | None:
        """The first rule that matches a message of the user; None where none does.

        What is declined is the last message alone: the conversation may go on about something else.
        """
        said = [each.content for each in question.messages if each.role == "user"]
        for rule in self.rules:
            if any(map(rule.matches, said[-1:] if rule.action == "decline" else said)):
                return Applied(self.id, self.version, rule.name, rule.action, rule.text)
        return None


def with_context(question: Question, text: str, engine: Engine) -> Question:
    """The question with `text` at the end of its system prompt."""
    first, *rest = question.messages
    if first.role == "system":
        return replace(question, messages=(Message("system", f"{first.content}\n\n{text}"), *rest))
    system = engine.format.system if question.system is None else question.system
    return replace(question, system=f"{system}\n\n{text}".lstrip())


def declined(applied: Applied) -> Answer:
    """The answer that is none, in the operator's name."""
    whose = f"operator policy {applied.policy!r} (version {applied.version}, rule {applied.rule!r})"
    return Answer(
        text=f"Declined by {whose}: {applied.text} The model was not asked.",
        final=None,
        thoughts="",
        status="abstained",
        confidence=0.0,
        strategy="policy",
        policy=applied,
    )


def _rule(values: Any, number: int) -> Rule:
    where = f"rule {number}"
    if not isinstance(values, Mapping):
        raise MullError("rules are written as [[rule]].")
    _only(values, ("name", "match", "action", "text"), where)
    match, action = values.get("match"), values.get("action")
    if not isinstance(match, list) or not match or not all(isinstance(m, str) and m.strip() for m in match):
        raise MullError(f"{where}: match must be a list of words or phrases.")
    if action not in ACTIONS:
        raise MullError(f"{where}: action must be one of {', '.join(ACTIONS)}.")
    text = _text(values, "text", where) if action != "pass" else str(values.get("text", ""))
    return Rule(_text(values, "name", where), tuple(match), action, text)


def _only(values: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    if unknown := sorted(set(values) - set(known)):
        raise MullError(f"{where} has no {unknown[0]!r}: it has {', '.join(known)}.")


def _text(values: Mapping[str, Any], name: str, where: str) -> str:
    value = values.get(name)
    if not isinstance(value, str) or not value.strip():
        raise MullError(f"{where} needs {name}, as text.")
    return value


def _fold(text: str) -> str:
    """Without case, width, and spaces in number: one text for what reads the same."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def _pattern(phrase: str) -> str:
    folded = _fold(phrase)
    ends = [r"\b" if _spaced(edge) else "" for edge in (folded[0], folded[-1])]
    return ends[0] + re.escape(folded) + ends[1]


def _spaced(character: str) -> bool:
    """Whether it is a letter or digit of a script that puts spaces between words."""
    unspaced = ("CJK", "HIRAGANA", "KATAKANA", "THAI", "LAO", "KHMER", "MYANMAR")
    return character.isalnum() and not unicodedata.name(character, "").startswith(unspaced)
