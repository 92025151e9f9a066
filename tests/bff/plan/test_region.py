"""Regions: pages whose JSON PostgreSQL writes in one statement, and what becomes of what it cannot write.

Each query is answered by PostgreSQL, in rounds and by graphql-core, and the answers are one; what is asserted besides is
how it came about: the statements, and which fields are finished JSON.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any

import pytest
import strawberry
from graphql import ExecutionResult
from sqlalchemy import (
    BigInteger,
    Column,
    Engine,
    ForeignKey,
    ForeignKeyConstraint,
    Table,
    create_engine,
    event,
    text,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

import bff
import bff.plan.plan
import bff.plan.pushdown
from bff.columns.to_json import IRREGULAR
from bff.json_text import Json
from bff.plan.explain import explain
from bff.plan.json_sql import MANY_ROWS
from bff.plan.placeholders import EDGE
from bff.plan.plan import Strategy
from bff.plan.pushdown import MOST_NESTED
from bff.plan.region import _TEXTS, MOST_FAILURES, RETRY
from tests.bff.asking import Asker, MakeDatabase


class Base(DeclarativeBase):
    pass


wrote = Table(
    "wrote",
    Base.metadata,
    Column("author_id", ForeignKey("authors.id"), primary_key=True),
    Column("book_id", ForeignKey("books.id"), primary_key=True),
)


class AuthorRow(Base):
    """A tree, of two tenants."""

    __tablename__ = "authors"
    id: Mapped[int] = mapped_column(primary_key=True)
    tenant: Mapped[str]
    name: Mapped[str]
    motto: Mapped[str | None]
    mentor_id: Mapped[int | None] = mapped_column(ForeignKey("authors.id"))
    mentor: Mapped["AuthorRow | None"] = relationship(back_populates="students", remote_side=[id])
    students: Mapped[list["AuthorRow"]] = relationship(back_populates="mentor", order_by="AuthorRow.id")
    books: Mapped[list["BookRow"]] = relationship(secondary=wrote, back_populates="authors", order_by="BookRow.id")
    profile: Mapped["ProfileRow | None"] = relationship(back_populates="author")
    works: Mapped[list["WorkRow"]] = relationship(back_populates="author", order_by="WorkRow.id")


class BookRow(Base):
    __tablename__ = "books"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]
    price: Mapped[int | None] = mapped_column(BigInteger)
    authors: Mapped[list[AuthorRow]] = relationship(secondary=wrote, back_populates="books", order_by="AuthorRow.id")
    chapters: Mapped[list["ChapterRow"]] = relationship(back_populates="book", order_by="ChapterRow.number")


class ChapterRow(Base):
    """A key of two columns."""

    __tablename__ = "chapters"
    book_id: Mapped[int] = mapped_column(ForeignKey("books.id"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    title: Mapped[str | None]
    book: Mapped[BookRow] = relationship(back_populates="chapters")
    notes: Mapped[list["NoteRow"]] = relationship(back_populates="chapter", order_by="NoteRow.id")


class NoteRow(Base):
    """A foreign key of two columns, each of which may be NULL."""

    __tablename__ = "notes"
    __table_args__ = (ForeignKeyConstraint(["book_id", "number"], ["chapters.book_id", "chapters.number"]),)
    id: Mapped[int] = mapped_column(primary_key=True)
    book_id: Mapped[int | None]
    number: Mapped[int | None]
    text: Mapped[str | None]
    chapter: Mapped[ChapterRow | None] = relationship(back_populates="notes")


class ProfileRow(Base):
    """The other side of one-to-one."""

    __tablename__ = "profiles"
    id: Mapped[int] = mapped_column(primary_key=True)
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"), unique=True)
    bio: Mapped[str | None]
    author: Mapped[AuthorRow] = relationship(back_populates="profile")


class WorkRow(Base):
    """Two kinds in one table."""

    __tablename__ = "works"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    title: Mapped[str]
    author_id: Mapped[int] = mapped_column(ForeignKey("authors.id"))
    author: Mapped[AuthorRow] = relationship(back_populates="works")
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_abstract": True}  # noqa: RUF012


class FilmRow(WorkRow):
    minutes: Mapped[int | None] = mapped_column(use_existing_column=True)
    __mapper_args__ = {"polymorphic_identity": "film"}  # noqa: RUF012


class SongRow(WorkRow):
    key: Mapped[str | None] = mapped_column(use_existing_column=True)
    __mapper_args__ = {"polymorphic_identity": "song"}  # noqa: RUF012


@dataclass(frozen=True)
class Reader:
    tenant: str


calls: list[list[Any]] = []
"""The keys of every call of the batch function."""


def lengths(keys: list[str | None], scope: bff.Scope) -> list[int | None]:
    calls.append(list(keys))
    return [None if key is None else len(key) for key in keys]


@bff.entity(AuthorRow, policy=lambda author, reader: author.tenant == reader.tenant)
class Author(bff.Node):
    id: strawberry.ID
    name: str
    maybe_name: str | None = bff.column("name")
    motto: str | None
    must_motto: str = bff.column("motto")
    mentor: "Author | None"
    must_mentor: "Author" = bff.relation("mentor")
    students: list["Author"]
    few_students: list["Author"] = bff.relation("students", bound=1)
    few_or_none: list["Author"] | None = bff.relation("students", bound=1)
    student_page: bff.Connection["Author"] = bff.relation("students", order=["-name"])
    books: list["Book"]
    book_page: bff.Connection["Book"] = bff.relation("books", order=["price"])
    profile: "Profile | None"
    must_profile: "Profile" = bff.relation("profile")
    works: list["Work"]
    work_page: bff.Connection["Work"] = bff.relation("works")
    student_count: int = bff.count("students")
    long_count: int = bff.count("students", where=lambda author: author.id > 3)
    book_count: int = bff.count("books")
    price: bff.BigInt = bff.total("books", "price")
    length: int | None = bff.batched(lengths, key="name")

    @bff.field(needs="name")
    def shout(self) -> str:
        return self.name.upper() + "!"

    @bff.field(needs="name")
    def place(self, info: strawberry.Info) -> str:
        return ".".join(map(str, info.path.as_list()))


@bff.entity(BookRow, policy=bff.public)
class Book(bff.Node):
    id: strawberry.ID
    title: str
    price: int | None
    must_price: int = bff.column("price")
    authors: list[Author]
    chapters: list["Chapter"]
    chapter_page: bff.Connection["Chapter"] = bff.relation("chapters")


@bff.entity(ChapterRow, policy=bff.public)
class Chapter(bff.Node):
    number: int
    title: str | None
    book: Book
    notes: list["Note"]
    note_count: int = bff.count("notes")


@bff.entity(NoteRow, policy=bff.public)
class Note(bff.Node):
    id: strawberry.ID
    text: str | None
    chapter: Chapter | None
    must_chapter: Chapter = bff.relation("chapter")


@bff.entity(ProfileRow, policy=bff.public)
class Profile(bff.Node):
    bio: str | None
    must_bio: str = bff.column("bio")
    author: Author


@bff.entity(WorkRow, policy=bff.public, interface=True)
class Work(bff.Node):
    id: strawberry.ID
    title: str
    author: Author


@bff.entity(FilmRow)
class Film(Work):
    minutes: int | None

    @bff.field(needs=["minutes", "title"])
    def length_in_hours(self) -> str | None:
        return None if self.minutes is None else f"{self.title}: {self.minutes / 60}"


@bff.entity(SongRow)
class Song(Work):
    key: str | None


Found = Annotated[Author | Book, strawberry.union("Found")]


@strawberry.type
class Query:
    author: Author | None = bff.lookup()
    must_author: Author = bff.lookup()
    book: Book | None = bff.lookup()
    chapter: Chapter | None = bff.lookup()
    node: bff.Node | None = bff.node()
    work: Work | None = bff.lookup()
    authors: list[Author] = bff.collection()
    few_authors: list[Author] | None = bff.collection(bound=2)
    author_page: bff.Connection[Author] = bff.collection(order=["-name"])
    with_motto: list[Author] = bff.collection(where=lambda author: author.motto.is_not(None))
    page_with_motto: bff.Connection[Author] = bff.collection(where=lambda author: author.motto.is_not(None))
    notes: list[Note] = bff.collection()
    works: list[Work] = bff.collection(order=["-title"])
    books: list[Book] = bff.collection()

    @strawberry.field
    def some_authors(self, info: strawberry.Info[bff.Scope, None]) -> list[Author]:
        return [info.context.session.get_one(AuthorRow, key) for key in (2, 1)]  # type: ignore[misc]

    @strawberry.field
    def found(self, info: strawberry.Info[bff.Scope, None]) -> list[Found]:
        session = info.context.session
        return [session.get_one(AuthorRow, 1), session.get_one(BookRow, 1)]


@strawberry.type
class Mutation:
    author: Author | None = bff.lookup()

    @strawberry.mutation
    def rename(self, info: strawberry.Info[bff.Scope, None], id: int, name: str) -> Author:
        with info.context.writing() as session:
            author = session.get_one(AuthorRow, id)
            author.name = name
        return author  # type: ignore[return-value]


SCHEMA = bff.Schema(Query, mutation=Mutation, types=[Film, Song])
NORTH = Reader("north")

ROWS = """
insert into authors (id, tenant, name, motto, mentor_id) values
  (1, 'north', 'ann', 'go', null), (2, 'north', 'bob', null, 1), (3, 'north', 'cy', 'ok', 1), (4, 'north', 'dee', null, 2),
  (5, 'north', 'eve', 'hm', 2), (6, 'north', 'fay', null, 4), (7, 'south', 'gus', null, 1), (8, 'north', 'hal', null, 7);
