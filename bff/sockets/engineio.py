"""The host's Engine.IO server, with connections that are bounded and cheap.

python-engineio keeps whatever a client does not take, without a bound, and has four greenlets (or threads) for each
WebSocket: the request's, a reader, a writer and one that sleeps until the next ping. Here a connection has the request's (see
`connection`), and pings are sent by one clock for all.

Clients see plain Engine.IO 4. Namespaces and rooms are the host's as before.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from typing import Any

import engineio
from engineio import packet

from ..settings import SocketLimits
from .connection import EngineSocket
from .timers import Timers

ASYNC_MODES = ("gevent", "threading")
"""The kinds of concurrency that this engine knows."""

_SWEEP = 1.0
"""Seconds from one look at all sockets to the next."""


class EngineServer(engineio.Server):  # type: ignore[misc]  # python-engineio has no types
    """python-engineio's server, whose sockets are `EngineSocket`s."""

    limits: SocketLimits
    clock: Timers
    lock: threading.Lock
    is_draining: bool
    _is_sweeping: bool

    @classmethod
    def adopt(cls, server: engineio.Server, limits: SocketLimits) -> EngineServer:
        """Make the host's own server one of this class, before it serves.

        Flask-SocketIO makes its server itself, of a class that cannot be chosen; all options stay as the host set them.
        """
        server.__class__ = cls
        assert isinstance(server, cls)
        server.limits = limits
        server.clock = Timers(start=server.start_background_task, event=server.create_event())
        server.lock = threading.Lock()
        server.is_draining = server._is_sweeping = False
        server.start_service_task = False  # it would look at every socket in turn; see `_sweep`
        return server

    def __repr__(self) -> str:
        return (
            f"<EngineServer {len(self.sockets)} of {self.limits.max_sockets} sockets{', draining' * self.is_draining}>"
        )

    def handle_request(self, environ: Any, start_response: Any) -> Any:
        """One request of a client, as WSGI. A foreign Origin is refused with 403."""
        origin = environ.get("HTTP_ORIGIN")
        allowed: Iterable[str] | None = self._cors_allowed_origins(environ)
        if origin and allowed is not None and origin not in allowed:
            start_response("403 FORBIDDEN", [("Content-Type", "text/plain")])
            return [b"Not an accepted origin."]
        return super().handle_request(environ, start_response)

    def _handle_connect(self, environ: Any, start_response: Any, transport: str, jsonp_index: int | None = None) -> Any:
        """A new client. The base's, but for the class of socket, the bound, and who pings."""
        if self.is_draining or len(self.sockets) >= self.limits.max_sockets:
            return {
                "status": "503 SERVICE UNAVAILABLE",
                "headers": [("Content-Type", "text/plain"), ("Retry-After", "1")],
                "response": b"No socket is to be had here now.",
            }
        sid = self.generate_id()
        opened = self.sockets[sid] = EngineSocket(self, sid)
        opened.send(
            packet.Packet(
                packet.OPEN,
                {
                    "sid": sid,
                    "upgrades": self._upgrades(sid, transport),
                    "pingTimeout": int(self.ping_timeout * 1000),
                    "pingInterval": int(self.ping_interval + self.ping_interval_grace_period) * 1000,
                    "maxPayload": self.max_http_buffer_size,
                },
            )
        )
        self._begin_sweeping()
        refused = self._trigger_event("connect", sid, environ)
        if refused is not None and refused is not True:
            del self.sockets[sid]
            return self._unauthorized(refused or None)
        opened.schedule_ping()
        if transport == "websocket":
            try:
                return opened._upgrade_websocket(environ, start_response)
            finally:
                self.sockets.pop(sid, None)
                opened.close(wait=False, abort=True)
        opened.connected = True
        headers = None
        if self.cookie:
            attributes = {"path": "/", "SameSite": "Lax"}
            named = self.cookie if isinstance(self.cookie, dict) else {"name": self.cookie, **attributes}
            headers = [("Set-Cookie", self._generate_sid_cookie(sid, named))]
        return self._ok(opened.poll(), headers=headers, jsonp_index=jsonp_index)

    def _begin_sweeping(self) -> None:
        with self.lock:
            begins, self._is_sweeping = not self._is_sweeping, True
        if begins:
            self.clock.after(_SWEEP, self._sweep)

    def _sweep(self) -> None:
        """Look at every socket, and again while there are any."""
        for sid, opened in list(self.sockets.items()):
            if opened.closed:
                self.sockets.pop(sid, None)
            else:
                opened.check_ping_timeout()
        with self.lock:
            self._is_sweeping = bool(self.sockets)
        if self._is_sweeping:
            self.clock.after(_SWEEP, self._sweep)
