"""Filters and orders: of converted values, and within bounds."""

from typing import Any

import pytest
from sqlalchemy import Engine

import bff
from bff.database.session import Database
from bff.schema.catalog import Catalog
from tests.bff.entities.animals import SCHEMA, Ask
from tests.bff.reference import answer


@pytest.mark.parametrize(
    ("filter_", "keys"),
    [
        ('price: {gt: "0.05"}', "12"),
        ('price: {in: ["0.05", "100"]}', "24"),
        ("price: {isNull: true}", "3"),
        ("tame: {eq: true}", "1"),
        ("tame: {ne: true}", "234"),
        ('loudName: {eq: "OWL"}', "3"),
        ("eaten: {gte: 20}", "13"),
        ('label: {startsWith: "d"}', "2"),
        ("weight: {lt: 10.5}", "1"),
        ('key: {in: ["2", "3"]}', "23"),
        ('or: [{called: {contains: "CA"}}, {not: {price: {gt: "0"}}}]', "1"),
    ],
)
def test_filters_speak_of_converted_values(ask: Ask, filter_: str, keys: str) -> None:
    assert "".join(each["key"] for each in ask(f"{{ animals(filter: {{{filter_}}}) {{ key }} }}")["animals"]) == keys


@pytest.mark.parametrize(
    ("order", "keys"), [("PRICE_DESC", "3214"), ("EATEN_DESC", "1324"), ("LOUD_NAME_ASC", "1243"), ("TAME_ASC", "2134")]
)
def test_orders_and_pages_over_them(ask: Ask, order: str, keys: str) -> None:
    """Page by page, over values that convert, tie, or are NULL."""
    seen, after = "", "null"
    for _ in keys:
        page = ask(
            f"{{ page(first: 1, after: {after}, orderBy: [{order}])"
            " { totalCount nodes { key } pageInfo { hasNextPage endCursor } } }"
        )["page"]
        assert page["totalCount"] == 4
        seen, after = seen + page["nodes"][0]["key"], f'"{page["pageInfo"]["endCursor"]}"'
    assert seen == keys
    assert page["pageInfo"]["hasNextPage"] is False


@pytest.mark.parametrize(
    ("filter_", "says"),
    [
        ({"or": [{"key": {"eq": "1"}}] * 100}, r"Query.animals(filter:) takes 200 tests at most, not 301"),
        ({"key": {"in": ["1"] * 5001}}, r"Query.animals(filter: {key:}) takes 5000 values at most for `in`, not 5001"),
    ],
)
def test_filters_are_bounded(engine: Engine, filter_: Any, says: str) -> None:
    database = Database(engine, Catalog.of(SCHEMA).policies)
    query = "query ($f: AnimalFilter) { animals(filter: $f) { key } }"
    with database.open(None, bff.Deadline.after(20)) as scope:
        result = answer(SCHEMA, query, context=scope, variables={"f": filter_})
    assert [error.message for error in result.errors or []] == [says]
