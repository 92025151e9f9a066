"""Which indexes the relations of a schema miss, by the mapped tables alone: no database is asked.

A relation looks rows up by columns: those of the target's table that the relationship equates with the parent's, or
those of the secondary table, and then the target's by the secondary's. An index, unique constraint or primary key
serves if it begins with these columns, in any order, or if what is unique is among them. Columns that the relationship
equates with constants may stand among them. Partial indexes and expressions serve nothing here, for whether they do
is the planner's to say. Relationships that equate no columns, and targets that are no tables, are left out: no index
is surely theirs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLSchema
from sqlalchemy import Column, Table, UnaryExpression, UniqueConstraint
from sqlalchemy.orm import RelationshipProperty
from sqlalchemy.sql import visitors

from ..columns.convert import DIALECT
from ..entities.specs import Aggregate, Relation
from ..sql.conjunctions import equations
from .catalog import Catalog, spec_of

_Columns = tuple[Column[Any], ...]


@dataclass(frozen=True)
class MissingIndex:
    """The columns of `table` that `fields` ("Type.field") look rows up by, without an index that begins with them."""

    table: Table
    columns: _Columns
    fields: tuple[str, ...]

    def __str__(self) -> str:
        quote = DIALECT.identifier_preparer
        table = quote.format_table(self.table)
        columns = ", ".join(quote.format_column(column) for column in self.columns)
        return (
            f"{', '.join(self.fields)}: no index of {table} begins with {columns}, by which its rows are looked up: "
            f"create index on {table} ({columns})"
        )


@dataclass(frozen=True)
class _Lookup:
    """What one step of a join has of the rows it looks for: values of `columns`, and that `fixed` equal constants."""

    table: Table
    columns: _Columns
    fixed: frozenset[Column[Any]]

    @property
    def is_served(self) -> bool:
        """Whether some index of the table finds the rows."""
        return any(self._is_served_by(columns, is_unique) for columns, is_unique in _indexes(self.table))

    def _is_served_by(self, columns: _Columns, is_unique: bool) -> bool:
        known = self.fixed.union(self.columns)
        if is_unique and columns and known.issuperset(columns):
            return True
        needed = set(self.columns)
        for column in columns:
            if not needed or column not in known:
                break
            needed.discard(column)
        return not needed


def missing_indexes(schema: GraphQLSchema) -> list[MissingIndex]:
    """One for each set of columns that relations and aggregates of the schema look rows up by in vain."""
    fields: dict[tuple[Table, _Columns], list[str]] = {}
    for field, relationship in _relationships(schema):
        for lookup in _lookups(relationship):
            if not lookup.is_served:
                fields.setdefault((lookup.table, lookup.columns), []).append(field)
    return [MissingIndex(table, columns, tuple(names)) for (table, columns), names in fields.items()]


def _relationships(schema: GraphQLSchema) -> Iterator[tuple[str, RelationshipProperty[Any]]]:
    """The fields that follow a relationship, with it."""
    for entity in Catalog.of(schema):
        type_: Any = schema.type_map[entity.name]
        for name, field in type_.fields.items():
            spec = spec_of(field)
            relationship = entity.relationship(spec.attribute) if isinstance(spec, Relation | Aggregate) else None
            if relationship is not None:
                yield f"{entity.name}.{name}", relationship


def _lookups(relationship: RelationshipProperty[Any]) -> Iterator[_Lookup]:
    """The steps from a parent to the related rows: one, or two where a secondary table lies between."""
    yield from _lookup(relationship.primaryjoin, is_remote=True)
    if relationship.secondaryjoin is not None:
        # SQLAlchemy calls the secondary table's columns the remote ones in both conditions.
        yield from _lookup(relationship.secondaryjoin, is_remote=False)


def _lookup(condition: Any, *, is_remote: bool) -> Iterator[_Lookup]:
    """The lookup of rows whose columns are the remote ones of the condition, or those that are not."""
    columns: dict[Table, list[Column[Any]]] = {}
    fixed: set[Column[Any]] = set()
    for ours, theirs in equations(condition):
        if not isinstance(ours, Column) or _is_remote(ours) is not is_remote:
            continue
        column = ours._deannotate()
        if _is_constant(theirs):
            fixed.add(column)
        elif isinstance(theirs, Column) and _is_remote(theirs) is not is_remote and isinstance(column.table, Table):
            columns.setdefault(column.table, []).append(column)
    lookups = [_Lookup(table, tuple(dict.fromkeys(of)), frozenset(fixed)) for table, of in columns.items()]
    # Over the tables of an inheritance, one that finds the rows is enough.
    if not any(each.is_served for each in lookups):
        yield from lookups[:1]


def _is_remote(column: Column[Any]) -> bool:
    return "remote" in column._annotations


def _is_constant(expression: Any) -> bool:
    return not any(isinstance(element, Column) for element in visitors.iterate(expression))


def _indexes(table: Table) -> Iterator[tuple[_Columns, bool]]:
    """The leading columns of each index of a table, and whether their values are unique."""
    yield tuple(table.primary_key.columns), True
    for constraint in table.constraints:
        if isinstance(constraint, UniqueConstraint):
            yield tuple(constraint.columns), True
    for index in table.indexes:
        options = index.dialect_options["postgresql"]
        # Other methods find no rows by equality, or no exact ones.
        if options["where"] is None and options["using"] in (False, "btree", "hash"):
            columns = tuple(_leading_columns(index.expressions))
            yield columns, bool(index.unique) and len(columns) == len(index.expressions)


def _leading_columns(expressions: Iterable[Any]) -> Iterator[Column[Any]]:
    for expression in expressions:
        # `column DESC` finds as `column` does.
        while isinstance(expression, UnaryExpression) and expression.modifier is not None:
            expression = expression.element
        if not isinstance(expression, Column):
            return
        yield expression
