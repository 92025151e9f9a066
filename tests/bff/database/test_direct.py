"""Connections past the host's pool: to where it connects and as it does, or to an address of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, NullPool, create_engine, event, make_url, text

from bff.database.direct import direct_engine

SHOWN = text("select current_setting('application_name'), current_database()")


@pytest.fixture(scope="module")
def url(make_database: Callable[[], str]) -> str:
    return make_database()


@pytest.fixture
def host(url: str) -> Iterator[Engine]:
    """One connection and no more, with arguments and a listener of the host's."""
    engine = create_engine(
        url, pool_size=1, max_overflow=0, pool_timeout=0.1, connect_args={"application_name": "the host"}
    )

    def set_up(connection: Any, _record: Any) -> None:
        with connection.cursor() as cursor:
            cursor.execute("set search_path = the_host")
        connection.commit()

    event.listen(engine, "connect", set_up)
    yield engine
    engine.dispose()


def test_it_connects_as_the_host_does(host: Engine, url: str) -> None:
    direct = direct_engine(host, None)
    with direct.connect() as connection:
        assert tuple(connection.execute(SHOWN).one()) == ("the host", make_url(url).database)
        assert connection.scalar(text("show search_path")) == "the_host"
    assert direct.url == host.url


def test_none_of_its_connections_count_against_the_hosts_pool(host: Engine) -> None:
    direct = direct_engine(host, None)
    with host.connect(), direct.connect() as first, direct.connect() as second:
        pids = {connection.scalar(text("select pg_backend_pid()")) for connection in (first, second)}
        assert len(pids) == 2
        assert host.pool.checkedout() == 1  # type: ignore[attr-defined]  # a QueuePool
    assert host.pool.checkedout() == 0  # type: ignore[attr-defined]


def assert_keeps_none(direct: Engine) -> None:
    """What it gives back is closed, not kept for the next."""
    assert isinstance(direct.pool, NullPool)
    with direct.connect() as connection:
        driver = connection.connection.driver_connection
        assert driver is not None
        assert driver.closed == 0
    assert driver.closed


def test_it_keeps_no_connection(host: Engine, url: str) -> None:
    assert_keeps_none(direct_engine(host, None))
    assert_keeps_none(direct_engine(host, SecretStr(url)))


def test_the_host_may_dispose_of_its_engine(host: Engine) -> None:
    direct = direct_engine(host, None)
    host.dispose()
    with direct.connect() as connection:
        assert connection.scalar(text("select 1")) == 1


def test_an_address_of_its_own_is_not_the_hosts(host: Engine, url: str, make_database: Callable[[], str]) -> None:
    other = make_database()
    assert other != url
    with direct_engine(host, SecretStr(other)).connect() as connection:
        assert tuple(connection.execute(SHOWN).one()) == ("", make_url(other).database)


@pytest.mark.parametrize("scheme", ["postgres", "postgresql", "postgresql+psycopg2"])
def test_an_address_is_psycopg2s_however_it_is_spelled(host: Engine, scheme: str) -> None:
    """SQLAlchemy 2.1 would take psycopg 3 for `postgresql`, and knows no `postgres`."""
    direct = direct_engine(host, SecretStr(f"{scheme}://u:p@h:1/d?sslmode=require"))
    assert direct.driver == "psycopg2"
    rendered = direct.url.render_as_string(hide_password=False)
    assert rendered == "postgresql+psycopg2://u:p@h:1/d?sslmode=require"
