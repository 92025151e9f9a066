"""From a state to the changes after it, over the real database: what the snapshot does not hold leads to another run, and
nothing else does, whenever it was written, committed and told. And events, whatever becomes of the outbox.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import count

import pytest
import strawberry
from sqlalchemy import Connection, Engine, create_engine, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import bff
from bff.changes import install as capture
from bff.changes.stream import Entry, MemoryStream
from bff.http.request import GraphQLRequest
from bff.live.hub import Hub
from bff.live.presence import MemoryPresence
from bff.plan.plan import Plan
from bff.protocol.messages import Subscribe
from bff.readsets.readset import Invocation, LiveAnswers
from bff.server import Server
from bff.settings import LiveSettings
from tests.bff.fuzz.live import take_changes
from tests.bff.live.outlets import PATIENCE, KeptOutlet
from tests.bff.polling import wait_until


class Base(DeclarativeBase): ...


class RoomRow(Base):
    __tablename__ = "rooms"
    id: Mapped[int] = mapped_column(primary_key=True)
    value: Mapped[int]


@bff.entity(RoomRow, policy=bff.public)
class Room:
    id: strawberry.ID
    value: int


@strawberry.type
class Query:
    room: Room | None = bff.lookup()


@strawberry.type
class Subscription:
    room: Room | None = bff.lookup()
    room_changed: bff.Changed[Room] = bff.event()


SCHEMA = bff.Schema(query=Query, subscription=Subscription)


class Interrupted(Server):
    """Between a run's snapshot and what the hub makes of it, `after` happens, once."""

    after: Callable[[], None] | None = None

    def execute_live(self, plan: Plan, asked: Sequence[Invocation], viewer: object | None) -> LiveAnswers:
        executed = super().execute_live(plan, asked, viewer)
        after, self.after = self.after, None
        if after is not None:
            after()
        return executed


class Node:
    """A hub that is told by hand of what the outbox has."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.server, self.outlet = engine, Interrupted(schema=SCHEMA, engine=engine), KeptOutlet()
        self.hub = Hub(
            self.server,
            MemoryStream(),
            MemoryPresence(),
            secret=b"secret",
            settings=LiveSettings(window=0.0),
            patience=10.0,
        )
        self._stream = MemoryStream()
        self._stream.append([])
        self.hub.start()
        self.hub.lost(self._stream.top())

    def subscribe(self, query: str = "subscription { room(id: 1) { value } }") -> None:
        request = GraphQLRequest(query=query)
        self.hub.subscribe(self.outlet, Subscribe(id="1", request=request), self.server.find(request), None)

    def tell(self) -> None:
        """What the relay and the follower do."""
        with self.engine.begin() as connection:
            changes = take_changes(connection)
        assert changes
        before = self._stream.top()
        position = self._stream.append(changes)
        entries = [Entry(before.offset + number, change) for number, change in enumerate(changes, 1)]
        self.hub.changed(entries, position)

    def rests(self) -> int:
        """Wait until nothing is to be run; gives how many runs there were."""
        wait_until(lambda: self.hub.stats()["due"] == self.hub.stats()["running"] == 0)
        return self.hub.stats()["executions"]

    @property
    def values(self) -> list[int]:
        return [
            message["payload"]["data"]["room"]["value"] for event, message in self.outlet.messages if event == "next"
        ]


@pytest.fixture(scope="module")
def engine(make_database: Callable[[], str]) -> Iterator[Engine]:
    engine = create_engine(make_database(), pool_size=4, max_overflow=0)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        capture.install(connection, capture.tables_of([RoomRow]))
        connection.execute(text("insert into rooms values (1, 0)"))
    yield engine
    engine.dispose()


@pytest.fixture
def node(engine: Engine) -> Iterator[Node]:
    with engine.begin() as connection:
        connection.execute(text("update rooms set value = 0"))
        connection.execute(text("truncate bff.outbox"))
    node = Node(engine)
    yield node
    node.hub.stop()


_numbers = count(1)


def write(connection: Connection) -> int:
    """Gives the room another value."""
    value = next(_numbers)
    connection.execute(text("update rooms set value = :value"), {"value": value})
    return value


def write_in_a_savepoint(connection: Connection) -> int:
    """The transaction is another one inside, and none of its own."""
    with connection.begin_nested():
        return write(connection)


Write = Callable[[Connection], int]
writes = pytest.mark.parametrize("write", [write, write_in_a_savepoint])


@contextmanager
def others(engine: Engine) -> Iterator[None]:
    """One that was begun before is open all the while: the snapshot's `xmin` tells of none that follow."""
    with engine.connect() as connection:
        connection.execute(text("select pg_current_xact_id()"))
        yield
        connection.rollback()


