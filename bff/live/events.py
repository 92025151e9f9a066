"""Event subscriptions of a node: which changes are events for whom, in the stream's order.

One thread does jobs in the order they came: changes to route, subscriptions to resume, losses to tell. Changes and
resumptions that follow each other are taken together, the changes first. A resumption holds the position up to which it reads
what was missed from the stream: what is before has been routed when it is done, what comes after is routed later. So missed
events and new ones follow each other without a hole and without a double.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from ..changes.stream import Entry, Position, Stream
from ..protocol.resume_token import ResumePoint
from ..telemetry import report_defect
from .channels import Outlet
from .event_channel import EventChannel, event_message
from .event_jobs import TOGETHER, Job, Lost, Remind, Resume, Routed, after_routing
from .event_matches import EventMatches, EventReader
from .resumption import MOST_TOGETHER, Missed

MOST_BACKLOG = 20_000
"""Changes that wait to be routed; when a database is away for longer, events are declared lost instead."""

MOST_MISSED = 1_000
"""Events that one subscription may catch up on."""

_CHUNK = 1_000


class Events:
    """The event channels of a node. `lock` is the hub's, held around every call but `run`."""

    def __init__(
        self,
        reader: EventReader,
        history: Stream,
        *,
        lock: threading.RLock,
        ended: Callable[[Outlet, str], object],
        pause: Callable[[float], bool],
        remind_every: int,
    ) -> None:
        """`ended` is called with subscriptions that were completed here; `pause` waits for so many seconds, and tells whether to
        go on. After `remind_every` changes all are told how far it is: who has no events for long would else resume from
        where the stream is trimmed."""
        self._matches, self._history = EventMatches(reader, pause=pause), history
        self._lock, self._ended = lock, ended
        self._has_job = threading.Condition(lock)
        self._channels: dict[Hashable, EventChannel] = {}
        self._tables: Counter[str] = Counter()
        self._jobs: deque[Job] = deque()
        self._under_way = 0
        self._remind_every, self._reminded = remind_every, 0
        self._is_stopping = False
        self._delivered = 0
        self._gaps = 0

    def __repr__(self) -> str:
        return f"<Events {len(self._channels)} channels, {len(self._jobs)} jobs>"

    def stats(self) -> dict[str, int]:
        """Gauges `event_channels`, `event_jobs` (waiting or under way); counters `events` that were sent, and `gaps` that were told."""
        return {
            "event_channels": len(self._channels),
            "event_jobs": len(self._jobs) + self._under_way,
            "events": self._delivered,
            "gaps": self._gaps,
        }

    # ---- what the hub tells

    def open(self, made: EventChannel) -> EventChannel:
        """The channel of this key: the one there is, or the one made."""
        channel = self._channels.get(made.subject.key)
        if channel is None:
            channel = self._channels[made.subject.key] = made
            self._tables.update(made.source.tables)
        return channel

    def close_unwanted(self, channel: EventChannel) -> None:
        """Remove a channel that nobody subscribes to any more."""
        if not channel.is_wanted and self._channels.get(channel.subject.key) is channel:
            del self._channels[channel.subject.key]
            self._tables.subtract(channel.source.tables)
            self._tables += Counter()

    def resume(self, channel: EventChannel, outlet: Outlet, id: str, held: ResumePoint, position: Position) -> None:
        """Begin a subscription with what it missed; `position` is how far changes have come."""
        channel.resuming[outlet, id] = held
        self._put(Resume(channel, outlet, id, held, position))

    def changed(self, entries: Iterable[Entry], position: Position) -> None:
        """Route these changes, after all that came before; `position` is the last one's."""
        followed = [entry for entry in entries if entry.change.table in self._tables]
        if len(self._jobs) + len(followed) > MOST_BACKLOG:
            # They read all of it from the stream.
            resumptions = [replace(job, until=position) for job in self._jobs if isinstance(job, Resume)]
            self._jobs.clear()
            self._jobs.extend(resumptions)
            self._put(Lost(position))
            return
        for entry in followed:
            self._put(Routed(entry, position.epoch))
        if position.offset - self._reminded >= self._remind_every:
            self._reminded = position.offset
            self._put(Remind(position))

    def lost(self, position: Position) -> None:
        """Changes were lost; from `position` on none is."""
        self._reminded = position.offset
        self._put(Lost(position))

    def stop(self) -> None:
        """Have `run` return."""
        self._is_stopping = True
        self._has_job.notify_all()

    def _put(self, job: Job) -> None:
        self._jobs.append(job)
        self._has_job.notify()

    # ---- the thread

    def run(self) -> None:
        """Do jobs until `stop`."""
        while True:
            with self._lock:
                self._under_way = 0
                while not self._jobs and not self._is_stopping:
                    self._has_job.wait()
                if self._is_stopping:
                    return
                jobs = self._take()
                self._under_way = len(jobs)
            try:
                self._do(jobs)
            except Exception as error:  # noqa: BLE001 - a defect must not end the thread, and nobody may miss events in silence
                report_defect(error, jobs=len(jobs))
                self._declare_lost(jobs)

    def _do(self, jobs: Sequence[Job]) -> None:
        routed = [job for job in jobs if isinstance(job, Routed)]
        self._route(routed)
        self._resume([after_routing(job, routed) for job in jobs if isinstance(job, Resume)])
        for job in jobs:
            with self._lock:
                match job:
                    case Lost(position=position):
                        self._tell_gap(self._channels.values(), position)
                    case Remind(position=position):
                        for channel in self._channels.values():
                            channel.tell_position(position)

    def _take(self) -> list[Job]:
        """The next jobs that can be done together: changes and then resumptions, or one that stands between them."""
        jobs = [self._jobs.popleft()]
        while self._jobs and isinstance(jobs[-1], TOGETHER) and isinstance(self._jobs[0], TOGETHER):
            if len(jobs) == _CHUNK:
                break
            jobs.append(self._jobs.popleft())
        return jobs

    def _route(self, routed: Sequence[Routed]) -> None:
        with self._lock:
            channels = [each for each in self._channels.values() if len(each.channel)]
        for begin in range(0, len(routed), MOST_TOGETHER):
            part = routed[begin : begin + MOST_TOGETHER]
            matches = self._matches.find([each.entry for each in part], channels)
            payloads = self._matches.payloads(matches)
            if payloads is None:
                return
            epochs = {each.entry.offset: each.epoch for each in part}
            with self._lock:
                for (channel, entry), payload in zip(matches, payloads, strict=True):
                    if not channel.source.is_withheld(payload):
                        self._deliver(channel, entry, payload, Position(epochs[entry.offset], entry.offset))

    def _deliver(self, channel: EventChannel, entry: Entry, payload: Mapping[str, Any], position: Position) -> None:
        message = None
        for member in channel.channel:
            if member.is_past(position):
                continue
            if member.outlet.is_full:
                self._cut_off(channel, member.outlet, member.ids, member.after or position)
                continue
            if message is None:
                message = event_message(channel, entry, payload, position)
            member.outlet.send(message)
            member.advance(position)
            self._delivered += 1

    def _cut_off(self, channel: EventChannel, outlet: Outlet, ids: Iterable[str], had: Position) -> None:
        """End the subscriptions of who does not take events in time."""
        for id in sorted(ids):
            channel.cut_off(outlet, id, had)
            self._ended(outlet, id)
        self.close_unwanted(channel)

    # ---- resuming

    def _resume(self, jobs: Sequence[Resume]) -> None:
        """Give each what it missed, as far as it is there."""
        with self._lock:
            # Who was cut off again meanwhile asks again.
            jobs = [job for job in jobs if job.channel.resuming.get((job.outlet, job.id)) is job.held]
        if not jobs:
            return
        missed = Missed.read(jobs, history=self._history, tables=self._tables, matches=self._matches)
        if missed is None:
            return
        with self._lock:
            for job in jobs:
                if job.channel.resuming.pop((job.outlet, job.id), None) is None:
                    continue
                events = missed.by(job)
                if len(events) > MOST_MISSED:
                    self._begin_with_gap(job)
                else:
                    self._catch_up(job, events, recovered=missed.is_whole(job))

    def _begin_with_gap(self, job: Resume) -> None:
        self._gaps += 1
        job.channel.begin(job.outlet, job.id, job.until, recovered=False)
        job.channel.go_on(job.outlet, job.until)

    def _catch_up(self, job: Resume, events: Sequence[tuple[Entry, Mapping[str, Any]]], *, recovered: bool) -> None:
        self._gaps += not recovered
        job.channel.begin(job.outlet, job.id, job.begin, recovered=recovered)
        had = job.begin
        for entry, payload in events:
            if job.outlet.is_full:
                self._cut_off(job.channel, job.outlet, [job.id], had)
                return
            had = Position(job.until.epoch, entry.offset)
            job.outlet.send(event_message(job.channel, entry, payload, had, id=job.id))
            self._delivered += 1
        job.channel.go_on(job.outlet, job.until)

    # ---- losses

    def _tell_gap(self, channels: Iterable[EventChannel], position: Position) -> None:
        self._gaps += sum(channel.tell_gap(position) for channel in channels)

    def _declare_lost(self, jobs: Sequence[Job]) -> None:
        with self._lock:
            for job in jobs:
                if isinstance(job, Resume) and job.channel.resuming.pop((job.outlet, job.id), None) is not None:
                    self._begin_with_gap(job)
            routed = [job for job in jobs if isinstance(job, Routed)]
            if routed:
                tables = {job.entry.change.table for job in routed}
                concerned = [each for each in self._channels.values() if each.source.tables & tables]
                self._tell_gap(concerned, routed[-1].position)
