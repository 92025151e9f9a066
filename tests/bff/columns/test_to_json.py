"""Every pair of SQL type and leaf type that PostgreSQL writes: what it writes of ordinary, extreme and forbidden values.

Each value is looked up by itself, in one query for all values of a pair: as PostgreSQL writes it, in rounds and by
graphql-core, whose answers must be one. A value that the leaf type refuses must not be written.
"""

import datetime
import decimal
import enum
import json
import uuid
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, NewType

import pytest
import strawberry
from sqlalchemy import (
    ARRAY,
    CHAR,
    JSON,
    REAL,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Double,
    Enum,
    Float,
    ForeignKey,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Text,
    Time,
    TypeDecorator,
    Unicode,
    Uuid,
    cast,
    create_engine,
    func,
    literal,
    literal_column,
    select,
    type_coerce,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship
from strawberry.schema.config import StrawberryConfig

import bff
from bff.columns import scalars
from bff.columns.to_json import IRREGULAR, joined, printer
from bff.json_text import Json
from tests.bff.asking import Asker, MakeDatabase

FORBIDDEN = object()
"""The leaf type refuses it, or Python has no such value: it is answered in rounds, whatever these say."""


class Mood(enum.Enum):
    """Labels that are no names."""

    PLAIN = "plain"
    QUOTES = 'it\'s "so"'
    SLASH = "back\\slash"
    UMLAUT = "ü"


class Tone(enum.StrEnum):
    """Kept as its values, in a column of text."""

    SOFT = "soft"
    LOUD = "it's loud"


class Level(enum.IntEnum):
    """No texts at all."""

    LOW = 1


class Bound(TypeDecorator[str]):
    """Says nothing of values on their way out."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value.lower()


class Cents(TypeDecorator[decimal.Decimal]):
    """Money, kept in cents."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: decimal.Decimal | None, dialect: Any) -> int | None:
        return None if value is None else int(value * 100)

    def process_result_value(self, value: int | None, dialect: Any) -> decimal.Decimal | None:
        return None if value is None else decimal.Decimal(value) / 100


class Upper(TypeDecorator[str]):
    """Another expression is read in the column's place."""

    impl = Text
    cache_ok = True

    def column_expression(self, column: Any) -> Any:
        return func.upper(column)


Shout = NewType("Shout", str)
SHOUT = strawberry.scalar(name="Shout", serialize=lambda value: value + "!", parse_value=str)

GraphQLMood, GraphQLTone, GraphQLLevel = strawberry.enum(Mood), strawberry.enum(Tone), strawberry.enum(Level)

labels: Callable[[Any], list[str]] = lambda members: [each.value for each in members]  # noqa: E731


@dataclass(frozen=True)
class Pair:
    """An SQL type shown as a leaf type; `values` are literals of SQL and what they are in JSON.

    `computed` makes of the column an expression, which is shown in its place.
    """

    type: Any
    leaf: Any
    values: dict[str, Any] = field(default_factory=dict)
    computed: Callable[[Any], Any] | None = None


def same(*texts: str, quote: bool = True) -> dict[str, Any]:
    """Values that are the same in SQL and in JSON."""
    return {f"'{text}'" if quote else text: text for text in texts}


TEXTS = {
    "''": "",
    "'plain'": "plain",
    "'a \"b\" ''c'''": "a \"b\" 'c'",
    r"E'back\\slash /'": "back\\slash /",
    r"E'\x01\x02\b\f\n\r\t\x1f\x7f'": "\x01\x02\b\f\n\r\t\x1f\x7f",
    r"E'\u00e9 \U0001F600 \u2028 \uFFFF'": "é 😀 \u2028 \uffff",
    "'null'": "null",
    "'%s %(x)s :y'": "%s %(x)s :y",
}
SMALL = {"0": 0, "-7": -7, "32767": 2**15 - 1, "-32768": -(2**15)}
INTEGERS = {**SMALL, "2147483647": 2**31 - 1, "-2147483648": -(2**31)}
BIG = {**INTEGERS, "9223372036854775807": 2**63 - 1, "-9223372036854775808": -(2**63)}
NO_INT = {"2147483648": FORBIDDEN, "-2147483649": FORBIDDEN, "9223372036854775807": FORBIDDEN}
NO_DOUBLE = {"'NaN'": FORBIDDEN, "'Infinity'": FORBIDDEN, "'-Infinity'": FORBIDDEN}
DOUBLES = {"0": 0.0, "0.1": 0.1, "-2.5": -2.5, "1e20": 1e20, "123456789.125": 123456789.125, **NO_DOUBLE}
EXACT = {
    **same("0", "1.50", "-0.00", "-12.3400", "100", quote=False),
    "-0.00": "0.00",
    "1e-7": "0.0000001",
    "1e400": "1" + "0" * 400,
    "123456789012345678901234567890.123456789": "123456789012345678901234567890.123456789",
    "'NaN'": "NaN",
    "'Infinity'": "Infinity",
    "'-Infinity'": "-Infinity",
}
DAYS = {
    **same("2024-02-29", "0001-01-01", "9999-12-31", "0999-06-05"),
    "'infinity'": FORBIDDEN,
}
MOMENTS = {
    "'2024-05-01 12:00'": "2024-05-01T12:00:00",
    "'2024-05-01 12:00:00.5'": "2024-05-01T12:00:00.5",
    "'2024-05-01 12:00:00.120000'": "2024-05-01T12:00:00.12",
    "'2024-05-01 12:00:00.000001'": "2024-05-01T12:00:00.000001",
    "'0001-01-01 00:00'": "0001-01-01T00:00:00",
    "'9999-12-31 23:59:59.999999'": "9999-12-31T23:59:59.999999",
    "'infinity'": FORBIDDEN,
}
CLOCKS = {
    "'12:00'": "12:00:00",
    "'00:00'": "00:00:00",
    "'23:59:59.999999'": "23:59:59.999999",
    "'01:02:03.400'": "01:02:03.4",
    "'24:00'": FORBIDDEN,
}
UUIDS = {
    f"'{uuid.UUID(int=0)}'": str(uuid.UUID(int=0)),
    "'FFEE0000-0000-4000-8000-00000000000A'": "ffee0000-0000-4000-8000-00000000000a",
}
ZONED = {
    "'2024-05-01 12:00+02'": "2024-05-01T10:00:00+00:00",
    "'2024-05-01 12:00:00.50+00'": "2024-05-01T12:00:00.5+00:00",
    "'0001-01-01 00:00+00'": "0001-01-01T00:00:00+00:00",
    "'9999-12-31 23:59:59.999999+00'": "9999-12-31T23:59:59.999999+00:00",
    "'infinity'": FORBIDDEN,
}


def as_strings(values: dict[str, Any]) -> dict[str, Any]:
    return {sql: str(value) for sql, value in values.items()}


WRITTEN: dict[str, Pair] = {
    "string": Pair(String, str, TEXTS),
    "text": Pair(Text, str, TEXTS),
    "unicode": Pair(Unicode, str, TEXTS),
    "varchar": Pair(String(3), str, same("abc", "é")),
    "citext": Pair(postgresql.CITEXT, str, same("aBc")),
    "string_id": Pair(String, strawberry.ID, TEXTS),
    "string_computed": Pair(String, str, {"'a\"'": 'a"!'}, lambda it: it + literal("!", String)),
    "string_of_enum": Pair(String, str, {"'plain'": "plain"}, lambda it: type_coerce(cast(it, native_mood), String())),
    "bool": Pair(Boolean, bool, {"true": True, "false": False}),
    "bool_computed": Pair(Integer, bool, {"1": True, "0": False}, lambda it: it > 0),
    "small_int": Pair(SmallInteger, int, SMALL),
    "small_id": Pair(SmallInteger, strawberry.ID, as_strings(SMALL)),
    "small_float": Pair(SmallInteger, float, SMALL),
    "int": Pair(Integer, int, INTEGERS),
    "int_id": Pair(Integer, strawberry.ID, as_strings(INTEGERS)),
    "int_string": Pair(Integer, str, as_strings(INTEGERS)),
    "int_float": Pair(Integer, float, INTEGERS),
    "int_big": Pair(Integer, bff.BigInt, INTEGERS),
    "big_int": Pair(BigInteger, int, {**INTEGERS, **NO_INT}),
    "big_big": Pair(BigInteger, bff.BigInt, BIG),
    "big_id": Pair(BigInteger, strawberry.ID, as_strings(BIG)),
    "big_string": Pair(BigInteger, str, as_strings(BIG)),
    "int_computed": Pair(
        BigInteger, int, {"3": 6, "-1073741824": -(2**31), "1073741824": FORBIDDEN}, lambda it: it * 2
    ),
    "int_of_numeric": Pair(
        Numeric,
        int,
        {"3": 3, "3.00": 3, "1.5": FORBIDDEN, "3e9": FORBIDDEN, "1e30": FORBIDDEN, "'NaN'": FORBIDDEN},
        lambda it: type_coerce(it, Integer()),
    ),
    "big_of_numeric": Pair(
        Numeric,
        bff.BigInt,
        {"3": 3, "3.0": 3, "-9223372036854775807.0": -(2**63) + 1, "1.5": FORBIDDEN, "9223372036854775808": FORBIDDEN, "1e30": FORBIDDEN},
        lambda it: type_coerce(it, BigInteger()),
    ),
    "string_of_numeric": Pair(Numeric, str, {"3.0": "3.0", "1.5": FORBIDDEN}, lambda it: type_coerce(it, BigInteger())),
    "id_of_numeric": Pair(Numeric, strawberry.ID, {"3": "3", "-3.0": "-3.0", "1.5": FORBIDDEN, "1e30": FORBIDDEN}, lambda it: type_coerce(it, BigInteger())),
    "big_computed": Pair(BigInteger, bff.BigInt, {"3": 6, "4611686018427387903": 2**63 - 2}, lambda it: it * 2),
    "id_computed": Pair(BigInteger, strawberry.ID, {"3": "6", "3000000000": "6000000000"}, lambda it: it * 2),
    "float": Pair(Float, float, {**DOUBLES, "1e308": 1e308, "5e-324": 5e-324, "1.7976931348623157e308": 1.7976931348623157e308}),
    "double": Pair(Double, float, {**DOUBLES, "-0.0": 0}),
    "real": Pair(REAL, float, {**NO_DOUBLE, "0.1": 0.1, "1e20": 1e20, "16777216": 16777216.0, "1e-45": 1e-45}),
    "float_computed": Pair(Double, float, {"0.1": 0.2, "'NaN'": FORBIDDEN}, lambda it: it * 2),
    "float_of_numeric": Pair(Numeric, float, {"0.1": 0.1}, lambda it: type_coerce(it, Double())),
    "numeric_float": Pair(
        Numeric,
        float,
        {
            **DOUBLES,
            "1e308": 1e308,
            "-1e308": -1e308,
            "1e-300": 1e-300,
            "123456789.123456789": 123456789.123456789,
            "1e400": FORBIDDEN,
            "-1e400": FORBIDDEN,
            "1e-320": FORBIDDEN,
            "-1e-400": FORBIDDEN,
        },
    ),
    "numeric_read_as_float": Pair(Numeric(asdecimal=False), float, {**DOUBLES, "1e400": FORBIDDEN}),
    "decimal": Pair(Numeric, decimal.Decimal, EXACT),
    "decimal_of_two": Pair(Numeric(6, 2), decimal.Decimal, {"1.5": "1.50", "0": "0.00", "9999.99": "9999.99"}),
    "decimal_computed": Pair(Numeric(6, 2), decimal.Decimal, {"1.5": "3.00"}, lambda it: it * 2),
    "moment": Pair(DateTime, datetime.datetime, MOMENTS),
    "zoned": Pair(DateTime(timezone=True), datetime.datetime, ZONED),
    "timestamp": Pair(postgresql.TIMESTAMP(timezone=True), datetime.datetime, ZONED),
    "day": Pair(Date, datetime.date, DAYS),
    "clock": Pair(Time, datetime.time, CLOCKS),
    "uuid": Pair(Uuid, uuid.UUID, UUIDS),
    "uuid_text": Pair(Uuid(as_uuid=False), str, UUIDS),
    "uuid_id": Pair(Uuid(as_uuid=False), strawberry.ID, UUIDS),
    "mood": Pair(
        native_mood := Enum(Mood, name="mood", values_callable=labels),
        GraphQLMood,
        {"'plain'": "PLAIN", "'it''s \"so\"'": "QUOTES", r"E'back\\slash'": "SLASH", "'ü'": "UMLAUT"},
    ),
    "mood_of_text": Pair(
        Enum(Mood, name="no_type", values_callable=labels, native_enum=False),
        GraphQLMood,
        {"'plain'": "PLAIN", "'it''s \"so\"'": "QUOTES"},
    ),
    "label": Pair(
        Enum("a b", 'say "hi"', "ü\\", name="label"), str, same("a b", 'say "hi"', "ü\\")
    ),
    "text_of_enum": Pair(
        String, GraphQLTone, {"'soft'": "SOFT", "'it''s loud'": "LOUD", "'SOFT'": FORBIDDEN, "''": FORBIDDEN}
    ),
    "domain": Pair(postgresql.DOMAIN("positive", Integer), int, {"5": 5}),
    "domain_of_text": Pair(postgresql.DOMAIN("words", Text), str, TEXTS),
    "decorated": Pair(Bound, str, TEXTS),
    "domain_of_decorated": Pair(postgresql.DOMAIN("bound", Bound), str, same("a")),
}  # fmt: skip
"""What PostgreSQL writes."""

FILLED: dict[str, Pair] = {
    "cents": Pair(Cents, decimal.Decimal, {"150": "1.5", "-1": "-0.01"}),
    "own_scalar": Pair(String, Shout, {"'a\"'": 'a"!', "''": "!"}),
    "big_float": Pair(BigInteger, float, {"9007199254740992": 9007199254740992.0, "9007199254740993": FORBIDDEN}),
    "text_as_int": Pair(String, int, {"'12'": 12, "'x'": FORBIDDEN}),
    "day_as_text": Pair(Date, str, {"'2024-01-02'": "2024-01-02"}),
    "int_as_bool": Pair(Integer, bool, {"1": True}),
    "level": Pair(Integer, GraphQLLevel, {"1": "LOW", "2": FORBIDDEN}),
    "decimal_of_text": Pair(String, decimal.Decimal, {"'1.0'": "1.0"}),
}
"""What Python reads back out of a placeholder and writes."""

ELSEWHERE: dict[str, Pair] = {
    "char": Pair(CHAR(4), str, {"'ab'": "ab  "}),
    "array": Pair(ARRAY(String), list[str], {"'{a,b}'": ["a", "b"]}),
    "json": Pair(JSON, strawberry.scalars.JSON, {"'{\"a\": 1}'": {"a": 1}}),
    "upper": Pair(Upper, str, {"'a'": "A"}),
    "zoned_clock": Pair(Time(timezone=True), datetime.time, {"'12:00+02'": "12:00:00+02:00"}),
    "float_as_decimal": Pair(Float(asdecimal=True), decimal.Decimal, {"0.5": "0.5000000000"}),
    "uuid_of_text": Pair(Uuid(native_uuid=False), uuid.UUID, {f"'{uuid.UUID(int=3).hex}'": str(uuid.UUID(int=3))}),
}
"""What is read and written by Python alone, in rounds."""

PAIRS = WRITTEN | FILLED | ELSEWHERE


class Base(DeclarativeBase):
    pass


def _model() -> Any:
    columns: dict[str, Any] = {"__tablename__": "things", "id": mapped_column(Integer, primary_key=True)}
    for name, pair in PAIRS.items():
        column = columns[name if pair.computed is None else f"{name}_of"] = mapped_column(
            f"c_{name}", pair.type, nullable=True
        )
        if pair.computed is not None:
            columns[name] = column_property(pair.computed(column.column))
    return type("ThingRow", (Base,), columns)


ThingRow = _model()


def _type() -> Any:
    annotations: dict[str, Any] = {"id": strawberry.ID}
    for name, pair in PAIRS.items():
        annotations |= {name: pair.leaf | None, f"must_{name}": pair.leaf}
    fields: dict[str, Any] = {f"must_{name}": bff.column(name) for name in PAIRS}
    return bff.entity(ThingRow, policy=bff.public, name="Thing")(
        type("Thing", (), {"__annotations__": annotations, **fields})
    )


Thing = _type()


@strawberry.type
class Query:
    thing: Thing | None = bff.lookup()


SCHEMA = bff.Schema(Query, config=StrawberryConfig(scalar_map={Shout: SHOUT}, auto_camel_case=False))
# SQLAlchemy 2.1 warns of its own type, which names no operators.
pytestmark = pytest.mark.filterwarnings("ignore:Type object .*DOMAIN")

LEAVES: dict[str, Any] = dict(SCHEMA._schema.type_map)
MOST = max(len(pair.values) for pair in PAIRS.values())


@pytest.fixture(scope="module")
def ask(make_database: MakeDatabase) -> Iterator[Asker]:
    """Row n holds the n-th value of each pair; the last holds nothing but NULL."""
    engine = create_engine(make_database())
    with engine.begin() as connection:
        connection.exec_driver_sql("create extension citext")
        Base.metadata.create_all(connection)
        for row in range(MOST):
            given = {f"c_{name}": [*pair.values][row] for name, pair in PAIRS.items() if row < len(pair.values)}
            statement = (
                f"insert into things ({', '.join(['id', *given])}) values ({', '.join([str(row), *given.values()])})"
            )
            connection.exec_driver_sql(statement.replace("%", "%%"))
        connection.exec_driver_sql(f"insert into things (id) values ({MOST})")
    yield Asker(SCHEMA, engine)
    engine.dispose()


def query(name: str, rows: Iterable[int]) -> str:
    """Each of the rows by itself."""
    return "{ " + " ".join(f'r{row}: thing(id: "{row}") {{ it: {name} }}' for row in rows) + " }"


def in_regions(ask: Asker, name: str) -> tuple[int, list[str]]:
    """How many placeholders a region of the field has; and why it is none."""
    whole = ask.plan(query(name, range(1))).whole()
    [*found] = whole.regions.of.values()
    return len(found[0].placeholders) if found else -1, list(whole.regions.reasons.values())


def assert_written(ask: Asker, name: str, count_sql: Any) -> None:
    """The values of a pair are finished by one statement, and each that is forbidden is answered in rounds."""
    rows = list(enumerate(PAIRS[name].values.values()))
    written = {f"r{row}": {"it": value} for row, value in rows if value is not FORBIDDEN}
    regular = query(name, [row for row, value in rows if value is not FORBIDDEN])
    plan = ask.plan(regular)
    with count_sql(ask.database.engine) as counted:
        result = ask.run(plan)
    assert counted.count == 1
    assert {key: isinstance(found, Json) and json.loads(found.text) for key, found in result.data.items()} == written
    # The same from rounds and from graphql-core.
    assert ask(regular) == written
    for row in (row for row, value in rows if value is FORBIDDEN):
        forbidden = query(name, [row])
        with count_sql(ask.database.engine) as counted:
            result = ask.run(ask.plan(forbidden))
        assert counted.count == 2, list(PAIRS[name].values)[row]
        assert not isinstance(result.data[f"r{row}"], Json)
        ask.result(forbidden)


@pytest.mark.parametrize("name", WRITTEN)
def test_postgresql_writes_what_python_would(ask: Asker, name: str, count_sql: Any) -> None:
    assert in_regions(ask, name) == (0, [])
    assert_written(ask, name, count_sql)


@pytest.mark.parametrize("name", FILLED)
def test_what_python_reads_back_is_filled_in(ask: Asker, name: str, count_sql: Any) -> None:
    assert in_regions(ask, name) == (1, [])
    assert_written(ask, name, count_sql)


@pytest.mark.parametrize("name", ELSEWHERE)
def test_what_postgresql_cannot_write_is_written_by_python(ask: Asker, name: str) -> None:
    placeholders, [reason] = in_regions(ask, name)
    assert (placeholders, reason) == (-1, f"Thing.{name} is read and written by Python")
    data = ask(query(name, range(1)))
    assert data["r0"]["it"] == next(iter(ELSEWHERE[name].values.values()))


@pytest.mark.parametrize("name", PAIRS)
def test_null_is_null_or_forbidden(ask: Asker, name: str) -> None:
    of_null = query(name, range(MOST, MOST + 1))
    assert ask(of_null) == {f"r{MOST}": {"it": None}}
    assert isinstance(ask.run(ask.plan(of_null)).data[f"r{MOST}"], Json) is (name not in ELSEWHERE)
    result = ask.result(query(f"must_{name}", range(MOST, MOST + 1)))
    [error] = result.errors or []
    assert (result.data, error.path) == ({f"r{MOST}": None}, [f"r{MOST}", "it"])
    assert error.message == f"Cannot return null for non-nullable field Thing.must_{name}."


@pytest.mark.parametrize(
    ("type_", "leaf", "literal_"),
    [
        (Date(), scalars.DATE, "'0044-03-15 BC'::date"),
        (Date(), scalars.DATE, "'10000-01-01'::date"),
        (Date(), scalars.DATE, "'-infinity'::date"),
        (DateTime(), scalars.DATE_TIME, "'0044-03-15 BC'::timestamp"),
        (DateTime(), scalars.DATE_TIME, "'10000-01-01'::timestamp"),
        (DateTime(), scalars.DATE_TIME, "'-infinity'::timestamp"),
        (DateTime(timezone=True), scalars.DATE_TIME, "'0001-12-31 23:59:59.999999+00 BC'::timestamptz"),
        (DateTime(timezone=True), scalars.DATE_TIME, "'10000-01-01 00:00+00'::timestamptz"),
        (DateTime(timezone=True), scalars.DATE_TIME, "'-infinity'::timestamptz"),
    ],
)
def test_what_the_driver_itself_cannot_read_is_not_written(ask: Asker, type_: Any, leaf: Any, literal_: str) -> None:
    write = printer(type_, LEAVES[leaf.name], is_computed=False)
    assert write is not None
    pieces = write(literal_column(literal_), nullable=False, forbid_null=False)
    with ask.database.engine.begin() as connection:
        connection.exec_driver_sql("set local time zone 'UTC'")
        assert connection.scalar(select(joined(pieces))) == IRREGULAR


# Counts and sums


class BoxRow(Base):
    __tablename__ = "boxes"
    id: Mapped[int] = mapped_column(primary_key=True)
    coins: Mapped[list["CoinRow"]] = relationship(order_by="CoinRow.id")


class CoinRow(Base):
    __tablename__ = "coins"
    id: Mapped[int] = mapped_column(primary_key=True)
    box_id: Mapped[int] = mapped_column(ForeignKey("boxes.id"))
    small: Mapped[int | None]
    big: Mapped[int | None] = mapped_column(BigInteger)
    exact: Mapped[decimal.Decimal | None] = mapped_column(Numeric(4, 2))
    single: Mapped[float | None] = mapped_column(REAL)
    cents: Mapped[decimal.Decimal | None] = mapped_column(Cents)


@bff.entity(CoinRow, policy=bff.public)
class Coin:
    id: strawberry.ID


@bff.entity(BoxRow, policy=bff.public)
class Box:
    coins: bff.Connection[Coin]
    number: int = bff.count("coins")
    large_number: bff.BigInt = bff.count("coins")
    id_number: strawberry.ID = bff.count("coins")
    positive: int = bff.count("coins", where=lambda coin: coin.small > 0)
    small: int = bff.total("coins", "small")
    small_as_big: bff.BigInt = bff.total("coins", "small")
    big: bff.BigInt = bff.total("coins", "big")
    exact: decimal.Decimal = bff.total("coins", "exact")
    exact_as_float: float = bff.total("coins", "exact")
    single: float = bff.total("coins", "single")
    cents: decimal.Decimal = bff.total("coins", "cents")
    small_as_float: float = bff.total("coins", "small")


@strawberry.type
class Boxes:
    box: Box | None = bff.lookup()


@pytest.fixture(scope="module")
def boxes(make_database: MakeDatabase) -> Iterator[Asker]:
    """One of ordinary sums, an empty one, and one whose sums are too large."""
    engine = create_engine(make_database())
    tables: Any = [BoxRow.__table__, CoinRow.__table__]
    Base.metadata.create_all(engine, tables)
    with engine.begin() as connection:
        connection.exec_driver_sql("insert into boxes values (1), (2), (3)")
        connection.exec_driver_sql(
            "insert into coins values (1, 1, 3, 4611686018427387904, 99.99, 0.5, 150), (2, 1, -1, 4611686018427387903, 99.99,"
            " 0.25, 1), (3, 1, null, null, null, null, null), (4, 3, 2147483647, 1, null, 'NaN', 1), (5, 3, 1, 1, null, 1, 1)"
        )
    yield Asker(bff.Schema(Boxes), engine)
    engine.dispose()


AGGREGATES: dict[str, tuple[Any, Any]] = {
    "number": (3, 0),
    "largeNumber": (3, 0),
    "idNumber": ("3", "0"),
    "positive": (1, 0),
    "small": (2, 0),
    "smallAsBig": (2, 0),
    "big": (2**63 - 1, 0),
    # More digits than the column has room for.
    "exact": ("199.98", "0"),
    "exactAsFloat": (199.98, 0),
    "single": (0.75, 0),
}


@pytest.mark.parametrize("name", AGGREGATES)
def test_counts_and_sums_are_written(boxes: Asker, name: str, count_sql: Any) -> None:
    query = f'{{ a: box(id: "1") {{ it: {name} }} b: box(id: "2") {{ it: {name} }} }}'
    plan = boxes.plan(query)
    with count_sql(boxes.database.engine) as counted:
        written = boxes.run(plan).data
    expected = {key: {"it": value} for key, value in zip("ab", AGGREGATES[name], strict=True)}
    assert counted.count == 1
    assert {key: isinstance(each, Json) and json.loads(each.text) for key, each in written.items()} == expected
    assert boxes(query) == expected


@pytest.mark.parametrize(
    ("name", "says"),
    [
        ("small", "Int cannot represent non 32-bit signed integer value: 2147483648"),
        ("single", "Float cannot represent non numeric value: nan"),
    ],
)
def test_sums_that_the_leaf_refuses_are_errors(boxes: Asker, name: str, says: str) -> None:
    query = f'{{ box(id: "3") {{ {name} }} }}'
    assert boxes.run(boxes.plan(query)).data == {"box": None}
    [error] = boxes.result(query).errors or []
    assert (error.message, error.path) == (says, ["box", name])


@pytest.mark.parametrize("name", ["cents", "smallAsFloat"])
def test_sums_of_the_hosts_own_types_are_left_to_python(boxes: Asker, name: str) -> None:
    query = f'{{ box(id: "1") {{ {name} }} }}'
    reasons = set(boxes.plan(query).whole().regions.reasons.values())
    assert reasons == {f"Box.{name} is written as {'Decimal' if name == 'cents' else 'Float'} by Python"}
    assert boxes(query) == {"box": {name: "1.51" if name == "cents" else 2.0}}


# Global ids


def keyed(*types: Any) -> Any:
    """A schema of rows with such a key, and the table."""

    class Own(DeclarativeBase):
        pass

    parts = {f"k{i}": mapped_column(type_, primary_key=True, autoincrement=False) for i, type_ in enumerate(types)}
    row = type("KeyedRow", (Own,), {"__tablename__": "keyed", **parts})

    @bff.entity(row, policy=bff.public)
    class Keyed(bff.Node):
        pass

    @strawberry.type
    class Query:
        all_: list[Keyed] = bff.collection()

    return bff.Schema(Query), row


@pytest.mark.parametrize(
    ("types", "key", "node_id"),
    [
        ((Integer,), ("-7",), "Keyed:-7"),
        ((BigInteger,), (str(2**63 - 1),), f"Keyed:{2**63 - 1}"),
        ((Uuid,), (f"'{uuid.UUID(int=10)}'",), f"Keyed:{uuid.UUID(int=10)}"),
        ((String,), ("E'a\\\\\"\\x01\\n%,:é'",), 'Keyed:a\\"\x01\n%,:é'),
        ((String, Integer, String), ("'a,b%2C'", "5", "''"), "Keyed:a%2Cb%252C,5,"),
        ((Bound, Uuid), ("'x'", f"'{uuid.UUID(int=10)}'"), f"Keyed:x,{uuid.UUID(int=10)}"),
    ],
)
def test_global_ids_are_written(
    make_database: MakeDatabase, count_sql: Any, types: Any, key: tuple[str, ...], node_id: str
) -> None:
    schema, row = keyed(*types)
    engine = create_engine(make_database())
    row.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(f"insert into keyed values ({', '.join(key)})".replace("%", "%%"))
    ask = Asker(schema, engine)
    query = "{ all_ { nodeId } }"
    found = ask.run(ask.plan(query)).data["all_"]
    assert isinstance(found, Json)
    assert json.loads(found.text) == [{"nodeId": node_id}]
    assert ask(query) == {"all_": [{"nodeId": node_id}]}
    engine.dispose()


@pytest.mark.parametrize("type_", [CHAR(4), Enum(Mood), Date(), Cents(), Numeric()])
def test_global_ids_of_other_keys_take_python(type_: Any) -> None:
    schema, _ = keyed(Integer, type_)
    ask = Asker(schema, create_engine("postgresql+psycopg2://"))
    whole = ask.plan("{ all_ { nodeId } }").whole()
    assert list(whole.regions.reasons.values()) == ["Keyed.nodeId is written by Python"]
    assert whole.regions.of == {}