def pass_by(engine: Engine) -> None:
    """A transaction begins later and is over earlier: the snapshot's `xmax` tells of none that are open."""
    with engine.begin() as connection:
        connection.execute(text("select pg_current_xact_id()"))


@writes
def test_what_was_written_before_the_snapshot_and_committed_after_it_is_run_for(node: Node, write: Write) -> None:
    with others(node.engine), node.engine.connect() as connection:
        value = write(connection)
        pass_by(node.engine)
        node.subscribe()
        assert node.rests() == 1
        connection.commit()
        node.tell()
        assert node.rests() == 2
    assert node.values == [0, value]


@writes
def test_what_was_committed_before_the_snapshot_is_not_run_for(node: Node, write: Write) -> None:
    with others(node.engine):
        with node.engine.begin() as connection:
            value = write(connection)
        node.subscribe()
        node.outlet.wait(lambda _: node.values)
        node.tell()
        assert node.rests() == 1
    assert node.values == [value]


@writes
def test_what_is_committed_and_told_while_it_runs_is_run_for(node: Node, write: Write) -> None:
    with others(node.engine), node.engine.connect() as connection:
        value = write(connection)
        pass_by(node.engine)

        def after() -> None:
            connection.commit()
            node.tell()

        node.server.after = after
        node.subscribe()
        node.outlet.wait(lambda _: len(node.values) == 2)
        assert node.rests() == 2
    assert node.values == [0, value]


@writes
def test_what_is_told_while_it_runs_and_was_committed_before_is_not_run_for(node: Node, write: Write) -> None:
    with others(node.engine):
        with node.engine.begin() as connection:
            value = write(connection)
        node.server.after = node.tell
        node.subscribe()
        node.outlet.wait(lambda _: node.values)
        assert node.rests() == 1
    assert node.values == [value]


def test_what_is_begun_after_the_snapshot_is_run_for(node: Node) -> None:
    node.subscribe()
    assert node.rests() == 1
    with node.engine.begin() as connection:
        value = write(connection)
    node.tell()
    assert node.rests() == 2
    assert node.values == [0, value]


def test_of_two_transactions_each_is_told_by_its_own_snapshot(node: Node) -> None:
    """One is held by the first state, the other by the second: two runs, whatever is told when."""
    with node.engine.connect() as early, node.engine.connect() as late:
        early.execute(text("update rooms set value = value + 1000"))
        early.commit()
        late.execute(text("update rooms set value = value + 2000"))
        reading, go_on = threading.Event(), threading.Event()

        def after() -> None:
            reading.set()
            assert go_on.wait(PATIENCE)

        node.server.after = after
        node.subscribe()
        assert reading.wait(PATIENCE)
        node.tell()
        late.commit()
        node.tell()
        go_on.set()
        node.outlet.wait(lambda _: len(node.values) == 2)
        assert node.rests() == 2
    assert node.values == [1000, 3000]


def test_events_of_an_outbox_that_is_made_anew_are_told(node: Node) -> None:
    """Its numbers begin again: who drops what came already must not drop these."""
    node.subscribe("subscription { roomChanged { node { value } } }")
    written = []
    for _ in range(2):
        with node.engine.begin() as connection:
            connection.execute(text("drop schema bff cascade"))
            capture.install(connection, capture.tables_of([RoomRow]))
        for _ in range(3):
            with node.engine.begin() as connection:
                written.append(write(connection))
            node.tell()
    node.outlet.wait(lambda it: len(it.view("1").events) == 6)
    values = [payload["data"]["roomChanged"]["node"]["value"] for payload in node.outlet.view("1").payloads]
    # Payloads are read when they are told.
    assert (values[-1], values) == (written[-1], sorted(values))
