"""What Alembic runs: the models' metadata against one connection.

`app.database.migrate` hands its connection over. Run by Alembic's own command line, which is how a new
revision is written, the database is the one in ``DATABASE_URL``.
"""

from __future__ import annotations

from alembic import context
from sqlalchemy import Connection, create_engine

from app.database import database_url
from app.models import Base


def _run(connection: Connection) -> None:
    context.configure(connection=connection, target_metadata=Base.metadata)
    with context.begin_transaction():
        context.run_migrations()


_given = context.config.attributes.get("connection")
if _given is not None:
    _run(_given)
else:
    with create_engine(database_url()).connect() as _opened:
        _run(_opened)
