"""Runs a plan in rounds: collect every pending load of the level, run each once, go on.

Execution is breadth-first. A `Selection` is run over all its objects at once, field by field; fields that need data
join a pending load and are completed when it has run. A load runs when no other pending load can still bring
it keys (`Load.downstream`), so each is one statement for the whole page. Results are kept by key for the
operation: nothing is read twice.

The result is what graphql-core's depth-first execution gives, to the letter, errors included. Null propagation is
settled at the end: each error knows its path and the nearest position above that may be null; errors are put
in depth-first order, and those that depth-first execution would not have come to are dropped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass
from typing import Any, TypeGuard

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    Undefined,
    assert_valid_schema,
    default_field_resolver,
    default_type_resolver,
    get_argument_values,
    is_abstract_type,
    is_object_type,
    located_error,
)
from graphql.execution.values import VariableValues, get_variable_values
from graphql.pyutils import Path, inspect, is_iterable
from graphql.type.definition import GraphQLResolveInfoHelpers
from sqlalchemy import inspect as inspect_model
from strawberry.types.arguments import convert_arguments

from . import sql
from .errors import TryAgain
from .loads import Aggregates, Batch, Counts, ListByParent, Load, RootList, Rows, RowsByKey
from .pages import Page
from .plan import (
    CallBatch,
    CallResolver,
    FieldPlan,
    LoadAggregate,
    LoadList,
    LoadOne,
    LookUp,
    LookUpNode,
    PageRows,
    PageTotal,
    Plan,
    ReadAttribute,
    ReadColumn,
    ReadNodeId,
    Selection,
    Typename,
    compile_plan,
    is_shareable,
)
from .records import Record
from .scope import Scope
from .types.arguments import DEFINITION, ListArguments, list_arguments
from .types.connection import DEFAULT_PAGE
from .types.cursors import CursorCodec
from .types.entity import Entity
from .types.oracle import bound_exceeded, checked_batch
from .types.policy import PREFIX, viewer_value

MAX_COERCION_ERRORS = 50
"""As many errors of variables as graphql-core reports by default."""

Place = tuple[Any, Any, Any] | None
"""Where a value stands in the response: (place of its container, key or index, the field for a key, else None)."""

Key = Any
"""The key of a load: one value, or a tuple when it has several columns. None: there is nothing to load."""


class NullViolation(TypeError):
    """A non-nullable position has no value; a TypeError as in graphql-core."""


def execute(
    schema: GraphQLSchema,
    document: DocumentNode,
    root_value: Any = None,
    context_value: Any = None,
    variable_values: dict[str, Any] | None = None,
    operation_name: str | None = None,
) -> ExecutionResult:
    """Execute an operation as graphql-core's `execute_sync` does, for any graphql-core schema.

    The document is taken to be valid. Entity fields need a `Scope` as context value.
    """
    assert_valid_schema(schema)
    try:
        plan = compile_plan(schema, document, operation_name)
    except GraphQLError as error:
        return ExecutionResult(data=None, errors=[error])
    return run(plan, variables=variable_values, context=context_value, root_value=root_value)


def run(
    plan: Plan,
    *,
    variables: Mapping[str, Any] | None,
    context: Any,
    root_value: Any = None,
    hide_suggestions: bool = False,
) -> ExecutionResult:
    """Run a plan. Field errors are in the result; TryAgain errors (deadline, database away) are raised."""
    coerced = get_variable_values(
        plan.schema,
        plan.operation.variable_definitions or (),
        dict(variables or {}),
        max_errors=MAX_COERCION_ERRORS,
        hide_suggestions=hide_suggestions,
    )
    if isinstance(coerced, list):
        return ExecutionResult(data=None, errors=coerced)
    try:
        return _Execution(plan, coerced, context, root_value, hide_suggestions).run()
    except GraphQLError as error:
        return ExecutionResult(data=None, errors=[error])
    finally:
        if isinstance(context, Scope):
            context.release()


@dataclass(eq=False)
class _Pending:
    """A load that waits to run: its keys in order of appearance, and who gets the results."""

    load: Load
    asked: Any
    keys: dict[Key, None]
    waiters: list[tuple[list[Key], Callable[[list[Any]], None]]]


@dataclass(frozen=True, eq=False)
class _Failure:
    """An error at a place, and the place that becomes null for it (`absorbs`: None is the whole of `data`)."""

    error: GraphQLError
    path: tuple[Any, ...]
    order: tuple[int, ...]
    absorbs: tuple[Any, ...] | None


class _Execution:
    def __init__(
        self, plan: Plan, variables: VariableValues, context: Any, root_value: Any, hide_suggestions: bool
    ) -> None:
        self._plan, self._variables, self._context, self._root_value = plan, variables, context, root_value
        self._hide_suggestions = hide_suggestions
        self._entered: deque[tuple[Selection, Sequence[Any], list[Any], list[Place]]] = deque()
        self._pending: dict[Hashable, _Pending] = {}
        self._results: dict[Hashable, dict[Key, Any]] = {}
        self._failures: list[_Failure] = []

    def run(self) -> ExecutionResult:
        root = self._plan.variant(self._variables).root
        data: dict[str, Any] = root.template.copy()
        for fields in [[each] for each in root.fields] if self._plan.is_mutation else [root.fields]:
            for each in fields:
                _HANDLERS[type(each.step)](self, each, [self._root_value], [data], [None])
            self._rounds()
            self._results.clear()
            if any(failure.absorbs is None for failure in self._failures):
                break
        return self._settled(data)

    # -- rounds

    def _rounds(self) -> None:
        while self._entered or self._pending:
            if self._entered:
                self._selection(*self._entered.popleft())
                continue
            pending = list(self._pending.items())
            loads = {each.load for _, each in pending}
            blocked = {load for above in loads for load in above.downstream if load is not above}
            ready = [(key, each) for key, each in pending if each.load not in blocked] or pending
            for key, each in ready:
                del self._pending[key]
                results = self._results[key]
                results.update(self._run_load(each))
                for keys, deliver in each.waiters:
                    deliver([results.get(key) for key in keys])

    def _need(self, load: Load, asked: Hashable, keys: list[Key], deliver: Callable[[list[Any]], None]) -> None:
        identity = (load, asked)
        results = self._results.setdefault(identity, {})
        missing = [key for key in keys if key is not None and key not in results]
        if not missing:
            deliver([results.get(key) for key in keys])
            return
        pending = self._pending.get(identity)
        if pending is None:
            pending = self._pending[identity] = _Pending(load, asked, {}, [])
        pending.keys.update(dict.fromkeys(missing))
        pending.waiters.append((keys, deliver))

    def _run_load(self, pending: _Pending) -> dict[Key, Any]:
        load, keys = pending.load, list(pending.keys)
        match load:
            case RowsByKey():
                return dict(self._keyed(load.statement, keys, {}))
            case ListByParent() | RootList():
                return self._run_list(load, pending.asked, keys)
            case Aggregates():
                return dict(self._keyed(load.statement, keys, {}))
            case Counts():
                return self._run_counts(load, pending.asked, keys)
            case Batch():
                return self._run_batch(load, pending.asked, keys)
        raise TypeError(f"no way to run {load!r}")

    def _keyed(
        self, statement: sql.Statement, keys: list[Key], parameters: dict[str, Any]
    ) -> Iterator[tuple[Key, Any]]:
        """The rows of a statement with their keys."""
        width = statement.key_width
        if width == 1:
            arrays: Mapping[str, Any] = {"k0": keys}
        else:
            arrays = sql.key_parameters(keys, width)
        for row in self._rows(statement, {**parameters, **arrays}):
            yield (row[0] if width == 1 else tuple(row[:width])), row

    def _rows(self, statement: sql.Statement, parameters: dict[str, Any]) -> Sequence[Any]:
        scope = self._scope
        for name in statement.viewer_attributes:
            parameters[PREFIX + name] = viewer_value(scope.viewer, name)
        result = scope.session.connection().exec_driver_sql(statement.sql, statement.parameters(parameters))
        with closing(result.cursor) as cursor:
            return statement.rows(cursor)

    @property
    def _scope(self) -> Scope:
        if not isinstance(self._context, Scope):
            raise TypeError(f"entity fields need a bff.Scope as context value, not {inspect(self._context)}")
        return self._context

    def _run_list(self, load: ListByParent | RootList, asked: _List, keys: list[Key]) -> dict[Key, Any]:
        arguments, limit = asked.arguments, asked.limit
        shape = sql.ListShape.of(arguments, asked.after, asked.before)
        statement = load.statement(shape, arguments.condition)
        parameters = {sql.LIMIT: limit + 1, **sql.list_parameters(arguments, asked.after, asked.before)}
        groups: dict[Key, list[Any]] = {key: [] for key in keys}
        if isinstance(load, RootList):
            groups[()] = list(self._rows(statement, parameters))
        else:
            for key, row in self._keyed(statement, keys, parameters):
                groups[key].append(row)
        if asked.codec is not None:
            return {key: _page(rows, key, asked, load.order_slot) for key, rows in groups.items()}
        if arguments.first is not None:
            return {key: rows[:limit] for key, rows in groups.items()}
        return {
            key: rows if len(rows) <= limit else bound_exceeded(asked.what, load.bound) for key, rows in groups.items()
        }

    def _run_counts(self, load: Counts, asked: ListArguments, keys: list[Key]) -> dict[Key, Any]:
        shape = sql.ListShape.of(asked, None, None).condition
        statement = load.statement(shape, asked.condition)
        parameters = sql.list_parameters(asked, None, None)
        if isinstance(load.of, RootList):
            return {(): self._rows(statement, parameters)[0][0]}
        counts = dict.fromkeys(keys, 0)
        counts.update((key, row[-1]) for key, row in self._keyed(statement, keys, parameters))
        return counts

    def _run_batch(self, load: Batch, asked: _Call, keys: list[Key]) -> dict[Key, Any]:
        try:
            values = load.spec.function(keys, self._context, **asked.arguments)
            checked_batch(load.spec, values, len(keys), load.label)
        except TryAgain:
            raise
        except Exception as error:
            values = [error] * len(keys)
        return dict(zip(keys, values, strict=True))

    # -- one field over all objects of a selection

    def _selection(self, selection: Selection, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        for field in selection.fields:
            _HANDLERS[type(field.step)](self, field, sources, outputs, places)

    def _typename(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        assert isinstance(field.step, Typename)
        for output in outputs:
            output[field.key] = field.step.name

    def _column(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        assert isinstance(field.step, ReadColumn)
        slot = field.step.slot
        self._complete(field, outputs, places, [row[slot] for row in sources])

    def _node_id(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, ReadNodeId)
        ids = [step.entity.global_id(tuple(row[slot] for slot in step.slots)) for row in sources]
        self._complete(field, outputs, places, ids)

    def _attribute(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        assert isinstance(field.step, ReadAttribute)
        name = field.step.name
        values: list[Any] = []
        for source in sources:
            try:
                values.append(getattr(source, name))
            except Exception as error:
                values.append(error)
        self._complete(field, outputs, places, values)

    def _resolver(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        assert isinstance(field.step, CallResolver)
        arguments = self._arguments_of(field)
        if isinstance(arguments, Exception):
            self._complete(field, outputs, places, [arguments] * len(outputs))
            return
        rows = field.step.rows
        resolve = field.definition.resolve or default_field_resolver
        shared = is_shareable(arguments)
        values: list[Any] = []
        for i, (source, place) in enumerate(zip(sources, places, strict=True)):
            try:
                if i > 0 and not shared:
                    arguments = self._coerced_arguments(field)
                info = self._info(field, (place, field.key, field))
                values.append(resolve(source if rows is None else Record(rows, source), info, **arguments))
            except TryAgain:
                raise
            except Exception as error:
                values.append(error)
        self._complete(field, outputs, places, values)

    def _one(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, LoadOne)
        keys = _keys(sources, step.slots)
        if isinstance(step.load, RowsByKey):
            self._need(step.load, None, keys, lambda rows: self._complete(field, outputs, places, rows))
            return
        # The other side of a one-to-one relation: the first row of a list.
        asked = _List(ListArguments(step.load.order, first=1), 1, field.name, None, None, None)
        self._need(
            step.load,
            asked,
            keys,
            lambda lists: self._complete(field, outputs, places, [rows[0] if rows else None for rows in lists]),
        )

    def _list(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, LoadList)
        asked = self._list_asked(field, step)
        if isinstance(asked, Exception):
            self._complete(field, outputs, places, [asked] * len(outputs))
            return
        keys = _keys(sources, step.slots) if step.slots else [()] * len(sources)
        empty: Any = _page([], None, asked, 0) if step.page else []
        self._need(
            step.load,
            asked,
            keys,
            lambda lists: self._complete(field, outputs, places, [empty if rows is None else rows for rows in lists]),
        )

    def _list_asked(self, field: FieldPlan, step: LoadList) -> _List | Exception:
        raw = self._arguments_of(field)
        if isinstance(raw, Exception):
            return raw
        load = step.load
        try:
            arguments = list_arguments(
                raw,
                entity=load.entity,
                order=load.order,
                bound=load.bound,
                declared=field.definition.args,
                what=field.name,
            )
            if not step.page:
                limit = load.bound if arguments.first is None else arguments.first
                return _List(arguments, limit, field.name, None, None, None)
            size = arguments.first if arguments.first is not None else arguments.last
            limit = DEFAULT_PAGE if size is None else size
            audience = load.policies.audience(load.entity.model, self._scope.viewer)
            codec = CursorCodec(self._scope.secret, load.entity, arguments.order, audience)
            after, before = (
                None if cursor is None else codec.decode(cursor, what=f"{field.name}({name}:)")
                for name, cursor in (("after", arguments.after), ("before", arguments.before))
            )
            return _List(arguments, limit, field.name, codec, after, before)
        except TryAgain:
            raise
        except Exception as error:
            return error

    def _aggregate(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, LoadAggregate)
        slot, empty = step.slot, step.empty
        self._need(
            step.load,
            None,
            _keys(sources, step.slots),
            lambda rows: self._complete(field, outputs, places, [empty if row is None else row[slot] for row in rows]),
        )

    def _batch(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, CallBatch)
        raw = self._arguments_of(field)
        if isinstance(raw, Exception):
            self._complete(field, outputs, places, [raw] * len(outputs))
            return
        slots = step.slots
        keys = [row[slots[0]] if len(slots) == 1 else tuple(row[slot] for slot in slots) for row in sources]
        asked = _Call(self._strawberry_arguments(field, raw), _frozen(raw))
        self._need(step.load, asked, keys, lambda values: self._complete(field, outputs, places, values))

    def _look_up(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, LookUp)
        raw = self._arguments_of(field)
        key: Any = raw
        if not isinstance(raw, Exception):
            try:
                key = self._lookup_key(field, step, raw)
            except TryAgain:
                raise
            except Exception as error:
                key = error
        if isinstance(key, Exception):
            self._complete(field, outputs, places, [key] * len(outputs))
            return
        self._need(step.load, None, [key] * len(outputs), lambda rows: self._complete(field, outputs, places, rows))

    def _lookup_key(self, field: FieldPlan, step: LookUp, raw: dict[str, Any]) -> Key:
        entity = step.load.entity
        if step.spec.key is None:
            named = self._strawberry_arguments(field, raw)
            values = tuple(named[name] for name in entity.key)
        elif self._scope.viewer is None:
            return None
        else:
            found = step.spec.key(self._scope.viewer)
            values = found if isinstance(found, tuple) else (found,)
        return _bare(entity.parse_key(values, what=field.name))

    def _node(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, LookUpNode)
        raw = self._arguments_of(field)
        failure: Exception | None = raw if isinstance(raw, Exception) else None
        if not isinstance(raw, Exception):
            try:
                entity, key = self._plan.catalog.parse_global_id(raw["id"])
            except Exception as error:
                failure = error
        if failure is not None:
            self._complete(field, outputs, places, [failure] * len(outputs))
            return
        load = step.loads.get(entity.name)
        if load is None:
            self._complete(field, outputs, places, [None] * len(outputs))
            return
        self._need(
            load,
            None,
            [_bare(key)] * len(outputs),
            lambda rows: self._complete(field, outputs, places, [row and _Typed(entity, row) for row in rows]),
        )

    def _page_rows(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        assert isinstance(field.step, PageRows)
        read: Callable[[Any], Any] = {
            "nodes": lambda page: page.rows,
            "edges": lambda page: page.edges,
            "node": lambda edge: edge.row,
        }[field.step.part]
        self._complete(field, outputs, places, [read(source) for source in sources])

    def _page_total(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, PageTotal)
        # One page field has one set of arguments; pages of parents without a key are empty.
        asked = ListArguments((), sources[0].asked.condition)
        self._need(
            step.load,
            asked,
            [page.key for page in sources],
            lambda counts: self._complete(field, outputs, places, [count or 0 for count in counts]),
        )

    # -- arguments and info

    def _arguments_of(self, field: FieldPlan) -> dict[str, Any] | Exception:
        if field.static_arguments is not None:
            return field.static_arguments
        try:
            return self._coerced_arguments(field)
        except Exception as error:
            return error

    def _coerced_arguments(self, field: FieldPlan) -> dict[str, Any]:
        details = field.details[0]
        return get_argument_values(
            field.definition,
            details.node,
            self._variables,
            details.fragment_variable_values,
            self._hide_suggestions,
        )

    def _strawberry_arguments(self, field: FieldPlan, raw: dict[str, Any]) -> dict[str, Any]:
        """Argument values by Python name, as Strawberry gives them to resolvers."""
        if not raw:
            return {}
        strawberry_schema = self._plan.schema._strawberry_schema  # type: ignore[attr-defined]
        return convert_arguments(
            raw,
            field.definition.extensions[DEFINITION].arguments,
            scalar_registry=strawberry_schema.schema_converter.scalar_registry,
            config=strawberry_schema.config,
        )

    def _info(self, field: FieldPlan, place: Place) -> GraphQLResolveInfo[Any]:
        plan = self._plan
        return GraphQLResolveInfo(
            field.details[0].node.name.value,
            field.nodes,
            field.definition.type,
            field.parent.type,
            _path(place),  # type: ignore[arg-type]
            plan.schema,
            plan.fragment_definitions,
            self._root_value,
            plan.operation,
            self._variables,
            self._context,
            _is_awaitable,
            None,
            _NO_ASYNC_WORK,
        )

    # -- completion: values to response, all positions of a field at once

    def _complete(self, field: FieldPlan, outputs: list[Any], places: list[Place], values: Sequence[Any]) -> None:
        key = field.key
        if not field.is_leaf or len(field.non_null) > 1:
            positions: list[Place] = [(place, key, field) for place in places]
            self._items(field, 0, outputs, [key] * len(outputs), positions, values)
            return
        serialize = field.serialize
        for i, value in enumerate(values):
            if value is None or value is Undefined:
                if field.non_null[0]:
                    self._null(field, 0, (places[i], key, field))
            elif isinstance(value, Exception):
                self._fail(field, 0, (places[i], key, field), value)
            else:
                try:
                    outputs[i][key] = serialize(value)
                except Exception as error:
                    self._fail(field, 0, (places[i], key, field), error)

    def _items(
        self,
        field: FieldPlan,
        level: int,
        containers: list[Any],
        keys: list[Any],
        places: list[Place],
        values: Sequence[Any],
    ) -> None:
        """Complete values of one list level into `containers[i][keys[i]]`."""
        present: list[int] = []
        for i, value in enumerate(values):
            if value is None or value is Undefined:
                if field.non_null[level]:
                    self._null(field, level, places[i])
            elif isinstance(value, Exception):
                self._fail(field, level, places[i], value)
            else:
                present.append(i)
        if len(present) < len(values):
            containers, keys = [containers[i] for i in present], [keys[i] for i in present]
            places, values = [places[i] for i in present], [values[i] for i in present]
        if level + 1 < len(field.non_null):
            self._lists(field, level, containers, keys, places, values)
        elif field.is_leaf:
            serialize = field.serialize
            for container, key, place, value in zip(containers, keys, places, values, strict=True):
                try:
                    container[key] = serialize(value)
                except Exception as error:
                    self._fail(field, level, place, error)
        elif values:
            self._objects(field, level, containers, keys, places, values)

    def _lists(
        self,
        field: FieldPlan,
        level: int,
        containers: list[Any],
        keys: list[Any],
        places: list[Place],
        values: Sequence[Any],
    ) -> None:
        inner: tuple[list[Any], list[Any], list[Place], list[Any]] = ([], [], [], [])
        for container, key, place, value in zip(containers, keys, places, values, strict=True):
            if not is_iterable(value):
                error = GraphQLError(f"Expected Iterable, but did not find one for field '{field.name}'.")
                self._fail(field, level, place, error)
                continue
            items: list[Any] = []
            try:
                # Item by item: what came before an exception is completed.
                for item in value:
                    items.append(item)
            except Exception as raised:
                self._fail(field, level, place, raised, after=len(items))
            completed: list[Any] = [None] * len(items)
            container[key] = completed
            inner[0].extend([completed] * len(items))
            inner[1].extend(range(len(items)))
            inner[2].extend([(place, i, None) for i in range(len(items))])
            inner[3].extend(items)
        self._items(field, level + 1, *inner)

    def _objects(
        self,
        field: FieldPlan,
        level: int,
        containers: list[Any],
        keys: list[Any],
        places: list[Place],
        values: Sequence[Any],
    ) -> None:
        """Complete objects: find each one's type, then run the selections type by type."""
        if field.rows is not None and isinstance(field.named_type, GraphQLObjectType):
            self._enter(field, level, field.named_type.name, containers, keys, places, values)
            return
        groups: dict[str, tuple[list[Any], list[Any], list[Place], list[Any]]] = {}
        name_of = self._type_names(field)
        for container, key, place, value in zip(containers, keys, places, values, strict=True):
            try:
                name = name_of(value, place)
            except TryAgain:
                raise
            except Exception as error:
                self._fail(field, level, place, error)
                continue
            group = groups.get(name)
            if group is None:
                group = groups[name] = ([], [], [], [])
            for member, part in zip(group, (container, key, place, value), strict=True):
                member.append(part)
        for name, (g_containers, g_keys, g_places, g_values) in groups.items():
            load = field.references.get(name)
            if load is None:
                rows = [value.row for value in g_values] if isinstance(field.step, LookUpNode) else g_values
                self._enter(field, level, name, g_containers, g_keys, g_places, rows)
            else:
                self._refer(field, level, name, load, g_containers, g_keys, g_places, g_values)

    def _refer(
        self,
        field: FieldPlan,
        level: int,
        name: str,
        load: RowsByKey,
        containers: list[Any],
        keys: list[Any],
        places: list[Place],
        values: list[Any],
    ) -> None:
        """Objects that a resolver returned are read again as rows: under policy, with the columns asked for."""

        def deliver(rows: list[Any]) -> None:
            found = [i for i, row in enumerate(rows) if row is not None]
            if field.non_null[level]:
                for i, row in enumerate(rows):
                    if row is None:
                        self._null(field, level, places[i])
            self._enter(
                field,
                level,
                name,
                [containers[i] for i in found],
                [keys[i] for i in found],
                [places[i] for i in found],
                [rows[i] for i in found],
            )

        self._need(load, None, [_bare(_identity(value)) for value in values], deliver)

    def _enter(
        self,
        field: FieldPlan,
        level: int,
        name: str,
        containers: list[Any],
        keys: list[Any],
        places: list[Place],
        sources: Sequence[Any],
    ) -> None:
        selection = field.selections[name]
        if isinstance(selection, GraphQLError):
            for place in places:
                self._fail(field, level, place, selection)
            return
        template = selection.template
        outputs = []
        for container, key in zip(containers, keys, strict=True):
            output = container[key] = template.copy()
            outputs.append(output)
        if outputs:
            self._entered.append((selection, sources, outputs, places))

    def _type_names(self, field: FieldPlan) -> Callable[[Any, Place], str]:
        """A function from a value of the field to the name of its object type."""
        named = field.named_type
        if isinstance(field.step, LookUpNode):
            return lambda value, _: value.entity.name
        if is_object_type(named):
            constant = named.name
            if not named.is_type_of:
                return lambda _value, _place: constant
            return lambda value, place: self._checked_type(field, value, place)
        if field.rows is not None and field.rows.discriminator is not None:
            by_identity, slot = self._subtypes(field.rows), field.rows.discriminator
            return lambda row, _: by_identity(row[slot])
        return lambda value, place: self._runtime_type(field, value, place)

    def _subtypes(self, rows: Rows) -> Callable[[Any], str]:
        mappers = rows.entity.mapper.polymorphic_map
        of_model = self._plan.catalog.of_model

        def name_of(identity: Any) -> str:
            entity = of_model(mappers[identity].class_)
            if entity is None:
                raise GraphQLError(f"No entity type for {mappers[identity].class_.__name__}.")
            return entity.name

        return name_of

    def _checked_type(self, field: FieldPlan, value: Any, place: Place) -> str:
        named = field.named_type
        assert isinstance(named, GraphQLObjectType)
        assert named.is_type_of
        if not named.is_type_of(value, self._info(field, _field_place(place))):
            raise GraphQLError(f"Expected value of type '{named}' but got: {inspect(value)}.", field.nodes)
        return named.name

    def _runtime_type(self, field: FieldPlan, value: Any, place: Place) -> str:
        schema, named = self._plan.schema, field.named_type
        assert is_abstract_type(named)
        info = self._info(field, _field_place(place))
        name: Any = (named.resolve_type or default_type_resolver)(value, info, named)
        complaint = None
        if name is None:
            complaint = (
                f"Abstract type '{named}' must resolve to an Object type at runtime for field '{field.name}'."
                f" Either the '{named}' type should provide a 'resolve_type' function or each possible type should"
                f" provide an 'is_type_of' function."
            )
        elif not isinstance(name, str):
            complaint = (
                f"Abstract type '{named}' must resolve to an Object type at runtime for field '{field.name}' with"
                f" value {inspect(value)}, received '{inspect(name)}', which is not a valid Object type name."
            )
        elif (type_ := schema.get_type(name)) is None:
            complaint = (
                f"Abstract type '{named}' was resolved to a type '{name}' that does not exist inside the schema."
            )
        elif not is_object_type(type_):
            complaint = f"Abstract type '{named}' was resolved to a non-object type '{name}'."
        elif not schema.is_sub_type(named, type_):
            complaint = f"Runtime Object type '{type_}' is not a possible type for '{named}'."
        elif type_.is_type_of and not type_.is_type_of(value, info):
            complaint = f"Expected value of type '{type_}' but got: {inspect(value)}."
        if complaint is not None:
            raise GraphQLError(complaint, field.nodes)
        return str(name)

    # -- errors

    def _null(self, field: FieldPlan, level: int, place: Place) -> None:
        error = NullViolation(f"Cannot return null for non-nullable field {field.name}.")
        self._fail(field, level, place, error)

    def _fail(self, field: FieldPlan, level: int, place: Place, error: Exception, after: int | None = None) -> None:
        """Note the error of a place; `after` tells that it came after so many items of the list there."""
        path = _keys_of(place)
        located = located_error(error, field.nodes, list(path))
        absorbing = _absorbing(field, level, place) if self._plan.propagates_errors else place
        absorbs = None if absorbing is None else _keys_of(absorbing)
        order = _order_of(place) if after is None else (*_order_of(place), after)
        self._failures.append(_Failure(located, path, order, absorbs))

    def _settled(self, data: dict[str, Any]) -> ExecutionResult:
        """Null what the errors reach, and keep the errors that depth-first execution comes to."""
        if not self._failures:
            return ExecutionResult(data, None)
        errors: list[GraphQLError] = []
        nulled: set[tuple[Any, ...]] = set()
        for failure in sorted(self._failures, key=lambda each: each.order):
            path = failure.path
            if any(path[:i] in nulled for i in range(len(path) + 1)):
                continue
            errors.append(failure.error)
            nulled.add(failure.absorbs or ())
            if failure.absorbs is None:
                return ExecutionResult(None, errors)
            _set_null(data, failure.absorbs)
        return ExecutionResult(data, errors)


