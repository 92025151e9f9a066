"""Read sets: what the result of a live execution depended on, as facts about rows.

A fact names the rows of a table whose columns have certain values, `("task", ("matter_id",), ("5",))`: those that there are, and
those that there may be, so that what an empty list depended on is a fact like any other. A change touches a read set
when it is of a fact's rows, before or after, and of what is of interest about them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

Fact = tuple[str, tuple[str, ...], tuple[str | None, ...]]
"""A table (`Table.fullname`), columns by their names in the database, and their values as PostgreSQL's text. Without columns: any
row of the table. A column may be one of a row above: a `bff.readsets.policy_keys.Lineage`, by its name."""

ANYTHING: Fact = ("*", (), ())
"""Any row of any table."""


def whole(table: str) -> Fact:
    """All rows of a table."""
    return (table, (), ())


@dataclass(frozen=True, slots=True)
class Interest:
    """What is of interest about the rows of a fact."""

    columns: frozenset[str] | None
    """Updates of these; None: of any column."""
    moves: bool
    """Whether inserts and deletes matter too."""

    def __or__(self, other: Interest) -> Interest:
        columns = None if self.columns is None or other.columns is None else self.columns | other.columns
        return Interest(columns, self.moves or other.moves)


ALL = Interest(None, True)
"""Every change."""


@dataclass(frozen=True)
class ReadSet:
    """The facts that a result depended on, each with what was of interest."""

    facts: Mapping[Fact, Interest]

    def __repr__(self) -> str:
        return f"<ReadSet of {len(self.facts)} facts on {len({table for table, *_ in self.facts})} tables>"

    def __or__(self, other: ReadSet) -> ReadSet:
        return ReadSet(joined([*self.facts.items(), *other.facts.items()]))


def joined(facts: Iterable[tuple[Fact, Interest]]) -> dict[Fact, Interest]:
    """Facts with all that is of interest about each."""
    found: dict[Fact, Interest] = {}
    for fact, interest in facts:
        known = found.get(fact)
        found[fact] = interest if known is None or known == interest else known | interest
    return found


NOTHING = ReadSet({})
UNKNOWN = ReadSet({ANYTHING: ALL})
"""What is not known to depend on less than everything."""


@dataclass(frozen=True)
class Invocation:
    """One execution of several that a plan is asked for together."""

    variables: Mapping[str, Any]
    root_value: Any = None


@dataclass(frozen=True)
class LiveAnswer:
    """What one of them gave: the response, formatted for the client, and what it depended on."""

    payload: dict[str, Any]
    reads: ReadSet


@dataclass(frozen=True)
class LiveAnswers:
    """What they gave, in their order, and the snapshot that all of it was read in, as `pg_current_snapshot()` prints it.

    Where they were read in several, it is the first: what it holds, all hold.
    """

    answers: Sequence[LiveAnswer]
    snapshot: str
