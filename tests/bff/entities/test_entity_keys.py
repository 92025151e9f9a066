"""Primary keys of every kind: looked up, as global ids, behind relations, and in the way of wrong values."""

import datetime
import decimal
import enum
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import strawberry
from sqlalchemy import (
    CHAR,
    BigInteger,
    Date,
    DateTime,
    Enum,
    ForeignKey,
    ForeignKeyConstraint,
    Integer,
    Numeric,
    SmallInteger,
    String,
    TypeDecorator,
    Uuid,
    create_engine,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

import bff
from tests.bff.asking import Asker, MakeDatabase


class Kind(enum.Enum):
    """Values that are no strings."""

    FIRST = 1
    SECOND = 2


class Hex(TypeDecorator[str]):
    """A number that the application writes in base 16."""

    impl = Integer
    cache_ok = True

    def process_bind_param(self, value: str | None, dialect: Any) -> int | None:
        return None if value is None else int(value, 16)

    def process_result_value(self, value: int | None, dialect: Any) -> str | None:
        return None if value is None else f"{value:x}"


UTC = datetime.UTC
KEYS: dict[str, tuple[Any, list[tuple[Any, str]], list[str], list[str]]] = {
    # name: type, [(value, text)], texts of no row, texts of no value
    "small": (SmallInteger, [(1, "1"), (-5, "-5")], ["7"], ["40000", "x", "", "1.0", "٣", " 1"]),
    "big": (BigInteger, [(2**62, str(2**62))], ["1"], [str(2**63), "1e3"]),
    "text": (String, [("a b", "a b"), ("5,7", "5,7"), ("50%:é", "50%:é")], ["", "A B", "5"], ["\\u0000"]),
    "short": (String(3), [("abc", "abc")], ["abcd", "ab"], []),
    "padded": (CHAR(4), [("ab", "ab")], ["abcde", "b"], []),
    "number": (Uuid, [(uuid.UUID(int=5), str(uuid.UUID(int=5)))], [str(uuid.UUID(int=6))], ["5", "x" * 32]),
    "number_as_text": (Uuid(native_uuid=False), [(uuid.UUID(int=5), uuid.UUID(int=5).hex)], [uuid.UUID(int=6).hex], ["5"]),
    "exact": (Numeric(6, 2), [(decimal.Decimal("1.50"), "1.50")], ["1.49", "1.501"], ["x", "NaN", "Infinity", "1e9999"]),
    "day": (Date, [(datetime.date(2024, 2, 29), "2024-02-29")], ["2024-02-28"], ["2024-02-30", "today"]),
    "moment": (
        DateTime(timezone=True),
        [(datetime.datetime(2024, 1, 1, 5, 30, tzinfo=UTC), "2024-01-01T05:30:00+00:00")],
        ["2024-01-01T05:30:00.000001Z"],
        ["2024", "0001-01-01T00:00:00+99:00", "infinity"],
    ),
    "native": (Enum(Kind, name="kind"), [(Kind.FIRST, "1")], ["2"], ["3", "FIRST"]),
    "labelled": (Enum("low", "high", name="label"), [("low", "low")], ["high"], ["mid"]),
    "hexed": (Hex, [("ff", "ff")], ["fe"], ["xyz", "1" * 40]),
}  # fmt: skip


def site(name: str) -> tuple[Any, Any, bff.Schema]:
    """Rows with this key, leaves behind it by a foreign key, and a schema of them."""
    type_ = KEYS[name][0]

    class Base(DeclarativeBase):
        pass

    class StemRow(Base):
        __tablename__ = "stem"
        key = mapped_column(type_, primary_key=True, autoincrement=False)
        leaves = relationship("LeafRow", back_populates="stem", order_by="LeafRow.id")

    class LeafRow(Base):
        __tablename__ = "leaf"
        id = mapped_column(Integer, primary_key=True)
        stem_key = mapped_column(type_, ForeignKey("stem.key"), nullable=True)
        stem = relationship("StemRow", back_populates="leaves")

    @bff.entity(StemRow, policy=bff.public)
    class Stem(bff.Node):
        key: strawberry.ID
        leaf_count: int = bff.count("leaves")

    @bff.entity(LeafRow, policy=bff.public)
    class Leaf(bff.Node):
        id: strawberry.ID
        stem: Stem | None

    # A second view of the same rows; it is no Node, which could not tell the two apart.
    @bff.entity(StemRow)
    class Tree:
        key: strawberry.ID
        leaves: list[Leaf]
        some: bff.Connection[Leaf] = bff.relation("leaves")

    @strawberry.type
    class Query:
        stem: Stem | None = bff.lookup()
        tree: Tree | None = bff.lookup()
        stems: list[Stem] = bff.collection()
        leaves: list[Leaf] = bff.collection()
        node: bff.Node | None = bff.node()

    return StemRow, LeafRow, bff.Schema(Query)


@pytest.fixture(scope="module", params=KEYS)
def keyed(request: pytest.FixtureRequest, make_database: MakeDatabase) -> Iterator[tuple[str, Asker]]:
    """A kind of key, and a database whose first stem has two leaves; a third leaf has none."""
    name: str = request.param
    stem, leaf, schema = site(name)
    engine = create_engine(make_database())
    stem.metadata.create_all(engine)
    with Session(engine) as session:
        keys = [value for value, _ in KEYS[name][1]]
        session.add_all(stem(key=key) for key in keys)
        session.flush()
        session.add_all([leaf(stem_key=keys[0]), leaf(stem_key=None), leaf(stem_key=keys[0])])
        session.commit()
    yield name, Asker(schema, engine)
    engine.dispose()


def test_objects_are_found_by_their_key_and_by_their_global_id(keyed: tuple[str, Asker]) -> None:
    name, ask = keyed
    for _, text in KEYS[name][1]:
        found = ask(f'{{ stem(key: "{text}") {{ nodeId }} tree(key: "{text}") {{ key }} }}')
        assert found["stem"] is not None
        assert found["tree"] is not None
        node_id = found["stem"]["nodeId"]
        query = "query($id: ID!) { node(id: $id) { nodeId __typename } }"
        assert ask(query, variables={"id": node_id})["node"] == {"nodeId": node_id, "__typename": "Stem"}


def test_relations_lead_over_them_in_both_directions(keyed: tuple[str, Asker]) -> None:
    name, ask = keyed
    _, text = KEYS[name][1][0]
    found = ask(
        f'{{ tree(key: "{text}") {{ leaves {{ id stem {{ leafCount }} }} some(last: 1) {{ totalCount nodes {{ id }} }} }}'
        f" leaves {{ id stem {{ key }} }} }}"
    )
    assert found["tree"]["leaves"] == [{"id": "1", "stem": {"leafCount": 2}}, {"id": "3", "stem": {"leafCount": 2}}]
    assert found["tree"]["some"] == {"totalCount": 2, "nodes": [{"id": "3"}]}
    assert [leaf["stem"] is None for leaf in found["leaves"]] == [False, True, False]


def test_a_key_of_no_row_is_null(keyed: tuple[str, Asker]) -> None:
    name, ask = keyed
    for text in KEYS[name][2]:
        query = (
            f'{{ stem(key: "{text}") {{ key }} tree(key: "{text}") {{ key }} node(id: "Stem:{text}") {{ nodeId }} }}'
        )
        assert ask(query) == {"stem": None, "tree": None, "node": None}, text
        assert ask(f'{{ stems(filter: {{key: {{in: ["{text}"]}}}}) {{ key }} }}') == {"stems": []}, text


def test_what_no_key_can_be_is_the_clients_mistake(keyed: tuple[str, Asker]) -> None:
    """And never PostgreSQL's to answer: an error there would end the snapshot of the whole operation."""
    name, ask = keyed
    for text in KEYS[name][3]:
        assert ask.refusal(f'{{ stem(key: "{text}") {{ key }} }}').startswith("Query.stem takes ")
        assert ask.refusal(f'{{ node(id: "Stem:{text}") {{ nodeId }} }}').startswith("the global id of Stem takes ")
        assert ask.refusal(f'{{ stems(filter: {{key: {{eq: "{text}"}}}}) {{ key }} }}').startswith(
            "Query.stems(filter: {key:}) takes "
        )


# Composite keys


class Base(DeclarativeBase):
    pass


class ShelfRow(Base):
    """Three parts, of which one is text that may hold what global ids are made of."""

    __tablename__ = "shelves"
    room: Mapped[str] = mapped_column(primary_key=True)
    row: Mapped[int] = mapped_column("row_number", primary_key=True)
    kind: Mapped[Kind] = mapped_column(primary_key=True)
    books: Mapped[list["BookRow"]] = relationship(back_populates="shelf", order_by="BookRow.title")


class SwitchRow(Base):
    """A boolean in the key."""

    __tablename__ = "switches"
    number: Mapped[int] = mapped_column(primary_key=True)
    is_on: Mapped[bool] = mapped_column(primary_key=True)


class BookRow(Base):
    """Two composite foreign keys, one of which shares a column with the primary key."""

    __tablename__ = "books"
    title: Mapped[str] = mapped_column(primary_key=True)
    room: Mapped[str] = mapped_column(primary_key=True)
    row: Mapped[int | None]
    kind: Mapped[Kind | None]
    part_of: Mapped[str | None]
    shelf: Mapped[ShelfRow | None] = relationship(back_populates="books")
    whole: Mapped["BookRow | None"] = relationship(
        remote_side=[title, room], back_populates="parts", overlaps="shelf,books"
    )
    parts: Mapped[list["BookRow"]] = relationship(back_populates="whole", overlaps="shelf,books")
    __table_args__ = (
        # Not in the order of the key it refers to.
        ForeignKeyConstraint(
            ["kind", "room", "row"], ["shelves.kind", "shelves.room", "shelves.row_number"], name="stands"
        ),
        ForeignKeyConstraint(["part_of", "room"], ["books.title", "books.room"], name="belongs"),
    )


@bff.entity(ShelfRow, policy=lambda shelf, viewer: shelf.kind != viewer.hidden)
class Shelf(bff.Node):
    room: str
    books: list["Book"]
    some_books: bff.Connection["Book"] = bff.relation("books", order=["-title"])
    book_count: int = bff.count("books")


@bff.entity(BookRow, policy=bff.public)
class Book(bff.Node):
    title: str
    shelf: Shelf | None
    whole: "Book | None"
    parts: list["Book"]


@bff.entity(SwitchRow, policy=bff.public)
class Switch(bff.Node):
    number: int
    is_on: bool


@strawberry.type
class Query:
    switch: Switch | None = bff.lookup()
    shelf: Shelf | None = bff.lookup()
    shelves: list[Shelf] = bff.collection()
    books: list[Book] = bff.collection(order=["title"])
    book_pages: bff.Connection[Book] = bff.collection()
    node: bff.Node | None = bff.node()


@dataclass(frozen=True)
class Viewer:
    hidden: Kind | None


EVERYONE = Viewer(Kind.SECOND)
ROOMS = ["a,b", "50%2C", "Type:1"]


@pytest.fixture(scope="module")
def library(make_database: MakeDatabase) -> Iterator[Asker]:
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all(ShelfRow(room=room, row=row, kind=Kind.FIRST) for room in ROOMS for row in (1, 2))
        session.add_all([SwitchRow(number=1, is_on=True), SwitchRow(number=1, is_on=False)])
        session.add(ShelfRow(room="hidden", row=1, kind=Kind.SECOND))
        session.flush()
        session.add(BookRow(title="x", room="a,b", row=1, kind=Kind.FIRST))
        session.flush()
        session.add_all(
            [
                BookRow(title="y", room="a,b", row=1, kind=Kind.FIRST, part_of="x"),
                # A foreign key of which a part is NULL leads nowhere.
                BookRow(title="z", room="a,b", row=None, kind=Kind.FIRST, part_of="x"),
                BookRow(title="w", room="hidden", row=1, kind=Kind.SECOND),
            ]
        )
        session.commit()
    yield Asker(bff.Schema(Query), engine, EVERYONE)
    engine.dispose()


def test_global_ids_of_composite_keys_are_one_a_row(library: Asker) -> None:
    ids = [each["nodeId"] for each in library("{ shelves { nodeId } }")["shelves"]]
    assert ids == [
        "Shelf:50%252C,1,1", "Shelf:50%252C,2,1", "Shelf:Type:1,1,1", "Shelf:Type:1,2,1", "Shelf:a%2Cb,1,1", "Shelf:a%2Cb,2,1",
    ]  # fmt: skip
    for id_ in ids:
        assert library("query($id: ID!) { node(id: $id) { nodeId } }", variables={"id": id_})["node"] == {"nodeId": id_}


def test_a_lookup_takes_all_parts_of_the_key(library: Asker) -> None:
    query = 'query($kind: ID!) { shelf(room: "a,b", row: 2, kind: $kind) { nodeId bookCount } }'
    assert library(query, variables={"kind": "1"})["shelf"] == {"nodeId": "Shelf:a%2Cb,2,1", "bookCount": 0}
    assert library(query, variables={"kind": "2"})["shelf"] is None
    assert library.refusal(query, variables={"kind": "3"}) == "Query.shelf takes one of 1, 2, not '3'"


def test_a_boolean_is_part_of_a_key(library: Asker) -> None:
    found = library('{ switch(number: 1, isOn: false) { nodeId isOn } node(id: "Switch:1,true") { nodeId } }')
    assert found == {"switch": {"nodeId": "Switch:1,false", "isOn": False}, "node": {"nodeId": "Switch:1,true"}}
    assert library.refusal('{ node(id: "Switch:1,yes") { nodeId } }') == (
        "the global id of Switch takes true or false, not 'yes'"
    )


@pytest.mark.parametrize(
    ("id_", "says"),
    [
        ("Shelf:a", "a global id of Shelf has 3 key values, not 1"),
        ("Shelf:a,1,1,1", "a global id of Shelf has 3 key values, not 4"),
        ("Shelf:a,x,1", "the global id of Shelf takes an integer of 32 bits, not 'x'"),
        ("Book:%00,a", "the global id of Book takes text without NUL or lone surrogates, not '\x00'"),
    ],
)
def test_what_is_no_composite_key(library: Asker, id_: str, says: str) -> None:
    assert library.refusal(f'{{ node(id: "{id_}") {{ nodeId }} }}') == says.replace("\x00", "\\x00")


def test_composite_foreign_keys_lead_both_ways(library: Asker) -> None:
    found = library(
        "{ books { title shelf { nodeId books { title } } whole { title parts { title } } parts { title } } }"
    )
    books = {book["title"]: book for book in found["books"]}
    on_shelf = {"nodeId": "Shelf:a%2Cb,1,1", "books": [{"title": "x"}, {"title": "y"}]}
    assert books["x"]["shelf"] == books["y"]["shelf"] == on_shelf
    assert books["z"]["shelf"] is None
    assert books["w"]["shelf"] is None
    assert books["x"]["parts"] == [{"title": "y"}, {"title": "z"}]
    assert books["z"]["whole"] == {"title": "x", "parts": [{"title": "y"}, {"title": "z"}]}
    assert books["x"]["whole"] is None
    assert books["w"]["parts"] == []


def test_lists_by_composite_keys(library: Asker) -> None:
    found = library("{ shelves { bookCount someBooks(first: 1) { totalCount nodes { title } } } }")["shelves"]
    assert [(each["bookCount"], each["someBooks"]["totalCount"]) for each in found] == [
        (0, 0), (0, 0), (0, 0), (0, 0), (2, 2), (0, 0),
    ]  # fmt: skip
    assert found[4]["someBooks"]["nodes"] == [{"title": "y"}]


def test_pages_over_a_composite_key(library: Asker) -> None:
    seen, cursor = [], None
    for _ in range(4):
        after = "" if cursor is None else f', after: "{cursor}"'
        found = library(f"{{ bookPages(first: 1{after}) {{ nodes {{ nodeId }} pageInfo {{ endCursor }} }} }}")[
            "bookPages"
        ]
        seen += [node["nodeId"] for node in found["nodes"]]
        cursor = found["pageInfo"]["endCursor"]
    assert seen == ["Book:w,hidden", "Book:x,a%2Cb", "Book:y,a%2Cb", "Book:z,a%2Cb"]
