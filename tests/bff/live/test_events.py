"""Events over an engine in memory: in order, once, and never lost in silence."""

from __future__ import annotations

from dataclasses import replace

from bff.settings import LiveSettings
from tests.bff.live.memory_node import NOTES, Node
from tests.bff.live.outlets import told_as


def test_events_come_in_order_to_those_they_are_for(node: Node) -> None:
    ones, twos = node.subscribe(NOTES), node.subscribe(NOTES, "2")
    first, second, third = node.note("1"), node.note("2"), node.note("1")
    node.tell(first, second)
    node.tell(third)
    ones.wait(lambda it: it.view("s").events == [told_as(first), told_as(third)])
    twos.wait(lambda it: it.view("s").events == [told_as(second)])
    assert ones.view("s").payloads == [{"data": {"noteAdded": {"id": str(each.id)}}} for each in (first, third)]


def test_events_before_the_subscription_are_not_its(node: Node) -> None:
    node.tell(node.note("1"))
    outlet = node.subscribe(NOTES)
    later = node.note("1")
    node.tell(later)
    outlet.wait(lambda it: it.view("s").events == [told_as(later)])


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
