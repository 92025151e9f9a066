"""Loads: the batched reads of a plan. One load serves every place of an operation that reads the same thing.

A load knows what it reads and which columns the operation needs of it, all places together; so all users of a
page are one statement with the union of their columns. Planning adds columns with `slot`; afterwards a load
does not change. What differs between requests (keys, filters, cursors) comes with the call.

    RowsByKey      rows of an entity by primary key: to-one relations, lookups, objects a resolver returned
    ListByParent   rows of a relationship by parent: lists, connections, to-one relations from the other side
    RootList       rows of an entity without a parent
    Aggregates     counts and sums of a relationship by parent
    Counts         `totalCount` of a connection
    FormerRows     whether rows that may be gone were visible
    Batch          a Python function over keys
"""

from __future__ import annotations

import threading
from abc import ABC, abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from functools import cached_property
from typing import Any, Protocol

import cachetools

from ..entities.entity import Entity, Ordering
from ..entities.filters import All, Condition, Not, Some, Test
from ..entities.policy import Policies
from ..entities.specs import Aggregate, Batched, Collection
from ..sql.join import Join
from ..sql.select import (
    ListShape,
    Reader,
    aggregates_by_parent,
    attributes,
    collection,
    collection_count,
    counts_by_parent,
    former_rows,
    lists_by_parent,
    nothing,
    rows_by_key,
)
from ..sql.statement import Statement

_STATEMENTS_A_LOAD = 32
"""Texts kept of one list's statement: one for each shape of filter, order and cursor in use."""


def _shape(_load: Load, *asked: Any) -> Hashable:
    """What of a request changes the text of a load's statement: `computed` by its shape; a condition's is in the list's."""
    return tuple(
        tuple(part and part.shape for part in each) if isinstance(each, list) else each
        for each in asked
        if not isinstance(each, (All, Some, Not, Test))
    )


# Statements of a load are kept by the shape of what they are asked; plans are shared by all threads.
_once_a_shape = cachetools.cachedmethod(lambda load: load._statements, key=_shape, lock=lambda load: load._lock)


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
    @abstractmethod
    def text(self) -> str:
        """What is run: the statement, for a list that of a request without arguments, or the function's name."""


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
        self.discriminator = None if entity.discriminator is None else self.slot(entity.discriminator)

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
        self._statements: cachetools.LRUCache[Hashable, Statement] = cachetools.LRUCache(_STATEMENTS_A_LOAD)
        self._lock = threading.Lock()

    @property
    def strict(self) -> tuple[int, ...]:
        """The parts of a key, by position, that lead nowhere when they are NULL."""
        return tuple(range(self.key_width))

    def attribute_at(self, slot: int) -> str:
        return self.entity.key[slot] if slot < self.key_width else super().attribute_at(slot)

    @_once_a_shape
    def statement(self, computed: list[Computed | None]) -> Statement:
        """The statement for what is computed."""
        return rows_by_key(self.entity, self.policies, self.readers(computed))

    @property
    def text(self) -> str:
        return self.statement([each.without_arguments() for each in self.computed]).sql


class FormerRows(Load):
    """Rows of an entity as they were, by the values of the attributes in `key` as PostgreSQL's text: those that the viewer saw."""

    takes_null = True

    def __init__(self, entity: Entity, policies: Policies, key: tuple[str, ...]) -> None:
        super().__init__(f"{entity.name} as it was, by {', '.join(key)}")
        self.entity, self.policies, self.key = entity, policies, key

    @cached_property
    def statement(self) -> Statement:
        return former_rows(self.entity, self.policies, self.key)

    @property
    def text(self) -> str:
        return self.statement.sql


class _Lists(Rows):
    """Rows in lists; behind the columns stand those of the order, for cursors."""

    order: tuple[Ordering, ...]
    bound: int
    strict: tuple[int, ...] = ()

    def __init__(self, label: str, entity: Entity, policies: Policies, key_width: int) -> None:
        super().__init__(label, entity, policies, key_width)
        self._statements: cachetools.LRUCache[Hashable, Statement] = cachetools.LRUCache(_STATEMENTS_A_LOAD)
        self._lock = threading.Lock()

    @property
    def text(self) -> str:
        computed: list[Computed | None] = [each.without_arguments() for each in self.computed]
        return self.statement(ListShape(self.order), None, computed).sql

    @property
    def order_slot(self) -> int:
        """Where in a row its place in the order begins, when the shape asks for it."""
        return self.key_width + len(self.columns) + len(self.computed)

    @_once_a_shape
    def statement(self, shape: ListShape, condition: Condition | None, computed: list[Computed | None]) -> Statement:
        """The statement for arguments of this shape."""
        return self._build(shape, condition, self.readers(computed))

    @abstractmethod
    def _build(self, shape: ListShape, condition: Condition | None, readers: tuple[Reader, ...]) -> Statement: ...


class ListByParent(_Lists):
    """Rows of a relationship by the key values of their parent, which come first."""

    def __init__(self, label: str, join: Join, policies: Policies, order: tuple[Ordering, ...], bound: int) -> None:
        super().__init__(label, join.target, policies, len(join.key))
        self.join, self.order, self.bound, self.strict = join, order, bound, join.strict

    def _build(self, shape: ListShape, condition: Condition | None, readers: tuple[Reader, ...]) -> Statement:
        return lists_by_parent(self.join, self.policies, readers, shape, condition)


class RootList(_Lists):
    """Rows of an entity under a fixed condition."""

    def __init__(self, label: str, entity: Entity, policies: Policies, spec: Collection) -> None:
        super().__init__(label, entity, policies, 0)
        self.spec, self.order, self.bound = spec, entity.orderings(spec.order), spec.bound

    def _build(self, shape: ListShape, condition: Condition | None, readers: tuple[Reader, ...]) -> Statement:
        return collection(self.entity, self.policies, readers, shape, condition, self.spec.where)


class Aggregates(Load):
    """Counts and sums of one relationship, all that the operation asks for in one statement."""

    def __init__(self, label: str, join: Join, policies: Policies) -> None:
        super().__init__(label)
        self.join, self.policies, self.strict = join, policies, join.strict
        self.measures: list[Aggregate] = []

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


class Counts(Load):
    """How many rows a connection has under its filter."""

    def __init__(self, of: ListByParent | RootList) -> None:
        super().__init__(f"count of {of.label}")
        self.of = of
        self._statements: cachetools.LRUCache[Hashable, Statement] = cachetools.LRUCache(_STATEMENTS_A_LOAD)
        self._lock = threading.Lock()

    @property
    def text(self) -> str:
        return self.statement(None, None).sql

    @_once_a_shape
    def statement(self, shape: Hashable, condition: Condition | None) -> Statement:
        """The statement for a condition of this shape."""
        of = self.of
        if isinstance(of, ListByParent):
            return counts_by_parent(of.join, of.policies, condition)
        return collection_count(of.entity, of.policies, condition, of.spec.where)


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
    def text(self) -> str:
        return f"{self.spec.function.__module__}.{self.spec.name}(keys: {', '.join(self.spec.key)})"


def models_of(load: Load) -> tuple[type, ...]:
    """The models whose rows a load reads, under their policies."""
    match load:
        case Rows() | FormerRows():
            return (load.entity.model,)
        case Aggregates():
            return (load.join.target.model,)
        case Counts():
            return (load.of.entity.model,)
        case Batch():
            return tuple(join.target.model for join, _ in load.reads or ())
    raise TypeError(f"nothing is known of what {load!r} reads")
