"""The live side of a process over PostgreSQL and Redis: what starts with it, what ends, and that a commit is told."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack

import pytest
from sqlalchemy import Engine, create_engine, text

from bff.changes.install import install, tables_in
from bff.documents.registry import FreeText
from bff.http.request import GraphQLRequest
from bff.live.node import LiveNode
from bff.protocol.messages import Subscribe
from bff.settings import LiveSettings
from tests.bff.live.memory_node import ROOM, SCHEMA, Base, MemoryEngine, values
from tests.bff.live.outlets import KeptOutlet
from tests.bff.polling import wait_until

Make = Callable[..., tuple[LiveNode, MemoryEngine]]


@pytest.fixture(scope="module")
def database(make_database: Callable[[], str]) -> Iterator[Engine]:
    """Rooms, and their changes captured."""
    engine = create_engine(make_database())
    with engine.begin() as connection:
        Base.metadata.create_all(connection)
        install(connection, tables_in(Base.metadata))
    yield engine
    engine.dispose()


@pytest.fixture
def make(database: Engine, redis_url: str, live_prefix: str) -> Iterator[Make]:
    """`make(relay=False)` gives a node that is not started, and what it runs operations on."""
    with ExitStack() as stack:

        def made(**settings: bool) -> tuple[LiveNode, MemoryEngine]:
            executor = MemoryEngine()
            node = LiveNode(
                executor,
                database,
                LiveSettings(prefix=live_prefix, window=0.0, **settings),
                patience=10.0,
                lineages=(),
                redis_url=redis_url,
                secret=b"secret",
            )
            stack.callback(node.stop)
            return node, executor

        yield made


def subscribe(node: LiveNode) -> KeptOutlet:
    outlet = KeptOutlet()
    request = Subscribe(id="s", request=GraphQLRequest(query=ROOM, variables={"id": "1"}), mode="patch", resume=None)
    node.hub.subscribe(outlet, request, FreeText.read(ROOM, SCHEMA).operation(None), 7)
    return outlet


def test_a_commit_is_told_by_every_node_and_relayed_by_one(make: Make, database: Engine) -> None:
    nodes = [make(), make(relay=False)]
    assert [node.relay is None for node, _ in nodes] == [False, True]
    for node, _ in nodes:
        node.start()
    outlets = [subscribe(node) for node, _ in nodes]
    for outlet in outlets:
        outlet.wait(lambda it: values(it) == [0])
    for _, executor in nodes:
        executor.rooms["1"] = 5
    with database.begin() as connection:
        connection.execute(text("insert into rooms (id, value) values (1, 5)"))
    for outlet in outlets:
        outlet.wait(lambda it: values(it) == [0, 5])


def test_its_threads_are_started_once_whoever_is_first_and_end_with_it(make: Make) -> None:
    before = set(threading.enumerate())
    node, _ = make()
    assert set(threading.enumerate()) == before, "made before a server forks"
    with ThreadPoolExecutor(4) as callers:
        list(callers.map(lambda _: node.start(), range(8)))
    started = set(threading.enumerate()) - before
    node.start()
    assert set(threading.enumerate()) - before == started
    names = [thread.name for thread in started]
    assert len(names) == len(set(names))
    wait_until(lambda: node.follower.is_connected)
    node.stop()
    assert [thread for thread in started if thread.is_alive()] == []
    node.stop()


def test_what_was_not_started_is_stopped_as_well(make: Make) -> None:
    node, _ = make()
    node.stop()
    node.start()
    wait_until(lambda: node.follower.is_connected)


FORKED = """
import os, sys, threading
from sqlalchemy import create_engine
from bff.live.node import LiveNode
from bff.settings import LiveSettings
from tests.bff.live.memory_node import MemoryEngine

def say(*words):
    # Not where it logs, in the middle of a line.
    print(*words, file=sys.stderr)

url, redis_url, prefix = sys.argv[1:]
node = LiveNode(
    MemoryEngine(), create_engine(url), LiveSettings(prefix=prefix, relay=False),
    patience=10.0, lineages=(), redis_url=redis_url, secret=b"secret",
)
child = os.fork()
if child == 0:
    node.start()
    say("child", threading.active_count() > 1)
    node.stop()
    say("child", threading.active_count())
    os._exit(0)
os.waitpid(child, 0)
# It is the child's that was started and stopped.
node.stop()
say("parent", threading.active_count())
node.start()
say("parent", threading.active_count() > 1)
node.stop()
"""


@pytest.mark.slow
def test_a_process_that_was_forked_has_threads_of_its_own(database: Engine, redis_url: str, live_prefix: str) -> None:
    url = database.url.render_as_string(hide_password=False)
    done = subprocess.run(
        [sys.executable, "-c", FORKED, url, redis_url, live_prefix],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.splitlines() == ["child True", "child 1", "parent 1", "parent True"]
