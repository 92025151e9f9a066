"""Handshakes and frames that are none."""

from __future__ import annotations

import struct

import pytest

from tests.bff.polling import wait_until
from tests.bff.sockets.site import MARIE, Serve, Served
from tests.bff.sockets.wire import assert_refused


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
