"""The live bench: its client against a scripted server, its arithmetic, its report; and its scenarios in small."""

from __future__ import annotations

import math
import socket
import threading
import time
from array import array
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import orjson
import psycopg2
import pytest
import redis
from wsproto import ConnectionType, WSConnection
from wsproto.events import AcceptConnection, Pong, Request, TextMessage

from loadtest.bench.results import Machine
from loadtest.live import patches, report
from loadtest.live.__main__ import REPORT, main
from loadtest.live.client import PACKETS, Ask, Break, Client
from loadtest.live.fanout import STAGES, bare
from loadtest.live.faults import (
    newest_seen,
)
from loadtest.live.nodes import latencies_of
from loadtest.live.patches import PatchError
from loadtest.live.proxy import Proxy
from loadtest.live.results import (
    FanOut,
    Fault,
    Idle,
    Memory,
    Nodes,
    Results,
    Statement,
    Storm,
    Times,
    Verdict,
    Work,
    percentile,
)
from loadtest.live.served import PLACES
from loadtest.live.stage import Redis, Stage
from loadtest.live.swarm import SECOND, Arrival, Member, Swarm, SwarmError
from loadtest.live.targets import targets
from loadtest.live.verdict import judge, together
from loadtest.live.wire import Frames, Handshake, Refused, WireError
from loadtest.live.writer import Edit, Firm, Write, Writer, mark, marks_in
from tests.bff.polling import wait_until

# ---- patches


@pytest.mark.parametrize(
    ("document", "patch", "expected"),
    [
        # RFC 6902, appendix A, by its numbers.
        ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"foo": "bar", "baz": "qux"}),  # 1
        ({"foo": ["bar", "baz"]}, [{"op": "add", "path": "/foo/1", "value": "qux"}], {"foo": ["bar", "qux", "baz"]}),
        ({"baz": "qux", "foo": "bar"}, [{"op": "remove", "path": "/baz"}], {"foo": "bar"}),  # 3
        ({"foo": ["bar", "qux", "baz"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["bar", "baz"]}),  # 4
        ({"foo": "bar"}, [{"op": "replace", "path": "/foo", "value": None}], {"foo": None}),  # 5
        (
            {"foo": {"bar": "baz", "waldo": "fred"}, "qux": {"corge": "grault"}},
            [{"op": "move", "from": "/foo/waldo", "path": "/qux/thud"}],
            {"foo": {"bar": "baz"}, "qux": {"corge": "grault", "thud": "fred"}},
        ),  # 6
        (
            {"foo": ["all", "grass", "cows", "eat"]},
            [{"op": "move", "from": "/foo/1", "path": "/foo/3"}],
            {"foo": ["all", "cows", "eat", "grass"]},
        ),  # 7
        ({"baz": "qux"}, [{"op": "test", "path": "/baz", "value": "qux"}], {"baz": "qux"}),  # 8
        (
            {"foo": "bar"},
            [{"op": "add", "path": "/child", "value": {"grandchild": {}}}],
            {"foo": "bar", "child": {"grandchild": {}}},
        ),  # 10
        ({"/": 9, "~1": 10}, [{"op": "test", "path": "/~01", "value": 10}], {"/": 9, "~1": 10}),  # 14
        ({"foo": ["bar"]}, [{"op": "add", "path": "/foo/-", "value": ["a"]}], {"foo": ["bar", ["a"]]}),  # 16
        ({"a": [1]}, [{"op": "copy", "from": "/a", "path": "/b"}], {"a": [1], "b": [1]}),
        ({"a": 1}, [{"op": "replace", "path": "", "value": [2]}], [2]),
    ],
)
def test_patches_are_applied(document: Any, patch: list[dict[str, Any]], expected: Any) -> None:
    before = orjson.dumps(document)
    assert patches.apply(document, patch) == expected
    assert orjson.dumps(document) == before


