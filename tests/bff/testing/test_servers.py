"""The servers of a run: what it makes there, and what it leaves alone."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, text

from bff.testing.cluster import Cluster
from bff.testing.servers import Servers, running_servers


@pytest.fixture
def own(servers: Servers) -> Iterator[Servers]:
    """Another run on the same servers, as on those of the user's own."""
    url = servers.postgres_url.replace("postgresql:", "postgresql+psycopg2:")
    with running_servers({"DATABASE_URL": url, "REDIS_URL": "redis://:secret@localhost:1/3"}) as own:
        yield own


def exists(url: str) -> bool:
    server, _, name = url.replace("+psycopg2", "").rpartition("/")
    return name in Cluster(f"{server}/postgres")


def test_databases_are_the_runs_own_and_dropped_with_it(servers: Servers) -> None:
    theirs = servers.create_database("theirs")
    with running_servers({"DATABASE_URL": servers.postgres_url, "REDIS_URL": "redis://localhost:1"}) as own:
        url = own.create_database("theirs")
        assert url.startswith("postgresql+psycopg2://")
        assert url != theirs
        assert exists(url)
    assert not exists(url)
    assert exists(theirs)
    servers.drop_database("theirs")
    assert not exists(theirs)


def test_a_template_is_made_once_and_whole(own: Servers) -> None:
    filled: list[str] = []

    def fill(url: str) -> None:
        filled.append(url)
        engine = create_engine(url)
        with engine.begin() as connection:
            connection.execute(text("create table things ()"))
        engine.dispose()

    def fail(url: str) -> None:
        fill(url)
        raise RuntimeError("halfway")

    with pytest.raises(RuntimeError, match="halfway"):
        own.template("things", fail)
    assert [name for name in own.cluster.names() if name.startswith(own.run)] == []
    name = own.template("things", fill)
    assert own.template("things", fill) == name
    assert len(filled) == 2
    assert exists(own.create_database("copy", template=name))


def test_redis_databases_are_counted_from_the_one_that_is_named(servers: Servers, own: Servers) -> None:
    assert own.redis_database(2) == "redis://:secret@localhost:1/5"
    assert servers.redis_database(2).endswith("/2")
