"""Models unlike Briefcase's, their rows, and entity types that make null and errors travel.

UUID, text and composite keys, another PostgreSQL schema, trees, `secondary=`, association objects, two relations to one
table, one-to-one, single-table and joined inheritance, hybrids and column properties, a native enum, Decimal, arrays,
JSONB, naive and aware times, types and scalars that convert, texts like the layer's own marks, soft deletion. Columns that may be NULL stand behind non-null fields, batch functions
return exceptions for some keys, resolvers raise for some objects.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Annotated, Any, NewType

import strawberry
from sqlalchemy import (
    ARRAY,
    CHAR,
    BigInteger,
    Column,
    DateTime,
    Engine,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    MetaData,
    Numeric,
    SmallInteger,
    String,
    Table,
    TypeDecorator,
    and_,
    func,
    select,
)
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, column_property, mapped_column, relationship
from sqlalchemy.schema import CreateSchema
from strawberry.schema.config import StrawberryConfig

import bff

SCHEMA = "odd"


class Base(DeclarativeBase):
    """All tables stand in a PostgreSQL schema of their own."""

    metadata = MetaData(schema=SCHEMA)


class Mood(enum.Enum):
    """A native enum: it sorts in this order, not by its names."""

    MILD = "mild"
    ANGRY = "angry"
    CALM = "calm"


class Size(enum.Enum):
    """An enum kept as text."""

    SMALL = "s"
    LARGE = "l"


class Hex(TypeDecorator[str]):
    """A number that the application writes in base 16."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> int | None:
        return None if value is None else int(value, 16)

    def process_result_value(self, value: int | None, dialect: Any) -> str | None:
        return None if value is None else f"{value:x}"


class Lower(TypeDecorator[str]):
    """Converts on the way in only."""

    impl = String
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> str | None:
        return None if value is None else value.lower()


label_of_place = Table(
    "label_of_place",
    Base.metadata,
    Column("place_id", ForeignKey(f"{SCHEMA}.place.id"), primary_key=True),
    Column("label_name", ForeignKey(f"{SCHEMA}.label.name"), primary_key=True),
)


class PlaceRow(Base):
    """A tree with UUID keys whose rows are deleted softly."""

    __tablename__ = "place"
    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    tenant: Mapped[str]
    name: Mapped[str | None]
    parent_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(f"{SCHEMA}.place.id"))
    deleted_at: Mapped[datetime.datetime | None] = mapped_column(DateTime(timezone=True))
    area: Mapped[decimal.Decimal | None] = mapped_column(Numeric(10, 2))
    height: Mapped[float | None]
    rank: Mapped[int | None] = mapped_column(SmallInteger)
    opens: Mapped[datetime.time | None]
    built: Mapped[datetime.date | None]
    seen: Mapped[datetime.datetime | None]
    words: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    extra: Mapped[Any | None] = mapped_column(JSONB(none_as_null=True))
    mood: Mapped[Mood | None] = mapped_column(Enum(Mood, schema=SCHEMA))
    size: Mapped[Size | None] = mapped_column(
        Enum(Size, native_enum=False, values_callable=lambda all_: [e.value for e in all_])
    )
    code: Mapped[str | None] = mapped_column(Hex)
    slug: Mapped[str | None] = mapped_column(Lower)
    padded: Mapped[str | None] = mapped_column(CHAR(4))
    people: Mapped[int | None] = mapped_column(BigInteger)
    parent: Mapped[PlaceRow | None] = relationship(remote_side=[id], back_populates="children")
    children: Mapped[list[PlaceRow]] = relationship(back_populates="parent", order_by="PlaceRow.name.desc()")
    labels: Mapped[list[LabelRow]] = relationship(secondary=label_of_place, back_populates="places")
    stays: Mapped[list[StayRow]] = relationship(back_populates="place")
    sent: Mapped[list[LetterRow]] = relationship(foreign_keys="LetterRow.origin_id", back_populates="origin")
    received: Mapped[list[LetterRow]] = relationship(foreign_keys="LetterRow.target_id", back_populates="target")
    deed: Mapped[DeedRow | None] = relationship(back_populates="place")
    vehicles: Mapped[list[VehicleRow]] = relationship(back_populates="home", order_by="VehicleRow.id")
    cars: Mapped[list[CarRow]] = relationship(viewonly=True, order_by="desc(CarRow.doors)")
    assets: Mapped[list[AssetRow]] = relationship(back_populates="place")

    @hybrid_property
    def volume(self) -> Any:
        """Height by rank; NULL when one is."""
        return None if self.height is None or self.rank is None else self.height * self.rank

    @volume.inplace.expression
    @classmethod
    def _volume(cls) -> Any:
        return cls.height * cls.rank


