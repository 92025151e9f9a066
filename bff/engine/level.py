"""Objects that are run over together: breadth-first, a selection or a field is run once for all of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from .response_path import ResponsePath


@dataclass(frozen=True, slots=True)
class Level:
    """Objects of one selection: what each is read from, where its fields go, and where it stands in the response."""

    sources: Sequence[Any]
    outputs: Sequence[dict[str, Any]]
    paths: Sequence[ResponsePath]

    def __len__(self) -> int:
        return len(self.outputs)

    def take(self, indices: Iterable[int]) -> Level:
        """Those at these indices."""
        chosen = list(indices)
        return Level(
            [self.sources[i] for i in chosen], [self.outputs[i] for i in chosen], [self.paths[i] for i in chosen]
        )


@dataclass(frozen=True, slots=True)
class Slots:
    """Values of one list level of a field: each goes into its container, a dict or a list, under its key."""

    containers: Sequence[Any]
    keys: Sequence[Any]
    paths: Sequence[ResponsePath]
    values: Sequence[Any]

    def __len__(self) -> int:
        return len(self.values)

    def take(self, indices: Iterable[int]) -> Slots:
        """Those at these indices."""
        chosen = list(indices)
        return Slots(
            [self.containers[i] for i in chosen],
            [self.keys[i] for i in chosen],
            [self.paths[i] for i in chosen],
            [self.values[i] for i in chosen],
        )

    def holding(self, values: Sequence[Any]) -> Self:
        """The same with other values."""
        return replace(self, values=values)
