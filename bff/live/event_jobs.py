"""What the thread of events does, as values: route a change, resume a subscription, tell a loss or a position."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ..changes.stream import Entry, Position
from ..protocol.resume_token import ResumePoint
from .channels import Outlet
from .event_channel import EventChannel

FARTHEST = 20_000
"""Changes that are looked through for a position of another epoch: many come with one after Redis was restarted, however late."""


@dataclass(frozen=True, slots=True)
class Resume:
    channel: EventChannel
    outlet: Outlet
    id: str
    held: ResumePoint
    until: Position

    @property
    def begin(self) -> Position:
        """Where it reads on: where it was, or at the beginning of an epoch that it knows nothing of, unless that is too far."""
        held, until = self.held.position, self.until
        return held if held.epoch == until.epoch else Position(until.epoch, max(0, until.offset - FARTHEST))


@dataclass(frozen=True, slots=True)
class Lost:
    position: Position


@dataclass(frozen=True, slots=True)
class Routed:
    entry: Entry
    epoch: str

    @property
    def position(self) -> Position:
        return Position(self.epoch, self.entry.offset)


@dataclass(frozen=True, slots=True)
class Remind:
    position: Position


Job = Routed | Resume | Lost | Remind
TOGETHER = (Routed, Resume)


def after_routing(job: Resume, routed: Sequence[Routed]) -> Resume:
    """The resumption when all of these have been routed, which is as if it had been asked for then."""
    return replace(job, until=routed[-1].position) if routed and job.until.offset < routed[-1].entry.offset else job
