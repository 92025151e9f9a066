"""What conditions say for sure."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Column, ColumnElement, Integer, MetaData, Table, and_, column, not_, or_, true

from bff.sql.conjunctions import clauses, equal_columns, equated, equations

a, b, c, d = Table("rows", MetaData(), *(Column(name, Integer) for name in "abcd")).columns


def pairs(*equal: tuple[Any, Any]) -> set[frozenset[Any]]:
    return {frozenset(pair) for pair in equal}


def test_the_clauses_of_an_and_within_an_and() -> None:
    found = clauses(and_(a == b, and_(or_(a == c, b == d), c > 1)))
    assert [str(clause) for clause in found] == [
        "rows.a = rows.b",
        "(rows.a = rows.c OR rows.b = rows.d)",
        "rows.c > :c_1",
    ]
    equation = a == b
    assert clauses(equation) == [equation]


def test_equations_have_both_orders() -> None:
    x: ColumnElement[int] = column("x", Integer)
    assert list(equations(and_(a == b, c > 1, d == x))) == [(a, b), (b, a), (d, x), (x, d)]


@pytest.mark.parametrize(
    ("condition", "columns", "whole"),
    [
        (a == b, pairs((a, b)), pairs((a, b))),
        (and_(a == b, c == d), pairs((a, b), (c, d)), pairs((a, b), (c, d))),
        (and_(a == b, b == a), pairs((a, b)), pairs((a, b))),
        (and_(a == b, c > d), pairs((a, b)), None),
        (and_(a == b, or_(c == d, a == c)), pairs((a, b)), None),
        (or_(a == b, c == d), set(), None),
        (not_(a == b), set(), None),
        (a != b, set(), None),
        (true(), set(), None),
    ],
)
def test_what_is_equal(condition: ColumnElement[bool], columns: set[Any], whole: set[Any] | None) -> None:
    assert equal_columns(condition) == columns
    assert equated(condition) == whole


def test_a_constant_is_no_column() -> None:
    condition = and_(a == b, c == 1)
    assert equal_columns(condition) == pairs((a, b))
    assert equated(condition) not in (None, pairs((a, b)))
