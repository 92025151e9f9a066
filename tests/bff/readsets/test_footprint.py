"""What a load depends on, given its keys, rows and viewer: as few facts as tell it, and never too few."""

from __future__ import annotations

import datetime
from collections.abc import Iterable
from typing import Any

import pytest

from bff.entities import filters
from bff.entities.arguments import ListArguments
from bff.entities.cursors import CursorCodec
from bff.entities.entity import Entity
from bff.entities.filters import All, Condition, Not, Some
from bff.entities.page import Page
from bff.readsets.footprint import Footprint, Keyed, Named, Part
from bff.readsets.policy_keys import PolicyKey
from bff.readsets.readset import ALL, Fact, Interest, whole
from tests.bff.readsets.models import Matter, Task, Viewer

TITLE, MOVES = Interest(frozenset({"title"}), False), Interest(frozenset(), True)


def text(value: Any) -> str | None:
    """Texts of numbers; of what else there is, none can be told."""
    return str(value) if isinstance(value, int) else None


def keyed(*columns: str, absent: Interest | None = None) -> Keyed:
    return Keyed("tasks", tuple(Part(name, i, text) for i, name in enumerate(columns)), TITLE, absent)


def a_test(attribute: str, operator: str, value: Any) -> Condition:
    # Under its own name pytest would take it for tests.
    return filters.Test(attribute, operator, value)


def policy_key(column: Any, attribute: str, *, is_one_of: bool = False) -> PolicyKey:
    return PolicyKey(column, attribute, is_one_of, text)


def facts(named: Named, condition: Condition | None = None, viewer: object = Viewer()) -> list[Fact]:
    return list(named.facts(viewer, condition))


# ---- by keys


def test_a_key_names_its_rows_by_its_columns() -> None:
    assert keyed("id").fact((5,)) == ("tasks", ("id",), ("5",))
    assert keyed("desk", "number").fact((5, 6)) == ("tasks", ("desk", "number"), ("5", "6"))


def test_parts_stand_where_they_are_said_to() -> None:
    part = Keyed("tasks", (Part("matter_id", 2, text),), TITLE)
    assert part.fact(("a row", None, 7)) == ("tasks", ("matter_id",), ("7",))


def test_a_key_with_null_names_no_row() -> None:
    assert keyed("desk", "number").fact((5, None)) is None


def test_of_a_value_whose_text_cannot_be_told_it_is_the_whole_table() -> None:
    assert keyed("desk", "number").fact((5, datetime.date(2026, 1, 1))) == whole("tasks")


# ---- by policy and filter


def test_a_policy_names_the_rows_of_its_viewer() -> None:
    named = Named("matters", (policy_key(Matter.__table__.c.organization, "organization_id"),), {}, ALL)
    assert facts(named) == [("matters", ("organization",), ("7",))]


def test_who_has_no_rows_depends_on_none_of_the_table() -> None:
    named = Named("matters", (policy_key(Matter.__table__.c.organization, "organization_id"),), {}, ALL)
    assert facts(named, viewer=None) == []


def test_what_nothing_names_is_the_whole_table() -> None:
    assert facts(Named("matters", (), {}, ALL)) == [whole("matters")]
    unknown = Named("matters", (policy_key(Matter.__table__.c.organization, "organization_id"),), {}, ALL)
    assert facts(unknown, viewer=Viewer(organization_id="?")) == [whole("matters")]


def test_one_value_that_cannot_be_told_makes_its_column_useless() -> None:
    named = Named("t", (policy_key(Task.__table__.c.matter_id, "organization_ids", is_one_of=True),), {}, ALL)
    assert facts(named, viewer=Viewer(organization_ids=(7, "?"))) == [whole("t")]


FILTERED = Named(
    "tasks",
    (policy_key(Task.__table__.c.matter_id, "organization_ids", is_one_of=True),),
    {"owner": ("owner_id", text), "matter_id": ("matter_id", text)},
    ALL,
)


@pytest.mark.parametrize(
    ("condition", "owners"),
    [
        (a_test("owner", "eq", 1), ["1"]),
        (a_test("owner", "in", [1, 2, 1]), ["1", "2"]),
        (a_test("owner", "in", []), []),
        (All((a_test("title", "eq", "x"), All((a_test("owner", "eq", 1),)))), ["1"]),
    ],
)
def test_a_filter_names_rows_together_with_the_policy(condition: Condition, owners: list[str]) -> None:
    found = {frozenset(zip(columns, values, strict=True)) for _, columns, values in facts(FILTERED, condition)}
    assert found == {
        frozenset({("owner_id", owner), ("matter_id", matter)}) for owner in owners for matter in ("7", "8")
    }


