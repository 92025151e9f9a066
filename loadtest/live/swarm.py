"""Many clients in a process of their own, on one epoll loop: the machine's cores are for the servers.

    with Swarm() as swarm:
        swarm.add([Member(token, asks, places)] * 1_000)
        swarm.wait_until_current(timeout=60)
        swarm.cut()                       # all at once, without a word
        for arrival in swarm.take(): ...  # which message came when, to whom

A client that loses its connection comes back by itself, to its next place, after a random wait that grows. Times are of
the monotonic clock, which all processes of a machine share, in nanoseconds. Linux only.
"""

from __future__ import annotations

import heapq
import multiprocessing
import random
import resource
import select
import socket
import struct
import time
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from multiprocessing.connection import Connection
from types import TracebackType
from typing import Any, Self

from loadtest.live.client import Ask, Break, Client, canonical
from loadtest.live.wire import Refused, WireError

SECOND = 1_000_000_000
# What a browser's client waits before it comes back: a random part of it, doubled with every failure up to the second.
FIRST_WAIT, LAST_WAIT = 0.5, 5.0
# How many open their first connection at once; coming back they are not held up.
MOST_OPENING = 100
_CHUNK = 262_144


class SwarmError(RuntimeError):
    """Clients did not come to what was waited for; the message says how many, and what they met."""


@dataclass(frozen=True)
class Member:
    """A client to be: who it is, what it subscribes to, and the nodes it may use as (host, port), the first one first."""

    token: str
    asks: Sequence[Ask]
    places: Sequence[tuple[str, int]]


@dataclass(frozen=True)
class Status:
    """How all of them are."""

    clients: int
    connected: int
    current: int
    connects: int
    """Connections that were opened, all told."""
    failures: dict[str, int]
    """Why connections ended or did not come to be, and what clients met that they should not have."""


@dataclass(frozen=True)
class Arrival:
    """A message as the socket gave it: when it came, each time beside the number of the client that it came to."""

    text: bytes
    times: array[int]
    clients: array[int]


@dataclass(frozen=True)
class Known:
    """What a client knows of one subscription."""

    client: int
    ask: Ask
    state: bytes | None
    """The payload in `canonical` spelling."""
    entries: tuple[str | Break, ...]
    recovered: tuple[bool, ...]
    duplicates: int
    ended: str | None


@dataclass(frozen=True)
class Outage:
    """When a client lost what it had, and when it had all of it again."""

    client: int
    began: int
    ended: int


class Swarm:
    """The process, from outside. Ends with the block, or with the process that started it."""

    def __init__(self, *, seed: int = 1) -> None:
        context = multiprocessing.get_context("spawn")
        self._pipe, theirs = context.Pipe()
        self._process = context.Process(target=_run, args=(theirs, seed), daemon=True)
        self._theirs = theirs

    def __repr__(self) -> str:
        return f"<Swarm in process {self._process.pid}>"

    def __enter__(self) -> Self:
        self._process.start()
        self._theirs.close()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._pipe.close()
        self._process.join(10)
        if self._process.is_alive():
            self._process.kill()
            self._process.join()
        self._process.close()

    def add(self, members: Sequence[Member]) -> range:
        """Clients that connect and subscribe from now on; gives their numbers."""
        return self._call("add", members)  # type: ignore[no-any-return]

    def status(self) -> Status:
        return self._call("status")  # type: ignore[no-any-return]

    def take(self) -> list[Arrival]:
        """The states and events that arrived since this was called last."""
        return self._call("take")  # type: ignore[no-any-return]

    def cut(self, clients: Sequence[int] | None = None) -> int:
        """End connections without a word, now; all by default. Gives how many."""
        return self._call("cut", clients)  # type: ignore[no-any-return]

    def cut_at_random(self, clients: Sequence[int], every: float | None) -> None:
        """From now on each one's connection ends about `every` so many seconds, at random; None stops that."""
        self._call("cut_at_random", clients, every)

    def remove(self) -> None:
        """All clients go."""
        self._call("remove")

    def known(self) -> list[Known]:
        """What each client knows, subscription by subscription."""
        return self._call("known")  # type: ignore[no-any-return]

    def outages(self) -> list[Outage]:
        """Those that are over."""
        return self._call("outages")  # type: ignore[no-any-return]

    def wait_until_current(self, *, timeout: float) -> Status:
        """Until every client has what it subscribed to. Raises SwarmError."""
        return self.wait(lambda status: status.current == status.clients, timeout=timeout)

    def wait(self, is_enough: Callable[[Status], bool], *, timeout: float) -> Status:
        """Until that is so of the status. Raises SwarmError."""
        deadline = time.monotonic() + timeout
        while not is_enough(status := self.status()):
            if time.monotonic() > deadline:
                raise SwarmError(f"not within {timeout:g} s: {status}")
            # To look at all of them takes the process some time, which it has better uses for.
            time.sleep(0.05)
        return status

    def _call(self, method: str, *arguments: object) -> Any:
        self._pipe.send((method, arguments))
        answer = self._pipe.recv()
        if isinstance(answer, Exception):
            raise answer
        return answer


