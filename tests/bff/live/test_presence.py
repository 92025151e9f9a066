"""Both kinds of presence keep what `Presence` promises; and what only happens between nodes."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing

import pytest
import redis

from bff.live.presence import MemoryPresence, Presence, RedisPresence
from tests.bff.polling import wait_until

Node = Callable[..., RedisPresence]


class Seen:
    """What a watcher was told, in order."""

    def __init__(self) -> None:
        self.all: list[set[str]] = []

    def __call__(self, members: frozenset[str]) -> None:
        self.all.append(set(members))

    @property
    def last(self) -> set[str] | None:
        return self.all[-1] if self.all else None

    def wait_for(self, *members: str) -> None:
        wait_until(lambda: self.last == set(members))


@pytest.fixture
def node(redis_url: str, live_prefix: str) -> Iterator[Node]:
    """`node()` is presence of one node more; channels are shared by all databases, so the prefix is the worker's."""
    with ExitStack() as stack:

        def make(**options: float) -> RedisPresence:
            return stack.enter_context(closing(RedisPresence(redis_url, prefix=live_prefix, **options)))

        yield make


@pytest.fixture(params=["memory", "redis"])
def presence(request: pytest.FixtureRequest) -> Presence:
    if request.param == "memory":
        return MemoryPresence()
    made: RedisPresence = request.getfixturevalue("node")()
    return made


# What every presence does


def test_members_are_there_until_they_leave(presence: Presence) -> None:
    seen = Seen()
    presence.watch("m:1", seen)
    presence.join("m:1", "marie", "a")
    presence.join("m:1", "paul", "b")
    presence.leave("m:1", "marie", "a")
    presence.leave("m:1", "paul", "b")
    assert seen.all == [set(), {"marie"}, {"marie", "paul"}, {"paul"}, set()]


def test_a_member_is_there_while_somebody_holds_it(presence: Presence) -> None:
    seen = Seen()
    presence.watch("m:1", seen)
    presence.join("m:1", "marie", "a")
    presence.join("m:1", "marie", "b")
    presence.leave("m:1", "marie", "a")
    assert seen.last == {"marie"}
    presence.leave("m:1", "marie", "b")
    assert seen.all == [set(), {"marie"}, set()]


def test_who_watches_later_is_told_at_once(presence: Presence) -> None:
    presence.join("m:1", "marie", "a")
    first, second = Seen(), Seen()
    presence.watch("m:1", first)
    presence.watch("m:1", second)
    assert first.all == second.all == [{"marie"}]
    presence.join("m:1", "paul", "b")
    assert first.last == second.last == {"marie", "paul"}


def test_places_are_apart(presence: Presence) -> None:
    seen = Seen()
    presence.watch("m:1", seen)
    presence.join("m:10", "marie", "a")
    presence.join("m", "paul", "b")
    assert seen.all == [set()]


def test_who_does_not_watch_any_more_is_not_told(presence: Presence) -> None:
    gone, there = Seen(), Seen()
    presence.watch("m:1", gone)
    presence.watch("m:1", there)
    presence.unwatch("m:1", gone)
    presence.unwatch("m:1", gone)
    presence.join("m:1", "marie", "a")
    assert (gone.all, there.last) == ([set()], {"marie"})
    presence.unwatch("m:1", there)
    presence.watch("m:1", gone)
    assert gone.last == {"marie"}


def test_leaving_without_having_joined_changes_nothing(presence: Presence) -> None:
    seen = Seen()
    presence.watch("m:1", seen)
    presence.leave("m:1", "marie", "a")
    assert seen.all == [set()]


@pytest.mark.parametrize("text", ['a"b c:', "é\n", ""])
def test_texts_are_any(presence: Presence, text: str) -> None:
    seen = Seen()
    presence.watch(text, seen)
    presence.join(text, text, text)
    assert seen.last == {text}
    presence.leave(text, text, text)
    assert seen.last == set()


