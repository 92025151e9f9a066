"""The scope of one operation: who asks, until when, and through which session it reads.

A `Scope` is GraphQL's context value: resolvers and batch functions read `info.context.viewer`, `.session`,
`.deadline`. It is made by `bff.database.session.Database.open`, belongs to one greenlet, and ends with its operation.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from secrets import token_bytes
from typing import Any, Protocol

from sqlalchemy.orm import Session

from ..errors import DeadlineExceeded

Clock = Callable[[], float]
"""Seconds of a monotonic clock."""


@dataclass(frozen=True)
class Deadline:
    """One instant on the monotonic clock by which an operation is answered or given up."""

    at: float
    limit: float
    clock: Clock = field(default=time.monotonic, repr=False, compare=False)

    @classmethod
    def after(cls, seconds: float, clock: Clock = time.monotonic) -> Deadline:
        """The deadline `seconds` from now."""
        return cls(clock() + seconds, seconds, clock)

    @property
    def remaining(self) -> float:
        """Seconds left; negative when it has passed."""
        return self.at - self.clock()

    def check(self) -> None:
        """Raises DeadlineExceeded when it has passed."""
        if self.remaining <= 0:
            raise self.exceeded()

    def exceeded(self) -> DeadlineExceeded:
        """The error to raise for this deadline."""
        return DeadlineExceeded(f"the operation was not answered within its {self.limit:g} s")


PROCESS_SECRET = token_bytes()
"""A secret that no other process has, and that ends with this one."""

Note = Callable[[str, Any], None]
"""(text, what SQLAlchemy compiled, None for what came as text) of a statement that is about to be sent."""


class Lease(Protocol):
    """How a scope comes by sessions; `bff.database.session` implements it on a connection pool."""

    @property
    def session(self) -> Session:
        """The session of the operation's snapshot, opened at the first use."""

    def cursor(self, sql: str, parameters: Mapping[str, Any], *, alone: bool) -> AbstractContextManager[Any]:
        """The driver's cursor on which a statement was executed; see `Scope.cursor`."""

    def writing(self) -> AbstractContextManager[Session]:
        """One read-write transaction, committed when its block ends without an exception."""

    def release(self) -> None:
        """Give the snapshot's connection back; the next read opens a new snapshot."""

    def watch(self, note: Note) -> None:
        """Give the connection back, and call this before every statement from then on."""


@dataclass(frozen=True)
class Scope:
    """Viewer, deadline and sessions of one operation.

    `secret` signs its cursors. By default it is this process's own: other processes refuse them.
    """

    viewer: object | None
    deadline: Deadline
    lease: Lease = field(repr=False)
    secret: bytes = field(default=PROCESS_SECRET, repr=False)

    @property
    def session(self) -> Session:
        """The ORM session over the operation's snapshot; sees only the rows that the viewer may see."""
        self.deadline.check()
        return self.lease.session

    def cursor(self, sql: str, parameters: Mapping[str, Any], *, alone: bool = False) -> AbstractContextManager[Any]:
        """`with scope.cursor(sql, parameters) as cursor:` reads a statement of the layer's own in the operation's snapshot.

        `sql` is in psycopg2's pyformat (`%(name)s`), and policed by who wrote it; the cursor is psycopg2's and is closed
        at the end of the block. With `alone`, the statement is taken to be the operation's only read: if nothing was read
        before, it goes out in one round trip as a snapshot of its own, and a later read opens another one.
        """
        self.deadline.check()
        return self.lease.cursor(sql, parameters, alone=alone)

    def writing(self) -> AbstractContextManager[Session]:
        """`with scope.writing() as session:` runs one read-write transaction under the viewer's policies.

        It commits at the end of the block and rolls back on an exception. Reads after it see a new snapshot.
        """
        self.deadline.check()
        return self.lease.writing()

    def watch(self, note: Note) -> None:
        """Have `note` called before every statement of the operation from now on, which begins with a new snapshot."""
        self.lease.watch(note)

    def release(self) -> None:
        """Give the connection back; called before the response is built."""
        self.lease.release()
