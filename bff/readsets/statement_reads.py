"""What statements read by way of an alias: columns of its own tables, whole other tables, and rows that policies name.

They are derived from what the statement mentions (`bff.sql.references`): columns shown, ordered by, filtered on, joined over and
policed on count alike, and so do subqueries in any of them. `bff.readsets.derive` makes footprints of them. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ForeignKeyConstraint, Table, inspect, literal_column, select
from sqlalchemy.orm import Mapper, RelationshipProperty

from ..entities.entity import Entity
from ..entities.policy import Policies, Public, Through, ViewerParameters
from ..sql.references import ColumnNames, References, leaves, references_of, table_of, union
from .footprint import Named
from .policy_keys import PolicyKey, foreign_key_of, policy_keys
from .readset import ALL, ANYTHING, Fact, Interest, joined, whole


@dataclass
class Reads:
    """What is read by way of an alias: columns of its own tables, and what else."""

    own: dict[Table, ColumnNames] = field(default_factory=dict)
    others: dict[Fact, Interest] = field(default_factory=dict)
    named: tuple[Named, ...] = ()
    """Of the others, those that policy keys with the viewer's attributes name."""

    def note(self, found: References, alias: Any) -> None:
        """What a statement over the alias mentions."""
        own = set(leaves(inspect(alias).selectable))
        for each, columns in found.of.items():
            if each in own and (table := table_of(each)) is not None:
                self.own[table] = union(self.own.get(table, frozenset()), columns)
        for table, columns in found.of_tables(but_for=own).items():
            self.other(whole(table.fullname), Interest(columns, True))
        if found.is_opaque:
            self.other(ANYTHING, ALL)

    def other(self, fact: Fact, interest: Interest) -> None:
        """Something beside the rows of the alias."""
        known = self.others.get(fact)
        self.others[fact] = interest if known is None else known | interest

    def __or__(self, more: Reads) -> Reads:
        own = {
            table: union(self.own.get(table, frozenset()), more.own.get(table, frozenset()))
            for table in {**self.own, **more.own}
        }
        return Reads(own, joined([*self.others.items(), *more.others.items()]), (*self.named, *more.named))


def reads_of(alias: Any, expressions: Iterable[Any] = (), conditions: Iterable[Any] = ()) -> Reads:
    """What expressions and conditions over an alias read."""
    selected = [each.label(f"c{i}") for i, each in enumerate(expressions)] or [literal_column("1")]
    found = Reads(dict.fromkeys(_tables(alias), frozenset()))
    found.note(references_of(select(*selected).select_from(alias).where(*conditions)), alias)
    return found


def _tables(alias: Any) -> list[Table]:
    """The tables that rows of an alias stand in."""
    return [table for each in leaves(inspect(alias).selectable) if (table := table_of(each)) is not None]


def policy_reads(policies: Policies, model: type) -> Reads:
    """What decides whether a row of a model is visible."""
    policy = policies.policy(model)
    entity = Entity(model, model, model.__name__, None)
    if isinstance(policy, Public):
        return Reads()
    if isinstance(policy, Through):
        relationship: RelationshipProperty[Any] = entity.mapper.relationships[policy.relationship]
        target = relationship.mapper.class_
        if isinstance(policies.policy(target), Public):
            return Reads()
        foreign_key = foreign_key_of(relationship)
        if foreign_key is not None:
            return _reads_above(policies, foreign_key, relationship.mapper)
    alias = entity.alias()
    return reads_of(alias, conditions=[policies.condition(model, alias, ViewerParameters())])


def _reads_above(policies: Policies, foreign_key: ForeignKeyConstraint, target: Mapper[Any]) -> Reads:
    """What decides it by way of a foreign key: a row without which this one would not be there.

    Unless the key is checked at COMMIT alone: until then one may go, and another come in its place.
    """
    above = policy_reads(policies, target.class_)
    found = Reads({foreign_key.table: frozenset(each.parent.name for each in foreign_key.elements)})
    found.others, found.named = dict(above.others), above.named
    table = foreign_key.referred_table
    columns = union(above.own.get(table, frozenset()), frozenset(each.column.name for each in foreign_key.elements))
    if isinstance(target.polymorphic_on, Column):
        columns = union(columns, frozenset((target.polymorphic_on.name,)))
    found.named += visible_rows(policies, target.class_, {table: columns}, moves=bool(foreign_key.deferrable))
    return found


def visible_rows(
    policies: Policies, model: type, own: Mapping[Table, ColumnNames], *, moves: bool
) -> tuple[Named, ...]:
    """The rows of a model's tables that the viewer may see, or may come to see."""
    # By a lineage they would depend on the rows above them, too: that is more than updates of a few columns.
    said = [key for key in policy_keys(policies, model) if key.lineage is None]
    return tuple(
        Named(table.fullname, keys_of(table, said), {}, Interest(columns, moves)) for table, columns in own.items()
    )


def keys_of(table: Table, said: Iterable[PolicyKey]) -> tuple[PolicyKey, ...]:
    """Those of policy keys that are said of the rows of one table."""
    return tuple(key for key in said if key.table is table)


def rows_above(policies: Policies, model: type) -> Iterator[Named]:
    """That rows above a model's, which lineages lead over, come and go: one may take the key of another, and what is below it."""
    policy = policies.policy(model)
    if isinstance(policy, Through):
        relationship: RelationshipProperty[Any] = inspect(model).relationships[policy.relationship]
        foreign_key, target = foreign_key_of(relationship), relationship.mapper.class_
        if foreign_key is not None:
            table = foreign_key.referred_table
            yield Named(table.fullname, keys_of(table, policy_keys(policies, target)), {}, Interest(frozenset(), True))
            yield from rows_above(policies, target)
