"""What whoever runs a server can set."""

from __future__ import annotations

import hashlib
import ipaddress
from dataclasses import dataclass
from typing import Literal, get_args

from mull.audit import Policy
from mull.errors import MullError

ReasoningField = Literal["both", "reasoning_content", "reasoning", "inline", "none"]
REASONING_FIELDS: tuple[ReasoningField, ...] = get_args(ReasoningField)


@dataclass(frozen=True, slots=True)
class Settings:
    """
    host, port      where to listen; an address that others can reach needs a key
    keys            who may ask; none at all: everybody on this machine
    hosts           further names by which the server may be called
    names           of the model; the first is what answers say. Empty takes the engine's own
    reasoning       the field in which chat completions give thoughts, where a request does not choose
    running         requests that are answered at once, all keys together
    running_per_key and of one key; None is no bound of its own
    waiting         requests that may wait for a place; one more is told to come back
    per_minute      requests a key may make in a minute; None is no bound
    body            bytes of a request's body
    seconds         for one answer: thinking ends before, and what there is becomes the answer
    send_seconds    for a client to take what it asked for; one that does not read is left
    read_seconds    for a client to send its request
    programs        allow checks that run model-written programs (in a sandbox)
    policy          the operator's rules
    """

    host: str = "127.0.0.1"
    port: int = 8080
    keys: tuple[str, ...] = ()
    hosts: tuple[str, ...] = ()
    names: tuple[str, ...] = ()
    reasoning: ReasoningField = "both"
    running: int = 64
    running_per_key: int | None = None
    waiting: int = 256
    per_minute: int | None = None
    body: int = 2 << 20
    seconds: float | None = 600.0
    send_seconds: float = 60.0
    read_seconds: float = 20.0
    programs: bool = False
    policy: Policy | None = None

    def __post_init__(self) -> None:
        if not self.keys and not self.local:
            raise MullError(
                f"{self.host} can be reached by others: give a key (--api-key, or MULL_API_KEY), "
                "or listen on 127.0.0.1."
            )
        if any(len(key) < 8 or not key.isascii() or not key.isprintable() for key in self.keys):
            raise MullError("a key must have at least 8 characters, all of them printable ASCII.")

    @property
    def local(self) -> bool:
        """Whether only this machine can reach it."""
        if self.host == "localhost":
            return True
        try:
            return ipaddress.ip_address(self.host.strip("[]")).is_loopback
        except ValueError:
            return False

    @property
    def digests(self) -> tuple[bytes, ...]:
        """Of the keys: what callers are known by."""
        return tuple(map(digest, self.keys))


def digest(key: str) -> bytes:
    """What is compared instead of a key, and tells callers apart."""
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()
