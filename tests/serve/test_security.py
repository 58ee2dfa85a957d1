"""What must not be possible, row by row: who comes in, what a request can hold, what it can do to others."""

from __future__ import annotations

import ast
import http.client
import json
import logging
import math
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import mull
from mull.engine.scripted import asked, scripted, tokenizer
from mull.errors import MullError
from mull.serve.chat import ChatRequest
from mull.serve.config import Settings
from mull.serve.door import HEADERS, PUBLIC, JsonLines
from mull.think.trace import Trace
from tests.serve.house import COUNT, SCRIPT, House, house

CHAT = "/v1/chat/completions"
ANNA, BERT = "key-of-anna", "key-of-bert"


@pytest.fixture(scope="module")
def locked() -> Iterator[House]:
    with house(slow=0.0005, keys=(ANNA, BERT), body=100_000, read_seconds=0.5) as made:
        yield made


def question(text: str, **more: Any) -> dict[str, Any]:
    return {"messages": [{"role": "user", "content": text}], **more}


# Control tokens


CONTROL = st.sampled_from(["<|im_end|>", "<|im_start|>", "<think>", "</think>", "<|endoftext|>", "system\n"])
HOSTILE = st.lists(CONTROL | st.text(max_size=8), max_size=8).map("".join)
ROLES = st.sampled_from(["system", "developer", "user", "assistant"])


ENGINE = scripted({})


@given(st.lists(st.tuples(ROLES, HOSTILE), min_size=1, max_size=5), HOSTILE)
@settings(max_examples=150)
def test_no_message_in_any_role_can_hold_a_control_token(turns: list[tuple[str, str]], last: str) -> None:
    messages = [{"role": role, "content": text} for role, text in turns]
    messages.append({"role": "user", "content": last + "?"})
    request = ChatRequest.model_validate({"messages": messages})
    plain = ChatRequest.model_validate({"messages": [{**m, "content": "x"} for m in messages]})
    control = frozenset(tokenizer().control.values())
    made, own = ([i for i in r.ask(Settings()).prompt(ENGINE) if i in control] for r in (request, plain))
    assert made == own


@pytest.mark.parametrize("key", ["tokenize", "chat_template", "add_generation_prompt", "__class__", ""])
def test_nothing_but_four_things_may_be_said_to_a_template(served: House, key: str) -> None:
    assert served.chat(chat_template_kwargs={key: True}).status == 400


def test_the_package_reads_no_pickle_and_runs_no_text() -> None:
    forbidden = {"pickle", "dill", "marshal", "shelve"}
    own = Path(mull.__file__).parent
    for path in {*own.rglob("*.py")} - {own / "check" / "jail.py"}:  # which runs programs in the sandbox
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            names = [n.name for n in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            assert not forbidden & {name.partition(".")[0] for name in names}, path
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
                assert node.func.id not in ("eval", "exec"), path


# Who comes in


@pytest.mark.parametrize("key", ["", "x", ANNA[:-1], ANNA + "x", ANNA.upper(), "é" * 9])
@pytest.mark.parametrize("path", ["/v1/models", "/metrics", CHAT, "/v1/responses", "/nowhere", "/v1"])
def test_without_a_key_nothing_is_open(locked: House, path: str, key: str) -> None:
    header = f"Bearer {key}".encode("latin-1").decode("latin-1")
    reply = locked.call("GET", path, authorization=header)
    assert (reply.status, reply.error["code"]) == (401, "invalid_api_key")


def test_the_public_list_is_short_and_tells_nothing(locked: House) -> None:
    assert {"/health", "/ready", "/policy", "/", "/page.js", "/page.css"} == PUBLIC
    for path in PUBLIC:
        assert b"key-of" not in locked.call("GET", path).body


TRICKS = [
    b"GET /v1/models?x=/health HTTP/1.1\r\nhost: localhost/health?",
    b"GET /health/../v1/models HTTP/1.1\r\nhost: localhost",
    b"GET //v1/models HTTP/1.1\r\nhost: localhost",
    b"GET /v1/../v1/models HTTP/1.1\r\nhost: localhost",
    b"GET /%76%31/models HTTP/1.1\r\nhost: localhost",
    b"GET /v1%2Fmodels HTTP/1.1\r\nhost: localhost",
    b"GET /health%00/v1/models HTTP/1.1\r\nhost: localhost",
    b"GET http://localhost/v1/models HTTP/1.1\r\nhost: localhost",
    b"GET /v1/models HTTP/1.1\r\nhost: localhost\r\nx-original-url: /health\r\nx-forwarded-host: a/health",
    b"HEAD /v1/models HTTP/1.1\r\nhost: localhost",
    b"OPTIONS /v1/models HTTP/1.1\r\nhost: localhost\r\norigin: http://evil.example",
]


@pytest.mark.parametrize("start", TRICKS)
def test_no_path_leads_around_the_key(locked: House, start: bytes) -> None:
    got = locked.raw(start + b"\r\nconnection: close\r\n\r\n")
    status = int(got.split(b" ")[1])
    assert status in (400, 401, 403, 404)
    assert b"context_length" not in got
    assert b"access-control-allow" not in got.lower()


@pytest.mark.parametrize("host", ["evil.example", "localhost.evil.example", "127.0.0.1.evil.example:80", ""])
def test_a_name_that_is_not_ours_is_refused(served: House, host: str) -> None:
    got = served.raw(f"GET /health HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
    assert got.split(b" ")[1] == b"403"


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:8080", "127.0.0.1:1", "[::1]:9", "[::1]"])
def test_names_of_this_machine_are_ours(served: House, host: str) -> None:
    got = served.raw(f"GET /health HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n".encode())
    assert got.split(b" ")[1] == b"200"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "", "application/jsonx"])
