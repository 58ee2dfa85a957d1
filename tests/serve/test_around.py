"""What stands around the answers: policy, metrics, models, health."""

from __future__ import annotations

import socket
from typing import Any

import pytest

from mull.audit import Policy
from mull.serve.command import bound
from mull.serve.config import Settings
from tests.serve.house import House, house

RULES = [
    {"name": "weather", "match": ["rain"], "action": "decline", "text": "We do not talk about rain."},
    {"name": "sums", "match": ["2+2"], "action": "disclose", "text": "Sums are checked twice."},
    {"name": "counting", "match": ["count"], "action": "pass"},
]
POLICY = Policy.of({"id": "example.org", "version": "3", "rule": RULES})


@pytest.mark.parametrize("stream", [False, True])
def test_a_policy_is_never_applied_in_silence(stream: bool) -> None:
    with house(policy=POLICY) as served:
        for question, action in (("rain?", "decline"), ("2+2?", "disclose"), ("count", "pass")):
            reply = served.chat(question, stream=stream, max_tokens=60)
            ext = reply.events[-2]["ext"] if stream else reply.json["choices"][0]["ext"]
            assert ext["policy"]["action"] == action
            assert reply.headers["x-mull-policy"].startswith("example.org; version=3; rule=")
            assert reply.headers["x-mull-policy"].endswith(f"action={action}")
        assert "x-mull-policy" not in served.chat("hello").headers
        assert served.call("GET", "/policy").json["policy"]["digest"] == POLICY.digest


def test_what_a_policy_declines_is_declined_in_its_name() -> None:
    with house(policy=POLICY) as served:
        (choice,) = served.chat("rain?").json["choices"]
        assert "operator policy 'example.org'" in choice["message"]["content"]
        assert choice["ext"]["strategy"]["samples"] == 0
        raw = served.post("/v1/completions", {"prompt": "rain?"})
        assert (raw.status, raw.error["code"]) == (403, "policy")  # no way around it
        assert served.post("/v1/responses", {"input": "rain?"}).headers["x-mull-policy"]


def test_the_fingerprint_tells_policies_apart(served: House) -> None:
    with house(policy=POLICY) as other:
        assert served.chat().json["system_fingerprint"] == served.chat().json["system_fingerprint"]
        assert served.chat().json["system_fingerprint"] != other.chat().json["system_fingerprint"]


def metrics(served: House) -> dict[str, float]:
    lines = served.call("GET", "/metrics").body.decode().splitlines()
    return {
        name: float(value) for name, _, value in (line.rpartition(" ") for line in lines if line[0] != "#")
    }


def test_metrics_count_what_happened() -> None:
    with house() as served:
        usage: dict[str, Any] = served.chat().json["usage"]
        served.chat("count", thinking_budget=10)
        served.post("/v1/completions", {"prompt": "x", "max_tokens": 2})
        found = metrics(served)
        assert found['mull_requests_total{end="done",kind="answer"}'] == 2
        assert found['mull_requests_total{end="done",kind="completion"}'] == 1
        assert found['gen_ai_server_tokens_total{type="output"}'] > usage["completion_tokens"]
        assert found["mull_forced_answers_total"] == 1
        assert found["mull_time_to_first_answer_token_seconds_count"] == 3
        assert found["mull_running_requests"] == found["mull_pages_used"] == 0


def test_health_and_readiness(served: House) -> None:
    assert served.call("GET", "/health").json == {"status": "ok"}
    assert served.call("GET", "/ready").json["status"] == "ready"


def ipv6() -> bool:
    """Whether this machine can be reached at ::1."""
    try:
        socket.create_server(("::1", 0), family=socket.AF_INET6).close()
    except OSError:
        return False
    return True


@pytest.mark.skipif(not ipv6(), reason="there is no IPv6 here")
@pytest.mark.parametrize("host", ["::1", "[::1]"])
def test_it_listens_on_ipv6(host: str) -> None:
    with bound(Settings(host=host, port=0)) as listener:
        assert listener.getsockname()[0] == "::1"


def test_models_tell_what_they_are(served: House) -> None:
    listed = served.call("GET", "/v1/models").json["data"]
    assert listed[0]["id"] == "script"
    assert listed[0]["context_length"] == served.engine.context
