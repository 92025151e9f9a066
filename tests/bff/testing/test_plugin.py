"""The plugin as a host has it: a small project of its own, run by pytest in another process."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest
import redis

from bff.testing.servers import Servers
from tests.web.test_mount import shown

pytestmark = pytest.mark.slow

Run = Callable[..., "subprocess.CompletedProcess[str]"]

SETTINGS = """
[tool.pytest.ini_options]
usefixtures = ["leaves_nothing_open"]
filterwarnings = ["error"]
"""

USUAL = """
import sqlalchemy, redis

def test_databases(make_database, temporary_database, servers):
    first, second = make_database(), make_database()
    assert first != second
    with temporary_database(template=servers.template("copied", fill)) as copy:
        assert scalar(copy, "select answer from things") == 42
    assert sqlalchemy.make_url(copy).database not in servers.cluster

def test_a_template_is_filled_once(servers):
    def fill_again(url):
        raise AssertionError(url)
    assert servers.template("copied", fill_again) in servers.cluster

def test_redis_has_something(redis_url):
    with redis.Redis.from_url(redis_url) as client:
        assert client.set("key", "value")

def test_redis_is_empty_again(redis_url, live_prefix):
    with redis.Redis.from_url(redis_url) as client:
        assert client.dbsize() == 0
    assert live_prefix

def fill(url):
    scalar(url, "create table things as select 42 as answer; select 1")

def scalar(url, statement):
    engine = sqlalchemy.create_engine(url, poolclass=sqlalchemy.NullPool)
    with engine.begin() as connection:
        return connection.exec_driver_sql(statement).scalar()
"""

LEAKING = """
import gevent
from sqlalchemy import create_engine, text
from sqlalchemy.orm import Session

kept = []

def test_a_session(make_database):
    engine = create_engine(make_database())
    kept.append(Session(engine))
    kept[0].execute(text("select 1"))

def test_a_greenlet():
    kept.append(gevent.spawn(gevent.sleep, 60))
    gevent.sleep(0)

def test_the_leaks_of_others_are_not_its_own():
    pass

def test_the_end():
    kept[0].close()
    kept[1].kill()
"""


@pytest.fixture
def own_redis_url(servers: Servers) -> Iterator[str]:
    """A Redis database that no worker of this run uses, as a host's developer would name it."""
    url = servers.redis_database(15)
    yield url
    with closing(redis.Redis.from_url(url)) as client:
        client.flushdb()


@pytest.fixture
def run(tmp_path: Path, servers: Servers, own_redis_url: str) -> Run:
    """`run(files, *arguments)` is pytest in a project of these files; by default on the servers of this run."""

    def start(files: dict[str, str], *arguments: str, embedded: bool = False) -> subprocess.CompletedProcess[str]:
        for name, text in {"pyproject.toml": SETTINGS, **files}.items():
            (tmp_path / name).write_text(text)
        environ = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")}
        environ |= {"DATABASE_URL": servers.postgres_url, "REDIS_URL": own_redis_url}
        if embedded:
            del environ["DATABASE_URL"], environ["REDIS_URL"]
        command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *arguments]
        return subprocess.run(
            command, cwd=tmp_path, env=environ, capture_output=True, text=True, timeout=120, check=False
        )

    return start


CONFTEST = 'pytest_plugins = ["bff.testing.plugin"]\n'


def test_the_tests_that_readme_shows_pass(run: Run) -> None:
    files = {
        "bookshop.py": shown("mount"),
        "conftest.py": shown("testing: conftest"),
        "test_books.py": shown("testing: tests"),
    }
    done = run(files)
    assert (done.returncode, "1 passed" in done.stdout) == (0, True), done.stdout + done.stderr


def test_on_servers_of_the_users_own_nothing_is_left(run: Run, servers: Servers, own_redis_url: str) -> None:
    done = run({"conftest.py": CONFTEST, "test_usual.py": USUAL})
    assert (done.returncode, "4 passed" in done.stdout) == (0, True), done.stdout + done.stderr
    assert [name for name in servers.cluster.names() if name.startswith("bff_") and servers.run not in name] == []
    with closing(redis.Redis.from_url(own_redis_url)) as client:
        assert client.dbsize() == 0


def test_a_redis_that_holds_something_is_refused(run: Run, own_redis_url: str) -> None:
    with closing(redis.Redis.from_url(own_redis_url)) as client:
        client.set("precious", "1")
        done = run({"conftest.py": CONFTEST, "test_usual.py": USUAL}, "-k", "redis")
        assert client.get("precious") == b"1"
    assert done.returncode == 1
    assert "database 15 of Redis holds 1 keys, which tests would delete; name an empty one" in done.stdout


def test_xdists_workers_share_embedded_servers(run: Run) -> None:
    done = run({"conftest.py": CONFTEST, "test_usual.py": USUAL, "test_more.py": USUAL}, "-n2", embedded=True)
    assert (done.returncode, "8 passed" in done.stdout) == (0, True), done.stdout + done.stderr


def test_a_test_that_leaks_fails_under_its_own_name(run: Run) -> None:
    done = run({"conftest.py": CONFTEST, "test_leaking.py": LEAKING})
    assert done.returncode == 1
    assert "test_leaking.py::test_a_session left open a connection that is checked out: " in done.stdout
    assert "a session in a transaction: <sqlalchemy.orm.session.Session object at " in done.stdout
    assert "test_leaking.py::test_a_greenlet left open a greenlet that runs: <Greenlet " in done.stdout
    assert "4 passed, 2 errors" in done.stdout