class LabelRow(Base):
    """A text key, no tenant: seen by everybody."""

    __tablename__ = "label"
    name: Mapped[str] = mapped_column(primary_key=True)
    weight: Mapped[int | None]
    places: Mapped[list[PlaceRow]] = relationship(secondary=label_of_place, back_populates="labels")


class StayRow(Base):
    """An association object with a key of three columns."""

    __tablename__ = "stay"
    place_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(f"{SCHEMA}.place.id"), primary_key=True)
    guest: Mapped[str] = mapped_column(primary_key=True)
    night: Mapped[datetime.date] = mapped_column(primary_key=True)
    note: Mapped[str | None]
    place: Mapped[PlaceRow] = relationship(back_populates="stays")
    receipts: Mapped[list[ReceiptRow]] = relationship(back_populates="stay", order_by="desc(ReceiptRow.paid)")


class ReceiptRow(Base):
    """A foreign key of three columns, each of which may be NULL."""

    __tablename__ = "receipt"
    __table_args__ = (
        ForeignKeyConstraint(
            ["place_id", "guest", "night"], [f"{SCHEMA}.stay.place_id", f"{SCHEMA}.stay.guest", f"{SCHEMA}.stay.night"]
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[uuid.UUID | None]
    guest: Mapped[str | None]
    night: Mapped[datetime.date | None]
    paid: Mapped[decimal.Decimal | None]
    stay: Mapped[StayRow | None] = relationship(back_populates="receipts")


class LetterRow(Base):
    """Two relations to one table."""

    __tablename__ = "letter"
    id: Mapped[int] = mapped_column(primary_key=True)
    origin_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(f"{SCHEMA}.place.id"))
    target_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(f"{SCHEMA}.place.id"))
    text: Mapped[str | None]
    sent_at: Mapped[datetime.datetime | None] = mapped_column(DateTime(timezone=True))
    origin: Mapped[PlaceRow | None] = relationship(foreign_keys=[origin_id], back_populates="sent")
    target: Mapped[PlaceRow] = relationship(foreign_keys=[target_id], back_populates="received")


class DeedRow(Base):
    """The other side of one-to-one: some places have none."""

    __tablename__ = "deed"
    id: Mapped[int] = mapped_column(primary_key=True)
    place_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(f"{SCHEMA}.place.id"), unique=True)
    number: Mapped[str | None]
    place: Mapped[PlaceRow] = relationship(back_populates="deed")


class VehicleRow(Base):
    """Single-table inheritance."""

    __tablename__ = "vehicle"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    home_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(f"{SCHEMA}.place.id"))
    wheels: Mapped[int | None]
    home: Mapped[PlaceRow | None] = relationship(back_populates="vehicles")
    trips: Mapped[list[TripRow]] = relationship(back_populates="vehicle", order_by="desc(TripRow.length)")
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_abstract": True}  # noqa: RUF012


class TripRow(Base):
    """Hangs on the common class: every kind of vehicle makes some."""

    __tablename__ = "trip"
    id: Mapped[int] = mapped_column(primary_key=True)
    vehicle_id: Mapped[int] = mapped_column(ForeignKey(f"{SCHEMA}.vehicle.id"))
    length: Mapped[int | None]
    goal_id: Mapped[uuid.UUID | None] = mapped_column(ForeignKey(f"{SCHEMA}.place.id"))
    vehicle: Mapped[VehicleRow] = relationship(back_populates="trips")
    goal: Mapped[PlaceRow | None] = relationship()


