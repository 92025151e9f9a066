"""What the one root field of a live operation is: data that is followed, events, or who is there.

`source_of(plan)` tells. The hub asks a source which changes concern which subscriptions, and what to execute the plan with;
the answer itself is the engine's. Statements here are without policy: they find out where a row belongs, and nobody is
told. What a viewer gets is read by the plan, under the policy; `is_withheld` tells of an answer that it is not for them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, TypeAlias

from graphql import get_argument_values
from graphql.execution.values import get_variable_values
from sqlalchemy import Table, Text, cast, select

from ..changes.change import Change, ChangeId, Values
from ..columns.convert import as_text, convert, unbounded
from ..columns.scalars import DEFINITION
from ..database.scope import Scope
from ..engine.arguments import bare
from ..entities.entity import Entity
from ..entities.events import ChangeKind, Happened, Present, column_names, tables_of
from ..entities.global_id import key_text, parse_key_text
from ..entities.paths import Path
from ..entities.specs import MatchedBy
from ..errors import NotVisible, Unauthenticated, VariablesRefused
from ..plan.plan import Plan
from ..plan.steps import FieldPlan, TakeEvent, TakePresent
from ..schema.catalog import Catalog
from ..sql.join import Join
from ..sql.select import key_types
from ..sql.statement import Statement, unnest

Route: TypeAlias = tuple[str | None, ...]
"""The values of an event's paths as PostgreSQL's text: where a row is, or which rows a subscription wants. With a None, none."""


def source_of(plan: Plan) -> LiveSource | EventSource | PresenceSource | None:
    """The source of a plan; None for what cannot be subscribed to. One a plan is enough, it keeps its statements."""
    if not plan.is_live:
        return None
    if plan.kind == "subscription":
        [field] = plan.whole().root.fields
        match field.step:
            case TakeEvent():
                return EventSource(plan, field.step, field.name)
            case TakePresent():
                return PresenceSource(plan, field.step, field.name)
    return LiveSource()


class LiveSource:
    """The answer follows the data that was read for it: a query with `@live`, or a subscription of one such field."""


class EventSource:
    """Each change of a row of some type, for the subscriptions whose route is where the row is, or was.

    `name` is the field's, which all plans of the same events share; `tables` are those whose changes may be events, by
    `Table.fullname`, `kinds` the kinds of change that count; a `truncate`, which names no row, is none.

    A row of joined inheritance has several tables: it is inserted and deleted with its own, and each that an update writes is
    an event.
    """

    def __init__(self, plan: Plan, step: TakeEvent, name: str) -> None:
        self.plan, self.name, self.kinds = plan, name, frozenset(step.kinds)
        self._step, self._entity = step, step.load.entity
        tables = tables_of(self._entity)
        self._own = tables[0]
        self._tables = {table.fullname: table for table in tables}
        self._paths = [_Located(plan.catalog, self._entity, path) for path, _ in step.spec.match]

    def __repr__(self) -> str:
        return f"<EventSource {self.name}: {', '.join(sorted(self.kinds))} of {', '.join(self._tables)}>"

    @property
    def tables(self) -> frozenset[str]:
        return frozenset(self._tables)

    def takes(self, change: Change) -> bool:
        """Whether a change is an event at all."""
        table = self._tables.get(change.table)
        return table is not None and change.kind in self.kinds and (table is self._own or change.kind == "update")

    def routes(self, variables: Mapping[str, Any] | None, viewer: object | None) -> Route:
        """The one route that a subscription wants.

        Raises VariablesRefused, BadUserInput for an argument that cannot be a value of its column, Unauthenticated.
        """
        field, arguments = _arguments(self.plan, variables)
        names = _argument_names(field)
        return tuple(
            self._wanted(located.path, by, names, arguments, viewer)
            for located, (_, by) in zip(self._paths, self._step.spec.match, strict=True)
        )

    def _wanted(
        self, path: Path, by: MatchedBy, names: Mapping[str, str], arguments: Mapping[str, Any], viewer: object | None
    ) -> str | None:
        if isinstance(by, str):
            value, what = arguments[names[by]], f"{self.name}({names[by]}:)"
        else:
            value, what = _of_viewer(by, viewer, self.name), self.name
        return None if value is None else as_text(convert(path.column.type, value, what=what))

    def locate(self, changes: Iterable[Change], scope: Scope) -> dict[ChangeId, dict[Route, Change]]:
        """Where the rows of changes are, and were: by the change's key, a route or more; none where it is no event.

        With each route goes the change as it is told there. Where a row only came to, it has nothing of how the row was, where
        it only left, nothing of how it is: who may not see the one place must not learn of it at the other.

        One statement for each path that leads to another row, for all changes together. Rows behind the first are taken
        as they are now.
        """
        taken = {change.key: change for change in changes if self.takes(change)}
        sides: list[tuple[Change, Values]] = []
        for change in taken.values():
            sides += [(change, values) for values in (change.old, change.new) if values]
        columns = [located.values(sides, self._tables, scope) for located in self._paths]
        routes: dict[ChangeId, dict[Route, Change]] = {key: {} for key in taken}
        for i, (change, values) in enumerate(sides):
            found: list[Route] = [()]
            for column in columns:
                found = [(*route, value) for route in found for value in column[i]]
            told = replace(change, new={}) if values is change.old else replace(change, old={})
            for route in found:
                routes[change.key][route] = change if route in routes[change.key] else told
        return routes

    def root_value(self, change: Change) -> Happened:
        """What to execute the plan with to tell of a change, as it is told at a route."""
        entity, table, former = self._entity, self._tables[change.table], self._step.former
        names = column_names(entity, entity.key, table)
        assert names is not None
        values = change.new or change.old
        key = entity.parse_key(tuple(values[name] for name in names), what=self.name)
        before = None
        if former is not None and change.old:
            columns = column_names(entity, former.key, table)
            before = None if columns is None else bare(tuple(change.old[name] for name in columns))
        kind = ChangeKind(change.kind)
        id = key_text(key)
        has_left = kind is ChangeKind.UPDATED and not change.new
        return Happened(kind, id, None if kind is ChangeKind.DELETED else bare(key), before, has_left=has_left)

    def is_withheld(self, payload: Mapping[str, Any]) -> bool:
        """Whether an answer says that the event is not for its viewer: nothing is sent then."""
        return _is_withheld(payload)


class PresenceSource:
    """Who is subscribed to one row: a list of objects that changes as subscriptions come and go.

    `place` names the row, `who` the viewer among those who are there: texts, equal on all nodes.
    """

    def __init__(self, plan: Plan, step: TakePresent, name: str) -> None:
        self.plan, self.name = plan, name
        self._step, self._entity = step, step.load.entity
        self._place = step.place.entity

    def __repr__(self) -> str:
        return f"<PresenceSource {self.name} of {self._place.name}>"

    def place(self, variables: Mapping[str, Any] | None) -> str:
        """The row that a subscription is about: `matters:5`. Raises VariablesRefused and BadUserInput."""
        field, arguments = _arguments(self.plan, variables)
        name = _argument_names(field)[self._step.spec.argument]
        [key] = self._place.parse_key((arguments[name],), what=f"{self.name}({name}:)")
        return f"{self._table}:{as_text(key)}"

    def who(self, viewer: object | None) -> str | None:
        """The viewer's key among the objects, None for one who is nobody there and may look. Raises Unauthenticated."""
        key = _of_viewer(self._step.spec.key, viewer, self.name)
        if key is None:
            return None
        values = key if isinstance(key, tuple) else (key,)
        return key_text(self._entity.parse_key(values, what=self.name))

    def root_value(self, place: str, present: Iterable[str]) -> Present:
        """What to execute the plan with, given what `place` gave and what `who` gave of those who are there."""
        [key] = self._place.parse_key((place.removeprefix(f"{self._table}:"),), what=self.name)
        keys = {bare(parse_key_text(self._entity, each)) for each in present}
        return Present(key, tuple(sorted(keys)))

    def is_withheld(self, payload: Mapping[str, Any]) -> bool:
        """Whether an answer says that the viewer may not see the row: they cannot be there."""
        return _is_withheld(payload)

    @property
    def _table(self) -> str:
        table = self._place.mapper.local_table
        return table.fullname if isinstance(table, Table) else self._place.name


