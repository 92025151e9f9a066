"""The kinds of field an entity type can have, as values. The planner reads nothing else of a declaration.

    column      Column               read from the row
    relation    Relation, Aggregate  loaded for all parents of a level in one statement
    batched     Batched              one call of a Python function for all parents of a level
    plain       Plain                one call of a resolver an object

`Lookup`, `NodeById` and `Collection` are relations without a parent: they stand on Query and on payloads, and on
Subscription, where their answers follow the data. `Event` and `Presence` stand on Subscription alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any

Where = Callable[[Any], Any]
"""(aliased model) -> SQL condition."""

DEFAULT_BOUND = 1000
"""Rows of one plain list; a parent with more must be paged."""


@dataclass(frozen=True)
class Column:
    """A mapped column, hybrid or column_property named `attribute`."""

    attribute: str


@dataclass(frozen=True)
class Relation:
    """A mapped relationship: to-one, plain list, or Relay connection, as the annotation says."""

    attribute: str
    order: tuple[str, ...] = ()
    bound: int = DEFAULT_BOUND


@dataclass(frozen=True)
class Aggregate:
    """`count` of the related rows, or `total` of one of their columns, under a condition."""

    attribute: str
    function: str
    column: str | None = None
    where: Where | None = None


@dataclass(frozen=True)
class Related:
    """The rows behind a relationship, and the columns that are read of them; None: any."""

    relationship: str
    columns: tuple[str, ...] | None

    @classmethod
    def parse(cls, texts: Iterable[str]) -> tuple[Related, ...]:
        """From `tasks.status`, a column, and `tasks`, all of them; one for each relationship."""
        found: dict[str, tuple[str, ...] | None] = {}
        for text in texts:
            relationship, _, column = text.partition(".")
            known = found.get(relationship, ())
            found[relationship] = None if not column or known is None else (*known, column)
        return tuple(cls(relationship, columns) for relationship, columns in found.items())


@dataclass(frozen=True)
class Batched:
    """`function(keys, scope, **arguments)` gives one value or exception a key, in the order of the keys.

    `reads` is what it reads for a key; None tells that this is not known.
    """

    function: Callable[..., Sequence[Any]]
    key: tuple[str, ...]
    reads: tuple[Related, ...] | None = None

    @property
    def name(self) -> str:
        """What the function is called, for messages; a partial has no name of its own."""
        return getattr(self.function, "__qualname__", None) or repr(self.function)


@dataclass(frozen=True)
class Plain:
    """An ordinary resolver that reads the columns named in `needs` from its object."""

    needs: tuple[str, ...]


@dataclass(frozen=True)
class NodeId:
    """The global id of an object: type name and primary key."""


@dataclass(frozen=True)
class Lookup:
    """One object by primary key, given as arguments, or read from the viewer with `key`."""

    key: Callable[[Any], Any] | None = None


@dataclass(frozen=True)
class NodeById:
    """One object of any entity type by its global id."""


@dataclass(frozen=True)
class Collection:
    """The visible rows of a type under a fixed condition, as plain list or connection."""

    where: Where | None = None
    order: tuple[str, ...] = ()
    bound: int = DEFAULT_BOUND


MatchedBy = str | Callable[[Any], Any]
"""What a path of an event must equal: the argument of this name, or a value of the viewer."""

KINDS = ("insert", "update", "delete")
"""The kinds of change that an event can be of, as `bff.changes.change` names them."""


@dataclass(frozen=True)
class Event:
    """Each change of a row of the type, of the kinds in `on`, where every path of `match` has the value asked for.

    Without `on`: of every kind that the annotated type has room for.
    """

    on: tuple[str, ...] | None = None
    match: tuple[tuple[str, MatchedBy], ...] = ()

    def kinds(self, *, has_deletes: bool) -> tuple[str, ...]:
        """The kinds of change that count; `has_deletes` tells a `bff.Changed` from the bare type."""
        return (KINDS if has_deletes else KINDS[:2]) if self.on is None else self.on


@dataclass(frozen=True)
class Presence:
    """Who is subscribed to the row of `of` that `argument` names; `key` gives the viewer's own key among the objects."""

    of: type
    argument: str
    key: Callable[[Any], Any]


Spec = Column | Relation | Aggregate | Batched | Plain | NodeId | Lookup | NodeById | Collection | Event | Presence
