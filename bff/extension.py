"""`Bff`: the layer, mounted on a Flask application. What a host makes, once a process."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path

from flask import Flask, Request
from flask_socketio import SocketIO
from graphql import GraphQLSchema
from sqlalchemy import Engine
from strawberry import Schema as StrawberrySchema

from . import telemetry
from .errors import DeclarationError
from .live.node import Node
from .plan.plan import Plan
from .readsets.policy_keys import lineages
from .readsets.readset import Asked, Executed
from .schema.catalog import Catalog
from .server import Server
from .settings import Settings
from .sockets.namespace import Endpoint, Hub
from .sockets.viewer import Expires, Follows, Host
from .web import blueprint as web

EXTENSION = "bff"
"""Under this key the application knows its layer: `app.extensions["bff"]`."""


def _nobody(_request: Request) -> None:
    return None


class Bff(Server):
    """The layer of one host.

        layer = Bff(schema=schema, engine=engine, documents="graphql", viewer=viewer_of)
        layer.init_app(app)

    `viewer` gives the viewer of a request, None for nobody; it may raise `bff.Unauthenticated` or abort. It runs before the
    operation has its ticket: if it reads the database, then through an engine of its own, lest it wait for the
    connections of `engine`. Everything else has a default, see `Settings`. For code and tests there are
    `execute`, `plan` and `police`.
    """

    def __init__(
        self,
        *,
        schema: StrawberrySchema | GraphQLSchema,
        engine: Engine,
        documents: str | Path | None = None,
        viewer: web.ViewerOf = _nobody,
        expires: Expires | None = None,
        follows: Follows | None = None,
        settings: Settings | None = None,
    ) -> None:
        """Raises DeclarationError and DocumentError, naming all that is wrong."""
        telemetry.configure()
        super().__init__(schema=schema, engine=engine, documents=documents, settings=settings)
        self._viewer_of = viewer
        self._host = Host(viewer, expires, follows)
        self._app: Flask | None = None
        self._endpoint: Endpoint | None = None
        self._node: Node | None = None

    def init_app(self, app: Flask) -> None:
        """Mount the endpoint, and in development GraphiQL, on `app`."""
        app.extensions[EXTENSION] = self
        self._app = app
        if self.settings.secret is None and app.secret_key:
            key = app.secret_key.encode() if isinstance(app.secret_key, str) else app.secret_key
            # A key of its own: what signs cursors must not sign sessions, and the other way round.
            self._sign_with(sha256(b"bff cursors" + key).digest())
        web.mount(app, self, self._viewer_of)

    def init_sockets(self, sockets: SocketIO) -> None:
        """Answer live operations over the host's Socket.IO, in a namespace of their own.

            sockets = SocketIO(app, transports=["websocket"])
            layer.init_sockets(sockets)

        After `init_app`, and before anything is served. With WebSocket as its only transport a site needs no sticky
        sessions; polling works where all requests of a client reach the same process. Messages and sockets of the
        host's own namespaces count for the limits in `Settings`, too. Which other sites may connect is SocketIO's
        `cors_allowed_origins`. Raises DeclarationError for a SocketIO that this cannot stand on, and without the setting
        `redis_url`.
        """
        if self.settings.redis_url is None:
            raise DeclarationError("live operations need Redis: set BFF_REDIS_URL")
        self._node = Node(
            self,
            self.engine,
            self.settings,
            lineages=lineages(Catalog.of(self.schema).policies),
            redis_url=self.settings.redis_url.get_secret_value(),
            secret=self.secret,
        )
        self._answer_on(sockets, self._node.hub, start=self._node.start)

    def _answer_on(self, sockets: SocketIO, hub: Hub, *, start: Callable[[], None]) -> None:
        if self._app is None:
            raise DeclarationError("init_sockets comes after init_app")
        self._endpoint = Endpoint(self, hub, self._host, start=start, sockets=sockets, app=self._app)

    def execute_live(self, plan: Plan, asked: Sequence[Asked], viewer: object | None) -> Executed:
        """As `Server.execute_live`, and as the application: a resolver finds it as in a request, but there is no request."""
        with nullcontext() if self._app is None else self._app.app_context():
            return super().execute_live(plan, asked, viewer)

    @property
    def node(self) -> Node | None:
        """The live side of this process, once there are sockets: what it does is in `repr` and `stats`."""
        return self._node

    @property
    def sockets(self) -> Endpoint | None:
        """The sockets of this process, once there are some: how many, in `repr` and `stats`."""
        return self._endpoint

    def start(self) -> None:
        """Start what live operations need of this process: in a server that forks, after the fork.

        Without it, it is started for the first socket; the relay, which any process may be, would wait until then.
        """
        if self._node is not None:
            self._node.start()

    def drain(self, within: float | None = None) -> None:
        """Take no more sockets and send away those that there are, in so many seconds (by default the setting `live_drain`).

        For a process that is about to stop. Gives back when all are gone, or the time is over.
        """
        if self._endpoint is not None:
            self._endpoint.drain(self.settings.live_drain if within is None else within)
        if self._node is not None:
            self._node.stop()
