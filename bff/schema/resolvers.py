"""Entity fields as plain graphql-core resolvers: one object at a time, through the ORM session.

This is the reference that the engine is tested against, and what makes a schema of entity types run under any
GraphQL server. It shares declarations and argument parsing with the engine and nothing else: lists are loaded
whole and filtered, ordered and cut in Python. Policies apply through the session (see `Database.police`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import strawberry
from graphql import GraphQLResolveInfo, get_argument_values, get_named_type
from sqlalchemy import Enum, Select, String, Text, cast, inspect, literal, select
from sqlalchemy.orm import aliased, undefer
from sqlalchemy.types import CHAR, NullType

from ..columns.convert import DIALECT, unbounded, zero
from ..database.scope import Scope
from ..entities.arguments import ListArguments, list_arguments, target_entity
from ..entities.connection import DEFAULT_PAGE, Edge, PageInfo, connection_node
from ..entities.cursors import CursorCodec, Keyset
from ..entities.entity import Entity, is_list
from ..entities.events import Changed, Happened, Present, changed_node, event_entity, former_columns, not_visible
from ..entities.filters import All, Condition, Not, Some, Test
from ..entities.global_id import global_id
from ..entities.order import Ordering, default_order, order_by
from ..entities.policy import ViewerValues
from ..entities.specs import (
    Aggregate,
    Batched,
    Collection,
    Column,
    Event,
    Lookup,
    NodeById,
    NodeId,
    Presence,
    Relation,
    Spec,
)
from ..errors import BffError, BoundExceeded, DeclarationError
from .catalog import Catalog


@dataclass(frozen=True)
class _Page:
    edges: list[Edge[Any]]
    nodes: list[Any]
    page_info: PageInfo
    total_count: int


def resolve(spec: Spec | None, type_: Any, source: Any, info: Any, kwargs: dict[str, Any]) -> Any:
    """The value of an entity field of `source`, an ORM object (or the root value)."""
    raw_info: GraphQLResolveInfo[Any] = info._raw_info
    scope: Scope = raw_info.context
    where = f"{raw_info.parent_type}.{raw_info.field_name}"
    match spec:
        case Column(attribute=attribute):
            return getattr(source, attribute)
        case NodeId():
            entity = Catalog.of(raw_info.schema).named(raw_info.parent_type.name)
            assert entity is not None
            return global_id(entity, tuple(inspect(source).identity))
        case Aggregate():
            return _aggregate(spec, _attached(source, scope), scope)
        case Batched(function=function, key=key):
            values = tuple(getattr(source, name) for name in key)
            return checked_batch(spec, function([values[0] if len(key) == 1 else values], scope, **kwargs), 1, where)[0]
        case Lookup(key=key_of):
            target = target_entity(type_)
            assert target is not None
            return _lookup(target, key_of, where, scope, kwargs)
        case NodeById():
            entity, identity = Catalog.of(raw_info.schema).parse_global_id(kwargs["id"])
            interface: Any = get_named_type(raw_info.return_type)
            named: Any = raw_info.schema.type_map[entity.name]
            return _by_key(entity, identity, scope) if raw_info.schema.is_sub_type(interface, named) else None
        case Event():
            return _event(type_, source, Catalog.of(raw_info.schema), scope)
        case Presence():
            return _present(spec, type_, source, Catalog.of(raw_info.schema), scope)
        case Relation() if not is_list(type_) and connection_node(type_) is None:
            return _one(spec, type_, _attached(source, scope), scope)
        case Relation() | Collection():
            return _list(spec, type_, source, raw_info, scope)
    raise DeclarationError(f"{where}: a {type(spec).__name__} field has no resolver")


def checked_batch(spec: Batched, values: Sequence[Any], count: int, where: str) -> Sequence[Any]:
    """The values of a batch function. Raises DeclarationError when they are not one a key."""
    given: object = values
    if not isinstance(given, Sequence) or len(values) != count:
        got = f"{len(values)} values" if isinstance(given, Sequence) else type(given).__name__
        raise DeclarationError(
            f"{where}: batch function {spec.name} was given {count} keys and returned {got}; "
            f"it must return a sequence of one value a key, in order"
        )
    return values


def _attached(source: Any, scope: Scope) -> Any:
    if source in scope.session:
        return source
    return scope.session.get(type(source), inspect(source).identity)


def _rows(target: Entity) -> Select[Any]:
    # Deferred columns may refuse to load later.
    return select(target.model).where(target.own(target.model)).options(undefer("*"))


def _related(statement: Select[Any], spec: Relation | Aggregate, source: Any) -> Select[Any]:
    """The rows that a relationship leads to from one object."""
    state = inspect(source)
    parent, model = aliased(state.mapper.class_), state.mapper.relationships[spec.attribute].mapper.class_
    key = [getattr(parent, state.mapper.get_property_by_column(each).key) for each in state.mapper.primary_key]
    return (
        statement.select_from(parent)
        .join(getattr(parent, spec.attribute).of_type(model))
        .where(*(part == value for part, value in zip(key, state.identity, strict=True)))
    )


def _by_key(entity: Entity, identity: tuple[Any, ...], scope: Scope) -> Any:
    conditions = [getattr(entity.model, name) == value for name, value in zip(entity.key, identity, strict=True)]
    return scope.session.scalars(_rows(entity).where(*conditions)).one_or_none()


def _lookup(target: Entity, key_of: Any, where: str, scope: Scope, kwargs: dict[str, Any]) -> Any:
    if key_of is None:
        values = tuple(kwargs[name] for name in target.key)
    elif scope.viewer is None:
        return None
    else:
        key = key_of(scope.viewer)
        if key is None:
            return None
        values = key if isinstance(key, tuple) else (key,)
    return _by_key(target, target.parse_key(values, what=where), scope)


def _event(type_: Any, happened: Happened, catalog: Catalog, scope: Scope) -> Any:
    entity = event_entity(type_)
    assert entity is not None
    row = None if happened.key is None else _by_key(entity, _tuple(happened.key), scope)
    if changed_node(type_) is None:
        if row is None:
            raise not_visible()
        return row
    if (row is None or happened.is_of_former) and not _was_visible(entity, happened, catalog, scope):
        raise not_visible()
    return Changed(kind=happened.kind, id=strawberry.ID(happened.id), node=row)


def _was_visible(entity: Entity, happened: Happened, catalog: Catalog, scope: Scope) -> bool:
    names = former_columns(entity, catalog.policies)
    if names is None or happened.former is None:
        return False
    values = {
        name: cast(literal(text, Text()), unbounded(entity.type_of(name)))
        for name, text in zip(names, _tuple(happened.former), strict=True)
    }
    condition = catalog.policies.former(entity.model, ViewerValues(scope.viewer), values)
    return scope.session.scalar(select(literal(1)).where(condition)) is not None


def _present(spec: Presence, type_: Any, present: Present, catalog: Catalog, scope: Scope) -> list[Any]:
    target = target_entity(type_)
    assert target is not None
    if _by_key(catalog.rows_of(spec.of), _tuple(present.place), scope) is None:
        raise not_visible()
    rows = (_by_key(target, _tuple(key), scope) for key in present.keys)
    return [row for row in rows if row is not None]


def _tuple(key: Any) -> tuple[Any, ...]:
    return key if isinstance(key, tuple) else (key,)


def _order(spec: Relation, source: Any, target: Entity, where: str) -> tuple[Ordering, ...]:
    relationship = inspect(type(source)).relationships[spec.attribute]
    return order_by(target, spec.order) if spec.order else default_order(target, relationship, where)


def _one(spec: Relation, type_: Any, source: Any, scope: Scope) -> Any:
    """By a statement of its own: the relationship may be one that does not load lazily."""
    target = target_entity(type_)
    assert target is not None
    rows = list(scope.session.scalars(_related(_rows(target), spec, source)).unique())
    sort(rows, _order(spec, source, target, spec.attribute), target)
    return rows[0] if rows else None


def _aggregate(spec: Aggregate, source: Any, scope: Scope) -> Any:
    model = inspect(type(source)).relationships[spec.attribute].mapper.class_
    statement = _related(select(model), spec, source)
    if spec.where is not None:
        statement = statement.where(spec.where(model))
    rows = list(scope.session.scalars(statement).unique())
    if spec.column is None:
        return len(rows)
    values = [value for row in rows if (value := getattr(row, spec.column)) is not None]
    return sum(values, start=zero(getattr(model, spec.column).type))


def _list(spec: Relation | Collection, type_: Any, source: Any, info: GraphQLResolveInfo[Any], scope: Scope) -> Any:
    catalog = Catalog.of(info.schema)
    target = target_entity(type_)
    assert target is not None
    field = info.parent_type.fields[info.field_name]
    what = f"{info.parent_type}.{info.field_name}"
    statement = _rows(target)
    if isinstance(spec, Relation):
        source = _attached(source, scope)
        statement = _related(statement, spec, source)
        order = _order(spec, source, target, what)
    else:
        if spec.where is not None:
            statement = statement.where(spec.where(target.model))
        order = order_by(target, spec.order)
    raw = get_argument_values(field, info.field_nodes[0], info.variable_values)
    asked = list_arguments(raw, entity=target, order=order, bound=spec.bound, declared=field.args, what=what)
    rows = [
        row
        for row in scope.session.scalars(statement).unique()
        if asked.condition is None or holds(asked.condition, row) is True
    ]
    sort(rows, asked.order, target)
    if connection_node(type_) is None:
        rows = rows if asked.first is None else rows[: asked.first]
        if len(rows) > spec.bound:
            raise bound_exceeded(what, spec.bound)
        return rows
    audience = catalog.policies.audience(target.model, scope.viewer)
    return _page(rows, asked, CursorCodec(scope.secret, target, asked.order, audience), scope, what)


def bound_exceeded(what: str, bound: int) -> BffError:
    """The error of a plain list that holds more rows than its bound."""
    return BoundExceeded(
        f"{what} holds more than {bound} rows; ask for fewer with first or filter, or page a connection"
    )


def _page(rows: list[Any], asked: ListArguments, codec: CursorCodec, scope: Scope, what: str) -> _Page:
    places = [_place(row, asked.order) for row in rows]
    low, high = 0, len(rows)
    if asked.after is not None:
        after = _values(codec.decode(asked.after, what=f"{what}(after:)"), codec, scope)
        low = sum(1 for place in places if _compare(place, after, asked.order, codec.entity) <= 0)
    if asked.before is not None:
        before = _values(codec.decode(asked.before, what=f"{what}(before:)"), codec, scope)
        high = sum(1 for place in places if _compare(place, before, asked.order, codec.entity) < 0)
    high = max(low, high)
    if asked.last is not None:
        start = max(low, high - asked.last)
        has_previous, has_next, window = start > low, asked.before is not None, slice(start, high)
    else:
        size = DEFAULT_PAGE if asked.first is None else asked.first
        end = min(high, low + size)
        has_previous, has_next, window = asked.after is not None, end < high, slice(low, end)
    edges = [Edge(cursor=codec.encode(_printed(row, codec, scope)), node=row) for row in rows[window]]
    cursors: list[Any] = [edge.cursor for edge in edges] or [None]
    return _Page(
        edges=edges,
        nodes=rows[window],
        page_info=PageInfo(
            has_next_page=has_next, has_previous_page=has_previous, start_cursor=cursors[0], end_cursor=cursors[-1]
        ),
        total_count=len(rows),
    )


def _place(row: Any, order: tuple[Ordering, ...]) -> tuple[Any, ...]:
    return tuple(getattr(row, each.attribute) for each in order)


def _printed(row: Any, codec: CursorCodec, scope: Scope) -> Keyset:
    """A row's place as PostgreSQL prints it."""
    model = codec.entity.model
    columns = [cast(getattr(model, each.attribute), Text()) for each in codec.order]
    key = [getattr(model, name) == getattr(row, name) for name in codec.entity.key]
    return tuple(scope.session.execute(select(*columns).where(*key)).one())


