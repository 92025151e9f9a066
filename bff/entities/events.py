"""Events: what a field of Subscription tells of each change of a row, and of who is there.

    comment_added: Comment = bff.event(on=["insert"], match={"task.matter_id": "matter_id"})
    task_changed: bff.Changed[Task] = bff.event(match={"matter_id": "matter_id"})
    presence_changed: list[User] = bff.presence(of=models.Matter, argument="matter_id", key=lambda viewer: viewer.user_id)

`Happened` and `Present` are the root values that such fields are executed with. They hold keys; the objects are read
under the viewer's policy, as everywhere.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Any, Generic, TypeVar

import strawberry
from sqlalchemy import Column, FromClause, Table
from strawberry.types.base import get_object_definition

from ..errors import NotVisible
from .entity import Entity, entity_of, unwrap
from .policy import Policies
from .specs import Event

Node_ = TypeVar("Node_")


@strawberry.enum(description="What became of an object.")
class ChangeKind(Enum):
    INSERTED = "insert"
    UPDATED = "update"
    DELETED = "delete"


@strawberry.type(description="A change of one object.")
class Changed(Generic[Node_]):
    kind: ChangeKind
    id: strawberry.ID = strawberry.field(description="The object's key; one of several values as in its `nodeId`.")
    node: Node_ | None = strawberry.field(
        description="The object as it is now; null when it is not there any more, or not for the viewer."
    )


def changed_node(type_: Any) -> Any:
    """The node type of a resolved `Changed[...]` type, or None for other types."""
    definition = get_object_definition(unwrap(type_))
    if definition is None or definition.concrete_of is None or definition.concrete_of.origin is not Changed:
        return None
    return unwrap(next(iter(definition.type_var_map.values())))


@dataclass(frozen=True)
class Happened:
    """A change of one row, as the root value of an event field.

    `key` is the row's as a load of rows has it, None where it was deleted; `former` are the columns in
    `former_columns` as they were, in PostgreSQL's text, None where it is new. Where the row `has_left` the place at which it
    is told, that is for who saw it before. `row` is what the engine read by the key.
    """

    kind: ChangeKind
    id: str
    key: Any
    former: Any = None
    row: Any = None
    has_left: bool = False

    @property
    def is_of_former(self) -> bool:
        """Whether it is told to who saw the row as it was, though there is one to be seen."""
        return self.has_left and self.former is not None


@dataclass(frozen=True)
class Present:
    """Who is at a place, as the root value of a presence field: keys as loads of rows have them."""

    place: Any
    keys: tuple[Any, ...]


def event_entity(type_: Any) -> Entity | None:
    """The entity that an event field of this resolved type is about."""
    return entity_of(changed_node(type_) or unwrap(type_))


def event_kinds(spec: Event, type_: Any) -> tuple[str, ...]:
    """The kinds of change that an event field of this resolved type tells of."""
    return spec.kinds(has_deletes=changed_node(type_) is not None)


def tables_of(entity: Entity) -> tuple[Table, ...]:
    """The tables whose changes are changes of rows of the type, first the one in which a row begins and ends.

    A row of joined inheritance stands in several: an update of any of them is one of the row.
    """
    mappers = [entity.mapper, *(entity.mapper.self_and_descendants if entity.interface else ())]
    tables = [entity.mapper.local_table, *(table for mapper in mappers for table in mapper.tables)]
    return tuple(dict.fromkeys(table for table in tables if isinstance(table, Table)))


def column_names(entity: Entity, names: tuple[str, ...], table: FromClause) -> tuple[str, ...] | None:
    """What the columns of attributes are called in a table; None unless all of them are there."""
    mappers = [entity.mapper, *(entity.mapper.self_and_descendants if entity.interface else ())]
    found = []
    for name in names:
        columns = [
            column.name
            for mapper in mappers
            if (prop := mapper.column_attrs.get(name)) is not None
            for column in prop.columns
            if isinstance(column, Column) and column.table is table
        ]
        if not columns:
            return None
        found.append(columns[0])
    return tuple(found)


def carried(entity: Entity, table: Table) -> frozenset[str]:
    """The attributes whose columns come with every change of a table: those of keys, and those that relationships hang on.

    Fewer, maybe, than the triggers write: never more.
    """
    mapper = entity.mapper
    columns = {column for each in mapper.relationships for column in each.local_columns}
    columns |= {column for column in table.columns if column.primary_key or column.foreign_keys}
    mapped = {column for each in mapper.column_attrs for column in each.columns}
    return frozenset(
        mapper.get_property_by_column(column).key
        for column in columns & mapped
        if isinstance(column, Column) and column.table is table
    )


def former_columns(entity: Entity, policies: Policies) -> tuple[str, ...] | None:
    """The attributes that tell whether a viewer saw a row which may be gone; None when it cannot be told.

    They must come with a change. Of subclasses within one table nothing tells the deleted rows apart.
    """
    table = entity.mapper.local_table
    if entity.mapper.single or entity.is_exact or not isinstance(table, Table):
        return None
    names = policies.columns(entity.model) or entity.key
    return names if carried(entity, table).issuperset(names) else None


def not_visible() -> NotVisible:
    """The error of an event or a place that is not for the viewer."""
    return NotVisible("not for this viewer")
