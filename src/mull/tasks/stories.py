"""The stories of the word problems: how they are told, what they ask, and the steps to the answer.

In a step, a to e are the numbers of the story and p, q, r what the steps before it came to; `a%b` is what is
left of a when it is divided by b. {N} and {M} are people, {things} and {others} things. Sentences are
patterns of `phrases.every`.
"""

from typing import NamedTuple

from mull.tasks.phrases import every

FEW, SOME, MANY = (2, 9), (5, 60), (20, 100)  # smallest and largest of a number


class Ask(NamedTuple):
    """One question put in several ways; `goal` names in a trace what is asked."""

    goal: str
    seen: tuple[str, ...]
    held_out: tuple[str, ...]


class Story(NamedTuple):
    numbers: tuple[tuple[int, int], ...]
    given: str  # what is told, in one way for all tellings
    steps: tuple[str, ...]  # "what: calculation unit"
    ask: Ask
    seen: tuple[str, ...]
    held_out: tuple[str, ...]


def _count(goal: str, what: str, does: str, it_does: str) -> Ask:
    return Ask(
        goal,
        every(
            f"How many {what} {does}?",
            f"[Find|Tell me|Find out] how many {what} {it_does}.",
            f"What is the number of {what} that {it_does}?",
            f"Find the number of {what} that {it_does}.",
            f"Can you [find|find out] how many {what} {it_does}?",
        ),
        every(
            f"[Tell me|Find out] the number of {what} that {it_does}.",
            f"Can you tell me how many {what} {it_does}?",
        ),
    )


def _age(goal: str, is_: str, it_is: str) -> Ask:
    return Ask(
        goal,
        every(f"How old {is_}?", f"What is {goal}?", f"Find [{goal}|how old {it_is}].", f"Tell me {goal}."),
        every(f"Find out how old {it_is}.", f"Tell me how old {it_is}.", f"Can you tell me {goal}?"),
    )


HAS = _count("the {things} {N} has", "{things}", "does {N} have now", "{N} has now")
LEFT = _count("the {things} left", "{things}", "are left", "are left")
EACH = _count("the {things} each friend gets", "{things}", "does each friend get", "each friend gets")
PAYS = _count("the dollars {N} pays", "dollars", "does {N} pay", "{N} pays")
BACK = _count("the dollars {N} gets back", "dollars", "does {N} get back", "{N} gets back")
GETS = _count("the dollars {N} gets", "dollars", "does {N} get", "{N} gets")
GOES = _count("the km {N} goes", "km", "does {N} go", "{N} goes")
MORE = _count("the km left", "km", "are left", "are left")
STAYS = _count("the dollars left", "dollars", "are left", "are left")
TAKES = _count("the hours {N} needs", "hours", "does {N} need", "{N} needs")
AGE = _age("the age of {M}", "is {M}", "{M} is")
LATER = _age("the age of {M} in {c} years", "will {M} be in {c} years", "{M} will be in {c} years")

BOXES = (
    "[{N} [has|buys] {b} boxes with {a} {things} [each|in each].|{N} has {a} {things} in each of {b} boxes."
    "|{N} [has|buys] {b} boxes. There are {a} {things} in each[| box].|There are {b} boxes. {N} has "
    "{a} {things} in each.|In each box there are {a} {things}. {N} [has|buys] {b} boxes.]"
)
NEW_BOXES = (
    "[There are {a} {things} in each box. {N} [has|buys] {b} boxes.|In each of {b} boxes {N} has "
    "{a} {things}.]"
)
LESS = (
    "[{N} has {a} {things} and [gives {b} to {M}|sells {b} of them|gives {M} {b} of them]."
    "|{N} has {a} {things}. {M} [gets|takes|buys] {b} of them.|{N} [gives {b} of {a} "
    "{things} to {M}|sells {b} of {a} {things}].]"
)
NEW_LESS = (
    "[{N} has {a} {things} and {M} [gets|takes|buys] {b} of them.|Of {a} {things} {N} [sells "
    "{b}|gives {b} to {M}].]"
)
SHOPS = (
    "[{N} [buys|takes] {a} {things} for {b} dollars each and {c} {others} for {d} dollars each."
    "|{N} [needs|buys] {a} {things} and {c} {others}. The {things} cost {b} dollars each, the {others} {d}."
    "|The {things} cost {b} dollars each, the {others} {d}. {N} [needs|buys] {a} {things} and {c} {others}."
    "|{N} [buys|needs] {a} {things} that cost {b} dollars each, and {c} {others} that cost {d} dollars each."
    "|For {b} dollars each {N} buys {a} {things}. For {d} dollars each {N} buys {c} {others}.]"
)
NEW_SHOPS = (
    "[{N} [buys|takes] {a} {things} for {b} dollars each. Then {N} [buys|takes] {c} {others} "
    "for {d} dollars each."
    "|For {b} dollars each {N} buys {a} {things}, and for {d} dollars each {c} {others}.]"
)
LEGS = (
    "[[First |]{N} [drives|goes] {b} hours at {a} km an hour, then {d} hours at {c} km an hour."
    "|[First |]{N} [drives|goes] {a} km an hour for {b} hours, then {c} km an hour for {d} hours."
    "|{N} [drives|goes] {a} km each hour for {b} hours. Then {N} [drives|goes] {c} km each "
    "hour for {d} hours."
    "|For {b} hours {N} [drives|goes] at {a} km an hour, then for {d} hours at {c} km an hour."
    "|At {a} km an hour {N} is on the way for {b} hours, then at {c} km an hour for {d} hours.]"
)
NEW_LEGS = (
    "[For {b} hours {N} [drives|goes] {a} km an hour, then for {d} hours {c} km an hour."
    "|At {a} km an hour {N} [drives|goes] {b} hours, then at {c} km an hour {d} hours.]"
)
YEARS = "{a}[ years old|]"
SAME = "[, the same number for each|. Each gets the same number]."


