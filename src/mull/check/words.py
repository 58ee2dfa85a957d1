"""Words around an equation that change what it says. Where in doubt, nothing is called false."""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


# An expression after one of these is only a part of what is equated: "the last digit of 7^4 = 1".
PART = _words(
    "of in when for at on with by from to per than between over under into onto as among through until "
    "within "
    "base log ln lg exp sin cos tan cot sec sqrt root square cube gcd lcm hcf max min abs floor ceil ceiling "
    "round digit digits remainder average mean median mode range sum product difference quotient half twice "
    "double triple choose version versions python step steps question problem exercise figure table chapter "
    "section page item line row column room grade year number numbers no"
)
# Before "12*13 is 156" or "8 > 7", where an expression may be the end of a longer phrase.
SAFE = _words(
    "so and thus then hence therefore that since because but also now indeed check checking ok okay yes know "
    "as which means here clearly note see get gives have still"
)
# In the same sentence: said by somebody, supposed, asked, or meant in another arithmetic.
SUPPOSED = _words(
    "if suppose supposing assume assuming whether unless imagine pretend wrong wrongly incorrect incorrectly "
    "mistake mistakenly false falsely error typo wrote claim claims claimed claiming says said told thinks "
    "believes believed thought would could should must need needs want wants require requires let instead "
    "never cannot can't don't "
    "base binary octal hexadecimal hex modulo mod clock field ring modular assert python version"
)
ASKING = _words("is are was were does do did can could would should will what which how why")
CLEARED = _words("then so thus therefore hence because since")
# After an equation: it is being talked about.
TALKED_ABOUT = _words(
    "is isn't was wasn't would wouldn't cannot can can't does doesn't wrong false incorrect impossible "
    "untrue which in base mod modulo if when unless instead"
)
APPROXIMATELY = _words("about approximately approx roughly around nearly almost circa ca")
REMAINDER = frozenset({"remainder", "rem", "r"})
EQUAL = frozenset({"is", "equals", "equal"})
FILLING = frozenset({"equal", "to", "exactly", "just", "simply", "than", "also", "only", "indeed"})
LESS = frozenset({"less", "smaller", "fewer", "below"})
MORE = frozenset({"greater", "more", "larger", "bigger", "above"})
# Between what was computed and a unit it is given in: "60+60 = 2 hours".
RATIOS = frozenset(
    [10**n for n in range(1, 13)] + [2, 4, 7, 12, 16, 24, 30, 36, 52, 60, 360, 365, 1440, 3600, 86400, 1024]
)
