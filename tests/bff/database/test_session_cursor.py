"""Statements of the layer's own: one round trip where there is one read, one snapshot where there are several."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, event, func, insert, select, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from bff import DeadlineExceeded, TryAgain
from bff.database.scope import Deadline, Scope
from bff.database.session import Database
from bff.entities.policy import Policies
from bff.telemetry import Trace, watch
from tests.bff.database.sent import SentSql, recording_engine

COUNT = "SELECT count(*) FROM notes WHERE id > %(least)s"

SETTINGS = {
    "transaction_isolation": "repeatable read",
    "transaction_read_only": "on",
    "timezone": "UTC",
    "client_connection_check_interval": "1s",
}


class Base(DeclarativeBase):
    pass


class Note(Base):
    __tablename__ = "notes"

    id: Mapped[int] = mapped_column(primary_key=True)
    owner: Mapped[str] = mapped_column(default="me")


@pytest.fixture(scope="module")
def recorded(make_database: Callable[[], str]) -> Iterator[tuple[Engine, SentSql]]:
    """A pool of one connection: a second one would be a failure."""
    engine, sent = recording_engine(make_database(), pool_size=1, max_overflow=0, pool_timeout=0.1)
    Base.metadata.create_all(engine)
    yield engine, sent
    engine.dispose()


@pytest.fixture
def engine(recorded: tuple[Engine, SentSql]) -> Engine:
    return recorded[0]


@pytest.fixture
def elsewhere(engine: Engine) -> Iterator[Engine]:
    """Somebody else's connections; the table begins with two rows."""
    other = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        connection.execute(text("truncate notes restart identity"))
        connection.execute(insert(Note), [{}, {}])
    yield other
    other.dispose()


@pytest.fixture
def sent(recorded: tuple[Engine, SentSql]) -> SentSql:
    recorded[1].clear()
    return recorded[1]


@pytest.fixture
def database(engine: Engine, elsewhere: Engine) -> Database:
    return Database(engine, Policies({}), prepare=False)


@pytest.fixture
def scope(database: Database) -> Iterator[Scope]:
    with database.open(None, Deadline.after(20)) as scope:
        yield scope


def read(scope: Scope, sql: str = COUNT, parameters: dict[str, Any] | None = None, *, alone: bool = False) -> Any:
    """The first value of a statement."""
    with scope.cursor(sql, {"least": 0} if parameters is None else parameters, alone=alone) as cursor:
        return cursor.fetchone()[0]


def add_elsewhere(elsewhere: Engine) -> None:
    with elsewhere.connect() as connection:
        connection.execute(insert(Note))


def shown(scope: Scope, *, alone: bool) -> dict[str, str]:
    columns = ", ".join(f"current_setting('{name}')" for name in SETTINGS)
    with scope.cursor(f"SELECT {columns}", {}, alone=alone) as cursor:
        return dict(zip(SETTINGS, cursor.fetchone(), strict=True))


def state(engine: Engine) -> tuple[Any, ...]:
    """What the pool's connection is like for whoever takes it next."""
    with engine.connect() as connection:
        driver: Any = connection.connection.dbapi_connection
        found = (driver.autocommit, driver.get_transaction_status())
        names = ("transaction_isolation", "transaction_read_only", "statement_timeout", "plan_cache_mode")
        return (*found, *(connection.scalar(text(f"show {name}")) for name in names))


UNTOUCHED = (False, 0, "read committed", "off", "0", "auto")


def test_a_read_that_is_alone_is_one_round_trip(database: Database, sent: SentSql) -> None:
    with database.open(None, Deadline.after(20)) as scope:
        assert read(scope, alone=True) == 2
    [only] = sent.take()
    assert only.startswith("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;")
    assert only.endswith(COUNT)


def test_a_snapshot_opens_with_its_first_statement(database: Database, sent: SentSql) -> None:
    with database.open(None, Deadline.after(20)) as scope:
        assert (read(scope), read(scope), read(scope, alone=True)) == (2, 2, 2)
    opening, second, third, end = sent.take()
    assert opening.startswith("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;")
    assert opening.endswith(COUNT)
    assert (second, third, end) == (COUNT, COUNT, "ROLLBACK")