@dataclass(frozen=True)
class _List:
    """What a list load is asked: `limit` rows a parent, cursors decoded; `codec` only for connections."""

    arguments: ListArguments
    limit: int
    what: str
    codec: CursorCodec | None
    after: tuple[Any, ...] | None
    before: tuple[Any, ...] | None


@dataclass(frozen=True)
class _Call:
    """The arguments of a batch function, and the same as something hashable."""

    arguments: dict[str, Any]
    identity: Hashable

    def __hash__(self) -> int:
        return hash(self.identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Call) and self.identity == other.identity


@dataclass(frozen=True, eq=False)
class _Typed:
    """A row with its entity, where the field's type does not tell it."""

    entity: Entity
    row: Any


_HANDLERS: dict[type, Callable[[_Execution, FieldPlan, Sequence[Any], list[Any], list[Place]], None]] = {
    Typename: _Execution._typename,
    ReadColumn: _Execution._column,
    ReadNodeId: _Execution._node_id,
    ReadAttribute: _Execution._attribute,
    CallResolver: _Execution._resolver,
    LoadOne: _Execution._one,
    LoadList: _Execution._list,
    LoadAggregate: _Execution._aggregate,
    CallBatch: _Execution._batch,
    LookUp: _Execution._look_up,
    LookUpNode: _Execution._node,
    PageRows: _Execution._page_rows,
    PageTotal: _Execution._page_total,
}


