"""What each page costs, before and after: `python -m app.dev.pages` writes the table of README.md, `--check` compares it.

Measured on an embedded PostgreSQL with two firms of the size that every firm has at scale 1, seeded for one fixed day,
so that the numbers are the same wherever they are measured. A page is asked for over HTTP, as user 1 of the first firm:
from the legacy REST API in the calls of `app.rest.frontend`, and as the registered operation in one.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, redirect_stdout
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import click
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import create_engine

from app import create_app
from app.database import EXTENSION, migrate, sqlalchemy_url
from app.rest import frontend
from app.seed import seed
from bff.testing.counted_sql import count_sql
from bff.testing.embedded import EmbeddedPostgres
from bff.testing.places import temporary_directory

README = Path(__file__).parents[2] / "README.md"
BEGIN, END = "<!-- pages:begin -->\n", "<!-- pages:end -->\n"

DAY = date(2025, 1, 15)
VIEWER_ID = 1
SCALE = 0.2


@dataclass(frozen=True)
class Sample:
    """One page as somebody opens it: what the old frontend is given, and the operation's variables."""

    page: str
    parameters: Mapping[str, Any] = field(default_factory=dict)
    variables: Mapping[str, Any] = field(default_factory=dict)

    @property
    def operation(self) -> str:
        """The name of the registered operation."""
        return f"{self.page}Page"


def samples(today: date = DAY) -> list[Sample]:
    """Every page, opened on a day."""
    midnight = datetime.combine(today, time(), UTC)
    later = midnight + timedelta(days=frontend.CALENDAR_DAYS)
    return [
        Sample("Matter", {"id": 1}, {"id": "1"}),
        Sample("Dashboard", {"today": today}, {"today": today.isoformat(), "from": midnight.isoformat()}),
        Sample("Client", {"id": 5}, {"id": "5", "today": today.isoformat()}),
        Sample("Document", {"id": 1}, {"id": "1"}),
        Sample("Inbox", {}, {"first": 50}),
        Sample("Calendar", {"today": today}, {"from": midnight.isoformat(), "before": later.isoformat()}),
        Sample("Billing"),
        Sample("Search", {"text": "art"}, {"text": "art", "first": 50}),
        Sample("Team"),
    ]


@dataclass(frozen=True)
class Cost:
    """What one page takes: REST calls in waves, SQL statements of its operation, bytes of the operation's answer."""

    page: str
    calls: int
    waves: int
    statements: int
    size: int


def measure(app: Flask, sample: Sample) -> Cost:
    """Open a page both ways. Raises RuntimeError when either is answered with an error."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer dev-{VIEWER_ID}"
    load = frontend.load(sample.page, lambda path: _answer(client, path), **sample.parameters)
    body = {"documentId": sample.operation, "variables": dict(sample.variables)}
    # The first of a shape is answered in rounds, see `bff.plan.region`.
    client.post("/graphql", json=body)
    with count_sql(app.extensions[EXTENSION].pages) as sent:
        answer = client.post("/graphql", json=body)
    if answer.status_code != 200 or answer.json is None or "errors" in answer.json:
        raise RuntimeError(f"{sample.operation}: {answer.text[:500]}")
    return Cost(sample.page, load.calls, len(load.waves), sent.count, len(answer.data))


def table(app: Flask) -> str:
    """README's table of all pages, in Markdown."""
    lines = ["| page | REST calls | in waves | requests now | SQL statements | bytes |", "|---|--:|--:|--:|--:|--:|"]
    for cost in (measure(app, sample) for sample in samples()):
        lines.append(f"| {cost.page} | {cost.calls} | {cost.waves} | 1 | {cost.statements} | {cost.size:,} |")
    return "\n".join(lines) + "\n"


def with_table(readme: str, rows: str) -> str:
    """A README whose table is `rows`. Raises ValueError when it has no place for one."""
    before, begin, rest = readme.partition(BEGIN)
    _, end, after = rest.partition(END)
    if not begin or not end:
        raise ValueError(f"README has no lines {BEGIN.strip()} and {END.strip()}")
    return f"{before}{begin}{rows}{end}{after}"


@contextmanager
def site_for_measuring(database_url: str) -> Iterator[Flask]:
    """Briefcase over an empty database, which is migrated and seeded for it."""
    migrate(database_url)
    engine = create_engine(sqlalchemy_url(database_url))
    try:
        seed(engine, scale=SCALE, today=DAY)
    finally:
        engine.dispose()
    app = create_app({"BRIEFCASE_ENV": "development", "DATABASE_URL": database_url})
    try:
        yield app
    finally:
        app.extensions[EXTENSION].dispose()


def _answer(client: FlaskClient, path: str) -> Any:
    answer = client.get(path)
    if answer.status_code != 200:
        raise RuntimeError(f"{path}: {answer.text[:500]}")
    return answer.json


@click.command()
@click.option("--check", is_flag=True, help="Fail when README.md does not have what is measured now.")
def main(check: bool) -> None:
    """Measure every page and write the table of README.md."""
    with (
        redirect_stdout(sys.stderr),  # whatever is logged meanwhile
        temporary_directory() as directory,
        EmbeddedPostgres(directory / "postgres", durable=False) as postgres,
        site_for_measuring(postgres.cluster.create("pages")) as app,
    ):
        rows = table(app)
    readme = README.read_text(encoding="utf-8")
    measured = with_table(readme, rows)
    click.echo(rows, nl=False)
    if check and measured != readme:
        sys.exit("README.md has other numbers; run python -m app.dev.pages")
    if not check:
        README.write_text(measured, encoding="utf-8")


if __name__ == "__main__":
    main()
