"""What the operator is told: lines of JSON whatever a record holds, and where a request's time went."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, create_engine, text
from structlog.testing import capture_logs

from bff.telemetry import Trace, report_defect, watch

RECORDS = """
from bff import telemetry
telemetry.configure()
telemetry.log.info("plain", text="é", phases={"decode": 0.1})
telemetry.log.info("odd", big=2**70, half="\\ud800", thing={1, 2}.__class__)
try:
    raise ValueError("half of a pair: \\ud800")
except ValueError as error:
    telemetry.report_defect(error, path=["a", 0])
"""


@pytest.mark.slow
def test_a_record_is_a_line_of_json_whatever_it_holds() -> None:
    # In a process of its own: structlog is configured once.
    done = subprocess.run([sys.executable, "-c", RECORDS], capture_output=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    plain, odd, defect = [json.loads(line) for line in done.stdout.splitlines()]
    assert plain.pop("timestamp").endswith("Z")
    assert plain == {"event": "plain", "level": "info", "text": "é", "phases": {"decode": 0.1}}
    assert (odd["big"], odd["half"], odd["thing"]) == (2**70, "\ud800", "<class 'set'>")
    assert defect["path"] == ["a", 0]
    assert defect["exception"].endswith("ValueError: half of a pair: \ud800")


def test_a_trace_adds_up_phases_also_of_blocks_that_fail() -> None:
    instants = iter([0.0, 0.001, 0.002, 0.003, 0.005, 0.01, 0.0105, 1.0035])
    trace = Trace(instants.__next__)
    for _ in range(2):
        with trace.phase("execute"):
            pass
    with pytest.raises(KeyError), trace.phase("encode"):
        raise KeyError
    assert trace.milliseconds() == {"execute": 3.0, "encode": 0.5}
    assert trace.server_timing() == "execute;dur=3.00, encode;dur=0.50, total;dur=1003.50"


@pytest.fixture
def watched(make_database: Callable[[], str]) -> Iterator[Engine]:
    """An engine that is watched twice, as by two layers of one host."""
    engine = create_engine(make_database())
    for _ in range(2):
        watch(engine)
    yield engine
    engine.dispose()


def ask(engine: Engine, times: int) -> None:
    with engine.connect() as connection:
        for _ in range(times):
            connection.execute(text("select 1"))


def test_statements_of_watched_engines_are_counted_once_and_within_the_block(watched: Engine) -> None:
    trace = Trace()
    ask(watched, 1)
    with trace.counting():
        ask(watched, 2)
    ask(watched, 1)
    assert trace.statements == 2
    with pytest.raises(KeyError), trace.counting():
        raise KeyError
    ask(watched, 1)
    assert trace.statements == 2


def test_requests_beside_each_other_count_their_own(watched: Engine) -> None:
    outer, inner, threaded = Trace(), Trace(), Trace()

    def elsewhere() -> None:
        with threaded.counting():
            ask(watched, 5)

    with outer.counting():
        ask(watched, 1)
        thread = threading.Thread(target=elsewhere)
        thread.start()
        thread.join()
        with inner.counting():
            ask(watched, 2)
        ask(watched, 1)
    assert (outer.statements, inner.statements, threaded.statements) == (2, 2, 5)


def test_a_defect_is_logged_whole_under_the_id_that_is_given() -> None:
    error = ValueError("hunter2")
    with capture_logs() as logs:
        ids = [report_defect(error, operation="Who"), report_defect(error)]
    assert [each["id"] for each in logs] == ids
    assert len(set(ids)) == 2
    first, second = logs
    assert (first["event"], first["operation"], first["exc_info"]) == ("graphql.defect", "Who", error)
    assert "operation" not in second
