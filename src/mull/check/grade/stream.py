"""The tokens of an answer, one after the other, and the rules by which the parts of the grammar meet."""

from __future__ import annotations

from abc import ABC, abstractmethod

from mull.check.grade.lex import Token, Unreadable
from mull.check.grade.tree import Node


class Stream(ABC):
    def __init__(self, tokens: list[Token]) -> None:
        self.tokens = tokens
        self.at = 0
        self.depth = 0
        self.bars = 0  # open absolute values
        self.braces = 0  # open sets, in which "|" and ":" stand before a condition

    def token(self, ahead: int = 0) -> Token | None:
        place = self.at + ahead
        return self.tokens[place] if place < len(self.tokens) else None

    def peek(self, ahead: int = 0) -> str | None:
        """The next token's text; with a space before it where it is no operator and no command."""
        token = self.token(ahead)
        return None if token is None else token.text if token.kind in ("op", "cmd") else f" {token.text}"

    def next(self) -> Token:
        token = self.token()
        if token is None:
            raise Unreadable("it ends too early")
        self.at += 1
        return token

    def take(self, *texts: str) -> str | None:
        found = self.peek()
        if found is not None and found in texts:
            self.at += 1
            return found
        return None

    def expect(self, text: str) -> None:
        if self.take(text) is None:
            raise Unreadable(f"{text!r} is missing")

    # What parse.py defines and atoms.py uses; the grammar is told there

    @abstractmethod
    def answers(self) -> Node: ...

    @abstractmethod
    def relation(self) -> Node: ...

    @abstractmethod
    def product(self) -> Node: ...

    @abstractmethod
    def signed_power(self) -> Node: ...

    @abstractmethod
    def power(self) -> Node: ...

    @abstractmethod
    def postfix(self, node: Node) -> Node: ...

    @abstractmethod
    def exponent(self) -> Node: ...

    @abstractmethod
    def argument(self) -> Node: ...

    @abstractmethod
    def enclosed(self, closing: str) -> Node: ...

    @abstractmethod
    def starts_atom(self) -> bool: ...