@pytest.mark.parametrize(
    "operation",
    [
        {"op": "test", "path": "/a", "value": True},
        {"op": "test", "path": "/a", "value": "1"},
        {"op": "replace", "path": "/b", "value": 1},
        {"op": "remove", "path": "/list/1"},
        {"op": "add", "path": "/list/2", "value": 1},
        {"op": "add", "path": "/list/01", "value": 1},
        {"op": "add", "path": "/a/b", "value": 1},
        {"op": "swap", "path": "/a"},
        {"op": "remove", "path": "a"},
    ],
)
def test_patches_that_do_not_fit_are_refused(operation: dict[str, Any]) -> None:
    with pytest.raises(PatchError):
        patches.apply({"a": 1, "list": [1]}, [operation])


# ---- frames


def _frame(opcode: int, payload: bytes, *, is_last: bool = True) -> bytes:
    """A server's."""
    size = len(payload)
    head = bytes([opcode | (0x80 if is_last else 0)])
    if size < 126:
        return head + bytes([size]) + payload
    return head + (bytes([126]) + size.to_bytes(2) if size < 65_536 else bytes([127]) + size.to_bytes(8)) + payload


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536, 100_000])
@pytest.mark.parametrize("piece", [1, 7, 1_000_000])
def test_messages_are_whole_however_they_arrive(size: int, piece: int) -> None:
    if size > 1000 and piece == 1:
        piece = 500
    text = b"x" * size
    data = _frame(1, text) + _frame(1, b"last")
    frames, texts = Frames(), []
    for begin in range(0, len(data), piece):
        texts += frames.feed(data[begin : begin + piece])[0]
    assert texts == [text, b"last"]


def test_pings_are_answered_between_the_parts_of_a_message() -> None:
    data = _frame(1, b"ab", is_last=False) + _frame(9, b"hello") + _frame(0, b"cd")
    texts, answer, is_over = Frames().feed(data)
    assert texts == [b"abcd"]
    assert not is_over
    server = WSConnection(ConnectionType.SERVER)
    server.receive_data(Handshake.to("x").request)
    [request] = server.events()
    assert isinstance(request, Request)
    server.send(AcceptConnection())
    server.receive_data(answer)
    [pong] = server.events()
    assert isinstance(pong, Pong)
    assert bytes(pong.payload) == b"hello"


@pytest.mark.parametrize(
    "data", [_frame(2, b"binary"), _frame(0, b"of nothing"), bytes([0xC1, 0]), bytes([0x81, 0x80, 0, 0, 0, 0])]
)
def test_what_no_server_sends_is_refused(data: bytes) -> None:
    with pytest.raises(WireError):
        Frames().feed(data)


def test_a_handshake_is_of_its_request() -> None:
    server = WSConnection(ConnectionType.SERVER)
    mine, other = Handshake.to("h"), Handshake.to("h")
    server.receive_data(mine.request)
    [request] = server.events()
    assert isinstance(request, Request)
    assert (request.host, request.target) == ("h", "/socket.io/?EIO=4&transport=websocket")
    answer = server.send(AcceptConnection())
    assert mine.rest(answer[:20]) is None
    assert mine.rest(answer + b"more") == b"more"
    with pytest.raises(WireError, match="another request"):
        other.rest(answer)
    with pytest.raises(Refused, match="503"):
        mine.rest(b"HTTP/1.1 503 Service Unavailable\r\n\r\n")


# ---- a client, by what it is told


class Notes:
    """A log that keeps what it is told."""

    def __init__(self) -> None:
        self.texts: list[bytes] = []

    def note(self, text: bytes, now: int, client: int) -> None:
        self.texts.append(text)


class Told:
    """A client with a server of which each word is given."""

    def __init__(self, *asks: Ask) -> None:
        self.log = Notes()
        self.client = Client(0, token="me", asks=asks or [Ask({"documentId": "Page"})], log=self.log)
        self.now = 0

    def connect(self) -> list[Any]:
        """What it asks for on a new connection."""
        server = WSConnection(ConnectionType.SERVER)
        server.receive_data(self.client.begin("node"))
        assert [type(it) for it in server.events()] == [Request]
        self.server = server
        self._give(server.send(AcceptConnection()))
        assert self.hear(b'0{"sid":"s"}') == [b'40/graphql,{"token":"me"}']
        return [orjson.loads(text[len(PACKETS.event) :]) for text in self.hear(b'40/graphql,{"sid":"s"}')]

    def hear(self, text: bytes) -> list[bytes]:
        """What it answers to a packet."""
        return self._give(_frame(1, text))

    def next(self, name: str, **body: Any) -> list[bytes]:
        return self.hear(PACKETS.emit(name, body))

    def _give(self, data: bytes) -> list[bytes]:
        self.now += SECOND
        answer, _ = self.client.received(data, self.now)
        self.server.receive_data(answer)
        return [event.data.encode() for event in self.server.events() if isinstance(event, TextMessage)]