insert into books values (1, 'one', 10), (2, 'two', null), (3, 'three', 5000000000), (4, 'four', 30);
insert into wrote values (1, 1), (1, 2), (2, 1), (7, 1), (3, 3), (4, 4), (1, 4);
insert into chapters values (1, 1, 'a'), (1, 2, null), (2, 1, 'c');
insert into notes values (1, 1, 1, 'n1'), (2, 1, 2, null), (3, 1, null, 'n3'), (4, null, null, 'n4'), (5, 1, 1, 'n5');
insert into profiles values (1, 1, 'writes'), (2, 2, null), (3, 7, 'hidden');
insert into works (id, kind, title, author_id, minutes, key) values
  (1, 'film', 'w1', 1, 90, null), (2, 'song', 'w2', 1, null, 'C'), (3, 'song', 'w3', 2, null, null), (4, 'film', 'w4', 3, null, null);
"""  # fmt: skip


@pytest.fixture(scope="module")
def engine(make_database: MakeDatabase) -> Iterator[Engine]:
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(ROWS)
    yield engine
    engine.dispose()


@pytest.fixture(scope="module")
def ask(engine: Engine) -> Asker:
    return Asker(SCHEMA, engine, NORTH)


@dataclass(frozen=True)
class Ran:
    """A query as PostgreSQL answered it: the root fields that are finished JSON, and how many statements it took."""

    result: ExecutionResult
    statements: list[str]

    @property
    def written(self) -> set[str]:
        return {key for key, value in (self.result.data or {}).items() if isinstance(value, Json)}


Run = Callable[..., Ran]


@pytest.fixture
def run(ask: Asker, count_sql: Any) -> Run:
    """Run a query compiled, with the answer asserted to be graphql-core's."""

    def ran(query: str, strategy: Strategy = "compiled", **options: Any) -> Ran:
        plan = ask.plan(query, strategy)
        with count_sql(ask.database.engine) as counted:
            result = ask.run(plan, **options)
        ask.result(query, **options)
        return Ran(result, counted.statements)

    return ran


