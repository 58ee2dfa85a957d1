"""Expressions of whole numbers with + - * / and parentheses: written, and computed step by step."""

Tree = int | tuple["Tree", str, "Tree"]


def write(tree: Tree, around: str = "", right: bool = False) -> str:
    """The expression with the parentheses it needs."""
    if isinstance(tree, int):
        return str(tree)
    a, sign, b = tree
    text = f"{write(a, sign)}{sign}{write(b, sign, right=True)}"
    loose, tight = sign in "+-", around in ("*", "/")
    return f"({text})" if (loose and tight) or (right and (loose or tight)) else text


def nested(tree: Tree, inner: bool = False) -> str:
    """The expression with parentheses around every part: what is put in for a number is copied as it is."""
    if isinstance(tree, int):
        return str(tree)
    a, sign, b = tree
    text = f"{nested(a, True)}{sign}{nested(b, True)}"
    return f"({text})" if inner else text


def steps(tree: Tree) -> list[str]:
    """The claims that compute the expression, inner ones first; none unless all values are whole and > 0."""
    lines: list[str] = []

    def value(tree: Tree) -> int:
        if isinstance(tree, int):
            return tree
        a, sign, b = value(tree[0]), tree[1], value(tree[2])
        if sign == "/" and a % b:
            raise ValueError("not whole")
        result = {"+": a + b, "-": a - b, "*": a * b, "/": a // b}[sign]
        if result < 1:
            raise ValueError("not above zero")
        lines.append(f"{a}{sign}{b}={result}")
        return result

    try:
        value(tree)
    except ValueError:
        return []
    return lines
