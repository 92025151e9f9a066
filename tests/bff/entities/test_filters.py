"""Filters and orders: of converted values, and within bounds."""

import decimal
import re
from typing import Any, cast

import pytest
import strawberry
from graphql import GraphQLInputObjectType
from graphql.utilities import coerce_input_value
from sqlalchemy import Engine
from sqlalchemy.dialects.postgresql import INET
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import bff
from bff.database.session import Database
from bff.entities import filters
from bff.schema.catalog import Catalog
from tests.bff.entities.animals import SCHEMA, Animal, Ask
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


# What a filter of a request means: conditions, over the columns that the type shows

TYPES = SCHEMA.type_map
ANIMAL: Any = Catalog.of(SCHEMA).named("Animal")


def condition(raw: dict[str, Any]) -> filters.Condition:
    """The condition of a filter as graphql-core coerces it."""
    type_ = cast(GraphQLInputObjectType, TYPES["AnimalFilter"])
    return filters.condition_of(coerce_input_value(raw, type_), type_, ANIMAL, "Query.animals")


def one(attribute: str, operator: str, value: Any) -> filters.Condition:
    return filters.Test(attribute, operator, value)


@pytest.mark.parametrize(
    ("raw", "expected"),
    [
        ({}, filters.All(())),
        ({"called": {"eq": "cat"}}, one("called", "eq", "cat")),
        ({"called": {}}, filters.All(())),
        ({"called": None}, filters.All(())),
        ({"called": {"eq": "a", "startsWith": "b"}}, filters.All((one("called", "eq", "a"), one("called", "starts_with", "b")))),
        ({"called": {"eq": None}}, one("called", "is_null", True)),
        ({"called": {"ne": None}}, one("called", "is_null", False)),
        ({"called": {"isNull": None}}, filters.All(())),
        ({"called": {"in": []}}, one("called", "in", ())),
        ({"price": {"in": ["0.05", "1"]}}, one("price", "in", (decimal.Decimal("0.05"), decimal.Decimal(1)))),
        ({"key": {"in": ["1", "2"]}}, one("key", "in", (1, 2))),
        ({"not": {"tame": {"eq": True}}}, filters.Not(one("tame", "eq", True))),
        ({"or": []}, filters.Some(())),
        ({"and": [{}, {"tame": {"isNull": True}}]}, filters.All((filters.All(()), one("tame", "is_null", True)))),
        (
            {"or": [{"key": {"eq": "1"}}, {"not": {"called": {"contains": "x"}}}], "tame": {"ne": False}},
            filters.All(
                (one("tame", "ne", False), filters.Some((one("key", "eq", 1), filters.Not(one("called", "contains", "x")))))
            ),
        ),
    ],
    ids=repr,
)  # fmt: skip
def test_what_a_filter_means(raw: dict[str, Any], expected: filters.Condition) -> None:
    assert condition(raw) == expected


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"called": {"in": None}}, "Query.animals(filter: {called:}) takes a list for `in`, not null"),
        ({"weight": {"lt": None}}, "Query.animals(filter: {weight:}) takes no null for `lt`; use isNull"),
        (
            {"called": {"startsWith": None}},
            "Query.animals(filter: {called:}) takes no null for `startsWith`; use isNull",
        ),
        ({"key": {"eq": "x"}}, "Query.animals(filter: {key:}) takes an integer"),
        ({"not": {"not": {"key": {"in": ["1", str(2**63)]}}}}, "Query.animals(filter: {key:}) takes an integer"),
    ],
)
def test_values_that_a_column_cannot_have(raw: dict[str, Any], says: str) -> None:
    with pytest.raises(bff.BadUserInput, match=re.escape(says)):
        condition(raw)


def test_tests_of_one_filter_are_counted_wherever_they_stand() -> None:
    """Joins count, and lists of values are one."""
    tests = [{"key": {"in": ["1"] * 100}}] * ((filters.MAX_TESTS - 2) // 3)
    condition({"or": tests})
    with pytest.raises(bff.BadUserInput, match=r"takes 200 tests at most, not 202"):
        condition({"not": {"or": tests}, "called": {"eq": "x"}})


# The types


class Base(DeclarativeBase):
    pass


def test_what_is_not_shown_cannot_be_asked_about() -> None:
    shown = {name for name in TYPES["AnimalFilter"].fields if name not in ("and", "or", "not")}  # type: ignore[attr-defined]
    type_ = TYPES["Animal"]
    assert shown < set(type_.fields)  # type: ignore[attr-defined]
    # A scalar of the host's, and columns without an order.
    assert {"picture", "friends"}.isdisjoint(shown)
    orders = {name.rpartition("_")[0] for name in TYPES["AnimalOrder"].values}  # type: ignore[attr-defined]
    assert {"CALLED", "PRICE"} < orders
    assert "PICTURE" not in orders


class HostRow(Base):
    __tablename__ = "hosts"
    id: Mapped[int] = mapped_column(primary_key=True)
    address: Mapped[str] = mapped_column(INET)


@bff.entity(HostRow, policy=bff.public)
class Host:
    address: str


def test_a_column_that_cannot_be_checked_is_tested_for_null_alone() -> None:
    @strawberry.type
    class Query:
        hosts: list[Host] = bff.collection()

    types: Any = bff.Schema(Query)._schema.type_map
    assert types["HostFilter"].fields["address"].type is types["NullTests"]
    assert list(types["NullTests"].fields) == ["isNull"]


@pytest.mark.parametrize(
    ("name", "operators"),
    [
        ("StringTests", ["eq", "ne", "in", "lt", "lte", "gt", "gte", "contains", "startsWith", "isNull"]),
        ("BooleanTests", ["eq", "ne", "in", "isNull"]),
        ("IDTests", ["eq", "ne", "in", "isNull"]),
        ("DecimalTests", ["eq", "ne", "in", "lt", "lte", "gt", "gte", "isNull"]),
    ],
)
def test_the_operators_of_a_type(name: str, operators: list[str]) -> None:
    assert list(TYPES[name].fields) == operators  # type: ignore[attr-defined]


def test_the_types_of_an_entity_are_made_once() -> None:
    assert filters.filter_input(Animal) is filters.filter_input(Animal)
    assert filters.order_enum(Animal) is filters.order_enum(Animal)
