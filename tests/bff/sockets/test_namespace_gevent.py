"""Sockets under gunicorn's gevent worker, as they are served: what they hold up, what they take, and how they end."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import psutil
import pytest

from tests.bff.polling import wait_until
from tests.bff.sockets.site import MARIE
from tests.bff.sockets.wire import Wire

ROOT = Path(__file__).parents[3]


@dataclass(frozen=True)
class Server:
    """The small site under gunicorn."""

    address: tuple[str, int]
    process: subprocess.Popen[bytes]
    open: Callable[..., Wire]

    @property
    def workers(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children()

    @property
    def memory(self) -> int:
        """Bytes of its only worker."""
        [worker] = self.workers
        return int(worker.memory_info().rss)

    def ask(self, path: str, body: str = "") -> Any:
        with closing(HTTPConnection(*self.address, timeout=10)) as connection:
            connection.request("POST", path, body)
            return json.loads(connection.getresponse().read())


@contextmanager
def serving() -> Iterator[Server]:
    """A worker of which a client is slow with 200 kB, and closed with four times as much."""
    with ExitStack() as stack:
        listener = stack.enter_context(closing(socket.create_server(("127.0.0.1", 0), backlog=1000)))
        command = [sys.executable, "-m", "gunicorn", "--config", "tests/bff/sockets/gunicorn.conf.py"]
        command += ["--bind", f"fd://{listener.fileno()}", "--log-level", "error"]
        process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, "BRIEFCASE_ENV": "production", "BFF_LIVE_MAX_UNSENT": "200000"},
            pass_fds=[listener.fileno()],
            stdout=subprocess.DEVNULL,
        )
        stack.callback(process.wait, timeout=30)
        stack.callback(process.terminate)
        address: tuple[str, int] = listener.getsockname()
        server = Server(address, process, lambda **given: stack.enter_context(Wire(address, **given)))
        assert server.ask("/version") == {"version": 0}
        yield server


@pytest.fixture(scope="module")
def shared() -> Iterator[Server]:
    with serving() as server:
        yield server


@pytest.fixture
def server(shared: Server) -> Iterator[Server]:
    """The server, which other tests had before and left without a socket."""
    with ExitStack() as stack:
        yield replace(shared, open=lambda **given: stack.enter_context(Wire(shared.address, **given)))
    wait_until(lambda: shared.ask("/sockets") == {"sockets": 0})


@pytest.fixture
def own_server() -> Iterator[Server]:
    """One that the test may end."""
    with serving() as server:
        yield server


def subscribed(server: Server, **given: Any) -> Wire:
    wire = server.open(**given).connect(MARIE)
    wire.subscribe("1")
    wire.next_named("subscribed")
    return wire


@pytest.mark.slow
def test_a_stalled_client_holds_up_nobody_and_takes_no_memory(server: Server) -> None:
    other = subscribed(server)
    stalled = subscribed(server, receive_buffer=4096)
    state = json.dumps("x" * 100_000)
    server.ask("/push", state)
    other.next_named("next")
    before = server.memory
    slowest = 0.0
    for _ in range(300):
        begun = time.monotonic()
        version = server.ask("/push", state)["version"]
        assert other.next_named("next")["version"] == version
        slowest = max(slowest, time.monotonic() - begun)
    assert slowest < 1
    # Thirty megabytes were pushed.
    assert server.memory - before < 5_000_000
    versions = []
    while version not in versions:
        versions.append(stalled.next_named("next")["version"])
    assert len(versions) < 100


@pytest.mark.slow
def test_a_client_that_never_reads_is_closed_and_the_next_page_is_served(server: Server) -> None:
    stalled = server.open(receive_buffer=4096)
    stalled.send("40/chat,")
    stalled.receive()
    begun = time.monotonic()
    # The host's own broadcast knows no bounds; the socket does.
    while server.ask("/broadcast", "x" * 100_000)["sockets"] == 1:
        assert time.monotonic() - begun < 10
    assert server.ask("/version")["version"] >= 0


@pytest.mark.slow
def test_a_socket_takes_little_memory(server: Server) -> None:
    many = 200
    for _ in range(20):
        subscribed(server)
    before = server.memory
    for _ in range(many):
        subscribed(server)
    assert (server.memory - before) / many < 60_000


@pytest.mark.slow
def test_flood_holds_up_nobody(server: Server) -> None:
    wire = server.open().connect(MARIE)
    frames = b"\x89\x80\0\0\0\0" * 10_000
    try:
        wire.send_raw(frames)
    except ConnectionError:
        pass
    assert server.ask("/version")["version"] >= 0
    wait_until(lambda: server.ask("/sockets") == {"sockets": 0})


@pytest.mark.slow
def test_a_storm_of_connections_is_served(server: Server) -> None:
    there = subscribed(server)
    with ThreadPoolExecutor(50) as together:
        wires = list(together.map(lambda _: subscribed(server), range(200)))
        version = server.ask("/push", "1")["version"]
    for wire in (there, *wires):
        assert wire.next_named("next")["version"] == version


@pytest.mark.slow
def test_a_worker_with_many_sockets_stops_within_seconds(own_server: Server) -> None:
    server = own_server
    wires = [subscribed(server) for _ in range(150)]
    leaving, staying = wires[:100], wires[100:]
    server.process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    for wire in leaving:
        assert wire.next_named("move") == {"within": 5000}
        wire.socket.close()
    for wire in staying:
        assert wire.next_named("move") == {"within": 5000}
        assert wire.receive() == "1"
        assert wire.read_end().code == 1000
    assert server.process.wait(timeout=15) == 0
    assert time.monotonic() - begun < 12


@pytest.mark.slow
def test_a_worker_whose_clients_move_at_once_stops_at_once(own_server: Server) -> None:
    server = own_server
    wires = [subscribed(server) for _ in range(20)]
    server.process.send_signal(signal.SIGTERM)
    begun = time.monotonic()
    for wire in wires:
        wire.next_named("move")
        wire.send("41/graphql,")
        wire.send("1")
        wire.read_end()
    assert server.process.wait(timeout=10) == 0
    assert time.monotonic() - begun < 5
