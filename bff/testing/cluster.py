"""The databases of one PostgreSQL server: made, copied and dropped."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import psycopg2.extensions
from psycopg2 import sql


@dataclass(frozen=True)
class Cluster:
    """A PostgreSQL server, by the address of its maintenance database: `postgresql://user:password@host:port/name`."""

    url: str

    def database(self, name: str) -> str:
        """The address of the database `name`, whether it exists or not."""
        return urlsplit(self.url)._replace(path=f"/{name}").geturl()

    def create(self, name: str, *, template: str | None = None) -> str:
        """Create `name`, empty or as a copy of `template` (to which no one may be connected); give its address."""
        statement = sql.SQL("create database {}").format(sql.Identifier(name))
        if template is not None:
            statement += sql.SQL(" template {}").format(sql.Identifier(template))
        with self.maintenance() as cursor:
            cursor.execute(statement)
        return self.database(name)

    def drop(self, name: str) -> None:
        """Drop `name` with whatever is still connected to it; nothing if there is none."""
        with self.maintenance() as cursor:
            cursor.execute(sql.SQL("drop database if exists {} with (force)").format(sql.Identifier(name)))

    def rename(self, old: str, new: str) -> None:
        with self.maintenance() as cursor:
            cursor.execute(sql.SQL("alter database {} rename to {}").format(*map(sql.Identifier, (old, new))))

    def names(self) -> list[str]:
        """Every database, the server's own among them."""
        with self.maintenance() as cursor:
            cursor.execute("select datname from pg_database order by datname")
            return [name for (name,) in cursor]

    def __contains__(self, name: str) -> bool:
        with self.maintenance() as cursor:
            cursor.execute("select 1 from pg_database where datname = %s", (name,))
            return cursor.fetchone() is not None

    @contextmanager
    def maintenance(self) -> Iterator[psycopg2.extensions.cursor]:
        """A cursor on the maintenance database, outside of any transaction."""
        with closing(psycopg2.connect(self.url)) as connection:
            connection.autocommit = True
            with connection.cursor() as cursor:
                yield cursor
