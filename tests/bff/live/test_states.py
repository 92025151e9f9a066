"""The state of a live operation, and who is sent what of it."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from graphql import build_schema, parse

from bff.changes.stream import Position
from bff.errors import Gone
from bff.live.states import Joining, LiveOperation
from bff.live.subject import Subject
from bff.plan.plan import compile_plan
from bff.protocol.resume_token import ResumePoint, ResumeTokens
from tests.bff.live.memory_node import Node, values
from tests.bff.live.outlets import KeptOutlet, Viewed

TEXT = "x" * 200


def position(offset: int, epoch: str = "e1") -> Position:
    return Position(epoch, offset)


@pytest.fixture
def operation() -> LiveOperation:
    plan = compile_plan(build_schema("type Query { a: Int }"), parse("{ a }"))
    subject = Subject("key", "group", plan, {}, None)
    return LiveOperation(subject, tokens=ResumeTokens(b"secret", b"key"), number=itertools.count(1).__next__)


def state(value: Any, **more: Any) -> dict[str, Any]:
    return {"data": {"a": value, "text": TEXT, **more}}


def run(operation: LiveOperation, payload: dict[str, Any], at: Position) -> str:
    """As the hub does it."""
    operation.is_dirty = False
    return operation.take(payload, at)


def join(
    operation: LiveOperation, outlet: KeptOutlet, id: str, mode: Any = "full", held: ResumePoint | None = None
) -> None:
    operation.join(Joining(outlet, id, mode, held, held is not None, 0.0))


def test_who_joins_before_the_first_state_gets_it_when_it_is_there(operation: LiveOperation) -> None:
    outlet = KeptOutlet()
    join(operation, outlet, "1")
    assert outlet.messages == []
    assert run(operation, state(1), position(5)) == "first"
    subscribed, first = outlet.take()
    assert subscribed[1]["kind"] == "live"
    assert subscribed[1]["recovered"] is None
    assert first[1]["payload"] == state(1)


def test_who_joins_later_gets_the_state_there_is(operation: LiveOperation) -> None:
    first, second = KeptOutlet(), KeptOutlet()
    join(operation, first, "1")
    run(operation, state(1), position(5))
    join(operation, second, "x")
    assert Viewed("x").see(second.messages).payload == state(1)
    assert len(first.messages) == 2, "the others are not told"


def test_who_joins_while_the_state_is_known_to_be_old_waits(operation: LiveOperation) -> None:
    first, second = KeptOutlet(), KeptOutlet()
    join(operation, first, "1")
    run(operation, state(1), position(5))
    operation.is_dirty = True
    join(operation, second, "1")
    assert second.messages == []
    run(operation, state(2), position(6))
    assert Viewed("1").see(second.messages).payload == state(2)
    assert [event for event, _ in second.messages] == ["subscribed", "next"]


@pytest.mark.parametrize("mode", ["full", "patch"])
def test_each_state_goes_to_all_once(operation: LiveOperation, mode: Any) -> None:
    outlets = [KeptOutlet() for _ in range(3)]
    for outlet in outlets:
        join(operation, outlet, "1", mode)
    run(operation, state(1), position(5))
    views = [Viewed("1").see(outlet.take()) for outlet in outlets]
    for number in (2, 3):
        assert run(operation, state(number), position(4 + number)) == "changed"
        for outlet, view in zip(outlets, views, strict=True):
            [message] = outlet.take()
            assert ("patch" in message[1]) == (mode == "patch")
            assert view.see([message]).payload == state(number)


def test_one_socket_with_two_subscriptions_gets_each_state_once(operation: LiveOperation) -> None:
    outlet = KeptOutlet()
    join(operation, outlet, "1")
    join(operation, outlet, "2")
    run(operation, state(1), position(5))
    outlet.take()
    run(operation, state(2), position(6))
    assert len(outlet.take()) == 1
    operation.leave(outlet, "1", "full")
    run(operation, state(3), position(7))
    assert len(outlet.take()) == 1
    operation.leave(outlet, "2", "full")
    assert not operation.is_wanted
    run(operation, state(4), position(8))
    assert outlet.take() == []


def test_nothing_is_sent_when_nothing_changed(operation: LiveOperation) -> None:
    outlet = KeptOutlet()
    join(operation, outlet, "1")
    run(operation, state(1), position(5))
    outlet.take()
    assert run(operation, state(1), position(6)) == "unchanged"
    assert outlet.messages == []


def test_a_defect_that_goes_on_is_told_once(operation: LiveOperation) -> None:
    def failing(id: str) -> dict[str, Any]:
        error = {"message": f"in the log as {id}", "extensions": {"code": "INTERNAL", "id": id}, "path": ["a"]}
        return {"data": {"a": None}, "errors": [error]}

    outlet = KeptOutlet()
    join(operation, outlet, "1")
    run(operation, failing("one"), position(5))
    assert run(operation, failing("two"), position(6)) == "unchanged"


def test_what_extensions_add_is_no_change(operation: LiveOperation) -> None:
    assert run(operation, {**state(1), "extensions": {"ms": 3}}, position(1)) == "first"
    assert run(operation, {**state(1), "extensions": {"ms": 4}}, position(2)) == "unchanged"
    assert run(operation, {**state(2), "extensions": {"ms": 4}}, position(3)) == "changed"


def test_a_patch_that_is_larger_than_the_state_is_not_sent(operation: LiveOperation) -> None:
    outlet = KeptOutlet()
    join(operation, outlet, "1", "patch")
    run(operation, {"data": {str(i): i for i in range(50)}}, position(5))
    run(operation, {"data": {"b": 1}}, position(6))
    *_, (_, message) = outlet.messages
    assert message["payload"] == {"data": {"b": 1}}


def test_a_full_outlet_is_passed_over_and_gets_the_newest_state_when_it_drains(operation: LiveOperation) -> None:
    slow, fast = KeptOutlet(), KeptOutlet()
    for outlet in (slow, fast):
        join(operation, outlet, "1", "patch")
    run(operation, state(1), position(5))
    slow.is_full = True
    slow.take()
    for number in range(2, 10):
        run(operation, state(number), position(number + 10))
    assert slow.messages == []
    operation.drained(slow)
    assert slow.messages == [], "it is full still"
    slow.is_full = False
    operation.drained(slow)
    [(_, message)] = slow.take()
    assert message["payload"] == state(9)
    run(operation, state(10), position(30))
    [(_, message)] = slow.take()
    assert "patch" in message, "it goes on by patches"
    assert Viewed("1").see(fast.messages).payload == state(10)


def held_by(outlet: KeptOutlet) -> ResumePoint:
    sealed = Viewed("1").see(outlet.messages).position
    assert sealed is not None
    held = ResumeTokens(b"secret", b"key").open(sealed)
    assert held is not None
    return held


def test_who_resumes_with_the_newest_state_is_sent_none(operation: LiveOperation) -> None:
    before, after = KeptOutlet(), KeptOutlet()
    join(operation, before, "1")
    run(operation, state(1), position(5))
    join(operation, after, "9", held=held_by(before))
    [(_, subscribed)] = after.messages
    assert subscribed["recovered"] is True
    assert subscribed["version"] == 1


def test_who_resumes_with_an_older_state_gets_the_newest(operation: LiveOperation) -> None:
    before, after = KeptOutlet(), KeptOutlet()
    join(operation, before, "1")
    run(operation, state(1), position(5))
    held = held_by(before)
    run(operation, state(2), position(6))
    join(operation, after, "9", "patch", held)
    view = Viewed("9").see(after.messages)
    assert view.recovered is True
    assert view.payload == state(2)


@pytest.mark.parametrize("is_resuming", [False, True])
def test_who_was_passed_over_gets_the_state_though_another_joins_on_its_socket(
    operation: LiveOperation, is_resuming: bool
) -> None:
    slow, other = KeptOutlet(), KeptOutlet()
    for outlet in (slow, other):
        join(operation, outlet, "1")
    run(operation, state(1), position(5))
    slow.is_full = True
    run(operation, state(2), position(6))
    slow.is_full = False
    join(operation, slow, "2", held=held_by(other) if is_resuming else None)
    operation.drained(slow)
    for id in ("1", "2"):
        assert Viewed(id).see(slow.messages).payload == state(2)


def test_a_position_of_another_epoch_is_not_recovered(operation: LiveOperation) -> None:
    before, after = KeptOutlet(), KeptOutlet()
    join(operation, before, "1")
    run(operation, state(1), position(5))
    held = held_by(before)
    assert run(operation, state(1), position(2, "e2")) == "unchanged"
    join(operation, after, "9", held=held)
    view = Viewed("9").see(after.messages)
    assert view.recovered is False
    assert view.payload == state(1), "the state all the same"


def test_what_had_something_and_has_nothing_is_gone(operation: LiveOperation) -> None:
    outlet = KeptOutlet()
    join(operation, outlet, "1")
    run(operation, {"data": {"matter": None}}, position(4))
    run(operation, {"data": {"matter": {"id": "1"}}}, position(5))
    assert run(operation, {"data": {"matter": None}}, position(6)) == "gone"
    assert operation.complete(Gone, "gone") == [(outlet, "1")]
    view = Viewed("1").see(outlet.messages)
    assert view.ended is not None
    assert view.ended["code"] == "GONE"
    assert view.payload == {"data": {"matter": {"id": "1"}}}
    assert not operation.is_wanted


def test_an_error_is_no_sign_of_being_gone(operation: LiveOperation) -> None:
    outlet = KeptOutlet()
    join(operation, outlet, "1")
    run(operation, {"data": {"matter": {"id": "1"}}}, position(5))
    payload = {"data": {"matter": None}, "errors": [{"message": "no", "path": ["matter"]}]}
    assert run(operation, payload, position(6)) == "changed"


def test_who_is_refused_is_told_and_forgotten(operation: LiveOperation) -> None:
    outlet = KeptOutlet()
    join(operation, outlet, "1")
    operation.refuse([{"message": "no", "extensions": {"code": "BAD_USER_INPUT"}}])
    view = Viewed("1").see(outlet.messages)
    assert view.ended is not None
    assert view.ended["payload"][0]["message"] == "no"
    assert not operation.is_wanted


def test_what_is_gone_is_completed(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    node.commit("1", None)
    outlet.wait(lambda it: it.view("s").ended)
    assert (outlet.view("s").ended or {})["code"] == "GONE"
    assert node.hub.stats()["operations"] == 0
    assert node.hub.stats()["subscriptions"] == 0


def test_who_comes_back_finds_the_state(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    position = outlet.view("s").position
    node.hub.drop(outlet)
    again = node.subscribe(resume=position)
    again.wait(lambda it: it.messages)
    assert [event for event, _ in again.messages] == ["subscribed"]
    assert again.view("s").recovered is True
    assert len(node.engine.runs) == 1


def test_who_comes_back_after_a_change_gets_the_newest_state(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    position = outlet.view("s").position
    node.hub.drop(outlet)
    node.commit("1", 4)
    node.commit("1", 5)
    assert len(node.engine.runs) == 1, "nobody wants it"
    again = node.subscribe(resume=position)
    again.wait(lambda it: values(it) == [5])
    assert again.view("s").recovered is True
