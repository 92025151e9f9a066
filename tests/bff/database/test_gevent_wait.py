"""psycopg2 in a process that is really patched by gevent: who runs while it waits, and how long that is."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from tests.bff.database.under_gevent import under_gevent


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


@pytest.mark.parametrize("alone", ["True", "False"])
def test_a_killed_greenlet_leaves_no_backend_at_work_on_a_cursor(make_database: Callable[[], str], alone: str) -> None:
    printed = under_gevent(
        f"""
        def query():
            with database.open(None, bff.Deadline.after(60)) as scope:
                scope.cursor("select pg_sleep(60)", {{}}, alone={alone})

        with engine.connect() as watcher:
            watcher = watcher.execution_options(isolation_level="AUTOCOMMIT")
            WAITING = text("select count(*) from pg_stat_activity where wait_event = 'PgSleep'")
            victim = gevent.spawn(query)
            until(lambda: watcher.scalar(WAITING) == 1)
            victim.kill()
            until(lambda: watcher.scalar(WAITING) == 0)
        with database.open(None, bff.Deadline.after(5)) as scope, scope.cursor("select 2", {{}}, alone={alone}) as cursor:
            [[read]] = cursor.fetchall()
        print(json.dumps({{"held": engine.pool.checkedout(), "read": read}}))
        """,
        make_database(),
    )
    assert printed == {"held": 0, "read": 2}


@pytest.mark.parametrize("alone", ["True", "False"])
def test_the_wait_itself_has_a_deadline_on_a_cursor(make_database: Callable[[], str], alone: str) -> None:
    """Should PostgreSQL not end the statement (here it is told not to), the client does, and cancels it."""
    printed = under_gevent(
        f"""
        said = None
        try:
            with database.open(None, bff.Deadline.after(0.2)) as scope:
                scope.cursor("set local statement_timeout = 0; select pg_sleep(60)", {{}}, alone={alone})
        except Exception as error:
            said = f"{{type(error).__name__}}: {{error}}"
        with engine.connect() as watcher:
            watcher = watcher.execution_options(isolation_level="AUTOCOMMIT")
            until(lambda: watcher.scalar(text("select count(*) from pg_stat_activity where wait_event = 'PgSleep'")) == 0)
        print(json.dumps({{"said": said, "held": engine.pool.checkedout()}}))
        """,
        make_database(),
    )
    assert printed == {"said": "DeadlineExceeded: the operation was not answered within its 0.2 s", "held": 0}


def test_an_error_of_the_database_is_psycopg2s_own_and_the_connection_goes_on(
    make_database: Callable[[], str],
) -> None:
    printed = under_gevent(
        """
        engine = create_engine(sys.argv[1], pool_size=1, max_overflow=0)
        said = []
        with engine.connect() as connection:
            before = connection.scalar(text("select pg_backend_pid()"))
            try:
                connection.execute(text("select 1 / 0"))
            except Exception as error:
                said.append(type(error.orig).__name__)
            connection.rollback()
            said.append(connection.scalar(text("select pg_backend_pid()")) == before)
        print(json.dumps(said))
        """,
        make_database(),
    )
    assert printed == ["DivisionByZero", True]


def test_each_greenlet_waits_by_its_own_deadline(make_database: Callable[[], str]) -> None:
    """One operation's time is over while another, which has more, waits beside it."""
    printed = under_gevent(
        """
        said = {}

        def query(name, seconds, sleeps):
            try:
                with database.open(None, bff.Deadline.after(seconds)) as scope:
                    scope.session.execute(text("set local statement_timeout = 0"))
                    said[name] = scope.session.scalar(text(f"select 'slept' from pg_sleep({sleeps})"))
            except bff.DeadlineExceeded:
                said[name] = "late"

        gevent.joinall([gevent.spawn(query, "short", 0.1, 60), gevent.spawn(query, "long", 20, 1.5)], raise_error=True)
        print(json.dumps(said))
        """,
        make_database(),
    )
    assert printed == {"short": "late", "long": "slept"}
