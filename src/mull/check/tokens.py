r"""Cuts running text, plain or LaTeX, into what arithmetic is written with and what it is not.

The text comes in any pieces; a token comes out as soon as nothing that follows can change it, so the
tokens do not depend on the pieces. Blanks, `$`, `&` and emphasis are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from fractions import Fraction
from typing import Literal, NamedTuple

MAX_DIGITS = 400  # of a number; longer ones are not read
_MAX_HELD = 2 * MAX_DIGITS  # characters that wait for what follows

Kind = Literal[
    "number", "operator", "relation", "(", ")", "%", "!", "power", "frac", "modulus", "word", "stop", "other"
]  # fmt: skip


class Token(NamedTuple):
    """A token at characters `start` to `end` of the whole text.

    text    the sign it stands for (`*` for \\times), a word in lower case
    tight   nothing stands between it and the token before
    value   of a number, of a written exponent (5², squared), or of `(mod 5)`
    places  digits after the decimal point
    more    the digits go on: 0.333...
    listed  a comma and another digit follow: 3,5 is one number or two
    """

    kind: Kind
    text: str
    start: int
    end: int
    tight: bool = False
    value: Fraction | None = None
    places: int = 0
    more: bool = False
    listed: bool = False


_TOKEN = re.compile(
    r"""
      (?P<blank> [^\S\n]+ | \$+ | [&€£¥] | \\[,;:!\ ()] | \\(?:displaystyle|limits)(?![A-Za-z]) )
    | (?P<newline> \n | \\\\ | \\[\[\]] | \\q?quad(?![A-Za-z]) )
    | (?P<tag> </?[A-Za-z][^<>\n]{0,40}> )
    | (?P<version> \d+(?:\.\d+){2,} )
    | (?P<number> (?:\d{1,3}(?:(?:,|\{,\}|\\,)\d{3})+(?!\d)|\d+) (?P<decimals>\.\d+)? )
    | (?P<modulus> \\pmod\s?(?:\{\s?(?P<m>\d+)\s?\}|(?P<p>\d+))
                 | \(\s{0,2}(?:\\?b?mod|modulo|\\text\s{0,2}\{\s{0,2}mod\s{0,2}\})\s{0,2}(?P<n>\d+)\s{0,2}\) )
    | \\[dt]?frac\s*(?P<frac>(?P<over>\d)\s*(?P<under>\d)|(?=\{))
    | \\(?:text|textrm|mathrm|mbox)\s*\{(?P<text>[^{}\n]{0,60})\}
    | (?P<open> (?:\\(?:left|[bB]igg?l?)\s*)?[(\[] | \{ | \\(?:boxed|mathbf|textbf|mathit|fbox)\s*\{ )
    | (?P<close> (?:\\(?:right|[bB]igg?r?)\s*)?[)\]] | \} )
    | (?P<arrow> <?(?:-+|=+)>(?!=) | <-+(?!\d) | ={3,} | [→⇒⇔←↔⟹]
               | \\(?:[A-Za-z]*arrow|implies|iff|to)(?![A-Za-z]) )
    | (?P<code> [-+*/:|&^]= | <> | <{2,} | >{2,} | =< )
    | (?P<relation> == | [!<>]= | =/= | [=<>≠≈≃≤≥≦≧≡~]
                  | \\(?:neq|ne|not\s*=|leq|le|geq|ge|lt|gt|approx|simeq|equiv)(?![A-Za-z]) )
    | (?P<stars> \*\*+ )
    | (?P<operator> // | [-+*/^×⋅·∙∗÷∕⁄−–]
                  | \\(?:times|cdot|ast|div|bmod|mod)(?![A-Za-z])
                  | (?:(?:divided|multiplied)\s+by|plus|minus|times|modulo|mod)(?!\w) )
    | (?P<power> [⁰¹²³⁴-⁹]+ | (?:squared|cubed)(?!\w) )
    | (?P<percent> \\?% )
    | (?P<bang> ! )
    | (?P<prose> [\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]+ )
    | (?P<word> [^\W\d][^\W\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]*(?:['’][^\W\d]+)* )
    | (?P<stop> \.{2,} | [.,;:?|•—…。，；：？！、（）“”‘’"'`] )
    | (?P<other> \\[A-Za-z]+ | \\. | . )
    """,
    re.VERBOSE | re.DOTALL,
)

# What may still grow or be read otherwise when more text follows: it fills the text up to its end.
_OPEN = re.compile(
    r"""(?: \d (?: [\d.,] | \{,\} | \\, )* (?: \{,? | \\[a-z]{0,5} )?
    | \([\\a-z{}\s]{0,24}\d*\s{0,2}
    | \\[A-Za-z]*\s*(?:\{[^{}\n]{0,60})?\}?\s*\d*\s*\}?
    | </?(?:[A-Za-z][^<>\n]{0,40})?
    | [-+*/=<>!&^~]+[^\S\n]*\d? | [:|&]=* | \.+
    | (?:divided|multiplied)\s+b?
    | [xX%][^\S\n]*
    | [^\W\d][\w'’]* | [⁰¹²³⁴-⁹]+ | [^\S\n]+ | \$+
    )\Z""",
    re.VERBOSE,
)

_SIGNS = {
    **dict.fromkeys(("==",), "="),
    **dict.fromkeys(("=/=", "≠", "neq", "ne"), "!="),
    **dict.fromkeys(("≈", "≃", "approx", "simeq"), "~"),
    **dict.fromkeys(("≤", "≦", "leq", "le"), "<="),
    **dict.fromkeys(("≥", "≧", "geq", "ge"), ">="),
    **dict.fromkeys(("≡", "equiv"), "mod="),
    **dict.fromkeys((*"×⋅·∙∗", "times", "cdot", "ast", "multiplied"), "*"),
    **dict.fromkeys((*"÷∕⁄", "div", "divided"), "/"),
    **dict.fromkeys((*"−–", "minus"), "-"),
    **dict.fromkeys(("bmod", "modulo"), "mod"),
    "lt": "<",
    "gt": ">",
    "plus": "+",
}
_NO_DIGIT = re.compile(r"[^\d.]")
_MORE = re.compile(r"\.\.\.|…|\\l?dots")
_OPERAND = re.compile(r" *[\d(\-−\\{]")
_NUMBER_BEHIND = re.compile(r"( *)\d")
_LIST = re.compile(r",\d")
# Ordinary words, which most of a text is, are read without looking for anything else. x may be a sign.
_PLAIN = re.compile(r"([A-WYZa-wyz][A-Za-z]+)(?=[ \t\n,;:.])")
_NOT_PLAIN = frozenset(
    ("plus", "minus", "times", "mod", "modulo", "divided", "multiplied", "squared", "cubed")
)
_RAISED = {"squared": "2", "cubed": "3"}
_DIGITS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")


class Lexer:
    """Feed text in any pieces; tokens come out once, in order."""

    def __init__(self) -> None:
        self._text = ""
        self._base = 0  # characters before `_text`
        self._at = 0  # in `_text`: what comes before is read
        self._last: Token | None = None

    def feed(self, text: str) -> Iterator[Token]:
        self._text += text
        return self._tokens(final=False)

    def finish(self) -> Iterator[Token]:
        """The text ends here."""
        return self._tokens(final=True)

    @property
    def held(self) -> int:
        """Characters of text that are kept."""
        return len(self._text)

    def between(self, start: int, end: int) -> str:
        """The text from character `start` to `end`, both not before what `forget` left."""
        return self._text[start - self._base : end - self._base]

    def forget(self, before: int) -> None:
        """Text before this character is not asked for any more."""
        cut = min(before - self._base, self._at)
        if cut > 0:
            self._text = self._text[cut:]
            self._base += cut
            self._at -= cut

    def _tokens(self, final: bool) -> Iterator[Token]:
        while self._at < len(self._text):
            if self._text[self._at] == " ":
                self._at += 1
                continue
            plain = _PLAIN.match(self._text, self._at)
            if plain is not None and plain[1] not in _NOT_PLAIN:
                start, self._at = self._base + plain.start(), plain.end()
                tight = self._last is not None and self._last.end == start
                self._last = Token("word", plain[1].lower(), start, self._base + self._at, tight)
                yield self._last
                continue
            held = len(self._text) - self._at
            if not final and held < _MAX_HELD and _OPEN.match(self._text, self._at):
                return
            match = _TOKEN.match(self._text, self._at)
            assert match is not None
            kind = match.lastgroup if match.lastgroup is not None else "other"
            start, self._at = self._base + match.start(), match.end()
            if token := self._token(kind, match, start):
                self._last = token
                yield token

    def _token(self, group: str, match: re.Match[str], start: int) -> Token | None:
        text, end = match[0], self._base + match.end()
        tight = self._last is not None and self._last.end == start
        follows = match.string[match.end() : match.end() + 1]

        def make(kind: Kind, sign: str, value: Fraction | None = None) -> Token:
            return Token(kind, sign, start, end, tight, value)

        match group:
            case "blank":
                return None
            case "number":
                return self._number(match, start, tight)
            case "modulus":
                return self._counted(make, "modulus", text, match["m"] or match["p"] or match["n"])
            case "frac":
                if match["over"]:
                    under = int(match["under"])
                    value = Fraction(int(match["over"]), under) if under else None
                    return make("number", "frac", value) if value is not None else make("other", text)
                return make("frac", "frac")
            case "text":
                inside = match["text"].strip().lower()
                return Token("word", inside, start, end) if inside.isalpha() else make("other", text)
            case "open":
                return make("(", "(")
            case "close":
                return make(")", ")")
            case "newline":
                return make("stop", "\n")
            case "tag" | "arrow" | "stop" | "prose":
                return make("stop", text)
            case "stars":
                return make("operator", "^") if self._infix(tight, match) and text == "**" else None
            case "relation":
                if text == "!=" and tight and follows.isdigit():
                    return make("other", text)  # 5!=120 can be read in two ways
                return make("relation", "!=" if "not" in text else _sign(text))
            case "operator":
                return self._operator(match, start, end, tight)
            case "power":
                return self._counted(make, "power", text, _RAISED.get(text, text.translate(_DIGITS)))
            case "percent":
                after_number = self._last is not None and self._last.kind in ("number", ")")
                return (
                    make("operator", "mod") if after_number and self._even(tight, match) else make("%", "%")
                )
            case "bang":
                return make("!", "!")
            case "word":
                return self._word(match, start, end, tight)
        return make("other", text)

    @staticmethod
    def _counted(make: Callable[..., Token], kind: Kind, text: str, digits: str) -> Token:
        few = len(digits) <= MAX_DIGITS and digits.isascii()
        return make(kind, text, Fraction(int(digits))) if few else make("other", "")

    def _number(self, match: re.Match[str], start: int, tight: bool) -> Token:
        text = match[0]
        digits = _NO_DIGIT.sub("", text)
        end = self._base + match.end()
        if len(digits) > MAX_DIGITS:
            return Token("other", "", start, end, tight)
        decimals = match["decimals"] or "."
        more = _MORE.match(match.string, match.end()) if match["decimals"] else None
        if more:
            self._at = more.end()
            end = self._base + more.end()
        plain = None
        if digits.isascii():
            plain = Fraction(digits) if match["decimals"] else Fraction(int(digits))
        kind: Kind = "other" if plain is None else "number"
        listed = _LIST.match(match.string, self._at) is not None
        return Token(kind, text, start, end, tight, plain, len(decimals) - 1, more is not None, listed)

    def _operator(self, match: re.Match[str], start: int, end: int, tight: bool) -> Token | None:
        text, last = match[0], self._last
        sign = _sign(text)
        operand = last is not None and last.kind in ("number", ")", "%", "power", "!")
        if text == "*" and not (operand and self._operand_follows(match)):
            return None  # a bullet, or emphasis
        if text == "–" and tight:
            return Token("other", text, start, end, tight)  # a range of pages or years
        if text == "//" and not operand:
            return Token("other", text, start, end, tight)
        return Token("operator", sign, start, end, tight)

    def _word(self, match: re.Match[str], start: int, end: int, tight: bool) -> Token:
        text, last = match[0], self._last
        if text[0] in "xX" and last is not None and last.kind in ("number", ")"):
            behind = _NUMBER_BEHIND.match(match.string, match.start() + 1)
            apart = behind is not None and bool(behind[1])
            both_tight = tight and behind is not None and not apart and last.text != "0"
            both_apart = not tight and len(text) == 1 and apart
            if both_tight or both_apart:
                self._at = match.start() + 1
                return Token("operator", "*", start, start + 1, tight)
        return Token("word", text.lower().replace("’", "'"), start, end, tight)

    def _infix(self, tight: bool, match: re.Match[str]) -> bool:
        operand = self._last is not None and self._last.kind in ("number", ")")
        return operand and self._even(tight, match)

    def _even(self, tight: bool, match: re.Match[str]) -> bool:
        """An operand follows, with as much room as before."""
        apart = match.string[match.end() : match.end() + 1] == " "
        return tight is not apart and self._operand_follows(match)

    def _operand_follows(self, match: re.Match[str]) -> bool:
        return _OPERAND.match(match.string, match.end()) is not None


def _sign(text: str) -> str:
    word = text.lstrip("\\").split()[0] if text[-1].isalpha() else text
    return _SIGNS.get(word, word)
