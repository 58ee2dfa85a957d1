"""Random programs over chains on the scripted engine, for the laws that traces obey."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

from mull.engine import Chain, Sampling
from mull.engine.local import LocalEngine
from mull.engine.scripted import asked, scripted
from mull.think.meter import Meter

SCRIPT: dict[str, Any] = {
    asked("split"): {
        "<think>\nI see 6*7=42.\n</think>\n\\boxed{7}.": 3.0,
        "<think>\nOr not.\n</think>\n\\boxed{14/2}.": 2.0,
        "<think>\nOdd: 6*7=43.\n</think>\n\\boxed{8}.": 2.0,
        "<think>\n" + "and so on, " * 40: 2.0,
    },
    "\n</think>\n\n": {"So \\boxed{7}.": 1.0, "Or \\boxed{8}.": 1.0},
    "The answer is \\boxed{": "7}.",
    asked("Answer with \\boxed{1} or \\boxed{2}."): "<think>\nHm\n</think>\n\\boxed{1}.",
    "Wait": {", no, it is so": 1.0, ", yes": 1.0},
}


def made(script: dict[str, Any] = SCRIPT, **limits: int) -> LocalEngine:
    return scripted(script, sampling=Sampling(), **{"context": 8192, **limits})


operations = st.lists(
    st.tuples(
        st.sampled_from(
            ["think", "fork", "check", "say", "rewind", "anew", "mark", "back", "steer", "probe"]
        ),
        st.integers(0, 1000),
        st.integers(1, 24),
    ),
    max_size=14,
)


async def perform(meter: Meter, program: list[tuple[str, int, int]], seed: int, family: list[Chain]) -> None:
    """Interpret a random program over a growing family of chains; they are left open."""
    chain = meter.open(list(asked("split").encode()), seed=seed)
    family.append(chain)
    marks = {chain: chain.mark()}
    for operation, who, amount in program:
        one = family[who % len(family)]
        match operation:
            case "think":
                await one.think(amount)
            case "fork" | "check":
                with one.steer(temperature=amount / 12):  # the child keeps it
                    child = one.fork(counted="check" if operation == "check" else None)[0]
                family.append(child)
                marks[child] = child.mark()
            case "say":
                one.say("Wait")
            case "rewind" | "anew":
                length = one.prompt_length + who % (len(one) - one.prompt_length + 1)
                one.rewind(length, anew=operation == "anew")
            case "mark":
                marks[one] = one.mark()
            case "back" if marks[one].length <= len(one):
                one.rewind(marks[one])
            case "steer":
                with one.steer(ban=[who % 256], bias={ord("a"): 40.0}, temperature=1 + amount / 8):
                    await one.think(amount)
            case "probe":
                await one.probe("The answer is \\boxed{", max_tokens=amount)
