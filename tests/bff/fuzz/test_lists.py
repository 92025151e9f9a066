"""Every list of the odd models in every order, paged from both ends; every filter with every kind of value.

Random operations seldom meet a cursor whose row has NULL in the ordering column, or a filter that keeps just one row. Here
each is tried, and what graphql-core answers is again what the engine must answer.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from graphql import GraphQLEnumType, GraphQLInputObjectType, get_named_type, parse
from sqlalchemy.orm import Session

from tests.bff.fuzz.operations import Choices, Name, Place
from tests.bff.fuzz.subjects import Site, Subject
from tests.bff.fuzz.values import EXTREMES, Samples

pytestmark = pytest.mark.slow

CONNECTIONS = {
    "places": "places: placesConnection",
    "letters": "letters: lettersConnection",
    "stays": "stays: staysConnection",
    "vehicles": "vehicles: vehiclesConnection",
}
"""A selection of each root connection under the name of its type's filter and order."""

TYPES = {"places": "Place", "letters": "Letter", "stays": "Stay", "vehicles": "Vehicle"}


@pytest.mark.parametrize("name", CONNECTIONS)
def test_every_order_is_paged_from_both_ends(odd_site: Site, name: str) -> None:
    order_type = odd_site.schema.type_map[f"{TYPES[name]}Order"]
    assert isinstance(order_type, GraphQLEnumType)
    viewer = odd_site.viewers[0]
    source = f"""
    query($first: Int, $after: String, $last: Int, $before: String, $order: [{TYPES[name]}Order!]) {{
      {CONNECTIONS[name]}(first: $first, after: $after, last: $last, before: $before, orderBy: $order) {{
        totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }} edges {{ cursor node {{ nodeId }} }}
      }}
    }}"""
    subject = Subject(odd_site.schema, parse(source), None)

    def page(**variables: Any) -> Any:
        result = odd_site.answer(subject, variables, viewer)
        assert result.errors is None
        assert result.data is not None
        return result.data[name]

    def ids(edges: list[Any]) -> list[str]:
        return [edge["node"]["nodeId"] for edge in edges]

    whole = page(first=100)
    assert whole["totalCount"] == len(whole["edges"]) > 5
    for orders in [[], *([value] for value in order_type.values), [*order_type.values][:3:-1]]:
        everything = ids(page(first=100, order=orders)["edges"])
        assert sorted(everything) == sorted(ids(whole["edges"]))
        for size in (4,) if orders else (1, 3):
            forward: list[str] = []
            after, more = None, True
            while more:
                part = page(first=size, after=after, order=orders)
                forward += ids(part["edges"])
                after, more = part["pageInfo"]["endCursor"], part["pageInfo"]["hasNextPage"]
            assert forward == everything
        backward: list[str] = []
        before, more = None, True
        while more:
            part = page(last=5, before=before, order=orders)
            backward = ids(part["edges"]) + backward
            before, more = part["pageInfo"]["startCursor"], part["pageInfo"]["hasPreviousPage"]
        assert backward == everything


class Fixed(Choices):
    """Choices that take the number they are told, so that a test can go through all of them."""

    def __init__(self, number: int) -> None:
        self.number = number

    def chance(self, percent: int) -> bool:
        return percent > 50

    def among(self, options: Any) -> Any:
        return options[self.number % len(options)]

    def between(self, low: int, high: int) -> int:
        return low + self.number % (high - low + 1)

    def text(self) -> str:
        return "ab"[: self.number % 3]


def filters(site: Site, samples: Samples, type_name: str) -> Iterator[dict[str, Any]]:
    """Filters of one test each, as JSON has them: every column, operator and sample, and null."""
    filter_type = site.schema.type_map[f"{type_name}Filter"]
    assert isinstance(filter_type, GraphQLInputObjectType)
    for column, field in filter_type.fields.items():
        tests = get_named_type(field.type)
        if not isinstance(tests, GraphQLInputObjectType) or tests is filter_type:
            continue
        for operator, test in tests.fields.items():
            if operator == "isNull":
                yield from ({column: {operator: value}} for value in (True, False, None))
                continue
            leaf = get_named_type(test.type)
            place = Place("Query", "list", ("filter", column, operator))
            values = [samples(Fixed(number), leaf, place) for number in range(4)]
            values += EXTREMES.get(leaf.name, ())
            plain = [each.name if isinstance(each, Name) else each for each in values if each is not None]
            plain = [each for each in plain if isinstance(each, (str, int, float, bool))]
            if isinstance(leaf, GraphQLEnumType):
                plain += list(leaf.values)
            if operator == "in":
                yield from ({column: {"in": each}} for each in (plain, plain[:2], [], None))
            else:
                yield from ({column: {operator: each}} for each in [*dict.fromkeys(plain), None])


