"""What is fuzzed: Briefcase, and models as odd as they come."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from app.auth import Viewer
from app.models import User
from app.schema import schema as briefcase_schema
from tests.bff.fuzz import odd
from tests.bff.fuzz.subjects import Site


@pytest.fixture(scope="session")
def briefcase(engine: Engine) -> Site:
    """The seeded Briefcase, asked by somebody of each of two organizations, and by nobody."""
    with Session(engine) as session:
        users = session.scalars(select(User).order_by(User.id)).all()
    other = next(each for each in reversed(users) if each.organization_id != users[0].organization_id)
    viewers = [Viewer(each.id, each.organization_id, each.role) for each in (users[0], other)]
    return Site.of(briefcase_schema._schema, engine, [*viewers, None])


@pytest.fixture(scope="session")
def odd_site(make_database: Callable[[], str]) -> Iterator[Site]:
    """The odd models with their rows, asked by both tenants, and by nobody."""
    engine = create_engine(make_database(), pool_size=2, max_overflow=0)
    try:
        viewers = odd.make_rows(engine)
        yield Site.of(odd.schema._schema, engine, [*viewers, None])
    finally:
        engine.dispose()
