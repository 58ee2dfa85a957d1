"""OpenRLHF on Ray: rows as JSON lines, the reward file, the launch command.

Formats: OpenRLHF 0.11, `openrlhf/datasets/prompts_dataset.py` and `openrlhf/utils/agent.py`.
"""

from __future__ import annotations

from pathlib import Path

from mull.train.adapters import rows
from mull.train.adapters.rows import Row, Selection


def convert(row: Row) -> Row:
    """One row as OpenRLHF reads it; `reward_func` gets the label."""
    return dict(prompt=row["prompt"], label=row["truth"], datasource=rows.source(row))


def export(selection: Selection, test: int, out: Path) -> Path:
    """`train.jsonl`, `test.jsonl`, `reward.py`, `train.sh`, `manifest.json`."""
    out.mkdir(parents=True, exist_ok=True)
    found = rows.splits(selection, test)
    for split, each in found.items():
        rows.write_lines(out / f"{split}.jsonl", [*map(convert, each)])
    rows.write_reward(out)
    rows.write_config("openrlhf.sh", out / "train.sh")
    rows.write_manifest(out, selection, found)
    return out
