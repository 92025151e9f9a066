"""The server of connections: who is let in, and how many."""

from __future__ import annotations

import pytest

from bff import LiveSettings, SocketLimits
from loadtest.live.wire import Refused
from tests.bff.polling import wait_until
from tests.bff.sockets.site import MARIE, Serve, Served
from tests.bff.sockets.wire import Wire


def test_no_socket_while_it_drains(serve: Serve) -> None:
    site = serve()
    site.layer.drain(within=0)
    with pytest.raises(Refused, match="503"):
        Wire(site.address)


def test_foreign_origin_is_403(site: Served) -> None:
    host = f"http://127.0.0.1:{site.address[1]}"
    assert site.open(Origin=host).connect(MARIE)
    for origin in ("http://evil.example", "null", f"{host}.evil.example", "https://127.0.0.1"):
        with pytest.raises(Refused, match="403"):
            Wire(site.address, Origin=origin)


def test_more_sockets_than_a_process_takes(serve: Serve) -> None:
    site = serve(live=LiveSettings(sockets=SocketLimits(max_sockets=2)))
    first, second = site.open(), site.open()
    with pytest.raises(Refused, match="503"):
        Wire(site.address)
    first.socket.close()
    wait_until(lambda: len(site.layer.connections) == 1)
    assert site.open().connect(MARIE)
    assert second.connect(MARIE)
