"""What nobody well-meaning does to a socket. Each closes that socket or is refused, and disturbs no other."""

from __future__ import annotations

import json
import struct
from collections.abc import Callable

import pytest

from bff import HttpSettings, LiveSettings, SocketLimits
from loadtest.live.wire import Refused
from tests.bff.polling import wait_until
from tests.bff.sockets.site import Served
from tests.bff.sockets.wire import Wire

Serve = Callable[..., Served]
MARIE = {"token": "marie"}


@pytest.fixture
def site(serve: Serve) -> Served:
    return serve()


def assert_refused(wire: Wire, reason: str, *, code: int = 1008) -> None:
    end = wire.read_end()
    assert end.code == code
    assert reason in end.reason


def test_foreign_origin_is_403(site: Served) -> None:
    host = f"http://127.0.0.1:{site.address[1]}"
    assert site.open(Origin=host).connect(MARIE)
    for origin in ("http://evil.example", "null", f"{host}.evil.example", "https://127.0.0.1"):
        with pytest.raises(Refused, match="403"):
            Wire(site.address, Origin=origin)


def test_subscribe_before_connecting(site: Served) -> None:
    wire = site.open()
    wire.subscribe("1")
    assert_refused(wire, "before the connection")
    assert site.hub.subscriptions == {}


def test_subscribe_after_being_refused(site: Served) -> None:
    wire = site.open()
    assert wire.ask_to_connect({"token": "nobody"}).startswith("44")
    wire.subscribe("1")
    assert_refused(wire, "before the connection")
    assert site.hub.subscriptions == {}


@pytest.mark.parametrize("event", ["join", "enter_room", "connect", "disconnect", "message", "next", "*", ""])
def test_no_room_is_named_by_a_client(site: Served, event: str) -> None:
    wire = site.open().connect(MARIE)
    wire.emit(event, "all")
    assert_refused(wire, "unknown event")


def test_too_many_subscriptions(serve: Serve) -> None:
    wire = serve(live=LiveSettings(sockets=SocketLimits(max_subscriptions=3))).open().connect(MARIE)
    for number in range(4):
        wire.subscribe(str(number))
    refused = wire.next_named("error")
    assert refused["id"] == "3"
    assert refused["payload"][0]["extensions"]["code"] == "LIMIT"
    wire.emit("complete", {"id": "0"})
    wire.subscribe("4")
    assert wire.next_named("subscribed")["id"] in {"0", "1", "2", "4"}


def test_duplicate_id(site: Served) -> None:
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    wire.next_named("subscribed")
    wire.subscribe("1")
    assert wire.next_named("error")["payload"][0]["extensions"]["code"] == "DUPLICATE_ID"
    # The one in use goes on.
    site.hub.push("1")
    assert wire.next_named("next")["payload"] == 1


def test_connecting_twice(site: Served) -> None:
    wire = site.open().connect(MARIE)
    assert wire.ask_to_connect(MARIE).startswith("44/graphql,")
    wire.subscribe("1")
    wire.next_named("subscribed")


def test_oversized_message(serve: Serve) -> None:
    site = serve(http=HttpSettings(max_body=2000))
    wire = site.open().connect(MARIE)
    wire.subscribe("1", "{ ticks }" + " " * 2000)
    assert_refused(wire, "a message has at most 2000 characters")


def test_oversized_frame_is_refused_before_it_has_come(serve: Serve) -> None:
    site = serve(options={"max_http_buffer_size": 10_000})
    wire = site.open().connect(MARIE)
    # A terabyte is announced; a little more than the limit is sent.
    wire.send_raw(struct.pack("!BBQ", 0x81, 0xFF, 1 << 40) + b"\0\0\0\0" + b" " * 10_001)
    assert_refused(wire, "a message has at most 10000 bytes", code=1009)


def test_oversized_message_of_many_frames(serve: Serve) -> None:
    site = serve(options={"max_http_buffer_size": 10_000})
    wire = site.open().connect(MARIE)
    for first in (0x01, *[0x00] * 10):
        wire.send_raw(struct.pack("!BBH", first, 0xFE, 1000) + b"\0\0\0\0" + b"4" * 1000)
    assert_refused(wire, "a message has at most 10000 bytes", code=1009)