@pytest.fixture
def one(ask: Asker, run: Run) -> Callable[..., Any]:
    """The data of a query that is answered by one statement, all of it finished JSON."""

    def asked(query: str, **options: Any) -> Any:
        ran = run(query, **options)
        assert len(ran.statements) == 1, ran.statements
        assert ran.written == set(ran.result.data)
        data = ask(query, **options)
        assert {key: json.loads(value.text) for key, value in ran.result.data.items()} == data
        return data

    return asked


One = Callable[..., Any]

PAGE = """{
  author(id: "1") {
    name motto mentor { name } profile { bio author { name } } studentCount bookCount price
    students { name motto books { title authors { name } } }
    bookPage(first: 2) { totalCount nodes { title chapters { number title notes { text } noteCount } } }
    works { __typename title ... on Film { minutes } ... on Song { key } }
  }
  authorPage(first: 3) { totalCount pageInfo { hasNextPage } nodes { nodeId name } }
  notes { text chapter { number book { title } } }
}"""


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


def test_a_page_with_python_leaves_is_one_statement_too(one: One) -> None:
    calls.clear()
    data = one(
        '{ author(id: "1") { length shout students { shout length books { authors { length } } } }'
        " authorPage(first: 2) { edges { cursor node { length } } pageInfo { endCursor } } }"
    )
    assert data["author"]["length"] == 3
    assert data["author"]["students"][1] == {"shout": "CY!", "length": 2, "books": [{"authors": [{"length": 2}]}]}
    assert data["authorPage"]["edges"][1]["cursor"] == data["authorPage"]["pageInfo"]["endCursor"]


