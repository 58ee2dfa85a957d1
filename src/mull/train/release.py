"""A finished run made into what is given away: model folder, manifest, model card."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mull import tasks
from mull.embedded import WORDS, words_of
from mull.export.folder import to_folder
from mull.model.checkpoint import Checkpoint
from mull.train import card, manifest
from mull.train.evaluate import LIMIT, Score
from mull.train.manifest import Manifest
from mull.train.wording import FILLERS


def release(
    runs: dict[str, Path], model: Path, scores: Sequence[Score], out: Path, limit: int = LIMIT
) -> Manifest:
    """Write the model in folder `model`, made by `runs` (folders by stage name), to the new folder `out`.

    `scores` are its own, by `evaluate` with the same `limit`. Returns the manifest that lies in it.
    """
    to_folder(Checkpoint.open(model), out, "bf16")
    families = sorted({score.family for score in scores})
    (out / WORDS).write_text("\n".join(words(families)) + "\n", encoding="utf-8")
    made = manifest.make(runs, out, scores, limit)
    (out / "README.md").write_text(card.write(made, Checkpoint.open(out).config), encoding="utf-8")
    made.save(out / manifest.NAME)
    return made


def words(families: Sequence[str], samples: int = 400) -> list[str]:
    """All words in training questions of these families, and those that reword them."""
    found = set(FILLERS)
    for name in families:
        family = tasks.get(name)
        for level in family.levels:
            for index in range(samples):
                found.update(words_of(family.problem("train", level, index).question))
    return sorted(found)
