r"""The parser: tokens to trees. LaTeX and plain notation in one grammar, nothing is ever executed.

answers  := relation ((","|";"|"and"|"or") relation)*
relation := sets (("="|"<"|"∈"|...) sets)*
sets     := ratio (("∪"|"∩"|"∖") ratio)*
ratio    := sum (":" sum)*
sum      := ["-"] product (("+"|"-"|"±") product)* ["mod" product]
product  := power (("*"|"/"|nothing) power)*
power    := atom ("!"|"'"|"°"|"%")* ["^" power]
"""

from __future__ import annotations

from fractions import Fraction

from mull.check.grade.atoms import Atoms
from mull.check.grade.lex import Token, Unreadable, lex
from mull.check.grade.tree import (
    MINUS_ONE,
    Add,
    Call,
    Group,
    Matrix,
    Mul,
    Node,
    Num,
    Pow,
    Quantity,
    Rel,
    SetOp,
    Sym,
    negative,
    walk,
)
from mull.check.grade.units import factor, unit

DEPTH = 60  # of nested groups
_RELATIONS = {"=": "=", "<": "<", ">": ">", "leq": "≤", "geq": "≥", "neq": "≠", "in": "∈", "approx": "=",
              "equiv": "≡", "to": "→", "sim": "~", "parallel": "∥", "perp": "⊥", "subset": "⊂",
              "subseteq": "⊆", "mapsto": "→", "cong": "≅", "simeq": "=", "propto": "∝",
              "notin": "∉"}  # fmt: skip
_SETS = {"cup": "∪", "bigcup": "∪", "cap": "∩", "bigcap": "∩", "setminus": "∖"}
_UNSTARTING = (
    "pm",
    "mp",
    "mod",
    "bmod",
    "pmod",
    "cdot",
    "times",
    "ast",
    "div",
    "rangle",
    "rfloor",
    "rceil",
    "end",
    "quad",
)
_UNSTARTABLE = frozenset((*")]},;:+-*/=<>&!^_'%.?", "\\}", "\\\\", "and", "or", "quad"))


def parse(text: str) -> Node:
    """The tree of a text in the spelling of clean.py. Raises Unreadable."""
    parser = Parser(lex(text))
    node = parser.answers()
    if parser.peek() is not None:
        raise Unreadable(f"{parser.peek()!r} is left over")
    return node


