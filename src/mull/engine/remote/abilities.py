"""What a server can do, found out by trying: some requests of a few tokens each, several at once.

A server that cannot do something mostly says nothing and does something else, so what counts is what it
does: whether greedy and "the likeliest one only" draw the same, whether a seed decides, whether a forbidden
token stays away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from secrets import token_hex
from typing import Any

from mull.engine.remote.wire import ASKS, Ids, drawn
from mull.engine.sampling import CONFIDENT
from mull.errors import MullError
from mull.model.tokenizer import Tokenizer

Ask = Callable[[Mapping[str, Any]], dict[str, Any] | None]  # a request's body to its reply; None: refused

# Off, and said so, since servers have defaults of their own for them (llama.cpp: 40, 0.05 and 1.1).
PLAIN: Mapping[str, float] = {"top_k": 0, "min_p": 0.0, "repetition_penalty": 1.0}
_TEXT = " ".join(map(str, range(1, 60)))  # longer than a block of any prefix cache
_TOKENS, _WARM = 8, 24  # drawn for a comparison; a warm draw may go the likeliest way for a while


@dataclass(frozen=True, slots=True)
class Abilities:
    """tokens    takes prompts as token ids; else as text, which it divides anew each time
    ids       how it says which tokens it drew
    logprobs  of so many of the likeliest tokens it tells the chances; 0: not even of the drawn one
    plain     settings of `PLAIN` that it does not refuse
    top_k     whether it keeps to top_k, and so, we take it, to the others of `PLAIN`
    bias      whether it keeps to logit_bias
    seed      whether the same seed draws the same
    stop_ids  whether it stops at stop_token_ids
    echo      whether it can give back the prompt, with its chances
    salt      whether it keeps what it computed for one cache_salt from prompts with another
    cache     whether it finds a prefix again that it has computed; None: it does not tell
    """

    tokens: bool
    ids: Ids
    logprobs: int
    plain: bool
    top_k: bool
    bias: bool
    seed: bool
    stop_ids: bool
    echo: bool
    salt: bool
    cache: bool | None

    @property
    def confident(self) -> bool:
        """Whether tokens have confidences (see `Chain.confidences`)."""
        return self.logprobs >= CONFIDENT


def spelled(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `PLAIN` as requests have them: llama.cpp has a name of its own for the penalty."""
    return {**settings, "repeat_penalty": settings["repetition_penalty"]}


def probe(ask: Ask, model: str, tokenizer: Tokenizer) -> Abilities | None:
    """What the server does; None where it completes nothing, neither ids nor text.

    Raises MullError where the tokenizer is not that of the server's model.
    """
    ids = tokenizer.encode(_TEXT)
    body: dict[str, Any] = {"model": model, "prompt": ids, "temperature": 0}
    with ThreadPoolExecutor(8) as pool:

        def all_of(*more: Mapping[str, Any]) -> list[dict[str, Any] | None]:
            """Replies to requests that are made at once."""
            return list(pool.map(ask, [{**body, "max_tokens": _TOKENS, **each} for each in more]))

        in_ids, in_text = all_of({"max_tokens": 1}, {"prompt": _TEXT, "max_tokens": 1})
        if in_ids is None and in_text is None:
            return None
        _check_length(in_text, len(ids))
        if in_ids is None:
            body["prompt"] = _TEXT
        plain, most, one = all_of(
            {**spelled(PLAIN), "max_tokens": 1}, *({"logprobs": n, "max_tokens": 1} for n in (CONFIDENT, 1))
        )
        body |= spelled(PLAIN) if plain else {}
        logprobs = CONFIDENT if _has_logprobs(most) else int(_has_logprobs(one))
        ways: tuple[Ids, ...] = ("names", "token_ids", "logprobs") if logprobs else ("token_ids",)
        chances = {"logprobs": 1} if logprobs else {}
        replies = all_of(*({**chances, **ASKS[way]} for way in ways))
        how = _ids(dict(zip(ways, replies, strict=True)), tokenizer)
        body |= {**ASKS[how], **(chances if how in ("names", "logprobs") else {})}

        def tokens(reply: Mapping[str, Any] | None) -> list[int]:
            """What it drew; nothing where it refused."""
            return [each.token for each in drawn(reply["choices"][0], how, tokenizer)] if reply else []

        warm = {"temperature": 2, "max_tokens": _WARM}
        seeds = ({**warm, "seed": seed} for seed in (1, 1, 2))
        greedy, likeliest, echoed, again, *drawn_warm = all_of(
            {}, {"temperature": 2, "top_k": 1}, {"echo": True, "logprobs": 1, "max_tokens": 1}, {}, *seeds
        )
        first, second, other = map(tokens, drawn_warm)
        if not (likely := tokens(greedy)):
            raise MullError(
                "the server draws no tokens: its model ended at once, or its replies are not understood."
            )
        stopped, biased, salted = all_of(
            {"stop_token_ids": [likely[0]], "max_tokens": 2},
            {"logit_bias": {str(likely[0]): -100}, "max_tokens": 1},
            {"cache_salt": token_hex(8), "max_tokens": 1},
        )
    cache = _cached(again)
    return Abilities(
        tokens=in_ids is not None,
        ids=how,
        logprobs=logprobs,
        plain=plain is not None,
        top_k=plain is not None and tokens(likeliest) == likely,
        bias=tokens(biased)[:1] not in ([], likely[:1]),
        seed=first == second != other,
        stop_ids=stopped is not None and len(tokens(stopped)) <= 1 < len(likely),
        echo=echoed is not None and _begins(echoed, ids),
        salt=bool(cache) and _cached(salted) is False,
        cache=cache,
    )


