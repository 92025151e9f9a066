"""Sessions over the host's engine: one snapshot a query, one transaction a mutation, policies in every statement.

`Database.open` gives the `Scope` of an operation. Its connection is taken from the pool at the first read and goes
back with `release`, before the response is built; an operation never holds two. A query reads one REPEATABLE
READ READ ONLY snapshot. PostgreSQL itself ends what outlives the deadline (`statement_timeout`), and what a
client left (`idle_in_transaction_session_timeout`, `client_connection_check_interval`): a green timeout frees the
pool's slot, not the backend.

`patch_psycopg2` makes psycopg2 cooperate with gevent; deploy/gunicorn.conf.py calls it in every worker.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager, suppress
from contextvars import ContextVar
from functools import cached_property
from typing import Any

import psycopg2
import psycopg2.extensions
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import ORMExecuteState, Session, UserDefinedOption, with_loader_criteria
from sqlalchemy.sql.base import ExecutableOption

from .errors import TryAgain
from .scope import Deadline, Scope
from .types.policy import Policies, ViewerParameters, ViewerValues

_QUERY_CANCELED = "57014"

_GRACE = 1.0
"""Seconds past the deadline that the client waits for PostgreSQL to end a statement before it cancels it itself."""

_deadline: ContextVar[Deadline | None] = ContextVar("bff_deadline", default=None)
"""The deadline that this greenlet's operation works under, for the wait callback, which is given only the connection.
Connecting, the pool's own pings and the rollback at the end are under it too; what the host does elsewhere is not."""


class Database:
    """The host's engine, under the policies of a schema."""

    def __init__(self, engine: Engine, policies: Policies, *, secret: bytes) -> None:
        self.engine, self.policies = engine, policies
        self._secret = secret

    def __repr__(self) -> str:
        return f"<Database {self.engine.url.render_as_string()} {self.engine.pool.status()}>"

    @contextmanager
    def open(self, viewer: object | None, deadline: Deadline) -> Iterator[Scope]:
        """The scope of one operation; whatever it borrowed is given back at the end of the block.

        Inside, a statement that outlives the deadline raises DeadlineExceeded, a lost connection TryAgain.
        """
        lease = _Lease(self, viewer, deadline)
        outer = _deadline.set(deadline)
        try:
            yield Scope(viewer, deadline, self._secret, lease)
        except DBAPIError as error:
            raise _translated(error, deadline) from error
        finally:
            try:
                lease.release()
            finally:
                _deadline.reset(outer)

    def police(self, session: Session, viewer: object | None) -> Session:
        """Put the policies into every ORM statement of a session: select, lazy load, get, ORM update and delete.

        For the host's own code outside of GraphQL. What SQLAlchemy does not see as an ORM statement is not touched: Core
        statements over tables, text (`from_statement` too), INSERT, and what `session.add` writes.
        """

        def add_criteria(state: ORMExecuteState) -> None:
            if state.is_select and not state.is_column_load:
                # A lazy load inherits the options of the statement that loaded its object.
                if not any(isinstance(option, _Policed) for option in state.user_defined_options):
                    state.statement = state.statement.options(*self._criteria, _Policed())
                given = state.parameters if isinstance(state.parameters, Mapping) else {}
                state.parameters = {**given, **self.policies.parameters(viewer)}
            elif state.is_update or state.is_delete:
                # An UPDATE takes its parameters for columns to set, so its criteria hold the viewer's values.
                state.statement = state.statement.options(*self._criteria_for(ViewerValues(viewer)))

        event.listen(session, "do_orm_execute", add_criteria)
        return session

    @cached_property
    def _criteria(self) -> list[ExecutableOption]:
        """The policies as options for SELECT, for any viewer: made once, they keep SQLAlchemy's cache of texts warm."""
        return self._criteria_for(ViewerParameters())

    def _criteria_for(self, viewer: ViewerParameters | ViewerValues) -> list[ExecutableOption]:
        return [
            with_loader_criteria(model, self.policies.criteria(model, viewer), include_aliases=True)
            for model in self.policies.models
        ]


class _Policed(UserDefinedOption):
    """Tells that a statement has the policies in it."""

    propagate_to_loaders = True


