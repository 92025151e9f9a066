"""What is to happen later, for all sockets together: one greenlet (or thread) that sleeps until the next of it is due.

It runs while something is to happen, and ends by itself.
"""

from __future__ import annotations

import heapq
import threading
import time
from collections.abc import Callable
from itertools import count
from typing import Protocol

from ..telemetry import report_defect


class Event(Protocol):
    """What `threading.Event` and gevent's have in common."""

    def set(self) -> None: ...
    def clear(self) -> None: ...
    def wait(self, timeout: float | None = None) -> object: ...


class Timer:
    """Something that is to happen, unless it is cancelled."""

    __slots__ = ("_function",)

    def __init__(self, function: Callable[[], None]) -> None:
        self._function: Callable[[], None] | None = function

    def cancel(self) -> None:
        """It is not to happen any more."""
        self._function = None

    def ring(self) -> None:
        """Let it happen, once."""
        function, self._function = self._function, None
        if function is not None:
            function()


class Timers:
    """Calls functions at their time. They must not block: all others wait for them."""

    def __init__(
        self,
        *,
        start: Callable[[Callable[[], None]], object],
        event: Event,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        """`start` runs a function beside the caller; `event` belongs to the same kind of concurrency."""
        self._start = start
        self._event = event
        self.now = now
        self._lock = threading.Lock()
        self._timers: list[tuple[float, int, Timer]] = []
        self._numbers = count()
        self._is_running = False

    def __repr__(self) -> str:
        return f"<Timers {len(self._timers)} pending>"

    def after(self, seconds: float, function: Callable[[], None]) -> Timer:
        """Have `function` called in so many seconds."""
        timer = Timer(function)
        with self._lock:
            heapq.heappush(self._timers, (self.now() + seconds, next(self._numbers), timer))
            begins, self._is_running = not self._is_running, True
        if begins:
            self._start(self._run)
        else:
            self._event.set()
        return timer

    def ring_due(self) -> float | None:
        """Call what is due; gives the seconds until the next is, None when nothing is left."""
        while True:
            with self._lock:
                if not self._timers:
                    self._is_running = False
                    return None
                left = self._timers[0][0] - self.now()
                if left > 0:
                    return left
                timer = heapq.heappop(self._timers)[2]
            try:
                timer.ring()
            except Exception as error:  # noqa: BLE001 - a defect of one socket must not end the time of all others
                report_defect(error, part="sockets.clock")

    def _run(self) -> None:
        while (left := self.ring_due()) is not None:
            self._event.wait(left)
            self._event.clear()
