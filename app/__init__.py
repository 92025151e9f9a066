"""Briefcase, the reference host: a workspace in which firms run matters for their clients.

It is what a team's own site would be: models, a legacy REST API, and the layer mounted beside it by its public names.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from flask import Flask, Response, jsonify

# What the environment may set; everything has a default but the database, and in production the secret.
ENVIRONMENT = ("BRIEFCASE_ENV", "DATABASE_URL", "REDIS_URL", "SECRET_KEY")


def create_app(config: Mapping[str, object] | None = None) -> Flask:
    """The application. `config` goes over the environment; both take the names in `ENVIRONMENT`.

    ``BRIEFCASE_ENV`` is ``development`` or ``production``, the default: development signs with a known secret and
    takes ``Authorization: Bearer dev-<user id>``. Raises `app.database.ConfigurationError` when something is missing.
    """
    # Here, because whoever wants the models alone (the seeder, the migrations) needs no schema to be built.
    from app import auth, rest
    from app.database import attach, database_url, open_database, sqlalchemy_url
    from app.layer import layer

    app = Flask(__name__, static_folder=None)
    app.config["BRIEFCASE_ENV"] = "production"
    app.config.update({name: os.environ[name] for name in ENVIRONMENT if name in os.environ})
    app.config.update(config or {})

    given = app.config.get("DATABASE_URL")
    attach(app, open_database(sqlalchemy_url(given) if given else database_url()))
    auth.init_app(app)
    rest.init_app(app)
    layer.init_app(app)
    app.add_url_rule("/healthz", view_func=healthz)
    return app


def healthz() -> Response:
    """Whether this process answers at all. It asks no database: a restart would not mend one."""
    return jsonify(status="ok")
