"""One connection: polling, the upgrade from it, pings, floods, and what it keeps unsent."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from bff import LiveSettings, SocketLimits
from tests.bff.polling import wait_until
from tests.bff.sockets.poller import POLLING, Poller
from tests.bff.sockets.site import MARIE, Serve, Served
from tests.bff.sockets.wire import Wire


def test_polling_where_the_host_allows_it(serve: Serve, poll: Callable[[Served], Poller]) -> None:
    site = serve(options=POLLING)
    client = poll(site)
    assert client.send('40/graphql,{"token":"marie"}') == 200
    assert client.receive().startswith('40/graphql,{"sid"')
    client.send('42/graphql,["subscribe",{"id":"1","payload":{"query":"{ ticks }"}}]')
    assert client.receive().startswith('42/graphql,["subscribed"')
    for number in range(30):
        site.hub.push(str(number))
    for number in range(30):
        assert f'"payload":{number},' in client.receive()
    client.send("41/graphql,")
    wait_until(lambda: site.hub.drops)


def test_polling_client_that_takes_nothing_is_bounded(serve: Serve, poll: Callable[[Served], Poller]) -> None:
    site = serve(options=POLLING, live=LiveSettings(sockets=SocketLimits(max_unsent=1000)))
    client = poll(site)
    client.send('40/graphql,{"token":"marie"}')
    client.send('42/graphql,["subscribe",{"id":"1","payload":{"query":"{ ticks }"}}]')
    wait_until(lambda: site.hub.subscriptions)
    for number in range(100):
        site.hub.push(str(number))
    (connection,) = site.layer.connections
    assert 1000 < connection.unsent < 1300
    while '"payload":99,' not in client.receive():
        pass


def test_polling_client_that_floods_is_closed(serve: Serve, poll: Callable[[Served], Poller]) -> None:
    site = serve(options=POLLING, live=LiveSettings(sockets=SocketLimits(rate=1, burst=20)))
    client = poll(site)
    client.send('40/graphql,{"token":"marie"}')
    while client.send('42/graphql,["complete",{"id":"1"}]') == 200:
        pass
    wait_until(lambda: site.hub.drops)


def test_upgrade_from_polling_to_a_websocket(serve: Serve, poll: Callable[[Served], Poller]) -> None:
    site = serve(options=POLLING)
    client = poll(site)
    assert client.upgrades == ["websocket"]
    client.send('40/graphql,{"token":"marie"}')
    client.receive()
    wire = site.open(sid=client.sid)
    wire.ping(b"there?")
    assert wire.read_pong() == b"there?"
    wire.send("2probe")
    assert wire.receive() == "3probe"
    assert client.receive() == "6"
    wire.send("5")
    wire.subscribe("1")
    wire.next_named("subscribed")
    site.hub.push(json.dumps("x" * 200_000))
    assert len(wire.next_named("next")["payload"]) == 200_000


def test_upgrade_without_a_probe_is_none(serve: Serve, poll: Callable[[Served], Poller]) -> None:
    site = serve(options=POLLING)
    client = poll(site)
    wire = site.open(sid=client.sid)
    wire.send("5")
    assert wire.read_end().code == 1006
    # It polls on.
    client.send('40/graphql,{"token":"marie"}')
    assert client.receive().startswith("40/graphql,")


def test_pings_and_a_client_that_answers_none(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bff.sockets.engineio._SWEEP", 0.05)
    site = serve(options={"ping_interval": 0.1, "ping_timeout": 0.4})
    wire = site.open().connect(MARIE)
    for _ in range(8):
        assert wire.receive(pings=True) == "2"
    assert site.hub.drops == 0
    # It reads no more, so it answers no more.
    wait_until(lambda: site.hub.drops == 1 and not site.layer.connections)


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
    end = wire.read_end()
    assert end.code == code
    if code == 1002:
        assert end.reason == "no packet of Engine.IO"


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
