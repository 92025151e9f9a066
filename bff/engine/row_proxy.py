"""A row as the `self` of a plain resolver."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..entities.entity import Entity
from ..errors import DeclarationError
from ..plan.loads import Rows


class RowProxy:
    """Reads a row's columns as attributes; only those that the operation loaded."""

    __slots__ = ("_owner", "_row", "_rows")

    def __init__(self, rows: Rows, owner: Entity, row: Any) -> None:
        self._rows, self._owner, self._row = rows, owner, row

    def __getattr__(self, name: str) -> Any:
        position = self._rows.position(name, self._owner)
        if position is None:
            raise _undeclared(self._owner.name, name)
        return self._row[position]

    def __repr__(self) -> str:
        return f"<RowProxy of {self._owner.name} {self._row!r:.60}>"


class ColumnProxy:
    """The same of the columns alone that a resolver declared."""

    __slots__ = ("_type", "_values")

    def __init__(self, type_name: str, values: Mapping[str, Any]) -> None:
        self._type, self._values = type_name, values

    def __getattr__(self, name: str) -> Any:
        try:
            return self._values[name]
        except KeyError:
            raise _undeclared(self._type, name) from None

    def __repr__(self) -> str:
        return f"<ColumnProxy of {self._type} {self._values!r:.60}>"


def _undeclared(type_name: str, name: str) -> DeclarationError:
    return DeclarationError(
        f"a resolver of {type_name} reads '{name}', which it did not declare; "
        f"declare the field with @bff.field(needs={name!r})"
    )
