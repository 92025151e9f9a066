"""Sessions over a real database: what a transaction keeps, and what a snapshot sees."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import Engine, create_engine, func, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from bff import public
from bff.scope import Deadline
from bff.session import Database
from bff.types.policy import Policies


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
    yield Database(engine, Policies({Note: public}), secret=b"of the tests")
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
        with pytest.raises(ZeroDivisionError), scope.writing() as session:
            session.add(Note())
            session.flush()
            raise ZeroDivisionError
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
