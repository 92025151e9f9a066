"""The hub, over an engine in memory: how subscriptions begin and end, and what they are told."""

from __future__ import annotations

import pytest

from bff.changes.stream import MemoryStream
from bff.errors import Forbidden
from tests.bff.live.memory_node import NOTES, PRESENT, QUICK, ROOM, Node, values
from tests.bff.live.outlets import PATIENCE, KeptOutlet, told_as


def test_a_subscription_gets_the_state_and_then_each_new_one(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    node.commit("1", 5)
    outlet.wait(lambda it: values(it) == [0, 5])
    node.commit("2", 6)
    node.commit("1", 7)
    outlet.wait(lambda it: values(it) == [0, 5, 7])
    assert node.engine.runs == [["1"], ["1"], ["1"]], "what did not touch it did not run it"


def test_many_subscribers_are_one_execution(node: Node) -> None:
    outlets = [node.subscribe() for _ in range(100)]
    for outlet in outlets:
        outlet.wait(lambda it: values(it) == [0])
    runs = len(node.engine.runs)
    node.commit("1", 5)
    for outlet in outlets:
        outlet.wait(lambda it: values(it) == [0, 5])
    assert len(node.engine.runs) == runs + 1
    assert node.hub.stats()["operations"] == 1


def test_a_change_between_the_read_and_the_subscription_is_not_missed(node: Node) -> None:
    node.engine.after = lambda: node.commit("1", 9) if len(node.engine.runs) == 1 else None
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0, 9])


def test_a_lost_stream_has_everything_run_again(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    node.write("1", 5)
    node.stream.clear()
    node.hub.lost(node.stream.top())
    outlet.wait(lambda it: values(it) == [0, 5])


def test_what_is_dropped_while_it_begins_is_not_begun(node: Node) -> None:
    outlet = KeptOutlet()
    node.engine.before = lambda: node.hub.drop(outlet)
    node.subscribe(PRESENT, outlet=outlet)
    assert outlet.messages == []
    assert node.hub.stats()["subscriptions"] == 0
    node.subscribe(outlet=outlet)
    assert node.hub.stats()["subscriptions"] == 0


def test_an_id_in_use_is_refused(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    node.subscribe(outlet=outlet)
    event, message = outlet.messages[-1]
    assert event == "error"
    assert message["payload"][0]["extensions"]["code"] == "DUPLICATE_ID"
    node.commit("1", 5)
    outlet.wait(lambda it: values(it) == [0, 5])


def test_what_is_not_live_is_refused(node: Node) -> None:
    outlet = node.subscribe("query ($id: ID!) { room(id: $id) { value } }")
    [(event, message)] = outlet.messages
    assert event == "error"
    assert message["payload"][0]["extensions"]["code"] == "NOT_LIVE"
    node.subscribe("query ($id: ID!) @live { room(id: $id) { value } }", outlet=outlet)
    outlet.wait(lambda it: values(it) == [0])


def test_the_position_of_another_subscription_is_forbidden(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    node.subscribe(room="2", outlet=outlet, id="other", resume=outlet.view("s").position)
    outlet.wait(lambda it: it.view("other").ended)
    assert (outlet.view("other").ended or {})["payload"][0]["extensions"]["code"] == "FORBIDDEN"


def test_a_socket_is_ended_as_a_whole(node: Node) -> None:
    outlet = node.subscribe()
    node.subscribe(NOTES, outlet=outlet, id="notes")
    outlet.wait(lambda it: values(it) == [0])
    node.hub.end(outlet, Forbidden, "no more")
    assert (outlet.view("s").ended or {})["code"] == (outlet.view("notes").ended or {})["code"] == "FORBIDDEN"
    count = len(outlet.messages)
    node.commit("1", 5)
    node.tell(node.note("1"))
    other = node.subscribe(room="9")
    other.wait(lambda it: values(it) == [0])
    assert len(outlet.messages) == count


def test_followers_of_rows_are_called(node: Node) -> None:
    outlet, calls = KeptOutlet(), []
    node.hub.follow(outlet, [("rooms", ("id",), ("1",))], lambda: calls.append(1))
    node.commit("2", 1)
    assert calls == []
    node.commit("1", 1)
    assert calls == [1]
    node.hub.lost(node.stream.top())
    assert calls == [1, 1], "what was lost may have been one"
    node.hub.drop(outlet)
    node.commit("1", 2)
    assert calls == [1, 1]


class Early(Node):
    """Its follower has not found the stream yet."""

    def __init__(self, *, patience: float = PATIENCE, stream: MemoryStream | None = None) -> None:
        super().__init__(QUICK, patience=patience, stream=stream, is_following=False)

    def find_the_stream(self) -> None:
        self.hub.lost(self.stream.top())


def test_who_comes_before_the_stream_is_known_misses_nothing_and_is_told_no_gap(node: Node) -> None:
    leaving = [node.subscribe(NOTES), node.subscribe()]
    first = node.note("1")
    node.tell(first)
    leaving[0].wait(lambda it: it.view("s").events)
    leaving[1].wait(lambda it: values(it) == [0])
    positions = [each.view("s").position for each in leaving]
    # While no node was there.
    missed = node.note("1")
    node.stream.append([missed])
    early = Early(stream=node.stream)
    try:
        notes, state = (
            early.subscribe(text, resume=position) for text, position in zip((NOTES, ROOM), positions, strict=True)
        )
        fresh_notes, fresh_state = early.subscribe(NOTES), early.subscribe(ROOM)
        assert [each.messages for each in (notes, state, fresh_notes, fresh_state)] == [[]] * 4
        early.find_the_stream()
        notes.wait(lambda it: it.view("s").events == [told_as(missed)])
        state.wait(lambda it: it.view("s").recovered is True)
        fresh_state.wait(lambda it: values(it) == [0])
        new = early.note("1")
        early.tell(new)
        fresh_notes.wait(lambda it: it.view("s").events == [told_as(new)])
        assert notes.view("s").recovered is True
        assert [each.view("s").gaps for each in (notes, fresh_notes)] == [0, 0]
        # What it is told from the beginning can be resumed from.
        again = early.subscribe(resume=fresh_state.view("s").position)
        again.wait(lambda it: it.view("s").recovered is True)
    finally:
        early.hub.stop()


@pytest.mark.parametrize("text", [NOTES, ROOM, PRESENT])
def test_a_stream_that_cannot_be_reached_keeps_nobody_waiting_for_ever(text: str) -> None:
    early = Early(patience=0.05)
    try:
        outlet = early.subscribe(text)
        outlet.wait(lambda it: it.messages)
        [(event, message)] = outlet.messages
        assert (event, message["payload"][0]["extensions"]["code"]) == ("error", "OVERLOADED")
        assert early.hub.stats()["subscriptions"] == 0
    finally:
        early.hub.stop()


def test_who_leaves_before_the_stream_is_known_is_not_begun() -> None:
    early = Early()
    try:
        gone, ended = early.subscribe(NOTES), early.subscribe(ROOM)
        early.hub.drop(gone)
        early.hub.unsubscribe(ended, "s")
        # What is refused anyway waits for no stream.
        refused = early.subscribe("query ($id: ID!) { room(id: $id) { value } }")
        assert [event for event, _ in refused.messages] == ["error"]
        early.find_the_stream()
        assert (gone.messages, ended.messages) == ([], [])
        assert early.hub.stats()["event_channels"] == early.hub.stats()["operations"] == 0
    finally:
        early.hub.stop()
