"""`Join`: how the rows of a relationship hang on the keys of their parents.

The condition comes from the relationship itself, so that secondary tables, composite keys and custom joins need no
cases of their own.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import (
    Column,
    ColumnClause,
    ColumnElement,
    PrimaryKeyConstraint,
    UniqueConstraint,
    select,
)
from sqlalchemy.orm import RelationshipProperty
from sqlalchemy.sql import visitors

from ..entities.entity import Entity
from .conjunctions import equal_columns, equated


class Join:
    """How the rows of a relationship hang on their parents: the parent's key attributes and the condition.

    `key` are the parent's attributes in the condition, `strict` those of them, by position, that lead nowhere when
    they are NULL. `child` is the alias of the target in the condition.
    """

    def __init__(self, owner: Entity, relationship: RelationshipProperty[Any], target: Entity) -> None:
        self.owner, self.relationship, self.target = owner, relationship, target
        self.child: Any = target.alias()
        attribute = getattr(owner.model, relationship.key)
        self._template: ColumnElement[bool] = attribute.of_type(self.child).__clause_element__()
        self._positions: dict[Any, int] = {}
        self.key: tuple[str, ...] = ()
        for element in visitors.iterate(self._template):
            if isinstance(element, Column) and element.table in owner.mapper.tables and element not in self._positions:
                self._positions[element] = len(self.key)
                self.key += (owner.mapper.get_property_by_column(element).key,)
        equal = frozenset().union(*equal_columns(relationship.primaryjoin))
        self.strict = tuple(position for column, position in self._positions.items() if column in equal)
        if len(self.strict) < len(self.key):
            # A key of NULL alone would be no key: the parent's own stands beside it.
            self.key += tuple(name for name in owner.key if name not in self.key)

    def again(self) -> Join:
        """The same over another alias of the target: where a statement follows the relationship twice."""
        return Join(self.owner, self.relationship, self.target)

    def on(self, values: Sequence[Any]) -> ColumnElement[bool]:
        """The join condition, with these expressions in the place of the parent's attributes in `key`."""

        def replace(element: Any, **_: Any) -> Any:
            position = self._positions.get(element) if isinstance(element, Column) else None
            return None if position is None else values[position]

        condition: ColumnElement[bool] = visitors.replacement_traverse(self._template, {}, replace)
        if self.relationship.secondary is None or self._has_unique_pairs(self.relationship.secondary):
            return condition
        # What a secondary table holds twice is one related row. The condition names it by an alias.
        pairs: Any
        [pairs] = {
            element.table
            for element in visitors.iterate(condition)
            if isinstance(element, ColumnClause) and _is_alias_of(element.table, self.relationship.secondary)
        }
        return select(1).select_from(pairs).where(condition).correlate_except(pairs).exists()

    def _has_unique_pairs(self, secondary: Any) -> bool:
        pairs = {remote for _, remote in self.relationship.local_remote_pairs or ()}
        unique = [constraint.columns for constraint in getattr(secondary, "constraints", ()) if _is_unique(constraint)]
        unique += [index.columns for index in getattr(secondary, "indexes", ()) if index.unique]
        return any(columns and pairs.issuperset(columns) for columns in unique)

    @property
    def leads_to_key(self) -> bool:
        """Whether a parent's key values are just the primary key of the one row it leads to."""
        relationship, pairs = self.relationship, self.relationship.local_remote_pairs or []
        if relationship.uselist or relationship.secondary is not None:
            return False
        remote = {self.target.mapper.get_property_by_column(right).key for _, right in pairs}
        return (
            equated(relationship.primaryjoin) == {frozenset(pair) for pair in pairs}
            and len(pairs) == len(self.target.key)
            and remote == set(self.target.key)
        )

    def target_key(self) -> tuple[str, ...]:
        """The parent's attributes in the order of the target's primary key; only when `leads_to_key`."""
        by_remote = {
            self.target.mapper.get_property_by_column(right).key: self.owner.mapper.get_property_by_column(left).key
            for left, right in self.relationship.local_remote_pairs or []
        }
        return tuple(by_remote[name] for name in self.target.key)


def _is_alias_of(table: Any, secondary: Any) -> bool:
    return getattr(table, "element", None) is secondary


def _is_unique(constraint: Any) -> bool:
    return isinstance(constraint, (PrimaryKeyConstraint, UniqueConstraint))