class _Located:
    """The values of one path for rows of an entity, from what changes carry of them."""

    def __init__(self, catalog: Catalog, entity: Entity, text: str) -> None:
        self.path = Path.of(entity.model, text)
        self._entity = entity
        self._owner = owner = catalog.rows_of(entity.model)
        self._joins: list[Join] = []
        for relationship in self.path.relationships:
            target = catalog.rows_of(relationship.mapper.class_)
            self._joins.append(Join(owner, relationship, target))
            owner = target

    def values(
        self, sides: Sequence[tuple[Change, Values]], tables: Mapping[str, Table], scope: Scope
    ) -> list[frozenset[str]]:
        """The path's values for each side of each change: mostly one, none where it ends in NULL or leads nowhere."""
        found: list[frozenset[str]] = [frozenset()] * len(sides)
        onward: dict[int, Route] = {}
        by_key: dict[int, Route] = {}
        first = self._joins[0].key if self._joins else (self.path.attribute,)
        for i, (change, values) in enumerate(sides):
            names = column_names(self._entity, first, tables[change.table])
            if names is None:
                # Of joined inheritance, another table's row of the same key: as it is now.
                names = column_names(self._entity, self._entity.key, tables[change.table])
                assert names is not None
                by_key[i] = tuple(values[name] for name in names)
            elif self._joins:
                onward[i] = tuple(values[name] for name in names)
            else:
                value = values[names[0]]
                found[i] = frozenset() if value is None else frozenset((value,))
        for keys, from_columns in ((onward, True), (by_key, False)):
            if keys:
                read = _read(self._onward if from_columns else self._by_key, set(keys.values()), scope)
                for i, key in keys.items():
                    found[i] = frozenset(read.get(key, ()))
        return found

    @cached_property
    def _onward(self) -> Statement:
        """From the columns that the first relationship hangs on."""
        names = self._joins[0].key
        keys = unnest([Text() for _ in names])
        return self._statement(keys, [keys], self._values(keys, names), [])

    @cached_property
    def _by_key(self) -> Statement:
        """From the row's primary key."""
        owner = self._owner
        keys, row = unnest([Text() for _ in owner.key]), owner.alias()
        conditions = [
            owner.attribute(row, name) == value
            for name, value in zip(owner.key, self._values(keys, owner.key), strict=True)
        ]
        names = self._joins[0].key if self._joins else (self.path.attribute,)
        return self._statement(keys, [keys, row], [owner.attribute(row, name) for name in names], conditions)

    def _values(self, keys: Any, names: tuple[str, ...]) -> list[Any]:
        """Keys, which come as text, as values of the row's attributes."""
        return [cast(keys.c[i], unbounded(type_)) for i, type_ in enumerate(key_types(self._owner, names))]

    def _statement(self, keys: Any, sources: list[Any], values: list[Any], conditions: list[Any]) -> Statement:
        """Where the path leads to from `values`: its column if there are no relationships, else what the first hangs on."""
        for i, join in enumerate(self._joins, 1):
            sources, conditions = [*sources, join.child], [*conditions, join.on(values)]
            names = self._joins[i].key if i < len(self._joins) else (self.path.attribute,)
            values = [join.target.attribute(join.child, name) for name in names]
        statement = select(*keys.c, cast(values[0], Text())).select_from(*sources).where(*conditions).distinct()
        return Statement(statement, len(keys.c))


