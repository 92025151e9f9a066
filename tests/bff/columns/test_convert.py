"""Columns of every type under filters, orders and aggregates; what PostgreSQL would refuse is refused before."""

import datetime
import decimal
import enum
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
import strawberry
from sqlalchemy import (
    ARRAY,
    CHAR,
    REAL,
    BigInteger,
    DateTime,
    Enum,
    ForeignKey,
    Interval,
    Numeric,
    SmallInteger,
    String,
    Time,
    Uuid,
    create_engine,
    func,
    select,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, column_property, mapped_column, relationship

import bff
from tests.bff.asking import Asker, MakeDatabase


class Base(DeclarativeBase):
    pass


class Mood(enum.Enum):
    GOOD = "good"
    BAD = "bad"


class Tone(enum.StrEnum):
    SOFT = "soft"
    LOUD = "loud"


UTC = datetime.UTC
EAST = datetime.timezone(datetime.timedelta(hours=5, minutes=30))


class ShopRow(Base):
    __tablename__ = "shops"
    id: Mapped[int] = mapped_column(primary_key=True)
    items: Mapped[list["ItemRow"]] = relationship(back_populates="shop", order_by="ItemRow.id")


class ItemRow(Base):
    __tablename__ = "items"
    __table_args__ = {"schema": "goods"}  # noqa: RUF012
    id: Mapped[int] = mapped_column(primary_key=True)
    shop_id: Mapped[int] = mapped_column(ForeignKey("shops.id"))
    shop: Mapped[ShopRow] = relationship(back_populates="items")
    small: Mapped[int | None] = mapped_column(SmallInteger)
    big: Mapped[int | None] = mapped_column(BigInteger)
    short: Mapped[str | None] = mapped_column(String(3))
    padded: Mapped[str | None] = mapped_column(CHAR(4))
    price: Mapped[decimal.Decimal | None] = mapped_column(Numeric(4, 2))
    single: Mapped[float | None] = mapped_column(REAL)
    number: Mapped[uuid.UUID | None] = mapped_column(Uuid)
    as_text: Mapped[str | None] = mapped_column(Uuid(as_uuid=False))
    naive: Mapped[datetime.datetime | None] = mapped_column(DateTime)
    aware: Mapped[datetime.datetime | None] = mapped_column(DateTime(timezone=True))
    clock: Mapped[datetime.time | None] = mapped_column(Time)
    zoned: Mapped[datetime.time | None] = mapped_column(Time(timezone=True))
    day: Mapped[datetime.date | None]
    yes: Mapped[bool | None]
    mood: Mapped[Mood | None] = mapped_column(Enum(Mood, name="mood", schema="goods"))
    tone: Mapped[Tone | None] = mapped_column(Enum(Tone, native_enum=False, values_callable=lambda all_: [*all_]))
    label: Mapped[str | None] = mapped_column(Enum("new", "old", name="label", schema="goods"))
    plain_tone: Mapped[str | None]
    tags: Mapped[list[str] | None] = mapped_column(ARRAY(String(5)))
    extra: Mapped[dict[str, Any] | None] = mapped_column(postgresql.JSONB)
    address: Mapped[str | None] = mapped_column(postgresql.INET)
    length: Mapped[datetime.timedelta | None] = mapped_column(Interval)

    @hybrid_property
    def total(self) -> Any:
        """In Python and in SQL the same; NULL when one is."""
        return None if self.small is None or self.big is None else self.small * self.big

    @total.inplace.expression
    @classmethod
    def _total(cls) -> Any:
        return cls.small * cls.big

    @hybrid_property
    def shouted(self) -> Any:
        return None if self.short is None else self.short.upper()

    @shouted.inplace.expression
    @classmethod
    def _shouted(cls) -> Any:
        """Of no type that SQLAlchemy knows."""
        return func.upper(cls.short)


ShopRow.item_count = column_property(  # type: ignore[attr-defined]
    select(func.count()).where(ItemRow.shop_id == ShopRow.id).correlate_except(ItemRow).scalar_subquery()
)


@bff.entity(ShopRow, policy=bff.public)
class Shop:
    id: strawberry.ID
    item_count: int
    items: list["Item"]
    smalls: int = bff.total("items", "small")
    bigs: bff.BigInt = bff.total("items", "big")
    prices: decimal.Decimal = bff.total("items", "price")
    cheap: decimal.Decimal = bff.total("items", "price", where=lambda item: item.price < 50)
    singles: float = bff.total("items", "single")
    totals: bff.BigInt = bff.total("items", "total")
    loud_count: int = bff.count("items", where=lambda item: item.tone.in_([Tone.LOUD]))


GoodMood = strawberry.enum(Mood, name="Mood")
GoodTone = strawberry.enum(Tone, name="Tone")


@bff.entity(ItemRow, policy=bff.public)
class Item:
    id: strawberry.ID
    small: int | None
    big: bff.BigInt | None
    short: str | None
    also_short: str | None = bff.column("short")
    padded: str | None
    price: decimal.Decimal | None
    single: float | None
    number: uuid.UUID | None
    as_text: str | None
    naive: datetime.datetime | None
    aware: datetime.datetime | None
    clock: datetime.time | None
    zoned: datetime.time | None
    day: datetime.date | None
    day_as_moment: datetime.date | None = bff.column("naive")
    yes: bool | None
    mood: GoodMood | None
    tone: GoodTone | None
    label: str | None
    plain_tone: GoodTone | None
    tags: list[str] | None
    extra: strawberry.scalars.JSON | None
    address: str | None
    total: bff.BigInt | None
    shouted: str | None
    price_as_float: float | None = bff.column("price")


@strawberry.type
class Query:
    shops: list[Shop] = bff.collection(order=["id"])
    items: list[Item] = bff.collection(order=["id"])
    pages: bff.Connection[Item] = bff.collection()


SCHEMA = bff.Schema(Query)


@pytest.fixture(scope="module")
def ask(make_database: MakeDatabase) -> Iterator[Asker]:
    engine = create_engine(make_database())
    with engine.begin() as connection:
        connection.exec_driver_sql("create schema goods")
    Base.metadata.create_all(engine)
    noon = datetime.datetime(2024, 5, 1, 12)  # noqa: DTZ001  (what a column without time zone holds)
    with Session(engine) as session:
        session.add_all([ShopRow(id=1), ShopRow(id=2)])
        session.flush()
        session.add_all(
            [
                ItemRow(id=1, shop_id=1, small=3, big=2**40, short="abc", padded="ab", price=decimal.Decimal("99.99"),
                        single=0.1, number=uuid.UUID(int=1), as_text=str(uuid.UUID(int=1)), naive=noon,
                        aware=noon.replace(tzinfo=UTC), clock=datetime.time(12), zoned=datetime.time(12, tzinfo=UTC),
                        day=noon.date(), yes=True, mood=Mood.BAD, tone=Tone.LOUD, label="old", plain_tone="loud",
                        tags=["a", "b"], extra={"a": 1}, address="10.0.0.1", length=datetime.timedelta(hours=1)),
                ItemRow(id=2, shop_id=1, small=-1, big=1, short="é%_", padded="é", price=decimal.Decimal("99.99"),
                        single=0.5, number=uuid.UUID(int=2), as_text=str(uuid.UUID(int=2)),
                        naive=noon + datetime.timedelta(microseconds=1), aware=noon.replace(tzinfo=EAST),
                        clock=datetime.time(12, 0, 0, 1), zoned=datetime.time(12, tzinfo=EAST),
                        day=datetime.date(2024, 5, 2), yes=False, mood=Mood.GOOD, tone=Tone.SOFT, label="new",
                        plain_tone="soft", tags=[], extra={}),
                ItemRow(id=3, shop_id=1, price=decimal.Decimal("0.01")),
            ]
        )  # fmt: skip
        session.commit()
    yield Asker(SCHEMA, engine)
    engine.dispose()


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        ("small: {gte: -1}", "12"),
        ("small: {ne: 3}", "23"),
        ("big: {eq: 1099511627776}", "1"),
        ("total: {lt: 0}", "2"),
        ("total: {in: [3298534883328]}", "1"),
        ("total: {gt: -9223372036854775808}", "12"),
        ('aware: {gt: "2024-05-01T12:00:00+23:59"}', "12"),
        ('short: {eq: "abcd"}', ""),
        ('short: {in: ["abcd", "ab", "abc"]}', "1"),
        ('short: {contains: "%_"}', "2"),
        ('short: {contains: "B"}', "1"),
        ('short: {startsWith: "%"}', ""),
        ('short: {startsWith: "é"}', "2"),
        ('alsoShort: {gt: "b"}', "2"),
        ('shouted: {eq: "ABC"}', "1"),
        ('shouted: {contains: "ab"}', "1"),
        ("shouted: {isNull: true}", "3"),
        ('padded: {eq: "ab"}', "1"),
        ('padded: {in: ["ab  ", "é"]}', "12"),
        ('padded: {contains: "b"}', "1"),
        ('price: {eq: "99.990"}', "12"),
        ('price: {lt: "1e2"}', "123"),
        ('price: {gt: "123456789.123456789"}', ""),
        ("priceAsFloat: {eq: 99.99}", "12"),
        ("single: {eq: 0.1}", "1"),
        ("single: {in: [0.1, 0.5]}", "12"),
        ("single: {lte: 0.1}", "1"),
        ('number: {eq: "00000000000000000000000000000001"}', "1"),
        ('asText: {eq: "{00000000-0000-0000-0000-000000000002}"}', "2"),
        ('asText: {ne: "00000000-0000-0000-0000-000000000002"}', "13"),
        ('naive: {eq: "2024-05-01T12:00:00"}', "1"),
        ('naive: {eq: "2024-05-01T12:00:00Z"}', "1"),
        ('naive: {lt: "2024-05-01T17:30:00.000001+05:30"}', "1"),
        ('aware: {eq: "2024-05-01T12:00:00"}', "1"),
        ('aware: {in: ["2024-05-01T06:30:00Z"]}', "2"),
        ('dayAsMoment: {gt: "2024-05-01"}', "12"),
        ('clock: {gt: "12:00"}', "2"),
        ('zoned: {eq: "12:00:00Z"}', "1"),
        ('zoned: {eq: "12:00:00"}', "1"),
        ('day: {gte: "2024-05-02"}', "2"),
        ("yes: {eq: false}", "2"),
        ("yes: {in: []}", ""),
        ("mood: {eq: GOOD}", "2"),
        ("mood: {in: [GOOD, BAD]}", "12"),
        ("mood: {ne: GOOD}", "13"),
        ("tone: {eq: LOUD}", "1"),
        ("plainTone: {eq: LOUD}", "1"),
        ('label: {eq: "new"}', "2"),
        ('label: {in: ["new", "old"]}', "12"),
        ("address: {isNull: false}", "1"),
        ("not: {small: {gt: 0}}", "2"),
        ("not: {or: [{small: {gt: 0}}, {small: {isNull: true}}]}", "2"),
        ("and: [], or: []", ""),
        ("and: [{}]", "123"),
        ("small: {eq: null}", "3"),
        ("small: {ne: null}", "12"),
    ],
)
def test_filters(ask: Asker, filter_: str, expected: str) -> None:
    assert "".join(each["id"] for each in ask(f"{{ items(filter: {{{filter_}}}) {{ id }} }}")["items"]) == expected


