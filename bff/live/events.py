"""Event subscriptions of a node: which changes are events for whom, in the stream's order.

One thread does one job after the other, in the order they came: changes to route, subscriptions to resume, losses to tell.
A resumption's job holds the position at which it was asked for. What is before has been routed when it is done, what comes after is
routed later; so missed events, read from the stream, and new ones follow each other without a hole and without a double.

Payloads are read when the event is delivered, under the viewer's policy: a row that is gone by then, or not to be seen, is no
event.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from ..encoding import encode
from ..errors import TryAgain
from ..plan import Plan
from ..telemetry import report_defect
from . import protocol
from .changes import Change
from .channels import Channel, Outlet
from .positions import Held, Sealer
from .protocol import Code
from .sources import EventSource
from .stream import Entry, Gap, Position, Stream

MOST_BACKLOG = 20_000
"""Changes that wait to be routed; when a database is away for longer, events are declared lost instead."""

MOST_MISSED = 1_000
"""Events that one subscription may catch up on."""

MOST_TOGETHER = 100
"""Payloads read together."""

_CHUNK = 1_000


class EventReader(Protocol):
    """How events are read; the server implements it."""

    def locate(
        self, source: EventSource, changes: Sequence[Change]
    ) -> Mapping[int, Iterable[tuple[str | None, ...]]]:
        """The places of each change, by its id: what a subscription's wanted values are compared with."""

    def payloads(
        self, plan: Plan, asked: Sequence[tuple[Mapping[str, Any], Any]], viewer: object | None
    ) -> Sequence[Mapping[str, Any]]:
        """The answers for variables and root values."""


class EventChannel:
    """All subscriptions to one event field with the same variables in one viewer's scope."""

    def __init__(
        self,
        *,
        key: Hashable,
        group: Hashable,
        plan: Plan,
        variables: Mapping[str, Any],
        viewer: object | None,
        source: EventSource,
        wanted: tuple[str | None, ...],
        sealer: Sealer,
        number: int,
    ) -> None:
        self.key, self.group, self.plan, self.variables, self.viewer = key, group, plan, variables, viewer
        self.source, self.wanted, self.sealer = source, wanted, sealer
        self.channel = Channel(number)
        self.resuming: dict[tuple[Outlet, str], Held] = {}

    def __repr__(self) -> str:
        return f"<EventChannel {self.plan.name} of {len(self.channel)}, {len(self.resuming)} resuming>"

    @property
    def is_wanted(self) -> bool:
        return bool(self.resuming) or len(self.channel) > 0

    def leave(self, outlet: Outlet, id: str) -> None:
        """End a subscription."""
        self.resuming.pop((outlet, id), None)
        self.channel.leave(outlet, id)


@dataclass(frozen=True, slots=True)
class _Resume:
    channel: EventChannel
    outlet: Outlet
    id: str
    held: Held
    until: Position


@dataclass(frozen=True, slots=True)
class _Lost:
    position: Position


_Job = Entry | _Resume | _Lost


