"""A database that is captured, and how long the tests of loss take."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import create_engine

from tests.bff.changes.captured import Host


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("live").addoption(
        "--outage", type=float, metavar="SECONDS", help="for how long the tests of loss keep Redis away"
    )


@pytest.fixture(scope="module")
def database(make_database: Callable[[], str]) -> Iterator[Host]:
    """A database of the module's own."""
    engine = create_engine(make_database())
    yield Host(engine)
    engine.dispose()


@pytest.fixture
def host(database: Host) -> Host:
    """An empty database."""
    with database.engine.begin() as connection:
        for schema in ("public", "bff", "org", '"Other Schema"'):
            connection.exec_driver_sql(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        connection.exec_driver_sql("CREATE SCHEMA public; GRANT USAGE ON SCHEMA public TO public")
    return database


@pytest.fixture
def tasks(host: Host) -> Host:
    """Two matters and three tasks."""
    host.run(
        "CREATE TABLE matters (id int PRIMARY KEY, title text)",
        "CREATE TABLE tasks (id int PRIMARY KEY, matter_id int REFERENCES matters ON DELETE CASCADE, title text, n int)",
        "INSERT INTO matters VALUES (1, 'a'), (2, 'b')",
        "INSERT INTO tasks VALUES (1, 1, 'x', 1), (2, 1, 'y', 1), (3, NULL, 'z', 1)",
    )
    host.capture()
    return host
