"""The PostgreSQL and the Redis of one test run: embedded ones, or those that `DATABASE_URL` and `REDIS_URL` name.

One process starts them, with `running_servers`; the processes that run tests get the `Servers`, which can be pickled.
On a server of the user's own the run touches nothing that was there: its databases have names that no other run has, and are
dropped at its end.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

from sqlalchemy import make_url

from .cluster import Cluster
from .embedded import EmbeddedPostgres, EmbeddedValkey
from .places import temporary_directory

MAX_CONNECTIONS = 200


@dataclass(frozen=True)
class Servers:
    """Where the two servers listen. The names of the run's databases begin with `run`.

    `postgres_url` is the maintenance database, as psycopg2 spells it: `postgresql://`.
    """

    postgres_url: str
    redis_url: str
    run: str

    @property
    def cluster(self) -> Cluster:
        """The databases, whose addresses are spelt for psycopg2."""
        return Cluster(self.postgres_url)

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """Create a database, empty or a copy of the database `template`. Gives its address, spelt for SQLAlchemy."""
        return _for_sqlalchemy(self.cluster.create(f"{self.run}_{name}", template=template))

    def drop_database(self, name: str) -> None:
        self.cluster.drop(f"{self.run}_{name}")

    def template(self, name: str, fill: Callable[[str], object]) -> str:
        """The whole name of a database to copy, which whoever asks first makes with `fill(address)`; others wait for it."""
        made, unfinished = f"{self.run}_{name}", f"{name}_unfinished"
        with self.cluster.maintenance() as cursor:
            # Until the connection is closed.
            cursor.execute("select pg_advisory_lock(hashtextextended(%s, 0))", (made,))
            if made not in self.cluster:
                try:
                    fill(self.create_database(unfinished))
                except BaseException:
                    self.drop_database(unfinished)
                    raise
                self.cluster.rename(f"{self.run}_{unfinished}", made)
        return made

    def redis_database(self, number: int) -> str:
        """The address of the database `number` places after the one that `redis_url` names."""
        parts = urlsplit(self.redis_url)
        return parts._replace(path=f"/{int(parts.path.strip('/') or 0) + number}").geturl()

    def drop_databases(self) -> None:
        """Drop what the run has made."""
        for name in self.cluster.names():
            if name.startswith(f"{self.run}_"):
                self.cluster.drop(name)


@contextmanager
def running_servers(environ: Mapping[str, str]) -> Iterator[Servers]:
    """Start the servers that `environ` does not name. Raises EmbeddedError where there is no wheel for this machine."""
    run = f"bff_{secrets.token_hex(4)}"
    postgres_url, redis_url = environ.get("DATABASE_URL"), environ.get("REDIS_URL")
    with ExitStack() as stack:
        directory = stack.enter_context(temporary_directory())
        if redis_url is None:
            redis_url = stack.enter_context(EmbeddedValkey(directory / "valkey", durable=False)).url
        if postgres_url is not None:
            servers = Servers(_for_psycopg2(postgres_url), redis_url, run)
            stack.callback(servers.drop_databases)
        else:
            # Counts statements by their text, for whoever makes the extension in a database.
            preloaded = ["pg_stat_statements"]
            postgres = EmbeddedPostgres(
                directory / "postgres", durable=False, max_connections=MAX_CONNECTIONS, preloaded=preloaded
            )
            servers = Servers(stack.enter_context(postgres).url, redis_url, run)
        yield servers


def _for_psycopg2(url: str) -> str:
    return make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)


def _for_sqlalchemy(url: str) -> str:
    """SQLAlchemy 2.1 reads `postgresql:` as psycopg 3."""
    return url.replace("postgresql:", "postgresql+psycopg2:", 1)
