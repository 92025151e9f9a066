"""How many operations are fuzzed and from which seed: the same 300 in every test run, or `make fuzz N=5000`."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine, select
from sqlalchemy.orm import Session

from app.auth import Viewer
from app.models import User
from app.schema import schema as briefcase_schema
from tests.bff.fuzz import odd
from tests.bff.fuzz.subjects import Site

OPERATIONS = 300


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fuzz")
    group.addoption(
        "--fuzz", type=int, metavar="N", help=f"fuzz N operations from a random seed, not the usual {OPERATIONS}"
    )
    group.addoption("--fuzz-seed", type=int, metavar="SEED", help="with --fuzz: the seed that a failure printed")


@dataclass
class Fuzz:
    """The operations of one run. Without a seed they are the same every time."""

    total: int
    seed: int | None
    done: int = 0

    def run(self, percent: int, check: Callable[[st.DataObject], None]) -> None:
        """Check this share of the operations; `check` draws one and calls `counted` when it has run."""

        @settings(
            max_examples=max(1, self.total * percent // 100),
            derandomize=self.seed is None,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.target, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
        )
        @given(st.data())
        def fuzz(data: st.DataObject) -> None:
            if self.seed is not None:
                note(f"again: make fuzz N={self.total} SEED={self.seed}")
            check(data)

        (fuzz if self.seed is None else seed(self.seed)(fuzz))()

    def counted(self) -> None:
        """One more operation gave the same answer twice."""
        self.done += 1


@pytest.fixture
def fuzz(request: pytest.FixtureRequest, record_property: Callable[[str, Any], None]) -> Any:
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
    reports = [each for kind in ("passed", "failed") for each in terminalreporter.stats.get(kind, ())]
    counts = {each.nodeid: dict(each.user_properties).get("operations") for each in reports if each.when == "teardown"}
    counts = {node: count for node, count in counts.items() if count}
    if counts:
        each = ", ".join(f"{node.rpartition('::')[2]} {count}" for node, count in counts.items())
        terminalreporter.write_line(f"fuzzed {sum(counts.values())} operations: {each}")