@pytest.fixture
def told() -> Told:
    told = Told()
    asked = told.connect()
    assert asked == [["subscribe", {"id": "1", "payload": {"documentId": "Page"}, "mode": "patch"}]]
    return told


def _state(told: Told) -> Any:
    state = told.client.subscriptions[0].state
    return None if state is None else state.payload


def test_a_state_is_followed_by_patches(told: Told) -> None:
    told.next("subscribed", id="1", channel=7, kind="live", recovered=None)
    assert not told.client.is_current
    # On its way to others.
    told.next("next", channel=7, version=3, patch=[{"op": "add", "path": "/a", "value": 0}], position="p3")
    told.next("next", channel=7, version=3, payload={"data": 1, "more": [1]}, position="p3")
    assert told.client.is_current
    told.next("next", channel=7, version=4, patch=[{"op": "add", "path": "/more/-", "value": 2}], position="p4")
    # For somebody who joined since, and of another channel.
    told.next("next", channel=7, version=4, payload={"data": 9}, position="p4")
    told.next("next", channel=8, version=9, payload={"data": 9}, position="p9")
    assert _state(told) == {"data": 1, "more": [1, 2]}
    assert told.client.faults == []
    assert len(told.log.texts) == 5
    told.next("next", channel=7, version=6, patch=[], position="p6")
    assert told.client.faults == ["a patch for version 6, which follows 5, not 4"]


def test_clients_of_one_message_share_what_it_makes() -> None:
    both = [Told(), Told()]
    for it in both:
        it.connect()
        it.next("subscribed", id="1", channel=7, kind="live", recovered=None)
        it.next("next", channel=7, version=1, payload={"a": 1}, position="p")
    for it in both:
        it.next("next", channel=7, version=2, patch=[{"op": "replace", "path": "/a", "value": 2}], position="q")
    first, second = (it.client.subscriptions[0].state for it in both)
    assert first is second
    assert first is not None
    assert first.payload == {"a": 2}


def test_it_resumes_with_its_position(told: Told) -> None:
    told.next("subscribed", id="1", channel=7, kind="live", recovered=None)
    told.next("next", channel=7, version=1, payload={"a": 1}, position="p1")
    told.next("position", channel=7, position="p2")
    lost = told.now
    told.client.lost(lost)
    assert not told.client.is_current
    [[_, body]] = told.connect()
    assert body["resume"] == "p2"
    told.next("subscribed", id="1", channel=2, kind="live", recovered=True, version=5, position="p2")
    assert told.client.is_current
    assert told.client.outages == [(lost, told.now)]
    told.next("next", channel=2, version=6, patch=[{"op": "replace", "path": "/a", "value": 2}], position="p3")
    assert _state(told) == {"a": 2}
    # Without a version the state follows, whatever it was called before.
    told.client.lost(told.now)
    told.connect()
    told.next("subscribed", id="1", channel=1, kind="live", recovered=False)
    assert not told.client.is_current
    told.next("next", channel=1, version=1, payload={"a": 3}, position="p4")
    assert _state(told) == {"a": 3}
    assert told.client.subscriptions[0].recovered == [True, False]


def test_events_count_once_and_breaks_are_kept(told: Told) -> None:
    told.next("subscribed", id="1", channel=7, kind="event", recovered=None, position="p0")
    assert told.client.is_current
    for id_ in ("11", "12", "11"):
        told.next("next", channel=7, event=id_, payload={}, position=f"p{id_}")
    told.next("gap", channel=7, position="p20")
    told.client.lost(told.now)
    [[_, body]] = told.connect()
    assert body["resume"] == "p20"
    told.next("subscribed", id="1", channel=3, kind="event", recovered=False, position="p30")
    told.next("next", channel=3, event="31", payload={}, position="p31")
    subscription = told.client.subscriptions[0]
    assert subscription.entries == ["11", "12", Break("gap"), Break("unrecovered"), "31"]
    assert subscription.duplicates == 1


