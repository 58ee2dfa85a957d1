r"""One spelling for what people and models write in many: Unicode, LaTeX fonts and spaces, markdown.

Only spelling is changed, never meaning: `½` becomes `\frac{1}{2}`, `\left(` becomes `(`, `\dfrac` becomes
`\frac`, `$` goes away. Text in `\text{…}` and its kin is kept as `\text{…}`.
"""

from __future__ import annotations

import re
import unicodedata

_GREEK_LETTERS = (
    "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi omicron pi rho sigma sigma "
    "tau upsilon phi chi psi omega"
)

_SUPERSCRIPTS = dict(zip("⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁽⁾ⁿⁱ", "0123456789+-()ni", strict=True))
_SUBSCRIPTS = dict(zip("₀₁₂₃₄₅₆₇₈₉", "0123456789", strict=True))
_RUNS = re.compile(f"[{''.join(_SUPERSCRIPTS)}]+|[{''.join(_SUBSCRIPTS)}]+")

_GREEK = {chr(0x3B1 + place): f"\\{name} " for place, name in enumerate(_GREEK_LETTERS.split())}
_CHARACTERS = _GREEK | {
    "−": "-", "–": "-", "—": "-", "﹣": "-", "×": "\\times ", "⋅": "\\cdot ", "·": "\\cdot ", "∙": "\\cdot ",
    "÷": "\\div ", "∕": "/", "⁄": "/",
    "≤": "\\leq ", "⩽": "\\leq ", "≥": "\\geq ", "⩾": "\\geq ", "≠": "\\neq ",
    "≈": "\\approx ", "≡": "\\equiv ", "∞": "\\infty ", "√": "\\sqrt ", "∛": "\\sqrt[3]", "∪": "\\cup ",
    "∩": "\\cap ", "∖": "\\setminus ", "∈": "\\in ", "∅": "\\emptyset ", "⌀": "\\emptyset ", "°": "^\\circ ",
    "º": "^\\circ ", "′": "'", "’": "'", "‘": "'", "“": '"', "”": '"', "±": "\\pm ", "∓": "\\mp ",
    "⟨": "\\langle ", "⟩": "\\rangle ", "⌊": "\\lfloor ", "⌋": "\\rfloor ", "⌈": "\\lceil ", "⌉": "\\rceil ",
    "ℝ": "\\mathbb{R}", "ℚ": "\\mathbb{Q}", "ℤ": "\\mathbb{Z}", "ℕ": "\\mathbb{N}", "ℂ": "\\mathbb{C}",
    "Δ": "\\Delta ", "∆": "\\Delta ", "Ω": "\\Omega ", "Σ": "\\Sigma ", "Φ": "\\Phi ",
    "∠": "\\angle ", "△": "\\triangle ",
    "…": "\\ldots ", "⋯": "\\ldots ", "∣": "|",
    "，": ",", "、": ",", "；": ";", "：": ":", "。": ".", "％": "%",
    "（": "(", "）": ")", "【": "[", "】": "]", "→": "\\to ", "⇒": "\\to ",
    "\u00a0": " ", "\u202f": "\\,", "\u2009": "\\,",
    "\u200b": "", "\u2061": "", "\ufeff": "", "ϕ": "\\phi ", "ε": "\\epsilon ", "∨": "\\lor ", "∧": "\\land ",
}  # fmt: skip
_TRANSLATION = str.maketrans(_CHARACTERS)

