"""Real PostgreSQL, real Valkey, processes that are killed: no change is lost in silence, none is told twice.

A person runs the long form: `pytest tests/bff/changes/test_loss.py --outage 10`.
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

import psycopg2
import pytest
import redis
from sqlalchemy import create_engine

from bff.changes import follower as follower_module
from bff.changes.change import Change
from bff.changes.follower import Follower
from bff.changes.relay import Relay
from bff.changes.stream import Entry, Position, RedisStream
from bff.database.direct import direct_engine
from bff.testing.embedded import EmbeddedValkey
from bff.testing.places import temporary_directory
from loadtest.live.proxy import Proxy
from tests.bff.changes.captured import Host
from tests.bff.polling import wait_until

ROOT = Path(__file__).parents[3]

pytestmark = pytest.mark.slow

OUTAGE = 0.5
"""Seconds for which Redis is away, in the short form."""


@pytest.fixture(scope="module")
def prepared(make_database: Callable[[], str]) -> Iterator[Host]:
    engine = create_engine(make_database())
    host = Host(engine)
    host.run("CREATE TABLE tasks (id int PRIMARY KEY)")
    host.capture()
    yield host
    engine.dispose()


@pytest.fixture
def host(prepared: Host) -> Host:
    """A table of tasks, and nothing in the outbox."""
    prepared.run("TRUNCATE tasks", "TRUNCATE bff.outbox")
    return prepared


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A follower that stops is in a read."""
    monkeypatch.setattr(follower_module, "WAIT", 0.1)


@pytest.fixture
def outage(request: pytest.FixtureRequest) -> float:
    seconds: float | None = request.config.getoption("--outage", default=None)
    return OUTAGE if seconds is None else seconds


class Redis:
    """A Redis of one test's own, always at one address, that ends and starts again."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._server = self._started()
        self.proxy = Proxy(("127.0.0.1", self._server.port)).__enter__()
        self.url = f"redis://:of-the-tests@127.0.0.1:{self.proxy.place[1]}/0"

    def end(self, *, keep: bool, kill: bool = False) -> None:
        """Without its data, unless it may `keep` what it has written; `kill` ends it without a word."""
        if kill:
            os.kill(int((self._directory / "pid").read_text()), signal.SIGKILL)
        self._server.__exit__(None, None, None)
        if not keep:
            shutil.rmtree(self._directory / "appendonlydir")

    def start(self) -> None:
        self._server = self._started()
        self.proxy.target = ("127.0.0.1", self._server.port)

    def close(self) -> None:
        self.proxy.__exit__(None, None, None)
        self._server.__exit__(None, None, None)

    def _started(self) -> EmbeddedValkey:
        return EmbeddedValkey(self._directory, password="of-the-tests").__enter__()


@pytest.fixture
def own_redis() -> Iterator[Redis]:
    with temporary_directory() as directory, closing(Redis(directory / "valkey")) as server:
        yield server


class Writer:
    """Commits one task after the other, until the block ends; knows which are committed."""

    def __init__(self, host: Host) -> None:
        self._url = host.engine.url.set(drivername="postgresql").render_as_string(hide_password=False)
        self._ends = threading.Event()
        self._thread = threading.Thread(target=self._write)
        self.committed: list[int] = []

    def __enter__(self) -> Writer:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ends.set()
        self._thread.join()

    def some_more(self) -> None:
        """Wait until it has committed some more."""
        wanted = len(self.committed) + 10
        wait_until(lambda: len(self.committed) >= wanted)

    def _write(self) -> None:
        with closing(psycopg2.connect(self._url)) as connection, connection.cursor() as cursor:
            while not self._ends.wait(0.005):
                id = len(self.committed) + 1
                cursor.execute("INSERT INTO tasks VALUES (%s)", [id])
                connection.commit()
                self.committed.append(id)


class KnownStream(RedisStream):
    """Knows what it has appended, epoch by epoch: of that alone Redis may have lost something."""

    def __init__(self, url: str) -> None:
        super().__init__(url)
        self._appended: dict[str, set[int]] = {}

    def append(self, changes: Sequence[Change]) -> Position:
        position = super().append(changes)
        self._appended.setdefault(position.epoch, set()).update(int(change.new["id"] or 0) for change in changes)
        return position

    def over(self) -> set[int]:
        """What was appended in epochs that are over, and is not in the last one."""
        *former, last = self._appended.values()
        return set().union(*former) - last


class Hub:
    """Knows what it was told."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self.told: list[int] = []
        self.gaps = 0

    def changed(self, entries: Sequence[Entry], position: Position) -> None:
        self.told += [int(entry.change.new["id"] or 0) for entry in entries]

    def lost(self, position: Position) -> None:
        self.gaps += 1

    def unknown(self) -> set[int]:
        """What this hub knows nothing of: committed and not told."""
        return set(self._writer.committed) - set(self.told)


