"""The card: every number in it is the manifest's, and it says what the model cannot do."""

from __future__ import annotations

from dataclasses import replace

import pytest

from mull.train import card
from mull.train.evaluate import Score
from mull.train.model import embedded_config
from tests.train.test_verdict import BASE, STAGE

CONFIG = embedded_config(656)
SETTINGS = {"mix": {"levels": [[1, 0.6], [2, 0.2]]}, "longest": 640, "seed": 0}
SCORES = [
    Score("addition", 1, 100, 90, (42, 48), 60.0, 2, 1),
    Score("addition", 5, 100, 4, (2, 50), 90.0, 30, 8),
    Score("knights", 1, 100, 50, (10, 50), 60.0, 0, 0),
]
MANIFEST = replace(
    BASE,
    stages=[replace(STAGE, settings=SETTINGS, tokens=10_400_000, steps=3100, seconds=3960)],
    machine={"processor": "EPYC", "cores": 2, "instruction_set": "avx2"},
    packages={"mull": "0.1.0"},
    scores=SCORES,
)


@pytest.mark.parametrize(
    "fact",
    [
        "3,092,736 parameters",
        "`Qwen2ForCausalLM`: 4 layers, 256 wide",
        "| stage: supervised | 10.4 million tokens, 3,100 steps, 66 minutes; loss from 0.5 to 0.5 |",
        "| machine | EPYC, 2 cores, avx2 |",
        "| family | level 1 | level 5, untrained | wording seen | new wording |",
        # seen 48 of 52, new 42 of 48: level 1 alone, since level 5 is not easy
        "| addition | 90 (83–94) | 4 (2–10) | 92 (82–97) | 88 (75–94) |",
        "| knights | 50 (40–60) |  | 80 (67–89) | 20 (11–33) |",
        "(32 of 300)",
        "9 chains ended in a loop",
        "levels 1 (75 %), 2 (25 %)",
        "weakest family is addition, with 47 %",
        "It knows 2 families only.",
        "AIME, MATH, GPQA and the like are not within its reach",
        "Grade the answer, do not",
        "AutoTokenizer.from_pretrained(folder)",
        "--to gguf",
        "mull ask --model",
    ],
)
def test_it_says(fact: str) -> None:
    assert fact in card.write(MANIFEST, CONFIG)


def test_it_begins_with_what_hugging_face_reads() -> None:
    assert card.write(MANIFEST, CONFIG).startswith("---\nlicense: apache-2.0\n")


def test_without_levels_or_curve_it_says_less() -> None:
    stage = replace(STAGE, settings={"seed": 0}, curve=[], name="reinforcement")
    text = card.write(replace(MANIFEST, stages=[stage]), CONFIG)
    assert "Trained on levels not recorded" in text
    assert "| stage: reinforcement | 0.001 million tokens, 10 steps, 1 minutes |" in text
