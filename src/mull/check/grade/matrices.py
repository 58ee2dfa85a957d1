"""Sums, multiples, products, powers and determinants of matrices, worked out entry by entry."""

from __future__ import annotations

from functools import reduce

from mull.check.grade.tree import Add, Call, Matrix, Mul, Node, Num, Pow, negative, walk

LARGEST = 6  # rows or columns


def matrix(node: Node) -> Node | None:
    """The matrix that an expression of matrices is; None where it is none or cannot be worked out."""
    if not any(isinstance(part, Matrix) for part in walk(node)):
        return None
    match node:
        case Matrix(rows):
            return node if max(len(rows), len(rows[0])) <= LARGEST else None
        case Add(terms):
            return reduce(_sum, (matrix(term) for term in terms))
        case Mul(factors):
            return _product_of(factors)
        case Pow(base, Num(exponent)) if exponent.denominator == 1 and 1 <= exponent <= 6:
            inner = matrix(base)
            return reduce(_product, [inner] * int(exponent))
        case Call("transpose", (inner,)):
            found_inner = matrix(inner)
            return (
                Matrix(tuple(zip(*found_inner.rows, strict=True)))
                if isinstance(found_inner, Matrix)
                else None
            )
        case Call("det", (Matrix(rows),)) if len(rows) == len(rows[0]) <= LARGEST:
            return determinant(rows)
    return None


def determinant(rows: tuple[tuple[Node, ...], ...]) -> Node:
    """By the first row."""
    if len(rows) == 1:
        return rows[0][0]
    terms: list[Node] = []
    for place, entry in enumerate(rows[0]):
        minor = determinant(tuple((*row[:place], *row[place + 1 :]) for row in rows[1:]))
        terms.append(negative(Mul((entry, minor))) if place % 2 else Mul((entry, minor)))
    return Add(tuple(terms))


def _product_of(factors: tuple[Node, ...]) -> Node | None:
    scalars: list[Node] = []
    product: Node | None = None
    for part in factors:
        found = matrix(part)
        if found is None:
            scalars.append(part)
        else:
            product = found if product is None else _product(product, found)
            if product is None:
                return None
    if not isinstance(product, Matrix):
        return None
    if not scalars:
        return product
    scale = Mul(tuple(scalars))
    return Matrix(tuple(tuple(Mul((scale, entry)) for entry in row) for row in product.rows))


def _sum(left: Node | None, right: Node | None) -> Node | None:
    if not (isinstance(left, Matrix) and isinstance(right, Matrix)):
        return None
    if (len(left.rows), len(left.rows[0])) != (len(right.rows), len(right.rows[0])):
        return None
    rows = zip(left.rows, right.rows, strict=True)
    return Matrix(tuple(tuple(map(_two, row, other)) for row, other in rows))


def _two(left: Node, right: Node) -> Node:
    return Add((left, right))


def _product(left: Node | None, right: Node | None) -> Node | None:
    if not (isinstance(left, Matrix) and isinstance(right, Matrix)) or len(left.rows[0]) != len(right.rows):
        return None
    columns = tuple(zip(*right.rows, strict=True))
    return Matrix(
        tuple(
            tuple(Add(tuple(Mul(pair) for pair in zip(row, column, strict=True))) for column in columns)
            for row in left.rows
        )
    )
