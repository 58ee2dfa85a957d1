"""Chains of thought on a runner: open, think, fork, rewind, say, steer, probe, stop."""

from mull.engine.chain import Chain, Engine, Mark, Probe
from mull.engine.events import (
    Answered,
    Claimed,
    Closed,
    Ended,
    Event,
    Exhausted,
    Looped,
    Paused,
    Spent,
    Stopped,
    Suspected,
    Switched,
)
from mull.engine.local import LocalEngine
from mull.engine.sampling import Sampling
from mull.engine.spend import Spend
from mull.engine.watch import Answers, Closes, Progress, Stream, Watch

__all__ = [
    "Answered",
    "Answers",
    "Chain",
    "Claimed",
    "Closed",
    "Closes",
    "Ended",
    "Engine",
    "Event",
    "Exhausted",
    "LocalEngine",
    "Looped",
    "Mark",
    "Paused",
    "Probe",
    "Progress",
    "Sampling",
    "Spend",
    "Spent",
    "Stopped",
    "Stream",
    "Suspected",
    "Switched",
    "Watch",
]
