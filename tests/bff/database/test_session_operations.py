"""Operations and their one connection: leased at the first read, back before the response, whatever goes wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, parse
from sqlalchemy import Engine, create_engine, event, insert, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

import bff
from bff.database.session import Database
from bff.engine.execution import run
from bff.plan.plan import Strategy, compile_plan
from bff.schema.catalog import Catalog


class Base(DeclarativeBase):
    pass


class NoteRow(Base):
    __tablename__ = "notes"
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str]


class _Hooks:
    """What the batch function does besides: a test's own."""

    during: Callable[[bff.Scope], Any] = staticmethod(lambda scope: None)


def lengths(keys: list[str], scope: bff.Scope) -> list[int]:
    _Hooks.during(scope)
    return [len(each) for each in keys]


@bff.entity(NoteRow, policy=bff.public)
class Note(bff.Node):
    id: strawberry.ID
    text: str
    length: int | None = bff.batched(lengths, key="text")


@strawberry.type
class Query:
    notes: list[Note] = bff.collection()
    pages: bff.Connection[Note] = bff.collection()


@strawberry.type
class Mutation:
    @strawberry.mutation
    def add(self, info: strawberry.Info, text: str) -> Note:
        scope: bff.Scope = info.context
        with scope.writing() as session:
            made = NoteRow(text=text)
            session.add(made)
        return made  # type: ignore[return-value]


SCHEMA = bff.Schema(Query, mutation=Mutation)._schema


@pytest.fixture(scope="module")
def engine(make_database: Callable[[], str]) -> Iterator[Engine]:
    """A pool of one connection, which waits for no second: who held two would fail."""
    engine = create_engine(make_database(), pool_size=1, max_overflow=0, pool_timeout=0.1)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def elsewhere(engine: Engine) -> Iterator[Engine]:
    """Somebody else's connections to the same database."""
    other = create_engine(engine.url)
    with other.begin() as connection:
        connection.execute(text("truncate notes restart identity"))
        connection.execute(insert(NoteRow), [{"text": "a"}, {"text": "bb"}])
    yield other
    other.dispose()


@pytest.fixture
def during() -> Iterator[Callable[[Callable[[bff.Scope], Any]], None]]:
    yield lambda action: setattr(_Hooks, "during", staticmethod(action))
    _Hooks.during = staticmethod(lambda scope: None)


Ask = Callable[..., ExecutionResult]


@pytest.fixture
def ask(engine: Engine, elsewhere: Engine) -> Ask:
    database = Database(engine, Catalog.of(SCHEMA).policies)

    def asked(query: str, strategy: Strategy = "auto") -> ExecutionResult:
        plan = compile_plan(SCHEMA, parse(query), strategy=strategy)
        with database.open(None, bff.Deadline.after(20)) as scope:
            result = run(plan, variables=None, context=scope)
            # The response is put together without it.
            assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
        return result

    return asked


@pytest.mark.parametrize(("strategy", "statements"), [("rounds", 4), ("compiled", 1)])
def test_all_statements_of_an_operation_see_one_snapshot(
    ask: Ask, engine: Engine, elsewhere: Engine, strategy: Strategy, statements: int
) -> None:
    """Somebody commits a row after each of them, and none of them sees one."""
    counts: list[int] = []

    def another_commits(*_: Any) -> None:
        with elsewhere.begin() as connection:
            connection.execute(insert(NoteRow), [{"text": "ccc"}])
            counts.append(connection.scalar(text("select count(*) from notes")) or 0)

    query = "{ notes { text } pages { totalCount nodes { length } } again: notes(filter: {text: {ne: null}}) { text } }"
    event.listen(engine, "after_cursor_execute", another_commits)
    try:
        result = ask(query, strategy)
    finally:
        event.remove(engine, "after_cursor_execute", another_commits)
    assert result.errors is None
    assert result.data == {
        "notes": [{"text": "a"}, {"text": "bb"}],
        "pages": {"totalCount": 2, "nodes": [{"length": 1}, {"length": 2}]},
        "again": [{"text": "a"}, {"text": "bb"}],
    }
    assert counts == [2 + number for number in range(1, statements + 1)]
    assert ask("{ pages { totalCount } }").data == {"pages": {"totalCount": 2 + statements}}


def test_a_query_cannot_write(ask: Ask, during: Any) -> None:
    during(lambda scope: scope.session.execute(insert(NoteRow), [{"text": "no"}]))
    result = ask("{ notes { length } }")
    [first, second] = result.errors or []
    assert "cannot execute INSERT in a read-only transaction" in first.message
    assert "cannot execute INSERT in a read-only transaction" in second.message


def test_a_batch_function_reads_through_the_same_connection(ask: Ask, during: Any) -> None:
    seen: list[Any] = []
    during(lambda scope: seen.append(scope.session.scalar(text("select count(*) from notes"))))
    assert ask("{ notes { length } }").errors is None
    assert seen == [2]


def test_a_mutation_writes_and_reads_again_through_one_connection(ask: Ask) -> None:
    result = ask('mutation { one: add(text: "ccc") { id length } two: add(text: "dddd") { nodeId text } }')
    assert result.errors is None
    assert result.data == {"one": {"id": "3", "length": 3}, "two": {"nodeId": "Note:4", "text": "dddd"}}


def test_a_failed_write_gives_its_connection_back(ask: Ask) -> None:
    result = ask('mutation { add(text: "\\u0000") { id } }')
    assert result.data is None
    assert len(result.errors or []) == 1
    assert ask("{ pages { totalCount } }").data == {"pages": {"totalCount": 2}}


def test_a_failed_read_gives_its_connection_back(ask: Ask, engine: Engine) -> None:
    def break_it(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> tuple[str, Any]:
        return statement.replace("FROM notes", "FROM nothing"), parameters

    event.listen(engine, "before_cursor_execute", break_it, retval=True)
    try:
        with pytest.raises(DBAPIError, match="nothing"):
            ask("{ notes { id } }")
    finally:
        event.remove(engine, "before_cursor_execute", break_it)
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert ask("{ notes { id } }").data == {"notes": [{"id": "1"}, {"id": "2"}]}


def test_an_operation_that_reads_nothing_takes_no_connection(ask: Ask, engine: Engine) -> None:
    with Session(engine) as session:
        session.execute(text("select 1"))
        # The pool's one connection is out, and is not missed.
        database = Database(engine, Catalog.of(SCHEMA).policies)
        with database.open(None, bff.Deadline.after(20)) as scope:
            result = run(compile_plan(SCHEMA, parse("{ __typename }")), variables=None, context=scope)
    assert result.data == {"__typename": "Query"}
