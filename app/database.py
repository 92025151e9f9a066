"""Where Briefcase's rows live: addresses, engines and the schema's version.

``create_app`` opens one `Database` for its application, with three engines that never wait for each other: the layer's
for pages, the legacy REST API's with the limits that such sites really have, and a small one for looking up who is
asking, so that an exhausted REST pool cannot lock anybody out of the pages.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Flask, current_app
from sqlalchemy import URL, Connection, Engine, create_engine, func, make_url, select
from sqlalchemy.orm import Session, sessionmaker

if TYPE_CHECKING:
    from alembic.config import Config

EXTENSION = "briefcase.database"

# Any number does, as long as everybody who migrates or seeds takes the same one.
_SCHEMA_LOCK = 0x_B21E_FCA5E


class ConfigurationError(RuntimeError):
    """The environment lacks something that Briefcase cannot run without."""


def sqlalchemy_url(url: str) -> URL:
    """A PostgreSQL address as SQLAlchemy needs it.

    SQLAlchemy 2.1 reads ``postgresql://`` as psycopg 3; Briefcase and the layer's wait callback use psycopg2.
    """
    parsed = make_url(url)
    if parsed.drivername in {"postgres", "postgresql"}:
        parsed = parsed.set(drivername="postgresql+psycopg2")
    if parsed.drivername != "postgresql+psycopg2":
        raise ValueError(f"Briefcase runs on PostgreSQL through psycopg2, not on {parsed.drivername!r}")
    return parsed


def database_url(environ: Mapping[str, str] | None = None) -> URL:
    """The address in ``DATABASE_URL``. Raises `ConfigurationError` when there is none."""
    url = (os.environ if environ is None else environ).get("DATABASE_URL")
    if not url:
        raise ConfigurationError("DATABASE_URL is not set, for example postgresql://user@localhost/briefcase")
    return sqlalchemy_url(url)


@dataclass(frozen=True)
class Database:
    """The engines of one application, opened by `open_database`, borrowed by requests."""

    url: URL
    pages: Engine
    rest: sessionmaker[Session]
    rest_engine: Engine
    viewers: Engine

    def dispose(self) -> None:
        """Close every idle connection; for a process that forked or is about to end."""
        self.pages.dispose()
        self.rest_engine.dispose()
        self.viewers.dispose()


def open_database(url: URL, *, pages: int) -> Database:
    """Engines on `url`, the layer's with `pages` connections. Nothing connects before the first request."""
    # SQLAlchemy's defaults, written out because they are the subject: a page that asks 100 times
    # shares these 15 connections with every other page of the node.
    rest_engine = create_engine(url, pool_size=5, max_overflow=10, pool_timeout=30)
    # One indexed read each, in autocommit so that it costs a single round trip.
    # Nobody asks for a ticket here, so PostgreSQL itself ends a read that cannot go on.
    viewers = create_engine(
        url,
        pool_size=5,
        max_overflow=0,
        pool_timeout=5,
        isolation_level="AUTOCOMMIT",
        connect_args={"options": "-c statement_timeout=5000", "connect_timeout": 5},
    )
    return Database(
        url=url,
        # The connection that came back last goes out first: what it has prepared is planned, its caches are warm.
        pages=create_engine(url, pool_size=pages, max_overflow=0, pool_use_lifo=True),
        rest=sessionmaker(rest_engine),
        rest_engine=rest_engine,
        viewers=viewers,
    )


def attach(app: Flask, database: Database) -> None:
    """Make `database` the one that `current_database` finds in `app`."""
    app.extensions[EXTENSION] = database


def current_database() -> Database:
    """The database of the application that is answering."""
    database = current_app.extensions[EXTENSION]
    assert isinstance(database, Database)
    return database


def lock_schema(connection: Connection) -> None:
    """Wait until nobody else migrates or seeds; held until the transaction of `connection` ends."""
    connection.execute(select(func.pg_advisory_xact_lock(_SCHEMA_LOCK)))


def alembic_config(connection: Connection) -> Config:
    """Alembic's settings for migrations over `connection`; there is no ``alembic.ini``."""
    # Here, because a site that serves migrates nothing, and Alembic takes a tenth of its start.
    from alembic.config import Config

    config = Config()
    # A percent sign starts an interpolation in Alembic's settings.
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations").replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def migrate(url: URL | str) -> None:
    """Bring the database at `url` to the newest revision, in one transaction; safe to run twice at once."""
    engine = create_engine(sqlalchemy_url(url) if isinstance(url, str) else url)
    try:
        with engine.begin() as connection:
            lock_schema(connection)
            from alembic import command

            command.upgrade(alembic_config(connection), "head")
    finally:
        engine.dispose()
