"""Connections for what lasts longer than a transaction (locks, LISTEN) or makes triggers: own ones, past pool and pooler."""

from __future__ import annotations

from typing import Any

from pydantic import SecretStr
from sqlalchemy import Engine, NullPool, create_engine, make_url


def direct_engine(engine: Engine, database_url: SecretStr | None) -> Engine:
    """An engine to that address, or else to where the host's engine connects and as it does; it keeps no connection.

    None of its connections count against the host's pool.
    """
    if database_url is None:
        # A pool of its own beside the host's: its arguments to connect and its listeners are in there.
        spare = engine.pool.recreate()

        def connect() -> Any:
            connection = spare.connect()
            connection.detach()
            return connection.dbapi_connection

        return create_engine(engine.url, poolclass=NullPool, creator=connect)
    url = make_url(database_url.get_secret_value())
    if url.drivername in ("postgres", "postgresql"):
        # SQLAlchemy 2.1 reads these as psycopg 3.
        url = url.set(drivername="postgresql+psycopg2")
    return create_engine(url, poolclass=NullPool)
