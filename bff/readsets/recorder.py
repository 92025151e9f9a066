"""Recording: what one live execution read, while it shares rounds with others.

A `Recorder` is told of every key that its execution asks a load for, and makes the read set of them in the end. A `Watch` sees what
Python sends by itself, through the operation's session or cursor: it is no execution's own, as they share the session's
objects, and so counts for all of them.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import cachetools

from ..engine.rounds import Identity, Rounds
from ..plan.loads import LoadKey
from ..sql.references import references_of
from .derive import facts_of
from .readset import ALL, ANYTHING, Fact, Interest, ReadSet, joined, whole

_STATEMENTS = 1_000
"""Texts of Python's statements whose tables are remembered."""


class Recorder:
    """Notes the keys that one execution asks for."""

    def __init__(self) -> None:
        self._asked: dict[Identity, dict[LoadKey, None]] = {}

    def __repr__(self) -> str:
        return f"<Recorder of {len(self._asked)} loads>"

    def note(self, identity: Identity, keys: list[LoadKey]) -> None:
        """The execution asks for these."""
        self._asked.setdefault(identity, {}).update(dict.fromkeys(keys))

    def read_set(self, rounds: Rounds, viewer: object | None, more: Mapping[Fact, Interest]) -> ReadSet:
        """What the execution depends on, now that the loads have run, and `more`."""
        facts: list[tuple[Fact, Interest]] = list(more.items())
        for identity, keys in self._asked.items():
            load, asked, _ = identity
            facts.extend(facts_of(load, asked, keys, rounds.results(identity), viewer))
        return ReadSet(joined(facts))


class Watch:
    """Sees the statements of an operation that are not the layer's own: each is a fact of every table that it names."""

    def __init__(self) -> None:
        self.facts: dict[Fact, Interest] = {}
        self._is_paused = False

    def __repr__(self) -> str:
        return f"<Watch {len(self.facts)} facts{', paused' if self._is_paused else ''}>"

    @contextmanager
    def paused(self) -> Iterator[None]:
        """For the layer's own statements, whose reads are known."""
        before, self._is_paused = self._is_paused, True
        try:
            yield
        finally:
            self._is_paused = before

    def note(self, text: str, compiled: Any) -> None:
        """A statement is sent: SQLAlchemy's compiled one, None for a text of Python's own."""
        if self._is_paused:
            return
        self.facts = joined([*self.facts.items(), *_facts_of(text, compiled)])


def _facts_of(text: str, compiled: Any) -> list[tuple[Fact, Interest]]:
    statement = getattr(compiled, "statement", None)
    return [(ANYTHING, ALL)] if statement is None else _mentioned(text, statement)


@cachetools.cached(cachetools.LRUCache(_STATEMENTS), key=lambda text, _statement: text, lock=threading.Lock())
def _mentioned(_text: str, statement: Any) -> list[tuple[Fact, Interest]]:
    found = references_of(statement)
    if found.is_opaque:
        return [(ANYTHING, ALL)]
    return [(whole(table.fullname), Interest(columns, True)) for table, columns in found.of_tables().items()]
