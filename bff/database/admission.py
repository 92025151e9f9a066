"""Admission: as many operations run at once as there are connections, a bounded number waits, the rest is told so.

Without it every request goes for a connection of its own, all are slow together, and the pool's time-out
ends them after 30 s. With it a request holds a ticket before it asks for a connection, so the pool is
never empty-handed, and one that cannot be served in time learns it at once, while it costs nothing.

Whoever waits longest is served first: a free ticket is handed to the head of the line, never put back where a
newcomer could take it. `Line` decides and is pure; `Gate` does the waiting, on threads or greenlets alike.
Never touches a connection or a request.
"""

from __future__ import annotations

import math
import threading
import time
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeVar

from ..errors import Overloaded
from ..settings import DatabaseSettings
from .scope import Deadline

T = TypeVar("T")

# How fast the mean of the time that a ticket is held follows what is measured.
_SMOOTHING = 0.1


@dataclass(slots=True)
class Line(Generic[T]):
    """Tickets and who waits for them; decides without clock, lock or waiting."""

    tickets: int
    max_waiting: int
    max_wait: float
    busy: int = 0
    waiting: deque[T] = field(default_factory=deque)
    mean_held: float = 0.0
    """Smoothed mean of the seconds that a ticket is held."""

    @property
    def expected_wait(self) -> float:
        """Seconds until a newcomer would get a ticket, as things go."""
        if self.busy < self.tickets:
            return 0.0
        return (len(self.waiting) + 1) * self.mean_held / self.tickets

    def enter(self, waiter: T, remaining: float) -> bool:
        """True: go, a ticket is yours. False: wait, you are the last of the line. Raises Overloaded.

        `remaining` seconds are all that the waiter has; it is refused when they would go by in the line.
        """
        if self.busy < self.tickets:
            self.busy += 1
            return True
        if len(self.waiting) >= self.max_waiting:
            raise self.refusal(f"{self.busy} operations run and {len(self.waiting)} wait")
        if self.expected_wait > min(remaining, self.max_wait):
            raise self.refusal(f"a ticket is expected in {self.expected_wait:.1f} s")
        self.waiting.append(waiter)
        return False

    def leave(self, held: float) -> T | None:
        """A ticket comes back after `held` seconds: whom it goes to, None when nobody waits."""
        self.mean_held += (held - self.mean_held) * (_SMOOTHING if self.mean_held else 1.0)
        return self._pass_on()

    def give_up(self, waiter: T, *, served: bool) -> T | None:
        """A waiter stops waiting, `served` when a ticket had reached it meanwhile: whom that goes to."""
        if served:
            return self._pass_on()
        self.waiting.remove(waiter)
        return None

    def _pass_on(self) -> T | None:
        if self.waiting:
            return self.waiting.popleft()
        self.busy -= 1
        return None

    def refusal(self, reason: str) -> Overloaded:
        """The error for who is not served now."""
        return Overloaded(f"the server is busy: {reason}", retry_after=max(1, math.ceil(self.expected_wait)))


class Gate:
    """`with gate.ticket(deadline):` runs its block while at most `tickets` others do the same.

    `clock` is monotonic, in seconds. Locks and events are the standard library's, which gevent patches.
    """

    def __init__(
        self, tickets: int, settings: DatabaseSettings, *, clock: Callable[[], float] = time.monotonic
    ) -> None:
        if tickets < 1:
            raise ValueError(f"a gate needs at least one ticket, not {tickets}")
        self._line: Line[threading.Event] = Line(tickets, settings.max_waiting, settings.max_wait)
        self._lock = threading.Lock()
        self._clock = clock
        self._admitted = 0
        self._refused = 0
        self._timed_out = 0

    def __repr__(self) -> str:
        line = self._line
        return f"<Gate {line.busy}/{line.tickets} busy, {len(line.waiting)} waiting>"

    def stats(self) -> dict[str, float]:
        """Numbers for metrics: gauges `tickets`, `busy`, `waiting`, `mean_held`; counters `admitted`, `refused`,
        `timed_out`."""
        with self._lock:
            return {
                "tickets": self._line.tickets,
                "busy": self._line.busy,
                "waiting": len(self._line.waiting),
                "mean_held": self._line.mean_held,
                "admitted": self._admitted,
                "refused": self._refused,
                "timed_out": self._timed_out,
            }

    @contextmanager
    def ticket(self, deadline: Deadline) -> Iterator[None]:
        """Hold a ticket in the block. Raises Overloaded, or DeadlineExceeded when it passed in the line."""
        self._acquire(deadline)
        begun = self._clock()
        try:
            yield
        finally:
            with self._lock:
                self._wake(self._line.leave(self._clock() - begun))

    def _acquire(self, deadline: Deadline) -> None:
        deadline.check()
        turn = threading.Event()
        with self._lock:
            try:
                admitted = self._line.enter(turn, deadline.remaining)
            except Overloaded:
                self._refused += 1
                raise
        try:
            if not admitted and not turn.wait(min(deadline.remaining, self._line.max_wait)):
                deadline.check()
                raise self._line.refusal(f"no ticket came free within {self._line.max_wait:g} s")
        except BaseException:
            # Also a killed greenlet: its place in the line, or the ticket that has just reached it, must not be lost.
            with self._lock:
                self._timed_out += 1
                self._wake(self._line.give_up(turn, served=turn.is_set()))
            raise
        with self._lock:
            self._admitted += 1

    @staticmethod
    def _wake(turn: threading.Event | None) -> None:
        if turn is not None:
            turn.set()