@pytest.mark.parametrize(
    ("filter_", "says"),
    [
        ("small: {eq: 40000}", "{small:}) takes an integer of 16 bits, not '40000'"),
        ("small: {in: [1, -32769]}", "{small:}) takes an integer of 16 bits, not '-32769'"),
        ('short: {eq: "\\u0000"}', "{short:}) takes text without NUL or lone surrogates, not '\\x00'"),
        ('price: {eq: "NaN"}', "{price:}) takes a decimal number of up to 1000 digits, not 'NaN'"),
        ('price: {gt: "1e1001"}', "{price:}) takes a decimal number of up to 1000 digits, not '1E+1001'"),
        ('asText: {eq: "x"}', "{asText:}) takes a UUID, not 'x'"),
        ('clock: {eq: "12:00:00Z"}', "{clock:}) takes an ISO 8601 time without time zone, not '12:00:00+00:00'"),
        ('aware: {eq: "0001-01-01T00:00:00+00:01"}', "{aware:}) takes an ISO 8601 date and time, not '0001-01-01 00:00:00+00:01'"),
        ('zoned: {lt: "12:00:00+23:59"}', "{zoned:}) takes an ISO 8601 time with time zone, not '12:00:00+23:59'"),
        ('naive: {eq: "0001-01-01T00:00:00+23:59"}', "{naive:}) takes an ISO 8601 date and time, not '0001-01-01 00:00:00+23:59'"),
        ('label: {eq: "other"}', "{label:}) takes one of new, old, not 'other'"),
        ("small: {gt: null}", "{small:}) takes no null for `gt`; use isNull"),
        ("small: {in: null}", "{small:}) takes a list for `in`, not null"),
    ],
)  # fmt: skip
def test_what_postgresql_would_refuse_is_the_clients_mistake(ask: Asker, filter_: str, says: str) -> None:
    assert ask.refusal(f"{{ items(filter: {{{filter_}}}) {{ id }} }}") == f"Query.items(filter: {says}"


