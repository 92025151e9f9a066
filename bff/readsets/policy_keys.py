"""What policies say that columns equal: columns of a row itself, or of a row that foreign keys lead to from it.

A policy `task.owner_id == viewer.id` names the rows of a viewer by a column of theirs. One that is `through("matter")`, where
`matter.organization_id == viewer.organization_id`, names them as well, by a column that changes of tasks do not tell: by a
`Lineage`, which stands for the matter's organization among the values of a task. Pure.

A foreign key is taken at its word: a row below has its row above. Nobody tells of rows to which that does not apply, which only
`session_replication_role = replica` lets in; nor of a row above that one statement replaces by another under its key.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Table, inspect
from sqlalchemy.orm import RelationshipProperty
from sqlalchemy.sql import operators
from sqlalchemy.sql.elements import CollectionAggregate

from ..columns.text_equality import AsText, as_text_of
from ..entities.entity import Entity
from ..entities.policy import Policies, Public, Through, ViewerParameter, ViewerParameters, viewer_value
from ..sql.conjunctions import equated, equations
from ..sql.references import leaves, table_of


@dataclass(frozen=True)
class Lineage:
    """A column of the row that foreign keys lead to, one after the other, from rows of a table."""

    foreign_keys: tuple[ForeignKeyConstraint, ...]
    column: Column[Any]

    @property
    def table(self) -> Table:
        """The table whose rows it is told of."""
        return self.foreign_keys[0].table

    @cached_property
    def name(self) -> str:
        """What it is called among the values of a row: `matter_id->matters(id).organization_id`."""
        steps = [
            f"{_names(each.parent for each in key.elements)}->{key.referred_table.fullname}"
            f"({_names(each.column for each in key.elements)})."
            for key in self.foreign_keys
        ]
        return f"{''.join(steps)}{self.column.name}"


@dataclass(frozen=True)
class PolicyKey:
    """A column equals an attribute of the viewer, or one of those in it."""

    column: Column[Any]
    attribute: str
    is_one_of: bool
    as_text: AsText
    lineage: Lineage | None = None
    """What leads from the row to the one that has the column; None: it is the row's own."""

    @property
    def table(self) -> Table:
        """The table whose rows it is said of."""
        return self.column.table if self.lineage is None else self.lineage.table

    @property
    def name(self) -> str:
        """What the column is called among the values of a row."""
        return self.column.name if self.lineage is None else self.lineage.name

    def values(self, viewer: object | None) -> list[str | None]:
        """The texts that it may be; None among them where one cannot be told."""
        value: Any = viewer_value(viewer, self.attribute)
        if value is None:
            return []
        return [self.as_text(each) for each in (value if self.is_one_of else [value]) if each is not None]


def policy_keys(policies: Policies, model: type) -> Iterator[PolicyKey]:
    """What the policy of a model says that columns equal, whatever else it says: those that changes of its rows may tell."""
    for key in _policy_keys(policies, model):
        if key.lineage is not None or is_key(key.column):
            yield key


def lineages(policies: Policies) -> frozenset[Lineage]:
    """What the policies of all models name rows by that stands in rows above them."""
    return frozenset(
        key.lineage for model in policies.models for key in policy_keys(policies, model) if key.lineage is not None
    )


def _policy_keys(policies: Policies, model: type) -> Iterator[PolicyKey]:
    policy = policies.policy(model)
    if isinstance(policy, Public):
        return
    if isinstance(policy, Through):
        relationship: RelationshipProperty[Any] = inspect(model).relationships[policy.relationship]
        foreign_key = foreign_key_of(relationship)
        if foreign_key is not None:
            for above in _policy_keys(policies, relationship.mapper.class_):
                onward = () if above.lineage is None else above.lineage.foreign_keys
                yield replace(above, lineage=Lineage((foreign_key, *onward), above.column))
        return
    alias = Entity(model, model, model.__name__, None).alias()
    own = set(leaves(inspect(alias).selectable))
    for column, value in equations(policies.condition(model, alias, ViewerParameters())):
        is_one_of = isinstance(value, CollectionAggregate) and value.operator is operators.any_op
        parameter = getattr(value.element, "element", value.element) if is_one_of else value
        if not isinstance(parameter, ViewerParameter) or getattr(column, "table", None) not in own:
            continue
        table, as_text = table_of(column.table), as_text_of(column.type)
        found = None if table is None else table.columns.get(str(column.key))
        if found is not None and as_text is not None:
            yield PolicyKey(found, parameter.viewer_attribute, is_one_of, as_text)


def _names(columns: Iterable[Any]) -> str:
    return ",".join(column.name for column in columns)


def foreign_key_of(relationship: RelationshipProperty[Any]) -> ForeignKeyConstraint | None:
    """The foreign key that a to-one relationship is, to a row of a single table; None where it is another thing."""
    table = relationship.mapper.local_table
    if relationship.secondary is not None or list(relationship.mapper.tables) != [table]:
        return None
    found = foreign_key_in(relationship.primaryjoin, table)
    pairs = [] if found is None else [(element.parent, element.column) for element in found.elements]
    # Within one table, the other way round is no foreign key.
    return found if set(pairs) == set(relationship.local_remote_pairs or ()) else None


def foreign_key_in(condition: Any, target: Any) -> ForeignKeyConstraint | None:
    """The foreign key to a table that a join's condition is that of, as the models declare it."""
    pairs = equated(condition)
    if not pairs:
        return None
    tables = {column.table for pair in pairs for column in pair if isinstance(getattr(column, "table", None), Table)}
    return next(
        (
            constraint
            for table in sorted(tables, key=lambda table: table.fullname)
            for constraint in sorted(table.foreign_key_constraints, key=lambda each: each.column_keys)
            if {frozenset((element.parent, element.column)) for element in constraint.elements} == pairs
            and constraint.referred_table is target
        ),
        None,
    )


def is_key(column: Any) -> bool:
    """Whether changes tell of a row what it has in a column."""
    return isinstance(column, Column) and bool(column.primary_key or column.foreign_keys)