def _values(place: Keyset, codec: CursorCodec, scope: Scope) -> tuple[Any, ...]:
    """The Python values of a place."""
    types = [codec.entity.type_of(each.attribute) for each in codec.order]
    texts = [literal(text, String()) for text in place]
    columns = [
        text if isinstance(type_, NullType) else cast(text, type_ if isinstance(type_, CHAR) else unbounded(type_))
        for text, type_ in zip(texts, types, strict=True)
    ]
    # SQLAlchemy's cache of statements takes one enum for another.
    uncached = {"compiled_cache": None}
    return tuple(scope.session.execute(select(*columns), execution_options=uncached).one())


def holds(condition: Condition, row: Any) -> bool | None:
    """Whether a condition holds for an ORM object, in SQL's three-valued logic (None: unknown)."""
    match condition:
        case All(conditions=conditions):
            results = [holds(each, row) for each in conditions]
            return False if False in results else None if None in results else True
        case Some(conditions=conditions):
            results = [holds(each, row) for each in conditions]
            return True if True in results else None if None in results else False
        case Not(condition=inner):
            result = holds(inner, row)
            return None if result is None else not result
        case Test():
            return _test(condition, getattr(row, condition.attribute))


def _test(test: Test, actual: Any) -> bool | None:
    if test.operator == "is_null":
        return (actual is None) is test.value
    if test.operator == "ne":
        return bool(actual != test.value)
    if test.operator == "in" and not test.value:
        return False
    if actual is None:
        return None
    match test.operator:
        case "eq":
            return bool(actual == test.value)
        case "in":
            return actual in test.value
        case "lt":
            return bool(actual < test.value)
        case "lte":
            return bool(actual <= test.value)
        case "gt":
            return bool(actual > test.value)
        case "gte":
            return bool(actual >= test.value)
        case "contains":
            return _lower(test.value) in _lower(actual)
        case "starts_with":
            return bool(actual.startswith(test.value))
    raise DeclarationError(f"no operator {test.operator!r}")


