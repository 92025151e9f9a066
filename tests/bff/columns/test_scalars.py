"""Scalars: what PostgreSQL writes of a value is what the layer writes of it."""

import datetime
import decimal
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import strawberry
from graphql import GraphQLScalarType
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import Connection, create_engine
from strawberry.schema.config import StrawberryConfig

import bff
from bff.columns import scalars
from bff.columns.scalars import DEFINITION
from tests.bff.reference import answer

Decimal, UTC = decimal.Decimal, datetime.UTC
NOON = datetime.datetime(2024, 5, 1, 12, tzinfo=UTC)
EAST = datetime.timezone(datetime.timedelta(hours=5, minutes=30))


@pytest.fixture(scope="module")
def connection(make_database: Callable[[], str]) -> Iterator[Connection]:
    engine = create_engine(make_database(), connect_args={"options": "-c TimeZone=UTC"})
    with engine.connect() as connection:
        yield connection
    engine.dispose()


# Half of the fractions end in zeros.
FRACTIONS = st.builds(lambda digits, zeros: int(digits * 10**zeros) % 10**6, st.integers(0, 999), st.integers(0, 5))
MOMENTS = st.builds(lambda moment, us: moment.replace(microsecond=us), st.datetimes(), FRACTIONS)
TIMES = st.builds(lambda time, us: time.replace(microsecond=us), st.times(), FRACTIONS)
NUMBERS = st.one_of(
    st.decimals(allow_nan=False, allow_infinity=False, min_value=-(10**30), max_value=10**30),
    st.builds(lambda number, places: Decimal(number).scaleb(-places), st.integers(-(10**9), 10**9), st.integers(-40, 40)),
    st.sampled_from([Decimal("NaN"), Decimal("Infinity"), Decimal("-Infinity"), Decimal("1.50"), Decimal("1E-7")]),
)  # fmt: skip


@pytest.mark.parametrize(
    ("type_", "text", "serialize", "values"),
    [
        ("date", "to_json(value) #>> '{}'", scalars.iso_text, st.dates()),
        ("timestamp", "to_json(value) #>> '{}'", scalars.iso_text, MOMENTS),
        ("timestamptz", "to_json(value) #>> '{}'", scalars.iso_text, MOMENTS.map(lambda each: each.replace(tzinfo=UTC))),
        ("time", "value::text", scalars.iso_text, TIMES),
        ("numeric", "value::text", scalars.decimal_text, NUMBERS),
        ("uuid", "value::text", str, st.uuids().map(str)),
    ],
)  # fmt: skip
def test_python_and_postgresql_write_the_same_text(
    connection: Connection, type_: str, text: str, serialize: Callable[[Any], str], values: st.SearchStrategy[Any]
) -> None:
    statement = f"select value, {text} from unnest(%s::{type_}[]) as value"

    @settings(max_examples=25, deadline=None, derandomize=True, database=None)
    @given(st.lists(values, min_size=1, max_size=40))
    def check(given_: list[Any]) -> None:
        rows = connection.exec_driver_sql(statement, (given_,)).all()
        assert [serialize(value) for value, _ in rows] == [text for _, text in rows]

    check()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (NOON, "2024-05-01T12:00:00+00:00"),
        (NOON.replace(microsecond=500000), "2024-05-01T12:00:00.5+00:00"),
        (NOON.replace(microsecond=123400, tzinfo=EAST), "2024-05-01T12:00:00.1234+05:30"),
        (NOON.replace(microsecond=1, tzinfo=None), "2024-05-01T12:00:00.000001"),
        (NOON.replace(microsecond=100, tzinfo=None), "2024-05-01T12:00:00.0001"),
        (NOON.date(), "2024-05-01"),
        (datetime.time(10, 0, 0, 500000), "10:00:00.5"),
        (datetime.time(10, 0, 0, 500000, tzinfo=EAST), "10:00:00.5+05:30"),
        (datetime.time(10, tzinfo=UTC), "10:00:00+00:00"),
    ],
)
def test_iso_text(value: Any, text: str) -> None:
    assert scalars.iso_text(value) == text
    assert type(value).fromisoformat(text) == value


def test_a_moment_finer_than_microseconds() -> None:
    class Fine(datetime.datetime):
        def isoformat(self, *_: Any, **__: Any) -> str:
            return "2024-05-01T12:00:00.000000120+00:00"

    assert scalars.iso_text(Fine(2024, 5, 1)) == "2024-05-01T12:00:00.00000012+00:00"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (Decimal("1.50"), "1.50"),
        (Decimal("1E-7"), "0.0000001"),
        (Decimal("1E+5"), "100000"),
        (Decimal(0), "0"),
        (Decimal("NaN"), "NaN"),
        # As many digits as a numeric can have, and one more.
        (Decimal("1E+131072"), "1" + "0" * 131072),
        (Decimal("1E+131073"), "1E+131073"),
        (Decimal("1E-999999"), "1E-999999"),
        (Decimal("0E-999999"), "0E-999999"),
        # What else a resolver may give.
        (7, "7"),
        (0.1, "0.1"),
        ("1.50", "1.50"),
    ],
)
def test_decimal_text(value: Any, text: str) -> None:
    assert scalars.decimal_text(value) == text


