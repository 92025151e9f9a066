"""What every test may use: the real PostgreSQL and Valkey, the seeded site, counted SQL, and a leak detector.

The servers are started once a run by the process that the developer started: under xdist that is the controller.
Every worker has databases of its own in the one cluster, copied from one migrated and seeded template.
"""

from __future__ import annotations

import fcntl
import os
import random
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from dataclasses import asdict, dataclass, field
from itertools import count
from pathlib import Path
from typing import Any
from weakref import WeakSet

import gevent
import pytest
import redis
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import Pool

from bff.testing.cluster import Cluster
from bff.testing.embedded import EmbeddedPostgres, EmbeddedValkey
from bff.testing.places import temporary_directory
from bff.web import graphiql
from tests.bff.fuzz.budget import Fuzz

ROOT = Path(__file__).parents[1]
BUNDLE = ROOT / ".bff" / "graphiql"
TEMPLATE = "briefcase"
SEED_SCALE = 0.02


@dataclass(frozen=True)
class Servers:
    """Where the run's PostgreSQL and Valkey listen."""

    postgres_url: str
    redis_url: str

    @property
    def cluster(self) -> Cluster:
        """The databases, whose addresses are spelt for psycopg2."""
        return Cluster(self.postgres_url)

    def create_database(self, name: str, *, template: str | None = None) -> str:
        """A new database, empty or a copy of `template`. Gives its address, spelt for SQLAlchemy."""
        return sqlalchemy_spelling(self.cluster.create(name, template=template))

    def seeded_template(self) -> str:
        """The name of the migrated and seeded Briefcase database, made by whichever worker is first to ask."""
        with self.cluster.maintenance() as cursor:
            cursor.execute("select pg_advisory_lock(1)")
            if TEMPLATE not in self.cluster:
                self._make_template(f"{TEMPLATE}_unfinished")
        return TEMPLATE

    def _make_template(self, unfinished: str) -> None:
        # Here, so that the tests of `bff` run without Briefcase.
        from app.database import migrate
        from app.seed import seed

        url = self.create_database(unfinished)
        try:
            migrate(url)
            engine = create_engine(url)
            try:
                seed(engine, scale=SEED_SCALE)
            finally:
                engine.dispose()
        except BaseException:
            self.cluster.drop(unfinished)
            raise
        self.cluster.rename(unfinished, TEMPLATE)


def sqlalchemy_spelling(url: str) -> str:
    """SQLAlchemy reads `postgresql:` as psycopg 3."""
    return url.replace("postgresql:", "postgresql+psycopg2:", 1)


_servers = pytest.StashKey[Servers]()


def _servers_of(config: pytest.Config) -> Servers:
    """The run's servers, started at the first call and stopped with the run."""
    if _servers not in config.stash:
        if hasattr(config, "workerinput"):
            config.stash[_servers] = Servers(**config.workerinput["servers"])
        else:
            with ExitStack() as stack:
                directory = stack.enter_context(temporary_directory())
                # Counts statements by their text, for whoever makes the extension in a database.
                postgres = EmbeddedPostgres(
                    directory / "postgres", durable=False, max_connections=200, preloaded=["pg_stat_statements"]
                )
                valkey = EmbeddedValkey(directory / "valkey", durable=False)
                config.stash[_servers] = Servers(
                    postgres_url=stack.enter_context(postgres).url, redis_url=stack.enter_context(valkey).url
                )
                config.add_cleanup(stack.pop_all().close)
    return config.stash[_servers]


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """xdist's controller starts a worker: tell it where the servers are."""
    node.workerinput["servers"] = asdict(_servers_of(node.config))


@pytest.fixture(scope="session")
def servers(pytestconfig: pytest.Config) -> Servers:
    """The run's PostgreSQL and Valkey."""
    return _servers_of(pytestconfig)


@pytest.fixture(scope="session")
def worker(request: pytest.FixtureRequest) -> str:
    """This process's name among xdist's workers: gw0, gw1, ...; gw0 too without xdist."""
    name: str = getattr(request.config, "workerinput", {}).get("workerid", "gw0")
    return name


@pytest.fixture(scope="session")
def postgres_url(servers: Servers) -> str:
    """The server's maintenance database, as superuser."""
    return sqlalchemy_spelling(servers.postgres_url)


