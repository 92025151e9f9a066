"""The legacy REST API: one endpoint a resource or sub-resource, ids instead of nested objects.

This is what a site has before the layer: a comment gives ``author_id``, and the frontend asks ``/api/users/<id>``
next (`app.rest.frontend` says what each page asks). Every request has a session of its own, from a pool that all
requests of the process share. Lists are paged by ``limit`` and ``offset`` and say their ``total``. Errors are
``{"error": {"code": ..., "message": ...}}``; a row of another organization is answered as one that does not exist.
"""

from __future__ import annotations

from flask import Flask
from werkzeug.routing import BaseConverter


class KeyConverter(BaseConverter):
    """The id of a row in an address. Flask's own ``int`` fails on one of 5,000 digits."""

    regex = "[1-9][0-9]{0,18}"

    def to_python(self, value: str) -> int:
        return int(value)


def init_app(app: Flask) -> None:
    """Mount the API under ``/api``, and the pictures that its users' ``avatar_url`` names."""
    # Here, because whoever wants `app.rest.frontend` alone needs no application. The routes are for their decorators.
    from app.rest import reads, writes  # noqa: F401
    from app.rest.api import blueprint
    from app.rest.avatars import blueprint as avatars

    app.url_map.converters["key"] = KeyConverter
    app.register_blueprint(blueprint)
    app.register_blueprint(avatars)
