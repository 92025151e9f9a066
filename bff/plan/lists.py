"""Loads of lists, and of how many rows they have.

ListByParent   rows of a relationship by parent: lists, connections, to-one relations from the other side
RootList       rows of an entity without a parent
Counts         `totalCount` of a connection
"""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import cachetools

from ..entities.arguments import ListArguments
from ..entities.entity import Entity
from ..entities.filters import Condition
from ..entities.order import Ordering, order_by
from ..entities.page import ListRequest, Page
from ..entities.policy import Policies
from ..entities.specs import Collection
from ..schema.resolvers import bound_exceeded
from ..sql.join import Join
from ..sql.select import (
    LIMIT,
    ListShape,
    Reader,
    collection,
    collection_count,
    counts_by_parent,
    list_parameters,
    lists_by_parent,
)
from ..sql.statement import Statement
from .loads import STATEMENTS_PER_LOAD, Computed, Load, LoadKey, Results, Rows, Source, once_per_shape, parameters_of


class Lists(Rows):
    """Rows in lists; behind the columns stand those of the order, for cursors."""

    order: tuple[Ordering, ...]
    bound: int
    strict: tuple[int, ...] = ()

    @property
    def text(self) -> str:
        computed: list[Computed | None] = [each.without_arguments() for each in self.computed]
        return self.statement(ListShape(self.order), None, computed).sql

    @property
    def order_slot(self) -> int:
        """Where in a row its values of the order begin, when the shape asks for them."""
        return self.key_width + len(self.columns) + len(self.computed)

    @once_per_shape
    def statement(self, shape: ListShape, condition: Condition | None, computed: list[Computed | None]) -> Statement:
        """The statement for arguments of this shape."""
        return self._build(shape, condition, self.readers(computed))

    @abstractmethod
    def _build(self, shape: ListShape, condition: Condition | None, readers: tuple[Reader, ...]) -> Statement: ...

    @abstractmethod
    def count(self, condition: Condition | None) -> Statement:
        """The statement that counts the rows under a filter."""

    @abstractmethod
    def run_count(
        self, source: Source, statement: Statement, keys: list[LoadKey], parameters: Mapping[str, Any]
    ) -> Results:
        """What it gives for keys."""

    @abstractmethod
    def _groups(
        self, source: Source, statement: Statement, keys: list[LoadKey], parameters: Mapping[str, Any]
    ) -> dict[LoadKey, list[Any]]:
        """The rows of each list."""

    def run(
        self, source: Source, request: ListRequest, keys: list[LoadKey], computed: Sequence[Computed | None]
    ) -> Results:
        arguments, limit = request.arguments, request.limit
        shape = ListShape.of(arguments, request.after, request.before, keysets=request.codec is not None)
        statement = self.statement(shape, arguments.condition, list(computed))
        parameters = {
            LIMIT: limit + 1,
            **list_parameters(arguments, request.after, request.before),
            **parameters_of(computed),
        }
        groups = self._groups(source, statement, keys, parameters)
        if request.codec is not None:
            return {key: Page.of(rows, key, request, self.order_slot) for key, rows in groups.items()}
        if arguments.first is not None:
            return {key: rows[:limit] for key, rows in groups.items()}
        return {
            key: rows if len(rows) <= limit else bound_exceeded(request.what, self.bound)
            for key, rows in groups.items()
        }


class ListByParent(Lists):
    """Rows of a relationship by the key values of their parent, which come first."""

    def __init__(self, label: str, join: Join, policies: Policies, order: tuple[Ordering, ...], bound: int) -> None:
        super().__init__(label, join.target, policies, len(join.key))
        self.join, self.order, self.bound, self.strict = join, order, bound, join.strict

    @property
    def title(self) -> str:
        return f"lists of {self.label}"

    def _build(self, shape: ListShape, condition: Condition | None, readers: tuple[Reader, ...]) -> Statement:
        return lists_by_parent(self.join, self.policies, readers, shape, condition)

    def count(self, condition: Condition | None) -> Statement:
        return counts_by_parent(self.join, self.policies, condition)

    def run_count(
        self, source: Source, statement: Statement, keys: list[LoadKey], parameters: Mapping[str, Any]
    ) -> Results:
        counts: Results = dict.fromkeys(keys, 0)
        counts.update((key, row[-1]) for key, row in source.keyed(statement, keys, parameters))
        return counts

    def _groups(
        self, source: Source, statement: Statement, keys: list[LoadKey], parameters: Mapping[str, Any]
    ) -> dict[LoadKey, list[Any]]:
        groups: dict[LoadKey, list[Any]] = {key: [] for key in keys}
        for key, row in source.keyed(statement, keys, parameters):
            groups[key].append(row)
        return groups


class RootList(Lists):
    """Rows of an entity under a fixed condition."""

    def __init__(self, label: str, entity: Entity, policies: Policies, spec: Collection) -> None:
        super().__init__(label, entity, policies, 0)
        self.spec, self.order, self.bound = spec, order_by(entity, spec.order), spec.bound

    @property
    def title(self) -> str:
        return f"list of {self.label}"

    def _build(self, shape: ListShape, condition: Condition | None, readers: tuple[Reader, ...]) -> Statement:
        return collection(self.entity, self.policies, readers, shape, condition, self.spec.where)

    def count(self, condition: Condition | None) -> Statement:
        return collection_count(self.entity, self.policies, condition, self.spec.where)

    def run_count(
        self, source: Source, statement: Statement, keys: list[LoadKey], parameters: Mapping[str, Any]
    ) -> Results:
        return {(): source.rows(statement, parameters)[0][0]}

    def _groups(
        self, source: Source, statement: Statement, keys: list[LoadKey], parameters: Mapping[str, Any]
    ) -> dict[LoadKey, list[Any]]:
        return {(): list(source.rows(statement, parameters))}


class Counts(Load):
    """How many rows a connection has under its filter."""

    def __init__(self, of: ListByParent | RootList) -> None:
        super().__init__(f"count of {of.label}")
        self.of = of
        self._statements: cachetools.LRUCache[Hashable, Statement] = cachetools.LRUCache(STATEMENTS_PER_LOAD)
        self._lock = threading.Lock()

    @property
    def models(self) -> tuple[type, ...]:
        return self.of.models

    @property
    def text(self) -> str:
        return self.statement(None, None).sql

    @once_per_shape
    def statement(self, shape: Hashable, condition: Condition | None) -> Statement:
        """The statement for a condition of this shape."""
        return self.of.count(condition)

    def run(
        self, source: Source, request: ListArguments, keys: list[LoadKey], computed: Sequence[Computed | None]
    ) -> Results:
        shape = ListShape.of(request, None, None, keysets=False).condition
        statement = self.statement(shape, request.condition)
        return self.of.run_count(source, statement, keys, list_parameters(request, None, None))