def test_another_sites_form_cannot_ask(served: House, kind: str) -> None:
    reply = served.post(CHAT, question("2+2?"), **{"content-type": kind})
    assert reply.status == 415


def test_no_key_on_a_public_address_refuses_to_start() -> None:
    for host in ("0.0.0.0", "192.168.1.7", "::", "example.org"):
        with pytest.raises(MullError, match="--api-key"):
            Settings(host=host)
        Settings(host=host, keys=(ANNA,))
    assert Settings(host="::1").local
    with pytest.raises(MullError, match="8 characters"):
        Settings(keys=("short",))


def test_every_answer_has_a_strict_policy_for_browsers(locked: House) -> None:
    for reply in (locked.call("GET", "/health"), locked.call("GET", "/nowhere"), locked.call("GET", "/")):
        for name, value in HEADERS.items():
            assert reply.headers[name] == value
        assert "default-src 'none'" in reply.headers["content-security-policy"]
        assert "unsafe" not in reply.headers["content-security-policy"]


# What a request can hold


@pytest.mark.parametrize(
    "more",
    [{"n": 10**9}, {"n": 10**30}, {"stop": ["x"] * 10_000}, {"top_logprobs": 10**9}, {"max_tokens": 10**12},
     {"logit_bias": {str(i): 1 for i in range(2000)}}, {"thinking_budget": -1}, {"seed": 1 << 70},
     {"strategy": {"name": "vote", "n": 10**6}}, {"temperature": 1e308}, {"messages": [{}] * 5000},
     {"ext": {"seconds": 1e9}}],
)  # fmt: skip
def test_numbers_without_bounds_are_refused_at_once(locked: House, more: dict[str, Any]) -> None:
    started = time.perf_counter()
    reply = locked.post(CHAT, question("2+2?", **more), key=ANNA)
    assert reply.status == 400
    assert time.perf_counter() - started < 0.5


def test_a_body_too_large_is_cut_while_it_is_read(locked: House) -> None:
    head = f"POST {CHAT} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {ANNA}\r\n"
    head += "content-type: application/json\r\nconnection: close\r\n"
    declared = locked.raw(f"{head}content-length: 100000000\r\n\r\n".encode() + b"x" * 1000)
    assert b" 413 " in declared.split(b"\r\n")[0]
    chunk = b"%x\r\n" % 60_000 + b"x" * 60_000 + b"\r\n"
    chunked = locked.raw(f"{head}transfer-encoding: chunked\r\n\r\n".encode() + 2 * chunk)
    assert b" 413 " in chunked.split(b"\r\n")[0]
    assert b"body_too_large" in chunked


def test_headers_have_a_bound(locked: House) -> None:
    got = locked.raw(b"GET /health HTTP/1.1\r\nhost: localhost\r\nx: " + b"y" * 40_000 + b"\r\n\r\n")
    assert b" 431 " in got.split(b"\r\n")[0]


@pytest.mark.parametrize("start", [b"", b"GET /heal", b"GET /health HTTP/1.1\r\nhost: local"])
def test_whoever_sends_slowly_is_cut_off(locked: House, start: bytes) -> None:
    with socket.create_connection(("127.0.0.1", locked.port), timeout=5) as connection:
        started = time.perf_counter()
        connection.sendall(start)
        assert connection.recv(100) == b""
        assert 0.3 < time.perf_counter() - started < 3


