"""How many operations are fuzzed and from which seed: the same 300 in every test run, or `make fuzz N=5000`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from app.auth import Viewer
from app.models import User
from app.schema import schema as briefcase_schema
from tests.bff.fuzz import odd
from tests.bff.fuzz.budget import Fuzz
from tests.bff.fuzz.subjects import Site

OPERATIONS = 300


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fuzz")
    group.addoption(
        "--fuzz", type=int, metavar="N", help=f"fuzz N operations from a random seed, not the usual {OPERATIONS}"
    )
    group.addoption("--fuzz-seed", type=int, metavar="SEED", help="with --fuzz: the seed that a failure printed")


@pytest.fixture
def fuzz(request: pytest.FixtureRequest, record_property: Callable[[str, Any], None]) -> Iterator[Fuzz]:
    """The budget of one test; what it used is reported at the end of the run."""
    total = request.config.getoption("--fuzz", default=None)
    chosen = request.config.getoption("--fuzz-seed", default=None)
    fuzz = Fuzz(OPERATIONS, None)
    if total is not None:
        fuzz = Fuzz(total, random.SystemRandom().randrange(2**32) if chosen is None else chosen)
    yield fuzz
    record_property("operations", fuzz.done)


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


def pytest_terminal_summary(terminalreporter: Any) -> None:
    # Reports of teardowns that went well have no category.
    reports = [each for each in terminalreporter.stats.get("", ()) if each.when == "teardown"]
    counts = {each.nodeid: dict(each.user_properties).get("operations") or 0 for each in reports}
    if sum(counts.values()):
        parts = ", ".join(f"{node.rpartition('::')[2]} {count}" for node, count in counts.items() if count)
        terminalreporter.write_line(f"fuzzed {sum(counts.values())} operations: {parts}")
    for each in reports:
        if live := dict(each.user_properties).get("live"):
            terminalreporter.write_line(f"{each.nodeid.rpartition('::')[2]}: {live}")
