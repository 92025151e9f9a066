"""Follows: what to call when certain rows change, for sockets that need to know it beside their subscriptions.

Not thread-safe: it is its hub's alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from ..changes.change import Change
from ..readsets.readset import ALL, Fact, ReadSet
from .channels import Outlet
from .index import Index


@dataclass(frozen=True, eq=False, slots=True)
class _Follow:
    """Rows that somebody wants to be told of. Compared by identity."""

    callback: Callable[[], None]


class Follows:
    """The follows of all outlets. Callbacks must return at once."""

    def __init__(self) -> None:
        self._index: Index[_Follow] = Index()
        self._of: dict[Outlet, list[_Follow]] = {}

    def __repr__(self) -> str:
        return f"<Follows {len(self._index)} of {len(self._of)} outlets>"

    def add(self, outlet: Outlet, facts: Iterable[Fact], callback: Callable[[], None]) -> None:
        """Call `callback` whenever a row of these facts changes, or changes were lost, until the outlet is dropped."""
        follow = _Follow(callback)
        self._index.put(follow, ReadSet(dict.fromkeys(facts, ALL)))
        self._of.setdefault(outlet, []).append(follow)

    def drop(self, outlet: Outlet) -> None:
        """End all follows of an outlet."""
        for follow in self._of.pop(outlet, ()):
            self._index.remove(follow)

    def changed(self, changes: Iterable[Change]) -> None:
        """Call those whose rows these changes touch, each once."""
        for follow in {each for change in changes for each in self._index.touched(change)}:
            follow.callback()

    def lost(self) -> None:
        """Call all: any row may have changed."""
        for follow in [each for follows in self._of.values() for each in follows]:
            follow.callback()
