"""Leaves that need Python inside of what PostgreSQL writes: how often code of the host's is called, with what, and what
becomes of what it gives.

Each query is answered by one statement with placeholders, in rounds and by graphql-core, and the answers are one.
"""

from typing import Any

import pytest

from bff.json_text import Json
from tests.bff.asking import Asker
from tests.bff.engine.shops import calls, written

# Batch functions


def test_a_batch_function_is_called_once_for_all_regions_of_an_operation(ask: Asker, count_sql: Any) -> None:
    query = (
        '{ items { length shop { length } } shop(id: "2") { length items { length } itemPage { nodes { length } edges { node { length } } } }'
        " a: items(first: 1) { length x: length } }"
    )
    with count_sql(ask.database.engine) as counted:
        data = written(ask, query)
    assert counted.count == 1
    [(name, keys)] = calls
    assert (name, sorted(keys)) == ("length", ["cup", "hat", "north", "pen", "south"])
    assert data["items"][2] == {"length": 3, "shop": {"length": 5}}
    assert data["shop"]["items"] == [{"length": 3}]
    assert ask(query) == data


def test_keys_are_those_of_rows(ask: Asker) -> None:
    """Of the same types, with NULL, in the order of their appearance."""
    query = "{ items { keys } }"
    written(ask, query)
    compiled = repr(calls)
    calls.clear()
    ask.run(ask.plan(query, "rounds"))
    assert repr(calls) == compiled
    assert "datetime.timezone.utc" in compiled
    assert "'ff'" in compiled
    ask(query)


@pytest.mark.parametrize(
    ("field", "errors"),
    [
        ("rankValue", {2: "no rank"}),
        ("failing", {0: "all True", 1: "all True", 2: "all True"}),
        ("refused", {0: "Int cannot represent non-integer value: 'x'"}),
        ("noList", {0: "Expected Iterable, but did not find one for field 'Item.noList'."}),
        ("shout", {0: "a pen is silent"}),
    ],
)
def test_an_error_of_one_key_is_one_error(ask: Asker, field: str, errors: dict[int, str]) -> None:
    query = f"{{ items {{ name {field} }} shops {{ name length }} }}"
    result = ask.result(query)
    assert {error.path[1]: error.message for error in result.errors} == errors
    assert [each["name"] for each in result.data["items"]] == ["pen", "cup", "hat"]
    assert result.data["shops"] == [{"name": "north", "length": 5}, {"name": "south", "length": 5}]
    calls.clear()
    data = ask.run(ask.plan(query)).data
    assert isinstance(data["shops"], Json)
    # What was asked before is not asked again.
    assert len({name for name, _ in calls}) == len(calls)


@pytest.mark.parametrize("field", ["mustRank", "half", "mustGrid", "mustCode", "noteShout", "label"])
def test_null_where_it_is_forbidden(ask: Asker, field: str) -> None:
    """And exceptions there: the object is null, or what holds it."""
    for query in (
        f'{{ item(id: "2") {{ name {field} }} shops {{ name }} }}',
        f'{{ item(id: "3") {{ name {field} }} shops {{ name }} }}',
        f"{{ items {{ {field} }} }}",
        f'{{ shop(id: "1") {{ name itemPage {{ nodes {{ {field} }} }} }} }}',
    ):
        ask.result(query)
    result = ask.result(f'{{ a: item(id: "1") {{ {field} }} b: items {{ {field} }} }}')
    assert result.data is None
    assert result.errors


def test_lists_of_leaves(ask: Asker) -> None:
    query = '{ item(id: "1") { letters grid mustGrid } b: item(id: "3") { letters grid noList } }'
    assert written(ask, query) == {
        "item": {"letters": ["p", "e", "n"], "grid": [[2, None], None, []], "mustGrid": [[2, 1]]},
        "b": {"letters": ["h", "a", "t"], "grid": None, "noList": []},
    }
    ask(query)