def test_many_at_once(presence: Presence) -> None:
    seen = Seen()
    presence.watch("m:1", seen)

    def stay(name: str) -> None:
        for number in range(10):
            presence.join("m:1", name, f"{name}{number}")
        for number in range(9):
            presence.leave("m:1", name, f"{name}{number}")

    threads = [threading.Thread(target=stay, args=(name,)) for name in "abcd"]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    seen.wait_for(*"abcd")


# Nodes


def test_nodes_see_each_other_at_once(node: Node) -> None:
    one, other, seen = node(), node(), Seen()
    other.watch("m:1", seen)
    wait_until(lambda: hears(other))
    one.join("m:1", "marie", "a")
    begun = time.monotonic()
    seen.wait_for("marie")
    one.leave("m:1", "marie", "a")
    seen.wait_for()
    assert time.monotonic() - begun < 2


def hears(presence: RedisPresence) -> bool:
    return bool(presence._client.pubsub_numsub(presence._channel)[0][1])


@pytest.mark.slow
def test_what_a_dead_node_held_is_over(node: Node) -> None:
    dying, other, seen = node(beat=0.1, lifetime=0.4), node(beat=0.1, lifetime=0.4), Seen()
    other.watch("m:1", seen)
    dying.join("m:1", "marie", "a")
    other.join("m:1", "paul", "b")
    seen.wait_for("marie", "paul")
    wait_until(lambda: dying.beats > 8)
    # Longer than a lifetime: what is renewed stays.
    assert seen.last == {"marie", "paul"}
    dying.close()
    seen.wait_for("paul")


@pytest.mark.slow
def test_what_redis_forgot_is_said_again(node: Node, redis_url: str) -> None:
    one, other, seen = node(beat=0.1), node(beat=0.1), Seen()
    one.join("m:1", "marie", "a")
    other.watch("m:1", seen)
    seen.wait_for("marie")
    with closing(redis.Redis.from_url(redis_url)) as client:
        client.flushdb()
        seen.wait_for("marie")
        wait_until(lambda: client.exists(one._key("m:1")))


@pytest.mark.slow
def test_a_hint_that_was_lost_is_made_up_for(node: Node, redis_url: str) -> None:
    one, other, seen = node(), node(beat=0.1), Seen()
    other.watch("m:1", seen)
    one._channel, key = "nowhere", one._key("m:1")
    one._key = lambda place: key  # type: ignore[method-assign]
    one.join("m:1", "marie", "a")
    seen.wait_for("marie")


def test_a_node_knows_its_own_while_redis_is_away() -> None:
    away, seen = RedisPresence("redis://127.0.0.1:1/0", beat=0.05), Seen()
    with closing(away):
        away.watch("m:1", seen)
        away.join("m:1", "marie", "a")
        assert seen.all == [set(), {"marie"}]
        assert "Redis is away" in repr(away)
        away.leave("m:1", "marie", "a")


@pytest.mark.slow
def test_no_heart_beats_for_nothing(node: Node) -> None:
    idle, seen = node(beat=0.05), Seen()
    idle.watch("m:1", seen)
    idle.join("m:1", "marie", "a")
    wait_until(lambda: idle.beats > 2)
    idle.leave("m:1", "marie", "a")
    idle.unwatch("m:1", seen)
    wait_until(lambda: not idle._is_running)
    before = idle.beats
    idle.watch("m:1", seen)
    wait_until(lambda: idle.beats > before)


def test_what_others_write_is_passed_over(node: Node, redis_url: str) -> None:
    one, seen = node(), Seen()
    with closing(redis.Redis.from_url(redis_url)) as client:
        elements = ["x", "[]", "[1,2]", '["a"]', '{"a":1,"b":2}', '["a","paul"]']
        client.zadd(one._key("m:1"), dict.fromkeys(elements, time.time() + 60))
    one.watch("m:1", seen)
    assert seen.all == [{"paul"}]
