"""Placeholders: leaves that Python fills into the JSON that PostgreSQL wrote, and data that looks like them."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, Text, literal, select, text
from sqlalchemy.orm import Session

from bff.columns.scalars import DEFINITION
from bff.columns.to_json import IRREGULAR, joined
from bff.plan.placeholders import EDGE, Cut, Placeholder, asks_where, write_placeholder
from bff.plan.steps import Selection
from tests.bff.asking import Asker
from tests.bff.plan.authors import SCHEMA, AuthorRow, One, Reader, calls


def test_a_page_with_python_leaves_is_one_statement_too(one: One) -> None:
    calls.clear()
    data = one(
        '{ author(id: "1") { length shout students { shout length books { authors { length } } } }'
        " authorPage(first: 2) { edges { cursor node { length } } pageInfo { endCursor } } }"
    )
    assert data["author"]["length"] == 3
    assert data["author"]["students"][1] == {"shout": "CY!", "length": 2, "books": [{"authors": [{"length": 2}]}]}
    assert data["authorPage"]["edges"][1]["cursor"] == data["authorPage"]["pageInfo"]["endCursor"]


def test_python_of_one_type_of_an_interface(one: One) -> None:
    """What it needs is named as its own type names it, among rows of several."""
    data = one("{ works { ... on Film { lengthInHours } ... on Song { key author { length } } } }")
    assert data["works"] == [
        {"lengthInHours": None}, {"key": None, "author": {"length": 3}}, {"key": "C", "author": {"length": 3}},
        {"lengthInHours": "w1: 1.5"},
    ]  # fmt: skip


HOSTILE = [
    IRREGULAR, EDGE, f"{EDGE}0:[]{EDGE}", f"a{EDGE}b{IRREGULAR}", '{"bff irregular":0}', '{"bff placeholder":0,"of":[]}', "'", '"', "\\",
    "\\002", "%s %(k0)s :x", "null", '","x":"', "\u2028\ud7ff\U0001f600\x7f", "",
]  # fmt: skip


@pytest.fixture
def hostile(engine: Engine) -> Iterator[Reader]:
    with Session(engine) as session:
        rows = [AuthorRow(id=200 + i, tenant="hostile", name=each, motto=each) for i, each in enumerate(HOSTILE)]
        session.add_all(rows)
        session.commit()
    yield Reader("hostile")
    with engine.begin() as connection:
        connection.execute(text("delete from authors where id >= 200"))


@pytest.mark.slow
def test_no_text_is_taken_for_the_layers_own(hostile: Reader, one: One) -> None:
    query = (
        "query($t: String) { authors { name motto shout length nodeId } authorPage { edges { cursor node { name } } }"
        ' author(id: "200") { students(filter: {name: {eq: $t}}) { name } name } a: authors(filter: {name: {eq: $t}}) { name } }'
    )
    for each in HOSTILE:
        data = one(query, viewer=hostile, variables={"t": each})
        assert [author["name"] for author in data["authors"]] == HOSTILE
        assert [author["shout"] for author in data["authors"]] == [name.upper() + "!" for name in HOSTILE]
        assert [author["length"] for author in data["authors"]] == [len(name) for name in HOSTILE]
        assert data["a"] == [{"name": each}]


# Texts with placeholders


def test_a_text_is_cut_at_its_placeholders() -> None:
    text = f'{{"a":{EDGE}0:["1",null]{EDGE},"b":[{EDGE}12:[]{EDGE},{EDGE}0:["x:y"]{EDGE}]}}'
    cut = Cut.of(text)
    assert list(cut.placeholders) == [(1, 0, '["1",null]'), (3, 12, "[]"), (5, 0, '["x:y"]')]
    for position, _, _ in cut.placeholders:
        cut.pieces[position] = "1"
    assert "".join(cut.pieces) == '{"a":1,"b":[1,1]}'


@pytest.mark.parametrize("text", ["", "null", '{"a":"b"}'])
def test_a_text_without_any_is_one_piece(text: str) -> None:
    cut = Cut.of(text)
    assert (cut.pieces, list(cut.placeholders)) == ([text], [])


def placeholder(ask: Asker, field: str) -> Placeholder | None:
    """The placeholder of a field of authors."""
    [author] = ask.plan(f'{{ author(id: "1") {{ {field} }} }}', "rounds").whole().root.fields
    [selection] = author.selections.values()
    assert isinstance(selection, Selection)
    return Placeholder.of(selection.fields[0])


@pytest.mark.parametrize(
    ("field", "columns"),
    [
        ("length", ("name",)),
        ("shout", ("name",)),
        ("motto", ("motto",)),
        ("maybeName", ("name",)),
        ("place", None),
        ("nodeId", None),
        ("studentCount", None),
        ("mentor { id }", None),
        ("students { id }", None),
        ("__typename", None),
    ],
)
def test_leaves_of_columns_can_be_placeholders(ask: Asker, field: str, columns: tuple[str, ...] | None) -> None:
    """Not what is told where it stands, nor what has objects, nor what PostgreSQL counts."""
    found = placeholder(ask, field)
    assert (None if found is None else found.columns) == columns


def test_values_are_read_back_as_rows_have_them(ask: Asker) -> None:
    found = placeholder(ask, "shout")
    assert found is not None
    assert found.names == ("name",)
    assert found.values('["a \\"b\\" \\u00e9"]') == ['a "b" é']
    assert found.values("[null]") == [None]
    with pytest.raises(ValueError, match="zip"):
        found.values("[]")


@pytest.mark.parametrize(
    ("type_", "field", "asks"),
    [("Author", "shout", False), ("Film", "lengthInHours", False), ("Author", "place", True), ("Author", "name", True)],
)
def test_code_that_is_told_where_it_is_called(type_: str, field: str, asks: bool) -> None:
    """A field without a resolver has no code that could be known not to be."""
    found: Any = SCHEMA._schema.type_map[type_]
    assert asks_where(found.fields[field].extensions[DEFINITION]) is asks


@pytest.mark.parametrize("columns", [0, 1, 3])
def test_postgresql_writes_what_is_cut(engine: Engine, columns: int) -> None:
    texts = ["a", None, f'"{EDGE.encode().hex()}" é\n'][:columns]
    pieces = write_placeholder(7, [literal(each, Text()) for each in texts])
    with engine.connect() as connection:
        text_: Any = connection.scalar(select(joined(["[", *pieces, "]"])))
    [(_, number, found)] = Cut.of(text_).placeholders
    assert (number, json.loads(found)) == (7, texts)