def test_what_a_filter_can_speak_of(ask: Asker) -> None:
    """Lists and JSON not at all; what cannot be checked only as NULL; text functions only of text."""
    types = SCHEMA._schema.type_map
    fields = {name: str(field.type) for name, field in types["ItemFilter"].fields.items()}  # type: ignore[attr-defined]
    assert {"tags", "extra"}.isdisjoint(fields)
    assert fields["address"] == "NullTests"
    assert fields["label"] == fields["asText"] == "StringEqualityTests"
    assert fields["mood"] == "MoodTests"
    assert fields["short"] == fields["shouted"] == "StringTests"
    assert set(types["NullTests"].fields) == {"isNull"}  # type: ignore[attr-defined]
    assert set(types["StringEqualityTests"].fields) == {"eq", "ne", "in", "isNull"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("order", "expected"),
    [
        ("SMALL_ASC", "213"), ("SMALL_DESC", "312"), ("MOOD_ASC", "213"), ("TONE_ASC", "123"), ("LABEL_ASC", "213"),
        ("SHORT_DESC", "321"), ("ALSO_SHORT_DESC", "321"), ("TOTAL_ASC", "213"), ("SHOUTED_ASC", "123"), ("YES_ASC", "213"),
        ("AWARE_ASC", "213"), ("ADDRESS_ASC", "123"), ("PRICE_ASC", "312"),
    ],
)  # fmt: skip
def test_orders_and_their_cursors(ask: Asker, order: str, expected: str) -> None:
    seen, after = "", ""
    for _ in expected:
        found = ask(f"{{ pages(first: 1, orderBy: [{order}]{after}) {{ nodes {{ id }} pageInfo {{ endCursor }} }} }}")[
            "pages"
        ]
        seen += found["nodes"][0]["id"]
        after = f', after: "{found["pageInfo"]["endCursor"]}"'
    assert seen == expected


