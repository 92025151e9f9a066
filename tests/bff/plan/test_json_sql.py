"""The JSON of regions: fragments, arguments, connections and relations as PostgreSQL writes them, in one statement.

Each query is answered by PostgreSQL, in rounds and by graphql-core, and the answers are one; what is asserted besides is
how it came about: the statements, and which fields are finished JSON.
"""

import json
from typing import Any

import pytest
from sqlalchemy import Engine

import bff.json_text
from bff.plan.json_sql import MANY_ROWS
from bff.plan.plan import Strategy
from tests.bff.asking import Asker
from tests.bff.plan.authors import LISTS, PAGE, One, Reader, Run, names


@pytest.mark.slow
def test_a_page_is_one_statement(ask: Asker, one: One, run: Run) -> None:
    data = one(PAGE)
    assert data["author"]["students"][0] == {
        "name": "bob", "motto": None, "books": [{"title": "one", "authors": [{"name": "ann"}, {"name": "bob"}]}],
    }  # fmt: skip
    assert data["authorPage"]["totalCount"] == 7
    plan = ask.plan(PAGE)
    assert plan.whole().regions.reasons == {}
    assert [type(each).__name__ for each in plan.whole().reads] == ["RootRow"]
    assert len(run(PAGE, "rounds").statements) > 10


def test_aliases_and_fields_that_are_merged(one: One) -> None:
    data = one(
        '{ a: author(id: "1") { x: name y: name name s: students { a: name } students { b: id } s: students { c: id } }'
        ' b: author(id: "2") { x: motto } c: author(id: "7") { x: name } author(id: "99") { name } }'
    )
    assert data["a"] == {
        "x": "ann", "y": "ann", "name": "ann", "s": [{"a": "bob", "c": "2"}, {"a": "cy", "c": "3"}],
        "students": [{"b": "2"}, {"b": "3"}],
    }  # fmt: skip
    assert (data["b"], data["c"], data["author"]) == ({"x": None}, None, None)


def test_fragments_on_interfaces(one: One) -> None:
    data = one(
        'fragment Head on Node { nodeId } query { works { ...Head ...Kind author { ...Head } } work(id: "2") { ...Kind }'
        " a: works(first: 1) { ... on Film { m: minutes } ... on Work { t: title } ... on Song { title } } }"
        " fragment Kind on Work { __typename ... on Film { minutes } ... on Song { key } title }"
    )
    assert data["works"][0] == {
        "nodeId": "Film:4", "__typename": "Film", "minutes": None, "title": "w4", "author": {"nodeId": "Author:3"},
    }  # fmt: skip
    assert data["works"][1]["nodeId"] == "Song:3"
    assert data["work"] == {"__typename": "Song", "key": "C", "title": "w2"}
    assert data["a"] == [{"m": None, "t": "w4"}]


# Arguments


@pytest.mark.parametrize(
    ("variables", "students", "total"),
    [
        ({}, "bob cy", 2),
        ({"f": {"name": {"eq": "cy"}}}, "cy", 1),
        ({"f": {"name": {"in": ["cy", "bob", "x"]}}, "o": ["NAME_DESC"]}, "cy bob", 2),
        ({"f": {"motto": {"isNull": True}}}, "bob", 1),
        ({"f": {"or": [{"name": {"eq": "cy"}}, {"not": {"motto": {"eq": "ok"}}}]}}, "cy", 1),
        ({"n": 1}, "bob", 2),
        ({"n": 0}, "", 2),
        ({"n": 1, "o": ["MOTTO_ASC", "NAME_ASC"]}, "cy", 2),
    ],
)
def test_arguments_and_variables_deep_in_a_region(one: One, variables: Any, students: str, total: int) -> None:
    author = one(LISTS, variables={"id": "1", **variables})["author"]
    assert names(author["students"]) == students
    assert author["studentPage"]["totalCount"] == total


def test_cursors_deep_in_a_region(one: One) -> None:
    seen, after = [], None
    for _ in range(2):
        page = one(LISTS, variables={"id": "1", "n": 1, "c": after})["author"]["studentPage"]
        seen.append((names(page["nodes"]), page["pageInfo"]["hasPreviousPage"]))
        after = page["pageInfo"]["endCursor"]
    assert seen == [("cy", False), ("bob", True)]


# Connections


