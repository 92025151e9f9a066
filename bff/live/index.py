"""Which live operations a change touches: from facts to those whose read sets have them.

A change is looked up by the columns that facts of its table name, in its values before and after, so that its cost is that of
whom it touches, however many others there are. Not thread-safe: it is its hub's alone.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from typing import Generic, TypeVar

from ..changes.change import Change, Values
from ..readsets.readset import ANYTHING, Interest, ReadSet

Owner = TypeVar("Owner", bound=Hashable)

_ByValues = dict[tuple[str | None, ...], dict[Owner, Interest]]


class Index(Generic[Owner]):
    """The read sets of owners, by fact."""

    def __init__(self) -> None:
        self._read_sets: dict[Owner, ReadSet] = {}
        self._tables: dict[str, dict[tuple[str, ...], _ByValues[Owner]]] = {}

    def __repr__(self) -> str:
        facts = sum(len(values) for columns in self._tables.values() for values in columns.values())
        return f"<Index of {len(self._read_sets)} owners, {facts} facts on {len(self._tables)} tables>"

    def __len__(self) -> int:
        return len(self._read_sets)

    def put(self, owner: Owner, read_set: ReadSet) -> None:
        """The owner depends on this from now on, and on nothing else."""
        known = self._read_sets.get(owner)
        if known is not None:
            if known.facts == read_set.facts:
                return
            self.remove(owner)
        self._read_sets[owner] = read_set
        for (table, columns, values), interest in read_set.facts.items():
            self._tables.setdefault(table, {}).setdefault(columns, {}).setdefault(values, {})[owner] = interest

    def remove(self, owner: Owner) -> None:
        """Forget an owner, if it is known."""
        read_set = self._read_sets.pop(owner, None)
        for table, columns, values in read_set.facts if read_set is not None else ():
            by_columns = self._tables[table]
            by_values = by_columns[columns]
            owners = by_values[values]
            del owners[owner]
            # What is empty must not stay, or the index would grow with all that ever was.
            if not owners:
                del by_values[values]
            if not by_values:
                del by_columns[columns]
            if not by_columns:
                del self._tables[table]

    def touched(self, change: Change) -> set[Owner]:
        """The owners whose results may be others after this change."""
        found: set[Owner] = set()
        for owners in self._candidates(change):
            found.update(owner for owner, interest in owners.items() if _matters(change, interest))
        return found

    def _candidates(self, change: Change) -> Iterator[dict[Owner, Interest]]:
        yield from self._tables.get(ANYTHING[0], {}).get((), {}).values()
        for columns, by_values in self._tables.get(change.table, {}).items():
            rows = [_row(change.old, columns), _row(change.new, columns)]
            if change.kind == "truncate" or None in rows:
                # Every row, or one of which the change does not tell what the facts are about.
                yield from by_values.values()
                continue
            for values in dict.fromkeys(row for row in rows if row):
                if values in by_values:
                    yield by_values[values]
            if not columns:
                yield from by_values.values()


def _row(values: Values, columns: tuple[str, ...]) -> tuple[str | None, ...] | None:
    """A row's values of columns; () where there is no row, None where they are not among what is told of it."""
    if not values:
        return ()
    return tuple(values[column] for column in columns) if all(column in values for column in columns) else None


def _matters(change: Change, interest: Interest) -> bool:
    if change.kind == "truncate":
        return True
    if change.kind != "update":
        return interest.moves
    return interest.columns is None or not interest.columns.isdisjoint(change.changed)
