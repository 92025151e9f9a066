"""Several nodes over one PostgreSQL and one Redis, many matters, a steady rate of writes."""

from __future__ import annotations

import math
import time
from collections.abc import Sequence

from loadtest.live.fanout import MILLISECOND
from loadtest.live.results import Nodes, Times, Work
from loadtest.live.stage import Stage, members, wait_for_right_states
from loadtest.live.swarm import Arrival, Swarm
from loadtest.live.writer import Edit, Write, Writer, marks_in

# A node that had too much to do gets it done by then.
PATIENCE = 60.0


def nodes(stage: Stage, *, count: int, subscribers: int, matters: int, rate: float, seconds: float) -> Nodes:
    """So many nodes and subscribers over so many matters; titles and comments of their tasks are written in turn."""
    firm = stage.firm
    watched = firm.matters[:matters]

    def edit(number: int) -> Edit:
        turn, place = divmod(number, len(watched))
        if turn % 2:
            return firm.comment(watched[place], number)
        # A title is to be seen before it is written over, so all tasks of the matter come before the first comes again.
        return firm.title(watched[place], number, turn=turn // 2)

    with stage.redis() as redis, stage.nodes([redis.url] * count) as sites, Swarm() as swarm:
        numbers = swarm.add(members(firm, subscribers, watched, sites))
        swarm.wait_until_current(timeout=120)
        swarm.take()
        before = sum((site.work() for site in sites), Work(0, 0, 0))
        worked = sum(site.cpu_seconds() for site in sites)
        with Writer(stage.database_url, edit, rate=rate) as writer:
            time.sleep(seconds)
        worked = sum(site.cpu_seconds() for site in sites) - worked
        over = time.monotonic()
        wrong = wait_for_right_states(swarm.known, sites[0], timeout=PATIENCE)
        settled_s = time.monotonic() - over
        work = sum((site.work() for site in sites), Work(0, 0, 0)) - before
        arrivals = swarm.take()
    # Every matter has clients on every node, as `members` seats them.
    looking: dict[int, list[int]] = {matter: [] for matter in watched}
    for place, number in enumerate(numbers):
        looking[watched[place // count % len(watched)]].append(number)
    latencies, missed = latencies_of(writer.writes, arrivals, looking)
    return Nodes(
        nodes=count,
        subscribers=subscribers,
        matters=matters,
        seconds=seconds,
        writes=len(writer.writes),
        work=work,
        times=Times.of(latencies),
        messages=sum(len(arrival.times) for arrival in arrivals),
        missed=missed,
        wrong=wrong,
        cores=worked / seconds,
        settled_s=settled_s,
    )


def latencies_of(
    writes: Sequence[Write], arrivals: Sequence[Arrival], looking: dict[int, list[int]]
) -> tuple[list[float], int]:
    """The milliseconds from each COMMIT to each client that looks on, and how many never saw one of the writes."""
    first: dict[tuple[int, int], float] = {}
    for arrival in arrivals:
        marks = marks_in(arrival.text)
        for moment, client in zip(arrival.times, arrival.clients, strict=True):
            for number in marks:
                key = number, client
                first[key] = min(first.get(key, math.inf), moment)
    found = [(write.sent, first.get((write.number, client))) for write in writes for client in looking[write.matter]]
    latencies = [(moment - sent) / MILLISECOND for sent, moment in found if moment is not None]
    return latencies, len(found) - len(latencies)