@pytest.mark.parametrize(
    ("frame", "code"),
    [
        pytest.param(b"\x81\x01a", 1002, id="not masked"),
        pytest.param(b"\x83\x80\0\0\0\0", 1002, id="unknown kind"),
        pytest.param(b"\xc1\x81\0\0\0\0a", 1002, id="compressed, which was not agreed to"),
        pytest.param(b"\x80\x81\0\0\0\0a", 1002, id="continues nothing"),
        pytest.param(b"\x09\x81\0\0\0\0a", 1002, id="ping in pieces"),
        pytest.param(b"\x89\xfe\x01\x00\0\0\0\0", 1002, id="ping that is too long"),
        pytest.param(b"\x81\x82\0\0\0\0\xff\xff", 1007, id="not UTF-8"),
    ],
)
def test_frames_that_are_none(site: Served, frame: bytes, code: int) -> None:
    wire = site.open().connect(MARIE)
    wire.send_raw(frame)
    assert wire.read_end().code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("", 1002),
        ("x", 1002),
        ("²", 1002),
        ("9", 1002),
        ("b&", 1008),
        ("4" + "[" * 100_000, 1002),
        ("4", 1008),
        ("4x", 1008),
        ("4null", 1008),
        ("4{}", 1008),
        ("42", 1008),
        ("42[]", 1008),
        ("42{}", 1008),
        ("42/chat,[]", 1008),
        ("49", 1008),
        ("44/chat,1", 1008),
        ("42/chat," + "[" * 100_000, 1008),
        ("42/chat,99999999999-", 1008),
        ("40/graphql," + "[" * 100_000, 1008),
        ('40/graphql,{"token":"a","token":"b"}', 1008),
    ],
)
def test_packets_that_are_none(site: Served, text: str, code: int) -> None:
    wire = site.open()
    wire.send(text)
    assert wire.read_end().code == code


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('42/graphql,7["subscribe",{"id":"1"}]', "acknowledgements"),
        ('42/graphql?a=b,7["subscribe",{"id":"1"}]', "acknowledgements"),
        ("43/graphql,7[]", "only events"),
        ('451-/graphql,["subscribe",{"_placeholder":true,"num":0}]', "only events"),
        ("461-/graphql,7[]", "only events"),
        ('44/graphql,{"message":"no"}', "only events"),
        ("42/graphql,", "acknowledgements"),
        ("42/graphql", "acknowledgements"),
        ("42/graphql,[]", "not an event"),
        ("42/graphql,[" + "[" * 100_000, "nested too deeply"),
        ('42/graphql,["subscribe",{"id":"1","id":"2"}]', "a key appears twice"),
    ],
)
def test_messages_that_are_not_of_the_protocol(site: Served, text: str, reason: str) -> None:
    wire = site.open().connect(MARIE)
    wire.send(text)
    assert_refused(wire, reason)


def test_binary(site: Served) -> None:
    wire = site.open().connect(MARIE)
    wire.send_bytes(b"\0")
    assert_refused(wire, "binary")
    assert site.layer.endpoint.stats()["refused"] == 1


def flood(wire: Wire, send: Callable[[], None]) -> None:
    """Send until the server has enough."""
    try:
        for _ in range(1000):
            send()
    except ConnectionError:
        return
    assert wire.read_end().code in {1006, 1008}


@pytest.mark.parametrize("packet", ["3", '42/graphql,["complete",{"id":"1"}]', "40/graphql,", "41/chat,"])
def test_flood(serve: Serve, packet: str) -> None:
    site = serve(live=LiveSettings(sockets=SocketLimits(rate=1, burst=20)))
    other = site.open().connect(MARIE)
    wire = site.open().connect(MARIE)
    flood(wire, lambda: wire.send(packet))
    wait_until(lambda: site.hub.drops == 1)
    other.subscribe("1")
    other.next_named("subscribed")