class Events:
    """The event channels of a node. `lock` is the hub's, held around every call but `run`."""

    def __init__(
        self,
        reader: EventReader,
        history: Stream,
        *,
        lock: threading.RLock,
        ended: Callable[[Outlet, str], None],
        pause: Callable[[int], bool],
    ) -> None:
        """`ended` is told of subscriptions that were completed here; `pause` waits before a try is repeated, the longer the
        more there were, and tells whether to go on."""
        self._reader, self._history = reader, history
        self._lock, self._ended, self._pause = lock, ended, pause
        self._has_job = threading.Condition(lock)
        self._channels: dict[Hashable, EventChannel] = {}
        self._tables: dict[str, int] = {}
        self._jobs: deque[_Job] = deque()
        self._epoch = ""
        self._is_stopping = False
        self.delivered = 0
        self.gaps = 0

    def __repr__(self) -> str:
        return f"<Events {len(self._channels)} channels, {len(self._jobs)} jobs>"

    # ---- what the hub tells

    def find(self, key: Hashable) -> EventChannel | None:
        return self._channels.get(key)

    def open(self, channel: EventChannel) -> None:
        """Add a channel, whose first subscription follows."""
        self._channels[channel.key] = channel
        self._tables[channel.source.table] = self._tables.get(channel.source.table, 0) + 1

    def close(self, channel: EventChannel) -> None:
        """Remove a channel that nobody subscribes to any more."""
        del self._channels[channel.key]
        self._tables[channel.source.table] -= 1
        if not self._tables[channel.source.table]:
            del self._tables[channel.source.table]

    def begin(self, channel: EventChannel, outlet: Outlet, id: str, position: Position, *, recovered: bool | None) -> None:
        """Begin a subscription with what comes after `position`."""
        member = channel.channel.admit(outlet, id)
        member.after = max(member.after, position.offset)
        outlet.send(
            protocol.subscribed(
                id,
                channel=channel.channel.number,
                kind="event",
                recovered=recovered,
                position=channel.sealer.seal(position),
            )
        )

    def resume(self, channel: EventChannel, outlet: Outlet, id: str, held: Held, position: Position) -> None:
        """Begin a subscription with what it missed; `position` is how far changes have come."""
        channel.resuming[outlet, id] = held
        self._put(_Resume(channel, outlet, id, held, position))

    def changed(self, entries: Iterable[Entry]) -> None:
        """Route these changes, after all that came before."""
        for entry in entries:
            if entry.change.table in self._tables:
                if len(self._jobs) >= MOST_BACKLOG:
                    self._drop_backlog(entry)
                    return
                self._put(entry)

    def lost(self, position: Position) -> None:
        """Changes up to `position` were lost."""
        self._put(_Lost(position))

    def at(self, epoch: str) -> None:
        """The epoch of the entries that follow."""
        self._epoch = epoch

    def stop(self) -> None:
        """Have `run` return."""
        self._is_stopping = True
        self._has_job.notify_all()

    def _put(self, job: _Job) -> None:
        self._jobs.append(job)
        self._has_job.notify()

    def _drop_backlog(self, last: Entry) -> None:
        resumptions = [job for job in self._jobs if isinstance(job, _Resume)]
        self._jobs.clear()
        self._jobs.extend(resumptions)
        self._put(_Lost(Position(self._epoch, last.offset)))

    # ---- the thread

    def run(self) -> None:
        """Do jobs until `stop`."""
        while True:
            with self._lock:
                while not self._jobs and not self._is_stopping:
                    self._has_job.wait()
                if self._is_stopping:
                    return
                jobs, epoch = self._take(), self._epoch
            try:
                match jobs[0]:
                    case Entry():
                        self._route([job for job in jobs if isinstance(job, Entry)], epoch)
                    case _Resume():
                        self._resume([job for job in jobs if isinstance(job, _Resume)])
                    case _Lost(position=position):
                        self._tell_gap(list(self._channels.values()), position)
            except Exception as error:  # noqa: BLE001 - a defect must not end the thread; nobody may miss something in silence
                report_defect(error, jobs=len(jobs))
                self._declare_lost(jobs, epoch)

    def _take(self) -> list[_Job]:
        """The next jobs of one kind."""
        jobs = [self._jobs.popleft()]
        while self._jobs and type(self._jobs[0]) is type(jobs[0]) and len(jobs) < _CHUNK:
            jobs.append(self._jobs.popleft())
        return jobs

    def _route(self, entries: Sequence[Entry], epoch: str) -> None:
        with self._lock:
            channels = [each for each in self._channels.values() if len(each.channel)]
        for begin in range(0, len(entries), MOST_TOGETHER):
            matches = self._matches(entries[begin : begin + MOST_TOGETHER], channels)
            payloads = self._payloads(matches)
            if payloads is None:
                return
            with self._lock:
                for (channel, entry), payload in zip(matches, payloads, strict=True):
                    if _is_seen(payload):
                        self._deliver(channel, entry, payload, Position(epoch, entry.offset))

    def _matches(self, entries: Sequence[Entry], channels: Iterable[EventChannel]) -> list[tuple[EventChannel, Entry]]:
        """Who gets which of the entries, in their order."""
        by_source: dict[EventSource, dict[tuple[str | None, ...], list[EventChannel]]] = {}
        for channel in channels:
            by_source.setdefault(channel.source, {}).setdefault(channel.wanted, []).append(channel)
        found: list[tuple[int, EventChannel, Entry]] = []
        for source, wanted in by_source.items():
            relevant = [
                each for each in entries if each.change.table == source.table and each.change.kind in source.kinds
            ]
            if not relevant:
                continue
            places = self._trying(lambda source=source, of=relevant: self._reader.locate(source, [it.change for it in of]))
            for entry in relevant:
                for place in dict.fromkeys((places or {}).get(entry.change.id, ())):
                    found += [(entry.offset, channel, entry) for channel in wanted.get(place, ())]
        found.sort(key=lambda each: each[0])
        return [(channel, entry) for _, channel, entry in found]

    def _payloads(self, matches: Sequence[tuple[EventChannel, Entry]]) -> list[Mapping[str, Any]] | None:
        """The payloads of matches, in their order; None when stopping."""
        groups: dict[Hashable, list[int]] = {}
        for number, (channel, _) in enumerate(matches):
            groups.setdefault(channel.group, []).append(number)
        payloads: list[Mapping[str, Any]] = [{}] * len(matches)
        for numbers in groups.values():
            first = matches[numbers[0]][0]
            asked = [
                (matches[n][0].variables, matches[n][0].source.root_value(matches[n][1].change)) for n in numbers
            ]
            answers = self._trying(
                lambda first=first, asked=asked: self._reader.payloads(first.plan, asked, first.viewer)
            )
            if answers is None:
                return None
            for number, answer in zip(numbers, answers, strict=True):
                payloads[number] = answer
        return payloads

    def _trying(self, read: Callable[[], Any]) -> Any:
        """What `read` gives, tried until the database answers; None when stopping."""
        tries = 0
        while True:
            try:
                return read()
            except TryAgain:
                tries += 1
                if not self._pause(tries):
                    return None

    def _deliver(
        self, channel: EventChannel, entry: Entry, payload: Mapping[str, Any], position: Position
    ) -> None:
        message = None
        for member in channel.channel:
            if member.after >= entry.offset:
                continue
            if member.outlet.is_full:
                self._cut_off(channel, member.outlet, member.ids, Position(position.epoch, member.after))
                continue
            if message is None:
                message = _event(channel, entry, payload, position)
            member.outlet.send(message)
            member.after = entry.offset
            self.delivered += 1

    def _cut_off(self, channel: EventChannel, outlet: Outlet, ids: Iterable[str], had: Position) -> None:
        """End the subscriptions of who does not take events in time; they may resume after what they have."""
        for id in sorted(ids):
            reason = "events were not taken in time; resume"
            outlet.send(protocol.complete(id, Code.SLOW_CONSUMER, reason, resume=channel.sealer.seal(had)))
            channel.leave(outlet, id)
            self._ended(outlet, id)

    # ---- resuming

    def _resume(self, jobs: Sequence[_Resume]) -> None:
        """Give each what it missed: read once what all of them together did, and give each its part."""
        lost = [job for job in jobs if not _can_follow(job.held.position, job.until)]
        waiting = sorted((job for job in jobs if job not in lost), key=lambda job: job.held.position.offset)
        entries: list[Entry] = []
        while waiting:
            history = self._trying(lambda: self._read(waiting[0].held.position, waiting[-1].until))
            if history is None:
                return
            if history is _TRIMMED:
                first = waiting[0].held.position.offset
                lost += [job for job in waiting if job.held.position.offset == first]
                waiting = [job for job in waiting if job.held.position.offset != first]
                continue
            entries = history
            break
        earliest: dict[EventChannel, int] = {}
        for job in waiting:
            earliest[job.channel] = min(job.held.position.offset, earliest.get(job.channel, job.held.position.offset))
        matches = [
            (channel, entry) for channel, entry in self._matches(entries, earliest) if entry.offset > earliest[channel]
        ]
        missed: dict[EventChannel, list[tuple[Entry, Mapping[str, Any]]]] = {channel: [] for channel in earliest}
        for begin in range(0, len(matches), MOST_TOGETHER):
            part = matches[begin : begin + MOST_TOGETHER]
            payloads = self._payloads(part)
            if payloads is None:
                return
            for (channel, entry), payload in zip(part, payloads, strict=True):
                if _is_seen(payload):
                    missed[channel].append((entry, payload))
        with self._lock:
            for job in jobs:
                if job.channel.resuming.pop((job.outlet, job.id), None) is None:
                    continue
                theirs = [
                    (entry, payload)
                    for entry, payload in missed.get(job.channel, ())
                    if job.held.position.offset < entry.offset <= job.until.offset
                ]
                if job in lost or len(theirs) > MOST_MISSED:
                    self.gaps += 1
                    self.begin(job.channel, job.outlet, job.id, job.until, recovered=False)
                else:
                    self._catch_up(job, theirs)

    def _read(self, after: Position, until: Position) -> Any:
        """The entries after one position up to another, of the tables that somebody follows; `_TRIMMED` when some are gone."""
        entries: list[Entry] = []
        while after.offset < until.offset:
            try:
                read = self._history.read(after, most=min(_CHUNK, until.offset - after.offset), wait=0)
            except Gap:
                return _TRIMMED
            if not read:
                return _TRIMMED
            entries += (entry for entry in read if entry.change.table in self._tables)
            after = Position(after.epoch, read[-1].offset)
        return entries

    def _catch_up(self, job: _Resume, theirs: Sequence[tuple[Entry, Mapping[str, Any]]]) -> None:
        self.begin(job.channel, job.outlet, job.id, job.held.position, recovered=True)
        had = job.held.position
        for entry, payload in theirs:
            if job.outlet.is_full:
                self._cut_off(job.channel, job.outlet, [job.id], had)
                return
            had = Position(job.until.epoch, entry.offset)
            job.outlet.send(_event(job.channel, entry, payload, had, id=job.id))
            self.delivered += 1
        member = job.channel.channel.of(job.outlet)
        assert member is not None
        member.after = max(member.after, job.until.offset)

    # ---- losses

    def _tell_gap(self, channels: Sequence[EventChannel], position: Position) -> None:
        with self._lock:
            for channel in channels:
                message = None
                for member in channel.channel:
                    message = message or protocol.gap(
                        channel.channel.number, position=channel.sealer.seal(position)
                    )
                    member.outlet.send(message)
                    member.after = position.offset
                    self.gaps += 1

    def _declare_lost(self, jobs: Sequence[_Job], epoch: str) -> None:
        last = jobs[-1]
        if isinstance(last, Entry):
            with self._lock:
                channels = [each for each in self._channels.values() if each.source.table in {j.change.table for j in jobs if isinstance(j, Entry)}]
            self._tell_gap(channels, Position(epoch, last.offset))
            return
        with self._lock:
            for job in jobs:
                if isinstance(job, _Resume) and job.channel.resuming.pop((job.outlet, job.id), None) is not None:
                    self.gaps += 1
                    self.begin(job.channel, job.outlet, job.id, job.until, recovered=False)


_TRIMMED = object()


def _can_follow(position: Position, until: Position) -> bool:
    return position.epoch == until.epoch and position.offset <= until.offset


def _is_seen(payload: Mapping[str, Any]) -> bool:
    """Whether there is anything for this viewer: a row that it may not see, or that is gone, is null."""
    data = payload.get("data")
    return isinstance(data, dict) and any(value is not None for value in data.values())


def _event(
    channel: EventChannel, entry: Entry, payload: Mapping[str, Any], position: Position, *, id: str | None = None
) -> protocol.Message:
    return protocol.next_event(
        channel.channel.number,
        event=str(entry.change.id),
        payload=encode(payload).decode(),
        position=channel.sealer.seal(position),
        id=id,
    )
