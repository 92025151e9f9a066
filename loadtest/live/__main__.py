"""`make bench-live`: measure, then write `loadtest/report/live.*`: the figures, a report of them, and a picture.

    variable   default   meaning
    SECONDS    60        how long three nodes are written to; idle and storms take a third of it each
    COMMITS    100       how many commits a page with many subscribers gets, each way

With these a run takes about ten minutes, the first one two more for its rows. Nothing else should run on the machine
meanwhile. Linux only.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from bff.testing.embedded import EmbeddedError, EmbeddedPostgres
from bff.testing.places import PlaceError
from loadtest.bench.database import MAX_CONNECTIONS, Database
from loadtest.bench.sites import SiteError
from loadtest.live import plot, report
from loadtest.live.run import Bench, Effort
from loadtest.live.stage import Stage
from loadtest.live.swarm import SwarmError
from loadtest.run import LoadTestError, number

ROOT = Path(__file__).resolve().parents[2]
REPORT = ROOT / "loadtest" / "report"
DATABASE = "live"


def main(environ: Mapping[str, str], *, data: Path = ROOT / ".bff" / "bench", folder: Path = REPORT) -> int:
    """Run, and write the report into `folder`. Gives the exit status."""
    try:
        effort = Effort(
            seconds=number(environ, "SECONDS", default=60, most=600),
            commits=number(environ, "COMMITS", default=100, most=10_000),
        )
        _say(f"PostgreSQL in {data}; the first run makes its rows")
        with _database(data) as url, tempfile.TemporaryDirectory() as name:
            results = Bench(Stage(url, Path(name)), effort, _say).run(commit=_commit())
    except (LoadTestError, SiteError, SwarmError, EmbeddedError, PlaceError) as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130
    folder.mkdir(exist_ok=True)
    (folder / "live.json").write_bytes(results.to_json())
    (folder / "live.md").write_text(report.render(results))
    plot.draw(results, folder / "live.png")
    _say(f"\n{report.targets_table(results)}\n\nWritten: {folder}")
    return 0


@contextmanager
def _database(data: Path) -> Iterator[str]:
    """A copy of the bench's Briefcase, for this run alone: what is written here would make its pages grow."""
    with EmbeddedPostgres(data, max_connections=MAX_CONNECTIONS, preloaded=["pg_stat_statements"]) as server:
        Database(server.cluster).briefcase(1)
        server.cluster.drop(DATABASE)
        try:
            yield server.cluster.create(DATABASE, template="scale_1")
        finally:
            server.cluster.drop(DATABASE)


def _commit() -> str:
    """The sources' commit, as git names it; with a plus sign where they differ from it."""
    done = subprocess.run(
        ["git", "describe", "--always", "--dirty=+", "--abbrev=10"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    return done.stdout.strip() or "unknown"


def _say(line: str) -> None:
    print(line, flush=True)


if __name__ == "__main__":
    sys.exit(main(os.environ))
