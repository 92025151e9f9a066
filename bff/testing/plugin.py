"""Fixtures for tests of a host, over a real PostgreSQL and Redis.

    # conftest.py beside pyproject.toml
    pytest_plugins = ["bff.testing.plugin"]

The servers are started at the first need, once per run, by the process that the developer started: under xdist that is the
controller. Each of its workers has databases of its own. With `DATABASE_URL` and `REDIS_URL` in the environment
servers of the user's own are used, see `servers`.

Every test is checked for leaks with this in pyproject.toml; without, a test asks for the fixture itself:

    [tool.pytest.ini_options]
    usefixtures = ["leaves_nothing_open"]
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import asdict
from itertools import count
from typing import Any, Protocol

import pytest
import redis

from . import counted_sql
from .counted_sql import CountedSql
from .leaks import Leaked, OpenThings
from .servers import Servers, running_servers

_servers = pytest.StashKey[Servers]()


class MakeDatabase(Protocol):
    """`make_database()` gives the address of a new database, empty or a copy of `template`."""

    def __call__(self, *, template: str | None = None) -> str: ...


class TemporaryDatabase(Protocol):
    """`with temporary_database() as address:` is a database that is dropped with the block."""

    def __call__(self, *, template: str | None = None) -> AbstractContextManager[str]: ...


def _servers_of(config: pytest.Config) -> Servers:
    """The run's servers, started at the first call and stopped with the run."""
    if _servers not in config.stash:
        if hasattr(config, "workerinput"):
            config.stash[_servers] = Servers(**config.workerinput["bff_servers"])
        else:
            with ExitStack() as stack:
                config.stash[_servers] = stack.enter_context(running_servers(os.environ))
                config.add_cleanup(stack.pop_all().close)
    return config.stash[_servers]


def _worker(config: pytest.Config) -> str:
    """This process's name among xdist's workers: gw0, gw1, ...; gw0 too without xdist."""
    name: str = getattr(config, "workerinput", {}).get("workerid", "gw0")
    return name


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist's controller starts a worker: tell it where the servers are."""
    node.workerinput["bff_servers"] = asdict(_servers_of(node.config))


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    """The run's PostgreSQL and Redis; `servers.template(name, fill)` is a database that every worker may copy.

    Embedded, unless `DATABASE_URL` or `REDIS_URL` name others. The account in `DATABASE_URL` must be allowed to create
    databases; those are dropped at the end of the run. From `REDIS_URL`'s database on, each worker needs an empty one.
    """
    return _servers_of(pytestconfig)


@pytest.fixture(scope="session")
def make_database(servers: Servers, pytestconfig: pytest.Config) -> MakeDatabase:
    """`make_database()` gives the address of a new, empty database, spelt for SQLAlchemy. It is there until the run ends."""
    numbers = count(1)

    def make(*, template: str | None = None) -> str:
        return servers.create_database(f"{_worker(pytestconfig)}_{next(numbers)}", template=template)

    return make


@pytest.fixture(scope="session")
def temporary_database(servers: Servers, pytestconfig: pytest.Config) -> TemporaryDatabase:
    """`with temporary_database(template=name) as address:` is a copy of a database that may be written to."""
    numbers = count(1)

    @contextmanager
    def make(*, template: str | None = None) -> Iterator[str]:
        name = f"{_worker(pytestconfig)}_temporary_{next(numbers)}"
        try:
            yield servers.create_database(name, template=template)
        finally:
            servers.drop_database(name)

    return make


@pytest.fixture(scope="session")
def worker_redis_url(servers: Servers, pytestconfig: pytest.Config) -> Iterator[str]:
    """The address of this worker's own Redis database, for servers that outlive a test."""
    url = servers.redis_database(int(_worker(pytestconfig).removeprefix("gw")))
    with closing(redis.Redis.from_url(url)) as client:
        if keys := client.dbsize():
            number = url.rpartition("/")[2]
            pytest.fail(f"database {number} of Redis holds {keys} keys, which tests would delete; name an empty one")
        yield url
        client.flushdb()


@pytest.fixture
def redis_url(worker_redis_url: str) -> str:
    """A Redis database of this worker's own, empty when the test begins. Channels are shared by all databases."""
    with closing(redis.Redis.from_url(worker_redis_url)) as client:
        client.flushdb()
    return worker_redis_url


@pytest.fixture(scope="session")
def live_prefix(servers: Servers, pytestconfig: pytest.Config) -> str:
    """A value for the setting `live.prefix` that no other worker uses: Redis channels are shared by all databases."""
    return f"{servers.run}_{_worker(pytestconfig)}"


@pytest.fixture
def count_sql() -> Callable[..., AbstractContextManager[CountedSql]]:
    """`with count_sql(engine) as sent: ...` then `assert sent.count == 13, sent`; without an engine it counts all of them."""
    return counted_sql.count_sql


@pytest.fixture(scope="session")
def open_things() -> Iterator[OpenThings]:
    """What is open in this process, of all that was opened since the first test that asked."""
    things = OpenThings()
    with things.follow():
        yield things


@pytest.fixture
def leaves_nothing_open(request: pytest.FixtureRequest, open_things: OpenThings) -> Iterator[None]:
    """Fails a test that leaves a connection, a session in a transaction or a greenlet open, under the test's own name."""
    try:
        with open_things.checked():
            yield
    except Leaked as leaked:
        pytest.fail(f"{request.node.nodeid} {leaked}", pytrace=False)
