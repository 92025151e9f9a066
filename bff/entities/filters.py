"""Filters and orders of lists: the GraphQL types of an entity's, and what a request's values mean.

Both are made of the columns that the type shows: what cannot be read cannot be asked about. A column whose SQL type
`bff.columns.convert` does not know is only tested for NULL, so that no value comes to PostgreSQL which it would refuse.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import functools
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Optional

import strawberry
from graphql import GraphQLInputObjectType
from sqlalchemy import BigInteger, Boolean, Date, DateTime, Float, Integer, Numeric, Text, Time, Uuid
from sqlalchemy.types import NullType, TypeEngine
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.base import get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition

from ..columns.convert import convert, is_convertible, is_ordered, is_text
from ..columns.scalars import DEFINITION, BigInt
from ..errors import BadUserInput, DeclarationError
from .entity import Entity, entity_of, is_list, unwrap
from .order import Ordering
from .specs import Column


@dataclass(frozen=True)
class Test:
    """`attribute operator value`; operators are those of `OPERATORS`."""

    attribute: str
    operator: str
    value: Any


@dataclass(frozen=True)
class All:
    """Every condition holds; of none: true."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Some:
    """At least one condition holds; of none: false."""

    conditions: tuple[Condition, ...]


@dataclass(frozen=True)
class Not:
    """The condition does not hold."""

    condition: Condition


Condition = Test | All | Some | Not

MAX_TESTS = 200
"""Tests of one filter; a statement grows with each of them."""

MAX_VALUES = 5000
"""Values of one `in`."""

_EQUALITY: tuple[str, ...] = ("eq", "ne", "in")
_RANGE = (*_EQUALITY, "lt", "lte", "gt", "gte")
_TEXT = (*_RANGE, "contains", "starts_with")
OPERATORS = (*_TEXT, "is_null")
"""All operators. `contains` ignores case as PostgreSQL's lower() does; `ne` holds for NULL too."""

_SCALARS: Mapping[Any, tuple[str, tuple[str, ...], TypeEngine[Any]]] = {
    str: ("String", _TEXT, Text()),
    strawberry.ID: ("ID", _EQUALITY, Text()),
    int: ("Int", _RANGE, Integer()),
    BigInt: ("BigInt", _RANGE, BigInteger()),
    float: ("Float", _RANGE, Float()),
    bool: ("Boolean", _EQUALITY, Boolean()),
    decimal.Decimal: ("Decimal", _RANGE, Numeric()),
    uuid.UUID: ("UUID", _EQUALITY, Uuid()),
    datetime.datetime: ("DateTime", _RANGE, DateTime(timezone=True)),
    datetime.date: ("Date", _RANGE, Date()),
    datetime.time: ("Time", _RANGE, Time()),
}
"""For each scalar the name of its tests, their operators, and what it is in SQL where an expression has no type."""


# -- the GraphQL types


def optional(type_: Any) -> Any:
    """`type_ | None`, for a type made here."""
    return Optional[type_]  # noqa: UP045  (some of Strawberry's types have no `|`)


def list_of(type_: Any) -> Any:
    """`list[type_]`, for a type made here."""
    return list[type_]


@dataclass(frozen=True)
class _Shown:
    """A column that a type shows as a scalar or an enum."""

    python_name: str
    attribute: str
    named: Any
    sql_type: Any

    @property
    def tests(self) -> Any:
        """The input type of tests of this column."""
        if not is_convertible(self.sql_type):
            return _tests_input("Null", (), bool)
        if isinstance(self.named, StrawberryEnumDefinition):
            return _tests_input(self.named.name, _EQUALITY, self.named.wrapped_cls)
        if self.named is str and not is_text(self.sql_type):
            return _tests_input("StringEquality", _EQUALITY, str)
        name, operators, _ = _SCALARS[self.named]
        return _tests_input(name, operators, self.named)


def _shown(entity: Entity) -> Iterator[_Shown]:
    for field in get_object_definition(entity.python_class, strict=True).fields:
        spec, named = getattr(field, "spec", None), unwrap(field.type)
        is_leaf = named in _SCALARS or isinstance(named, StrawberryEnumDefinition)
        if not isinstance(spec, Column) or not is_leaf or is_list(field.type):
            continue
        try:
            sql_type = entity.type_of(spec.attribute)
        except DeclarationError:
            continue  # `checks` complains of it, by the field's name
        if isinstance(sql_type, NullType) and named in _SCALARS:
            sql_type = _SCALARS[named][2]
        yield _Shown(field.python_name, spec.attribute, named, sql_type)


def has_filter(entity: Entity) -> bool:
    """Whether a request can filter lists of this entity."""
    return any(True for _ in _shown(entity))


def has_order(entity: Entity) -> bool:
    """Whether a request can order lists of this entity."""
    return any(is_ordered(shown.sql_type) for shown in _shown(entity))


