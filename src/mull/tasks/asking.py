"""How people ask for a number: the same few sentences around whatever it is they want to know.

A small model that has seen a dozen sentences learns where the numbers stand in each of them, and is lost
in the next one. So a wording is a frame around a phrase, and held-out ones have a frame or a phrase that
training never shows, made of words that it does.
"""

from collections.abc import Iterator

from mull.tasks.base import Wordings

Phrases = tuple[str, ...]

# Around what is wanted: "the remainder of {a} divided by {b}".
FOR = (
    "What is {}?",
    "what is {}",
    "Find {}.",
    "find {}",
    "Compute {}.",
    "Calculate {}.",
    "Work out {}.",
    "Tell me {}.",
    "Can you find {}?",
    "Please compute {}.",
    "I need {}.",
    "Help me find {}.",
)
NEW_FOR = ("Please find {}.", "Can you tell me what {} is?", "Help me compute {}.", "We need {}.")

# The same around what can stand alone: "{a} mod {b}".
SHORT = (*FOR, "{}", "{} = ?", "How much is {}?")
NEW_SHORT = (*NEW_FOR, "{}?")

# Around what is to be done: "divide {a} by {b}".
DO = (
    "{}",
    "{}.",
    "Please {}.",
    "Can you {}?",
    "What do you get when you {}?",
    "what do you get if you {}",
    "I need to {}.",
    "Help me {}.",
)
NEW_DO = ("I have to {}. What do I get?", "When you {}, what do you get?", "We need to {}.")


def short(phrases: Phrases) -> Wordings:
    """Asks for what can stand alone."""
    return Wordings(framed(SHORT, phrases), framed(NEW_SHORT, phrases))


def wanted(phrases: Phrases, new: Phrases = ()) -> Wordings:
    """Asks for a number by its description; `new` are held out in all frames."""
    return Wordings(framed(FOR, phrases), framed(NEW_FOR, (*phrases, *new)) + framed(FOR, new))


def done(phrases: Phrases, new: Phrases = ()) -> Wordings:
    """Asks to do something; `new` are held out in all frames."""
    return Wordings(framed(DO, phrases), framed(NEW_DO, (*phrases, *new)) + framed(DO, new))


def joined(*wordings: Wordings) -> Wordings:
    """All of them."""
    seen, held_out = (
        tuple(template for each in wordings for template in getattr(each, share))
        for share in ("seen", "held_out")
    )
    return Wordings(seen, held_out)


def framed(frames: Phrases, phrases: Phrases) -> Phrases:
    """Every phrase in every frame, with a capital where it stands alone as a sentence."""

    def each() -> Iterator[str]:
        for frame in frames:
            for phrase in phrases:
                text = frame.replace("{}", phrase)
                yield text[0].upper() + text[1:] if frame == "{}." else text

    return tuple(each())
