"""WebSocket (RFC 6455) and Socket.IO 5 over it, as much as a client of live pages needs. Bytes in, bytes out: no sockets.

Text frames only, no extensions: what else a server sends is a `WireError`, but for pings and the end.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import orjson

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"  # RFC 6455, section 1.3
TEXT, BINARY, CLOSE, PING, PONG = 1, 2, 8, 9, 10
_MOST_HEAD = 16_384


class WireError(ValueError):
    """What came is not of the protocol; the message says what."""


class Refused(Exception):
    """The server has answered the request for a WebSocket with another status than 101."""

    def __init__(self, status: int) -> None:
        super().__init__(f"refused with HTTP {status}")
        self.status = status


# ---- WebSocket


@dataclass(frozen=True, slots=True)
class Handshake:
    """A request for a WebSocket at `path`, and whether an answer to it is one."""

    host: str
    path: str
    key: bytes
    headers: Mapping[str, str]

    @classmethod
    def to(
        cls, host: str, path: str = "/socket.io/?EIO=4&transport=websocket", headers: Mapping[str, str] | None = None
    ) -> Handshake:
        return cls(host, path, base64.b64encode(os.urandom(16)), headers or {})

    @property
    def request(self) -> bytes:
        more = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        return (
            f"GET {self.path} HTTP/1.1\r\nHost: {self.host}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: {self.key.decode()}\r\n{more}\r\n"
        ).encode()

    def rest(self, data: bytes) -> bytes | None:
        """What follows the answer in `data`; None when it is not whole yet. Raises Refused, WireError."""
        head, end, rest = data.partition(b"\r\n\r\n")
        if not end:
            if len(data) > _MOST_HEAD:
                raise WireError("an answer without end")
            return None
        found = re.match(rb"HTTP/1\.1 (\d{3}) ", head)
        if found is None:
            raise WireError(f"no HTTP: {head[:80]!r}")
        if found[1] != b"101":
            raise Refused(int(found[1]))
        accept = base64.b64encode(hashlib.sha1(self.key + _GUID).digest())
        if not re.search(rb"\r\nsec-websocket-accept:\s*" + re.escape(accept), head, re.IGNORECASE):
            raise WireError("the answer belongs to another request")
        return rest


def text_frame(text: bytes) -> bytes:
    """A client's frame, masked as clients have to."""
    return frame(TEXT, text)


def frame(opcode: int, payload: bytes) -> bytes:
    """A client's frame of any kind."""
    size = len(payload)
    if size < 126:
        head = bytes((0x80 | opcode, 0x80 | size))
    elif size < 65_536:
        head = bytes((0x80 | opcode, 0x80 | 126)) + size.to_bytes(2)
    else:
        head = bytes((0x80 | opcode, 0x80 | 127)) + size.to_bytes(8)
    mask = os.urandom(4)
    whole = (mask * (size // 4 + 1))[:size]
    return head + mask + (int.from_bytes(payload) ^ int.from_bytes(whole)).to_bytes(size)


class Frames:
    """Cuts what arrives into messages, of the kinds that are expected."""

    __slots__ = ("_kinds", "_parts", "_rest", "end", "pongs")

    def __init__(self, *kinds: int) -> None:
        self._kinds = kinds or (TEXT,)
        self.pongs: list[bytes] = []
        """The payloads with which pings were answered."""
        self.end: bytes | None = None
        """The payload with which the server has ended: a code in two bytes and a reason, or nothing."""
        self._rest = b""
        self._parts: list[bytes] | None = None

    def feed(self, data: bytes) -> tuple[list[bytes], bytes, bool]:
        """The texts that are whole now, what has to be sent back, and whether the server has ended. Raises WireError."""
        if self._rest:
            data = self._rest + data
        texts, answer, is_over = [], b"", False
        at, end = 0, len(data)
        while end - at >= 2:
            first, size = data[at], data[at + 1]
            if first & 0x70 or size & 0x80:
                raise WireError("a masked frame, or one of an extension")
            begin = at + 2
            if size >= 126:
                begin += 2 if size == 126 else 8
                if end < begin:
                    break
                size = int.from_bytes(data[at + 2 : begin])
            if end - begin < size:
                break
            payload = data[begin : begin + size]
            at = begin + size
            opcode = first & 0x0F
            if opcode == PING:
                answer += frame(PONG, payload)
            elif opcode == CLOSE:
                answer += frame(CLOSE, payload[:2])
                self.end, is_over = payload, True
                break
            elif opcode == PONG:
                self.pongs.append(payload)
            else:
                texts += self._whole(opcode, payload, is_last=bool(first & 0x80))
        self._rest = data[at:]
        return texts, answer, is_over

    def _whole(self, opcode: int, payload: bytes, *, is_last: bool) -> list[bytes]:
        """The message, once its last frame is there."""
        if opcode not in (0, *self._kinds) or (opcode == 0) is (self._parts is None):
            raise WireError(f"a frame of kind {opcode} out of place")
        parts = [*(self._parts or ()), payload]
        self._parts = None if is_last else parts
        return [b"".join(parts)] if is_last else []


# ---- Socket.IO


@dataclass(frozen=True, slots=True)
class Event:
    """A server's event with its one argument."""

    name: str
    body: Any


class Packets:
    """The packets of one namespace, written and read."""

    def __init__(self, namespace: str = "/graphql") -> None:
        self._prefix = f"{namespace},".encode() if namespace != "/" else b""
        self.connected = b"40" + self._prefix
        self.refused = b"44" + self._prefix
        self.disconnected = b"41" + self._prefix
        self.event = b"42" + self._prefix
        # Everybody who subscribes to the same gets the same bytes: they are read once.
        self.read = lru_cache(maxsize=256)(self._read)

    def connect(self, auth: object) -> bytes:
        return b"40" + self._prefix + orjson.dumps(auth)

    def emit(self, name: str, body: object) -> bytes:
        return self.event + orjson.dumps([name, body])

    def body(self, text: bytes) -> Any:
        """The object that a packet other than an event carries; None for none."""
        _, _, body = text.partition(self._prefix) if self._prefix else ("", "", text[2:])
        return orjson.loads(body) if body else None

    def _read(self, text: bytes) -> Event:
        try:
            name, body = orjson.loads(text[len(self.event) :])
        except ValueError:
            raise WireError(f"no event with one argument: {text[:80]!r}") from None
        return Event(name, body)