def _page(rows: list[Any], key: Key, asked: _List, order_slot: int) -> Page:
    assert asked.codec is not None
    has_more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    if asked.arguments.last is not None:
        rows.reverse()
    return Page(rows, key, asked.arguments, asked.codec, order_slot, has_more)


def _keys(rows: Sequence[Any], slots: tuple[int, ...]) -> list[Key]:
    """The keys in rows; None where a part is NULL: it leads nowhere."""
    if len(slots) == 1:
        slot = slots[0]
        return [row[slot] for row in rows]
    keys = [tuple(row[slot] for slot in slots) for row in rows]
    return [None if None in key else key for key in keys]


def _bare(key: tuple[Any, ...]) -> Key:
    return key[0] if len(key) == 1 else key


def _identity(value: Any) -> tuple[Any, ...]:
    state = inspect_model(value)
    return tuple(state.identity or state.mapper.primary_key_from_instance(value))


def _frozen(value: Any) -> Hashable:
    """The same as something hashable, in which 1, 1.0 and True differ, and what cannot be compared is like nothing."""
    if isinstance(value, Mapping):
        return tuple((name, _frozen(each)) for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(each) for each in value)
    try:
        hash(value)
    except TypeError:
        return object()
    return type(value), value


def _is_awaitable(_value: Any) -> TypeGuard[Awaitable[Any]]:
    return False


