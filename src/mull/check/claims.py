r"""Claims of arithmetic in running text, recomputed exactly: `12*13=157` is contradicted, by 156.

A claim is a relation between two written values, at least one of them computed. What has a variable,
a unit, a function or a doubtful neighbour in it is no claim, and what is supposed, asked or true in
another reading is undecided rather than contradicted: precision goes before recall.
"""

from __future__ import annotations

from mull.check import words
from mull.check.equations import Chain, Claim, Side
from mull.check.tokens import Lexer, Token

__all__ = ["Claim", "ClaimReader", "claims"]

MAX_TOKENS = 160  # of a chain; what comes after is read as a new one
_MUCH = 1000  # characters that are kept before those of complete chains are forgotten
_SUPPOSED_SIGNS = frozenset("如若假错吗")
_SENTENCE_ENDS = frozenset({".", "?", "!", "\n", "。", "？", "！"})
_DOUBTS = frozenset({"?", "？", "✗", "✘", "❌"})
_GLUE = frozenset({"with", "leaves", "leaving"})


def claims(text: str) -> list[Claim]:
    """All claims of a text, in order."""
    reader = ClaimReader()
    return [*reader.feed(text), *reader.finish()]


class ClaimReader:
    """Feed text in any pieces. A claim comes out as soon as nothing can continue it."""

    def __init__(self) -> None:
        self._lexer = Lexer()
        self._chain = Chain()
        self._found: list[Claim] = []
        self._waiting: Chain | None = None  # for what stands in the parenthesis after it
        self._glue: Token | None = None  # "with", perhaps before "remainder"
        self._last: Token | None = None
        self._supposed = False
        self._sentence_start = True
        self._after_claim = False

    def feed(self, text: str) -> list[Claim]:
        for token in self._lexer.feed(text):
            self._push(token)
        if self._lexer.held > _MUCH:
            self._forget()
        return self._told()

    def finish(self) -> list[Claim]:
        """The text ends here."""
        for token in self._lexer.finish():
            self._push(token)
        for _ in range(2):  # the first ends the chain, the second settles one that waits
            self._push(Token("stop", "\n", 0, 0))
        return self._told()

    def _told(self) -> list[Claim]:
        found, self._found = self._found, []
        return found

    def _forget(self) -> None:
        """Only the text of chains that are not complete is needed."""
        chains = [chain for chain in (self._waiting, self._chain) if chain is not None]
        starts = [start for chain in chains if (start := chain.start) is not None]
        if self._last is not None and not starts:
            self._lexer.forget(self._last.end)
        elif starts:
            self._lexer.forget(min(starts))

    def _push(self, token: Token) -> None:
        if self._waiting is not None:
            chain, self._waiting = self._waiting, None
            chain.doubt |= token.kind in ("number", "(", "operator")
            self._report(chain)
        if self._glue is not None:
            glue, self._glue = self._glue, None
            if not (token.kind == "word" and token.text in words.REMAINDER):
                self._end(glue)
                self._begin(glue.text)
        self._chain.size += 1
        if self._chain.size > MAX_TOKENS:
            self._begin(bad=True)
        match token.kind:
            case "stop":
                self._stop(token)
            case "word":
                self._word(token)
            case "relation":
                self._relate(token.text)
            case "modulus":
                self._modulus(token)
            case "other":
                self._other(token)
            case _:
                self._calculate(token)
        self._sentence_start = token.kind == "stop" and token.text in _SENTENCE_ENDS
        self._last = token

    def _begin(self, left: str | None = None, *, bad: bool = False) -> None:
        chain = self._chain
        if chain.relations or chain.sides[0].tokens or chain.dash:
            chain = self._chain = Chain()
        chain.left, chain.doubt, chain.size = left, False, 0
        part = left in words.PART or (left == "and" and not self._after_claim)
        chain.sides[0].bad = bad or part or (left is not None and len(left) == 1 and left not in "ai)")

    def _end(self, after: Token) -> None:
        """The chain is complete; `after` is what follows it. Somebody else begins the next one."""
        chain, side = self._chain, self._chain.sides[-1]
        self._after_claim = False
        if not chain.relations:
            return
        if side.tokens and side.tokens[-1].kind == "!":
            side.tokens.pop()  # an exclamation, or a factorial
            chain.doubt = True
        word = after.text if after.kind == "word" else ""
        chain.unit = bool(word)
        chain.doubt |= (
            self._supposed
            or after.kind == "number"
            or after.text in _DOUBTS
            or word in words.TALKED_ABOUT
            or (chain.spoken and bool(word) and word not in words.SAFE)
            or (bool(side.tokens) and side.tokens[-1].listed)
        )
        if after.kind == "(":
            self._waiting = chain
        else:
            self._report(chain)
        self._after_claim = True

    def _report(self, chain: Chain) -> None:
        self._found += chain.claims(self._lexer)

    def _stop(self, token: Token) -> None:
        self._end(token)
        self._begin(bad=token.text.endswith("的"))
        if any(sign in token.text for sign in _SUPPOSED_SIGNS):
            self._supposed = True
        if token.text in _SENTENCE_ENDS:
            self._supposed = False

    def _other(self, token: Token) -> None:
        if self._chain.sides[-1].complete and not token.tight:
            self._end(token)
            self._begin(bad=True)
        else:
            self._chain.sides[-1].bad = True

    def _modulus(self, token: Token) -> None:
        if self._chain.relations and self._chain.sides[-1].complete:
            self._chain.modulus = token
        else:
            self._chain.sides[-1].bad = True
            self._supposed = True

    def _relate(self, sign: str, *, spoken: bool = False) -> None:
        chain, side = self._chain, self._chain.sides[-1]
        if not side.tokens and not side.bad and chain.relations and sign == "~":
            chain.relations[-1] = "~"
            return
        if side.complete and side.depth and side is chain.sides[0]:
            while side.depth and side.tokens[0].kind == "(":
                del side.tokens[0]  # the parenthesis is around the whole chain
                side.depth -= 1
        side.bad |= not side.complete or side.depth > 0
        chain.relations.append(sign)
        chain.sides.append(Side())
        chain.spoken |= spoken

    def _calculate(self, token: Token) -> None:
        """A number, an operator, a parenthesis, or a sign behind a value."""
        side = self._chain.sides[-1]
        if side.bad:
            return
        opens = token.kind in ("number", "(", "frac")
        if opens and side.complete:
            if token.kind == "(" and token.tight:
                side.tokens += [Token("operator", "beside", token.start, token.start), token]
                side.depth += 1
            elif token.kind == "frac":
                side.bad = True  # 2½: a sum or a product
            else:
                self._end(token)
                self._begin(bad=True)
        elif opens:
            self._open(side, token)
        elif token.kind == ")":
            if side.depth == 0:
                self._end(token)
                self._begin(")")
            else:
                side.bad |= not side.complete
                side.tokens.append(token)
                side.depth -= 1
        elif side.complete:
            side.tokens.append(token)
        elif token.text in ("+", "-"):
            self._sign(side, token)
        else:
            side.bad = True
            self._supposed |= token.text == "mod"

    def _open(self, side: Side, token: Token) -> None:
        """The first token of a value."""
        chain, last = self._chain, self._last
        if chain.dash is not None and token.tight and not (side.tokens or chain.relations):
            side.tokens.append(chain.dash)
            chain.dash = None
        if not side.tokens and last is not None and token.tight:
            if last.kind == "stop" and last.text == ",":
                chain.doubt = True  # one number, or two
            elif (last.kind == "stop" and last.text in (".", ":")) or last.kind in ("other", "word", ")"):
                side.bad = True  # 1.2.3, 12:30, f(3)
        if len(side.tokens) == 1 and chain.left is not None and not chain.relations and not token.tight:
            side.bad |= side.tokens[0].kind == "operator"  # "total - 3": no sign, a difference
        side.tokens.append(token)
        side.depth += token.kind == "("

    def _sign(self, side: Side, token: Token) -> None:
        """A plus or minus where a value should begin."""
        chain, last = self._chain, self._last
        if side.tokens or chain.relations:
            side.tokens.append(token)
        elif chain.left is not None:
            chain.doubt = True
            side.bad = token.tight or len(chain.left) < 2
            side.tokens.append(token)
        elif last is None or last.text == "\n":
            chain.dash = token  # of a list, or a minus
        else:
            side.tokens.append(token)

    def _word(self, token: Token) -> None:
        word, chain, side = token.text, self._chain, self._chain.sides[-1]
        if side.bad:
            if not token.tight and len(word) > 1:
                self._end(token)
                self._begin(word)
        elif side.complete and token.tight:
            side.bad = True  # 2x, 3rd, 5km
        elif side.complete:
            self._after_value(token)
        elif (
            side.tokens
            and side.tokens[-1].text == "-"
            and not (side.tokens[-1].tight or token.tight)
            and len(word) > 1
        ):
            side.tokens.pop()  # a dash before a remark
            self._end(token)
            self._begin(word)
        elif chain.relations and not side.tokens:
            self._after_relation(word)
            return
        elif all(each.kind == "(" for each in side.tokens):
            self._begin(word)
        else:
            side.bad = True
        if word in words.CLEARED:
            self._supposed = False
        elif word in words.SUPPOSED or (self._sentence_start and word in words.ASKING):
            self._supposed = True

    def _after_value(self, token: Token) -> None:
        """A word after a complete value: a relation, a remainder, or the end."""
        word, chain, side = token.text, self._chain, self._chain.sides[-1]
        if word in words.EQUAL:
            self._relate("=", spoken=True)
        elif word in ("isn't", "doesn't"):
            self._relate("!=", spoken=True)
        elif word in words.REMAINDER and chain.relations:
            side.tokens.append(Token("operator", "remainder", token.start, token.end))
        elif word == "of" and side.tokens[-1].kind == "%":
            side.tokens.append(Token("operator", "*", token.start, token.end))
        elif word in _GLUE and chain.relations and self._glue is None:
            self._glue = token
        else:
            self._end(token)
            self._begin(word)

    def _after_relation(self, word: str) -> None:
        """A word where a value should stand: "is not", "is less than", "= about"."""
        chain = self._chain
        relation = chain.relations[-1]
        if word in words.APPROXIMATELY and relation in ("=", "~"):
            chain.relations[-1] = "~"
        elif word == "not" and chain.spoken and relation == "=":
            chain.relations[-1] = "!="
        elif chain.spoken and word in words.LESS | words.MORE and relation in ("=", "!="):
            less = (word in words.LESS) is (relation == "=")
            chain.relations[-1] = ("<" if less else ">") + ("" if relation == "=" else "=")
        elif not (chain.spoken and word in words.FILLING):
            chain.sides[-1].bad = True
            chain.doubt |= word in words.TALKED_ABOUT
