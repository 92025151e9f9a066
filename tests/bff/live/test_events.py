"""Events over an engine in memory: in order, once, and never lost in silence."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from bff.changes.stream import Entry, Gap, Position
from bff.errors import BffError, DeadlineExceeded, Overloaded
from bff.settings import LiveSettings
from tests.bff.live.memory_node import MINE, NOTES, QUICK, Node, held_back
from tests.bff.live.outlets import KeptOutlet, told_as
from tests.bff.polling import wait_until


def test_events_come_in_order_to_those_they_are_for(node: Node) -> None:
    ones, twos = node.subscribe(NOTES), node.subscribe(NOTES, "2")
    first, second, third = node.note("1"), node.note("2"), node.note("1")
    node.tell(first, second)
    node.tell(third)
    ones.wait(lambda it: it.view("s").events == [told_as(first), told_as(third)])
    twos.wait(lambda it: it.view("s").events == [told_as(second)])
    assert ones.view("s").payloads == [{"data": {"noteAdded": {"id": str(each.id)}}} for each in (first, third)]


def test_events_matched_by_the_viewer_are_theirs_alone(node: Node) -> None:
    """Viewers who see the same may want other events."""
    one, two = node.subscribe(MINE, viewer=1), node.subscribe(MINE, viewer=2)
    first, second = node.note("1"), node.note("2")
    node.tell(first, second)
    one.wait(lambda it: it.view("s").events == [told_as(first)])
    two.wait(lambda it: it.view("s").events == [told_as(second)])
    stolen = node.subscribe(MINE, viewer=2, resume=one.view("s").position)
    [(event, message)] = stolen.messages
    assert event == "error"
    assert message["payload"][0]["extensions"]["code"] == "FORBIDDEN"


def test_events_before_the_subscription_are_not_its(node: Node) -> None:
    node.tell(node.note("1"))
    outlet = node.subscribe(NOTES)
    later = node.note("1")
    node.tell(later)
    outlet.wait(lambda it: it.view("s").events == [told_as(later)])


def test_who_resumes_gets_what_was_missed_and_then_the_new(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    first = node.note("1")
    node.tell(first)
    outlet.wait(lambda it: it.view("s").events)
    position = outlet.view("s").position
    node.hub.drop(outlet)
    missed = [node.note("1"), node.note("2"), node.note("1")]
    node.tell(*missed)
    again = node.subscribe(NOTES, resume=position)
    new = node.note("1")
    node.tell(new)
    again.wait(lambda it: len(it.view("s").events) == 3)
    view = again.view("s")
    assert view.events == [told_as(missed[0]), told_as(missed[2]), told_as(new)]
    assert view.recovered is True


def test_what_was_trimmed_is_declared() -> None:
    node = Node(QUICK, length=3, patience=0.0)
    try:
        outlet = node.subscribe(NOTES)
        start = outlet.view("s").position
        node.tell(node.note("1"))
        outlet.wait(lambda it: it.view("s").events)
        later = outlet.view("s").position
        node.hub.drop(outlet)
        node.tell(*(node.note("1") for _ in range(3)))
        lost, kept = node.subscribe(NOTES, resume=start), node.subscribe(NOTES, resume=later)
        for outlet in (lost, kept):
            outlet.wait(lambda it: len(it.view("s").events) == 3)
        assert (lost.view("s").recovered, kept.view("s").recovered) == (False, True)
        # What is there yet is told; the one that is not was not told either.
        assert lost.view("s").events == kept.view("s").events
        note = node.note("1")
        node.tell(note)
        lost.wait(lambda it: it.view("s").events[3:] == [told_as(note)])
    finally:
        node.hub.stop()


def test_a_new_epoch_is_a_gap_and_all_that_it_holds(node: Node) -> None:
    outlet, gone = node.subscribe(NOTES), node.subscribe(NOTES)
    first = node.note("1")
    node.tell(first)
    for each in (outlet, gone):
        each.wait(lambda it: it.view("s").events == [told_as(first)])
    position = gone.view("s").position
    node.hub.drop(gone)
    notes = [node.note("1"), node.note("2"), node.note("1")]
    node.begin_epoch(*notes)
    outlet.wait(lambda it: len(it.view("s").events) == 3)
    assert outlet.view("s").events == [told_as(each) for each in (first, notes[0], notes[2])]
    assert [event for event, _ in outlet.messages] == ["subscribed", "next", "gap", "next", "next"]
    again = node.subscribe(NOTES, resume=position)
    again.wait(lambda it: it.view("s").events == [told_as(each) for each in (notes[0], notes[2])])
    assert again.view("s").recovered is False
    new = node.note("1")
    node.tell(new)
    for each in (outlet, again):
        each.wait(lambda it: it.view("s").events[-1] == told_as(new))


def test_who_is_cut_off_in_a_new_epoch_resumes_in_it(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    position = outlet.view("s").position
    node.hub.drop(outlet)
    note = node.note("1")
    node.begin_epoch(note)
    full = KeptOutlet()
    full.is_full = True
    node.subscribe(NOTES, outlet=full, resume=position)
    full.wait(lambda it: it.view("s").ended)
    ended = full.view("s").ended or {}
    assert (full.view("s").recovered, ended["code"]) == (False, "SLOW_CONSUMER")
    again = node.subscribe(NOTES, resume=ended["resume"])
    again.wait(lambda it: it.view("s").events == [told_as(note)])
    assert again.view("s").recovered is True


def test_who_comes_while_a_new_epoch_is_not_yet_known_of_gets_all_of_it(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    position = outlet.view("s").position
    node.tell(node.note("1"))
    node.hub.drop(outlet)
    node.stream.clear()
    begin, note = node.stream.top(), node.note("1")
    end = node.stream.append([note])
    again = node.subscribe(NOTES, resume=position)
    again.wait(lambda it: it.view("s").recovered is False)
    node.hub.lost(begin)
    node.hub.changed(node.stream.read(begin, most=1, wait=0), end)
    again.wait(lambda it: it.view("s").events == [told_as(note)])


def test_a_hole_in_what_was_missed_is_declared_and_the_rest_is_told(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlet = node.subscribe(NOTES)
    start = outlet.view("s").position
    notes = [node.note("1") for _ in range(5)]
    positions = []
    for note in notes:
        node.tell(note)
        outlet.wait(lambda it, note=note: told_as(note) in it.view("s").events)
        positions.append(outlet.view("s").position)
    read = node.stream.read

    def unreadable(after: Position, *, most: int, wait: float) -> Sequence[Entry]:
        """The third."""
        if after.offset == 2:
            raise Gap("entry 3 cannot be read", Position(after.epoch, 3))
        return read(after, most=min(most, 2 - after.offset) if after.offset < 2 else most, wait=wait)

    monkeypatch.setattr(node.stream, "read", unreadable)
    release = held_back(node)
    holding = node.engine.before
    notes.append(node.note("1"))
    node.tell(notes[-1])
    wait_until(lambda: node.engine.before is not holding)
    # Both wait for the read of that, and are read for together.
    before, behind = node.subscribe(NOTES, resume=start), node.subscribe(NOTES, resume=positions[2])
    release()
    for each, there in ((before, [*notes[:2], *notes[3:]]), (behind, notes[3:])):
        each.wait(lambda it, there=there: it.view("s").events == [told_as(note) for note in there])
    assert (before.view("s").recovered, behind.view("s").recovered) == (False, True)


def test_who_was_on_a_node_that_is_ahead_has_missed_nothing(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    begin = node.stream.top()
    notes = [node.note("1") for _ in range(2)]
    node.tell(*notes)
    outlet.wait(lambda it: len(it.view("s").events) == 2)
    position = outlet.view("s").position
    behind = Node(QUICK, patience=0.0, stream=node.stream, begin=begin)
    try:
        again = behind.subscribe(NOTES, resume=position)
        again.wait(lambda it: it.view("s").recovered is True)
        notes.append(node.note("1"))
        end = node.stream.append(notes[-1:])
        behind.hub.changed(node.stream.read(begin, most=3, wait=0), end)
        again.wait(lambda it: it.view("s").events[-1:] == [told_as(notes[2])])
        assert again.view("s").gaps == 0
    finally:
        behind.hub.stop()


def test_an_outbox_that_is_made_anew_gives_numbers_again_and_its_events_are_others(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    position = outlet.view("s").position
    first = node.note("1")
    again = replace(first, xid=first.xid + 1, new={"id": "77", "room_id": "1"})
    elsewhere = replace(first, xid=first.xid + 2, new={"id": "78", "room_id": "2"})
    for each in ([first], [again, elsewhere]):
        node.tell(*each)
    outlet.wait(lambda it: it.view("s").events == [told_as(first), told_as(again)])
    # Read together, too.
    resumed = node.subscribe(NOTES, resume=position)
    resumed.wait(lambda it: len(it.view("s").events) == 2)
    assert resumed.view("s").payloads == outlet.view("s").payloads
    assert [each["data"]["noteAdded"]["id"] for each in outlet.view("s").payloads] == [first.new["id"], "77"]


def test_who_does_not_take_events_is_ended_and_resumes(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    first = node.note("1")
    node.tell(first)
    outlet.wait(lambda it: it.view("s").events)
    outlet.is_full = True
    missed = node.note("1")
    node.tell(missed)
    outlet.wait(lambda it: it.view("s").ended)
    ended = outlet.view("s").ended
    assert ended is not None
    assert ended["code"] == "SLOW_CONSUMER"
    outlet.is_full = False
    node.subscribe(NOTES, outlet=outlet, id="again", resume=ended["resume"])
    outlet.wait(lambda it: it.view("again").events == [told_as(missed)])


def test_what_a_viewer_may_not_see_is_no_event_for_them(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    node.engine.hidden.add("1")
    node.tell(node.note("1"))
    node.engine.hidden.clear()
    seen = node.note("1")
    node.tell(seen)
    outlet.wait(lambda it: told_as(seen) in it.view("s").events)


def test_events_wait_for_a_database_that_is_away(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    failures: list[BffError] = [Overloaded("no"), Overloaded("no")]

    def fail() -> None:
        if failures:
            raise failures.pop()

    node.engine.before = fail
    notes = [node.note("1") for _ in range(3)]
    node.tell(*notes)
    outlet.wait(lambda it: it.view("s").events == [told_as(note) for note in notes])


def test_what_always_takes_too_long_is_a_gap_and_keeps_nobody_else_from_events(node: Node) -> None:
    outlet, other = node.subscribe(NOTES), node.subscribe(NOTES, "2")
    failures = [DeadlineExceeded(), DeadlineExceeded(), DeadlineExceeded()]

    def fail() -> None:
        if failures:
            raise failures.pop()

    node.engine.before = fail
    node.tell(node.note("1"))
    outlet.wait(lambda it: it.view("s").gaps == 1)
    note = node.note("2")
    node.tell(note)
    other.wait(lambda it: it.view("s").events == [told_as(note)])


def test_who_has_no_events_for_long_is_told_how_far_it_is() -> None:
    node = Node(LiveSettings(stream_length=50), length=10)
    try:
        outlet = node.subscribe(NOTES)
        for _ in range(4):
            node.tell(*(node.note("2") for _ in range(5)))
        outlet.wait(lambda it: len(it.messages) == 5)
        assert {event for event, _ in outlet.messages[1:]} == {"position"}
        position = outlet.view("s").position
        node.hub.drop(outlet)
        note = node.note("1")
        node.tell(note)
        again = node.subscribe(NOTES, resume=position)
        again.wait(lambda it: it.view("s").events == [told_as(note)])
        assert again.view("s").recovered is True
    finally:
        node.hub.stop()


def test_a_defect_of_events_is_a_gap(node: Node) -> None:
    outlet = node.subscribe(NOTES)

    def fail() -> None:
        node.engine.before = lambda: None
        raise ZeroDivisionError

    node.engine.before = fail
    node.tell(node.note("1"))
    outlet.wait(lambda it: it.view("s").gaps == 1)
    note = node.note("1")
    node.tell(note)
    outlet.wait(lambda it: it.view("s").events == [told_as(note)])