def _no_async_work(_values: Any) -> Any:
    raise TypeError("gevent workers have no event loop: resolvers are synchronous")


_NO_ASYNC_WORK = GraphQLResolveInfoHelpers(_no_async_work, _no_async_work)


def _path(place: Place) -> Path | None:
    path = None
    for key, field in reversed(list(_steps(place))):
        path = Path(path, key, None if field is None else field.parent.type.name)
    return path


def _field_place(place: Place) -> Place:
    """The place of the field that a list item's place is in."""
    while place is not None and place[2] is None:
        place = place[0]
    return place


def _steps(place: Place) -> Iterator[tuple[Any, FieldPlan | None]]:
    """Key or index and field of a place and those above it, from the inside out."""
    while place is not None:
        place, key, field = place
        yield key, field


def _keys_of(place: Place) -> tuple[Any, ...]:
    return tuple(reversed([key for key, _ in _steps(place)]))


def _order_of(place: Place) -> tuple[int, ...]:
    return tuple(reversed([key if field is None else field.index for key, field in _steps(place)]))


def _absorbing(field: FieldPlan, level: int, place: Place) -> Place:
    """The nearest place that may be null, from this one up; None when that is the whole of `data`."""
    while place is not None and field.non_null[level]:
        place = place[0]
        if level > 0:
            level -= 1
        elif place is not None:
            # An object's fields are below the field's innermost level.
            above = _field_place(place)
            assert above is not None
            field = above[2]
            level = len(field.non_null) - 1
    return place


def _set_null(data: Any, path: Iterable[Any]) -> None:
    *above, last = path
    for key in above:
        data = data[key]
    data[last] = None
