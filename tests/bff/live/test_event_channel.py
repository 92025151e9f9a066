"""The subscriptions of one event channel: what one socket, or one that resumes, is sent."""

from __future__ import annotations

from tests.bff.live.memory_node import NOTES, Node, held_back
from tests.bff.live.outlets import told_as


def test_what_is_missed_is_for_who_missed_it(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    position = outlet.view("s").position
    note = node.note("1")
    node.tell(note)
    outlet.wait(lambda it: it.view("s").events == [told_as(note)])
    count = len(outlet.messages)
    node.subscribe(NOTES, outlet=outlet, id="late", resume=position)
    outlet.wait(lambda it: it.view("late").events == [told_as(note)])
    [message] = [message for event, message in outlet.messages[count:] if event == "next"]
    assert message["id"] == "late"


def test_a_channel_whose_last_subscription_was_too_slow_is_not_kept(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    outlet.is_full = True
    node.tell(node.note("1"))
    outlet.wait(lambda it: it.view("s").ended)
    with node.hub._lock:
        assert node.hub.stats()["event_channels"] == 0


def test_a_second_subscription_of_a_socket_takes_nothing_from_the_first(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    release = held_back(node)
    notes = [node.note("1") for _ in range(3)]
    for note in notes:
        node.tell(note)
    node.subscribe(NOTES, outlet=outlet, id="later")
    release()
    outlet.wait(lambda it: it.view("s").events == [told_as(note) for note in notes])


def test_a_second_subscription_of_a_socket_takes_nothing_from_one_that_resumes(node: Node) -> None:
    before = node.subscribe(NOTES)
    first = node.note("1")
    node.tell(first)
    before.wait(lambda it: it.view("s").events)
    release = held_back(node)
    notes = [node.note("1") for _ in range(3)]
    node.tell(notes[0])
    outlet = node.subscribe(NOTES, resume=before.view("s").position)
    for note in notes[1:]:
        node.tell(note)
    node.subscribe(NOTES, outlet=outlet, id="later")
    release()
    outlet.wait(lambda it: it.view("s").events == [told_as(note) for note in notes])
