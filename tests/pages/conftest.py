"""A Briefcase whose every row is known: seeded for one day, so that its pages can be compared with files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

import pytest
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine

from app.database import migrate
from app.dev.pages import DAY
from app.layer import make_layer
from app.seed import seed
from bff import Bff, Settings
from bff.database.session import Database
from bff.plan.plan import STRATEGIES, Strategy
from bff.schema.catalog import Catalog

SEED_SCALE = 0.02
SECRET = "of the golden files"


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--golden-write", action="store_true", help="write the golden files of pages instead of comparing")


@pytest.fixture(scope="session")
def golden_engine(make_database: Callable[[], str]) -> Iterator[Engine]:
    """A database that was seeded for `app.dev.pages.DAY`."""
    url = make_database()
    migrate(url)
    engine = create_engine(url)
    seed(engine, scale=SEED_SCALE, today=DAY)
    yield engine
    engine.dispose()


@pytest.fixture(scope="session")
def golden_layers(golden_engine: Engine) -> Mapping[Strategy, Bff]:
    """Layers over it, one for each strategy; their cursors are the same in every run."""
    return {
        strategy: make_layer(golden_engine, settings=Settings(secret=SecretStr(SECRET), strategy=strategy))
        for strategy in STRATEGIES
    }


@pytest.fixture(scope="session")
def golden_layer(golden_layers: Mapping[Strategy, Bff]) -> Bff:
    """The layer as it is once it has seen a page."""
    return golden_layers["compiled"]


@pytest.fixture(scope="session")
def golden_database(golden_layer: Bff) -> Database:
    """Scopes over it, for graphql-core's own executor."""
    return Database(golden_layer.engine, Catalog.of(golden_layer.server.schema).policies)
