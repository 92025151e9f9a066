"""What a run of the bench found, as values that are recorded as JSON: every figure of the report comes from here."""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter


@dataclass(frozen=True)
class Machine:
    """Where the run took place."""

    processor: str
    cores: int
    memory_gb: float
    system: str
    versions: dict[str, str]
    load_before: float
    """Processes that wanted to run, on average, in the minute before."""


@dataclass(frozen=True)
class Cpu:
    """Seconds of a core that a load took of the site's workers and of PostgreSQL."""

    workers: float
    database: float


@dataclass(frozen=True)
class Sample:
    """One load of one contender. Times are of whole pages, `bytes` of all of them; `pages` are those without a failure."""

    pages: int
    failures: int
    seconds: float
    p50_ms: float
    p99_ms: float
    bytes: int = 0
    cpu: Cpu | None = None

    @property
    def rate(self) -> float:
        """Pages a second."""
        return self.pages / self.seconds if self.seconds else 0.0


@dataclass(frozen=True)
class Series:
    """The samples of one contender under one load, a sample a round."""

    contender: str
    workers: int
    connections: int
    samples: list[Sample]

    def median(self, value: Callable[[Sample], float]) -> float:
        return statistics.median(map(value, self.samples))

    @property
    def rate(self) -> float:
        return self.median(lambda sample: sample.rate)

    @property
    def p50_ms(self) -> float:
        return self.median(lambda sample: sample.p50_ms)

    @property
    def p99_ms(self) -> float:
        return self.median(lambda sample: sample.p99_ms)

    @property
    def failures(self) -> int:
        return sum(sample.failures for sample in self.samples)

    def cpu_ms(self, part: Callable[[Cpu], float]) -> float | None:
        """Milliseconds of a core that a page takes of `part`; None where it was not measured."""
        shares = [part(it.cpu) / it.pages * 1e3 for it in self.samples if it.cpu is not None and it.pages]
        return statistics.median(shares) if shares else None


@dataclass(frozen=True)
class Size:
    """An answer of some size: how many objects it has, and what one connection measures of it."""

    operation: str
    contender: str
    size: int
    objects: int
    bytes: int
    samples: list[Sample]

    @property
    def ms(self) -> float:
        return statistics.median(sample.p50_ms for sample in self.samples)


@dataclass(frozen=True)
class Volume:
    """The Matter page over a database of some scale."""

    scale: float
    contender: str
    connections: int
    samples: list[Sample]

    @property
    def rate(self) -> float:
        return statistics.median(sample.rate for sample in self.samples)

    @property
    def p50_ms(self) -> float:
        return statistics.median(sample.p50_ms for sample in self.samples)


@dataclass(frozen=True)
class Profile:
    """Where the CPU time of a worker went, by component, in milliseconds a page."""

    contender: str
    pages: int
    ms: dict[str, float]

    @property
    def total_ms(self) -> float:
        return sum(self.ms.values())


@dataclass(frozen=True)
class Footprint:
    """A site's start and its workers' memory, in megabytes: resident, and with shared pages split among their users."""

    contender: str
    boot_seconds: float
    rss_mb: float
    pss_mb: float


@dataclass(frozen=True)
class Results:
    """One run."""

    day: str
    seconds: int
    rounds: int
    machine: Machine
    page_bytes: int
    series: list[Series]
    sizes: list[Size]
    volumes: list[Volume]
    profiles: list[Profile]
    footprints: list[Footprint]
    plan_ms: dict[str, float]

    def of(self, contender: str, *, connections: int, workers: int = 2) -> Series | None:
        """The samples of a contender under this load; None where it was not measured."""
        for series in self.series:
            if (series.contender, series.connections, series.workers) == (contender, connections, workers):
                return series
        return None

    def to_json(self) -> bytes:
        return _ADAPTER.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, text: bytes) -> Results:
        """Raises pydantic.ValidationError for what `to_json` has not written."""
        return _ADAPTER.validate_json(text)


_ADAPTER: TypeAdapter[Results] = TypeAdapter(Results)


def slope(points: Sequence[tuple[float, float]]) -> float:
    """The exponent with which the second value grows with the first: 1 is in proportion, 2 is its square.

    That of the line through the logarithms with the least squares.
    """
    logs = [(math.log(x), math.log(y)) for x, y in points]
    return statistics.linear_regression([x for x, _ in logs], [y for _, y in logs]).slope
