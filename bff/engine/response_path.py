"""Where values stand in a response, and what errors there do to it.

Execution is breadth-first and notes each error with its place. `Failures.settle` then gives what depth-first execution
would have: the nearest position above that may be null becomes null, errors come in depth-first order, and those that
depth-first execution would not have come to, because something above was null already, are dropped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from graphql import ExecutionResult, GraphQLError, located_error
from graphql.pyutils import Path

from ..errors import NullViolation
from ..plan.steps import FieldPlan

ResponsePath = tuple[Any, Any, Any] | None
"""Where a value stands: (place of its container, key or index, the field for a key, else None); None is the root."""


@dataclass(frozen=True, eq=False)
class Failure:
    """An error at a place, and the place that becomes null for it (`absorbs`: None is the whole of `data`)."""

    error: GraphQLError
    path: tuple[Any, ...]
    order: tuple[int, ...]
    absorbs: tuple[Any, ...] | None


class Failures:
    """The errors of one execution; `propagate` is false where null stays at the place of its error."""

    def __init__(self, *, propagate: bool) -> None:
        self._propagate = propagate
        self._noted: list[Failure] = []

    def __repr__(self) -> str:
        return f"<Failures {len(self._noted)}>"

    @property
    def reach_root(self) -> bool:
        """Whether one of the errors makes the whole of `data` null."""
        return any(failure.absorbs is None for failure in self._noted)

    def null(self, field: FieldPlan, level: int, place: ResponsePath) -> None:
        """Note that a place has no value and must have one."""
        self.note(field, level, place, NullViolation(f"Cannot return null for non-nullable field {field.name}."))

    def note(
        self, field: FieldPlan, level: int, place: ResponsePath, error: Exception, after: int | None = None
    ) -> None:
        """Note the error of a place; `after` tells that it came after so many items of the list there."""
        path = keys_of(place)
        located = located_error(error, field.nodes, list(path))
        absorbing = _absorbing(field, level, place) if self._propagate else place
        absorbs = None if absorbing is None else keys_of(absorbing)
        order = _order_of(place) if after is None else (*_order_of(place), after)
        self._noted.append(Failure(located, path, order, absorbs))

    def settle(self, data: dict[str, Any]) -> ExecutionResult:
        """Null what the errors reach, and keep the errors that depth-first execution comes to."""
        if not self._noted:
            return ExecutionResult(data, None)
        errors: list[GraphQLError] = []
        nulled: set[tuple[Any, ...]] = set()
        for failure in sorted(self._noted, key=lambda each: each.order):
            path = failure.path
            if any(path[:i] in nulled for i in range(len(path) + 1)):
                continue
            errors.append(failure.error)
            nulled.add(failure.absorbs or ())
            if failure.absorbs is None:
                return ExecutionResult(None, errors)
            _set_null(data, failure.absorbs)
        return ExecutionResult(data, errors)


def graphql_path(place: ResponsePath) -> Path | None:
    """The place as graphql-core's path, for resolvers."""
    path = None
    for key, field in reversed(list(_steps(place))):
        path = Path(path, key, None if field is None else field.parent.type.name)
    return path


def field_path(place: ResponsePath) -> ResponsePath:
    """The place of the field that a list item's place is in."""
    while place is not None and place[2] is None:
        place = place[0]
    return place


def _steps(place: ResponsePath) -> Iterator[tuple[Any, FieldPlan | None]]:
    """Key or index and field of a place and those above it, from the inside out."""
    while place is not None:
        place, key, field = place
        yield key, field


def keys_of(place: ResponsePath) -> tuple[Any, ...]:
    """The keys and indexes from the root to a place."""
    return tuple(reversed([key for key, _ in _steps(place)]))


def _order_of(place: ResponsePath) -> tuple[int, ...]:
    return tuple(reversed([key if field is None else field.index for key, field in _steps(place)]))


def _absorbing(field: FieldPlan, level: int, place: ResponsePath) -> ResponsePath:
    """The nearest place that may be null, from this one up; None when that is the whole of `data`."""
    while place is not None and field.non_null[level]:
        place = place[0]
        if level > 0:
            level -= 1
        elif place is not None:
            # An object's fields are below the field's innermost level.
            above = field_path(place)
            assert above is not None
            field = above[2]
            level = len(field.non_null) - 1
    return place


def _set_null(data: Any, path: Iterable[Any]) -> None:
    *above, last = path
    for key in above:
        data = data[key]
    data[last] = None
