"""The layer as Briefcase mounts it: which schema, which documents, whose viewer. What a host of `bff` writes.

`make_layer` makes one for an application; `current_layer` is the one of the application that is answering.
"""

from __future__ import annotations

import os
from pathlib import Path

from flask import current_app
from sqlalchemy import Engine, create_engine

import bff
from app.auth import expires, follows, viewer_of
from app.database import database_url
from app.schema import schema

DOCUMENTS = Path(__file__).parents[1] / "graphql"


def make_layer(engine: Engine | None = None, *, settings: bff.Settings | None = None) -> bff.Bff:
    """The layer over `engine`; by default, for the command line, over what ``DATABASE_URL`` names, if it names anything."""
    return bff.Bff(
        schema=schema,
        engine=engine or create_engine(database_url() if os.environ.get("DATABASE_URL") else "postgresql+psycopg2://"),
        documents=DOCUMENTS,
        viewer=viewer_of,
        expires=expires,
        follows=follows,
        settings=settings,
    )


def current_layer() -> bff.Bff:
    """The layer of the application that is answering."""
    layer = current_app.extensions["bff"]
    assert isinstance(layer, bff.Bff)
    return layer
