"""An event channel: all subscriptions of a node to the same events, and an event as it is sent to them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..changes.stream import Entry, Position
from ..errors import SlowConsumer
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

    def begin(self, outlet: Outlet, id: str, position: Position, *, recovered: bool | None) -> None:
        """Begin a subscription with what comes after `position`.

        Where the socket has another one to the channel, that goes on from where it is: what waits to be routed is still to
        be told to it.
        """
        if self.channel.of(outlet) is None:
            self.channel.admit(outlet, id).advance(position)
        else:
            self.channel.admit(outlet, id)
        outlet.send(
            protocol.subscribed(
                id,
                channel=self.channel.number,
                kind="event",
                recovered=recovered,
                position=self.tokens.seal(position),
            )
        )

    def go_on(self, outlet: Outlet, position: Position) -> None:
        """A resumed subscription has all up to `position`.

        What comes after it has been routed to nobody yet, also where the socket subscribed again behind it meanwhile. Who comes
        from a node that is ahead of this one gets again what it has, and drops it by its id.
        """
        member = self.channel.of(outlet)
        assert member is not None
        member.after = position

    def tell_gap(self, position: Position) -> int:
        """Tell all who are not past `position` that events before it were lost; gives how many these are."""
        message = protocol.gap(self.channel.number, position=self.tokens.seal(position))
        told = 0
        for member in self.channel:
            if not member.is_past(position):
                member.outlet.send(message)
                member.advance(position)
                told += 1
        return told

    def tell_position(self, position: Position) -> None:
        """Tell all who are not past `position` that they have everything up to it."""
        message = protocol.position(self.channel.number, position=self.tokens.seal(position))
        for member in self.channel:
            if not member.is_past(position) and not member.outlet.is_full:
                member.outlet.send(message)
                member.advance(position)

    def cut_off(self, outlet: Outlet, id: str, had: Position) -> None:
        """End a subscription whose socket does not take events in time; it may resume after `had`."""
        reason = "events were not taken in time; resume"
        outlet.send(protocol.complete(id, SlowConsumer, reason, resume=self.tokens.seal(had)))
        self.leave(outlet, id)

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