def _lower(text: str) -> str:
    """As PostgreSQL's lower(): a character for a character, whatever stands beside it."""
    return "".join(character.lower()[0] for character in text)


def sort(rows: list[Any], order: tuple[Ordering, ...], entity: Entity) -> None:
    """Sort ORM objects as PostgreSQL would: NULL is larger than every value."""
    for each in reversed(order):
        rows.sort(key=lambda row: _rank(getattr(row, each.attribute), each.attribute, entity), reverse=each.descending)


def _rank(value: Any, attribute: str, entity: Entity) -> tuple[bool, Any]:
    type_ = entity.expression(attribute).type
    if isinstance(type_, Enum) and value is not None:
        # A native enum type sorts in the order of its declaration, text by its characters.
        bind: Any = type_.dialect_impl(DIALECT).bind_processor(DIALECT)
        value = type_.enums.index(bind(value)) if type_.native_enum else bind(value)
    return (value is None, 0 if value is None else value)


def _compare(left: tuple[Any, ...], right: tuple[Any, ...], order: tuple[Ordering, ...], entity: Entity) -> int:
    for each, a, b in zip(order, left, right, strict=True):
        rank_a, rank_b = _rank(a, each.attribute, entity), _rank(b, each.attribute, entity)
        if rank_a != rank_b:
            return (-1 if rank_a < rank_b else 1) * (-1 if each.descending else 1)
    return 0
