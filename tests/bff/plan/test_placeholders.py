"""Placeholders: leaves that Python fills into the JSON that PostgreSQL wrote, and data that looks like them."""

from collections.abc import Iterator

import pytest
from sqlalchemy import Engine, text
from sqlalchemy.orm import Session

from bff.columns.to_json import IRREGULAR
from bff.plan.placeholders import EDGE
from tests.bff.plan.authors import AuthorRow, One, Reader, calls


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