_SIZES = re.compile(
    r"\\(?:left|right|middle|[bB]igg?[lrm]?)(?![A-Za-z])\.?"
    r"|\\(?:displaystyle|textstyle|scriptstyle|limits|nolimits|boldmath|large|Large|huge|normalsize|hfill|strut"
    r"|hline|centering|rm|bf|it)(?![A-Za-z])"
    r"|\\(?:hspace|vspace|phantom|label|tag)\*?\{[^{}]*\}"
)
_FONT = re.compile(
    r"\\(mathrm|mathbf|mathit|mathsf|mathtt|mathnormal|mathcal|mathscr|bm|boldsymbol|pmb|operatorname\*?"
    r"|text|mbox|hbox|textbf|textit|textnormal|textrm|textsf|texttt|emph|underline|mathop|ensuremath)"
    r"\s*\{([^{}]*)\}"
)
_WORDS = ("text", "mbox", "hbox", "textbf", "textit", "textnormal", "textrm", "textsf", "texttt", "emph")
_SAME = [
    (re.compile(pattern), replacement)
    for pattern, replacement in (
        (r"\\[dtc]frac(?![A-Za-z])", r"\\frac"),
        (r"\\[dt]binom(?![A-Za-z])", r"\\binom"),
        (r"\\(?:le|leqslant|leqq)(?![A-Za-z])|<=|=<", r"\\leq "),
        (r"\\(?:ge|geqslant|geqq)(?![A-Za-z])|>=", r"\\geq "),
        (r"\\(?:ne|not\s*=)(?![A-Za-z])|!=|<>", r"\\neq "),
        (r"\\lt(?![A-Za-z])", "<"),
        (r"\\gt(?![A-Za-z])", ">"),
        (r"\\varnothing(?![A-Za-z])", r"\\emptyset "),
        (r"\\smallsetminus(?![A-Za-z])|\\backslash(?![A-Za-z])", r"\\setminus "),
        (r"\\var(epsilon|phi|theta|rho|sigma|pi|kappa)(?![A-Za-z])", r"\\\1 "),
        (r"\\(?:[lc]?dots[bcmio]?|ldots|cdots|hdots)(?![A-Za-z])|\.\.\.+", r"\\ldots "),
        (r"\\[lr]?vert(?![A-Za-z])|\\mid(?![A-Za-z])", "|"),
        (r"\\[lr]brace(?![A-Za-z])", lambda match: "\\{" if match[0][1] == "l" else "\\}"),
        (r"\\[lr]brack(?![A-Za-z])", lambda match: "[" if match[0][1] == "l" else "]"),
        (r"\\(?:colon)(?![A-Za-z])", ":"),
        (r"\\(?:degree|degrees)(?![A-Za-z])|\^\s*\{\s*\\circ\s*\}|\^\s*o(?![A-Za-z])", r"^\\circ "),
        (r"\\prime(?![A-Za-z])", "'"),
        (r"\\(?:dollar|textdollar)(?![A-Za-z])", r"\\$"),
        (r"\\(?:quad|qquad)(?![A-Za-z])", r" \\quad "),
        (r"\\(?:rightarrow|longrightarrow|Rightarrow|implies|iff|Leftrightarrow)(?![A-Za-z])", r"\\to "),
        (r"\{([^{}]*)\\choose(?![A-Za-z])([^{}]*)\}", r"\\binom{\1}{\2}"),
        (r"(?:\\text\{)?\s*\(\s*(?:\\text\{)?\s*(?:\\?mod)\s*\}?\s*(\d+|[a-z])\s*\)\s*\}?", r" \\pmod{\1}"),
        (r"\{\s*,\s*\}", ","),
        (r"\\([%#&_])", r"\1"),
        (r"\\newline(?![A-Za-z])", r"\\\\"),
        (r"\*\*(?=\s*[\d(a-z{-])(?<=[\w)}]\*\*)", "^"),
    )
]
_THIN = re.compile(r"(?<=\d)(,?)\s*(?:\\[,!;: ]|~|\\thinspace(?![A-Za-z]))+\s*(?=\d{3}(?!\d))")
_SPACE = re.compile(
    r"(?<!\\)\\[,;:>! ]|~|\\thinspace(?![A-Za-z])|\\(?:medspace|thickspace|nobreakspace)(?![A-Za-z])"
)
_DELIMITER = re.compile(r"\\[()]|(?<!\\)\\[\[\]]|(?<!\\)\$+")
_BASES = {"two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9}
_BASES |= {"binary": 2, "ternary": 3, "octal": 8, "decimal": 10, "ten": 10, "eleven": 11, "twelve": 12}
_BASES |= {"hex": 16, "hexadecimal": 16, "sixteen": 16}
_BASE_NAME = "|".join(_BASES)
_BASE = re.compile(
    rf"_\s*\{{?\s*(?:\\text\s*\{{)?\s*(?:base[\s-]*)?(?:(\d+)|({_BASE_NAME}))\s*\}}?\s*\}}?(?![A-Za-z\d])"
    rf"|(?<=[\dA-Fa-f])[\s,]*(?:\\text\{{)?\s*\(?\s*(?:in\s+)?base[\s-]+(?:(\d+)|({_BASE_NAME}))\s*\)?\s*\}}?(?![A-Za-z\d])"
)
_FENCE = re.compile(r"^(?:\*\*|__|`+|\"|'(?!'))(.*?)(?:\*\*|__|`+|\"|')$", re.DOTALL)
_END = re.compile(r"(?:[\s.,;:。]|\\\\|(?<!\\)\\[ ,;!])+$")


def clean(text: str) -> str:
    """`text` in the one spelling, without mathematical delimiters and closing punctuation."""
    text = unicode(text).strip()
    if len(re.findall(r"(?<!\\)\$", text)) == 1:  # not the delimiter of a formula
        text = text.replace("$", "\\$") if "\\$" not in text else text
    while match := _FENCE.match(text):
        text = match[1].strip()
    text = _THIN.sub(lambda match: match[1] or "\\,", text)
    text = _DELIMITER.sub(" ", text)
    text = _SIZES.sub("", text)
    for _ in range(4):  # fonts may be nested
        changed = _FONT.sub(_plain_font, text)
        if changed == text:
            break
        text = changed
    for pattern, replacement in _SAME:
        text = pattern.sub(replacement, text)
    text = re.sub(
        r"(?<=\d)\\,(?=\d{3}(?!\d))", "\u2009", text
    )  # a thin space between digits groups thousands
    text = _BASE.sub(_base, _SPACE.sub(" ", text))
    text = re.sub(r"\s*\n\s*|[ \t\r\f\v]+", " ", text).strip()
    text = _END.sub("", text) if not text.endswith("\\ldots") else text
    return text.lstrip(":=").strip() if not text.startswith("::") else text


def unicode(text: str) -> str:
    """Mathematical characters as LaTeX, full-width characters and foreign digits as ASCII."""
    if text.isascii():
        return text
    text = _RUNS.sub(_run, text).translate(_TRANSLATION)
    parts = []
    for character in text:
        if character.isascii():
            parts.append(character)
        elif unicodedata.category(character) == "Nd":
            parts.append(str(unicodedata.digit(character)))
        elif unicodedata.category(character) == "No" and "⁄" in unicodedata.normalize("NFKC", character):
            over, _, under = unicodedata.normalize("NFKC", character).partition("⁄")
            parts.append(f"\\frac{{{over}}}{{{under}}}")
        else:
            parts.append(unicodedata.normalize("NFKC", character))
    return "".join(parts)


def _run(match: re.Match[str]) -> str:
    run = match[0]
    if run[0] in _SUPERSCRIPTS:
        return f"^{{{''.join(_SUPERSCRIPTS[character] for character in run)}}}"
    return f"_{{{''.join(_SUBSCRIPTS[character] for character in run)}}}"


def _plain_font(match: re.Match[str]) -> str:
    r"""A font around one letter or a formula says nothing; around a word it makes `\text`."""
    font, inner = match[1], match[2]
    if font in ("mathop", "ensuremath", "underline"):
        return inner
    if font.startswith("operatorname"):
        return f"\\{inner.strip()} " if inner.strip().isalpha() else inner
    if font in _WORDS:
        return f"\\text{{{inner}}}" if font != "text" else match[0]
    bare = inner.strip()
    return f"\\text{{{bare}}}" if len(bare) > 1 and bare.isalpha() and font == "mathrm" else f" {bare} "


def _base(match: re.Match[str]) -> str:
    digits, name = match[1] or match[3], match[2] or match[4]
    return f"_{{{digits or _BASES[name]}}}"