def test_flood_of_websocket_pings(serve: Serve) -> None:
    site = serve(live=LiveSettings(sockets=SocketLimits(rate=1, burst=20)))
    wire = site.open().connect(MARIE)
    wire.ping(b"there?")
    assert wire.read_pong() == b"there?"
    flood(wire, lambda: wire.ping(b""))


def test_a_burst_within_the_limit_is_served(serve: Serve) -> None:
    wire = serve(live=LiveSettings(sockets=SocketLimits(rate=1, burst=60))).open().connect(MARIE)
    for number in range(50):
        wire.subscribe(str(number))
    assert {wire.next_named("subscribed")["id"] for _ in range(50)} == {str(number) for number in range(50)}


def test_more_sockets_than_a_process_takes(serve: Serve) -> None:
    site = serve(live=LiveSettings(sockets=SocketLimits(max_sockets=2)))
    first, second = site.open(), site.open()
    with pytest.raises(Refused, match="503"):
        Wire(site.address)
    first.socket.close()
    wait_until(lambda: len(site.layer.connections) == 1)
    assert site.open().connect(MARIE)
    assert second.connect(MARIE)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({"Sec-WebSocket-Version": "8"}, id="old version"),
        pytest.param({"Sec-WebSocket-Key": "short"}, id="key"),
        pytest.param({"Connection": "keep-alive"}, id="no upgrade"),
    ],
)
def test_handshakes_that_are_none(site: Served, headers: dict[str, str]) -> None:
    import http.client

    given = {
        "Connection": "Upgrade",
        "Upgrade": "websocket",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==",
    }
    connection = http.client.HTTPConnection(*site.address, timeout=10)
    connection.request("GET", "/socket.io/?EIO=4&transport=websocket", headers=given | headers)
    assert connection.getresponse().status == 400
    connection.close()
    wait_until(lambda: not site.layer.connections)


def test_a_stalled_client_gets_the_newest_state_when_it_reads_again(serve: Serve) -> None:
    site = serve(live=LiveSettings(sockets=SocketLimits(max_unsent=100_000)))
    stalled = site.open(receive_buffer=4096).connect(MARIE)
    other = site.open().connect(MARIE)
    for wire in (stalled, other):
        wire.subscribe("1")
        wire.next_named("subscribed")
    state = json.dumps("x" * 50_000)
    pushed = 400
    for number in range(1, pushed + 1):
        site.hub.push(state)
        assert other.next_named("next")["version"] == number
    (connection,) = [each for each in site.layer.connections if each.unsent]
    stats = site.layer.endpoint.stats()
    assert (stats["sockets"], stats["outlets"], stats["full"], stats["unsent"]) == (2, 2, 1, connection.unsent)
    # As much as there may be, and the one that filled it.
    assert 100_000 < connection.unsent < 200_000
    assert connection.is_full
    versions = []
    while pushed not in versions:
        versions.append(stalled.next_named("next")["version"])
    assert versions == sorted(versions)
    assert len(versions) < pushed
    site.hub.push("1")
    assert stalled.next_named("next")["version"] == pushed + 1


def test_a_client_that_takes_nothing_is_closed(serve: Serve) -> None:
    site = serve(live=LiveSettings(sockets=SocketLimits(max_age=1.0, max_unsent=100_000)))
    stalled = site.open(receive_buffer=4096).connect(MARIE)
    stalled.subscribe("1")
    stalled.next_named("subscribed")
    state = json.dumps("x" * 90_000)
    wait_until(lambda: bool(site.hub.push(state)) or site.hub.waiting)
    wait_until(lambda: site.hub.drops == 1 and not site.layer.connections)


def test_whatever_the_host_emits_is_bounded(serve: Serve) -> None:
    site = serve(live=LiveSettings(sockets=SocketLimits(max_unsent=100_000)))
    stalled = site.open(receive_buffer=4096)
    stalled.send("40/chat,")
    stalled.receive()
    (connection,) = site.layer.connections
    most = 0

    def emit() -> bool:
        nonlocal most
        site.layer.socketio.emit("news", "x" * 50_000, namespace="/chat")
        most = max(most, connection.unsent)
        return connection.closed

    wait_until(emit)
    assert 400_000 < most < 500_000
    assert connection.unsent == 0
