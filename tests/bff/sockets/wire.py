"""A Socket.IO client that sends what no library would: the live bench's WebSocket, over a socket that blocks."""

from __future__ import annotations

import json
import socket
from types import TracebackType
from typing import Any, Self

from loadtest.live.wire import BINARY, PING, TEXT, Frames, Handshake, frame, text_frame

NAMESPACE = "/graphql"


class Closed(Exception):
    """The server ended the connection; with WebSocket's code, 1006 when it said none."""

    def __init__(self, code: int, reason: str) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason


class Wire:
    """One connection. Reading answers pings, and raises Closed at its end. A handshake that is refused raises Refused."""

    def __init__(
        self, address: tuple[str, int], *, receive_buffer: int | None = None, sid: str | None = None, **headers: str
    ) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(20)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._frames = Frames(TEXT, BINARY)
        self._texts: list[str] = []
        try:
            self.socket.connect(address)
            self._shake_hands(f"{address[0]}:{address[1]}", sid, headers)
            if sid is None:
                self.opened: dict[str, Any] = json.loads(self.receive()[1:])
        except BaseException:
            self.socket.close()
            raise

    def _shake_hands(self, host: str, sid: str | None, headers: dict[str, str]) -> None:
        given = {name.replace("_", "-"): value for name, value in headers.items()}
        path = "/socket.io/?EIO=4&transport=websocket" + ("" if sid is None else f"&sid={sid}")
        handshake = Handshake.to(host, path, given)
        self.send_raw(handshake.request)
        received = b""
        while (rest := handshake.rest(received)) is None:
            received += self._arrived()
        self._take(rest)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.socket.close()

    def send_raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send(self, text: str) -> None:
        """A packet of Engine.IO."""
        self.send_raw(text_frame(text.encode()))

    def send_bytes(self, data: bytes) -> None:
        self.send_raw(frame(BINARY, data))

    def ping(self, payload: bytes) -> None:
        self.send_raw(frame(PING, payload))

    def receive(self, *, pings: bool = False) -> str:
        """The next packet of Engine.IO; pings are answered, and passed over unless they are asked for, as noops are."""
        while True:
            while self._texts:
                text = self._texts.pop(0)
                if text == "2":
                    self.send("3")
                if text not in ("2", "6") or (pings and text == "2"):
                    return text
            if (end := self._frames.end) is not None:
                raise Closed(int.from_bytes(end[:2]) if end else 1006, end[2:].decode())
            self._take(self._arrived())

    def _arrived(self) -> bytes:
        try:
            received = self.socket.recv(65_536)
        except ConnectionError:
            received = b""
        if not received:
            raise Closed(1006, "")
        return received

    def _take(self, data: bytes) -> None:
        texts, answer, is_over = self._frames.feed(data)
        # Binary, where a host sends some, as text that can be compared.
        self._texts += [text.decode(errors="surrogateescape") for text in texts]
        try:
            self.send_raw(answer)
        except OSError:
            if not is_over:
                raise

    def read_pong(self) -> bytes:
        while not self._frames.pongs:
            self._take(self._arrived())
        return self._frames.pongs.pop(0)

    def read_end(self) -> Closed:
        """What the connection ends with, whatever comes before."""
        try:
            while True:
                self.receive()
        except Closed as end:
            return end

    # ---- the namespace

    def connect(self, auth: object = None) -> Self:
        """Connect to the namespace, as whoever `auth` is."""
        answer = self.ask_to_connect(auth)
        assert answer.startswith(f"40{NAMESPACE},"), answer
        return self

    def ask_to_connect(self, auth: object = None) -> str:
        self.send(f"40{NAMESPACE},{'' if auth is None else json.dumps(auth)}")
        return self.receive()

    def emit(self, event: str, *arguments: object) -> None:
        self.send(f"42{NAMESPACE},{json.dumps([event, *arguments])}")

    def subscribe(self, id: str, query: str = "{ ticks }", **members: object) -> None:
        self.emit("subscribe", {"id": id, "payload": {"query": query}, **members})

    def event(self) -> tuple[str, dict[str, Any]]:
        """The next event of the namespace."""
        text = self.receive()
        prefix = f"42{NAMESPACE},"
        assert text.startswith(prefix), text
        name, data = json.loads(text.removeprefix(prefix))
        return name, data

    def next_named(self, name: str) -> dict[str, Any]:
        """The next event of this name; others are passed over."""
        while True:
            event, data = self.event()
            if event == name:
                return data


def assert_refused(wire: Wire, reason: str, *, code: int = 1008) -> None:
    end = wire.read_end()
    assert end.code == code
    assert reason in end.reason
