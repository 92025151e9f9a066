"""Resolution: how each kind of step gives its field a value, for all objects of a level at once.

Fields that need data ask loads for it, and are completed when these have run. What goes wrong is the field's error.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from ..entities.arguments import ListArguments
from ..entities.events import not_visible
from ..entities.global_id import global_id
from ..entities.page import ListRequest, Page
from ..errors import TryAgain
from ..plan.loads import LoadKey, RowsByKey
from ..plan.planner import is_shareable
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
    TakeEvent,
    TakePresent,
    Typename,
)
from .arguments import Arguments
from .completion import Completion, Typed
from .context import ExecutionContext, NotSynchronous
from .level import Level
from .loading import Loading
from .middleware import FieldMiddleware
from .row_proxy import RowProxy


class Resolution:
    """Resolves the fields of one execution."""

    def __init__(
        self, context: ExecutionContext, arguments: Arguments, loading: Loading, completion: Completion
    ) -> None:
        self._context, self._arguments, self._loading = context, arguments, loading
        self._complete = completion.complete
        manager = context.resolvers.middleware
        self._middleware = None if manager is None else FieldMiddleware(context, arguments, manager)

    def resolve(self, field: FieldPlan, level: Level) -> None:
        """Give a field its values, now or when its loads have run."""
        _HANDLERS[type(field.step)](self, field, field.step, level)

    def _give(self, field: FieldPlan, level: Level, values: Sequence[Any]) -> None:
        """Complete values that were read or loaded."""
        if self._middleware is not None:
            values = self._middleware.apply(field, level, values)
        self._complete(field, level, values)

    # -- what is there already

    def _typename(self, field: FieldPlan, step: Typename, level: Level) -> None:
        if self._middleware is not None:
            self._give(field, level, [step.name] * len(level))
            return
        for output in level.outputs:
            output[field.key] = step.name

    def _column(self, field: FieldPlan, step: ReadColumn, level: Level) -> None:
        slot = step.slot
        self._give(field, level, [row[slot] for row in level.sources])

    def _node_id(self, field: FieldPlan, step: ReadNodeId, level: Level) -> None:
        ids = [global_id(step.entity, tuple(row[slot] for slot in step.slots)) for row in level.sources]
        self._give(field, level, ids)

    def _attribute(self, field: FieldPlan, step: ReadAttribute, level: Level) -> None:
        values: list[Any] = []
        for source in level.sources:
            try:
                values.append(getattr(source, step.name))
            except Exception as error:
                values.append(error)
        self._give(field, level, values)

    def _page_rows(self, field: FieldPlan, step: PageRows, level: Level) -> None:
        self._give(field, level, [_PARTS[step.part](source) for source in level.sources])

    # -- the host's code

    def _resolver(self, field: FieldPlan, step: CallResolver, level: Level) -> None:
        arguments = self._arguments.of(field)
        if isinstance(arguments, Exception):
            self._fail(field, level, arguments)
            return
        rows, owner = step.rows, step.owner
        resolvers = self._context.resolvers
        resolve = field.definition.resolve or resolvers.field_resolver
        if resolvers.middleware is not None:
            resolve = resolvers.middleware.get_field_resolver(resolve)
        shared = is_shareable(arguments)
        values: list[Any] = []
        for i, (source, place) in enumerate(zip(level.sources, level.paths, strict=True)):
            try:
                if i > 0 and not shared:
                    arguments = self._arguments.coerced(field)
                info = self._context.info(field, (place, field.key, field))
                parent = source if rows is None or owner is None else RowProxy(rows, owner, source)
                values.append(resolvers.at_once(resolve(parent, info, **arguments)))
            except (TryAgain, NotSynchronous):
                raise
            except Exception as error:
                values.append(error)
        self._complete(field, level, values)

    def _batch(self, field: FieldPlan, step: CallBatch, level: Level) -> None:
        request = self._arguments.of_batch(field, step)
        if isinstance(request, Exception):
            self._fail(field, level, request)
            return
        slots = step.slots
        keys = [row[slots[0]] if len(slots) == 1 else tuple(row[slot] for slot in slots) for row in level.sources]
        self._loading.need(step.load, request, keys, partial(self._give, field, level))

    # -- rows

    def _one(self, field: FieldPlan, step: LoadOne, level: Level) -> None:
        keys = _keys(level.sources, step.slots, step.load.strict)
        if isinstance(step.load, RowsByKey):
            self._loading.need(step.load, None, keys, partial(self._give, field, level), field=field)
            return

        def deliver(lists: list[Any]) -> None:
            self._give(field, level, [rows[0] if rows else None for rows in lists])

        # The other side of a one-to-one relation: the first row of a list.
        request = ListRequest(ListArguments(step.load.order, first=1), 1, field.name, None, None, None)
        self._loading.need(step.load, request, keys, deliver, field=field)

    def _list(self, field: FieldPlan, step: LoadList, level: Level) -> None:
        request = self._arguments.of_list(field, step)
        if isinstance(request, Exception):
            self._fail(field, level, request)
            return
        keys = _keys(level.sources, step.slots, step.load.strict) if step.slots else [()] * len(level)
        empty: Any = Page.of([], None, request, 0) if step.page else []

        def deliver(lists: list[Any]) -> None:
            self._give(field, level, [empty if rows is None else rows for rows in lists])

        self._loading.need(step.load, request, keys, deliver, field=field)

    def _aggregate(self, field: FieldPlan, step: LoadAggregate, level: Level) -> None:
        def deliver(rows: list[Any]) -> None:
            self._give(field, level, [step.empty if row is None else row[step.slot] for row in rows])

        self._loading.need(step.load, None, _keys(level.sources, step.slots, step.load.strict), deliver)

    def _page_total(self, field: FieldPlan, step: PageTotal, level: Level) -> None:
        # One page field has one set of arguments; pages of parents without a key are empty.
        arguments = ListArguments((), level.sources[0].arguments.condition)
        keys = [page.key for page in level.sources]
        self._loading.need(
            step.load, arguments, keys, lambda counts: self._give(field, level, [count or 0 for count in counts])
        )

    def _look_up(self, field: FieldPlan, step: LookUp, level: Level) -> None:
        key = self._arguments.of_lookup(field, step)
        if isinstance(key, Exception):
            self._fail(field, level, key)
            return
        self._loading.need(step.load, None, [key] * len(level), partial(self._give, field, level), field=field)

    def _node(self, field: FieldPlan, step: LookUpNode, level: Level) -> None:
        found = self._arguments.of_node(field, step)
        if isinstance(found, Exception):
            self._fail(field, level, found)
            return
        entity, load, key = found
        if load is None:
            self._give(field, level, [None] * len(level))
            return

        def deliver(rows: list[Any]) -> None:
            self._give(field, level, [row and Typed(entity, row) for row in rows])

        self._loading.need(load, None, [key] * len(level), deliver, field=field)

    # -- events and who is there: the root value says which

    def _event(self, field: FieldPlan, step: TakeEvent, level: Level) -> None:
        def deliver(rows: list[Any]) -> None:
            if not step.of_change:
                self._give(field, level, [not_visible() if row is None else row for row in rows])
                return
            changes = [replace(source, row=row) for source, row in zip(level.sources, rows, strict=True)]
            told = Level(changes, level.outputs, level.paths)
            here = [i for i, each in enumerate(changes) if each.row is not None and not each.is_of_former]
            self._give(field, told.take(here), [changes[i] for i in here])
            gone = [i for i, each in enumerate(changes) if each.row is None or each.is_of_former]
            if gone:
                self._former(field, step, told.take(gone))

        self._loading.need(step.load, None, [source.key for source in level.sources], deliver, field=field)

    def _former(self, field: FieldPlan, step: TakeEvent, level: Level) -> None:
        """Changes of rows that are gone, elsewhere, or not for the viewer: told to those who saw them before."""

        def deliver(rows: list[Any]) -> None:
            values = [
                not_visible() if each.former is None or row is None else each
                for each, row in zip(level.sources, rows, strict=True)
            ]
            self._give(field, level, values)

        if step.former is None:
            deliver([None] * len(level))
        else:
            self._loading.need(step.former, None, [each.former for each in level.sources], deliver)

    def _present(self, field: FieldPlan, step: TakePresent, level: Level) -> None:
        def enter(found: list[Any]) -> None:
            for i, place in enumerate(found):
                here = level.take([i])
                if place is None:
                    self._fail(field, here, not_visible())
                else:
                    deliver = partial(self._deliver_present, field, here)
                    self._loading.need(step.load, None, list(level.sources[i].keys), deliver, field=field)

        self._loading.need(step.place, None, [source.place for source in level.sources], enter)

    def _deliver_present(self, field: FieldPlan, level: Level, rows: list[Any]) -> None:
        self._give(field, level, [[row for row in rows if row is not None]])

    def _fail(self, field: FieldPlan, level: Level, error: Exception) -> None:
        self._give(field, level, [error] * len(level))


_HANDLERS: dict[type, Callable[[Resolution, FieldPlan, Any, Level], None]] = {
    Typename: Resolution._typename,
    ReadColumn: Resolution._column,
    ReadNodeId: Resolution._node_id,
    ReadAttribute: Resolution._attribute,
    CallResolver: Resolution._resolver,
    LoadOne: Resolution._one,
    LoadList: Resolution._list,
    LoadAggregate: Resolution._aggregate,
    CallBatch: Resolution._batch,
    LookUp: Resolution._look_up,
    LookUpNode: Resolution._node,
    PageRows: Resolution._page_rows,
    PageTotal: Resolution._page_total,
    TakeEvent: Resolution._event,
    TakePresent: Resolution._present,
}

_PARTS: dict[str, Callable[[Any], Any]] = {
    "nodes": lambda page: page.rows,
    "edges": lambda page: page.edges,
    "node": lambda edge: edge.row,
}


def _keys(rows: Sequence[Any], slots: tuple[int, ...], strict: tuple[int, ...]) -> list[LoadKey]:
    """The keys in rows; None where one of the `strict` parts is NULL: it leads nowhere."""
    if len(slots) == 1:
        slot = slots[0]
        return [row[slot] for row in rows]
    keys = [tuple(row[slot] for slot in slots) for row in rows]
    return [None if None in key and any(key[i] is None for i in strict) else key for key in keys]
