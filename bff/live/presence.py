"""Who is where: members of places, for as long as somebody holds them there.

A place and a member are texts, equal on all nodes. A member is at a place while at least one holder (a subscription of some
socket on some node) says so; the holders of a node that died are gone when their time is over.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Protocol

Watcher = Callable[[frozenset[str]], None]
"""Is told who is at a place. Must return at once."""


class Presence(Protocol):
    """Any thread may call any method; calls may wait for the network, and never raise for it: what could not be said is said as
    soon as it can be."""

    def join(self, place: str, member: str, holder: str) -> None:
        """The member is at the place, until `leave`. A holder is nobody else's, on no node."""

    def leave(self, place: str, member: str, holder: str) -> None:
        """This holder does not hold the member there any more."""

    def watch(self, place: str, watcher: Watcher) -> None:
        """Tell who is there: now, and whenever that changes."""

    def unwatch(self, place: str, watcher: Watcher) -> None:
        """Tell this watcher no more."""


class MemoryPresence:
    """Presence in this process alone: for tests, and for a site that is one process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._holders: dict[str, dict[str, str]] = {}
        self._watchers: dict[str, list[Watcher]] = {}

    def __repr__(self) -> str:
        return f"<MemoryPresence {len(self._holders)} places>"

    def join(self, place: str, member: str, holder: str) -> None:
        with self._lock:
            self._change(place, lambda holders: holders.update({holder: member}))

    def leave(self, place: str, member: str, holder: str) -> None:
        with self._lock:
            self._change(place, lambda holders: holders.pop(holder, None))

    def watch(self, place: str, watcher: Watcher) -> None:
        with self._lock:
            self._watchers.setdefault(place, []).append(watcher)
            watcher(self._members(place))

    def unwatch(self, place: str, watcher: Watcher) -> None:
        with self._lock:
            watchers = self._watchers.get(place, [])
            if watcher in watchers:
                watchers.remove(watcher)
            if not watchers:
                self._watchers.pop(place, None)

    def _members(self, place: str) -> frozenset[str]:
        return frozenset(self._holders.get(place, {}).values())

    def _change(self, place: str, change: Callable[[dict[str, str]], object]) -> None:
        before = self._members(place)
        holders = self._holders.setdefault(place, {})
        change(holders)
        if not holders:
            del self._holders[place]
        after = self._members(place)
        if after != before:
            for watcher in tuple(self._watchers.get(place, ())):
                watcher(after)
