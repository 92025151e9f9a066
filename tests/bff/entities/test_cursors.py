"""Cursors over columns of every type: pages follow PostgreSQL's own order without loss, NULL included, and no other text
is a cursor."""

from __future__ import annotations

import base64
import datetime
import decimal
import enum
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, parse
from sqlalchemy import (
    ARRAY,
    CHAR,
    REAL,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Engine,
    Enum,
    Float,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    SmallInteger,
    String,
    Time,
    TypeDecorator,
    Uuid,
    create_engine,
    delete,
    insert,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import DeclarativeBase, Session, mapped_column
from strawberry.schema.config import StrawberryConfig

import bff
from bff.database.session import Database
from bff.engine.execution import execute
from bff.schema.catalog import Catalog
from tests.bff.reference import answer

# SQLAlchemy's own DOMAIN lacks what SQLAlchemy asks of types.
pytestmark = pytest.mark.filterwarnings("ignore:Type object .*DOMAIN.* does not refer to an OperatorClass")


class Base(DeclarativeBase):
    pass


class Level(enum.Enum):
    """Neither its names nor its values are in the order of its members."""

    MID = "b"
    TOP = "c"
    LOW = "a"


class Reversed(TypeDecorator[str]):
    """Kept from right to left; PostgreSQL orders what is kept."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value[::-1]

    def process_result_value(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value[::-1]


UTC = datetime.UTC
NAIVE = datetime.datetime(2024, 1, 1)  # noqa: DTZ001  (what a column without time zone holds)
TWO_EAST = datetime.timezone(datetime.timedelta(hours=2))

COLUMNS: dict[str, tuple[Any, list[Any]]] = {
    "small": (SmallInteger, [-(2**15), 0, 2**15 - 1]),
    "integer": (Integer, [-(2**31), -1, 2**31 - 1]),
    "big": (BigInteger, [-(2**63), 2**53 + 1, 2**53 + 2, 2**63 - 1]),
    "short": (String(3), ["", "'", "A", "a", "ab", "é\\"]),
    "padded": (CHAR(4), ["", "a", "ab"]),
    "folded": (postgresql.CITEXT, ["A", "b", "C"]),
    "exact": (Numeric(30, 20), [decimal.Decimal("0.1"), decimal.Decimal("0.10000000000000000001"), decimal.Decimal(3)]),
    "inexact": (Numeric(8, 3, asdecimal=False), [-1.5, 0.125]),
    "single": (REAL, [0.1, 0.2, 0.3, 1e30]),
    "double": (Float, [0.1, 0.30000000000000004, 0.3, -1e300]),
    "yes": (Boolean, [False, True]),
    "day": (Date, [datetime.date(1, 1, 1), datetime.date(2024, 2, 29)]),
    "clock": (Time, [datetime.time(0, 0), datetime.time(23, 59, 59, 999999)]),
    "zoned_clock": (Time(timezone=True), [datetime.time(1, tzinfo=UTC), datetime.time(2, tzinfo=UTC)]),
    "naive": (DateTime, [NAIVE, NAIVE + datetime.timedelta(microseconds=1)]),
    "aware": (
        DateTime(timezone=True),
        [datetime.datetime(2024, 1, 1, 1, tzinfo=TWO_EAST), datetime.datetime(2024, 1, 1, tzinfo=UTC)],
    ),
    "span": (Interval, [datetime.timedelta(0), datetime.timedelta(days=40, microseconds=1)]),
    "number": (Uuid, [uuid.UUID(int=0), uuid.UUID(int=2**127)]),
    "number_as_text": (Uuid(native_uuid=False), [uuid.UUID(int=1), uuid.UUID(int=2)]),
    "blob": (LargeBinary, [b"", b"\x00", b"\xff'\\"]),
    "native": (Enum(Level, name="level"), list(Level)),
    "by_name": (Enum(Level, native_enum=False), list(Level)),
    "by_value": (Enum(Level, native_enum=False, values_callable=lambda all_: [each.value for each in all_]), list(Level)),
    "plain_enum": (Enum("high", "low", "mid", name="plain"), ["high", "low", "mid"]),
    "numbers": (ARRAY(Integer), [[], [1], [1, 2], [2]]),
    "words": (ARRAY(String(2)), [["a,", '"'], ["b"]]),
    "address": (postgresql.INET, ["10.0.0.1", "192.168.0.0/16"]),
    "converted": (Reversed, ["ab", "ba", "ca"]),
    "limited": (postgresql.DOMAIN("percent", Integer), [1, 50, 100]),
}  # fmt: skip
"""For each column its type and values, besides NULL."""

NOT_AS_PYTHON = {"folded", "address", "converted"}
"""Columns that PostgreSQL orders otherwise than Python does: graphql-core, which sorts in Python, is not asked."""


def model_of(name: str) -> Any:
    """A model with the one column."""
    columns = {"id": mapped_column(Integer, primary_key=True), "value": mapped_column(COLUMNS[name][0], nullable=True)}
    return type(f"{name.title()}Row", (Base,), {"__tablename__": name, **columns})


def type_of(name: str) -> Any:
    """Its type, which does not show the column, and need not: a list may be ordered by what it does not show."""
    body = {"__annotations__": {"id": strawberry.ID}}
    return bff.entity(MODELS[name], policy=lambda row, viewer: row.id != viewer.hidden, name=name.title())(
        type(f"{name.title()}Type", (), body)
    )


MODELS = {name: model_of(name) for name in COLUMNS}
TYPES = {name: type_of(name) for name in COLUMNS}
LISTS = {
    f"{name}_{way}": bff.collection(order=[f"{sign}value"])
    for name in COLUMNS
    for way, sign in (("up", ""), ("down", "-"))
}
ANNOTATIONS = {name: bff.Connection[TYPES[name.rpartition("_")[0]]] for name in LISTS}
Query: Any = strawberry.type(type("Query", (), {"__annotations__": ANNOTATIONS, **LISTS}))
SCHEMA = bff.Schema(Query, config=StrawberryConfig(auto_camel_case=False))._schema


@dataclass(frozen=True)
class Viewer:
    hidden: int = 0
    name: str = "of no policy"


@pytest.fixture(scope="module")
def engine(make_database: Callable[[], str]) -> Iterator[Engine]:
    engine = create_engine(make_database())
    with engine.begin() as connection:
        connection.exec_driver_sql("create extension citext")
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        for name, (_, values) in COLUMNS.items():
            # Each value twice, so that ties are broken by the key, and in an order that is neither up nor down.
            rows = [{"value": value} for value in [None, *values[::-1], *values, None]]
            connection.execute(insert(MODELS[name]), rows)
    yield engine
    engine.dispose()


Ask = Callable[..., ExecutionResult]


@pytest.fixture
def ask(engine: Engine) -> Ask:
    """The engine's answer; with `oracle` asserted to be graphql-core's."""
    policies = Catalog.of(SCHEMA).policies

    def asked(
        query: str, *, viewer: Viewer = Viewer(), secret: bytes = b"of the tests", oracle: bool = True
    ) -> ExecutionResult:
        with Database(engine, policies).open(viewer, bff.Deadline.after(60)) as opened:
            scope = replace(opened, secret=secret)
            return (
                answer(SCHEMA, query, context=scope) if oracle else execute(SCHEMA, parse(query), context_value=scope)
            )

    return asked


def page(ask: Ask, name: str, arguments: str, **options: Any) -> Any:
    """One page of a connection: its data, without errors."""
    result = ask(
        f"{{ {name}({arguments}) {{ nodes {{ id }} page_info {{ start_cursor end_cursor has_next_page "
        f"has_previous_page }} }} }}",
        **options,
    )
    assert result.errors is None, result.errors
    assert result.data is not None
    return result.data[name]


def argument(name: str, cursor: str | None) -> str:
    return "" if cursor is None else f', {name}: "{cursor}"'


@pytest.mark.slow
@pytest.mark.parametrize("way", ["up", "down"])
@pytest.mark.parametrize("name", COLUMNS)
def test_pages_in_both_directions_are_postgresqls_order(engine: Engine, ask: Ask, name: str, way: str) -> None:
    model, options = MODELS[name], {"oracle": name not in NOT_AS_PYTHON}
    with Session(engine) as session:
        order = [model.value.desc() if way == "down" else model.value, model.id]
        expected = [str(id_) for id_ in session.scalars(select(model.id).order_by(*order))]
    forward, cursor, more = [], None, True
    while more:
        found = page(ask, f"{name}_{way}", f"first: 3{argument('after', cursor)}", **options)
        forward += [node["id"] for node in found["nodes"]]
        cursor, more = found["page_info"]["end_cursor"], found["page_info"]["has_next_page"]
    assert forward == expected
    backward, cursor, more = [], None, True
    while more:
        found = page(ask, f"{name}_{way}", f"last: 4{argument('before', cursor)}", **options)
        backward = [node["id"] for node in found["nodes"]] + backward
        cursor, more = found["page_info"]["start_cursor"], found["page_info"]["has_previous_page"]
    assert backward == expected


def test_a_cursor_holds_when_its_row_is_gone_and_others_come(engine: Engine, ask: Ask) -> None:
    """Pages are stable under inserts and deletes: what was on no page comes, what was on one does not come again."""
    model = MODELS["integer"]
    first = page(ask, "integer_up", "first: 4")
    cursor, seen = first["page_info"]["end_cursor"], [node["id"] for node in first["nodes"]]
    before = [node["id"] for node in page(ask, "integer_up", f'first: 50, after: "{cursor}"')["nodes"]]
    with engine.begin() as connection:
        connection.execute(delete(model).where(model.id == int(seen[-1])))
        connection.execute(insert(model), [{"id": 100, "value": -(2**31)}, {"id": 101, "value": 2**30}])
    after = [node["id"] for node in page(ask, "integer_up", f'first: 50, after: "{cursor}"')["nodes"]]
    assert sorted(after) == sorted([*before, "101"])
    assert not set(seen) & set(after)


def forged(cursor: str) -> str:
    """The cursor with another value under the same signature."""
    payload, _, tag = cursor.rpartition(".")
    raw = bytearray(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)))
    raw[-3] ^= 1
    return f"{base64.urlsafe_b64encode(bytes(raw)).decode().rstrip('=')}.{tag}"


@pytest.mark.parametrize("argument_name", ["after", "before"])
@pytest.mark.parametrize(
    "cursor",
    ["", "x", "====", "not base64!", "é", "AAAAAAAAAAAAAAAAAAAAAAAA", "W10", "W" * 4001, "forged", "of another order",
     "of another type", "of another viewer", "of another server"],
)  # fmt: skip
def test_no_other_text_is_a_cursor(ask: Ask, argument_name: str, cursor: str) -> None:
    own = page(ask, "double_up", "first: 1")["page_info"]["end_cursor"]
    made = {
        "forged": lambda: forged(own),
        "of another order": lambda: page(ask, "double_down", "first: 1")["page_info"]["end_cursor"],
        "of another type": lambda: page(ask, "single_up", "first: 1")["page_info"]["end_cursor"],
        "of another viewer": lambda: page(ask, "double_up", "first: 1", viewer=Viewer(3))["page_info"]["end_cursor"],
        "of another server": lambda: page(ask, "double_up", "first: 1", secret=b"x")["page_info"]["end_cursor"],
    }
    text = made[cursor]() if cursor in made else cursor
    result = ask(f'{{ double_up({argument_name}: "{text}") {{ nodes {{ id }} }} }}')
    assert result.data is None
    [error] = result.errors or []
    assert error.message == f"Query.double_up({argument_name}:) is not a cursor of this list in this order"
    assert error.extensions == {"code": "BAD_USER_INPUT"}


def test_a_cursor_is_of_all_who_see_the_same_rows(ask: Ask) -> None:
    cursor = page(ask, "double_up", "first: 1", viewer=Viewer(3, "Ann"))["page_info"]["end_cursor"]
    found = page(ask, "double_up", f'first: 1, after: "{cursor}"', viewer=Viewer(3, "Bob"))
    assert len(found["nodes"]) == 1


def test_both_cursors_bound_a_page(ask: Ask) -> None:
    everything = page(ask, "big_down", "first: 50")
    edges = ask("{ big_down(first: 50) { edges { cursor node { id } } } }").data["big_down"]["edges"]  # type: ignore[index]
    low, high = edges[1]["cursor"], edges[5]["cursor"]
    inside = page(ask, "big_down", f'first: 50, after: "{low}", before: "{high}"')
    assert inside["nodes"] == everything["nodes"][2:5]
    # The wrong way round there is nothing between them.
    assert page(ask, "big_down", f'first: 50, after: "{high}", before: "{low}"')["nodes"] == []
    assert page(ask, "big_down", f'last: 2, after: "{low}", before: "{high}"')["nodes"] == everything["nodes"][3:5]
