"""Sessions over the host's engine: one snapshot a query, one transaction a mutation, policies in every statement.

`Database.open` gives the `Scope` of an operation. Its connection is taken from the pool at the first read and goes
back with `release`, before the response is built; an operation never holds two. A query reads one REPEATABLE
READ READ ONLY snapshot. PostgreSQL itself ends what outlives the deadline (`statement_timeout`), and what a
client left (`idle_in_transaction_session_timeout`, `client_connection_check_interval`): a green timeout frees the
pool's slot, not the backend.

A snapshot opens in the round trip of its first statement. For that the driver is in autocommit while a snapshot has its
connection, and BEGIN and ROLLBACK are written here; libpq's own transaction status says which of them is due.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, closing, contextmanager
from functools import cached_property
from typing import Any

import psycopg2
from psycopg2.extensions import TRANSACTION_STATUS_IDLE
from sqlalchemy import Connection, Engine, event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import ORMExecuteState, Session, UserDefinedOption, with_loader_criteria
from sqlalchemy.sql.base import ExecutableOption

from ..entities.policy import Policies, ViewerParameters, ViewerValues
from ..errors import TryAgain
from .gevent_wait import GRACE, deadline_here
from .prepared import Prepared, text_of
from .scope import Deadline, Note, Scope

_QUERY_CANCELED = "57014"

_LIMITS = "54"
"""The class of what PostgreSQL has no room for (columns, levels): trying again does not help."""

_PREPARED = "bff.prepared"
"""Under this key the pool's record of a connection has its `Prepared`; SQLAlchemy empties it with each reconnect."""


