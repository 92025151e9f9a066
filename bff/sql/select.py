"""Statements of the engine in rounds, built from declarations; pure: nothing here touches a database.

Every statement takes all keys of a level as arrays and gives rows that start with the key they belong to:

    rows by key      SELECT key, columns FROM t WHERE key = ANY(keys) AND policy
    lists by parent  SELECT k.*, t.* FROM unnest(keys) k JOIN LATERAL
                         (SELECT columns FROM t WHERE t.fk = k AND policy AND filter ORDER BY ... LIMIT n) t ON true
    aggregates       SELECT k.*, count(*) FILTER (...) FROM unnest(keys) k, t WHERE t.fk = k AND policy GROUP BY k.*

LATERAL, not window functions: measured 1.0 ms against 8.0 ms for 50 parents of 200 rows. The conditions between
parent and child come from the relationship itself, so secondary tables, composite keys and custom joins need
no cases of their own.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from itertools import count
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Float,
    Integer,
    Select,
    Text,
    TypeDecorator,
    and_,
    any_,
    cast,
    false,
    func,
    literal_column,
    not_,
    or_,
    select,
    true,
    type_coerce,
)

from ..columns.convert import padding, unbounded
from ..entities.arguments import ListArguments
from ..entities.cursors import Keyset
from ..entities.entity import Entity
from ..entities.filters import All, Condition, Not, Some, Test
from ..entities.order import Ordering
from ..entities.policy import Policies, ViewerParameters
from ..entities.specs import Aggregate, Where
from .implied import is_implied
from .join import Join
from .statement import Statement, array, parameter, unnest

LIMIT = "limit_"
"""The parameter of a list's LIMIT."""


def key_types(entity: Entity, names: tuple[str, ...]) -> list[Any]:
    """The SQL types of attributes."""
    return [entity.type_of(name) for name in names]


Reader = Callable[[Any], Any]
"""(alias) -> the expression that reads something of its row."""


def attributes(entity: Entity, names: Iterable[str]) -> tuple[Reader, ...]:
    """Readers of attributes."""
    return tuple(partial(entity.attribute, name=name) for name in names)


def nothing(_alias: Any) -> Any:
    """The reader of a column that is not wanted."""
    return literal_column("NULL::text", Text())


def visible(entity: Entity, alias: Any, policies: Policies) -> ColumnElement[bool]:
    """The rows of an alias that are of the entity's type and visible to the viewer."""
    return and_(policies.condition(entity.model, alias, ViewerParameters()), entity.own(alias))


def visible_behind(join: Join, policies: Policies) -> ColumnElement[bool]:
    """The rows of a join's target that are visible, given that their parent is.

    Where the policy of the one is that the other is visible, over the same relationship, it is not checked again.
    """
    if is_implied(policies, join.relationship, parent=join.owner.model, target=join.target.model):
        return join.target.own(join.child)
    return visible(join.target, join.child, policies)


def rows_by_key(entity: Entity, policies: Policies, readers: tuple[Reader, ...]) -> Statement:
    """Rows of an entity by primary key: parameters k0.. are arrays, rows start with the key."""
    alias = entity.alias()
    key = [entity.attribute(alias, name) for name in entity.key]
    types = key_types(entity, entity.key)
    statement = select(*_labelled("k", key), *_labelled("c", [read(alias) for read in readers]))
    if len(key) == 1:
        statement = statement.where(key[0] == any_(array("k0", types[0])))
    else:
        keys = unnest(types)
        statement = statement.join_from(alias, keys, and_(*(part == keys.c[i] for i, part in enumerate(key))))
    return Statement(statement.where(visible(entity, alias, policies)), len(key))


def former_rows(entity: Entity, policies: Policies, names: tuple[str, ...]) -> Statement:
    """Rows that may be gone, by what their attributes were (arrays k0.. of text): those that the viewer saw."""
    keys = unnest([Text() for _ in names])
    values = {
        name: cast(keys.c[i], unbounded(type_))
        for i, (name, type_) in enumerate(zip(names, key_types(entity, names), strict=True))
    }
    condition = policies.former(entity.model, ViewerParameters(), values)
    return Statement(select(*keys.c).select_from(keys).where(condition), len(names))


@dataclass(frozen=True)
class ListShape:
    """What of a list's arguments changes the text of its statement; the rest are parameters.

    `after` and `before` tell for each ordering column whether the cursor's value is NULL. `backward` reads the
    order from its end. `keysets` asks for each row's values of the order, of which cursors are made.
    """

    order: tuple[Ordering, ...]
    condition: Any = None
    after: tuple[bool, ...] | None = None
    before: tuple[bool, ...] | None = None
    backward: bool = False
    keysets: bool = False

    @classmethod
    def of(cls, asked: ListArguments, after: Keyset | None, before: Keyset | None, *, keysets: bool) -> ListShape:
        return cls(
            asked.order,
            asked.condition and _shape(asked.condition),
            None if after is None else tuple(value is None for value in after),
            None if before is None else tuple(value is None for value in before),
            asked.last is not None,
            keysets,
        )


