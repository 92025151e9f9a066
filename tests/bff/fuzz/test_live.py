"""No change is missed: what the index says is untouched is what it was, after any write, whoever wrote and however.

Random live operations are answered, with what each depended on; then the database is written to at random. What is touched is
run again, as by a hub; all else is asserted to be what an execution gives now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
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
from bff.changes import install as capture
from bff.changes.lineage import Lineages
from bff.plan.plan import Plan, compile_plan
from bff.readsets.policy_keys import lineages
from bff.schema.catalog import Catalog
from tests.bff.fuzz import firm, odd
from tests.bff.fuzz.budget import Fuzz
from tests.bff.fuzz.live import Copy, Counts, Live, take_changes
from tests.bff.fuzz.live_documents import ODD
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

    @cached_property
    def lineages(self) -> Lineages:
        return Lineages(lineages(Catalog.of(self.site.schema).policies))


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
def firm_subject(make_database: Callable[[], str]) -> Iterator[Subject]:
    """Rows that are visible through others, captured."""
    engine = create_engine(make_database(), pool_size=4, max_overflow=0)
    viewers = firm.make_rows(engine)
    with engine.begin() as connection:
        capture.install(connection, capture.tables_of([firm.NoteRow]))
    site = Site.of(firm.schema._schema, engine, [*viewers, None])
    yield Subject(site, engine, firm.Base.metadata, Copy(engine, firm.Base.metadata))
    engine.dispose()


@pytest.fixture(scope="module")
def briefcase_subject(make_database: Callable[..., str], seeded_template: str) -> Iterator[Subject]:
    """A Briefcase of this module's own, as its migrations capture it."""
    engine = create_engine(make_database(template=seeded_template), pool_size=4, max_overflow=0)
    with Session(engine) as session:
        users = session.scalars(select(app.models.User).order_by(app.models.User.id)).all()
    other = next(each for each in reversed(users) if each.organization_id != users[0].organization_id)
    viewers = [Viewer(each.id, each.organization_id, each.role) for each in (users[0], other)]
    metadata = app.models.Base.metadata
    yield Subject(Site.of(briefcase_schema._schema, engine, [*viewers, None]), engine, metadata, Copy(engine, metadata))
    engine.dispose()


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
    """Each way to depend on rows, and random operations."""
    site = odd_subject.site
    with Session(odd_subject.engine) as session:
        samples = Samples(site.schema, session)
        ids = [str(each) for each in session.scalars(select(odd.PlaceRow.id).order_by(odd.PlaceRow.id))]
        names = list(session.scalars(select(odd.LabelRow.name).order_by(odd.LabelRow.name)))

    def draw(data: st.DataObject) -> Drawn | None:
        choices = Choices(data.draw)
        if choices.chance(30):
            return _operation(data, site, samples)
        source = choices.among(ODD)
        plan = compile_plan(site.schema, parse(source))
        # Of every place, so that whatever is written is somebody's.
        return Drawn(plan, source, [{"id": id_, "name": choices.among(names)} for id_ in ids])

    _fuzz(fuzz, odd_subject, counts, 5, draw)


def test_rows_below_others(fuzz: Fuzz, firm_subject: Subject, counts: Counts) -> None:
    site = firm_subject.site

    def draw(data: st.DataObject) -> Drawn:
        source = Choices(data.draw).among(firm.SOURCES)
        return Drawn(compile_plan(site.schema, parse(source)), source, [{}])

    _fuzz(fuzz, firm_subject, counts, 3, draw)


def test_briefcase(fuzz: Fuzz, briefcase_subject: Subject, counts: Counts) -> None:
    site = briefcase_subject.site
    with Session(briefcase_subject.engine) as session:
        samples = Samples(site.schema, session)
    _fuzz(fuzz, briefcase_subject, counts, 3, lambda data: _operation(data, site, samples))


SEEN = "(SELECT id FROM odd.place WHERE tenant = 'north' AND deleted_at IS NULL ORDER BY id LIMIT 1)"
HIDDEN = "(SELECT id FROM odd.place WHERE tenant = 'south' ORDER BY id LIMIT 1)"


