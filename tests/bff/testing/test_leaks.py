"""What a block leaves open, and what it does not."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import gevent
import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.orm import Session

from bff.testing.leaks import Leaked, OpenThings


@pytest.fixture
def things() -> Iterator[OpenThings]:
    things = OpenThings()
    with things.follow():
        yield things


@pytest.fixture(scope="module")
def database(make_database: Callable[[], str]) -> Iterator[Engine]:
    engine = create_engine(make_database())
    yield engine
    engine.dispose()


def test_what_is_closed_within_the_block_is_no_leak(things: OpenThings, database: Engine) -> None:
    with things.checked():
        with Session(database) as session, database.connect() as connection:
            session.execute(text("select 1"))
            connection.execute(text("select 1"))
        gevent.spawn(int).join()


def test_a_connection(things: OpenThings, database: Engine) -> None:
    with pytest.raises(Leaked, match="left open a connection that is checked out: <"), things.checked():
        connection = database.connect()
    connection.close()
    assert repr(things).startswith("<OpenThings a connection that is checked out: 0, ")


def test_a_connection_that_was_detached_is_not_the_pools(things: OpenThings, database: Engine) -> None:
    with things.checked():
        connection = database.connect()
        connection.detach()
    connection.close()


def test_a_session(things: OpenThings, database: Engine) -> None:
    session = Session(database)
    with pytest.raises(Leaked, match="a session in a transaction: <sqlalchemy"), things.checked():
        session.execute(text("select 1"))
    session.close()


def test_a_greenlet(things: OpenThings) -> None:
    with pytest.raises(Leaked, match="a greenlet that runs: <Greenlet"), things.checked():
        greenlet = gevent.spawn(gevent.sleep, 60)
    greenlet.kill()


def test_what_was_open_before_is_nobodys_leak(things: OpenThings, database: Engine) -> None:
    with database.connect(), things.checked():
        pass


def test_nothing_is_listened_to_after_the_end(database: Engine) -> None:
    things = OpenThings()
    with things.follow():
        pass
    with things.checked(), database.connect():
        assert not any(things.now().values())
