"""The hub: all subscriptions of a node, and whom to tell of what.

One a process. `subscribe` and its like are called by the sockets, `changed` and `lost` by the follower. States are run by `Scheduler`,
events read by `Events`, in threads of their own (greenlets, where gevent has patched).
"""

from __future__ import annotations

import itertools
import json
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Protocol
from weakref import WeakSet

from cachetools import LRUCache, cachedmethod

from ..changes.stream import Entry, Position, Stream, StreamAway
from ..documents.registry import Operation
from ..errors import BffError, DuplicateId, NotLive
from ..plan.plan import Plan
from ..protocol import messages as protocol
from ..protocol.messages import Mode, Subscribe
from ..protocol.resume_token import ResumePoint, ResumeTokens
from ..readsets.readset import Fact
from ..settings import LiveSettings
from .attendance import Attendance, Stay
from .channels import Outlet
from .event_channel import EventChannel
from .event_matches import EventReader
from .events import Events
from .follows import Follows
from .presence import Presence
from .scheduler import Scheduler
from .sources import EventSource, LiveSource, PresenceSource, source_of
from .states import Joining, LiveOperation
from .subject import Subject

_SOURCES = 1_000
"""Plans whose source is kept."""

_LOOK = 0.1
"""Seconds after which it is looked at again who waits for the stream."""


class Executor(EventReader, Protocol):
    """What knows operations and runs them; the server implements it."""

    def plan_of(self, operation: Operation) -> Plan:
        """The plan. Raises RequestError."""

    def audience_of(self, plan: Plan, viewer: object | None) -> Hashable:
        """Equal for viewers who see the same of this plan."""


@dataclass(frozen=True, eq=False, slots=True)
class _Beginning:
    """Keeps the place of a subscription while it is looked into, or comes too early. Compared by identity."""

    outlet: Outlet
    id: str


@dataclass(frozen=True, slots=True)
class _Early:
    """A subscription that `since` then waits until it is known where the stream is."""

    beginning: _Beginning
    begin: Callable[[], None]
    since: float


@dataclass(frozen=True, slots=True)
class _Live:
    """A subscription to a state; by `stay` its viewer is somewhere."""

    operation: LiveOperation
    mode: Mode
    stay: Stay | None = None


_Subscription = _Live | EventChannel | _Beginning


