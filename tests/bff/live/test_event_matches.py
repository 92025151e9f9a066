"""Which changes are events for whom, and how long they are tried to be read."""

from __future__ import annotations

from bff.errors import BffError, DeadlineExceeded, Overloaded
from tests.bff.live.memory_node import MINE, NOTES, Node
from tests.bff.live.outlets import told_as


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