def test_what_one_catches_up_on_is_not_for_the_other() -> None:
    told = Told(Ask({"documentId": "Events"}), Ask({"documentId": "Events"}))
    assert [body["id"] for _, body in told.connect()] == ["1", "2"]
    for id_ in ("1", "2"):
        told.next("subscribed", id=id_, channel=7, kind="event", recovered=None, position="p")
    told.next("next", id="2", channel=7, event="1", payload={}, position="p1")
    told.next("next", channel=7, event="2", payload={}, position="p2")
    assert [it.entries for it in told.client.subscriptions] == [["2"], ["1", "2"]]


def test_it_goes_on_after_an_end_that_may_be_resumed(told: Told) -> None:
    told.next("subscribed", id="1", channel=7, kind="event", recovered=None, position="p0")
    [again] = told.next("complete", id="1", code="SLOW_CONSUMER", message="", resume="p5")
    assert orjson.loads(again[len(PACKETS.event) :])[1]["resume"] == "p5"
    # Another viewer's position: without it.
    [anew] = told.next("error", id="1", payload=[{"message": "", "extensions": {"code": "FORBIDDEN"}}])
    assert "resume" not in orjson.loads(anew[len(PACKETS.event) :])[1]
    assert told.next("complete", id="1", code="GONE", message="") == []
    assert told.client.subscriptions[0].ended == "GONE"


def test_it_answers_pings_and_notices_the_end(told: Told) -> None:
    assert told.hear(b"2") == [b"3"]
    assert told.client.received(_frame(1, b"41/graphql,"), 0) == (b"", True)
    assert told.client.received(_frame(8, (1000).to_bytes(2)), 0)[1]
    told.next("move", within=5000)
    assert told.client.leave_within == 5
    with pytest.raises(WireError):
        told.hear(b"9")


def test_who_is_refused_does_not_come_again() -> None:
    told = Told()
    told.connect()
    told.hear(b'44/graphql,{"message":"no","data":{"code":"UNAUTHENTICATED"}}')
    assert told.client.subscriptions[0].ended == "UNAUTHENTICATED"


# ---- many clients, and a server of which each word is given


