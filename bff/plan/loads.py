"""Loads: the batched reads of a plan. One load serves every place of an operation that reads the same thing.

A load knows what it reads, which columns the operation needs of it, all places together, and how to run it; so all
users of a page are one statement with the union of their columns. Planning adds columns with `slot`; afterwards a load
does not change. What differs between requests (keys, filters, cursors) comes with the call.

    RowsByKey      rows of an entity by primary key: to-one relations, lookups, objects a resolver returned
    FormerRows     whether rows that may be gone were visible
    Aggregates     counts and sums of a relationship by parent
    Batch          a Python function over keys
    lists          see `bff.plan.lists`
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol

import cachetools

from ..entities.entity import Entity
from ..entities.filters import All, Not, Some, Test
from ..entities.policy import Policies
from ..entities.specs import Aggregate, Batched
from ..errors import TryAgain
from ..sql.join import Join
from ..sql.select import (
    Reader,
    aggregates_by_parent,
    attributes,
    former_rows,
    nothing,
    rows_by_key,
)
from ..sql.statement import Statement

LoadKey = Any
"""The key of a load: one value, or a tuple when it has several columns. None leads nowhere, but for batch functions."""

Results = dict[LoadKey, Any]
"""What a load gave, by key; a key that leads nowhere may be missing."""

STATEMENTS_PER_LOAD = 32
"""Texts kept of one list's statement: one for each shape of filter, order and cursor in use."""


def _shape(_load: Load, *requests: Any) -> Hashable:
    """What of a request changes the text of a load's statement: `computed` by its shape; a condition's is in the list's."""
    return tuple(
        tuple(part and part.shape for part in each) if isinstance(each, list) else each
        for each in requests
        if not isinstance(each, (All, Some, Not, Test))
    )


# Statements of a load are kept by the shape of what they are asked; plans are shared by all threads.
once_per_shape = cachetools.cachedmethod(lambda load: load._statements, key=_shape, lock=lambda load: load._lock)


class Computed(Protocol):
    """What a request makes of a column that a statement computes of each row: a region, see `bff.plan.region`.

    `shape` decides the text, `parameters` are the values.
    """

    @property
    def shape(self) -> Hashable: ...

    @property
    def parameters(self) -> Mapping[str, Any]: ...

    def read(self, alias: Any) -> Any:
        """The expression for rows of an alias."""


class Computing(Protocol):
    """What a statement may compute of each row."""

    def without_arguments(self) -> Computed:
        """The column for a request without arguments."""


class Source(Protocol):
    """What loads are run on: the session of an operation, and its batch functions."""

    def rows(self, statement: Statement, parameters: Mapping[str, Any]) -> Sequence[Any]:
        """The rows of a statement."""

    def keyed(
        self, statement: Statement, keys: list[LoadKey], parameters: Mapping[str, Any]
    ) -> Iterator[tuple[LoadKey, Any]]:
        """The rows of a statement that takes keys, each with its key."""

    def call(self, batch: Batch, request: BatchRequest, keys: list[LoadKey]) -> Results:
        """The values of a batch function by key.

        Raises what it raises, and DeclarationError unless it gives one value per key.
        """


class Load(ABC):
    """A node of the plan's graph of reads. `downstream` are the loads that wait for this one's rows."""

    label: str
    takes_null = False
    """Whether NULL is a key like any other; it leads to no row."""

    def __init__(self, label: str) -> None:
        self.label = label
        self.downstream: set[Load] = set()

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.label}>"

    @property
    def title(self) -> str:
        """What is run, in words."""
        return f"statement: {self.label}"

    @property
    @abstractmethod
    def text(self) -> str:
        """What is run: the statement, for a list that of a request without arguments, or the function's name."""

    @property
    @abstractmethod
    def models(self) -> tuple[type, ...]:
        """The models whose rows are read, under their policies."""

    @abstractmethod
    def run(self, source: Source, request: Any, keys: list[LoadKey], computed: Sequence[Computed | None]) -> Results:
        """The results for these keys. `computed` is what is asked of the regions in the rows."""


class Rows(Load):
    """A load of rows of `entity`, with the columns that the operation needs of them.

    `computed` are what else their statement may compute of each row; they stand behind the columns, NULL where not wanted.
    """

    def __init__(self, label: str, entity: Entity, policies: Policies, key_width: int) -> None:
        super().__init__(label)
        self.entity, self.policies, self.key_width = entity, policies, key_width
        self.columns: list[str] = []
        self.computed: list[Computing] = []
        self._slots: dict[str, int] = {}
        self._statements: cachetools.LRUCache[Hashable, Statement] = cachetools.LRUCache(STATEMENTS_PER_LOAD)
        self._lock = threading.Lock()
        self.discriminator = None if entity.discriminator is None else self.slot(entity.discriminator)

    @property
    def models(self) -> tuple[type, ...]:
        return (self.entity.model,)

    def slot(self, attribute: str, owner: Entity | None = None) -> int:
        """Where an attribute stands in a row; `owner` is the row's own type, where rows are of several."""
        path = attribute if owner is None else self.entity.path(owner, attribute)
        if path not in self._slots:
            self._slots[path] = self.key_width + len(self.columns)
            self.columns.append(path)
        return self._slots[path]

    def slots(self, attributes: tuple[str, ...], owner: Entity) -> tuple[int, ...]:
        """Where several attributes stand."""
        return tuple(self.slot(name, owner) for name in attributes)

    def attribute_at(self, slot: int) -> str:
        """The attribute that stands there."""
        return self.columns[slot - self.key_width]

    def computed_slot(self, what: Computing) -> int:
        """Where in a row something computed stands."""
        return self.key_width + len(self.columns) + self.computed.index(what)

    def readers(self, computed: Sequence[Computed | None]) -> tuple[Reader, ...]:
        """What a statement reads behind the key; of what is None, NULL."""
        return (
            *attributes(self.entity, self.columns),
            *(nothing if each is None else each.read for each in computed),
        )

    def position(self, attribute: str, owner: Entity) -> int | None:
        """Where an attribute stands, or None when the plan did not ask for it."""
        return self._slots.get(self.entity.path(owner, attribute))


