"""Relationships with rules of their own: custom joins, secondary tables with more in them, loading strategies, proxies."""

import datetime
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Annotated, Any

import pytest
import strawberry
from graphql import parse
from sqlalchemy import Column, DateTime, Engine, ForeignKey, Integer, Table, UniqueConstraint, and_, create_engine, or_
from sqlalchemy.orm import (
    DeclarativeBase,
    DynamicMapped,
    Mapped,
    Session,
    WriteOnlyMapped,
    foreign,
    mapped_column,
    relationship,
    remote,
)

import bff
from bff.engine.execution import execute
from tests.bff.asking import Asker, MakeDatabase

NOW = datetime.datetime(2024, 5, 1, tzinfo=datetime.UTC)


class Base(DeclarativeBase):
    pass


# No key and no constraint: a pair may stand there twice.
reads = Table(
    "reads", Base.metadata, Column("reader_id", ForeignKey("readers.id")), Column("page_id", ForeignKey("pages.id"))
)
follows = Table(
    "follows",
    Base.metadata,
    Column("id", Integer, primary_key=True),
    Column("who", ForeignKey("readers.id")),
    Column("whom", ForeignKey("readers.id")),
    Column("since", Integer),
    UniqueConstraint("who", "whom"),
)


class ReaderRow(Base):
    __tablename__ = "readers"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    left_at: Mapped[datetime.datetime | None] = mapped_column(DateTime(timezone=True))
    language: Mapped[str | None]
    read: Mapped[list["PageRow"]] = relationship(secondary=reads, back_populates="readers", order_by="PageRow.id")
    follows: Mapped[list["ReaderRow"]] = relationship(
        secondary=follows,
        primaryjoin=lambda: ReaderRow.id == follows.c.who,
        # A condition on the secondary table itself.
        secondaryjoin=lambda: and_(ReaderRow.id == follows.c.whom, follows.c.since > 2000),
        order_by=lambda: ReaderRow.id,
        viewonly=True,
    )
    present_pages: Mapped[list["PageRow"]] = relationship(
        # NULL in a column of the parent is what lets rows through.
        primaryjoin=lambda: and_(foreign(PageRow.writer_id) == ReaderRow.id, ReaderRow.left_at.is_(None)),
        viewonly=True,
        order_by=lambda: PageRow.id,
    )
    in_language: Mapped[list["PageRow"]] = relationship(
        # A column of the parent alone, and NULL matches NULL.
        primaryjoin=lambda: remote(foreign(PageRow.language)).is_not_distinct_from(ReaderRow.language),
        viewonly=True,
        uselist=True,
        order_by=lambda: PageRow.id,
    )
    either_pages: Mapped[list["PageRow"]] = relationship(
        primaryjoin=lambda: or_(ReaderRow.id == foreign(PageRow.writer_id), ReaderRow.id == foreign(PageRow.editor_id)),
        viewonly=True,
        order_by=lambda: PageRow.id,
    )
    unloaded: Mapped[list["PageRow"]] = relationship(
        foreign_keys="PageRow.writer_id", lazy="raise", viewonly=True, order_by="PageRow.id"
    )
    queried: DynamicMapped["PageRow"] = relationship(
        foreign_keys="PageRow.writer_id", viewonly=True, order_by="PageRow.id"
    )
    written: WriteOnlyMapped["PageRow"] = relationship(
        foreign_keys="PageRow.writer_id", order_by="PageRow.id", overlaps="writer"
    )


