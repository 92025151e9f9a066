"""A small office: rooms of teams, with desks, lamps, notes, marks and chairs in them, of all kinds of keys; and its subscriptions."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import strawberry
from sqlalchemy import Engine, ForeignKey, ForeignKeyConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

import bff


class Base(DeclarativeBase):
    pass


class RoomRow(Base):
    __tablename__ = "rooms"
    id: Mapped[int] = mapped_column(primary_key=True)
    team: Mapped[int]


class DeskRow(Base):
    """Its columns have other names in the database."""

    __tablename__ = "desks"
    id: Mapped[uuid.UUID] = mapped_column("desk_id", primary_key=True)
    room_id: Mapped[int | None] = mapped_column("in_room", ForeignKey("rooms.id"))
    label: Mapped[str] = mapped_column(default="")
    room: Mapped[RoomRow | None] = relationship()
    lamp: Mapped[LampRow | None] = relationship(back_populates="desk")


class LampRow(Base):
    __tablename__ = "lamps"
    id: Mapped[int] = mapped_column(primary_key=True)
    desk_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("desks.desk_id", ondelete="CASCADE"))
    is_red: Mapped[bool]
    desk: Mapped[DeskRow] = relationship(back_populates="lamp")


class NoteRow(Base):
    """Of a composite key."""

    __tablename__ = "notes"
    desk_id: Mapped[uuid.UUID] = mapped_column(ForeignKey("desks.desk_id", ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    words: Mapped[str] = mapped_column(default="")
    desk: Mapped[DeskRow] = relationship()


class MarkRow(Base):
    """On a note: hangs on a composite key, and may hang on none."""

    __tablename__ = "marks"
    __table_args__ = (
        ForeignKeyConstraint(
            ["desk_id", "number"], ["notes.desk_id", "notes.number"], onupdate="CASCADE", ondelete="SET NULL"
        ),
    )
    id: Mapped[int] = mapped_column(primary_key=True)
    desk_id: Mapped[uuid.UUID | None]
    number: Mapped[int | None]
    note: Mapped[NoteRow | None] = relationship()


class ThingRow(Base):
    """Chairs are things in a table of their own, joined to this one; boxes are in this one."""

    __tablename__ = "things"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"))
    room: Mapped[RoomRow] = relationship()
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_abstract": True}  # noqa: RUF012


class ChairRow(ThingRow):
    __tablename__ = "chairs"
    id: Mapped[int] = mapped_column(ForeignKey("things.id", ondelete="CASCADE"), primary_key=True)
    legs: Mapped[int]
    __mapper_args__ = {"polymorphic_identity": "chair"}  # noqa: RUF012


class BoxRow(ThingRow):
    __mapper_args__ = {"polymorphic_identity": "box"}  # noqa: RUF012


@dataclass(frozen=True)
class Guest:
    """Sees the rooms of one team, and what is in them."""

    team: int
    desk: uuid.UUID | None = None


def of_team(room: Any, guest: Any) -> Any:
    return room.team == guest.team


@bff.entity(RoomRow, policy=of_team)
class Room(bff.Node):
    id: strawberry.ID
    team: int


@bff.entity(DeskRow, policy=bff.through("room"))
class Desk(bff.Node):
    id: strawberry.ID
    label: str
    room: Room | None


@bff.entity(NoteRow, policy=bff.through("desk"))
class Note(bff.Node):
    number: int
    words: str
    desk: Desk


@bff.entity(MarkRow, policy=bff.public)
class Mark:
    id: strawberry.ID


@bff.entity(ThingRow, policy=bff.through("room"), interface=True)
class Thing:
    id: strawberry.ID
    room: Room


@bff.entity(ChairRow)
class Chair(Thing):
    legs: int


@bff.entity(BoxRow)
class Box(Thing):
    pass


@strawberry.type
class Query:
    room: Room | None = bff.lookup()
    rooms: list[Room] = bff.collection()


@strawberry.type
class Subscription:
    room: Room | None = bff.lookup()
    rooms: list[Room] = bff.collection()
    any_desk: Desk = bff.event()
    desk_changed: bff.Changed[Desk] = bff.event(match={"room_id": "room_id"})
    desk_of_team: Desk | None = bff.event(match={"room.team": lambda guest: guest.team, "lamp.is_red": "red"})
    my_desk: bff.Changed[Desk] = bff.event(match={"id": lambda guest: guest.desk})
    note_added: Note = bff.event(on=["insert"], match={"desk.room_id": "room_id"})
    note_changed: bff.Changed[Note] = bff.event(on=["insert", "update"], match={"desk.room.team": "team"})
    note_of_desk: bff.Changed[Note] = bff.event(match={"desk_id": "desk_id"})
    mark_made: Mark = bff.event(match={"note.desk.room_id": "room_id"})
    thing_changed: bff.Changed[Thing] = bff.event(match={"room_id": "room_id"})
    chair_changed: Chair = bff.event(match={"room_id": "room_id"})
    chair_of_team: Chair = bff.event(match={"room.team": "team"})
    present: list[Desk] = bff.presence(of=RoomRow, argument="room_id", key=lambda guest: guest.desk)

    @strawberry.field
    def nothing(self) -> int | None:
        return None


SCHEMA = bff.Schema(Query, subscription=Subscription, types=[Chair, Box])

A, B, C, D = (uuid.UUID(int=number) for number in (10, 11, 12, 13))
US, THEM = Guest(1), Guest(2)


def furnish(engine: Engine) -> None:
    """Rooms 1 and 2 are ours, room 3 is theirs. Desk A is in 1, B in 2, C in 3, D in none."""
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([RoomRow(id=1, team=1), RoomRow(id=2, team=1), RoomRow(id=3, team=2)])
        session.flush()
        session.add_all([DeskRow(id=id, room_id=room) for id, room in ((A, 1), (B, 2), (C, 3), (D, None))])
        session.flush()
        session.add_all([LampRow(id=1, desk_id=A, is_red=True), LampRow(id=2, desk_id=C, is_red=False)])
        session.add_all([NoteRow(desk_id=id, number=number) for id, number in ((A, 1), (B, 1), (C, 1), (D, 1))])
        session.flush()
        session.add_all([MarkRow(id=1, desk_id=A, number=1), MarkRow(id=2), MarkRow(id=3, desk_id=D, number=1)])
        session.add_all([ChairRow(id=1, room_id=1, legs=4), ChairRow(id=2, room_id=3, legs=3), BoxRow(id=3, room_id=2)])
        session.commit()
