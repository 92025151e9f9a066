"""`bff live install`, over a host with two tables and a view."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from click.testing import CliRunner, Result

from bff.changes.stream import RedisStream
from bff.cli import main
from tests.bff.polling import wait_until

ROOT = Path(__file__).parents[2]

HOST = """
import os
import strawberry
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
import bff


class Base(DeclarativeBase):
    pass


class MatterRow(Base):
    __tablename__ = "matters"
    id: Mapped[int] = mapped_column(primary_key=True)


class TaskRow(Base):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    matter_id: Mapped[int] = mapped_column(ForeignKey("matters.id"))


class OpenTaskRow(Base):
    __tablename__ = "open_tasks"
    id: Mapped[int] = mapped_column(primary_key=True)


@bff.entity(MatterRow, policy=bff.public)
class Matter:
    id: int


@strawberry.type
class Query:
    matter: Matter | None = bff.lookup()


layer = bff.Bff(schema=bff.Schema(Query), engine=create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none"))
"""

TABLES = """
CREATE TABLE matters (id int PRIMARY KEY);
CREATE TABLE tasks (id int PRIMARY KEY, matter_id int REFERENCES matters);
CREATE VIEW open_tasks AS SELECT id FROM tasks
"""

NOTE = "note: open_tasks: impossible, public.open_tasks is a view\n"


@pytest.fixture
def database(make_database: Callable[[], str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A database with the host's tables, which BFF_LIVE_DATABASE_URL names, as psycopg2 spells it."""
    url = make_database().replace("+psycopg2", "")
    execute(url, TABLES)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    monkeypatch.setenv("BFF_LIVE_DATABASE_URL", url)
    (tmp_path / "live_host.py").write_text(HOST)
    yield url
    sys.modules.pop("live_host", None)


def execute(url: str, sql: str) -> None:
    with closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        cursor.execute(sql)
        connection.commit()


def bff(*arguments: str) -> Result:
    return CliRunner().invoke(main, ["--app", "live_host:layer", *arguments])


def test_install_and_check(database: str) -> None:
    before = bff("live", "install", "--check")
    assert (before.exit_code, before.stdout) == (1, "")
    assert "tasks: missing, public.tasks has no trigger for insert, update, delete, truncate\n" in before.stderr
    assert before.stderr.endswith("Error: not every change is captured; run `bff live install`\n")
    done = bff("live", "install")
    assert (done.exit_code, done.stderr) == (0, NOTE)
    assert done.stdout == "changes of 2 tables are captured, by 22 statements\n"
    for again in (bff("live", "install"), bff("live", "install", "--check")):
        assert (again.exit_code, again.stdout, again.stderr) == (0, "changes of 2 tables are captured\n", NOTE)


def test_the_printed_statements_are_those_that_are_run(database: str) -> None:
    printed = bff("live", "install", "--sql")
    assert printed.exit_code == 0
    execute(database, printed.stdout)
    assert bff("live", "install", "--check").exit_code == 0
    assert bff("live", "install", "--sql").stdout == ""


def test_what_install_cannot_mend_is_a_failure(database: str) -> None:
    execute(database, "ALTER TABLE tasks DROP COLUMN matter_id")
    done = bff("live", "install")
    assert (done.exit_code, done.stdout) == (1, "")
    assert (
        done.stderr
        == f"{NOTE}tasks: missing, the database has no column matter_id\nError: not every change is captured\n"
    )


def test_a_database_that_cannot_be_reached_is_told_without_a_traceback(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BFF_LIVE_DATABASE_URL")
    done = bff("live", "install", "--check")
    assert done.exit_code == 1
    assert done.stderr.startswith("Error: ")
    assert "port 1 failed" in done.stderr
    assert "Traceback" not in done.stderr


def test_sql_and_check_exclude_each_other(database: str) -> None:
    assert bff("live", "install", "--sql", "--check").exit_code == 2


def test_the_relay_needs_a_stream(database: str) -> None:
    done = bff("relay")
    assert (done.exit_code, done.stderr) == (1, "Error: where is the stream? Set BFF_REDIS_URL\n")


@pytest.mark.slow
def test_the_relay_relays_until_it_is_told_to_end(database: str, redis_url: str) -> None:
    bff("live", "install")
    command = [sys.executable, "-c", "from bff.cli import main; main()", "--app", "live_host:layer", "relay"]
    environment = {**os.environ, "BFF_REDIS_URL": redis_url, "BFF_LIVE_PREFIX": "cli", "PYTHONPATH": str(ROOT)}
    with closing(RedisStream(redis_url, prefix="cli")) as stream:
        begin = stream.top()
        execute(database, "INSERT INTO matters VALUES (1)")
        with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL) as process:
            try:
                wait_until(lambda: stream.top() != begin, seconds=30)
            finally:
                process.terminate()
            assert process.wait(20) == 0
        (entry,) = stream.read(begin, most=10, wait=0)
        assert (entry.change.table, entry.change.new) == ("matters", {"id": "1"})
