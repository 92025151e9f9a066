"""How long to wait before something that failed is tried again."""

from __future__ import annotations

import random
from collections.abc import Callable

FIRST = 0.1
LONGEST = 2.0


class Backoff:
    """Doubling pauses with jitter: what fails for many at once is not tried by all of them at once. Not shared between threads."""

    def __init__(self, *, chance: Callable[[], float] = random.random) -> None:
        self._chance = chance
        self._failures = 0

    def __repr__(self) -> str:
        return f"<Backoff after {self._failures} failures>"

    def next(self) -> float:
        """Seconds to wait after one more failure."""
        longest: float = min(LONGEST, FIRST * 2**self._failures)
        self._failures = min(self._failures + 1, 30)
        return longest * (0.5 + self._chance() / 2)

    def reset(self) -> None:
        """It worked."""
        self._failures = 0
