"""The smallest parts of an answer: numbers, letters, brackets, and LaTeX commands with their arguments."""

from __future__ import annotations

from fractions import Fraction

from mull.check.grade.lex import FUNCTIONS, Token, Unreadable, lex
from mull.check.grade.literals import decimal, name_of, numeral
from mull.check.grade.stream import Stream
from mull.check.grade.tree import (
    INFINITY,
    MINUS_ONE,
    Add,
    Bound,
    Builder,
    Call,
    Const,
    Group,
    Matrix,
    Mul,
    Node,
    Num,
    Pow,
    Quantity,
    Rel,
    Sym,
    quotient,
)
from mull.check.grade.units import unit

_SYMBOL_NAMES = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron rho sigma tau "
    "upsilon phi chi psi omega Gamma Delta Theta Lambda Xi Pi Sigma Upsilon Phi Psi Omega ell hbar Re Im "
    "nabla ldots"
)
_INVERSES = {
    name: f"arc{name}" for name in ("sin", "cos", "tan", "cot", "sec", "csc", "sinh", "cosh", "tanh")
}
_SPELLINGS = {f"a{name}": f"arc{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")}
_SPELLINGS |= {"lg": "log", "ceiling": "ceil", "binomial": "binom", "sign": "sgn"}
_DECORATIONS = (
    "vec",
    "overrightarrow",
    "hat",
    "widehat",
    "bar",
    "overline",
    "tilde",
    "widetilde",
    "dot",
    "overarc",
)
_CONSTANTS = {"pi": Const("pi"), "infty": INFINITY, "emptyset": Const("empty")}
_SYMBOL_COMMANDS = frozenset(_SYMBOL_NAMES.split())
_APPLIED = frozenset("fghFGHPQ")  # letters that stand for functions before a parenthesis


