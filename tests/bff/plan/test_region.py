"""Regions: pages whose JSON PostgreSQL writes in one statement, and what becomes of what it cannot write.

Each query is answered by PostgreSQL, in rounds and by graphql-core, and the answers are one; what is asserted besides is
how it came about: the statements, and which fields are finished JSON.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, text

import bff.json_text
import bff.plan.region
from bff.json_text import Json
from bff.plan.plan import Strategy
from bff.plan.region import _TEXTS, MOST_FAILURES, RETRY
from tests.bff.asking import Asker
from tests.bff.plan.authors import LISTS, Reader, Run, names


def test_objects_of_unions_and_of_resolvers_are_read_again_with_all_below(run: Run) -> None:
    """What resolvers return are rows by key, in whose statement the regions are columns."""
    query = (
        "{ found { __typename ... on Author { name books { title } } ... on Book { title authors { name } } }"
        " someAuthors { name students { name students { name } } } }"
    )
    ran = run(query)
    # Behind the resolvers' own reads: the authors of each field, with what it wants below, and the books.
    assert ["ANY" in each for each in ran.statements] == [False] * 4 + [True] * 3
    assert sorted(each.count("FROM books AS") for each in ran.statements[4:]) == [0, 1, 1]
    assert isinstance(ran.result.data["someAuthors"][0]["students"], Json)
    assert [each["name"] for each in ran.result.data["someAuthors"]] == ["bob", "ann"]
    assert isinstance(ran.result.data["found"][1]["authors"], Json)


def test_a_node_by_global_id_is_one_statement(run: Run) -> None:
    query = 'query { node(id: "Author:1") { nodeId ... on Author { books { title authors { name } } } ... on Film { minutes } } }'
    ran = run(query)
    assert len(ran.statements) == 1
    assert json.loads(ran.result.data["node"]["books"].text)[0] == {
        "title": "one", "authors": [{"name": "ann"}, {"name": "bob"}],
    }  # fmt: skip
    assert run('{ node(id: "Author:7") { nodeId ... on Author { books { title } } } }').result.data == {"node": None}


# Arguments


@pytest.mark.slow
def test_values_change_no_text_and_the_texts_kept_are_bounded(ask: Asker) -> None:
    plan = ask.plan(LISTS)
    root = plan.whole().regions.root
    assert root is not None
    for key, name in [("1", "bob"), ("2", "dee"), ("4", "x")]:
        ask.run(plan, variables={"id": key, "f": {"name": {"eq": name}}, "n": len(name)})
    assert len(root._rows) == 1
    for i in range(_TEXTS + 10):
        tests = [{"name": {"eq": "bob"}}] * (i + 1)
        assert json.loads(ask.run(plan, variables={"id": "1", "f": {"or": tests}}).data["author"].text)["students"]
    assert len(root._rows) == _TEXTS


@pytest.mark.parametrize(
    ("query", "says"),
    [
        ('{ author(id: "x") { name } books { title } }', "Query.author takes an integer of 32 bits, not 'x'"),
        (
            '{ author(id: "1") { students(first: -1) { name } } books { title } }',
            "Author.students(first:) takes a number from 0 to 1000, not -1",
        ),
        (
            '{ author(id: "1") { name studentPage(after: "no") { nodes { name } } } books { title } }',
            "Author.studentPage(after:) is no cursor of this list",
        ),
    ],
)
def test_a_wrong_argument_is_the_error_of_its_field_and_of_no_other(ask: Asker, query: str, says: str) -> None:
    assert ask.refusal(query).startswith(says[:30])
    result = ask.run(ask.plan(query))
    assert isinstance(result.data["books"], Json)


# Python in between


def test_regions_below_rows_that_python_needs_are_columns_of_their_statement(run: Run) -> None:
    ran = run(
        "{ authors(first: 2) { place students { name students { name } } mentor { name } } books(first: 1) { id } }"
    )
    # The first: the root field that is a region. The second: rows with two regions each.
    assert len(ran.statements) == 2
    [first, second] = ran.result.data["authors"]
    assert first["place"] == "authors.0.place"
    assert isinstance(first["students"], Json)
    assert json.loads(second["students"].text) == [
        {"name": "dee", "students": [{"name": "fay"}]}, {"name": "eve", "students": []},
    ]  # fmt: skip
    assert isinstance(ran.result.data["books"], Json)


def test_what_a_mutation_answers_is_written_too(ask: Asker, count_sql: Any) -> None:
    query = 'mutation { rename(id: 1, name: "ann") { name length books { title authors { name } } studentPage { totalCount nodes { name } } } }'
    plan = ask.plan(query)
    with count_sql(ask.database.engine) as counted:
        found = ask.run(plan).data["rename"]
    # The author is read, found unchanged, and read again with all below.
    assert counted.count == 2, counted
    assert isinstance(found["books"], Json)
    assert json.loads(found["studentPage"].text) == {"totalCount": 2, "nodes": [{"name": "cy"}, {"name": "bob"}]}
    ask(query)


# What is no answer


@pytest.mark.parametrize(
    ("query", "path", "says"),
    [
        ('{ author(id: "1") { mustMentor { name } } books { title } }', ["author", "mustMentor"], None),
        ('{ author(id: "2") { name mustMotto } books { title } }', ["author", "mustMotto"], None),
        ('{ mustAuthor(id: "7") { name } }', ["mustAuthor"], None),
        (
            '{ author(id: "1") { name books { title mustPrice } } books { title } }',
            ["author", "books", 1, "mustPrice"],
            None,
        ),
        (
            '{ author(id: "1") { bookPage { nodes { mustPrice } } } books { title } }',
            ["author", "bookPage", "nodes", 2, "mustPrice"],
            None,
        ),
        (
            '{ author(id: "1") { bookPage { edges { node { mustPrice } } } } books { title } }',
            ["author", "bookPage", "edges", 2, "node", "mustPrice"],
            None,
        ),
        ('{ author(id: "2") { profile { mustBio } } books { title } }', ["author", "profile", "mustBio"], None),
        ('{ author(id: "3") { mustProfile { bio } } books { title } }', ["author", "mustProfile"], None),
        ("{ notes { mustChapter { number } } books { title } }", ["notes", 2, "mustChapter"], None),
        (
            '{ author(id: "3") { books { price } } books { title } }',
            ["author", "books", 0, "price"],
            "Int cannot represent non 32-bit signed integer value: 5000000000",
        ),
        (
            '{ author(id: "1") { fewStudents { name } } books { title } }',
            ["author", "fewStudents"],
            "Author.fewStudents holds more than 1 rows",
        ),
        (
            '{ author(id: "1") { students { name fewOrNone { name } } } books { title } }',
            ["author", "students", 0, "fewOrNone"],
            "Author.fewOrNone holds more than 1 rows",
        ),
        ("{ fewAuthors { name } books { title } }", ["fewAuthors"], "Query.fewAuthors holds more than 2 rows"),
    ],
)
def test_what_is_no_answer_is_answered_in_rounds_with_its_error(
    ask: Asker, run: Run, query: str, path: list[Any], says: str | None
) -> None:
    assert ask.plan(query).whole().regions.reasons == {}
    ran = run(query)
    assert len(ran.statements) > 1
    [error] = ask.result(query).errors or []
    assert error.path == path
    assert error.message.startswith(says or "Cannot return null for non-nullable field")
    data = ask.result(query).data
    assert data is None or [each["title"] for each in data["books"]] == ["one", "two", "three", "four"]


def test_fields_beside_it_stay_as_they_were_written(run: Run) -> None:
    """Where more than the one statement is read anyway, only what is irregular is read again."""
    ran = run('{ a: author(id: "1") { length } b: author(id: "2") { mustMotto } books { title } __typename }')
    assert ran.written == {"a", "books"}
    assert ran.result.data["b"] is None
    assert list(ran.result.data) == ["a", "b", "books", "__typename"]
    below = run("{ authors { place students { mustMotto } } }").result
    assert [len(error.path or []) for error in below.errors or []] == [5] * len(below.errors or [])


def test_rows_whose_regions_are_right_keep_them(run: Run) -> None:
    found = run("{ authors { place fewOrNone { name } } }").result.data["authors"]
    assert [isinstance(each["fewOrNone"], Json) for each in found] == [False, False, True, True, True, True, True]
    assert found[0]["fewOrNone"] is None


BROKEN = Reader("broken")


@pytest.fixture
def broken(engine: Engine) -> Iterator[None]:
    """A column that may not be NULL, says the model, and is NULL: an author, his student, and who wrote a book."""
    with engine.begin() as connection:
        connection.exec_driver_sql("alter table authors alter column name drop not null")
        connection.exec_driver_sql(
            "insert into authors values (50, 'broken', 'zed', null, null), (51, 'broken', null, null, 50), (52, 'broken', 'y', null, 51)"
        )
        connection.exec_driver_sql("insert into wrote values (51, 4), (52, 4)")
    yield
    with engine.begin() as connection:
        connection.exec_driver_sql("delete from wrote where author_id > 49")
        connection.exec_driver_sql("delete from authors where id > 49")
        connection.exec_driver_sql("alter table authors alter column name set not null")


@pytest.mark.parametrize(
    "query",
    [
        '{ author(id: "51") { id FIELD } }',
        "{ authors { id FIELD } }",
        '{ author(id: "50") { students { id FIELD } } }',
        '{ author(id: "50") { id students { id } studentPage { totalCount nodes { FIELD } } } }',
        '{ author(id: "50") { studentPage { edges { cursor node { FIELD } } } } }',
        '{ author(id: "52") { id mentor { FIELD } } }',
        '{ book(id: "4") { authors { id FIELD } } }',
        '{ author(id: "50") { students { length FIELD } } }',
        "{ authorPage { nodes { FIELD } } }",
    ],
)
@pytest.mark.usefixtures("broken")
@pytest.mark.parametrize("field", ["name", "maybeName", "FIELD: nodeId a: name"])
def test_an_object_does_not_vanish_for_a_null_that_the_model_forbids(
    ask: Asker, run: Run, query: str, field: str
) -> None:
    ran = run(query.replace("FIELD", field), viewer=BROKEN)
    assert len(ran.statements) > 1
    if field == "maybeName":
        assert ask.result(query.replace("FIELD", field), viewer=BROKEN).errors is None


# One snapshot


@pytest.mark.parametrize(
    ("query", "least"),
    [
        # One statement, alone; irregular, so that all is read anew.
        ('{ a: authors { name } b: author(id: "2") { mustMotto } c: authors { name } }', 2),
        # In a snapshot with others.
        ('{ a: authors { length name } b: author(id: "2") { mustMotto } c: authors { place name } }', 3),
        ("{ a: authors { name fewOrNone { name } } b: authorPage { totalCount } c: authors { place name } }", 3),
    ],
)
@pytest.mark.parametrize("strategy", ["compiled", "rounds"])
def test_a_page_of_which_a_part_is_read_again_is_of_one_snapshot(
    ask: Asker, engine: Engine, query: str, least: int, strategy: Strategy
) -> None:
    """Somebody commits another author after each statement."""
    elsewhere = create_engine(engine.url)
    count = 0

    def another_commits(*_: Any) -> None:
        nonlocal count
        count += 1
        with elsewhere.begin() as connection:
            connection.execute(text(f"insert into authors values ({100 + count}, 'north', 'new', null, null)"))

    plan = ask.plan(query, strategy)
    event.listen(engine, "after_cursor_execute", another_commits)
    try:
        result = ask.run(plan)
    finally:
        event.remove(engine, "after_cursor_execute", another_commits)
        with elsewhere.begin() as connection:
            connection.execute(text("delete from authors where id > 100"))
        elsewhere.dispose()
    assert count >= (least if strategy == "compiled" else 2)
    data = bff.json_text.plain(result.data)
    assert result.errors
    assert names(data["a"]) == names(data["c"])
    assert "b" not in data or data["b"] is None or data["b"]["totalCount"] == len(data["a"])


# Whether it pays


def test_auto_gives_up_on_what_is_irregular_time_and_again(ask: Asker) -> None:
    """But for a try now and then."""
    plan = ask.plan('{ author(id: "2") { mustMotto } books { title } }', "auto")
    [author, books] = plan.whole().regions.of.values()
    ask.run(plan)
    asked = [bff.plan.region.Region.pays(author, author.without_arguments()) for _ in range(2)]
    assert asked == [True, True]
    for _ in range(MOST_FAILURES):
        author.failed(True)
    asked = [author.pays(author.without_arguments()) for _ in range(2 * RETRY)]
    assert asked.count(True) == 2
    author.failed(False)
    assert author.pays(author.without_arguments())
    assert books.pays(books.without_arguments())


def test_auto_counts_the_irregular_answers_of_each_field(ask: Asker, count_sql: Any) -> None:
    plan = ask.plan('{ author(id: "2") { mustMotto } books { title } }', "auto")
    counts = []
    for _ in range(MOST_FAILURES + 3):
        with count_sql(ask.database.engine) as counted:
            ask.run(plan)
        counts.append(counted.count)
    # The first time in rounds, as all that is new; then by one statement and again in rounds; then rounds and one statement.
    assert counts == [2, *[3] * MOST_FAILURES, 2, 2]
    assert isinstance(ask.run(plan).data["books"], Json)


def test_auto_makes_texts_for_what_comes_again(ask: Asker, count_sql: Any) -> None:
    """The first time that a shape of arguments is asked for, rounds answer; values make no shape."""
    plan = ask.plan(LISTS, "auto")

    def is_written(**variables: Any) -> bool:
        return isinstance(ask.run(plan, variables={"id": "1", **variables}).data["author"], Json)

    assert [is_written(), is_written()] == [False, True]
    by_name = {"f": {"name": {"eq": "bob"}}}
    assert [is_written(**by_name), is_written(**by_name), is_written()] == [False, True, True]
    assert is_written(f={"name": {"eq": "cy"}})
    forced = ask.plan(LISTS, "compiled")
    assert isinstance(ask.run(forced, variables={"id": "1", **by_name}).data["author"], Json)
