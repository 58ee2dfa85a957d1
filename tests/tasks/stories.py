"""Understands word problems by what stands beside each number, apart from the code that tells them."""

import re
from math import prod

NAME = "[A-Z][a-z]+"


def solve(question: str) -> int:
    """The answer to a word problem, from its words."""
    asked = next(s for s in re.split(r"(?<=[.?]) ", question)[::-1] if re.match("How|Find|Tell|What|In ", s))
    if re.search(rf"times as many|(more|fewer) \w+ than {NAME}", question):
        return _friends(question, asked)
    if "years" in question:
        return _ages(question)
    return (_journey if " km" in question else _goods)(question, asked)


def _friends(question: str, asked: str) -> int:
    said = {}
    for name, number, rest in re.findall(rf"({NAME}) has (\d+) ([^.]*)\.", question):
        said[name] = (int(number), rest)

    def has(name: str) -> int:
        number, rest = said[name]
        other = re.search(rf"(more|fewer|times) .*(?:than|as) ({NAME})$", rest)
        if other is None:
            return number
        value = has(other[2])
        return {"more": value + number, "fewer": value - number, "times": value * number}[other[1]]

    return sum(has(name) for name in said if re.search(rf"\b{name}\b", asked))


def _ages(question: str) -> int:
    age = _number(r"is (\d+)(?: years old\b|\.)", question)
    times = re.search(r"(\d+) times as old", question)
    if times is None:
        return age + _number(r"(\d+) years older", question)
    return age * int(times[1]) + _number(r"[iI]n (\d+) years", question)


def _journey(question: str, asked: str) -> int:
    speeds, hours = _all(r"(\d+) km (?:an|each) hour", question), _all(r"(\d+) hours", question)
    if "hours" in asked:
        return _exact(_number(r"(\d+) km(?! an| each)", question), speeds[0])
    driven = sum(map(prod, zip(speeds, hours, strict=True)))
    return _number(r"way .*?is (\d+) km", question) - driven if "left" in asked else driven


def _goods(question: str, asked: str) -> int:
    told = question.replace(asked, "")
    paid = _all(r"with (\d+) dollars", told)
    if paid or re.search(r"dollars .*pays?\b", asked):
        costs = _costs(told)
        return paid[0] - costs if paid else costs
    return _things(told, asked)


def _costs(told: str) -> int:
    """Of everything bought."""
    if lots := re.findall(r"(\d+) \w+ (?:for|that cost) (\d+) dollars each", told):
        return sum(int(count) * int(price) for count, price in lots)
    if price := re.search(r"Each costs (\d+) dollars", told):
        return _number(r"(?:needs|for) (\d+) \w+", told) * int(price[1])
    counts = _all(r"(?:needs|for|and) (\d+) [a-z]+(?= and|\.)", told)
    prices = re.search(r"cost (\d+) dollars each, the \w+ (\d+)", told)
    assert prices, told
    return sum(count * int(price) for count, price in zip(counts, prices.groups(), strict=True))


def _things(told: str, asked: str) -> int:
    """What there is, less what is given away or sold, shared or turned into money."""
    rate = re.search(r"(\d+)(?: \w+)? (?:a|each) day", told)
    if rate:
        return int(rate[1]) * _number(r"(\d+) days", told) * _number(r"for (\d+) dollars", told)
    if bags := re.search(r"bags of (\d+)", told):
        return _number(r"(?<!of )(\d+)", told) % int(bags[1])
    if boxes := re.search(r"(\d+) boxes", told):
        have = int(boxes[1]) * _number(r"boxes with (\d+)|(\d+) \w+ in each", told)
    else:
        has = re.search(rf"{NAME} has (\d+)(?! friends)", told)
        have = int(has[1]) if has else _number(r"(\d+) \w+ are for|share (\d+)|of (\d+)|are (\d+)", told)
    if gifts := re.search(
        r"(\d+) friends (?:get )?(\d+) each|(\d+) friends\. Each gets \d+|Each of (\d+) friends", told
    ):
        count, each = gifts[1] or gifts[3] or gifts[4], gifts[2] or _number(r"gets (\d+)\.", told)
        return have - int(count) * int(each) + _number(r"(\d+) more", told)
    gone = re.search(rf"gives (\d+)|sells (\d+)|{NAME} gets (\d+)|(\d+) are for {NAME}", told)
    have -= int(next(filter(None, gone.groups()))) if gone else 0
    if "dollars" in asked:
        money = have * _number(r"rest for (\d+)|rest \w+ sells for (\d+)", told)
        spent = re.search(r"pays (\d+) dollars for|boxes cost (\d+)", told)
        return money - int(spent[1] or spent[2]) if spent else money
    friends = re.search(r"(\d+) friends", told)
    return _exact(have, int(friends[1])) if friends else have


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
