"""Clients lose their connections and come back, to whichever node, while others write: nothing is missed that is not said."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from itertools import count

from loadtest.live.client import PACKETS, Ask, Break
from loadtest.live.fanout import MILLISECOND
from loadtest.live.results import Storm, Times, Verdict
from loadtest.live.stage import Stage, comments, members, page, wait_for_right_states
from loadtest.live.swarm import Arrival, Known, Swarm, SwarmError
from loadtest.live.verdict import judge, together
from loadtest.live.writer import Edit, Write, Writer, mark, marks_in

# By then everybody is back and has everything.
PATIENCE = 60.0
MATTERS = 10


def storm(
    stage: Stage,
    *,
    clients: int,
    rate: float,
    seconds: float,
    at_once: bool,
    every: float = 2.0,
) -> Storm:
    """So many clients of comments, cut all at once, or each about `every` so many seconds at random, for `seconds`.

    `rate` comments a second are written meanwhile. A tenth as many look at the page of one of the matters, and are cut with the
    others.
    """
    firm = stage.firm
    watched = firm.matters[:MATTERS]

    def edit(number: int) -> Edit:
        return firm.comment(watched[number % len(watched)], number)

    with stage.redis() as redis, stage.nodes([redis.url] * 2) as nodes, Swarm() as swarm:
        on_comments: Callable[[int], Ask] = lambda matter: Ask(comments(matter))  # noqa: E731
        # Who is never cut sees the whole sequence; that it is whole is asked of PostgreSQL.
        swarm.add(members(firm, len(watched), watched, nodes[:1], ask=on_comments))
        tossed = [
            *swarm.add(members(firm, clients, watched, nodes, ask=on_comments)),
            *swarm.add(members(firm, clients // 10, watched[:1], nodes, ask=lambda matter: Ask(page(matter)))),
        ]
        swarm.wait_until_current(timeout=PATIENCE)
        swarm.take()
        with Writer(stage.database_url, edit, rate=rate) as writer:
            if at_once:
                time.sleep(seconds / 2)
                swarm.cut(tossed)
            else:
                swarm.cut_at_random(tossed, every)
                time.sleep(seconds)
                swarm.cut_at_random(tossed, None)
            calm = time.monotonic_ns()
            try:
                status = swarm.wait_until_current(timeout=PATIENCE)
            except SwarmError:
                # A figure like the others: what the rest has seen is worth knowing.
                status = swarm.status()
            if at_once:
                time.sleep(seconds / 2)
        arrivals: list[Arrival] = []
        deadline = time.monotonic() + PATIENCE
        while True:
            arrivals += swarm.take()
            known = swarm.known()
            verdict = verdict_of(writer.writes, known, arrivals)
            if not verdict.silent_gaps + verdict.lost or time.monotonic() > deadline:
                break
            time.sleep(0.1)
        live_wrong = wait_for_right_states(
            lambda: [it for it in swarm.known() if is_live(it)], nodes[0], timeout=PATIENCE
        )
        outages = swarm.outages()
    events = [it for it in known if not is_live(it)]
    return Storm(
        name="all at once" if at_once else f"at random, each every {every:g} s",
        clients=clients,
        writes=len(writer.writes),
        rate=rate,
        cuts=status.failures.get("cut", 0),
        recovered=sum(sum(it.recovered) for it in events),
        unrecovered=sum(len(it.recovered) - sum(it.recovered) for it in events),
        repeats=sum(it.duplicates for it in events),
        verdict=verdict,
        back=Times.of((it.ended - it.began) / MILLISECOND for it in outages),
        all_back_s=max([0, *(it.ended - calm for it in outages)]) / 1e9,
        live_wrong=live_wrong,
        not_back=status.clients - status.current,
    )


def is_live(known: Known) -> bool:
    """Whether it is of a page rather than of comments."""
    return known.state is not None


def matter_of(known: Known) -> int:
    """The matter that a subscription is about."""
    variables = known.ask.payload["variables"]
    return int(variables.get("matterId") or variables["id"])


def verdict_of(writes: Sequence[Write], known: Sequence[Known], arrivals: Sequence[Arrival]) -> Verdict:
    """All clients of comments, each held against the sequence of its matter.

    Its order is that in which the first client of the matter, which nobody cut, saw it; a write that this one has not
    seen is missing at its end.
    """
    numbers = numbers_of(arrivals)
    of_matter: dict[int, list[list[str | Break]]] = {}
    for it in known:
        if not is_live(it):
            entries = [entry if isinstance(entry, Break) else numbers.get(entry, entry) for entry in it.entries]
            of_matter.setdefault(matter_of(it), []).append(entries)
    wholes = {}
    for matter, seen in of_matter.items():
        first = [entry for entry in seen[0] if isinstance(entry, str)]
        there = set(first)
        written = (mark(write.number) for write in writes if write.matter == matter)
        wholes[matter] = [*first, *(it for it in written if it not in there)]
    return together(judge(wholes[matter], seen) for matter, seen in of_matter.items())


def numbers_of(arrivals: Sequence[Arrival]) -> Mapping[str, str]:
    """The marks of writes, by the ids of the events that told of them."""
    marks: dict[str, str] = {}
    unmarked = count()
    for arrival in arrivals:
        id_ = PACKETS.read(arrival.text).body.get("event")
        if id_ is not None:
            found = marks_in(arrival.text)
            # An event that shows no write is none of ours.
            marks[id_] = mark(found[0]) if found else f"unknown-{next(unmarked)}"
    return marks
