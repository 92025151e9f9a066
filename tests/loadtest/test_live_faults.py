"""The scenarios of the live bench in small: clients that lose their connections, and servers that fail."""

from __future__ import annotations

from dataclasses import replace

import pytest

from loadtest.live.faults import (
    FLUSHED,
    RELAY_KILLED,
    RELAY_SWALLOWED,
    Accident,
    fault,
    redis_away,
)
from loadtest.live.stage import Stage
from loadtest.live.storm import MATTERS, storm

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("at_once", [True, False])
def test_storms_lose_nothing(stage: Stage, at_once: bool) -> None:
    found = storm(stage, clients=30, rate=30, seconds=3, at_once=at_once, every=0.8)
    assert found.verdict == replace(found.verdict, declared=0, lost=0, silent_gaps=0, doubled=0, disordered=0)
    assert found.verdict.clients == 30 + MATTERS
    assert found.verdict.events >= found.writes
    assert found.cuts >= 30
    assert found.recovered >= 30
    assert found.unrecovered == 0
    assert found.live_wrong == 0
    assert found.back.count >= 30


@pytest.mark.parametrize(
    ("accident", "gaps"),
    [
        pytest.param(redis_away(1), True, id="redis-away"),
        pytest.param(FLUSHED, True, id="flushed"),
        pytest.param(RELAY_KILLED, False, id="relay-killed"),
        pytest.param(RELAY_SWALLOWED, False, id="relay-swallowed"),
    ],
)
def test_faults_lose_nothing_that_can_be_had(stage: Stage, accident: Accident, gaps: bool) -> None:
    found = fault(stage, accident, nodes=2, clients=8, rate=20)
    # Nobody is told of a gap for what Redis has, and nothing is missing at one for which it was merely away.
    declared = found.verdict.declared if gaps else 0
    lost = found.verdict.lost if accident.may_lose else 0
    assert found.verdict == replace(found.verdict, declared=declared, lost=lost, silent_gaps=0, doubled=0, disordered=0)
    assert found.verdict.clients == 4
    assert found.verdict.events > 0
    assert found.wrong == 0
    assert found.caught_up_s < 10