class _Lease:
    """At most one connection of the pool, for one operation: a snapshot or a transaction."""

    def __init__(self, database: Database, viewer: object | None, deadline: Deadline) -> None:
        self._database, self._viewer, self._deadline = database, viewer, deadline
        self._session: Session | None = None

    def __repr__(self) -> str:
        return f"<_Lease {'idle' if self._session is None else 'holding a connection'}>"

    @property
    def session(self) -> Session:
        if self._session is None:
            self._session = self._open(isolation_level="REPEATABLE READ", postgresql_readonly=True)
        return self._session

    @contextmanager
    def writing(self) -> Iterator[Session]:
        self.release()
        session = self._session = self._open(isolation_level="READ COMMITTED", postgresql_readonly=False)
        try:
            yield session
            session.commit()
        finally:
            self.release()

    def release(self) -> None:
        session, self._session = self._session, None
        if session is not None:
            connection = session.bind
            assert isinstance(connection, Connection)
            if not connection.invalidated and _is_closed(connection):
                # The wait callback gave up on it, and psycopg2 closed it: there is nothing to roll back.
                connection.invalidate()
            try:
                session.close()
            except DBAPIError:
                # PostgreSQL ended a transaction that was idle for too long: there is nothing left to roll back.
                session.invalidate()
            finally:
                connection.close()

    def _open(self, **options: Any) -> Session:
        connection = self._database.engine.connect().execution_options(**options)
        try:
            self._limit(connection)
        except BaseException:
            connection.close()
            raise
        session = Session(
            connection,
            autoflush=not options["postgresql_readonly"],
            expire_on_commit=False,
            # The transaction has begun already (see `_limit`), and yet is the session's to commit.
            join_transaction_mode="control_fully",
        )
        return self._database.police(session, self._viewer)

    def _limit(self, connection: Connection) -> None:
        """Tell PostgreSQL how long this transaction may take. Not counted as a statement."""
        milliseconds = max(1, int(self._deadline.remaining * 1000))
        raw = connection.connection.dbapi_connection
        assert raw is not None
        connection.begin()
        with closing(raw.cursor()) as cursor:
            cursor.execute(
                f"SET LOCAL statement_timeout = {milliseconds};"
                f"SET LOCAL idle_in_transaction_session_timeout = {milliseconds + int(_GRACE * 1000)};"
                "SET LOCAL client_connection_check_interval = 1000;"
                "SET LOCAL timezone = 'UTC'"
            )


def _is_closed(connection: Connection) -> bool:
    return bool(getattr(connection.connection.dbapi_connection, "closed", False))


def _translated(error: DBAPIError, deadline: Deadline) -> Exception:
    if getattr(error.orig, "pgcode", None) == _QUERY_CANCELED or deadline.remaining <= 0:
        return deadline.exceeded()
    if error.connection_invalidated or isinstance(error, OperationalError):
        return TryAgain("the database cannot be reached")
    return error


def patch_psycopg2() -> None:
    """Let other greenlets run while psycopg2 waits for PostgreSQL. For gevent workers, after monkey-patching."""
    psycopg2.extensions.set_wait_callback(_wait)


def _wait(connection: Any) -> None:
    """psycopg2's wait callback: poll, and wait on the hub in between.

    Past the deadline, or when the greenlet is killed, the statement is cancelled, so that its backend does not go
    on without a reader; psycopg2 then closes the connection.
    """
    from gevent import Timeout
    from gevent.socket import wait_read, wait_write

    deadline = _deadline.get()
    try:
        while True:
            state = connection.poll()
            if state == psycopg2.extensions.POLL_OK:
                return
            seconds = None if deadline is None else max(0.0, deadline.remaining) + _GRACE
            with Timeout(seconds, None if deadline is None else deadline.exceeded()):
                if state == psycopg2.extensions.POLL_READ:
                    wait_read(connection.fileno())
                elif state == psycopg2.extensions.POLL_WRITE:
                    wait_write(connection.fileno())
                else:
                    raise psycopg2.OperationalError(f"psycopg2 is in an unknown state: {state}")
    except psycopg2.Error:
        raise
    except BaseException:
        _cancel(connection)
        raise


def _cancel(connection: Any) -> None:
    """Ask PostgreSQL to end the connection's statement; in a thread, since libpq blocks, and no longer than it is worth."""
    from gevent import Timeout, get_hub

    with Timeout(_GRACE, False):  # type: ignore[arg-type]  # gevent: leave the block in silence
        get_hub().threadpool.apply(_cancel_if_open, (connection,))


def _cancel_if_open(connection: Any) -> None:
    # A connection that is not made yet has nothing to cancel.
    with suppress(psycopg2.Error):
        connection.cancel()
