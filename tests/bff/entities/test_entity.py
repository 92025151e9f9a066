"""Models that are mapped in less usual ways, each read by the engine and by graphql-core, with the answer written out.

The fuzzed schema (`tests.bff.fuzz.odd`) has the usual odd ones: composite keys, trees, `secondary=`, inheritance, enums,
arrays, JSONB. Here is the rest: types that convert, names that differ, columns and relations with rules of their own.
"""

import uuid
from collections.abc import Callable
from contextlib import AbstractContextManager
from typing import Any

from graphql import parse
from sqlalchemy import Engine

import bff
from bff.database.session import Database
from bff.engine.execution import execute
from bff.schema.catalog import Catalog
from tests.bff.entities.animals import SCHEMA, Ask
from tests.bff.reference import answer


def test_names_types_and_computed_columns(ask: Ask) -> None:
    query = (
        '{ animal(key: "1") { key called label name loudName price tame weight story plainJson eaten minutesAsleep } }'
    )
    assert ask(query)["animal"] == {
        "key": "1", "called": "cat", "label": "cat", "name": "cat", "loudName": "CAT", "price": "12.5", "tame": True,
        "weight": 4.25, "story": "long", "plainJson": {"a": [1]}, "eaten": 300, "minutesAsleep": 120.0,
    }  # fmt: skip


def test_bytes_travel_in_the_hosts_own_scalar(ask: Ask) -> None:
    assert ask('{ animal(key: "3") { picture } }') == {"animal": {"picture": "AP8="}}


def test_a_base_class_with_objects_of_its_own(ask: Ask) -> None:
    data = ask("{ animals { __typename nodeId ... on Bird { wings } } birds { key wings } }")
    assert data["animals"] == [
        {"__typename": "Beast", "nodeId": "Beast:1"},
        {"__typename": "Beast", "nodeId": "Beast:2"},
        {"__typename": "Bird", "nodeId": "Bird:3", "wings": 2},
        {"__typename": "Bird", "nodeId": "Bird:4", "wings": 3},
    ]
    assert data["birds"] == [{"key": "4", "wings": 3}, {"key": "3", "wings": 2}]


def test_relations_with_conditions_of_their_own(ask: Ask) -> None:
    data = ask(
        '{ animal(key: "1") { feedings { grams } bigFeedings { grams } lastFeeding { grams } heavier { called } } }'
    )
    assert data["animal"] == {
        "feedings": [{"grams": 50}, {"grams": 150}, {"grams": 100}],
        "bigFeedings": [{"grams": 150}, {"grams": 100}],
        "lastFeeding": {"grams": 100},
        "heavier": [{"called": "dog"}],
    }


def test_soft_deleted_rows_are_gone_on_every_path(ask: Ask) -> None:
    data = ask("{ animals { called friends { called } friendOf { called } } feedings { grams } birds { called } }")
    assert [(each["called"], [f["called"] for f in each["friends"]]) for each in data["animals"]] == [
        ("cat", ["dog", "owl"]), ("dog", ["cat"]), ("owl", []), ("jay", []),
    ]  # fmt: skip
    assert [each["grams"] for each in data["feedings"]] == [150, 100, 50, 20]
    assert [each["called"] for each in data["birds"]] == ["jay", "owl"]
    assert ask('{ a: animal(key: "5") { key } b: bird(key: "5") { key } c: node(id: "Bird:5") { nodeId } }') == {
        "a": None, "b": None, "c": None,
    }  # fmt: skip


def test_aggregates_over_them(ask: Ask) -> None:
    assert ask('{ animal(key: "1") { feedingCount bigCount grams friendValue } }') == {
        "animal": {"feedingCount": 3, "bigCount": 2, "grams": 50, "friendValue": "100"}
    }


def test_a_uuid_that_is_none_is_a_mistake_and_an_unknown_one_is_nothing(engine: Engine, ask: Ask) -> None:
    assert ask(f'{{ node(id: "Feeding:{uuid.UUID(int=99)}") {{ nodeId }} }}') == {"node": None}
    database = Database(engine, Catalog.of(SCHEMA).policies)
    with database.open(None, bff.Deadline.after(20)) as scope:
        result = answer(SCHEMA, '{ node(id: "Feeding:7") { nodeId } }', context=scope)
    assert [error.message for error in result.errors or []] == ["the global id of Feeding takes a UUID, not '7'"]


def test_only_the_columns_asked_for_are_read(
    engine: Engine, count_sql: Callable[..., AbstractContextManager[Any]]
) -> None:
    database = Database(engine, Catalog.of(SCHEMA).policies)
    with count_sql(engine) as statements, database.open(None, bff.Deadline.after(20)) as scope:
        execute(SCHEMA, parse("{ feedings { grams animal { called } } }"), context_value=scope, strategy="rounds")
    assert statements.count == 2
    assert "story_text" not in str(statements)
    assert "price_in_cents" not in str(statements)
