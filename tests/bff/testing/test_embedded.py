"""The embedded servers: what they keep, what they leave, and what they never touch."""

from __future__ import annotations

import fcntl
import importlib.util
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psutil
import psycopg2
import pytest
import redis

from bff.testing.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedValkey
from bff.testing.process import Child
from tests.bff.testing.processes import select, servers_in

pytestmark = [pytest.mark.slow, pytest.mark.usefixtures("ends_every_process")]

# A demo in small: starts both servers, says where they are, waits for ever.
STARTER = """
import signal, sys
from pathlib import Path
from bff.testing.embedded import EmbeddedPostgres, EmbeddedValkey
directory = Path(sys.argv[1])
with EmbeddedPostgres(directory / "postgres", durable=False) as postgres, EmbeddedValkey(directory / "valkey") as valkey:
    print(postgres.url, valkey.url, flush=True)
    signal.pause()
"""


def test_postgres_keeps_its_data_and_address_of_databases(directory: Path) -> None:
    with EmbeddedPostgres(directory / "postgres") as postgres:
        assert "briefcase" not in postgres.cluster
        postgres.cluster.create("briefcase")
    assert servers_in(directory) == []

    with EmbeddedPostgres(directory / "postgres") as postgres:
        assert "briefcase" in postgres.cluster
        assert select(postgres.cluster.database("briefcase"), "select current_database()") == "briefcase"
        assert select(postgres.url, "show fsync") == "on"


def test_a_database_is_copied_and_dropped(directory: Path) -> None:
    with EmbeddedPostgres(directory / "postgres", durable=False) as postgres:
        url = postgres.cluster.create("original")
        with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
            cursor.execute("create table things as select 42 as answer")
        copy = postgres.cluster.create("copy", template="original")
        assert select(copy, "select answer from things") == 42
        postgres.cluster.drop("copy")
        postgres.cluster.drop("copy")
        assert "copy" not in postgres.cluster


def test_strings_are_ordered_the_same_on_every_machine(directory: Path) -> None:
    with EmbeddedPostgres(directory / "postgres", durable=False) as postgres:
        assert select(postgres.url, "select upper('é')") == "É"
        assert (
            select(postgres.url, "select string_agg(x, '' order by x) from unnest('{b,A,a,é,B}'::text[]) x") == "ABabé"
        )


def test_postgres_asks_for_its_password(directory: Path) -> None:
    with EmbeddedPostgres(directory / "postgres", durable=False) as postgres:
        with pytest.raises(psycopg2.OperationalError, match="password"):
            psycopg2.connect(host="127.0.0.1", port=postgres.port, user="postgres", password="guess", dbname="postgres")
        assert (directory / "postgres" / "password").stat().st_mode & 0o077 == 0


