"""RFC 6455, the server's side, over the socket of the WSGI server: what a stalled or hostile client cannot hold up.

In place of simple-websocket, which takes a greenlet (or thread) of its own for each socket, agrees to compression with 300 KB
of state a socket, frames every message once a socket, and collects a frame of any size before it looks. Frames from
clients are parsed by wsproto. Compression is not agreed to.
"""

from __future__ import annotations

import base64
import binascii
import socket
from collections.abc import Callable, Mapping
from hashlib import sha1
from typing import Any

from wsproto.frame_protocol import CloseReason, FrameProtocol, Opcode, ParseFailed

_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
_READ = 16_384

_WITHOUT_WAITING = socket.MSG_DONTWAIT

_KERNEL_KEEPS = 131_072
"""Bytes that the kernel may keep of what it has not sent yet. By itself it takes megabytes for a client that stalls: memory that no
bound of ours would see, full of states that are old by the time they are read."""


class HandshakeRefused(Exception):
    """The request asks for no WebSocket that can be spoken here."""


class Broken(Exception):
    """The client broke the protocol or a limit; `code` is RFC 6455's reason to close."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(reason)
        self.code = code


def frame_text(text: str) -> bytes:
    """A message as the one frame that every client gets: a server's frames are not masked, so they are all the same."""
    payload = text.encode()
    return _head(0x81, len(payload)) + payload


def frame_bytes(payload: bytes) -> bytes:
    """The same of a binary message."""
    return _head(0x82, len(payload)) + payload


def _head(first: int, length: int) -> bytes:
    if length < 126:
        return bytes((first, length))
    if length < 65_536:
        return bytes((first, 126)) + length.to_bytes(2, "big")
    return bytes((first, 127)) + length.to_bytes(8, "big")