@pytest.fixture(scope="session")
def make_database(servers: Servers, worker: str) -> Callable[[], str]:
    """`make_database()` gives the address of a new, empty database: for models that are not Briefcase's."""
    numbers = count(1)
    return lambda: servers.create_database(f"{worker}_{next(numbers)}")


@pytest.fixture(scope="session")
def database_url(servers: Servers, worker: str) -> str:
    """The seeded Briefcase. All tests of a worker share it: what they write they roll back."""
    return servers.create_database(f"{worker}_briefcase", template=servers.seeded_template())


@pytest.fixture
def fresh_database_url(servers: Servers, worker: str) -> Iterator[str]:
    """A seeded Briefcase for this test alone, which may commit to it."""
    name = f"{worker}_fresh"
    yield servers.create_database(name, template=servers.seeded_template())
    servers.cluster.drop(name)


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    """The seeded Briefcase, through a pool of five connections."""
    engine = create_engine(database_url, pool_size=5, max_overflow=0)
    yield engine
    engine.dispose()


def redis_database(servers: Servers, worker: str) -> str:
    """The address of a worker's own Valkey database."""
    return f"{servers.redis_url.rpartition('/')[0]}/{worker.removeprefix('gw')}"


@pytest.fixture
def redis_url(servers: Servers, worker: str) -> str:
    """A Valkey database of this worker's own, empty when the test begins. (Channels are shared by all databases.)"""
    url = redis_database(servers, worker)
    with closing(redis.Redis.from_url(url)) as client:
        client.flushdb()
    return url


# The site as it is served


@dataclass(frozen=True)
class LiveSite:
    """Briefcase in development as a running server; `request_log` gets a line ``METHOD address`` with every request."""

    url: str
    database_url: str
    request_log: Path


@pytest.fixture(scope="module")
def live_site(servers: Servers, worker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveSite]:
    """Briefcase under deploy/gunicorn.conf.py, with a seeded database of this module's own, which may be written to.

    The server takes over a socket that listens already, so nobody has to wait until it is up.
    """
    request_log = tmp_path_factory.mktemp("live") / "requests"
    request_log.touch()
    name = f"{worker}_live"
    url = servers.create_database(name, template=servers.seeded_template())
    with closing(socket.create_server(("127.0.0.1", 0), backlog=128)) as listener:
        command = [sys.executable, "-m", "gunicorn", "--config", "tests/live.conf.py"]
        command += ["--bind", f"fd://{listener.fileno()}", "--log-level", "warning"]
        variables = {"BRIEFCASE_ENV": "development", "DATABASE_URL": url, "SECRET_KEY": "of the tests"}
        variables |= {"REDIS_URL": redis_database(servers, worker), "BFF_LIVE_PREFIX": f"{name}_{os.urandom(4).hex()}"}
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**os.environ, **variables, "REQUEST_LOG": str(request_log)},
            pass_fds=[listener.fileno()],
            stdout=subprocess.DEVNULL,
        )
        try:
            host, port = listener.getsockname()
            yield LiveSite(f"http://{host}:{port}", url, request_log)
        finally:
            server.terminate()
            server.wait(timeout=20)
    servers.cluster.drop(name)


# Programs that a bare machine lacks


