"""Event subscriptions of a node: which changes are events for whom, in the stream's order.

One thread does jobs in the order they came: changes to route, subscriptions to resume, losses to tell. Changes and
resumptions that follow each other are taken together, the changes first. A resumption holds the position up to which it reads what was missed
from the stream: what is before has been routed when it is done, what comes after is routed later. So missed events and new
ones follow each other without a hole and without a double.

Payloads are read when the event is delivered, under the viewer's policy: a row that is gone by then, or not to be seen, is no
event.
"""

from __future__ import annotations

import threading
from collections import Counter, deque
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol

from ..changes.backoff import Backoff
from ..changes.change import Change, ChangeId
from ..changes.replay import Replay
from ..changes.stream import Entry, Position, Stream
from ..errors import DeadlineExceeded, SlowConsumer, TryAgain
from ..protocol import messages as protocol
from ..protocol.resume_token import ResumePoint
from ..readsets.readset import Invocation, LiveAnswer
from ..telemetry import report_defect
from .channels import Outlet
from .event_channel import EventChannel, event_message
from .event_jobs import TOGETHER, Job, Lost, Remind, Resume, Routed, after_routing
from .scheduler import Runner
from .sources import EventSource, Route

MOST_BACKLOG = 20_000
"""Changes that wait to be routed; when a database is away for longer, events are declared lost instead."""

MOST_MISSED = 1_000
"""Events that one subscription may catch up on."""

MOST_TOGETHER = 100
"""Payloads read together."""

MOST_TOO_LONG = 3
"""Times that a read may exceed its deadline before its events are declared lost: all others wait for it."""

_CHUNK = 1_000


