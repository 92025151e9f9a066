"""What changes tell of rows above the changed ones: the lineages by which policies name rows (`bff.readsets.policy_keys`).

The relay reads them when it has read changes, for all of them in one statement for each column above. It is what rows above
have then, not what they had when the change was made, and nothing is missed by that: whoever gives a row above another value
makes a change too, which touches those who see by the former value and those who see by the new one.

Where a row above is no more, or cannot be read, the change does not tell the lineage, and touches whoever depends on any.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, TypeAlias

from sqlalchemy import Column, ForeignKeyConstraint, Table, Text, and_, cast, select

from ..columns.convert import unbounded
from ..readsets.policy_keys import Lineage
from ..sql.statement import Statement, unnest
from .change import Change, Values
from .triggers import LONGEST

_Key: TypeAlias = tuple[str, ...]

Read: TypeAlias = Callable[[Statement, Mapping[str, list[str]]], Iterable[Sequence[str | None]]]
"""Runs a statement with arrays of keys; its rows, each of a key and a value; no rows where it cannot be read."""


class Lineages:
    """Completes changes by the lineages of their tables."""

    def __init__(self, lineages: Iterable[Lineage]) -> None:
        self._lineages = sorted(lineages, key=lambda each: (each.table.fullname, each.name))
        self._branches: dict[str, list[tuple[str, tuple[str, ...], _Ancestor]]] = defaultdict(list)
        for lineage in self._lineages:
            first, *onward = lineage.foreign_keys
            columns = tuple(element.parent.name for element in first.elements)
            referred = tuple(element.column for element in first.elements)
            ancestor = _Ancestor(referred, tuple(onward), lineage.column)
            self._branches[lineage.table.fullname].append((lineage.name, columns, ancestor))

    def __repr__(self) -> str:
        return (
            f"<Lineages {', '.join(f'{each.table.fullname}.{each.name}' for each in self._lineages) or 'of nothing'}>"
        )

    @property
    def tables(self) -> frozenset[Table]:
        """The tables above, which are read."""
        return frozenset(table for lineage in self._lineages for table in _above(lineage))

    def over(self, tables: Collection[Table]) -> Lineages:
        """Those of the lineages that lead over these tables alone."""
        return Lineages(lineage for lineage in self._lineages if _above(lineage) <= set(tables))

    def told(self, changes: Sequence[Change], read: Read) -> list[Change]:
        """The changes, each with what can be read above its row."""
        keys: dict[_Ancestor, set[_Key]] = defaultdict(set)
        for change in changes:
            for _, columns, ancestor in self._branches.get(change.table, ()):
                keys[ancestor].update(filter(None, (_key(values, columns) for values in (change.old, change.new))))
        found = {ancestor: ancestor.values(sorted(wanted), read) for ancestor, wanted in keys.items() if wanted}
        return [self._told(change, found) if change.table in self._branches else change for change in changes]

    def _told(self, change: Change, found: Mapping[_Ancestor, Mapping[_Key, str | None]]) -> Change:
        old, new = dict(change.old), dict(change.new)
        for name, columns, ancestor in self._branches[change.table]:
            for values in (old, new):
                key = _key(values, columns)
                if key == ():
                    # No row above, nobody who sees it.
                    values[name] = None
                elif key is not None and key in found[ancestor]:
                    values[name] = found[ancestor][key]
        return replace(change, old=old, new=new)


def _above(lineage: Lineage) -> set[Table]:
    return {foreign_key.referred_table for foreign_key in lineage.foreign_keys}


def _key(values: Values, columns: tuple[str, ...]) -> _Key | None:
    """A row's foreign key; () where it leads nowhere, None where there is no row, or not all of it is told."""
    if any(column not in values for column in columns):
        return None
    key = tuple(value for column in columns if (value := values[column]) is not None)
    return key if len(key) == len(columns) else ()


@dataclass(frozen=True)
class _Ancestor:
    """A column of what rows with certain keys are, or foreign keys lead to from them."""

    key: tuple[Column[Any], ...]
    foreign_keys: tuple[ForeignKeyConstraint, ...]
    column: Column[Any]

    def values(self, keys: Sequence[_Key], read: Read) -> dict[_Key, str | None]:
        """The column's texts by key, of keys that one row has, and None where a foreign key in between is NULL."""
        arrays = {f"k{i}": [key[i] for key in keys] for i in range(len(self.key))}
        found: dict[_Key, set[str | None]] = defaultdict(set)
        for *key, value in read(self._statement, arrays):
            found[tuple(map(str, key))].add(value)
        return {
            key: value
            for key, (value, *others) in found.items()
            if not others and (value is None or len(value) <= LONGEST)
        }

    @cached_property
    def _statement(self) -> Statement:
        keys = unnest([Text() for _ in self.key])
        row: Any = self.key[0].table.alias()
        source = row
        on = [row.c[column.key] == cast(keys.c[i], unbounded(column.type)) for i, column in enumerate(self.key)]
        for foreign_key in self.foreign_keys:
            above: Any = foreign_key.referred_table.alias()
            same = [above.c[each.column.key] == row.c[each.parent.key] for each in foreign_key.elements]
            source = source.outerjoin(above, and_(*same))
            row = above
        statement = select(*keys.c, cast(row.c[self.column.key], Text())).select_from(keys, source).where(*on)
        return Statement(statement, len(self.key))
