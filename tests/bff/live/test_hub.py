"""The hub, over an engine in memory: what is run when, and who is told what."""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
import strawberry
from graphql import GraphQLSchema
from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

import bff
from bff.changes.change import Change, ChangeId
from bff.changes.stream import Entry, Gap, MemoryStream, Position
from bff.client_errors import format_errors
from bff.documents.registry import FreeText, Operation
from bff.entities.events import Happened, Present
from bff.errors import BffError, DeadlineExceeded, Forbidden, Overloaded
from bff.http.request import GraphQLRequest
from bff.live import event_jobs
from bff.live.hub import Hub
from bff.live.presence import MemoryPresence
from bff.live.sources import EventSource, Route
from bff.plan.plan import Plan, compile_plan
from bff.protocol.messages import Subscribe
from bff.readsets.readset import UNKNOWN, Interest, Invocation, LiveAnswer, LiveAnswers, ReadSet
from bff.settings import LiveSettings
from tests.bff.live.outlets import PATIENCE, KeptOutlet, told_as
from tests.bff.polling import wait_until


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


@pytest.fixture
def node() -> Iterator[Node]:
    node = Node(QUICK, patience=0.0)
    yield node
    node.hub.stop()


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


def test_a_subscription_gets_the_state_and_then_each_new_one(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    node.commit("1", 5)
    outlet.wait(lambda it: values(it) == [0, 5])
    node.commit("2", 6)
    node.commit("1", 7)
    outlet.wait(lambda it: values(it) == [0, 5, 7])
    assert node.engine.runs == [["1"], ["1"], ["1"]], "what did not touch it did not run it"


def test_many_subscribers_are_one_execution(node: Node) -> None:
    outlets = [node.subscribe() for _ in range(100)]
    for outlet in outlets:
        outlet.wait(lambda it: values(it) == [0])
    runs = len(node.engine.runs)
    node.commit("1", 5)
    for outlet in outlets:
        outlet.wait(lambda it: values(it) == [0, 5])
    assert len(node.engine.runs) == runs + 1
    assert node.hub.stats()["operations"] == 1


def test_changes_while_it_runs_are_one_more_run(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    running, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        running.set()
        assert go_on.wait(PATIENCE)

    node.engine.after = hold
    node.commit("1", 1)
    assert running.wait(PATIENCE)
    for value in range(2, 12):
        node.commit("1", value)
    node.engine.after = lambda: None
    go_on.set()
    outlet.wait(lambda it: values(it)[-1] == 11)
    assert node.engine.runs == [["1"]] * 3
    assert values(outlet) == [0, 1, 11]


def test_a_change_that_the_snapshot_holds_is_not_run_for(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    change = node.write("1", 5)
    node.commit("1", 6)
    outlet.wait(lambda it: values(it) == [0, 6])
    node.tell(change)
    assert node.hub.stats()["due"] == 0
    assert len(node.engine.runs) == 2


def test_a_change_that_came_while_it_ran_and_was_seen_is_not_run_for(node: Node) -> None:
    change = node.write("1", 5)
    node.engine.after = lambda: node.tell(change) if len(node.engine.runs) == 1 else None
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [5])
    assert node.hub.stats()["due"] == 0
    assert len(node.engine.runs) == 1


def test_a_change_between_the_read_and_the_subscription_is_not_missed(node: Node) -> None:
    node.engine.after = lambda: node.commit("1", 9) if len(node.engine.runs) == 1 else None
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0, 9])


def test_what_is_due_together_runs_together() -> None:
    node = Node(LiveSettings(window=0.0), runners=1)
    try:
        outlets = [node.subscribe(room=str(number)) for number in range(100)]
        for outlet in outlets:
            outlet.wait(lambda it: values(it) == [0])
        runs = len(node.engine.runs)
        node.tell(*(node.write(str(number), 1) for number in range(100)))
        for outlet in outlets:
            outlet.wait(lambda it: values(it) == [0, 1])
        assert [len(run) for run in node.engine.runs[runs:]] == [50, 50]
    finally:
        node.hub.stop()


