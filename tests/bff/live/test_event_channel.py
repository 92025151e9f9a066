"""The subscriptions of one event channel: what one socket, or one that resumes, is sent."""

from __future__ import annotations

import json

import pytest

from bff.changes.change import Change
from bff.changes.stream import Entry, Position
from bff.documents.registry import FreeText
from bff.live.event_channel import EventChannel, event_message
from bff.live.sources import EventSource, source_of
from bff.live.subject import Subject
from bff.protocol.resume_token import ResumePoint, ResumeTokens
from tests.bff.live.memory_node import NOTES, SCHEMA, MemoryEngine, Node, held_back
from tests.bff.live.outlets import KeptOutlet, told_as

TOKENS = ResumeTokens(b"secret", b"key")


@pytest.fixture
def channel() -> EventChannel:
    plan = MemoryEngine().plan_of(FreeText.read(NOTES, SCHEMA).operation(None))
    source = source_of(plan)
    assert isinstance(source, EventSource)
    return EventChannel(Subject("key", "group", plan, {}, None), source=source, route=("1",), tokens=TOKENS, number=7)


def test_it_is_wanted_by_members_and_by_those_who_resume(channel: EventChannel) -> None:
    outlet = KeptOutlet()
    assert not channel.is_wanted
    channel.resuming[outlet, "a"] = ResumePoint(Position("e1", 1), "")
    channel.channel.admit(outlet, "b")
    channel.leave(outlet, "b")
    assert channel.is_wanted
    channel.leave(KeptOutlet(), "a")
    assert channel.is_wanted, "an id of another socket"
    channel.leave(outlet, "a")
    assert not channel.is_wanted


def test_an_event_is_named_by_its_change_and_can_be_resumed_from(channel: EventChannel) -> None:
    change = Change(3, 100, "notes", "insert", {}, {"id": "3"}, frozenset())
    position = Position("e1", 5)
    payload = {"data": {"noteAdded": {"id": "3"}}}
    to_all = event_message(channel, Entry(5, change), payload, position)
    to_one = event_message(channel, Entry(5, change), payload, position, id="late")
    said = {"channel": 7, "event": told_as(change), "payload": payload, "position": TOKENS.seal(position)}
    assert (to_all.event, json.loads(to_all.text)) == ("next", said)
    assert json.loads(to_one.text) == {**said, "id": "late"}
    assert TOKENS.open(json.loads(to_all.text)["position"]) == ResumePoint(position, "")


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
