"""Resumptions: what subscriptions missed while they were away, read from the stream once for all that resume together."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Self

from ..changes.replay import Replay
from ..changes.stream import Entry, Stream
from .event_channel import EventChannel
from .event_jobs import Resume
from .event_matches import EventMatches

MOST_TOGETHER = 100
"""Payloads read together."""


@dataclass(frozen=True, slots=True)
class Missed:
    """The events of channels since the earliest of the resumptions to each."""

    past: Replay
    events: Mapping[EventChannel, Sequence[tuple[Entry, Mapping[str, Any]]]]

    @classmethod
    def read(
        cls, jobs: Sequence[Resume], *, history: Stream, tables: Container[str], matches: EventMatches
    ) -> Self | None:
        """What one or more resumptions missed, as far as it is there; None when stopping."""
        earliest = min((job.begin for job in jobs), key=lambda position: position.offset)
        until = max(job.until.offset for job in jobs)
        past = matches.tried(partial(Replay.read, history, earliest, until=until, tables=tables))
        if past is None:
            return None
        begins: dict[EventChannel, int] = {}
        for job in jobs:
            begins[job.channel] = min(job.begin.offset, begins.get(job.channel, job.begin.offset))
        found = [
            (channel, entry) for channel, entry in matches.find(past.entries, begins) if entry.offset > begins[channel]
        ]
        events: dict[EventChannel, list[tuple[Entry, Mapping[str, Any]]]] = {channel: [] for channel in begins}
        for begin in range(0, len(found), MOST_TOGETHER):
            part = found[begin : begin + MOST_TOGETHER]
            payloads = matches.payloads(part)
            if payloads is None:
                return None
            for (channel, entry), payload in zip(part, payloads, strict=True):
                if not channel.source.is_withheld(payload):
                    events[channel].append((entry, payload))
        return cls(past, events)

    def by(self, job: Resume) -> list[tuple[Entry, Mapping[str, Any]]]:
        """The events that this resumption has to be given."""
        return [
            (entry, payload)
            for entry, payload in self.events[job.channel]
            if job.begin.offset < entry.offset <= job.until.offset
        ]

    def is_whole(self, job: Resume) -> bool:
        """Whether these are all that there were."""
        return job.begin == job.held.position and self.past.is_whole(job.begin.offset, job.until.offset)
