"""What a run of the live bench found, as values that are recorded as JSON: every figure of the report comes from here."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from pydantic import TypeAdapter

from loadtest.bench.results import Machine


@dataclass(frozen=True)
class Times:
    """How long something took, in milliseconds: `count` of them."""

    count: int
    p50_ms: float
    p99_ms: float
    most_ms: float

    @classmethod
    def of(cls, milliseconds: Iterable[float]) -> Times:
        """Of no times at all, every figure is not a number."""
        ordered = sorted(milliseconds)
        return cls(len(ordered), percentile(ordered, 50), percentile(ordered, 99), percentile(ordered, 100))


def percentile(ordered: Sequence[float], share: float) -> float:
    """The smallest value that at least `share` percent of them do not exceed (the nearest rank); NaN of none."""
    if not ordered:
        return math.nan
    return ordered[max(0, math.ceil(len(ordered) * share / 100) - 1)]


@dataclass(frozen=True)
class Work:
    """What a node's hub has done: changes that it was told of, executions, and those that found nothing changed."""

    changes: int
    executions: int
    unchanged: int

    def __sub__(self, other: Work) -> Work:
        return Work(self.changes - other.changes, self.executions - other.executions, self.unchanged - other.unchanged)

    def __add__(self, other: Work) -> Work:
        return Work(self.changes + other.changes, self.executions + other.executions, self.unchanged + other.unchanged)


@dataclass(frozen=True)
class Statement:
    """A statement that PostgreSQL ran so many times."""

    text: str
    calls: int


@dataclass(frozen=True)
class Idle:
    """Nobody writes. What PostgreSQL ran with nobody looking, and with `subscribers` looking."""

    subscribers: int
    seconds: float
    without: list[Statement]
    with_them: list[Statement]

    @property
    def of_subscriptions(self) -> list[Statement]:
        """What the node, its relay included, does not run without them."""
        own = {it.text for it in self.without}
        return [it for it in self.with_them if it.text not in own]

    @property
    def statements_a_second(self) -> float:
        """Of subscriptions."""
        return sum(it.calls for it in self.of_subscriptions) / self.seconds

    @property
    def own_a_second(self) -> tuple[float, float]:
        """Of the node itself, without subscribers and with them."""
        own = {it.text for it in self.without}
        with_them = sum(it.calls for it in self.with_them if it.text in own)
        return sum(it.calls for it in self.without) / self.seconds, with_them / self.seconds


@dataclass(frozen=True)
class FanOut:
    """One commit after the other, all of which `subscribers` of one page see. Times are from COMMIT to the last client."""

    mode: str
    subscribers: int
    commits: int
    missed: int
    """Deliveries that did not come."""
    message_bytes: int
    work: Work
    times: Times
    stages_ms: dict[str, float]
    """Where that time goes, in order: medians."""
    cpu_ms: dict[str, float]
    """The worker's CPU time, a commit, by component."""
    rate: float
    """Deliveries a second, from the first client to the last, the median of commits."""
    cpu_us: float
    """Of the worker, a delivery; everything counted."""
    bare_rate: float
    bare_cpu_us: float
    """The same of Flask-SocketIO's `emit` of the same bytes to a room."""

    @property
    def of_bare(self) -> float:
        return self.rate / self.bare_rate


@dataclass(frozen=True)
class Nodes:
    """Several nodes, many matters, a steady rate of writes. Times are from COMMIT to each client that shows the change."""

    nodes: int
    subscribers: int
    matters: int
    seconds: float
    writes: int
    work: Work
    times: Times
    messages: int
    missed: int
    """Changes that a client's state never showed, on its own or with later ones."""
    wrong: int
    """Clients whose last state is not what a fresh execution over HTTP gives."""
    cores: float
    """That the workers of all nodes kept busy."""
    settled_s: float
    """From the last write until everybody's state was right, the comparison included."""


@dataclass(frozen=True)
class Memory:
    """A worker's memory with so many idle sockets, in KB, and of a worker that has none yet: the layer's, and bare."""

    sockets: list[int]
    layer_kb: list[float]
    bare_kb: list[float]
    connects_a_second: float
    pages: int
    of_pages_kb: float
    """What that many subscribers take who each look at another page; all others look at one."""

    @property
    def each_page_kb(self) -> float:
        """What a page takes, however many look at it: its state, and what it depends on."""
        return self.of_pages_kb / self.pages - self.each_kb[-1]

    @property
    def each_kb(self) -> list[float]:
        """A socket's share, subscription included: `sockets[0]` is 0."""
        return _each(self.sockets, self.layer_kb)

    @property
    def bare_each_kb(self) -> list[float]:
        return _each(self.sockets, self.bare_kb)


def _each(sockets: Sequence[int], kb: Sequence[float]) -> list[float]:
    return [(more - kb[0]) / count for count, more in zip(sockets, kb, strict=True) if count]


@dataclass(frozen=True)
class Verdict:
    """Sequences of events held against the whole one."""

    clients: int
    events: int
    """That came, all clients together."""
    declared: int
    """Places where the server said that something may be missing."""
    lost: int
    """Events that are missing at those places."""
    silent_gaps: int
    """Events that are missing where nothing was said."""
    disordered: int
    doubled: int


@dataclass(frozen=True)
class Storm:
    """Clients lose their connections and come back while others write."""

    name: str
    clients: int
    writes: int
    rate: float
    cuts: int
    recovered: int
    unrecovered: int
    repeats: int
    """Events that came again and were dropped by their ids."""
    verdict: Verdict
    back: Times
    """From losing the connection to being subscribed again."""
    all_back_s: float
    """From the last cut until the last client was back."""
    live_wrong: int
    """Clients of a live page, cut like the others, whose last state is wrong."""
    not_back: int
    """Clients that were not back when it was waited long enough."""


@dataclass(frozen=True)
class Fault:
    """Something fails while others write. Seconds from when it is over, or from when it begins where nothing ends it."""

    name: str
    writes: int
    clients: int
    caught_up_s: float
    """Until each client shows the newest change."""
    verdict: Verdict
    wrong: int
    """Clients of pages whose last state is wrong."""
    may_lose: bool
    """Whether Redis lost what it had: some of that may be missing, where it is said."""


@dataclass(frozen=True)
class Results:
    """One run."""

    day: str
    commit: str
    machine: Machine
    users: int
    """As so many people clients look on."""
    idle: Idle
    fan_outs: list[FanOut]
    nodes: Nodes
    memory: Memory
    storms: list[Storm]
    faults: list[Fault]

    def to_json(self) -> bytes:
        return _ADAPTER.dump_json(self, indent=1)

    @classmethod
    def from_json(cls, text: bytes) -> Results:
        """Raises pydantic.ValidationError for what `to_json` has not written."""
        return _ADAPTER.validate_json(text)


_ADAPTER: TypeAdapter[Results] = TypeAdapter(Results)
