"""Chance that comes out the same on every machine, for the seeder."""

from __future__ import annotations

from collections.abc import Sequence
from random import Random
from typing import TypeVar

T = TypeVar("T")


class Dice:
    """Chance that is the same on every machine for the same `seeds`."""

    def __init__(self, *seeds: object) -> None:
        # A string seeds through SHA-512, which neither PYTHONHASHSEED nor the platform changes.
        self.fraction = Random(" ".join(map(str, ("briefcase", *seeds)))).random

    def below(self, end: int) -> int:
        """An integer from 0 up to but not including `end`."""
        return int(self.fraction() * end)

    def between(self, first: int, last: int) -> int:
        """An integer from `first` to `last`, both included."""
        return first + self.below(last - first + 1)

    def chance(self, probability: float) -> bool:
        return self.fraction() < probability

    def pick(self, choices: Sequence[T]) -> T:
        return choices[self.below(len(choices))]

    def some(self, choices: Sequence[T], count: int) -> list[T]:
        """`count` different ones of `choices`, in chance order."""
        pool = list(choices)
        for index in range(count):
            other = self.between(index, len(pool) - 1)
            pool[index], pool[other] = pool[other], pool[index]
        return pool[:count]
