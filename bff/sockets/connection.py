"""One client's connection, bounded in bytes and age. The greenlet of its request reads; any other sends, without waiting.

On a WebSocket, a sender writes at once what the connection takes. The rest is kept and written by a second greenlet, which
lives as long as something is kept (`bff.sockets.send_buffer`). Over TLS any write may wait, so that greenlet writes everything.
On the polling transport everything is kept for the client's next GET.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from engineio import exceptions, packet, payload
from engineio.socket import Socket

from .send_buffer import SendBuffer, frame_of
from .websocket import Broken, HandshakeRefused, WebSocket, frame_text

if TYPE_CHECKING:
    from .engineio import EngineServer

_LINGER = 5.0
"""Seconds in which a connection that was closed has to take the rest."""

_PING = packet.Packet(packet.PING)


class EngineSocket(Socket):  # type: ignore[misc]  # python-engineio has no types
    """One client's connection. Any greenlet may send; nothing here waits for the client but who reads and who writes."""

    server: EngineServer

    def __init__(self, server: EngineServer, sid: str) -> None:
        # Not the base's: it would make a queue.
        self.server = server
        self.sid = sid
        self.session: dict[str, Any] = {}
        self.connected = self.upgrading = self.upgraded = self.closing = self.closed = False
        self.sent = 0
        """Bytes that were written to the connection, all namespaces together."""
        self.on_drained: list[Callable[[], None]] = []
        """Called when the client has taken all that was kept. Must not block."""
        now = self._opened = server.clock.now()
        self._next_ping = math.inf
        self._pinged: float | None = None
        self._allowance = float(server.limits.burst)
        self._counted = now
        self._buffer = SendBuffer(server.limits, now=server.clock.now)
        self._websocket: WebSocket | None = None
        self._is_writing = False
        self._arrived: Any = None
        self._is_doomed = False

    def __repr__(self) -> str:
        transport = "websocket" if self._websocket else "polling"
        return f"<EngineSocket {self.sid} {transport}, {self.unsent} bytes unsent{', closed' if self.closed else ''}>"

    @property
    def seconds(self) -> float:
        """Since it was opened."""
        return round(self.server.clock.now() - self._opened, 3)

    @property
    def unsent(self) -> int:
        """Bytes that are kept until the client takes them."""
        return self._buffer.size

    @property
    def is_full(self) -> bool:
        """Whether the client takes less than it is sent."""
        return self._buffer.is_full

    # ---- sending

    def send(self, pkt: packet.Packet) -> None:
        """Write a packet, or keep it if the connection does not take it now. Never waits."""
        if not self.closed:
            self._put(pkt)

    def _put(self, thing: packet.Packet | bytes) -> None:
        """Send a packet, or a frame of a WebSocket."""
        begins = overflows = False
        with self.server.lock:
            websocket = self._websocket
            if self._is_doomed:
                return
            rest: packet.Packet | memoryview
            if websocket is None:
                assert not isinstance(thing, bytes)
                rest = thing
            else:
                frame = thing if isinstance(thing, bytes) else frame_of(thing)
                taken = 0
                if self._buffer.is_empty:
                    try:
                        taken = websocket.send_some(frame)
                    except OSError:
                        return  # the reader learns of it, and closes
                    self.sent += taken
                    if taken == len(frame):
                        return
                rest = memoryview(frame)[taken:]
            if self._buffer.is_overflowing:
                overflows = True
            else:
                self._buffer.keep(rest)
                if websocket is not None and not self._is_writing:
                    begins = self._is_writing = True
        if overflows:
            self.doom("too much is unsent")
        elif begins:
            self.server.start_background_task(self._write)
        elif self._arrived is not None:
            self._arrived.set()

    def _write(self) -> None:
        """Write what is kept until nothing is."""
        websocket = self._websocket
        assert websocket is not None
        while True:
            with self.server.lock:
                if self._buffer.is_empty:
                    self._is_writing = False
                    break
                chunk = self._buffer.chunk()
            try:
                taken = websocket.send(chunk)
            except OSError:
                self._forget()
                return
            with self.server.lock:
                self.sent += taken
                self._buffer.written(taken)
                if self._pinged is not None:
                    # The ping may be behind what it takes: who takes something is there.
                    self._pinged = self.server.clock.now()
        if self.closed:
            websocket.finish()
        else:
            self._tell_drained()

    def _forget(self) -> bool:
        """Send no more; whether anything was kept."""
        with self.server.lock:
            self._is_doomed = True
            return self._buffer.clear()

    def _tell_drained(self) -> None:
        for tell in tuple(self.on_drained):
            tell()

    def poll(self) -> list[packet.Packet]:
        """What is kept, for a GET of the polling transport; waits until something is. Raises QueueEmpty."""
        clock = self.server.clock
        if self._arrived is None:
            self._arrived = self.server.create_event()
        until = clock.now() + self.server.ping_interval + self.server.ping_timeout
        while self._buffer.is_empty and not self.closed and (left := until - clock.now()) > 0:
            self._arrived.wait(left)
            self._arrived.clear()
        with self.server.lock:
            if self._websocket is not None:
                return [packet.Packet(packet.NOOP)]
            # No more than python-engineio's own client takes.
            packets, taken = self._buffer.take(payload.Payload.max_decode_packets)
            self.sent += taken
            is_drained = self._buffer.is_empty
        if not packets and not self.closed:
            raise exceptions.QueueEmpty
        if is_drained and not self.closed:
            self._tell_drained()
        return packets

    # ---- receiving

    def count(self) -> None:
        """One more message (or frame) from the client. Raises Broken when it sends more than it may."""
        limits = self.server.limits
        now = self.server.clock.now()
        self._allowance = min(float(limits.burst), self._allowance + (now - self._counted) * limits.rate) - 1
        self._counted = now
        if self._allowance < 0:
            raise Broken(1008, f"more than {limits.rate:g} messages a second")

    def handle_post_request(self, environ: Any) -> None:
        """Take the packets of a POST of the polling transport."""
        try:
            self.count()
            super().handle_post_request(environ)
        except Broken as error:
            self.refuse(error.code, str(error))
            raise exceptions.ContentTooLongError from None

    def _upgrade_websocket(self, environ: Any, start_response: Any) -> Any:
        if self.upgraded:
            raise OSError("this socket is a WebSocket already")
        try:
            websocket = WebSocket(environ, most=self.server.max_http_buffer_size)
        except HandshakeRefused as error:
            return self.server._bad_request(str(error))
        try:
            self._websocket_handler(websocket)
        finally:
            websocket.release()
        if websocket.mode == "gunicorn":
            raise StopIteration  # "close the connection", and log no answer
        if websocket.mode == "werkzeug":
            raise ConnectionError  # the same to Werkzeug
        return []

    def _websocket_handler(self, ws: WebSocket) -> None:
        """Read until the connection ends."""
        try:
            if self.connected and not self._probe(ws):
                return
            self.connected = self.upgraded = True
            with self.server.lock:
                self._websocket = ws
                begins = self._is_writing = not self._buffer.is_empty
            if begins:
                self._write()
            while not self.closed and (received := ws.receive(count=self.count, reply=self._put)) is not None:
                self.receive(_decode(received))
        except Broken as error:
            self.refuse(error.code, str(error))
        except exceptions.UnknownPacketError:
            self.refuse(1002, "no packet of Engine.IO")
        except (OSError, exceptions.SocketIsClosedError):
            pass  # the connection ended
        finally:
            if self.upgraded:
                self.close(wait=False, abort=True, reason=self.server.reason.TRANSPORT_CLOSE)
                ws.read_out(self.server.max_http_buffer_size)

    def _probe(self, ws: WebSocket) -> bool:
        """The upgrade of a socket that polls: whether both sides agree that it is one now."""
        self.upgrading = True
        try:
            if ws.receive(count=self.count, reply=ws.send) != "2probe":
                return False
            ws.send(frame_text("3probe"))
            self.send(packet.Packet(packet.NOOP))  # ends the GET that waits
            return ws.receive(count=self.count, reply=ws.send) == "5"
        finally:
            self.upgrading = False

    # ---- its life

    def schedule_ping(self) -> None:
        """The client is there: ping it again in a while."""
        self._pinged = None
        self._next_ping = self.server.clock.now() + self.server.ping_interval

    def check_ping_timeout(self) -> bool:
        """Ping when it is time, and close what does not answer or does not take what it is sent."""
        now = self.server.clock.now()
        if self._pinged is not None and now - self._pinged > self.server.ping_timeout:
            self.doom(self.server.reason.PING_TIMEOUT)
        elif self._buffer.is_overdue:
            self.doom("what it was sent was not taken in time")
        elif self._pinged is None and now >= self._next_ping:
            self._pinged = now
            self.send(_PING)
        return not (self.closed or self._is_doomed)

    def close(self, wait: bool = True, abort: bool = False, reason: str | None = None) -> None:
        """Close it, after what was sent, once the host's disconnect handlers have run.

        Never waits for the client, whatever `wait` says: it has `_LINGER` seconds to take the rest.
        """
        if self._close(reason, abort=abort) and self._websocket is not None and not self._is_writing:
            self._websocket.finish()

    def _close(self, reason: str | None, *, abort: bool) -> bool:
        with self.server.lock:
            if self.closing:
                return False
            self.closing = True
        self.server._trigger_event("disconnect", self.sid, reason or self.server.reason.SERVER_DISCONNECT)
        if not abort:
            self.send(packet.Packet(packet.CLOSE))
        self.closed = True
        if self._arrived is not None:
            self._arrived.set()
        if self._websocket is not None:
            self.server.clock.after(_LINGER, self._websocket.abort)
        return True

    def refuse(self, code: int, reason: str) -> None:
        """Close it because of what the client did, which WebSocket's `code` and `reason` tell it."""
        kept = self._forget()
        self._close(reason, abort=True)
        if self._websocket is not None:
            if kept:
                self._websocket.abort()
            else:
                self._websocket.finish(code, reason)

    def doom(self, reason: str) -> None:
        """Close it because of what the client does not do, without a goodbye that it would not take.

        Beside the caller, who has others to send to: what the host does at a disconnection may take long.
        """
        if not self._is_doomed:
            self._forget()
            self.server.start_background_task(self._abandon, reason)

    def _abandon(self, reason: str) -> None:
        self._close(reason, abort=True)
        if self._websocket is not None:
            self._websocket.abort()


def _decode(received: str | bytes) -> packet.Packet:
    try:
        return packet.Packet(encoded_packet=received)
    except (ValueError, TypeError, RecursionError):
        raise Broken(1002, "no packet of Engine.IO") from None
