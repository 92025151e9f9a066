"""Finds what a test leaves open: connections that are checked out, sessions in a transaction, greenlets that run.

The libraries' own events tell what opens and what closes, so only what opened after `OpenThings.follow` is known.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any
from weakref import WeakSet

import gevent
from sqlalchemy import event
from sqlalchemy.orm import Session, SessionTransaction
from sqlalchemy.pool import Pool


class Leaked(AssertionError):
    """A block left something open; the message lists what."""


class OpenThings:
    """What is open in this process at the moment, of all that was opened within `with things.follow()`."""

    def __init__(self) -> None:
        self._connections: WeakSet[Any] = WeakSet()
        self._transactions: WeakSet[SessionTransaction] = WeakSet()
        self._greenlets: WeakSet[gevent.Greenlet[..., Any]] = WeakSet()

    def __repr__(self) -> str:
        counts = ", ".join(f"{kind}: {len(things)}" for kind, things in self.now().items())
        return f"<OpenThings {counts}>"

    @contextmanager
    def follow(self) -> Iterator[None]:
        """Listen to SQLAlchemy and gevent for as long as the block takes."""
        listeners: list[tuple[type, str, Callable[..., object]]] = [
            (Pool, "checkout", lambda _connection, record, _proxy: self._connections.add(record)),
            (Pool, "checkin", lambda _connection, record: self._connections.discard(record)),
            (Pool, "detach", lambda _connection, record: self._connections.discard(record)),
            (Session, "after_transaction_create", lambda _session, it: self._transactions.add(it)),
            (Session, "after_transaction_end", lambda _session, it: self._transactions.discard(it)),
        ]
        with ExitStack() as stack:
            for target, name, listener in listeners:
                event.listen(target, name, listener)
                stack.callback(event.remove, target, name, listener)
            gevent.Greenlet.add_spawn_callback(self._greenlets.add)
            stack.callback(gevent.Greenlet.remove_spawn_callback, self._greenlets.add)
            yield

    @contextmanager
    def checked(self) -> Iterator[None]:
        """Raise Leaked at the end of the block when more is open than at its beginning."""
        before = self.now()
        yield
        left = {kind: things - before[kind] for kind, things in self.now().items()}
        if leaks := [f"{kind}: {thing!r}" for kind, things in left.items() for thing in things]:
            raise Leaked(f"left open {', '.join(leaks)}")

    def now(self) -> Mapping[str, set[Any]]:
        """What is open, by its kind."""
        return {
            "a connection that is checked out": set(self._connections),
            # SQLAlchemy does not tell of a transaction that ended with its connection.
            "a session in a transaction": {it.session for it in set(self._transactions) if it.session.in_transaction()},
            "a greenlet that runs": {it for it in set(self._greenlets) if not it.dead},
        }