def test_within_the_window_it_runs_once_more() -> None:
    node = Node(LiveSettings(window=0.2), runners=1)
    try:
        outlet = node.subscribe()
        outlet.wait(lambda it: values(it) == [0])
        for value in range(1, 6):
            node.commit("1", value)
        outlet.wait(lambda it: values(it) == [0, 5])
        assert len(node.engine.runs) == 2
    finally:
        node.hub.stop()


def test_a_lost_stream_has_everything_run_again(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    node.write("1", 5)
    node.stream.clear()
    node.hub.lost(node.stream.top())
    outlet.wait(lambda it: values(it) == [0, 5])


def test_a_database_that_is_away_is_tried_until_it_is_back(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    failures = iter([Overloaded("no"), Overloaded("no")])

    def fail() -> None:
        for error in failures:
            raise error

    node.engine.before = fail
    node.commit("1", 5)
    outlet.wait(lambda it: values(it) == [0, 5])
    assert node.hub.stats()["failures"] == 2


def test_who_is_always_late_is_run_alone_and_ends() -> None:
    node = Node(LiveSettings(window=0.0), runners=1)
    try:
        outlets = {room: node.subscribe(room=room) for room in ("1", "2", "3")}
        for outlet in outlets.values():
            outlet.wait(lambda it: values(it) == [0])
        node.engine.slow.add("2")
        node.tell(*(node.write(room, 5) for room in outlets))
        for room in ("1", "3"):
            outlets[room].wait(lambda it: values(it) == [0, 5])
        outlets["2"].wait(lambda it: it.view("s").ended)
        ended = outlets["2"].view("s").ended or {}
        assert ended["code"] == "INTERNAL"
        assert ended["resume"]
    finally:
        node.hub.stop()


def test_who_waits_for_the_first_state_is_refused_in_time(node: Node) -> None:
    def fail() -> None:
        raise Overloaded("the database cannot be reached")

    node.engine.before = fail
    outlet = node.subscribe()
    outlet.wait(lambda it: it.messages)
    assert [event for event, _ in outlet.messages] == ["error"]
    assert node.hub.stats()["subscriptions"] == 0


def test_a_defect_completes_and_the_next_subscription_is_served(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])

    def fail() -> None:
        raise ZeroDivisionError

    node.engine.before = fail
    node.commit("1", 5)
    outlet.wait(lambda it: it.view("s").ended)
    ended = outlet.view("s").ended
    assert ended is not None
    assert ended["code"] == "INTERNAL"
    assert ended["resume"]
    node.engine.before = lambda: None
    node.subscribe(outlet=outlet, id="again", resume=ended["resume"])
    outlet.wait(lambda it: it.view("again").payload == {"data": {"room": {"value": 5}}})


def test_a_state_that_cannot_be_read_any_more_completes(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    node.engine.broken.add("1")
    node.commit("1", 5)
    outlet.wait(lambda it: it.view("s").ended)
    ended = outlet.view("s").ended
    assert ended is not None
    assert ended["code"] == "INTERNAL"
    node.engine.broken.clear()
    node.subscribe(outlet=outlet, id="again", resume=ended["resume"])
    outlet.wait(lambda it: it.view("again").payload == {"data": {"room": {"value": 5}}})


@pytest.mark.parametrize("room", [2**70, "\ud800"])
def test_variables_are_the_executions_to_refuse(node: Node, room: Any) -> None:
    node.engine.broken.add(str(room))
    outlet = node.subscribe(room=room)
    outlet.wait(lambda it: it.view("s").ended)
    assert node.engine.runs == [[str(room)]]


def test_a_value_that_json_does_not_have_is_the_defect_of_its_operation_alone(node: Node) -> None:
    outlet, other = node.subscribe(), node.subscribe(room="2")
    for each in (outlet, other):
        each.wait(lambda it: values(it) == [0])
    change = node.write("1", object())  # type: ignore[arg-type]
    node.tell(change, node.write("2", 5))
    outlet.wait(lambda it: it.view("s").ended)
    assert (outlet.view("s").ended or {})["code"] == "INTERNAL"
    other.wait(lambda it: values(it) == [0, 5])


def test_what_is_gone_is_completed(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    node.commit("1", None)
    outlet.wait(lambda it: it.view("s").ended)
    assert (outlet.view("s").ended or {})["code"] == "GONE"
    assert node.hub.stats()["operations"] == 0
    assert node.hub.stats()["subscriptions"] == 0


def test_who_comes_back_finds_the_state(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    position = outlet.view("s").position
    node.hub.drop(outlet)
    again = node.subscribe(resume=position)
    again.wait(lambda it: it.messages)
    assert [event for event, _ in again.messages] == ["subscribed"]
    assert again.view("s").recovered is True
    assert len(node.engine.runs) == 1


def test_who_comes_back_after_a_change_gets_the_newest_state(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    position = outlet.view("s").position
    node.hub.drop(outlet)
    node.commit("1", 4)
    node.commit("1", 5)
    assert len(node.engine.runs) == 1, "nobody wants it"
    again = node.subscribe(resume=position)
    again.wait(lambda it: values(it) == [5])
    assert again.view("s").recovered is True


def test_what_nobody_wants_is_forgotten_in_time() -> None:
    node = Node(LiveSettings(window=0.0, linger=0.0), runners=1)
    try:
        outlet = node.subscribe()
        outlet.wait(lambda it: values(it) == [0])
        node.hub.unsubscribe(outlet, "s")
        other = node.subscribe(room="2")
        other.wait(lambda it: values(it) == [0])
        assert node.hub.stats()["operations"] == 1
        node.commit("1", 5)
        assert node.engine.runs == [["1"], ["2"]]
    finally:
        node.hub.stop()


def test_what_is_dropped_while_it_begins_is_not_begun(node: Node) -> None:
    outlet = KeptOutlet()
    node.engine.before = lambda: node.hub.drop(outlet)
    node.subscribe(PRESENT, outlet=outlet)
    assert outlet.messages == []
    assert node.hub.stats()["subscriptions"] == 0
    node.subscribe(outlet=outlet)
    assert node.hub.stats()["subscriptions"] == 0


def test_an_id_in_use_is_refused(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    node.subscribe(outlet=outlet)
    event, message = outlet.messages[-1]
    assert event == "error"
    assert message["payload"][0]["extensions"]["code"] == "DUPLICATE_ID"
    node.commit("1", 5)
    outlet.wait(lambda it: values(it) == [0, 5])


def test_what_is_not_live_is_refused(node: Node) -> None:
    outlet = node.subscribe("query ($id: ID!) { room(id: $id) { value } }")
    [(event, message)] = outlet.messages
    assert event == "error"
    assert message["payload"][0]["extensions"]["code"] == "NOT_LIVE"
    node.subscribe("query ($id: ID!) @live { room(id: $id) { value } }", outlet=outlet)
    outlet.wait(lambda it: values(it) == [0])


def test_the_position_of_another_subscription_is_forbidden(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    node.subscribe(room="2", outlet=outlet, id="other", resume=outlet.view("s").position)
    outlet.wait(lambda it: it.view("other").ended)
    assert (outlet.view("other").ended or {})["payload"][0]["extensions"]["code"] == "FORBIDDEN"


def test_a_socket_is_ended_as_a_whole(node: Node) -> None:
    outlet = node.subscribe()
    node.subscribe(NOTES, outlet=outlet, id="notes")
    outlet.wait(lambda it: values(it) == [0])
    node.hub.end(outlet, Forbidden, "no more")
    assert (outlet.view("s").ended or {})["code"] == (outlet.view("notes").ended or {})["code"] == "FORBIDDEN"
    count = len(outlet.messages)
    node.commit("1", 5)
    node.tell(node.note("1"))
    other = node.subscribe(room="9")
    other.wait(lambda it: values(it) == [0])
    assert len(outlet.messages) == count


def test_followers_of_rows_are_called(node: Node) -> None:
    outlet, calls = KeptOutlet(), []
    node.hub.follow(outlet, [("rooms", ("id",), ("1",))], lambda: calls.append(1))
    node.commit("2", 1)
    assert calls == []
    node.commit("1", 1)
    assert calls == [1]
    node.hub.lost(node.stream.top())
    assert calls == [1, 1], "what was lost may have been one"
    node.hub.drop(outlet)
    node.commit("1", 2)
    assert calls == [1, 1]


# ---- events


def test_events_come_in_order_to_those_they_are_for(node: Node) -> None:
    ones, twos = node.subscribe(NOTES), node.subscribe(NOTES, "2")
    first, second, third = node.note("1"), node.note("2"), node.note("1")
    node.tell(first, second)
    node.tell(third)
    ones.wait(lambda it: it.view("s").events == [told_as(first), told_as(third)])
    twos.wait(lambda it: it.view("s").events == [told_as(second)])
    assert ones.view("s").payloads == [{"data": {"noteAdded": {"id": str(each.id)}}} for each in (first, third)]


def test_events_matched_by_the_viewer_are_theirs_alone(node: Node) -> None:
    """Viewers who see the same may want other events."""
    one, two = node.subscribe(MINE, viewer=1), node.subscribe(MINE, viewer=2)
    first, second = node.note("1"), node.note("2")
    node.tell(first, second)
    one.wait(lambda it: it.view("s").events == [told_as(first)])
    two.wait(lambda it: it.view("s").events == [told_as(second)])
    stolen = node.subscribe(MINE, viewer=2, resume=one.view("s").position)
    [(event, message)] = stolen.messages
    assert event == "error"
    assert message["payload"][0]["extensions"]["code"] == "FORBIDDEN"


def test_events_before_the_subscription_are_not_its(node: Node) -> None:
    node.tell(node.note("1"))
    outlet = node.subscribe(NOTES)
    later = node.note("1")
    node.tell(later)
    outlet.wait(lambda it: it.view("s").events == [told_as(later)])


def test_who_resumes_gets_what_was_missed_and_then_the_new(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    first = node.note("1")
    node.tell(first)
    outlet.wait(lambda it: it.view("s").events)
    position = outlet.view("s").position
    node.hub.drop(outlet)
    missed = [node.note("1"), node.note("2"), node.note("1")]
    node.tell(*missed)
    again = node.subscribe(NOTES, resume=position)
    new = node.note("1")
    node.tell(new)
    again.wait(lambda it: len(it.view("s").events) == 3)
    view = again.view("s")
    assert view.events == [told_as(missed[0]), told_as(missed[2]), told_as(new)]
    assert view.recovered is True


def test_what_is_missed_is_for_who_missed_it(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    position = outlet.view("s").position
    note = node.note("1")
    node.tell(note)
    outlet.wait(lambda it: it.view("s").events == [told_as(note)])
    count = len(outlet.messages)
    node.subscribe(NOTES, outlet=outlet, id="late", resume=position)
    outlet.wait(lambda it: it.view("late").events == [told_as(note)])
    [message] = [message for event, message in outlet.messages[count:] if event == "next"]
    assert message["id"] == "late"


def test_what_was_trimmed_is_declared() -> None:
    node = Node(QUICK, length=3, patience=0.0)
    try:
        outlet = node.subscribe(NOTES)
        start = outlet.view("s").position
        node.tell(node.note("1"))
        outlet.wait(lambda it: it.view("s").events)
        later = outlet.view("s").position
        node.hub.drop(outlet)
        node.tell(*(node.note("1") for _ in range(3)))
        lost, kept = node.subscribe(NOTES, resume=start), node.subscribe(NOTES, resume=later)
        for outlet in (lost, kept):
            outlet.wait(lambda it: len(it.view("s").events) == 3)
        assert (lost.view("s").recovered, kept.view("s").recovered) == (False, True)
        # What is there yet is told; the one that is not was not told either.
        assert lost.view("s").events == kept.view("s").events
        note = node.note("1")
        node.tell(note)
        lost.wait(lambda it: it.view("s").events[3:] == [told_as(note)])
    finally:
        node.hub.stop()


def test_a_new_epoch_is_a_gap_and_all_that_it_holds(node: Node) -> None:
    outlet, gone = node.subscribe(NOTES), node.subscribe(NOTES)
    first = node.note("1")
    node.tell(first)
    for each in (outlet, gone):
        each.wait(lambda it: it.view("s").events == [told_as(first)])
    position = gone.view("s").position
    node.hub.drop(gone)
    notes = [node.note("1"), node.note("2"), node.note("1")]
    node.begin_epoch(*notes)
    outlet.wait(lambda it: len(it.view("s").events) == 3)
    assert outlet.view("s").events == [told_as(each) for each in (first, notes[0], notes[2])]
    assert [event for event, _ in outlet.messages] == ["subscribed", "next", "gap", "next", "next"]
    again = node.subscribe(NOTES, resume=position)
    again.wait(lambda it: it.view("s").events == [told_as(each) for each in (notes[0], notes[2])])
    assert again.view("s").recovered is False
    new = node.note("1")
    node.tell(new)
    for each in (outlet, again):
        each.wait(lambda it: it.view("s").events[-1] == told_as(new))


def test_for_who_comes_from_another_epoch_it_is_not_looked_too_far(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    outlet = node.subscribe(NOTES)
    position = outlet.view("s").position
    monkeypatch.setattr(event_jobs, "FARTHEST", 2)
    notes = [node.note("1") for _ in range(3)]
    node.begin_epoch(*notes)
    outlet.wait(lambda it: len(it.view("s").events) == 3)
    again = node.subscribe(NOTES, resume=position)
    again.wait(lambda it: it.view("s").events == [told_as(each) for each in notes[1:]])


def test_who_is_cut_off_in_a_new_epoch_resumes_in_it(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    position = outlet.view("s").position
    node.hub.drop(outlet)
    note = node.note("1")
    node.begin_epoch(note)
    full = KeptOutlet()
    full.is_full = True
    node.subscribe(NOTES, outlet=full, resume=position)
    full.wait(lambda it: it.view("s").ended)
    ended = full.view("s").ended or {}
    assert (full.view("s").recovered, ended["code"]) == (False, "SLOW_CONSUMER")
    again = node.subscribe(NOTES, resume=ended["resume"])
    again.wait(lambda it: it.view("s").events == [told_as(note)])
    assert again.view("s").recovered is True


def test_who_comes_while_a_new_epoch_is_not_yet_known_of_gets_all_of_it(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    position = outlet.view("s").position
    node.tell(node.note("1"))
    node.hub.drop(outlet)
    node.stream.clear()
    begin, note = node.stream.top(), node.note("1")
    end = node.stream.append([note])
    again = node.subscribe(NOTES, resume=position)
    again.wait(lambda it: it.view("s").recovered is False)
    node.hub.lost(begin)
    node.hub.changed(node.stream.read(begin, most=1, wait=0), end)
    again.wait(lambda it: it.view("s").events == [told_as(note)])


def test_a_hole_in_what_was_missed_is_declared_and_the_rest_is_told(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlet = node.subscribe(NOTES)
    start = outlet.view("s").position
    notes = [node.note("1") for _ in range(5)]
    positions = []
    for note in notes:
        node.tell(note)
        outlet.wait(lambda it, note=note: told_as(note) in it.view("s").events)
        positions.append(outlet.view("s").position)
    read = node.stream.read

    def unreadable(after: Position, *, most: int, wait: float) -> Sequence[Entry]:
        """The third."""
        if after.offset == 2:
            raise Gap("entry 3 cannot be read", Position(after.epoch, 3))
        return read(after, most=min(most, 2 - after.offset) if after.offset < 2 else most, wait=wait)

    monkeypatch.setattr(node.stream, "read", unreadable)
    release = held_back(node)
    holding = node.engine.before
    notes.append(node.note("1"))
    node.tell(notes[-1])
    wait_until(lambda: node.engine.before is not holding)
    # Both wait for the read of that, and are read for together.
    before, behind = node.subscribe(NOTES, resume=start), node.subscribe(NOTES, resume=positions[2])
    release()
    for each, there in ((before, [*notes[:2], *notes[3:]]), (behind, notes[3:])):
        each.wait(lambda it, there=there: it.view("s").events == [told_as(note) for note in there])
    assert (before.view("s").recovered, behind.view("s").recovered) == (False, True)


def test_who_was_on_a_node_that_is_ahead_has_missed_nothing(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    begin = node.stream.top()
    notes = [node.note("1") for _ in range(2)]
    node.tell(*notes)
    outlet.wait(lambda it: len(it.view("s").events) == 2)
    position = outlet.view("s").position
    behind = Node(QUICK, patience=0.0, stream=node.stream, begin=begin)
    try:
        again = behind.subscribe(NOTES, resume=position)
        again.wait(lambda it: it.view("s").recovered is True)
        notes.append(node.note("1"))
        end = node.stream.append(notes[-1:])
        behind.hub.changed(node.stream.read(begin, most=3, wait=0), end)
        again.wait(lambda it: it.view("s").events[-1:] == [told_as(notes[2])])
        assert again.view("s").gaps == 0
    finally:
        behind.hub.stop()


def test_an_outbox_that_is_made_anew_gives_numbers_again_and_its_events_are_others(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    position = outlet.view("s").position
    first = node.note("1")
    again = replace(first, xid=first.xid + 1, new={"id": "77", "room_id": "1"})
    elsewhere = replace(first, xid=first.xid + 2, new={"id": "78", "room_id": "2"})
    for each in ([first], [again, elsewhere]):
        node.tell(*each)
    outlet.wait(lambda it: it.view("s").events == [told_as(first), told_as(again)])
    # Read together, too.
    resumed = node.subscribe(NOTES, resume=position)
    resumed.wait(lambda it: len(it.view("s").events) == 2)
    assert resumed.view("s").payloads == outlet.view("s").payloads
    assert [each["data"]["noteAdded"]["id"] for each in outlet.view("s").payloads] == [first.new["id"], "77"]


# ---- before the stream is known


class Early(Node):
    """Its follower has not found the stream yet."""

    def __init__(self, *, patience: float = PATIENCE, stream: MemoryStream | None = None) -> None:
        super().__init__(QUICK, patience=patience, stream=stream, is_following=False)

    def find_the_stream(self) -> None:
        self.hub.lost(self.stream.top())


def test_who_comes_before_the_stream_is_known_misses_nothing_and_is_told_no_gap(node: Node) -> None:
    leaving = [node.subscribe(NOTES), node.subscribe()]
    first = node.note("1")
    node.tell(first)
    leaving[0].wait(lambda it: it.view("s").events)
    leaving[1].wait(lambda it: values(it) == [0])
    positions = [each.view("s").position for each in leaving]
    # While no node was there.
    missed = node.note("1")
    node.stream.append([missed])
    early = Early(stream=node.stream)
    try:
        notes, state = (
            early.subscribe(text, resume=position) for text, position in zip((NOTES, ROOM), positions, strict=True)
        )
        fresh_notes, fresh_state = early.subscribe(NOTES), early.subscribe(ROOM)
        assert [each.messages for each in (notes, state, fresh_notes, fresh_state)] == [[]] * 4
        early.find_the_stream()
        notes.wait(lambda it: it.view("s").events == [told_as(missed)])
        state.wait(lambda it: it.view("s").recovered is True)
        fresh_state.wait(lambda it: values(it) == [0])
        new = early.note("1")
        early.tell(new)
        fresh_notes.wait(lambda it: it.view("s").events == [told_as(new)])
        assert notes.view("s").recovered is True
        assert [each.view("s").gaps for each in (notes, fresh_notes)] == [0, 0]
        # What it is told from the beginning can be resumed from.
        again = early.subscribe(resume=fresh_state.view("s").position)
        again.wait(lambda it: it.view("s").recovered is True)
    finally:
        early.hub.stop()


@pytest.mark.parametrize("text", [NOTES, ROOM, PRESENT])
def test_a_stream_that_cannot_be_reached_keeps_nobody_waiting_for_ever(text: str) -> None:
    early = Early(patience=0.05)
    try:
        outlet = early.subscribe(text)
        outlet.wait(lambda it: it.messages)
        [(event, message)] = outlet.messages
        assert (event, message["payload"][0]["extensions"]["code"]) == ("error", "OVERLOADED")
        assert early.hub.stats()["subscriptions"] == 0
    finally:
        early.hub.stop()


def test_who_leaves_before_the_stream_is_known_is_not_begun() -> None:
    early = Early()
    try:
        gone, ended = early.subscribe(NOTES), early.subscribe(ROOM)
        early.hub.drop(gone)
        early.hub.unsubscribe(ended, "s")
        # What is refused anyway waits for no stream.
        refused = early.subscribe("query ($id: ID!) { room(id: $id) { value } }")
        assert [event for event, _ in refused.messages] == ["error"]
        early.find_the_stream()
        assert (gone.messages, ended.messages) == ([], [])
        assert early.hub.stats()["event_channels"] == early.hub.stats()["operations"] == 0
    finally:
        early.hub.stop()


def test_who_does_not_take_events_is_ended_and_resumes(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    first = node.note("1")
    node.tell(first)
    outlet.wait(lambda it: it.view("s").events)
    outlet.is_full = True
    missed = node.note("1")
    node.tell(missed)
    outlet.wait(lambda it: it.view("s").ended)
    ended = outlet.view("s").ended
    assert ended is not None
    assert ended["code"] == "SLOW_CONSUMER"
    outlet.is_full = False
    node.subscribe(NOTES, outlet=outlet, id="again", resume=ended["resume"])
    outlet.wait(lambda it: it.view("again").events == [told_as(missed)])


def test_a_channel_whose_last_subscription_was_too_slow_is_not_kept(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    outlet.is_full = True
    node.tell(node.note("1"))
    outlet.wait(lambda it: it.view("s").ended)
    with node.hub._lock:
        assert node.hub.stats()["event_channels"] == 0


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


def test_a_second_subscription_of_a_socket_takes_nothing_from_the_first(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    release = held_back(node)
    notes = [node.note("1") for _ in range(3)]
    for note in notes:
        node.tell(note)
    node.subscribe(NOTES, outlet=outlet, id="later")
    release()
    outlet.wait(lambda it: it.view("s").events == [told_as(note) for note in notes])


def test_a_second_subscription_of_a_socket_takes_nothing_from_one_that_resumes(node: Node) -> None:
    before = node.subscribe(NOTES)
    first = node.note("1")
    node.tell(first)
    before.wait(lambda it: it.view("s").events)
    release = held_back(node)
    notes = [node.note("1") for _ in range(3)]
    node.tell(notes[0])
    outlet = node.subscribe(NOTES, resume=before.view("s").position)
    for note in notes[1:]:
        node.tell(note)
    node.subscribe(NOTES, outlet=outlet, id="later")
    release()
    outlet.wait(lambda it: it.view("s").events == [told_as(note) for note in notes])


def test_what_a_viewer_may_not_see_is_no_event_for_them(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    node.engine.hidden.add("1")
    node.tell(node.note("1"))
    node.engine.hidden.clear()
    seen = node.note("1")
    node.tell(seen)
    outlet.wait(lambda it: told_as(seen) in it.view("s").events)


def test_events_wait_for_a_database_that_is_away(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    failures: list[BffError] = [Overloaded("no"), Overloaded("no")]

    def fail() -> None:
        if failures:
            raise failures.pop()

    node.engine.before = fail
    notes = [node.note("1") for _ in range(3)]
    node.tell(*notes)
    outlet.wait(lambda it: it.view("s").events == [told_as(note) for note in notes])


def test_what_always_takes_too_long_is_a_gap_and_keeps_nobody_else_from_events(node: Node) -> None:
    outlet, other = node.subscribe(NOTES), node.subscribe(NOTES, "2")
    failures = [DeadlineExceeded(), DeadlineExceeded(), DeadlineExceeded()]

    def fail() -> None:
        if failures:
            raise failures.pop()

    node.engine.before = fail
    node.tell(node.note("1"))
    outlet.wait(lambda it: it.view("s").gaps == 1)
    note = node.note("2")
    node.tell(note)
    other.wait(lambda it: it.view("s").events == [told_as(note)])


def test_who_has_no_events_for_long_is_told_how_far_it_is() -> None:
    node = Node(LiveSettings(stream_length=50), length=10)
    try:
        outlet = node.subscribe(NOTES)
        for _ in range(4):
            node.tell(*(node.note("2") for _ in range(5)))
        outlet.wait(lambda it: len(it.messages) == 5)
        assert {event for event, _ in outlet.messages[1:]} == {"position"}
        position = outlet.view("s").position
        node.hub.drop(outlet)
        note = node.note("1")
        node.tell(note)
        again = node.subscribe(NOTES, resume=position)
        again.wait(lambda it: it.view("s").events == [told_as(note)])
        assert again.view("s").recovered is True
    finally:
        node.hub.stop()


def test_a_defect_of_events_is_a_gap(node: Node) -> None:
    outlet = node.subscribe(NOTES)

    def fail() -> None:
        node.engine.before = lambda: None
        raise ZeroDivisionError

    node.engine.before = fail
    node.tell(node.note("1"))
    outlet.wait(lambda it: it.view("s").gaps == 1)
    note = node.note("1")
    node.tell(note)
    outlet.wait(lambda it: it.view("s").events == [told_as(note)])


# ---- presence


def present(outlet: KeptOutlet, id: str = "s") -> list[str]:
    payload = outlet.view(id).payload
    return [] if payload is None else [each["id"] for each in payload["data"]["present"]]


def test_who_subscribes_is_there_until_they_leave(node: Node) -> None:
    first = node.subscribe(PRESENT, viewer=7)
    first.wait(lambda it: present(it) == ["7"])
    second = node.subscribe(PRESENT, viewer=8)
    twice = node.subscribe(PRESENT, viewer=8)
    for outlet in (first, second, twice):
        outlet.wait(lambda it: present(it) == ["7", "8"])
    node.hub.drop(second)
    node.hub.unsubscribe(twice, "s")
    first.wait(lambda it: present(it) == ["7"])


def test_where_a_viewer_may_not_look_they_cannot_be(node: Node) -> None:
    node.engine.hidden.add("1")
    outlet = node.subscribe(PRESENT)
    [(event, message)] = outlet.messages
    assert event == "error"
    assert message["payload"][0]["extensions"]["code"] == "NOT_VISIBLE"
    assert node.hub.stats()["subscriptions"] == 0
