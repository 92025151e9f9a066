"""A Socket.IO client that sends what no library would, over a WebSocket of wsproto's."""

from __future__ import annotations

import json
import socket
from types import TracebackType
from typing import Any, Self

from wsproto import ConnectionType, WSConnection
from wsproto.events import (
    AcceptConnection,
    BytesMessage,
    CloseConnection,
    Ping,
    Pong,
    RejectConnection,
    RejectData,
    Request,
    TextMessage,
)

NAMESPACE = "/graphql"


class Closed(Exception):
    """The server ended the connection; with WebSocket's code, 1006 when it said none."""

    def __init__(self, code: int, reason: str | None) -> None:
        super().__init__(f"{code} {reason}")
        self.code = code
        self.reason = reason or ""


class Rejected(Exception):
    """The server answered the handshake with another status than 101."""

    def __init__(self, status: int, body: bytes) -> None:
        super().__init__(f"{status} {body!r}")
        self.status = status


class Wire:
    """One connection. Reading answers pings, and raises Closed at its end."""

    def __init__(
        self, address: tuple[str, int], *, receive_buffer: int | None = None, sid: str | None = None, **headers: str
    ) -> None:
        self.socket = socket.socket()
        self.socket.settimeout(20)
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self._ws = WSConnection(ConnectionType.CLIENT)
        self._received: list[str] = []
        self._texts: list[str] = []
        self._end: Closed | None = None
        self.pongs: list[bytes] = []
        try:
            self.socket.connect(address)
            self._shake_hands(f"{address[0]}:{address[1]}", sid, headers)
            if sid is None:
                self.opened: dict[str, Any] = json.loads(self.receive()[1:])
        except BaseException:
            self.socket.close()
            raise

    def _shake_hands(self, host: str, sid: str | None, headers: dict[str, str]) -> None:
        given = [(name.replace("_", "-").encode(), value.encode()) for name, value in headers.items()]
        target = "/socket.io/?EIO=4&transport=websocket" + ("" if sid is None else f"&sid={sid}")
        self.send_raw(self._ws.send(Request(host=host, target=target, extra_headers=given)))
        status, body = 0, b""
        for event in self._events():
            if isinstance(event, AcceptConnection):
                break
            if isinstance(event, RejectConnection):
                status = event.status_code
            elif isinstance(event, RejectData):
                body += event.data
                if event.body_finished:
                    raise Rejected(status, body)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        self.socket.close()

    def send_raw(self, data: bytes) -> None:
        self.socket.sendall(data)

    def send(self, text: str) -> None:
        """A packet of Engine.IO."""
        self.send_raw(self._ws.send(TextMessage(data=text)))

    def send_bytes(self, data: bytes) -> None:
        self.send_raw(self._ws.send(BytesMessage(data=data)))

    def ping(self, payload: bytes) -> None:
        self.send_raw(self._ws.send(Ping(payload=payload)))

    def _events(self) -> Any:
        while True:
            yield from self._ws.events()
            try:
                received = self.socket.recv(65_536)
            except ConnectionError:
                received = b""
            if not received:
                raise Closed(1006, "")
            self._ws.receive_data(received)

    def receive(self, *, pings: bool = False) -> str:
        """The next packet of Engine.IO; pings are answered, and passed over unless they are asked for, as noops are."""
        while True:
            while self._texts:
                text = self._texts.pop(0)
                if text == "2":
                    self.send("3")
                if text not in ("2", "6") or (pings and text == "2"):
                    return text
            if self._end is not None:
                raise self._end
            self._read()

    def _read(self) -> None:
        for event in self._events():
            if isinstance(event, TextMessage):
                self._received.append(event.data)
                if event.message_finished:
                    self._texts.append("".join(self._received))
                    self._received.clear()
                    return
            elif isinstance(event, Pong):
                self.pongs.append(bytes(event.payload))
                return
            elif isinstance(event, CloseConnection):
                self._end = Closed(event.code, event.reason)
                try:
                    self.send_raw(self._ws.send(event.response()))
                except OSError:
                    pass
                return

    def read_pong(self) -> bytes:
        while not self.pongs:
            self._read()
        return self.pongs.pop(0)

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
