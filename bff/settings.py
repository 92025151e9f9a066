"""Settings of the layer: frozen, grouped by concern, each with a default, read from the environment when they are made.

The only module that reads the environment. Each setting names its variable, which is found in whatever case; a value that is
given in code wins: `Settings(development=True, limits=Limits(tokens=500))`. A group goes as it is to the part that uses it.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator


class _Group(BaseModel):
    """Raises pydantic.ValidationError for a value out of range, by its variable or, when given in code, by its name; TypeError
    for a name that no setting has."""

    model_config = ConfigDict(frozen=True, populate_by_name=True, use_attribute_docstrings=True, validate_default=True)

    @model_validator(mode="before")
    @classmethod
    def _add_environment(cls, given: Any) -> Any:
        if not isinstance(given, dict):
            return given
        for name in given:
            if name not in cls.model_fields:
                # Not a ValueError: pydantic would add all that was given, secrets too.
                raise TypeError(f"no setting {name!r} in {cls.__name__}; there are {', '.join(cls.model_fields)}")
        # In whatever case: a variable that nobody reads would leave a guard off. The exact name wins.
        environment = {name.upper(): value for name, value in os.environ.items()} | dict(os.environ)
        # Under the variable's name, so that an error says where the value came from.
        variables = (str(field.validation_alias) for name, field in cls.model_fields.items() if name not in given)
        return given | {variable: environment[variable] for variable in variables if variable in environment}


class Limits(_Group):
    """What a free text may ask for."""

    length: int = Field(default=50_000, gt=0, validation_alias="BFF_MAX_LENGTH")
    """Characters of the text."""

    tokens: int = Field(default=1_000, gt=0, validation_alias="BFF_MAX_TOKENS")
    """Tokens of the text, comments included."""

    fields: int = Field(default=1_000, gt=0, validation_alias="BFF_MAX_FIELDS")
    """Fields that an operation selects, each fragment counted wherever it is spread."""

    depth: int = Field(default=20, gt=0, validation_alias="BFF_MAX_DEPTH")
    """Levels of fields of an operation, its fragments spread."""

    operations: int = Field(default=20, gt=0, validation_alias="BFF_MAX_OPERATIONS")
    """Operations that the text may define."""


class DocumentSettings(_Group):
    """Which documents are answered, and which plans are kept."""

    trusted_only: bool = Field(default=False, validation_alias="BFF_TRUSTED_ONLY")
    """Answer registered documents only; a query text is refused with 403."""

    text_cache: int = Field(default=200_000, ge=0, validation_alias="BFF_TEXT_CACHE")
    """Characters of free text whose plans are kept; the least recently used text leaves first. What is kept takes about 300
    times the memory of its text."""


class HttpSettings(_Group):
    """What a request may bring."""

    max_body: int = Field(default=1_048_576, gt=0, validation_alias="BFF_MAX_BODY")
    """Bytes of a request body; a larger one is refused with 413 and not read. Characters of a message over a socket."""

    body_timeout: float = Field(default=10.0, gt=0, validation_alias="BFF_BODY_TIMEOUT")
    """Seconds in which a request body has to arrive; then 408."""


class DatabaseSettings(_Group):
    """How many operations use the database, and how."""

    tickets: int | None = Field(default=None, gt=0, validation_alias="BFF_TICKETS")
    """Operations that run at once in a process; by default as many as the engine's pool has connections, and never
    more."""

    max_waiting: int = Field(default=100, ge=0, validation_alias="BFF_MAX_WAITING")
    """Operations that may wait for a ticket; the next one is refused with 503."""

    max_wait: float = Field(default=5.0, gt=0, validation_alias="BFF_MAX_WAIT")
    """Seconds that an operation may wait for a ticket before it is refused with 503."""

    prepare: bool = Field(default=True, validation_alias="BFF_PREPARE")
    """Prepare statements that a connection of the database runs again. Off where a pooler hands the server's connections from
    transaction to transaction (PgBouncer's transaction mode): what one prepared, the other does not have."""


class SocketLimits(_Group):
    """What a client may ask of a socket, and all clients of a process."""

    max_subscriptions: int = Field(default=100, gt=0, validation_alias="BFF_LIVE_MAX_SUBSCRIPTIONS")
    """Subscriptions that a socket may have at once; the next one is refused with LIMIT."""

    max_sockets: int = Field(default=8_000, gt=0, validation_alias="BFF_LIVE_MAX_SOCKETS")
    """Sockets of a process, those of the host's own namespaces included; the next one is refused with 503. Each takes some
    35 kB."""

    rate: float = Field(default=20.0, gt=0, validation_alias="BFF_LIVE_RATE")
    """Messages per second that a client may go on sending, those to the host's own namespaces included; then its socket is
    closed."""

    burst: int = Field(default=300, gt=0, validation_alias="BFF_LIVE_BURST")
    """Messages that a client may send at once, as it does when it reconnects and subscribes to all that it had."""

    max_unsent: int = Field(default=1_048_576, gt=0, validation_alias="BFF_LIVE_MAX_UNSENT")
    """Bytes that may wait for a client to take them before it counts as slow: it then gets the newest states only, and its
    event subscriptions end. With four times as many, of whatever namespace, the socket is closed."""

    max_age: float = Field(default=30.0, gt=0, validation_alias="BFF_LIVE_MAX_AGE")
    """Seconds that something may wait for a client to take it; then the socket is closed. From half of it on, the client
    counts as slow."""


class LiveSettings(_Group):
    """How live operations learn of changes, are run, and are sent."""

    redis_url: SecretStr | None = Field(default=None, validation_alias="BFF_REDIS_URL")
    """Where the stream of changes is that live operations follow: Redis or Valkey. Without it nothing is live."""

    prefix: str = Field(default="bff", min_length=1, validation_alias="BFF_LIVE_PREFIX")
    """How the keys in Redis begin; hosts that share one differ in it."""

    stream_length: int = Field(default=100_000, gt=0, validation_alias="BFF_LIVE_STREAM_LENGTH")
    """Changes that the stream keeps: how far back a client may resume."""

    database_url: SecretStr | None = Field(default=None, validation_alias="BFF_LIVE_DATABASE_URL")
    """PostgreSQL without a pooler in transaction mode, for what lasts longer than a transaction: the relay's lock, LISTEN. By
    default the engine's own address."""

    relay: bool = Field(default=True, validation_alias="BFF_RELAY")
    """Whether this process may be the one that brings changes from the database into the stream. Off where `bff relay` does."""

    namespace: str = Field(default="/graphql", pattern=r"^/[A-Za-z0-9/_.-]+$", validation_alias="BFF_LIVE_NAMESPACE")
    """Socket.IO's namespace for live operations."""

    window: float = Field(default=0.05, ge=0, validation_alias="BFF_LIVE_WINDOW")
    """Seconds between two runs of a live operation, more where they take long; what changes in between is one more run."""

    linger: float = Field(default=10.0, ge=0, validation_alias="BFF_LIVE_LINGER")
    """Seconds for which a live operation without subscribers is kept, for clients that reconnect."""

    drain: float = Field(default=5.0, ge=0, validation_alias="BFF_LIVE_DRAIN")
    """Seconds in which clients leave a process that is about to stop, each at a time of its own."""

    sockets: SocketLimits = Field(default_factory=SocketLimits)
    """What clients may ask of sockets."""


class Settings(_Group):
    """What a host or an operator may set."""

    path: str = Field(default="/graphql", pattern=r"^/[A-Za-z0-9/_.-]*[A-Za-z0-9_.-]$", validation_alias="BFF_PATH")
    """Where the endpoint is mounted."""

    development: bool = Field(default=False, validation_alias="BFF_DEVELOPMENT")
    """GraphiQL, introspection and "Did you mean ...?" suggestions. Never in production."""

    strategy: Literal["auto", "compiled", "rounds"] = Field(default="auto", validation_alias="BFF_STRATEGY")
    """How pages are read: `compiled` has PostgreSQL write the JSON of all that needs no Python, `rounds` loads every level
    by its keys and writes it in Python, `auto` does the first wherever it is the faster."""

    deadline: float = Field(default=10.0, gt=0, validation_alias="BFF_DEADLINE")
    """Seconds in which an operation is answered, its wait for a ticket included, or given up with 504."""

    secret: SecretStr | None = Field(default=None, validation_alias="BFF_SECRET")
    """Signs cursors and positions; the same on all nodes. Without it, Flask's SECRET_KEY is taken, and where there is none
    either, a random one per process, which ends all cursors with the process."""

    app: str | None = Field(default=None, validation_alias="BFF_APP")
    """The host's layer for the `bff` command, as `module:attribute`."""

    graphiql_assets: Path = Field(default=Path(".bff/graphiql"), validation_alias="BFF_GRAPHIQL_ASSETS")
    """Where `bff graphiql install` puts GraphiQL's bundle, and where it is served from in development."""

    documents: DocumentSettings = Field(default_factory=DocumentSettings)
    """Which documents are answered, and which plans are kept."""

    limits: Limits = Field(default_factory=Limits)
    """What a free text may ask for."""

    http: HttpSettings = Field(default_factory=HttpSettings)
    """What a request may bring."""

    database: DatabaseSettings = Field(default_factory=DatabaseSettings)
    """How many operations use the database, and how."""

    live: LiveSettings = Field(default_factory=LiveSettings)
    """How live operations learn of changes, are run, and are sent."""
