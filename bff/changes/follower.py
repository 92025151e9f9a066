"""The follower: one a node, reads the stream and tells the node's hub of every change once, in order, and of every gap.

Whatever is not told as a change is told as a gap. It begins with one: what was before the follower's first position, nobody has
followed. Where an epoch ends it tells of all that the new one holds: what was in the outbox while Redis was away, and perhaps what
was told before, which it knows again. A connection that dies in silence is noticed by the stream's own time-outs.
"""

from __future__ import annotations

import logging
import threading
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

from ..telemetry import FOLLOWER, log, report_defect
from .backoff import Backoff
from .stream import Entry, Gap, Position, Stream, StreamAway

MOST = 1_000
"""Entries that are read at once."""

WAIT = 1.0
"""Seconds that one read waits, and that `stop` may take."""

WINDOW = 20_000
"""Changes that a follower knows again: what a relay appends twice are its last batches."""

State: TypeAlias = Literal["stopped", "connecting", "away", "following"]

OnEntries: TypeAlias = Callable[[Sequence[Entry], Position], object]
"""Is given what is new, perhaps nothing, and the position that follows it."""

OnGap: TypeAlias = Callable[[Position], object]
"""Is given the position from which on nothing is missing again."""


@dataclass(frozen=True)
class FollowerStats:
    """What a follower has done since it was made."""

    state: State
    position: Position | None
    entries: int
    duplicates: int
    gaps: int
    failures: int


class Follower:
    """Follows a stream, once. `on_entries` and `on_gap` are called from its thread, one at a time."""

    def __init__(self, stream: Stream, on_entries: OnEntries, on_gap: OnGap, *, window: int = WINDOW) -> None:
        self._stream, self._on_entries, self._on_gap = stream, on_entries, on_gap
        self._state: State = "stopped"
        self._position: Position | None = None
        self._entries = self._duplicates = self._gaps = self._failures = 0
        self._known: OrderedDict[tuple[int, int], None] = OrderedDict()
        self._window = window
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def __repr__(self) -> str:
        where = "" if self._position is None else f" at {self._position}"
        return f"<Follower {self._state}{where}, {self._entries} entries, {self._gaps} gaps, {self._failures} failures>"

    @property
    def is_connected(self) -> bool:
        """Whether the last look at the stream succeeded."""
        return self._state == "following"

    @property
    def position(self) -> Position | None:
        """What has been told up to now; None before the first connection."""
        return self._position

    def stats(self) -> FollowerStats:
        return FollowerStats(self._state, self._position, self._entries, self._duplicates, self._gaps, self._failures)

    def start(self) -> None:
        """Follow in a thread: under gevent, a greenlet. After the fork of a process, not before."""
        self._thread = threading.Thread(target=self.run, name="bff follower", daemon=True)
        self._thread.start()

    def stop(self, timeout: float = 5.0) -> None:
        """End; waits for a started thread, which may be in a read."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(timeout)

    def run(self) -> None:
        """Follow until `stop`."""
        backoff = Backoff()
        self._state = "connecting"
        while not self._stopping.is_set():
            try:
                self._look()
            except StreamAway as error:
                self._failures += 1
                self._turn("away", str(error))
            except Gap as gap:
                self._lose(gap.after, str(gap))
            except Exception as error:  # noqa: BLE001  # a defect of the hub; what it did not take in is lost to it
                self._position = None
                report_defect(error)
            else:
                backoff.reset()
                continue
            # What fails or has gaps time and again must not be all that the node does.
            self._stopping.wait(backoff.next())
        self._state = "stopped"

    def _look(self) -> None:
        """One look at the stream."""
        if self._position is None:
            self._lose(self._stream.top())
            return
        found = self._stream.read(self._position, most=MOST, wait=WAIT)
        self._turn("following")
        if found and not self._stopping.is_set():
            position = Position(self._position.epoch, found[-1].offset)
            fresh = [entry for entry in found if self._is_fresh(entry)]
            self._on_entries(fresh, position)
            self._position = position
            self._entries += len(fresh)
            self._duplicates += len(found) - len(fresh)

    def _lose(self, position: Position, reason: str | None = None) -> None:
        """Everything before `position` may have been missed."""
        self._turn("following")
        if reason is not None:
            self._gaps += 1
            log.warning(FOLLOWER, state="gap", error=reason, position=str(position))
        # Until the hub has taken it in, the follower is nowhere.
        self._position = None
        self._on_gap(position)
        self._position = position

    def _turn(self, state: State, error: str | None = None) -> None:
        if self._state != state:
            self._state = state
            log.log(logging.INFO if error is None else logging.WARNING, FOLLOWER, state=state, error=error)

    def _is_fresh(self, entry: Entry) -> bool:
        key = entry.change.key
        if key in self._known:
            return False
        self._known[key] = None
        if len(self._known) > self._window:
            self._known.popitem(last=False)
        return True
