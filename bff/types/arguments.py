"""The arguments of fields: which a declaration takes, and what a request's values mean.

Lists take `first`, `filter` and `orderBy`; connections take `after`, `last` and `before` too. Filter inputs and
order enums are made of the columns that the target type shows: what cannot be read cannot be asked about.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import functools
import inspect as pyinspect
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLArgument, GraphQLInputObjectType, get_nullable_type
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import get_object_definition
from strawberry.types.enum import StrawberryEnumDefinition

from ..errors import BadUserInput, DeclarationError
from .connection import connection_node
from .entity import Entity, Ordering, entity_of, is_list, unwrap
from .scalars import BigInt
from .specs import Batched, Collection, Column, Lookup, NodeById, Relation, Spec

MAX_TESTS = 200
"""Tests of one filter; a statement grows with each of them."""

MAX_VALUES = 5000
"""Values of one `in`."""

DEFINITION = "strawberry-definition"
"""Where Strawberry leaves its own definition in the `extensions` of graphql-core's objects."""


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


@dataclass(frozen=True)
class ListArguments:
    """What a request asks of a list. `order` is total; `condition` None filters nothing."""

    order: tuple[Ordering, ...]
    condition: Condition | None = None
    first: int | None = None
    last: int | None = None
    after: str | None = None
    before: str | None = None


_EQUALITY = ("eq", "ne", "in")
_RANGE = (*_EQUALITY, "lt", "lte", "gt", "gte")
_TEXT = (*_RANGE, "contains", "starts_with")
OPERATORS = (*_TEXT, "is_null")
"""All operators. `contains` ignores case as PostgreSQL's lower() does; `ne` holds for NULL too."""

_SCALARS: dict[Any, tuple[str, tuple[str, ...]]] = {
    str: ("String", _TEXT),
    strawberry.ID: ("ID", _EQUALITY),
    int: ("Int", _RANGE),
    BigInt: ("BigInt", _RANGE),
    float: ("Float", _RANGE),
    bool: ("Boolean", _EQUALITY),
    decimal.Decimal: ("Decimal", _RANGE),
    uuid.UUID: ("UUID", _EQUALITY),
    datetime.datetime: ("DateTime", _RANGE),
    datetime.date: ("Date", _RANGE),
    datetime.time: ("Time", _RANGE),
}


def target_entity(type_: Any) -> Entity | None:
    """The entity that a field of this resolved type leads to, through list, Optional or connection."""
    return entity_of(connection_node(type_) or unwrap(type_))


def field_arguments(spec: Spec | None, type_: Any) -> list[StrawberryArgument]:
    """The GraphQL arguments of a field with this spec and resolved Strawberry type."""
    match spec:
        case Relation() | Collection():
            entity = target_entity(type_)
            if entity is None:
                return []
            if connection_node(type_) is not None:
                return _list_arguments(entity, ("first", "after", "last", "before"))
            return _list_arguments(entity, ("first",)) if is_list(type_) else []
        case Lookup(key=None):
            entity = target_entity(type_)
            return [] if entity is None else [_argument(name, _key_type(entity, name)) for name in entity.key]
        case NodeById():
            return [_argument("id", strawberry.ID)]
        case Batched(function=function):
            return _batched_arguments(function)
    return []


def _argument(name: str, annotation: Any, default: Any = strawberry.UNSET) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name, graphql_name=None, type_annotation=StrawberryAnnotation(annotation), default=default
    )


def _list_arguments(entity: Entity, paging: tuple[str, ...]) -> list[StrawberryArgument]:
    arguments = [_argument(name, int | None if name in ("first", "last") else str | None) for name in paging]
    if _shown_columns(entity.python_class):
        arguments.append(_argument("filter", filter_input(entity.python_class) | None))
        order: Any = order_enum(entity.python_class)
        arguments.append(_argument("order_by", list[order] | None))
    return arguments


def _batched_arguments(function: Any) -> list[StrawberryArgument]:
    namespace = getattr(function, "__globals__", {})
    return [
        StrawberryArgument(
            python_name=name,
            graphql_name=None,
            type_annotation=StrawberryAnnotation(parameter.annotation, namespace=namespace),
            default=strawberry.UNSET if parameter.default is parameter.empty else parameter.default,
        )
        for name, parameter in pyinspect.signature(function).parameters.items()
        if parameter.kind is parameter.KEYWORD_ONLY
    ]


def _key_type(entity: Entity, attribute: str) -> Any:
    definition = get_object_definition(entity.python_class, strict=True)
    for field in definition.fields:
        if isinstance(spec := getattr(field, "spec", None), Column) and spec.attribute == attribute:
            return field.type
    return strawberry.ID


def _shown_columns(type_: Any) -> list[tuple[str, str, Any]]:
    """(python name, attribute, named type) of the columns a type shows and a filter can speak of."""
    return [
        (field.python_name, field.spec.attribute, unwrap(field.type))
        for field in type_.__strawberry_definition__.fields
        if isinstance(getattr(field, "spec", None), Column) and not is_list(field.type)
        if unwrap(field.type) in _SCALARS or isinstance(unwrap(field.type), StrawberryEnumDefinition)
    ]