class PageRow(Base):
    __tablename__ = "pages"
    id: Mapped[int] = mapped_column(primary_key=True)
    language: Mapped[str | None]
    writer_id: Mapped[int | None] = mapped_column(ForeignKey("readers.id"))
    editor_id: Mapped[int | None] = mapped_column(ForeignKey("readers.id"))
    is_public: Mapped[bool] = mapped_column(default=True)
    text: Mapped[str] = mapped_column(deferred=True, deferred_raiseload=True)
    readers: Mapped[list[ReaderRow]] = relationship(secondary=reads, back_populates="read", order_by=ReaderRow.name)
    writer: Mapped[ReaderRow | None] = relationship(foreign_keys=[writer_id], lazy="raise", overlaps="written")
    editor: Mapped[ReaderRow | None] = relationship(foreign_keys=[editor_id], lazy="joined")
    # To-one, over the key, and yet not every row that the key leads to.
    present_writer: Mapped[ReaderRow | None] = relationship(
        primaryjoin=lambda: and_(foreign(PageRow.writer_id) == ReaderRow.id, ReaderRow.left_at.is_(None)), viewonly=True
    )
    public_writer: Mapped[ReaderRow | None] = relationship(
        primaryjoin=lambda: and_(foreign(PageRow.writer_id) == ReaderRow.id, PageRow.is_public), viewonly=True
    )


@bff.entity(ReaderRow, policy=bff.public)
class Reader(bff.Node):
    name: str
    read: list["Page"]
    read_page: bff.Connection[Annotated["Page", strawberry.lazy("tests.bff.sql.test_join")]] = bff.relation(
        "read", order=["-id"]
    )
    read_count: int = bff.count("read")
    read_sum: int = bff.total("read", "id")
    follows: list["Reader"]
    present_pages: list["Page"]
    in_language: list["Page"]
    in_language_count: int = bff.count("in_language")
    either_pages: list["Page"]
    unloaded: list[Annotated["Page", strawberry.lazy("tests.bff.sql.test_join")]]
    queried: list["Page"]
    written: list["Page"]
    written_page: bff.Connection["Page"] = bff.relation("written")


@strawberry.interface
class Titled:
    """A plain Strawberry interface: its fields are columns and relationships of the model that implements it."""

    text: str
    writer: Annotated["Reader", strawberry.lazy("tests.bff.sql.test_join")] | None


@bff.entity(PageRow, policy=bff.public)
class Page(bff.Node, Titled):
    id: strawberry.ID
    language: str | None = strawberry.field(description="As it is said.", name="tongue")
    readers: list[Reader] = strawberry.field(description="Who has read it.")
    editor: Reader | None
    present_writer: Reader | None
    public_writer: Reader | None


@strawberry.type
class Query:
    readers: list[Reader] = bff.collection(order=["id"])
    pages: list[Page] = bff.collection(order=["id"])


SCHEMA = bff.Schema(Query)


@pytest.fixture(scope="module")
def engine(make_database: MakeDatabase) -> Iterator[Engine]:
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(
            [
                ReaderRow(id=1, name="Ann", language="de"),
                ReaderRow(id=2, name="Bob", left_at=NOW),
                ReaderRow(id=3, name="Cem", language="tr"),
            ]
        )
        session.flush()
        session.add_all(
            [
                PageRow(id=1, language="de", writer_id=1, editor_id=2, text="one"),
                PageRow(id=2, language=None, writer_id=2, editor_id=1, is_public=False, text="two"),
                PageRow(id=3, language="de", writer_id=1, editor_id=1, is_public=False, text="three"),
                PageRow(id=4, language=None, writer_id=None, text="four"),
            ]
        )
        session.flush()
        pairs = [(1, 1), (1, 1), (1, 2), (2, 1), (3, 4), (3, 4), (3, 4)]
        session.execute(reads.insert(), [{"reader_id": reader, "page_id": page} for reader, page in pairs])
        session.execute(
            follows.insert(),
            [
                {"who": 1, "whom": 2, "since": 2010},
                {"who": 1, "whom": 3, "since": 1990},
                {"who": 1, "whom": 1, "since": 2020},
                {"who": 2, "whom": 1, "since": 2001},
            ],
        )
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def ask(engine: Engine) -> Asker:
    return Asker(SCHEMA, engine)


def ids(ask: Asker, field: str) -> list[str]:
    """For each reader the ids of the pages in a field."""
    return [
        "".join(page["id"] for page in each[field]) for each in ask(f"{{ readers {{ {field} {{ id }} }} }}")["readers"]
    ]


