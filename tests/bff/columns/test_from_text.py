"""What is read back of PostgreSQL's text is the very value that driver and SQLAlchemy's type make of it."""

import datetime
import decimal
import enum
from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import (
    ARRAY,
    CHAR,
    JSON,
    REAL,
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    DateTime,
    Double,
    Enum,
    Float,
    Integer,
    Interval,
    LargeBinary,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    Text,
    Time,
    TypeDecorator,
    Unicode,
    Uuid,
    cast,
    create_engine,
    delete,
    func,
    insert,
    literal_column,
    select,
)
from sqlalchemy.dialects import postgresql

from bff.columns.from_text import parser
from tests.bff.asking import MakeDatabase

# SQLAlchemy's own DOMAIN lacks what SQLAlchemy asks of types.
pytestmark = pytest.mark.filterwarnings("ignore:Type object .*DOMAIN.* does not refer to an OperatorClass")


class Mood(enum.Enum):
    GOOD = "go od"
    BAD = "b'a\"d"


class Tone(enum.StrEnum):
    SOFT = "soft"


class Cents(TypeDecorator[decimal.Decimal]):
    """Money, kept in cents."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: decimal.Decimal | None, dialect: Any) -> int | None:
        return None if value is None else int(value * 100)

    def process_result_value(self, value: int | None, dialect: Any) -> decimal.Decimal | None:
        return None if value is None else decimal.Decimal(value) / 100


class Words(TypeDecorator[list[str]]):
    """A list, kept as a text."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: list[str] | None, dialect: Any) -> str | None:
        return None if value is None else "\n".join(value)

    def process_result_value(self, value: str | None, dialect: Any) -> list[str] | None:
        return None if value is None else value.split("\n")


class Later(TypeDecorator[datetime.datetime]):
    """Says nothing of values on their way out."""

    impl = DateTime(timezone=True)
    cache_ok = True


class Expressed(TypeDecorator[str]):
    """Another expression is read in the column's place."""

    impl = Text
    cache_ok = True

    def column_expression(self, column: Any) -> Any:
        return func.upper(column)


def labels(members: Any) -> list[str]:
    return [each.value for each in members]


texts = st.text(st.characters(exclude_characters="\x00", exclude_categories=["Cs"]), max_size=8)
smalls, ints, bigs = (st.integers(-(2**bits), 2**bits - 1) for bits in (15, 31, 63))
decimals = st.decimals(allow_nan=True, allow_infinity=True) | st.decimals(-(10**30), 10**30, places=12)
moments = st.datetimes()

PARSED: dict[str, tuple[Any, st.SearchStrategy[Any]]] = {
    "string": (String, texts),
    "text": (Text, texts),
    "unicode": (Unicode(8), texts),
    "bool": (Boolean, st.booleans()),
    "small": (SmallInteger, smalls),
    "int": (Integer, ints),
    "big": (BigInteger, bigs),
    "float": (Float, st.floats()),
    "double": (Double, st.floats()),
    "real": (REAL, st.floats(width=32)),
    "numeric": (Numeric, decimals),
    "numeric_of_two": (Numeric(20, 2), st.decimals(-(10**15), 10**15, places=2)),
    "numeric_as_float": (Numeric(asdecimal=False), st.floats(allow_subnormal=False)),
    "naive": (DateTime, moments),
    "aware": (DateTime(timezone=True), st.datetimes(timezones=st.just(datetime.UTC))),
    "day": (Date, st.dates()),
    "clock": (Time, st.times()),
    "uuid": (Uuid, st.uuids()),
    "uuid_as_text": (Uuid(as_uuid=False), st.uuids().map(str)),
    "native": (Enum(Mood, name="mood", values_callable=labels), st.sampled_from(Mood)),
    "by_name": (Enum(Mood, name="mood_name"), st.sampled_from(Mood)),
    "in_text": (Enum(Tone, name="tone", native_enum=False), st.sampled_from(Tone)),
    "label": (Enum("a b", "c", name="label"), st.sampled_from(["a b", "c"])),
    "domain": (postgresql.DOMAIN("whole", Integer), ints),
    "domain_of_moment": (postgresql.DOMAIN("moment", DateTime(timezone=True)), st.datetimes(timezones=st.just(datetime.UTC))),
    "cents": (Cents, st.decimals(-(10**6), 10**6, places=2)),
    "words": (Words, st.lists(texts.filter(lambda text: "\n" not in text), min_size=1)),
    "later": (Later, st.datetimes(timezones=st.just(datetime.UTC))),
}  # fmt: skip

NOT_PARSED = {
    "char": CHAR(4),
    "array": ARRAY(String),
    "json": JSON(),
    "jsonb": postgresql.JSONB(),
    "bytes": LargeBinary(),
    "length": Interval(),
    "zoned_clock": Time(timezone=True),
    "float_as_decimal": Float(asdecimal=True),
    "uuid_in_text": Uuid(native_uuid=False),
    "expressed": Expressed(),
    "address": postgresql.INET(),
}

metadata = MetaData()
tables = {
    name: Table(f"of_{name}", metadata, Column("number", Integer), Column("it", type_))
    for name, (type_, _) in PARSED.items()
}


@pytest.fixture(scope="module")
def connection(make_database: MakeDatabase) -> Iterator[Connection]:
    """In UTC, as every session of the layer's."""
    engine = create_engine(make_database(), connect_args={"options": "-c timezone=UTC"})
    metadata.create_all(engine)
    with engine.connect() as connection:
        yield connection
    engine.dispose()


@pytest.mark.parametrize("name", PARSED)
@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_what_is_read_back_is_what_a_row_has(connection: Connection, name: str, data: st.DataObject) -> None:
    _, values = PARSED[name]
    table = tables[name]
    parse = parser(table.c.it.type)
    assert parse is not None
    given_ = data.draw(st.lists(values, min_size=1, max_size=20))
    connection.execute(delete(table))
    connection.execute(insert(table), [{"number": i, "it": value} for i, value in enumerate(given_)])
    found = connection.execute(select(table.c.it, cast(table.c.it, Text)).order_by(table.c.number)).all()
    assert [repr(parse(text)) for _, text in found] == [repr(value) for value, _ in found]


@pytest.mark.parametrize("type_", NOT_PARSED.values(), ids=NOT_PARSED)
def test_other_types_are_not_read_back(type_: Any) -> None:
    assert parser(type_) is None


@pytest.mark.parametrize(
    ("type_", "sql"),
    [
        (Date(), "'infinity'::date"),
        (Date(), "'0044-03-15 BC'::date"),
        (Date(), "'10000-01-01'::date"),
        (DateTime(), "'infinity'::timestamp"),
        (DateTime(), "'10000-01-01'::timestamp"),
        (DateTime(timezone=True), "'-infinity'::timestamptz"),
        (DateTime(timezone=True), "'0044-03-15+00 BC'::timestamptz"),
        (Time(), "'24:00'::time"),
        (Enum(Mood, name="mood", values_callable=labels), "'other'::text"),
    ],
)
def test_what_python_lacks_is_refused(connection: Connection, type_: Any, sql: str) -> None:
    """Whatever the driver makes of it: rounds say."""
    text = connection.scalar(select(cast(literal_column(sql), Text)))
    parse = parser(type_)
    assert parse is not None
    assert text is not None
    with pytest.raises((ValueError, LookupError)):
        parse(text)