def test_all_parts_of_a_connection_at_once(one: One) -> None:
    part = "totalCount pageInfo { hasNextPage hasPreviousPage startCursor endCursor __typename }"
    data = one(
        f"{{ authorPage(first: 2) {{ __typename {part} nodes {{ name }} again: nodes {{ id n: name }}"
        f" edges {{ __typename cursor node {{ name }} it: node {{ id }} c: cursor }} e: edges {{ cursor }} n: totalCount p: pageInfo {{ hasNextPage }} }}"
        f" last: authorPage(last: 2) {{ {part} edges {{ cursor node {{ name }} }} }} none: authorPage(first: 0) {{ {part} nodes {{ id }} }}"
        f' empty: authorPage(filter: {{name: {{eq: "-"}}}}) {{ {part} edges {{ cursor }} }} }}'
    )
    page, last = data["authorPage"], data["last"]
    assert names(page["nodes"]) == "hal fay"
    assert page["again"][1] == {"id": "6", "n": "fay"}
    assert page["edges"][0]["it"] == {"id": "8"}
    assert [each["cursor"] for each in page["edges"]] == [page["pageInfo"][key] for key in ("startCursor", "endCursor")]
    assert page["pageInfo"]["hasNextPage"] is page["p"]["hasNextPage"] is True
    assert page["n"] == page["totalCount"] == 7
    assert [each["node"]["name"] for each in last["edges"]] == ["bob", "ann"]
    assert [each["cursor"] for each in last["edges"]] == [last["pageInfo"][key] for key in ("startCursor", "endCursor")]
    assert (last["pageInfo"]["hasPreviousPage"], last["pageInfo"]["hasNextPage"]) == (True, False)
    assert data["none"]["nodes"] == data["empty"]["edges"] == []
    assert data["none"]["pageInfo"]["hasNextPage"] is True
    assert data["empty"]["pageInfo"]["startCursor"] is None


@pytest.mark.parametrize("order", ["NAME_ASC", "NAME_DESC", "MOTTO_ASC", "MOTTO_DESC"])
@pytest.mark.parametrize(
    ("size", "cursor", "end"), [("first", "after", "endCursor"), ("last", "before", "startCursor")]
)
def test_pages_one_after_the_other_forward_and_backward(one: One, order: str, size: str, cursor: str, end: str) -> None:
    everything = [each["id"] for each in one(f"{{ authors(orderBy: [{order}]) {{ id }} }}")["authors"]]
    seen: list[str] = []
    after = "null"
    for _ in range(4):
        page = one(
            f"{{ authorPage({size}: 2, {cursor}: {after}, orderBy: [{order}])"
            f" {{ nodes {{ id }} pageInfo {{ {end} hasNextPage hasPreviousPage }} }} }}"
        )["authorPage"]
        found = [each["id"] for each in page["nodes"]]
        seen = seen + found if size == "first" else found + seen
        after = f'"{page["pageInfo"][end]}"'
    assert seen == everything


@pytest.mark.parametrize(
    "selection",
    [
        "totalCount", "__typename", "pageInfo { hasNextPage }", "pageInfo { __typename }", "nodes { __typename }",
        "edges { __typename }", "edges { cursor }", "pageInfo { endCursor } totalCount", "edges { node { id } }",
    ],
)  # fmt: skip
def test_parts_of_a_connection_alone(one: One, selection: str) -> None:
    one(
        f"{{ authorPage(first: 2) {{ {selection} }} authors {{ studentPage(first: 1) {{ {selection} }} bookPage {{ {selection} }} }} }}"
    )


def test_collections_under_a_condition_of_their_own(one: One) -> None:
    data = one(
        '{ withMotto(orderBy: [NAME_ASC]) { name } few: withMotto(filter: {name: {gt: "b"}}) { name }'
        " pageWithMotto(first: 2, orderBy: [NAME_ASC]) { totalCount nodes { name } pageInfo { hasNextPage } } }"
    )
    assert names(data["withMotto"]) == "ann cy eve"
    assert names(data["few"]) == "cy eve"
    assert data["pageWithMotto"] == {
        "totalCount": 3, "nodes": [{"name": "ann"}, {"name": "cy"}], "pageInfo": {"hasNextPage": True},
    }  # fmt: skip


# Relations


def test_many_to_many_in_both_directions_and_its_aggregates(one: One) -> None:
    """Of the book's authors one is of another tenant, whom nobody sees or counts."""
    data = one(
        '{ author(id: "1") { bookCount price books { title authors { name bookCount } }'
        " bookPage(last: 1) { totalCount nodes { title } } } authors { id price } }"
    )
    assert (data["author"]["bookCount"], data["author"]["price"]) == (3, 40)
    assert data["author"]["books"][0]["authors"] == [{"name": "ann", "bookCount": 3}, {"name": "bob", "bookCount": 1}]
    assert data["author"]["bookPage"] == {"totalCount": 3, "nodes": [{"title": "two"}]}
    assert [each["price"] for each in data["authors"]] == [40, 10, 5000000000, 30, 0, 0, 0]


def test_to_one_from_the_other_side(one: One) -> None:
    data = one("{ authors(first: 3) { profile { bio author { profile { bio } } } } }")
    assert data["authors"] == [
        {"profile": {"bio": "writes", "author": {"profile": {"bio": "writes"}}}},
        {"profile": {"bio": None, "author": {"profile": {"bio": None}}}},
        {"profile": None},
    ]


