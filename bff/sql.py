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

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Dialect,
    Float,
    Integer,
    Numeric,
    Select,
    and_,
    any_,
    bindparam,
    case,
    cast,
    column,
    false,
    func,
    not_,
    or_,
    select,
    true,
)
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.orm import RelationshipProperty
from sqlalchemy.sql import visitors
from sqlalchemy.types import TypeEngine

from .errors import DeclarationError
from .types.arguments import All, Condition, ListArguments, Not, Some, Test
from .types.entity import Entity, Ordering
from .types.policy import PREFIX, Policies, ViewerParameters
from .types.specs import Aggregate, Where

DIALECT: Dialect = PGDialect_psycopg2()  # type: ignore[no-untyped-call]

LIMIT = "limit_"


Processor = Callable[[Any], Any]
"""What a SQLAlchemy type does to a value on its way to the driver, or back."""


@dataclass(frozen=True, eq=False)
class Statement:
    """The text of one statement and how its values travel; made once, run by any connection.

    Rows start with `key_width` key columns, then the columns asked for. `constants` are the values that the host's
    own conditions hold; `outgoing` are the processors of the parameters that need one, `types` those of the columns.
    """

    sql: str
    key_width: int
    constants: Mapping[str, Any]
    viewer_attributes: tuple[str, ...]
    outgoing: Mapping[str, Processor]
    types: tuple[TypeEngine[Any], ...]
    _incoming: dict[tuple[int, ...], tuple[tuple[int, Processor], ...]] = field(default_factory=dict, repr=False)

    def __str__(self) -> str:
        return self.sql

    def parameters(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """All parameters for the driver, given those that are not constant."""
        parameters = {**self.constants, **values}
        for name, process in self.outgoing.items():
            parameters[name] = process(parameters[name])
        return parameters

    def rows(self, cursor: Any) -> Sequence[Any]:
        """The rows of a cursor that has run this statement, with every column as its SQLAlchemy type has it."""
        fetched: Sequence[Any] = cursor.fetchall()
        incoming = self._processors(tuple([column.type_code for column in cursor.description]))
        if not incoming:
            return fetched
        rows = [list(row) for row in fetched]
        for position, process in incoming:
            for row in rows:
                row[position] = process(row[position])
        return [tuple(row) for row in rows]

    def _processors(self, type_codes: tuple[int, ...]) -> tuple[tuple[int, Processor], ...]:
        """What Numeric and Float do to a value depends on which of PostgreSQL's types came."""
        incoming = self._incoming.get(type_codes)
        if incoming is None:
            processors = [
                type_.dialect_impl(DIALECT).result_processor(DIALECT, type_code)
                for type_, type_code in zip(self.types, type_codes, strict=True)
            ]
            incoming = tuple((i, process) for i, process in enumerate(processors) if process is not None)
            self._incoming[type_codes] = incoming
        return incoming


def parameter(name: str, type_: Any) -> Any:
    """A parameter whose value comes with each execution."""
    return bindparam(name, None, type_=type_)


def _compile(statement: Select[Any], key_width: int) -> Statement:
    # The host's conditions may hold IN lists; rendering them now makes the text final.
    compiled = statement.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
    constants, outgoing, viewer = {}, {}, []
    for name, value in compiled.params.items():
        # A value of an IN list is named after the list's own parameter: status_1 holds status_1_1, status_1_2, ...
        bind = compiled.binds[name if name in compiled.binds else name.rpartition("_")[0]]
        process = bind.type.dialect_impl(DIALECT).bind_processor(DIALECT)
        if bind.unique:
            constants[name] = value if process is None else process(value)
            continue
        if bind.expanding:
            raise DeclarationError(
                f"a policy compares with .in_(viewer.{name}); use == any_(cast(viewer...., ARRAY(...)))"
            )
        if name.startswith(PREFIX):
            viewer.append(name.removeprefix(PREFIX))
        if process is not None:
            outgoing[name] = process
    types = tuple(column.type for column in statement.selected_columns)
    return Statement(str(compiled), key_width, constants, tuple(viewer), outgoing, types)


class Join:
    """How the rows of a relationship hang on their parents: the parent's key attributes and the condition."""

    def __init__(self, owner: Entity, relationship: RelationshipProperty[Any], target: Entity) -> None:
        self.owner, self.relationship, self.target = owner, relationship, target
        parent = owner.alias()
        by_column = {
            owner.attribute(parent, name).__clause_element__(): name
            for mapper in ([owner.mapper] if not owner.interface else owner.mapper.self_and_descendants)
            for name in dict(mapper.column_attrs)
        }
        self._parent_columns: dict[Any, int] = {}
        self.key: tuple[str, ...] = ()
        self._template, self._child = self._on(parent)
        for element in visitors.iterate(self._template):
            name = by_column.get(element) if isinstance(element, ColumnElement) else None
            if name is not None and element not in self._parent_columns:
                self._parent_columns[element] = len(self.key)
                self.key += (name,)

    def _on(self, parent: Any) -> tuple[ColumnElement[bool], Any]:
        child = self.target.alias()
        attribute = self.owner.attribute(parent, self.relationship.key)
        condition: ColumnElement[bool] = attribute.of_type(child).__clause_element__()
        return condition, child

    @property
    def child(self) -> Any:
        """The alias of the target in `on`."""
        return self._child

    def on(self, keys: Any) -> ColumnElement[bool]:
        """The join condition, with columns of `keys` (see `unnest`) in the place of the parent's."""

        def replace(element: Any, **_: Any) -> Any:
            position = self._parent_columns.get(element) if isinstance(element, ColumnElement) else None
            return None if position is None else keys.c[f"k{position}"]

        condition: ColumnElement[bool] = visitors.replacement_traverse(self._template, {}, replace)
        return condition

    @property
    def leads_to_key(self) -> bool:
        """Whether a parent's key values are just the primary key of the one row it leads to."""
        relationship = self.relationship
        if relationship.uselist or relationship.secondary is not None:
            return False
        pairs = relationship.local_remote_pairs or []
        comparisons = [e for e in visitors.iterate(relationship.primaryjoin) if e.__visit_name__ == "binary"]
        remote = {self.target.mapper.get_property_by_column(right).key for _, right in pairs}
        return len(comparisons) == len(pairs) == len(self.target.key) and remote == set(self.target.key)

    def target_key(self) -> tuple[str, ...]:
        """The parent's attributes in the order of the target's primary key; only when `leads_to_key`."""
        pairs = self.relationship.local_remote_pairs or []
        by_remote = {
            self.target.mapper.get_property_by_column(right).key: self.owner.mapper.get_property_by_column(left).key
            for left, right in pairs
        }
        return tuple(by_remote[name] for name in self.target.key)


def key_types(entity: Entity, names: tuple[str, ...]) -> list[Any]:
    """The SQL types of attributes."""
    return [entity.expression(name).type for name in names]


def unnest(types: list[Any]) -> Any:
    """`unnest(k0, k1, ...) AS k(k0, k1, ...)`: the keys of a level as a table; parameters k0, k1, ... are arrays."""
    arrays = [parameter(f"k{i}", ARRAY(type_)) for i, type_ in enumerate(types)]
    columns = [column(f"k{i}", type_) for i, type_ in enumerate(types)]
    return func.unnest(*arrays).table_valued(*columns).render_derived(name="k")


def rows_by_key(entity: Entity, policies: Policies, columns: tuple[str, ...]) -> Statement:
    """Rows of an entity by primary key: parameters k0.. are arrays, rows start with the key."""
    alias = entity.alias()
    key = [entity.attribute(alias, name) for name in entity.key]
    types = key_types(entity, entity.key)
    selected = [entity.attribute(alias, name) for name in columns]
    statement = select(*_labelled("k", key), *_labelled("c", selected))
    if len(key) == 1:
        statement = statement.where(key[0] == any_(parameter("k0", ARRAY(types[0]))))
    else:
        keys = unnest(types)
        statement = statement.join_from(alias, keys, and_(*(part == keys.c[i] for i, part in enumerate(key))))
    return _compile(statement.where(policies.condition(entity.model, alias, ViewerParameters())), len(key))


@dataclass(frozen=True)
class ListShape:
    """What of a list's arguments changes the text of its statement; the rest are parameters.

    `after` and `before` tell for each ordering column whether the cursor's value is NULL. `backward` reads the
    order from its end.
    """

    order: tuple[Ordering, ...]
    condition: Any = None
    after: tuple[bool, ...] | None = None
    before: tuple[bool, ...] | None = None
    backward: bool = False

    @classmethod
    def of(cls, asked: ListArguments, after: tuple[Any, ...] | None, before: tuple[Any, ...] | None) -> ListShape:
        return cls(
            asked.order,
            asked.condition and _shape(asked.condition),
            after and tuple(value is None for value in after),
            before and tuple(value is None for value in before),
            asked.last is not None,
        )


def list_parameters(
    asked: ListArguments, after: tuple[Any, ...] | None, before: tuple[Any, ...] | None
) -> dict[str, Any]:
    """The parameters of a list statement other than its keys, its limit and the viewer's."""
    parameters = {f"a{i}": value for i, value in enumerate(after or ()) if value is not None}
    parameters |= {f"b{i}": value for i, value in enumerate(before or ()) if value is not None}
    if asked.condition is not None:
        parameters |= {f"f{i}": value for i, value in enumerate(_values(asked.condition))}
    return parameters


def lists_by_parent(
    join: Join, policies: Policies, columns: tuple[str, ...], shape: ListShape, condition: Condition | None
) -> Statement:
    """Rows of a relationship by the parent's key. Rows: key, `columns`, then the ordering columns."""
    keys = unnest(key_types(join.owner, join.key))
    inner = _list(join.target, join.child, policies, columns, shape, condition).where(join.on(keys))
    rows = inner.limit(parameter(LIMIT, Integer())).lateral("t")
    return _compile(select(*keys.c, *rows.c).select_from(keys.join(rows, true())), len(join.key))


def collection(
    entity: Entity,
    policies: Policies,
    columns: tuple[str, ...],
    shape: ListShape,
    condition: Condition | None,
    where: Where | None,
) -> Statement:
    """Rows of an entity without a parent. Rows: `columns`, then the ordering columns."""
    alias = entity.alias()
    statement = _list(entity, alias, policies, columns, shape, condition)
    if where is not None:
        statement = statement.where(where(alias))
    return _compile(statement.limit(parameter(LIMIT, Integer())), 0)


def _list(
    entity: Entity,
    alias: Any,
    policies: Policies,
    columns: tuple[str, ...],
    shape: ListShape,
    condition: Condition | None,
) -> Select[Any]:
    selected = [entity.attribute(alias, name) for name in columns]
    ordering = [entity.attribute(alias, each.attribute) for each in shape.order]
    statement = select(*_labelled("c", selected), *_labelled("o", ordering))
    statement = statement.where(policies.condition(entity.model, alias, ViewerParameters()))
    if condition is not None:
        statement = statement.where(_clause(condition, entity, alias, iter(range(10**6))))
    if shape.after is not None:
        statement = statement.where(_beyond(shape.order, ordering, "a", shape.after, forward=True))
    if shape.before is not None:
        statement = statement.where(_beyond(shape.order, ordering, "b", shape.before, forward=False))
    descending = [each.descending != shape.backward for each in shape.order]
    return statement.order_by(*(e.desc() if down else e.asc() for e, down in zip(ordering, descending, strict=True)))


def aggregates_by_parent(join: Join, policies: Policies, measures: tuple[Aggregate, ...]) -> Statement:
    """Aggregates over a relationship by the parent's key; parents without a visible row give no row."""
    keys = unnest(key_types(join.owner, join.key))
    child = join.child
    selected: list[ColumnElement[Any]] = []
    for measure in measures:
        if measure.column is not None:
            summed = join.target.attribute(child, measure.column)
            counted = summed if measure.where is None else case((measure.where(child), summed))
            selected.append(cast(func.coalesce(func.sum(counted), 0), _sum_type(summed.type)))
        elif measure.where is not None:
            selected.append(func.count(case((measure.where(child), 1))))
        else:
            selected.append(func.count())
    statement = (
        select(*keys.c, *_labelled("c", selected))
        .select_from(keys, child)
        .where(join.on(keys), policies.condition(join.target.model, child, ViewerParameters()))
        .group_by(*keys.c)
    )
    return _compile(statement, len(join.key))


def _sum_type(type_: Any) -> Any:
    """A sum may have more digits than the column has room for."""
    if isinstance(type_, Integer):
        return BigInteger()
    if isinstance(type_, Numeric) and not isinstance(type_, Float):
        return Numeric(asdecimal=type_.asdecimal)  # type: ignore[call-overload]
    return type_


def counts_by_parent(join: Join, policies: Policies, condition: Condition | None) -> Statement:
    """How many rows of a relationship pass the filter, by the parent's key."""
    keys = unnest(key_types(join.owner, join.key))
    statement = (
        select(*keys.c, func.count())
        .select_from(keys, join.child)
        .where(join.on(keys), policies.condition(join.target.model, join.child, ViewerParameters()))
        .group_by(*keys.c)
    )
    if condition is not None:
        statement = statement.where(_clause(condition, join.target, join.child, iter(range(10**6))))
    return _compile(statement, len(join.key))


def collection_count(entity: Entity, policies: Policies, condition: Condition | None, where: Where | None) -> Statement:
    """How many rows of a collection pass the filter."""
    alias = entity.alias()
    statement = select(func.count()).select_from(alias)
    statement = statement.where(policies.condition(entity.model, alias, ViewerParameters()))
    if condition is not None:
        statement = statement.where(_clause(condition, entity, alias, iter(range(10**6))))
    if where is not None:
        statement = statement.where(where(alias))
    return _compile(statement, 0)


def key_parameters(keys: list[tuple[Any, ...]], width: int) -> Mapping[str, list[Any]]:
    """The array parameters of keys: k0 holds every key's first value, k1 the second, ..."""
    return {f"k{i}": [key[i] for key in keys] for i in range(width)}


def _labelled(prefix: str, expressions: list[Any]) -> list[Any]:
    return [expression.label(f"{prefix}{i}") for i, expression in enumerate(expressions)]


def _beyond(
    order: tuple[Ordering, ...], columns: list[Any], prefix: str, nulls: tuple[bool, ...], *, forward: bool
) -> ColumnElement[bool]:
    """Rows strictly after the cursor's place in the order, or strictly before it.

    (a, b) beyond (x, y) is: a beyond x, or a = x and b beyond y. NULL is larger than every value.
    """
    alternatives = []
    ties: list[ColumnElement[bool]] = []
    for i, (each, expression, is_null) in enumerate(zip(order, columns, nulls, strict=True)):
        value = parameter(f"{prefix}{i}", expression.type)
        larger = each.descending != forward
        if is_null:
            further, tie = (false() if larger else expression.is_not(None)), expression.is_(None)
        else:
            further = or_(expression > value, expression.is_(None)) if larger else expression < value
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


def _clause(condition: Condition, entity: Entity, alias: Any, numbers: Iterator[int]) -> ColumnElement[bool]:
    match condition:
        case All(conditions=conditions):
            return and_(true(), *[_clause(each, entity, alias, numbers) for each in conditions])
        case Some(conditions=conditions):
            return or_(false(), *[_clause(each, entity, alias, numbers) for each in conditions])
        case Not(condition=inner):
            return not_(_clause(inner, entity, alias, numbers))
        case Test():
            return _test(condition, entity.attribute(alias, condition.attribute), numbers)


def _test(test: Test, expression: Any, numbers: Iterator[int]) -> ColumnElement[bool]:
    if test.operator == "is_null":
        return expression.is_(None) if test.value else expression.is_not(None)  # type: ignore[no-any-return]
    name = f"f{next(numbers)}"
    if test.operator == "in":
        return expression == any_(parameter(name, ARRAY(expression.type)))  # type: ignore[no-any-return]
    value = parameter(name, expression.type)
    clauses: dict[str, Callable[[], Any]] = {
        "eq": lambda: expression == value,
        "ne": lambda: expression.is_distinct_from(value),
        "lt": lambda: expression < value,
        "lte": lambda: expression <= value,
        "gt": lambda: expression > value,
        "gte": lambda: expression >= value,
        # strpos and starts_with take the text as it is: no wildcards to escape.
        "contains": lambda: func.strpos(func.lower(expression), func.lower(value)) > 0,
        "starts_with": lambda: func.starts_with(expression, value),
    }
    clause: ColumnElement[bool] = clauses[test.operator]()
    return clause
