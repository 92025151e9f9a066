"""The relay, over a real outbox: nothing is lost, whatever the database, the stream or another relay does."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine
from structlog.testing import capture_logs

from bff.changes import relay as relay_module
from bff.changes.change import Change
from bff.changes.relay import Relay
from bff.changes.stream import MemoryStream, Position, StreamAway
from bff.database.direct import direct_engine
from bff.telemetry import RELAY
from tests.bff.changes.captured import Host
from tests.bff.polling import wait_until


@pytest.fixture(scope="module")
def prepared(make_database: Callable[[], str]) -> Iterator[Host]:
    engine = create_engine(make_database())
    host = Host(engine)
    host.run("CREATE TABLE tasks (id int PRIMARY KEY, thread text)")
    host.capture(tasks={"thread"})
    yield host
    engine.dispose()


@pytest.fixture
def host(prepared: Host) -> Host:
    """A table of tasks, and nothing in the outbox."""
    prepared.run("TRUNCATE tasks", "TRUNCATE bff.outbox")
    return prepared


class Recording(MemoryStream):
    """Knows all that was appended, and fails when it is told to: before it appends, or after."""

    fails: Callable[[], bool] = staticmethod(lambda: False)
    fails_after: Callable[[], bool] = staticmethod(lambda: False)

    def __init__(self) -> None:
        super().__init__()
        self.appended: list[Change] = []

    def append(self, changes: Sequence[Change]) -> Position:
        if self.fails():
            raise StreamAway("cut")
        self.appended += changes
        position = super().append(changes)
        if self.fails_after():
            raise StreamAway("cut after")
        return position

    def told(self) -> list[str | None]:
        """The ids of the rows, as they came."""
        return [change.new.get("id") for change in self.appended]


@pytest.fixture
def stream() -> Recording:
    return Recording()


@pytest.fixture
def start(host: Host, stream: Recording) -> Iterator[Callable[..., Relay]]:
    """`start()` gives a relay that runs; it is stopped with the test."""
    with ExitStack() as running:

        def start(to: MemoryStream = stream, engine: Engine = host.engine, **options: Any) -> Relay:
            relay = Relay(direct_engine(engine, None), to, **options)
            relay.start()
            running.callback(relay.stop)
            return relay

        yield start


def times(number: int) -> Callable[[], bool]:
    """True so many times, then False."""
    left = [True] * number
    return lambda: bool(left and left.pop())


def is_done(host: Host, stream: Recording, ids: Sequence[int]) -> Callable[[], bool]:
    """Whether these rows, and nothing else, have been told once, and the outbox is empty."""
    return lambda: sorted(map(str, stream.told())) == sorted(map(str, ids)) and host.waiting() == 0


# From the outbox into the stream


def test_what_is_in_the_outbox_goes_into_the_stream_in_order(
    host: Host, stream: Recording, start: Callable[..., Relay]
) -> None:
    host.run(
        "INSERT INTO tasks SELECT generate_series(1, 25)",
        "UPDATE tasks SET thread = 'a' WHERE id = 3",
        "TRUNCATE tasks",
    )
    relay = start(batch=10)
    wait_until(lambda: len(stream.appended) == 27 and host.waiting() == 0)
    ids = [change.id for change in stream.appended]
    assert ids == sorted(ids)
    *_, update, truncate = stream.appended
    assert (update.table, update.kind, update.changed) == ("tasks", "update", {"thread"})
    assert (update.old, update.new) == ({"id": "3", "thread": None}, {"id": "3", "thread": "a"})
    assert truncate == Change(truncate.id, truncate.xid, "tasks", "truncate", {}, {}, frozenset())
    assert len({change.xid for change in stream.appended}) == 3
    wait_until(lambda: relay.stats().relayed == 27)
    assert repr(relay) == "<Relay relaying, 27 changes in 3 batches, 0 failures>"


def test_a_commit_wakes_the_relay(
    host: Host, stream: Recording, start: Callable[..., Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "POLL", 60)
    relay = start()
    wait_until(lambda: relay.stats().state == "relaying")
    for id in range(1, 6):
        host.run(f"INSERT INTO tasks VALUES ({id})")
        wait_until(is_done(host, stream, range(1, id + 1)), seconds=5)


def test_what_nobody_notified_of_is_found(host: Host, stream: Recording, start: Callable[..., Relay]) -> None:
    relay = start()
    wait_until(lambda: relay.stats().state == "relaying")
    host.run("""INSERT INTO bff.outbox (table_name, kind, new) VALUES ('tasks', 'insert', '{"id": "7"}')""")
    wait_until(is_done(host, stream, [7]), seconds=5)


def test_what_commits_late_is_told_though_later_ids_were(
    host: Host, stream: Recording, start: Callable[..., Relay]
) -> None:
    start()
    with host.engine.connect() as early, host.engine.connect() as undone:
        early.exec_driver_sql("INSERT INTO tasks VALUES (1)")
        undone.exec_driver_sql("INSERT INTO tasks VALUES (2)")
        host.run("INSERT INTO tasks VALUES (3)")
        wait_until(lambda: stream.told() == ["3"])
        undone.rollback()
        host.run("INSERT INTO tasks VALUES (4)")
        wait_until(lambda: stream.told() == ["3", "4"])
        early.commit()
    wait_until(lambda: stream.told() == ["3", "4", "1"])
    assert stream.appended[2].id < stream.appended[0].id
    wait_until(is_done(host, stream, [1, 3, 4]))


def test_what_is_too_long_to_be_told_is_a_change_of_the_table(
    host: Host, stream: Recording, start: Callable[..., Relay]
) -> None:
    host.run(
        "INSERT INTO tasks VALUES (1, repeat('x', 1000000)), (2, repeat('é', 1000))",
        """INSERT INTO bff.outbox (table_name, kind, old, new) VALUES ('tasks', 'delete', '[]', '{"id": 7}')""",
        "INSERT INTO tasks VALUES (3)",
    )
    relay = start()
    wait_until(lambda: len(stream.appended) == 4 and host.waiting() == 0)
    assert [(change.kind, change.new.get("id")) for change in stream.appended] == [
        ("truncate", None),
        ("insert", "2"),
        ("truncate", None),
        ("insert", "3"),
    ]
    wait_until(lambda: relay.stats().coarse == 2)


def test_an_outbox_that_is_made_anew_meanwhile_keeps_what_is_new(
    host: Host, stream: Recording, start: Callable[..., Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    delete, is_new = Relay._delete, threading.Event()

    def made_anew(self: Relay, connection: Any, rows: Any) -> None:
        if not is_new.is_set():
            is_new.set()
            host.run("TRUNCATE bff.outbox RESTART IDENTITY", "INSERT INTO tasks VALUES (2)")
        delete(self, connection, rows)

    host.run("TRUNCATE bff.outbox RESTART IDENTITY", "INSERT INTO tasks VALUES (1)")
    monkeypatch.setattr(Relay, "_delete", made_anew)
    start()
    wait_until(is_done(host, stream, [1, 2]))
    assert {change.id for change in stream.appended} == {1}


# The stream is away


def test_while_the_stream_is_away_changes_wait(host: Host, stream: Recording, start: Callable[..., Relay]) -> None:
    is_away = threading.Event()
    is_away.set()
    stream.fails = is_away.is_set
    with capture_logs() as logs:
        relay = start()
        host.run("INSERT INTO tasks VALUES (1), (2)")
        wait_until(lambda: relay.stats().failures >= 3)
        host.run("INSERT INTO tasks VALUES (3)")
        assert relay.stats().state == "away"
        assert host.waiting() == 3
        is_away.clear()
        wait_until(is_done(host, stream, [1, 2, 3]))
    # Once, not at every attempt.
    assert [record["error"] for record in logs if record.get("state") == "away"] == ["cut"]


def test_what_may_have_been_appended_is_appended_again(
    host: Host, stream: Recording, start: Callable[..., Relay]
) -> None:
    stream.fails_after = times(2)
    start()
    host.run("INSERT INTO tasks VALUES (1)")
    wait_until(lambda: len(stream.appended) == 3 and host.waiting() == 0)
    assert len({(change.xid, change.id) for change in stream.appended}) == 1


def test_who_cannot_reach_the_stream_leaves_it_to_another(
    host: Host, stream: Recording, start: Callable[..., Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    cut = Recording()
    cut.fails = lambda: True
    first = start(cut, patience=0.3)
    wait_until(lambda: first.stats().state == "relaying")
    monkeypatch.setattr(relay_module, "TURN", 60)
    second = start()
    wait_until(lambda: second.stats().state == "waiting")
    host.run("INSERT INTO tasks VALUES (1)")
    wait_until(is_done(host, stream, [1]))
    assert second.stats().state == "relaying"
    wait_until(lambda: first.stats().state == "waiting")
    assert cut.appended == []


# One at a time


def test_one_relays_and_the_others_wait(
    host: Host, stream: Recording, start: Callable[..., Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    relays = [start() for _ in range(3)]
    wait_until(lambda: sorted(relay.stats().state for relay in relays) == ["relaying", "waiting", "waiting"])
    host.run("INSERT INTO tasks VALUES (1), (2)")
    wait_until(is_done(host, stream, [1, 2]))
    # It is counted when it has left the outbox.
    wait_until(lambda: sorted(relay.stats().relayed for relay in relays) == [0, 0, 2])
    # The next one is told when it stops: nobody asks for a minute.
    monkeypatch.setattr(relay_module, "TURN", 60)
    wait_until(lambda: _listeners(host) == 2)
    for number in (3, 4):
        (leader,) = [relay for relay in relays if relay.stats().state == "relaying"]
        leader.stop()
        relays.remove(leader)
        host.run(f"INSERT INTO tasks VALUES ({number})")
        wait_until(is_done(host, stream, range(1, number + 1)))


def _listeners(host: Host) -> int:
    """Relays that ask for the lock no more before they are told, or a minute is over."""
    with host.engine.connect() as connection:
        count: int = connection.exec_driver_sql(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'bff relay'"
            " AND query LIKE 'SELECT pg_try_advisory_lock%%' AND state = 'idle'"
        ).scalar_one()
        return count


def test_when_it_loses_its_connection_another_goes_on(
    host: Host, stream: Recording, start: Callable[..., Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "TURN", 0.05)
    start()
    start()
    for id in range(1, 6):
        host.run(f"INSERT INTO tasks VALUES ({id})")
        wait_until(is_done(host, stream, range(1, id + 1)))
        # Both connections, whatever they are at.
        host.run("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'bff relay'")
    host.run("INSERT INTO tasks VALUES (6)")
    wait_until(is_done(host, stream, range(1, 7)))


# What it costs


def test_an_idle_relay_sends_one_statement_a_look_and_one_that_waits_one_a_turn(
    start: Callable[..., Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay_module, "POLL", 0.02)
    monkeypatch.setattr(relay_module, "TURN", 0.02)
    sent: dict[str, int] = {}
    rests: dict[str, int] = {}
    execute, rest = relay_module._execute, Relay._rest

    def counting(connection: Any, sql: str, *parameters: object) -> list[Any]:
        sent[threading.current_thread().name] = sent.get(threading.current_thread().name, 0) + 1
        return execute(connection, sql, *parameters)

    def resting(relay: Relay, seconds: float, connection: Any = None) -> None:
        rests[relay.stats().state] = rests.get(relay.stats().state, 0) + 1
        rest(relay, seconds, connection)

    one, two = start(), start()
    wait_until(lambda: {one.stats().state, two.stats().state} == {"relaying", "waiting"})
    monkeypatch.setattr(relay_module, "_execute", counting)
    monkeypatch.setattr(Relay, "_rest", resting)
    wait_until(lambda: rests.get("relaying", 0) >= 20 and rests.get("waiting", 0) >= 20)
    assert sum(sent.values()) <= sum(rests.values()) + 2


# Starting and stopping


def test_without_an_outbox_it_waits_for_the_install(
    make_database: Callable[[], str], stream: Recording, start: Callable[..., Relay]
) -> None:
    bare = Host(create_engine(make_database()))
    with capture_logs() as logs:
        relay = start(engine=bare.engine)
        wait_until(lambda: relay.stats().failures == 3)
    # Once, and it does not say that it relays.
    [warning] = [record for record in logs if record["event"] == RELAY]
    assert warning["advice"] == "run `bff live install`"
    bare.run("CREATE TABLE tasks (id int PRIMARY KEY)")
    bare.capture()
    bare.run("INSERT INTO tasks VALUES (1)")
    wait_until(is_done(bare, stream, [1]))
    bare.engine.dispose()


def test_a_pooler_in_between_is_told_of(
    host: Host, start: Callable[..., Relay], monkeypatch: pytest.MonkeyPatch
) -> None:
    execute = relay_module._execute

    def as_behind_a_pooler(connection: Any, sql: str, *parameters: object) -> list[Any]:
        # The process that the driver was told of is none of PostgreSQL's.
        return [(0,)] if sql == "SELECT pg_backend_pid()" else execute(connection, sql, *parameters)

    monkeypatch.setattr(relay_module, "_execute", as_behind_a_pooler)
    with capture_logs() as logs:
        relay = start()
        wait_until(lambda: relay.stats().state == "relaying")
    assert "set BFF_LIVE_DATABASE_URL" in logs[0]["advice"]


def test_it_stops_at_once_whatever_it_is_at(host: Host, start: Callable[..., Relay], stream: Recording) -> None:
    stream.fails = lambda: True
    nowhere = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none", connect_args={"connect_timeout": 2})
    relays = {"relaying": start(), "waiting": start(), "away": start(engine=nowhere)}
    wait_until(lambda: {relay.stats().state for relay in relays.values()} >= {"relaying", "waiting"})
    for relay in relays.values():
        relay.stop(2)
        assert relay.stats().state == "stopped"


def test_its_connection_is_not_one_of_the_pool(host: Host, start: Callable[..., Relay], stream: Recording) -> None:
    engine = create_engine(host.engine.url, pool_size=1, max_overflow=0, pool_timeout=0.1)
    with engine.connect() as connection:
        start(engine=engine)
        connection.exec_driver_sql("INSERT INTO tasks VALUES (1)")
        connection.commit()
        wait_until(lambda: stream.told() == ["1"])
    engine.dispose()


def test_the_direct_engine_connects_as_the_host_does(host: Host) -> None:
    engine = create_engine(host.engine.url, connect_args={"application_name": "the host"})
    with direct_engine(engine, None).connect() as connection:
        assert connection.exec_driver_sql("SHOW application_name").scalar_one() == "the host"
    elsewhere = host.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
    nowhere = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none")
    with direct_engine(nowhere, SecretStr(elsewhere)).connect() as connection:
        assert connection.exec_driver_sql("SELECT current_database()").scalar_one() == host.engine.url.database
    engine.dispose()
