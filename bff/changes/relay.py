"""The relay: takes changes out of the outbox and appends them to the stream. Many may run; one at a time works.

Whoever holds an advisory lock of the database is the one. The others ask for the lock every `TURN` seconds, one statement each,
and at once when the one that has it stops; when it dies, PostgreSQL frees the lock with its connection. Who has it
reads the outbox in order of ids (NOTIFY wakes it, a look every `POLL` seconds stands behind that), appends, deletes what it
appended, and begins anew. It remembers no position: ids commit out of order, and whatever is in the outbox is to be told.

Nothing is lost at any step: a change leaves the outbox only once it is in the stream. What was appended and not yet deleted is
appended again, and followers drop it by its id. While the stream is away, changes stay in the outbox; a relay that cannot reach
it lets go of the lock, since another node perhaps can.
"""

from __future__ import annotations

import os
import select
import socket
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias

import orjson
import psycopg2
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from ..database.gevent_wait import deadline_here
from ..database.scope import Deadline
from ..errors import DeadlineExceeded
from ..readsets.policy_keys import Lineage
from ..sql.statement import Statement
from ..telemetry import RELAY, log, report_defect
from .backoff import Backoff
from .change import Change, Kind
from .lineage import Lineages
from .stream import Stream, StreamAway
from .triggers import CHANNEL, LONGEST, SCHEMA, relation_name

POLL = 1.0
"""Seconds after which the outbox is looked at without a notification."""

TURN = 2.0
"""Seconds after which a relay that waits asks for the lock again."""

BATCH = 1_000
"""Changes that are read, appended and deleted at once."""

PATIENCE = 5.0
"""Seconds for which the stream may be away before the lock is left to another node, that a statement may take, and for which
nothing above changed rows is read after something could not be."""

SILENCE = 10_000
"""Milliseconds without an acknowledgement after which both ends give up the connection: PostgreSQL frees the lock of a node
that vanished, and a node notices that PostgreSQL did."""

_LOCK_TIMEOUT = 500
"""Milliseconds that a statement waits for a lock: a migration that has one of the host's tables must not hold up what is told of
all others. Of the outbox's nobody has one for long."""

_LOCK = 0x_BFF_0B0C
"""Any number does that nobody else takes."""

_TURN_CHANNEL = "bff_relay"
"""Notified by a relay that stops."""

_SETUP = f"""
SET application_name = 'bff relay'; SET statement_timeout = {int(PATIENCE * 1000)}; SET idle_session_timeout = 0;
SET lock_timeout = {_LOCK_TIMEOUT};
SET tcp_keepalives_idle = 5; SET tcp_keepalives_interval = 2; SET tcp_keepalives_count = 3; SET tcp_user_timeout = {SILENCE}
"""

_READ = f"""
SELECT id, xid::text, table_name, kind, old::text, new::text, changed FROM {SCHEMA}.outbox ORDER BY id LIMIT %s
"""

# By both: an outbox that was made anew meanwhile counts from 1 again.
_DELETE = f"""
DELETE FROM {SCHEMA}.outbox USING unnest(%s, CAST(%s AS xid8[])) appended (id, xid)
WHERE outbox.id = appended.id AND outbox.xid = appended.xid
"""

_CAPTURED = f"""
SELECT name FROM unnest(%s::text[]) name WHERE EXISTS (
  SELECT FROM pg_trigger JOIN pg_proc ON pg_proc.oid = tgfoid
  WHERE tgrelid = to_regclass(name) AND pronamespace = to_regnamespace('{SCHEMA}') AND tgenabled = 'A'
)
"""

State: TypeAlias = Literal["stopped", "connecting", "waiting", "relaying", "away"]

_Row: TypeAlias = tuple[int, str, str, Kind, str, str, list[str]]


@dataclass(frozen=True)
class RelayStats:
    """What a relay has done since it was made."""

    state: State
    relayed: int
    batches: int
    coarse: int
    """Changes that were told as one of their whole table, because a key of theirs is too long to be told."""
    unread: int
    """Times that what is above changed rows could not be read: changes are coarser then."""
    failures: int


