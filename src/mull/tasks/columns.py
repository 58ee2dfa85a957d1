"""Written arithmetic in columns, the least significant digit first.

A number is a list of its digits from the right. Each line does one column and then states all that the next
one needs: `9+2=11: 71 | 3+3 carry 1` is the step, the digits found, the columns left and the carry.
"""

Digits = list[int]


def digits(number: int) -> Digits:
    """The digits of a number >= 0, from the right."""
    return [int(d) for d in reversed(str(number))]


def spell(found: Digits) -> str:
    """Digits from the right."""
    return "".join(map(str, found)) or "end"


def add(a: Digits, b: Digits) -> tuple[list[str], Digits]:
    """Lines and digits of a + b; a is not shorter than b."""
    lines, found, carry = [], Digits(), 0
    for place, x in enumerate(a):
        y = b[place] if place < len(b) else 0
        step, total = f"{x}+{y}={x + y}", x + y
        if carry:
            step, total = f"{step}, {total}+1={total + 1}", total + 1
        carry, last = divmod(total, 10)
        found.append(last)
        if place + 1 < len(a):
            left = f"{spell(a[place + 1 :])}+{spell(b[place + 1 :])}"
            lines.append(f"{step}: {spell(found)} | {left} carry {carry}")
        else:
            found += [carry] * (carry > 0)
            lines.append(f"{step}: {spell(found)}")
    return lines, found


def subtract(a: Digits, b: Digits) -> tuple[list[str], Digits]:
    """Lines and digits of a - b; a is not smaller than b. Zeros may be left in front."""
    lines, found, carry = [], Digits(), 0
    for place, x in enumerate(a):
        y = b[place] if place < len(b) else 0
        step = f"{y}+1={y + 1}, " if carry else ""
        y += carry
        carry = int(x < y)
        x += 10 * carry
        found.append(x - y)
        line = f"{step}{x}-{y}={x - y}: {spell(found)}"
        if place + 1 < len(a):
            line += f" | {spell(a[place + 1 :])}-{spell(b[place + 1 :])} carry {carry}"
        lines.append(line)
    return lines, found


def times(a: Digits, d: int) -> tuple[list[str], Digits]:
    """Lines and digits of a * d for a digit d >= 1."""
    lines, found, carry = [], Digits(), 0
    for place, x in enumerate(a):
        step, total = f"{x}*{d}={x * d}", x * d
        if carry:
            step, total = f"{step}, {total}+{carry}={total + carry}", total + carry
        carry, last = divmod(total, 10)
        found.append(last)
        if place + 1 < len(a):
            lines.append(f"{step}: {spell(found)} | {spell(a[place + 1 :])} carry {carry}")
        else:
            found += [carry] * (carry > 0)
            lines.append(f"{step}: {spell(found)}")
    return lines, found