def _read(statement: Statement, keys: set[Route], scope: Scope) -> dict[Route, list[str]]:
    """The values that a statement gives for keys, by key."""
    ordered = sorted(keys, key=repr)
    arrays = {f"k{i}": [key[i] for key in ordered] for i in range(statement.key_width)}
    found: dict[Route, list[str]] = {}
    with scope.cursor(statement.sql, statement.parameters(arrays, None)) as cursor:
        for *key, value in statement.rows(cursor):
            if value is not None:
                found.setdefault(tuple(key), []).append(value)
    return found


def _arguments(plan: Plan, variables: Mapping[str, Any] | None) -> tuple[FieldPlan, dict[str, Any]]:
    """The root field and its arguments' values by GraphQL name. Raises VariablesRefused."""
    definitions = plan.operation.variable_definitions or ()
    coerced = get_variable_values(plan.schema, definitions, dict(variables or {}), max_errors=_MOST_ERRORS)
    if isinstance(coerced, list):
        raise VariablesRefused(coerced)
    [field] = plan.variant(coerced).root.fields
    details = field.details[0]
    return field, get_argument_values(field.definition, details.node, coerced, details.fragment_variable_values)


_MOST_ERRORS = 50
"""As many errors of variables as are reported of a query."""


def _argument_names(field: FieldPlan) -> dict[str, str]:
    """The GraphQL names of a field's arguments by their names in Python."""
    return {each.extensions[DEFINITION].python_name: name for name, each in field.definition.args.items()}


def _of_viewer(function: Callable[[Any], Any], viewer: object | None, name: str) -> Any:
    if viewer is None:
        raise Unauthenticated(f"{name} is for somebody, and nobody is signed in")
    return function(viewer)


def _is_withheld(payload: Mapping[str, Any]) -> bool:
    errors = payload.get("errors") or ()
    return any(error.get("extensions", {}).get("code") == NotVisible.code for error in errors)
