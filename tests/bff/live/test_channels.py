"""Whom a channel's messages go to: outlets, each for the subscriptions of its socket, and how far each of them is."""

from __future__ import annotations

import pytest

from bff.changes.stream import Position
from bff.live.channels import Channel, Member
from tests.bff.live.outlets import KeptOutlet


@pytest.fixture
def channel() -> Channel:
    return Channel(7)


def test_a_socket_is_one_member_however_many_subscriptions_it_has(channel: Channel) -> None:
    one, other = KeptOutlet(), KeptOutlet()
    member = channel.admit(one, "a")
    assert channel.admit(one, "b") is member
    assert channel.admit(one, "b") is member
    channel.admit(other, "a")
    assert (len(channel), repr(channel)) == (2, "<Channel 7 of 2>")
    assert channel.of(one) is member
    assert member.ids == {"a", "b"}
    assert [each.outlet for each in channel] == [one, other]


def test_with_its_last_subscription_a_socket_is_no_member(channel: Channel) -> None:
    outlet, stranger = KeptOutlet(), KeptOutlet()
    for id in ("a", "b"):
        channel.admit(outlet, id)
    channel.leave(outlet, "a")
    channel.leave(outlet, "never begun")
    channel.leave(stranger, "b")
    assert len(channel) == 1
    channel.leave(outlet, "b")
    assert (len(channel), channel.of(outlet)) == (0, None)
    # Who comes back begins from nothing.
    again = channel.admit(outlet, "c")
    assert (again.ids, again.version, again.after) == ({"c"}, 0, None)


def test_members_may_leave_while_they_are_sent_something(channel: Channel) -> None:
    outlets = [KeptOutlet() for _ in range(3)]
    for outlet in outlets:
        channel.admit(outlet, "a")
    seen = []
    for member in channel:
        seen.append(member.outlet)
        channel.leave(member.outlet, "a")
    assert seen == outlets
    assert len(channel) == 0


def test_who_is_cleared_is_named(channel: Channel) -> None:
    outlets = [KeptOutlet() for _ in range(2)]
    for outlet in outlets:
        channel.admit(outlet, "a")
    assert [member.outlet for member in channel.clear()] == outlets
    assert channel.clear() == []


@pytest.mark.parametrize(
    ("after", "position", "is_past"),
    [
        (None, Position("e1", 0), False),
        (Position("e1", 5), Position("e1", 4), True),
        (Position("e1", 5), Position("e1", 5), True),
        (Position("e1", 5), Position("e1", 6), False),
        # Of another epoch nothing is known, however far it counts.
        (Position("e1", 5), Position("e2", 1), False),
    ],
)
def test_what_a_member_has_is_told_by_epoch_and_offset(
    after: Position | None, position: Position, is_past: bool
) -> None:
    assert Member(KeptOutlet(), after=after).is_past(position) is is_past


def test_a_member_never_goes_back_within_an_epoch() -> None:
    member = Member(KeptOutlet())
    reached = []
    for position in (Position("e1", 5), Position("e1", 3), Position("e1", 9), Position("e2", 1), Position("e2", 0)):
        member.advance(position)
        reached.append(member.after)
    e1, e2 = Position("e1", 9), Position("e2", 1)
    assert reached == [Position("e1", 5), Position("e1", 5), e1, e2, e2]
