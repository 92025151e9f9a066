"""What is due is run in turn, and what that costs when all of a node is due at once."""

from __future__ import annotations

import itertools
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from typing import Any

from graphql import build_schema, parse

from bff.changes.stream import Position
from bff.live.scheduler import MOST_TOGETHER, RESTS, Scheduler
from bff.live.states import Joining, LiveOperation
from bff.live.subject import Subject
from bff.plan.plan import Plan, compile_plan
from bff.protocol.resume_token import ResumeTokens
from bff.readsets.readset import NOTHING, Invocation, LiveAnswer, LiveAnswers
from bff.settings import LiveSettings
from tests.bff.live.outlets import KeptOutlet

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