STORIES = {
    "boxes": Story(
        (SOME, FEW),
        "{b} boxes, {a} in each",
        ("{N}: a*b {things}",),
        HAS,
        every(BOXES),
        every(NEW_BOXES),
    ),
    "less": Story(
        (MANY, SOME),
        "{a} {things}, {b} gone",
        ("left: a-b {things}",),
        LEFT,
        every(LESS),
        every(NEW_LESS),
    ),
    "share": Story(
        (MANY, FEW),
        "{a} {things}, {b} friends",
        ("each: a/b {things}",),
        EACH,
        every(
            "{b} friends share {a} {things}.",
            "{N} has {a} {things} for {b} friends" + SAME,
            "{a} {things} are for {b} friends. Each gets the same number.",
            "There are {a} {things} for {b} friends" + SAME,
            "{N} gives {a} {things} to {b} friends, the same number to each.",
            "{N} has {a} {things}. {b} friends share them.",
        ),
        every(
            "{N} has {b} friends. They share {a} {things}.",
            "{b} friends [get|have] {a} {things}. Each gets the same number.",
        ),
    ),
    "over": Story(
        (MANY, FEW),
        "{a} {things}, bags of {b}",
        ("bags: a%b",),
        LEFT,
        every(
            "{N} [has|buys] {a} {things} and makes bags of {b}.",
            "{N} makes bags of {b} from {a} {things}.",
            "[There are|{N} has|{N} needs] {a} {things} for bags of {b}.",
            "{N} [has|buys] {a} {things}. {N} makes bags of {b}.",
        ),
        every(
            "From {a} {things} {N} makes bags of {b}.",
            "[There are|{M} has] {a} {things}. {N} makes bags of {b}.",
        ),
    ),
    "cost": Story(
        (SOME, FEW),
        "{a} {things}, {b} dollars each",
        ("price: a*b dollars",),
        PAYS,
        every(
            "{N} [buys|takes] {a} {things} for {b} dollars each.",
            "{N} [needs|buys|takes] {a} {things}. Each costs {b} dollars.",
            "{N} [needs|buys|takes] {a} {things} that cost {b} dollars each.",
            "The {things} cost {b} dollars each. {N} [needs|buys|takes] {a} of them.",
        ),
        every(
            "For {b} dollars each {N} [buys|takes] {a} {things}.",
            "{N} [buys|needs] {a} of the {things}, and each costs {b} dollars.",
        ),
    ),
    "drive": Story(
        (SOME, FEW),
        "{b} hours, {a} km an hour",
        ("way: a*b km",),
        GOES,
        every(
            "{N} [drives|goes] {b} hours at {a} km an hour.",
            "{N} [drives|goes] {a} km [an|each] hour for {b} hours.",
            "{N} is on the way for {b} hours and [drives|goes] {a} km [an|each] hour.",
            "{N} [drives|goes] {a} km [an|each] hour. {N} is on the way for {b} hours.",
            "For {b} hours {N} [drives|goes] at {a} km an hour.",
            "At {a} km an hour {N} is on the way for {b} hours.",
        ),
        every(
            "For {b} hours {N} [drives|goes] {a} km [an|each] hour.",
            "At {a} km an hour {N} [drives|goes] {b} hours.",
        ),
    ),
    "time": Story(
        (MANY, FEW),
        "{a} km, {b} km an hour",
        ("time: a/b hours",),
        TAKES,
        every(
            "{N} [drives|goes] {a} km at {b} km an hour.",
            "The way of {N} is {a} km. {N} [drives|goes] {b} km [an|each] hour.",
            "{N} [drives|goes] {b} km [an|each] hour. The way is {a} km.",
        ),
        every(
            "At {b} km an hour {N} [drives|goes] {a} km.",
            "The way is {a} km and {N} [drives|goes] {b} km [an|each] hour.",
        ),
    ),
    "older": Story(
        (SOME, SOME),
        "{N} {a} years, {M} {b} more",
        ("{M}: a+b years",),
        AGE,
        every(
            f"{{N}} is {YEARS}. {{M}} is {{b}} years older[ than {{N}}|].",
            f"{{M}} is {{b}} years older than {{N}}. {{N}} is {YEARS}.",
            f"{{N}} is {YEARS} and {{M}} is {{b}} years older[ than {{N}}|].",
            f"{{N}} is {{b}} years younger than {{M}}. {{N}} is {YEARS}.",
        ),
        every(
            f"{{M}} is {{b}} years older than {{N}}, who is {YEARS}.",
            f"{{N}} is {YEARS} and {{N}} is {{b}} years younger than {{M}}.",
        ),
    ),
    "rest": Story(
        (SOME, FEW, SOME),
        "{b} boxes, {a} in each, {c} gone",
        ("all: a*b {things}", "left: p-c {things}"),
        LEFT,
        every(
            BOXES + " [{M} [gets|takes|buys] {c} of them.|{N} [sells {c} of the {things}|gives {c} "
            "{things} to {M}].]",
            "{N} [has|buys] {b} boxes with {a} {things} each and [gives {c} {things} to "
            "{M}|sells {c} of the {things}].",
        ),
        every(
            NEW_BOXES
            + " [{N} [sells {c} of them|gives {M} {c} of the {things}].|Then {M} takes {c} {things}.]",
            "{M} gets {c} {things} from {N}, who has {b} boxes with {a} {things} each.",
        ),
    ),
    "change": Story(
        (SOME, FEW, MANY),
        "{a} {things}, {b} dollars each, with {c} dollars",
        ("price: a*b dollars", "back: c-p dollars"),
        BACK,
        every(
            "{N} [buys|takes] {a} {things} for {b} dollars each and pays with {c} dollars.",
            "{N} pays with {c} dollars for {a} {things}[. Each costs {b} dollars.| that cost "
            "{b} dollars each.]",
            "{N} [needs|buys] {a} {things} that cost {b} dollars each, and pays with {c} dollars.",
            "{N} [needs|buys|takes] {a} {things}. Each costs {b} dollars. {N} pays with {c} dollars.",
        ),
        every(
            "The {things} cost {b} dollars each. {N} [buys|takes] {a} of them and pays with {c} dollars.",
            "For {a} {things} that cost {b} dollars each {N} pays with {c} dollars.",
            "With {c} dollars {N} pays for {a} {things}. Each costs {b} dollars.",
        ),
    ),
    "later": Story(
        (SOME, FEW, SOME),
        "{N} {a} years, {M} {b} times, in {c} years",
        ("{M}: a*b years", "{M} in {c} years: p+c years"),
        LATER,
        every(
            f"{{N}} is {YEARS}. {{M}} is {{b}} times as old[ as {{N}}|].",
            f"{{M}} is {{b}} times as old as {{N}}. {{N}} is {YEARS}.",
            f"{{N}} is {YEARS} and {{M}} is {{b}} times as old[ as {{N}}|].",
        ),
        every(
            f"{{M}} is {{b}} times as old as {{N}}, who is {YEARS}.",
            f"{{M}} is {{b}} times as old as {{N}} and {{N}} is {YEARS}.",
        ),
    ),
    "divide": Story(
        (MANY, SOME, FEW),
        "{a} {things}, {b} gone, {c} friends",
        ("left: a-b {things}", "each: p/c {things}"),
        EACH,
        every(
            LESS + " [{c} friends share the rest.|The rest is for {c} friends, the same number for each.]",
            "{N} has {a} {things}, sells {b} and gives the rest to {c} friends, the same number to each.",
        ),
        every(
            NEW_LESS
            + " [{N} gives the rest to {c} friends, the same number to each.|{c} friends share the rest.]"
        ),
    ),
    "work": Story(
        (FEW, FEW, FEW),
        "{a} {things} a day, {b} days, {c} dollars each",
        ("all: a*b {things}", "money: p*c dollars"),
        GETS,
        every(
            "{N} makes {a} {things} [a|each] day for {b} days and sells [each for {c} "
            "dollars|them for {c} dollars each].",
            "In {b} days {N} makes {a} {things} each day. {N} sells [each for {c} "
            "dollars|them for {c} dollars each].",
            "{N} sells {things} for {c} dollars each and makes {a} [a|each] day for {b} days.",
            "{N} makes {a} {things} [a|each] day and sells them for {c} dollars each. {N} works {b} days.",
        ),
        every(
            "For {b} days {N} makes {a} {things} [a|each] day and sells [each for {c} "
            "dollars|them for {c} dollars each].",
            "{N} works {b} days and makes {a} {things} [a|each] day. {N} sells them for {c} dollars each.",
        ),
    ),
    "both": Story(
        (FEW, FEW, FEW, FEW),
        "{a} {things}, {b} dollars each, {c} {others}, {d} dollars each",
        ("for {things}: a*b dollars", "for {others}: c*d dollars", "all: p+q dollars"),
        PAYS,
        every(SHOPS),
        every(NEW_SHOPS),
    ),
    "trip": Story(
        (SOME, FEW, SOME, FEW),
        "{b} hours, {a} km an hour, then {d} hours, {c} km an hour",
        ("first: a*b km", "then: c*d km", "all: p+q km"),
        GOES,
        every(LEGS),
        every(NEW_LEGS),
    ),
    "market": Story(
        (SOME, FEW, SOME, FEW),
        "{b} boxes, {a} in each, {c} gone, {d} dollars each",
        ("all: a*b {things}", "left: p-c {things}", "money: q*d dollars"),
        GETS,
        every(
            BOXES + " {M} [gets|takes] {c} of them. {N} sells the rest for {d} dollars each.",
            BOXES + " {N} gives {c} to {M} and sells the rest for {d} dollars each.",
            BOXES + " {N} gives {c} of them to {M}. The rest {N} sells for {d} dollars each.",
            BOXES + " {c} of them are for {M}. {N} sells the rest for {d} dollars each.",
            "{N} [has|buys] {b} boxes with {a} {things} each, gives {c} to {M} and sells the rest for {d} "
            "dollars each.",
        ),
        every(
            NEW_BOXES + " [{N} gives {M} {c} of them and sells the rest for {d} dollars each."
            "|{c} are for {M}. The rest {N} sells for {d} dollars each.]"
        ),
    ),
    "gifts": Story(
        (MANY, FEW, FEW, SOME),
        "{a} {things}, {b} friends get {c} each, {d} more",
        ("friends: b*c {things}", "left: a-p {things}", "now: q+d {things}"),
        HAS,
        every(
            "{N} has {a} {things}, gives {b} friends {c} each and then buys {d} more.",
            "{N} has {a} {things}. [{b} friends get {c} each.|{N} gives {b} friends {c} "
            "each.|Each of {b} friends "
            "gets {c}.] Then [{M} gives {N} {d} more.|{N} [gets|buys] {d} more.]",
        ),
        every(
            "{N} has {a} {things} for {b} friends. Each gets {c}. Then {N} [gets|buys] {d} more.",
            "{N} gives {c} of {a} {things} to each of {b} friends and then [gets|buys] {d} more.",
        ),
    ),
    "till": Story(
        (FEW, FEW, FEW, FEW, MANY),
        "{a} {things}, {b} dollars each, {c} {others}, {d} dollars each, with {e} dollars",
        ("for {things}: a*b dollars", "for {others}: c*d dollars", "all: p+q dollars", "back: e-r dollars"),
        BACK,
        every(
            SHOPS + " {N} pays with {e} dollars.",
            "{N} pays with {e} dollars for {a} {things} and {c} {others}. The {things} cost {b} dollars "
            "each, the {others} {d}.",
        ),
        every(NEW_SHOPS + " {N} pays with {e} dollars."),
    ),
    "road": Story(
        (SOME, FEW, SOME, FEW, MANY),
        "{e} km, {b} hours, {a} km an hour, then {d} hours, {c} km an hour",
        ("first: a*b km", "then: c*d km", "all: p+q km", "left: e-r km"),
        MORE,
        every("The way [of {N} |]is {e} km. " + LEGS, LEGS + " The way is {e} km."),
        every("The way [of {N} |]is {e} km. " + NEW_LEGS),
    ),
    "shop": Story(
        (FEW, FEW, SOME, FEW, SOME),
        "{b} boxes, {a} in each, {c} gone, {d} dollars each, pays {e} dollars",
        ("all: a*b {things}", "left: p-c {things}", "money: q*d dollars", "now: r-e dollars"),
        STAYS,
        every(
            BOXES + " {M} gets {c} of them. {N} sells the rest for {d} dollars each and pays {e} "
            "dollars for the boxes.",
            BOXES
            + " {N} gives {c} to {M} and sells the rest for {d} dollars each. The boxes cost {e} dollars.",
            "{N} pays {e} dollars for {b} boxes with {a} {things} each, gives {c} to {M} and sells the "
            "rest for {d} dollars each.",
        ),
        every(
            "The boxes cost {e} dollars. "
            + NEW_BOXES
            + " {N} gives [{c} to {M}|{M} {c} of them] and sells the rest for {d} dollars each."
        ),
    ),
}
