"""What another tool generated, and the run that it becomes."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from mull import __version__
from mull.bench import outcome, record
from mull.bench.checkout import commit
from mull.bench.judge import by_grader
from mull.bench.log import Log
from mull.bench.record import Item, Manifest, Run, Sample
from mull.bench.suites.suite import PLACE, digest
from mull.check.grade import VERSION
from mull.errors import MullError
from mull.model.formats import Tagged

CUT = ("length", "max_tokens", "model_length")  # reasons to stop that cut an answer off


@dataclass(frozen=True, slots=True)
class Output:
    """One text that was generated for a question.

    text       all of it; thoughts in it, if they are tagged, are told apart
    thoughts   where the tool keeps them apart
    stopped    the tool's word for why it ended; "" where it does not say
    generated  tokens, as far as the tool says; `read` of the prompt
    error      instead of a text
    """

    item: Item
    text: str
    thoughts: str = ""
    stopped: str = ""
    generated: int = 0
    read: int = 0
    seconds: float = 0.0
    error: str | None = None


@dataclass(frozen=True, slots=True)
class Foreign:
    """A whole file of them."""

    tool: str
    suite: str
    model: str
    outputs: Sequence[Output]
    sampling: Mapping[str, Any] = field(default_factory=dict)
    cap: int | None = None
    started: str = ""


def adopt(foreign: Foreign, folder: Path, source: str) -> Run:
    """The run that these outputs are when our grader judges them, written into a new folder.

    What the other tool does not say (seeds, template, prompt) is not made up: it stands as unknown.
    Raises MullError where there is nothing, or the folder holds a run.
    """
    if not foreign.outputs:
        raise MullError(f"{source} holds no outputs.")
    if (folder / record.MANIFEST).exists():
        raise MullError(f"{folder} holds a run already; choose another --out.")
    items = {output.item.id: output.item for output in foreign.outputs}
    numbers: Counter[str] = Counter()
    manifest = _manifest(foreign, [*items.values()], source)
    samples = []
    for output in foreign.outputs:
        samples.append(_sample(output, numbers[output.item.id], manifest.hash))
        numbers[output.item.id] += 1
    # Last: an import that is interrupted leaves nothing behind.
    log = Log(folder, manifest, [*items.values()])
    try:
        log.add(*samples)
    finally:
        log.close()
    return Run.read(folder)


def _sample(output: Output, number: int, config: str) -> Sample:
    make = dict(item=output.item.id, sample=number, config=config, seed=0, group=output.item.group)
    if output.error is not None:
        return Sample(**make, outcome="error", error=output.error)  # type: ignore[arg-type]
    thoughts, text = output.thoughts, output.text
    if Tagged().close in text and not thoughts:
        thoughts, text = Tagged().split(text)
    status = "cut" if output.stopped in CUT else "finished"
    mark = by_grader(output.item, text) if text.strip() else outcome.NOTHING
    return Sample(
        **make,  # type: ignore[arg-type]
        outcome=outcome.outcome(mark, status),
        **mark.facts,
        text=text,
        thoughts=thoughts,
        status=status,
        ledger={"prefill": output.read, "sampled": output.generated} if output.generated else None,
        generated=output.generated,
        seconds=output.seconds,
        chains=1,
    )


def _manifest(foreign: Foreign, items: Sequence[Item], source: str) -> Manifest:
    most = max(Counter(output.item.id for output in foreign.outputs).values())
    return Manifest(
        suite=foreign.suite,
        version=source,
        source=f"outputs of {foreign.tool}",
        data=digest(items),
        rights="those of the suite",
        judge="grader",
        prompt=PLACE,
        system=None,
        template="unknown",
        model={"name": foreign.model, "runner": foreign.tool},
        context=0,
        sampling=dict(foreign.sampling),
        cap=foreign.cap,
        strategy="think",
        effort=None,
        options={},
        guards={},
        seed=0,
        grader=VERSION,
        k=most,
        items=len(items),
        mull=__version__,
        commit=commit(),
        started=foreign.started,
    )
