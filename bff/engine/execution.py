"""Runs a plan: what PostgreSQL writes is spliced into the answer, the rest is run in rounds.

Root regions are one statement (see `bff.plan.region`); regions below rows come with the rows. In rounds (see `bff.engine.rounds`) every
pending load of the level is collected, each is run once, and so on: breadth-first. A `Selection` is run over all its objects
at once, field by field; fields that need data join a pending load and are completed when it has run.

The result is what graphql-core's depth-first execution gives, to the letter, errors included (see `bff.engine.response_path`).
`bff.engine.completion` turns values into the response, `bff.engine.loader` runs the loads.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeGuard

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLResolveInfo,
    GraphQLSchema,
    assert_valid_schema,
    default_field_resolver,
)
from graphql.execution.values import VariableValues, get_variable_values
from graphql.type.definition import GraphQLResolveInfoHelpers
from psycopg2 import errorcodes
from sqlalchemy.exc import DBAPIError

from ..database.scope import Scope
from ..entities.arguments import ListArguments
from ..entities.events import not_visible
from ..entities.page import ListAsked
from ..errors import TryAgain
from ..json_text import Json, plain
from ..plan.loads import Load, RowsByKey
from ..plan.plan import Plan, Strategy, compile_plan
from ..plan.planner import is_shareable
from ..plan.region import Region, Regions
from ..plan.steps import (
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
    ReadAttribute,
    ReadColumn,
    ReadNodeId,
    Selection,
    TakeEvent,
    TakePresent,
    Typename,
)
from .arguments import Asked
from .completion import Completion, Typed
from .fill import Filling
from .loader import Key, Reads, page_of
from .response_path import Failures, Place, path_of
from .rounds import Identity, Rounds
from .row_proxy import Record

MAX_COERCION_ERRORS = 50
"""As many errors of variables as graphql-core reports by default."""


def execute(
    schema: GraphQLSchema,
    document: DocumentNode,
    root_value: Any = None,
    context_value: Any = None,
    variable_values: dict[str, Any] | None = None,
    operation_name: str | None = None,
    *,
    strategy: Strategy = "auto",
) -> ExecutionResult:
    """Execute an operation as graphql-core's `execute_sync` does, for any graphql-core schema.

    The document is taken to be valid. Entity fields need a `Scope` as context value.
    """
    assert_valid_schema(schema)
    try:
        plan = compile_plan(schema, document, operation_name, strategy=strategy)
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
    result = run_to_encode(
        plan, variables=variables, context=context, root_value=root_value, hide_suggestions=hide_suggestions
    )
    return ExecutionResult(plain(result.data), result.errors)


def run_to_encode(
    plan: Plan,
    *,
    variables: Mapping[str, Any] | None,
    context: Any,
    root_value: Any = None,
    hide_suggestions: bool = False,
) -> ExecutionResult:
    """The same, for whoever encodes the result: parts of its data may be `Json`, which are written as they are."""
    coerced = coerce(plan, variables, hide_suggestions=hide_suggestions)
    if isinstance(coerced, list):
        return ExecutionResult(data=None, errors=coerced)
    try:
        try:
            return _alone(plan, coerced, context, root_value, hide_suggestions).run()
        except DBAPIError as error:
            if plan.kind != "query" or plan.strategy == "rounds" or not _may_be_ours(error):
                raise
            for region in plan.variant(coerced).regions.of.values():
                region.failed(True)
            context.release()
            return _alone(plan, coerced, context, root_value, hide_suggestions, in_rounds=True).run()
    except GraphQLError as error:
        return ExecutionResult(data=None, errors=[error])
    finally:
        if isinstance(context, Scope):
            context.release()


def coerce(
    plan: Plan, variables: Mapping[str, Any] | None, *, hide_suggestions: bool
) -> VariableValues | list[GraphQLError]:
    """The variables as the operation declares them, or what is wrong with them."""
    return get_variable_values(
        plan.schema,
        plan.operation.variable_definitions or (),
        dict(variables or {}),
        max_errors=MAX_COERCION_ERRORS,
        hide_suggestions=hide_suggestions,
    )


class Recorder(Protocol):
    """Who wants to know what an execution reads; `bff.readsets.recorder` makes read sets of it."""

    def note(self, identity: Identity, keys: list[Key]) -> None:
        """The execution asks a load for these keys."""


class Execution:
    """One execution of a plan: its fields, over the rounds that it shares with those beside it, or has for itself."""

    def __init__(
        self,
        plan: Plan,
        variables: VariableValues,
        context: Any,
        root_value: Any,
        hide_suggestions: bool,
        *,
        reads: Reads,
        rounds: Rounds,
        in_rounds: bool = False,
        recorder: Recorder | None = None,
    ) -> None:
        self._in_rounds, self._recorder = in_rounds, recorder
        self._plan, self._variables, self._context, self._root_value = plan, variables, context, root_value
        self._regions = Regions()
        self._reads, self._rounds = reads, rounds
        self._asked = Asked(plan, variables, reads, hide_suggestions=hide_suggestions)
        self._failures = Failures(propagate=plan.propagates_errors)
        self._filling = Filling(self._asked, need=self._need, info=self._info)
        self._complete = Completion(plan, self._failures, need=self._need, enter=self._enter, info=self._info).complete

    def run(self) -> ExecutionResult:
        """The result; parts of its data may be `Json`."""
        variant = self._plan.variant(self._variables)
        root = variant.root
        if not self._in_rounds:
            self._regions = variant.regions
        data: dict[str, Any] = root.template.copy()
        written = self._root_regions(root, data)
        for fields in [[each] for each in root.fields] if self._plan.is_mutation else [root.fields]:
            self._begin([each for each in fields if each not in written], data)
            self._rounds.finish()
            self._rounds.forget()
            if self._failures.reach_root:
                break
        return self._failures.settle(data)

    def begin(self) -> Callable[[], ExecutionResult]:
        """Begin a query in rounds; the result is there, by the function that this gives, when the rounds have finished."""
        root = self._plan.variant(self._variables).root
        data: dict[str, Any] = root.template.copy()
        self._begin(root.fields, data)
        return lambda: self._failures.settle(data)

    def _begin(self, fields: list[FieldPlan], data: dict[str, Any]) -> None:
        for each in fields:
            _HANDLERS[type(each.step)](self, each, [self._root_value], [data], [None])

    # -- regions

    def _root_regions(self, root: Selection, data: dict[str, Any]) -> set[FieldPlan]:
        """Write the root fields that one statement answers, now or when their holes are filled; tell which they are."""
        row = self._regions.root
        asked = [] if row is None else [each for region in row.regions if (each := self._asked.of_region(region))]
        if row is None or not asked:
            return set()
        # When nothing else will read, there is no snapshot to share, and what rounds read then is of another.
        others = [each for each in root.fields if each not in self._regions.of and not isinstance(each.step, Typename)]
        is_alone = not (others or len(asked) < len(row.regions) or any(each.region.calls for each in asked))
        texts = self._reads.root(row, asked, alone=is_alone)
        found: dict[FieldPlan, Json | None] = {}
        for each, text in zip(asked, texts, strict=True):
            field = each.region.field
            deliver = partial(self._deliver_root, field, data)
            self._filling.fill(each, [text], partial(_keep, found, field) if is_alone else deliver)
        if is_alone:
            if None in found.values():
                return set()
            data.update({field.key: value for field, value in found.items()})
        return {each.region.field for each in asked}

    def _deliver_root(self, field: FieldPlan, data: dict[str, Any], values: list[Json | None]) -> None:
        self._splice(field, [self._root_value], [data], [None], values)

    def _region(self, region: Region, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        """Write a field whose JSON stands in the rows."""
        rows = region.rows
        assert rows is not None
        asked, slot = self._asked.of_region(region), rows.computed_slot(region)
        deliver = partial(self._splice, region.field, sources, outputs, places)
        if asked is None:
            deliver([None] * len(outputs))
        else:
            self._filling.fill(asked, [row[slot] for row in sources], deliver)

    def _splice(
        self,
        field: FieldPlan,
        sources: Sequence[Any],
        outputs: list[Any],
        places: list[Place],
        values: Sequence[Json | None],
    ) -> None:
        """Put finished JSON into the answer; what there is none for, being irregular, is left to rounds."""
        left = [i for i, value in enumerate(values) if value is None]
        for output, value in zip(outputs, values, strict=True):
            if value is not None:
                output[field.key] = value
        if left:
            chosen = [sources[i] for i in left], [outputs[i] for i in left], [places[i] for i in left]
            _HANDLERS[type(field.step)](self, field, *chosen)

    # -- rounds

    def _enter(self, selection: Selection, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        self._rounds.later(partial(self._selection, selection, sources, outputs, places))

    def _need(
        self,
        load: Load,
        asked: Hashable,
        keys: list[Key],
        deliver: Callable[[list[Any]], None],
        field: FieldPlan | None = None,
    ) -> None:
        """Ask a load for keys; `field` is who leads to its rows. Rows with regions are shared by whoever wants the same."""
        wanted = _NONE if field is None else self._regions.below(field)
        identity = (load, asked, wanted)
        if self._recorder is not None:
            self._recorder.note(identity, keys)
        self._rounds.need(identity, keys, deliver, self._asked)

    # -- one field over all objects of a selection

    def _selection(self, selection: Selection, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        for field in selection.fields:
            region = self._regions.of.get(field)
            if region is None:
                _HANDLERS[type(field.step)](self, field, sources, outputs, places)
            else:
                self._region(region, sources, outputs, places)

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
        arguments = self._asked.arguments(field)
        if isinstance(arguments, Exception):
            self._complete(field, outputs, places, [arguments] * len(outputs))
            return
        rows, owner = field.step.rows, field.step.owner
        resolve = field.definition.resolve or default_field_resolver
        shared = is_shareable(arguments)
        values: list[Any] = []
        for i, (source, place) in enumerate(zip(sources, places, strict=True)):
            try:
                if i > 0 and not shared:
                    arguments = self._asked.coerced(field)
                info = self._info(field, (place, field.key, field))
                parent = source if rows is None or owner is None else Record(rows, owner, source)
                values.append(resolve(parent, info, **arguments))
            except TryAgain:
                raise
            except Exception as error:
                values.append(error)
        self._complete(field, outputs, places, values)

    def _one(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, LoadOne)
        keys = _keys(sources, step.slots, step.load.strict)
        if isinstance(step.load, RowsByKey):
            self._need(step.load, None, keys, lambda rows: self._complete(field, outputs, places, rows), field)
            return
        # The other side of a one-to-one relation: the first row of a list.
        asked = ListAsked(ListArguments(step.load.order, first=1), 1, field.name, None, None, None)
        self._need(
            step.load,
            asked,
            keys,
            lambda lists: self._complete(field, outputs, places, [rows[0] if rows else None for rows in lists]),
            field,
        )

    def _list(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, LoadList)
        asked = self._asked.of_list(field, step)
        if isinstance(asked, Exception):
            self._complete(field, outputs, places, [asked] * len(outputs))
            return
        keys = _keys(sources, step.slots, step.load.strict) if step.slots else [()] * len(sources)
        empty: Any = page_of([], None, asked, 0) if step.page else []
        self._need(
            step.load,
            asked,
            keys,
            lambda lists: self._complete(field, outputs, places, [empty if rows is None else rows for rows in lists]),
            field,
        )

    def _aggregate(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, LoadAggregate)
        slot, empty = step.slot, step.empty
        self._need(
            step.load,
            None,
            _keys(sources, step.slots, step.load.strict),
            lambda rows: self._complete(field, outputs, places, [empty if row is None else row[slot] for row in rows]),
        )

    def _batch(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, CallBatch)
        asked = self._asked.of_batch(field, step)
        if isinstance(asked, Exception):
            self._complete(field, outputs, places, [asked] * len(outputs))
            return
        slots = step.slots
        keys = [row[slots[0]] if len(slots) == 1 else tuple(row[slot] for slot in slots) for row in sources]
        self._need(step.load, asked, keys, lambda values: self._complete(field, outputs, places, values))

    def _look_up(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, LookUp)
        key = self._asked.of_lookup(field, step)
        if isinstance(key, Exception):
            self._complete(field, outputs, places, [key] * len(outputs))
            return
        self._need(
            step.load, None, [key] * len(outputs), lambda rows: self._complete(field, outputs, places, rows), field
        )

    def _node(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, LookUpNode)
        asked = self._asked.of_node(field, step)
        if isinstance(asked, Exception):
            self._complete(field, outputs, places, [asked] * len(outputs))
            return
        entity, load, key = asked
        if load is None:
            self._complete(field, outputs, places, [None] * len(outputs))
            return
        self._need(
            load,
            None,
            [key] * len(outputs),
            lambda rows: self._complete(field, outputs, places, [row and Typed(entity, row) for row in rows]),
            field,
        )

    def _event(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, TakeEvent)

        def deliver(rows: list[Any]) -> None:
            if not step.of_change:
                self._complete(field, outputs, places, [not_visible() if row is None else row for row in rows])
                return
            changes = [replace(source, row=row) for source, row in zip(sources, rows, strict=True)]
            gone = [i for i, each in enumerate(changes) if each.row is None or each.is_of_former]
            here = [i for i, each in enumerate(changes) if each.row is not None and not each.is_of_former]
            self._complete(field, [outputs[i] for i in here], [places[i] for i in here], [changes[i] for i in here])
            if gone:
                self._former(
                    field, step, [changes[i] for i in gone], [outputs[i] for i in gone], [places[i] for i in gone]
                )

        self._need(step.load, None, [source.key for source in sources], deliver, field)

    def _former(
        self, field: FieldPlan, step: TakeEvent, changes: list[Any], outputs: list[Any], places: list[Place]
    ) -> None:
        """Changes of rows that are gone, elsewhere, or not for the viewer: told to whoever saw them before."""

        def deliver(rows: list[Any]) -> None:
            values = [
                not_visible() if each.former is None or row is None else each
                for each, row in zip(changes, rows, strict=True)
            ]
            self._complete(field, outputs, places, values)

        if step.former is None:
            deliver([None] * len(changes))
        else:
            self._need(step.former, None, [each.former for each in changes], deliver)

    def _present(self, field: FieldPlan, sources: Sequence[Any], outputs: list[Any], places: list[Place]) -> None:
        step = field.step
        assert isinstance(step, TakePresent)

        def enter(found: list[Any]) -> None:
            for i, place in enumerate(found):
                if place is None:
                    self._complete(field, [outputs[i]], [places[i]], [not_visible()])
                    continue
                deliver = partial(self._deliver_present, field, outputs[i], places[i])
                self._need(step.load, None, list(sources[i].keys), deliver, field)

        self._need(step.place, None, [source.place for source in sources], enter)

    def _deliver_present(self, field: FieldPlan, output: Any, place: Place, rows: list[Any]) -> None:
        self._complete(field, [output], [place], [[row for row in rows if row is not None]])

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

    def _info(self, field: FieldPlan, place: Place) -> GraphQLResolveInfo[Any]:
        plan = self._plan
        return GraphQLResolveInfo(
            field.details[0].node.name.value,
            field.nodes,
            field.definition.type,
            field.parent.type,
            path_of(place),  # type: ignore[arg-type]
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


def _alone(
    plan: Plan,
    variables: VariableValues,
    context: Any,
    root_value: Any,
    hide_suggestions: bool,
    *,
    in_rounds: bool = False,
) -> Execution:
    """An execution with rounds of its own."""
    reads = Reads(context)
    return Execution(
        plan,
        variables,
        context,
        root_value,
        hide_suggestions,
        reads=reads,
        rounds=Rounds(reads),
        in_rounds=in_rounds,
    )


_HANDLERS: dict[type, Callable[[Execution, FieldPlan, Sequence[Any], list[Any], list[Place]], None]] = {
    Typename: Execution._typename,
    ReadColumn: Execution._column,
    ReadNodeId: Execution._node_id,
    ReadAttribute: Execution._attribute,
    CallResolver: Execution._resolver,
    LoadOne: Execution._one,
    LoadList: Execution._list,
    LoadAggregate: Execution._aggregate,
    CallBatch: Execution._batch,
    LookUp: Execution._look_up,
    LookUpNode: Execution._node,
    PageRows: Execution._page_rows,
    PageTotal: Execution._page_total,
    TakeEvent: Execution._event,
    TakePresent: Execution._present,
}


_NONE: frozenset[Region] = frozenset()


def _may_be_ours(error: DBAPIError) -> bool:
    """Whether rounds may answer where a statement of regions failed.

    A batch function failed in SQL, and its field cannot be answered anew in a transaction that failed; a value is not of the
    type that it is said to be; the statement is beyond a limit of PostgreSQL's.
    """
    return str(getattr(error.orig, "pgcode", None))[:2] in _OURS


_OURS = frozenset(
    each[:2]
    for each in (
        errorcodes.IN_FAILED_SQL_TRANSACTION,
        errorcodes.DATA_EXCEPTION,
        errorcodes.SYNTAX_ERROR,
        errorcodes.PROGRAM_LIMIT_EXCEEDED,
    )
)
"""The classes of these errors, by the first two characters of their codes."""


def _keep(found: dict[FieldPlan, Json | None], field: FieldPlan, values: list[Json | None]) -> None:
    [found[field]] = values


def _keys(rows: Sequence[Any], slots: tuple[int, ...], strict: tuple[int, ...]) -> list[Key]:
    """The keys in rows; None where one of the `strict` parts is NULL: it leads nowhere."""
    if len(slots) == 1:
        slot = slots[0]
        return [row[slot] for row in rows]
    keys = [tuple(row[slot] for slot in slots) for row in rows]
    return [None if None in key and any(key[i] is None for i in strict) else key for key in keys]


def _is_awaitable(_value: Any) -> TypeGuard[Awaitable[Any]]:
    return False


def _no_async_work(_values: Any) -> Any:
    raise TypeError("gevent workers have no event loop: resolvers are synchronous")


_NO_ASYNC_WORK = GraphQLResolveInfoHelpers(_no_async_work, _no_async_work)
