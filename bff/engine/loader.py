"""Runs loads: keys in, results by key out. The only part of the engine that touches the session.

What a load is asked beside its keys is a value that can be compared (`ListAsked`, `BatchAsked`, the arguments of a count),
so that two places of an operation that ask the same share one run.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass
from typing import Any

from graphql.pyutils import inspect

from ..database.scope import Scope
from ..entities.arguments import ListArguments
from ..entities.page import ListAsked, Page
from ..errors import TryAgain
from ..plan.loads import Aggregates, Batch, Counts, FormerRows, ListByParent, Load, RootList, RowsByKey
from ..plan.region import RegionAsked, RootRow
from ..schema.resolvers import bound_exceeded, checked_batch
from ..sql.select import LIMIT, ListShape, key_parameters, list_parameters
from ..sql.statement import Statement

Key = Any
"""The key of a load: one value, or a tuple when it has several columns. None leads nowhere, but for batch functions."""


@dataclass(frozen=True)
class BatchAsked:
    """The arguments of a batch function, and the same as something hashable."""

    arguments: dict[str, Any]
    identity: Hashable

    def __hash__(self) -> int:
        return hash(self.identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BatchAsked) and self.identity == other.identity


class Reads:
    """Runs loads. `context` is the context value of executions: a Scope, where a load needs one.

    `unwatched` is entered around the statements of loads: what they read is known.
    """

    def __init__(self, context: Any, *, unwatched: Callable[[], AbstractContextManager[Any]] = nullcontext) -> None:
        self._context, self._unwatched = context, unwatched

    @property
    def scope(self) -> Scope:
        """The operation's scope. Raises TypeError when the context value is none."""
        if not isinstance(self._context, Scope):
            raise TypeError(f"entity fields need a bff.Scope as context value, not {inspect(self._context)}")
        return self._context

    def run(self, load: Load, asked: Any, keys: list[Key], computed: list[RegionAsked | None]) -> dict[Key, Any]:
        """The results of a load for these keys; a key that leads nowhere may be missing.

        `computed` are what is asked of the regions in a load's rows.
        """
        match load:
            case RowsByKey():
                return dict(self._keyed(load.statement(computed), keys, _parameters(computed)))
            case ListByParent() | RootList():
                return self._list(load, asked, keys, computed)
            case Aggregates() | FormerRows():
                return dict(self._keyed(load.statement, keys, {}))
            case Counts():
                return self._counts(load, asked, keys)
            case Batch():
                return self._batch(load, asked, keys)
        raise TypeError(f"no way to run {load!r}")

    def _keyed(self, statement: Statement, keys: list[Key], parameters: dict[str, Any]) -> Iterator[tuple[Key, Any]]:
        """The rows of a statement with their keys."""
        width = statement.key_width
        if width == 1:
            arrays: Mapping[str, Any] = {"k0": keys}
        else:
            arrays = key_parameters(keys, width)
        for row in self._rows(statement, {**parameters, **arrays}):
            yield (row[0] if width == 1 else tuple(row[:width])), row

    def _rows(self, statement: Statement, parameters: dict[str, Any], *, alone: bool = False) -> Sequence[Any]:
        scope = self.scope
        parameters = statement.parameters(parameters, scope.viewer)
        with self._unwatched(), scope.cursor(statement.sql, parameters, alone=alone) as cursor:
            return statement.rows(cursor)

    def snapshot(self) -> str:
        """The snapshot that is read in, as `pg_current_snapshot()` prints it."""
        with self._unwatched(), self.scope.cursor("SELECT pg_current_snapshot()::text", {}) as cursor:
            [text] = cursor.fetchone()
        return str(text)

    def root(self, row: RootRow, asked: Sequence[RegionAsked], *, alone: bool) -> Sequence[Any]:
        """The values of root regions, in their order. `alone` says that the operation reads nothing else."""
        scope = self.scope
        statement = row.row(asked)
        parameters = statement.parameters(_parameters(asked), scope.viewer)
        with scope.cursor(statement.sql, parameters, alone=alone) as cursor:
            values: Sequence[Any] = cursor.fetchone()
        return values

    def _list(
        self, load: ListByParent | RootList, asked: ListAsked, keys: list[Key], computed: list[RegionAsked | None]
    ) -> dict[Key, Any]:
        arguments, limit = asked.arguments, asked.limit
        shape = ListShape.of(arguments, asked.after, asked.before, places=asked.codec is not None)
        statement = load.statement(shape, arguments.condition, computed)
        parameters = {
            LIMIT: limit + 1,
            **list_parameters(arguments, asked.after, asked.before),
            **_parameters(computed),
        }
        groups: dict[Key, list[Any]] = {key: [] for key in keys}
        if isinstance(load, RootList):
            groups[()] = list(self._rows(statement, parameters))
        else:
            for key, row in self._keyed(statement, keys, parameters):
                groups[key].append(row)
        if asked.codec is not None:
            return {key: page_of(rows, key, asked, load.order_slot) for key, rows in groups.items()}
        if arguments.first is not None:
            return {key: rows[:limit] for key, rows in groups.items()}
        return {
            key: rows if len(rows) <= limit else bound_exceeded(asked.what, load.bound) for key, rows in groups.items()
        }

    def _counts(self, load: Counts, asked: ListArguments, keys: list[Key]) -> dict[Key, Any]:
        shape = ListShape.of(asked, None, None, places=False).condition
        statement = load.statement(shape, asked.condition)
        parameters = list_parameters(asked, None, None)
        if isinstance(load.of, RootList):
            return {(): self._rows(statement, parameters)[0][0]}
        counts = dict.fromkeys(keys, 0)
        counts.update((key, row[-1]) for key, row in self._keyed(statement, keys, parameters))
        return counts

    def _batch(self, load: Batch, asked: BatchAsked, keys: list[Key]) -> dict[Key, Any]:
        try:
            return self.call(load, asked, keys)
        except TryAgain:
            raise
        except Exception as error:
            return dict.fromkeys(keys, error)

    def call(self, load: Batch, asked: BatchAsked, keys: list[Key]) -> dict[Key, Any]:
        """The values of a batch function by key. Raises what it raises, and DeclarationError when they are not one a key."""
        values = load.spec.function(keys, self._context, **asked.arguments)
        checked_batch(load.spec, values, len(keys), load.label)
        if isinstance(self._context, Scope):
            self._context.deadline.check()
        return dict(zip(keys, values, strict=True))


def _parameters(asked: Sequence[RegionAsked | None]) -> dict[str, Any]:
    return {name: value for each in asked if each is not None for name, value in each.parameters.items()}


def page_of(rows: list[Any], key: Key, asked: ListAsked, order_slot: int) -> Page:
    """The page of a connection, of rows that may be one more than it holds."""
    assert asked.codec is not None
    has_more = len(rows) > asked.limit
    rows = rows[: asked.limit]
    if asked.arguments.last is not None:
        rows.reverse()
    return Page(rows, key, asked.arguments, asked.codec, order_slot, has_more)