@contextmanager
def following(host: Host, url: str) -> Iterator[tuple[Writer, Hub, Follower, Relay]]:
    """A writer, a relay and a follower at work; at the end all has to be known that was not Redis's to lose, told once at most."""
    with ExitStack() as stack:
        writer = Writer(host)
        hub = Hub(writer)
        appended = stack.enter_context(closing(KnownStream(url)))
        relay = Relay(direct_engine(host.engine, None), appended)
        follower = Follower(stack.enter_context(closing(RedisStream(url))), hub.changed, hub.lost)
        for each in (relay, follower):
            each.start()
            stack.callback(each.stop)
        wait_until(lambda: follower.is_connected)
        with writer:
            writer.some_more()
            yield writer, hub, follower, relay
            writer.some_more()
        wait_until(lambda: host.waiting() == 0)
        try:
            wait_until(lambda: hub.unknown() <= appended.over())
        except AssertionError:
            lost = sorted(hub.unknown() - appended.over())
            raise AssertionError(f"{len(lost)} of {len(writer.committed)} are lost: {lost[:10]}") from None
        assert len(hub.told) == len(set(hub.told))


# Redis


def test_nothing_happens_and_everything_is_told(host: Host, redis_url: str) -> None:
    with following(host, redis_url) as (writer, hub, follower, _):
        writer.some_more()
    assert (follower.stats().gaps, hub.told) == (0, writer.committed)


@pytest.mark.parametrize("way", ["with its data", "without its data", "killed"])
def test_redis_restarts(host: Host, own_redis: Redis, outage: float, way: str) -> None:
    with following(host, own_redis.url) as (writer, hub, follower, relay):
        own_redis.end(keep=way == "with its data", kill=way == "killed")
        ends = time.monotonic() + outage
        wait_until(
            lambda: not follower.is_connected and relay.stats().failures and time.monotonic() > ends,
            seconds=outage + 15,
        )
        writer.some_more()
        own_redis.start()
        # Another process: whether it kept the last entries that it acknowledged, nobody can know.
        wait_until(lambda: follower.stats().gaps)
        writer.some_more()
    assert hub.told == sorted(hub.told)


def test_redis_is_flushed(host: Host, redis_url: str) -> None:
    with following(host, redis_url) as (writer, _, follower, _), closing(redis.Redis.from_url(redis_url)) as client:
        for number in (1, 2):
            # Of this test's database alone.
            client.flushdb()
            wait_until(lambda number=number: follower.stats().gaps == number)
            writer.some_more()


def test_connections_that_die_in_silence_are_noticed(host: Host, own_redis: Redis) -> None:
    with following(host, own_redis.url) as (writer, hub, follower, relay):
        with own_redis.proxy.black_hole():
            wait_until(lambda: not follower.is_connected and relay.stats().failures, seconds=10)
            writer.some_more()
        wait_until(lambda: follower.is_connected and relay.stats().state == "relaying", seconds=10)
    # Redis had everything all the time.
    assert follower.stats().gaps == 0
    assert hub.told == writer.committed


# The relay

KILLED = """
import json, os, signal, sys
from sqlalchemy import create_engine
from bff.changes import relay as module
from bff.changes.relay import Relay
from bff.changes.stream import RedisStream

database, url, *steps = sys.argv[1:]
module.TURN = 0.05

def die():
    os.kill(os.getpid(), signal.SIGKILL)

class Killed(Relay):
    def _wait_for_turn(self, connection):
        super()._wait_for_turn(connection)
        if step == "has the lock":
            die()

    def _read(self, connection):
        rows = super()._read(connection)
        if rows and step == "has read":
            die()
        return rows

    def _append(self, changes):
        if step == "has appended a part":
            # As when the node that took over finds them in the stream in another order.
            self._stream.append(changes[-1:])
            die()
        super()._append(changes)
        if step == "has appended":
            die()

    def _delete(self, connection, rows):
        if step == "is deleting":
            connection.autocommit = False
            super()._delete(connection, rows)
            die()
        super()._delete(connection, rows)
        if step == "has deleted":
            die()

# What takes long is importing. A step's name is one of the child's globals.
children = []
for step in steps:
    if not (child := os.fork()):
        Killed(create_engine(database), RedisStream(url)).run()
    children.append(child)
print(json.dumps([os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) for child in children]))
"""

