"""What statements over an alias read: its own columns, other tables, and what decides whether a row is visible."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKey, exists, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

import bff
from bff.entities.entity import Entity
from bff.entities.policy import Policies
from bff.readsets.readset import ALL, ANYTHING, Interest, whole
from bff.readsets.statement_reads import Reads, policy_reads, reads_of, rows_above, visible_rows


class Base(DeclarativeBase):
    pass


class Firm(Base):
    __tablename__ = "firms"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class Matter(Base):
    __tablename__ = "matters"
    id: Mapped[int] = mapped_column(primary_key=True)
    firm_id: Mapped[int] = mapped_column(ForeignKey("firms.id"))
    title: Mapped[str]
    is_open: Mapped[bool]


class Task(Base):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    matter_id: Mapped[int] = mapped_column(ForeignKey("matters.id"))
    done: Mapped[bool]
    matter: Mapped[Matter] = relationship()


class Draft(Base):
    """Its key is checked at COMMIT alone."""

    __tablename__ = "drafts"
    id: Mapped[int] = mapped_column(primary_key=True)
    matter_id: Mapped[int] = mapped_column(ForeignKey("matters.id", deferrable=True))
    matter: Mapped[Matter] = relationship()


def of_firm(matter: Any, viewer: Any) -> Any:
    return matter.firm_id == viewer.firm_id


POLICIES = Policies({Firm: bff.public, Matter: of_firm, Task: bff.through("matter"), Draft: bff.through("matter")})
TASKS = Entity(Task, Task, "Task", None)


def own(reads: Reads) -> dict[str, frozenset[str] | None]:
    return {table.fullname: columns for table, columns in reads.own.items()}


def test_columns_shown_and_tested_are_of_the_aliass_own_table() -> None:
    alias = TASKS.alias()
    reads = reads_of(alias, [alias.id], [alias.done])
    assert own(reads) == {"tasks": frozenset({"id", "done"})}
    assert reads.others == {}


def test_an_alias_of_which_nothing_is_mentioned_is_read_all_the_same() -> None:
    assert own(reads_of(TASKS.alias())) == {"tasks": frozenset()}


def test_of_subqueries_whole_tables_are_read() -> None:
    alias = TASKS.alias()
    reads = reads_of(alias, [], [exists(select(Matter.id).where(Matter.id == alias.matter_id, Matter.is_open))])
    assert own(reads) == {"tasks": frozenset({"matter_id"})}
    assert reads.others == {whole("matters"): Interest(frozenset({"id", "is_open"}), True)}


def test_text_that_is_no_constant_may_read_anything() -> None:
    assert reads_of(TASKS.alias(), [], [text("exists (select from matters)")]).others == {ANYTHING: ALL}


def test_reads_are_joined() -> None:
    alias = TASKS.alias()
    subquery = select(Matter.title).where(Matter.id == alias.matter_id).scalar_subquery()
    reads = reads_of(alias, [alias.id]) | reads_of(alias, [alias.done, subquery])
    assert own(reads) == {"tasks": frozenset({"id", "done", "matter_id"})}
    assert reads.others == {whole("matters"): Interest(frozenset({"id", "title"}), True)}


def test_public_rows_depend_on_nothing() -> None:
    assert policy_reads(POLICIES, Firm) == Reads()


def test_a_policy_of_its_own_reads_the_row() -> None:
    assert own(policy_reads(POLICIES, Matter)) == {"matters": frozenset({"firm_id"})}


def test_by_way_of_a_foreign_key_updates_of_the_rows_above_count_alone() -> None:
    reads = policy_reads(POLICIES, Task)
    assert own(reads) == {"tasks": frozenset({"matter_id"})}
    [named] = reads.named
    assert (named.table, [key.name for key in named.policy]) == ("matters", ["firm_id"])
    assert named.interest == Interest(frozenset({"id", "firm_id"}), False)


def test_of_a_key_that_is_checked_at_commit_the_row_above_may_come_later() -> None:
    [named] = policy_reads(POLICIES, Draft).named
    assert named.interest == Interest(frozenset({"id", "firm_id"}), True)


def test_rows_that_the_viewer_may_see_are_named_by_the_policys_keys() -> None:
    table = Matter.__mapper__.local_table
    [named] = visible_rows(POLICIES, Matter, {table: frozenset({"title"})}, moves=True)  # type: ignore[dict-item]
    assert (named.table, [key.attribute for key in named.policy]) == ("matters", ["firm_id"])
    assert named.interest == Interest(frozenset({"title"}), True)


def test_rows_above_come_and_go() -> None:
    assert list(rows_above(POLICIES, Matter)) == []
    [above] = rows_above(POLICIES, Task)
    assert above.table == "matters"
    assert above.interest == Interest(frozenset(), True)
