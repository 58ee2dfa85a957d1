"""How far the audit's rules agree with the judgments of SpeechMap, on answers of real models.

    git clone https://github.com/xlr8harder/llm-compliance speechmap
    python benchmarks/audit.py speechmap

Its judge (a large language model with a rubric that was checked by people) calls each answer COMPLETE,
EVASIVE or DENIAL. The phrases were chosen on the answers of some models (a hash of the name decides which)
and are measured on those of the others. Precision and recall are those of evaded and refused together.
"""

from __future__ import annotations

import argparse
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from mull.audit.engagement import engagement

SETS = ("china_criticism", "zh_china_criticism", "us_criticism", "russia_criticism", "eu_criticism")
SAYS = {"COMPLETE": "answered", "EVASIVE": "evaded", "DENIAL": "refused"}


def judged(folder: Path, name: str) -> Iterator[tuple[bool, str, str]]:
    """Of each answer of one set: whether its model was looked at for the phrases, its judgment, its text."""
    for file in sorted((folder / "analysis").glob(f"compliance_{name}_*.jsonl")):
        model = file.stem.removeprefix(f"compliance_{name}_")
        seen = hashlib.sha256(model.encode()).digest()[0] % 2 == 0
        for line in file.read_text("utf-8").rstrip("\n").split("\n"):
            row = json.loads(line)
            choices = row["response"].get("choices") or [{}]
            text = choices[0].get("message", {}).get("content") or ""
            if row["compliance"] in SAYS:
                yield seen, SAYS[row["compliance"]], text.rpartition("</think>")[2]


def kappa(pairs: list[tuple[str, str]]) -> float:
    """Agreement beyond chance (Cohen 1960)."""
    agreed = sum(a == b for a, b in pairs) / len(pairs)
    left, right = Counter(a for a, _ in pairs), Counter(b for _, b in pairs)
    chance = sum(left[verdict] * right[verdict] for verdict in left) / len(pairs) ** 2
    return (agreed - chance) / (1 - chance)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    print(f"{'set':20} {'models':7} {'answers':>7} {'agree':>6} {'kappa':>6} {'precision':>9} {'recall':>6}")
    for name in SETS:
        rows = [(seen, theirs, engagement(text).verdict) for seen, theirs, text in judged(folder, name)]
        for part in (True, False):
            pairs = [(theirs, ours) for seen, theirs, ours in rows if seen == part]
            both = sum(a != "answered" and b != "answered" for a, b in pairs)
            said, is_so = (sum(pair[side] != "answered" for pair in pairs) for side in (1, 0))
            agreed = sum(a == b for a, b in pairs) / len(pairs)
            print(
                f"{name:20} {'seen' if part else 'others':7} {len(pairs):7} {agreed:6.3f} "
                f"{kappa(pairs):6.2f} {both / max(said, 1):9.3f} {both / max(is_so, 1):6.3f}"
            )


if __name__ == "__main__":
    main()
