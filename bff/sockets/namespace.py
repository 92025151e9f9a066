"""The namespace: who connects, what they send, who is refused, and how all are sent away.

Messages for the namespace are taken before python-socketio decodes them: it would start a greenlet for each, answer
acknowledgements and put binary together. What is not of the protocol closes the socket. There are no rooms.
"""

from __future__ import annotations

import random
import re
from collections.abc import Callable
from functools import partial
from typing import Any

import socketio
from flask import Flask
from flask_socketio import SocketIO
from socketio.exceptions import ConnectionRefusedError as Refused

from ..errors import (
    BadRequest,
    BffError,
    DeclarationError,
    DuplicateId,
    Forbidden,
    Overloaded,
    SubscriptionLimit,
    TokenExpired,
)
from ..http.request import JSON, parse_json
from ..http.response import answer_error
from ..protocol import messages as protocol
from ..protocol.messages import Complete, NotOfProtocol, Subscribe, SubscribeRefused
from ..server import Server
from ..telemetry import DRAINED, SOCKET, log
from .engineio import ASYNC_MODES, EngineServer
from .outlet import Hub, Outlet
from .recheck import RIGHTS_CHANGED, Recheck
from .viewer import Viewers, token_of

# Text of Socket.IO's packets: type, number of attachments, namespace with a query that counts for nothing, the rest.
_PACKET = r"(?P<type>\d)(?:\d+-)?%s(?:\?[^,]*)?(?:,(?P<rest>.*))?"
_CONNECT, _DISCONNECT, _EVENT = "0", "1", "2"
_PACKET_TYPES = frozenset("012356")
_WITH_DATA = (2, 5)

_JOIN_WITHIN = 30.0
"""Seconds that a client may stay connected to no namespace at all."""

_LEAVE_WITHIN = 5.0
"""Seconds that a client has to close a connection whose namespace it was sent away from."""

_STRAGGLE = 1.0
"""Seconds over which those are closed who did not leave when they were told to."""


