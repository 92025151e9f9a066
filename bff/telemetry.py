"""What the layer tells its operator: event names, the trace of a request, and defects. No exporter.

Records go through structlog as the host configures it, or as `configure` does where it does not. One
`graphql.request` a request, one `graphql.socket` a socket when it ends, one `graphql.defect` with its traceback for each defect, one
`graphql.documents` a boot.
"""

from __future__ import annotations

import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import orjson
import structlog
from sqlalchemy import Engine, event

REQUEST = "graphql.request"
"""A request was answered: operation, kind, document, registered, status, code, ms, phases (ms), statements, bytes."""

DEFECT = "graphql.defect"
"""An exception that is in no tree of errors: id, operation, path, and the traceback."""

DOCUMENTS = "graphql.documents"
"""The host's documents were loaded and planned: operations, ms."""

UNPREPARED = "graphql.unprepared"
"""A statement is sent unprepared from now on, or all of a connection's: sqlstate, error, statement."""

IRREGULAR_FIELD = "graphql.irregular"
"""A field that PostgreSQL writes had to be answered in rounds time and again, and is left to them: field, key."""

SOCKET = "graphql.socket"
"""A socket ended: reason (of Socket.IO, or the code of PROTOCOL.md), subscriptions (ever begun), bytes (written), seconds."""

DRAINED = "graphql.drained"
"""The sockets of a process were sent away: told, left."""

RELAY = "graphql.relay"
"""The relay changed its state: state (connecting, relaying, away), away (what cannot be reached), error, advice."""

FOLLOWER = "graphql.follower"
"""A node's follower changed its state: state (following, away), error; or changes were lost: state (gap), error, position."""

PRESENCE_AWAY = "graphql.presence_away"
"""Redis does not answer; who is where on other nodes stays as it was: error."""

log: structlog.typing.FilteringBoundLogger = structlog.get_logger("bff")


def configure() -> None:
    """Structlog where the host leaves it alone: a line of JSON a record, or readable lines on a terminal.

    Its own default draws every local variable of a traceback, which takes a second and shows what logs must not.
    """
    if structlog.is_configured():
        return
    renderer: list[structlog.typing.Processor]
    if sys.stdout.isatty():
        renderer = [structlog.dev.ConsoleRenderer(exception_formatter=structlog.dev.plain_traceback)]
    else:
        renderer = [structlog.processors.format_exc_info, structlog.processors.JSONRenderer(serializer=_dumps)]
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso"),
            *renderer,
        ]
    )


def _dumps(record: Any, **options: Any) -> str:
    """A record as JSON; what orjson refuses (an integer of more than 64 bits, half of a surrogate pair) the slow way."""
    try:
        return orjson.dumps(record, default=options.get("default")).decode()
    except TypeError:
        return json.dumps(record, **options)


class Trace:
    """Where the time of one request went, and how many SQL statements it took; not shared between requests.

    SQLAlchemy's events know only the connection, so the trace that counts is a context variable: one a greenlet or thread.
    """

    def __init__(self, clock: Callable[[], float] = time.perf_counter) -> None:
        self._clock = clock
        self._begun = clock()
        self._seconds: dict[str, float] = {}
        self.statements = 0

    def __repr__(self) -> str:
        return f"<Trace {self.server_timing()}, {self.statements} statements>"

    def phase(self, name: str) -> _Phase:
        """`with trace.phase(name):` times the block as (more of) phase `name`, an HTTP token."""
        return _Phase(self._clock, self._seconds, name)

    @contextmanager
    def counting(self) -> Iterator[None]:
        """Count the statements of watched engines in the block as this request's."""
        token = _current.set(self)
        try:
            yield
        finally:
            _current.reset(token)

    @property
    def total_ms(self) -> float:
        """Milliseconds since the request began."""
        return round((self._clock() - self._begun) * 1e3, 2)

    def milliseconds(self) -> dict[str, float]:
        """Each phase's milliseconds, in order of their begin."""
        return {name: round(seconds * 1e3, 2) for name, seconds in self._seconds.items()}

    def server_timing(self) -> str:
        """The phases as the value of a `Server-Timing` header."""
        phases = [f"{name};dur={seconds * 1e3:.2f}" for name, seconds in self._seconds.items()]
        return ", ".join([*phases, f"total;dur={self.total_ms:.2f}"])


class _Phase:
    """One block's time, added to its phase. A class, since a generator's context costs three times as much."""

    __slots__ = ("_begun", "_clock", "_name", "_seconds")

    def __init__(self, clock: Callable[[], float], seconds: dict[str, float], name: str) -> None:
        self._clock, self._seconds, self._name = clock, seconds, name

    def __enter__(self) -> None:
        self._begun = self._clock()

    def __exit__(self, *_: object) -> None:
        self._seconds[self._name] = self._seconds.get(self._name, 0.0) + self._clock() - self._begun


_current: ContextVar[Trace | None] = ContextVar("bff_trace", default=None)


def watch(engine: Engine) -> None:
    """Have an engine's statements counted; once an engine, however often it is called."""
    if not event.contains(engine, "before_cursor_execute", _count):
        event.listen(engine, "before_cursor_execute", _count)


def _count(*_: Any) -> None:
    trace = _current.get()
    if trace is not None:
        trace.statements += 1


def report_defect(error: BaseException, **fields: Any) -> str:
    """Log an unexpected exception whole, and give the id under which a client may ask about it."""
    identity = secrets.token_hex(6)
    log.error(DEFECT, id=identity, error=repr(error), exc_info=error, **fields)
    return identity