@pytest.mark.parametrize("alone", [True, False])
def test_the_settings_hold_for_the_statement_and_end_with_it(database: Database, engine: Engine, alone: bool) -> None:
    assert state(engine) == UNTOUCHED
    with database.open(None, Deadline.after(20)) as scope:
        assert shown(scope, alone=alone) == SETTINGS
        timeout = read(scope, "SELECT setting FROM pg_settings WHERE name = 'statement_timeout'", {}, alone=alone)
        assert 15_000 < int(timeout) <= 20_000
    assert state(engine) == UNTOUCHED


def test_a_read_that_is_alone_has_one_snapshot(database: Database, elsewhere: Engine) -> None:
    """A function looks twice, and waits in between until somebody else has committed a row."""
    with elsewhere.connect() as connection:
        connection.execute(
            text(
                "create or replace function twice() returns bigint[] language plpgsql volatile as $$"
                "declare first bigint; begin select count(*) into first from notes;"
                " perform pg_advisory_lock(7); perform pg_advisory_unlock(7);"
                " return array[first, (select count(*) from notes)]; end $$"
            )
        )
        connection.execute(text("select pg_advisory_lock(7)"))
        seen: list[Any] = []

        def look() -> None:
            with database.open(None, Deadline.after(20)) as scope:
                seen.append(read(scope, "SELECT twice()", {}, alone=True))

        looking = threading.Thread(target=look)
        looking.start()
        waiting = text("select count(*) from pg_locks where locktype = 'advisory' and not granted")
        while looking.is_alive() and not connection.scalar(waiting):
            pass
        connection.execute(insert(Note))
        connection.execute(text("select pg_advisory_unlock(7)"))
        looking.join()
    assert seen == [[2, 2]]


@pytest.mark.parametrize("alone", [True, False])
def test_a_statement_cannot_write(database: Database, engine: Engine, alone: bool) -> None:
    with (
        pytest.raises(DBAPIError, match="read-only transaction"),
        database.open(None, Deadline.after(20)) as scope,
    ):
        read(scope, "INSERT INTO notes (owner) VALUES ('me') RETURNING 1", {}, alone=alone)
    assert state(engine) == UNTOUCHED


@pytest.mark.parametrize("alone", [True, False])
def test_postgresql_ends_a_statement_at_the_deadline(database: Database, engine: Engine, alone: bool) -> None:
    with (
        pytest.raises(DeadlineExceeded, match=r"within its 0\.2 s"),
        database.open(None, Deadline.after(0.2)) as scope,
    ):
        read(scope, "SELECT 1 FROM pg_sleep(30)", {}, alone=alone)
    assert state(engine) == UNTOUCHED


def test_nothing_is_read_after_the_deadline(database: Database) -> None:
    now = [0.0]
    with database.open(None, Deadline.after(5, clock=lambda: now[0])) as scope:
        now[0] = 5.0
        with pytest.raises(DeadlineExceeded):
            scope.cursor(COUNT, {"least": 0})


@pytest.mark.parametrize("session_first", [True, False])
def test_session_and_statements_share_one_snapshot(scope: Scope, elsewhere: Engine, session_first: bool) -> None:
    counting, backend = select(func.count()).select_from(Note), "SELECT pg_backend_pid()"
    reads: list[Callable[[], Any]] = [lambda: read(scope), lambda: scope.session.scalar(counting)]
    if session_first:
        reads.reverse()
    for each in [*reads, *reads]:
        assert each() == 2
        add_elsewhere(elsewhere)
    assert read(scope, backend, {}) == scope.session.scalar(text(backend))


def test_a_session_is_made_for_who_asks(scope: Scope) -> None:
    assert repr(scope.lease) == "<_Lease idle>"
    read(scope)
    assert repr(scope.lease) == "<_Lease holding a connection>"
    _ = scope.session
    assert repr(scope.lease) == "<_Lease holding a connection and a session>"


