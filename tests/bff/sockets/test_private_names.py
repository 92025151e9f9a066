"""Names of python-engineio and python-socketio that `bff.sockets` overrides, calls or reads, with what it relies on.

Most are private or undocumented. pyproject.toml caps both packages; before a cap is raised, all of this has to hold for the
new version, and what fails here has to be read again in its source.
"""

from __future__ import annotations

import ast
import inspect
from collections.abc import Callable
from pathlib import Path
from types import CodeType
from typing import Any

import engineio
import flask_socketio
import pytest
import socketio
from engineio import exceptions, packet, payload
from engineio.socket import Socket
from flask import Flask
from socketio import packet as socketio_packet
from socketio.base_manager import BaseManager
from socketio.exceptions import ConnectionRefusedError as Refused

from bff.sockets.connection import EngineSocket
from bff.sockets.engineio import ASYNC_MODES, EngineServer
from bff.sockets.namespace import LiveNamespace

SOCKETS = Path(__file__).parents[3] / "bff" / "sockets"

OVERRIDDEN = {
    (engineio.Server, "handle_request"): "(self, environ, start_response)",
    (engineio.Server, "_handle_connect"): "(self, environ, start_response, transport, jsonp_index=None)",
    (Socket, "__init__"): "(self, server, sid)",
    (Socket, "poll"): "(self)",
    (Socket, "send"): "(self, pkt)",
    (Socket, "handle_post_request"): "(self, environ)",
    (Socket, "close"): "(self, wait=True, abort=False, reason=None)",
    (Socket, "check_ping_timeout"): "(self)",
    (Socket, "schedule_ping"): "(self)",
    (Socket, "_upgrade_websocket"): "(self, environ, start_response)",
    (Socket, "_websocket_handler"): "(self, ws)",
    (socketio.Namespace, "__init__"): "(self, namespace=None)",
    (socketio.Namespace, "trigger_event"): "(self, event, *args)",
}

CALLED = {
    (engineio.Server, "on"): "(self, event, handler=None)",
    (engineio.Server, "disconnect"): "(self, sid=None)",
    (engineio.Server, "generate_id"): "(self)",
    (engineio.Server, "create_event"): "(self, *args, **kwargs)",
    (engineio.Server, "start_background_task"): "(self, target, *args, **kwargs)",
    (engineio.Server, "sleep"): "(self, seconds=0)",
    (engineio.Server, "_cors_allowed_origins"): "(self, environ)",
    (engineio.Server, "_upgrades"): "(self, sid, transport)",
    (engineio.Server, "_trigger_event"): "(self, event, *args, **kwargs)",
    (engineio.Server, "_generate_sid_cookie"): "(self, sid, attributes)",
    (engineio.Server, "_ok"): "(self, packets=None, headers=None, jsonp_index=None)",
    (engineio.Server, "_bad_request"): "(self, message=None)",
    (engineio.Server, "_unauthorized"): "(self, message=None)",
    (Socket, "receive"): "(self, pkt)",
    (Socket, "handle_get_request"): "(self, environ, start_response)",
    (packet.Packet, "__init__"): "(self, packet_type=6, data=None, encoded_packet=None)",
    (packet.Packet, "encode"): "(self, b64=False)",
    (socketio.Server, "register_namespace"): "(self, namespace_handler)",
    (socketio.Server, "start_background_task"): "(self, target, *args, **kwargs)",
    (socketio.Server, "disconnect"): "(self, sid, namespace=None, ignore_queue=False)",
    (socketio.Server, "_handle_eio_connect"): "(self, eio_sid, environ)",
    (socketio.Server, "_handle_eio_message"): "(self, eio_sid, data)",
    (socketio.Server, "_handle_connect"): "(self, eio_sid, namespace, data)",
    (socketio.Server, "_handle_disconnect"): "(self, eio_sid, namespace, reason=None)",
    (BaseManager, "get_namespaces"): "(self)",
    (BaseManager, "sid_from_eio_sid"): "(self, eio_sid, namespace)",
    (BaseManager, "eio_sid_from_sid"): "(self, sid, namespace)",
    (Refused, "__init__"): "(self, *args)",
}