class Hub:
    """All live operations of a process. Any thread may call any method."""

    def __init__(
        self,
        executor: Executor,
        history: Stream,
        presence: Presence,
        *,
        secret: bytes,
        settings: LiveSettings,
        patience: float,
        runners: int = 2,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        """`history` is read to resume event subscriptions; `secret` signs positions, the same on all nodes. A new subscription
        waits `patience` seconds at most while the database, or the stream, does not answer. `runners` is a number of threads."""
        self._executor, self._secret, self._clock = executor, secret, clock
        self._patience, self._runners = patience, runners
        self._lock = threading.RLock()
        self._stopping = threading.Event()
        # Whoever began before it is known where the stream is would miss what comes until then, and could not resume.
        self._early: deque[_Early] = deque()
        self._number = itertools.count(1).__next__
        self._operations: dict[Hashable, LiveOperation] = {}
        self._subscriptions: dict[Outlet, dict[str, _Subscription]] = {}
        self._dropped: WeakSet[Outlet] = WeakSet()
        self._sources: LRUCache[Plan, LiveSource | EventSource | PresenceSource | None] = LRUCache(_SOURCES)
        self._follows = Follows()
        self._changes = self._losses = 0
        self._runs = Scheduler(
            executor,
            lock=self._lock,
            clock=clock,
            settings=settings,
            patience=patience,
            ended=self._forget_all,
            forgotten=self._forget_operation,
        )
        self._events = Events(
            executor,
            history,
            lock=self._lock,
            ended=self._forget,
            pause=self._pause,
            # Often enough that what is told last is still in the stream.
            remind_every=max(1, settings.stream_length // 10),
        )
        self._attendance = Attendance(executor, presence, lock=self._lock, touch=self._runs.touch)
        self._threads: list[threading.Thread] = []

    def __repr__(self) -> str:
        return (
            f"<Hub {len(self._subscriptions)} sockets, {len(self._operations)} live operations, "
            f"{self._runs!r}, {self._events!r}>"
        )

    def stats(self) -> dict[str, int]:
        """Gauges `sockets`, `subscriptions`, `operations`; counters `changes` that the stream gave, times it `lost` some; and
        those of `Scheduler.stats` and `Events.stats`."""
        with self._lock:
            return {
                "sockets": len(self._subscriptions),
                "subscriptions": sum(map(len, self._subscriptions.values())),
                "operations": len(self._operations),
                "changes": self._changes,
                "lost": self._losses,
                **self._runs.stats(),
                **self._events.stats(),
            }

    def start(self) -> None:
        """Start the threads. The follower begins with `lost`, which says from where on it tells of every change; what is
        subscribed to before waits for that."""
        targets = [
            self._events.run,
            self._attendance.run,
            self._refuse_early,
            *[self._runs.work] * self._runners,
        ]
        for number, target in enumerate(targets):
            thread = threading.Thread(target=target, name=f"live-{number}", daemon=True)
            self._threads.append(thread)
            thread.start()

    def stop(self) -> None:
        """End the threads; subscriptions are left as they are."""
        self._stopping.set()
        with self._lock:
            self._events.stop()
            self._runs.stop()
        self._attendance.stop()
        for thread in self._threads:
            thread.join()
        self._threads.clear()

    # ---- what the follower tells

    def changed(self, entries: Sequence[Entry], position: Position) -> None:
        """What the stream holds after the last position, up to this one."""
        with self._lock:
            self._changes += len(entries)
            self._events.changed(entries, position)
            self._runs.changed(entries, position)
            self._follows.changed(entry.change for entry in entries)

    def lost(self, position: Position) -> None:
        """Some of what the stream held before `position` cannot be had; what comes after it is told."""
        with self._lock:
            # The first time it is only told where it begins.
            self._losses += self._is_following
            self._events.lost(position)
            self._runs.lost(list(self._operations.values()), position)
            self._follows.lost()
            while self._early:
                self._begin_early(self._early.popleft())

    @property
    def _is_following(self) -> bool:
        """Whether it is known where the stream is."""
        return self._runs.position.epoch != ""

    # ---- what sockets ask

    def subscribe(self, outlet: Outlet, request: Subscribe, operation: Operation, viewer: object | None) -> None:
        """Begin a subscription; whatever comes of it goes to the outlet. May read the database."""
        beginning = _Beginning(outlet, request.id)
        with self._lock:
            if outlet in self._dropped:
                return
            if self._subscriptions.setdefault(outlet, {}).setdefault(request.id, beginning) is not beginning:
                reason = f"there is a subscription {request.id!r} already, which goes on"
                outlet.send(protocol.refusal(request.id, DuplicateId, reason))
                return
        try:
            self._begin(beginning, request, operation, viewer)
        except Exception as error:  # noqa: BLE001 - the edge: known refusals are told, the rest is logged whole and masked
            self._refuse(beginning, error)

    def unsubscribe(self, outlet: Outlet, id: str) -> None:
        """End a subscription, if it is there."""
        with self._lock:
            match self._forget(outlet, id):
                case EventChannel() as channel:
                    channel.leave(outlet, id)
                    self._events.close_unwanted(channel)
                case _Live(operation=operation, mode=mode):
                    operation.leave(outlet, id, mode)
                    if not operation.is_wanted and not operation.is_running:
                        self._runs.linger(operation)

    def drop(self, outlet: Outlet) -> None:
        """The socket is gone: end all of its subscriptions, and what it follows."""
        with self._lock:
            self._dropped.add(outlet)
            for id in list(self._subscriptions.get(outlet, ())):
                self.unsubscribe(outlet, id)
            self._follows.drop(outlet)

    def end(self, outlet: Outlet, why: type[BffError], reason: str) -> None:
        """Complete all subscriptions of a socket."""
        with self._lock:
            for id in list(self._subscriptions.get(outlet, ())):
                self.unsubscribe(outlet, id)
                outlet.send(protocol.complete(id, why, reason))

    def drained(self, outlet: Outlet) -> None:
        """The outlet takes messages again: give it the newest states of what it was passed over for."""
        with self._lock:
            subscriptions = self._subscriptions.get(outlet, {}).values()
            for operation in {each.operation for each in subscriptions if isinstance(each, _Live)}:
                operation.drained(outlet)

    def follow(self, outlet: Outlet, facts: Iterable[Fact], callback: Callable[[], None]) -> None:
        """Call `callback` whenever a row of these facts changes or changes were lost, until the outlet is dropped. It must return
        at once."""
        with self._lock:
            self._follows.add(outlet, facts, callback)

    # ---- beginning

    def _begin(self, beginning: _Beginning, request: Subscribe, operation: Operation, viewer: object | None) -> None:
        plan = self._executor.plan_of(operation)
        source = self._source_of(plan)
        if source is None:
            raise NotLive(f"{operation.name or 'this operation'} is neither a subscription nor a query with @live")
        variables = dict(request.request.variables or {})
        scope = self._executor.audience_of(plan, viewer)
        # Who sees the same may yet want other events: their route may be the viewer's.
        route = source.routes(variables, viewer) if isinstance(source, EventSource) else ()
        key = operation.id, operation.name, json.dumps(variables, sort_keys=True), scope, route
        subject = Subject(key, (operation.id, operation.name, scope), plan, variables, viewer)
        tokens = ResumeTokens(self._secret, repr(key).encode())
        held = None if request.resume is None else tokens.open(request.resume)
        if isinstance(source, EventSource):
            channel = EventChannel(subject, source=source, route=route, tokens=tokens, number=self._number())
            begin = partial(self._begin_events, beginning.outlet, request, channel, held)
        else:
            made = LiveOperation(subject, tokens=tokens, number=self._number)
            stay = self._attendance.stay(source, made) if isinstance(source, PresenceSource) else None
            begin = partial(self._begin_live, beginning.outlet, request, made, held, stay)
        with self._lock:
            if not self._is_following:
                self._early.append(_Early(beginning, begin, self._clock()))
            elif self._is_wanted(beginning):
                begin()

    def _is_wanted(self, beginning: _Beginning) -> bool:
        """Whether the subscription has not ended meanwhile."""
        return self._subscriptions.get(beginning.outlet, {}).get(beginning.id) is beginning

    def _begin_early(self, early: _Early) -> None:
        if self._is_wanted(early.beginning):
            try:
                early.begin()
            except Exception as error:  # noqa: BLE001 - its defect, not the follower's
                self._refuse(early.beginning, error)

    def _refuse_early(self) -> None:
        """Refuse who has waited for too long; until it is known where the stream is, or `stop`."""
        while not self._is_following and self._pause(_LOOK):
            with self._lock:
                while self._early and self._early[0].since + self._patience <= self._clock():
                    early = self._early.popleft()
                    error = StreamAway("the stream of changes has not been reached yet")
                    self._refuse(early.beginning, error)

    def _refuse(self, beginning: _Beginning, error: Exception) -> None:
        errors = self._executor.errors_of(error)
        with self._lock:
            if self._is_wanted(beginning):
                self._forget(beginning.outlet, beginning.id)
                beginning.outlet.send(protocol.error(beginning.id, errors))

    @cachedmethod(lambda self: self._sources, lock=lambda self: self._lock)
    def _source_of(self, plan: Plan) -> LiveSource | EventSource | PresenceSource | None:
        return source_of(plan)

    def _begin_live(
        self, outlet: Outlet, request: Subscribe, made: LiveOperation, held: ResumePoint | None, stay: Stay | None
    ) -> None:
        operation = self._operations.setdefault(made.subject.key, made)
        self._subscriptions[outlet][request.id] = _Live(operation, request.mode, stay)
        if stay is not None:
            if operation is made:
                self._attendance.watch(operation, stay)
            self._attendance.begin(stay)
        operation.join(Joining(outlet, request.id, request.mode, held, request.resume is not None, self._clock()))
        self._runs.schedule(operation)

    def _begin_events(self, outlet: Outlet, request: Subscribe, made: EventChannel, held: ResumePoint | None) -> None:
        channel = self._events.open(made)
        self._subscriptions[outlet][request.id] = channel
        if held is not None:
            self._events.resume(channel, outlet, request.id, held, self._runs.position)
        else:
            recovered = None if request.resume is None else False
            channel.begin(outlet, request.id, self._runs.position, recovered=recovered)

    # ---- ending

    def _forget(self, outlet: Outlet, id: str) -> _Subscription | None:
        subscriptions = self._subscriptions.get(outlet, {})
        subscription = subscriptions.pop(id, None)
        if not subscriptions:
            self._subscriptions.pop(outlet, None)
        if isinstance(subscription, _Live) and subscription.stay is not None:
            self._attendance.end(subscription.stay)
        return subscription

    def _forget_operation(self, operation: LiveOperation) -> None:
        if self._operations.get(operation.subject.key) is operation:
            del self._operations[operation.subject.key]
        self._attendance.forget(operation)

    def _forget_all(self, ended: Iterable[tuple[Outlet, str]]) -> None:
        for outlet, id in ended:
            self._forget(outlet, id)

    def _pause(self, seconds: float) -> bool:
        return not self._stopping.wait(seconds)