def test_one_table_many_levels_deep(one: One) -> None:
    """Each level is an alias of its own; none is taken for another."""
    data = one(
        '{ author(id: "6") { name mentor { name mentor { name mentor { name mentor { name } students { name students { name'
        " mentor { name mentor { name } } students(filter: {motto: {ne: null}}) { name studentCount longCount } }"
        " } studentCount longCount } } } }"
        ' hidden: author(id: "8") { name mentor { name } } }'
    )
    ann = data["author"]["mentor"]["mentor"]["mentor"]
    assert (ann["name"], ann["mentor"], ann["studentCount"], ann["longCount"]) == ("ann", None, 2, 0)
    assert ann["students"][0]["students"] == [
        {"name": "dee", "mentor": {"name": "bob", "mentor": {"name": "ann"}}, "students": []},
        {"name": "eve", "mentor": {"name": "bob", "mentor": {"name": "ann"}}, "students": []},
    ]
    assert data["hidden"] == {"name": "hal", "mentor": None}


@pytest.mark.parametrize("limit", [MANY_ROWS - 1, MANY_ROWS])
@pytest.mark.parametrize(
    ("query", "joins"),
    [
        ("{ authors(LIMIT) { name mentor { name mentor { name } } profile { bio } } }", 2),
        ("{ authors(LIMIT, filter: {motto: {ne: null}}, orderBy: [NAME_DESC]) { name mentor { name motto } } }", 1),
        ("{ notes(LIMIT) { text chapter { number book { title } } } }", 2),
        ("{ works(LIMIT) { title author { name mentor { nodeId } } } }", 2),
        ("{ authorPage(LIMIT) { totalCount nodes { mentor { name } } edges { cursor node { mentor { id } } } } }", 2),
    ],
)
def test_to_one_relations_of_many_rows_are_joined(run: Run, ask: Asker, query: str, joins: int, limit: int) -> None:
    """Each to the rows of its level; hidden rows and those without a key are null either way."""
    query = query.replace("LIMIT", f"first: {limit}")
    if "authorPage" in query and limit > 1000:
        pytest.skip("pages end there")
    ran = run(query)
    assert len(ran.statements) == 1
    per_type = 2 if "works" in query else 1
    assert ran.statements[0].count("LEFT OUTER JOIN") == (joins * per_type if limit >= MANY_ROWS else 0)


def test_a_joined_row_that_is_missing_is_an_error_where_it_must_not_be(ask: Asker) -> None:
    result = ask.result(f"{{ authors(first: {MANY_ROWS}) {{ name mustMentor {{ name }} }} books {{ id }} }}")
    assert [error.path for error in result.errors] == [["authors", 0, "mustMentor"]]


@pytest.mark.parametrize("query", ["{ works { title } }", '{ work(id: "90") { title } books { id } }'])
def test_rows_of_an_unknown_kind_are_an_error_by_either_strategy(ask: Asker, engine: Engine, query: str) -> None:
    with engine.begin() as connection:
        connection.exec_driver_sql("insert into works (id, kind, title, author_id) values (90, 'novel', 'w9', 1)")
    try:
        compiled, rounds = (run_plan(ask, query, strategy) for strategy in ("compiled", "rounds"))
    finally:
        with engine.begin() as connection:
            connection.exec_driver_sql("delete from works where id = 90")
    assert rounds[1]
    assert compiled == rounds


def run_plan(ask: Asker, query: str, strategy: Strategy) -> tuple[Any, list[tuple[Any, str]]]:
    result = ask.run(ask.plan(query, strategy))
    return bff.json_text.plain(result.data), [(error.path, error.message) for error in result.errors or []]


def test_rows_that_nobody_may_see_are_seen_nowhere(ask: Asker, run: Run) -> None:
    query = '{ author(id: "1") { name } authors { name } authorPage { totalCount nodes { name } } books { authors { name } } }'
    south = run(query, viewer=Reader("south")).result.data
    assert south["author"].text == "null"
    assert json.loads(south["authors"].text) == [{"name": "gus"}]
    for viewer in (Reader("south"), Reader("nobody")):
        found = json.dumps(ask.result(query, viewer=viewer).data)
        assert "ann" not in found
        assert "bob" not in found


# What is no answer


@pytest.mark.parametrize("first", [0, 1])
def test_a_list_within_its_bound_is_written(one: One, first: int) -> None:
    """As many as the bound are in; and so are as many as are asked for."""
    one(
        f'{{ author(id: "4") {{ fewStudents {{ name }} }} a: author(id: "1") {{ fewStudents(first: {first}) {{ name }} }} }}'
    )


# Which fields are regions


@pytest.mark.slow
def test_response_keys_and_objects_of_any_size(one: One) -> None:
    """Names of PostgreSQL have 63 bytes, and its rows 1,664 columns."""
    long = "x" * 200
    data = one(
        f'{{ author(id: "1") {{ {long}: name s: students {{ {long}: id {long}y: name }} }} {long}: books {{ {long}: id }} }}'
    )
    assert data["author"]["s"][0] == {long: "2", f"{long}y": "bob"}
    assert data[long][0] == {long: "1"}
    many = " ".join(f"a{i}: name" for i in range(1700))
    assert len(one(f'{{ author(id: "1") {{ {many} }} }}')["author"]) == 1700
