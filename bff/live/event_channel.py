"""An event channel: all subscriptions of a node to the same events, and an event as it is sent to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..changes.stream import Entry, Position
from ..json_text import encode
from ..protocol import messages as protocol
from ..protocol.resume_token import ResumePoint, ResumeTokens
from .channels import Channel, Outlet
from .sources import EventSource, Route
from .subject import Subject


class EventChannel:
    """All subscriptions to one event field with the same variables in one viewer's scope."""

    def __init__(
        self, subject: Subject, *, source: EventSource, route: Route, tokens: ResumeTokens, number: int
    ) -> None:
        self.subject, self.source, self.route, self.tokens = subject, source, route, tokens
        self.channel = Channel(number)
        self.resuming: dict[tuple[Outlet, str], ResumePoint] = {}

    def __repr__(self) -> str:
        return f"<EventChannel {self.subject.plan.name} of {len(self.channel)}, {len(self.resuming)} resuming>"

    @property
    def is_wanted(self) -> bool:
        return bool(self.resuming) or len(self.channel) > 0

    def leave(self, outlet: Outlet, id: str) -> None:
        """End a subscription."""
        self.resuming.pop((outlet, id), None)
        self.channel.leave(outlet, id)


def event_message(
    channel: EventChannel, entry: Entry, payload: Mapping[str, Any], position: Position, *, id: str | None = None
) -> protocol.Message:
    """The event of a change at a position; with `id`, for that one of the channel's subscriptions."""
    return protocol.next_event(
        channel.channel.number,
        event="-".join(map(str, entry.change.key)),
        payload=encode(payload).decode(),
        position=channel.tokens.seal(position),
        id=id,
    )
