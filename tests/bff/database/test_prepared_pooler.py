"""Behind a real PgBouncer in transaction mode: each transaction may run on another connection of the server."""

from __future__ import annotations

import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from pathlib import Path
from typing import Any

import psycopg2
import pytest
from sqlalchemy import Engine, create_engine, make_url, text
from structlog.testing import capture_logs

from bff.database.prepared import LOSSES
from bff.database.scope import Deadline, Scope
from bff.database.session import Database
from bff.entities.policy import Policies
from bff.testing.places import temporary_directory, unprivileged_account
from bff.testing.process import credentials
from tests.bff.database.sent import SentSql, recording_engine

SERVERS = 2
"""Connections of PgBouncer to PostgreSQL, taken in turns."""

PLACES = [f"SELECT {number}, id FROM places WHERE id = ANY(%(k0)s::BIGINT[]) ORDER BY id" for number in range(6)]


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as probe:
        port: int = probe.getsockname()[1]
        return port


def _configuration(directory: Path, url: Any, port: int, more: str) -> str:
    return f"""
[databases]
pooled = host={url.host} port={url.port} dbname={url.database} user={url.username} password={url.password}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = {SERVERS}
server_round_robin = 1
logfile = {directory / "log"}
{more}
"""


def _answers(process: subprocess.Popen[bytes], url: str) -> bool:
    """Whether PgBouncer can be connected to; waits until it can, or has ended."""
    ends = time.monotonic() + 20
    while process.poll() is None and time.monotonic() < ends:
        try:
            psycopg2.connect(url).close()
        except psycopg2.OperationalError:
            continue
        return True
    return False


def _started(program: str, directory: Path, database_url: str, more: str) -> tuple[subprocess.Popen[bytes], str]:
    """A PgBouncer and its address. It does not run as root, so that of the directory belongs to whom it runs as."""
    account = unprivileged_account(directory / "none")
    configuration = directory / "pgbouncer.ini"
    configuration.touch(mode=0o600)
    if account is not None:
        account.own(directory)
        account.own(configuration)
    for _ in range(5):
        port = _free_port()
        configuration.write_text(_configuration(directory, make_url(database_url), port, more))
        process = subprocess.Popen(
            [program, "-q", str(configuration)],
            cwd=directory,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            **credentials(account),
        )
        if _answers(process, f"postgresql://any@127.0.0.1:{port}/pooled"):
            return process, f"postgresql+psycopg2://any@127.0.0.1:{port}/pooled"
        process.kill()
        process.wait()
    raise AssertionError((directory / "log").read_text())


@pytest.fixture(scope="module")
def database_url(make_database: Callable[[], str]) -> str:
    url = make_database()
    engine = create_engine(url)
    with engine.begin() as connection:
        connection.exec_driver_sql("create table places (id bigint primary key); insert into places values (1), (2)")
    engine.dispose()
    return url


@pytest.fixture(scope="module")
def start_pooler(require_program: Callable[..., str], database_url: str) -> Iterator[Callable[[str], str]]:
    """`start_pooler(more)` starts a PgBouncer, with `more` in its configuration, and gives its address."""
    program = require_program("pgbouncer")
    with ExitStack() as stack:

        def start(more: str) -> str:
            directory = stack.enter_context(temporary_directory()) / "pgbouncer"
            directory.mkdir()
            process, url = _started(program, directory, database_url, more)
            stack.callback(process.wait, timeout=20)
            stack.callback(process.terminate)
            return url

        yield start


@pytest.fixture(scope="module")
def pooler_url(start_pooler: Callable[[str], str]) -> str:
    return start_pooler("")


@pytest.fixture
def pooled(pooler_url: str) -> Iterator[tuple[Engine, SentSql]]:
    """Two connections to PgBouncer, and what they send."""
    engine, sent = recording_engine(pooler_url, pool_size=2, max_overflow=0)
    _take_turns(engine)
    sent.clear()
    yield engine, sent
    engine.dispose()


