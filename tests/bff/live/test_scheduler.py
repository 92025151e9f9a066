"""What is due is run in turn, and what that costs when all of a node is due at once."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

import pytest
from graphql import build_schema, parse

from bff.changes.stream import Position
from bff.errors import Overloaded
from bff.live.scheduler import MOST_TOGETHER, RESTS, Scheduler
from bff.live.states import Joining, LiveOperation
from bff.live.subject import Subject
from bff.plan.plan import Plan, compile_plan
from bff.protocol.resume_token import ResumeTokens
from bff.readsets.readset import NOTHING, Invocation, LiveAnswer, LiveAnswers
from bff.settings import LiveSettings
from tests.bff.live.memory_node import Node, values
from tests.bff.live.outlets import PATIENCE, KeptOutlet

PLAN = compile_plan(build_schema("type Query { a: Int }"), parse("{ a }"))


class Group:
    """A group that counts how often it is looked at."""

    def __init__(self, name: int, looks: Counter[str]) -> None:
        self.name, self.looks = name, looks

    def __hash__(self) -> int:
        self.looks["hash"] += 1
        return hash(self.name)

    def __eq__(self, other: object) -> bool:
        self.looks["eq"] += 1
        return isinstance(other, Group) and self.name == other.name


class MemoryRunner:
    """Notes which were run together."""

    def __init__(self) -> None:
        self.ran: list[list[str]] = []
        self.during: Callable[[], object] = lambda: None

    def execute_live(self, plan: Plan, asked: Sequence[Invocation], viewer: object | None) -> LiveAnswers:
        self.during()
        self.ran.append([str(each.variables["name"]) for each in asked])
        return LiveAnswers([LiveAnswer({"data": {"a": 1}}, NOTHING) for _ in asked], "10:10:")

    def errors_of(self, error: Exception) -> list[dict[str, Any]]:
        return [{"message": str(error)}]


class Turns:
    """Scheduler whose thread is the test, with a clock of its own."""

    def __init__(self) -> None:
        self.now, self.lock, self.runner = 100.0, threading.RLock(), MemoryRunner()
        self.runs = Scheduler(
            self.runner,
            lock=self.lock,
            clock=lambda: self.now,
            settings=LiveSettings(window=1.0),
            patience=10.0,
            ended=lambda _: None,
            forgotten=lambda _: None,
        )
        self._number = itertools.count(1).__next__

    def pass_time(self, seconds: float) -> None:
        self.now += seconds

    def want(self, name: str, group: Hashable) -> LiveOperation:
        subject = Subject(name, group, PLAN, {"name": name}, None)
        operation = LiveOperation(subject, tokens=ResumeTokens(b"secret", b"key"), number=self._number)
        operation.join(Joining(KeptOutlet(), "1", "full", None, False, self.now))
        with self.lock:
            self.runs.schedule(operation)
        return operation

    def run(self) -> list[list[str]]:
        """Run what is due now; gives what was run together."""
        self.runner.ran.clear()
        while True:
            with self.lock:
                run = self.runs._next()
            if run is None:
                return list(self.runner.ran)
            self.runs._do(run)


def test_when_all_are_due_at_once_each_costs_what_it_costs_alone() -> None:
    turns, looks = Turns(), Counter[str]()
    operations = [turns.want(str(number), Group(number, looks)) for number in range(1_000)]
    turns.run()
    with turns.lock:
        turns.runs.lost(operations, Position("e2", 1))
    turns.now += 2.0
    looks.clear()
    assert len(turns.run()) == 1_000
    assert looks["hash"] < 10 * 1_000
    assert looks["eq"] < 10 * 1_000


def test_a_group_that_is_large_does_not_keep_others_from_their_turn() -> None:
    turns = Turns()
    for number in range(3 * MOST_TOGETHER):
        turns.want(f"a{number}", "a")
    turns.want("b", "b")
    assert [len(together) for together in turns.run()] == [MOST_TOGETHER, 1, MOST_TOGETHER, MOST_TOGETHER]


def test_what_is_touched_again_waits_for_the_window_and_what_nobody_wants_is_not_run() -> None:
    turns = Turns()
    first, second = turns.want("1", "a"), turns.want("2", "a")
    assert turns.run() == [["1", "2"]]
    with turns.lock:
        turns.runs.lost([first, second], Position("e1", 1))
    assert turns.run() == []
    turns.now += 1.0
    for channel in second.channels.values():
        channel.clear()
    with turns.lock:
        turns.runs.linger(second)
    assert turns.run() == [["1"]]
    assert turns.runs.stats()["due"] == 0


def test_who_takes_long_rests_for_long() -> None:
    turns = Turns()
    operation = turns.want("1", "a")
    turns.runner.during = lambda: turns.pass_time(3.0)
    assert turns.run() == [["1"]]
    with turns.lock:
        turns.runs.lost([operation], Position("e1", 1))
    turns.now += 2.9 + (RESTS - 1) * 3.0
    assert turns.run() == []
    turns.now += 0.2
    assert turns.run() == [["1"]]


def test_changes_while_it_runs_are_one_more_run(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    running, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        running.set()
        assert go_on.wait(PATIENCE)

    node.engine.after = hold
    node.commit("1", 1)
    assert running.wait(PATIENCE)
    for value in range(2, 12):
        node.commit("1", value)
    node.engine.after = lambda: None
    go_on.set()
    outlet.wait(lambda it: values(it)[-1] == 11)
    assert node.engine.runs == [["1"]] * 3
    assert values(outlet) == [0, 1, 11]


def test_a_change_that_the_snapshot_holds_is_not_run_for(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    change = node.write("1", 5)
    node.commit("1", 6)
    outlet.wait(lambda it: values(it) == [0, 6])
    node.tell(change)
    assert node.hub.stats()["due"] == 0
    assert len(node.engine.runs) == 2


def test_a_change_that_came_while_it_ran_and_was_seen_is_not_run_for(node: Node) -> None:
    change = node.write("1", 5)
    node.engine.after = lambda: node.tell(change) if len(node.engine.runs) == 1 else None
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [5])
    assert node.hub.stats()["due"] == 0
    assert len(node.engine.runs) == 1


def test_what_is_due_together_runs_together() -> None:
    node = Node(LiveSettings(window=0.0), runners=1)
    try:
        outlets = [node.subscribe(room=str(number)) for number in range(100)]
        for outlet in outlets:
            outlet.wait(lambda it: values(it) == [0])
        runs = len(node.engine.runs)
        node.tell(*(node.write(str(number), 1) for number in range(100)))
        for outlet in outlets:
            outlet.wait(lambda it: values(it) == [0, 1])
        assert [len(run) for run in node.engine.runs[runs:]] == [50, 50]
    finally:
        node.hub.stop()


def test_within_the_window_it_runs_once_more() -> None:
    node = Node(LiveSettings(window=0.2), runners=1)
    try:
        outlet = node.subscribe()
        outlet.wait(lambda it: values(it) == [0])
        for value in range(1, 6):
            node.commit("1", value)
        outlet.wait(lambda it: values(it) == [0, 5])
        assert len(node.engine.runs) == 2
    finally:
        node.hub.stop()


def test_a_database_that_is_away_is_tried_until_it_is_back(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    failures = iter([Overloaded("no"), Overloaded("no")])

    def fail() -> None:
        for error in failures:
            raise error

    node.engine.before = fail
    node.commit("1", 5)
    outlet.wait(lambda it: values(it) == [0, 5])
    assert node.hub.stats()["failures"] == 2


def test_who_is_always_late_is_run_alone_and_ends() -> None:
    node = Node(LiveSettings(window=0.0), runners=1)
    try:
        outlets = {room: node.subscribe(room=room) for room in ("1", "2", "3")}
        for outlet in outlets.values():
            outlet.wait(lambda it: values(it) == [0])
        node.engine.slow.add("2")
        node.tell(*(node.write(room, 5) for room in outlets))
        for room in ("1", "3"):
            outlets[room].wait(lambda it: values(it) == [0, 5])
        outlets["2"].wait(lambda it: it.view("s").ended)
        ended = outlets["2"].view("s").ended or {}
        assert ended["code"] == "INTERNAL"
        assert ended["resume"]
    finally:
        node.hub.stop()


def test_who_waits_for_the_first_state_is_refused_in_time(node: Node) -> None:
    def fail() -> None:
        raise Overloaded("the database cannot be reached")

    node.engine.before = fail
    outlet = node.subscribe()
    outlet.wait(lambda it: it.messages)
    assert [event for event, _ in outlet.messages] == ["error"]
    assert node.hub.stats()["subscriptions"] == 0


def test_a_defect_completes_and_the_next_subscription_is_served(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])

    def fail() -> None:
        raise ZeroDivisionError

    node.engine.before = fail
    node.commit("1", 5)
    outlet.wait(lambda it: it.view("s").ended)
    ended = outlet.view("s").ended
    assert ended is not None
    assert ended["code"] == "INTERNAL"
    assert ended["resume"]
    node.engine.before = lambda: None
    node.subscribe(outlet=outlet, id="again", resume=ended["resume"])
    outlet.wait(lambda it: it.view("again").payload == {"data": {"room": {"value": 5}}})


def test_a_state_that_cannot_be_read_any_more_completes(node: Node) -> None:
    outlet = node.subscribe()
    outlet.wait(lambda it: values(it) == [0])
    node.engine.broken.add("1")
    node.commit("1", 5)
    outlet.wait(lambda it: it.view("s").ended)
    ended = outlet.view("s").ended
    assert ended is not None
    assert ended["code"] == "INTERNAL"
    node.engine.broken.clear()
    node.subscribe(outlet=outlet, id="again", resume=ended["resume"])
    outlet.wait(lambda it: it.view("again").payload == {"data": {"room": {"value": 5}}})


@pytest.mark.parametrize("room", [2**70, "\ud800"])
def test_variables_are_the_executions_to_refuse(node: Node, room: Any) -> None:
    node.engine.broken.add(str(room))
    outlet = node.subscribe(room=room)
    outlet.wait(lambda it: it.view("s").ended)
    assert node.engine.runs == [[str(room)]]


def test_a_value_that_json_does_not_have_is_the_defect_of_its_operation_alone(node: Node) -> None:
    outlet, other = node.subscribe(), node.subscribe(room="2")
    for each in (outlet, other):
        each.wait(lambda it: values(it) == [0])
    change = node.write("1", object())  # type: ignore[arg-type]
    node.tell(change, node.write("2", 5))
    outlet.wait(lambda it: it.view("s").ended)
    assert (outlet.view("s").ended or {})["code"] == "INTERNAL"
    other.wait(lambda it: values(it) == [0, 5])


def test_what_nobody_wants_is_forgotten_in_time() -> None:
    node = Node(LiveSettings(window=0.0, linger=0.0), runners=1)
    try:
        outlet = node.subscribe()
        outlet.wait(lambda it: values(it) == [0])
        node.hub.unsubscribe(outlet, "s")
        other = node.subscribe(room="2")
        other.wait(lambda it: values(it) == [0])
        assert node.hub.stats()["operations"] == 1
        node.commit("1", 5)
        assert node.engine.runs == [["1"], ["2"]]
    finally:
        node.hub.stop()
