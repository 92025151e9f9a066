"""psycopg2 in gevent's workers: it waits for PostgreSQL on the hub, and no longer than its operation has time.

`patch_psycopg2` makes psycopg2 cooperate with gevent; deploy/gunicorn.conf.py calls it in every worker.
"""

from __future__ import annotations

from contextlib import suppress
from contextvars import ContextVar
from typing import Any

import psycopg2
import psycopg2.extensions
from psycopg2.extensions import POLL_OK, POLL_READ, POLL_WRITE

from .scope import Deadline

GRACE = 1.0
"""Seconds past the deadline that the client waits for PostgreSQL to end a statement before it cancels it itself."""

deadline_here: ContextVar[Deadline | None] = ContextVar("bff_deadline", default=None)
"""The deadline that this greenlet's operation works under, for the wait callback, which is given only the connection.
Connecting, the pool's own pings and the rollback at the end are under it too; what the host does elsewhere is not."""


class _TooLate(Exception):
    """Raised out of a wait; a class, since nearly no wait needs one."""


def patch_psycopg2() -> None:
    """Let other greenlets run while psycopg2 waits for PostgreSQL. For gevent workers, after monkey-patching."""
    from gevent.socket import wait_read, wait_write

    def wait(connection: Any) -> None:
        """psycopg2's wait callback: poll, and wait on the hub in between.

        Past the deadline, or when the greenlet is killed, the statement is cancelled, so that its backend does not go
        on without a reader; psycopg2 then closes the connection.
        """
        try:
            state = connection.poll()
            if state == POLL_OK:
                return
            deadline = deadline_here.get()
            while state != POLL_OK:
                seconds = None if deadline is None else max(0.0, deadline.remaining) + GRACE
                if state == POLL_READ:
                    wait_read(connection.fileno(), seconds, _TooLate)
                elif state == POLL_WRITE:
                    wait_write(connection.fileno(), seconds, _TooLate)
                else:
                    raise psycopg2.OperationalError(f"psycopg2 is in an unknown state: {state}")
                state = connection.poll()
        except psycopg2.Error:
            raise
        except _TooLate:
            _cancel(connection)
            assert deadline is not None
            raise deadline.exceeded() from None
        except BaseException:
            _cancel(connection)
            raise

    psycopg2.extensions.set_wait_callback(wait)


def _cancel(connection: Any) -> None:
    """Ask PostgreSQL to end the connection's statement; in a thread, since libpq blocks, and no longer than it is worth."""
    from gevent import Timeout, get_hub

    with Timeout(GRACE, False):  # type: ignore[arg-type]  # gevent: leave the block in silence
        get_hub().threadpool.apply(_cancel_if_open, (connection,))


def _cancel_if_open(connection: Any) -> None:
    # A connection that is not made yet has nothing to cancel.
    with suppress(psycopg2.Error):
        connection.cancel()