def test_json_is_compact(run: Run) -> None:
    data = run('{ author(id: "1") { name motto students { id } bookPage(first: 1) { totalCount nodes { price } } } }')
    assert data.result.data["author"].text == (
        '{"name":"ann","motto":"go","students":[{"id":"2"},{"id":"3"}],'
        '"bookPage":{"totalCount":3,"nodes":[{"price":10}]}}'
    )


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


def test_python_of_one_type_of_an_interface(one: One) -> None:
    """What it needs is named as its own type names it, among rows of several."""
    data = one("{ works { ... on Film { lengthInHours } ... on Song { key author { length } } } }")
    assert data["works"] == [
        {"lengthInHours": None}, {"key": None, "author": {"length": 3}}, {"key": "C", "author": {"length": 3}},
        {"lengthInHours": "w1: 1.5"},
    ]  # fmt: skip


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


def test_skip_and_include_by_variables_plan_once_for_each_of_their_values(ask: Asker, one: One) -> None:
    query = (
        'query($a: Boolean!, $b: Boolean!) { author(id: "1") { name @include(if: $a) students @skip(if: $b) { name }'
        " mentor { name @include(if: $a) } } books(first: 1) @include(if: $a) { title } }"
    )
    assert one(query, variables={"a": True, "b": True}) == {
        "author": {"name": "ann", "mentor": None}, "books": [{"title": "one"}],
    }  # fmt: skip
    assert set(one(query, variables={"a": False, "b": False})) == {"author"}
    plan = ask.plan(query)
    for _ in range(3):
        for a, b in [(True, True), (False, True), (False, False)]:
            ask.run(plan, variables={"a": a, "b": b})
    assert repr(plan) == "<Plan of query (anonymous), 3 variants>"


# Arguments

LISTS = """query($f: AuthorFilter, $o: [AuthorOrder!], $n: Int, $c: String, $id: ID!) {
  author(id: $id) {
    students(filter: $f, orderBy: $o, first: $n) { name students(filter: {name: {gt: "a"}}) { name } }
    studentPage(filter: $f, orderBy: $o, first: $n, after: $c) { totalCount nodes { name } pageInfo { endCursor hasPreviousPage } }
  }
}"""


def names(objects: list[Any]) -> str:
    return " ".join(each["name"] for each in objects)


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