def test_a_cluster_cut_off_halfway_is_made_again(directory: Path) -> None:
    unfinished = directory / "postgres" / "data.new"
    unfinished.mkdir(parents=True)
    (unfinished / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(directory / "postgres", durable=False) as postgres:
        assert select(postgres.url, "select 1") == 1


def test_valkey_keeps_its_data_behind_a_password(directory: Path) -> None:
    with EmbeddedValkey(directory / "valkey") as valkey, closing(redis.Redis.from_url(valkey.url)) as client:
        client.set("key", "value")
        with closing(redis.Redis(port=valkey.port, retry=None)) as stranger, pytest.raises(redis.AuthenticationError):
            stranger.get("key")
    assert servers_in(directory) == []

    with EmbeddedValkey(directory / "valkey") as valkey, closing(redis.Redis.from_url(valkey.url)) as client:
        assert client.get("key") == b"value"


def test_a_valkey_that_is_killed_has_lost_nothing_and_keeps_a_password_that_it_was_given(directory: Path) -> None:
    with EmbeddedValkey(directory / "valkey", password="secret") as valkey:
        with closing(redis.Redis.from_url(valkey.url)) as client:
            client.set("key", "value")
        [server] = servers_in(directory)
        server.kill()
        server.wait(10)

    with EmbeddedValkey(directory / "valkey", password="secret") as valkey:
        assert valkey.url == f"redis://:secret@127.0.0.1:{valkey.port}/0"
        with closing(redis.Redis.from_url(valkey.url)) as client:
            assert client.get("key") == b"value"


def test_libraries_of_extensions_are_there_from_the_start(directory: Path) -> None:
    with EmbeddedPostgres(directory / "postgres", durable=False, preloaded=["pg_stat_statements"]) as postgres:
        counted = "create extension pg_stat_statements; select count(*) > 0 from pg_stat_statements"
        assert select(postgres.url, counted) is True


@pytest.mark.parametrize("server", [EmbeddedPostgres, EmbeddedValkey])
def test_one_process_at_a_time(directory: Path, server: type[EmbeddedPostgres] | type[EmbeddedValkey]) -> None:
    first, second = server(directory / "server", durable=False), server(directory / "server", durable=False)
    with first, pytest.raises(EmbeddedError, match=f"in use by process {os.getpid()}"), second:
        pass


def test_a_start_waits_for_the_last_processes_of_the_server_before(directory: Path) -> None:
    with EmbeddedValkey(directory / "valkey", durable=False):
        pass
    with (directory / "valkey" / "lock").open("a+") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        last = subprocess.Popen(["/bin/sleep", "0.3"], pass_fds=[lock.fileno()])
    with last, EmbeddedValkey(directory / "valkey", durable=False):
        assert last.poll() is not None


@pytest.fixture
def starter(directory: Path) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", STARTER, str(directory)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[3]) as process:
        assert process.stdout is not None
        assert process.stdout.readline()
        yield process
        process.kill()
    for server in servers_in(directory):
        server.kill()


def test_servers_end_when_their_starter_is_killed(directory: Path, starter: subprocess.Popen[str]) -> None:
    servers = servers_in(directory)
    assert len(servers) == 2
    starter.kill()
    _, alive = psutil.wait_procs(servers, timeout=30)
    assert not alive


def test_an_orphan_is_stopped_by_the_next_start(directory: Path, starter: subprocess.Popen[str]) -> None:
    servers = servers_in(directory)
    for supervisor in psutil.Process(starter.pid).children():
        for process in (*supervisor.children(), supervisor):
            if process not in servers:
                process.kill()
    starter.kill()
    starter.wait()
    assert all(server.is_running() for server in servers)

    with EmbeddedPostgres(directory / "postgres") as postgres, EmbeddedValkey(directory / "valkey") as valkey:
        _, alive = psutil.wait_procs(servers, timeout=30)
        assert not alive
        assert select(postgres.url, "select 1") == 1
        assert valkey.port


def test_a_stale_pid_file_neither_stops_the_start_nor_hurts_the_process_it_names(directory: Path) -> None:
    with EmbeddedPostgres(directory / "postgres", durable=False):
        pass
    with Child(["/bin/sleep", "60"], stop_signal=signal.SIGTERM) as bystander:
        stale = [str(bystander.pid), str(directory / "postgres" / "data"), "1", "5432", "", "127.0.0.1", "1 1", "ready"]
        (directory / "postgres" / "data" / "postmaster.pid").write_text("\n".join(stale))
        with EmbeddedPostgres(directory / "postgres", durable=False) as postgres:
            assert select(postgres.url, "select 1") == 1
        assert bystander.returncode is None


def test_a_server_that_cannot_start_says_its_last_words(directory: Path) -> None:
    with EmbeddedPostgres(directory / "postgres", durable=False):
        pass
    (directory / "postgres" / "data" / "global" / "pg_control").unlink()
    with pytest.raises(EmbeddedError, match="pg_control"), EmbeddedPostgres(directory / "postgres", durable=False):
        pass


@pytest.mark.parametrize(("server", "variable"), [(EmbeddedPostgres, "DATABASE_URL"), (EmbeddedValkey, "REDIS_URL")])
def test_without_a_wheel_it_names_the_variable(
    directory: Path,
    monkeypatch: pytest.MonkeyPatch,
    server: type[EmbeddedPostgres] | type[EmbeddedValkey],
    variable: str,
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedError, match=f"set {variable} to a server of your own"), server(directory / "server"):
        pass
