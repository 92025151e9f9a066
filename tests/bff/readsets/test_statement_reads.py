"""What statements over an alias read: what they show, filter on and join, and what policies look at."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import Table, func, select, text

from bff.entities.entity import Entity
from bff.readsets.footprint import Named
from bff.readsets.readset import ALL, ANYTHING, Interest, whole
from bff.readsets.statement_reads import Reads, policy_reads, reads_of, rows_above, visible_rows
from tests.bff.readsets.models import POLICIES, Comment, Desk, Draft, Matter, Organization, Task

MATTER: Table = Matter.__table__  # type: ignore[assignment]
TASK: Table = Task.__table__  # type: ignore[assignment]
COMMENT: Table = Comment.__table__  # type: ignore[assignment]


def alias_of(model: type) -> Any:
    return Entity(model, model, model.__name__, None).alias()


def test_of_the_rows_themselves_it_is_the_columns_by_their_names_in_the_database() -> None:
    matter = alias_of(Matter)
    assert reads_of(matter, [matter.organization_id]).own == {MATTER: {"organization"}}
    assert reads_of(matter, [matter.id], [matter.state == "open"]).own == {MATTER: {"id", "state"}}
    assert reads_of(matter).own == {MATTER: frozenset()}


def test_of_other_rows_it_is_the_whole_table() -> None:
    matter, task = alias_of(Matter), alias_of(Task)
    open_tasks = select(func.count(task.id)).where(task.matter_id == matter.id).scalar_subquery()
    found = reads_of(matter, [open_tasks])
    assert found.own == {MATTER: {"id"}}
    assert found.others == {whole("tasks"): Interest(frozenset({"id", "matter_id"}), True)}


def test_rows_of_the_same_table_under_another_name_are_others() -> None:
    matter, other = alias_of(Matter), alias_of(Matter)
    found = reads_of(matter, [select(func.max(other.id)).scalar_subquery()])
    assert found.own == {MATTER: frozenset()}
    assert found.others == {whole("matters"): Interest(frozenset({"id"}), True)}


def test_text_may_read_anything() -> None:
    assert reads_of(alias_of(Matter), conditions=[text("exists (select from tasks)")]).others == {ANYTHING: ALL}


def test_reads_of_several_statements_are_one() -> None:
    fact = whole("tasks")
    one = Reads({MATTER: frozenset({"id"})}, {fact: Interest(frozenset({"id"}), False)})
    other = Reads({MATTER: frozenset({"state"}), TASK: None}, {fact: Interest(frozenset({"owner"}), True)})
    assert one | other == Reads(
        {MATTER: frozenset({"id", "state"}), TASK: None}, {fact: Interest(frozenset({"id", "owner"}), True)}
    )
    assert one.own == {MATTER: {"id"}}


def test_a_public_policy_looks_at_nothing() -> None:
    assert policy_reads(POLICIES, Organization) == Reads()


def test_a_policy_of_its_own_looks_at_columns_of_the_row() -> None:
    assert policy_reads(POLICIES, Matter).own == {MATTER: {"organization", "state"}}


def names(found: tuple[Named, ...]) -> list[tuple[str, list[str], Interest]]:
    return [(each.table, [key.name for key in each.policy], each.interest) for each in found]


@pytest.mark.parametrize(
    ("model", "own", "above"),
    [
        (Task, {TASK: {"matter_id"}}, [("matters", {"id", "organization", "state"})]),
        (
            Comment,
            {COMMENT: {"task_id"}},
            [("matters", {"id", "organization", "state"}), ("tasks", {"id", "matter_id"})],
        ),
    ],
)
def test_through_a_foreign_key_rows_above_matter_by_their_updates_alone(
    model: type, own: dict[Table, set[str]], above: list[tuple[str, set[str]]]
) -> None:
    """They cannot come or go without the row itself."""
    found = policy_reads(POLICIES, model)
    assert found.own == own
    assert found.others == {}
    assert [(table, interest) for table, _, interest in names(found.named)] == [
        (table, Interest(frozenset(columns), False)) for table, columns in above
    ]


def test_of_a_key_that_is_checked_at_commit_the_row_above_may_come_later() -> None:
    [named] = policy_reads(POLICIES, Draft).named
    assert named.table == "matters"
    assert named.interest == Interest(frozenset({"id", "organization", "state"}), True)


def test_visible_rows_are_named_by_the_keys_of_their_own_table() -> None:
    found = visible_rows(POLICIES, Desk, {Desk.__table__: frozenset({"code"})}, moves=True)  # type: ignore[dict-item]
    assert names(found) == [("desks", ["organization_id"], Interest(frozenset({"code"}), True))]
    # Those of lineages would make rows depend on more.
    assert names(visible_rows(POLICIES, Task, {TASK: None}, moves=False)) == [("tasks", [], Interest(None, False))]


def test_rows_above_come_and_go_as_the_viewer_sees_them() -> None:
    moves = Interest(frozenset(), True)
    assert names(tuple(rows_above(POLICIES, Comment))) == [
        ("tasks", ["matter_id->matters(id).organization"], moves),
        ("matters", ["organization"], moves),
    ]
    assert list(rows_above(POLICIES, Matter)) == []
