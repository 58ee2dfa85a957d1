"""Understands word problems by what stands beside each number, apart from the code that tells them."""

import re
from math import prod

NAME = "[A-Z][a-z]+"
ASKED = r"(?:How|Find|Tell|What|Can) [^.?]*(?:in \d+ years)?[.?]"


def solve(question: str) -> int:
    """The answer to a word problem, from its words."""
    question = re.sub(r"^If (.*), how ", r"\1. How ", question)
    asked = next(s for s in re.split(r"(?<=[.?:]) ", question) if re.fullmatch(ASKED, s))
    told = question.replace(asked, "").strip()
    if re.search(rf"{NAME} has \d+ .*\b(than|as|times)\b", told):
        return _friends(told, asked)
    if re.search(r"\byears (older|younger)|times as old", told):
        return _ages(told, asked)
    return (_journey if " km" in told else _goods)(told, asked)


def _friends(told: str, asked: str) -> int:
    said = {}
    for name, number, rest in re.findall(rf"({NAME}) has (\d+) ([^.]*)\.", told):
        said[name] = (int(number), rest)

    def has(name: str) -> int:
        number, rest = said[name]
        other = re.search(rf"\b({NAME})\b", rest)
        if other is None:
            return number
        value = has(other[1])
        words = rest.split()
        if "more" in words:
            return value + number
        return value - number if "fewer" in words else value * number

    return sum(has(name) for name in said if re.search(rf"\b{name}\b", asked))


def _ages(told: str, asked: str) -> int:
    age = _number(r"is (\d+)(?: years old\b|[.]| and)", told)
    times = re.search(r"(\d+) times as old", told)
    if times is None:
        return age + _number(r"(\d+) years (?:older|younger)", told)
    return age * int(times[1]) + _number(r"in (\d+) years", asked)


def _journey(told: str, asked: str) -> int:
    speeds, hours = _all(r"(\d+) km (?:an|each) hour", told), _all(r"(\d+) hours", told)
    if "hours" in asked:
        return _exact(_number(r"(\d+) km(?! an hour| each hour)", told), speeds[0])
    driven = sum(map(prod, zip(speeds, hours, strict=True)))
    return _number(r"way .*?is (\d+) km", told) - driven if "left" in asked else driven


def _goods(told: str, asked: str) -> int:
    paid = re.search(r"[wW]ith (\d+) dollars", told)
    if paid or re.search(r"\bpays?\b", asked):
        costs = _costs(told)
        return int(paid[1]) - costs if paid else costs
    return _things(told, asked)


def _costs(told: str) -> int:
    """Of everything bought."""
    told = re.sub(r"\d+ dollars(?! each)(?=[ ,.])(?<!costs )", _kept, told)
    if lots := re.findall(r"[fF]or (\d+) dollars each (?:[A-Z]\w+ \w+ )?(\d+) [a-z]+(?=[,.])", told):
        return sum(int(price) * int(count) for price, count in lots)
    if lots := re.findall(r"(\d+) [a-z]+ (?:for|that cost) (\d+) dollars each", told):
        return sum(int(count) * int(price) for count, price in lots)
    if prices := re.search(r"cost (\d+) dollars each, the \w+ (\d+)", told):
        counts = re.search(r"(\d+) [a-z]+ and (\d+) [a-z]+", told)
        assert counts, told
        return sum(int(a) * int(b) for a, b in zip(counts.groups(), prices.groups(), strict=True))
    price = _number(r"each costs (\d+)|Each costs (\d+)|cost (\d+) dollars each", told)
    return price * _number(r"(\d+) (?!dollars)[a-z]+", told)


def _kept(match: re.Match[str]) -> str:
    """The price of one thing stays; what is paid with goes."""
    return match[0] if re.search(r"[eE]ach costs $", match.string[: match.start()]) else "money"


def _things(told: str, asked: str) -> int:
    """What there is, less what is given away or sold, shared or turned into money."""
    if rate := re.search(r"(\d+)(?: [a-z]+)? (?:a|each) day", told):
        return int(rate[1]) * _number(r"(\d+) days", told) * _number(r"for (\d+) dollars", told)
    if bags := re.search(r"bags of (\d+)", told):
        return _number(r"(?<!of )(\d+)", told) % int(bags[1])
    if boxes := re.search(r"(\d+) boxes", told):
        have = int(boxes[1]) * _number(
            r"boxes with (\d+)|(?:has|are) (\d+) [a-z]+ in each|boxes \w+ has (\d+)|each box there are (\d+)",
            told,
        )
        told = re.sub(
            r"\d+ boxes(?: with \d+ \w+)?|\d+ \w+ in each|each box there are \d+|boxes \w+ has \d+", "", told
        )
    else:
        have = _number(
            r"of (\d+) (?:apples|books|cakes|cards|eggs|pens)|(\d+) (?:apples|books|cakes|cards|eggs|pens)",
            told,
        )
    if more := re.search(r"(\d+) more", told):
        return have - _number(r"(\d+) friends", told) * _gift(told) + int(more[1])
    gone = re.search(
        rf"gives (?:{NAME} )?(\d+)\b(?! friends)(?! [a-z]+ to \d+ friends)|sells (\d+)"
        rf"|(?:gets|takes|buys) (\d+)|(\d+)(?: of them)? are for {NAME}",
        re.sub(rf"{NAME} (?:has|buys) \d+ (?!of)\w+(?= and|\. |,)", "", told),
    )
    have -= int(next(filter(None, gone.groups()))) if gone else 0
    if "dollars" in asked:
        money = have * _number(r"rest for (\d+)|rest \w+ sells for (\d+)", told)
        spent = re.search(r"pays (\d+) dollars for|boxes cost (\d+)", told)
        return money - int(spent[1] or spent[2]) if spent else money
    friends = re.search(r"(\d+) friends", told)
    return _exact(have, int(friends[1])) if friends else have


def _gift(told: str) -> int:
    """What each friend gets."""
    return _number(r"friends (?:get )?(\d+) each|(?:[eE]ach|friends) gets (\d+)|gives (\d+) of", told)


def _exact(a: int, b: int) -> int:
    assert a % b == 0
    return a // b


def _number(pattern: str, text: str) -> int:
    """The number that the first match is about."""
    match = re.search(pattern, text)
    assert match, (pattern, text)
    return int(next(filter(None, match.groups())))


def _all(pattern: str, text: str) -> list[int]:
    return [int(number) for number in re.findall(pattern, text)]