REACHED = [
    (engineio.Server.handle_request, "_cors_allowed_origins"),
    (engineio.Server.handle_request, "_handle_connect"),
    (engineio.Server.handle_request, "handle_get_request"),
    (engineio.Server.handle_request, "handle_post_request"),
    (engineio.Server.handle_request, "connected"),
    (engineio.Server.handle_request, "upgraded"),
    (engineio.Server.handle_request, "closed"),
    (engineio.Server.send_packet, "send"),
    (engineio.Server.disconnect, "close"),
    (engineio.Server._get_socket, "closed"),
    (engineio.Server._upgrades, "_get_socket"),
    (engineio.Server._trigger_event, "handlers"),
    (Socket.handle_get_request, "poll"),
    (Socket.handle_get_request, "close"),
    (Socket.handle_get_request, "upgrading"),
    (Socket.handle_get_request, "_upgrade_"),
    (Socket.handle_post_request, "receive"),
    (Socket.handle_post_request, "max_http_buffer_size"),
    (Socket.receive, "schedule_ping"),
    (Socket.receive, "_trigger_event"),
    (Socket.receive, "send"),
    (Socket.receive, "close"),
    (Socket.receive, "UnknownPacketError"),
    (payload.Payload.decode, "max_decode_packets"),
    (socketio.Server.register_namespace, "_set_server"),
    (socketio.Server._trigger_event, "_get_namespace_handler"),
    (socketio.Server._trigger_event, "trigger_event"),
    (socketio.Server._handle_eio_connect, "environ"),
    (socketio.Server._handle_eio_message, "_binary_packet"),
    (socketio.Server._handle_connect, "_trigger_event"),
    (socketio.Server._handle_connect, "error_args"),
    (socketio.Server._handle_disconnect, "_trigger_event"),
    (socketio.Server._handle_eio_disconnect, "_handle_disconnect"),
    (socketio.Server._send_packet, "eio"),
]
"""Functions of the packages that run as they are, each with a name through which it comes to ours, or that ours has in its place."""

ENGINE_ATTRIBUTES = {
    "sockets": dict,
    "handlers": dict,
    "async_mode": str,
    "ping_interval": int,
    "ping_interval_grace_period": int,
    "ping_timeout": int,
    "max_http_buffer_size": int,
    "cookie": type(None),
    "cors_allowed_origins": type(None),
    "start_service_task": bool,
    "reason": type,
}
SERVER_ATTRIBUTES = {
    "eio": engineio.Server,
    "manager": BaseManager,
    "environ": dict,
    "packet_class": type,
    "not_handled": object,
    "async_mode": str,
    "reason": type,
    "_binary_packet": dict,
}
"""Each with its type, on a server with python-socketio's own options."""

SOCKET_ATTRIBUTES = {"server", "sid", "session", "connected", "upgrading", "upgraded", "closing", "closed"}
"""What the base makes in its `__init__`, and ours too, since it does not call the base's."""

NOT_MADE = {"queue", "last_ping"}
"""What the base makes and ours does not."""


@pytest.fixture(scope="module")
def server() -> socketio.Server:
    return socketio.Server(async_mode="threading")


def _title(value: Any) -> str | None:
    return value if isinstance(value, str) else getattr(value, "__qualname__", None)


@pytest.mark.parametrize(
    ("owner", "name", "signature"),
    [
        pytest.param(owner, name, signature, id=f"{owner.__module__}.{owner.__name__}.{name}")
        for (owner, name), signature in {**OVERRIDDEN, **CALLED}.items()
    ],
)
def test_a_method_has_the_signature_that_is_relied_on(owner: type, name: str, signature: str) -> None:
    assert str(inspect.signature(getattr(owner, name))) == signature


@pytest.mark.parametrize(("function", "name"), REACHED, ids=_title)
def test_a_base_method_still_goes_by_the_name(function: Callable[..., Any], name: str) -> None:
    """An overridden method that nobody calls would be no error: connections would be without bounds."""
    assert name in _names(function.__code__)


def _names(code: CodeType) -> set[str]:
    inner = [_names(constant) for constant in code.co_consts if isinstance(constant, CodeType)]
    constants = {constant for constant in code.co_consts if isinstance(constant, str)}
    return set(code.co_names).union(code.co_varnames, constants, *inner)


@pytest.mark.parametrize(("name", "kind"), ENGINE_ATTRIBUTES.items(), ids=_title)
def test_an_engine_io_server_has_the_attribute(server: socketio.Server, name: str, kind: type) -> None:
    assert isinstance(getattr(server.eio, name), kind)


@pytest.mark.parametrize(("name", "kind"), SERVER_ATTRIBUTES.items(), ids=_title)
def test_a_socket_io_server_has_the_attribute(server: socketio.Server, name: str, kind: type) -> None:
    assert isinstance(getattr(server, name), kind)


@pytest.mark.parametrize("name", ["SERVER_DISCONNECT", "CLIENT_DISCONNECT", "PING_TIMEOUT", "TRANSPORT_CLOSE"])
def test_a_reason_has_its_name(name: str) -> None:
    assert isinstance(getattr(engineio.Server.reason, name), str)
    assert getattr(socketio.Server.reason, name) == getattr(engineio.Server.reason, name)


def test_the_server_can_become_one_of_ours(server: socketio.Server) -> None:
    """`EngineServer.adopt` assigns `__class__`: the server is of the base itself, without slots or a metaclass in the way."""
    assert type(server.eio) is engineio.Server
    assert "__dict__" in dir(server.eio)
    assert type(EngineServer) is type(engineio.Server) is type
    assert set(ASYNC_MODES) <= set(server.eio.async_modes())


def test_handlers_are_kept_by_event_and_the_last_one_counts(server: socketio.Server) -> None:
    assert set(server.eio.handlers) == {"connect", "message", "disconnect"}
    eio = engineio.Server(async_mode="threading")
    eio.on("connect", print)
    eio.on("connect", repr)
    assert eio.handlers["connect"] is repr