class CarRow(VehicleRow):
    """Has doors."""

    doors: Mapped[int | None] = mapped_column(use_existing_column=True)
    __mapper_args__ = {"polymorphic_identity": "car"}  # noqa: RUF012


class TruckRow(VehicleRow):
    """Has a load."""

    load: Mapped[decimal.Decimal | None] = mapped_column(use_existing_column=True)
    __mapper_args__ = {"polymorphic_identity": "truck"}  # noqa: RUF012


class AssetRow(Base):
    """Joined inheritance, with a class of its own that has objects."""

    __tablename__ = "asset"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    place_id: Mapped[uuid.UUID] = mapped_column(ForeignKey(f"{SCHEMA}.place.id"))
    title: Mapped[str | None]
    place: Mapped[PlaceRow] = relationship(back_populates="assets")
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_abstract": True}  # noqa: RUF012


class PhotoRow(AssetRow):
    """A table of its own beside the common one."""

    __tablename__ = "photo"
    id: Mapped[int] = mapped_column(ForeignKey(f"{SCHEMA}.asset.id"), primary_key=True)
    width: Mapped[int | None]
    __mapper_args__ = {"polymorphic_identity": "photo"}  # noqa: RUF012


class NoteRow(AssetRow):
    """Another one."""

    __tablename__ = "note"
    id: Mapped[int] = mapped_column(ForeignKey(f"{SCHEMA}.asset.id"), primary_key=True)
    body: Mapped[str | None]
    __mapper_args__ = {"polymorphic_identity": "note"}  # noqa: RUF012


PlaceRow.letter_count = column_property(
    select(func.count(LetterRow.id))
    .where(LetterRow.target_id == PlaceRow.id)
    .correlate_except(LetterRow)
    .scalar_subquery()
)


@dataclass(frozen=True)
class Viewer:
    """Who asks."""

    tenant: str
    place: uuid.UUID | None


class Trouble(Exception):
    """What batch functions return and resolvers raise for some objects."""


def _moods(keys: Sequence[tuple[Any, ...]], _scope: bff.Scope, *, loud: bool = False) -> list[Any]:
    """A value, None or an exception, as the key says."""
    answers: list[Any] = []
    for name, rank in keys:
        if rank is None:
            answers.append(Trouble(f"no rank of {name}"))
        elif rank % 3 == 0:
            answers.append(None)
        else:
            answers.append(f"{name or 'nameless'} {rank}".upper() if loud else f"{name or 'nameless'} {rank}")
    return answers


def _shown(keys: Sequence[tuple[Any, ...]], _scope: bff.Scope) -> list[str]:
    """What the keys are, to the letter."""
    return [repr(key) for key in keys]


def _failing(keys: Sequence[Any], _scope: bff.Scope) -> list[int]:
    raise Trouble(f"cannot answer for {len(keys) > 0}")


def _tagged(
    keys: Sequence[Any], _scope: bff.Scope, *, tags: list[str], boost: int | None = None
) -> list[list[str] | None]:
    return [[*tags, "none"] if key is None else None if key == 2 else [*tags, str(key + (boost or 0))] for key in keys]


def _around(keys: Sequence[uuid.UUID], scope: bff.Scope) -> list[str]:
    """What stands around places, read as it is declared."""
    by_id = {place.id: place for place in scope.session.scalars(select(PlaceRow).where(PlaceRow.id.in_(keys)))}
    return [_described(by_id.get(key)) for key in keys]


def _described(place: PlaceRow | None) -> str:
    if place is None:
        return ""
    children = sorted((str(each.name), each.rank) for each in place.children)
    labels = sorted((each.name, each.weight) for each in place.labels)
    letters = sorted((each.id, each.text) for each in place.received)
    assets = sorted((each.id, each.title, getattr(each, "width", None)) for each in place.assets)
    return repr((children, labels, letters, assets))


