"""Lineages: which policies have some, and what the relay tells of the rows above changed ones."""

from __future__ import annotations

import datetime
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import ForeignKey, ForeignKeyConstraint, NullPool, create_engine, true
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from structlog.testing import capture_logs

import bff
from bff.changes import install as capture
from bff.changes.change import Change
from bff.changes.relay import Relay
from bff.changes.stream import MemoryStream, Position
from bff.database.direct import direct_engine
from bff.entities.policy import Policies
from bff.readsets.policy_keys import foreign_key_of, lineages, policy_keys
from tests.bff.changes.captured import Host
from tests.bff.polling import wait_until


class Base(DeclarativeBase):
    pass


class Matter(Base):
    __tablename__ = "matters"
    id: Mapped[int] = mapped_column(primary_key=True)
    region: Mapped[str]
    opened: Mapped[datetime.date | None]


class Task(Base):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    matter_id: Mapped[int | None] = mapped_column(ForeignKey("matters.id"))
    matter: Mapped[Matter | None] = relationship()


class Day(Base):
    """Keyed by two columns, and named in the database otherwise than here."""

    __tablename__ = "days of tasks"
    task_id: Mapped[int] = mapped_column("of task", ForeignKey("tasks.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    task: Mapped[Task] = relationship()


class Entry(Base):
    __tablename__ = "entries"
    __table_args__ = (ForeignKeyConstraint(["day", "task_id"], ["days of tasks.number", "days of tasks.of task"]),)
    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int | None]
    day: Mapped[int | None]
    of_day: Mapped[Day | None] = relationship()


class Receipt(Base):
    __tablename__ = "receipts"
    id: Mapped[int] = mapped_column(primary_key=True)
    entry_id: Mapped[int] = mapped_column(ForeignKey("entries.id"))
    entry: Mapped[Entry] = relationship()


class Remark(Base):
    """Hangs on tasks by a condition that no foreign key keeps."""

    __tablename__ = "remarks"
    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int]
    task: Mapped[Task] = relationship(
        primaryjoin=lambda: Remark.task_id == Task.id, foreign_keys=lambda: Remark.task_id
    )


class Part(Base):
    """One row leads to another of the same table, and back."""

    __tablename__ = "parts"
    id: Mapped[int] = mapped_column(primary_key=True)
    region: Mapped[str]
    whole_id: Mapped[int | None] = mapped_column(ForeignKey("parts.id"), unique=True)
    part: Mapped[Part | None] = relationship(back_populates="whole", uselist=False)
    whole: Mapped[Part | None] = relationship(back_populates="part", remote_side=[id])


class Scrap(Base):
    __tablename__ = "scraps"
    id: Mapped[int] = mapped_column(primary_key=True)
    part_id: Mapped[int] = mapped_column(ForeignKey("parts.id"))
    part: Mapped[Part] = relationship()


def _of_region(row: Any, viewer: Any) -> Any:
    return row.region == viewer.region


POLICIES = Policies(
    {
        Matter: _of_region,
        Task: bff.through("matter"),
        Day: bff.through("task"),
        Entry: bff.through("of_day"),
        Remark: bff.through("task"),
    }
)

TASK, DAY, ENTRY = (
    "matter_id->matters(id).region",
    "of task->tasks(id).matter_id->matters(id).region",
    "day,task_id->days of tasks(number,of task).of task->tasks(id).matter_id->matters(id).region",
)


def test_policies_behind_foreign_keys_have_lineages() -> None:
    assert sorted((each.table.name, each.name) for each in lineages(POLICIES)) == [
        ("days of tasks", DAY),
        ("entries", ENTRY),
        ("tasks", TASK),
    ]


def test_what_is_no_key_and_no_foreign_key_names_no_rows() -> None:
    assert list(policy_keys(POLICIES, Matter)) == []
    assert list(policy_keys(POLICIES, Remark)) == []


def test_a_public_row_above_names_no_rows() -> None:
    policies = Policies({Matter: bff.public, Task: bff.through("matter")})
    assert list(policy_keys(policies, Task)) == []


def test_a_row_above_whose_policy_says_more_than_one_thing() -> None:
    policies = Policies({Matter: lambda row, viewer: _of_region(row, viewer) & true(), Task: bff.through("matter")})
    assert [each.name for each in policy_keys(policies, Task)] == [TASK]
    policies = Policies(
        {Matter: lambda row, viewer: _of_region(row, viewer) | (row.id == 1), Task: bff.through("matter")}
    )
    assert list(policy_keys(policies, Task)) == []


def test_within_one_table_a_foreign_key_leads_one_way() -> None:
    policies = Policies({Part: _of_region, Scrap: bff.through("part")})
    assert [each.name for each in policy_keys(policies, Scrap)] == ["part_id->parts(id).region"]
    relationships = Part.__mapper__.relationships
    assert foreign_key_of(relationships["whole"]) is not None
    assert foreign_key_of(relationships["part"]) is None


