"""Settings of the layer: frozen, each with a default, read from the environment once when the layer is made.

The only module that reads the environment. `Settings()` takes `BFF_<NAME>` variables; what is passed by
keyword wins: `Settings(development=True)`.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What a free text may ask for; `Settings` has the defaults.

    `length` counts characters, `tokens` count comments, `fields` and `depth` are those of an operation with its
    fragments spread, `operations` are those that one text may define.
    """

    length: int
    tokens: int
    fields: int
    depth: int
    operations: int
    introspection: bool


class Settings(BaseSettings):
    """What a host or an operator may set. Raises pydantic.ValidationError for a value out of range."""

    model_config = SettingsConfigDict(
        env_prefix="BFF_", frozen=True, extra="forbid", use_attribute_docstrings=True, validate_default=True
    )

    path: str = Field(default="/graphql", pattern=r"^/[A-Za-z0-9/_.-]*[A-Za-z0-9_.-]$")
    """Where the endpoint is mounted."""

    development: bool = False
    """GraphiQL, introspection and "Did you mean ...?" suggestions. Never in production."""

    trusted_only: bool = False
    """Answer registered documents only; a query text is refused with 403."""

    strategy: Literal["auto", "compiled", "rounds"] = "auto"
    """How pages are read: `compiled` has PostgreSQL write the JSON of all that needs no Python, `rounds` loads every level
    by its keys and writes it in Python, `auto` does the first wherever it is the faster."""

    deadline: float = Field(default=10.0, gt=0)
    """Seconds in which an operation is answered, its wait for a ticket included, or given up with 504."""

    secret: SecretStr | None = None
    """Signs cursors; the same on all nodes. Without it, Flask's SECRET_KEY is taken, and where there is none either, a
    random one per process, which ends all cursors with the process."""

    tickets: int | None = Field(default=None, gt=0)
    """Operations that run at once in a process; by default as many as the engine's pool has connections, and never
    more."""

    max_waiting: int = Field(default=100, ge=0)
    """Operations that may wait for a ticket; the next one is refused with 503."""

    max_wait: float = Field(default=5.0, gt=0)
    """Seconds that an operation may wait for a ticket before it is refused with 503."""

    prepare: bool = True
    """Prepare statements that a connection of the database runs again. Off where a pooler hands the server's connections from
    transaction to transaction (PgBouncer's transaction mode): what one prepared, the other does not have."""

    max_body: int = Field(default=1_048_576, gt=0)
    """Bytes of a request body; a larger one is refused with 413 and not read."""

    body_timeout: float = Field(default=10.0, gt=0)
    """Seconds in which a request body has to arrive; then 408."""

    max_length: int = Field(default=50_000, gt=0)
    """Characters of a free text."""

    max_tokens: int = Field(default=1_000, gt=0)
    """Tokens of a free text, comments included."""

    max_fields: int = Field(default=1_000, gt=0)
    """Fields that an operation of a free text selects, each fragment counted wherever it is spread."""

    max_depth: int = Field(default=20, gt=0)
    """Levels of fields of an operation of a free text."""

    max_operations: int = Field(default=20, gt=0)
    """Operations that one free text may define."""

    text_cache: int = Field(default=200_000, ge=0)
    """Characters of free text whose plans are kept, the longest unused leaving first. What is kept takes about 300 times
    the memory of its text."""

    redis_url: SecretStr | None = None
    """Where the stream of changes is that live operations follow: Redis or Valkey. Without it nothing is live."""

    live_prefix: str = Field(default="bff", min_length=1)
    """How the keys in Redis begin; hosts that share one differ in it."""

    live_stream_length: int = Field(default=100_000, gt=0)
    """Changes that the stream keeps: how far back a client may resume."""

    live_database_url: SecretStr | None = None
    """PostgreSQL without a pooler in transaction mode, for what lasts longer than a transaction: the relay's lock, LISTEN. By
    default the engine's own address."""

    relay: bool = True
    """Whether this process may be the one that brings changes from the database into the stream. Off where `bff relay` does."""

    live_namespace: str = Field(default="/graphql", pattern=r"^/[A-Za-z0-9/_.-]+$")
    """Socket.IO's namespace for live operations."""

    live_max_subscriptions: int = Field(default=100, gt=0)
    """Subscriptions that a socket may have at once; the next one is refused with LIMIT."""

    live_max_sockets: int = Field(default=8_000, gt=0)
    """Sockets of a process, those of the host's own namespaces included; the next one is refused with 503. Each takes some
    35 kB."""

    live_rate: float = Field(default=20.0, gt=0)
    """Messages a second that a client may go on sending, those to the host's own namespaces included; then its socket is
    closed."""

    live_burst: int = Field(default=300, gt=0)
    """Messages that a client may send at once, as it does when it subscribes anew to all that it had."""

    live_max_unsent: int = Field(default=1_048_576, gt=0)
    """Bytes that may wait for a client to take them before it counts as slow: it then gets the newest states only, and its
    event subscriptions end. With four times as many, whoever sent them, the socket is closed."""

    live_max_age: float = Field(default=30.0, gt=0)
    """Seconds that something may wait for a client to take it; then the socket is closed. From half of it on, the client
    counts as slow."""

    live_window: float = Field(default=0.05, ge=0)
    """Seconds between two runs of a live operation, more where they take long; what changes in between is one more run."""

    live_linger: float = Field(default=10.0, ge=0)
    """Seconds for which a live operation is kept that nobody subscribes to any more, for whoever connects anew."""

    live_drain: float = Field(default=5.0, ge=0)
    """Seconds in which clients leave a process that is about to stop, each at a time of its own."""

    graphiql_assets: Path = Path(".bff/graphiql")
    """Where `bff graphiql install` puts GraphiQL's bundle, and where it is served from in development."""

    app: str | None = None
    """The host's layer for the `bff` command, as `module:attribute`."""

    @property
    def limits(self) -> Limits:
        """The limits of free text."""
        return Limits(
            length=self.max_length,
            tokens=self.max_tokens,
            fields=self.max_fields,
            depth=self.max_depth,
            operations=self.max_operations,
            introspection=self.development,
        )