def _beside(keys: Sequence[int | None], scope: bff.Scope) -> list[int]:
    """How many places have the same rank, which nobody declared to be read."""
    counted = select(PlaceRow.rank, func.count()).where(PlaceRow.rank.in_(keys)).group_by(PlaceRow.rank)
    counts = dict(scope.session.execute(counted).tuples().all())
    return [counts.get(key, 0) for key in keys]


def _twins(keys: Sequence[str | None], scope: bff.Scope) -> list[Any]:
    """For each name the places of that name: rows, which the layer reads again."""
    places = _all(scope, PlaceRow, PlaceRow.id)
    return [[place for place in places if place.name == key] or None for key in keys]


def _heirs(keys: Sequence[uuid.UUID], scope: bff.Scope) -> list[Any]:
    """A row, nothing, or an exception."""
    by_id = {place.id: place for place in _all(scope, PlaceRow, PlaceRow.id)}
    heirs = [by_id[key].parent or by_id[key] for key in keys]
    return [Trouble("no heir") if heir.rank == 1 else None if heir.rank == 2 else heir for heir in heirs]


def _all(scope: bff.Scope, model: type[Any], *order: Any) -> list[Any]:
    return list(scope.session.scalars(select(model).order_by(*order)))


def _of_tenant(row: Any, viewer: Any) -> Any:
    return and_(row.tenant == viewer.tenant, row.deleted_at.is_(None))


strawberry.enum(Mood)
strawberry.enum(Size)

Loud = NewType("Loud", str)


def _loud(value: str) -> str:
    if value == "ada":
        raise Trouble("ada is not loud")
    return f'{value.upper()}"!'


LOUD = strawberry.scalar(name="Loud", serialize=_loud, parse_value=str)


@strawberry.interface
class Parent:
    """Two entities have it, each over a relation of its own."""

    children: list[Place]


@bff.entity(PlaceRow, policy=_of_tenant)
class Place(bff.Node, Parent):
    id: uuid.UUID
    name: str | None
    must_name: str = bff.column("name")
    area: decimal.Decimal | None
    must_area: decimal.Decimal = bff.column("area")
    height: float | None
    rank: int | None
    opens: datetime.time | None
    built: datetime.date | None
    seen: datetime.datetime | None
    words: list[str] | None
    must_words: list[str] = bff.column("words")
    extra: strawberry.scalars.JSON | None
    mood: Mood | None
    must_mood: Mood = bff.column("mood")
    size: Size | None
    volume: float | None
    code: str | None
    must_code: str = bff.column("code")
    slug: str | None
    padded: str | None
    people: int | None
    all_people: bff.BigInt | None = bff.column("people")
    loud: Loud | None = bff.column("name")
    must_be_loud: Loud = bff.column("slug")
    letter_count: int
    parent: Place | None
    must_parent: Place = bff.relation("parent")
    children: list[Place]
    few_children: list[Place] = bff.relation("children", bound=1)
    children_connection: bff.Connection[Place] = bff.relation("children", order=["-rank", "name"])
    labels: list[Label]
    labels_connection: bff.Connection[Label] = bff.relation("labels", order=["weight"])
    stays: list[Stay]
    sent: list[Letter]
    received: list[Letter]
    received_connection: bff.Connection[Letter] | None = bff.relation("received", order=["-sent_at"])
    deed: Deed | None
    must_deed: Deed = bff.relation("deed")
    vehicles: list[Vehicle]
    cars: list[Car]
    assets: list[Asset]
    child_count: int = bff.count("children")
    stay_count: int = bff.count("stays", where=lambda stay: stay.note.is_not(None))
    label_weight: int = bff.total("labels", "weight")
    child_area: decimal.Decimal = bff.total("children", "area", where=lambda place: place.rank > 1)
    feeling: str | None = bff.batched(_moods, key=["name", "rank"], reads=())
    must_feel: str = bff.batched(_moods, key=["name", "rank"], reads=())
    shown: str = bff.batched(
        _shown, key=["id", "area", "height", "opens", "built", "seen", "mood", "size", "code", "slug"], reads=()
    )
    broken: int | None = bff.batched(_failing, key="id", reads=())
    around: str = bff.batched(
        _around, key="id", reads=["children.name", "children.rank", "labels", "received.text", "assets"]
    )
    beside: int = bff.batched(_beside, key="rank")
    twins: list[Place] | None = bff.batched(_twins, key="name")
    heir: Place | None = bff.batched(_heirs, key="id")
    must_inherit: Place = bff.batched(_heirs, key="id")
    tagged: list[str] | None = bff.batched(_tagged, key="rank", reads=())

    @bff.field(needs=["name", "rank"])
    def shout(self, times: int = 1) -> str | None:
        if self.rank is not None and self.rank % 5 == 0:
            raise Trouble(f"rank {self.rank}")
        return None if self.name is None else self.name.upper() * min(times, 3)

    @bff.field(needs=["name", "rank"])
    def report(self, info: strawberry.Info[bff.Scope, None]) -> Report | None:
        places = [each for each in _all(info.context, PlaceRow, PlaceRow.id) if each.rank == self.rank]
        return None if self.name is None else Report(title=self.name, place=places[0], places=places, found=None)

    @bff.field(needs=["rank"])
    def must_shout(self) -> str:
        return None if self.rank is None else "!" * self.rank  # type: ignore[return-value]


