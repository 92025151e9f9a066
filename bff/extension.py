"""`Bff`: the layer, mounted on a Flask application. What a host makes, once a process."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from hashlib import sha256
from pathlib import Path
from typing import Any

from flask import Flask, Request
from flask_socketio import SocketIO
from graphql import DocumentNode, ExecutionResult, GraphQLSchema
from sqlalchemy import Engine
from sqlalchemy.orm import Session
from strawberry import Schema as StrawberrySchema

from . import telemetry
from .errors import DeclarationError
from .live.node import LiveNode
from .plan.plan import Plan
from .readsets.policy_keys import lineages
from .readsets.readset import Invocation, LiveAnswers
from .schema.catalog import Catalog
from .server import Server
from .settings import Settings
from .sockets.namespace import LiveNamespace
from .sockets.outlet import Hub
from .sockets.viewer import Expires, Follows, Viewers
from .web import blueprint as web

EXTENSION = "bff"
"""Under this key the application knows its layer: `app.extensions["bff"]`."""


def _nobody(_request: Request) -> None:
    return None


class _MountedServer(Server):
    """A server whose live operations run as the application: a resolver finds it as in a request, but there is no request."""

    app: Flask | None = None

    def execute_live(self, plan: Plan, asked: Sequence[Invocation], viewer: object | None) -> LiveAnswers:
        """As `Server.execute_live`."""
        with nullcontext() if self.app is None else self.app.app_context():
            return super().execute_live(plan, asked, viewer)


class Bff:
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
        self.server = _MountedServer(schema=schema, engine=engine, documents=documents, settings=settings)
        """The parts, wired. For tools, such as the `bff` command; of no stable shape."""
        self._viewer_of = viewer
        self._host = Viewers(viewer, expires, follows)
        self._endpoint: LiveNamespace | None = None
        self._node: LiveNode | None = None

    def __repr__(self) -> str:
        return f"<Bff {self.server!r}>"

    # ---- mounting

    def init_app(self, app: Flask) -> None:
        """Mount the endpoint, and in development GraphiQL, on `app`."""
        app.extensions[EXTENSION] = self
        server = self.server
        server.app = app
        if server.settings.secret is None and app.secret_key:
            key = app.secret_key.encode() if isinstance(app.secret_key, str) else app.secret_key
            # A key of its own: what signs cursors must not sign sessions, and the other way round.
            server.secret = sha256(b"bff cursors" + key).digest()
        web.mount(app, server, self._viewer_of)

    def init_sockets(self, sockets: SocketIO) -> None:
        """Answer live operations over the host's Socket.IO, in a namespace of their own.

            sockets = SocketIO(app, transports=["websocket"])
            layer.init_sockets(sockets)

        After `init_app`, and before anything is served. With WebSocket as its only transport a site needs no sticky
        sessions; polling works where all requests of a client reach the same process. Messages and sockets of the
        host's own namespaces count for the limits in `Settings`, too. Which other sites may connect is SocketIO's
        `cors_allowed_origins`. Raises DeclarationError for a SocketIO that this cannot stand on, and without the setting
        `live.redis_url`.
        """
        server, settings = self.server, self.settings
        if settings.live.redis_url is None:
            raise DeclarationError("live operations need Redis: set BFF_REDIS_URL")
        node = LiveNode(
            server,
            server.engine,
            settings.live,
            patience=settings.deadline,
            lineages=lineages(Catalog.of(server.schema).policies),
            redis_url=settings.live.redis_url.get_secret_value(),
            secret=server.secret,
        )
        self._answer_on(sockets, node.hub, start=node.start)
        # Not before: of sockets that are refused no node is left, and one that there was stays.
        self._node = node

    def _answer_on(self, sockets: SocketIO, hub: Hub, *, start: Callable[[], None]) -> None:
        app = self.server.app
        if app is None:
            raise DeclarationError("init_sockets comes after init_app")
        self._endpoint = LiveNamespace(self.server, hub, self._host, start=start, sockets=sockets, app=app)

    # ---- for code and tests

    def execute(
        self,
        document: str | DocumentNode,
        *,
        viewer: object | None = None,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        root_value: Any = None,
    ) -> ExecutionResult:
        """Execute a registered operation (by name or id), a text or a parsed document, as `viewer`.

        Neither the limits of free text nor `documents.trusted_only` apply to code. Raises Overloaded, DeadlineExceeded,
        DocumentRefused, OperationNotFound, and what an extension's hook around the operation raises (Unauthenticated from its
        `on_operation`), but for a GraphQLError; that, and errors of fields, are in the result.
        """
        return self.server.execute(
            document, viewer=viewer, variables=variables, operation_name=operation_name, root_value=root_value
        )

    def plan(self, name: str) -> Plan:
        """The plan of a registered operation. Raises OperationNotFound."""
        return self.server.plan(name)

    def police(self, session: Session, viewer: object | None) -> Session:
        """Make every statement of an ORM session see only the rows that `viewer` may see; gives the session."""
        return self.server.police(session, viewer)

    # ---- its parts

    @property
    def settings(self) -> Settings:
        """The settings that the layer was made with."""
        return self.server.settings

    @property
    def engine(self) -> Engine:
        """The engine that the layer was made with."""
        return self.server.engine

    @property
    def node(self) -> LiveNode | None:
        """The live side of this process, once there are sockets: what it does is in `repr` and `stats`."""
        return self._node

    @property
    def sockets(self) -> LiveNamespace | None:
        """The sockets of this process, once there are some: how many, in `repr` and `stats`."""
        return self._endpoint

    # ---- in a process that serves

    def start(self) -> None:
        """Start what live operations need of this process: in a server that forks, after the fork.

        Without it, it is started for the first socket; the relay, which any process may be, would wait until then.
        """
        if self._node is not None:
            self._node.start()

    def drain(self, within: float | None = None) -> None:
        """Take no more sockets and send away those that there are, in so many seconds (by default the setting `live.drain`).

        For a process that is about to stop. Gives back when all are gone, or the time is over.
        """
        if self._endpoint is not None:
            self._endpoint.drain(self.settings.live.drain if within is None else within)
        if self._node is not None:
            self._node.stop()
