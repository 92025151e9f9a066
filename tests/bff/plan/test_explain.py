"""Plans as text."""

import re

from graphql import parse

from bff.plan.explain import explain
from bff.plan.plan import Strategy, compile_plan
from tests.bff.entities.ships import SCHEMA
from tests.bff.plan.authors import SCHEMA as AUTHORS


def plan_text(document: str) -> str:
    plan = compile_plan(SCHEMA, parse(document))
    return explain(plan).partition("\n\n")[0]


def test_a_plan_says_what_it_follows_and_how_it_is_routed() -> None:
    assert plan_text("query Q @live { ship(id: 1) { id } }").startswith(
        "query Q, live: runs again when what it reads changes\n"
    )
    assert plan_text("subscription S { ship(id: 1) { id } }").startswith(
        "subscription S, live: runs again when what it reads changes\n"
    )
    assert plan_text("query Q { ship(id: 1) { id } }").startswith("query Q\n")
    assert plan_text("subscription S { sailorAdded(fleet: 1) { name } }") == (
        "subscription S\n"
        "└─ sailorAdded: Sailor!                                  #1 each insert of sailors, ship.fleet = fleet; checked\n"
        "   └─ name"
    )
    assert plan_text("subscription S { shipChanged(id: 1) { kind node { id } } }") == (
        "subscription S\n"
        "└─ shipChanged: ShipChanged!                             #1 #2 each insert, update, delete of ships, id = id; checked\n"
        "   ├─ kind\n"
        "   └─ node: Ship                                         its row\n"
        "      └─ id"
    )
    assert plan_text("subscription S { mates(shipId: 1) { name } }") == (
        "subscription S\n"
        "└─ mates: [Sailor!]!                                     #1 #2 who is at ShipRow.id = ship_id; checked\n"
        "   └─ name"
    )


# Queries


def lines(text: str, strategy: Strategy = "compiled") -> list[str]:
    return explain(compile_plan(AUTHORS._schema, parse(text), strategy=strategy)).splitlines()


def tree(text: str, strategy: Strategy = "compiled") -> list[str]:
    """The lines of the tree, each with its note behind one space."""
    found = lines(text, strategy)
    return [re.sub(r"(?<=[^│ ]) {2,}", " ", line) for line in found[: found.index("")]]


TEXT = """query Page($yes: Boolean!) {
  it: author(id: "1") { id name mentor { motto } students(first: 2) { name length } bookPage { totalCount nodes { title } } studentCount }
  works @include(if: $yes) { title ... on Film { minutes } }
}"""


def test_what_postgresql_writes_is_one_statement() -> None:
    assert tree(TEXT) == [
        "query Page",
        "├─ it: author: Author #1 row by argument, written by PostgreSQL; checked",
        "│  ├─ id name",
        "│  ├─ mentor: Author row; checked",
        "│  │  └─ motto",
        "│  ├─ students: [Author!]! list, at most 1000; checked",
        "│  │  ├─ name",
        "│  │  └─ length: Int batch",
        "│  ├─ bookPage: BookConnection! page; checked",
        "│  │  ├─ totalCount: Int! count",
        "│  │  └─ nodes: [Book!]! rows of the page",
        "│  │     └─ title",
        "│  └─ studentCount: Int! count; checked",
        "└─ works: [Work!]! #1 list, at most 1000, written by PostgreSQL; checked",
        "   ├─ … on Film",
        "   │  └─ title minutes",
        "   └─ … on Song",
        "      └─ title",
    ]


def test_rounds_have_a_statement_for_each_load() -> None:
    """All that is run has its number in the tree, and its text below it."""
    found = lines(TEXT, "rounds")
    numbers = {number for line in found[: found.index("")] for number in re.findall(r"#(\d+)", line)}
    titles = [line for line in found if re.match(r"#\d+ ", line)]
    assert [line.split()[0].strip("#") for line in titles] == sorted(numbers, key=int)
    assert len(titles) == 7
    for i, line in enumerate(found):
        if line in titles:
            assert found[i - 1] == ""
            assert found[i + 1].startswith("   ")
    assert "#1 rows of Author by id" in titles
    assert any(line.startswith("   tests.bff.plan.authors.lengths(keys: name)") for line in found)
    assert "written by PostgreSQL" not in "".join(found)


def test_why_a_field_is_left_to_rounds_stands_beside_it() -> None:
    [_, head, *rest] = tree('{ author(id: "1") { place books { title } } }')
    assert head.endswith("; in rounds: Author.place is a resolver with objects, `info` or extensions")
    assert rest == [
        "   ├─ place: String! resolver, once an object",
        "   └─ books: [Book!]! #1 list, at most 1000, written by PostgreSQL; checked",
        "      └─ title",
    ]


def test_objects_of_resolvers_are_read_again() -> None:
    assert tree("{ someAuthors { name } }", "rounds")[1].endswith("resolver, once an object, objects read again: #1")