class Parser(Atoms):
    def answers(self) -> Node:
        """A list, or the one thing that stands there. Semicolons, and "or" between lists, part groups."""
        self.depth += 1
        if self.depth > DEPTH:
            raise Unreadable(f"nested deeper than {DEPTH}")
        items = [self.relation()]
        marks: list[str] = []
        while (mark := self._separator()) is not None:
            if self.peek() in (None, ")", "]", "}", "\\}", "rangle"):
                break
            marks.append(mark)
            items.append(self.relation())
        self.depth -= 1
        if not marks:
            return items[0]
        outer = ";" if ";" in marks and len(set(marks)) > 1 else None
        if "or" in marks and "," in marks and sum(isinstance(item, Rel) for item in items) == len(items):
            outer = "or"
        if outer is None:
            return Group("or" if set(marks) == {"or"} else ",", tuple(items))
        groups: list[list[Node]] = [[items[0]]]
        for mark, item in zip(marks, items[1:], strict=True):
            if mark == outer:
                groups.append([item])
            else:
                groups[-1].append(item)
        parts = (group[0] if len(group) == 1 else Group(",", tuple(group)) for group in groups)
        return Group("," if outer == ";" else "or", tuple(parts))

    def _separator(self) -> str | None:
        mark: str | None = None
        while (found := self.take(",", ";", "and", "or", "quad", "\\\\")) is not None:
            mark = "or" if "or" in (found, mark) else ";" if ";" in (found, mark) else ","
        return mark

    def relation(self) -> Node:
        terms, ops = [self.sets()], []
        while True:
            found = self.peek()
            if found == "|" and (self.braces or self.bars):
                break
            if found not in _RELATIONS:
                break
            self.at += 1
            ops.append(_RELATIONS[found])
            terms.append(self.sets())
        if self.take("pmod"):
            terms[-1] = Call("residue", (terms[-1], self.argument()))
        return Rel(tuple(ops), tuple(terms)) if ops else terms[0]

    def sets(self) -> Node:
        node = self.ratio()
        while (op := self.peek()) in _SETS:
            self.at += 1
            node = SetOp(_SETS[op or ""], node, self.ratio())
        return node

    def ratio(self) -> Node:
        items = [self.sum()]
        while self.peek() == ":" and not self.braces:
            self.at += 1
            items.append(self.sum())
        return items[0] if len(items) == 1 else Group(":", tuple(items))

    # Expressions

    def sum(self) -> Node:
        terms: list[Node] = []
        sign = self.take("-", "+", "pm", "mp") or "+"
        while True:
            term = self.product()
            if sign in ("pm", "mp"):
                terms.append(Call(sign, (term,)))
            else:
                terms.append(negative(term) if sign == "-" else term)
            found = self.take("-", "+", "pm", "mp")
            if found is None:
                break
            sign = found
        node = terms[0] if len(terms) == 1 else Add(tuple(terms))
        if self.take("mod", "bmod"):
            node = Call("mod", (node, self.product()))
        return node

    def product(self) -> Node:
        factors = [self.signed_power()]
        while True:
            if self.take("*", "cdot", "times", "ast"):
                factors.append(self.signed_power())
            elif self.take("/", "div"):
                factors.append(Pow(self.signed_power(), MINUS_ONE))
            elif (token := self.token()) is not None and token.kind in ("text", "word"):
                start, named = self.at, self._unit()
                value = factors[0] if len(factors) == 1 else Mul(tuple(factors))
                if named is None or not (named or any(isinstance(part, Num) for part in walk(value))):
                    self.at = start
                    break
                factors = [Quantity(value, named)]
                if (behind := self.token()) is not None and behind.kind == "num":
                    factors = [self._compound(Quantity(value, named), token.text)]
            elif self.starts_atom():
                if (
                    token is not None
                    and token.kind in ("num", "base")
                    and self.tokens[self.at - 1].kind == "num"
                ):
                    raise Unreadable("two numbers side by side")
                factors.append(self.power())
            else:
                break
        return factors[0] if len(factors) == 1 else Mul(tuple(factors))

    def _compound(self, first: Quantity, words: str) -> Node:
        """Two numbers with words between: "5 feet 3 inches", "3 remainder 2". Others mean nothing here."""
        second = self.product()
        if words.strip(" ,.").lower() in ("remainder", "r", "rem"):
            return Group("()", (first.value, second))
        if isinstance(second, Quantity) and first.unit and second.unit:
            ratio = factor(second.unit, first.unit)
            if ratio is not None and ratio < 1:
                return Quantity(Add((first.value, Mul((second.value, Num(ratio))))), first.unit)
        raise Unreadable("a number behind words")

    def _unit(self) -> str | None:
        """Words behind a value, with their powers and slashes: "cm^2", "km/h", "square feet"."""
        start = self.at
        parts: list[str] = []
        while (token := self.token()) is not None:
            if token.kind in ("text", "word"):
                parts.append(token.text)
            elif token.text == "^" and parts:
                power = self.token(1)
                if power is not None and power.text == "{":
                    power, closing = self.token(2), self.token(3)
                    if closing is None or closing.text != "}":
                        break
                    self.at += 2
                if power is None or power.kind != "num":
                    break
                parts.append(f"^{power.text}")
                self.at += 1
            elif (
                token.text == "/"
                and parts
                and (after := self.token(1))
                and after.kind in ("text", "word", "sym")
            ):
                parts.append(f"/{after.text}")
                self.at += 1
            else:
                break
            self.at += 1
        named = unit(" ".join(parts))
        if named is None:
            self.at = start
        return named

    def starts_atom(self) -> bool:
        token = self.token()
        if token is None or (token.text in _UNSTARTABLE and token.kind == "op"):
            return False
        if token.text == "|":
            return self.bars == 0 and self.braces == 0
        if token.kind == "cmd":
            return not (token.text in _RELATIONS or token.text in _SETS or token.text in _UNSTARTING)
        return True

    def signed_power(self) -> Node:
        """A factor; a sign may stand before it ("2 * -3")."""
        if self.take("-"):
            return negative(self.power())
        if sign := self.take("pm", "mp"):
            return Call(sign, (self.power(),))
        self.take("+")
        return self.power()

    def power(self) -> Node:
        base = self.postfix(self.atom())
        if self.take("^", "**"):
            if self.peek() in ("T", " T", "top") and isinstance(base, Matrix):
                self.at += 1
                return Call("transpose", (base,))
            base = self.postfix(Pow(base, self.exponent()))
        return base

    def postfix(self, node: Node) -> Node:
        while True:
            if self.take("!"):
                node = Call("factorial", (node,))
            elif self.take("%"):
                node = Quantity(node, "%")
            elif self.take("$", "\\$"):
                node = Quantity(node, "dollar")
            elif self.peek() in ("€", "£", "¥"):
                node = Quantity(node, unit(self.next().text) or "")
            elif self.peek() == "^" and self.peek(1) == "circ":
                self.at += 2
                if (token := self.token()) is not None and token.kind == "sym" and token.text in "CF":
                    self.at += 1
                node = Quantity(node, "deg")
            elif self.peek() == "'" and isinstance(node, Sym):
                self.at += 1
                node = Sym(f"{node.name}'")
            else:
                return node

    def exponent(self) -> Node:
        if self.take("-"):
            return negative(self.exponent())
        if self.peek() == "{":
            return self.argument()
        base = self.postfix(self.atom())
        return Pow(base, self.exponent()) if self.take("^", "**") else base

    def argument(self) -> Node:
        r"""What a command takes: a group in braces, or one token; of a number its first digit (\frac12)."""
        token = self.token()
        if token is not None and token.text == "{" and token.kind == "op":
            self.at += 1
            return self.enclosed("}")
        if token is not None and token.kind == "num" and len(token.text) > 1 and token.text.isdigit():
            self.tokens[self.at] = Token("num", token.text[1:])
            return Num(Fraction(int(token.text[0])))
        return self.atom()

    def enclosed(self, closing: str) -> Node:
        """Answers up to `closing`, free of what is open outside."""
        bars, braces, self.bars, self.braces = self.bars, self.braces, 0, 0
        node = self.answers()
        self.bars, self.braces = bars, braces
        self.expect(closing)
        return node
