"""How many operations are fuzzed and from which seed: the same 300 in every test run, or `make fuzz N=5000`."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st

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


def pytest_terminal_summary(terminalreporter: Any) -> None:
    reports = [each for kind in ("passed", "failed") for each in terminalreporter.stats.get(kind, ())]
    counts = {each.nodeid: dict(each.user_properties).get("operations") for each in reports if each.when == "teardown"}
    counts = {node: count for node, count in counts.items() if count}
    if counts:
        each = ", ".join(f"{node.rpartition('::')[2]} {count}" for node, count in counts.items())
        terminalreporter.write_line(f"fuzzed {sum(counts.values())} operations: {each}")