# What the relay tells


@pytest.fixture(scope="module")
def prepared(make_database: Callable[[], str]) -> Iterator[Host]:
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        capture.install(connection, capture.tables_of([Matter]))
    yield Host(engine)
    engine.dispose()


@pytest.fixture
def host(prepared: Host) -> Host:
    prepared.run(
        'TRUNCATE matters, tasks, "days of tasks", entries, receipts',
        "INSERT INTO matters VALUES (1, 'north'), (2, 'south')",
        "TRUNCATE bff.outbox",
    )
    return prepared


class Kept(MemoryStream):
    def __init__(self) -> None:
        super().__init__()
        self.appended: list[Change] = []

    def append(self, changes: Sequence[Change]) -> Position:
        self.appended += changes
        return super().append(changes)


Told = Callable[..., list[Change]]


@pytest.fixture
def told(host: Host) -> Iterator[Told]:
    """`told(statement, ...)`: what a relay tells of what each statement does, when all are done."""
    with ExitStack() as running:

        def told(*statements: str, policies: Policies = POLICIES) -> list[Change]:
            host.run(*statements)
            count, stream = host.waiting(), Kept()
            relay = Relay(direct_engine(host.engine, None), stream, lineages(policies))
            running.callback(relay.stop)
            relay.start()
            wait_until(lambda: relay.stats().relayed == count)
            relay.stop()
            return stream.appended

        yield told


def test_a_change_tells_what_is_above_its_row_before_and_after(told: Told) -> None:
    made, moved, orphaned, gone = told(
        "INSERT INTO tasks VALUES (1, 1)",
        "UPDATE tasks SET matter_id = 2",
        "UPDATE tasks SET matter_id = NULL",
        "DELETE FROM tasks",
    )
    assert (made.old, made.new) == ({}, {"id": "1", "matter_id": "1", TASK: "north"})
    assert (moved.old[TASK], moved.new[TASK]) == ("north", "south")
    assert (orphaned.old[TASK], orphaned.new[TASK]) == ("south", None)
    assert (gone.old[TASK], gone.new) == (None, {})


def test_over_several_foreign_keys(told: Told) -> None:
    *_, day, entry, stray, orphaned = told(
        "INSERT INTO tasks VALUES (1, 2), (2, NULL)",
        # Of each task, so that half of the key is not enough.
        'INSERT INTO "days of tasks" VALUES (2, 5)',
        'INSERT INTO "days of tasks" VALUES (1, 5)',
        "INSERT INTO entries VALUES (1, 1, 5)",
        "INSERT INTO entries VALUES (2, 1, NULL)",
        "INSERT INTO entries VALUES (3, 2, 5)",
    )
    assert day.new[DAY] == "south"
    assert entry.new[ENTRY] == "south"
    assert stray.new[ENTRY] is None
    # A task of no matter: nobody sees what is below it.
    assert orphaned.new[ENTRY] is None


def test_over_a_foreign_key_of_several_columns(told: Told) -> None:
    """Which are not the first in the chain, either."""
    policies = Policies(
        {
            Matter: _of_region,
            Task: bff.through("matter"),
            Day: bff.through("task"),
            Entry: bff.through("of_day"),
            Receipt: bff.through("entry"),
        }
    )
    *_, receipt = told(
        "INSERT INTO tasks VALUES (1, 1), (2, 2)",
        'INSERT INTO "days of tasks" VALUES (1, 5), (2, 5), (2, 6)',
        "INSERT INTO entries VALUES (1, 2, 5)",
        "INSERT INTO receipts VALUES (1, 1)",
        policies=policies,
    )
    assert receipt.new[f"entry_id->entries(id).{ENTRY}"] == "south"


def test_dates_have_one_text(host: Host, told: Told) -> None:
    """The driver sets the style that it reads."""
    policies = Policies({Matter: lambda row, viewer: row.opened == viewer.day, Task: bff.through("matter")})
    with host.engine.begin() as connection:
        connection.exec_driver_sql(f"ALTER DATABASE {host.engine.url.database} SET datestyle = 'German'")
    host.run("UPDATE matters SET opened = '2024-05-31' WHERE id = 1")
    _, made = told("INSERT INTO tasks VALUES (1, 1)", policies=policies)
    assert made.new["matter_id->matters(id).opened"] == "2024-05-31"


def test_it_is_what_is_above_now(told: Told) -> None:
    made, _ = told("INSERT INTO tasks VALUES (1, 1)", "UPDATE matters SET region = 'east' WHERE id = 1")
    assert made.new[TASK] == "east"


def test_of_a_row_above_that_is_gone_nothing_is_told(told: Told) -> None:
    made, gone, _ = told("INSERT INTO tasks VALUES (1, 1)", "DELETE FROM tasks", "DELETE FROM matters WHERE id = 1")
    assert TASK not in made.new
    assert gone.old == {"id": "1", "matter_id": "1"}


