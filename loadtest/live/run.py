"""One run of the live bench: the scenarios, one after the other, each on servers of its own over one database."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib.metadata import version

from loadtest.bench import database, machine
from loadtest.live.fanout import fan_out
from loadtest.live.faults import (
    FLUSHED,
    RELAY_KILLED,
    RELAY_SWALLOWED,
    SWALLOWED,
    Accident,
    fault,
    redis_away,
)
from loadtest.live.idle import idle
from loadtest.live.memory import memory
from loadtest.live.nodes import nodes
from loadtest.live.results import FanOut, Fault, Idle, Memory, Nodes, Results, Storm
from loadtest.live.stage import Stage
from loadtest.live.storm import storm


@dataclass(frozen=True, kw_only=True)
class Effort:
    """How much of everything."""

    seconds: float
    """Of the scenarios that take some time; idle and storms a third of it."""
    commits: int
    subscribers: int = 1_000
    matters: int = 100
    rate: float = 50
    sockets: Sequence[int] = (100, 1_000, 2_500, 5_000)
    storm_clients: int = 500
    storm_rate: float = 100
    fault_clients: int = 60
    away: Sequence[float] = (2, 10)

    @property
    def accidents(self) -> Iterator[Accident]:
        """What happens, one after the other."""
        for seconds in self.away:
            yield redis_away(seconds)
        yield redis_away(min(self.away), keeps=False)
        yield FLUSHED
        yield RELAY_KILLED
        yield SWALLOWED
        yield RELAY_SWALLOWED


class Bench:
    """A run on a stage. `say` is told what is going on, a line a time."""

    def __init__(self, stage: Stage, effort: Effort, say: Callable[[str], None]) -> None:
        self._stage, self._effort, self._say = stage, effort, say

    def run(self, *, commit: str) -> Results:
        """All of it, of the sources of this commit. Raises SiteError, SwarmError when something cannot be measured."""
        described = machine.describe(
            {
                "PostgreSQL": database.version(self._stage.database_url),
                **{name: version(name) for name in ("flask-socketio", "python-engineio", "redis")},
            }
        )
        self._say(f"Load average {described.load_before:g}, which should be next to nothing")
        return Results(
            day=datetime.now(UTC).date().isoformat(),
            commit=commit,
            machine=described,
            users=len(self._stage.firm.users),
            idle=self._idle(),
            fan_outs=[self._fan_out(mode) for mode in ("patch", "full")],
            nodes=self._nodes(),
            memory=self._memory(),
            storms=[self._storm(at_once) for at_once in (False, True)],
            faults=[self._fault(accident) for accident in self._effort.accidents],
        )

    def _idle(self) -> Idle:
        found = idle(self._stage, subscribers=self._effort.subscribers, seconds=self._effort.seconds / 3)
        self._say(f"Idle, {found.subscribers:,} subscribers: {found.statements_a_second:g} statements/s")
        return found

    def _fan_out(self, mode: str) -> FanOut:
        effort = self._effort
        found = fan_out(self._stage, mode=mode, subscribers=effort.subscribers, commits=effort.commits, every=0.3)
        self._say(
            f"Fan-out, {mode}, {found.subscribers:,} subscribers: {found.work.executions} executions of {found.commits} commits; "
            f"the last has it after {found.times.p50_ms:.0f} ms, p99 {found.times.p99_ms:.0f}; "
            f"{found.rate:,.0f} deliveries/s, bare {found.bare_rate:,.0f}"
        )
        return found

    def _nodes(self) -> Nodes:
        effort = self._effort
        found = nodes(
            self._stage,
            count=3,
            subscribers=3 * effort.matters,
            matters=effort.matters,
            rate=effort.rate,
            seconds=effort.seconds,
        )
        self._say(
            f"Nodes: {found.writes} writes, {found.work}; p50 {found.times.p50_ms:.0f} ms, p99 {found.times.p99_ms:.0f}; "
            f"{found.missed} missed, {found.wrong} wrong"
        )
        return found

    def _memory(self) -> Memory:
        found = memory(self._stage, sockets=self._effort.sockets, pages=self._effort.matters)
        self._say(
            f"Memory: {found.each_kb[-1]:.1f} KB a socket, bare {found.bare_each_kb[-1]:.1f}; {found.each_page_kb:.0f} KB a page"
        )
        return found

    def _storm(self, at_once: bool) -> Storm:
        effort = self._effort
        found = storm(
            self._stage,
            clients=effort.storm_clients,
            rate=effort.storm_rate,
            seconds=effort.seconds / 3,
            at_once=at_once,
        )
        self._say(
            f"Storm, {found.name}: {found.cuts} cuts, {found.verdict}, {found.live_wrong} wrong pages; all back in "
            f"{found.all_back_s:.1f} s"
        )
        return found

    def _fault(self, accident: Accident) -> Fault:
        effort = self._effort
        found = fault(self._stage, accident, nodes=3, clients=effort.fault_clients, rate=20)
        self._say(f"{found.name}: caught up in {found.caught_up_s:.1f} s, {found.verdict}, {found.wrong} wrong pages")
        return found
