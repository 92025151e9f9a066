"""`Record`: a row as the `self` of a plain resolver."""

from __future__ import annotations

from typing import Any

from .errors import DeclarationError
from .loads import Rows
from .types.entity import Entity


class Record:
    """Reads a row's columns as attributes; only those that the operation loaded."""

    __slots__ = ("_owner", "_row", "_rows")

    def __init__(self, rows: Rows, owner: Entity, row: Any) -> None:
        self._rows, self._owner, self._row = rows, owner, row

    def __getattr__(self, name: str) -> Any:
        position = self._rows.position(name, self._owner)
        if position is None:
            raise DeclarationError(
                f"a resolver of {self._owner.name} reads '{name}', which it did not declare; "
                f"declare the field with @bff.field(needs={name!r})"
            )
        return self._row[position]

    def __repr__(self) -> str:
        return f"<Record of {self._owner.name} {self._row!r:.60}>"
