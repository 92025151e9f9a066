"""The text of a statement, and its values on their way to the driver and back."""

from __future__ import annotations

import decimal
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import pytest
from sqlalchemy import (
    ARRAY,
    Connection,
    Integer,
    Numeric,
    Select,
    String,
    Text,
    TypeDecorator,
    column,
    create_engine,
    func,
    literal,
    literal_column,
    select,
    table,
    values,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import bff
from bff.entities.policy import Policies, ViewerParameters
from bff.sql.statement import Statement, array, parameter, unnest


class Cents(TypeDecorator[decimal.Decimal]):
    """Money kept as a whole number of cents."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: decimal.Decimal | None, dialect: Any) -> int | None:
        return None if value is None else int(value * 100)

    def process_result_value(self, value: int | None, dialect: Any) -> decimal.Decimal | None:
        return None if value is None else decimal.Decimal(value) / 100


class Base(DeclarativeBase):
    pass


class NoteRow(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str]
    price: Mapped[decimal.Decimal] = mapped_column(Cents)


@dataclass(frozen=True)
class Reader:
    tenant: str
    limit: decimal.Decimal


@pytest.fixture(scope="module")
def connection(make_database: Callable[[], str]) -> Iterator[Connection]:
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with engine.connect() as connection:
        connection.exec_driver_sql("insert into notes values (1, 'north', 150), (2, 'north', 900), (3, 'south', 1)")
        yield connection
    engine.dispose()


def run(
    connection: Connection, statement: Statement, given: dict[str, Any] | None = None, viewer: Any = None
) -> Sequence[Any]:
    """The rows of a statement that is sent as the database's sessions send it."""
    assert connection.connection.dbapi_connection is not None
    with connection.connection.dbapi_connection.cursor() as cursor:
        cursor.execute(statement.sql, statement.parameters(given or {}, viewer))
        return statement.rows(cursor)


def texts(*of: str) -> Any:
    return values(column("word", Text()), name="words").data([(each,) for each in of])


def test_constants_of_the_host_stand_in_the_text(connection: Connection) -> None:
    """Whatever is in them: quotes, percent signs, backslashes, and what looks like a parameter."""
    odd = ["it's 50%", "a\\'b", "%(k0)s", "%%", 'é"', ""]
    words = texts(*odd, "other")
    for each in odd:
        statement = Statement(select(words.c.word).where(words.c.word == each), 0)
        assert statement.parameters({}, None) == {}
        assert run(connection, statement) == [(each,)]
    among = Statement(select(words.c.word).where(words.c.word.in_(odd)), 0)
    assert among.parameters({}, None) == {}
    assert [word for [word] in run(connection, among)] == odd


def test_constants_are_written_as_their_types_bind_them(connection: Connection) -> None:
    dear = Statement(select(NoteRow.id).where(NoteRow.price.in_([decimal.Decimal("1.5"), decimal.Decimal(9)])), 1)
    assert "IN (150, 900)" in dear.sql
    assert run(connection, dear) == [(1,), (2,)]
    assert "price = 150" in Statement(select(NoteRow.id).where(NoteRow.price == decimal.Decimal("1.5")), 1).sql


def test_values_that_come_with_each_execution_are_parameters(connection: Connection) -> None:
    """Beside constants, which have names of SQLAlchemy's own."""
    condition = (NoteRow.price >= parameter("least", Cents())) & (NoteRow.tenant == "north")
    statement = Statement(select(NoteRow.id, NoteRow.price).where(condition), 1)
    assert statement.parameters({"least": decimal.Decimal("1.50")}, None) == {"least": 150}
    assert "'north'" in statement.sql
    assert run(connection, statement, {"least": decimal.Decimal(5)}) == [(2, decimal.Decimal(9))]
    assert statement.sql == str(statement)


def test_the_viewers_values_are_read_for_each_execution(connection: Connection) -> None:
    policies = Policies({NoteRow: lambda note, reader: (note.tenant == reader.tenant) & (note.price <= reader.limit)})
    seen = Statement(select(NoteRow.id).where(policies.condition(NoteRow, NoteRow, ViewerParameters())), 1)
    assert sorted(seen.viewer.values()) == ["limit", "tenant"]
    assert run(connection, seen, viewer=Reader("north", decimal.Decimal(2))) == [(1,)]
    assert run(connection, seen, viewer=Reader("south", decimal.Decimal(2))) == [(3,)]
    given = seen.parameters({}, Reader("north", decimal.Decimal(2)))
    assert sorted(map(str, given.values())) == ["200", "north"]
    assert seen.parameters({}, None) == dict.fromkeys(seen.viewer)
    with pytest.raises(bff.DeclarationError, match=r"policy reads viewer\.(limit|tenant)"):
        seen.parameters({}, object())


@pytest.mark.parametrize("type_", [Integer(), String(1), Text(), Cents()], ids=repr)
def test_keys_of_a_level_are_a_table(connection: Connection, type_: Any) -> None:
    """In their order, as long as each of them is, and NULL among them."""
    given: list[Any] = [decimal.Decimal(3), None, decimal.Decimal(1)] if isinstance(type_, Cents) else [3, None, 1]
    if isinstance(type_, String):
        given = ["three", None, "a"]
    keys = unnest([type_, Integer()])
    statement = Statement(select(*keys.c), 2)
    assert (statement.key_width, sorted(statement.parameters({"k0": given, "k1": [1, 2, 3]}, None))) == (
        2,
        ["k0", "k1"],
    )
    assert run(connection, statement, {"k0": given, "k1": [1, 2, 3]}) == list(zip(given, [1, 2, 3], strict=True))


def test_an_array_is_of_values_of_a_column(connection: Connection) -> None:
    statement = Statement(select(NoteRow.id).where(NoteRow.price == func.any(array("k0", Cents()))), 1)
    assert run(connection, statement, {"k0": [decimal.Decimal("1.5"), decimal.Decimal("0.01")]}) == [(1,), (3,)]


def of_number(as_decimal: bool) -> Select[Any]:
    return select(literal_column("1.5", Numeric(asdecimal=as_decimal)), literal(7, Integer()))


@pytest.mark.parametrize(("as_decimal", "expected"), [(True, decimal.Decimal("1.5")), (False, 1.5)])
def test_columns_are_what_their_types_make_of_them(connection: Connection, as_decimal: bool, expected: Any) -> None:
    [[number, whole]] = run(connection, Statement(of_number(as_decimal), 0))
    assert repr((number, whole)) == repr((expected, 7))


def test_what_a_type_makes_depends_on_what_postgresql_sent(connection: Connection) -> None:
    """One text of a statement, over a column that is one type of PostgreSQL's today and another tomorrow."""
    statement = Statement(select(literal_column("n", Numeric())).select_from(table("numbers_")), 0)
    for type_, sql, expected in (
        ("numeric", "1.50", "Decimal('1.50')"),
        ("double precision", "1.5", "Decimal('1.5000000000')"),
    ):
        connection.exec_driver_sql(f"create temporary table numbers_ as select {sql}::{type_} as n")
        assert repr(run(connection, statement)) == f"[({expected},)]"
        connection.exec_driver_sql("drop table numbers_")


def test_rows_that_no_type_changes_are_the_drivers() -> None:
    """Without a copy of each."""

    class Cursor:
        description: tuple[Any, ...] = ()
        fetched = [(1, "a")]  # noqa: RUF012

        def fetchall(self) -> list[Any]:
            return self.fetched

    class Code:
        type_code = 23

    Cursor.description = (Code(), Code())
    statement = Statement(select(literal_column("1", Integer()), literal_column("'a'", Text())), 0)
    assert statement.rows(Cursor()) is Cursor.fetched


def test_an_array_type_of_a_column_is_an_array_of_arrays(connection: Connection) -> None:
    statement = Statement(select(parameter("v", ARRAY(Integer))), 0)
    assert run(connection, statement, {"v": [1, 2]}) == [([1, 2],)]
