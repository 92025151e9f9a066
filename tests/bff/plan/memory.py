"""A `Source` in memory: what loads are run on where no database is needed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Text, literal_column

from bff.plan.loads import Batch, BatchRequest, LoadKey, Results
from bff.sql.statement import Statement


@dataclass
class Memory:
    """Gives `table`, whatever the statement, of keyed rows those with a key that is asked for. `asked` is what it was given.

    A row starts with its key.
    """

    table: Sequence[tuple[Any, ...]] = ()
    asked: list[tuple[Statement, list[LoadKey] | None, dict[str, Any]]] = field(default_factory=list)
    calls: list[tuple[str, list[LoadKey]]] = field(default_factory=list)

    def rows(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Any]:
        self.asked.append((statement, None, dict(parameters)))
        return self.table

    def keyed(
        self, statement: Statement, keys: list[LoadKey], parameters: Mapping[str, Any]
    ) -> Iterator[tuple[LoadKey, Any]]:
        self.asked.append((statement, list(keys), dict(parameters)))
        width = statement.key_width
        for row in self.table:
            key = row[0] if width == 1 else row[:width]
            if key in keys:
                yield key, row

    def call(self, batch: Batch, request: BatchRequest, keys: list[LoadKey]) -> Results:
        self.calls.append((batch.label, list(keys)))
        return dict(zip(keys, batch.spec.function(keys, self, **request.arguments), strict=True))


@dataclass(frozen=True)
class Written:
    """Something computed of each row, as regions are: of this shape, with these values."""

    shape: str = "plain"
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def read(self, alias: Any) -> Any:
        return literal_column(f"'{self.shape}'::text", Text())

    def without_arguments(self) -> Written:
        return self
