"""verl on Ray: a folder with everything a cluster needs that has never heard of mull.

Rows as parquet, the reward file, the launch command. verl pins other versions than we do, so nothing of it
is imported. Formats: verl 0.9.1, `verl/utils/dataset/rl_dataset.py` and `verl/trainer/ppo/reward.py`.
"""

from __future__ import annotations

from pathlib import Path

from mull.train.adapters import rows
from mull.train.adapters.rows import ExportError, Row, Selection


def convert(row: Row) -> Row:
    """One row as verl reads it; its reward manager passes `ground_truth` to `compute_score`."""
    return dict(
        data_source=rows.source(row),
        prompt=row["prompt"],
        ability="reasoning",
        reward_model=dict(style="rule", ground_truth=row["truth"]),
        extra_info={name: row[name] for name in ("split", "index", "family", "level", "key")},
    )


def export(selection: Selection, test: int, out: Path) -> Path:
    """`train.parquet`, `test.parquet`, `reward.py`, `train.sh` for 8 and 64 GPUs, `manifest.json`."""
    try:
        import pyarrow as arrow
        from pyarrow import parquet
    except ImportError:
        raise ExportError("parquet needs pyarrow: pip install 'mull[parquet]'") from None
    out.mkdir(parents=True, exist_ok=True)
    found = rows.splits(selection, test)
    for split, each in found.items():
        parquet.write_table(arrow.Table.from_pylist([*map(convert, each)]), out / f"{split}.parquet")
    rows.write_reward(out)
    rows.write_config("verl.sh", out / "train.sh")
    rows.write_manifest(out, selection, found)
    return out
