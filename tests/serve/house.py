"""A server in a thread, as real as any: uvicorn, a socket, and a scripted model behind it."""

from __future__ import annotations

import asyncio
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from mull.engine import LocalEngine
from mull.engine.scripted import ScriptedRunner, asked, scripted
from mull.serve.app import Server
from mull.serve.command import bound, web
from mull.serve.config import Settings

SUM = "<think>Two and two are four.</think>The answer is \\boxed{4}."
COUNT = " ".join(map(str, range(1, 2000)))
SCRIPT = {
    asked("2+2?"): SUM,
    asked("count"): f"<think>{COUNT}</think>Done: \\boxed{{1999}}.",
    asked("Wait"): "",
    "</think>\n\n": "So far: \\boxed{7}.",
}


@dataclass
class Reply:
    status: int
    headers: dict[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def error(self) -> dict[str, Any]:
        found: dict[str, Any] = self.json["error"]
        return found

    @property
    def events(self) -> list[Any]:
        """Data of server-sent events; [DONE] as it is."""
        lines = [line[6:] for line in self.body.decode().split("\n") if line.startswith("data: ")]
        return [line if line == "[DONE]" else json.loads(line) for line in lines]


@dataclass
class House:
    """What tests talk to."""

    server: Server
    port: int
    engine: LocalEngine
    key: str | None = None
    errors: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def call(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, **headers: str
    ) -> Reply:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
        key = key or self.key
        given = {"content-type": "application/json", **({"authorization": f"Bearer {key}"} if key else {})}
        data = body if isinstance(body, bytes) else None if body is None else json.dumps(body)
        connection.request(method, path, data, {**given, **headers})
        answer = connection.getresponse()
        reply = Reply(answer.status, {k.lower(): v for k, v in answer.getheaders()}, answer.read())
        connection.close()
        return reply

    def post(self, path: str, body: Any, *, key: str | None = None, **headers: str) -> Reply:
        return self.call("POST", path, body, key=key, **headers)

    def chat(self, question: str = "2+2?", *, key: str | None = None, **more: Any) -> Reply:
        messages = [{"role": "user", "content": question}]
        return self.post("/v1/chat/completions", {"messages": messages, **more}, key=key)

    @contextmanager
    def begun(self, path: str, body: dict[str, Any], key: str | None = None) -> Iterator[socket.socket]:
        """A request on a socket of its own, sent; whoever asked may read, wait, or go."""
        data = json.dumps(body).encode()
        key = key or self.key
        lines = [f"POST {path} HTTP/1.1", "host: localhost", "content-type: application/json"]
        lines += [f"content-length: {len(data)}", *([f"authorization: Bearer {key}"] if key else [])]
        with socket.create_connection(("127.0.0.1", self.port), timeout=30) as connection:
            connection.sendall("\r\n".join([*lines, "", ""]).encode() + data)
            yield connection

    def raw(self, data: bytes) -> bytes:
        """What comes back for these very bytes, up to the end of the connection or two seconds."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=2) as connection:
            connection.sendall(data)
            got = b""
            try:
                while more := connection.recv(65536):
                    got += more
                    if b"connection: close" not in data and b"\r\n\r\n" in got:
                        break
            except TimeoutError:
                pass
            return got

    def idle(self, seconds: float = 5) -> bool:
        """Whether, within this time, nothing runs and every page is free."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            held = self.engine.memory.pages.used or self.engine.memory.held or self.server.places.running
            if not self.server.runs and not held:
                return True
            time.sleep(0.005)
        return False

    def until_running(self, count: int = 1, seconds: float = 5) -> None:
        """Wait until so many requests are under way."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and len(self.server.runs) < count:
            time.sleep(0.002)
        assert len(self.server.runs) >= count


@contextmanager
def house(
    engine: LocalEngine | None = None, *, slow: float = 0.0, key: str | None = None, **settings: Any
) -> Iterator[House]:
    """A server on a free port. `slow` seconds are spent on each step of the scripted model."""
    engine = engine or scripted(SCRIPT)
    if slow:
        runner = engine.runner
        assert isinstance(runner, ScriptedRunner)
        step = runner.step

        def slowly(rows: Any) -> Any:
            time.sleep(slow)
            return step(rows)

        runner.step = slowly  # type: ignore[method-assign]
        engine.slow_step = 0.0
    made = Settings(port=0, **{"keys": (key,) if key else (), **settings})
    server = Server(engine, made)
    with bound(made) as listener:
        host = House(server, listener.getsockname()[1], engine, key)
        uvicorn = web(server)
        thread = threading.Thread(target=lambda: asyncio.run(uvicorn.serve(sockets=[listener])), daemon=True)
        thread.start()
        while not uvicorn.started:
            time.sleep(0.001)
        try:
            yield host
        finally:
            uvicorn.should_exit = True
            thread.join(20)
            assert not thread.is_alive()
