"""The results of a run in Markdown. Pure: the same results give the same text."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby

from loadtest import forms
from loadtest.bench.contenders import BY_NAME, COMPILED, CONTENDERS, LIMIT, ROUNDS
from loadtest.bench.results import Machine, Results, Series, Size, slope
from loadtest.bench.sampler import COMPONENTS
from loadtest.bench.targets import targets

HOW = """\
Each contender answers the Matter page of random matters of one organization, each as often as it can: over so many connections,
every one of which asks again as soon as it has its answer. Everything runs on the one machine: load, site and PostgreSQL share
its cores. Contenders take turns in rounds, there and back; figures are the medians of the rounds. Before, {checked} pages of each are
compared with the statement's by hand; what differs stops the run.

- **limit**: `pgbench -M prepared` with one statement, written by hand (`loadtest/bench/limit.sql`), of the fastest form in
  [forms.md](forms.md), the tenant checked once. No HTTP, no Python, no policies.
- **compiled**, **rounds**: Briefcase under `deploy/gunicorn.conf.py`, `BFF_STRATEGY` set to either; a `POST` with the `documentId`,
  as its frontend sends it, and a signed token.
- **eager**: the page by Strawberry's executor as an expert would write it for this one page: types of their own, all rows loaded
  ahead by SQLAlchemy's `selectinload`, the tenant checked once (`loadtest/bench/eager.py`). It is the harder yardstick, so what is asked against plain Strawberry is
  asked against it too.
- **plain**: the same schema, the same HTTP, executed by Strawberry (graphql-core), parsing and validation cached. Its fields load
  through the ORM session field by field, without a DataLoader.
- **rest**: the old frontend's calls, six at a time, in the waves of a browser (k6; the others are loaded by wrk). A page is there when its
  last answer is.
- **constant**: a Flask view under the same gunicorn that gives as many bytes as the page has.

