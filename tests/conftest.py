"""What is Briefcase's alone: the seeded database, the site as it is served, the programs that its tests need.

Servers, empty databases, counted SQL and the check for leaks are of `bff.testing.plugin`, as any host has them.
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
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine

from bff.testing.servers import Servers
from bff.web import graphiql
from tests.bff.fuzz.budget import Fuzz

ROOT = Path(__file__).parents[1]
BUNDLE = ROOT / ".bff" / "graphiql"
SEED_SCALE = 0.02

pytest_plugins = ["bff.testing.plugin"]


@pytest.fixture(scope="session")
def seeded_template(servers: Servers) -> str:
    """The name of the migrated and seeded Briefcase database, made by whichever worker is first to ask."""
    return servers.template("briefcase", _make_briefcase)


def _make_briefcase(url: str) -> None:
    # Here, so that the tests of `bff` run without Briefcase.
    from app.database import migrate
    from app.seed import seed

    migrate(url)
    engine = create_engine(url)
    try:
        seed(engine, scale=SEED_SCALE)
    finally:
        engine.dispose()


@pytest.fixture(scope="session")
def database_url(make_database: Callable[..., str], seeded_template: str) -> str:
    """The seeded Briefcase. All tests of a worker share it: what they write they roll back."""
    return make_database(template=seeded_template)


@pytest.fixture
def fresh_database_url(temporary_database: Callable[..., Any], seeded_template: str) -> Iterator[str]:
    """A seeded Briefcase for this test alone, which may commit to it."""
    with temporary_database(template=seeded_template) as url:
        yield url


@pytest.fixture(scope="session")
def engine(database_url: str) -> Iterator[Engine]:
    """The seeded Briefcase, through a pool of five connections."""
    engine = create_engine(database_url, pool_size=5, max_overflow=0)
    yield engine
    engine.dispose()


# The site as it is served


@dataclass(frozen=True)
class LiveSite:
    """Briefcase in development as a running server; `request_log` gets a line ``METHOD address`` with every request."""

    url: str
    database_url: str
    request_log: Path


@pytest.fixture(scope="module")
def live_site(
    temporary_database: Callable[..., Any],
    seeded_template: str,
    worker_redis_url: str,
    live_prefix: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[LiveSite]:
    """Briefcase under deploy/gunicorn.conf.py, with a seeded database of this module's own, which may be written to.

    The server takes over a socket that listens already, so nobody has to wait until it is up.
    """
    request_log = tmp_path_factory.mktemp("live") / "requests"
    request_log.touch()
    with (
        temporary_database(template=seeded_template) as url,
        closing(socket.create_server(("127.0.0.1", 0), backlog=128)) as listener,
    ):
        command = [sys.executable, "-m", "gunicorn", "--config", "tests/live.conf.py"]
        command += ["--bind", f"fd://{listener.fileno()}", "--log-level", "warning"]
        variables = {"BRIEFCASE_ENV": "development", "DATABASE_URL": url, "SECRET_KEY": "of the tests"}
        variables |= {"REDIS_URL": worker_redis_url, "BFF_LIVE_PREFIX": f"{live_prefix}_{os.urandom(4).hex()}"}
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
