"""Executions in company: each gets what it would have had alone, errors included, and they share their statements."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, parse
from sqlalchemy import Engine, ForeignKey, create_engine, select, text
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

import bff
from bff.changes.change import Snapshot
from bff.database.scope import Scope
from bff.database.session import Database
from bff.engine.execution import run
from bff.errors import DeadlineExceeded
from bff.plan.plan import Plan, compile_plan
from bff.readsets.readset import ANYTHING, NOTHING, UNKNOWN, Invocation
from bff.readsets.run_many import run_each, run_many
from bff.schema.catalog import Catalog
from tests.bff.reference import described


class Base(DeclarativeBase):
    """The models of these tests."""


class ShelfRow(Base):
    __tablename__ = "shelf"
    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[int]
    name: Mapped[str]
    books: Mapped[list[BookRow]] = relationship(back_populates="shelf", order_by="BookRow.id")


class BookRow(Base):
    __tablename__ = "book"
    id: Mapped[int] = mapped_column(primary_key=True)
    shelf_id: Mapped[int] = mapped_column(ForeignKey("shelf.id"))
    title: Mapped[str | None]
    shelf: Mapped[ShelfRow] = relationship(back_populates="books")


calls: list[list[Any]] = []


def lengths(keys: Sequence[str | None], _scope: bff.Scope) -> list[Any]:
    """Fails as a whole for one title, with an error of its own for another."""
    calls.append(list(keys))
    if "whole" in keys:
        raise ValueError("no length")
    return [LookupError(key) if key == "one" else len(key or "") for key in keys]


def neighbours(keys: Sequence[int], scope: bff.Scope) -> list[int]:
    """Reads on its own."""
    found = scope.session.scalars(select(BookRow)).all()
    return [sum(1 for book in found if book.id != key) for key in keys]


@bff.entity(ShelfRow, policy=lambda shelf, viewer: shelf.owner == viewer.id)
class Shelf:
    id: int
    name: str
    books: list[Book]
    book_count: int = bff.count("books")

    @bff.field(needs="name")
    def inverse(self) -> float:
        return 1 / (len(self.name) - 3)


@bff.entity(BookRow, policy=bff.through("shelf"))
class Book:
    id: int
    title: str | None
    must_title: str = bff.column("title")
    shelf: Shelf
    length: int | None = bff.batched(lengths, key="title")
    neighbours: int = bff.batched(neighbours, key="id")


@strawberry.type
class Query:
    shelf: Shelf | None = bff.lookup()
    must_shelf: Shelf = bff.lookup()
    books: list[Book] = bff.collection()
    mine: Shelf | None = bff.lookup(key=lambda viewer: viewer.id)

    @strawberry.field
    def division(self, info: strawberry.Info[bff.Scope, None], by: int) -> int:
        with info.context.cursor("SELECT 1 / %(by)s", {"by": by}) as cursor:
            return int(cursor.fetchone()[0])

    @strawberry.field
    def titles(self, info: strawberry.Info[bff.Scope, None]) -> list[str | None]:
        return list(info.context.session.scalars(select(BookRow.title).order_by(BookRow.id)))


schema = bff.Schema(query=Query)._schema


class Viewer:
    """Sees the shelves that are theirs."""

    def __init__(self, id: int) -> None:
        self.id = id


@pytest.fixture(scope="module")
def engine(make_database: Any) -> Iterator[Engine]:
    engine = create_engine(make_database(), pool_size=2, max_overflow=0)
    Base.metadata.create_all(engine)
    with Session(engine) as session, session.begin():
        session.add_all([ShelfRow(id=i, owner=1 if i < 8 else 2, name="s" * i) for i in range(1, 10)])
        titles = ["a", None, "one", "whole", "abc"]
        session.add_all([BookRow(id=i, shelf_id=1 + i % 8, title=titles[i % 5]) for i in range(1, 30)])
    yield engine
    engine.dispose()


@pytest.fixture
def database(engine: Engine) -> Database:
    return Database(engine, Catalog.of(schema).policies)


@pytest.fixture
def opened(database: Database) -> Any:
    def opened(viewer: object | None = None, seconds: float = 60) -> AbstractContextManager[Scope]:
        return database.open(viewer or Viewer(1), bff.Deadline.after(seconds))

    return opened


def plan_of(source: str) -> Plan:
    return compile_plan(schema, parse(source))


def both(opened: Any, source: str, variables: list[dict[str, Any]]) -> tuple[list[ExecutionResult], list[Any]]:
    """The results of executions in company, asserted to be those of each alone, and their read sets."""
    plan = plan_of(source)
    alone = []
    for each in variables:
        with opened() as scope:
            alone.append(run(compile_plan(schema, parse(source), strategy="rounds"), variables=each, context=scope))
    with opened() as scope:
        together, _ = run_each(plan, [Invocation(each) for each in variables], context=scope)
    assert [described(result) for result, _ in together] == [described(result) for result in alone]
    return [result for result, _ in together], [reads for _, reads in together]


def test_executions_share_the_statements_of_each_round(opened: Any, engine: Engine, count_sql: Any) -> None:
    source = "query($id: Int!) { shelf(id: $id) { name bookCount books { title shelf { id } } } }"
    results, _ = both(opened, source, [{"id": i} for i in range(1, 8)])
    assert [len(result.data["shelf"]["books"]) for result in results if result.data] == [3, 4, 4, 4, 4, 4, 3]
    with count_sql(engine) as statements, opened() as scope:
        run_many(plan_of(source), [Invocation({"id": i}) for i in range(1, 8)], context=scope)
    # The snapshot, shelves, books, and counts.
    assert statements.count == 4


def test_errors_are_each_ones_own(opened: Any) -> None:
    source = """query($id: Int!, $skip: Boolean = false) {
      mustShelf(id: $id) { inverse books @skip(if: $skip) { mustTitle length } }
    }"""
    results, _ = both(
        opened,
        source,
        [{"id": 1}, {"id": 3}, {"id": "x"}, {"id": 99}, {}, {"id": None}, {"id": 4, "skip": True}, {"id": 8}],
    )
    assert sum(1 for result in results if result.errors) > 5


def test_a_batch_function_that_fails_as_a_whole_fails_for_those_whose_keys_are_to_blame(opened: Any) -> None:
    source = "query($id: Int!) { shelf(id: $id) { books { title length } } }"
    results, _ = both(opened, source, [{"id": i} for i in range(1, 8)])
    blamed = [any("no length" in str(error) for error in result.errors or ()) for result in results]
    assert set(blamed) == {True, False}


def test_a_batch_function_is_called_once_for_all(opened: Any) -> None:
    source = "query($id: Int!) { shelf(id: $id) { books(first: 1) { length } } }"
    calls.clear()
    with opened() as scope:
        run_many(plan_of(source), [Invocation({"id": 6}), Invocation({"id": 2})], context=scope)
    assert len(calls) == 1


def test_a_statement_that_fails_is_the_fault_of_one(opened: Any) -> None:
    source = "query($by: Int!) { division(by: $by) books(first: 1) { id } }"
    with opened() as scope:
        executed = run_many(plan_of(source), [Invocation({"by": by}) for by in (1, 0, 2)], context=scope)
    first, failed, last = executed.answers
    assert (first.payload["data"]["division"], last.payload["data"]["division"]) == (1, 0)
    assert failed.payload["errors"][0]["message"].startswith("internal error")
    assert failed.reads == UNKNOWN
    assert ANYTHING in first.reads.facts


def test_what_passes_the_deadline_is_raised(opened: Any) -> None:
    with pytest.raises(DeadlineExceeded), opened(seconds=-1) as scope:
        run_many(plan_of("{ books { id } }"), [Invocation({}), Invocation({})], context=scope)


def test_variables_that_do_not_fit_depend_on_nothing(opened: Any) -> None:
    with opened() as scope:
        executed = run_many(plan_of("query($id: Int!) { shelf(id: $id) { id } }"), [Invocation({})], context=scope)
    [answer] = executed.answers
    assert list(answer.payload) == ["errors"]
    assert answer.reads == NOTHING


def test_everything_is_of_the_snapshot_that_is_told(opened: Any, engine: Engine) -> None:
    plan = plan_of("{ books { id title } }")
    with engine.connect() as connection:
        transaction = connection.begin()
        connection.execute(text("UPDATE book SET title = 'new' WHERE id = 1"))
        xid = int(connection.scalar(text("SELECT pg_current_xact_id()::text")))
        with opened() as scope:
            before = run_many(plan, [Invocation({})], context=scope)
        transaction.rollback()
    with opened() as scope:
        after = run_many(plan, [Invocation({})], context=scope)
    assert not Snapshot.parse(before.snapshot).holds(xid)
    assert Snapshot.parse(after.snapshot).holds(xid)


def test_what_python_reads_by_itself_is_watched(opened: Any) -> None:
    tables = {
        "{ titles }": {"book", "shelf"},
        "{ shelf(id: 1) { books { neighbours } } }": {"book", "shelf"},
    }
    for source, expected in tables.items():
        with opened() as scope:
            [answer] = run_many(plan_of(source), [Invocation({})], context=scope).answers
        whole = {table for table, columns, _ in answer.reads.facts if not columns}
        assert whole == expected
        # The policy is in the statement that SQLAlchemy made of it.
        assert "owner" in (answer.reads.facts["shelf", (), ()].columns or ())


def test_what_python_reads_is_watched_in_each_of_those_that_are_tried_alone(opened: Any) -> None:
    source = "query($id: Int!) { titles shelf(id: $id) { books { title length } } }"
    with opened() as scope:
        executed = run_many(plan_of(source), [Invocation({"id": i}) for i in range(1, 8)], context=scope)
    assert all(("book", (), ()) in answer.reads.facts for answer in executed.answers)