def list_parameters(
    asked: ListArguments, after: Keyset | None, before: Keyset | None, *, prefix: str = ""
) -> dict[str, Any]:
    """The parameters of a list other than its keys, its limit and the viewer's."""
    parameters = {f"{prefix}a{i}": value for i, value in enumerate(after or ()) if value is not None}
    parameters |= {f"{prefix}b{i}": value for i, value in enumerate(before or ()) if value is not None}
    if asked.condition is not None:
        parameters |= {f"{prefix}f{i}": value for i, value in enumerate(_values(asked.condition))}
    return parameters


def lists_by_parent(
    join: Join, policies: Policies, readers: tuple[Reader, ...], shape: ListShape, condition: Condition | None
) -> Statement:
    """Rows of a relationship by the parent's key. Rows: key, what `readers` read, then the place."""
    keys = unnest(key_types(join.owner, join.key))
    read = _labelled("c", [read(join.child) for read in readers])
    inner = rows_of(join.target, join.child, read, shape, condition)
    inner = inner.where(visible_behind(join, policies), join.on(keys.c))
    rows = inner.limit(parameter(LIMIT, Integer())).lateral("t")
    return Statement(select(*keys.c, *rows.c).select_from(keys.join(rows, true())), len(join.key))


def collection(
    entity: Entity,
    policies: Policies,
    readers: tuple[Reader, ...],
    shape: ListShape,
    condition: Condition | None,
    where: Where | None,
) -> Statement:
    """Rows of an entity without a parent. Rows: what `readers` read, then the place."""
    alias = entity.alias()
    read = _labelled("c", [read(alias) for read in readers])
    statement = rows_of(entity, alias, read, shape, condition).where(visible(entity, alias, policies))
    if where is not None:
        statement = statement.where(where(alias))
    return Statement(statement.limit(parameter(LIMIT, Integer())), 0)


def rows_of(
    entity: Entity, alias: Any, read: list[Any], shape: ListShape, condition: Condition | None, *, prefix: str = ""
) -> Select[Any]:
    """What is `read` of the rows that pass a list's arguments, in their order; the place stands last, as o0, o1, ..."""
    ordering = [entity.attribute(alias, each.attribute) for each in shape.order]
    keysets = [cast(expression, Text()) for expression in ordering] if shape.keysets else []
    read = [*read, *_labelled("o", keysets)]
    # A list of objects of which nothing is read still has a length.
    statement = select(*read or [literal_column("NULL").label("nothing")]).select_from(alias)
    if condition is not None:
        statement = statement.where(passes(condition, entity, alias, prefix=prefix))
    if shape.after is not None:
        statement = statement.where(_beyond(entity, shape.order, ordering, f"{prefix}a", shape.after, forward=True))
    if shape.before is not None:
        statement = statement.where(_beyond(entity, shape.order, ordering, f"{prefix}b", shape.before, forward=False))
    descending = [each.descending != shape.backward for each in shape.order]
    return statement.order_by(*(e.desc() if down else e.asc() for e, down in zip(ordering, descending, strict=True)))


def passes(condition: Condition, entity: Entity, alias: Any, *, prefix: str = "") -> ColumnElement[bool]:
    """The rows of an alias that pass a filter, whose values are the parameters f0, f1, ..."""
    return _clause(condition, entity, alias, (f"{prefix}f{i}" for i in count()))


def measure(aggregate: Aggregate, entity: Entity, alias: Any) -> Any:
    """The expression of a count or sum over the rows of an alias."""
    summed = None if aggregate.column is None else entity.attribute(alias, aggregate.column)
    value: Any = func.count() if summed is None else func.sum(summed)
    if aggregate.where is not None:
        value = value.filter(aggregate.where(alias))
    if summed is not None:
        value = type_coerce(cast(func.coalesce(value, literal_column("0")), _sum_type(summed.type)), summed.type)
    return value


def aggregates_by_parent(join: Join, policies: Policies, measures: tuple[Aggregate, ...]) -> Statement:
    """Aggregates over a relationship by the parent's key; parents without a visible row give no row."""
    keys = unnest(key_types(join.owner, join.key))
    selected = [measure(each, join.target, join.child) for each in measures]
    statement = (
        select(*keys.c, *_labelled("c", selected))
        .select_from(keys, join.child)
        .where(join.on(keys.c), visible_behind(join, policies))
        .group_by(*keys.c)
    )
    return Statement(statement, len(join.key))


def _sum_type(type_: Any) -> Any:
    type_ = unbounded(type_)
    while isinstance(type_, TypeDecorator):
        type_ = type_.impl_instance
    return BigInteger() if isinstance(type_, Integer) else type_


def counts_by_parent(join: Join, policies: Policies, condition: Condition | None) -> Statement:
    """How many rows of a relationship pass the filter, by the parent's key."""
    keys = unnest(key_types(join.owner, join.key))
    statement = (
        select(*keys.c, func.count())
        .select_from(keys, join.child)
        .where(join.on(keys.c), visible_behind(join, policies))
        .group_by(*keys.c)
    )
    if condition is not None:
        statement = statement.where(passes(condition, join.target, join.child))
    return Statement(statement, len(join.key))