class WebSocket:
    """One connection that has become a WebSocket. One greenlet receives; sends never happen at once (see `EngineSocket`)."""

    __slots__ = ("_is_broken", "_is_open", "_is_over", "_most", "_now", "_protocol", "_socket", "mode")

    def __init__(self, environ: Mapping[str, Any], *, most: int) -> None:
        """Answer the request with 101; messages of more than `most` bytes break the connection. Raises HandshakeRefused."""
        answer = _handshake(environ)
        self._socket, self.mode = _socket_of(environ)
        self._most = most
        self._protocol = FrameProtocol(client=False, extensions=[])
        # Over TLS every send may have to wait for the other side. gevent's sockets wait, whatever the flags; what they
        # wrap does not.
        encrypted = hasattr(self._socket, "do_handshake")
        self._now = None if encrypted else getattr(self._socket, "_sock", self._socket)
        self._is_open = True
        self._is_over = self._is_broken = False
        self._socket.settimeout(None)
        if not encrypted:
            # A push is one small message that nothing follows: Nagle's algorithm would keep it for an acknowledgement.
            self._set(socket.TCP_NODELAY, 1)
            if hasattr(socket, "TCP_NOTSENT_LOWAT"):
                self._set(socket.TCP_NOTSENT_LOWAT, _KERNEL_KEEPS)
        self._socket.sendall(answer)

    def _set(self, option: int, value: int) -> None:
        try:
            self._socket.setsockopt(socket.IPPROTO_TCP, option, value)
        except OSError:
            pass  # a Unix socket, or a kernel without it

    def receive(self, *, count: Callable[[], None], reply: Callable[[bytes], object]) -> str | bytes | None:
        """The next message, None when there comes no more. Raises Broken and OSError.

        `count` is called for every frame, of whatever kind, and may raise; `reply` sends a frame in its turn.
        """
        parts: list[Any] = []
        size = 0
        try:
            while True:
                for frame in self._protocol.received_frames():
                    if frame.frame_finished:
                        count()
                    if frame.opcode is Opcode.PING:
                        assert isinstance(frame.payload, bytes)
                        reply(bytes(self._protocol.pong(frame.payload)))
                    elif frame.opcode is Opcode.CLOSE:
                        self._is_over = True
                        return None
                    elif frame.opcode is not Opcode.PONG:
                        assert isinstance(frame.payload, str | bytes)
                        size += len(frame.payload)
                        if size > self._most:
                            raise Broken(CloseReason.MESSAGE_TOO_BIG, f"a message has at most {self._most} bytes")
                        parts.append(frame.payload)
                        if frame.message_finished:
                            message: str | bytes = type(parts[0])().join(parts)
                            return message
                received = self._socket.recv(_READ)
                if not received:
                    self._is_over = True
                    return None
                self._protocol.receive_bytes(received)
        except ParseFailed as error:
            self._is_broken = True
            raise Broken(error.code, str(error)) from None

    def read_out(self, most: int) -> None:
        """After `finish`: read on, for nothing, until the client has said goodbye, too, is gone, or has sent `most` bytes.

        To close over unread bytes would reset the connection, and take from the client what it has not read yet.
        """
        try:
            while not self._is_over and most > 0:
                received = self._socket.recv(_READ)
                most -= len(received)
                self._is_over = not received or self._has_goodbye(received)
        except OSError:
            pass  # it is gone

    def _has_goodbye(self, received: bytes) -> bool:
        if self._is_broken:
            return False
        try:
            self._protocol.receive_bytes(received)
            return any(frame.opcode is Opcode.CLOSE for frame in self._protocol.received_frames())
        except ParseFailed:
            self._is_broken = True
            return False

    def send_some(self, frame: bytes | memoryview) -> int:
        """Send what can be without waiting; gives how many bytes that were. Raises OSError."""
        if self._now is None:
            return 0
        try:
            return self._now.send(frame, _WITHOUT_WAITING)
        except BlockingIOError:
            return 0

    def send(self, data: bytes | memoryview) -> int:
        """Wait until something can be sent; gives how many bytes were. Raises OSError, too when it is aborted."""
        return self._socket.send(data)

    def finish(self, code: int = CloseReason.NORMAL_CLOSURE, reason: str = "") -> None:
        """Say goodbye after what was sent, without waiting, and send no more. What comes in may still be read."""
        if not self._is_open:
            return
        self._is_open = False
        try:
            self.send_some(bytes(self._protocol.close(code, reason)))
            self._socket.shutdown(socket.SHUT_WR)
        except OSError:
            pass  # the other side was faster

    def abort(self) -> None:
        """End it now; who waits to send or receive stops waiting."""
        self._is_open = False
        try:
            self._socket.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass  # it has ended already

    def release(self) -> None:
        """Give the connection back to the WSGI server, which closes it."""
        self.abort()
        if self.mode == "gevent":
            self._socket.close()


def _handshake(environ: Mapping[str, Any]) -> bytes:
    tokens = {token.strip().lower() for token in environ.get("HTTP_CONNECTION", "").split(",")}
    if "upgrade" not in tokens or environ.get("HTTP_UPGRADE", "").lower() != "websocket":
        raise HandshakeRefused("no upgrade to a WebSocket is asked for")
    if environ.get("HTTP_SEC_WEBSOCKET_VERSION") != "13":
        raise HandshakeRefused("WebSocket's version must be 13")
    key = environ.get("HTTP_SEC_WEBSOCKET_KEY", "")
    try:
        is_key = len(base64.b64decode(key, validate=True)) == 16
    except (binascii.Error, ValueError):
        is_key = False
    if not is_key:
        raise HandshakeRefused("Sec-WebSocket-Key must be 16 bytes in base64")
    accept = base64.b64encode(sha1(key.encode() + _GUID).digest())
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: "
        + accept
        + b"\r\n\r\n"
    )


def _socket_of(environ: Mapping[str, Any]) -> tuple[socket.socket, str]:
    """The request's socket and the kind of server it is of, wherever that puts it."""
    for mode in ("gunicorn", "werkzeug"):
        if f"{mode}.socket" in environ:
            return environ[f"{mode}.socket"], mode
    # gevent's own server closes its socket when the handler returns, and writes to it before: it gets a copy to itself.
    stream = environ["wsgi.input"]
    raw = getattr(stream, "raw", None) or getattr(getattr(stream, "rfile", None), "raw", None)
    if raw is None:
        raise HandshakeRefused("this server does not hand over its sockets: serve by gunicorn, Werkzeug or gevent")
    return raw._sock.dup(), "gevent"
