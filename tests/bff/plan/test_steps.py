"""The tree of a plan: what its fields wait for, and how they are named."""

from __future__ import annotations

from typing import Any

import pytest
from graphql import parse

from bff.plan.plan import Variant, compile_plan
from bff.plan.steps import FieldPlan, Selection, loads_of
from tests.bff.entities import ships
from tests.bff.plan.authors import SCHEMA


def variant(schema: Any, text: str) -> Variant:
    return compile_plan(schema, parse(text), strategy="rounds").whole()


WHOLE = variant(
    SCHEMA._schema,
    """{
      author(id: "1") { name nodeId shout length mentor { id } students { id } studentCount bookPage { totalCount nodes { id } } }
      node(id: "Book:1") { __typename }
    }""",
)
FIELDS = {each.name: each for each in WHOLE.fields()}


@pytest.mark.parametrize(
    ("name", "loads"),
    [
        ("Query.author", ["Author by id"]),
        ("Author.mentor", ["Author by id"]),
        ("Author.students", ["Author.students"]),
        ("Author.studentCount", ["aggregates of Author.students"]),
        ("Author.length", ["Author.length"]),
        ("Author.bookPage", ["Author.books"]),
        ("BookConnection.totalCount", ["count of Author.books"]),
        ("BookConnection.nodes", []),
        ("Author.name", []),
        ("Author.nodeId", []),
        ("Author.shout", []),
    ],
)
def test_what_a_field_waits_for(name: str, loads: list[str]) -> None:
    found = loads_of(FIELDS[name].step)
    assert [each.label for each in found] == loads
    assert set(found) <= set(WHOLE.loads)


def test_a_node_waits_for_one_load_a_type() -> None:
    labels = [each.label for each in loads_of(FIELDS["Query.node"].step)]
    assert "Book by id" in labels
    assert len(labels) == len(set(labels)) == 7


def test_what_is_subscribed_to_waits_for_its_rows() -> None:
    """A change for those that were, too; and who is there, for the place."""
    for text, labels in (
        ("subscription { shipChanged(id: 1) { id } }", ["Ship by id", "Ship as it was, by "]),
        ("subscription { sailorAdded(fleet: 1) { id } }", ["Sailor by id"]),
        ("subscription { mates(shipId: 1) { id } }", ["ShipRow by id", "Sailor by id"]),
    ):
        [field] = variant(ships.SCHEMA, text).root.fields
        found = [each.label for each in loads_of(field.step)]
        assert len(found) == len(labels)
        assert all(one.startswith(label) for one, label in zip(found, labels, strict=True))


def test_a_load_stands_above_what_waits_for_its_rows() -> None:
    by_label = {each.label: each for each in WHOLE.loads}
    below = {each.label for each in by_label["Author by id"].downstream}
    assert {"Author.students", "aggregates of Author.students", "Author.length", "Author.books"} <= below
    assert by_label["Author.length"].downstream == set()


def test_fields_are_named_by_type_and_shown_with_their_key() -> None:
    [field] = variant(SCHEMA._schema, '{ it: author(id: "1") { name } }').root.fields
    assert (field.name, field.key, [node.name.value for node in field.nodes]) == ("Query.author", "it", ["author"])
    assert repr(field) == "<FieldPlan Query.author as it: LookUp>"
    below = field.selections["Author"]
    assert isinstance(below, Selection)
    assert repr(below) == "<Selection of 1 on Author>"


def test_merged_fields_keep_the_nodes_of_all() -> None:
    [field] = variant(SCHEMA._schema, "{ books { id } books { title } }").root.fields
    assert len(field.nodes) == 2
    assert [each.key for each in below(field)] == ["id", "title"]


def below(field: FieldPlan) -> list[FieldPlan]:
    [selection] = field.selections.values()
    assert isinstance(selection, Selection)
    return selection.fields


def test_objects_of_one_type_with_the_same_below_share_a_selection() -> None:
    """Else a plan would grow with the number of types at each level."""
    [works] = variant(SCHEMA._schema, "{ works { author { id } } }").root.fields
    [film, song] = [each.fields[0] for each in works.selections.values() if isinstance(each, Selection)]
    assert film is not song
    assert film.selections["Author"] is song.selections["Author"]
