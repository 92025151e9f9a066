"""The database of authors and books, and queries that are run over it."""

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from bff.plan.plan import Strategy
from tests.bff.asking import Asker, MakeDatabase
from tests.bff.plan.authors import NORTH, ROWS, SCHEMA, Base, Ran, Run


@pytest.fixture(scope="module")
def engine(make_database: MakeDatabase) -> Iterator[Engine]:
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(ROWS)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def ask(engine: Engine) -> Asker:
    return Asker(SCHEMA, engine, NORTH)


@pytest.fixture
def run(ask: Asker, count_sql: Any) -> Run:
    """Run a query compiled, with the answer asserted to be graphql-core's."""

    def ran(query: str, strategy: Strategy = "compiled", **options: Any) -> Ran:
        plan = ask.plan(query, strategy)
        with count_sql(ask.database.engine) as counted:
            result = ask.run(plan, **options)
        ask.result(query, **options)
        return Ran(result, counted.statements)

    return ran


@pytest.fixture
def one(ask: Asker, run: Run) -> Callable[..., Any]:
    """The data of a query that is answered by one statement, all of it finished JSON."""

    def asked(query: str, **options: Any) -> Any:
        ran = run(query, **options)
        assert len(ran.statements) == 1, ran.statements
        assert ran.written == set(ran.result.data)
        data = ask(query, **options)
        assert {key: json.loads(value.text) for key, value in ran.result.data.items()} == data
        return data

    return asked