class Atoms(Stream):
    def atom(self) -> Node:
        token = self.next()
        match token.kind:
            case "num":
                return self._number(token)
            case "base":
                return numeral(token.text)
            case "sym":
                return self._symbol(token.text)
            case "cmd":
                return self._command(token.text)
            case "text" | "word":
                return self._text(token.text)
        match token.text:
            case "(" | "[":
                return self._bracketed(token.text)
            case "{":
                return self._grouped()
            case "\\{":
                return self._set()
            case "|" | "\\|":
                return self._absolute(token.text)
            case "$" | "\\$" | "€" | "£" | "¥":
                return Quantity(self.postfix(self.atom()), unit(token.text.removeprefix("\\")) or "")
        raise Unreadable(f"{token.text!r} stands where a value should")

    def _number(self, token: Token) -> Node:
        value = decimal(token.text)
        if not token.text.isdigit():
            return value
        if self.peek() == "frac":  # 1 \frac{1}{2}
            place, saved = self.at, list(self.tokens)
            self.at += 1
            over, under = self.argument(), self.argument()
            proper = isinstance(over, Num) and isinstance(under, Num) and 0 < over.value < under.value
            if proper and isinstance(over, Num) and isinstance(under, Num) and self.peek() != "^":
                return Num(value.value + over.value / under.value)
            self.at, self.tokens = place, saved
        parts = [self.token(ahead) for ahead in range(3)]
        if all(parts) and [part.kind for part in parts if part] == ["num", "op", "num"]:
            whole, slash, below = (part.text for part in parts if part)
            if slash == "/" and whole.isdigit() and below.isdigit() and 0 < int(whole) < int(below):
                self.at += 3
                return Num(value.value + Fraction(int(whole), int(below)))
        return value

    def _symbol(self, name: str) -> Node:
        if self.take("_"):
            index = self.argument()
            if isinstance(index, Num) or (isinstance(index, Sym) and index.name.isupper()):
                name = f"{name}_{index.value if isinstance(index, Num) else index.name}"
            elif isinstance(index, Call | Sym | Add | Mul):
                return Call(f"{name}_", (index,))
            else:
                raise Unreadable("an index that is no number and no letter")
        while self.take("'"):
            name += "'"
        if name in ("e", "i"):
            return Const(name)
        if name.rstrip("'")[0] in _APPLIED and self.peek() == "(":
            self.at += 1
            inner = self.enclosed(")")
            return Call(name, inner.items if isinstance(inner, Group) and inner.brackets == "," else (inner,))
        return Sym(name)

    def _text(self, text: str) -> Node:
        """Text as a value: a number or a letter in it, "(B)"; more is words, which read.py reads."""
        bare = text.strip(" ().")
        if len(bare) == 1 and bare.isalpha():
            return Const(bare) if bare in ("e", "i") else Sym(bare)
        tokens = lex(text)
        if tokens and all(
            token.kind in ("num", "op") and token.text not in ("and", "or") for token in tokens
        ):
            inner = type(self)(tokens)
            node = inner.answers()
            if inner.peek() is None:
                return node
        raise Unreadable(f"{text!r} are words")

    def _bracketed(self, opening: str) -> Node:
        """A group, a tuple or an interval."""
        if self.take(")", "]"):
            return Group(opening + ("]" if opening == "[" else ")"), ())
        bars, braces, self.bars, self.braces = self.bars, self.braces, 0, 0
        node = self.answers()
        self.bars, self.braces = bars, braces
        closing = self.take(")", "]")
        if closing is None:
            raise Unreadable("a bracket is left open")
        if isinstance(node, Group) and node.brackets == ",":
            return Group(opening + closing, node.items)
        if opening + closing not in ("()", "[]"):
            raise Unreadable("brackets that do not fit")
        return node

    def _grouped(self) -> Node:
        """Braces that only group, or {1,2,3} for a set."""
        if self.take("}"):
            return Group("{}", ())
        node = self.enclosed("}")
        return Group("{}", node.items) if isinstance(node, Group) and node.brackets == "," else node

    def _set(self) -> Node:
        if self.take("\\}"):
            return Const("empty")
        bars, self.bars = self.bars, 0
        self.braces += 1
        member = self.answers()
        self.bars = bars
        if self.take("|", ":"):
            braces, self.braces = self.braces, 0
            condition = self.answers()
            self.braces = braces - 1
            self.expect("\\}")
            return Builder(member, condition)
        self.braces -= 1
        self.expect("\\}")
        many = isinstance(member, Group) and member.brackets in (",", "or")
        return Group("{}", member.items if many and isinstance(member, Group) else (member,))

    def _absolute(self, bar: str) -> Node:
        braces, self.braces = self.braces, 0
        self.bars += 1
        node = self.relation()
        self.bars -= 1
        self.braces = braces
        self.expect(bar)
        return Call("abs", (node,))

    # Commands

    def _command(self, name: str) -> Node:
        if name in _CONSTANTS:
            return _CONSTANTS[name]
        if name in FUNCTIONS:
            return self._function(_SPELLINGS.get(name, name))
        if name in _SYMBOL_COMMANDS:
            return self._symbol(f"\\{name}")
        if name in _DECORATIONS:
            inner = self.argument()
            return Sym(f"{name} {name_of(inner)}")
        match name:
            case "frac":
                over, under = self.argument(), self.argument()
                if over == Sym("d") and isinstance(under, Mul) and under.factors[0] == over:
                    raise Unreadable("a derivative")
                return quotient(over, under)
            case "sqrt":
                return self._root()
            case "lfloor" | "lceil":
                closing = "rfloor" if name == "lfloor" else "rceil"
                return Call("floor" if name == "lfloor" else "ceil", (self.enclosed(closing),))
            case "langle":
                inner = self.enclosed("rangle")
                return Group("<>", inner.items if isinstance(inner, Group) else (inner,))
            case "sum" | "prod":
                return self._bound(name)
            case "mathbb":
                return self._number_set()
            case "angle" | "triangle" | "measuredangle":
                letters = [self.power()]
                while (token := self.token()) is not None and token.kind == "sym" and token.text.isupper():
                    letters.append(self.power())
                return Sym(f"{name} {name_of(Mul(tuple(letters)))}")
            case "begin":
                return self._environment()
        raise Unreadable(f"the command {name!r} is not known")

    def _root(self) -> Node:
        degree: Node = Num(Fraction(2))
        if self.take("["):
            degree = self.enclosed("]")
        inner = self.argument() if self.peek() == "{" else self.atom()
        return Pow(inner, Pow(degree, MINUS_ONE))

    def _function(self, name: str) -> Node:
        if name == "sqrt":
            return self._root()
        if name == "cbrt":
            return Pow(self.argument(), Num(Fraction(1, 3)))
        if name == "binom" and self.peek() == "{":
            return Call("binom", (self.argument(), self.argument()))
        base = exponent = None
        while (mark := self.take("_", "^")) is not None:
            if mark == "_":
                base = self.argument()
            else:
                exponent = self.exponent()
        if isinstance(exponent, Num) and exponent.value == -1 and name in _INVERSES:
            name, exponent = _INVERSES[name], None
        call: Node = Call(name, (*self._arguments(), *((base,) if base is not None else ())))
        return call if exponent is None else Pow(call, exponent)

    def _arguments(self) -> tuple[Node, ...]:
        """In parentheses, or without them a product of what follows: sin 2x cos y is sin(2x) times cos(y)."""
        if self.take("("):
            inner = self.enclosed(")")
            return inner.items if isinstance(inner, Group) and inner.brackets == "," else (inner,)
        factors = [self.signed_power()]
        while self.starts_atom():
            token = self.token()
            if token is None or token.kind not in ("num", "sym", "cmd") or token.text in FUNCTIONS:
                break
            factors.append(self.power())
        return (factors[0] if len(factors) == 1 else Mul(tuple(factors)),)

    def _bound(self, kind: str) -> Node:
        low = high = None
        while (mark := self.take("_", "^")) is not None:
            if mark == "_":
                low = self.argument()
            else:
                high = self.argument()
        if not isinstance(low, Rel) or low.ops != ("=",) or high is None:
            raise Unreadable("a sum without bounds")
        variable = low.terms[0]
        if not isinstance(variable, Sym | Const):
            raise Unreadable("a sum over something else than a variable")
        return Bound(kind, variable.name, low.terms[1], high, self.product())

    def _number_set(self) -> Node:
        inner = self.argument()
        name = getattr(inner, "name", "")
        if name not in ("R", "Q", "Z", "N", "C"):
            raise Unreadable("an unknown set of numbers")
        if self.take("^"):
            name += f"^{name_of(self.exponent())}"
        elif self.take("+"):
            name += "^+"
        return Const(name)

    def _environment(self) -> Node:
        self.expect("{")
        name = ""
        while self.take("}") is None:
            name += self.next().text
        if name == "array":
            self.expect("{")
            while self.take("}") is None:
                self.next()
        rows: list[tuple[Node, ...]] = []
        row: list[Node] = []
        while self.take("end") is None:
            if self.take("\\\\"):
                rows.append(tuple(row))
                row = []
            elif not self.take("&", ",", ";"):
                row.append(self.relation())
        self.expect("{")
        while self.take("}") is None:
            self.next()
        if row:
            rows.append(tuple(row))
        if not rows or len({len(row) for row in rows}) > 1:
            raise Unreadable("a matrix with rows of different lengths")
        if name in ("cases", "aligned", "gathered", "align", "split"):
            return Group(",", tuple(item for row in rows for item in row))
        matrix = Matrix(tuple(rows))
        return Call("det", (matrix,)) if name == "vmatrix" else matrix
