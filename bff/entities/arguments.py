"""The arguments of fields: which a declaration takes, and what a request's values mean.

Lists take `first`, `filter` and `orderBy`; connections take `after`, `last` and `before` too.
"""

from __future__ import annotations

import inspect as pyinspect
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLArgument, GraphQLInputObjectType, get_nullable_type
from strawberry.annotation import StrawberryAnnotation
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.base import get_object_definition

from ..errors import BadUserInput, DeclarationError
from .connection import connection_node
from .entity import Entity, entity_of, is_list, unwrap
from .events import event_entity
from .filters import Condition, condition_of, filter_input, has_filter, has_order, list_of, optional, order_enum
from .order import Ordering, total_order
from .paths import Path
from .specs import Batched, Collection, Column, Event, Lookup, MatchedBy, NodeById, Presence, Relation, Spec


@dataclass(frozen=True)
class ListArguments:
    """What a request asks of a list. `order` is total; `condition` None filters nothing."""

    order: tuple[Ordering, ...]
    condition: Condition | None = None
    first: int | None = None
    last: int | None = None
    after: str | None = None
    before: str | None = None


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
        case Event(match=match):
            return _match_arguments(event_entity(type_), match)
        case Presence(argument=argument):
            return [_argument(argument, strawberry.ID)]
    return []


def _argument(name: str, annotation: Any, default: Any = strawberry.UNSET) -> StrawberryArgument:
    return StrawberryArgument(
        python_name=name, graphql_name=None, type_annotation=StrawberryAnnotation(annotation), default=default
    )


def _list_arguments(entity: Entity, paging: tuple[str, ...]) -> list[StrawberryArgument]:
    arguments = [_argument(name, optional(int if name in ("first", "last") else str)) for name in paging]
    if has_filter(entity):
        arguments.append(_argument("filter", optional(filter_input(entity.python_class))))
    if has_order(entity):
        arguments.append(_argument("order_by", optional(list_of(order_enum(entity.python_class)))))
    return arguments


def _match_arguments(entity: Entity | None, match: tuple[tuple[str, MatchedBy], ...]) -> list[StrawberryArgument]:
    arguments: dict[str, StrawberryArgument] = {}
    if entity is None:
        return []
    for path, matched_by in match:
        if isinstance(matched_by, str):
            try:
                type_ = Path.of(entity.model, path).argument_type
            except DeclarationError:
                # Whoever checks the schema says so, with the field's name.
                type_ = strawberry.ID
            arguments.setdefault(matched_by, _argument(matched_by, type_))
    return list(arguments.values())


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
    for field in get_object_definition(entity.python_class, strict=True).fields:
        if isinstance(spec := getattr(field, "spec", None), Column) and spec.attribute == attribute:
            return field.type
    return strawberry.ID


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
    negative, above `bound`, or both are given, when a filter is too large, and when its value cannot be one of its
    column.
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
        condition = condition_of(raw["filter"], filter_type, entity, what)
    if raw.get("orderBy"):
        order = total_order(entity, _distinct(member.value[1] for member in raw["orderBy"]))
    return ListArguments(order, condition, first, last, raw.get("after"), raw.get("before"))


def _distinct(orderings: Iterable[Ordering]) -> tuple[Ordering, ...]:
    by_attribute: dict[str, Ordering] = {}
    for each in orderings:
        by_attribute.setdefault(each.attribute, each)
    return tuple(by_attribute.values())
