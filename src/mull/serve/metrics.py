"""/metrics: what Prometheus reads. Names follow OpenTelemetry's for generative models where there are any."""

from __future__ import annotations

from typing import Any

from prometheus_client import (
    CONTENT_TYPE_LATEST,
    CollectorRegistry,
    Counter,
    Gauge,
    Histogram,
    generate_latest,
)

from mull.engine import Engine
from mull.serve.answering import Answering
from mull.serve.run import Run
from mull.serve.told import missing

SECONDS = (0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000)
TOKENS = (16, 64, 256, 1024, 4096, 16384, 65536)


class Counts:
    """Counts what each run that has ended was, and shows what is now."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._registry = own = CollectorRegistry()
        self._requests = Counter("mull_requests", "Runs by how they ended", ["kind", "end"], registry=own)
        self._tokens = Counter("gen_ai_server_tokens", "Tokens", ["type"], registry=own)
        self._duration = _seconds("gen_ai_server_request_duration_seconds", "From request to end", own)
        self._waiting = _seconds("mull_queue_seconds", "Waiting for a place", own)
        self._first = _seconds("gen_ai_server_time_to_first_token_seconds", "To the first text", own)
        self._answer = _seconds("mull_time_to_first_answer_token_seconds", "To the answer's first text", own)
        self._thoughts = Histogram("mull_thinking_tokens", "Thoughts of a run", buckets=TOKENS, registry=own)
        self._notes = {
            "loop": Counter("mull_loop_rescues", "Loops that chains were led out of", registry=own),
            "language": Counter("mull_language_rescues", "Switches that were undone", registry=own),
            "claim": Counter("mull_claim_rescues", "False claims that were undone", registry=own),
        }
        self._forced = Counter("mull_forced_answers", "Thoughts that were closed for an answer", registry=own)
        self._missing = Counter("mull_missing_answers", "Runs that ended without an answer", registry=own)
        self._policy = Counter("mull_policy_actions", "Rules that were applied", ["action"], registry=own)
        self._running = Gauge("mull_running_requests", "Under way, or waiting", registry=own)
        self._queue = Gauge("mull_waiting_requests", "Waiting for a place", registry=own)
        self._pages = Gauge("mull_pages_used", "Pages of the runner's memory in use", registry=own)

    def over(self, run: Run[Any]) -> None:
        """A run has ended."""
        times, kind = run.times, "answer" if isinstance(run, Answering) else "completion"
        cancelled = run.task.cancelled()
        failed = not cancelled and run.task.exception() is not None
        end = "stopped" if run.stopped else "gone" if cancelled else "failed" if failed else "done"
        self._requests.labels(kind, end).inc()
        prompt, cached, generated, thoughts = run.tokens
        for name, tokens in (
            ("input", prompt),
            ("cached", cached),
            ("output", generated),
            ("reasoning", thoughts),
        ):
            self._tokens.labels(name).inc(tokens)
        for histogram, moment in (
            (self._waiting, times.begun),
            (self._first, times.first),
            (self._answer, times.answering),
            (self._duration, times.done),
        ):
            if moment is not None:
                histogram.observe(moment - times.asked)
        if isinstance(run, Answering):
            self._answered(run, thoughts)

    def _answered(self, run: Answering, thoughts: int) -> None:
        self._thoughts.observe(thoughts)
        for choice in run.choices:
            for kind, counter in self._notes.items():
                counter.inc(sum(note["did"] != "nothing" for note in choice.notes(kind)))
            self._forced.inc(choice.answer is not None and choice.answer.status == "closed")
            self._missing.inc(missing(choice))
            if choice.answer and choice.answer.policy:
                self._policy.labels(choice.answer.policy.action).inc()

    def text(self, running: int, waiting: int) -> tuple[bytes, str]:
        """Everything, in Prometheus's form, and the type of it."""
        self._running.set(running)
        self._queue.set(waiting)
        memory = getattr(self._engine, "memory", None)
        if memory is not None:
            self._pages.set(memory.pages.used)
        return generate_latest(self._registry), CONTENT_TYPE_LATEST


def _seconds(name: str, about: str, registry: CollectorRegistry) -> Histogram:
    return Histogram(name, about, buckets=SECONDS, registry=registry)