CPU is that of the processes over a load, divided by its pages. By component it is sampled in one worker's own CPU clock, a sample
every 2 ms of work, each counted for the innermost frame that belongs to a component; C code counts for the line that called it."""

# An idle machine's load average, with what starting the bench adds to it.
IDLE_LOAD = 0.7

_PLACES = {contender.name: place for place, contender in enumerate(CONTENDERS)}


def render(results: Results) -> str:
    """The whole report."""
    sections = [
        "# The Matter page, measured",
        f"Written by `make bench` on {results.day}: {results.rounds} rounds of {results.seconds} s a load, "
        f"{results.page_bytes:,} bytes a page. The raw figures are in [pages.json](pages.json).",
        machine_line(results.machine),
        "![Pages a second, latency and scale](pages.png)",
        "## Targets",
        targets_table(results),
        "## Pages",
        _pages(results),
        "## CPU of a page",
        _cpu(results),
        "## Larger answers",
        _sizes(results),
        "## Larger databases",
        _volumes(results),
        "## Workers",
        _footprints(results),
        "## Plans",
        _plans(results),
        "## How it is measured",
        HOW.format(checked=10),
    ]
    return "\n\n".join(sections) + "\n"


def render_forms(measured: Sequence[forms.Measured], machine: Machine) -> str:
    """The report of `loadtest.forms`."""
    return (
        "# Forms of JSON\n\n"
        "Ways to have PostgreSQL write the Matter page as JSON in one prepared statement (`loadtest/forms.py`), by `make bench`: "
        "which functions make objects and lists, and how the rows of a relation are reached. *correlated*: a subquery in the "
        "select list for every relation; *lateral*: a lateral join for every relation; *to-one joined*: joins for single "
        "rows, and the one or the other for lists. Medians of interleaved rounds over the same matters, one connection; bytes of one "
        "page.\n\n"
        f"{machine_line(machine)}\n\n{forms.table(measured)}\n"
    )


def targets_table(results: Results) -> str:
    """What must be reached, and what is."""
    rows = []
    for target in targets(results):
        bound = "at least" if target.bound == ">=" else "at most"
        shown = "not measured" if target.shown is None else f"{target.shown:,.2f}{target.unit}"
        rows.append((target.title, f"{bound} {target.wanted:g}{target.unit}", shown, yes(target.is_reached)))
    return table(("figure", "target", "shown", "reached"), rows, right=2)


def machine_line(machine: Machine) -> str:
    """The machine in one paragraph, and whether it had other things to do."""
    versions = ", ".join(f"{name} {version}" for name, version in machine.versions.items())
    disturbed = (
        " **Other programs were at work: pages a second are too few and times too long, by how much differs from load to load.**"
        if machine.load_before > IDLE_LOAD
        else ""
    )
    return (
        f"{machine.processor}, {machine.cores} cores, {machine.memory_gb:g} GB, {machine.system}; load average before the run "
        f"{machine.load_before:g}. {versions}.{disturbed}"
    )


def _pages(results: Results) -> str:
    rows = []
    for series in _ordered(results.series):
        limit = results.of(LIMIT, connections=series.connections, workers=2)
        share = f"{series.rate / limit.rate:.2g}" if limit is not None and series.workers == 2 else ""
        workers = "" if series.contender == LIMIT else str(series.workers)
        rows.append(
            (
                BY_NAME[series.contender].title,
                workers,
                str(series.connections),
                number(series.rate),
                share,
                number(series.p50_ms),
                number(series.p99_ms),
                str(series.failures),
            )
        )
    head = ("", "workers", "connections", "pages/s", "of the limit", "p50, ms", "p99, ms", "failed")
    return table(head, rows)


def _ordered(series: Iterable[Series]) -> list[Series]:
    return sorted(series, key=lambda it: (-it.workers, it.connections, _PLACES[it.contender]))


def _cpu(results: Results) -> str:
    rows = []
    for contender in CONTENDERS:
        series = results.of(contender.name, connections=8)
        workers, database = (
            (None, None)
            if series is None
            else (series.cpu_ms(lambda it: it.workers), series.cpu_ms(lambda it: it.database))
        )
        if workers is None or database is None:
            continue
        rows.append((contender.title, number(workers), number(database), number(workers + database)))
    whole = table(("ms a page, 2 workers, 8 connections", "workers", "PostgreSQL", "both"), rows)
    shown = [name for name in COMPONENTS if any(name in profile.ms for profile in results.profiles)]
    parts = [
        (
            BY_NAME[profile.contender].title,
            *(number(profile.ms.get(name, 0.0)) for name in shown),
            number(profile.total_ms),
            f"{profile.pages:,}",
        )
        for profile in results.profiles
    ]
    return f"{whole}\n\n{table(('ms a page, inside one worker', *shown, 'all', 'pages'), parts)}"


def _sizes(results: Results) -> str:
    rows, slopes = [], []
    for (operation, contender), group in groupby(
        sorted(results.sizes, key=lambda it: (it.operation, _PLACES[it.contender], it.size)),
        lambda it: (it.operation, it.contender),
    ):
        sizes = list(group)
        rows += [_size(it) for it in sizes]
        if len(sizes) > 1:
            points = [(it.objects, it.ms) for it in sizes]
            slopes.append(
                f"- {operation}, {contender}: time grows with objects to the power of {slope(points):.2f}, between the two largest "
                f"of {slope(points[-2:]):.2f}."
            )
    head = ("operation", "", "size", "objects", "bytes", "pages/s", "ms", "µs an object")
    words = (
        "One connection, one worker. *Tasks*: the tasks of a matter with their people, tags and comments, 1, 10 and 100 times as "
        "many as a seeded one has. *Roots*: so many comments with their authors as one list (whose bound is raised for it). A power "
        "of 1 is in proportion."
    )
    slope_lines = "\n".join(slopes)
    return f"{words}\n\n{table(head, rows, left=2)}\n\n{slope_lines}"


def _size(size: Size) -> tuple[str, ...]:
    return (
        size.operation,
        size.contender,
        f"{size.size:,}",
        f"{size.objects:,}",
        f"{size.bytes:,}",
        number(1e3 / size.ms),
        number(size.ms),
        number(size.ms / size.objects * 1e3),
    )


def _volumes(results: Results) -> str:
    rows = [
        (BY_NAME[it.contender].title, f"{it.scale:g}", number(it.rate), number(it.p50_ms))
        for it in sorted(results.volumes, key=lambda it: (_PLACES[it.contender], it.scale))
    ]
    slopes = []
    for contender in (LIMIT, COMPILED.name, ROUNDS.name):
        points = [(float(it.scale), it.p50_ms) for it in results.volumes if it.contender == contender]
        if len(points) > 1:
            slopes.append(f"- {contender}: time grows with the database to the power of {slope(points):.2f}.")
    slope_lines = "\n".join(slopes)
    return f"{table(('8 connections, 2 workers', 'scale', 'pages/s', 'p50, ms'), rows)}\n\n{slope_lines}"


def _footprints(results: Results) -> str:
    rows = [
        (BY_NAME[it.contender].title, f"{it.boot_seconds:.2f}", f"{it.rss_mb:,.0f}", f"{it.pss_mb:,.0f}")
        for it in results.footprints
    ]
    head = ("after the loads", "start to first answer, s", "resident, MB a worker", "its share, MB")
    return (
        f"{table(head, rows)}\n\nIts share counts memory that several processes have in common once among them. The site "
        "answers REST too, and starts with every document planned."
    )


def _plans(results: Results) -> str:
    return table(("document", "ms to plan"), [(name, number(ms)) for name, ms in results.plan_ms.items()])


def table(head: Sequence[str], rows: Iterable[Sequence[str]], *, left: int = 1, right: int | None = None) -> str:
    """A table whose first `left` columns stand left; with `right`, none after that many columns stands right."""
    rules = ["---" if place < left or (right is not None and place > right) else "--:" for place, _ in enumerate(head)]
    return "\n".join("| " + " | ".join(cells) + " |" for cells in (head, rules, *rows))


def number(value: float) -> str:
    """With three digits that say something."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def yes(is_reached: bool) -> str:
    """What stands in a table for it."""
    return "yes" if is_reached else "**no**"