@bff.entity(LabelRow, policy=bff.public)
class Label(bff.Node, Parent):
    name: str
    children: list[Place] = bff.relation("places", order=["-rank"])
    weight: int | None
    must_weigh: int = bff.column("weight")
    places: list[Place]


@bff.entity(StayRow, policy=bff.through("place"))
class Stay(bff.Node):
    guest: str
    night: datetime.date
    note: str | None
    must_note: str = bff.column("note")
    place: Place
    receipts: list[Receipt]
    receipt_total: decimal.Decimal = bff.total("receipts", "paid")


@bff.entity(ReceiptRow, policy=bff.public)
class Receipt(bff.Node):
    id: strawberry.ID
    paid: decimal.Decimal | None
    stay: Stay | None
    must_stay: Stay = bff.relation("stay")


@bff.entity(LetterRow, policy=bff.through("target"))
class Letter(bff.Node):
    id: int
    text: str | None
    sent_at: datetime.datetime | None
    origin: Place | None
    must_origin: Place = bff.relation("origin")
    target: Place


@bff.entity(DeedRow, policy=bff.through("place"))
class Deed(bff.Node):
    id: strawberry.ID
    number: str | None
    must_number: str = bff.column("number")
    place: Place


@bff.entity(VehicleRow, policy=bff.public, interface=True)
class Vehicle(bff.Node):
    id: strawberry.ID
    wheels: int | None
    home: Place | None
    trips: list[Trip]
    trips_connection: bff.Connection[Trip] = bff.relation("trips", order=["-length"])
    trip_count: int = bff.count("trips")
    trip_length: int = bff.total("trips", "length", where=lambda trip: trip.length > 1)


@bff.entity(TripRow, policy=bff.public)
class Trip(bff.Node):
    id: strawberry.ID
    length: int | None
    must_length: int = bff.column("length")
    vehicle: Vehicle
    goal: Place | None


@bff.entity(CarRow)
class Car(Vehicle):
    doors: int | None
    must_doors: int = bff.column("doors")


@bff.entity(TruckRow)
class Truck(Vehicle):
    load: decimal.Decimal | None


@bff.entity(AssetRow, policy=bff.through("place"), interface=True)
class Asset:
    id: strawberry.ID
    title: str | None
    place: Place


@bff.entity(PhotoRow)
class Photo(Asset):
    width: int | None
    must_width: int = bff.column("width")


@bff.entity(NoteRow)
class Note(Asset):
    body: str | None


Found = Annotated[Place | Label | Letter, strawberry.union("Found")]


