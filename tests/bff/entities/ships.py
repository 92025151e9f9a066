"""Ships, their sailors, and what can be subscribed to of them."""

import uuid
from typing import Any

import strawberry
from sqlalchemy import BigInteger, Enum, ForeignKey, Numeric, String, TypeDecorator, join, select
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, mapped_column, relationship

import bff


class Base(DeclarativeBase):
    pass


class Reversed(TypeDecorator[str]):
    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value[::-1]


class ShipRow(Base):
    __tablename__ = "ships"
    id: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    fleet: Mapped[int]
    serial: Mapped[uuid.UUID]
    tonnage: Mapped[int] = mapped_column(BigInteger)
    is_armed: Mapped[bool]
    flag: Mapped[str]
    nickname: Mapped[str] = mapped_column(CITEXT)
    mood: Mapped[str] = mapped_column(Enum("good", "bad", name="mood"))
    draught: Mapped[Any] = mapped_column(Numeric)
    sailors: Mapped[list["SailorRow"]] = relationship(back_populates="ship")

    @hybrid_property
    def double(self) -> int:
        return self.fleet * 2


class SailorRow(Base):
    __tablename__ = "sailors"
    id: Mapped[int] = mapped_column(primary_key=True)
    ship_id: Mapped[int] = mapped_column(ForeignKey("ships.id"))
    name: Mapped[str]
    rank: Mapped[int]
    kind: Mapped[str]
    computed: Mapped[int] = column_property(select(1).scalar_subquery())
    ship: Mapped[ShipRow] = relationship(back_populates="sailors")
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "sailor"}  # noqa: RUF012


class CookRow(SailorRow):
    """In the table of sailors."""

    __mapper_args__ = {"polymorphic_identity": "cook"}  # noqa: RUF012


class SurgeonRow(SailorRow):
    """In a table of its own, joined to that of sailors."""

    __tablename__ = "surgeons"
    id: Mapped[int] = mapped_column(ForeignKey("sailors.id"), primary_key=True)
    __mapper_args__ = {"polymorphic_identity": "surgeon"}  # noqa: RUF012


class CoinRow(Base):
    __tablename__ = "coins"
    code: Mapped[str] = mapped_column(Reversed, primary_key=True)


class BerthRow(Base):
    __tablename__ = "berths"
    ship_id: Mapped[int] = mapped_column(ForeignKey("ships.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)


class CrewRow(Base):
    """Mapped to a join."""

    __table__ = join(ShipRow.__table__, SailorRow.__table__)
    id = column_property(ShipRow.__table__.c.id, SailorRow.__table__.c.ship_id)
    sailor_id = SailorRow.__table__.c.id


@bff.entity(ShipRow, policy=bff.public)
class Ship:
    id: strawberry.ID


@bff.entity(SailorRow, policy=bff.through("ship"))
class Sailor:
    id: strawberry.ID
    name: str


@bff.entity(CoinRow, policy=bff.public)
class Coin:
    code: str


@bff.entity(BerthRow, policy=lambda berth, viewer: berth.number == viewer.number)
class Berth(bff.Node):
    number: int


@bff.entity(CrewRow, policy=bff.public)
class Crew:
    fleet: int


@strawberry.type
class Query:
    ship: Ship | None = bff.lookup()


def schema_of(field: Any, annotation: Any) -> bff.Schema:
    """A schema whose Subscription has the one field `probe`."""
    body = {"__annotations__": {"probe": annotation}, "probe": field}
    return bff.Schema(Query, subscription=strawberry.type(type("Subscription", (), body)), types=[Coin, Berth])


def arguments_of(schema: bff.Schema) -> dict[str, str]:
    assert schema._schema.subscription_type
    return {name: str(each.type) for name, each in schema._schema.subscription_type.fields["probe"].args.items()}


def key(viewer: Any) -> int:
    number: int = viewer.number
    return number


@strawberry.type
class Subscription:
    ship: Ship | None = bff.lookup()
    ship_changed: bff.Changed[Ship] = bff.event(match={"id": "id"})
    sailor_added: Sailor = bff.event(on=["insert"], match={"ship.fleet": "fleet"})
    mates: list[Sailor] = bff.presence(of=ShipRow, argument="ship_id", key=key)

    @strawberry.field
    def noon(self) -> int:
        return 12


SCHEMA = bff.Schema(Query, subscription=Subscription)._schema