@pytest.mark.parametrize(
    ("field", "expected"),
    [
        ("presentPages", ["13", "", ""]),
        ("inLanguage", ["13", "24", ""]),
        ("eitherPages", ["123", "12", ""]),
        ("unloaded", ["13", "2", ""]),
        ("queried", ["13", "2", ""]),
        ("written", ["13", "2", ""]),
        ("read", ["12", "1", "4"]),
    ],
)
def test_joins_of_every_kind(ask: Asker, field: str, expected: list[str]) -> None:
    assert ids(ask, field) == expected


def test_what_a_secondary_table_holds_twice_is_one_row(ask: Asker) -> None:
    found = ask(
        "{ readers { readCount readSum readPage(first: 1) { totalCount nodes { id } } } pages { readers { name } } }"
    )
    assert [(each["readCount"], each["readSum"], each["readPage"]) for each in found["readers"]] == [
        (2, 3, {"totalCount": 2, "nodes": [{"id": "2"}]}),
        (1, 1, {"totalCount": 1, "nodes": [{"id": "1"}]}),
        (1, 4, {"totalCount": 1, "nodes": [{"id": "4"}]}),
    ]
    assert [[reader["name"] for reader in page["readers"]] for page in found["pages"]] == [
        ["Ann", "Bob"], ["Ann"], [], ["Cem"],
    ]  # fmt: skip


def test_to_themselves_with_a_condition_on_the_secondary_table(ask: Asker) -> None:
    found = ask("{ readers { follows { name follows { name } } } }")["readers"]
    assert [[each["name"] for each in reader["follows"]] for reader in found] == [["Ann", "Bob"], ["Ann"], []]


def test_null_matches_where_the_join_says_so(ask: Asker) -> None:
    assert [each["inLanguageCount"] for each in ask("{ readers { inLanguageCount } }")["readers"]] == [2, 2, 0]


def test_to_one_with_conditions_of_its_own(ask: Asker) -> None:
    found = ask("{ pages { writer { name } editor { name } presentWriter { name } publicWriter { name } } }")["pages"]
    names = [tuple(each[name] and each[name]["name"] for name in each) for each in found]
    assert names == [
        ("Ann", "Bob", "Ann", "Ann"), ("Bob", "Ann", None, None), ("Ann", "Ann", "Ann", None), (None, None, None, None),
    ]  # fmt: skip


def test_pages_of_a_relationship_that_only_writes(ask: Asker) -> None:
    found = ask("{ readers { writtenPage(last: 1) { totalCount nodes { id } } } }")["readers"]
    assert [(each["writtenPage"]["totalCount"], len(each["writtenPage"]["nodes"])) for each in found] == [
        (2, 1),
        (1, 1),
        (0, 0),
    ]


def test_fields_of_strawberrys_own_kind_are_columns_and_relations(ask: Asker) -> None:
    """What a plain interface declares, and what has a `strawberry.field` with nothing but a description or a name."""
    found = ask("{ pages { tongue text writer { name } readers(first: 1) { name } } }")["pages"]
    assert found[0] == {"tongue": "de", "text": "one", "writer": {"name": "Ann"}, "readers": [{"name": "Ann"}]}
    sdl = SCHEMA.as_str()
    assert '"""As it is said."""\n  tongue: String' in sdl
    assert "type Page implements Node & Titled" in sdl
    assert ask('{ pages(filter: {text: {eq: "two"}}) { id } }') == {"pages": [{"id": "2"}]}


def test_all_users_of_a_page_are_one_statement(
    engine: Engine, ask: Asker, count_sql: Callable[..., AbstractContextManager[Any]]
) -> None:
    query = parse("{ pages { writer { name } editor { name } readers { name } } }")
    with count_sql(engine) as statements, ask.database.open(None, bff.Deadline.after(20)) as scope:
        execute(SCHEMA._schema, query, context_value=scope, strategy="rounds")
    assert statements.count == 3, statements
