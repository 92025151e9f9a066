"""Authors, books and works: what the tests of plans are asked about, and what they ask of a plan."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any

import strawberry
from graphql import ExecutionResult
from sqlalchemy import BigInteger, Column, ForeignKey, ForeignKeyConstraint, Table
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

import bff
from bff.json_text import Json
from bff.plan.plan import Strategy
from tests.bff.asking import Asker


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


@dataclass(frozen=True)
class Ran:
    """A query as PostgreSQL answered it: the root fields that are finished JSON, and how many statements it took."""

    result: ExecutionResult
    statements: list[str]

    @property
    def written(self) -> set[str]:
        return {key for key, value in (self.result.data or {}).items() if isinstance(value, Json)}


Run = Callable[..., Ran]
"""Runs a query, compiled where nothing else is said."""

One = Callable[..., Any]
"""Gives the data of a query that is one statement."""

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


LISTS = """query($f: AuthorFilter, $o: [AuthorOrder!], $n: Int, $c: String, $id: ID!) {
  author(id: $id) {
    students(filter: $f, orderBy: $o, first: $n) { name students(filter: {name: {gt: "a"}}) { name } }
    studentPage(filter: $f, orderBy: $o, first: $n, after: $c) { totalCount nodes { name } pageInfo { endCursor hasPreviousPage } }
  }
}"""


def names(objects: list[Any]) -> str:
    return " ".join(each["name"] for each in objects)


def reasons(ask: Asker, query: str, strategy: Strategy = "compiled") -> dict[str, str]:
    whole = ask.plan(query, strategy).whole()
    return {field.key: reason for field, reason in whole.regions.reasons.items()}


def regions(ask: Asker, query: str, strategy: Strategy = "compiled") -> list[str]:
    return [field.key for field in ask.plan(query, strategy).whole().regions.of]
