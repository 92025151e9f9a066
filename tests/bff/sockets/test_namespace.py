"""The namespace as clients of the protocol meet it: connecting, subscribing, being sent away."""

from __future__ import annotations

import time

import pytest

from tests.bff.polling import wait_until
from tests.bff.sockets.site import MARIE, Serve, make_site


def test_a_subscription(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    assert wire.event() == (
        "subscribed",
        {"id": "1", "channel": 1, "kind": "live", "recovered": None, "position": "0"},
    )
    site.hub.push('{"data":1}')
    assert wire.event() == ("next", {"channel": 1, "version": 1, "payload": {"data": 1}, "position": "1"})
    wire.emit("complete", {"id": "1"})
    wait_until(lambda: not any(site.hub.subscriptions.values()))


def test_what_was_asked_reaches_the_hub(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    wire.subscribe("a", mode="patch", resume="here")
    wire.next_named("subscribed")
    ((request,),) = (held.values() for held in site.hub.subscriptions.values())
    assert (request.id, request.mode, request.resume) == ("a", "patch", "here")
    assert request.request.query == "{ ticks }"


def test_refused_operations_are_answered_with_their_codes(serve: Serve) -> None:
    wire = serve().open().connect(MARIE)
    wire.subscribe("1", "{ nothing }")
    name, data = wire.event()
    assert (name, data["id"]) == ("error", "1")
    assert data["payload"][0]["extensions"]["code"] == "VALIDATION_FAILED"
    # It is over: its id is free.
    wire.subscribe("1")
    assert wire.event()[0] == "subscribed"


def test_bad_request_names_its_subscription(serve: Serve) -> None:
    wire = serve().open().connect(MARIE)
    wire.subscribe("1", mode="some")
    name, data = wire.event()
    assert (name, data["id"]) == ("error", "1")
    assert data["payload"] == [{"message": "mode must be full or patch", "extensions": {"code": "BAD_REQUEST"}}]


def test_completed_while_it_begins_and_asked_for_again(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    site.hub.gate.clear()
    wire.subscribe("1", resume="first")
    wait_until(lambda: site.hub.subscriptions)
    wire.emit("complete", {"id": "1"})
    wire.subscribe("1", resume="second")
    wire.subscribe("1")
    assert wire.next_named("error")["payload"][0]["extensions"]["code"] == "DUPLICATE_ID"
    site.hub.gate.set()
    wait_until(lambda: [held["1"].resume for held in site.hub.subscriptions.values() if held] == ["second"])


def test_completed_while_it_begins(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    site.hub.gate.clear()
    wire.subscribe("1")
    wait_until(lambda: site.hub.subscriptions)
    wire.emit("complete", {"id": "1"})
    wait_until(lambda: not any(site.hub.subscriptions.values()))
    site.hub.gate.set()
    wire.subscribe("2")
    wait_until(lambda: [list(held) for held in site.hub.subscriptions.values()] == [["2"]])


def test_gone_while_it_begins(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    site.hub.gate.clear()
    wire.subscribe("1")
    wait_until(lambda: site.hub.subscriptions)
    wire.socket.close()
    wait_until(lambda: site.hub.drops == 1)
    site.hub.gate.set()
    wait_until(lambda: site.hub.drops == 2)
    assert site.hub.subscriptions == {}


def test_host_keeps_its_own_namespaces(serve: Serve) -> None:
    wire = serve().open()
    wire.send("40/chat,")
    assert wire.receive().startswith('40/chat,{"sid"')
    wire.send('42/chat,7["echo",{"a":1}]')
    assert wire.receive() == '43/chat,7[{"a":1}]'
    wire.send('451-/chat,8["echo",{"_placeholder":true,"num":0}]')
    wire.send_bytes(b"\x00\x01")
    assert wire.receive() == '461-/chat,8[{"_placeholder":true,"num":0}]'
    assert wire.receive() == "\x00\x01"


def test_hosts_own_tests_of_its_namespaces_go_on() -> None:
    app, layer = make_site()
    client = layer.socketio.test_client(app, namespace="/chat")
    assert client.is_connected("/chat")
    assert client.emit("echo", {"a": 1}, namespace="/chat", callback=True) == {"a": 1}
    layer.socketio.emit("news", "today", namespace="/chat")
    assert [each["args"] for each in client.get_received("/chat")] == [["today"]]
    client.disconnect("/chat")


def test_a_connection_to_nothing_is_closed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bff.sockets.namespace._JOIN_WITHIN", 0.1)
    site = serve()
    joined = site.open().connect(MARIE)
    assert site.open().read_end().code == 1006
    joined.subscribe("1")
    joined.next_named("subscribed")


def test_drain(serve: Serve) -> None:
    site = serve()
    told = site.open().connect(MARIE)
    other = site.open()
    begun = time.monotonic()
    site.layer.drain(within=0.3)
    assert time.monotonic() - begun < 2
    assert told.next_named("move") == {"within": 300}
    assert told.receive() == "1"
    assert other.read_end().code == 1000
    assert site.hub.drops == 1