class Relay:
    """One node's relay: `start` it, or `run` it in a thread of one's own. Once.

    `engine` makes its connection and has to reach PostgreSQL itself, not a pooler in transaction mode (`direct_engine`).
    `lineages` are what changes are told with of the rows above theirs (`bff.readsets.policy_keys.lineages`).
    """

    def __init__(
        self,
        engine: Engine,
        stream: Stream,
        lineages: Iterable[Lineage] = (),
        *,
        batch: int = BATCH,
        patience: float = PATIENCE,
    ) -> None:
        self._engine, self._stream, self._lineages = engine, stream, Lineages(lineages)
        self._batch, self._patience = batch, patience
        self._state: State = "stopped"
        self._relayed = self._batches = self._coarse = self._failures = 0
        self._is_stopping = False
        self._bell: socket.socket | None = None
        self._button: socket.socket | None = None
        self._thread: threading.Thread | None = None
        self._logged = ""
        self._unread = 0
        self._blind_until = 0.0

    def __repr__(self) -> str:
        return f"<Relay {self._state}, {self._relayed} changes in {self._batches} batches, {self._failures} failures>"

    def stats(self) -> RelayStats:
        return RelayStats(self._state, self._relayed, self._batches, self._coarse, self._unread, self._failures)

    def start(self) -> None:
        """Run in a thread: under gevent, a greenlet. After the fork of a process, not before."""
        self._thread = threading.Thread(target=self.run, name="bff relay", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """Finish the batch, leave the lock to another, end; waits for a started thread. A signal's handler may call it."""
        self._is_stopping = True
        if self._button is not None:
            # It may be closed by now.
            with suppress(OSError):
                self._button.send(b"\0")
        if self._thread is not None:
            self._thread.join(timeout)

    def run(self) -> None:
        """Relay until `stop`."""
        backoff = Backoff()
        self._bell, self._button = socket.socketpair()
        with self._bell, self._button:
            while not self._is_stopping:
                self._state = "connecting"
                try:
                    with self._connected() as connection:
                        self._wait_for_turn(connection)
                        self._relay(connection, backoff)
                    continue
                except (psycopg2.Error, SQLAlchemyError, DeadlineExceeded) as error:
                    self._fail("the database", error)
                except StreamAway as error:
                    self._fail("the stream", error)
                except Exception as error:  # noqa: BLE001  # a defect; without the relay nothing is live any more
                    self._failures += 1
                    report_defect(error)
                self._state = "away"
                self._rest(backoff.next())
        self._state = "stopped"

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        """A connection of the driver, in autocommit."""
        with closing(self._engine.raw_connection()) as pooled:
            connection: Any = pooled.driver_connection
            connection.autocommit = True
            _give_up_in_silence(connection)
            _execute(connection, _SETUP)
            ((backend,),) = _execute(connection, "SELECT pg_backend_pid()")
            if backend != connection.info.backend_pid:
                # In transaction mode it would keep the lock when this node is gone.
                log.warning(
                    RELAY, state="connecting", advice="past the pooler: set BFF_LIVE_DATABASE_URL to PostgreSQL itself"
                )
            try:
                yield connection
            finally:
                if connection.closed:
                    pooled.invalidate()

    def _wait_for_turn(self, connection: Any) -> None:
        """Return with the lock, or when stopping."""
        self._state = "waiting"
        _execute(connection, f"LISTEN {_TURN_CHANNEL}")
        while not self._is_stopping:
            ((is_mine,),) = _execute(connection, f"SELECT pg_try_advisory_lock({_LOCK})")
            if is_mine:
                _execute(connection, f"UNLISTEN {_TURN_CHANNEL}; LISTEN {CHANNEL}")
                return
            self._rest(TURN, connection)

    def _relay(self, connection: Any, backoff: Backoff) -> None:
        """Relay until stopping. Raises StreamAway when the stream has been away for too long."""
        if self._is_stopping:
            return
        lineages: Lineages | None = None
        try:
            while not self._is_stopping:
                # What is notified from here on may come after what is read.
                del connection.notifies[:]
                rows = self._read(connection)
                if lineages is None:
                    lineages = self._readable(connection)
                    self._state = "relaying"
                    log.info(RELAY, state="relaying")
                if rows:
                    self._append(self._told(connection, lineages, [self._change(*row) for row in rows]))
                    self._delete(connection, rows)
                    self._relayed += len(rows)
                    self._batches += 1
                # Not before a batch is done with: one that cannot be deleted would be appended at every attempt.
                backoff.reset()
                if len(rows) < self._batch and not connection.notifies:
                    self._rest(POLL, connection)
        finally:
            # Where the connection is lost, so is the lock.
            with suppress(psycopg2.Error, DeadlineExceeded):
                _execute(connection, f"SELECT pg_advisory_unlock({_LOCK}); NOTIFY {_TURN_CHANNEL}")

    def _read(self, connection: Any) -> list[_Row]:
        return _execute(connection, _READ, (self._batch,))

    def _readable(self, connection: Any) -> Lineages:
        """The lineages over tables that are captured: of others nobody is told when a row is another."""
        tables = {table: relation_name(table.schema, table.name) for table in self._lineages.tables}
        found = {name for (name,) in _execute(connection, _CAPTURED, (list(tables.values()),))}
        lacking = sorted(name for name in tables.values() if name not in found)
        if lacking:
            advice = "run `bff live install`; BFF_LIVE_DATABASE_URL needs the search_path of the site"
            log.warning(RELAY, state="relaying", uncaptured=", ".join(lacking), advice=advice)
        return self._lineages.over([table for table, name in tables.items() if name in found])

    def _told(self, connection: Any, lineages: Lineages, changes: Sequence[Change]) -> Sequence[Change]:
        """The changes, each with what there is above its row: read after them, and so at least as new."""

        def read(statement: Statement, arrays: Mapping[str, list[str]]) -> list[Any]:
            if time.monotonic() < self._blind_until:
                return []
            try:
                return _execute(connection, statement.sql, statement.parameters(arrays, None))
            except DeadlineExceeded:
                raise
            except Exception as error:
                if connection.closed:
                    raise
                # Never an obstacle, whatever it is: what is not told of a change makes it a coarser one.
                self._unread += 1
                self._blind_until = time.monotonic() + self._patience
                log.warning(RELAY, state="relaying", unread=statement.sql, error=str(error).strip())
                return []

        return lineages.told(changes, read)

    def _append(self, changes: Sequence[Change]) -> None:
        """Append; tries again for as long as there is patience."""
        backoff, began = Backoff(), time.monotonic()
        while True:
            try:
                self._stream.append(changes)
            except StreamAway as error:
                if self._is_stopping or time.monotonic() - began > self._patience:
                    raise
                self._fail("the stream", error)
                self._state = "away"
                self._rest(backoff.next())
            else:
                self._state, self._logged = "relaying", ""
                return

    def _delete(self, connection: Any, rows: Sequence[_Row]) -> None:
        _execute(connection, _DELETE, ([row[0] for row in rows], [row[1] for row in rows]))

    def _change(self, id: int, xid: str, table: str, kind: Kind, old: str, new: str, changed: list[str]) -> Change:
        before, after = orjson.loads(old), orjson.loads(new)
        if _can_be_told(before) and _can_be_told(after):
            return Change(id, int(xid), table, kind, before, after, frozenset(changed))
        # Never an obstacle to those behind it, and never told by half.
        self._coarse += 1
        return Change(id, int(xid), table, "truncate", {}, {}, frozenset())

    def _rest(self, seconds: float, connection: Any = None) -> None:
        """Wait until the time is over, something is notified, or `stop`."""
        waiting = select.poll()  # select.select takes no descriptor above 1,023
        if self._bell is not None:
            waiting.register(self._bell.fileno(), select.POLLIN)
        if connection is None:
            waiting.poll(seconds * 1000)
            return
        waiting.register(connection.fileno(), select.POLLIN)
        waiting.poll(seconds * 1000)
        # Takes in notifications; raises when the connection was lost.
        connection.poll()

    def _fail(self, what: str, error: Exception) -> None:
        self._failures += 1
        if str(error) != self._logged:
            # Once, not at every attempt.
            self._logged = str(error)
            advice = "run `bff live install`" if isinstance(error, psycopg2.errors.UndefinedTable) else None
            log.warning(RELAY, state="away", away=what, error=str(error).strip(), advice=advice)


def _execute(connection: Any, sql: str, parameters: Sequence[object] | Mapping[str, object] | None = None) -> list[Any]:
    # Under gevent, what does not answer at all is given up too, as where a proxy in between has hung. What PostgreSQL gives up
    # leaves the connection as it was, and so comes first.
    outer = deadline_here.set(Deadline.after(PATIENCE + 1))
    try:
        with closing(connection.cursor()) as cursor:
            cursor.execute(sql, parameters)
            return cursor.fetchall() if cursor.description else []
    finally:
        deadline_here.reset(outer)


def _can_be_told(values: Any) -> bool:
    return isinstance(values, dict) and all(
        value is None or (isinstance(value, str) and len(value) <= LONGEST) for value in values.values()
    )


def _give_up_in_silence(connection: Any) -> None:
    """Have this end's TCP give up a connection that acknowledges nothing: libpq waits for as long as the socket does."""
    with socket.socket(fileno=os.dup(connection.fileno())) as wire:
        if wire.family not in (socket.AF_INET, socket.AF_INET6):
            return
        wire.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        for name, value in {
            "TCP_KEEPIDLE": 5,
            "TCP_KEEPINTVL": 2,
            "TCP_KEEPCNT": 3,
            "TCP_USER_TIMEOUT": SILENCE,
        }.items():
            # Not every system has all of them.
            if hasattr(socket, name):
                wire.setsockopt(socket.IPPROTO_TCP, getattr(socket, name), value)