def test_after_a_read_that_was_alone_comes_a_snapshot(scope: Scope, elsewhere: Engine) -> None:
    assert read(scope, alone=True) == 2
    add_elsewhere(elsewhere)
    assert read(scope) == 3
    add_elsewhere(elsewhere)
    assert read(scope, alone=True) == 3
    assert scope.session.scalar(select(func.count()).select_from(Note)) == 3


def test_a_resolver_may_end_the_snapshot(scope: Scope, elsewhere: Engine, sent: SentSql) -> None:
    """As with any session: what comes next sees another one, with the same limits, and nothing is left behind."""
    for end in (scope.session.rollback, scope.session.commit):
        before = scope.session.scalar(select(func.count()).select_from(Note))
        add_elsewhere(elsewhere)
        end()
        assert scope.session.scalar(select(func.count()).select_from(Note)) == before + 1  # type: ignore[operator]
        assert shown(scope, alone=False) == SETTINGS
    assert scope.session.scalar(text("show transaction_read_only")) == "on"


def test_a_resolver_may_go_on_after_an_error(scope: Scope) -> None:
    with pytest.raises(DBAPIError):
        scope.session.execute(text("select 1 / 0"))
    scope.session.rollback()
    assert read(scope) == 2
    with pytest.raises(DBAPIError), scope.session.begin_nested():
        scope.session.execute(text("select 1 / 0"))
    assert read(scope) == 2


def test_within_a_transaction_a_statement_sees_what_it_wrote(scope: Scope, engine: Engine, elsewhere: Engine) -> None:
    with scope.writing() as session:
        session.add(Note())
        session.flush()
        assert read(scope) == 3
        with elsewhere.connect() as connection:
            assert connection.scalar(text("select count(*) from notes")) == 2
    assert read(scope) == 3
    scope.release()
    assert state(engine) == UNTOUCHED


def test_release_gives_the_connection_back(scope: Scope, engine: Engine, elsewhere: Engine) -> None:
    read(scope)
    assert engine.pool.checkedout() == 1  # type: ignore[attr-defined]
    scope.release()
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    add_elsewhere(elsewhere)
    assert read(scope) == 3


@pytest.mark.parametrize("alone", [True, False])
def test_a_lost_connection_asks_to_try_again(
    database: Database, engine: Engine, elsewhere: Engine, alone: bool
) -> None:
    def cut_off() -> None:
        with database.open(None, Deadline.after(20)) as scope:
            backend = read(scope, "SELECT pg_backend_pid()", {}, alone=alone)
            with elsewhere.connect() as connection:
                connection.execute(text("select pg_terminate_backend(:backend, 5000)"), {"backend": backend})
            with pytest.raises(DBAPIError):
                read(scope)
            read(scope)

    with pytest.raises(TryAgain, match="the database cannot be reached"):
        cut_off()
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    with database.open(None, Deadline.after(20)) as scope:
        assert read(scope, alone=alone) == 2
    assert state(engine) == UNTOUCHED


def test_python_that_outlives_the_deadline_is_told_as_such(
    database: Database, engine: Engine, elsewhere: Engine
) -> None:
    """PostgreSQL ends a snapshot that is idle past its deadline; there is nothing to roll back then."""

    def dawdle() -> None:
        with database.open(None, Deadline.after(0.2)) as scope:
            backend = read(scope, "SELECT pg_backend_pid()", {})
            with elsewhere.connect() as other:
                gone = text("select count(*) from pg_stat_activity where pid = :backend")
                while other.scalar(gone, {"backend": backend}):
                    pass

    dawdle()
    assert engine.pool.checkedout() == 0  # type: ignore[attr-defined]
    assert state(engine) == UNTOUCHED