class LiveNamespace(socketio.Namespace):  # type: ignore[misc]  # python-socketio has no types
    """The namespace of one layer on one Flask-SocketIO."""

    def __init__(
        self,
        layer: Server,
        hub: Hub,
        host: Viewers,
        *,
        sockets: SocketIO,
        app: Flask,
        start: Callable[[], None],
    ) -> None:
        """`start` is called before each socket is taken, for whatever the hub needs of this process.

        Raises DeclarationError for a Flask-SocketIO that this cannot stand on.
        """
        super().__init__(layer.settings.live.namespace)
        self._layer = layer
        self._hub = hub
        self._host = host
        self._app = app
        self._start = start
        self._limits = layer.settings.live.sockets
        self._max_message = layer.settings.http.max_body
        server = sockets.server
        if server is None:
            raise DeclarationError("SocketIO has no application yet: call its init_app before init_sockets")
        if server.async_mode not in ASYNC_MODES:
            raise DeclarationError(
                f"SocketIO's async_mode is {server.async_mode!r}; live operations need one of {', '.join(ASYNC_MODES)}"
            )
        if server.eio.cors_allowed_origins == []:
            raise DeclarationError(
                "SocketIO's cors_allowed_origins=[] lets every site connect with its visitors' cookies; "
                "leave it out for the site itself, or name the others"
            )
        if isinstance(server.eio, EngineServer):
            raise DeclarationError("this SocketIO has a layer already")
        self._engine = EngineServer.adopt(server.eio, self._limits)
        self._recheck = Recheck(host, hub, server=server, beside=self._beside, send_away=self._send_away)
        self._packet = re.compile(_PACKET % re.escape(self.namespace), re.DOTALL | re.ASCII)
        self._outlets: dict[str, Outlet] = {}
        self._refused = 0
        server.register_namespace(self)
        self._engine.on("connect", self._on_open)
        self._engine.on("message", self._on_message)

    def __repr__(self) -> str:
        return f"<LiveNamespace {self.namespace} {len(self._outlets)} outlets, {self._engine!r}>"

    def stats(self) -> dict[str, int]:
        """Gauges: `sockets` of all namespaces, `outlets` of this one, `full` ones, bytes `unsent`; counter `refused` clients."""
        opened = tuple(self._engine.sockets.values())
        return {
            "sockets": len(opened),
            "outlets": len(self._outlets),
            "full": sum(each.is_full for each in opened),
            "unsent": sum(each.unsent for each in opened),
            "refused": self._refused,
        }

    # ---- connecting

    def _on_open(self, eio_sid: str, environ: dict[str, Any]) -> Any:
        self._engine.clock.after(_JOIN_WITHIN, partial(self._close_idle, eio_sid))
        return self.server._handle_eio_connect(eio_sid, environ)

    def _close_idle(self, eio_sid: str) -> None:
        """Close a connection that is in no namespace: it was refused, sent away, or never asked."""
        connection = self._engine.sockets.get(eio_sid)
        manager = self.server.manager
        if connection is not None and not any(
            manager.sid_from_eio_sid(eio_sid, name) for name in tuple(manager.get_namespaces())
        ):
            connection.doom("connected to no namespace")

    def trigger_event(self, event: str, *arguments: Any) -> Any:
        """python-socketio tells of a connection or its end."""
        if event == "connect":
            return self._connect(*arguments)
        if event == "disconnect":
            return self._disconnect(*arguments)
        # Sent in a way that only python-socketio understands.
        self._refuse(self.server.manager.eio_sid_from_sid(arguments[0], self.namespace), "not of the protocol")
        return self.server.not_handled

    def _connect(self, sid: str, environ: dict[str, Any], auth: Any = None) -> None:
        eio_sid = self.server.manager.eio_sid_from_sid(sid, self.namespace)
        connection = self._engine.sockets.get(eio_sid)
        if connection is None or self._engine.is_draining:
            raise Refused("this node is about to stop", {"code": Overloaded.code})
        self._start()
        token = token_of(auth)
        viewer, seconds = self._host.admit(environ, token)
        outlet = Outlet(connection, sid, self.namespace, viewer=viewer, token=token, drained=self._hub.drained)
        self._outlets[eio_sid] = outlet
        if seconds is not None:
            outlet.expiry = self._engine.clock.after(
                seconds, partial(self._beside, self._send_away, outlet, TokenExpired, "the credential is over")
            )
        self._recheck.follow(outlet)

    def _disconnect(self, sid: str, reason: str = "") -> None:
        eio_sid = self.server.manager.eio_sid_from_sid(sid, self.namespace)
        outlet = self._outlets.pop(eio_sid, None)
        if outlet is None:
            return
        outlet.close()
        self._hub.drop(outlet)
        connection = outlet.connection
        log.info(
            SOCKET,
            reason=outlet.reason or reason,
            subscriptions=outlet.total,
            bytes=connection.sent,
            seconds=connection.seconds,
        )

    # ---- messages

    def _on_message(self, eio_sid: str, data: Any) -> None:
        outlet = self._outlets.get(eio_sid)
        packet = self._packet.fullmatch(data) if isinstance(data, str) else None
        if packet is None:
            self._leave_to_others(eio_sid, data)
        elif packet["type"] == _CONNECT:
            self._take_connect(eio_sid, packet["rest"])
        elif packet["type"] == _DISCONNECT:
            self.server._handle_disconnect(eio_sid, self.namespace, self.server.reason.CLIENT_DISCONNECT)
        elif packet["type"] != _EVENT:
            self._refuse(eio_sid, "only events are of the protocol")
        elif outlet is None:
            self._refuse(eio_sid, "an event before the connection to its namespace")
        elif len(data) > self._max_message:
            self._refuse(eio_sid, f"a message has at most {self._max_message} characters")
        else:
            self._take_event(eio_sid, outlet, packet["rest"] or "")

    def _leave_to_others(self, eio_sid: str, data: Any) -> None:
        """Not for this namespace: python-socketio takes it, if it is a packet."""
        is_awaited = eio_sid in self.server._binary_packet
        if isinstance(data, bytes) != is_awaited:
            self._refuse(eio_sid, "binary that nothing announced")
        elif is_awaited or self._is_packet(data):
            self.server._handle_eio_message(eio_sid, data)
        else:
            self._refuse(eio_sid, "not a packet of Socket.IO")

    def _is_packet(self, data: Any) -> bool:
        """Whether python-socketio can do something with it; it raises, and logs, where it cannot."""
        if not isinstance(data, str) or data[:1] not in _PACKET_TYPES:
            return False
        try:
            decoded = self.server.packet_class(encoded_packet=data)
        except (ValueError, TypeError, IndexError, AttributeError, RecursionError):
            return False
        return decoded.packet_type not in _WITH_DATA or (isinstance(decoded.data, list) and decoded.data != [])

    def _take_connect(self, eio_sid: str, rest: str | None) -> None:
        try:
            auth = parse_json(rest, "auth") if rest else None
        except BadRequest as error:
            self._refuse(eio_sid, str(error))
        else:
            self.server._handle_connect(eio_sid, self.namespace, auth)

    def _take_event(self, eio_sid: str, outlet: Outlet, arguments: str) -> None:
        if not arguments.startswith("["):
            # Digits: the number of an acknowledgement that it wants.
            self._refuse(eio_sid, "acknowledgements are not of the protocol")
            return
        try:
            message = protocol.decode(arguments)
        except NotOfProtocol as error:
            self._refuse(eio_sid, str(error))
        except SubscribeRefused as error:
            outlet.reply(protocol.refusal(error.id, BadRequest, str(error)))
        else:
            if isinstance(message, Complete):
                if outlet.subscriptions.pop(message.id, None) is not None:
                    self._hub.unsubscribe(outlet, message.id)
            else:
                self._take_subscribe(outlet, message)

    def _take_subscribe(self, outlet: Outlet, message: Subscribe) -> None:
        most = self._limits.max_subscriptions
        if message.id in outlet.subscriptions:
            outlet.reply(protocol.refusal(message.id, DuplicateId, "the id is in use on this socket"))
            return
        if len(outlet.subscriptions) >= most:
            outlet.reply(protocol.refusal(message.id, SubscriptionLimit, f"a socket has at most {most} subscriptions"))
            return
        with self._engine.lock:
            outlet.subscriptions[message.id] = message
            # One that is over may still be beginning: whoever begins it goes on with this one.
            begins = message.id not in outlet.beginning
            outlet.beginning.add(message.id)
        outlet.total += 1
        if begins:
            # Beside the reader, since it may run statements.
            self._beside(self._subscribe, outlet, message.id)

    def _subscribe(self, outlet: Outlet, id: str) -> None:
        begun: Subscribe | None = None
        while True:
            with self._engine.lock:
                message = outlet.subscriptions.get(id)
                if message is None or message is begun:
                    outlet.beginning.discard(id)
                    return
            begun = message
            self._begin(outlet, message)

    def _begin(self, outlet: Outlet, message: Subscribe) -> None:
        viewer = outlet.viewer
        try:
            operation = self._layer.find(message.request)
            self._hub.subscribe(outlet, message, operation, viewer)
        except Exception as error:  # noqa: BLE001 - the edge: what is not a known refusal is logged whole and masked
            answer = answer_error(error, media_type=JSON, operation=None)
            outlet.send(protocol.error(message.id, answer.payload["errors"]))
        # What ended while it began: the hub may not have known it yet.
        if outlet.is_over:
            self._hub.drop(outlet)
        elif outlet.subscriptions.get(message.id) is not message:
            self._hub.unsubscribe(outlet, message.id)
        elif viewer is not outlet.viewer:
            self._hub.unsubscribe(outlet, message.id)
            outlet.send(protocol.complete(message.id, Forbidden, RIGHTS_CHANGED))

    def _refuse(self, eio_sid: str | None, reason: str) -> None:
        connection = self._engine.sockets.get(eio_sid)
        if connection is not None:
            self._refused += 1
            connection.refuse(1008, reason)

    # ---- sent away

    def _send_away(self, outlet: Outlet, why: type[BffError], reason: str) -> None:
        """End all that it subscribed to, and disconnect it."""
        outlet.silence(True)
        outlet.reason = why.code
        self._hub.end(outlet, why, reason)
        self.server.disconnect(outlet.sid, namespace=self.namespace)
        self._engine.clock.after(_LEAVE_WITHIN, partial(self._close_idle, outlet.connection.sid))

    def drain(self, within: float) -> None:
        """Take no more sockets, and send away those that there are: each at a time of its own within so many seconds.

        Clients of the protocol are told first, and leave by themselves. Gives back when all are gone.
        """
        self._engine.is_draining = True
        move = protocol.move(within)
        for outlet in tuple(self._outlets.values()):
            outlet.reply(move)
        told = {outlet.connection.sid for outlet in tuple(self._outlets.values())}
        for sid in tuple(self._engine.sockets):
            # Who was told has all of the time; the others have to be closed in it, one by one.
            seconds = within + random.uniform(0, _STRAGGLE) if sid in told else random.uniform(0, within)
            self._engine.clock.after(seconds, partial(self._beside, self._engine.disconnect, sid))
        until = self._engine.clock.now() + within + 2 * _STRAGGLE
        while self._engine.sockets and self._engine.clock.now() < until:
            self._engine.sleep(0.05)
        log.info(DRAINED, told=len(told), left=len(self._engine.sockets))

    def _beside(self, function: Callable[..., object], *arguments: Any) -> None:
        """Call it in a greenlet (or thread) of its own, as the application."""
        self.server.start_background_task(self._as_application, function, *arguments)

    def _as_application(self, function: Callable[..., object], *arguments: Any) -> None:
        with self._app.app_context():
            function(*arguments)
