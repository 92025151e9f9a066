"""`Statement`: the text of one SQL statement with what its values need on their way to the driver and back."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from psycopg2.extensions import adapt
from sqlalchemy import BindParameter, Select, column, func
from sqlalchemy.dialects.postgresql import ARRAY

from ..columns.convert import DIALECT, unbounded
from ..entities.policy import ViewerParameter, viewer_value

_Processor = Callable[[Any], Any]
"""What a SQLAlchemy type does to a value on its way to the driver, or back."""


class Statement:
    """The text of one statement and how its values travel; made once, run by any connection.

    Rows start with `key_width` key columns, then the columns asked for. `viewer` names for each parameter of a policy
    the viewer's attribute that it is. Constants of the host's conditions stand in the text: PostgreSQL plans with them.
    """

    def __init__(self, statement: Select[Any], key_width: int) -> None:
        # The host's conditions may hold IN lists; rendering them now makes the text final.
        compiled = statement.compile(dialect=DIALECT, compile_kwargs={"render_postcompile": True})
        self.sql = str(compiled)
        self.key_width = key_width
        self.viewer: dict[str, str] = {}
        constants: dict[str, Any] = {}
        self._outgoing: dict[str, _Processor] = {}
        self._types = [column.type for column in statement.selected_columns]
        self._incoming: dict[tuple[int, ...], list[tuple[int, _Processor]]] = {}
        for name, value in compiled.params.items():
            # A value of an IN list is named after the list's own parameter: status_1 holds status_1_1, status_1_2, ...
            bind = compiled.binds[name if name in compiled.binds else name.rpartition("_")[0]]
            process = bind.type.dialect_impl(DIALECT).bind_processor(DIALECT)
            if isinstance(bind, ViewerParameter):
                self.viewer[name] = bind.viewer_attribute
            elif not isinstance(bind, _Parameter):
                constants[name] = value if process is None else process(value)
                continue
            if process is not None:
                self._outgoing[name] = process
        self.sql = _with_constants(self.sql, constants)

    def __str__(self) -> str:
        return self.sql

    def parameters(self, values: Mapping[str, Any], viewer: object | None) -> dict[str, Any]:
        """All parameters for the driver, given those that come with each execution."""
        parameters = dict(values)
        for name, attribute in self.viewer.items():
            parameters[name] = viewer_value(viewer, attribute)
        for name, process in self._outgoing.items():
            parameters[name] = process(parameters[name])
        return parameters

    def rows(self, cursor: Any) -> Sequence[Any]:
        """All rows of the driver's cursor, with every column as its SQLAlchemy type has it."""
        fetched: Sequence[Any] = cursor.fetchall()
        incoming = self._processors(tuple([column.type_code for column in cursor.description]))
        if not incoming:
            return fetched
        rows = [list(row) for row in fetched]
        for position, process in incoming:
            for row in rows:
                row[position] = process(row[position])
        return [tuple(row) for row in rows]

    def _processors(self, type_codes: tuple[int, ...]) -> list[tuple[int, _Processor]]:
        """What Numeric and Float do to a value depends on which of PostgreSQL's types came."""
        incoming = self._incoming.get(type_codes)
        if incoming is None:
            processors = [
                type_.dialect_impl(DIALECT).result_processor(DIALECT, type_code)
                for type_, type_code in zip(self._types, type_codes, strict=True)
            ]
            incoming = [(i, process) for i, process in enumerate(processors) if process is not None]
            self._incoming[type_codes] = incoming
        return incoming


def _with_constants(sql: str, constants: Mapping[str, Any]) -> str:
    """The text with literals in the place of these parameters, as psycopg2 would write them."""
    if not constants:
        return sql
    return _PARAMETER.sub(lambda found: _literal(constants[found[1]]) if found[1] in constants else found[0], sql)


_PARAMETER = re.compile(r"%%|%\(([^)]+)\)s")


def _literal(value: Any) -> str:
    adapted: Any = adapt(value)
    if hasattr(adapted, "encoding"):
        adapted.encoding = "utf-8"
    text: str = adapted.getquoted().decode()
    return text.replace("%", "%%")


def parameter(name: str, type_: Any) -> Any:
    """A parameter whose value comes with each execution; all others are the host's constants."""
    return _Parameter(name, None, type_=type_)


class _Parameter(BindParameter[Any]):
    inherit_cache = True


def array(name: str, type_: Any) -> Any:
    """A parameter that is an array of values of a column of this type."""
    return parameter(name, ARRAY(unbounded(type_)))


def unnest(types: list[Any]) -> Any:
    """`unnest(k0, k1, ...) AS k(k0, k1, ...)`: the keys of a level as a table; parameters k0, k1, ... are arrays."""
    arrays = [array(f"k{i}", type_) for i, type_ in enumerate(types)]
    columns = [column(f"k{i}", type_) for i, type_ in enumerate(types)]
    return func.unnest(*arrays).table_valued(*columns).render_derived(name="k")
