"""What a socket is sent while it is asked who it is of, and while it takes nothing."""

from __future__ import annotations

import json

from bff import LiveSettings, SocketLimits
from bff.protocol import messages as protocol
from tests.bff.polling import wait_until
from tests.bff.sockets.site import MARIE, Serve


def test_what_is_held_for_a_later_suspicion_is_not_released_with_an_earlier(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    wire.next_named("subscribed")
    (outlet,) = site.hub.subscriptions
    outlet.hold(2)
    outlet.send(protocol.next_state(1, version=1, payload="1", position=""))
    outlet.release(1)
    assert outlet.is_full
    outlet.release(2)
    assert not outlet.is_full
    outlet.hold(2)
    assert not outlet.is_full, "it was cleared before"
    assert wire.event()[1]["payload"] == 1


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
