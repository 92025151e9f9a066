"""The database of animals."""

import datetime
import decimal
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

import bff
from bff.database.session import Database
from bff.schema.catalog import Catalog
from tests.bff.entities.animals import SCHEMA, AnimalRow, Ask, Base, BirdRow, FeedingRow
from tests.bff.reference import answer


@pytest.fixture(scope="module")
def engine(make_database: Callable[[], str]) -> Iterator[Engine]:
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        cat = AnimalRow(key=1, called="cat", price=decimal.Decimal("12.50"), tame=True, weight=4.25, story="long",
                        plain_json={"a": [1]}, asleep_for=datetime.timedelta(hours=2))  # fmt: skip
        dog = AnimalRow(key=2, called="dog", price=decimal.Decimal(100), tame=False, weight=20.0)
        owl = BirdRow(key=3, called="owl", wings=2, picture=b"\x00\xff")
        jay = BirdRow(key=4, called="jay", wings=3, price=decimal.Decimal("0.05"))
        dodo = BirdRow(key=5, called="dodo", wings=1, removed=True, price=decimal.Decimal(9))
        cat.friends = [dog, owl, dodo]
        dog.friends = [cat]
        grams = [(cat, 50), (cat, 150), (owl, 20), (dodo, 500), (cat, 100)]
        feedings = [FeedingRow(id=uuid.UUID(int=i), animal=animal, grams=g) for i, (animal, g) in enumerate(grams, 1)]
        feedings[-1].is_last = True
        session.add_all([cat, dog, owl, jay, dodo, *feedings])
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def ask(engine: Engine) -> Ask:
    """The data of a query, asserted to be the same from the engine and from graphql-core."""
    database = Database(engine, Catalog.of(SCHEMA).policies)

    def asked(query: str) -> Any:
        with database.open(None, bff.Deadline.after(20)) as scope:
            result = answer(SCHEMA, query, context=scope)
        assert result.errors is None, result.errors
        return result.data

    return asked