@pytest.fixture(scope="session")
def require_program() -> Callable[..., str]:
    """`require_program("chromium", "chrome")` gives the path of the first that is installed.

    With none, the test is skipped with its reason; in CI, which installs them, it fails.
    """

    def require(*names: str) -> str:
        for name in names:
            path = shutil.which(name)
            if path is not None:
                return path
        reason = f"needs {' or '.join(names)}, which is not installed"
        if os.environ.get("CI") == "true":
            pytest.fail(f"{reason}; .ci/run must install it")
        pytest.skip(reason)

    return require


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """xdist's workers share what is made once; whoever comes second finds it made."""
    (ROOT / ".bff").mkdir(exist_ok=True)
    with open(ROOT / ".bff" / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


@pytest.fixture(scope="session")
def bundle(require_program: Callable[..., str]) -> Path:
    """GraphiQL's bundle, made of the sources as they are; socket.io-client is in it."""
    require_program("node")
    require_program("npm")
    with one_at_a_time("graphiql"):
        if not graphiql.is_current(BUNDLE):
            graphiql.install(BUNDLE, say=print, environ=os.environ)
    return BUNDLE


# Counted SQL


@dataclass
class CountedSql:
    """The statements that a block sent, in order."""

    statements: list[str] = field(default_factory=list)

    @property
    def count(self) -> int:
        return len(self.statements)

    def __str__(self) -> str:
        return "\n".join(f"{number}. {statement}" for number, statement in enumerate(self.statements, 1))


@pytest.fixture
def count_sql() -> Callable[..., AbstractContextManager[CountedSql]]:
    """`with count_sql(engine) as n: ...` then `assert n.count == 13, n`; without an engine it counts all of them."""

    @contextmanager
    def counting(target: Engine | type[Engine] = Engine) -> Iterator[CountedSql]:
        counted = CountedSql()

        def note(connection: Any, cursor: Any, statement: str, *rest: Any) -> None:
            counted.statements.append(statement)

        event.listen(target, "before_cursor_execute", note)
        try:
            yield counted
        finally:
            event.remove(target, "before_cursor_execute", note)

    return counting


# Leaks


class _Open:
    """What is open right now in this process, kept up by the libraries' own events."""

    def __init__(self) -> None:
        self.connections: WeakSet[Any] = WeakSet()
        self.transactions: WeakSet[SessionTransaction] = WeakSet()
        self.greenlets: WeakSet[gevent.Greenlet[..., Any]] = WeakSet()
        event.listen(Pool, "checkout", lambda _connection, record, _proxy: self.connections.add(record))
        event.listen(Pool, "checkin", lambda _connection, record: self.connections.discard(record))
        event.listen(Pool, "detach", lambda _connection, record: self.connections.discard(record))
        event.listen(Session, "after_transaction_create", lambda _session, it: self.transactions.add(it))
        event.listen(Session, "after_transaction_end", lambda _session, it: self.transactions.discard(it))
        gevent.Greenlet.add_spawn_callback(self.greenlets.add)

    def now(self) -> dict[str, set[Any]]:
        return {
            "a connection that is checked out": set(self.connections),
            # One that ended with its connection is not told of.
            "a session in a transaction": {it.session for it in set(self.transactions) if it.session.in_transaction()},
            "a greenlet that runs": {it for it in set(self.greenlets) if not it.dead},
        }


_open = _Open()


@pytest.fixture(autouse=True)
def leaves_nothing_open(request: pytest.FixtureRequest) -> Iterator[None]:
    """A test that leaves a connection, a session or a greenlet open fails under its own name."""
    before = _open.now()
    yield
    left = {kind: things - before[kind] for kind, things in _open.now().items()}
    leaks = [f"{kind}: {thing!r}" for kind, things in left.items() for thing in things]
    if leaks:
        pytest.fail(f"{request.node.nodeid} left open " + ", ".join(leaks), pytrace=False)


# How much is fuzzed, and from which seed: the same in every test run, or as `make fuzz N=5000` says

OPERATIONS = 300


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("fuzz")
    group.addoption(
        "--fuzz", type=int, metavar="N", help=f"fuzz N operations from a random seed, not the usual {OPERATIONS}"
    )
    group.addoption("--fuzz-seed", type=int, metavar="SEED", help="with --fuzz: the seed that a failure printed")


@pytest.fixture
def fuzz(request: pytest.FixtureRequest, record_property: Callable[[str, Any], None]) -> Iterator[Fuzz]:
    """The budget of one test; what it used is reported at the end of the run."""
    total = request.config.getoption("--fuzz", default=None)
    chosen = request.config.getoption("--fuzz-seed", default=None)
    fuzz = Fuzz(OPERATIONS, None)
    if total is not None:
        fuzz = Fuzz(total, random.SystemRandom().randrange(2**32) if chosen is None else chosen)
    yield fuzz
    record_property("operations", fuzz.done)


def pytest_terminal_summary(terminalreporter: Any) -> None:
    # Reports of teardowns that went well have no category.
    reports = [each for each in terminalreporter.stats.get("", ()) if each.when == "teardown"]
    counts = {each.nodeid: dict(each.user_properties).get("operations") or 0 for each in reports}
    if sum(counts.values()):
        parts = ", ".join(f"{node.rpartition('::')[2]} {count}" for node, count in counts.items() if count)
        terminalreporter.write_line(f"fuzzed {sum(counts.values())} operations: {parts}")
    for each in reports:
        if live := dict(each.user_properties).get("live"):
            terminalreporter.write_line(f"{each.nodeid.rpartition('::')[2]}: {live}")