def collection_count(entity: Entity, policies: Policies, condition: Condition | None, where: Where | None) -> Statement:
    """How many rows of a collection pass the filter."""
    alias = entity.alias()
    statement = select(func.count()).select_from(alias)
    statement = statement.where(visible(entity, alias, policies))
    if condition is not None:
        statement = statement.where(passes(condition, entity, alias))
    if where is not None:
        statement = statement.where(where(alias))
    return Statement(statement, 0)


def key_parameters(keys: list[tuple[Any, ...]], width: int) -> Mapping[str, list[Any]]:
    """The array parameters of keys: k0 holds every key's first value, k1 the second, ..."""
    return {f"k{i}": [key[i] for key in keys] for i in range(width)}


def _labelled(prefix: str, expressions: list[Any]) -> list[Any]:
    return [expression.label(f"{prefix}{i}") for i, expression in enumerate(expressions)]


def _beyond(
    entity: Entity,
    order: tuple[Ordering, ...],
    columns: list[Any],
    prefix: str,
    nulls: tuple[bool, ...],
    *,
    forward: bool,
) -> ColumnElement[bool]:
    """Rows strictly after the cursor's place in the order, or strictly before it.

    (a, b) beyond (x, y) is: a beyond x, or a = x and b beyond y. NULL is larger than every value. Values come as
    text, whose type PostgreSQL takes from the column.
    """
    alternatives = []
    ties: list[ColumnElement[bool]] = []
    for i, (each, expression, is_null) in enumerate(zip(order, columns, nulls, strict=True)):
        value = parameter(f"{prefix}{i}", Text())
        larger = each.descending != forward
        if is_null:
            further, tie = (false() if larger else expression.is_not(None)), expression.is_(None)
        else:
            further = expression > value if larger else expression < value
            if larger and entity.is_nullable(each.attribute):
                further = or_(further, expression.is_(None))
            tie = expression == value
        alternatives.append(and_(*ties, further))
        ties.append(tie)
    return or_(*alternatives)


def _shape(condition: Condition) -> Any:
    match condition:
        case All(conditions=conditions):
            return ("and", *(_shape(each) for each in conditions))
        case Some(conditions=conditions):
            return ("or", *(_shape(each) for each in conditions))
        case Not(condition=inner):
            return ("not", _shape(inner))
        case Test(attribute=attribute, operator="is_null", value=value):
            return (attribute, "is_null", value)
        case Test(attribute=attribute, operator=operator):
            return (attribute, operator)


def _values(condition: Condition) -> Iterator[Any]:
    match condition:
        case All(conditions=conditions) | Some(conditions=conditions):
            for each in conditions:
                yield from _values(each)
        case Not(condition=inner):
            yield from _values(inner)
        case Test(operator=operator, value=value) if operator != "is_null":
            yield list(value) if operator == "in" else value


def _clause(condition: Condition, entity: Entity, alias: Any, names: Iterator[str]) -> ColumnElement[bool]:
    match condition:
        case All(conditions=conditions):
            return and_(true(), *[_clause(each, entity, alias, names) for each in conditions])
        case Some(conditions=conditions):
            return or_(false(), *[_clause(each, entity, alias, names) for each in conditions])
        case Not(condition=inner):
            return not_(_clause(inner, entity, alias, names))
        case Test():
            attribute = condition.attribute
            return _test(condition, entity.attribute(alias, attribute), entity.type_of(attribute), names)


def _test(test: Test, expression: Any, type_: Any, names: Iterator[str]) -> ColumnElement[bool]:
    if test.operator == "is_null":
        return expression.is_(None) if test.value else expression.is_not(None)  # type: ignore[no-any-return]
    name = next(names)
    if test.operator == "in":
        return expression == any_(array(name, type_))  # type: ignore[no-any-return]
    value = parameter(name, type_)
    length = padding(type_)
    if length is not None and test.operator in ("contains", "starts_with"):
        expression, value = func.rpad(cast(expression, Text()), length), parameter(name, Text())
    if isinstance(type_, Float):
        # A literal is of double precision, in which no REAL is 0.1.
        value = cast(value, type_)
    clause: ColumnElement[bool] = _OPERATORS[test.operator](expression, value)
    return clause


_OPERATORS: Mapping[str, Callable[[Any, Any], Any]] = {
    "eq": operator.eq,
    "ne": lambda expression, value: expression.is_distinct_from(value),
    "lt": operator.lt,
    "lte": operator.le,
    "gt": operator.gt,
    "gte": operator.ge,
    # strpos and starts_with take the text as it is: no wildcards to escape.
    "contains": lambda expression, value: func.strpos(func.lower(expression), func.lower(value)) > 0,
    "starts_with": lambda expression, value: func.starts_with(expression, value),
}