class Database:
    """The host's engine, under the policies of a schema."""

    def __init__(self, engine: Engine, policies: Policies, *, prepare: bool = True) -> None:
        """With `prepare`, statements that a connection runs again are prepared on it (see `bff.database.prepared`)."""
        self.engine, self.policies, self.prepare = engine, policies, prepare

    def __repr__(self) -> str:
        return f"<Database {self.engine.url.render_as_string()} {self.engine.pool.status()}>"

    @contextmanager
    def open(self, viewer: object | None, deadline: Deadline) -> Iterator[Scope]:
        """The scope of one operation; whatever it borrowed is given back at the end of the block.

        Inside, a statement that outlives the deadline raises DeadlineExceeded, a lost connection TryAgain.
        """
        lease = _Lease(self, viewer, deadline)
        outer = deadline_here.set(deadline)
        try:
            yield Scope(viewer, deadline, lease)
        except DBAPIError as error:
            raise translated(error, deadline) from error
        finally:
            try:
                lease.release()
            finally:
                deadline_here.reset(outer)

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
        self._connection: Connection | None = None
        self._driver: Any = None
        self._prepared: Prepared | None = None
        self._session: Session | None = None
        self._is_writing = False
        self._was_autocommit = False
        self._note: Note | None = None

    def __repr__(self) -> str:
        if self._connection is None:
            return "<_Lease idle>"
        return f"<_Lease holding a connection{'' if self._session is None else ' and a session'}>"

    @property
    def session(self) -> Session:
        if self._session is None:
            connection = self._borrow()
            # SQLAlchemy's transactions are this connection's snapshots, one after the other.
            event.listen(connection, "begin", self._begin)
            event.listen(connection, "rollback", self._end)
            event.listen(connection, "commit", self._end)
            connection.begin()
            self._session = self._session_on(connection, autoflush=False)
        return self._session

    def cursor(self, sql: str, parameters: Mapping[str, Any], *, alone: bool) -> AbstractContextManager[Any]:
        connection = self._borrow()
        dialect, given = connection.dialect, dict(parameters)
        # What `Connection.exec_driver_sql` does but for its result object: whoever listens to statements, logs them or
        # answers errors is served as by SQLAlchemy. That takes 12 us of CPU, `exec_driver_sql` takes 37.
        context: Any = dialect.execution_ctx_cls._init_statement(
            dialect, connection, connection.connection, connection._execution_options, sql, [given]
        )
        cursor = context.cursor
        try:
            for before in connection.dispatch.before_cursor_execute:
                sql, given = before(connection, cursor, sql, given, context, False)
            if connection._echo:
                connection._log_info(sql)
            self._send(cursor, sql, given, alone=alone)
            for after in connection.dispatch.after_cursor_execute:
                after(connection, cursor, sql, given, context, False)
            context.post_exec()
        except BaseException as error:  # noqa: BLE001  # SQLAlchemy sorts it out, and always raises
            connection._handle_dbapi_exception(error, sql, given, cursor, context)
        return cursor  # type: ignore[no-any-return]

    def _send(self, cursor: Any, sql: str, parameters: Mapping[str, Any], *, alone: bool) -> None:
        """Execute a statement, prepared where that is of use, and open the snapshot on the way."""
        text = text_of(sql)
        values = text.values(parameters)
        if self._is_writing:
            cursor.execute(sql, values)
            return
        is_first = self._driver.get_transaction_status() == TRANSACTION_STATUS_IDLE
        opening = "" if not is_first else self._alone() if alone else self._opening()
        prepared, call = self._prepared, None
        preparation = None if prepared is None or text.is_large(parameters) else text.preparation(parameters)
        if prepared is None or preparation is None or (call := prepared.call(preparation)) is None:
            cursor.execute(opening + sql, values)
            return
        try:
            # What was read before must not be lost with it.
            cursor.execute((opening or "SAVEPOINT bff;") + call, values)
        except psycopg2.Error as error:
            if not prepared.learn(preparation, error):
                raise
            back = "ROLLBACK TO SAVEPOINT bff;" if not is_first else "" if alone else "ROLLBACK;"
            cursor.execute(back + opening + sql, values)
            text.learn(preparation, error)

    @contextmanager
    def writing(self) -> Iterator[Session]:
        self.release()
        connection = self._connection = self._connect()
        self._is_writing = True
        try:
            connection.execution_options(isolation_level="READ COMMITTED", postgresql_readonly=False)
            connection.begin()
            _run(connection, self._limits() + self._idle_limit())
            session = self._session = self._session_on(connection, autoflush=True)
            yield session
            session.commit()
        finally:
            self.release()

    def release(self) -> None:
        connection, self._connection = self._connection, None
        session, self._session = self._session, None
        if connection is None:
            return
        try:
            if not connection.invalidated and _driver_of(connection).closed:
                # The wait callback gave up on it, and psycopg2 closed it: there is nothing to roll back.
                connection.invalidate()
            if session is not None:
                session.close()
            if not self._is_writing:
                self._give_back(connection)
        except (DBAPIError, psycopg2.Error):
            # PostgreSQL ended a transaction that was idle for too long: there is nothing left to roll back.
            connection.invalidate()
        finally:
            try:
                connection.close()
            finally:
                self._is_writing = False
                self._driver = self._prepared = None

    def watch(self, note: Note) -> None:
        # Objects of a session that there is already would be found without a statement.
        self.release()
        self._note = note

    def _connect(self) -> Connection:
        connection = self._database.engine.connect()
        if self._note is not None:
            event.listen(connection, "before_cursor_execute", self._tell)
        return connection

    def _tell(self, _connection: Any, _cursor: Any, sql: str, _given: Any, context: Any, _many: bool) -> None:
        assert self._note is not None
        self._note(sql, getattr(context, "compiled", None))

    def _borrow(self) -> Connection:
        """The operation's connection, for a snapshot unless there is a transaction."""
        connection = self._connection
        if connection is None:
            connection = self._connection = self._connect()
            self._adopt(connection)
        elif connection.invalidated:
            raise TryAgain("the database cannot be reached")
        return connection

    def _adopt(self, connection: Connection) -> None:
        """Put the driver in autocommit; it has sent nothing yet, and sends nothing for it."""
        driver = self._driver = _driver_of(connection)
        self._was_autocommit = driver.autocommit
        driver.autocommit = True
        if self._database.prepare:
            self._prepared = connection.info.get(_PREPARED)
            if self._prepared is None:
                self._prepared = connection.info[_PREPARED] = Prepared()

    def _give_back(self, connection: Connection) -> None:
        self._end(connection)
        if not connection.invalidated and not self._was_autocommit:
            self._driver.autocommit = False

    def _begin(self, connection: Connection) -> None:
        if _driver_of(connection) is not self._driver:
            # A resolver rolled back after the connection was lost, and SQLAlchemy took another.
            self._adopt(connection)
        if self._driver.get_transaction_status() == TRANSACTION_STATUS_IDLE:
            _run(connection, self._opening())

    def _end(self, connection: Connection) -> None:
        if not connection.invalidated and self._driver.get_transaction_status() != TRANSACTION_STATUS_IDLE:
            _run(connection, "ROLLBACK")

    def _session_on(self, connection: Connection, *, autoflush: bool) -> Session:
        session = Session(
            connection,
            autoflush=autoflush,
            expire_on_commit=False,
            # The transaction has begun already, and yet is the session's to end.
            join_transaction_mode="control_fully",
        )
        return self._database.police(session, self._viewer)

    def _opening(self) -> str:
        """Begins a snapshot that lasts until ROLLBACK."""
        return f"BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;{self._limits()}{self._idle_limit()}"

    def _alone(self) -> str:
        """Begins a snapshot that ends with the string it is sent in, which PostgreSQL takes as one transaction."""
        return f"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY;{self._limits()}"

    def _limits(self) -> str:
        """Tells PostgreSQL how long a statement of this transaction may take. SET LOCAL ends with it."""
        milliseconds = max(1, int(self._deadline.remaining * 1000))
        return (
            f"SET LOCAL statement_timeout={milliseconds};"
            "SET LOCAL client_connection_check_interval=1000;"
            "SET LOCAL timezone='UTC';"
            # Compiling the expressions of a page's one statement takes longer than running it.
            "SET LOCAL jit=off;"
        )

    def _idle_limit(self) -> str:
        """Tells PostgreSQL when to end this transaction by itself."""
        return (
            f"SET LOCAL idle_in_transaction_session_timeout={max(1, int((self._deadline.remaining + GRACE) * 1000))};"
        )


def _driver_of(connection: Connection) -> Any:
    return connection.connection.dbapi_connection


def _run(connection: Connection, sql: str) -> None:
    """Execute what is no statement of the operation's, and is neither logged nor counted."""
    with closing(_driver_of(connection).cursor()) as cursor:
        try:
            cursor.execute(sql)
        except psycopg2.Error as error:
            connection._handle_dbapi_exception(error, sql, None, cursor, None)


def translated(error: DBAPIError, deadline: Deadline) -> Exception:
    """What an error of the database is to callers: TryAgain where the same may succeed later, else the error itself."""
    if getattr(error.orig, "pgcode", None) == _QUERY_CANCELED or deadline.remaining <= 0:
        return deadline.exceeded()
    is_beyond_limits = (getattr(error.orig, "pgcode", None) or "").startswith(_LIMITS)
    if error.connection_invalidated or (isinstance(error, OperationalError) and not is_beyond_limits):
        return TryAgain("the database cannot be reached")
    return error
