"""Who is present where, and operations that show them."""

from __future__ import annotations

import itertools
import threading

import pytest
from structlog.testing import capture_logs

from bff.documents.registry import FreeText
from bff.entities.events import Present
from bff.errors import NotVisible
from bff.live.attendance import Attendance, Stay
from bff.live.presence import MemoryPresence
from bff.live.sources import PresenceSource, source_of
from bff.live.states import LiveOperation
from bff.live.subject import Subject
from bff.protocol.resume_token import ResumeTokens
from tests.bff.live.memory_node import PRESENT, SCHEMA, MemoryEngine, Node
from tests.bff.live.outlets import KeptOutlet


class Entrance:
    """The attendance of a node whose thread is the test."""

    def __init__(self, presence: MemoryPresence) -> None:
        self.engine, self.touched = MemoryEngine(), list[LiveOperation]()
        self.plan = self.engine.plan_of(FreeText.read(PRESENT, SCHEMA).operation(None))
        self.attendance = Attendance(self.engine, presence, lock=threading.RLock(), touch=self.touched.append)
        source = source_of(self.plan)
        assert isinstance(source, PresenceSource)
        self.source = source
        self._number = itertools.count(1).__next__

    def operation(self, viewer: int, room: str = "1") -> LiveOperation:
        subject = Subject("key", "group", self.plan, {"id": room}, viewer)
        return LiveOperation(subject, tokens=ResumeTokens(b"secret", b"key"), number=self._number)

    def tell(self) -> None:
        """Tell what is to be told until now."""
        self.attendance.stop()
        self.attendance.run()


class FailingPresence(MemoryPresence):
    """Fails at the first to come."""

    fails = True

    def join(self, place: str, member: str, holder: str) -> None:
        if self.fails:
            self.fails = False
            raise ZeroDivisionError
        super().join(place, member, holder)


@pytest.fixture
def entrance() -> Entrance:
    return Entrance(MemoryPresence())


def shown(operation: LiveOperation) -> tuple[object, ...]:
    assert isinstance(operation.root_value, Present)
    return operation.root_value.keys


def test_a_stay_is_where_and_who_and_no_others(entrance: Entrance) -> None:
    first, second = entrance.operation(7), entrance.operation(7)
    stays = [entrance.attendance.stay(entrance.source, each) for each in (first, second)]
    assert [(stay.place, stay.member) for stay in stays] == [("rooms:1", "7")] * 2
    assert stays[0].holder != stays[1].holder
    assert shown(first) == ()
    assert not entrance.touched


def test_who_may_not_see_the_place_has_no_stay(entrance: Entrance) -> None:
    entrance.engine.hidden.add("1")
    with pytest.raises(NotVisible, match="nothing to be present at, or not for this viewer"):
        entrance.attendance.stay(entrance.source, entrance.operation(7))


def test_an_operation_shows_who_is_there_until_it_is_forgotten(entrance: Entrance) -> None:
    attendance, operation = entrance.attendance, entrance.operation(7)
    stay = attendance.stay(entrance.source, operation)
    elsewhere = attendance.stay(entrance.source, entrance.operation(9, room="2"))
    attendance.watch(operation, stay)
    attendance.begin(stay)
    attendance.begin(elsewhere)
    assert repr(attendance) == "<Attendance 1 operations>"
    assert shown(operation) == (), "nothing is told before its thread does"
    entrance.tell()
    assert shown(operation) == (7,)
    attendance.end(stay)
    entrance.tell()
    assert shown(operation) == ()
    touched = len(entrance.touched)
    attendance.forget(operation)
    attendance.forget(operation)
    attendance.begin(stay)
    entrance.tell()
    assert (shown(operation), len(entrance.touched)) == ((), touched)
    assert repr(attendance) == "<Attendance 0 operations>"


def test_who_only_looks_sees_and_is_not_seen(entrance: Entrance) -> None:
    attendance, operation = entrance.attendance, entrance.operation(7)
    there = attendance.stay(entrance.source, operation)
    looking = Stay(entrance.source, there.place, None, "holder")
    attendance.watch(operation, looking)
    attendance.begin(looking)
    entrance.tell()
    assert shown(operation) == ()
    attendance.begin(there)
    attendance.end(looking)
    entrance.tell()
    assert shown(operation) == (7,)


def test_a_defect_of_presence_is_logged_and_the_next_are_told() -> None:
    entrance = Entrance(FailingPresence())
    attendance, operation = entrance.attendance, entrance.operation(7)
    first = attendance.stay(entrance.source, operation)
    second = attendance.stay(entrance.source, entrance.operation(8))
    attendance.watch(operation, first)
    attendance.begin(first)
    attendance.begin(second)
    with capture_logs() as logs:
        entrance.tell()
    assert [(each["event"], each["part"], each["error"]) for each in logs] == [
        ("graphql.defect", "live.presence", "ZeroDivisionError()")
    ]
    assert shown(operation) == (8,)


def present(outlet: KeptOutlet, id: str = "s") -> list[str]:
    payload = outlet.view(id).payload
    return [] if payload is None else [each["id"] for each in payload["data"]["present"]]


def test_who_subscribes_is_there_until_they_leave(node: Node) -> None:
    first = node.subscribe(PRESENT, viewer=7)
    first.wait(lambda it: present(it) == ["7"])
    second = node.subscribe(PRESENT, viewer=8)
    twice = node.subscribe(PRESENT, viewer=8)
    for outlet in (first, second, twice):
        outlet.wait(lambda it: present(it) == ["7", "8"])
    node.hub.drop(second)
    node.hub.unsubscribe(twice, "s")
    first.wait(lambda it: present(it) == ["7"])


def test_where_a_viewer_may_not_look_they_cannot_be(node: Node) -> None:
    node.engine.hidden.add("1")
    outlet = node.subscribe(PRESENT)
    [(event, message)] = outlet.messages
    assert event == "error"
    assert message["payload"][0]["extensions"]["code"] == "NOT_VISIBLE"
    assert node.hub.stats()["subscriptions"] == 0


def test_who_is_refused_is_told_why_and_is_not_there(node: Node) -> None:
    node.engine.refused.add("1")
    outlet = node.subscribe(PRESENT)
    [(event, message)] = outlet.messages
    assert event == "error"
    assert message["payload"] == [{"message": "you may not", "extensions": {"code": "FORBIDDEN"}}]
    assert node.hub.stats()["subscriptions"] == 0


def test_who_is_refused_later_is_there_no_more(node: Node) -> None:
    first, second = node.subscribe(PRESENT, viewer=7), node.subscribe(PRESENT, viewer=8)
    first.wait(lambda it: present(it) == ["7", "8"])
    node.engine.refused.add("1")
    node.hub.drop(second)
    first.wait(lambda it: it.messages[-1][0] == "complete")
    node.engine.refused.clear()
    node.subscribe(PRESENT, viewer=9).wait(lambda it: present(it) == ["9"])
