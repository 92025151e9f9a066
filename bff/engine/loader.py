"""Runs loads on the operation's session: the only part of the engine that touches it.

What a load is asked beside its keys is a value that can be compared (`ListRequest`, `BatchRequest`, the arguments of a
count), so that two places of an operation that ask the same share one run.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any

from ..database.scope import Scope
from ..plan.loads import Batch, BatchRequest, LoadKey, Results, parameters_of
from ..plan.region import RegionRequest, RootRow
from ..schema.resolvers import checked_batch
from ..sql.select import key_parameters
from ..sql.statement import Statement
from .context import scope_in


class Loader:
    """What loads are run on. `context_value` is that of the executions: a `Scope`, where a load needs one.

    `unwatched` is entered around the statements of loads: what they read is known.
    """

    def __init__(
        self, context_value: Any, *, unwatched: Callable[[], AbstractContextManager[Any]] = nullcontext
    ) -> None:
        self._context_value, self._unwatched = context_value, unwatched

    def rows(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """The rows of a statement."""
        scope = scope_in(self._context_value)
        given = statement.parameters(parameters, scope.viewer)
        with self._unwatched(), scope.cursor(statement.sql, given) as cursor:
            return statement.rows(cursor)

    def keyed(
        self, statement: Statement, keys: list[LoadKey], parameters: Mapping[str, Any]
    ) -> Iterator[tuple[LoadKey, Any]]:
        """The rows of a statement that takes keys, each with its key."""
        width = statement.key_width
        arrays: Mapping[str, Any] = {"k0": keys} if width == 1 else key_parameters(keys, width)
        for row in self.rows(statement, {**parameters, **arrays}):
            yield (row[0] if width == 1 else tuple(row[:width])), row

    def call(self, batch: Batch, request: BatchRequest, keys: list[LoadKey]) -> Results:
        """The values of a batch function by key.

        Raises what it raises, and DeclarationError unless it gives one value per key.
        """
        values = batch.spec.function(keys, self._context_value, **request.arguments)
        checked_batch(batch.spec, values, len(keys), batch.label)
        if isinstance(self._context_value, Scope):
            self._context_value.deadline.check()
        return dict(zip(keys, values, strict=True))

    def root(self, row: RootRow, requests: Sequence[RegionRequest], *, alone: bool) -> Sequence[Any]:
        """The values of root regions, in their order. `alone` says that the operation reads nothing else."""
        scope = scope_in(self._context_value)
        statement = row.row(requests)
        parameters = statement.parameters(parameters_of(requests), scope.viewer)
        with scope.cursor(statement.sql, parameters, alone=alone) as cursor:
            values: Sequence[Any] = cursor.fetchone()
        return values

    def snapshot(self) -> str:
        """The snapshot that is read in, as `pg_current_snapshot()` prints it."""
        with (
            self._unwatched(),
            scope_in(self._context_value).cursor("SELECT pg_current_snapshot()::text", {}) as cursor,
        ):
            [text] = cursor.fetchone()
        return str(text)
