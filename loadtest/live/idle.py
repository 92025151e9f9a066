"""Nobody writes: what subscriptions cost the database then, as PostgreSQL counts it (pg_stat_statements)."""

from __future__ import annotations

import time
from contextlib import closing

import psycopg2

from loadtest.live.results import Idle, Statement
from loadtest.live.stage import Stage, members
from loadtest.live.swarm import Swarm


def idle(stage: Stage, *, subscribers: int, seconds: float) -> Idle:
    """Count the statements of a node that nobody looks at any more, then with so many subscribers, each for `seconds`."""
    firm = stage.firm
    with stage.redis() as redis, stage.node(redis.url) as node, Swarm() as swarm:
        # The first socket starts what the node has to run.
        swarm.add(members(firm, 1, firm.matters, [node]))
        swarm.wait_until_current(timeout=60)
        swarm.remove()
        node.settle()
        without = _count(stage.database_url, seconds)
        swarm.add(members(firm, subscribers, firm.matters, [node]))
        swarm.wait_until_current(timeout=120)
        node.settle()
        with_them = _count(stage.database_url, seconds)
        # They are all still there, and were not given anything.
        swarm.wait_until_current(timeout=5)
    return Idle(subscribers, seconds, without, with_them)


def _count(url: str, seconds: float) -> list[Statement]:
    with closing(psycopg2.connect(url)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            cursor.execute("create extension if not exists pg_stat_statements")
            cursor.execute("select pg_stat_statements_reset()")
            time.sleep(seconds)
            cursor.execute(
                "select s.query, s.calls from pg_stat_statements s join pg_database d on d.oid = s.dbid "
                "where d.datname = current_database() and s.query not like '%pg_stat_statements%' order by s.calls desc"
            )
            return [Statement(" ".join(text.split()), calls) for text, calls in cursor]
