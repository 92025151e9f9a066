"""What a commit changed, row by row, and which snapshots hold it.

Triggers write a `Change` for every changed row (`bff.changes.install`); it travels through outbox and stream as JSON. It names
the row by its key columns alone, to which the relay adds what policies name it by in rows above (`bff.changes.lineage`): what else the
row says is read when it is needed, under a policy.

Key columns are the primary key, every foreign key's columns and every column that a relationship joins by. Their values are
PostgreSQL's texts (`column::text`), None for NULL.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, TypeAlias, get_args

import orjson

Kind: TypeAlias = Literal["insert", "update", "delete", "truncate"]

Values: TypeAlias = Mapping[str, str | None]
"""Key columns of a row, by their names in the database, and columns of rows above it, by those of lineages."""


ChangeId: TypeAlias = tuple[int, int]
"""What names a change: its transaction and its number."""


@dataclass(frozen=True, slots=True)
class Change:
    """One row that a transaction wrote; or, as a `truncate`, that anything in a table may be another now."""

    id: int
    """The outbox's number. Not in the order of commits."""
    xid: int
    """The transaction, as `pg_current_xact_id()` has it: 64 bits, of the top level."""
    table: str
    """SQLAlchemy's `Table.fullname`."""
    kind: Kind
    old: Values
    """Key columns before; empty for insert and truncate."""
    new: Values
    """Key columns after; empty for delete and truncate."""
    changed: frozenset[str]
    """Columns that an update gave another value; empty for the other kinds."""

    def __repr__(self) -> str:
        rows = " -> ".join(str(dict(values)) for values in (self.old, self.new) if values)
        columns = f" ({', '.join(sorted(self.changed))})" if self.changed else ""
        return f"<Change {self.id} of {self.xid}: {self.kind} {self.table}{f' {rows}' if rows else ''}{columns}>"

    @property
    def key(self) -> ChangeId:
        """Given to no other change: an outbox that is made anew counts from 1 again, transactions do not."""
        return self.xid, self.id

    def to_json(self) -> bytes:
        return orjson.dumps(
            {
                "id": self.id,
                "xid": self.xid,
                "table": self.table,
                "kind": self.kind,
                "old": self.old,
                "new": self.new,
                "changed": sorted(self.changed),
            }
        )

    @classmethod
    def from_json(cls, text: bytes | str) -> Change:
        """Raises ValueError for what `to_json` does not give."""
        match orjson.loads(text):
            case {
                "id": int(id),
                "xid": int(xid),
                "table": str(table),
                "kind": str(kind),
                "old": dict(old),
                "new": dict(new),
                "changed": list(changed),
            } if kind in _KINDS and _are_values(old) and _are_values(new) and _are_names(changed):
                return cls(id, xid, table, kind, old, new, frozenset(changed))
        raise ValueError(f"not a change: {text[:100]!r}")


_KINDS: tuple[Kind, ...] = get_args(Kind)


def _are_values(values: dict[str, Any]) -> bool:
    return all(value is None or isinstance(value, str) for value in values.values())


def _are_names(names: list[Any]) -> bool:
    return all(isinstance(name, str) for name in names)


@dataclass(frozen=True, slots=True)
class Snapshot:
    """PostgreSQL's `pg_current_snapshot()`: which transactions a read has seen."""

    xmin: int
    """Everything below is visible: committed, or rolled back and of no interest."""
    xmax: int
    """Nothing from here on is visible."""
    running: frozenset[int]
    """What was under way between the two."""

    @classmethod
    def parse(cls, text: str) -> Snapshot:
        """From PostgreSQL's text, `xmin:xmax:xip,xip,...`. Raises ValueError for any other."""
        xmin, xmax, running = text.split(":")
        return cls(int(xmin), int(xmax), frozenset(map(int, running.split(","))) if running else frozenset())

    def holds(self, xid: int) -> bool:
        """Whether what the transaction `xid` wrote was visible, given that it committed: `pg_visible_in_snapshot`."""
        return xid < self.xmin or (xid < self.xmax and xid not in self.running)