@strawberry.type
class Query:
    @strawberry.field
    def moment(self, of: datetime.datetime) -> datetime.datetime:
        return of

    @strawberry.field
    def day(self, of: datetime.date) -> datetime.date:
        return of

    @strawberry.field
    def moment_of_day(self) -> datetime.date:
        return NOON.replace(microsecond=500000)

    @strawberry.field
    def clock(self, of: datetime.time) -> datetime.time:
        return of

    @strawberry.field
    def number(self, of: decimal.Decimal) -> decimal.Decimal:
        return of

    @strawberry.field
    def name(self, of: uuid.UUID) -> uuid.UUID:
        return of

    @strawberry.field
    def big(self, of: bff.BigInt) -> bff.BigInt:
        return of


PLAIN = strawberry.Schema(Query, config=StrawberryConfig(scalar_map={bff.BigInt: scalars.BIG_INT}))


@pytest.mark.parametrize(
    ("field", "text"),
    [
        ('moment(of: "2024-05-01T12:00:00.120Z")', "2024-05-01T12:00:00.12+00:00"),
        ('moment(of: "20240501T12")', "2024-05-01T12:00:00"),
        ('day(of: "2024-05-01")', "2024-05-01"),
        ("momentOfDay", "2024-05-01T12:00:00.5+00:00"),
        ('clock(of: "10:00:00.500")', "10:00:00.5"),
        ('number(of: "1e-7")', "0.0000001"),
        ("number(of: 1.50)", "1.5"),
        ('number(of: "NaN")', "NaN"),
        ('name(of: "{00000000000000000000000000000ABC}")', "00000000-0000-0000-0000-000000000abc"),
    ],
)
def test_fields_of_python_write_it_too(field: str, text: str) -> None:
    result = answer(bff.Schema(Query)._schema, f"{{ found: {field} }}")
    assert (result.data, result.errors) == ({"found": text}, None)


@pytest.mark.parametrize(
    "field",
    [
        "moment(of: 1)", 'moment(of: "x")', 'day(of: "2024-05-01T00")', 'clock(of: "25:00")', 'number(of: "x")',
        'name(of: "x")', "big(of: 9223372036854775808)",
    ],
)  # fmt: skip
def test_what_clients_may_send_is_strawberrys(field: str) -> None:
    ours, theirs = (answer(each._schema, f"{{ {field} }}", valid=False).errors for each in (bff.Schema(Query), PLAIN))
    assert [each.formatted for each in ours or ()] == [each.formatted for each in theirs or ()] != []


NAMES = {
    "BigInt": scalars.BIG_INT, "Date": scalars.DATE, "DateTime": scalars.DATE_TIME, "Time": scalars.TIME,
    "Decimal": scalars.DECIMAL, "UUID": scalars.UUID,
}  # fmt: skip


def scalar(schema: strawberry.Schema, name: str) -> GraphQLScalarType:
    type_ = schema._schema.type_map[name]
    assert isinstance(type_, GraphQLScalarType)
    return type_


@pytest.mark.parametrize("name", NAMES)
def test_a_type_of_a_schema_is_known_by_its_definition(name: str) -> None:
    ours, theirs = scalar(bff.Schema(Query), name), scalar(PLAIN, name)
    assert ours.extensions[DEFINITION] is NAMES[name]
    assert (ours.description, ours.specified_by_url) == (theirs.description, theirs.specified_by_url)
    assert (theirs.extensions[DEFINITION] is NAMES[name]) == (name in ("BigInt", "UUID"))


@pytest.mark.filterwarnings("ignore:.*scalar_overrides.*:DeprecationWarning")
@pytest.mark.parametrize("way", ["scalar_map", "scalar_overrides"])
def test_a_hosts_own_scalar_wins(way: str) -> None:
    own = strawberry.scalar(name="DateTime", serialize=lambda moment: int(moment.timestamp()), parse_value=str)
    given_: Any = {datetime.datetime: own}
    schema = (
        bff.Schema(Query, config=StrawberryConfig(scalar_map=given_))
        if way == "scalar_map"
        else bff.Schema(Query, scalar_overrides=given_)
    )
    assert scalar(schema, "DateTime").extensions[DEFINITION] is own
    assert scalar(schema, "DateTime").coerce_output_value(NOON) == NOON.timestamp()
    assert scalar(schema, "Time").extensions[DEFINITION] is scalars.TIME