def _take_turns(engine: Engine) -> None:
    """Two transactions at once, so that PgBouncer has two connections to choose from; neither has anything prepared."""
    with engine.connect() as one, engine.connect() as other:
        backends = {connection.scalar(text("select pg_backend_pid()")) for connection in (one, other)}
        assert len(backends) == SERVERS
        for connection in (one, other):
            connection.execute(text("deallocate all"))


def _read(scope: Scope, number: int, *, alone: bool) -> list[Any]:
    with scope.cursor(PLACES[number], {"k0": [1, 2]}, alone=alone) as cursor:
        return cursor.fetchall()  # type: ignore[no-any-return]


def _is_right(number: int, rows: list[Any]) -> bool:
    return rows == [(number, 1), (number, 2)]


@pytest.mark.parametrize("alone", [True, False])
def test_without_prepared_statements_all_is_well(pooled: tuple[Engine, SentSql], alone: bool) -> None:
    engine, sent = pooled
    database = Database(engine, Policies({}), prepare=False)
    for _ in range(4):
        with database.open(None, Deadline.after(20)) as scope:
            for number in range(len(PLACES)):
                assert _is_right(number, _read(scope, number, alone=alone))
    assert [each for each in sent if "EXECUTE" in each or "PREPARE" in each] == []


@pytest.mark.parametrize("alone", [True, False])
def test_a_snapshot_stays_on_one_connection_of_the_server(
    pooled: tuple[Engine, SentSql], database_url: str, alone: bool
) -> None:
    elsewhere = create_engine(database_url)
    database = Database(pooled[0], Policies({}))
    with database.open(None, Deadline.after(20)) as scope, elsewhere.connect() as connection:
        _read(scope, 0, alone=alone)
        backend = scope.session.scalar(text("select pg_backend_pid()"))
        connection.execute(text("insert into places values (3)"))
        connection.commit()
        try:
            assert _is_right(1, _read(scope, 1, alone=alone))
            assert scope.session.scalar(text("select count(*) from places")) == 2
            assert scope.session.scalar(text("select pg_backend_pid()")) == backend
        finally:
            connection.execute(text("delete from places where id = 3"))
            connection.commit()
    with elsewhere.connect() as connection:
        left = text(
            "select count(*) from pg_stat_activity where datname = current_database() and state like 'idle in%'"
        )
        assert connection.scalar(left) == 0
    elsewhere.dispose()


@pytest.mark.parametrize("alone", [True, False])
def test_where_statements_are_always_gone_preparing_stops_by_itself(
    start_pooler: Callable[[str], str], alone: bool
) -> None:
    """Each transaction finds a connection that has nothing prepared; the operator is told what to set."""
    engine, sent = recording_engine(start_pooler("server_reset_query_always = 1"), pool_size=1, max_overflow=0)
    database = Database(engine, Policies({}))
    with capture_logs() as records:
        for _ in range(10):
            with database.open(None, Deadline.after(20)) as scope:
                assert _is_right(0, _read(scope, 0, alone=alone))
    [warning] = records
    assert (warning["event"], warning["sqlstate"], warning["log_level"]) == ("graphql.unprepared", "26000", "warning")
    assert "set BFF_PREPARE=false" in warning["error"]
    assert len([each for each in sent if "EXECUTE" in each and "PREPARE" not in each]) == LOSSES
    assert "EXECUTE" not in sent[-1] + sent[-2]
    engine.dispose()


@pytest.mark.parametrize("alone", [True, False])
def test_many_clients_share_servers_and_get_their_own_answers(pooler_url: str, alone: bool) -> None:
    """What one client prepared another finds there under the same name, for the same statement."""
    engines = [create_engine(pooler_url, pool_size=1, max_overflow=0) for _ in range(4)]
    databases = [Database(engine, Policies({})) for engine in engines]
    for turn in range(40):
        with databases[turn % 4].open(None, Deadline.after(20)) as scope:
            for step in range(3):
                number = (turn * 7 + step * 5) % len(PLACES)
                assert _is_right(number, _read(scope, number, alone=alone))
    for engine in engines:
        engine.dispose()
