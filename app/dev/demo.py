"""`make demo`: Briefcase on this machine with nothing installed or running beforehand.

In order: PostgreSQL and Valkey (embedded under `.bff/`, unless `DATABASE_URL` or `REDIS_URL` name others), migrations,
rows where there are none, then the site under gunicorn as in production. (GraphiQL's bundle, without which pages are not
live, is made before, by `bff graphiql install`.)
Ctrl-C or SIGTERM ends all that it started, in the opposite order, and nothing else.
"""

from __future__ import annotations

import errno
import http.client
import os
import signal
import socket
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from io import TextIOWrapper
from pathlib import Path
from types import FrameType

from sqlalchemy import Engine, create_engine

from app.database import migrate, sqlalchemy_url
from app.seed import seed, sign_ins
from app.site import SOCKET_IO
from bff.testing.embedded import EmbeddedError, EmbeddedPostgres, EmbeddedValkey
from bff.testing.places import PlaceError
from bff.testing.process import Child

ROOT = Path(__file__).resolve().parents[2]
DATABASE = "briefcase"
START_TIMEOUT = 60.0


class DemoError(RuntimeError):
    """The demo cannot start; the message says why and what to do."""


def main(*, data: Path = ROOT / ".bff", scale: float = 1) -> int:
    """Run until a signal comes. Gives the exit status: 0 after a signal, 1 when something did not start."""
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, _interrupt)
    # Into a file or a pipe too, lines come as they are printed, in order with those of gunicorn.
    if isinstance(sys.stdout, TextIOWrapper):
        sys.stdout.reconfigure(line_buffering=True)
    try:
        with ExitStack() as running:
            return _serve(os.environ, data, scale, running)
    except KeyboardInterrupt:
        print("\nStopped.")
        return 0
    except (DemoError, EmbeddedError, PlaceError) as error:
        print(f"\n{error}", file=sys.stderr)
        return 1


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    # Stopping is bounded in time and must not be cut short: it would leave servers behind.
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    raise KeyboardInterrupt


def _serve(environ: Mapping[str, str], data: Path, scale: float, running: ExitStack) -> int:
    port = serving_port(environ.get("PORT") or "5000")
    environment = {**environ, "PORT": str(port), "BRIEFCASE_ENV": "development"}
    environment["DATABASE_URL"] = environ.get("DATABASE_URL") or _postgres(data / "postgres", running)
    environment["REDIS_URL"] = environ.get("REDIS_URL") or _valkey(data / "valkey", running)
    with _step("Migrations"):
        migrate(environment["DATABASE_URL"])
    engine = create_engine(sqlalchemy_url(environment["DATABASE_URL"]))
    running.callback(engine.dispose)
    began = time.monotonic()
    is_new = seed(engine, scale=scale)
    print(f"{'Rows':<12} ... {f'seeded in {time.monotonic() - began:.0f} s' if is_new else 'there already'}")
    site = Child(
        [sys.executable, "-m", "gunicorn", "--config", ROOT / "deploy" / "gunicorn.conf.py"],
        stop_signal=signal.SIGTERM,
        cwd=ROOT,
        env=environment,
    )
    running.callback(site.stop)
    _wait_for(site, port)
    _welcome(engine, f"http://127.0.0.1:{port}", is_live=_status(port, f"/graphql/assets/{SOCKET_IO}") == 200)
    return site.wait()


def serving_port(value: str) -> int:
    """The port that `value` names. Raises `DemoError` when it is none, or taken."""
    if not value.isdecimal() or not 0 < int(value) < 65536:
        raise DemoError(f"PORT is {value!r}: a number from 1 to 65535 is needed")
    with closing(socket.socket()) as probe:
        # As gunicorn binds: a port that a server has just left is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", int(value)))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise DemoError(
                    f"port {value} is in use, perhaps by another demo: make demo PORT={int(value) % 65535 + 1}"
                ) from None
            raise DemoError(f"cannot listen on port {value}: {error.strerror}") from None
    return int(value)


def _postgres(path: Path, running: ExitStack) -> str:
    with _step("PostgreSQL"):
        cluster = running.enter_context(EmbeddedPostgres(path)).cluster
        return cluster.database(DATABASE) if DATABASE in cluster else cluster.create(DATABASE)


def _valkey(path: Path, running: ExitStack) -> str:
    with _step("Valkey"):
        return running.enter_context(EmbeddedValkey(path)).url


@contextmanager
def _step(title: str) -> Iterator[None]:
    """One line for one step: its title at once, its seconds when it is done."""
    print(f"{title:<12} ...", end="", flush=True)
    began = time.monotonic()
    yield
    print(f" {time.monotonic() - began:.1f} s")


def _wait_for(site: Child, port: int) -> None:
    """Return once the site has answered a request: gunicorn listens before its workers are there."""
    deadline = time.monotonic() + START_TIMEOUT
    while site.returncode is None and time.monotonic() < deadline:
        try:
            _status(port, "/")
        except (OSError, http.client.HTTPException):
            time.sleep(0.05)
        else:
            return
    raise DemoError("the site does not start; what gunicorn says about it is above")


def _status(port: int, path: str) -> int:
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=START_TIMEOUT)) as connection:
        connection.request("HEAD", path)
        return connection.getresponse().status


def _welcome(engine: Engine, site: str, *, is_live: bool) -> None:
    print(f"""
  Pages     {site}/
  GraphiQL  {site}/graphql
  REST      {site}/api/viewer

  Sign in with one of these emails, no password, or send the header beside it:
""")
    people = sign_ins(engine)
    width = max(len(person.email) for person in people)
    for person in people:
        header = f"Authorization: Bearer dev-{person.user_id}"
        print(f"  {person.email:<{width}}  {header:<32}  {person.role}, {person.organization}")
    if is_live:
        print("\n  Open a matter in two windows as two people, and change a task in one of them.")
    else:
        print("\n  Pages are not live: that needs GraphiQL's bundle, which `bff graphiql install` makes.")
    print('  "REST | One query" at the top of every page loads it both ways.')
    print("\n  Ctrl-C stops everything.\n", flush=True)


if __name__ == "__main__":
    sys.exit(main())