class RowsByKey(Rows):
    """Rows by primary key, which are their first columns."""

    def __init__(self, entity: Entity, policies: Policies) -> None:
        super().__init__(f"{entity.name} by {', '.join(entity.key)}", entity, policies, len(entity.key))
        self._slots.update({name: i for i, name in enumerate(entity.key)})

    @property
    def strict(self) -> tuple[int, ...]:
        """The parts of a key, by position, that lead nowhere when they are NULL."""
        return tuple(range(self.key_width))

    def attribute_at(self, slot: int) -> str:
        return self.entity.key[slot] if slot < self.key_width else super().attribute_at(slot)

    @once_per_shape
    def statement(self, computed: list[Computed | None]) -> Statement:
        """The statement for what is computed."""
        return rows_by_key(self.entity, self.policies, self.readers(computed))

    @property
    def title(self) -> str:
        return f"rows of {self.label}"

    @property
    def text(self) -> str:
        return self.statement([each.without_arguments() for each in self.computed]).sql

    def run(self, source: Source, request: Any, keys: list[LoadKey], computed: Sequence[Computed | None]) -> Results:
        return dict(source.keyed(self.statement(list(computed)), keys, parameters_of(computed)))


class FormerRows(Load):
    """Rows of an entity as they were, by the values of the attributes in `key` as PostgreSQL's text: those that the viewer saw."""

    takes_null = True

    def __init__(self, entity: Entity, policies: Policies, key: tuple[str, ...]) -> None:
        super().__init__(f"{entity.name} as it was, by {', '.join(key)}")
        self.entity, self.policies, self.key = entity, policies, key

    @property
    def models(self) -> tuple[type, ...]:
        return (self.entity.model,)

    @cached_property
    def statement(self) -> Statement:
        return former_rows(self.entity, self.policies, self.key)

    @property
    def text(self) -> str:
        return self.statement.sql

    def run(self, source: Source, request: Any, keys: list[LoadKey], computed: Sequence[Computed | None]) -> Results:
        return dict(source.keyed(self.statement, keys, {}))


class Aggregates(Load):
    """Counts and sums of one relationship, all that the operation asks for in one statement."""

    def __init__(self, label: str, join: Join, policies: Policies) -> None:
        super().__init__(label)
        self.join, self.policies, self.strict = join, policies, join.strict
        self.measures: list[Aggregate] = []

    @property
    def models(self) -> tuple[type, ...]:
        return (self.join.target.model,)

    def slot(self, measure: Aggregate) -> int:
        """Where in a row the aggregate stands."""
        if measure not in self.measures:
            self.measures.append(measure)
        return len(self.join.key) + self.measures.index(measure)

    @cached_property
    def statement(self) -> Statement:
        return aggregates_by_parent(self.join, self.policies, tuple(self.measures))

    @property
    def text(self) -> str:
        return self.statement.sql

    def run(self, source: Source, request: Any, keys: list[LoadKey], computed: Sequence[Computed | None]) -> Results:
        return dict(source.keyed(self.statement, keys, {}))


@dataclass(frozen=True)
class BatchRequest:
    """The arguments of a batch function, and the same as something hashable."""

    arguments: dict[str, Any]
    identity: Hashable

    def __hash__(self) -> int:
        return hash(self.identity)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, BatchRequest) and self.identity == other.identity


class Batch(Load):
    """A Python function over all keys of a level.

    `reads` are the relationships that it is declared to read, each with the columns of their rows, None for any; None if it is not
    declared.
    """

    takes_null = True

    def __init__(
        self,
        label: str,
        spec: Batched,
        reads: tuple[tuple[Join, tuple[str, ...] | None], ...] | None,
        policies: Policies,
    ) -> None:
        super().__init__(label)
        self.spec, self.reads, self.policies = spec, reads, policies

    @property
    def models(self) -> tuple[type, ...]:
        return tuple(join.target.model for join, _ in self.reads or ())

    @property
    def title(self) -> str:
        return f"function of {self.label}"

    @property
    def text(self) -> str:
        return f"{self.spec.function.__module__}.{self.spec.name}(keys: {', '.join(self.spec.key)})"

    def run(
        self, source: Source, request: BatchRequest, keys: list[LoadKey], computed: Sequence[Computed | None]
    ) -> Results:
        """What the function raises is the error of each key."""
        try:
            return source.call(self, request, keys)
        except TryAgain:
            raise
        except Exception as error:
            return dict.fromkeys(keys, error)


def parameters_of(computed: Sequence[Computed | None]) -> dict[str, Any]:
    """The values of what is computed, all together."""
    return {name: value for each in computed if each is not None for name, value in each.parameters.items()}