class EventReader(Runner, Protocol):
    """How events are read; the server implements it."""

    def locate(self, source: EventSource, changes: Sequence[Change]) -> Mapping[ChangeId, Mapping[Route, Change]]:
        """Where the rows of changes are and were, by the change's key, each with the change as it is told there. Raises TryAgain."""


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
        """`ended` is told of subscriptions that were completed here; `pause` waits for so many seconds, and tells whether to
        go on. After `remind_every` changes all are told how far it is: who has no events for long would else resume from
        where the stream is trimmed."""
        self._reader, self._history = reader, history
        self._lock, self._ended, self._pause = lock, ended, pause
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

    def begin(
        self, channel: EventChannel, outlet: Outlet, id: str, position: Position, *, recovered: bool | None
    ) -> None:
        """Begin a subscription with what comes after `position`.

        Where the socket has another one to the channel, that goes on from where it is: what waits to be routed is still to
        be told to it.
        """
        if channel.channel.of(outlet) is None:
            channel.channel.admit(outlet, id).advance(position)
        else:
            channel.channel.admit(outlet, id)
        outlet.send(
            protocol.subscribed(
                id,
                channel=channel.channel.number,
                kind="event",
                recovered=recovered,
                position=channel.tokens.seal(position),
            )
        )

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
                        self._tell_position(position)

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
            matches = self._matches([each.entry for each in part], channels)
            payloads = self._payloads(matches)
            if payloads is None:
                return
            epochs = {each.entry.offset: each.epoch for each in part}
            with self._lock:
                for (channel, entry), payload in zip(matches, payloads, strict=True):
                    if not channel.source.is_withheld(payload):
                        self._deliver(channel, entry, payload, Position(epochs[entry.offset], entry.offset))

    def _matches(self, entries: Sequence[Entry], channels: Iterable[EventChannel]) -> list[tuple[EventChannel, Entry]]:
        """Who gets which of the entries, in their order."""
        by_source: dict[str, dict[Route, list[EventChannel]]] = {}
        for channel in channels:
            by_source.setdefault(channel.source.name, {}).setdefault(channel.route, []).append(channel)
        found: list[tuple[int, EventChannel, Entry]] = []
        for by_route in by_source.values():
            source = next(iter(by_route.values()))[0].source
            taken = [each for each in entries if source.takes(each.change)]
            if taken:
                routes = self._located(source, taken)
                for entry in taken:
                    for route, told in routes.get(entry.change.key, {}).items():
                        here = replace(entry, change=told)
                        found += [(entry.offset, channel, here) for channel in by_route.get(route, ())]
        found.sort(key=lambda each: each[0])
        return [(channel, entry) for _, channel, entry in found]

    def _located(self, source: EventSource, entries: Sequence[Entry]) -> Mapping[ChangeId, Mapping[Route, Change]]:
        changes = [entry.change for entry in entries]
        found: Mapping[ChangeId, Mapping[Route, Change]] | None = self._trying(
            lambda: self._reader.locate(source, changes)
        )
        return found or {}

    def _payloads(self, matches: Sequence[tuple[EventChannel, Entry]]) -> list[Mapping[str, Any]] | None:
        """The payloads of matches, in their order; None when stopping."""
        groups: dict[Hashable, list[int]] = {}
        for number, (channel, _) in enumerate(matches):
            groups.setdefault(channel.subject.group, []).append(number)
        payloads: list[Mapping[str, Any]] = [{}] * len(matches)
        for numbers in groups.values():
            answers = self._read_payloads([matches[number] for number in numbers])
            if answers is None:
                return None
            for number, answer in zip(numbers, answers, strict=True):
                payloads[number] = answer.payload
        return payloads

    def _read_payloads(self, matches: Sequence[tuple[EventChannel, Entry]]) -> Sequence[LiveAnswer] | None:
        """Those of one plan and scope."""
        first = matches[0][0].subject
        asked = [
            Invocation(channel.subject.variables, channel.source.root_value(entry.change)) for channel, entry in matches
        ]
        answers: Sequence[LiveAnswer] | None = self._trying(
            lambda: self._reader.execute_live(first.plan, asked, first.viewer).answers
        )
        return answers

    def _trying(self, read: Callable[[], Any]) -> Any:
        """What `read` gives, tried until the database answers; None when stopping. Raises DeadlineExceeded for what takes too long
        time and again."""
        backoff, too_long = Backoff(), 0
        while True:
            try:
                return read()
            except TryAgain as error:
                too_long += isinstance(error, DeadlineExceeded)
                if too_long == MOST_TOO_LONG:
                    raise
                if not self._pause(backoff.next()):
                    return None

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
        """End the subscriptions of who does not take events in time; they may resume after what they have."""
        for id in sorted(ids):
            reason = "events were not taken in time; resume"
            outlet.send(protocol.complete(id, SlowConsumer, reason, resume=channel.tokens.seal(had)))
            channel.leave(outlet, id)
            self._ended(outlet, id)
        self.close_unwanted(channel)

    # ---- resuming

    def _resume(self, jobs: Sequence[Resume]) -> None:
        """Give each what it missed, as far as it is there: read once what all of them together did, and give each its part."""
        with self._lock:
            # Who was cut off again meanwhile asks anew.
            jobs = [job for job in jobs if job.channel.resuming.get((job.outlet, job.id)) is job.held]
        if not jobs:
            return
        earliest = min((job.begin for job in jobs), key=lambda position: position.offset)
        until = max(job.until.offset for job in jobs)
        read = partial(Replay.read, self._history, earliest, until=until, tables=self._tables)
        past: Replay | None = self._trying(read)
        if past is None:
            return
        begins: dict[EventChannel, int] = {}
        for job in jobs:
            begins[job.channel] = min(job.begin.offset, begins.get(job.channel, job.begin.offset))
        matches = [
            (channel, entry) for channel, entry in self._matches(past.entries, begins) if entry.offset > begins[channel]
        ]
        missed: dict[EventChannel, list[tuple[Entry, Mapping[str, Any]]]] = {channel: [] for channel in begins}
        for begin in range(0, len(matches), MOST_TOGETHER):
            part = matches[begin : begin + MOST_TOGETHER]
            payloads = self._payloads(part)
            if payloads is None:
                return
            for (channel, entry), payload in zip(part, payloads, strict=True):
                if not channel.source.is_withheld(payload):
                    missed[channel].append((entry, payload))
        with self._lock:
            for job in jobs:
                if job.channel.resuming.pop((job.outlet, job.id), None) is None:
                    continue
                theirs = [
                    (entry, payload)
                    for entry, payload in missed[job.channel]
                    if job.begin.offset < entry.offset <= job.until.offset
                ]
                if len(theirs) > MOST_MISSED:
                    self._begin_anew(job)
                else:
                    is_whole = job.begin == job.held.position and past.is_whole(job.begin.offset, job.until.offset)
                    self._catch_up(job, theirs, recovered=is_whole)

    def _begin_anew(self, job: Resume) -> None:
        self._gaps += 1
        self.begin(job.channel, job.outlet, job.id, job.until, recovered=False)
        self._go_on(job)

    @staticmethod
    def _go_on(job: Resume) -> None:
        """What comes after `until` has been routed to nobody yet, also where the socket subscribed anew behind it meanwhile.

        Who comes from a node that is ahead of this one gets again what it has, and drops it by its id.
        """
        member = job.channel.channel.of(job.outlet)
        assert member is not None
        member.after = job.until

    def _catch_up(self, job: Resume, theirs: Sequence[tuple[Entry, Mapping[str, Any]]], *, recovered: bool) -> None:
        self._gaps += not recovered
        self.begin(job.channel, job.outlet, job.id, job.begin, recovered=recovered)
        had = job.begin
        for entry, payload in theirs:
            if job.outlet.is_full:
                self._cut_off(job.channel, job.outlet, [job.id], had)
                return
            had = Position(job.until.epoch, entry.offset)
            job.outlet.send(event_message(job.channel, entry, payload, had, id=job.id))
            self._delivered += 1
        self._go_on(job)

    # ---- losses

    def _tell_gap(self, channels: Iterable[EventChannel], position: Position) -> None:
        for channel in channels:
            message = protocol.gap(channel.channel.number, position=channel.tokens.seal(position))
            for member in channel.channel:
                if not member.is_past(position):
                    member.outlet.send(message)
                    member.advance(position)
                    self._gaps += 1

    def _tell_position(self, position: Position) -> None:
        for channel in self._channels.values():
            message = protocol.position(channel.channel.number, position=channel.tokens.seal(position))
            for member in channel.channel:
                if not member.is_past(position) and not member.outlet.is_full:
                    member.outlet.send(message)
                    member.advance(position)

    def _declare_lost(self, jobs: Sequence[Job]) -> None:
        with self._lock:
            for job in jobs:
                if isinstance(job, Resume) and job.channel.resuming.pop((job.outlet, job.id), None) is not None:
                    self._begin_anew(job)
            routed = [job for job in jobs if isinstance(job, Routed)]
            if routed:
                tables = {job.entry.change.table for job in routed}
                concerned = [each for each in self._channels.values() if each.source.tables & tables]
                self._tell_gap(concerned, routed[-1].position)
