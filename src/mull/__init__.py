"""mull: run, steer, check, measure, train and serve models that think before they answer.

    import mull
    engine = mull.load()                                # the embedded model; or a folder or hub name
    a = mull.ask("Using 3, 7, 8 and 25, make 54.", engine=engine, seed=0)
    print(a.thoughts, a.text, a.final, a.ledger)

Names are imported when first used: `import mull` loads neither numpy nor torch.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mull import tasks as tasks
    from mull.api import answer as answer
    from mull.api import ask as ask
    from mull.api import load as load
    from mull.check.grade import Verdict as Verdict
    from mull.check.grade import grade as grade
    from mull.engine import Sampling as Sampling
    from mull.engine.remote import connect as connect
    from mull.errors import MullError as MullError
    from mull.think.answer import Answer as Answer

__version__ = "0.1.0"

_HOME = {
    "answer": "mull.api",
    "ask": "mull.api",
    "connect": "mull.engine.remote",
    "grade": "mull.check.grade",
    "load": "mull.api",
    "Answer": "mull.think.answer",
    "MullError": "mull.errors",
    "Sampling": "mull.engine",
    "Verdict": "mull.check.grade",
}
__all__ = ["Answer", "MullError", "Sampling", "Verdict", "answer", "ask", "connect", "grade", "load", "tasks"]


def __getattr__(name: str) -> Any:
    if name == "tasks":
        return import_module("mull.tasks")
    if name in _HOME:
        return getattr(import_module(_HOME[name]), name)
    raise AttributeError(f"module 'mull' has no attribute {name!r}")


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
