"""A server in this process: the embedded model behind a small `/v1`, which can be told to misbehave.

It speaks HTTP by hand, so that it can break off anywhere, and runs in a thread of its own, so that a client
may wait for it in any way. What it was asked, and how each reply ended, is kept.
"""

from __future__ import annotations

import asyncio
import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import TracebackType
from typing import Any, Self

import mull
from mull.engine import Ended, LocalEngine, Sampling
from mull.engine.chain import Chain

ENDINGS = {"token": "stop", "context": "length"}
Trouble = Callable[[Mapping[str, Any]], "Fault | None"]


@dataclass(frozen=True)
class Fault:
    """What goes wrong with one request: an HTTP status at once, or something after so many tokens."""

    after: int = 0
    status: int | None = None
    headers: Mapping[str, str] = field(default_factory=dict)
    what: str = "break"  # break: hang up; error: an error among the events; nonsense; silence


@dataclass
class Manners:
    """What the server can do."""

    tokens: bool = True
    ids: str = "names"  # names, token_ids, text
    logprobs: bool = True
    bias: bool = True
    chat: bool = False  # nothing but chat
    cached: bool = True
    delay: float = 0.0  # seconds a token
    longest: int = 1 << 20  # tokens of a reply
    bunch: int = 1  # tokens that are told together
    key: str | None = None
    strange: bool = False  # replies that look like none