@pytest.mark.parametrize(
    ("source", "before", "write", "is_touched"),
    [
        # A row that a filter keeps out comes in, and no other column of it matters.
        (
            "{ childrenConnection(filter: {height: {eq: 77}}) { totalCount nodes { name } } }",
            f"UPDATE odd.place SET parent_id = {SEEN}, height = 1 WHERE id = (SELECT max(id::text)::uuid FROM odd.place)",
            "UPDATE odd.place SET height = 77 WHERE id = (SELECT max(id::text)::uuid FROM odd.place)",
            True,
        ),
        (
            "{ childrenConnection(filter: {height: {eq: 77}}) { nodes { slug } } }",
            f"UPDATE odd.place SET parent_id = {SEEN}, height = 1 WHERE id = (SELECT max(id::text)::uuid FROM odd.place)",
            "UPDATE odd.place SET slug = 'another' WHERE id = (SELECT max(id::text)::uuid FROM odd.place)",
            False,
        ),
        # What is visible through another row follows that row's policy, but not its other columns.
        (
            "{ sent { text } }",
            f"UPDATE odd.letter SET origin_id = {SEEN}, target_id = {HIDDEN} WHERE id < 5",
            f"UPDATE odd.place SET tenant = 'north', deleted_at = NULL WHERE id = {HIDDEN}",
            True,
        ),
        (
            "{ sent { text } }",
            f"UPDATE odd.letter SET origin_id = {SEEN}, target_id = {HIDDEN} WHERE id < 5",
            f"UPDATE odd.place SET name = 'another' WHERE id = {HIDDEN}",
            False,
        ),
        # Behind a secondary table: a row that is hidden comes into sight.
        (
            "{ labels { name } }",
            f"INSERT INTO odd.label_of_place VALUES ({SEEN}, 'red') ON CONFLICT DO NOTHING",
            "UPDATE odd.label SET weight = 99 WHERE name = 'red'",
            False,
        ),
        (
            "{ labelsConnection(filter: {weight: {eq: 99}}) { totalCount } }",
            f"INSERT INTO odd.label_of_place VALUES ({SEEN}, 'red') ON CONFLICT DO NOTHING",
            "UPDATE odd.label SET weight = 99 WHERE name = 'red'",
            True,
        ),
        (
            "{ labels { name } }",
            f"DELETE FROM odd.label_of_place WHERE place_id = {SEEN}",
            f"INSERT INTO odd.label_of_place VALUES ({SEEN}, 'red')",
            True,
        ),
        # One row that was not to be seen: what decides that counts, and nothing else of it.
        (
            "{ parent { name } }",
            f"UPDATE odd.place SET parent_id = {HIDDEN} WHERE id = {SEEN}",
            f"UPDATE odd.place SET tenant = 'north', deleted_at = NULL WHERE id = {HIDDEN}",
            True,
        ),
        (
            "{ parent { name } }",
            f"UPDATE odd.place SET parent_id = {HIDDEN} WHERE id = {SEEN}",
            f"UPDATE odd.place SET name = 'another' WHERE id = {HIDDEN}",
            False,
        ),
        ("{ around }", "SELECT 1", f"UPDATE odd.place SET parent_id = {SEEN} WHERE rank = 4", True),
        (
            "{ around }",
            f"UPDATE odd.place SET parent_id = {SEEN} WHERE rank = 4",
            "UPDATE odd.place SET name = 'x' WHERE rank = 4",
            True,
        ),
        (
            "{ around }",
            f"UPDATE odd.place SET parent_id = {SEEN} WHERE rank = 4",
            "UPDATE odd.place SET height = 9 WHERE rank = 4",
            False,
        ),
        ("{ around }", "SELECT 1", "UPDATE odd.trip SET length = 9", False),
        ("{ around }", "SELECT 1", "UPDATE odd.photo SET width = 9", True),
        ("{ beside }", "SELECT 1", "UPDATE odd.place SET rank = 3", True),
        ("{ letterCount }", "SELECT 1", "DELETE FROM odd.letter", True),
        ("{ letterCount }", "SELECT 1", "UPDATE odd.letter SET text = 'another'", False),
        # Of all rows that are visible through another, those are read that the other's policy names.
        (
            "query { lettersConnection(first: 3) { nodes { text } } }",
            f"UPDATE odd.letter SET target_id = {HIDDEN} WHERE id = 1",
            "UPDATE odd.letter SET text = 'another', sent_at = '2030-01-01' WHERE id = 1",
            False,
        ),
        (
            "query { lettersConnection(first: 3) { nodes { text } } }",
            f"UPDATE odd.letter SET target_id = {HIDDEN} WHERE id = 1",
            f"UPDATE odd.letter SET target_id = {SEEN} WHERE id = 1",
            True,
        ),
        (
            "query { lettersConnection(first: 3) { nodes { text } } }",
            f"UPDATE odd.letter SET target_id = {SEEN} WHERE id = 1",
            f"UPDATE odd.letter SET target_id = {HIDDEN} WHERE id = 1",
            True,
        ),
        (
            "query { lettersConnection { totalCount } }",
            f"UPDATE odd.letter SET target_id = {HIDDEN}",
            f"INSERT INTO odd.letter (id, target_id, text) SELECT max(id) + 1, {HIDDEN}, 'one more' FROM odd.letter",
            False,
        ),
        (
            "query { lettersConnection(first: 3) { nodes { text } } }",
            f"UPDATE odd.letter SET target_id = {HIDDEN} WHERE id = 1",
            f"UPDATE odd.place SET tenant = 'north', deleted_at = NULL WHERE id = {HIDDEN}",
            True,
        ),
        # The place that it went from is gone, and one of others has come under its key.
        (
            "query { lettersConnection { totalCount } }",
            f"UPDATE odd.letter SET target_id = CASE id WHEN 1 THEN {SEEN} ELSE {HIDDEN} END, origin_id = NULL",
            f"CREATE TEMP TABLE gone ON COMMIT DROP AS SELECT id FROM odd.place WHERE id = {SEEN};"
            f"UPDATE odd.letter SET target_id = {HIDDEN} WHERE id = 1; DELETE FROM odd.place WHERE id IN (TABLE gone);"
            "INSERT INTO odd.place (id, tenant) SELECT id, 'south' FROM gone",
            True,
        ),
    ],
)
def test_one_write(odd_subject: Subject, source: str, before: str, write: str, is_touched: bool) -> None:
    odd_subject.copy.restore()
    engine, site = odd_subject.engine, odd_subject.site
    with engine.begin() as connection:
        connection.exec_driver_sql(before)
        id_ = connection.scalar(text(SEEN))
        odd_subject.copy.note(take_changes(connection))
    live = Live(site, Counts())
    if not source.startswith("query"):
        source = f"query($id: UUID!) {{ place(id: $id) {source} }}"
    plan = compile_plan(site.schema, parse(source))
    live.add(plan, source, [({"id": str(id_)}, site.viewers[0])])
    with engine.begin() as connection:
        connection.exec_driver_sql(write)
        changes = take_changes(connection, odd_subject.lineages)
    odd_subject.copy.note(changes)
    assert changes
    live.take(changes, print)
    assert bool(live.counts.touched) is is_touched


