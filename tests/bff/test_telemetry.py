"""What the operator is told: lines of JSON whatever a record holds, and where a request's time went."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

from bff.telemetry import Trace

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
