"""One commit, a page that many look at, one node: when the first and the last of them have it, and what that costs.

Compared with a Flask-SocketIO that emits the same bytes to a room, whose clients are the same.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Sequence
from contextlib import closing

import psycopg2

from loadtest.live.client import PACKETS, Ask
from loadtest.live.results import FanOut, Times
from loadtest.live.served import COMPONENTS
from loadtest.live.stage import Stage, members, page
from loadtest.live.swarm import Arrival, Member, Swarm, SwarmError
from loadtest.live.watch import Watch
from loadtest.live.writer import Write, commit, first_number, marks_in

# Nobody waits longer for a change: what did not come by then is missed.
PATIENCE = 5.0
MILLISECOND = 1e6
WARM_UP = 3
STAGES = ("COMMIT", "to the stream", "to the first client", "to the last client")


def fan_out(stage: Stage, *, mode: str, subscribers: int, commits: int, every: float) -> FanOut:
    """So many commits to one page, one `every` so many seconds, seen by all subscribers; then the same bytes bare."""
    assert mode in ("full", "patch")
    firm = stage.firm
    matter = firm.matters[0]
    with stage.redis() as redis, stage.node(redis.url) as node, Swarm() as swarm:
        swarm.add(
            members(
                firm, subscribers, [matter], [node], ask=lambda it: Ask(page(it), "full" if mode == "full" else "patch")
            )
        )
        swarm.wait_until_current(timeout=120)
        swarm.take()
        with closing(psycopg2.connect(stage.database_url)) as connection:
            # The first ones are not counted: what is made once is made now.
            first = first_number()
            for number in range(first, first + WARM_UP):
                commit(connection, firm.title(matter, number), number)
                _take(swarm, subscribers, shows=number)
            node.settle()
            before, worked = node.work(), node.cpu_seconds()
            writes: list[Write] = []
            arrivals: list[list[Arrival]] = []
            with Watch(redis.url) as watch, node.sampled() as seconds:
                for number in range(first + WARM_UP, first + WARM_UP + commits):
                    begun = time.monotonic()
                    writes.append(commit(connection, firm.title(matter, number), number))
                    arrivals.append(_take(swarm, subscribers, shows=number))
                    time.sleep(max(0.0, begun + every - time.monotonic()))
            worked = node.cpu_seconds() - worked
            work = node.work() - before
    texts = [arrival.text for arrived in arrivals for arrival in arrived]
    shown = [[moment for arrival in arrived for moment in arrival.times] for arrived in arrivals]
    deliveries = sum(map(len, shown))
    bare_rate, bare_cpu_us = bare(stage, texts[-1], subscribers=subscribers, times=commits, every=every)
    return FanOut(
        mode=mode,
        subscribers=subscribers,
        commits=commits,
        missed=commits * subscribers - deliveries,
        message_bytes=round(statistics.median(map(len, texts))),
        work=work,
        times=Times.of(
            (max(times) - write.sent) / MILLISECOND for write, times in zip(writes, shown, strict=True) if times
        ),
        stages_ms=_stages(writes, watch.times, shown),
        cpu_ms={name: seconds[name] / commits * 1e3 for name in COMPONENTS if name in seconds},
        rate=statistics.median(map(_rate, shown)),
        cpu_us=worked / deliveries * 1e6,
        bare_rate=bare_rate,
        bare_cpu_us=bare_cpu_us,
    )


def bare(stage: Stage, text: bytes, *, subscribers: int, times: int, every: float) -> tuple[float, float]:
    """Deliveries a second and microseconds of CPU each, of `emit` to a room."""
    body = PACKETS.read(text).body
    with stage.bare() as node, Swarm() as swarm:
        swarm.add([Member("nobody", [Ask({})], [node.place])] * subscribers)
        swarm.wait_until_current(timeout=120)
        node.settle()
        worked = node.cpu_seconds()
        rates = []
        for _ in range(times):
            begun = time.monotonic()
            node.post("/emit", {"body": body, "times": 1, "every": 0})
            arrived = _take(swarm, subscribers)
            rates.append(_rate([moment for arrival in arrived for moment in arrival.times]))
            time.sleep(max(0.0, begun + every - time.monotonic()))
        worked = node.cpu_seconds() - worked
    return statistics.median(rates), worked / (times * subscribers) * 1e6


def _stages(writes: Sequence[Write], entries: Sequence[int], shown: Sequence[Sequence[int]]) -> dict[str, float]:
    """Where the time goes, in order: medians in milliseconds. Each commit has changed one row, which is one entry."""
    if len(entries) != len(writes):
        raise SwarmError(f"{len(writes)} commits have come to {len(entries)} entries of the stream")
    moments = [
        (write.sent, write.committed, entry, min(times), max(times))
        for write, entry, times in zip(writes, entries, shown, strict=True)
        if times
    ]
    return {
        title: statistics.median((it[place + 1] - it[place]) / MILLISECOND for it in moments)
        for place, title in enumerate(STAGES)
    }


def _take(swarm: Swarm, count: int, *, shows: int | None = None) -> list[Arrival]:
    """The messages that arrive until there are so many, of those that show the write of this number."""
    deadline = time.monotonic() + PATIENCE
    taken: list[Arrival] = []
    while sum(len(arrival.times) for arrival in taken) < count and time.monotonic() < deadline:
        # The clients' process is to be asked seldom: it has other things to do.
        time.sleep(0.05)
        taken += [it for it in swarm.take() if shows is None or shows in marks_in(it.text)]
    return taken


def _rate(times: Sequence[int]) -> float:
    """Deliveries a second, from the first to the last."""
    return (len(times) - 1) / ((max(times) - min(times)) / 1e9) if len(times) > 1 else 0.0