@strawberry.type
class Report:
    """No entity: it holds some."""

    title: str
    place: Place | None
    places: list[Place]
    found: list[Found | None] | None


@strawberry.type
class Query:
    node: bff.Node | None = bff.node()
    must_node: bff.Node = bff.node()
    place: Place | None = bff.lookup()
    must_place: Place = bff.lookup()
    home: Place | None = bff.lookup(key=lambda viewer: viewer.place)
    away: Place | None = bff.lookup(key=lambda viewer: None)
    label: Label | None = bff.lookup()
    stay: Stay | None = bff.lookup()
    letter: Letter | None = bff.lookup()
    vehicle: Vehicle | None = bff.lookup()
    places: list[Place] = bff.collection(order=["name"])
    few_places: list[Place] | None = bff.collection(order=["name"], bound=3)
    ranked: list[Place] = bff.collection(where=lambda place: place.rank.is_not(None), order=["-rank"])
    places_connection: bff.Connection[Place] = bff.collection(order=["area", "-name"])
    labels: list[Label] = bff.collection()
    letters_connection: bff.Connection[Letter] = bff.collection(order=["-sent_at"])
    stays_connection: bff.Connection[Stay] | None = bff.collection(order=["guest"])
    vehicles: list[Vehicle] = bff.collection()
    vehicles_connection: bff.Connection[Vehicle] = bff.collection(order=["wheels"])
    assets: list[Asset] = bff.collection(order=["-title"])

    @strawberry.field
    def some_places(self, info: strawberry.Info[bff.Scope, None], every: int = 2) -> list[Place]:
        places = _all(info.context, PlaceRow, PlaceRow.id)
        return places[:: max(1, every)]

    @strawberry.field
    def found(self, info: strawberry.Info[bff.Scope, None], holes: bool = False) -> list[Found | None]:
        scope = info.context
        rows: list[Any] = [*_all(scope, LabelRow, LabelRow.name)[:2], *_all(scope, LetterRow, LetterRow.id)[:3]]
        rows += _all(scope, PlaceRow, PlaceRow.id)[:3]
        return [None, *rows, rows[0]] if holes else rows

    @strawberry.field
    def smuggled(self, id: uuid.UUID) -> Place | None:
        """A row that nobody asked a policy about."""
        return PlaceRow(id=id)  # type: ignore[return-value]

    @strawberry.field
    def must_smuggle(self, id: uuid.UUID) -> Place:
        return PlaceRow(id=id)  # type: ignore[return-value]

    @strawberry.field
    def nodes(self, info: strawberry.Info[bff.Scope, None]) -> list[bff.Node]:
        scope = info.context
        keys = (
            (VehicleRow, VehicleRow.id),
            (DeedRow, DeedRow.id),
            (StayRow, StayRow.place_id, StayRow.guest, StayRow.night),
        )
        return [row for model, *key in keys for row in _all(scope, model, *key)[:2]]

    @strawberry.field
    def report(self, info: strawberry.Info[bff.Scope, None], fail: bool = False) -> Report | None:
        places = _all(info.context, PlaceRow, PlaceRow.id)
        if fail:
            raise Trouble("no report")
        return Report(title="r", place=places[0] if places else None, places=places[:2], found=[*places[:1], None])


schema = bff.Schema(query=Query, types=[Car, Truck, Photo, Note], config=StrawberryConfig(scalar_map={Loud: LOUD}))