@functools.cache
def filter_input(type_: Any) -> Any:
    """The input type `<Entity>Filter`: a test a shown column, joined by AND, with `and`, `or` and `not`."""
    entity = entity_of(type_)
    assert entity is not None
    annotations = {python_name: _tests(named) | None for python_name, _, named in _shown_columns(type_)}
    defaults: dict[str, Any] = dict.fromkeys(annotations, strawberry.UNSET)
    joins = {"and_": "and", "or_": "or", "not_": "not"}
    for python_name, name in joins.items():
        annotations[python_name] = int | None  # stands in until the class exists, see below
        defaults[python_name] = strawberry.field(name=name, default=strawberry.UNSET)
    cls: Any = type(f"{entity.name}Filter", (), {"__annotations__": annotations, **defaults, "__module__": __name__})
    made: Any = strawberry.input(cls, description=f"Which {entity.name} objects to keep.")
    for field in made.__strawberry_definition__.fields:
        if field.python_name in joins:
            own: Any = made if field.python_name == "not_" else list[made]
            field.type_annotation = StrawberryAnnotation(own | None)
    return made


@functools.cache
def _tests(named: Any) -> Any:
    operators: tuple[str, ...]
    if isinstance(named, StrawberryEnumDefinition):
        name, operators, python_type = named.name, _EQUALITY, named.wrapped_cls
    else:
        (name, operators), python_type = _SCALARS[named], named
    fields: dict[str, Any] = {"__annotations__": {}, "__module__": __name__}
    for operator in (*operators, "is_null"):
        python_name = "in_" if operator == "in" else operator
        annotation: Any = {"in": list[python_type], "is_null": bool}.get(operator, python_type)  # type: ignore[valid-type]
        fields["__annotations__"][python_name] = annotation | None
        fields[python_name] = strawberry.field(name="in" if operator == "in" else None, default=strawberry.UNSET)
    return strawberry.input(type(f"{name}Tests", (), fields), description=f"Tests of a {name}; all must hold.")


@functools.cache
def order_enum(type_: Any) -> Any:
    """The enum `<Entity>Order`: each shown column ascending and descending. NULL counts as the largest value."""
    entity = entity_of(type_)
    assert entity is not None
    members = {
        f"{python_name.upper()}_{suffix}": Ordering(attribute, suffix == "DESC")
        for python_name, attribute, _ in _shown_columns(type_)
        for suffix in ("ASC", "DESC")
    }
    order: Any = enum.Enum(f"{entity.name}Order", members)  # type: ignore[misc]
    return strawberry.enum(order, description=f"Orders of {entity.name} objects.")


def list_arguments(
    raw: Mapping[str, Any],
    *,
    entity: Entity,
    order: tuple[Ordering, ...],
    bound: int,
    declared: Mapping[str, GraphQLArgument],
    what: str,
) -> ListArguments:
    """What a request's coerced argument values ask of a list of `entity`.

    `order` is the list's own; `what` is the field's name in messages. Raises BadUserInput when first or last is
    negative, above `bound`, or both are given, when a filter is too large, and when its value cannot be one of its column.
    """
    first, last = raw.get("first"), raw.get("last")
    if first is not None and last is not None:
        raise BadUserInput(f"{what} takes first or last, not both")
    for name, value in (("first", first), ("last", last)):
        if value is not None and not 0 <= value <= bound:
            raise BadUserInput(f"{what}({name}:) takes 0 to {bound}, not {value}")
    condition = None
    if raw.get("filter") is not None:
        filter_type = get_nullable_type(declared["filter"].type)
        if not isinstance(filter_type, GraphQLInputObjectType):
            raise DeclarationError(f"{what}(filter:) is not an input object")
        if (size := _size(raw["filter"])) > MAX_TESTS:
            raise BadUserInput(f"{what}(filter:) takes {MAX_TESTS} tests at most, not {size}")
        condition = _condition(raw["filter"], filter_type, entity, what)
    if raw.get("orderBy"):
        order = entity.total_order(_distinct(member.value for member in raw["orderBy"]))
    return ListArguments(order, condition, first, last, raw.get("after"), raw.get("before"))


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


def _distinct(orderings: Any) -> tuple[Ordering, ...]:
    by_attribute: dict[str, Ordering] = {}
    for each in orderings:
        by_attribute.setdefault(each.attribute, each)
    return tuple(by_attribute.values())


def _condition(raw: Mapping[str, Any], type_: GraphQLInputObjectType, entity: Entity, what: str) -> Condition:
    attributes = {python_name: attribute for python_name, attribute, _ in _shown_columns(entity.python_class)}
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
            conditions.extend(_tests_of(value, tests, attributes[python_name], entity, where))
    return conditions[0] if len(conditions) == 1 else All(tuple(conditions))


def _tests_of(
    raw: Mapping[str, Any], type_: GraphQLInputObjectType, attribute: str, entity: Entity, what: str
) -> list[Condition]:
    tests: list[Condition] = []
    for name, value in raw.items():
        operator = type_.fields[name].extensions[DEFINITION].python_name.rstrip("_")
        if operator == "is_null":
            if value is not None:
                tests.append(Test(attribute, operator, value))
        elif operator == "in":
            if value is None:
                raise BadUserInput(f"{what} takes a list for `in`, not null")
            if len(value) > MAX_VALUES:
                raise BadUserInput(f"{what} takes {MAX_VALUES} values at most for `in`, not {len(value)}")
            tests.append(Test(attribute, operator, tuple(entity.convert(attribute, each, what=what) for each in value)))
        elif value is None:
            if operator not in ("eq", "ne"):
                raise BadUserInput(f"{what} takes no null for `{name}`; use isNull")
            tests.append(Test(attribute, "is_null", operator == "eq"))
        else:
            tests.append(Test(attribute, operator, entity.convert(attribute, value, what=what)))
    return tests