def test_an_engine_in_autocommit_stays_in_it(engine: Engine, elsewhere: Engine) -> None:
    with Database(elsewhere, Policies({})).open(None, Deadline.after(20)) as scope:
        assert shown(scope, alone=False) == SETTINGS
    with elsewhere.connect() as connection:
        assert connection.connection.dbapi_connection.autocommit  # type: ignore[union-attr]


def test_an_engine_with_an_isolation_of_its_own_keeps_it(engine: Engine) -> None:
    own = create_engine(engine.url, isolation_level="SERIALIZABLE", pool_size=1, max_overflow=0)
    database = Database(own, Policies({}))
    for alone in (True, False):
        with database.open(None, Deadline.after(20)) as scope:
            assert shown(scope, alone=alone) == SETTINGS
        with own.connect() as connection:
            assert connection.scalar(text("show transaction_isolation")) == "serializable"
            assert connection.scalar(text("show transaction_read_only")) == "off"
    own.dispose()


def test_statements_are_counted_under_their_own_text(
    database: Database, engine: Engine, count_sql: Callable[..., Any]
) -> None:
    watch(engine)
    database.prepare = True
    trace = Trace()
    with count_sql(engine) as counted, trace.counting():
        for _ in range(3):
            with database.open(None, Deadline.after(20)) as scope:
                read(scope, alone=True)
                read(scope)
                read(scope)
    assert counted.statements == [COUNT] * 9
    assert trace.statements == 9


def test_listeners_are_given_what_sqlalchemy_gives_them(scope: Scope, engine: Engine) -> None:
    """Tracing keeps its span on the context of an execution, from its begin to its end or error."""
    ended: list[tuple[str, Any]] = []

    def begin(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        context.span = (connection.engine.name, statement, parameters, many, cursor.closed)

    def end(connection: Any, cursor: Any, statement: str, parameters: Any, context: Any, many: bool) -> None:
        ended.append(("end", context.span))

    def fail(error: Any) -> None:
        ended.append((type(error.original_exception).__name__, error.execution_context.span))

    listeners = {"before_cursor_execute": begin, "after_cursor_execute": end, "handle_error": fail}
    for name, listener in listeners.items():
        event.listen(engine, name, listener)
    try:
        read(scope, alone=True)
        with pytest.raises(DBAPIError):
            read(scope, "SELECT 1 / %(zero)s", {"zero": 0}, alone=True)
    finally:
        for name, listener in listeners.items():
            event.remove(engine, name, listener)
    assert ended == [
        ("end", ("postgresql", COUNT, {"least": 0}, False, False)),
        ("DivisionByZero", ("postgresql", "SELECT 1 / %(zero)s", {"zero": 0}, False, False)),
    ]


def test_listeners_may_change_a_statement(scope: Scope, engine: Engine, sent: SentSql) -> None:
    """As those do that write the request's id into a comment."""

    def comment(connection: Any, cursor: Any, statement: str, parameters: Any, *rest: Any) -> tuple[str, Any]:
        return f"{statement} /* request 17 */", {"least": 1}

    event.listen(engine, "before_cursor_execute", comment, retval=True)
    try:
        assert read(scope, alone=True) == 1
    finally:
        event.remove(engine, "before_cursor_execute", comment)
    assert sent.take()[0].endswith("> %(least)s /* request 17 */")


def test_an_error_names_the_statement_and_its_values(scope: Scope) -> None:
    with pytest.raises(DBAPIError) as caught:
        read(scope, "SELECT 1 / %(zero)s", {"zero": 0}, alone=True)
    assert (caught.value.statement, caught.value.params) == ("SELECT 1 / %(zero)s", {"zero": 0})


def test_echo_shows_a_statement(make_database: Callable[[], str], caplog: pytest.LogCaptureFixture) -> None:
    engine = create_engine(make_database())
    engine.connect().close()
    engine.echo = True
    with (
        caplog.at_level(logging.INFO, "sqlalchemy.engine"),
        Database(engine, Policies({})).open(None, Deadline.after(20)) as scope,
    ):
        read(scope, "SELECT 17", {}, alone=True)
    assert "SELECT 17" in caplog.messages
    engine.dispose()
