"""The loads of one plan, each made once: places of an operation that read the same thing share a load."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from typing import Any, TypeVar

from ..entities.entity import Entity
from ..entities.order import Ordering
from ..entities.specs import Batched, Collection
from ..errors import DeclarationError
from ..schema.catalog import Catalog
from ..sql.join import Join
from .lists import Counts, ListByParent, RootList
from .loads import Aggregates, Batch, FormerRows, Load, RowsByKey

L = TypeVar("L", bound=Load)


class SharedLoads:
    """The loads of one plan by what they read, in the order in which they were first asked for."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog, self._policies = catalog, catalog.policies
        self._loads: dict[Hashable, Load] = {}
        self._joins: dict[Hashable, Join] = {}

    def __iter__(self) -> Iterator[Load]:
        return iter(self._loads.values())

    def rows_by_key(self, entity: Entity) -> RowsByKey:
        """Rows of an entity by primary key."""
        return self._load(("rows", entity), lambda: RowsByKey(entity, self._policies))

    def former_rows(self, entity: Entity, names: tuple[str, ...]) -> FormerRows:
        """Rows that may be gone, by what these attributes were."""
        return self._load(("former", entity), lambda: FormerRows(entity, self._policies, names))

    def list_by_parent(self, label: str, join: Join, order: tuple[Ordering, ...], bound: int) -> ListByParent:
        """The rows of a relationship in an order."""
        return self._load(("list", join, order, bound), lambda: ListByParent(label, join, self._policies, order, bound))

    def root_list(self, label: str, entity: Entity, spec: Collection) -> RootList:
        """The rows of an entity without a parent."""
        return self._load(("root", entity, spec), lambda: RootList(label, entity, self._policies, spec))

    def aggregates(self, label: str, join: Join) -> Aggregates:
        """Counts and sums over a relationship."""
        return self._load(("aggregates", join), lambda: Aggregates(label, join, self._policies))

    def counts(self, of: ListByParent | RootList) -> Counts:
        """How many rows a list has."""
        return self._load(("counts", of), lambda: Counts(of))

    def batch(self, label: str, owner: Entity, spec: Batched) -> Batch:
        """A batch function."""
        key: tuple[Any, ...] = ("batch", spec.function)
        reads = None
        if spec.reads is not None:
            # What is read for a key depends on whose key it is.
            reads = tuple((self.join(owner, each.relationship, None), each.columns) for each in spec.reads)
            key = (*key, spec.key, reads)
        return self._load(key, lambda: Batch(label, spec, reads, self._policies))

    def join(self, owner: Entity, attribute: str, target: Entity | None) -> Join:
        """How rows of a relationship hang on their parents; without a target, rows of any type. Raises DeclarationError."""
        relationship = owner.relationship(attribute)
        if relationship is None:
            raise DeclarationError(f"{owner.name}: {owner.mapper.class_.__name__} maps no relationship '{attribute}'")
        if target is None:
            target = self._catalog.rows_of(relationship.mapper.class_)
        key = (relationship, target)
        if key not in self._joins:
            self._joins[key] = Join(owner, relationship, target)
        return self._joins[key]

    def _load(self, key: Hashable, make: Callable[[], L]) -> L:
        if key not in self._loads:
            self._loads[key] = make()
        return self._loads[key]  # type: ignore[return-value]  # the key names the kind of load
