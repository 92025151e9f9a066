"""What each kind of load depends on. That it is never too little is what random operations and writes show, in tests/bff/fuzz."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import pytest
import strawberry
from graphql import parse

import bff
from bff.entities.arguments import ListArguments
from bff.entities.filters import Test as FilterTest
from bff.entities.page import ListRequest
from bff.plan.lists import ListByParent, RootList
from bff.plan.loads import Aggregates, Batch, Load, RowsByKey
from bff.plan.plan import compile_plan
from bff.readsets.derive import facts_of
from bff.readsets.readset import Fact, Interest, joined, whole
from tests.bff.readsets import models
from tests.bff.readsets.models import POLICIES, Viewer


def lengths(keys: Sequence[int], _scope: bff.Scope) -> list[int]:
    return [0 for _ in keys]


@bff.entity(models.Matter, policy=POLICIES.policy(models.Matter))
class Matter:
    id: strawberry.ID
    state: str
    tasks: list[Task]
    task_count: int = bff.count("tasks")
    length: int = bff.batched(lengths, key="id", reads=["tasks.owner"])


@bff.entity(models.Task, policy=bff.through("matter"))
class Task:
    id: strawberry.ID
    owner: int
    matter: Matter


@strawberry.type
class Query:
    matter: Matter | None = bff.lookup()
    matters: list[Matter] = bff.collection()
    tasks: list[Task] = bff.collection()


SCHEMA = bff.Schema(query=Query)._schema


def load_of(kind: type[Load], source: str) -> Any:
    [load] = [
        each for each in compile_plan(SCHEMA, parse(source), strategy="rounds").whole().loads if type(each) is kind
    ]
    return load


def facts(load: Load, keys: Sequence[Any], results: Mapping[Any, Any], asked: Any = None) -> dict[Fact, Interest]:
    return joined(facts_of(load, asked, keys, results, Viewer(organization_id=7)))


def request(load: RootList | ListByParent, **arguments: Any) -> ListRequest:
    return ListRequest(ListArguments(load.order, **arguments), 100, "rows", None, None, None)


def moves(*columns: str) -> Interest:
    return Interest(frozenset(columns), True)


def test_rows_by_key_are_named_by_it_whether_they_are_there_or_not() -> None:
    load = load_of(RowsByKey, "{ matter(id: 1) { state } }")
    found = facts(load, [1, 2, None], {1: (1, "open")})
    assert found == {
        ("matters", ("id",), ("1",)): moves("id", "organization", "state"),
        ("matters", ("id",), ("2",)): moves("organization", "state"),
    }


@pytest.mark.parametrize(("fields", "columns"), [("id", set()), ("id owner", {"owner"})])
def test_what_is_shown_is_of_interest_and_nothing_else_is(fields: str, columns: set[str]) -> None:
    load = load_of(RootList, f"{{ tasks {{ {fields} }} }}")
    found = facts(load, [()], {(): []}, request(load))
    tasks = [interest.columns or () for (table, *_), interest in found.items() if table == "tasks"]
    assert set().union(*tasks) == {"id", "matter_id"} | columns


def test_a_collection_is_named_by_its_policy() -> None:
    load = load_of(RootList, "{ matters { id } }")
    found = facts(load, [()], {(): []}, request(load))
    assert found == {("matters", ("organization",), ("7",)): moves("id", "organization", "state")}


def test_a_filter_by_a_key_names_fewer_rows() -> None:
    load = load_of(RootList, "{ matters { id } }")
    found = facts(load, [()], {(): []}, request(load, condition=FilterTest("id", "in", [1, 2])))
    assert {dict(zip(columns, values, strict=True))["id"] for _, columns, values in found} == {"1", "2"}
    assert {table for table, *_ in found} == {"matters"}


def test_one_shape_of_filter_is_derived_once_and_keeps_no_values() -> None:
    load = load_of(RootList, "{ matters { id } }")
    for value in (1, 2):
        found = facts(load, [()], {(): []}, request(load, condition=FilterTest("id", "eq", value)))
        assert [dict(zip(columns, values, strict=True))["id"] for _, columns, values in found] == [str(value)]


def test_a_list_is_named_by_its_parent_though_it_is_empty() -> None:
    load = load_of(ListByParent, "{ matter(id: 1) { tasks { id owner } } }")
    found = facts(load, [1, 2], {1: [(1, 5, 6)]}, request(load))
    assert {("tasks", ("matter_id",), (key,)) for key in "12"} <= set(found)
    assert found["tasks", ("matter_id",), ("2",)] == moves("id", "matter_id", "owner")
    assert whole("tasks") not in found


def test_an_aggregate_is_of_the_parents_rows_and_not_of_what_they_hold() -> None:
    load = load_of(Aggregates, "{ matter(id: 1) { taskCount } }")
    found = facts(load, [1], {1: (1, 3)})
    assert "owner" not in (found["tasks", ("matter_id",), ("1",)].columns or ())
    assert found["tasks", ("matter_id",), ("1",)].moves


def test_a_batch_function_depends_on_what_it_is_declared_to_read() -> None:
    load = load_of(Batch, "{ matter(id: 1) { length } }")
    found = facts(load, [1], {1: 0})
    assert found["tasks", ("matter_id",), ("1",)] == moves("id", "matter_id", "owner")
    assert {table for table, *_ in found} == {"tasks"}


def test_of_a_load_that_is_not_known_nothing_is_guessed() -> None:
    class Unknown(Load):
        text, models = "", ()

        def run(self, source: Any, request: Any, keys: list[Any], computed: Any) -> dict[Any, Any]:
            return {}

    with pytest.raises(TypeError, match="nothing is known of what <Unknown rows> reads"):
        list(facts_of(Unknown("rows"), None, [1], {}, None))