class Scripted:
    """A server that gives every subscriber a state, and then what it is told to say, to all. Its frames are wsproto's."""

    def __init__(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.place = self._listener.getsockname()
        self.resumed: list[str | None] = []
        self._lock = threading.Lock()
        self._open: list[tuple[socket.socket, WSConnection]] = []
        self._threads = [threading.Thread(target=self._accept)]
        self._threads[0].start()

    def close(self) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.end_all()
        for thread in self._threads:
            thread.join()

    def say(self, name: str, body: object) -> None:
        with self._lock:
            for connection, server in self._open:
                connection.sendall(server.send(TextMessage(PACKETS.emit(name, body).decode())))

    def end_all(self) -> None:
        with self._lock:
            for connection, _ in self._open:
                connection.shutdown(socket.SHUT_RDWR)
            self._open.clear()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            thread = threading.Thread(target=self._serve, args=(connection,))
            self._threads.append(thread)
            thread.start()

    def _serve(self, connection: socket.socket) -> None:
        server = WSConnection(ConnectionType.SERVER)
        with closing(connection):
            try:
                while data := connection.recv(65_536):
                    server.receive_data(data)
                    for event in server.events():
                        self._answer(connection, server, event)
            except OSError:
                pass  # cut
        with self._lock:
            self._open = [it for it in self._open if it[0] is not connection]

    def _answer(self, connection: socket.socket, server: WSConnection, event: object) -> None:
        texts: list[bytes] = []
        match event:
            case Request():
                connection.sendall(server.send(AcceptConnection()))
                texts = [b'0{"sid":"s"}']
            case TextMessage(data=data) if data.startswith("40/graphql,"):
                assert orjson.loads(data[11:]) == {"token": "me"}
                texts = [b'40/graphql,{"sid":"s"}']
            case TextMessage(data=data):
                body = orjson.loads(data[len(PACKETS.event) :])[1]
                self.resumed.append(body.get("resume"))
                texts = [
                    PACKETS.emit("subscribed", {"id": "1", "channel": 1, "kind": "live", "recovered": None}),
                    PACKETS.emit("next", {"channel": 1, "version": 1, "payload": {"n": 0}, "position": "p1"}),
                ]
        with self._lock:
            for text in texts:
                connection.sendall(server.send(TextMessage(text.decode())))
            if len(texts) == 2:
                self._open.append((connection, server))


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    with closing(Scripted()) as server:
        yield server


@pytest.mark.slow
def test_a_swarm_hears_everything_and_comes_back(scripted: Scripted) -> None:
    with Swarm() as swarm:
        numbers = swarm.add([Member("me", [Ask({})], [scripted.place])] * 40)
        assert list(numbers) == list(range(40))
        swarm.wait_until_current(timeout=20)
        assert {it.text[-20:] for it in swarm.take()} == {b'0},"position":"p1"}]'}
        before = time.monotonic_ns()
        scripted.say(
            "next",
            {"channel": 1, "version": 2, "patch": [{"op": "replace", "path": "/n", "value": 7}], "position": "p2"},
        )
        swarm.wait(lambda _: {it.state for it in swarm.known()} == {b'{"n":7}'}, timeout=10)
        [arrival] = swarm.take()
        assert sorted(arrival.clients) == list(numbers)
        assert before < min(arrival.times) <= max(arrival.times) < time.monotonic_ns()
        assert swarm.take() == []

        assert swarm.cut(numbers[:10]) == 10
        status = swarm.wait(lambda status: status.connects == 50 and status.current == 40, timeout=20)
        assert status.failures == {"cut": 10}
        assert scripted.resumed == [None] * 40 + ["p2"] * 10
        assert [it.client for it in swarm.outages()] == list(range(10))
        assert all(0 < it.ended - it.began < 20 * SECOND for it in swarm.outages())

        scripted.end_all()
        status = swarm.wait(lambda status: status.connects == 90 and status.current == 40, timeout=20)
        assert sum(status.failures.values()) == 50


@pytest.mark.slow
def test_a_swarm_goes_to_the_next_place_and_says_what_is_wrong(scripted: Scripted) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as nobody:
        away = nobody.getsockname()
    with Swarm() as swarm:
        swarm.add([Member("me", [Ask({})], [away, scripted.place])] * 3)
        status = swarm.wait_until_current(timeout=20)
        assert status.failures == {"ConnectionRefusedError: [Errno 111] cannot connect": 3}
        swarm.cut_at_random(range(3), 0.01)
        swarm.wait(lambda status: status.failures.get("cut", 0) >= 3, timeout=20)
        swarm.remove()
        swarm.add([Member("me", [Ask({})], [away])])
        with pytest.raises(SwarmError, match=r"not within 0.1 s: .*clients=1, connected=0"):
            swarm.wait_until_current(timeout=0.1)


# ---- between a node and its Redis


@contextmanager
def _echo() -> Iterator[tuple[str, int]]:
    """A server that gives back what it gets."""
    listener = socket.create_server(("127.0.0.1", 0))
    threads: list[threading.Thread] = []

    def serve(connection: socket.socket) -> None:
        with closing(connection):
            while data := connection.recv(1024):
                connection.sendall(data)

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            threads.append(threading.Thread(target=serve, args=(connection,)))
            threads[-1].start()

    threads.append(threading.Thread(target=accept))
    threads[0].start()
    yield listener.getsockname()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    for thread in threads:
        thread.join()


def test_a_proxy_passes_on_swallows_and_cuts() -> None:
    with _echo() as place, Proxy(place) as proxy:
        with closing(socket.create_connection(proxy.place, timeout=10)) as first:
            first.sendall(b"one")
            assert first.recv(10) == b"one"
            assert proxy.swallow() == 1
            first.sendall(b"two")
            # A new one comes through, the old one neither gets anything nor ends.
            with closing(socket.create_connection(proxy.place, timeout=10)) as second:
                second.sendall(b"three")
                assert second.recv(10) == b"three"
                proxy.cut()
                assert second.recv(10) == b""
            assert first.recv(10) == b""
        wait_until(lambda: "0 open" in repr(proxy))
        with proxy.black_hole():
            fourth = socket.create_connection(proxy.place, timeout=10)
            fourth.sendall(b"four")
            wait_until(lambda: "1 open" in repr(proxy))
        with closing(fourth), closing(socket.create_connection(proxy.place, timeout=10)) as fifth:
            fifth.sendall(b"five")
            assert fifth.recv(10) == b"five"
            proxy.cut()
            assert fourth.recv(10) == b""
        proxy.target = ("127.0.0.1", 1)
        with closing(socket.create_connection(proxy.place, timeout=10)) as third:
            assert third.recv(10) == b""


# ---- who writes


def test_a_writer_keeps_its_rate_and_its_order(fresh_database_url: str) -> None:
    url = fresh_database_url.replace("+psycopg2", "")
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("create table beats (number int)")
    edit = lambda number: Edit("insert into beats values (%s)", (number,), matter=number % 3)  # noqa: E731
    before = time.monotonic_ns()
    with Writer(url, edit, rate=200, hands=2, first=10) as writer:
        deadline = time.monotonic() + 20
        while len(writer.writes) < 40 and time.monotonic() < deadline:
            time.sleep(0.005)
    numbers = [write.number for write in writer.writes]
    assert numbers == list(range(10, 10 + len(numbers)))
    assert len(numbers) >= 40
    assert all(write.sent < write.committed and write.matter == write.number % 3 for write in writer.writes)
    # None is early, however late the first was.
    assert all(write.sent - before >= (write.number - 10) / 200 * SECOND for write in writer.writes)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("select number from beats order by number")
        assert [number for (number,) in cursor] == numbers


def test_a_writers_error_is_raised_at_the_end(fresh_database_url: str) -> None:
    url = fresh_database_url.replace("+psycopg2", "")
    edit = lambda _: Edit("no statement", (), matter=1)  # noqa: E731
    with pytest.raises(psycopg2.Error), Writer(url, edit, rate=1000, hands=1) as writer:
        writer.wait()


def test_marks_are_seen_in_messages() -> None:
    firm = Firm(users=[5, 6], tasks={1: [10, 11], 2: [20]})
    assert firm.matters == [1, 2]
    assert firm.title(1, 3).values == (mark(3), 11)
    assert firm.title(1, 3, turn=4).values == (mark(3), 10)
    assert firm.comment(2, 3).values == (20, 6, mark(3))
    assert marks_in(f'["{mark(3)}", "{mark(123)}"] beat-00000007'.encode()) == [3, 123]


# ---- figures


def test_percentiles_are_values_that_were_measured() -> None:
    values = [float(value) for value in range(1, 101)]
    assert [percentile(values, share) for share in (0, 50, 99, 100)] == [1, 50, 99, 100]
    assert percentile([7.0], 1) == percentile([7.0], 99) == 7
    assert Times.of([3, 1, 2]) == Times(3, p50_ms=2, p99_ms=3, most_ms=3)
    assert math.isnan(Times.of([]).p50_ms)


def test_what_a_node_runs_anyway_is_not_of_subscriptions() -> None:
    idle = Idle(
        1_000,
        10,
        without=[Statement("select from outbox", 10)],
        with_them=[Statement("select from outbox", 12), Statement("select from tasks", 30)],
    )
    assert idle.statements_a_second == 3
    assert idle.own_a_second == (1, 1.2)


def _arrival(text: str, arrived: dict[int, int]) -> Arrival:
    return Arrival(text.encode(), array("q", arrived.values()), array("l", arrived))


def test_a_change_arrives_with_the_first_message_that_shows_it() -> None:
    writes = [Write(1, 5, 0, 1), Write(2, 5, 1_000_000, 2), Write(3, 6, 0, 1)]
    arrivals = [
        _arrival(mark(1), {0: 10_000_000}),
        # A whole state shows older ones again.
        _arrival(f"{mark(1)} {mark(2)}", {0: 30_000_000, 1: 31_000_000}),
        _arrival(mark(3), {0: 1}),
    ]
    latencies, missed = latencies_of(writes, arrivals, {5: [0, 1], 6: [2]})
    assert latencies == [10, 31, 29, 30]
    assert missed == 1
    assert newest_seen(arrivals, 2) == {0: 1, 1: 31_000_000}


@pytest.mark.parametrize(
    ("seen", "declared", "lost", "gaps", "disordered", "doubled"),
    [
        (["a", "b", "c", "d"], 0, 0, 0, 0, 0),
        (["a", "b", "d"], 0, 0, 1, 0, 0),
        (["b", "c", "d"], 0, 0, 1, 0, 0),
        (["a", "b"], 0, 0, 2, 0, 0),
        (["a", Break("gap"), "b", "c", "d"], 1, 0, 0, 0, 0),
        (["a", Break("gap"), "d"], 1, 2, 0, 0, 0),
        (["a", Break("unrecovered")], 1, 3, 0, 0, 0),
        ([Break("gap"), "b", "d"], 1, 1, 1, 0, 0),
        (["a", "c", "b", "d"], 0, 0, 1, 1, 0),
        (["a", "b", "b", "c", "d"], 0, 0, 0, 1, 1),
        (["a", "x", "b", "c", "d"], 0, 0, 0, 1, 0),
        ([], 0, 0, 4, 0, 0),
    ],
)
def test_sequences_are_judged(
    seen: list[str | Break], declared: int, lost: int, gaps: int, disordered: int, doubled: int
) -> None:
    verdict = judge("abcd", [seen])
    events = sum(isinstance(each, str) for each in seen)
    assert verdict == Verdict(1, events, declared, lost, gaps, disordered, doubled)
    both = together([verdict, judge("ab", [["a", Break("gap")]])])
    assert both == replace(verdict, clients=2, events=events + 1, declared=declared + 1, lost=lost + 1)


# ---- the report


def _results() -> Results:
    """A run that has reached everything, in round figures."""
    times, whole = Times(100, 40, 80, 90), Verdict(50, 1_000, 0, 0, 0, 0, 0)
    stages = dict.fromkeys(STAGES, 10.0)
    patch = FanOut(
        "patch", 1_000, 100, 0, 300, Work(100, 100, 0), times, stages, {"send": 30.0}, 18_000, 60, 20_000, 50
    )
    return Results(
        day="2026-01-02",
        commit="0123456789",
        machine=Machine("A processor", 2, 8, "Linux", {"Python": "3.11"}, 0.1),
        users=50,
        idle=Idle(1_000, 20, [Statement("select 1", 20)], [Statement("select 1", 21)]),
        fan_outs=[patch, replace(patch, mode="full", message_bytes=40_000)],
        nodes=Nodes(3, 300, 100, 60, 3_000, Work(9_000, 8_000, 400), times, 9_000, 0, 0, 1.5, 0.5),
        memory=Memory([0, 100, 5_000], [100_000, 104_000, 300_000], [90_000, 97_000, 440_000], 400, 100, 14_000),
        storms=[Storm("all at once", 500, 2_000, 100, 550, 500, 0, 3, whole, times, 1.5, 0, 0)],
        faults=[Fault("FLUSHALL", 100, 60, 2.5, replace(whole, declared=9, lost=7), 0, True)],
    )


def test_the_report_says_what_was_reached() -> None:
    results = _results()
    assert all(target.is_reached for target in targets(results)), report.targets_table(results)
    text = report.render(results)
    for line in (
        "| 1,000 subscribers, patch: deliveries a second / bare emit's | at least 0.8x | 0.9x | yes |",
        "| of subscriptions |  | 0.00 |",
        "| of the node itself | 1.00 | 1.05 |",
        "| full | 1,000 | 100 | 100 | 40,000 | 40.0 | 80.0 | 90.0 | 18,000 | 20,000 | 0.90 | 60 | 50 |",
        "| patch | 30.0 | 30.0 |",
        "| cores that the nodes' workers kept busy | 1.50 of 2 |",
        "| of them found nothing changed | 400 (5%) |",
        "| 5,000 | 293.0 | 40.0 | 429.7 | 70.0 |",
        "| all at once | 500 | 2,000 | 1,000 | 550 | 500 | 0 | 3 | 0 | 0 | 0 | 0 | 0 | 40.0 | 80.0 | 90.0 | 1.50 |",
        "| FLUSHALL | 60 | 100 | 2.50 | 1,000 | 9 | 7 | 0 | 0 | 0 |",
    ):
        assert line in text.splitlines()
    assert Results.from_json(results.to_json()) == results


def test_the_committed_report_is_of_the_committed_figures() -> None:
    recorded = Results.from_json((REPORT / "live.json").read_bytes())
    assert (REPORT / "live.md").read_text() == report.render(recorded)
    assert [target.title for target in targets(recorded) if target.shown is None] == []


def test_what_was_not_reached_is_marked() -> None:
    results = _results()
    worse = replace(
        results,
        idle=replace(results.idle, with_them=[Statement("select 2", 2)]),
        nodes=replace(results.nodes, wrong=1),
        memory=replace(results.memory, layer_kb=[100_000, 104_000, 500_000]),
        storms=[replace(results.storms[0], verdict=Verdict(1, 1, 1, 1, 0, 0, 0), not_back=1)],
        faults=[replace(results.faults[0], caught_up_s=11, may_lose=False)],
        fan_outs=[replace(results.fan_outs[0], times=Times.of([]), rate=1_000)],
    )
    lost = [target.title for target in targets(worse) if not target.is_reached]
    assert lost == [
        "statements of 1,000 idle subscribers",
        "1,000 subscribers, patch: COMMIT to the last one, p99",
        "1,000 subscribers, patch: deliveries a second / bare emit's",
        "3 nodes: clients whose last state is wrong",
        "memory of an idle subscriber, of 5,000",
        "storm, all at once: clients that do not come back",
        "storm, all at once: events lost, in silence or not",
        "FLUSHALL: events declared lost",
        "FLUSHALL: until all have caught up",
    ]
    table = report.targets_table(worse)
    assert table.count("**no**") == len(lost)
    assert "not measured" in table
    assert "- 2 x `select 2`" in report.render(worse)


@pytest.mark.slow
def test_the_picture_can_be_drawn(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="only the benches install it")
    from loadtest.live import plot

    plot.draw(_results(), tmp_path / "live.png")
    assert (tmp_path / "live.png").read_bytes().startswith(b"\x89PNG")


# ---- what it is played on


@pytest.mark.slow
@pytest.mark.parametrize("keeps", [True, False])
def test_redis_comes_back_as_the_same_one(tmp_path: Path, keeps: bool) -> None:
    with Redis(tmp_path, keeps=keeps) as server:
        _, url = server.proxy()
        with closing(redis.Redis.from_url(url, retry=None)) as client:
            client.set("a", "1")
            server.kill()
            with pytest.raises(redis.ConnectionError):
                client.get("a")
            server.start()
            assert client.get("a") == (b"1" if keeps else None)
            client.set("a", "2")
            server.flush()
            assert client.get("a") is None


@pytest.mark.slow
def test_bare_sockets_get_what_is_emitted(tmp_path: Path) -> None:
    stage = Stage("postgresql://nowhere", tmp_path)
    text = PACKETS.emit("next", {"channel": 7, "version": 2, "patch": [], "position": "p"})
    # The kernel counts a process's time in hundredths of a second: enough deliveries to fill many.
    rate, cpu_us = bare(stage, text, subscribers=100, times=15, every=0.01)
    assert rate > 0
    assert cpu_us > 0


def test_what_is_no_number_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    assert main({"COMMITS": "none"}) == 1
    assert "COMMITS is 'none': a number from 1" in capsys.readouterr().err


def test_components_are_those_of_files_that_exist() -> None:
    root = Path(report.__file__).parents[2]
    for part, _, _ in PLACES:
        if part.startswith(("/bff/", "/app/")):
            assert (root / part.strip("/")).exists(), part
