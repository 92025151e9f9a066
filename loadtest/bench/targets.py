"""What the layer must reach, and whether a run has shown it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from loadtest.bench.contenders import COMPILED, EAGER, LIMIT, PLAIN, REST, ROUNDS
from loadtest.bench.results import Results


@dataclass(frozen=True)
class Target:
    """A figure, and what it has to be: at least or at most so much. `shown` is None where it was not measured."""

    title: str
    bound: Literal[">=", "<="]
    wanted: float
    shown: float | None
    unit: str = ""

    @property
    def is_reached(self) -> bool:
        if self.shown is None:
            return False
        return self.shown >= self.wanted if self.bound == ">=" else self.shown <= self.wanted


def targets(results: Results) -> list[Target]:
    """Every target, of a site with two workers."""
    return list(_targets(results))


def _targets(results: Results) -> Iterator[Target]:
    for name, other, wanted in (
        (COMPILED, LIMIT, 0.55),
        (COMPILED, PLAIN.name, 15),
        (COMPILED, REST.name, 30),
        (ROUNDS, PLAIN.name, 3),
        (COMPILED, EAGER.name, 15),
        (ROUNDS, EAGER.name, 3),
    ):
        shown = _ratio(_rate(results, name.name), _rate(results, other))
        yield Target(f"{name.name} / {other}, pages/s at 8 connections", ">=", wanted, shown, "x")
    crowded = results.of(COMPILED.name, connections=32)
    spread = None if crowded is None else _ratio(crowded.p99_ms, crowded.p50_ms)
    yield Target("compiled, p99 / p50 at 32 connections", "<=", 3, spread, "x")
    alone, limit = results.of(COMPILED.name, connections=1), results.of(LIMIT, connections=1)
    latency = None if alone is None or limit is None else _ratio(alone.p50_ms, limit.p50_ms)
    yield Target("compiled / limit, p50 of one connection", "<=", 2, latency, "x")
    busy = results.of(COMPILED.name, connections=8)
    cpu = None if busy is None else busy.cpu_ms(lambda it: it.workers)
    yield Target("compiled, CPU of the workers a page at 8 connections", "<=", 0.8, cpu, " ms")
    boots = [it.boot_seconds for it in results.footprints if it.contender == COMPILED.name]
    yield Target("compiled, start to first answer", "<=", 2, boots[0] if boots else None, " s")


def _rate(results: Results, contender: str) -> float | None:
    series = results.of(contender, connections=8)
    return None if series is None else series.rate


def _ratio(value: float | None, base: float | None) -> float | None:
    return value / base if value is not None and base else None