def probe_chat(ask: Ask, model: str) -> Abilities | None:
    """What a server can do that only chats; None where it does not even that."""
    say = [{"role": "user", "content": "Count from one to twenty."}]
    body: dict[str, Any] = {"model": model, "messages": say, "max_tokens": _TOKENS, "temperature": 0}
    greedy = ask(body)
    if greedy is None:
        return None
    plain = (likeliest := ask({**body, **spelled(PLAIN), "temperature": 2, "top_k": 1})) is not None
    has = next(
        (n for n in (CONFIDENT, 0) if _has_logprobs(ask({**body, "logprobs": True, "top_logprobs": n}))), None
    )
    return Abilities(
        tokens=False,
        ids="text",
        logprobs=0 if has is None else max(1, has),
        plain=plain,
        top_k=likeliest is not None
        and likeliest["choices"][0].get("message") == greedy["choices"][0].get("message"),
        bias=False,
        seed=False,
        stop_ids=False,
        echo=False,
        salt=False,
        cache=None,
    )


def _ids(replies: Mapping[Ids, Mapping[str, Any] | None], tokenizer: Tokenizer) -> Ids:
    """The first way in which it gives ids; they must say what its text says."""
    for way, reply in replies.items():
        choice = reply["choices"][0] if reply else {}
        try:
            found = [one.token for one in drawn(choice, way, tokenizer)]
        except ValueError:
            continue
        if found:
            if not tokenizer.decode(found, control=False).startswith(_plain(choice, tokenizer)):
                raise _stranger("the ids it draws are not those of its text")
            return way
    return "text"


def _plain(choice: Mapping[str, Any], tokenizer: Tokenizer) -> str:
    """Its text without control tokens, which some servers leave out."""
    text: str = choice.get("text") or ""
    return tokenizer.decode(tokenizer.scaffold(text), control=False).rstrip("\ufffd")


def _check_length(reply: Mapping[str, Any] | None, length: int) -> None:
    """The prompt has as many tokens there as here; it may have a token for the beginning more."""
    there = ((reply or {}).get("usage") or {}).get("prompt_tokens")
    if isinstance(there, int) and there not in (length, length + 1):
        raise _stranger(f"a text of {length} tokens has {there} there")


def _stranger(why: str) -> MullError:
    return MullError(
        f"this is not the tokenizer of the server's model: {why}. Name the right one (--tokenizer)."
    )


def _has_logprobs(reply: Mapping[str, Any] | None) -> bool:
    return bool(reply and (reply["choices"][0].get("logprobs") or {}))


def _begins(reply: Mapping[str, Any], prompt: list[int]) -> bool:
    """Whether the reply begins with the prompt, as text or in the list of its tokens."""
    choice = reply["choices"][0]
    listed = (choice.get("logprobs") or {}).get("tokens") or ()
    return str(choice.get("text") or "").startswith(_TEXT) or len(listed) > len(prompt)


def _cached(reply: Mapping[str, Any] | None) -> bool | None:
    details = ((reply or {}).get("usage") or {}).get("prompt_tokens_details") or {}
    found = details.get("cached_tokens")
    return found > 0 if isinstance(found, int) else None
