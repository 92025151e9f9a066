"""What nobody well-meaning sends to the namespace. Each closes that socket or is refused, and disturbs no other."""

from __future__ import annotations

import pytest

from bff import HttpSettings, LiveSettings, SocketLimits
from tests.bff.sockets.site import MARIE, Serve, Served
from tests.bff.sockets.wire import assert_refused


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
