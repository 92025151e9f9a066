"""`Bff`: the layer, mounted on a Flask application. What a host makes, once a process."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from flask import Flask, Request
from graphql import GraphQLSchema
from sqlalchemy import Engine
from strawberry import Schema as StrawberrySchema

from . import telemetry, web
from .server import Server
from .settings import Settings

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
        settings: Settings | None = None,
    ) -> None:
        """Raises DeclarationError and DocumentError, naming all that is wrong."""
        telemetry.configure()
        super().__init__(schema=schema, engine=engine, documents=documents, settings=settings)
        self._viewer_of = viewer

    def init_app(self, app: Flask) -> None:
        """Mount the endpoint, and in development GraphiQL, on `app`."""
        app.extensions[EXTENSION] = self
        if self.settings.secret is None and app.secret_key:
            key = app.secret_key.encode() if isinstance(app.secret_key, str) else app.secret_key
            # A key of its own: what signs cursors must not sign sessions, and the other way round.
            self._sign_with(sha256(b"bff cursors" + key).digest())
        web.mount(app, self, self._viewer_of)
