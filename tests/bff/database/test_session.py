"""Sessions over a real database: what a transaction keeps, and what a snapshot sees."""

from __future__ import annotations

import json
import subprocess
import sys
import textwrap
from collections.abc import Callable, Iterator
from typing import Any

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


def under_gevent(script: str, url: str) -> dict[str, Any]:
    """What a fresh process prints as JSON that is patched as gunicorn's workers are."""
    prelude = """
        from gevent import monkey
        monkey.patch_all()
        import json, sys, time
        import gevent
        from sqlalchemy import create_engine, text
        import bff
        from bff.database.session import Database
        from bff.entities.policy import Policies
        bff.patch_psycopg2()
        engine = create_engine(sys.argv[1], pool_size=8)
        database = Database(engine, Policies({}))
        WAITING = text("select count(*) from pg_stat_activity where query like 'select pg_sleep%' and state = 'active'")

        def until(condition):
            with gevent.Timeout(20):
                while not condition():
                    gevent.sleep(0.005)
    """
    source = textwrap.dedent(prelude) + textwrap.dedent(script)
    done = subprocess.run([sys.executable, "-c", source, url], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    printed: dict[str, Any] = json.loads(done.stdout)
    return printed


def test_other_greenlets_run_while_a_query_sleeps(make_database: Callable[[], str]) -> None:
    printed = under_gevent(
        """
        beats = []

        def tick():
            while True:
                beats.append(time.monotonic())
                gevent.sleep(0.01)

        def query():
            with database.open(None, bff.Deadline.after(20)) as scope:
                scope.session.execute(text("select pg_sleep(0.5)"))

        ticker = gevent.spawn(tick)
        started = time.monotonic()
        gevent.joinall([gevent.spawn(query) for _ in range(5)], raise_error=True)
        seconds = time.monotonic() - started
        ticker.kill()
        print(json.dumps({"seconds": seconds, "beats": len(beats)}))
        """,
        make_database(),
    )
    # Five sleeps one after the other would take 2.5 s, and the ticker would not have beaten.
    assert printed["seconds"] < 2.0
    assert printed["beats"] > 10


def test_a_killed_greenlet_leaves_no_backend_at_work(make_database: Callable[[], str]) -> None:
    printed = under_gevent(
        """
        def query():
            with database.open(None, bff.Deadline.after(60)) as scope:
                scope.session.execute(text("select pg_sleep(60)"))

        with engine.connect() as watcher:
            watcher = watcher.execution_options(isolation_level="AUTOCOMMIT")
            victim = gevent.spawn(query)
            until(lambda: watcher.scalar(WAITING) == 1)
            victim.kill()
            until(lambda: watcher.scalar(WAITING) == 0)
        print(json.dumps({"held": engine.pool.checkedout()}))
        """,
        make_database(),
    )
    assert printed == {"held": 0}


def test_the_wait_itself_has_a_deadline(make_database: Callable[[], str]) -> None:
    """Should PostgreSQL not end the statement (here it is told not to), the client does, and cancels it."""
    printed = under_gevent(
        """
        said = None
        try:
            with database.open(None, bff.Deadline.after(0.2)) as scope:
                session = scope.session
                session.execute(text("set local statement_timeout = 0"))
                session.execute(text("select pg_sleep(60)"))
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        with engine.connect() as watcher:
            watcher = watcher.execution_options(isolation_level="AUTOCOMMIT")
            until(lambda: watcher.scalar(WAITING) == 0)
        print(json.dumps({"said": said, "held": engine.pool.checkedout()}))
        """,
        make_database(),
    )
    assert printed == {"said": "DeadlineExceeded: the operation was not answered within its 0.2 s", "held": 0}


def test_the_host_s_own_use_of_the_engine_has_no_deadline_of_a_page(make_database: Callable[[], str]) -> None:
    """Not even on a connection that a page worked with before, and pre-pings are a page's own."""
    printed = under_gevent(
        """
        engine = create_engine(sys.argv[1], pool_size=1, max_overflow=0, pool_pre_ping=True)
        database = Database(engine, Policies({}))
        with database.open(None, bff.Deadline(at=0.0, limit=0.1, clock=lambda: -0.1)) as scope:
            scope.session.execute(text("select 1"))
        with engine.connect() as connection:
            slept = connection.scalar(text("select 1 from pg_sleep(1.5)"))
        with database.open(None, bff.Deadline.after(5)) as scope:
            read = scope.session.scalar(text("select 2"))
        print(json.dumps([slept, read]))
        """,
        make_database(),
    )
    assert printed == [1, 2]


def test_a_server_that_never_answers_is_given_up_at_the_deadline() -> None:
    printed = under_gevent(
        """
        import socket
        mute = socket.create_server(("127.0.0.1", 0))
        engine = create_engine(f"postgresql+psycopg2://a:b@127.0.0.1:{mute.getsockname()[1]}/c")
        database = Database(engine, Policies({}))
        said = None
        with gevent.Timeout(20):
            try:
                with database.open(None, bff.Deadline.after(0.2)) as scope:
                    scope.session
            except bff.DeadlineExceeded as error:
                said = str(error)
        print(json.dumps([said, engine.pool.checkedout()]))
        """,
        "postgresql+psycopg2://",
    )
    assert printed == ["the operation was not answered within its 0.2 s", 0]


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
