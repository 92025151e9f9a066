"""Channels: what a node sends once for all subscriptions to the same thing, and whom it goes to.

An outlet is where a socket takes messages. It never blocks: what cannot be sent yet it keeps, and says so (`is_full`).
A channel of states passes over an outlet that is full, which gets the newest state when it is `drained`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Protocol

from ..changes.stream import Position
from ..protocol.messages import Message


class Outlet(Protocol):
    """Where the messages for one socket go. Compared by identity."""

    def send(self, message: Message) -> None:
        """Take a message. Returns at once, whatever the network does."""

    @property
    def is_full(self) -> bool:
        """Whether more is unsent, or for longer, than the socket is allowed."""


@dataclass(eq=False, slots=True)
class Member:
    """An outlet in a channel, for the subscriptions `ids` of its socket.

    `version` is the state that it was sent last; events up to `after` are not for it, or were sent.
    """

    outlet: Outlet
    ids: set[str] = field(default_factory=set)
    version: int = 0
    after: Position | None = None

    def is_past(self, position: Position) -> bool:
        """Whether it has what is at a position, or begins behind it."""
        return self.after is not None and self.after.epoch == position.epoch and self.after.offset >= position.offset

    def advance(self, position: Position) -> None:
        """It has everything up to a position, unless it is farther already."""
        if not self.is_past(position):
            self.after = position


class Channel:
    """The members of one number."""

    def __init__(self, number: int) -> None:
        self.number = number
        self._members: dict[Outlet, Member] = {}

    def __repr__(self) -> str:
        return f"<Channel {self.number} of {len(self)}>"

    def __len__(self) -> int:
        return len(self._members)

    def __iter__(self) -> Iterator[Member]:
        return iter(list(self._members.values()))

    def of(self, outlet: Outlet) -> Member | None:
        """The outlet's membership, if it has one."""
        return self._members.get(outlet)

    def admit(self, outlet: Outlet, id: str) -> Member:
        """Make a subscription one of the outlet's."""
        member = self._members.get(outlet)
        if member is None:
            member = self._members[outlet] = Member(outlet)
        member.ids.add(id)
        return member

    def leave(self, outlet: Outlet, id: str) -> None:
        """End one subscription of the outlet; with its last one it is no member any more."""
        member = self._members.get(outlet)
        if member is not None:
            member.ids.discard(id)
            if not member.ids:
                del self._members[outlet]

    def clear(self) -> list[Member]:
        """End all; gives who they were."""
        members = list(self._members.values())
        self._members.clear()
        return members
