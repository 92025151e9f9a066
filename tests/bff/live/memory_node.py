"""A hub over an engine in memory: rooms, notes and people, and what a writer, the relay and a follower would do."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Mapping, Sequence
from typing import Any

import strawberry
from graphql import GraphQLSchema
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

import bff
from bff.changes.change import Change, ChangeId
from bff.changes.stream import MemoryStream, Position
from bff.client_errors import format_errors
from bff.documents.registry import FreeText, Operation
from bff.entities.events import Happened, Present
from bff.errors import DeadlineExceeded
from bff.http.request import GraphQLRequest
from bff.live.hub import Hub
from bff.live.presence import MemoryPresence
from bff.live.sources import EventSource, Route
from bff.plan.plan import Plan, compile_plan
from bff.protocol.messages import Subscribe
from bff.readsets.readset import UNKNOWN, Interest, Invocation, LiveAnswer, LiveAnswers, ReadSet
from bff.settings import LiveSettings
from tests.bff.live.outlets import PATIENCE, KeptOutlet


class Base(DeclarativeBase): ...


class Room(Base):
    __tablename__ = "rooms"
    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int]


class Note(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    room_id: Mapped[int] = mapped_column(ForeignKey("rooms.id"))
    room: Mapped[Room] = relationship()


class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)


@bff.entity(Room, policy=bff.public, name="Room")
class RoomType:
    id: strawberry.ID
    value: int


@bff.entity(Note, policy=bff.public, name="Note")
class NoteType:
    id: strawberry.ID


@bff.entity(Person, policy=bff.public, name="Person")
class PersonType:
    id: strawberry.ID


@strawberry.type
class Query:
    room: RoomType | None = bff.lookup()


@strawberry.type
class Subscription:
    room: RoomType | None = bff.lookup()
    note_added: NoteType = bff.event(on=["insert"], match={"room_id": "room_id"})
    mine: NoteType = bff.event(on=["insert"], match={"room_id": lambda viewer: viewer})
    present: list[PersonType] = bff.presence(of=Room, argument="room_id", key=lambda viewer: viewer)


SCHEMA: GraphQLSchema = bff.Schema(query=Query, subscription=Subscription)._schema

ROOM = "subscription ($id: ID!) { room(id: $id) { value } }"

NOTES = "subscription ($id: ID!) { noteAdded(roomId: $id) { id } }"

MINE = "subscription { mine { id } }"

PRESENT = "subscription ($id: ID!) { present(roomId: $id) { id } }"


class MemoryEngine:
    """Rooms with values; a run reads them at once, all in one snapshot."""

    def __init__(self) -> None:
        self.rooms: dict[str, int | None] = {str(number): 0 for number in range(200)}
        self.xid = 100
        self.runs: list[list[str]] = []
        self.before: Callable[[], None] = lambda: None
        self.after: Callable[[], None] = lambda: None
        self.hidden: set[str] = set()
        self.refused: set[str] = set()
        self.slow: set[str] = set()
        self.broken: set[str] = set()
        self._plans: dict[str, Plan] = {}

    def plan_of(self, operation: Operation) -> Plan:
        return self._plans.setdefault(operation.id, compile_plan(SCHEMA, operation.document))

    def audience_of(self, plan: Plan, viewer: object | None) -> Hashable:
        return "all"

    def errors_of(self, error: Exception) -> list[dict[str, Any]]:
        from graphql import GraphQLError

        return format_errors([GraphQLError(str(error), original_error=error)], None)

    def locate(self, source: EventSource, changes: Sequence[Change]) -> Mapping[ChangeId, Mapping[Route, Change]]:
        return source.locate(changes, None)  # type: ignore[arg-type]  # the route is on the row itself

    def execute_live(self, plan: Plan, asked: Sequence[Invocation], viewer: object | None) -> LiveAnswers:
        self.before()
        snapshot = f"{self.xid + 1}:{self.xid + 1}:"
        if any(each.variables["id"] in self.slow for each in asked):
            raise DeadlineExceeded("not answered within its 10 s")
        answers = [self._answer(each) for each in asked]
        self.runs.append([str(each.variables["id"]) for each in asked])
        self.after()
        return LiveAnswers(answers, snapshot)

    def _answer(self, asked: Invocation) -> LiveAnswer:
        id, reads = str(asked.variables["id"]), ReadSet({})
        if id in self.broken:
            return LiveAnswer({"errors": [{"message": "no", "extensions": {"code": "INTERNAL"}}]}, UNKNOWN)
        match asked.root_value:
            case Happened(id=note):
                data: Any = {"noteAdded": {"id": note}}
            case Present(keys=keys):
                data = {"present": [{"id": str(key)} for key in keys]}
            case _:
                value = self.rooms[id]
                data = {"room": None if value is None else {"value": value}}
                reads = ReadSet({("rooms", ("id",), (id,)): Interest(None, True)})
        if id in self.hidden and asked.root_value is not None:
            error = {"message": "no", "path": ["x"], "extensions": {"code": "NOT_VISIBLE"}}
            return LiveAnswer({"data": None, "errors": [error]}, reads)
        if id in self.refused:
            error = {"message": "you may not", "path": ["x"], "extensions": {"code": "FORBIDDEN"}}
            return LiveAnswer({"data": None, "errors": [error]}, reads)
        return LiveAnswer({"data": data}, reads)


class Node:
    """A hub with its stream; `commit` is what a writer and the relay do."""

    def __init__(
        self,
        settings: LiveSettings,
        length: int = 1_000,
        *,
        patience: float = 10.0,
        runners: int = 2,
        stream: MemoryStream | None = None,
        begin: Position | None = None,
        is_following: bool = True,
    ) -> None:
        self.engine, self.stream, self.presence = (
            MemoryEngine(),
            stream or MemoryStream(length=length),
            MemoryPresence(),
        )
        self.hub = Hub(
            self.engine,
            self.stream,
            self.presence,
            secret=b"secret",
            settings=settings,
            patience=patience,
            runners=runners,
        )
        self.hub.start()
        if is_following:
            self.hub.lost(begin or self.stream.top())
        self._ids = iter(range(1, 10_000))

    def write(self, room: str, value: int | None) -> Change:
        self.engine.xid += 1
        self.engine.rooms[room] = value
        return Change(
            next(self._ids), self.engine.xid, "rooms", "update", {"id": room}, {"id": room}, frozenset({"value"})
        )

    def note(self, room: str) -> Change:
        self.engine.xid += 1
        id = next(self._ids)
        return Change(id, self.engine.xid, "notes", "insert", {}, {"id": str(id), "room_id": room}, frozenset())

    def tell(self, *changes: Change) -> None:
        before = self.stream.top()
        position = self.stream.append(changes)
        self.hub.changed(self.stream.read(before, most=len(changes), wait=0), position)

    def begin_epoch(self, *changes: Change) -> None:
        """What the stream had is gone; these changes were in the outbox meanwhile, and are in the new one."""
        self.stream.clear()
        begin = self.stream.top()
        self.stream.append(changes)
        self.hub.lost(begin)
        self.hub.changed(self.stream.read(begin, most=len(changes), wait=0), self.stream.top())

    def commit(self, room: str, value: int | None) -> None:
        self.tell(self.write(room, value))

    def subscribe(
        self,
        text: str = ROOM,
        room: str = "1",
        *,
        outlet: KeptOutlet | None = None,
        id: str = "s",
        resume: str | None = None,
        viewer: object = 7,
    ) -> KeptOutlet:
        outlet = outlet or KeptOutlet()
        operation = FreeText.read(text, SCHEMA).operation(None)
        request = Subscribe(
            id=id, request=GraphQLRequest(query=text, variables={"id": room}), mode="patch", resume=resume
        )
        self.hub.subscribe(outlet, request, operation, viewer)
        return outlet


QUICK = LiveSettings(window=0.0, linger=60.0)


def values(outlet: KeptOutlet) -> list[int]:
    """The states that came, by their value."""
    found, value = [], None
    for event, message in outlet.messages:
        if event == "next":
            if "payload" in message:
                value = message["payload"]["data"]["room"]["value"]
            else:
                [operation] = message["patch"]
                value = operation["value"]
            found.append(value)
    return found


def held_back(node: Node) -> Callable[[], None]:
    """Have the next execution wait for what is given."""
    begun, go = threading.Event(), threading.Event()

    def wait() -> None:
        node.engine.before = lambda: None
        begun.set()
        assert go.wait(PATIENCE)

    def release() -> None:
        assert begun.wait(PATIENCE)
        go.set()

    node.engine.before = wait
    return release