@functools.cache
def filter_input(definition: type) -> Any:
    """The input type `<Entity>Filter`: a test a shown column, joined by AND, with `and`, `or` and `not`."""
    entity = entity_of(definition)
    assert entity is not None
    annotations = {shown.python_name: optional(shown.tests) for shown in _shown(entity)}
    defaults: dict[str, Any] = dict.fromkeys(annotations, strawberry.UNSET)
    joins = {"and_": "and", "or_": "or", "not_": "not"}
    for python_name, name in joins.items():
        annotations[python_name] = optional(int)  # stands in until the class exists, see below
        defaults[python_name] = strawberry.field(name=name, default=strawberry.UNSET)
    cls = type(f"{entity.name}Filter", (), {"__annotations__": annotations, **defaults, "__module__": __name__})
    made = strawberry.input(cls, description=f"Which {entity.name} objects to keep.")
    for field in get_object_definition(made, strict=True).fields:
        if field.python_name in joins:
            own = made if field.python_name == "not_" else list_of(made)
            field.type_annotation = StrawberryAnnotation(optional(own))
    return made


@functools.cache
def _tests_input(name: str, operators: tuple[str, ...], one: Any) -> Any:
    fields: dict[str, Any] = {"__annotations__": {}, "__module__": __name__}
    for operator in (*operators, "is_null"):
        python_name = "in_" if operator == "in" else operator
        annotation = list_of(one) if operator == "in" else bool if operator == "is_null" else one
        fields["__annotations__"][python_name] = optional(annotation)
        fields[python_name] = strawberry.field(name="in" if operator == "in" else None, default=strawberry.UNSET)
    return strawberry.input(type(f"{name}Tests", (), fields), description=f"Tests of a {name}; all must hold.")


@functools.cache
def order_enum(definition: type) -> Any:
    """The enum `<Entity>Order`: each shown column ascending and descending. NULL counts as the largest value.

    A member's value is (field, ordering): two fields may show one column.
    """
    entity = entity_of(definition)
    assert entity is not None
    members = {
        f"{shown.python_name.upper()}_{suffix}": (shown.python_name, Ordering(shown.attribute, suffix == "DESC"))
        for shown in _shown(entity)
        if is_ordered(shown.sql_type)
        for suffix in ("ASC", "DESC")
    }
    made: Any = enum.Enum(f"{entity.name}Order", members)  # type: ignore[misc]
    return strawberry.enum(made, description=f"Orders of {entity.name} objects.")


# -- a request's values


def condition_of(raw: Mapping[str, Any], type_: GraphQLInputObjectType, entity: Entity, what: str) -> Condition:
    """The condition that a coerced filter input asks for.

    Raises BadUserInput when it is too large and when a value cannot be one of its column.
    """
    if (size := _size(raw)) > MAX_TESTS:
        raise BadUserInput(f"{what}(filter:) takes {MAX_TESTS} tests at most, not {size}")
    return _condition(raw, type_, entity, what)


def _size(raw: Any) -> int:
    """How many tests and joins a filter has; lists of values count as one."""
    size, stack = 0, [raw]
    while stack:
        each = stack.pop()
        if isinstance(each, Mapping):
            size += len(each)
            stack.extend(each.values())
        elif isinstance(each, list) and each and isinstance(each[0], Mapping):
            size += len(each)
            stack.extend(each)
    return size


def _condition(raw: Mapping[str, Any], type_: GraphQLInputObjectType, entity: Entity, what: str) -> Condition:
    columns = {shown.python_name: shown for shown in _shown(entity)}
    conditions: list[Condition] = []
    for name, value in raw.items():
        if value is None:
            continue
        python_name = type_.fields[name].extensions[DEFINITION].python_name
        if python_name == "and_":
            conditions.append(All(tuple(_condition(each, type_, entity, what) for each in value)))
        elif python_name == "or_":
            conditions.append(Some(tuple(_condition(each, type_, entity, what) for each in value)))
        elif python_name == "not_":
            conditions.append(Not(_condition(value, type_, entity, what)))
        else:
            tests = type_.fields[name].type
            assert isinstance(tests, GraphQLInputObjectType)
            where = f"{what}(filter: {{{name}:}})"
            conditions.extend(_tests_of(value, tests, columns[python_name], where))
    return conditions[0] if len(conditions) == 1 else All(tuple(conditions))


def _tests_of(raw: Mapping[str, Any], type_: GraphQLInputObjectType, column: _Shown, what: str) -> Iterator[Condition]:
    attribute, sql_type = column.attribute, column.sql_type
    for name, value in raw.items():
        operator = type_.fields[name].extensions[DEFINITION].python_name.rstrip("_")
        if operator == "is_null":
            if value is not None:
                yield Test(attribute, operator, value)
        elif operator == "in":
            if value is None:
                raise BadUserInput(f"{what} takes a list for `in`, not null")
            if len(value) > MAX_VALUES:
                raise BadUserInput(f"{what} takes {MAX_VALUES} values at most for `in`, not {len(value)}")
            yield Test(attribute, operator, tuple(convert(sql_type, each, what=what) for each in value))
        elif value is None:
            if operator not in ("eq", "ne"):
                raise BadUserInput(f"{what} takes no null for `{name}`; use isNull")
            yield Test(attribute, "is_null", operator == "eq")
        else:
            part_of_text = operator in ("contains", "starts_with")
            yield Test(attribute, operator, convert(Text() if part_of_text else sql_type, value, what=what))
