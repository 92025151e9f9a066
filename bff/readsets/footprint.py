"""Footprints: what a load depends on, as values that give the facts once there are keys, rows and a viewer.

`bff.readsets.derive` makes them of loads. Pure.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

from ..columns.text_equality import AsText
from ..entities.filters import All, Condition, Test
from ..entities.page import Page
from .policy_keys import PolicyKey
from .readset import Fact, Interest, whole

_MOST_VALUES = 200
"""Rows of a table that equalities name, at most; of more, the whole table is said to be read."""


@dataclass(frozen=True)
class Part:
    """A part of a key, or a column of a row: where it stands, and how it becomes text."""

    column: str
    position: int
    as_text: AsText


@dataclass(frozen=True)
class Keyed:
    """The rows of a table that keys, or rows that were read, name."""

    table: str
    parts: tuple[Part, ...]
    interest: Interest
    absent: Interest | None = None
    """What is of interest of a row that was not found; None: the same."""

    def fact(self, values: Sequence[Any]) -> Fact | None:
        """The fact for one key's values, None when it can have no rows."""
        found = [values[each.position] for each in self.parts]
        if None in found:
            return None
        texts = tuple(each.as_text(value) for each, value in zip(self.parts, found, strict=True))
        if None in texts:
            return whole(self.table)
        return (self.table, tuple(each.column for each in self.parts), texts)


@dataclass(frozen=True)
class Named:
    """The rows of a table of a collection, which the equalities of policy and filter name."""

    table: str
    policy: tuple[PolicyKey, ...]
    filtered: Mapping[str, tuple[str, AsText]]
    """Columns by the attributes that filters have for them."""
    interest: Interest

    def facts(self, viewer: object | None, condition: Condition | None) -> Iterator[Fact]:
        options: dict[str, list[str | None]] = {}
        for key in self.policy:
            options.setdefault(key.name, key.values(viewer))
        for test in _conjuncts(condition):
            if test.attribute in self.filtered:
                column, as_text = self.filtered[test.attribute]
                values = [test.value] if test.operator == "eq" else test.value
                options.setdefault(column, [as_text(each) for each in values])
        # What cannot be told names no rows; of several, the fewest values first.
        known = {column: list(dict.fromkeys(values)) for column, values in options.items() if None not in values}
        chosen: dict[str, list[str | None]] = {}
        count = 1
        for column, values in sorted(known.items(), key=lambda each: len(each[1])):
            if count * len(values) <= _MOST_VALUES:
                chosen[column] = values
                count *= len(values)
        for each in product(*chosen.values()):
            yield (self.table, tuple(chosen), each)


@dataclass(frozen=True)
class Footprint:
    """What a load depends on, before there are keys."""

    fixed: Mapping[Fact, Interest]
    by_key: tuple[Keyed, ...] = ()
    by_row: tuple[Keyed, ...] = ()
    named: tuple[Named, ...] = ()

    def facts(
        self, keys: Iterable[Any], results: Mapping[Any, Any], viewer: object | None, condition: Condition | None
    ) -> Iterator[tuple[Fact, Interest]]:
        """The facts for these keys, whose results are known."""
        yield from self.fixed.items()
        for named in self.named:
            for fact in named.facts(viewer, condition):
                yield fact, named.interest
        for key in keys:
            if key is None:
                continue
            values, result = key if isinstance(key, tuple) else (key,), results.get(key)
            for keyed in self.by_key:
                found = keyed.fact(values)
                if found is not None:
                    yield found, keyed.absent if result is None and keyed.absent is not None else keyed.interest
            if self.by_row:
                yield from self._of_rows(result)

    def _of_rows(self, result: Any) -> Iterator[tuple[Fact, Interest]]:
        if isinstance(result, Exception):
            # A list with too many rows to show: any of them may be the one too many.
            yield from ((whole(keyed.table), keyed.interest) for keyed in self.by_row)
            return
        for row in result.rows if isinstance(result, Page) else result or ():
            for keyed in self.by_row:
                found = keyed.fact(row)
                if found is not None:
                    yield found, keyed.interest


def _conjuncts(condition: Condition | None) -> Iterator[Test]:
    """The tests of a filter that name values, of those that must all hold."""
    match condition:
        case All(conditions=conditions):
            for each in conditions:
                yield from _conjuncts(each)
        case Test(operator="eq" | "in"):
            yield condition
