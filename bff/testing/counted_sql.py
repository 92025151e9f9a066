"""Counts the SQL statements that a block sends: what a page costs, as a number that a test asserts.

with count_sql(engine) as sent:
    client.data("MatterPage", {"id": "1"})
assert sent.count == 1, sent
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine, event


@dataclass
class CountedSql:
    """The statements that a block sent, in order. Its text is a numbered list of them."""

    statements: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.statements)

    def __str__(self) -> str:
        return "\n".join(f"{number}. {statement}" for number, statement in enumerate(self.statements, 1))


@contextmanager
def count_sql(target: Engine | type[Engine] = Engine) -> Iterator[CountedSql]:
    """Count the statements of an engine, or of every engine of the process. BEGIN, COMMIT and ROLLBACK are no statements."""
    counted = CountedSql()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        counted.statements.append(statement)

    event.listen(target, "before_cursor_execute", note)
    try:
        yield counted
    finally:
        event.remove(target, "before_cursor_execute", note)