def test_composite_keys(one: One) -> None:
    data = one(
        '{ chapter(bookId: "1", number: 2) { nodeId number book { title } notes { id } noteCount }'
        ' none: chapter(bookId: "2", number: 2) { number } notes { chapter { number nodeId } } }'
    )
    assert data["chapter"] == {
        "nodeId": "Chapter:1,2", "number": 2, "book": {"title": "one"}, "notes": [{"id": "2"}], "noteCount": 1,
    }  # fmt: skip
    assert data["none"] is None
    found = [each["chapter"] and each["chapter"]["nodeId"] for each in data["notes"]]
    assert found == ["Chapter:1,1", "Chapter:1,2", None, None, "Chapter:1,1"]


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


@pytest.mark.parametrize(
    "below", ["students { name }", "studentCount", "studentPage { totalCount }", "mentor { books { id } }"]
)
@pytest.mark.parametrize("parents", ["authors", "authorPage { nodes"])
def test_what_many_rows_may_share_is_read_once(ask: Asker, run: Run, below: str, parents: str) -> None:
    """A to-one relation with lists or counts below, inside of a list; with columns and to-one relations below it is written."""
    end = " }" if "Page" in parents else ""
    query = f"{{ {parents} {{ name mentor {{ name {below} }} }} {end} }}"
    assert set(reasons(ask, query).values()) == {
        "Author.mentor has lists or counts below, and may be the same for many rows"
    }
    ran = run(query)
    assert len(ran.statements) > 1
    assert reasons(ask, f"{{ {parents} {{ name mentor {{ name profile {{ bio }} mentor {{ id }} }} }} {end} }}") == {}
    assert reasons(ask, f'{{ author(id: "6") {{ mentor {{ name {below} }} }} }}') == {}


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


def test_what_a_mutation_reads_it_reads_in_its_turn(ask: Asker) -> None:
    """Its root fields are no regions, which would be read before all."""
    query = (
        'mutation { a: author(id: "1") { name } new: rename(id: 1, name: "anna") { name } b: author(id: "1") { name students'
        ' { name mentor { name } } } old: rename(id: 1, name: "ann") { name } c: author(id: "1") { name } }'
    )
    assert regions(ask, query) == ["students"]
    data = ask(query)
    assert [data[key]["name"] for key in ("a", "new", "b", "old", "c")] == ["ann", "anna", "anna", "ann", "ann"]
    assert data["b"]["students"][0]["mentor"] == {"name": "anna"}


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


@pytest.mark.parametrize("first", [0, 1])
def test_a_list_within_its_bound_is_written(one: One, first: int) -> None:
    """As many as the bound are in; and so are as many as are asked for."""
    one(
        f'{{ author(id: "4") {{ fewStudents {{ name }} }} a: author(id: "1") {{ fewStudents(first: {first}) {{ name }} }} }}'
    )


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


# Data that looks like the layer's own

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


# Which fields are regions


def reasons(ask: Asker, query: str, strategy: Strategy = "compiled") -> dict[str, str]:
    whole = ask.plan(query, strategy).whole()
    return {field.key: reason for field, reason in whole.regions.reasons.items()}


def regions(ask: Asker, query: str, strategy: Strategy = "compiled") -> list[str]:
    return [field.key for field in ask.plan(query, strategy).whole().regions.of]


DEEP = '{ author(id: "1") { students { students { students { name } } } } books { title } }'


def test_auto_leaves_what_is_beyond_many_subqueries_to_rounds(
    ask: Asker, one: One, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bff.plan.plan, "MOST_SUBQUERIES", 3)
    says = "with Query.author the statement has 4 subqueries, more than 3"
    assert reasons(ask, DEEP, "auto") == {"author": says}
    # What is below it is of another statement, and what stands beside it has room.
    assert regions(ask, DEEP, "auto") == ["students", "books"]
    assert f"; in rounds: {says}" in explain(ask.plan(DEEP, "auto"))
    assert regions(ask, DEEP, "compiled") == ["author", "books"]
    assert reasons(ask, DEEP, "compiled") == {}
    one(DEEP)
    monkeypatch.setattr(bff.plan.plan, "MOST_SUBQUERIES", 4)
    assert regions(ask, DEEP, "auto") == ["author"]
    assert reasons(ask, DEEP, "auto") == {"books": "with Query.books the statement has 5 subqueries, more than 4"}
    monkeypatch.setattr(bff.plan.plan, "MOST_SUBQUERIES", 5)
    assert regions(ask, DEEP, "auto") == ["author", "books"]


