"""Chains of thought on a runner: open, think, fork, rewind, say, steer, probe, stop."""

from mull.engine.chain import Chain, Engine, Mark, Probe
from mull.engine.events import Answered, Ended, Event, Spent, Stopped
from mull.engine.local import LocalEngine
from mull.engine.sampling import Sampling
from mull.engine.spend import Spend
from mull.engine.watch import Answers, Progress, Stream, Watch

__all__ = [
    "Answered",
    "Answers",
    "Chain",
    "Ended",
    "Engine",
    "Event",
    "LocalEngine",
    "Mark",
    "Probe",
    "Progress",
    "Sampling",
    "Spend",
    "Spent",
    "Stopped",
    "Stream",
    "Watch",
]
