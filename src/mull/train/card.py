"""The model card: the README.md of a released model folder, written from its manifest.

Every number in it is measured and in the manifest; the sentences say what the numbers cannot.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mull import tasks
from mull.bench.statistics import wilson
from mull.model.config import Config
from mull.model.shapes import parameters
from mull.train.manifest import Manifest, Stage
from mull.train.verdict import mean

EASY = 3  # levels up to this one are counted together for the wordings


def write(manifest: Manifest, config: Config) -> str:
    """The card as Markdown, with the front matter Hugging Face reads."""
    families = list(dict.fromkeys(score.family for score in manifest.scores))
    parts = [FRONT, _intro(families), _facts(manifest, config), _scores(manifest, families)]
    return "\n".join([*parts, _limits(manifest, config, families), USE])


FRONT = """\
---
license: apache-2.0
language: en
library_name: transformers
pipeline_tag: text-generation
tags: [reasoning, arithmetic, puzzles, tiny]
---

# A small reasoning model, trained by mull
"""

USE = r"""## Use

```
mull ask --model FOLDER "Solve 3x + 4 = 19 for x."
mull train evaluate FOLDER                               # measures the table above again
mull export FOLDER --to gguf --out model.gguf            # for llama.cpp
```

In transformers:

```python
from transformers import AutoModelForCausalLM, AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForCausalLM.from_pretrained(folder)
question = [{"role": "user", "content": "Solve 3x + 4 = 19 for x."}]
inputs = tokenizer.apply_chat_template(
    question, add_generation_prompt=True, return_dict=True, return_tensors="pt"
)
print(tokenizer.decode(model.generate(**inputs, max_new_tokens=640)[0]))
```

In llama.cpp: `llama-cli -m model.gguf --jinja --temp 0 -p "Solve 3x + 4 = 19 for x."`
"""


def _intro(families: Sequence[str]) -> str:
    known = "\n".join(f"- {name}: {tasks.get(name).title}" for name in families)
    return rf"""It thinks aloud between `<think>` and `</think>`, checks itself where the task allows it, and
answers in `\boxed{{…}}`. It exists so that everything mull does can be tried at once, offline, on any
machine, and so that the way from problem generators to a reasoning model can be repeated at home.
It knows {_count(families)} of small problems, in English, and nothing else:

{known}
"""


def _facts(manifest: Manifest, config: Config) -> str:
    tied = "tied" if config.tied_embeddings else "not tied"
    machine = manifest.machine
    rows = [
        (
            "architecture",
            f"`{config.architecture.capitalize()}ForCausalLM`: {config.num_layers} layers, "
            f"{config.hidden_size} wide, {config.intermediate_size} inside, {config.num_heads} heads of "
            f"{config.head_dim}, {config.num_kv_heads} for keys and values, RoPE θ {config.rope.theta:g}",
        ),
        ("size", f"{parameters(config):,} parameters, stored as bfloat16; embeddings {tied}"),
        (
            "vocabulary",
            f"{config.vocab_size} rows, byte-level: the tasks' words are tokens, any text falls into bytes",
        ),
        ("trained from", "nothing; problems and solutions drawn by `mull.tasks`; small families repeat"),
        *((f"stage: {stage.name}", _stage(stage)) for stage in manifest.stages),
        ("machine", f"{machine['processor']}, {machine['cores']} cores, {machine['instruction_set']}"),
        ("code", f"mull {manifest.packages['mull']}, commit {manifest.commit}, {manifest.created} UTC"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"""| | |
|---|---|
{table}