def test_what_is_too_long_is_not_told(told: Told) -> None:
    *_, made = told("UPDATE matters SET region = repeat('x', 1001) WHERE id = 1", "INSERT INTO tasks VALUES (1, 1)")
    assert TASK not in made.new


def test_what_cannot_be_read_is_not_told_and_holds_up_nothing(host: Host, told: Told) -> None:
    host.run("INSERT INTO tasks VALUES (1, 1)")
    with host.engine.begin() as connection, capture_logs() as logs:
        # A migration that takes its time.
        connection.exec_driver_sql("LOCK TABLE matters")
        made, orphaned = told("UPDATE tasks SET matter_id = NULL")
    assert made.new == {"id": "1", "matter_id": "1"}
    assert orphaned.old == {"id": "1", "matter_id": "1"}
    assert orphaned.new == {"id": "1", "matter_id": None, TASK: None}
    [warning] = [each for each in logs if "unread" in each]
    assert "lock timeout" in warning["error"]


@pytest.mark.parametrize(("patience", "unread"), [(60.0, 1), (0.0, 3)])
def test_after_what_cannot_be_read_nothing_is_read_for_a_while(host: Host, patience: float, unread: int) -> None:
    stream = Kept()
    relay = Relay(direct_engine(host.engine, None), stream, lineages(POLICIES), patience=patience)
    relay.start()
    try:
        wait_until(lambda: relay.stats().state == "relaying")
        host.run("ALTER TABLE matters RENAME TO elsewhere")
        for number in (1, 2, 3):
            host.run(f"INSERT INTO tasks VALUES ({number}, 1)")
            wait_until(lambda number=number: relay.stats().relayed == number)
        host.run("ALTER TABLE elsewhere RENAME TO matters", "INSERT INTO tasks VALUES (4, 1)")
        wait_until(lambda: relay.stats().relayed == 4)
    finally:
        relay.stop()
        host.run("ALTER TABLE IF EXISTS elsewhere RENAME TO matters")
    assert relay.stats().unread == unread
    assert [TASK in change.new for change in stream.appended] == [False, False, False, patience == 0]
    assert relay.stats().failures == 0


def test_text_that_the_driver_cannot_take_holds_up_nothing(make_database: Callable[[], str]) -> None:
    admin = create_engine(make_database(), isolation_level="AUTOCOMMIT")
    name = f"{admin.url.database}_ascii"
    with admin.connect() as connection:
        connection.exec_driver_sql(
            f"CREATE DATABASE {name} ENCODING SQL_ASCII LOCALE_PROVIDER libc LOCALE 'C' TEMPLATE template0"
        )
    engine = create_engine(admin.url.set(database=name), poolclass=NullPool)
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        capture.install(connection, capture.tables_of([Matter]))
    Host(engine).run(r"INSERT INTO matters VALUES (1, E'caf\xe9')", "INSERT INTO tasks VALUES (1, 1)")
    stream = Kept()
    relay = Relay(direct_engine(engine, None), stream, lineages(POLICIES))
    relay.start()
    wait_until(lambda: relay.stats().relayed == 2)
    relay.stop()
    assert TASK not in stream.appended[-1].new
    assert relay.stats().unread == 1
    with admin.connect() as connection:
        connection.exec_driver_sql(f"DROP DATABASE {name} WITH (FORCE)")
    admin.dispose()


def test_where_several_rows_have_one_key_nothing_is_told(host: Host, told: Told) -> None:
    host.run(
        "CREATE TABLE more_matters () INHERITS (matters)",
        "INSERT INTO more_matters VALUES (1, 'south')",
        "TRUNCATE bff.outbox",
    )
    [made] = told("INSERT INTO tasks VALUES (1, 1)")
    host.run("DROP TABLE more_matters")
    assert TASK not in made.new


def test_a_table_of_the_same_name_that_is_not_captured_is_not_read(make_database: Callable[[], str]) -> None:
    address = create_engine(make_database())
    address_of_relay = SecretStr(address.url.render_as_string(hide_password=False))
    Base.metadata.create_all(address)
    Host(address).run("INSERT INTO matters VALUES (1, 'south')", "CREATE SCHEMA app")
    engine = create_engine(address.url, connect_args={"options": "-csearch_path=app"})
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        capture.install(connection, capture.tables_of([Matter]))
    Host(engine).run("INSERT INTO matters VALUES (1, 'north')", "INSERT INTO tasks VALUES (1, 1)")
    stream = Kept()
    relay = Relay(direct_engine(engine, address_of_relay), stream, lineages(POLICIES))
    with capture_logs() as logs:
        relay.start()
        wait_until(lambda: relay.stats().relayed == 2)
        relay.stop()
    assert TASK not in stream.appended[-1].new
    [warning] = [each for each in logs if "uncaptured" in each]
    assert '"matters"' in warning["uncaptured"]
    assert "search_path" in warning["advice"]
    engine.dispose()
    address.dispose()
