"""Values for the arguments of entity fields: what is in the database, what is not, and what nobody should send."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

from graphql import GraphQLEnumType, GraphQLInputObjectType, GraphQLNamedType, GraphQLSchema, get_named_type
from sqlalchemy import select
from sqlalchemy.orm import Session
from strawberry.types.base import get_object_definition

from bff.columns.scalars import DEFINITION
from bff.entities.entity import Entity
from bff.entities.global_id import global_id
from bff.schema.catalog import Catalog
from tests.bff.fuzz.operations import UNKNOWN, Choices, Name, Place

ROWS = 3
"""Rows from each end of a table whose values are asked for."""

NO_IDS = (
    "0",
    "-1",
    "999999",
    "9223372036854775807",
    "9223372036854775808",
    "x",
    "",
    " 1",
    "1.0",
    "1_0",
    "٣",
    "1,1",
    "\0",
)
NO_NODES = ("", ":", "Nothing:1", "Matter", "Matter:", "Matter:x", "Place:1", "Node:1", "Vehicle:1", "Label:", "é:1")
EXTREMES: dict[str, tuple[Any, ...]] = {
    "String": ("\0", "\ud800", "x" * 5000, "'; --", "é\u0301", "İ", "ß"),
    "Int": (32768, -32769, 2**31 - 1, -(2**31)),
    "BigInt": (2**63 - 1, -(2**63)),
    "Float": (1e308, -1e-320, 0.1),
    "Decimal": ("NaN", "sNaN", "Infinity", "-Infinity", "1e999999", "1e-999999", "-0", ".5", "1" * 40),
    "DateTime": (
        "2024-05-01T01:00:00",
        "2024-05-01T01:00:00Z",
        "2024-05-01T06:30:00+05:30",
        "0001-01-01T00:00:00+14:00",
        "9999-12-31T23:59:59.999999-14:00",
    ),
    "Date": ("0001-01-01", "9999-12-31"),
    "Time": ("00:00", "23:59:59.999999", "10:30+02:00", "10:30Z"),
    "UUID": ("00000000-0000-0000-0000-000000000000",),
}
"""Values of scalars that databases, or Python, treat in ways of their own."""

NO_CURSORS = ("", "x", "AAAAAAAAAAAAAAAAAAAAAAAA", "WyIxIl0=", "\0", "é")


class Samples:
    """Values of columns by the name that GraphQL has for them and their type, from rows of all tenants."""

    def __init__(self, schema: GraphQLSchema, session: Session) -> None:
        self._by_name: dict[tuple[str, str], dict[str, Any]] = defaultdict(dict)
        self._node_ids: list[str] = []
        for entity in Catalog.of(schema):
            rows = _ends(session, entity)
            if not entity.interface:
                keys = [tuple(getattr(row, name) for name in entity.key) for row in rows]
                self._node_ids += [global_id(entity, key) for key in keys]
            self._note_columns(schema, entity, rows)
            self._note_keys(entity, rows)
        self._strings = list(dict.fromkeys(self._all("String"))) or ["a"]

    def __call__(self, choices: Choices, type_: GraphQLNamedType, place: Place) -> Any:
        """A `Values` for a profile: UNKNOWN where the database has nothing to say."""
        name = place.path[-1]
        if name in ("first", "last"):
            return choices.among((2, 1, 3, 0, 5, 40) if choices.chance(95) else (-1, 1001, 10**6))
        if place.field in ("node", "mustNode"):
            return choices.among(self._node_ids if choices.chance(85) else NO_NODES)
        if "filter" in place.path and len(place.path) > 1 and name != "isNull":
            return self._filter_value(choices, type_, place.path[-2], name)
        if isinstance(type_, GraphQLEnumType):
            return UNKNOWN
        known = self._by_name.get((name, type_.name))
        if known:
            return choices.among(list(known.values()) if choices.chance(85) or type_.name != "ID" else NO_IDS)
        if name == "query":
            return choices.among(self._strings)[: choices.between(0, 6)]
        return UNKNOWN

    def like(self, value: Any) -> list[Any]:
        """Values of the same column, that one among them."""
        for values in self._by_name.values():
            if repr(value) in values:
                return list(values.values())
        return self._node_ids if value in self._node_ids else [value]

    def _filter_value(self, choices: Choices, type_: GraphQLNamedType, column: str, operator: str) -> Any:
        if choices.chance(12) and type_.name in EXTREMES:
            return choices.among(EXTREMES[type_.name])
        known = list(self._by_name.get((column, type_.name), {}).values())
        if type_.name == "ID" and choices.chance(10):
            return choices.among(NO_IDS)
        if not known:
            return UNKNOWN
        value = choices.among(known)
        if operator in ("contains", "startsWith"):
            value = choices.among((value[:2], value[1:3].upper(), value, "%", "_", "", "\\", "é"))
        return value

    def _all(self, type_name: str) -> Iterable[Any]:
        return (value for (_, of), values in self._by_name.items() if of == type_name for value in values.values())

    def _note_columns(self, schema: GraphQLSchema, entity: Entity, rows: list[Any]) -> None:
        filters = schema.type_map.get(f"{entity.name}Filter")
        if not isinstance(filters, GraphQLInputObjectType):
            return
        attributes = {each.python_name: each.spec.attribute for each in _column_fields(entity)}
        for name, field in filters.fields.items():
            attribute = attributes.get(field.extensions[DEFINITION].python_name)
            tests = get_named_type(field.type)
            if attribute is None or not isinstance(tests, GraphQLInputObjectType) or "eq" not in tests.fields:
                continue
            type_ = get_named_type(tests.fields["eq"].type)
            self._note(name, type_.name, (getattr(row, attribute, None) for row in rows))

    def _note_keys(self, entity: Entity, rows: list[Any]) -> None:
        """Keys are arguments of lookups, whether the type shows them or not."""
        for attribute in entity.key:
            head, *tail = attribute.split("_")
            name = head + "".join(map(str.title, tail))
            for type_name in ("ID", "String", "Date", "UUID", "Int"):
                self._note(name, type_name, (getattr(row, attribute) for row in rows))

    def _note(self, name: str, type_name: str, values: Iterable[Any]) -> None:
        for value in values:
            shown = _shown(value, type_name)
            if shown is not None:
                self._by_name[name, type_name].setdefault(repr(shown), shown)


def _column_fields(entity: Entity) -> list[Any]:
    fields = get_object_definition(entity.python_class, strict=True).fields
    return [each for each in fields if type(getattr(each, "spec", None)).__name__ == "Column"]


def _ends(session: Session, entity: Entity) -> list[Any]:
    keys = [getattr(entity.model, name) for name in entity.key]
    first: Sequence[Any] = session.scalars(select(entity.model).order_by(*keys).limit(ROWS)).all()
    last: Sequence[Any] = session.scalars(
        select(entity.model).order_by(*(key.desc() for key in keys)).limit(ROWS)
    ).all()
    return list(dict.fromkeys([*first, *last]))


def _shown(value: Any, type_name: str) -> Any:
    """A column's value as JSON has it, or None when the type does not take it."""
    if isinstance(value, enum.Enum) and type_name not in ("String", "ID"):
        return Name(value.name)
    if type_name == "ID":
        return str(value) if isinstance(value, (int, str, uuid.UUID)) else None
    if isinstance(value, bool):
        return value if type_name == "Boolean" else None
    if isinstance(value, int):
        return value if type_name in ("Int", "BigInt") and (abs(value) < 2**31 or type_name == "BigInt") else None
    if isinstance(value, float):
        return value if type_name == "Float" else None
    if isinstance(value, str):
        return value if type_name == "String" else None
    kinds = {
        decimal.Decimal: "Decimal", uuid.UUID: "UUID", datetime.datetime: "DateTime", datetime.date: "Date",
        datetime.time: "Time",
    }  # fmt: skip
    if kinds.get(type(value)) != type_name:
        return None
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
