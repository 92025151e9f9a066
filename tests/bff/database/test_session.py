"""Sessions over a real database: what a transaction keeps, and what a snapshot sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, create_engine, func, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bff import DeadlineExceeded, TryAgain, public
from bff.database.scope import Deadline
from bff.database.session import Database
from bff.entities.policy import Policies

SETTINGS = ("transaction_isolation", "transaction_read_only", "timezone")


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)


@pytest.fixture(scope="module")
def engine(make_database: Callable[[], str]) -> Iterator[Engine]:
    engine = create_engine(make_database(), pool_size=1, max_overflow=1, pool_timeout=1)
    Base.metadata.create_all(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def database(engine: Engine) -> Iterator[Database]:
    yield Database(engine, Policies({Note: public}))
    with engine.begin() as connection:
        connection.execute(Note.__table__.delete())


def stored(engine: Engine) -> int | None:
    """How many notes somebody else sees."""
    with Session(engine) as session:
        return session.scalar(select(func.count()).select_from(Note))


def test_a_transaction_is_kept_at_the_end_of_its_block(database: Database, engine: Engine) -> None:
    with database.open(None, Deadline.after(10)) as scope:
        with scope.writing() as session:
            session.add(Note())
        assert stored(engine) == 1
        with scope.writing() as session:
            session.add(Note())
    assert stored(engine) == 2


def test_a_transaction_is_undone_by_an_exception(database: Database, engine: Engine) -> None:
    with database.open(None, Deadline.after(10)) as scope:

        def failing() -> None:
            with scope.writing() as session:
                session.add(Note())
                session.flush()
                raise ZeroDivisionError

        with pytest.raises(ZeroDivisionError):
            failing()
        with scope.writing() as session:
            assert session.scalar(select(func.count()).select_from(Note)) == 0


def test_a_snapshot_does_not_move_and_cannot_write(database: Database, engine: Engine) -> None:
    with database.open(None, Deadline.after(10)) as scope:
        assert scope.session.scalar(select(func.count()).select_from(Note)) == 0
        with Session(engine) as other:
            other.add(Note())
            other.commit()
        assert scope.session.scalar(select(func.count()).select_from(Note)) == 0
        scope.release()
        assert scope.session.scalar(select(func.count()).select_from(Note)) == 1
        scope.session.add(Note())
        with pytest.raises(DBAPIError, match="read-only transaction"):
            scope.session.flush()
    assert stored(engine) == 1


def test_reads_after_a_transaction_see_what_it_wrote(database: Database) -> None:
    with database.open(None, Deadline.after(10)) as scope:
        assert scope.session.scalar(select(func.count()).select_from(Note)) == 0
        with scope.writing() as session:
            session.add(Note())
        assert scope.session.scalar(select(func.count()).select_from(Note)) == 1


def test_a_statement_that_outlives_the_deadline_is_ended_by_postgresql(database: Database, engine: Engine) -> None:
    with (
        pytest.raises(DeadlineExceeded, match=r"the operation was not answered within its 0\.2 s"),
        database.open(None, Deadline.after(0.2)) as scope,
    ):
        scope.session.execute(text("select pg_sleep(30)"))
    assert engine.pool.checkedout() == 0


def test_nothing_is_read_after_the_deadline(database: Database, engine: Engine) -> None:
    now = [0.0]
    with database.open(None, Deadline.after(5, clock=lambda: now[0])) as scope:
        now[0] = 5.0
        with pytest.raises(DeadlineExceeded), scope.writing():
            pass
        with pytest.raises(DeadlineExceeded):
            _ = scope.session
    assert engine.pool.checkedout() == 0


def test_a_lost_connection_asks_to_try_again(database: Database, engine: Engine) -> None:
    def cut_off() -> None:
        with database.open(None, Deadline.after(10)) as scope:
            backend = scope.session.scalar(text("select pg_backend_pid()"))
            with engine.connect() as other:
                other.execute(text("select pg_terminate_backend(:backend, 5000)"), {"backend": backend})
            scope.session.execute(text("select 1"))

    with pytest.raises(TryAgain, match="the database cannot be reached"):
        cut_off()
    assert engine.pool.checkedout() == 0


def test_an_operation_holds_one_connection_from_its_first_read_on(database: Database, engine: Engine) -> None:
    with database.open(None, Deadline.after(10)) as scope:
        assert engine.pool.checkedout() == 0
        _ = scope.session, scope.session
        assert engine.pool.checkedout() == 1
        with scope.writing():
            assert engine.pool.checkedout() == 1
        assert engine.pool.checkedout() == 0


def test_a_connection_goes_back_as_it_was(database: Database, engine: Engine) -> None:
    with database.open(None, Deadline.after(10)) as scope:
        shown = [scope.session.scalar(text(f"show {name}")) for name in SETTINGS]
    assert shown == ["repeatable read", "on", "UTC"]
    with engine.connect() as connection:
        assert [connection.scalar(text(f"show {name}")) for name in SETTINGS[:2]] == ["read committed", "off"]
        assert connection.scalar(text("show statement_timeout")) == "0"


def test_python_that_outlives_the_deadline_is_told_as_such(database: Database, engine: Engine) -> None:
    """PostgreSQL ends a transaction that is idle past its deadline; there is nothing to roll back then."""

    def dawdle() -> None:
        with database.open(None, Deadline.after(0.2)) as scope:
            backend = scope.session.scalar(text("select pg_backend_pid()"))
            with engine.connect() as other:
                gone = text("select count(*) from pg_stat_activity where pid = :backend")
                other = other.execution_options(isolation_level="AUTOCOMMIT")
                while other.scalar(gone, {"backend": backend}):
                    pass
            scope.session.execute(text("select 1"))

    with pytest.raises(DeadlineExceeded):
        dawdle()
    assert engine.pool.checkedout() == 0
