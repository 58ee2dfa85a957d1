"""Builds the embedded model's tokenizer: a plain `tokenizer.json`, at most 768 entries.

One rule: text is split into small pieces, and a piece that is in the vocabulary is one
token; any other piece falls into its UTF-8 bytes. So every text tokenises and comes back
unchanged, and the same word is always the same token (BPE with an empty list of merges).

- Numbers 0 to 99 standing alone are one token: a look-up instead of a copy of two digits.
  In a longer number every digit is a token. A digit after a space is one token.
- Operators and punctuation are single characters, so `[7,8]` splits the same everywhere.
- Words are whole, with the space before them. Which words: those of the task families, then
  common English ones, as long as there is room.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from random import Random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers

from mull import tasks

SIZE = 768
PAD, EOS = "<|endoftext|>", "<|im_end|>"
SPECIALS = (PAD, "<|im_start|>", EOS, "<think>", "</think>")
ROLES = ("system", "user", "assistant")
PIECES = (
    r" ?\\boxed\{"
    r"| \p{N}(?!\p{N})|(?<!\p{N})\p{N}{1,2}(?!\p{N})|\p{N}"
    r"| ?\p{L}+"
    r"| ?[^\s\p{L}\p{N}]"
    r"|\s"
)
ENGLISH = (
    "the be to of and a in that have I it for not on with he as you do at this but his by from they we say "
    "her she or an will my one all would there their what so up out if about who get which go me when make "
    "can like time no just him know take people into year your good some could them see other than then now "
    "look only come its over think also back after use two how our work first well way even new want because "
    "any these give day most us is are was has hello please thank help why where number solve find answer"
)


def build(samples: int = 200) -> Tokenizer:
    """The tokenizer for the task families as they are now: same families, same bytes."""
    split = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(PIECES), behavior="isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    entries = [*SPECIALS, *sorted(pre_tokenizers.ByteLevel.alphabet())]
    numbers = [str(n) for n in range(100)] + [f" {n}" for n in range(10)]
    counts = Counter(
        piece for text in _texts(samples) for piece, _ in split.pre_tokenize_str(text) if len(piece) > 1
    )
    words = sorted(counts, key=lambda piece: (-counts[piece], piece))
    english = [f" {word}" for word in ENGLISH.split()]
    for piece in [*map(_spelled, numbers), *ROLES, *words, *map(_spelled, english)]:
        if piece not in entries and len(entries) < SIZE:
            entries.append(piece)

    vocabulary = {entry: number for number, entry in enumerate(entries)}
    tokenizer = Tokenizer(models.BPE(vocabulary, merges=[], ignore_merges=True))
    tokenizer.pre_tokenizer = split
    tokenizer.decoder = decoders.ByteLevel()
    tokenizer.add_special_tokens([AddedToken(token, special=True, normalized=False) for token in SPECIALS])
    return tokenizer


def alike(tokenizer: Tokenizer) -> list[tuple[int, int]]:
    """Pairs of ids that mean the same: with and without the space before, and in upper case."""
    vocabulary = tokenizer.get_vocab()
    pairs = []
    for entry, other in vocabulary.items():
        plain = entry.removeprefix("Ġ")
        if not plain.isascii():  # a letter that stands for a byte
            continue
        for form in (plain, plain.lower()):
            if form != entry and form in vocabulary:
                pairs.append((vocabulary[form], other))
                break
    return sorted(pairs)


def _texts(samples: int) -> Iterable[str]:
    """Questions, thoughts and answers of every family and level, from the training split."""
    for family in tasks.families():
        for level in family.levels:
            for index in range(samples):
                problem = family.problem("train", level, index)
                yield problem.question
                yield "".join(part.text for part in family.trace(problem, Random(index), slips=0.5))
                yield tasks.final(problem)


def _spelled(text: str) -> str:
    """The text in the byte alphabet of byte-level BPE (`Ġ` is a space)."""
    [(spelled, _)] = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False).pre_tokenize_str(text)
    return spelled