# ---- in its process


def _run(pipe: Connection, seed: int) -> None:
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    _Loop(pipe, random.Random(seed)).run()


class _Log:
    """Messages with their arrivals: most come to many clients in the same bytes."""

    def __init__(self) -> None:
        self._arrivals: dict[bytes, Arrival] = {}

    def note(self, text: bytes, now: int, client: int) -> None:
        arrival = self._arrivals.get(text)
        if arrival is None:
            arrival = self._arrivals[text] = Arrival(text, array("q"), array("l"))
        arrival.times.append(now)
        arrival.clients.append(client)

    def take(self) -> list[Arrival]:
        taken, self._arrivals = list(self._arrivals.values()), {}
        return taken


@dataclass(slots=True)
class _Line:
    """A client's connection: none, one that is being opened, or an open one."""

    client: Client
    places: Sequence[tuple[str, int]]
    place: int = 0
    socket: socket.socket | None = None
    is_open: bool = False
    unsent: bytes = b""
    failures: int = 0
    every: float | None = None
    """Seconds after which it is cut, on average."""
    is_first: bool = True


@dataclass(order=True, slots=True)
class _Due:
    at: int
    number: int
    act: Callable[[], None] = field(compare=False)


class _Loop:
    """All of the swarm's process."""

    def __init__(self, pipe: Connection, dice: random.Random) -> None:
        self._pipe, self._dice = pipe, dice
        self._epoll = select.epoll()
        self._epoll.register(pipe.fileno(), select.EPOLLIN)
        self._lines: list[_Line] = []
        self._open: dict[int, _Line] = {}
        self._due: list[_Due] = []
        self._to_open: list[_Line] = []
        self._opening = 0
        self._connects = 0
        self._acts = 0
        self._failures: dict[str, int] = {}
        self._log = _Log()

    def run(self) -> None:
        while True:
            for descriptor, event in self._epoll.poll(self._wait()):
                if descriptor == self._pipe.fileno():
                    if not self._answer():
                        return
                elif (line := self._open.get(descriptor)) is not None:
                    self._serve(line, event)
            now = time.monotonic_ns()
            while self._due and self._due[0].at <= now:
                heapq.heappop(self._due).act()
            while self._to_open and self._opening < MOST_OPENING:
                self._opening += 1
                self._connect(self._to_open.pop())

    def _wait(self) -> float:
        if self._to_open and self._opening < MOST_OPENING:
            return 0
        return max(0.0, (self._due[0].at - time.monotonic_ns()) / SECOND) if self._due else -1

    def _later(self, seconds: float, act: Callable[[], None]) -> None:
        self._acts += 1
        heapq.heappush(self._due, _Due(time.monotonic_ns() + int(seconds * SECOND), self._acts, act))

    # ---- what the starter asks

    def _answer(self) -> bool:
        try:
            method, arguments = self._pipe.recv()
        except EOFError:
            return False
        try:
            answer = getattr(self, f"on_{method}")(*arguments)
        except Exception as error:  # noqa: BLE001  whatever it is, the starter has to know
            answer = error
        self._pipe.send(answer)
        return True

    def on_add(self, members: Sequence[Member]) -> range:
        first = len(self._lines)
        for number, member in enumerate(members, first):
            line = _Line(Client(number, token=member.token, asks=member.asks, log=self._log), member.places)
            self._lines.append(line)
            self._to_open.insert(0, line)
        return range(first, len(self._lines))

    def on_status(self) -> Status:
        failures = dict(self._failures)
        for line in self._lines:
            for fault in line.client.faults:
                failures[fault] = failures.get(fault, 0) + 1
            for subscription in line.client.subscriptions:
                if subscription.ended is not None:
                    failures[subscription.ended] = failures.get(subscription.ended, 0) + 1
        return Status(
            clients=len(self._lines),
            connected=sum(line.is_open for line in self._lines),
            current=sum(line.is_open and line.client.is_current for line in self._lines),
            connects=self._connects,
            failures=failures,
        )

    def on_take(self) -> list[Arrival]:
        return self._log.take()

    def on_cut(self, clients: Sequence[int] | None) -> int:
        lines = self._lines if clients is None else [self._lines[number] for number in clients]
        lines = [line for line in lines if line.socket is not None]
        for line in lines:
            self._cut(line)
        return len(lines)

    def on_cut_at_random(self, clients: Sequence[int], every: float | None) -> None:
        for number in clients:
            line = self._lines[number]
            line.every = every
            self._plan_cut(line)

    def on_remove(self) -> None:
        for line in self._lines:
            if line.socket is not None:
                self._close(line)
        self._lines.clear()
        self._due.clear()
        self._to_open.clear()
        self._opening = 0

    def on_known(self) -> list[Known]:
        # Many have the same state: it is spelt once.
        spelt: dict[int, bytes] = {}
        known = []
        for line in self._lines:
            for it in line.client.subscriptions:
                state = None
                if it.state is not None:
                    state = spelt.get(id(it.state))
                    if state is None:
                        state = spelt[id(it.state)] = canonical(it.state.payload)
                entries, recovered = tuple(it.entries), tuple(it.recovered)
                known.append(Known(line.client.number, it.ask, state, entries, recovered, it.duplicates, it.ended))
        return known

    def on_outages(self) -> list[Outage]:
        return [Outage(line.client.number, *outage) for line in self._lines for outage in line.client.outages]

    # ---- connections

    def _connect(self, line: _Line) -> None:
        connection = socket.socket()
        connection.setblocking(False)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        line.socket, line.is_open = connection, False
        connection.connect_ex(line.places[line.place])
        self._open[connection.fileno()] = line
        self._epoll.register(connection.fileno(), select.EPOLLIN | select.EPOLLOUT)

    def _serve(self, line: _Line, event: int) -> None:
        assert line.socket is not None
        try:
            if event & select.EPOLLOUT:
                if not line.is_open:
                    self._opened(line)
                self._send(line, b"")
            if event & (select.EPOLLIN | select.EPOLLHUP | select.EPOLLERR):
                data = line.socket.recv(_CHUNK)
                was_current = line.client.is_current
                answer, is_over = (b"", True) if not data else line.client.received(data, time.monotonic_ns())
                if answer:
                    self._send(line, answer)
                if is_over:
                    self._ended(line, "ended by the server")
                    return
                if not was_current and line.client.is_current:
                    self._settled(line)
                if line.client.leave_within is not None:
                    self._leave(line, line.client.leave_within)
        except BlockingIOError:
            return
        except (OSError, Refused, WireError) as error:
            self._ended(line, f"{type(error).__name__}: {error}")

    def _opened(self, line: _Line) -> None:
        assert line.socket is not None
        failure = line.socket.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if failure:
            raise OSError(failure, "cannot connect")
        line.is_open = True
        self._connects += 1
        host, port = line.places[line.place]
        self._send(line, line.client.begin(f"{host}:{port}"))
        self._plan_cut(line)

    def _settled(self, line: _Line) -> None:
        line.failures = 0
        if line.is_first:
            line.is_first = False
            self._opening -= 1

    def _send(self, line: _Line, data: bytes) -> None:
        assert line.socket is not None
        waited = bool(line.unsent)
        line.unsent += data
        if line.unsent and (not waited or not data):
            try:
                line.unsent = line.unsent[line.socket.send(line.unsent) :]
            except BlockingIOError:
                pass
        wanted = select.EPOLLIN | (select.EPOLLOUT if line.unsent else 0)
        self._epoll.modify(line.socket.fileno(), wanted)

    def _cut(self, line: _Line) -> None:
        assert line.socket is not None
        # A reset, as of a machine that is gone: no farewell, nothing more is taken.
        line.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._ended(line, "cut")

    def _leave(self, line: _Line, within: float) -> None:
        line.client.leave_within = None
        connection = line.socket

        def leave() -> None:
            if line.socket is connection:
                self._ended(line, "moved")

        self._later(self._dice.uniform(0, within), leave)

    def _ended(self, line: _Line, reason: str) -> None:
        self._failures[reason] = self._failures.get(reason, 0) + 1
        self._close(line)
        line.client.lost(time.monotonic_ns())
        if any(it.ended is None for it in line.client.subscriptions):
            line.place = (line.place + 1) % len(line.places)
            wait = min(LAST_WAIT, FIRST_WAIT * 2**line.failures)
            line.failures += 1
            self._later(self._dice.uniform(0, wait), lambda: self._again(line))

    def _again(self, line: _Line) -> None:
        if line.socket is None:
            self._connect(line)

    def _close(self, line: _Line) -> None:
        assert line.socket is not None
        self._epoll.unregister(line.socket.fileno())
        del self._open[line.socket.fileno()]
        line.socket.close()
        line.socket, line.is_open, line.unsent = None, False, b""

    def _plan_cut(self, line: _Line) -> None:
        if line.every is None or line.socket is None:
            return
        connection = line.socket

        def cut() -> None:
            if line.socket is connection and line.every is not None:
                self._cut(line)

        self._later(self._dice.expovariate(1 / line.every), cut)
