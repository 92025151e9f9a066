"""How many operations a run fuzzes, and from which seed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from hypothesis import HealthCheck, Phase, given, note, seed, settings
from hypothesis import strategies as st


@dataclass
class Fuzz:
    """The operations of one run. Without a seed they are the same every time."""

    total: int
    seed: int | None
    done: int = 0

    def run(self, percent: int, check: Callable[[st.DataObject], None]) -> None:
        """Check this share of the operations; `check` draws one and calls `counted` when it has run."""

        @settings(
            max_examples=max(1, self.total * percent // 100),
            derandomize=self.seed is None,
            database=None,
            deadline=None,
            phases=(Phase.generate, Phase.target, Phase.shrink),
            suppress_health_check=list(HealthCheck),
            report_multiple_bugs=False,
            print_blob=False,
        )
        @given(st.data())
        def fuzz(data: st.DataObject) -> None:
            if self.seed is not None:
                note(f"again: make fuzz N={self.total} SEED={self.seed}")
            check(data)

        (fuzz if self.seed is None else seed(self.seed)(fuzz))()

    def counted(self) -> None:
        """One more operation gave the same answer twice."""
        self.done += 1