def test_an_event_is_triggered_at_once_unless_it_is_told_otherwise(server: socketio.Server) -> None:
    """`_trigger_event` is called without `run_async`, which a signature of `**kwargs` does not show."""
    eio = engineio.Server(async_mode="threading")
    eio.on("connect", lambda sid, environ: (sid, environ))
    assert eio._trigger_event("connect", "a", {}) == ("a", {})
    assert server.eio.async_handlers is False


def test_a_socket_has_what_the_base_would_have_made(server: socketio.Server) -> None:
    assert set(vars(Socket(server.eio, "a"))) == SOCKET_ATTRIBUTES | NOT_MADE
    assert Socket.upgrade_protocols == ["websocket"]


def test_what_a_socket_inherits_needs_nothing_that_it_has_not() -> None:
    inherited = {
        name: value
        for base in reversed(EngineSocket.__mro__[1:-1])
        for name, value in vars(base).items()
        if inspect.isfunction(value) and name not in vars(EngineSocket)
    }
    # `_send_ping` is started by the base's `schedule_ping` alone.
    assert set(inherited) == {"receive", "handle_get_request", "_send_ping"}
    assert NOT_MADE & _names(Socket.receive.__code__) == set()
    assert NOT_MADE & _names(Socket.handle_get_request.__code__) == set()


def test_packets_are_spelled_as_engine_io_4() -> None:
    """Some are written by hand: the probe of an upgrade, and what the outbox sends."""
    names = ("OPEN", "CLOSE", "PING", "PONG", "MESSAGE", "UPGRADE", "NOOP")
    assert [getattr(packet, name) for name in names] == list(range(7))
    assert packet.Packet(packet.PING, "probe").encode() == "2probe"
    assert packet.Packet(packet.MESSAGE, "text").encode() == "4text"
    assert packet.Packet(packet.MESSAGE, b"bytes").encode() == b"bytes"
    assert packet.Packet(encoded_packet="4text").data == "text"
    pkt = packet.Packet(packet.NOOP)
    pkt.frame = b""  # kept on the packet itself
    assert pkt.frame == b""


def test_socket_io_packets_are_numbered_as_in_its_protocol() -> None:
    names = ("CONNECT", "DISCONNECT", "EVENT", "ACK", "CONNECT_ERROR", "BINARY_EVENT", "BINARY_ACK")
    assert [getattr(socketio_packet, name) for name in names] == list(range(7))
    decoded = socketio.Server(async_mode="threading").packet_class(encoded_packet='2/graphql,["a",1]')
    assert (decoded.packet_type, decoded.data) == (2, ["a", 1])


def test_a_payload_has_a_bound_that_clients_have_too() -> None:
    assert payload.Payload.max_decode_packets == 16


@pytest.mark.parametrize("name", ["ContentTooLongError", "QueueEmpty", "UnknownPacketError", "SocketIsClosedError"])
def test_an_exception_is_one_that_the_server_answers(name: str) -> None:
    assert issubclass(getattr(exceptions, name), exceptions.EngineIOError)
    assert "EngineIOError" in _names(engineio.Server.handle_request.__code__)


def test_a_refusal_carries_its_message_and_its_data() -> None:
    assert Refused("why", {"code": "X"}).error_args == {"message": "why", "data": {"code": "X"}}


def test_a_namespace_has_its_name_and_is_given_its_server(server: socketio.Server) -> None:
    namespace = socketio.Namespace("/private-names")
    server.register_namespace(namespace)
    assert (namespace.namespace, namespace.server) == ("/private-names", server)


def test_flask_socketio_makes_these_servers_and_puts_the_application_into_the_environ() -> None:
    app = Flask(__name__)
    sockets = flask_socketio.SocketIO(app, async_mode="threading")
    assert type(sockets.server) is socketio.Server
    assert type(sockets.server.eio) is engineio.Server
    assert "flask.app" in _names(flask_socketio._SocketIOMiddleware.__call__.__code__)


@pytest.mark.parametrize(
    ("ours", "base"),
    [(EngineServer, engineio.Server), (EngineSocket, Socket), (LiveNamespace, socketio.Namespace)],
    ids=_title,
)
def test_every_name_that_is_overridden_is_listed(ours: type, base: type) -> None:
    """`__repr__` and the like are the language's; what a class says of itself is no method."""
    overridden = {name for name, value in vars(ours).items() if inspect.isfunction(value) and name in dir(base)}
    assert overridden - {"__repr__"} == {name for owner, name in OVERRIDDEN if owner is base and name in vars(ours)}


def test_every_private_name_that_is_used_is_listed(server: socketio.Server) -> None:
    """Private attributes of anything in `bff.sockets` that the packages' classes have, and that is not only ours."""
    used = {
        node.attr
        for path in SOCKETS.glob("*.py")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Attribute) and node.attr.startswith("_") and not node.attr.startswith("__")
    }
    owners = (server, server.eio, server.manager, Socket, socketio.Namespace, packet.Packet, payload.Payload)
    theirs = {name for name in used if any(hasattr(owner, name) for owner in owners)}
    listed = {name for _, name in (*OVERRIDDEN, *CALLED)} | set(SERVER_ATTRIBUTES) | set(ENGINE_ATTRIBUTES)
    assert theirs - listed == set()
