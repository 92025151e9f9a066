"""What fails while others write, and what clients notice of it: nothing is lost but by Redis, nor without a word, and all ends right."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass

from loadtest.live.client import Ask, Break
from loadtest.live.proxy import Proxy
from loadtest.live.results import Fault, Verdict
from loadtest.live.stage import Node, Redis, Stage, comments, lock_holder, members, page, wait_for_right_states
from loadtest.live.storm import is_live, matter_of, numbers_of
from loadtest.live.swarm import Arrival, Known, Swarm
from loadtest.live.verdict import judge, together
from loadtest.live.writer import Edit, Write, Writer, mark, marks_in

# What has not come back by then does not.
PATIENCE = 60.0
BEFORE = 1.0
MATTERS = 5


@dataclass(frozen=True)
class Scene:
    """What is there to fail."""

    database_url: str
    redis: Redis
    nodes: Sequence[Node]
    proxies: Sequence[Proxy]
    """Between each node and Redis."""

    def relay(self) -> int:
        """The place of the node that has the relay."""
        holder = lock_holder(self.database_url, self.nodes)
        assert holder is not None, "no node has the relay"
        return list(self.nodes).index(holder)


@dataclass(frozen=True)
class Accident:
    """Something that fails: `happen` returns when it is over, where it comes to an end by itself."""

    name: str
    happen: Callable[[Scene], None]
    keeps: bool = True
    """Whether Redis has its data after it was killed."""
    may_lose: bool = False
    """Whether what only Redis had is gone with it."""


def redis_away(seconds: float, *, keeps: bool = True) -> Accident:
    """Redis is killed, and comes back."""

    def happen(scene: Scene) -> None:
        scene.redis.kill()
        time.sleep(seconds)
        scene.redis.start()

    what = "with its data" if keeps else "empty"
    return Accident(f"Redis killed, back after {seconds:g} s {what}", happen, keeps, may_lose=not keeps)


def _kill_relay(scene: Scene) -> None:
    scene.nodes[scene.relay()].kill()


def _swallow(scene: Scene, *, of_relay: bool) -> None:
    place = scene.relay()
    scene.proxies[place if of_relay else (place + 1) % len(scene.proxies)].swallow()


FLUSHED = Accident("FLUSHALL", lambda scene: scene.redis.flush(), may_lose=True)
RELAY_KILLED = Accident("the relay's node killed", _kill_relay)
SWALLOWED = Accident("a node's connections to Redis swallowed", lambda scene: _swallow(scene, of_relay=False))
RELAY_SWALLOWED = Accident(
    "the relay's node's connections to Redis swallowed", lambda scene: _swallow(scene, of_relay=True)
)


def fault(stage: Stage, accident: Accident, *, nodes: int, clients: int, rate: float) -> Fault:
    """So many clients, half of comments, half of pages, `rate` writes a second, and an accident among it."""
    firm = stage.firm
    watched = firm.matters[:MATTERS]

    def edit(number: int) -> Edit:
        return firm.comment(watched[number % len(watched)], number)

    with ExitStack() as running:
        redis = running.enter_context(stage.redis(keeps=accident.keeps))
        ways = [redis.proxy() for _ in range(nodes)]
        sites = running.enter_context(stage.nodes([url for _, url in ways]))
        swarm = running.enter_context(Swarm())
        swarm.add(members(firm, clients // 2, watched, sites, ask=lambda matter: Ask(comments(matter))))
        swarm.add(members(firm, clients // 2, watched, sites, ask=lambda matter: Ask(page(matter))))
        swarm.wait_until_current(timeout=PATIENCE)
        swarm.take()
        scene = Scene(stage.database_url, redis, sites, [proxy for proxy, _ in ways])
        # By one hand, so that their order is known.
        with Writer(stage.database_url, edit, rate=rate, hands=1) as writer:
            time.sleep(BEFORE)
            accident.happen(scene)
            over = time.monotonic_ns()
            arrivals, newest = _until_all_see(swarm, clients, lambda: _first_after(writer.writes, over))
        alive = next(site for site in sites if site.is_up)
        wrong = wait_for_right_states(lambda: [it for it in swarm.known() if is_live(it)], alive, timeout=PATIENCE)
        deadline = time.monotonic() + PATIENCE
        while True:
            arrivals += swarm.take()
            verdict = ordered_verdict(writer.writes, swarm.known(), arrivals)
            owed = verdict.silent_gaps + (0 if accident.may_lose else verdict.lost)
            if not owed or time.monotonic() > deadline:
                break
            time.sleep(0.1)
    return Fault(
        name=accident.name,
        writes=len(writer.writes),
        clients=clients,
        caught_up_s=(newest - over) / 1e9,
        verdict=verdict,
        wrong=wrong,
        may_lose=accident.may_lose,
    )


def _first_after(writes: Sequence[Write], moment: int) -> int | None:
    return min((write.number for write in writes if write.sent >= moment), default=None)


def _until_all_see(swarm: Swarm, clients: int, first_after: Callable[[], int | None]) -> tuple[list[Arrival], int]:
    """What arrives until each client has seen a write from `first_after` on, and when the last one did."""
    arrivals: list[Arrival] = []
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        arrivals += swarm.take()
        number = first_after()
        seen = {} if number is None else newest_seen(arrivals, number)
        if len(seen) == clients:
            return arrivals, max(seen.values())
        time.sleep(0.1)
    return arrivals, time.monotonic_ns()


def newest_seen(arrivals: Sequence[Arrival], number: int) -> dict[int, int]:
    """When each client first saw a write of this or a higher number."""
    seen: dict[int, int] = {}
    for arrival in arrivals:
        if max(marks_in(arrival.text), default=0) >= number:
            for moment, client in zip(arrival.times, arrival.clients, strict=True):
                seen[client] = min(seen.get(client, moment), moment)
    return seen


def ordered_verdict(writes: Sequence[Write], known: Sequence[Known], arrivals: Sequence[Arrival]) -> Verdict:
    """All clients of comments, each held against the writes to its matter, which one hand has made."""
    numbers = numbers_of(arrivals)
    wholes: dict[int, list[str]] = {}
    for write in writes:
        wholes.setdefault(write.matter, []).append(mark(write.number))
    return together(
        judge(
            wholes[matter_of(it)],
            [[entry if isinstance(entry, Break) else numbers.get(entry, entry) for entry in it.entries]],
        )
        for it in known
        if not is_live(it)
    )
