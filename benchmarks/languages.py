"""How surely languages of one script are told apart, on real prose about algorithms in twelve languages.

    git clone https://github.com/trekhleb/javascript-algorithms
    python benchmarks/languages.py javascript-algorithms [english.txt ...]

Alarms: switches told of in documents as they are (some do change language: each is printed). Seams: of a
text of 600 characters and one of 900 in another language of the same script behind it, how many switches
are told of, how late, and how far from the seam they are put. Further files are English, a text a line.
"""

from __future__ import annotations

import argparse
import re
from itertools import permutations
from pathlib import Path
from random import Random
from statistics import median, quantiles
from time import process_time

from mull.guard.tongue import Tongue
from mull.guard.writing import SCRIPTS, Prose, Switch

LANGUAGES = ("de", "fr", "es", "it", "pt", "pl", "tr", "id", "vi", "ru", "uk", "en")
_NOT_PROSE = re.compile(r"https?://\S+|(?<=\])\([^)]*\)|<[^>]*>")


def documents(folder: Path) -> dict[str, list[str]]:
    """The readmes of each language without links and tags; no short ones."""
    found: dict[str, list[str]] = {code: [] for code in LANGUAGES}
    for path in sorted(folder.rglob("README*.md")):
        code = path.name.split(".")[1][:2] if path.name.count(".") == 2 else "en"
        text = _NOT_PROSE.sub("", path.read_text("utf-8"))
        if code in found and len(text) > 400:
            found[code].append(text)
    return found


def told(language: str, text: str) -> tuple[int, Switch] | None:
    """The first switch, and how many characters had been read by then."""
    tongue, prose = Tongue(language), Prose()
    for read, char in enumerate(text, 1):
        if switches := tongue.feed(prose.feed(char)):
            return read, switches[0]
    return None


def alarms(language: str, texts: list[str]) -> None:
    begun, count = process_time(), 0
    for text in texts:
        if (found := told(language, text)) is not None:
            count += 1
            print(f"  {found[1].found}: {text[found[1].start : found[0]][:90]!r}")
    letters = sum(map(len, texts))
    cost = (process_time() - begun) / max(1, letters) * 1e6
    print(f"{language}: {count} of {len(texts)} texts, {letters:,} characters, {cost:.1f} µs a character")


def seams(documents: dict[str, list[str]], pairs: int) -> None:
    random, count = Random(1), 0
    late, off = list[int](), list[int]()
    for one, other in permutations(LANGUAGES, 2):
        if not SCRIPTS[one] & SCRIPTS[other]:
            continue
        for _ in range(pairs):
            left, right = (random.choice(documents[code]).replace("`", "") for code in (one, other))
            at, to = (random.randrange(max(1, len(text) - 800)) for text in (left, right))
            before = left[at : at + 600].rpartition("\n")[0] + "\n"
            found = told(one, before + right[to : to + 900].partition("\n")[2])
            count += 1
            if found is not None and found[0] > len(before):
                late.append(found[0] - len(before))
                off.append(found[1].start - len(before))
    tenths = quantiles(off, n=10)
    print(
        f"seams: {len(late)} of {count} found, {median(late):.0f} characters late "
        f"({quantiles(late, n=10)[-1]:.0f} in a tenth); place off by {median(off):.0f} "
        f"(a tenth below {tenths[0]:.0f}, a tenth above {tenths[-1]:.0f})"
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("english", type=Path, nargs="*")
    parser.add_argument("--pairs", type=int, default=10, help="seams for each pair of languages")
    options = parser.parse_args()
    found = documents(options.folder)
    for code, texts in found.items():
        alarms(code, texts)
    for path in options.english:
        print(path.name)
        alarms("en", path.read_text("utf-8").splitlines())
    seams(found, options.pairs)


if __name__ == "__main__":
    main()
