"""Who a socket is of, asked again: a viewer with other rights, or none, gets nothing more by the old ones."""

from __future__ import annotations

import pytest

from bff.protocol import messages as protocol
from tests.bff.polling import wait_until
from tests.bff.sockets.site import MARIE, Serve


def test_asked_past_caches_once_it_is_followed(serve: Serve) -> None:
    site = serve()
    site.open().connect(MARIE)
    wait_until(lambda: site.layer.asked == [False, True])
    ((facts, _),) = site.hub.followed.values()
    assert facts == [("users", ("id",), ("5",))]


def test_nobody_any_more(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    wire.next_named("subscribed")
    wait_until(lambda: len(site.layer.asked) == 2)
    del site.layer.people["marie"]
    site.hub.touch()
    site.hub.push("{}")
    assert wire.event() == (
        "complete",
        {"id": "1", "code": "UNAUTHENTICATED", "message": "nobody is signed in any more"},
    )
    assert wire.receive() == "41/graphql,"


def test_another_viewer_subscribes_anew(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    wire.next_named("subscribed")
    wait_until(lambda: len(site.layer.asked) == 2)
    site.layer.people["marie"] = "client"
    site.hub.touch()
    site.hub.push("{}")
    assert wire.event()[1]["code"] == "FORBIDDEN"
    wait_until(lambda: len(site.hub.followed) == 1 and len(site.layer.asked) >= 4)
    wire.subscribe("1")
    wire.next_named("subscribed")
    (outlet,) = site.hub.subscriptions
    assert outlet.viewer == ("marie", "client")


def test_who_cannot_be_found_out_is_sent_away(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bff.sockets.recheck._ASK_FOR", 0.3)
    monkeypatch.setattr("bff.sockets.recheck._ASK_EVERY", 0.05)
    site = serve()
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    wire.next_named("subscribed")
    wait_until(lambda: len(site.layer.asked) == 2)
    site.layer.people = None  # type: ignore[assignment]
    site.hub.touch()
    site.hub.push("{}")
    assert wire.event()[1]["code"] == "INTERNAL"
    assert wire.receive() == "41/graphql,"


def test_the_same_viewer_goes_on_and_misses_nothing(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    wire.next_named("subscribed")
    (outlet,) = site.hub.subscriptions
    outlet.hold(1)
    site.hub.newest = protocol.next_state(1, version=1, payload="1", position="")
    outlet.send(site.hub.newest)
    assert outlet.is_full
    site.hub.waiting.add(outlet)
    site.hub.newest = protocol.next_state(1, version=2, payload="2", position="")
    site.hub.touch()
    assert [wire.event()[1]["payload"] for _ in range(2)] == [1, 2]
