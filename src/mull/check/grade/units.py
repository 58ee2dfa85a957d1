"""Units of measure: names, and what they are in terms of each other.

A value with a unit and the same value without one are equal answers; units of one dimension are converted;
other units differ, as do currencies. Things counted ("5 apples") are no measures: unknown words name nothing.
"""

from __future__ import annotations

import re
from fractions import Fraction

_TABLE = """
length: m 1 meter metre, km 1000 kilometer kilometre, cm 1/100 centimeter centimetre, mm 1/1000 millimeter
  millimetre, in 127/5000 inch inches, ft 381/1250 foot feet, yd 1143/1250 yard, mi 201168/125 mile
mass: g 1 gram, kg 1000 kgs kilogram kilo, mg 1/1000 milligram, t 1000000 tonne,
  lb 45359237/100000 lbs pound, oz 45359237/1600000 ounce
time: s 1 sec secs second, min 60 mins minute, h 3600 hr hrs hour, day 86400 days, week 604800
volume: L 1 l liter litre, mL 1/1000 ml milliliter millilitre
angle: deg 1 degree °
share: % 1 percent pct percentage
money: dollar 1 $ dollars USD bucks, cent 1/100 cents ¢
euro: euro 1 € euros EUR
sterling: sterling 1 £
yen: yen 1 ¥
yuan: yuan 1 RMB
speed: mph 1
energy: J 1 joule, kJ 1000 kilojoule
power: W 1 watt, kW 1000 kilowatt
force: N 1 newton
frequency: Hz 1 hertz
charge: C 1 coulomb
potential: V 1 volt
temperature: K 1 kelvin
"""


def _read() -> tuple[dict[str, str], dict[str, tuple[str, Fraction]]]:
    names: dict[str, str] = {}
    meaning: dict[str, tuple[str, Fraction]] = {}
    for line in re.sub(r"\n\s+", " ", _TABLE.strip()).splitlines():
        dimension, _, entries = line.partition(":")
        for entry in entries.split(","):
            symbol, factor, *others = entry.split()
            meaning[symbol] = dimension, Fraction(factor)
            for name in (symbol, *others):
                names[name] = symbol
                if len(name) > 3:
                    names[f"{name}s"] = symbol
    return names, meaning


UNITS, _MEANING = _read()  # every name to its symbol; symbol to dimension and factor
_POWERS = {"square": 2, "sq": 2, "squared": 2, "cubic": 3, "cu": 3, "cubed": 3}
_PART = re.compile(r"([A-Za-z]+|[%$€£¥¢°])\s*(?:\^\s*\{?\s*(-?\d)\s*\}?)?|(/)|(\S)")


def unit(text: str) -> str | None:
    """The unit that `text` names, as "cm^2", "km/h"; "" for words that name no measure; None for no words."""
    parts: list[tuple[str, int]] = []
    power, sign = 1, 1
    found_word = False
    for match in _PART.finditer(
        text.replace("\\", " ").replace("{", " ").replace("}", " ").replace("text", "")
    ):
        name, exponent, slash, other = match.groups()
        if slash or name in ("per", "a"):
            sign = -1
            continue
        if other:
            if other in ".,-*()'":
                continue
            return None
        found_word = True
        lower = name.lower()
        if lower in _POWERS:
            if lower.endswith("ed") and parts:
                parts[-1] = parts[-1][0], parts[-1][1] * _POWERS[lower]
            else:
                power = _POWERS[lower]
            continue
        symbol = UNITS.get(name) or UNITS.get(lower)
        if symbol is None:
            if sign < 0:
                break
            continue
        parts.append((symbol, sign * power * int(exponent or 1)))
        power = 1
    if not found_word:
        return None
    return " ".join(symbol if exponent == 1 else f"{symbol}^{exponent}" for symbol, exponent in parts)


def factor(one: str, other: str) -> Fraction | None:
    """How many `other` one `one` is; None where they measure different things."""
    left, right = _dimensions(one), _dimensions(other)
    return left[1] / right[1] if left[0] == right[0] else None


def _dimensions(name: str) -> tuple[dict[str, int], Fraction]:
    dimensions: dict[str, int] = {}
    size = Fraction(1)
    for part in name.replace("mph", "mi h^-1").split():
        symbol, _, exponent = part.partition("^")
        dimension, one = _MEANING[symbol]
        dimensions[dimension] = dimensions.get(dimension, 0) + int(exponent or 1)
        size *= one ** int(exponent or 1)
    if dimensions.get("volume"):  # a litre is a cubic decimetre
        count = dimensions.pop("volume")
        dimensions["length"] = dimensions.get("length", 0) + 3 * count
        size *= Fraction(1, 1000) ** count
    return {name: count for name, count in dimensions.items() if count}, size
