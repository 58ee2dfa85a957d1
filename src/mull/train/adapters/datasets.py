"""A folder that `datasets.load_dataset(folder)` and the Hugging Face hub read as it is."""

from __future__ import annotations

from pathlib import Path

from mull.train.adapters import rows
from mull.train.adapters.rows import Selection

CARD = """---
license: apache-2.0
configs:
- config_name: default
  data_files:
  - split: train
    path: train.jsonl
  - split: test
    path: test.jsonl
---
Procedural reasoning problems with worked thoughts, made by mull ({families}; levels {levels}).

`prompt` and `completion` are messages, as TRL's SFTTrainer and GRPOTrainer take them. `truth` is what
`compute_score(solution_str=..., ground_truth=truth)` of the `reward.py` beside this file needs to score an
answer. The splits share no problem. `manifest.json` has the hashes and what was selected.
"""


def export(selection: Selection, test: int, out: Path) -> Path:
    """`train.jsonl`, `test.jsonl`, `reward.py`, the card `README.md`, `manifest.json`."""
    out.mkdir(parents=True, exist_ok=True)
    found = rows.splits(selection, test)
    for split, each in found.items():
        rows.write_lines(out / f"{split}.jsonl", each)
    rows.write_reward(out)
    card = CARD.format(families=", ".join(selection.families), levels=", ".join(map(str, selection.levels)))
    (out / "README.md").write_text(card, encoding="utf-8")
    rows.write_manifest(out, selection, found)
    return out