@pytest.mark.parametrize(
    ("query", "subqueries"),
    [
        ('{ author(id: "1") { name nodeId length } }', 1),
        ('{ author(id: "1") { mentor { name } } }', 2),
        ('{ author(id: "1") { studentCount price } }', 3),
        ('{ author(id: "1") { studentPage { nodes { id } pageInfo { endCursor } } } }', 2),
        ('{ author(id: "1") { studentPage { totalCount edges { node { mentor { id } } } } } }', 4),
        ("{ works { author { id } } }", 3),
    ],
)
def test_what_counts_as_a_subquery(ask: Asker, query: str, subqueries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interface's are counted for each type."""
    monkeypatch.setattr(bff.plan.plan, "MOST_SUBQUERIES", subqueries)
    assert reasons(ask, query, "auto") == {}
    monkeypatch.setattr(bff.plan.plan, "MOST_SUBQUERIES", subqueries - 1)
    assert (
        f"the statement has {subqueries} subqueries, more than {subqueries - 1}"
        in reasons(ask, query, "auto").popitem()[1]
    )


@pytest.mark.parametrize("strategy", ["auto", "compiled"])
def test_levels_are_limited_whatever_the_setting(ask: Asker, one: One, strategy: Strategy) -> None:
    def query(levels: int) -> str:
        return '{ author(id: "1") ' + "{ students " * levels + "{ name } " + "} " * levels + "}"

    assert reasons(ask, query(MOST_NESTED - 1), strategy) == {}
    one(query(MOST_NESTED - 1))
    says = f"Query.author takes {MOST_NESTED + 1} levels of subqueries, more than {MOST_NESTED}"
    assert reasons(ask, query(MOST_NESTED), strategy) == {"author": says}
    assert regions(ask, query(MOST_NESTED), strategy) == ["students"]
    assert ask(query(MOST_NESTED))


def test_columns_of_a_statement_are_limited(ask: Asker, one: One, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bff.plan.pushdown, "MOST_COLUMNS", 2)
    query = '{ a: author(id: "1") { name } b: books { id } c: books { id } }'
    assert reasons(ask, query) == {"c": "with Query.books the statement has more than 2 columns"}
    assert ask(query)["c"] == [{"id": key} for key in "1234"]


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


def test_rounds_have_no_regions(ask: Asker) -> None:
    assert regions(ask, DEEP, "rounds") == []
    assert reasons(ask, DEEP, "rounds") == {}


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


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            '{ author(id: "1") { place } }',
            {"author": "Author.place is a resolver with objects, `info` or extensions"},
        ),
        (
            '{ author(id: "1") { students { place books { id } } mentor { name } } }',
            {
                "author": "Author.place is a resolver with objects, `info` or extensions",
                "students": "Author.place is a resolver with objects, `info` or extensions",
            },
        ),
        ('{ author(id: "1") { length students { shout } } }', {}),
    ],
)
def test_what_needs_python_is_left_to_it_and_all_below_is_a_region_again(
    ask: Asker, query: str, said: dict[str, str]
) -> None:
    assert reasons(ask, query) == said
    shown = explain(ask.plan(query))
    assert all(f"; in rounds: {reason}" in shown for reason in said.values())
    expected = {"author": ["students"], "students": ["books", "mentor"]}
    assert regions(ask, query) == (["author"] if not said else [] if len(said) == 1 else expected["students"])
    ask(query)


def test_a_plan_is_ready_before_its_first_request(ask: Asker, count_sql: Any) -> None:
    """Of a registered operation, the first request is answered by the one statement that the plan shows."""
    plan = ask.plan(PAGE, "auto")
    plan.prepare()
    [text] = plan.texts()
    with count_sql(ask.database.engine) as counted:
        ask.run(plan)
    assert counted.statements == [text]
    assert text in explain(plan).replace("\n   ", "\n")
