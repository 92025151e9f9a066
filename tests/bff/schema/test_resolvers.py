"""The resolvers that graphql-core calls of a schema with entities."""

import enum
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import strawberry
from graphql import parse
from sqlalchemy import Engine, Text, cast, collate, create_engine, func, select
from sqlalchemy import Enum as SqlEnum
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import bff
from app.models import Tag
from bff.database.session import Database
from bff.engine.execution import execute
from bff.entities import filters
from bff.entities.arguments import ListArguments
from bff.entities.entity import Entity
from bff.entities.order import Ordering
from bff.entities.specs import Batched
from bff.schema.catalog import Catalog
from bff.schema.resolvers import checked_batch, holds, sort
from bff.sql.select import list_parameters, passes
from bff.sql.statement import Statement


def test_a_batch_of_the_wrong_length_names_type_field_and_numbers(engine: Any) -> None:

    def short(keys: list[int], scope: bff.Scope) -> list[int]:
        return [1]

    @bff.entity(Tag, policy=bff.public, name="Tag")
    class TagType:
        id: strawberry.ID
        weight: int | None = bff.batched(short, key="id")

    @strawberry.type
    class Query:
        tags: list[TagType] = bff.collection(
            where=lambda tag: tag.id.in_(select(func.min(Tag.id)).union(select(func.max(Tag.id))))
        )

    schema = bff.Schema(Query)._schema
    with Database(engine, Catalog.of(schema).policies).open(None, bff.Deadline.after(10)) as scope:
        result = execute(schema, parse("{ tags { id weight } }"), context_value=scope)
    assert result.data is not None
    assert [tag["weight"] for tag in result.data["tags"]] == [None, None]
    assert {str(error.original_error) for error in result.errors or []} == {
        "Tag.weight: batch function test_a_batch_of_the_wrong_length_names_type_field_and_numbers.<locals>.short was given "
        "2 keys and returned 1 values; it must return a sequence of one value a key, in order"
    }


# Conditions and orders of ORM objects, as PostgreSQL has them


class Mark(enum.Enum):
    """Neither its names nor its values are in the order of its members."""

    MID = "b"
    TOP = "a"
    LOW = "c"


class Base(DeclarativeBase):
    pass


class PaperRow(Base):
    __tablename__ = "papers"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int | None]
    word: Mapped[str | None]
    native: Mapped[Mark | None] = mapped_column(SqlEnum(Mark, name="mark"))
    text: Mapped[Mark | None] = mapped_column(SqlEnum(Mark, native_enum=False))


PAPER = Entity(PaperRow, PaperRow, "Paper", bff.public)
WORDS = ["", "a", "A", "ab", "%", "_", "É", "İ", None]
VALUES: dict[str, list[Any]] = {
    "number": [-1, 0, 1, None],
    "word": WORDS,
    "native": [*Mark, None],
    "text": [*Mark, None],
}


@pytest.fixture(scope="module")
def papers(make_database: Callable[[], str]) -> Iterator[Engine]:
    """Papers with every value of every column."""
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        for i in range(max(map(len, VALUES.values()))):
            row = {name: values[i % len(values)] for name, values in VALUES.items()}
            session.add(PaperRow(id=i, **row))
        session.commit()
    yield engine
    engine.dispose()


@pytest.fixture
def session(papers: Engine) -> Iterator[Session]:
    with Session(papers) as session:
        yield session


def one(attribute: str, operator: str, value: Any) -> filters.Condition:
    return filters.Test(attribute, operator, value)


KNOWN, UNKNOWN = one("id", "gte", 0), one("number", "gt", 0)
CONDITIONS = [
    *(one("number", operator, value) for operator in ("eq", "ne", "lt", "lte", "gt", "gte") for value in (0, 1)),
    *(one("word", operator, value) for operator in ("contains", "starts_with") for value in ("", "a", "B", "%", "_", "é", "i̇")),
    *(one("word", "in", value) for value in ((), ("a",), ("a", "ab"))),
    *(one("native", operator, Mark.MID) for operator in ("eq", "ne")),
    *(one("word", "is_null", value) for value in (True, False)),
    filters.All(()), filters.Some(()), filters.Not(UNKNOWN), filters.Not(one("word", "in", ())),
    *(join(pair) for join in (filters.All, filters.Some) for pair in ((KNOWN, UNKNOWN), (filters.Not(KNOWN), UNKNOWN))),
    filters.Not(filters.All((UNKNOWN, filters.Some((UNKNOWN, KNOWN))))),
]  # fmt: skip


@pytest.mark.parametrize("condition", CONDITIONS, ids=repr)
def test_a_condition_holds_for_an_object_as_it_does_for_its_row(session: Session, condition: Any) -> None:
    """Three-valued: unknown is not false, which a NOT would make true."""
    alias = PAPER.alias()
    asked = Statement(select(alias.id, passes(condition, PAPER, alias)).order_by(alias.id), 1)
    parameters = asked.parameters(list_parameters(ListArguments((), condition), None, None), None)
    rows = session.connection().exec_driver_sql(asked.sql, parameters).all()
    papers = session.scalars(select(PaperRow).order_by(PaperRow.id)).all()
    assert [(paper.id, holds(condition, paper)) for paper in papers] == [tuple(row) for row in rows]


@pytest.mark.parametrize("descending", [False, True])
@pytest.mark.parametrize("attribute", VALUES)
def test_objects_are_sorted_as_rows_are(session: Session, attribute: str, descending: bool) -> None:
    order = (Ordering(attribute, descending), Ordering("id", True))
    column: Any = getattr(PaperRow, attribute)
    # A database may sort text by a language; Python sorts by characters.
    by = column if attribute in ("number", "native") else collate(cast(column, Text()), "C")
    expected = session.scalars(select(PaperRow.id).order_by(by.desc() if descending else by, PaperRow.id.desc())).all()
    papers = list(session.scalars(select(PaperRow)))
    sort(papers, order, PAPER)
    assert [paper.id for paper in papers] == expected


@pytest.mark.parametrize(
    ("values", "got"), [([1], "1 values"), ([1, 2, 3], "3 values"), (None, "NoneType"), ({1: 2}, "dict"), ("abc", "3 values")]
)  # fmt: skip
def test_a_batch_gives_a_sequence_of_one_value_a_key(values: Any, got: str) -> None:
    def function(keys: list[int], scope: bff.Scope) -> Any:
        return values

    with pytest.raises(bff.DeclarationError, match=re.escape(f"was given 2 keys and returned {got}; it must")):
        checked_batch(Batched(function, ("id",)), values, 2, "Paper.it")


@pytest.mark.parametrize("values", [[1, None], (1, ValueError("x"))])
def test_lists_and_tuples_are_sequences(values: Any) -> None:
    assert list(checked_batch(Batched(len, ("id",)), values, 2, "Paper.it")) == list(values)
