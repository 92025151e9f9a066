"""The statements of a block, of one engine or of all."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, create_engine, text

from bff.testing.counted_sql import count_sql


@pytest.fixture(scope="module")
def engines(make_database: Callable[[], str]) -> Iterator[list[Engine]]:
    url = make_database()
    engines = [create_engine(url) for _ in range(2)]
    yield engines
    for engine in engines:
        engine.dispose()


def test_statements_are_those_of_the_block_and_the_engine(engines: list[Engine]) -> None:
    with engines[0].connect() as first, engines[1].connect() as second:
        first.execute(text("select 'before'"))
        with count_sql(engines[0]) as own, count_sql() as every:
            first.execute(text("select 1"))
            second.execute(text("select 2"))
        first.execute(text("select 'after'"))
    assert (own.count, own.statements) == (1, ["select 1"])
    assert str(every) == "1. select 1\n2. select 2"


def test_a_block_that_fails_stops_counting(engines: list[Engine]) -> None:
    with pytest.raises(ZeroDivisionError), count_sql() as counted:
        raise ZeroDivisionError
    with engines[0].connect() as connection:
        connection.execute(text("select 1"))
    assert counted.count == 0
