"""What an idle subscriber costs a worker in memory, and whether the ten-thousandth costs more than the first."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from loadtest.live.client import Ask
from loadtest.live.results import Memory
from loadtest.live.stage import Node, Stage, members
from loadtest.live.swarm import Member, Swarm


def memory(stage: Stage, *, sockets: Sequence[int], pages: int) -> Memory:
    """The memory of a worker with so many subscribers of one page, one number after the other; of one with `pages`
    subscribers, each of another page; and of a bare Flask-SocketIO's.
    """
    firm = stage.firm
    watched = firm.matters[:pages]
    with stage.redis() as redis:
        with stage.node(redis.url) as node:
            layer, rate = _grow(node, sockets, lambda count: members(firm, count, watched[:1], [node]))
        with stage.node(redis.url) as node:
            (before, after), _ = _grow(node, [len(watched)], lambda count: members(firm, count, watched, [node]))
    with stage.bare() as node:
        bare, _ = _grow(node, sockets, lambda count: [Member("nobody", [Ask({})], [node.place])] * count)
    return Memory([0, *sockets], layer, bare, rate, pages=len(watched), of_pages_kb=after - before)


def _grow(node: Node, sockets: Sequence[int], members_of: Callable[[int], list[Member]]) -> tuple[list[float], float]:
    """A worker's KB with no, and with so many sockets; and how many it took on a second, the last time."""
    with Swarm() as swarm:
        # What is made for the first is made for all.
        swarm.add(members_of(1))
        swarm.wait_until_current(timeout=60)
        swarm.remove()
        node.settle()
        found, there, rate = [node.pss_kb()], 0, 0.0
        for count in sockets:
            began = time.monotonic()
            swarm.add(members_of(count - there))
            swarm.wait_until_current(timeout=300)
            rate = (count - there) / (time.monotonic() - began)
            there = count
            node.settle()
            found.append(node.pss_kb())
    return found, rate