STEPS = ["has the lock", "has read", "has appended a part", "has appended", "is deleting", "has deleted"]


def test_relays_that_are_killed_at_each_step_are_followed_by_others(host: Host, redis_url: str) -> None:
    database = host.engine.url.render_as_string(hide_password=False)
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with ExitStack() as stack:
        writer = Writer(host)
        hub = Hub(writer)
        stream = stack.enter_context(closing(RedisStream(redis_url)))
        follower = Follower(stream, hub.changed, hub.lost)
        follower.start()
        stack.callback(follower.stop)
        wait_until(lambda: hub.gaps)
        with writer:
            # All are there at once: who dies is followed by one of the others.
            command = [sys.executable, "-c", KILLED, database, redis_url, *STEPS]
            ended = subprocess.run(command, env=environment, stdout=subprocess.PIPE, timeout=30, check=True).stdout
            assert json.loads(ended.splitlines()[-1]) == [-signal.SIGKILL] * len(STEPS)
            last = Relay(direct_engine(host.engine, None), stream)
            last.start()
            stack.callback(last.stop)
            writer.some_more()
        wait_until(lambda: host.waiting() == 0 and not hub.unknown())
    assert sorted(hub.told) == writer.committed
    stats = follower.stats()
    assert stats.gaps == 0
    assert stats.duplicates >= 3


class Unlocked(Relay):
    """Takes itself to have the lock."""

    def _wait_for_turn(self, connection: object) -> None:
        return


def test_two_that_both_take_themselves_to_have_the_lock_do_no_harm(host: Host, redis_url: str) -> None:
    with following(host, redis_url) as (writer, hub, follower, _), closing(RedisStream(redis_url)) as stream:
        second = Unlocked(direct_engine(host.engine, None), stream)
        second.start()
        for _ in range(5):
            writer.some_more()
        second.stop()
    assert sorted(hub.told) == writer.committed
    assert follower.stats().gaps == 0


# gevent

IN_GEVENT = """
import gevent.monkey
gevent.monkey.patch_all()

import json, sys, time
import gevent, psycopg2
from gevent.pool import Pool
from sqlalchemy import create_engine
import bff
from bff.database.direct import direct_engine
from bff.changes.follower import Follower
from bff.changes.relay import Relay
from bff.changes.stream import RedisStream

bff.patch_psycopg2()
database, url = sys.argv[1:]
engine = create_engine(database)
told, beats = [], []
relays = [Relay(direct_engine(engine, None), RedisStream(url)) for _ in range(2)]
follower = Follower(RedisStream(url), lambda entries, position: told.extend(entry.change.id for entry in entries), lambda position: None)

def beat():
    while True:
        beats.append(time.monotonic())
        gevent.sleep(0.01)

def write(id):
    with engine.begin() as connection:
        connection.exec_driver_sql(f"INSERT INTO tasks VALUES ({id})")

ticker = gevent.spawn(beat)
for each in (follower, *relays):
    each.start()
with gevent.Timeout(20):
    while not follower.is_connected or {relay.stats().state for relay in relays} != {"relaying", "waiting"}:
        gevent.sleep(0.01)
    list(Pool(5).imap_unordered(write, range(200)))
    while len(told) < 200:
        gevent.sleep(0.01)
    # Idle, for longer than a look takes: who waits, waits on the hub.
    rested = len(beats) + 120
    while len(beats) < rested:
        gevent.sleep(0.01)
for each in (follower, *relays):
    each.stop()
ticker.kill()
states = [each.stats().state for each in (follower, *relays)]
longest = max(after - before for before, after in zip(beats, beats[1:]))
print(json.dumps({"told": len(told), "distinct": len(set(told)), "states": states, "longest": longest}))
"""


def test_all_of_it_runs_under_gevent(host: Host, redis_url: str) -> None:
    done = subprocess.run(
        [sys.executable, "-c", IN_GEVENT, host.engine.url.render_as_string(hide_password=False), redis_url],
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout.splitlines()[-1])
    assert (found["told"], found["distinct"], found["states"]) == (200, 200, ["stopped"] * 3)
    # Had anything blocked the hub, it would have been for the seconds of a wait.
    assert found["longest"] < 0.5
    assert host.waiting() == 0