@pytest.mark.parametrize("name", CONNECTIONS)
def test_every_filter_keeps_the_same_rows(odd_site: Site, name: str) -> None:
    with Session(odd_site.database.engine) as session:
        samples = Samples(odd_site.schema, session)
    source = f"""
    query($filter: {TYPES[name]}Filter) {{
      {CONNECTIONS[name]}(first: 100, filter: $filter) {{ totalCount nodes {{ nodeId }} }}
    }}"""
    subject = Subject(odd_site.schema, parse(source), None)
    kept: set[int] = set()
    singles = list(filters(odd_site, samples, TYPES[name]))
    pairs = [
        {kind: [one, other]} for kind in ("and", "or") for one, other in zip(singles[::8], singles[1::8], strict=False)
    ]
    for filter_ in [
        # Every other one: columns of a type have their values in common, so that each value has its turn.
        *singles[::2],
        *pairs,
        *({"not": each} for each in [*singles[::5], *pairs[::3]]),
        {},
        {"or": []},
        {"and": []},
    ]:
        result = odd_site.answer(subject, {"filter": filter_}, odd_site.viewers[0])
        if result.data and result.data[name]:
            kept.add(result.data[name]["totalCount"])
            assert len(result.data[name]["nodes"]) == result.data[name]["totalCount"]
    # Filters that keep some rows, not just all or none.
    assert len(kept) > 4


NESTED = ["childrenConnection", "labelsConnection", "receivedConnection"]


@pytest.mark.parametrize("field", NESTED)
def test_lists_of_every_parent_are_paged_by_one_cursor(odd_site: Site, field: str) -> None:
    """A cursor is a place in an order: the one of any parent's row serves for all parents."""
    source = f"""
    query($first: Int, $last: Int, $after: String, $before: String) {{
      places {{
        nodeId
        list: {field}(first: $first, last: $last, after: $after, before: $before) {{
          totalCount pageInfo {{ hasNextPage hasPreviousPage startCursor endCursor }}
          edges {{ cursor node {{ nodeId }} }} nodes {{ nodeId }}
        }}
        some: {field}(first: 2, filter: {{not: {{}}}}) {{ totalCount edges {{ cursor }} }}
      }}
    }}"""
    subject = Subject(odd_site.schema, parse(source), None)
    viewer = odd_site.viewers[0]
    data = odd_site.answer(subject, {}, viewer).data
    assert data is not None
    cursors = {edge["cursor"] for place in data["places"] for edge in place["list"]["edges"]}
    assert len(cursors) > 3
    for cursor in sorted(cursors):
        for variables in ({"first": 1, "after": cursor}, {"last": 2, "before": cursor}, {"last": 1, "after": cursor}):
            assert odd_site.answer(subject, variables, viewer).errors is None


def test_a_batched_field_is_asked_for_each_set_of_arguments(odd_site: Site) -> None:
    source = """{ places {
      a: tagged(tags: ["a"]) b: tagged(tags: ["b"]) more: tagged(tags: ["a"], boost: 1) again: tagged(tags: ["a"])
      quiet: feeling loud: feeling(loud: true)
    } }"""
    data = odd_site.answer(Subject(odd_site.schema, parse(source), None), {}, odd_site.viewers[0]).data
    assert data is not None
    for place in data["places"]:
        assert place["a"] == place["again"]
        assert place["a"] is None or len({repr(place[key]) for key in ("a", "b", "more")}) == 3 or "none" in place["a"]
    assert any(place["loud"] != place["quiet"] for place in data["places"])


def test_one_selection_under_two_relations(odd_site: Site) -> None:
    """A field of an interface, which one type reads through a tree and the other through a secondary table."""
    source = "{ found { __typename ... on Parent { children { name rank nodeId children { name } } } } }"
    data = odd_site.answer(Subject(odd_site.schema, parse(source), None), {}, odd_site.viewers[0]).data
    assert data is not None
    assert {each["__typename"] for each in data["found"] if each.get("children")} == {"Place", "Label"}


def test_what_a_resolver_smuggles_in_is_read_under_policy(odd_site: Site) -> None:
    """The engine alone: graphql-core would show an object that a resolver made up, or took from another tenant."""
    source = "query($id: UUID!) { smuggled(id: $id) { id name } }"
    must = "query($id: UUID!) { mustSmuggle(id: $id) { id } }"
    north, south = odd_site.viewers[:2]

    def ask(query: str, id_: Any, viewer: Any) -> Any:
        with odd_site.open(viewer) as scope:
            return Subject(odd_site.schema, parse(query), None).run("compiled", {"id": str(id_)}, scope)

    def seen_by(viewer: Any) -> str:
        first: str = ask("{ places(first: 1) { id } }", None, viewer).data["places"][0]["id"]
        return first

    for viewer, other in ((north, south), (south, north)):
        own, foreign = seen_by(viewer), seen_by(other)
        assert ask(source, own, viewer).data["smuggled"]["id"] == own
        assert ask(must, own, viewer).data == {"mustSmuggle": {"id": own}}
        hidden = ask(source, foreign, viewer)
        assert (hidden.data, hidden.errors) == ({"smuggled": None}, None)
        refused = ask(must, foreign, viewer)
        assert refused.data is None
        assert [error.message for error in refused.errors] == [
            "Cannot return null for non-nullable field Query.mustSmuggle."
        ]