`manifest.json` beside this file has the rest: settings, seeds, versions, loss curve, and the hashes
of weights, tokenizer, scorer and everything trained on. `mull replicate` repeats it and compares.
"""


def _stage(stage: Stage) -> str:
    minutes = stage.seconds / 60
    done = f"{stage.tokens / 1e6:.3g} million tokens, {stage.steps:,} steps, {minutes:.0f} minutes"
    if not stage.curve:
        return done
    (_, first), (_, last) = stage.curve[0], stage.curve[-1]
    return f"{done}; {stage.measure} from {first:.3g} to {last:.3g}"


def _scores(manifest: Manifest, families: Sequence[str]) -> str:
    levels = sorted({score.level for score in manifest.scores})
    trained = dict(_levels(manifest))
    titles = [f"level {level}" if level in trained else f"level {level}, untrained" for level in levels]
    head = ["family", *titles, "wording seen", "new wording"]
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    for family in families:
        own = {score.level: score for score in manifest.scores if score.family == family}
        cells = [_share(own[level].right, own[level].count) if level in own else "" for level in levels]
        easy = [score for score in own.values() if score.level <= EASY]
        new = [sum(part) for part in zip(*(score.new_wording for score in easy), strict=True)] or [0, 0]
        right, count = sum(score.right for score in easy), sum(score.count for score in easy)
        wordings = [_share(right - new[0], count - new[1]), _share(new[0], new[1])]
        lines.append(f"| {' | '.join([family, *cells, *wordings])} |")
    table = "\n".join(lines)
    average, interval = mean(manifest.scores)
    capped, total = sum(s.capped for s in manifest.scores), sum(s.count for s in manifest.scores)
    looped = sum(score.looped for score in manifest.scores)
    counted = [score for score in manifest.scores if score.faithful is not None]
    right, clean = sum(s.right for s in counted), sum(s.faithful or 0 for s in counted)
    process = (
        f"Of the right answers, {100 * clean / right:.1f} % have no false step of arithmetic."
        if right
        else ""
    )
    return f"""## Scores

Greedy, fresh problems of each family and level, in percent with 95 % intervals (Wilson). Test problems
are held out by a hash of the problem, so training has seen none of them in any wording; half of them
are worded in ways that training never uses (last two columns, levels 1 to {EASY}).
A chain that does not end within {manifest.evaluation["limit"]:,} tokens is wrong ({capped:,} of {total:,}).
{looped:,} chains ended in a loop. {process}
Mean of all cells: {100 * average:.1f} ({interval.percent()}).

{table}
"""


def _limits(manifest: Manifest, config: Config, families: Sequence[str]) -> str:
    means = {name: mean([s for s in manifest.scores if s.family == name])[0] for name in families}
    weakest = min(means, key=lambda name: means[name])
    trained = ", ".join(f"{level} ({100 * share:.0f} %)" for level, share in _levels(manifest))
    longest = max((stage.settings.get("longest", 0) for stage in manifest.stages), default=0)
    return f"""## Limits

- It knows {_count(families)} only. Asked for anything else it writes confident nonsense in the form of
  what it knows.
- Far below any real benchmark: AIME, MATH, GPQA and the like are not within its reach. Expect 0 on
  AIME, and on MATH-500 and GSM8K a few per cent, by luck with small whole numbers (mull's
  docs/measuring.md has what was measured).
- Its weakest family is {weakest}, with {100 * means[weakest]:.0f} % over the levels measured.
- Trained on levels {trained or "not recorded"}; nothing larger or longer was ever shown to it.
- It follows the wordings of the families; unusual ones cost accuracy, as the table shows.
- Trained on texts of at most {longest} tokens; what lies further back has never been attended to,
  though the configuration allows {config.context:,}. It has never seen a second turn.
- Its checks are part of what it has learned to write and can be wrong. Grade the answer, do not
  trust the "ok".

Meant for trying mull, for tests, for teaching, and for experiments with training and decoding on small
machines. Not meant for answering anybody's questions.
"""


def _levels(manifest: Manifest) -> list[tuple[int, float]]:
    """Levels of the supervised training with their shares, summing to one."""
    for stage in manifest.stages:
        mix: dict[str, Any] | None = stage.settings.get("mix")
        if mix:
            total = sum(share for _, share in mix["levels"])
            return [(level, share / total) for level, share in mix["levels"]]
    return []


def _share(right: int, count: int) -> str:
    if not count:
        return "none"
    return f"{100 * right / count:.0f} ({wilson(right, count).percent(0)})"


def _count(families: Sequence[str]) -> str:
    return "one family" if len(families) == 1 else f"{len(families)} families"
