"""Animals that are mapped in less usual ways, with what they show."""

import base64
import datetime
import decimal
import uuid
from collections.abc import Callable
from typing import Any, NewType

import strawberry
from sqlalchemy import (
    JSON,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKey,
    Integer,
    Interval,
    LargeBinary,
    Numeric,
    String,
    Table,
    TypeDecorator,
    and_,
    func,
)
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
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

Ask = Callable[[str], Any]
