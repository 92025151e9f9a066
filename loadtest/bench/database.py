"""The bench's own PostgreSQL: Briefcase at two scales, and in the smaller one a few matters that are larger than life.

It is kept under `.bff/bench`, so that the rows are made once.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import psutil
import psycopg2
import psycopg2.extensions
from sqlalchemy import create_engine

from app.database import migrate, sqlalchemy_url
from app.seed import seed
from bff.testing.cluster import Cluster
from bff.testing.embedded import EmbeddedPostgres
from loadtest.bench.programs import Keys

# Every contender has connections of its own, and keeps them.
MAX_CONNECTIONS = 400

# The tenth of seeded users is of the tenth organization, and so on: users are of the organization of their number.
VIEWER, OWNER_OF_LARGE = 1, 2
FACTORS = (1, 10, 100)


class Database:
    """A running PostgreSQL with Briefcase databases in it."""

    def __init__(self, cluster: Cluster) -> None:
        self.cluster = cluster
        with cluster.maintenance() as cursor:
            cursor.execute("select pg_backend_pid()")
            self._postmaster = psutil.Process(psutil.Process(_scalar(cursor)).ppid())

    def __repr__(self) -> str:
        return f"<Database of process {self._postmaster.pid}>"

    def briefcase(self, scale: float) -> str:
        """The address of a migrated and seeded Briefcase, which is made if there is none."""
        name = f"scale_{scale:g}"
        if name not in self.cluster:
            unfinished = f"{name}_unfinished"
            self.cluster.drop(unfinished)
            url = self.cluster.create(unfinished)
            engine = create_engine(sqlalchemy_url(url))
            try:
                migrate(url)
                seed(engine, scale=scale)
            finally:
                engine.dispose()
            self.cluster.rename(unfinished, name)
        migrate(self.cluster.database(name))
        return self.cluster.database(name)

    def cpu_seconds(self) -> float:
        """What the server has worked so far, in backends that are there and in those that have ended."""
        own = self._postmaster.cpu_times()
        total = own.user + own.system + own.children_user + own.children_system
        for process in self._postmaster.children():
            try:
                times = process.cpu_times()
            except psutil.NoSuchProcess:
                continue
            total += times.user + times.system
        return total


@contextmanager
def running(path: Path) -> Iterator[Database]:
    """PostgreSQL with its data in `path`, for a block."""
    with EmbeddedPostgres(path, max_connections=MAX_CONNECTIONS) as server:
        yield Database(server.cluster)


def version(url: str) -> str:
    with _cursor(url) as cursor:
        cursor.execute("show server_version")
        return str(_scalar(cursor))


def keys_of(url: str, organization: int) -> Keys:
    """The matters of a seeded organization. Raises ValueError when their ids are not evenly spaced."""
    with _cursor(url) as cursor:
        # Larger ones may have been added, by `add_large_matters`.
        cursor.execute(
            "select id from matters where organization_id = %s and reference not like 'LARGE-%%' order by id",
            (organization,),
        )
        ids = [int(id_) for (id_,) in cursor.fetchall()]
    keys = Keys(organization, ids[0], ids[1] - ids[0], len(ids))
    if list(keys) != ids:
        raise ValueError(f"the matters of organization {organization} are not evenly spaced")
    return keys


def page_by_hand(url: str, statement: str, organization: int, ids: Sequence[int]) -> list[str]:
    """The answers of a pgbench script's statement for these matters."""
    sql = "\n".join(line for line in statement.splitlines() if not line.startswith("\\"))
    sql = sql.replace("%", "%%").replace(":organization", "%(organization)s").replace("= :id", "= %(id)s")
    with _cursor(url) as cursor:
        answers = []
        for id_ in ids:
            cursor.execute(sql, {"id": id_, "organization": organization})
            answers.append(str(_scalar(cursor)))
        return answers


def add_large_matters(url: str) -> dict[int, int]:
    """The ids of matters of `OWNER_OF_LARGE`'s organization, by how many times the tasks of a seeded one they hold.

    Each task comes with the tags and comments of the one that it copies. What is there already is left as it is.
    """
    with _cursor(url) as cursor:
        large = {}
        for factor in FACTORS:
            cursor.execute("select id from matters where reference = %s", (f"LARGE-{factor}",))
            found = cursor.fetchone()
            large[factor] = int(found[0]) if found else _add_matter(cursor, factor)
        return large


def _add_matter(cursor: psycopg2.extensions.cursor, factor: int) -> int:
    values: dict[str, Any] = {"model": OWNER_OF_LARGE, "factor": factor, "reference": f"LARGE-{factor}"}
    cursor.execute(
        "insert into matters (organization_id, client_id, lead_id, reference, title, status, description, budget_cents, "
        "opened_at) select organization_id, client_id, lead_id, %(reference)s, title, status, description, budget_cents, "
        "opened_at from matters where id = %(model)s returning id",
        values,
    )
    values["matter"] = _scalar(cursor)
    # The copies of a task are its own number of tasks apart.
    copied = (
        "from tasks t join tasks model on model.matter_id = %(model)s "
        "and model.position = t.position %% (select count(*) from tasks where matter_id = %(model)s) "
    )
    cursor.execute(
        "insert into tasks (matter_id, assignee_id, title, status, priority, position, due_at) "
        "select %(matter)s, assignee_id, title, status, priority, "
        "position + number * (select count(*) from tasks where matter_id = %(model)s), due_at "
        "from tasks cross join generate_series(0, %(factor)s - 1) number where matter_id = %(model)s",
        values,
    )
    cursor.execute(
        f"insert into task_tags (task_id, tag_id) select t.id, x.tag_id {copied}"
        "join task_tags x on x.task_id = model.id where t.matter_id = %(matter)s",
        values,
    )
    cursor.execute(
        f"insert into comments (task_id, author_id, body, created_at) select t.id, c.author_id, c.body, c.created_at {copied}"
        "join comments c on c.task_id = model.id where t.matter_id = %(matter)s",
        values,
    )
    for table in ("matters", "tasks", "task_tags", "comments"):
        cursor.execute(f"analyze {table}")
    return int(values["matter"])


@contextmanager
def _cursor(url: str) -> Iterator[psycopg2.extensions.cursor]:
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute("set timezone = 'UTC'")
        yield cursor


def _scalar(cursor: psycopg2.extensions.cursor) -> Any:
    row = cursor.fetchone()
    assert row is not None
    return row[0]
