"""Who is where: members of places, for as long as somebody holds them there.

A place and a member are texts, equal on all nodes. A member is at a place while at least one holder (a subscription of some
socket on some node) says so; the holders of a node that died are gone when their time is over.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterable
from typing import Any, Protocol

import orjson
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ..telemetry import PRESENCE_AWAY, log, report_defect

Watcher = Callable[[frozenset[str]], None]
"""Is told who is at a place. Must return at once."""


class Presence(Protocol):
    """Any thread may call any method; calls may wait for the network, and never raise for it: what could not be said is said as
    soon as it can be."""

    def join(self, place: str, member: str, holder: str) -> None:
        """The member is at the place, until `leave`. A holder is nobody else's, on no node."""

    def leave(self, place: str, member: str, holder: str) -> None:
        """This holder does not hold the member there any more."""

    def watch(self, place: str, watcher: Watcher) -> None:
        """Tell who is there: now, and whenever that changes."""

    def unwatch(self, place: str, watcher: Watcher) -> None:
        """Tell this watcher no more."""


class MemoryPresence:
    """Presence in this process alone: for tests, and for a site that is one process."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._holders: dict[str, dict[str, str]] = {}
        self._watchers: dict[str, list[Watcher]] = {}

    def __repr__(self) -> str:
        return f"<MemoryPresence {len(self._holders)} places>"

    def join(self, place: str, member: str, holder: str) -> None:
        with self._lock:
            self._change(place, lambda holders: holders.update({holder: member}))

    def leave(self, place: str, member: str, holder: str) -> None:
        with self._lock:
            self._change(place, lambda holders: holders.pop(holder, None))

    def watch(self, place: str, watcher: Watcher) -> None:
        with self._lock:
            self._watchers.setdefault(place, []).append(watcher)
            watcher(self._members(place))

    def unwatch(self, place: str, watcher: Watcher) -> None:
        with self._lock:
            watchers = self._watchers.get(place, [])
            if watcher in watchers:
                watchers.remove(watcher)
            if not watchers:
                self._watchers.pop(place, None)

    def _members(self, place: str) -> frozenset[str]:
        return frozenset(self._holders.get(place, {}).values())

    def _change(self, place: str, change: Callable[[dict[str, str]], object]) -> None:
        before = self._members(place)
        holders = self._holders.setdefault(place, {})
        change(holders)
        if not holders:
            del self._holders[place]
        after = self._members(place)
        if after != before:
            for watcher in tuple(self._watchers.get(place, ())):
                watcher(after)


BEAT = 5.0
"""Seconds from one heartbeat of a node to the next: it renews what it holds, and reads again what it watches."""

LIFETIME = 4 * BEAT
"""Seconds after which the holders of a node that died are gone; who watches knows a heartbeat later."""

_TIMEOUT = 2.0
_HINTS_TOGETHER = 0.02
"""Seconds in which hints of one place are taken together: a room that fills is read a few times, not once a person."""


class RedisPresence:
    """Presence across nodes, in Redis or Valkey.

    Each place is a sorted set `<prefix>:presence:<place>` of holders with their members, scored by the time (Redis's) at which
    they are over. Whoever changes one says its name on the channel `<prefix>:presence`. That is a hint, to be quick: what counts is
    the set, which every node that watches reads again with its heartbeat. One pipeline a heartbeat; none where nobody is held
    or watched. While Redis is away, a node knows its own.
    """

    def __init__(self, url: str, *, prefix: str = "bff", beat: float = BEAT, lifetime: float = LIFETIME) -> None:
        self._beat, self._lifetime = beat, lifetime
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=_TIMEOUT,
            socket_connect_timeout=_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
            decode_responses=True,
        )
        self._channel = f"{prefix}:presence"
        self._lock = threading.Lock()
        # Held from reading a place until it is told, so that nobody is told of an older state last.
        self._telling = threading.RLock()
        self._held: dict[str, dict[str, str]] = {}
        self._watchers: dict[str, list[Watcher]] = {}
        self._told: dict[str, frozenset[str]] = {}
        self._behind = 0.0
        """What to add to the monotonic clock for Redis's time; known once it answered."""
        self._is_away = False
        self._is_running = False
        self._heart: threading.Thread | None = None
        self._is_closed = threading.Event()
        self.beats = 0
        """Heartbeats that Redis answered."""

    def __repr__(self) -> str:
        away = ", Redis is away" if self._is_away else ""
        return f"<RedisPresence {len(self._held)} places held, {len(self._watchers)} watched{away}>"

    def join(self, place: str, member: str, holder: str) -> None:
        with self._lock:
            self._held.setdefault(place, {})[holder] = member
        self._run()
        self._say(place, lambda pipe, now: self._renew(pipe, now, place, {holder: member}))

    def leave(self, place: str, member: str, holder: str) -> None:
        with self._lock:
            held = self._held.get(place, {})
            held.pop(holder, None)
            if not held:
                self._held.pop(place, None)
        # What cannot be said now is over by itself: nobody renews it.
        self._say(place, lambda pipe, _: pipe.zrem(self._key(place), _element(holder, member)))

    def watch(self, place: str, watcher: Watcher) -> None:
        with self._telling:
            with self._lock:
                self._watchers.setdefault(place, []).append(watcher)
            self._run()
            members = self._read([place])[place]
            self._tell(place, members)
            watcher(members)

    def unwatch(self, place: str, watcher: Watcher) -> None:
        with self._telling, self._lock:
            watchers = self._watchers.get(place, [])
            if watcher in watchers:
                watchers.remove(watcher)
            if not watchers:
                self._watchers.pop(place, None)
                self._told.pop(place, None)

    def close(self) -> None:
        """End the heartbeat; what this node holds is over by itself."""
        self._is_closed.set()
        heart = self._heart
        if heart is not None:
            try:
                self._client.publish(self._channel, "")  # it listens
            except (redis.RedisError, OSError):
                pass  # it looks up once a second anyway
            heart.join()
        self._client.connection_pool.disconnect()

    # ---- what Redis is told

    def _say(self, place: str, say: Callable[[Any, float], object]) -> None:
        try:
            with self._client.pipeline(transaction=False) as pipe:
                say(pipe, self._now())
                pipe.publish(self._channel, place)
                pipe.execute()
        except (redis.RedisError, OSError):
            pass  # the heartbeat says it again
        # Hints come by way of Redis; this node's own watchers need none.
        self._look([place])

    def _renew(self, pipe: Any, now: float, place: str, holders: dict[str, str]) -> None:
        over = now + self._lifetime
        pipe.zadd(self._key(place), {_element(*held): over for held in holders.items()})
        pipe.pexpire(self._key(place), int(2000 * self._lifetime))

    def _key(self, place: str) -> str:
        return f"{self._channel}:{place}"

    def _now(self) -> float:
        """Redis's time, as far as it is known: it is asked for once, and then with every heartbeat."""
        if not self._behind:
            self._set_clock(self._client.time())
        return time.monotonic() + self._behind

    def _set_clock(self, answer: tuple[int, int]) -> None:
        self._behind = answer[0] + answer[1] / 1e6 - time.monotonic()

    # ---- what Redis knows

    def _read(self, places: Iterable[str], *, renew: bool = False) -> dict[str, frozenset[str]]:
        """Who is there; with `renew`, in the same round trip, this node says again what it holds."""
        wanted = tuple(places)
        with self._lock:
            held = {place: dict(self._held[place]) for place in self._held if renew or place in wanted}
        found: list[Any] = []
        try:
            now = self._now()
            with self._client.pipeline(transaction=False) as pipe:
                if renew:
                    pipe.time()
                    for place, holders in held.items():
                        self._renew(pipe, now, place, holders)
                for place in wanted:
                    pipe.zremrangebyscore(self._key(place), "-inf", now)
                    pipe.zrange(self._key(place), 0, -1)
                answers = pipe.execute()
            if renew:
                self._set_clock(answers[0])
                self.beats += 1
            found = answers[len(answers) - 2 * len(wanted) :][1::2]
            self._is_away = False
        except (redis.RedisError, OSError) as error:
            self._client.connection_pool.disconnect(inuse_connections=False)
            if not self._is_away:
                self._is_away = True
                log.warning(PRESENCE_AWAY, error=repr(error))
            # What was known of others may still be so.
            return {place: self._told.get(place, frozenset()) | set(held.get(place, {}).values()) for place in wanted}
        return {
            place: frozenset(_members(elements)) | set(held.get(place, {}).values())
            for place, elements in zip(wanted, found, strict=True)
        }

    def _look(self, places: Iterable[str], *, renew: bool = False) -> None:
        """Read the watched ones of these places, and tell what changed."""
        with self._telling:
            watched = [place for place in places if place in self._watchers]
            if watched or renew:
                for place, members in self._read(watched, renew=renew).items():
                    self._tell(place, members)

    def _tell(self, place: str, members: frozenset[str]) -> None:
        if self._told.get(place) == members:
            return
        is_first = place not in self._told
        self._told[place] = members
        if not is_first:
            for watcher in tuple(self._watchers.get(place, ())):
                watcher(members)

    # ---- the heartbeat

    def _run(self) -> None:
        """Have the heart beat while there is something to beat for. Begun by who needs it, so that no thread is forked."""
        with self._lock:
            begins, self._is_running = not self._is_running, True
        if begins:
            self._heart = threading.Thread(target=self._beat_on, name="presence", daemon=True)
            self._heart.start()

    def _is_needed(self) -> bool:
        with self._lock:
            self._is_running = not self._is_closed.is_set() and bool(self._held or self._watchers)
            return self._is_running

    def _beat_on(self) -> None:
        hints: Any = None
        due = time.monotonic() + self._beat
        while self._is_needed():
            try:
                if hints is None:
                    hints = self._listen()
                self._look(self._hinted(hints, due))
                is_whole = True
            except Exception as error:  # noqa: BLE001 - a defect, of a watcher or here, must not stop the heart
                is_whole = False
                if not isinstance(error, redis.RedisError | OSError):
                    report_defect(error, part="live.presence")
                self._is_closed.wait(min(1.0, max(0.0, due - time.monotonic())))
            if time.monotonic() >= due:
                due = time.monotonic() + self._beat
                # A connection on which nothing comes may be one on which nothing can: the answer to this tells.
                is_whole = self._renew_all() and is_whole
            if not is_whole:
                self._deafen(hints)
                hints = None
        self._deafen(hints)

    def _renew_all(self) -> bool:
        """The heartbeat itself; whether Redis answered."""
        try:
            self._look(tuple(self._watchers), renew=True)
        except Exception as error:  # noqa: BLE001 - a watcher's defect must not stop the heart
            report_defect(error, part="live.presence")
        return not self._is_away

    def _listen(self) -> Any:
        hints: Any = self._client.pubsub(ignore_subscribe_messages=True)  # type: ignore[no-untyped-call]
        hints.subscribe(self._channel)
        return hints

    @staticmethod
    def _deafen(hints: Any) -> None:
        if hints is not None:
            try:
                hints.close()
            except (redis.RedisError, OSError):
                pass  # it was broken

    def _hinted(self, hints: Any, due: float) -> set[str]:
        """Places that somebody changed, as soon as there are some; none when the heartbeat is due."""
        places: set[str] = set()
        until = due
        while (left := until - time.monotonic()) > 0 and not self._is_closed.is_set():
            message = hints.get_message(timeout=min(left, 1.0))
            if message is not None and message["type"] == "message":
                places.add(message["data"])
                until = min(until, time.monotonic() + _HINTS_TOGETHER)
        return places


def _element(holder: str, member: str) -> str:
    return orjson.dumps([holder, member]).decode()


def _members(elements: Iterable[str]) -> Iterable[str]:
    """Whatever of the set is of ours; anybody may write into Redis."""
    for element in elements:
        try:
            match orjson.loads(element):
                case [str(), str(member)]:
                    yield member
        except ValueError:
            continue
