"""From a URL to an engine: which model is there, what the server can do, whose words it speaks."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import httpx2

from mull.engine.remote.abilities import Abilities, probe, probe_chat
from mull.engine.remote.chat import ChatEngine
from mull.engine.remote.remote import RemoteEngine
from mull.engine.remote.servers import CONNECT, KEY, Servers, address, headers, message, secure
from mull.engine.sampling import Sampling
from mull.errors import CheckpointError, MullError
from mull.model.checkpoint import Checkpoint


def connect(
    url: str | Sequence[str],
    *,
    model: str | None = None,
    tokenizer: str | Path | None = None,
    key: str | None = None,
    context: int | None = None,
    patience: float = 60.0,
    timeout: float = 600.0,
) -> RemoteEngine:
    """An engine on one server, or on several of the same model.

    url        such as "http://127.0.0.1:8000/v1"
    model      its name there; None where the server has one model only
    tokenizer  a folder or hub name; None tries what the server says of its model, then the model's name
    key        goes with each request; None takes the environment's MULL_API_KEY, "" is none
    context    tokens a chain may have; None takes the least that server and model allow
    patience   seconds to go on trying when no server answers
    timeout    seconds of silence after which a reply is given up

    Raises MullError for a server that does not answer, a model that it does not have, or a tokenizer that is
    not the model's. Where a server has only chat completions the engine is a `ChatEngine`.
    """
    urls = [address(one) for one in ([url] if isinstance(url, str) else url)]
    if not urls:
        raise MullError("no server is named.")
    key = os.environ.get(KEY) if key is None else key
    patient = httpx2.Timeout(timeout, connect=CONNECT)
    with httpx2.Client(headers=headers(key), timeout=patient, verify=secure(urls)) as client:
        found = [_model(client, one, model) for one in urls]
        name = str(found[0]["id"])
        files = _files(tokenizer, found[0])
        abilities = [_abilities(client, one, name, files) for one in urls]
    can, chats = abilities[0]
    for one, other in zip(urls, abilities, strict=True):
        if other != abilities[0]:
            raise MullError(f"{one} cannot do the same as {urls[0]}: connect to servers of one kind.")
    lengths = [length for length in (context, files.config.context, *map(_length, found)) if length]
    defaults = files.defaults
    return (ChatEngine if chats else RemoteEngine)(
        Servers(urls, key=key, patience=patience, timeout=timeout),
        can,
        files.tokenizer,
        files.format,
        files.stop_ids,
        name=name,
        context=min(lengths),
        sampling=Sampling(
            temperature=defaults.temperature,
            top_k=defaults.top_k if can.top_k else 0,
            top_p=defaults.top_p,
            min_p=defaults.min_p if can.top_k else 0.0,
            repetition_penalty=defaults.repetition_penalty if can.top_k else 1.0,
        ),
        model=_record(found[0]),
    )


def _model(client: httpx2.Client, url: str, wanted: str | None) -> dict[str, Any]:
    """What the server says of the model that is wanted, or of its only one."""
    try:
        reply = client.get(f"{url}/models")
    except httpx2.HTTPError as error:
        raise MullError(f"{url} does not answer ({error}). Is the server running?") from None
    if reply.status_code in (401, 403):
        raise MullError(f"{url} wants a key: set {KEY}, or give key=.")
    try:
        listed = [one for one in reply.json()["data"] if isinstance(one.get("id"), str)]
    except (ValueError, KeyError, TypeError, AttributeError):
        raise MullError(
            f"{url}/models is no list of models ({reply.status_code}): is this the right URL?"
        ) from None
    names = ", ".join(one["id"] for one in listed[:8]) or "none"
    if wanted is None and len({_identity(one) for one in listed}) != 1:
        raise MullError(f"{url} has {len(listed)} models ({names}): say which one (--model).")
    for one in listed:
        if wanted in (None, one["id"]):
            return dict(one)
    raise MullError(f"{url} has no model {wanted!r}; it has {names}.")


def _record(found: Mapping[str, Any]) -> dict[str, str]:
    """What computes there, as far as the server tells."""
    own = {
        name: str(value) for name, value in _own(found).items() if name in ("name", "fingerprint", "dtype")
    }
    return {"name": str(found["id"]), "runner": f"server {found.get('owned_by') or 'unknown'}", **own}


def _identity(found: Mapping[str, Any]) -> str:
    """Which model it is: a server may have several names for one. vLLM tells its root, mull a fingerprint."""
    return str(found.get("root") or _own(found).get("fingerprint") or found["id"])


def _own(found: Mapping[str, Any]) -> Mapping[str, Any]:
    """What mull's own server adds."""
    ext = found.get("ext")
    return ext if isinstance(ext, Mapping) else {}


def _files(tokenizer: str | Path | None, found: Mapping[str, Any]) -> Checkpoint:
    """Tokenizer and settings of the model, from where they are named, or from what the server says."""
    if tokenizer is not None:
        return Checkpoint.open(_named(tokenizer), weights=False)
    tried = [str(name) for name in (found.get("root"), _own(found).get("name"), found["id"]) if name]
    for name in dict.fromkeys(tried):
        try:
            return Checkpoint.open(_named(name), weights=False)
        except CheckpointError:
            continue
    raise MullError(
        f"no tokenizer: {' or '.join(dict.fromkeys(tried))} is neither a folder here nor a model on the hub. "
        "Name one that belongs to the server's model (--tokenizer)."
    )


def _named(name: str | Path) -> str | Path | None:
    return None if name == "embedded" else name


def _abilities(client: httpx2.Client, url: str, name: str, files: Checkpoint) -> tuple[Abilities, bool]:
    """What the server can do, and whether that is only to chat."""

    def ask(path: str, body: Mapping[str, Any]) -> dict[str, Any] | None:
        try:
            reply = client.post(f"{url}{path}", json=body)
        except httpx2.HTTPError as error:
            raise MullError(f"{url} does not answer ({error}).") from None
        if reply.status_code in (401, 403):
            raise MullError(f"{url}: {message(reply)}. Set {KEY}, or give key=.")
        try:
            told = reply.json() if reply.status_code == 200 else None
        except ValueError:
            return None
        return told if isinstance(told, dict) and told.get("choices") else None

    try:
        found = probe(lambda body: ask("/completions", body), name, files.tokenizer)
        if found is not None:
            return found, False
        found = probe_chat(lambda body: ask("/chat/completions", body), name)
    except (ValueError, TypeError, LookupError, AttributeError) as error:
        raise MullError(f"{url}: its replies are not understood ({error!s:.100}).") from None
    if found is None:
        raise MullError(f"{url} answers neither /completions nor /chat/completions for {name!r}.")
    return found, True


def _length(found: Mapping[str, Any]) -> int | None:
    """The longest context, as vLLM, mull and llama.cpp tell it."""
    meta = found.get("meta")
    in_meta = meta.get("n_ctx") if isinstance(meta, Mapping) else None
    told = found.get("max_model_len") or found.get("context_length") or in_meta
    return told if isinstance(told, int) and told > 0 else None