def make_rows(engine: Engine) -> list[Viewer]:
    """Create the tables and their rows, the same every time. Gives a viewer for each of the two tenants."""
    with engine.begin() as connection:
        connection.execute(CreateSchema(SCHEMA))
    Base.metadata.create_all(engine)
    random = Random(11)

    def maybe(value: Any, chance: float = 0.7) -> Any:
        return value if random.random() < chance else None

    def key() -> uuid.UUID:
        return uuid.UUID(int=random.getrandbits(128), version=4)

    names = ("Ada", "ada", "Berlin", "Éire", "a b", "Zoo", "x_y", "100%", "", "\x01\x020:[]\x02")
    with Session(engine) as session:
        labels = [LabelRow(name=name, weight=maybe(random.randint(-2, 3))) for name in ("red", "blue", "a,b", "Ünique")]
        places: list[PlaceRow] = []
        for i in range(24):
            tenant = "north" if i < 16 else "south"
            alike = [each for each in places if each.tenant == tenant]
            places.append(
                PlaceRow(
                    id=key(),
                    tenant=tenant if i != 7 else "south",
                    name=maybe(random.choice(names), 0.8),
                    parent=maybe(random.choice(alike), 0.75) if alike else None,
                    deleted_at=maybe(datetime.datetime(2024, 1, 1, tzinfo=datetime.UTC), 0.12),
                    area=maybe(decimal.Decimal(random.choice(("1.50", "2", "-3.25", "1000000.99")))),
                    height=maybe(random.choice((0.0, 1.5, 2.5, -4.0))),
                    rank=maybe(random.randint(0, 6)),
                    opens=maybe(datetime.time(random.randint(0, 23), 30)),
                    built=maybe(datetime.date(2000, 1, 1) + datetime.timedelta(random.randint(0, 3))),
                    seen=maybe(datetime.datetime(2024, 5, 1, random.randint(0, 3), 0, 0, random.choice((0, 5)))),  # noqa: DTZ001 (naive on purpose)
                    words=maybe([random.choice(names) for _ in range(random.randint(0, 3))]),
                    extra=maybe(random.choice((1, "x", [1, None], {"a": {"b": True}}, False))),
                    mood=maybe(random.choice(list(Mood))),
                    size=maybe(random.choice(list(Size))),
                    code=maybe(random.choice(("ff", "0", "1a"))),
                    slug=maybe(random.choice(names)),
                    padded=maybe(random.choice(("ab", "é"))),
                    people=maybe(random.choice((0, 7, -3, 2**40))),
                    labels=random.sample(labels, random.randint(0, 3)),
                )
            )
        session.add_all([*labels, *places])
        session.flush()
        for i in range(18):
            place = random.choice(places)
            stay = StayRow(
                place=place,
                guest=f"{random.choice(('ann', 'bob'))}{i}",
                night=datetime.date(2024, 2, random.randint(1, 3)),
                note=maybe("n"),
            )
            receipts = [
                ReceiptRow(paid=maybe(decimal.Decimal(random.randint(1, 9)))) for _ in range(random.randint(0, 2))
            ]
            stay.receipts.extend(receipts)
            session.add(stay)
        session.add_all([ReceiptRow(paid=decimal.Decimal(1)), ReceiptRow(guest="nobody", paid=None)])
        for _ in range(30):
            session.add(
                LetterRow(
                    origin=maybe(random.choice(places)),
                    target=random.choice(places),
                    text=maybe(random.choice(names)),
                    sent_at=maybe(datetime.datetime(2024, 3, random.randint(1, 3), tzinfo=datetime.UTC)),
                )
            )
        session.add_all(DeedRow(place=place, number=maybe(f"D{i}")) for i, place in enumerate(places) if i % 2)
        for i in range(16):
            home, wheels = maybe(random.choice(places)), maybe(random.randint(2, 4))
            vehicle: VehicleRow = (
                CarRow(home=home, wheels=wheels, doors=maybe(i))
                if i % 2
                else TruckRow(home=home, wheels=wheels, load=maybe(decimal.Decimal("2.5")))
            )
            asset: AssetRow = (
                PhotoRow(place=random.choice(places), title=maybe(f"t{i % 4}"), width=maybe(i))
                if i % 3
                else NoteRow(place=random.choice(places), title=maybe(f"t{i % 4}"), body=maybe("b"))
            )
            vehicle.trips.extend(
                TripRow(length=maybe(random.randint(0, 4)), goal=maybe(random.choice(places)))
                for _ in range(random.randint(0, 3))
            )
            session.add_all([vehicle, asset])
        session.commit()
        return [Viewer("north", places[0].id), Viewer("south", places[-1].id)]
