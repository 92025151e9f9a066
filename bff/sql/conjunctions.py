"""What the condition of a join or a policy says for sure: the clauses that its AND joins, and what they equate. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import BinaryExpression, BooleanClauseList, Column
from sqlalchemy.sql import operators


def clauses(condition: Any) -> list[Any]:
    """The conditions that an AND joins; one that is no AND is its only clause."""
    if isinstance(condition, BooleanClauseList) and condition.operator is operators.and_:
        return [each for clause in condition.clauses for each in clauses(clause)]
    return [condition]


def equations(condition: Any) -> Iterator[tuple[Any, Any]]:
    """Each clause `a = b`, as (a, b) and as (b, a)."""
    for clause in filter(_is_equation, clauses(condition)):
        yield clause.left, clause.right
        yield clause.right, clause.left


def equal_columns(condition: Any) -> set[frozenset[Any]]:
    """The pairs of columns that a condition says are equal, whatever else it says."""
    return {frozenset(sides) for sides in equations(condition) if all(isinstance(side, Column) for side in sides)}


def equated(condition: Any) -> set[frozenset[Any]] | None:
    """The pairs that a condition says are equal; None when it says more."""
    parts = clauses(condition)
    return {frozenset((part.left, part.right)) for part in parts} if all(map(_is_equation, parts)) else None


def _is_equation(clause: Any) -> bool:
    return isinstance(clause, BinaryExpression) and clause.operator is operators.eq
