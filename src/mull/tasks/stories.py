"""The stories of the word problems: how they are told, what they ask, and the steps to the answer.

In a step, a to e are the numbers of the story and p, q, r what the steps before it came to; `a%b` is what is
left of a when it is divided by b. {N} and {M} are people, {things} and {others} things.
"""

from typing import NamedTuple

FEW, SOME, MANY = (2, 9), (5, 60), (20, 100)  # smallest and largest of a number


class Ask(NamedTuple):
    """One question put in several ways; `goal` names in a trace what is asked."""

    goal: str
    seen: tuple[str, ...]
    held_out: tuple[str, ...]


class Story(NamedTuple):
    numbers: tuple[tuple[int, int], ...]
    steps: tuple[str, ...]  # "what: calculation unit"
    ask: Ask
    seen: tuple[str, ...]
    held_out: tuple[str, ...]


def _count(goal: str, what: str, does: str, it_does: str) -> Ask:
    return Ask(
        goal,
        (f"How many {what} {does}?", f"Find how many {what} {it_does}.", f"Tell how many {what} {it_does}."),
        (f"Find the number of {what} {it_does}.", f"Find out how many {what} {it_does}."),
    )


def _age(goal: str, later: str = "") -> Ask:
    return Ask(
        goal,
        (f"How old is {{M}}{later}?", f"What is {goal}?", f"Find {goal}."),
        (f"Find how old {{M}} is{later}.", f"Tell {goal}."),
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
AGE = _age("the age of {M}")
LATER = _age("the age of {M} in {c} years", " in {c} years")

STORIES = {
    "boxes": Story(
        (SOME, FEW),
        ("{N}: a*b {things}",),
        HAS,
        (
            "{N} has {b} boxes with {a} {things} each.",
            "{N} buys {b} boxes. There are {a} {things} in each.",
            "{N} has {a} {things} in each of {b} boxes.",
        ),
        ("There are {a} {things} in each box. {N} has {b} boxes.",),
    ),
    "less": Story(
        (MANY, SOME),
        ("left: a-b {things}",),
        LEFT,
        (
            "{N} has {a} {things} and gives {b} to {M}.",
            "{N} has {a} {things} and sells {b} of them.",
            "{N} gives {b} of {a} {things} to {M}.",
        ),
        ("{N} has {a} {things} and {M} gets {b} of them.",),
    ),
    "share": Story(
        (MANY, FEW),
        ("each: a/b {things}",),
        EACH,
        (
            "{b} friends share {a} {things}.",
            "{N} has {a} {things} for {b} friends, the same number for each.",
            "{a} {things} are for {b} friends. Each gets the same number.",
        ),
        ("{N} has {b} friends. They share {a} {things}.",),
    ),
    "over": Story(
        (MANY, FEW),
        ("bags: a%b",),
        LEFT,
        (
            "{N} has {a} {things} and makes bags of {b}.",
            "{N} makes bags of {b} from {a} {things}.",
            "There are {a} {things} for bags of {b}.",
        ),
        ("From {a} {things} {N} makes bags of {b}.",),
    ),
    "cost": Story(
        (SOME, FEW),
        ("price: a*b dollars",),
        PAYS,
        (
            "{N} buys {a} {things} for {b} dollars each.",
            "{N} needs {a} {things}. Each costs {b} dollars.",
            "{N} buys {a} {things} that cost {b} dollars each.",
        ),
        ("{N} gets {a} {things} for {b} dollars each.",),
    ),
    "drive": Story(
        (SOME, FEW),
        ("way: a*b km",),
        GOES,
        (
            "{N} drives {b} hours at {a} km an hour.",
            "{N} drives {a} km an hour for {b} hours.",
            "{N} is on the way for {b} hours and drives {a} km each hour.",
        ),
        ("For {b} hours {N} drives {a} km an hour.",),
    ),
    "time": Story(
        (MANY, FEW),
        ("time: a/b hours",),
        TAKES,
        (
            "{N} goes {a} km at {b} km an hour.",
            "The way of {N} is {a} km. {N} goes {b} km an hour.",
            "{N} goes {b} km each hour. The way is {a} km.",
        ),
        ("At {b} km an hour {N} goes {a} km.",),
    ),
    "older": Story(
        (SOME, SOME),
        ("{M}: a+b years",),
        AGE,
        (
            "{N} is {a} years old. {M} is {b} years older.",
            "{M} is {b} years older than {N}. {N} is {a}.",
            "{N} is {a} years old and {M} is {b} years older than {N}.",
        ),
        ("{M} is {b} years older than {N}, who is {a} years old.",),
    ),
    "rest": Story(
        (SOME, FEW, SOME),
        ("all: a*b {things}", "left: p-c {things}"),
        LEFT,
        (
            "{N} has {b} boxes with {a} {things} each and gives {c} {things} to {M}.",
            "{N} buys {b} boxes with {a} {things} each and sells {c} of the {things}.",
            "{N} has {a} {things} in each of {b} boxes. {M} gets {c} of them.",
        ),
        ("There are {a} {things} in each of {b} boxes. {N} sells {c} of them.",),
    ),
    "change": Story(
        (SOME, FEW, MANY),
        ("price: a*b dollars", "back: c-p dollars"),
        BACK,
        (
            "{N} buys {a} {things} for {b} dollars each and pays with {c} dollars.",
            "{N} pays with {c} dollars for {a} {things}. Each costs {b} dollars.",
            "{N} needs {a} {things} that cost {b} dollars each, and pays with {c} dollars.",
        ),
        ("{N} gets {a} {things} for {b} dollars each and pays with {c} dollars.",),
    ),
    "later": Story(
        (SOME, FEW, SOME),
        ("{M}: a*b years", "{M} in {c} years: p+c years"),
        LATER,
        (
            "{N} is {a} years old. {M} is {b} times as old.",
            "{M} is {b} times as old as {N}. {N} is {a}.",
            "{N} is {a} years old and {M} is {b} times as old as {N}.",
        ),
        ("{M} is {b} times as old as {N}, who is {a} years old.",),
    ),
    "divide": Story(
        (MANY, SOME, FEW),
        ("left: a-b {things}", "each: p/c {things}"),
        EACH,
        (
            "{N} has {a} {things}, sells {b} and gives the rest to {c} friends, the same number to each.",
            "{N} has {a} {things} and gives {b} to {M}. {c} friends share the rest.",
            "{N} has {a} {things} and {M} gets {b} of them. The rest is for {c} friends.",
        ),
        ("{N} sells {b} of {a} {things}. {c} friends share the rest.",),
    ),
    "work": Story(
        (FEW, FEW, FEW),
        ("all: a*b {things}", "money: p*c dollars"),
        GETS,
        (
            "{N} makes {a} {things} a day for {b} days and sells each for {c} dollars.",
            "In {b} days {N} makes {a} {things} each day. {N} sells them for {c} dollars each.",
            "{N} sells {things} for {c} dollars each and makes {a} a day for {b} days.",
        ),
        ("For {b} days {N} makes {a} {things} a day and sells them for {c} dollars each.",),
    ),
    "both": Story(
        (FEW, FEW, FEW, FEW),
        ("for {things}: a*b dollars", "for {others}: c*d dollars", "all: p+q dollars"),
        PAYS,
        (
            "{N} buys {a} {things} for {b} dollars each and {c} {others} for {d} dollars each.",
            "{N} needs {a} {things} and {c} {others}. The {things} cost {b} dollars each, the {others} {d}.",
            "{N} buys {a} {things} that cost {b} dollars each, and {c} {others} that cost {d} dollars each.",
        ),
        ("{N} gets {a} {things} for {b} dollars each and {c} {others} for {d} dollars each.",),
    ),
    "trip": Story(
        (SOME, FEW, SOME, FEW),
        ("first: a*b km", "then: c*d km", "all: p+q km"),
        GOES,
        (
            "{N} drives {b} hours at {a} km an hour, then {d} hours at {c} km an hour.",
            "{N} drives {a} km an hour for {b} hours, then {c} km an hour for {d} hours.",
            "First {N} drives {a} km each hour for {b} hours, then {c} km each hour for {d} hours.",
        ),
        ("For {b} hours {N} drives {a} km an hour, then for {d} hours {c} km an hour.",),
    ),
    "market": Story(
        (SOME, FEW, SOME, FEW),
        ("all: a*b {things}", "left: p-c {things}", "money: q*d dollars"),
        GETS,
        (
            "{N} has {b} boxes with {a} {things} each, gives {c} to {M} and sells the rest for {d} "
            "dollars each.",
            "{N} has {a} {things} in each of {b} boxes. {M} gets {c}. {N} sells the rest for {d} "
            "dollars each.",
            "{N} buys {b} boxes with {a} {things} each. {c} are for {M}. The rest {N} sells for {d} "
            "dollars each.",
        ),
        (
            "There are {a} {things} in each of {b} boxes. {N} gives {c} to {M} and sells the rest "
            "for {d} dollars each.",
        ),
    ),
    "gifts": Story(
        (MANY, FEW, FEW, SOME),
        ("friends: b*c {things}", "left: a-p {things}", "now: q+d {things}"),
        HAS,
        (
            "{N} has {a} {things}, gives {b} friends {c} each and then buys {d} more.",
            "{N} has {a} {things}. {b} friends get {c} each. Then {M} gives {N} {d} more.",
            "{N} has {a} {things} for {b} friends. Each gets {c}. Then {N} gets {d} more.",
        ),
        ("{N} has {a} {things}. Each of {b} friends gets {c}. Then {N} buys {d} more.",),
    ),
    "till": Story(
        (FEW, FEW, FEW, FEW, MANY),
        ("for {things}: a*b dollars", "for {others}: c*d dollars", "all: p+q dollars", "back: e-r dollars"),
        BACK,
        (
            "{N} buys {a} {things} for {b} dollars each and {c} {others} for {d} dollars each, and "
            "pays with {e} dollars.",
            "{N} pays with {e} dollars for {a} {things} and {c} {others}. The {things} cost {b} "
            "dollars each, the {others} {d}.",
            "{N} buys {a} {things} that cost {b} dollars each, and {c} {others} that cost {d} "
            "dollars each. {N} pays with {e} dollars.",
        ),
        (
            "{N} gets {a} {things} for {b} dollars each and {c} {others} for {d} dollars each. {N} "
            "pays with {e} dollars.",
        ),
    ),
    "road": Story(
        (SOME, FEW, SOME, FEW, MANY),
        ("first: a*b km", "then: c*d km", "all: p+q km", "left: e-r km"),
        MORE,
        (
            "The way of {N} is {e} km. {N} drives {b} hours at {a} km an hour, then {d} hours at {c} "
            "km an hour.",
            "{N} drives {a} km an hour for {b} hours, then {c} km an hour for {d} hours. The way is {e} km.",
            "The way is {e} km. First {N} drives {a} km each hour for {b} hours, then {c} km each "
            "hour for {d} hours.",
        ),
        (
            "The way of {N} is {e} km. For {b} hours {N} drives {a} km an hour, then for {d} hours "
            "{c} km an hour.",
        ),
    ),
    "shop": Story(
        (FEW, FEW, SOME, FEW, SOME),
        ("all: a*b {things}", "left: p-c {things}", "money: q*d dollars", "now: r-e dollars"),
        STAYS,
        (
            "{N} has {b} boxes with {a} {things} each, gives {c} to {M}, sells the rest for {d} "
            "dollars each and pays {e} dollars for the boxes.",
            "{N} pays {e} dollars for {b} boxes with {a} {things} each, gives {c} to {M} and sells "
            "the rest for {d} dollars each.",
            "{N} has {a} {things} in each of {b} boxes. {M} gets {c}. {N} sells the rest for {d} "
            "dollars each, and the boxes cost {e} dollars.",
        ),
        (
            "The boxes cost {e} dollars. There are {a} {things} in each of {b} boxes. {N} gives {c} "
            "to {M} and sells the rest for {d} dollars each.",
        ),
    ),
}
