"""What policies say that columns equal: of a row itself, and of rows that foreign keys lead to from it."""

from __future__ import annotations

from typing import Any

import pytest
from sqlalchemy import ForeignKey, or_
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from bff import public, through
from bff.entities.policy import Policies, Policy
from bff.errors import DeclarationError
from bff.readsets.policy_keys import Lineage, PolicyKey, foreign_key_of, is_key, lineages, policy_keys
from tests.bff.readsets.models import POLICIES, Comment, Desk, Draft, Matter, Organization, Task, Viewer

MATTER, TASK, COMMENT = Matter.__table__, Task.__table__, Comment.__table__


def keys_of(model: type, policy: Policy) -> list[PolicyKey]:
    return list(policy_keys(Policies({**dict.fromkeys((Matter, Organization), public), model: policy}), model))


def test_a_policy_names_the_rows_of_a_viewer_by_a_column_of_theirs() -> None:
    [key] = policy_keys(POLICIES, Matter)
    assert (key.table, key.name, key.attribute, key.is_one_of) == (MATTER, "organization", "organization_id", False)
    assert key.lineage is None
    assert key.values(Viewer(organization_id=7)) == ["7"]


def test_a_policy_may_name_them_by_one_of_several_values() -> None:
    [key] = policy_keys(POLICIES, Desk)
    assert (key.name, key.attribute, key.is_one_of) == ("organization_id", "organization_ids", True)
    assert key.values(Viewer(organization_ids=(8, 7))) == ["8", "7"]
    assert key.values(Viewer(organization_ids={7})) == ["7"]
    assert key.values(Viewer(organization_ids=[None, 7])) == ["7"]
    assert key.values(Viewer(organization_ids=())) == []


@pytest.mark.parametrize("viewer", [None, Viewer(organization_id=None, organization_ids=None)])
@pytest.mark.parametrize("model", [Matter, Desk])
def test_who_has_no_value_has_no_rows(model: type, viewer: object) -> None:
    [key] = policy_keys(POLICIES, model)
    assert key.values(viewer) == []


def test_a_value_that_is_of_another_type_cannot_be_told() -> None:
    [key] = policy_keys(POLICIES, Matter)
    assert key.values(Viewer(organization_id=7.5)) == [None]


def test_a_viewer_without_the_attribute_is_a_declaration_that_is_wrong() -> None:
    [key] = policy_keys(POLICIES, Matter)
    with pytest.raises(DeclarationError, match=r"viewer\.organization_id"):
        key.values(object())


def test_through_a_relationship_it_is_a_column_of_the_row_above() -> None:
    [key] = policy_keys(POLICIES, Task)
    assert key.lineage == Lineage(tuple(TASK.foreign_key_constraints), MATTER.c.organization)
    assert (key.table, key.name) == (TASK, "matter_id->matters(id).organization")
    assert key.values(Viewer(organization_id=7)) == ["7"]


def test_through_several_it_is_told_from_the_row_upwards() -> None:
    [key] = policy_keys(POLICIES, Comment)
    assert key.lineage is not None
    assert [each.table for each in key.lineage.foreign_keys] == [COMMENT, TASK]
    assert (key.table, key.name) == (COMMENT, "task_id->tasks(id).matter_id->matters(id).organization")


def test_the_lineages_of_all_models_are_those_of_keys_that_stand_above() -> None:
    keys = [list(policy_keys(POLICIES, model)) for model in (Task, Comment, Draft)]
    assert lineages(POLICIES) == {key.lineage for [key] in keys}


def test_a_public_model_names_no_rows() -> None:
    assert list(policy_keys(POLICIES, Organization)) == []


@pytest.mark.parametrize(
    "policy",
    [
        pytest.param(lambda task, viewer: task.owner == viewer.id, id="no key of the row"),
        pytest.param(lambda task, viewer: task.matter_id != viewer.matter_id, id="no equality"),
        pytest.param(lambda task, viewer: or_(task.matter_id == viewer.id, task.owner == viewer.id), id="either"),
        pytest.param(lambda task, viewer: task.matter_id == 5, id="the same for every viewer"),
        pytest.param(lambda task, viewer: task.matter.has(Matter.id == viewer.id), id="of another row"),
    ],
)
def test_what_changes_do_not_tell_or_not_every_row_has_names_no_rows(policy: Policy) -> None:
    assert keys_of(Task, policy) == []


def test_of_what_must_hold_together_each_names_rows() -> None:
    def policy(task: Any, viewer: Any) -> Any:
        return (viewer.task_id == task.id) & (task.matter_id == viewer.matter_id) & (task.owner == viewer.id)

    assert {(key.name, key.attribute) for key in keys_of(Task, policy)} == {
        ("id", "task_id"),
        ("matter_id", "matter_id"),
    }


def test_through_public_rows_names_none() -> None:
    assert keys_of(Task, through("matter")) == []


# ---- foreign keys of relationships


class Base(DeclarativeBase):
    pass


class Node(Base):
    """Has one above and several below, of its own table."""

    __tablename__ = "nodes"
    id: Mapped[int] = mapped_column(primary_key=True)
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("nodes.id"))
    code: Mapped[int]
    parent: Mapped[Node | None] = relationship(remote_side="Node.id", back_populates="children")
    children: Mapped[list[Node]] = relationship(back_populates="parent")
    twin: Mapped[Node | None] = relationship(
        primaryjoin="foreign(Node.code) == remote(Node.id)", viewonly=True, uselist=False
    )


@pytest.mark.parametrize(("name", "is_one"), [("parent", True), ("children", False), ("twin", False)])
def test_a_relationship_is_a_foreign_key_only_from_below(name: str, is_one: bool) -> None:
    found = foreign_key_of(Node.__mapper__.relationships[name])
    assert found is (next(iter(Node.__table__.foreign_key_constraints)) if is_one else None)


def test_primary_and_foreign_keys_are_what_changes_tell() -> None:
    columns = Node.__table__.c
    assert [is_key(columns[name]) for name in ("id", "parent_id", "code")] == [True, True, False]
    assert not is_key(columns.id + 1)
