"""The scenarios of the live bench in small: what nobody disturbs. What fails is in test_live_faults.py."""

from __future__ import annotations

import pytest

from loadtest.live.fanout import STAGES, fan_out
from loadtest.live.idle import idle
from loadtest.live.memory import memory
from loadtest.live.nodes import nodes
from loadtest.live.results import Work
from loadtest.live.served import COMPONENTS
from loadtest.live.stage import Stage

pytestmark = pytest.mark.slow


def test_idle_subscribers_cost_no_statements(stage: Stage) -> None:
    found = idle(stage, subscribers=20, seconds=1.5)
    assert found.of_subscriptions == []
    assert found.statements_a_second == 0


@pytest.mark.parametrize("mode", ["patch", "full"])
def test_a_commit_is_one_execution_however_many_look(stage: Stage, mode: str) -> None:
    found = fan_out(stage, mode=mode, subscribers=20, commits=5, every=0.2)
    assert found.missed == 0
    assert found.work == Work(changes=5, executions=5, unchanged=0)
    assert found.times.count == 5
    assert found.message_bytes > 10_000 if mode == "full" else found.message_bytes < 1_000
    assert list(found.stages_ms) == list(STAGES)
    assert found.cpu_ms.keys() <= set(COMPONENTS)
    assert found.rate > 0
    assert found.bare_rate > 0


def test_nodes_end_in_the_right_state(stage: Stage) -> None:
    found = nodes(stage, count=2, subscribers=20, matters=10, rate=25, seconds=3)
    assert (found.missed, found.wrong) == (0, 0)
    assert found.writes >= 60
    # Each node is told of each.
    assert found.work.changes >= 2 * found.writes
    assert 0 < found.work.executions - found.work.unchanged <= found.work.changes
    # Two clients look at each matter, and a message may show several changes.
    assert found.times.count == 2 * found.writes
    assert 0 < found.messages <= found.times.count


def test_memory_is_that_of_sockets(stage: Stage) -> None:
    found = memory(stage, sockets=(50,), pages=5)
    assert found.sockets == [0, 50]
    assert all(kb > 10_000 for kb in [*found.layer_kb, *found.bare_kb])
    assert found.each_kb[-1] < 200
    assert found.connects_a_second > 1
