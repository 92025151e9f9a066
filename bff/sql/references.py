"""What a statement mentions: the tables that it reads and their columns, found by the very compiler that writes its text.

So whatever SQLAlchemy makes of conditions, subqueries, relationships and loader options is seen as PostgreSQL sees it. Text
that SQLAlchemy does not know may read anything. What a function or a view reads inside of the database cannot be seen.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Alias, ColumnClause, FromClause, Join, Table, TableSample
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.sql import ClauseElement

ColumnNames = frozenset[str] | None
"""Columns of a table, by their names in the database; None: any of them."""


@dataclass(frozen=True)
class References:
    """The columns that are mentioned of each table or alias of one; `is_opaque` tells of text that may read anything."""

    of: Mapping[FromClause, ColumnNames]
    is_opaque: bool

    def of_tables(self, *, but_for: Iterable[FromClause] = ()) -> dict[Table, ColumnNames]:
        """The columns by table, but for what is mentioned of some."""
        found: dict[Table, ColumnNames] = {}
        others = set(but_for)
        for each, columns in self.of.items():
            if each not in others and (table := table_of(each)) is not None:
                found[table] = union(found.get(table, frozenset()), columns)
        return found


def references_of(statement: ClauseElement) -> References:
    """What a statement mentions. Raises what compiling it does."""
    compiled: Any = statement.compile(dialect=_DIALECT)
    return References(compiled.mentioned, compiled.is_opaque)


def union(one: ColumnNames, other: ColumnNames) -> ColumnNames:
    """The columns of both."""
    return None if one is None or other is None else one | other


def table_of(clause: Any) -> Table | None:
    """The table that is read, under whatever alias; None for what is no table."""
    while isinstance(clause, (Alias, TableSample)):
        clause = clause.element
    return clause if isinstance(clause, Table) else None


def leaves(selectable: FromClause) -> Iterator[FromClause]:
    """The tables and aliases of tables that a mapped class is read from."""
    if isinstance(selectable, Join):
        yield from leaves(selectable.left)
        yield from leaves(selectable.right)
    elif table_of(selectable) is not None:
        yield selectable


_Compiler: Any = PGDialect_psycopg2.statement_compiler


class _ReferenceCompiler(_Compiler):  # type: ignore[misc]
    """Compiles as for PostgreSQL, and notes what comes by."""

    def __init__(self, *args: Any, **options: Any) -> None:
        self.mentioned: dict[FromClause, ColumnNames] = {}
        self.is_opaque = False
        super().__init__(*args, **options)

    def visit_table(self, table: Any, *args: Any, **options: Any) -> Any:
        alias = options.get("enclosing_alias")
        self._note(alias if alias is not None and alias.element is table else table, ())
        return super().visit_table(table, *args, **options)

    def visit_column(self, column: ColumnClause[Any], *args: Any, **options: Any) -> Any:
        if column.is_literal:
            self._note_text(column.name)
        elif column.table is not None:
            self._note(column.table, (column.name,))
        return super().visit_column(column, *args, **options)

    def visit_table_valued_column(self, element: Any, **options: Any) -> Any:
        """A row as a value."""
        self._note(element.scalar_alias, None)
        return super().visit_table_valued_column(element, **options)

    def visit_textclause(self, textclause: Any, *args: Any, **options: Any) -> Any:
        self._note_text(textclause.text)
        return super().visit_textclause(textclause, *args, **options)

    def visit_textual_select(self, taf: Any, *args: Any, **options: Any) -> Any:
        self.is_opaque = True
        return super().visit_textual_select(taf, *args, **options)

    def _note(self, clause: Any, columns: Iterable[str] | None) -> None:
        if table_of(clause) is not None:
            names = None if columns is None else frozenset(columns)
            self.mentioned[clause] = union(self.mentioned.get(clause, frozenset()), names)

    def _note_text(self, text: str) -> None:
        self.is_opaque = self.is_opaque or _CONSTANT.fullmatch(text) is None


_CONSTANT = re.compile(r"(?i)\s*(\*|null|true|false|-?[0-9.]+|'[^']*')(\s*::\s*\w+)?\s*")
"""Text that reads nothing."""


class _Dialect(PGDialect_psycopg2):
    statement_compiler = _ReferenceCompiler
    supports_statement_cache = False


_DIALECT = _Dialect()  # type: ignore[no-untyped-call]
