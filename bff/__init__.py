"""flask-bff: a page is one GraphQL operation, answered from one database session."""

from .changes.install import install_capture
from .columns.scalars import BigInt
from .database.gevent_wait import patch_psycopg2
from .database.scope import Deadline, Scope
from .entities.connection import Connection
from .entities.events import Changed
from .entities.policy import public, through
from .errors import (
    BadUserInput,
    BffError,
    DeadlineExceeded,
    DeclarationError,
    DocumentError,
    FieldError,
    Forbidden,
    NotVisible,
    TryAgain,
    Unauthenticated,
)
from .extension import Bff
from .schema.declare import Node, entity
from .schema.fields import batched, collection, column, count, event, field, lookup, node, presence, relation, total
from .schema.schema import Schema
from .settings import DatabaseSettings, DocumentSettings, HttpSettings, Limits, LiveSettings, Settings, SocketLimits

__all__ = [
    "BadUserInput",
    "Bff",
    "BffError",
    "BigInt",
    "Changed",
    "Connection",
    "Deadline",
    "DeadlineExceeded",
    "DatabaseSettings",
    "DeclarationError",
    "DocumentError",
    "DocumentSettings",
    "FieldError",
    "Forbidden",
    "HttpSettings",
    "Limits",
    "LiveSettings",
    "Node",
    "NotVisible",
    "Schema",
    "Scope",
    "Settings",
    "SocketLimits",
    "TryAgain",
    "Unauthenticated",
    "batched",
    "collection",
    "column",
    "count",
    "entity",
    "event",
    "field",
    "install_capture",
    "lookup",
    "node",
    "patch_psycopg2",
    "presence",
    "public",
    "relation",
    "through",
    "total",
]