# Other rows come under the keys of matter 3 and task 2: what is below them is now somebody else's.
_GAINED_MATTER = (
    "DELETE FROM firm.matter WHERE id = 3",
    "INSERT INTO firm.matter (id, organization_id, office_id) VALUES (3, 1, 1)",
)
_GAINED_TASK = (
    "DELETE FROM firm.task WHERE id = 2",
    "INSERT INTO firm.task (id, matter_id) VALUES (2, 6)",
)


@pytest.mark.parametrize(
    ("source", "writes"),
    [
        (
            "{ tasksConnection { totalCount } }",
            [f"WITH gone AS ({_GAINED_MATTER[0]} RETURNING id) INSERT INTO firm.matter SELECT id, 1, 1 FROM gone"],
        ),
        (
            "{ notesConnection { totalCount } }",
            [f"WITH gone AS ({_GAINED_MATTER[0]} RETURNING id) INSERT INTO firm.matter SELECT id, 1, 1 FROM gone"],
        ),
        ("{ notesConnection { totalCount } }", _GAINED_TASK),
        # One row, whose foreign key is checked at COMMIT alone.
        ("{ note(id: 1) { text } }", _GAINED_TASK),
        # What went before the row above it did.
        (
            "{ tasksConnection { totalCount } }",
            [
                "UPDATE firm.task SET matter_id = 3 WHERE id = 20",
                "DELETE FROM firm.matter WHERE id = 9",
                "INSERT INTO firm.matter VALUES (9, 2, 1)",
            ],
        ),
        (
            "{ notesConnection { totalCount } }",
            [
                "UPDATE firm.note SET task_id = 2 WHERE id = 50",
                "DELETE FROM firm.task WHERE id = 20",
                "DELETE FROM firm.matter WHERE id = 9",
                "INSERT INTO firm.matter VALUES (9, 2, 1)",
                "INSERT INTO firm.task (id, matter_id) VALUES (20, 9)",
            ],
        ),
    ],
)
def test_another_row_under_the_key_of_one_above(firm_subject: Subject, source: str, writes: Sequence[str]) -> None:
    firm_subject.copy.restore()
    engine, site = firm_subject.engine, firm_subject.site
    with engine.begin() as connection:
        connection.exec_driver_sql("INSERT INTO firm.matter VALUES (9, 1, 1)")
        connection.exec_driver_sql("INSERT INTO firm.task (id, matter_id) VALUES (20, 9)")
        connection.exec_driver_sql("INSERT INTO firm.note (id, task_id) VALUES (50, 20)")
        firm_subject.copy.note(take_changes(connection))
    live = Live(site, Counts())
    live.add(compile_plan(site.schema, parse(source)), source, [({}, site.viewers[0])])
    before = live.owners[0].answer
    with engine.begin() as connection:
        for write in writes:
            connection.exec_driver_sql(write)
    with engine.begin() as connection:
        changes = take_changes(connection, firm_subject.lineages)
    firm_subject.copy.note(changes)
    live.take(changes, print)
    assert live.owners[0].answer != before