class Fake:
    def __init__(self, manners: Manners | None = None, *, trouble: Trouble = lambda _: None) -> None:
        self.manners = manners or Manners()
        self.trouble = trouble
        self.bodies: list[dict[str, Any]] = []  # of streamed requests
        self.ended: list[str] = []  # how each streamed reply did: done, fault, gone (the client hung up)
        self.drawn = 0
        self.running = 0
        self.peak = 0
        self.well = True
        self._engine: LocalEngine = mull.load(threads=1)
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = self._server.sockets[0].getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}/v1"
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()
        self._engine.close()

    async def _end(self) -> None:
        self._server.close()
        tasks = asyncio.all_tasks() - {asyncio.current_task()}
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        await self._loop.shutdown_default_executor()  # a step may still run in a thread

    def _call(self, work: Any) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result(30)

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            head = (await reader.readuntil(b"\r\n\r\n")).decode()
            method, path, _ = head.split(" ", 2)
            length = next(
                (int(line[15:]) for line in head.lower().split("\r\n") if line.startswith("content-length:")),
                0,
            )
            body = json.loads(await reader.readexactly(length)) if length else {}
            await self._answer(method, path, head, body, reader, writer)
        except (ConnectionError, asyncio.IncompleteReadError, asyncio.CancelledError):
            pass  # the client hung up, or this server ends
        finally:
            writer.close()

    async def _answer(
        self, method: str, path: str, head: str, body: dict[str, Any],
        reader: asyncio.StreamReader, writer: asyncio.StreamWriter,
    ) -> None:  # fmt: skip
        manners = self.manners
        if path == "/health":
            return await _send(writer, 200 if self.well else 503, {})
        if manners.key and f"authorization: bearer {manners.key}" not in head.lower():
            return await _send(writer, 401, {"error": {"message": "no key"}})
        if path == "/v1/models":
            model = {"id": "embedded", "owned_by": "fake", "max_model_len": 1024}
            return await _send(writer, 200, {"data": [model]})
        if path != ("/v1/chat/completions" if manners.chat else "/v1/completions"):
            return await _send(writer, 404, {"error": {"message": "no such path"}})
        if not manners.tokens and not isinstance(body.get("prompt", ""), str):
            return await _send(writer, 400, {"error": {"message": "the prompt must be text"}})
        if manners.strange:
            return await _send(writer, 200, {"choices": ["hello"]})
        fault = self.trouble(body) if body.get("stream") else None
        if fault and fault.status:
            return await _send(writer, fault.status, {"error": {"message": "trouble"}}, fault.headers)
        return await self._complete(body, fault, reader, writer)

    async def _complete(
        self,
        body: dict[str, Any],
        fault: Fault | None,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
    ) -> None:
        prompt = self._prompt(body)
        stream = body.get("stream")
        self.running += 1
        if stream:
            self.peak = max(self.peak, self.running)
            self.bodies.append(body)
            writer.write(b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\nconnection: close\r\n\r\n")
        gone = asyncio.ensure_future(reader.read())  # over when the client hangs up
        choices, ended = [], "done"
        try:
            async with self._engine.open(
                prompt, seed=body.get("seed", 0), sampling=self._sampling(body)
            ) as chain:
                for number in range(body["max_tokens"]):
                    if fault and number == fault.after:
                        ended = "fault"
                        return await _misbehave(fault, writer)
                    event = await chain.think(1)
                    await asyncio.sleep(self.manners.delay)
                    if gone.done():
                        ended = "gone"
                        return None
                    self.drawn += 1
                    over = ENDINGS[event.reason] if isinstance(event, Ended) else None
                    over = over or (
                        "length" if number + 1 in (body["max_tokens"], self.manners.longest) else None
                    )
                    choices.append(self._choice(chain, body, over))
                    if stream and (over or (number + 1) % self.manners.bunch == 0):
                        told = number % self.manners.bunch + 1
                        await _event(writer, {"choices": [_merged(choices[-told:])]})
                    if over:
                        break
            usage: dict[str, Any] = {"prompt_tokens": len(prompt), "completion_tokens": len(choices)}
            if self.manners.cached:
                usage["prompt_tokens_details"] = {"cached_tokens": chain.spend.cached}
            if stream:
                await _event(writer, {"choices": [], "usage": usage})
                writer.write(b"data: [DONE]\n\n")
            else:
                await _send(writer, 200, {"choices": [_merged(choices)], "usage": usage})
        except ConnectionError:  # heard of when writing
            ended = "gone"
        finally:
            gone.cancel()
            self.running -= 1
            if stream:
                self.ended.append(ended)

    def _prompt(self, body: dict[str, Any]) -> list[int]:
        tokenizer = self._engine.tokenizer
        if self.manners.chat:
            from mull.model.chat import Message, render

            said = [Message(one["role"], one["content"]) for one in body["messages"]]
            return render(said, tokenizer, format=self._engine.format)
        prompt = body["prompt"]
        return tokenizer.scaffold(prompt) if isinstance(prompt, str) else prompt

    def _sampling(self, body: dict[str, Any]) -> Sampling:
        stops = set(body.get("stop_token_ids", ()))
        stops |= set() if body.get("ignore_eos") else self._engine.stop_ids
        bias = body.get("logit_bias", {}) if self.manners.bias else {}
        return Sampling(
            temperature=body["temperature"],
            top_k=body.get("top_k", 0),
            top_p=body.get("top_p", 1.0),
            stop_ids=frozenset(stops),
            bias={int(token): value for token, value in bias.items()},
        )

    def _choice(self, chain: Chain, body: dict[str, Any], over: str | None) -> dict[str, Any]:
        """The newest token, in the server's dialect."""
        manners, token, text = self.manners, chain.ids[-1], chain.pieces[-1]
        choice: dict[str, Any] = {"index": 0, "finish_reason": over}
        if manners.chat:
            # Thoughts apart from the answer, as a server does that reads the tags.
            before = "".join(chain.pieces[:-1])
            if text == "</think>" or before.endswith(("</think>", "</think>\n")):
                text = ""
            said = "content" if "</think>" in before else "reasoning_content"
            return (
                choice | {"delta": {said: text}} if body.get("stream") else choice | {"message": {said: text}}
            )
        choice["text"] = text
        if manners.ids == "token_ids" and body.get("return_token_ids"):
            choice["token_ids"] = [token]
        if manners.logprobs and body.get("logprobs") is not None and (text or manners.ids != "text"):
            named = manners.ids == "names" and body.get("return_tokens_as_token_ids")
            name = f"token_id:{token}" if named else text
            tops = {f"{name}{i}": chain.logprobs[-1] - i for i in range(body["logprobs"])}
            choice["logprobs"] = {
                "tokens": [name],
                "token_logprobs": [chain.logprobs[-1]],
                "top_logprobs": [tops],
            }
        return choice


def _merged(choices: list[dict[str, Any]]) -> dict[str, Any]:
    """Pieces of a reply as one."""
    whole = dict(choices[-1])
    if "text" not in whole:
        return whole
    whole["text"] = "".join(choice["text"] for choice in choices)
    if "token_ids" in whole:
        whole["token_ids"] = [token for choice in choices for token in choice["token_ids"]]
    told = [choice["logprobs"] for choice in choices if "logprobs" in choice]
    if told:
        whole["logprobs"] = {name: [one for each in told for one in each[name]] for name in told[0]}
    return whole


async def _misbehave(fault: Fault, writer: asyncio.StreamWriter) -> None:
    if fault.what == "error":
        await _event(writer, {"error": {"message": "out of memory", "code": 500}})
    elif fault.what == "nonsense":
        writer.write(b"data: {{{\n\n")
    elif fault.what == "silence":
        await asyncio.sleep(60)
    elif fault.what == "abort":
        await _event(writer, {"choices": [{"index": 0, "text": "", "finish_reason": "abort"}]})


async def _event(writer: asyncio.StreamWriter, told: Mapping[str, Any]) -> None:
    writer.write(b"data: " + json.dumps(told).encode() + b"\n\n")
    await writer.drain()


async def _send(
    writer: asyncio.StreamWriter,
    status: int,
    told: Mapping[str, Any],
    headers: Mapping[str, str] | None = None,
) -> None:
    body = json.dumps(told).encode()
    lines = [f"HTTP/1.1 {status} Said", "content-type: application/json", f"content-length: {len(body)}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    writer.write("\r\n".join([*lines, "connection: close", "", ""]).encode() + body)
    await writer.drain()
