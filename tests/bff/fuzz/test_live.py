"""No change is missed: what the index says is untouched is what it was, after any write, whoever wrote and however.

Random live operations are answered, with what each depended on; then the database is written to at random. What is touched is
run again, as by a hub; all else is asserted to be what an execution gives now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import GraphQLError, parse, validate
from hypothesis import note
from hypothesis import strategies as st
from sqlalchemy import Connection, Engine, MetaData, create_engine, select, text
from sqlalchemy.orm import Session

import app.models
from app.auth import Viewer
from app.schema import schema as briefcase_schema
from bff.live import capture
from bff.plan import compile_plan
from tests.bff.fuzz import odd
from tests.bff.fuzz.budget import Fuzz
from tests.bff.fuzz.live import Copy, Counts, Live, take_changes
from tests.bff.fuzz.operations import Choices, Profile, operations
from tests.bff.fuzz.subjects import Site
from tests.bff.fuzz.values import Samples
from tests.bff.fuzz.writes import Writes

pytestmark = pytest.mark.slow


@dataclass
class Subject:
    """A site that is written to."""

    site: Site
    engine: Engine
    metadata: MetaData
    copy: Copy


@pytest.fixture(scope="module")
def odd_subject(make_database: Callable[[], str]) -> Iterator[Subject]:
    """The odd models, captured; their foreign keys cascade, so that a delete is many and a key can change."""
    engine = create_engine(make_database(), pool_size=4, max_overflow=0)
    viewers = odd.make_rows(engine)
    with engine.begin() as connection:
        _make_cascade(connection, odd.SCHEMA)
        capture.install(connection, capture.tables_of(odd.Base.__subclasses__()))
    yield Subject(
        Site.of(odd.schema._schema, engine, [*viewers, None]),
        engine,
        odd.Base.metadata,
        Copy(engine, odd.Base.metadata),
    )
    engine.dispose()


@pytest.fixture(scope="module")
def briefcase_subject(servers: Any, worker: str) -> Iterator[Subject]:
    """A Briefcase of this module's own, as its migrations capture it."""
    name = f"{worker}_fuzzed_live"
    engine = create_engine(
        servers.create_database(name, template=servers.seeded_template()), pool_size=4, max_overflow=0
    )
    with Session(engine) as session:
        users = session.scalars(select(app.models.User).order_by(app.models.User.id)).all()
    other = next(each for each in reversed(users) if each.organization_id != users[0].organization_id)
    viewers = [Viewer(each.id, each.organization_id, each.role) for each in (users[0], other)]
    metadata = app.models.Base.metadata
    yield Subject(Site.of(briefcase_schema._schema, engine, [*viewers, None]), engine, metadata, Copy(engine, metadata))
    engine.dispose()
    servers.cluster.drop(name)


def _make_cascade(connection: Connection, schema: str) -> None:
    found = connection.execute(
        text(
            "SELECT conrelid::regclass::text, quote_ident(conname), pg_get_constraintdef(oid) FROM pg_constraint"
            " WHERE contype = 'f' AND connamespace = CAST(:schema AS regnamespace) ORDER BY 1, 2"
        ),
        {"schema": schema},
    ).all()
    for table, name, definition in found:
        connection.execute(
            text(
                f"ALTER TABLE {table} DROP CONSTRAINT {name},"
                f" ADD CONSTRAINT {name} {definition} ON UPDATE CASCADE ON DELETE CASCADE"
            )
        )


@pytest.fixture
def counts(record_property: Callable[[str, Any], None]) -> Iterator[Counts]:
    """What a test counts is told at the end of the run."""
    counts = Counts()
    yield counts
    record_property("live", str(counts))


def test_odd_models(fuzz: Fuzz, odd_subject: Subject, counts: Counts) -> None:
    _fuzz(fuzz, odd_subject, counts, 8)


def test_briefcase(fuzz: Fuzz, briefcase_subject: Subject, counts: Counts) -> None:
    _fuzz(fuzz, briefcase_subject, counts, 4)


def _fuzz(fuzz: Fuzz, subject: Subject, counts: Counts, percent: int) -> None:
    """Some operations, then some transactions, after each of which everything is checked."""
    site = subject.site
    with Session(subject.engine) as session:
        samples = Samples(site.schema, session)
    profile = Profile(fields=12, depth=4, bounded=True, values=samples, weigh=_weigh)
    writes = Writes(subject.metadata)

    def check(data: st.DataObject) -> None:
        subject.copy.restore()
        choices = Choices(data.draw)
        live = Live(site, counts)

        def subscribe() -> None:
            operation = data.draw(operations(site.schema, profile))
            document = parse(operation.source)
            if validate(site.schema, document):
                return
            asked = [(operation.variables, viewer) for viewer in (site.viewers[0], choices.among(site.viewers))]
            other = {name: _another(samples, choices, name, value) for name, value in operation.variables.items()}
            asked.append((other, site.viewers[0]))
            try:
                plan = compile_plan(site.schema, document, operation.name)
                plan.live.whole()
            except GraphQLError:
                return
            live.add(plan, operation.source, asked)

        def take() -> None:
            with subject.engine.begin() as connection:
                changes = take_changes(connection)
            subject.copy.note(changes)
            live.take(changes, note)

        for _ in range(choices.between(2, 4)):
            subscribe()
        for _ in range(choices.between(2, 8)):
            with subject.engine.connect() as connection, connection.begin():
                for _ in range(choices.between(1, 3)):
                    note(writes.write(choices, connection, live.facts))
                if choices.chance(20):
                    # Subscribed to while this is under way: the change comes later.
                    subscribe()
            if choices.chance(20):
                # ... and while it has come, but nobody has told yet.
                subscribe()
            take()
        fuzz.counted()

    fuzz.run(percent, check)


def _weigh(type_name: str, field_name: str) -> int:
    """What is precise often, what reads whole tables seldom."""
    if "smuggle" in field_name.lower():
        return 0
    if type_name == "Query":
        if field_name in _PYTHON:
            return 1
        return 2 if field_name.endswith(("s", "Connection")) else 6
    if field_name in _PYTHON:
        return 1 if field_name == "heir" else 0
    return 5 if field_name.endswith(("Connection", "s", "Count", "count", "total")) else 3


_PYTHON = ("report", "found", "somePlaces", "nodes", "twins", "heir", "mustInherit", "search", "beside")
"""Fields that read what nobody declared."""


def _another(samples: Samples, choices: Choices, name: str, value: Any) -> Any:
    """Another value for a variable, where it may be of the same kind."""
    if isinstance(value, str) and choices.chance(50):
        return choices.among(samples.like(value))
    return value