@pytest.mark.parametrize("field", ["rankValue", "label"])
def test_an_argument_error_is_the_fields(ask: Asker, field: str) -> None:
    query = f"query($v: Int) {{ items {{ name {field}(times: $v) }} shops {{ name length }} }}"
    result = ask.result(query, variables={"v": None})
    assert result.errors[0].path == ["items", 0, field]
    assert {error.message for error in result.errors} == {
        "Argument 'times' has invalid value: Expected variable '$v' provided to non-null type 'Int!' not to be None."
    }
    written_ = ask.run(ask.plan(query), variables={"v": None}).data
    assert written_ is None or isinstance(written_["shops"], Json)


# Resolvers


def test_resolvers_have_the_columns_that_they_need(ask: Asker, count_sql: Any) -> None:
    query = '{ item(id: "1") { label a: label(sep: "/", times: 2) half constant } b: item(id: "3") { label constant } }'
    with count_sql(ask.database.engine) as counted:
        data = written(ask, query)
    assert counted.count == 1
    one = "pen-2-('datetime', 'UTC')-ff"
    assert data["item"] == {"label": one, "a": "/".join([one.replace("-", "/")] * 2), "half": 1.0, "constant": 7}
    assert data["b"] == {"label": "hat-None-('datetime', 'UTC')-10", "constant": 7}
    ask(query)


def test_no_call_changes_the_arguments_of_the_next(ask: Asker) -> None:
    query = 'query($t: [String!]!) { items { a: pops(tags: ["x", "y"]) b: pops(tags: $t) } }'
    assert written(ask, query, variables={"t": ["p", "q"]}) == {"items": [{"a": "y1", "b": "q1"}] * 3}
    ask(query, variables={"t": ["p", "q"]})


@pytest.mark.parametrize(
    ("field", "values"),
    [
        ("path", ["items/0/path", "items/1/path", "items/2/path"]),
        ("guarded", [None, "cup", "hat"]),
        ("doubled", ["penpen", "cupcup", "hathat"]),
    ],
)
def test_what_is_told_where_it_is_called_is_no_hole(ask: Asker, field: str, values: list[Any]) -> None:
    query = f"{{ items {{ {field} shop {{ name }} }} }}"
    whole = ask.plan(query).whole()
    assert list(whole.regions.reasons.values()) == [f"Item.{field} is a resolver with objects, `info` or extensions"]
    assert [each.key for each in whole.regions.of] == ["shop"]
    result = ask.result(query)
    assert [each[field] for each in result.data["items"]] == values
    assert [error.message for error in result.errors or []] == (["not allowed"] if field == "guarded" else [])


# Columns


def test_columns_and_scalars_of_the_hosts_own(ask: Asker, count_sql: Any) -> None:
    query = '{ items(filter: {name: {ne: "pen"}}) { code shout } item(id: "1") { mustCode noteShout } }'
    with count_sql(ask.database.engine) as counted:
        data = written(ask, query)
    assert counted.count == 1
    assert data == {
        "items": [{"code": None, "shout": 'CUP"!'}, {"code": "10", "shout": 'HAT"!'}],
        "item": {"mustCode": "ff", "noteShout": 'A "B" \\\\ C"!'},
    }
    assert ask(query) == data
    ask('{ item(id: "3") { noteShout } }')


def test_cursors_are_signed_outside_of_the_statement(ask: Asker, count_sql: Any) -> None:
    query = "{ itemPage(first: 2) { edges { cursor node { length } } pageInfo { startCursor endCursor hasNextPage } } }"
    with count_sql(ask.database.engine) as counted:
        page = written(ask, query)["itemPage"]
    assert counted.count == 1
    assert "of the tests" not in str(counted)
    assert [each["cursor"] for each in page["edges"]] == [
        page["pageInfo"]["startCursor"],
        page["pageInfo"]["endCursor"],
    ]
    after = f'{{ itemPage(after: "{page["pageInfo"]["endCursor"]}") {{ nodes {{ name }} }} }}'
    assert ask(after) == {"itemPage": {"nodes": [{"name": "cup"}]}}
    assert ask(query)["itemPage"] == page