def test_values_are_what_the_application_sees(ask: Asker) -> None:
    fields = (
        "small big short padded price single number asText naive aware clock zoned day yes mood tone label plainTone"
    )
    found = ask(f"{{ items {{ {fields} tags extra address total }} }}")["items"]
    assert found[0] == {
        "small": 3, "big": 2**40, "short": "abc", "padded": "ab  ", "price": "99.99", "single": 0.1,
        "number": str(uuid.UUID(int=1)), "asText": str(uuid.UUID(int=1)), "naive": "2024-05-01T12:00:00",
        "aware": "2024-05-01T12:00:00+00:00", "clock": "12:00:00", "zoned": "12:00:00+00:00", "day": "2024-05-01",
        "yes": True, "mood": "BAD", "tone": "LOUD", "label": "old", "plainTone": "LOUD", "tags": ["a", "b"],
        "extra": {"a": 1}, "address": "10.0.0.1", "total": 3 * 2**40,
    }  # fmt: skip
    assert set(found[2].values()) == {None, "0.01"}


def test_sums_have_room_and_types(ask: Asker) -> None:
    fields = "itemCount smalls bigs prices cheap singles totals loudCount"
    found = ask(f"{{ shops {{ {fields} }} }}")["shops"]
    assert found == [
        # More digits than the column itself has room for.
        {"itemCount": 3, "smalls": 2, "bigs": 2**40 + 1, "prices": "199.99", "cheap": "0.01", "singles": 0.6,
         "totals": 3 * 2**40 - 1, "loudCount": 1},
        {"itemCount": 0, "smalls": 0, "bigs": 0, "prices": "0", "cheap": "0", "singles": 0.0, "totals": 0, "loudCount": 0},
    ]  # fmt: skip