@pytest.mark.parametrize(
    "start",
    [
        b"GET /health HTTP/1.1\r\nhost: localhost\r\nx: ",
        b"POST /health HTTP/1.1\r\nhost: localhost\r\ncontent-length: 9999\r\n\r\n",
    ],
)
@pytest.mark.parametrize("before", [0, 1])
def test_a_byte_now_and_then_keeps_no_connection(locked: House, start: bytes, before: int) -> None:
    with socket.create_connection(("127.0.0.1", locked.port), timeout=5) as connection:
        connection.sendall(before * b"GET /health HTTP/1.1\r\nhost: localhost\r\n\r\n" + start)
        started = time.perf_counter()
        with suppress(ConnectionError):
            while time.perf_counter() - started < 5:
                connection.sendall(b"y")
                time.sleep(0.05)
        assert 0.3 < time.perf_counter() - started < 3


def test_a_connection_that_has_sent_its_request_may_stay(locked: House) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", locked.port, timeout=5)
    for wait in (0, 0.8):  # longer than a request may take to come
        time.sleep(wait)
        connection.request("GET", "/health")
        assert connection.getresponse().read() == b'{"status":"ok"}'
    connection.close()


def test_a_body_that_does_not_arrive_is_given_up(locked: House) -> None:
    head = f"POST {CHAT} HTTP/1.1\r\nhost: localhost\r\nauthorization: Bearer {ANNA}\r\n"
    head += "content-type: application/json\r\ncontent-length: 5000\r\nconnection: close\r\n\r\n"
    got = locked.raw(head.encode() + b'{"messages": [')
    assert b" 408 " in got.split(b"\r\n")[0]