@dataclass
class Drawn:
    """An operation, and what it is asked for together."""

    plan: Plan
    source: str
    variables: list[dict[str, Any]]


def _operation(data: st.DataObject, site: Site, samples: Samples) -> Drawn | None:
    """A random operation; None where it is none."""
    profile = Profile(fields=10, depth=4, bounded=True, values=samples, weigh=_weigh)
    operation = data.draw(operations(site.schema, profile))
    document = parse(operation.source)
    if validate(site.schema, document):
        return None
    try:
        plan = compile_plan(site.schema, document, operation.name)
        plan.live.whole()
    except GraphQLError:
        return None
    choices = Choices(data.draw)
    other = {name: _another(samples, choices, name, value) for name, value in operation.variables.items()}
    return Drawn(plan, operation.source, [operation.variables, other])


def _fuzz(
    fuzz: Fuzz, subject: Subject, counts: Counts, percent: int, draw: Callable[[st.DataObject], Drawn | None]
) -> None:
    """An operation or two, then some transactions, after each of which everything is checked."""
    site = subject.site
    writes = Writes(subject.metadata)

    def check(data: st.DataObject) -> None:
        subject.copy.restore()
        choices = Choices(data.draw)
        live = Live(site, counts)

        def subscribe() -> None:
            drawn = draw(data)
            if drawn is not None:
                other = choices.among(site.viewers)
                asked = [
                    (each, viewer) for each in drawn.variables for viewer in dict.fromkeys((site.viewers[0], other))
                ]
                live.add(drawn.plan, drawn.source, asked)

        def take() -> None:
            with subject.engine.begin() as connection:
                changes = take_changes(connection, subject.lineages)
            subject.copy.note(changes)
            live.take(changes, note)

        for _ in range(choices.between(1, 2)):
            subscribe()
        for _ in range(choices.between(3, 12)):
            with subject.engine.connect() as connection, connection.begin():
                written = [writes.write(choices, connection, live.facts) for _ in range(choices.among((1, 1, 1, 2, 3)))]
                note("\n".join(written))
                # A table that is being truncated lets nobody read.
                if choices.chance(10) and not any(each.startswith("_truncate") for each in written):
                    # Subscribed to while this is under way: the change comes later.
                    subscribe()
            if choices.chance(10):
                # ... and while it has come, but nobody has told yet.
                subscribe()
            # What is above a row is told as it is then: several transactions later, too.
            if not choices.chance(20):
                take()
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
