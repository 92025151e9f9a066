"""The databases of a server: by any name, copied whole, and dropped though somebody is connected."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import closing

import psycopg2
import pytest

from bff.testing.cluster import Cluster
from bff.testing.servers import Servers
from tests.bff.testing.processes import select


@pytest.fixture
def cluster(servers: Servers) -> Cluster:
    return servers.cluster


@pytest.fixture
def name(cluster: Cluster) -> Iterator[str]:
    """Of no database yet; what is made under it, and what its name begins, is dropped."""
    name = f'odd "name" {secrets.token_hex(4)}'
    yield name
    for each in cluster.names():
        if each.startswith(name):
            cluster.drop(each)


def test_an_address_is_the_servers_with_another_database() -> None:
    cluster = Cluster("postgresql://user:p%40ss@host:5433/postgres?sslmode=require")
    assert cluster.database("other") == "postgresql://user:p%40ss@host:5433/other?sslmode=require"


def test_a_database_is_there_from_create_to_drop(cluster: Cluster, name: str) -> None:
    assert name not in cluster
    cluster.create(name)
    assert name in cluster
    assert {name, "postgres"} <= set(cluster.names())
    cluster.drop(name)
    assert name not in cluster
    cluster.drop(name)


def test_there_are_no_two_of_a_name(cluster: Cluster, name: str) -> None:
    cluster.create(name)
    with pytest.raises(psycopg2.errors.DuplicateDatabase):
        cluster.create(name)


def test_a_copy_has_what_its_template_had_and_nothing_that_came_later(cluster: Cluster) -> None:
    original = f"original_{secrets.token_hex(4)}"
    copy = f"copy_of_{original}"
    try:
        url = cluster.create(original)
        run(url, "create table things as select 42 as answer")
        copied = cluster.create(copy, template=original)
        run(url, "update things set answer = 43")
        assert (select(copied, "select answer from things"), select(url, "select answer from things")) == (42, 43)
    finally:
        for each in (copy, original):
            cluster.drop(each)


def test_a_database_is_renamed_with_what_it_holds(cluster: Cluster) -> None:
    old = f"old_{secrets.token_hex(4)}"
    new = f"new_{old}"
    try:
        run(cluster.create(old), "create table things as select 42 as answer")
        cluster.rename(old, new)
        assert (old in cluster, new in cluster) == (False, True)
        assert select(cluster.database(new), "select answer from things") == 42
    finally:
        for each in (old, new):
            cluster.drop(each)


def test_who_is_connected_does_not_keep_a_database(cluster: Cluster) -> None:
    busy = f"busy_{secrets.token_hex(4)}"
    url = cluster.create(busy)
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute("select 1")
        cluster.drop(busy)
        assert busy not in cluster
        with pytest.raises(psycopg2.OperationalError):
            cursor.execute("select 1")


def run(url: str, statement: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(statement)
