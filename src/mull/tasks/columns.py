"""Written arithmetic in columns, the least significant digit first.

A number is a list of its digits from the right. Each line does one column and then states all that the next
one needs: `9+2=11: 71 | 3+3 carry 1` is the step, the digits found, the columns left and the carry. Numbers
are turned round in lines of their own, where each stands beside itself: no digit is looked for far away.
"""

Digits = list[int]


def digits(number: int) -> Digits:
    """The digits of a number >= 0, from the right."""
    return [int(d) for d in reversed(str(number))]


def spell(found: Digits) -> str:
    """Digits from the right."""
    return "".join(map(str, found)) or "end"


def turned(number: int) -> str:
    """The line that turns a number round, the two forms side by side: `274 from the right: 472`."""
    return f"{number} from the right: {spell(digits(number))}"


def back(found: Digits) -> str:
    """The line that turns a result back: `4720 from the left: 274`."""
    return f"{spell(found)} from the left: {int(spell(found[::-1]))}"


def add(a: Digits, b: Digits) -> tuple[list[str], Digits]:
    """Lines and digits of a + b."""
    lines, found, carry, last = [], Digits(), 0, max(len(a), len(b)) - 1
    for place in range(last + 1):
        x, y = (number[place] if place < len(number) else 0 for number in (a, b))
        step, total = f"{x}+{y}={x + y}", x + y
        if carry:
            step, total = f"{step}, {total}+1={total + 1}", total + 1
        carry, digit = divmod(total, 10)
        found.append(digit)
        if place < last:
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