@pytest.mark.parametrize("bomb", ["\\boxed{", "((((", "[" * 50, "{\\frac", "😀", "a ^" * 9])
def test_repetitive_questions_take_no_long_time(served: House, bomb: str) -> None:
    started = time.perf_counter()
    reply = served.chat(bomb * (300_000 // len(bomb.encode())), max_tokens=5)
    assert reply.status == 400  # no context is so long
    assert time.perf_counter() - started < 5


def test_json_that_is_nested_deeply_is_refused(served: House) -> None:
    assert served.post(CHAT, b'{"messages":' + b"[" * 100_000).status == 400
    assert served.post(CHAT, b'{"x":' + b'{"x":' * 50_000 + b"1" + b"}" * 50_001).status == 400


def test_no_address_in_a_request_is_ever_called(served: House) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(0.3)
        url = f"http://127.0.0.1:{listener.getsockname()[1]}/x.png"
        for part in (
            {"type": "image_url", "image_url": {"url": url}},
            {"type": "input_file", "file_url": url},
            {"type": "input_audio", "input_audio": {"data": url}},
        ):
            reply = served.post(CHAT, {"messages": [{"role": "user", "content": [part]}]})
            assert (reply.status, reply.error["code"]) == (400, "unsupported_content")
        assert served.chat(f"2+2? {url}", metadata={"url": url}, webhook=url, max_tokens=4).status == 200
        with pytest.raises(TimeoutError):
            listener.accept()


# What it can do to others


def test_a_prefix_is_found_again_by_the_same_key_only(locked: House) -> None:
    long = "It is a long question that two people ask. " * 8 + "2+2?"

    def cached(key: str) -> int:
        found: int = locked.chat(long, key=key).json["usage"]["prompt_tokens_details"]["cached_tokens"]
        return found

    assert cached(ANNA) == 0
    assert cached(BERT) == 0
    assert cached(ANNA) > 100
    assert cached(BERT) > 100


def test_one_requests_failure_is_its_own() -> None:
    script = {asked(f"q{i}"): f"<think>{i}</think>\\boxed{{{i}}}" for i in range(40)}
    with house(scripted({**script, asked("poison"): f"<think>{COUNT}</think>x"}), slow=0.001) as served:
        runner = served.engine.runner
        step = runner.step

        def poisoned(rows: Any) -> Any:
            logits = step(rows)
            for row, want in zip(logits, rows.wants, strict=True):
                if rows.positions[want] > 120:  # only the long one gets there
                    row[:] = math.nan
            return logits

        runner.step = poisoned  # type: ignore[method-assign]
        replies: dict[str, Any] = {}
        asks = [*(f"q{i}" for i in range(40)), "poison"]
        threads = [threading.Thread(target=lambda q=q: replies.update({q: served.chat(q)})) for q in asks]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        for i in range(40):
            assert replies[f"q{i}"].json["choices"][0]["ext"]["final"] == str(i)
        assert (replies["poison"].status, replies["poison"].error["code"]) == (500, "model_error")
        assert replies["poison"].headers["x-should-retry"] == "false"
        assert served.idle()


def test_a_watch_that_fails_ends_its_own_chain_only(monkeypatch: pytest.MonkeyPatch) -> None:
    add = Trace.add

    def fails(self: Trace, op: str, **facts: Any) -> None:
        if op == "tokens" and "500 501" in "".join(facts["pieces"]):
            raise ZeroDivisionError
        add(self, op, **facts)

    monkeypatch.setattr(Trace, "add", fails)
    with house(slow=0.0002) as served:
        replies: dict[str, Any] = {}
        threads = [threading.Thread(target=lambda q=q: replies.update({q: served.chat(q)}))
                   for q in ("count", "2+2?")]  # fmt: skip
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(30)
        assert (replies["count"].status, replies["2+2?"].status) == (500, 200)
        assert served.idle()


@pytest.mark.parametrize("more", [{"n": 1}, {"n": 2}, {"strategy": {"name": "vote", "n": 4}}])
def test_answers_with_and_without_neighbours_are_equal(more: dict[str, Any]) -> None:
    words = {f"<think>{n} of many</think>\\boxed{{{n}}}": 1.0 for n in range(50)}
    with house(scripted({**SCRIPT, asked("any"): words})) as served:
        alone = served.chat("any", seed=3, **more).json["choices"]
        with served.begun(CHAT, question("count", stream=True)), served.begun(CHAT, question("count", n=3)):
            crowded = served.chat("any", seed=3, **more).json["choices"]
        assert [c["message"] for c in alone] == [c["message"] for c in crowded]


LONG = "A long question. " * 200 + "count"
PHASES = [
    ("prefill", CHAT, {"messages": [{"role": "user", "content": LONG}], "stream": True}),
    ("thinking", CHAT, question("count", stream=True)),
    ("whole", CHAT, question("count")),
    ("vote", CHAT, question("count", strategy={"name": "vote", "n": 8})),
    ("choices", CHAT, question("count", stream=True, n=4)),
    ("trace", CHAT, question("count", stream=True, ext={"trace": True})),
    ("responses", "/v1/responses", {"input": "count", "stream": True}),
    ("completion", "/v1/completions", {"prompt": asked("count"), "max_tokens": 4000, "stream": True}),
    ("echo", "/v1/completions", {"prompt": asked("count") * 20, "echo": True, "logprobs": 1}),
]


@pytest.mark.parametrize(
    ("path", "body"), [phase[1:] for phase in PHASES], ids=[phase[0] for phase in PHASES]
)
def test_a_client_that_goes_frees_everything_at_once(path: str, body: dict[str, Any]) -> None:
    engine = scripted(SCRIPT, pages=8192)
    with house(engine, slow=0.004) as served:  # a token takes 4 ms
        for wait in (0.0, 0.01, 0.03):
            with served.begun(path, body):
                served.until_running()
                time.sleep(wait)
            assert served.idle(seconds=0.5)
        steps = engine.statistics.steps
        time.sleep(0.05)
        assert engine.statistics.steps <= steps + 1  # the step that was under way, and nothing runs on


def test_sixty_clients_that_come_and_go_leave_nothing() -> None:
    with house(slow=0.0005, running=8) as served:
        random = np.random.default_rng(0)
        for _ in range(60):
            with served.begun(CHAT, question("count", stream=bool(random.integers(2)))):
                time.sleep(float(random.random()) * 0.02)
        assert served.idle()
        assert not served.server.places.running
        assert served.chat().status == 200


def test_a_client_that_does_not_read_is_left(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "mull.serve")
    with house(slow=0.0001, send_seconds=0.3) as served:
        body = {"prompt": asked("count"), "max_tokens": 4000, "n": 8, "stream": True, "logprobs": 20}
        data = json.dumps(body).encode()
        head = "POST /v1/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
        with socket.socket() as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            connection.connect(("127.0.0.1", served.port))
            connection.sendall(f"{head}content-length: {len(data)}\r\n\r\n".encode() + data)
            served.until_running()
            assert served.idle(seconds=20)
    assert any(record.message == "a client does not read" for record in caplog.records)


# What is written


def test_a_log_line_is_one_line_whatever_was_asked() -> None:
    evil = 'x"}\n{"forged": 1}\r\x1b[2J\x1b]0;title\x07\u202e'
    record = logging.LogRecord("mull.serve", logging.INFO, "", 0, "request", (), None)
    record.facts = {"path": evil}
    line = JsonLines().format(record)
    assert json.loads(line)["path"] == evil
    assert line.isascii()
    assert line.isprintable()


def test_logs_have_no_questions_and_no_keys(locked: House, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "mull.serve")
    locked.chat("my secret question", key=ANNA, max_tokens=4)
    end = time.monotonic() + 5  # it is written when all has been sent
    while time.monotonic() < end and not any(CHAT in str(vars(record)) for record in caplog.records):
        time.sleep(0.01)
    lines = [JsonLines().format(record) for record in caplog.records]
    assert any(CHAT in line for line in lines)
    assert not any("secret" in line or ANNA in line for line in lines)