@pytest.mark.parametrize(
    "condition",
    [
        a_test("owner", "ne", 1),
        a_test("owner", "lt", 1),
        a_test("owner", "eq", "?"),
        Not(a_test("owner", "eq", 1)),
        Some((a_test("owner", "eq", 1), a_test("owner", "eq", 2))),
        All((Some((a_test("owner", "eq", 1),)),)),
        All(()),
    ],
)
def test_a_test_that_need_not_hold_or_names_no_value_names_no_rows(condition: Condition) -> None:
    assert facts(FILTERED, condition) == facts(FILTERED) == [("tasks", ("matter_id",), (v,)) for v in ("7", "8")]


def test_the_policy_counts_where_a_filter_has_the_same_column() -> None:
    assert facts(FILTERED, a_test("matter_id", "eq", 7)) == facts(FILTERED)


def test_of_many_values_the_columns_with_the_fewest_are_told() -> None:
    """150 owners in each of two matters would be 300 facts."""
    found = facts(FILTERED, a_test("owner", "in", list(range(150))))
    assert found == [("tasks", ("matter_id",), (value,)) for value in ("7", "8")]
    assert len(facts(FILTERED, a_test("owner", "in", list(range(100))))) == 200
    alone = Named("tasks", (), FILTERED.filtered, ALL)
    assert len(facts(alone, a_test("owner", "in", list(range(200))))) == 200
    assert facts(alone, a_test("owner", "in", list(range(201)))) == [whole("tasks")]


# ---- together


def told(footprint: Footprint, keys: Iterable[Any], results: dict[Any, Any]) -> list[tuple[Fact, Interest]]:
    return list(footprint.facts(keys, results, Viewer(), None))


def test_what_is_fixed_and_named_counts_without_any_key() -> None:
    named = Named("matters", (policy_key(Matter.__table__.c.organization, "organization_id"),), {}, MOVES)
    footprint = Footprint({whole("teams"): ALL}, by_key=(keyed("id"),), named=(named,))
    assert told(footprint, [], {}) == [(whole("teams"), ALL), (("matters", ("organization",), ("7",)), MOVES)]


def test_a_key_that_leads_nowhere_is_no_fact_and_one_that_found_nothing_is() -> None:
    footprint = Footprint({}, by_key=(keyed("id", absent=MOVES),))
    assert told(footprint, [None, 1, 2], {1: ("a row",), 2: None}) == [
        (("tasks", ("id",), ("1",)), TITLE),
        (("tasks", ("id",), ("2",)), MOVES),
    ]
    # Unless more is said of it, what is not there is of the same interest.
    assert told(Footprint({}, by_key=(keyed("id"),)), [2], {}) == [(("tasks", ("id",), ("2",)), TITLE)]


def test_a_key_of_several_columns_is_taken_apart() -> None:
    footprint = Footprint({}, by_key=(keyed("desk", "number"),))
    assert told(footprint, [(1, 2)], {}) == [(("tasks", ("desk", "number"), ("1", "2")), TITLE)]


def page(rows: list[Any]) -> Page:
    codec = CursorCodec(b"secret", Entity(Task, Task, "Task", None), (), ())
    return Page(rows, 1, ListArguments(()), codec, 0, False)


@pytest.mark.parametrize("of", [list, tuple, page])
def test_rows_that_were_read_name_others(of: Any) -> None:
    footprint = Footprint({}, by_row=(Keyed("people", (Part("id", 1, text),), TITLE),))
    results = {1: of([("row", 5), ("row", None), ("row", 6)])}
    assert told(footprint, [1], results) == [(("people", ("id",), (value,)), TITLE) for value in ("5", "6")]


def test_an_empty_list_names_none() -> None:
    footprint = Footprint({}, by_row=(Keyed("people", (Part("id", 1, text),), TITLE),))
    assert told(footprint, [1, 2], {1: [], 2: None}) == []


def test_of_a_list_with_too_many_rows_any_may_be_the_one() -> None:
    footprint = Footprint({}, by_row=(Keyed("people", (Part("id", 1, text),), TITLE),))
    assert told(footprint, [1], {1: ValueError("more than 500")}) == [(whole("people"), TITLE)]
