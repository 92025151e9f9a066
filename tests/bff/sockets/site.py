"""A small site with sockets and no database: its hub says what it is told to. In-process, or under gunicorn
(`gunicorn tests.bff.sockets.site:make_app()`)."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from threading import Event
from typing import Any

import strawberry
from flask import Flask, Request, abort, jsonify, request
from flask_socketio import SocketIO
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bff import Bff, BffError, Schema, Settings, TryAgain, Unauthenticated
from bff.documents.registry import Operation
from bff.protocol import messages as protocol
from bff.protocol.messages import Message, Subscribe
from bff.readsets.readset import Fact
from bff.sockets.connection import EngineSocket
from bff.sockets.namespace import LiveNamespace
from bff.sockets.outlet import Outlet
from bff.sockets.viewer import RECHECK
from tests.bff.sockets.wire import Wire


class Base(DeclarativeBase):
    pass


class User(Base):
    __tablename__ = "users"
    id: Mapped[int] = mapped_column(primary_key=True)


@strawberry.type
class Query:
    @strawberry.field
    def ticks(self) -> int:
        return 0


class TickHub:
    """Every subscription is to the same channel, which has the states that `push` gives."""

    def __init__(self) -> None:
        self.subscriptions: dict[Outlet, dict[str, Subscribe]] = {}
        self.followed: dict[Outlet, tuple[Sequence[Fact], Callable[[], None]]] = {}
        self.waiting: set[Outlet] = set()
        self.version = 0
        self.newest: Message | None = None
        self.drops = 0
        self.gate = Event()
        self.gate.set()
        self.dropped = Event()

    def subscribe(self, outlet: Outlet, request: Subscribe, operation: Operation, viewer: object) -> None:
        self.subscriptions.setdefault(outlet, {})[request.id] = request
        self.gate.wait(10)
        outlet.send(protocol.subscribed(request.id, channel=1, kind="live", position=str(self.version)))

    def unsubscribe(self, outlet: Outlet, id: str) -> None:
        self.subscriptions.get(outlet, {}).pop(id, None)

    def drop(self, outlet: Outlet) -> None:
        self.subscriptions.pop(outlet, None)
        self.followed.pop(outlet, None)
        self.waiting.discard(outlet)
        self.drops += 1
        self.dropped.set()

    def end(self, outlet: Outlet, why: type[BffError], message: str) -> None:
        for id in self.subscriptions.pop(outlet, {}):
            outlet.send(protocol.complete(id, why, message))

    def drained(self, outlet: Outlet) -> None:
        if outlet in self.waiting and self.newest is not None:
            self.waiting.discard(outlet)
            outlet.send(self.newest)

    def follow(self, outlet: Outlet, facts: Sequence[Fact], callback: Callable[[], None]) -> None:
        self.followed[outlet] = (facts, callback)

    def push(self, payload: str) -> None:
        """A new state, to all who take it now; the others get the newest when they can."""
        self.version += 1
        self.newest = protocol.next_state(1, version=self.version, payload=payload, position=str(self.version))
        for outlet in tuple(self.subscriptions):
            if outlet.is_full:
                self.waiting.add(outlet)
            else:
                outlet.send(self.newest)

    def touch(self) -> None:
        """A change of rows that somebody follows."""
        for _, callback in tuple(self.followed.values()):
            callback()


class Site(Bff):
    """The layer with the small site's hub."""

    def __init__(self, **settings: Any) -> None:
        self.hub = TickHub()
        self.people = {"marie": "lawyer", "paul": "client"}
        self.asked: list[bool] = []
        self.lives: float | None = None
        super().__init__(
            schema=Schema(query=Query),
            engine=create_engine("postgresql+psycopg2://"),
            viewer=self.find_viewer,
            expires=lambda _: None if self.lives is None else time.time() + self.lives,
            follows=lambda viewer: [(User, len(viewer[0]))],
            settings=Settings(**settings),
        )

    def listen_on(self, sockets: SocketIO) -> None:
        self._answer_on(sockets, self.hub, start=lambda: None)
        self.socketio = sockets

    @property
    def endpoint(self) -> LiveNamespace:
        assert self.sockets is not None
        return self.sockets

    @property
    def connections(self) -> tuple[EngineSocket, ...]:
        """All that are open."""
        return tuple(self.socketio.server.eio.sockets.values())

    def find_viewer(self, incoming: Request) -> tuple[str, str] | None:
        self.asked.append(incoming.environ.get(RECHECK, False))
        name = incoming.headers.get("Authorization", "").removeprefix("Bearer ") or incoming.cookies.get("user", "")
        if name == "broken":
            raise RuntimeError("the password is hunter2")
        if name == "expired":
            raise Unauthenticated("the token has expired")
        if name == "busy":
            raise TryAgain
        if name.isdigit():
            abort(int(name))
        return (name, self.people[name]) if name in self.people else None


@dataclass(frozen=True)
class Served:
    """A site that is being served by this process."""

    address: tuple[str, int]
    layer: Site
    open: Callable[..., Wire]

    @property
    def hub(self) -> TickHub:
        return self.layer.hub


def make_site(
    *, async_mode: str = "threading", options: dict[str, Any] | None = None, **settings: Any
) -> tuple[Flask, Site]:
    """The site, and its layer."""
    app = Flask(__name__)
    sockets = SocketIO(app, **{"async_mode": async_mode, "transports": ["websocket"], **(options or {})})
    layer = Site(**settings)
    layer.init_app(app)
    layer.listen_on(sockets)
    sockets.on_event("echo", lambda data: data, namespace="/chat")
    sockets.on_event("connect", lambda auth: None, namespace="/chat")
    return app, layer


def make_app() -> Flask:
    """The site under gunicorn's gevent worker; by HTTP it is told what to push."""
    app, layer = make_site(async_mode="gevent")

    @app.post("/version")
    def version() -> object:
        return jsonify(version=layer.hub.version)

    @app.post("/sockets")
    def sockets() -> object:
        return jsonify(sockets=len(layer.connections))

    @app.post("/push")
    def push() -> object:
        layer.hub.push(request.get_data(as_text=True))
        return version()

    @app.post("/broadcast")
    def broadcast() -> object:
        layer.socketio.emit("news", request.get_data(as_text=True), namespace="/chat")
        return sockets()

    return app


Serve = Callable[..., Served]

MARIE = {"token": "marie"}
