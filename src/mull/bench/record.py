"""What a run of a benchmark leaves behind: a folder with a manifest, its items and its samples.

    manifest.json   what decides the numbers, and its hash
    items.jsonl     the questions asked, with their gold answers
    samples.jsonl   one answer to one question a line, appended as it came and never changed

A sample names the hash of the manifest it was drawn under. Lines stand in the order in which answers came,
which says nothing: `Run.read` sorts them by item and sample. Of two lines for one sample the later counts (an
error is tried again); a line torn at the end of the file is left out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from hashlib import sha256
from pathlib import Path
from typing import Any, Literal, Self, get_args

from mull.errors import MullError

FORMAT = 1
MANIFEST, ITEMS, SAMPLES = "manifest.json", "items.jsonl", "samples.jsonl"

Outcome = Literal["right", "wrong", "no answer", "truncated", "looped", "parse failure", "undecided", "error"]
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

Price = tuple[float, float]  # money per million tokens, of prompts and of what is generated

# Fields of a manifest that say when, from where and how far: they may differ between runs that are one.
FREE = ("version", "source", "rights", "k", "items", "mull", "commit", "started")


@dataclass(frozen=True, slots=True)
class Item:
    """One question of a suite.

    question  as it stands in the suite, without the prompt around it; "" in a run whose suite forbids copies
    gold      the right answer
    group     a part of the suite (a level, a subject), None without any
    facts     what scoring it takes beside the gold answer (tests of a program); not in a run's folder
    """

    id: str
    question: str
    gold: str
    group: str | None = None
    facts: Mapping[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Manifest:
    """Where a number comes from.

    suite      its name as asked for; `version` and `source` say which copy of the data
    data       SHA-256 of the suite's questions and gold answers
    rights     of the data, in words
    judge      who decides: grader (is it the gold answer?), tasks (a family's scorer), code (tests that run),
               engagement (the audit's rules)
    prompt     text around a question, which stands at {question}; `system` None is the model's own
    template   SHA-256 of the ids that the chat template makes of a fixed conversation
    model      name, fingerprint, runner, dtype, as far as the engine knows
    sampling   as `Sampling.json` gives it
    cap        tokens an answer may have, thoughts included; None: the context
    guards     loops, language, claims
    options    of the strategy
    seed, k    the run's seed, samples a question
    items      questions asked
    grader     version of the grader
    mull, commit, started   version, commit of the checkout, time (UTC)
    """

    suite: str
    version: str
    source: str
    data: str
    rights: str
    judge: Literal["grader", "tasks", "code", "engagement"]
    prompt: str
    system: str | None
    template: str
    model: Mapping[str, str]
    context: int
    sampling: Mapping[str, Any]
    cap: int | None
    strategy: str
    effort: str | None
    options: Mapping[str, Any]
    guards: Mapping[str, str]
    seed: int
    grader: int
    k: int
    items: int
    mull: str
    commit: str
    started: str

    @property
    def hash(self) -> str:
        """Of all that decides the numbers; samples carry it. 16 hexadecimal digits."""
        decides = {name: value for name, value in asdict(self).items() if name not in FREE}
        text = json.dumps(decides, sort_keys=True, ensure_ascii=False)
        return sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:16]

    def differs(self, other: Manifest) -> list[str]:
        """What decides the numbers and is not the same in both: lines such as "seed: 0, not 1"."""
        mine, others = asdict(self), asdict(other)
        return [
            f"{name}: {mine[name]!r:.80}, not {others[name]!r:.80}"
            for name in mine
            if name not in FREE and mine[name] != others[name]
        ]

    def save(self, folder: Path) -> None:
        """Write it into a run's folder, whole or not at all."""
        aside = folder / f"{MANIFEST}.tmp"
        plain = {"format": FORMAT, "hash": self.hash, **asdict(self)}
        aside.write_text(json.dumps(plain, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        aside.replace(folder / MANIFEST)

    @classmethod
    def load(cls, folder: Path) -> Self:
        """Raises MullError where there is none, or not one of this version."""
        path = folder / MANIFEST
        try:
            plain = json.loads(path.read_text(encoding="utf-8"))
            if plain.pop("format") != FORMAT:
                raise MullError(f"{path}: written by another version of mull.")
            told = plain.pop("hash")
            manifest = cls(**plain)
        except OSError:
            raise MullError(f"{folder}: no run of `mull bench` ({MANIFEST} is missing).") from None
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise MullError(f"{path}: not a manifest of a run ({error!s:.80}).") from None
        if manifest.hash != told:
            raise MullError(f"{path}: was changed after the run; its hash no longer fits.")
        return manifest


@dataclass(frozen=True, slots=True)
class Sample:
    """One answer to one question, and what became of it.

    item, sample  the question's id; 0 to k - 1
    config, seed  the manifest's hash; the seed this sample was drawn with
    outcome       see `Outcome`; `equal` is the judge's word, None where undecided or not asked
    final         the answer found in the text; span: where, characters of `text`
    stage, reason what decided, and why
    text          the answer shown; `thoughts` before it
    status        of the answer: finished; closed (its thoughts were cut off) or forced (they were over, but
                  no answer followed); cut (the answer was cut off); dropped; abstained
    confidence    the strategy's own, 0 to 1
    ledger        tokens by kind; generated: those drawn or put in
    seconds       by the clock
    pieces        for an answer of one chain: characters that each of its tokens has in `thoughts + text`,
                  0 for tokens of the scaffold between them; None where several chains led to it
    error         what went wrong, where something did
    group         the item's
    """

    item: str
    sample: int
    config: str
    seed: int
    outcome: Outcome
    equal: bool | None = None
    final: str | None = None
    span: tuple[int, int] | None = None
    stage: str = ""
    reason: str = ""
    text: str = ""
    thoughts: str = ""
    status: str = ""
    confidence: float = 0.0
    ledger: Mapping[str, int] | None = None
    generated: int = 0
    seconds: float = 0.0
    chains: int = 0
    pieces: Sequence[int] | None = None
    error: str | None = None
    group: str | None = None

    @property
    def key(self) -> tuple[str, int]:
        return self.item, self.sample

    @property
    def read(self) -> int:
        """Tokens of prompts, whether they were computed or found in memory."""
        ledger = self.ledger or {}
        return ledger.get("prefill", 0) + ledger.get("cached", 0)

    def money(self, price: Price, generated: float | None = None) -> float:
        """What it cost, or would have with so many tokens generated."""
        return (self.read * price[0] + (self.generated if generated is None else generated) * price[1]) / 1e6

    def cut(self, tokens: int) -> tuple[str, str]:
        """(thoughts, text) as they stood after so many tokens. Raises ValueError without `pieces`."""
        if self.pieces is None:
            raise ValueError("an answer of several chains cannot be cut")
        kept = (self.thoughts + self.text)[: sum(self.pieces[: max(0, tokens)])]
        return kept[: len(self.thoughts)], kept[len(self.thoughts) :]


@dataclass(frozen=True, slots=True)
class Run:
    """A run as it stands in its folder: finished or not."""

    folder: Path
    manifest: Manifest
    items: Mapping[str, Item]
    samples: tuple[Sample, ...]

    @classmethod
    def read(cls, folder: str | Path) -> Self:
        """Samples sorted by item, in the items' order, and sample. Raises MullError for what is no run."""
        folder = Path(folder)
        manifest = Manifest.load(folder)
        items = {each.id: each for each in read_items(folder / ITEMS)}
        samples = read_samples(folder / SAMPLES)
        place = {item: number for number, item in enumerate(items)}
        for each in samples:
            if each.config != manifest.hash:
                raise MullError(f"{folder}: sample {each.key} was drawn under another configuration.")
            if each.item not in place:
                raise MullError(f"{folder}: sample {each.key} answers a question that is not in {ITEMS}.")
        ordered = sorted(samples, key=lambda each: (place[each.item], each.sample))
        return cls(folder, manifest, items, tuple(ordered))

    @property
    def answers(self) -> dict[str, list[Sample]]:
        """By item; samples that failed with an error are none."""
        found: dict[str, list[Sample]] = {}
        for sample in self.samples:
            if sample.outcome != "error":
                found.setdefault(sample.item, []).append(sample)
        return found

    @property
    def left(self) -> int:
        """Samples that are still to be drawn, errors among them."""
        done = sum(each.outcome != "error" for each in self.samples)
        return self.manifest.k * len(self.items) - done

    def table(self) -> str:
        """All samples but what the clock and the memory of the day had to say in them, one a line.

        The same configuration has the same table, however often its run was killed on the way.
        """
        lines = []
        for each in self.samples:
            plain = asdict(each)
            del plain["seconds"], plain["ledger"]
            lines.append(json.dumps(plain, ensure_ascii=False, sort_keys=True) + "\n")
        return "".join(lines)


def write_items(items: Sequence[Item], path: Path) -> None:
    """One a line, without `facts`; whole or not at all."""
    aside = path.with_name(path.name + ".tmp")
    plain = [{name: value for name, value in asdict(each).items() if name != "facts"} for each in items]
    aside.write_bytes(b"".join(map(line, plain)))
    aside.replace(path)


def read_items(path: Path) -> list[Item]:
    return [Item(**plain) for plain in _records(path, Item)]


def read_samples(path: Path) -> list[Sample]:
    """The latest of each key, in no order that says anything; nothing where there is no file yet."""
    if not path.exists():
        return []
    found: dict[tuple[str, int], Sample] = {}
    for plain in _records(path, Sample):
        if plain.get("span") is not None:
            plain["span"] = tuple(plain["span"])
        sample = Sample(**plain)
        if sample.outcome not in OUTCOMES:
            raise MullError(f"{path}: no outcome {sample.outcome!r:.40}.")
        found[sample.key] = sample
    return list(found.values())


def line(plain: Mapping[str, Any]) -> bytes:
    """A record as it stands in a file. Half a surrogate pair, which UTF-8 cannot say, is escaped."""
    return json.dumps(plain, ensure_ascii=False).encode("utf-8", "backslashreplace") + b"\n"


def _records(path: Path, kind: type[Item | Sample]) -> Iterator[dict[str, Any]]:
    """The objects of a file of JSON lines; what follows the last line's end was torn off, and is left out."""
    try:
        whole, _, _ = path.read_bytes().rpartition(b"\n")
    except OSError as error:
        raise MullError(f"{path}: cannot be read ({error.strerror}).") from None
    names = {each.name for each in fields(kind)}
    for number, text in enumerate(whole.split(b"\n") if whole else (), 1):
        try:
            plain = json.loads(text)
        except (ValueError, RecursionError):
            raise MullError(f"{path}: line {number} is not JSON.") from None
        if not isinstance(plain, dict) or not set(plain) <= names:
            raise MullError(f"{path}: line {number} is no {kind.__name__.lower()} of a run.")
        try:
            kind(**plain)
        except TypeError as error:
            raise MullError(f"{path}: line {number} is no {kind.__name__.lower()} ({error!s:.80}).") from None
        yield plain
