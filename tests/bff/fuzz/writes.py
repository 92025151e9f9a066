"""Random writes to any tables, in SQL: what an application, a cascade or somebody at psql may do to them.

Values come from other rows of the same column, so that they are of its type and often of those that a query asks about. What a
constraint forbids is left undone.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from sqlalchemy import (
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Enum,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    String,
    Table,
    Text,
    Time,
    Uuid,
    and_,
    cast,
    func,
    insert,
    literal,
    literal_column,
    select,
    text,
    tuple_,
    update,
)
from sqlalchemy.dialects.postgresql import array
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.util import ClauseAdapter

from bff.columns.convert import DIALECT, column_type
from bff.readsets.readset import Fact
from tests.bff.fuzz.operations import Choices


class Writes:
    """Draws writes to the tables of a MetaData."""

    def __init__(self, metadata: MetaData) -> None:
        self._tables = {table.fullname: table for table in metadata.sorted_tables}

    def write(self, choices: Choices, connection: Connection, facts: Sequence[Fact]) -> str:
        """Write something, most often to rows that `facts` are about. Gives what was done, for messages."""
        table, where = self._place(choices, connection, facts)
        kinds = [
            *[self._touch] * 6, *[self._copy] * 6, *[self._move] * 4, *[self._insert] * 4, *[self._delete] * 3,
            *[self._bulk] * 2, self._rekey, self._swap, self._succeed, *[self._move_all] * 2,
        ]  # fmt: skip
        kind: Callable[..., Any] = self._truncate if choices.chance(1) else choices.among(kinds)
        drawn = kind(choices, connection, table, where)
        if drawn is None:
            return f"{kind.__name__} {table.fullname}: nothing to do"
        statements = drawn if isinstance(drawn, list) else [drawn]
        said = f"{kind.__name__} {table.fullname}: {'; '.join(map(_said, statements))}"
        try:
            with connection.begin_nested():
                count = sum(connection.execute(statement).rowcount for statement in statements)
                # What waits for COMMIT is checked here, where it can be undone.
                connection.execute(text("SET CONSTRAINTS ALL IMMEDIATE"))
                connection.execute(text("SET CONSTRAINTS ALL DEFERRED"))
        except DBAPIError as error:
            return f"{said}: {str(error.orig).strip()}"
        return f"{said}: {count} rows"

    def _place(self, choices: Choices, connection: Connection, facts: Sequence[Fact]) -> tuple[Table, Any]:
        """A table, and a condition for some row of it."""
        known = [fact for fact in facts if fact[0] in self._tables]
        if known and choices.chance(85):
            name, columns, values = choices.among(known)
            table = self._tables[name]
            matching = [
                cast(table.c[column], Text()) == value
                for column, value in zip(columns, values, strict=True)
                if column in table.c
            ]
        else:
            table, matching = choices.among(list(self._tables.values())), []
        key = list(table.primary_key.columns)
        rows = connection.execute(select(*key).where(*matching).order_by(*key)).all()
        if not rows:
            rows = connection.execute(select(*key).order_by(*key)).all()
        return table, None if not rows else _is(key, choices.among(rows))

    # -- what can be done

    def _touch(self, choices: Choices, connection: Connection, table: Table, where: Any) -> Any:
        """Another value for some columns of a row."""
        columns = [each for each in table.columns if not each.primary_key and not each.foreign_keys]
        chosen = _some(choices, columns)
        values = {each: value for each in chosen if (value := _other(each)) is not None}
        return None if where is None or not values else update(table).where(where).values(values)

    def _copy(self, choices: Choices, connection: Connection, table: Table, where: Any) -> Any:
        """The values of other rows, or NULL, for some columns of a row."""
        columns = [each for each in table.columns if not each.primary_key]
        if where is None or not columns:
            return None
        values = {each: self._elsewhere(choices, connection, table, each) for each in _some(choices, columns)}
        return update(table).where(where).values(values)

    def _elsewhere(self, choices: Choices, connection: Connection, table: Table, column: Column[Any]) -> Any:
        if column.nullable and choices.chance(20):
            return None
        count = connection.scalar(select(func.count()).select_from(table)) or 0
        other = table.alias()
        key = [other.c[each.key] for each in table.primary_key.columns]
        row = choices.between(0, max(0, count - 1))
        return select(other.c[column.key]).order_by(*key).offset(row).limit(1).scalar_subquery()

    def _move(self, choices: Choices, connection: Connection, table: Table, where: Any) -> Any:
        """A row comes under another parent."""
        values = self._parent(choices, connection, table)
        return None if where is None or not values else update(table).where(where).values(values)

    def _move_all(self, choices: Choices, connection: Connection, table: Table, where: Any) -> Any:
        """All rows of one parent come under another."""
        keys = sorted(table.foreign_key_constraints, key=_name)
        if where is None or not keys:
            return None
        chosen = choices.among(keys)
        values = self._parent(choices, connection, table, chosen)
        if not values:
            return None
        other = table.alias()
        same = select(*(other.c[each.key] for each in chosen.columns)).where(_again(where, table, other))
        return update(table).where(tuple_(*chosen.columns).in_(same)).values(values)

    def _parent(
        self, choices: Choices, connection: Connection, table: Table, chosen: ForeignKeyConstraint | None = None
    ) -> dict[Column[Any], Any]:
        keys = sorted(table.foreign_key_constraints, key=_name)
        if not keys:
            return {}
        chosen = chosen or choices.among(keys)
        if all(each.nullable for each in chosen.columns) and choices.chance(15):
            return dict.fromkeys(chosen.columns)
        remote = [element.column for element in chosen.elements]
        rows = connection.execute(select(*remote).order_by(*remote)).all()
        if not rows:
            return {}
        return dict(zip(chosen.columns, choices.among(rows), strict=True))

    def _insert(self, choices: Choices, connection: Connection, table: Table, where: Any) -> Any:
        """A row like another, under a key of its own, often under another parent."""
        if where is None:
            return None
        values: dict[Any, Any] = {each: each for each in table.columns}
        for each in table.primary_key.columns:
            if not each.foreign_keys:
                values[each] = _fresh(connection, each)
        alone = {each for each in table.primary_key.columns if each.foreign_keys}
        if alone or choices.chance(50):
            values |= self._parent(choices, connection, table)
        for each in _unique(table):
            if each not in alone and (value := _other(each)) is not None:
                values[each] = value
        selected = [literal_column("NULL") if value is None else value for value in values.values()]
        selected = [_literal(column, value) for column, value in zip(values, selected, strict=True)]
        return insert(table).from_select(list(values), select(*selected).select_from(table).where(where))

    def _delete(self, choices: Choices, connection: Connection, table: Table, where: Any) -> Any:
        return None if where is None else table.delete().where(where)

    def _bulk(self, choices: Choices, connection: Connection, table: Table, where: Any) -> Any:
        """Another value for a column of every row, or of every second one."""
        columns = [each for each in table.columns if not each.primary_key and not each.foreign_keys]
        values = {each: value for each in _some(choices, columns)[:1] if (value := _other(each)) is not None}
        if not values:
            return None
        statement = update(table).values(values)
        if choices.chance(70):
            key = cast(next(iter(table.primary_key.columns)), Text())
            statement = statement.where(func.ascii(func.right(key, 1)) % 2 == choices.between(0, 1))
        return statement

    def _rekey(self, choices: Choices, connection: Connection, table: Table, where: Any) -> Any:
        """A row gets another primary key, and with it those that refer to it, or nothing happens."""
        own = [each for each in table.primary_key.columns if not each.foreign_keys]
        return (
            None
            if where is None or not own
            else update(table).where(where).values({own[0]: _fresh(connection, own[0])})
        )

    def _succeed(self, choices: Choices, connection: Connection, table: Table, where: Any) -> Any:
        """A row goes, with those that refer to it, and one like another comes under its key."""
        key = list(table.primary_key.columns)
        if where is None:
            return None
        gone = connection.execute(select(*key).where(where)).one()
        others = [row for row in connection.execute(select(*key).order_by(*key)) if row != gone]
        if not others:
            return None
        values = {each: each for each in table.columns} | dict(zip(key, gone, strict=True))
        selected = [_literal(column, value) for column, value in values.items()]
        like = select(*selected).select_from(table).where(_is(key, choices.among(others)))
        return [table.delete().where(where), insert(table).from_select(list(values), like)]

    def _swap(self, choices: Choices, connection: Connection, table: Table, where: Any) -> Any:
        """Two rows exchange a value, in one statement."""
        columns = [each for each in table.columns if not each.primary_key]
        key = list(table.primary_key.columns)
        rows = connection.execute(select(*key).order_by(*key)).all()
        if len(rows) < 2 or not columns:
            return None
        one, other = choices.among(rows), choices.among(rows)
        column, there = choices.among(columns), table.alias()
        left, right = _is(key, one), _is(key, other)
        key_there = [there.c[each.key] for each in key]
        value = select(there.c[column.key]).where(_is(key_there, one) | _is(key_there, other))
        value = value.where(tuple_(*key_there) != tuple_(*key)).limit(1).scalar_subquery()
        return update(table).where(left | right).values({column: value})

    def _truncate(self, choices: Choices, connection: Connection, table: Table, where: Any) -> Any:
        return text(f"TRUNCATE {connection.dialect.identifier_preparer.format_table(table)} CASCADE")


def _is(key: Sequence[Any], row: Iterable[Any]) -> Any:
    return and_(*(column == value for column, value in zip(key, row, strict=True)))


def _again(where: Any, table: Table, alias: Any) -> Any:
    """A condition on a table, on an alias of it."""
    return ClauseAdapter(alias).traverse(where)


def _name(constraint: ForeignKeyConstraint) -> str:
    return ",".join(each.name for each in constraint.columns)


def _some(choices: Choices, columns: list[Column[Any]]) -> list[Column[Any]]:
    if not columns:
        return []
    return list(dict.fromkeys(choices.among(columns) for _ in range(choices.between(1, 3))))


def _unique(table: Table) -> list[Column[Any]]:
    """Columns in which another row must have another value."""
    groups = [
        each.columns
        for each in (*table.constraints, *(i for i in table.indexes if i.unique))
        if hasattr(each, "columns")
    ]
    primary = set(table.primary_key.columns)
    return [
        column
        for columns in groups
        for column in columns
        if len(columns) == 1 and column not in primary and not column.foreign_keys
    ]


def _other(column: Column[Any]) -> Any:
    """Another value of the column's type, out of the one that is there; None where nobody knows any."""
    type_ = column_type(column.type, but_for=())
    bare: Any = literal_column(f'"{column.name}"')
    match type_:
        case Enum() if type_.native_enum:
            name = ".".join(each for each in (type_.schema, type_.name) if each)
            return literal_column(
                f'(SELECT v FROM unnest(enum_range(NULL::{name})) v WHERE v IS DISTINCT FROM "{column.name}" LIMIT 1)'
            )
        case Enum():
            options = array([literal_column(f"'{each}'") for each in type_.enums], type_=Text())
            return options[func.coalesce(func.array_position(options, bare), 0) % len(type_.enums) + 1]
        case Uuid():
            return None
        case Boolean():
            return bare.is_(None) | (bare == literal_column("false"))
        case Integer() | Numeric():
            return func.coalesce(bare, 0) + 1
        case DateTime():
            return func.coalesce(bare, func.to_timestamp(0)) + literal_column("interval '1 day'")
        case Date():
            return func.coalesce(bare, literal_column("date '2024-02-01'")) + 1
        case Time():
            return func.coalesce(bare, literal_column("time '01:00'")) + literal_column("interval '1 hour'")
        case String():
            text_ = func.concat(bare, "x")
            return func.right(text_, type_.length) if type_.length else text_
    return None


def _fresh(connection: Connection, column: Column[Any]) -> Any:
    """A key that no row has."""
    type_ = column_type(column.type, but_for=())
    count = connection.scalar(select(func.count()).select_from(column.table)) or 0
    match type_:
        case Integer():
            return (connection.scalar(select(func.max(column))) or 0) + 1
        case Uuid():
            return uuid.UUID(int=count, version=4)
        case Date():
            return literal_column("date '2024-02-01'") + count
    return f"key {count}"


def _literal(column: Column[Any], value: Any) -> Any:
    """A value as an expression."""
    if hasattr(value, "__clause_element__") or hasattr(value, "compile"):
        return value
    return literal(value, column.type)


def _said(statement: Any) -> str:
    compiled = statement.compile(dialect=DIALECT)
    return f"{' '.join(str(compiled).split())} {dict(compiled.params)}"
