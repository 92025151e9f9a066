"""Briefcase, the reference host: a workspace in which firms run matters for their clients.

It is what a team's own site would be: models, a legacy REST API, and the layer mounted beside it by its public names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from flask import Flask, Request, Response, jsonify
from flask.json.provider import DefaultJSONProvider
from flask.sessions import NullSession, SessionInterface
from flask_socketio import SocketIO
from gevent import monkey

# What the environment may set; everything has a default but the database, and in production the secret.
ENVIRONMENT = (
    "BRIEFCASE_ENV",
    "DATABASE_POOL_SIZE",
    "DATABASE_URL",
    "RATINGS_URL",
    "REDIS_URL",
    "SECRET_KEY",
    "VIEWER_SECONDS",
)
PAGE_CONNECTIONS = 10


class Json(DefaultJSONProvider):
    """Flask's JSON, to which a body that is nested too deep is broken like any other."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        try:
            return super().loads(s, **kwargs)
        except RecursionError:
            raise ValueError("nested too deep") from None


class NoSessions(SessionInterface):
    """Briefcase keeps no sessions, only tokens of its own; Flask's would read and sign a cookie for every request."""

    def open_session(self, app: Flask, request: Request) -> NullSession:
        return self.make_null_session(app)


def create_app(config: Mapping[str, object] | None = None) -> Flask:
    """The application. `config` goes over the environment; both take the names in `ENVIRONMENT`.

    ``BRIEFCASE_ENV`` is ``development`` or ``production``, the default: development signs with a known secret and
    takes ``Authorization: Bearer dev-<user id>``. Pages are live where ``REDIS_URL`` names Redis or Valkey. Raises `app.database.ConfigurationError` when something is missing.
    """
    # Here, because whoever wants the models alone (the seeder, the migrations) needs no schema to be built.
    from app import auth, rest, site
    from app.database import attach, database_url, open_database, sqlalchemy_url
    from app.layer import make_layer
    from app.ratings import agency
    from bff import LiveSettings, Settings

    app = Flask(__name__, static_folder=None)
    app.json = Json(app)
    app.session_interface = NoSessions()
    app.config["BRIEFCASE_ENV"] = "production"
    app.config.update({name: os.environ[name] for name in ENVIRONMENT if name in os.environ})
    app.config.update(config or {})

    given = app.config.get("DATABASE_URL")
    database = open_database(
        sqlalchemy_url(given) if given else database_url(),
        pages=int(app.config.get("DATABASE_POOL_SIZE", PAGE_CONNECTIONS)),
    )
    attach(app, database)
    auth.init_app(app)
    agency.init_app(app)
    redis_url = app.config.get("REDIS_URL")
    settings = Settings(
        development=auth.is_development(app),
        secret=app.config["SECRET_KEY"],
        live=LiveSettings(redis_url=redis_url) if redis_url else LiveSettings(),
    )
    layer = make_layer(database.pages, settings=settings)
    layer.init_app(app)
    rest.init_app(app)
    # After REST, whose converter of ids its addresses use too.
    site.init_app(app)
    app.add_url_rule("/healthz", view_func=healthz)
    if settings.live.redis_url is not None:
        layer.init_sockets(make_sockets(app))
    return app


def make_sockets(app: Flask) -> SocketIO:
    """Socket.IO over WebSocket alone: any worker may hold any socket, so nothing has to be sticky."""
    is_patched = bool(monkey.is_module_patched("socket"))
    return SocketIO(app, async_mode="gevent" if is_patched else "threading", transports=["websocket"])


def healthz() -> Response:
    """Whether this process answers at all. It asks no database: a restart would not mend one."""
    return jsonify(status="ok")
