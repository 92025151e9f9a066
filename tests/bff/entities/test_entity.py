"""Models that are mapped in less usual ways, each read by the engine and by graphql-core, with the answer written out.

The fuzzed schema (`tests.bff.fuzz.odd`) has the usual odd ones: composite keys, trees, `secondary=`, inheritance, enums,
arrays, JSONB. Here is the rest: types that convert, names that differ, columns and relations with rules of their own.
"""

import base64
import datetime
import decimal
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any, NewType

import pytest
import strawberry
from graphql import parse
from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    Engine,
    ForeignKey,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    String,
    Table,
    TypeDecorator,
    and_,
    create_engine,
    func,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    Session,
    backref,
    column_property,
    foreign,
    mapped_column,
    relationship,
    remote,
    synonym,
)
from strawberry.schema.config import StrawberryConfig

import bff
from bff.database.session import Database
from bff.engine.execution import execute
from bff.schema.catalog import Catalog
from tests.bff.reference import answer

Bytes = NewType("Bytes", bytes)
BYTES = strawberry.scalar(
    name="Bytes",
    serialize=lambda value: base64.b64encode(value).decode(),
    parse_value=lambda value: base64.b64decode(value),
)


class Base(DeclarativeBase):
    pass


class Cents(TypeDecorator[decimal.Decimal]):
    """Money kept as a whole number of cents."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: decimal.Decimal | None, dialect: Any) -> int | None:
        return None if value is None else int(value * 100)

    def process_result_value(self, value: int | None, dialect: Any) -> decimal.Decimal | None:
        return None if value is None else decimal.Decimal(value) / 100

    @property
    def python_type(self) -> type:
        return decimal.Decimal


class YesNo(TypeDecorator[bool]):
    """A boolean kept as Y or N."""

    impl = String(1)
    cache_ok = True

    def process_bind_param(self, value: bool | None, dialect: Any) -> str | None:
        return None if value is None else "Y" if value else "N"

    def process_result_value(self, value: str | None, dialect: Any) -> bool | None:
        return None if value is None else value == "Y"

    @property
    def python_type(self) -> type:
        return bool


friends = Table(
    "friends",
    Base.metadata,
    Column("animal_id", ForeignKey("animals.pk"), primary_key=True),
    Column("friend_id", ForeignKey("animals.pk"), primary_key=True),
)


class AnimalRow(Base):
    __tablename__ = "animals"
    __table_args__ = (CheckConstraint("price_in_cents >= 0"),)
    key: Mapped[int] = mapped_column("pk", primary_key=True)
    called: Mapped[str] = mapped_column("nm")
    label: Mapped[str] = synonym("called")
    price: Mapped[decimal.Decimal | None] = mapped_column("price_in_cents", Cents)
    tame: Mapped[bool | None] = mapped_column(YesNo)
    picture: Mapped[bytes | None] = mapped_column(LargeBinary)
    story: Mapped[str | None] = mapped_column("story_text", deferred=True)
    plain_json: Mapped[Any | None] = mapped_column(JSON)
    asleep_for: Mapped[datetime.timedelta | None] = mapped_column(Interval)
    weight: Mapped[float | None] = mapped_column(Numeric(8, 3, asdecimal=False))
    kind: Mapped[str]
    removed: Mapped[bool] = mapped_column(Boolean, default=False)
    feedings: Mapped[list["FeedingRow"]] = relationship(back_populates="animal", order_by="FeedingRow.id")
    big_feedings: Mapped[list["FeedingRow"]] = relationship(
        primaryjoin=lambda: and_(AnimalRow.key == foreign(FeedingRow.animal_key), FeedingRow.grams >= 100),
        order_by=lambda: FeedingRow.id,
        viewonly=True,
    )
    heavier: Mapped[list["AnimalRow"]] = relationship(
        primaryjoin=lambda: remote(foreign(AnimalRow.weight)) > AnimalRow.weight,
        order_by=lambda: AnimalRow.key,
        viewonly=True,
        uselist=True,
    )
    friends: Mapped[list["AnimalRow"]] = relationship(
        secondary=friends,
        primaryjoin=lambda: AnimalRow.key == friends.c.animal_id,
        secondaryjoin=lambda: AnimalRow.key == friends.c.friend_id,
        backref=backref("friend_of", order_by="AnimalRow.key"),
        order_by=lambda: AnimalRow.key,
    )
    last_feeding: Mapped["FeedingRow | None"] = relationship(
        primaryjoin=lambda: and_(AnimalRow.key == foreign(FeedingRow.animal_key), FeedingRow.is_last),
        uselist=False,
        viewonly=True,
    )
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}  # noqa: RUF012

    @hybrid_property
    def loud_name(self) -> str:
        """In capitals."""
        return self.called.upper()

    @loud_name.inplace.expression
    @classmethod
    def _loud_name(cls) -> Any:
        return func.upper(cls.called)


class BirdRow(AnimalRow):
    __tablename__ = "birds"
    key: Mapped[int] = mapped_column("pk", ForeignKey("animals.pk"), primary_key=True)
    wings: Mapped[int]
    __mapper_args__ = {"polymorphic_identity": "bird"}  # noqa: RUF012


class FeedingRow(Base):
    __tablename__ = "feedings"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    animal_key: Mapped[int] = mapped_column("animal_pk", ForeignKey("animals.pk"))
    grams: Mapped[int]
    is_last: Mapped[bool] = mapped_column(default=False)
    animal: Mapped[AnimalRow] = relationship(back_populates="feedings")


AnimalRow.eaten = column_property(  # type: ignore[attr-defined]
    FeedingRow.__table__.select()
    .with_only_columns(func.coalesce(func.sum(FeedingRow.grams), 0))
    .where(FeedingRow.animal_key == AnimalRow.key)
    .scalar_subquery()
)


def present(animal: Any, viewer: Any) -> Any:
    """Soft deletion is a policy like any other."""
    return animal.removed.is_(False)


@bff.entity(AnimalRow, policy=present, interface=True)
class Animal(bff.Node):
    key: strawberry.ID
    called: str
    label: str
    name: str = bff.column("called")
    loud_name: str
    price: decimal.Decimal | None
    tame: bool | None
    picture: Bytes | None
    story: str | None
    plain_json: strawberry.scalars.JSON | None
    weight: float | None
    eaten: int
    feedings: list["Feeding"]
    feedings_page: bff.Connection["Feeding"] = bff.relation("feedings", order=["-grams"])
    big_feedings: list["Feeding"]
    last_feeding: "Feeding | None"
    heavier: list["Animal"]
    friends: list["Animal"]
    friend_of: list["Animal"]
    feeding_count: int = bff.count("feedings")
    big_count: int = bff.count("big_feedings")
    grams: int = bff.total("feedings", "grams", where=lambda feeding: feeding.grams < 100)
    friend_value: decimal.Decimal = bff.total("friends", "price")

    @bff.field(needs="asleep_for")
    def minutes_asleep(self) -> float | None:
        return None if self.asleep_for is None else self.asleep_for.total_seconds() / 60  # type: ignore[attr-defined]


@bff.entity(AnimalRow)
class Beast(Animal):
    """What is just an animal."""


@bff.entity(BirdRow)
class Bird(Animal):
    wings: int


@bff.entity(FeedingRow, policy=bff.through("animal"))
class Feeding(bff.Node):
    id: strawberry.ID
    grams: int
    animal: Animal


@strawberry.type
class Query:
    animal: Animal | None = bff.lookup()
    bird: Bird | None = bff.lookup()
    animals: list[Animal] = bff.collection()
    birds: list[Bird] = bff.collection(order=["-wings"])
    page: bff.Connection[Animal] = bff.collection(order=["price"])
    feedings: list[Feeding] = bff.collection(order=["-grams"])
    node: bff.Node | None = bff.node()


SCHEMA = bff.Schema(Query, types=[Beast, Bird], config=StrawberryConfig(scalar_map={Bytes: BYTES}))._schema


@pytest.fixture(scope="module")
def engine(make_database: Callable[[], str]) -> Iterator[Engine]:
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        cat = AnimalRow(key=1, called="cat", price=decimal.Decimal("12.50"), tame=True, weight=4.25, story="long",
                        plain_json={"a": [1]}, asleep_for=datetime.timedelta(hours=2))  # fmt: skip
        dog = AnimalRow(key=2, called="dog", price=decimal.Decimal(100), tame=False, weight=20.0)
        owl = BirdRow(key=3, called="owl", wings=2, picture=b"\x00\xff")
        jay = BirdRow(key=4, called="jay", wings=3, price=decimal.Decimal("0.05"))
        dodo = BirdRow(key=5, called="dodo", wings=1, removed=True, price=decimal.Decimal(9))
        cat.friends = [dog, owl, dodo]
        dog.friends = [cat]
        grams = [(cat, 50), (cat, 150), (owl, 20), (dodo, 500), (cat, 100)]
        feedings = [FeedingRow(id=uuid.UUID(int=i), animal=animal, grams=g) for i, (animal, g) in enumerate(grams, 1)]
        feedings[-1].is_last = True
        session.add_all([cat, dog, owl, jay, dodo, *feedings])
        session.commit()
    yield engine
    engine.dispose()


Ask = Callable[[str], Any]


@pytest.fixture
def ask(engine: Engine) -> Ask:
    """The data of a query, asserted to be the same from the engine and from graphql-core."""
    database = Database(engine, Catalog.of(SCHEMA).policies)

    def asked(query: str) -> Any:
        with database.open(None, bff.Deadline.after(20)) as scope:
            result = answer(SCHEMA, query, context=scope)
        assert result.errors is None, result.errors
        return result.data

    return asked


def test_names_types_and_computed_columns(ask: Ask) -> None:
    query = (
        '{ animal(key: "1") { key called label name loudName price tame weight story plainJson eaten minutesAsleep } }'
    )
    assert ask(query)["animal"] == {
        "key": "1", "called": "cat", "label": "cat", "name": "cat", "loudName": "CAT", "price": "12.5", "tame": True,
        "weight": 4.25, "story": "long", "plainJson": {"a": [1]}, "eaten": 300, "minutesAsleep": 120.0,
    }  # fmt: skip


def test_bytes_travel_in_the_hosts_own_scalar(ask: Ask) -> None:
    assert ask('{ animal(key: "3") { picture } }') == {"animal": {"picture": "AP8="}}


@pytest.mark.parametrize(
    ("filter_", "keys"),
    [
        ('price: {gt: "0.05"}', "12"),
        ('price: {in: ["0.05", "100"]}', "24"),
        ("price: {isNull: true}", "3"),
        ("tame: {eq: true}", "1"),
        ("tame: {ne: true}", "234"),
        ('loudName: {eq: "OWL"}', "3"),
        ("eaten: {gte: 20}", "13"),
        ('label: {startsWith: "d"}', "2"),
        ("weight: {lt: 10.5}", "1"),
        ('key: {in: ["2", "3"]}', "23"),
        ('or: [{called: {contains: "CA"}}, {not: {price: {gt: "0"}}}]', "1"),
    ],
)
def test_filters_speak_of_converted_values(ask: Ask, filter_: str, keys: str) -> None:
    assert "".join(each["key"] for each in ask(f"{{ animals(filter: {{{filter_}}}) {{ key }} }}")["animals"]) == keys


@pytest.mark.parametrize(
    ("order", "keys"), [("PRICE_DESC", "3214"), ("EATEN_DESC", "1324"), ("LOUD_NAME_ASC", "1243"), ("TAME_ASC", "2134")]
)
def test_orders_and_pages_over_them(ask: Ask, order: str, keys: str) -> None:
    """Page by page, over values that convert, tie, or are NULL."""
    seen, after = "", "null"
    for _ in keys:
        page = ask(
            f"{{ page(first: 1, after: {after}, orderBy: [{order}])"
            " { totalCount nodes { key } pageInfo { hasNextPage endCursor } } }"
        )["page"]
        assert page["totalCount"] == 4
        seen, after = seen + page["nodes"][0]["key"], f'"{page["pageInfo"]["endCursor"]}"'
    assert seen == keys
    assert page["pageInfo"]["hasNextPage"] is False


def test_a_base_class_with_objects_of_its_own(ask: Ask) -> None:
    data = ask("{ animals { __typename nodeId ... on Bird { wings } } birds { key wings } }")
    assert data["animals"] == [
        {"__typename": "Beast", "nodeId": "Beast:1"},
        {"__typename": "Beast", "nodeId": "Beast:2"},
        {"__typename": "Bird", "nodeId": "Bird:3", "wings": 2},
        {"__typename": "Bird", "nodeId": "Bird:4", "wings": 3},
    ]
    assert data["birds"] == [{"key": "4", "wings": 3}, {"key": "3", "wings": 2}]


def test_relations_with_conditions_of_their_own(ask: Ask) -> None:
    data = ask(
        '{ animal(key: "1") { feedings { grams } bigFeedings { grams } lastFeeding { grams } heavier { called } } }'
    )
    assert data["animal"] == {
        "feedings": [{"grams": 50}, {"grams": 150}, {"grams": 100}],
        "bigFeedings": [{"grams": 150}, {"grams": 100}],
        "lastFeeding": {"grams": 100},
        "heavier": [{"called": "dog"}],
    }


def test_soft_deleted_rows_are_gone_on_every_path(ask: Ask) -> None:
    data = ask("{ animals { called friends { called } friendOf { called } } feedings { grams } birds { called } }")
    assert [(each["called"], [f["called"] for f in each["friends"]]) for each in data["animals"]] == [
        ("cat", ["dog", "owl"]), ("dog", ["cat"]), ("owl", []), ("jay", []),
    ]  # fmt: skip
    assert [each["grams"] for each in data["feedings"]] == [150, 100, 50, 20]
    assert [each["called"] for each in data["birds"]] == ["jay", "owl"]
    assert ask('{ a: animal(key: "5") { key } b: bird(key: "5") { key } c: node(id: "Bird:5") { nodeId } }') == {
        "a": None, "b": None, "c": None,
    }  # fmt: skip


def test_aggregates_over_them(ask: Ask) -> None:
    assert ask('{ animal(key: "1") { feedingCount bigCount grams friendValue } }') == {
        "animal": {"feedingCount": 3, "bigCount": 2, "grams": 50, "friendValue": "100"}
    }


def test_a_uuid_that_is_none_is_a_mistake_and_an_unknown_one_is_nothing(engine: Engine, ask: Ask) -> None:
    assert ask(f'{{ node(id: "Feeding:{uuid.UUID(int=99)}") {{ nodeId }} }}') == {"node": None}
    database = Database(engine, Catalog.of(SCHEMA).policies)
    with database.open(None, bff.Deadline.after(20)) as scope:
        result = answer(SCHEMA, '{ node(id: "Feeding:7") { nodeId } }', context=scope)
    assert [error.message for error in result.errors or []] == ["the global id of Feeding takes a UUID, not '7'"]


def test_only_the_columns_asked_for_are_read(
    engine: Engine, count_sql: Callable[..., AbstractContextManager[Any]]
) -> None:
    database = Database(engine, Catalog.of(SCHEMA).policies)
    with count_sql(engine) as statements, database.open(None, bff.Deadline.after(20)) as scope:
        execute(SCHEMA, parse("{ feedings { grams animal { called } } }"), context_value=scope, strategy="rounds")
    assert statements.count == 2
    assert "story_text" not in str(statements)
    assert "price_in_cents" not in str(statements)


@pytest.mark.parametrize(
    ("filter_", "says"),
    [
        ({"or": [{"key": {"eq": "1"}}] * 100}, r"Query.animals(filter:) takes 200 tests at most, not 301"),
        ({"key": {"in": ["1"] * 5001}}, r"Query.animals(filter: {key:}) takes 5000 values at most for `in`, not 5001"),
    ],
)
def test_filters_are_bounded(engine: Engine, filter_: Any, says: str) -> None:
    database = Database(engine, Catalog.of(SCHEMA).policies)
    query = "query ($f: AnimalFilter) { animals(filter: $f) { key } }"
    with database.open(None, bff.Deadline.after(20)) as scope:
        result = answer(SCHEMA, query, context=scope, variables={"f": filter_})
    assert [error.message for error in result.errors or []] == [says]
