"""The database of shops."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, create_engine

from tests.bff.asking import Asker, MakeDatabase
from tests.bff.engine.shops import ROWS, SCHEMA, Base, calls


@pytest.fixture(scope="module")
def engine(make_database: MakeDatabase) -> Iterator[Engine]:
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(ROWS)
    yield engine
    engine.dispose()


@pytest.fixture
def ask(engine: Engine) -> Asker:
    calls.clear()
    return Asker(SCHEMA, engine)
