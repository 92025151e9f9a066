"""Orders of an entity's rows: by columns that are declared, by those of a relationship's own `order_by`, always total."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import UnaryExpression
from sqlalchemy.exc import ArgumentError
from sqlalchemy.orm import RelationshipProperty
from sqlalchemy.orm.exc import UnmappedColumnError
from sqlalchemy.sql import operators

from ..errors import DeclarationError
from .entity import Entity


@dataclass(frozen=True)
class Ordering:
    """One column of an ORDER BY. PostgreSQL's rule for NULL is kept: it is larger than every value."""

    attribute: str
    descending: bool = False

    @classmethod
    def parse(cls, text: str) -> Ordering:
        """From "due_at" or "-due_at"."""
        return cls(text.removeprefix("-"), text.startswith("-"))


def order_by(entity: Entity, names: tuple[str, ...]) -> tuple[Ordering, ...]:
    """The order by the attributes named ("-" before a descending one), closed by the primary key."""
    return total_order(entity, tuple(Ordering.parse(name) for name in names))


def total_order(entity: Entity, orderings: tuple[Ordering, ...]) -> tuple[Ordering, ...]:
    """The same order made total: what is missing of the primary key follows, ascending."""
    named = {each.attribute for each in orderings}
    return orderings + tuple(Ordering(name) for name in entity.key if name not in named)


def default_order(entity: Entity, relationship: RelationshipProperty[Any], where: str) -> tuple[Ordering, ...]:
    """A relationship's own `order_by`, of rows of the entity. Raises DeclarationError where that is no order of a page."""
    orderings = []
    for clause in relationship.order_by or ():
        column, modifiers = _parts(clause)
        try:
            attribute = entity.mapper.get_property_by_column(column).key
        except (ArgumentError, AttributeError, UnmappedColumnError):
            raise DeclarationError(
                f"{where}: order_by of the relationship is not made of columns of {entity.model.__name__} "
                f"({clause}); declare bff.relation({relationship.key!r}, order=[...]), and reach a column of "
                f"a secondary table by mapping the table"
            ) from None
        descending = operators.desc_op in modifiers
        against = operators.nulls_last_op if descending else operators.nulls_first_op
        if against in modifiers and entity.is_nullable(attribute):
            raise DeclarationError(
                f"{where}: order_by of the relationship ({clause}) puts NULL where PostgreSQL does not, and pages follow "
                f"PostgreSQL, to which NULL is larger than every value; declare bff.relation({relationship.key!r}, "
                f"order=[...]) with a hybrid property before it that tells whether {attribute} is NULL"
            )
        orderings.append(Ordering(attribute, descending))
    return total_order(entity, tuple(orderings))


def _parts(clause: Any) -> tuple[Any, set[Any]]:
    """The column of an ORDER BY, and what is said of its direction and of NULL."""
    modifiers: set[Any] = set()
    while isinstance(clause, UnaryExpression) and clause.modifier is not None:
        modifiers.add(clause.modifier)
        clause = clause.element
    return clause, modifiers
