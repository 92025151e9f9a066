from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import bff.protocol
from bff.errors import Gone, SlowConsumer, SubscriptionLimit
from bff.http.request import GraphQLRequest
from bff.protocol import messages as protocol
from bff.protocol.messages import Complete, Message, NotOfProtocol, Subscribe, SubscribeRefused, decode

PROTOCOL = Path(bff.protocol.__file__).with_name("PROTOCOL.md").read_text()


def subscribe(**members: object) -> str:
    return json.dumps(["subscribe", {"id": "1", "payload": {"documentId": "Matter"}, **members}])


def test_subscribe() -> None:
    payload = {"query": "{ a }", "operationName": "A", "variables": {"b": 1}}
    request = GraphQLRequest(query="{ a }", operation_name="A", variables={"b": 1})
    assert decode(subscribe(payload=payload)) == Subscribe(id="1", request=request)
    wanted = Subscribe(id="1", request=GraphQLRequest(document_id="Matter"), mode="patch", resume="here")
    assert decode(subscribe(mode="patch", resume="here")) == wanted


def test_complete() -> None:
    assert decode('["complete",{"id":"1"}]') == Complete("1")


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("{", "not an event"),
        ("1", "not an event"),
        ("[]", "not an event"),
        ("null", "not an event"),
        ('["subscribe",{"id":"1","id":"2"}]', "a key appears twice"),
        ("[" * 100_000, "nested too deeply"),
        ('["disconnect"]', "unknown event 'disconnect'; known: subscribe, complete"),
        ('[["subscribe"],{"id":"1"}]', "unknown event"),
        ('[{"a":1}]', "unknown event"),
        ('["subscribe"]', "takes one object"),
        ('["complete",{"id":"1"},1]', "takes one object"),
        ('["complete","1"]', "takes one object"),
        ('["complete",{}]', "needs an id of 1 to 64 characters"),
        ('["complete",{"id":1}]', "needs an id"),
        ('["complete",{"id":""}]', "needs an id"),
        (json.dumps(["subscribe", {"id": "1" * 65}]), "needs an id"),
        (r'["subscribe",{"id":"\ud800"}]', "needs an id"),
    ],
)
def test_what_no_client_sends(text: str, reason: str) -> None:
    with pytest.raises(NotOfProtocol, match=re.escape(reason)):
        decode(text)


@pytest.mark.parametrize(
    ("members", "reason"),
    [
        ({"payload": None}, "payload must be an object"),
        ({"payload": {"query": 1}}, "query must be a string, not a number"),
        ({"payload": {"variables": []}}, "variables must be a JSON object"),
        ({"mode": "some"}, "mode must be full or patch"),
        ({"mode": None}, "mode must be full or patch"),
        ({"mode": []}, "mode must be full or patch"),
        ({"resume": 1}, "resume must be the position"),
        ({"resume": "x" * 1001}, "resume must be the position"),
        ({"room": "all"}, "subscribe has no member 'room'; known: id, payload, mode, resume"),
    ],
)
def test_refused_by_id(members: dict[str, object], reason: str) -> None:
    with pytest.raises(SubscribeRefused, match=re.escape(reason)) as refused:
        decode(subscribe(**members))
    assert refused.value.id == "1"


@pytest.mark.parametrize(
    ("message", "event", "fields"),
    [
        (
            protocol.subscribed("1", channel=7, kind="live", position="p"),
            "subscribed",
            {"id": "1", "channel": 7, "kind": "live", "recovered": None, "position": "p"},
        ),
        (
            protocol.subscribed("1", channel=7, kind="event", position="p", recovered=True, version=3),
            "subscribed",
            {"id": "1", "channel": 7, "kind": "event", "recovered": True, "version": 3, "position": "p"},
        ),
        (
            protocol.next_state(7, version=4, payload='{"data":null}', position='"'),
            "next",
            {"channel": 7, "version": 4, "payload": {"data": None}, "position": '"'},
        ),
        (
            protocol.next_patch(7, version=5, patch="[]", position="p"),
            "next",
            {"channel": 7, "version": 5, "patch": [], "position": "p"},
        ),
        (
            protocol.next_event(7, event="12", payload="{}", position="p"),
            "next",
            {"channel": 7, "event": "12", "payload": {}, "position": "p"},
        ),
        (
            protocol.next_event(7, event="12", payload="{}", position="p", id='"1'),
            "next",
            {"channel": 7, "id": '"1', "event": "12", "payload": {}, "position": "p"},
        ),
        (protocol.position(7, position="p"), "position", {"channel": 7, "position": "p"}),
        (protocol.gap(7, position="p"), "gap", {"channel": 7, "position": "p"}),
        (
            protocol.refusal("1", SubscriptionLimit, "too many"),
            "error",
            {"id": "1", "payload": [{"message": "too many", "extensions": {"code": "LIMIT"}}]},
        ),
        (
            protocol.complete("1", Gone, "gone"),
            "complete",
            {"id": "1", "code": "GONE", "message": "gone"},
        ),
        (
            protocol.complete("1", SlowConsumer, "slow", resume="p"),
            "complete",
            {"id": "1", "code": "SLOW_CONSUMER", "message": "slow", "resume": "p"},
        ),
        (protocol.move(5), "move", {"within": 5000}),
    ],
)
def test_messages(message: Message, event: str, fields: dict[str, object]) -> None:
    assert message.event == event
    assert json.loads(message.text) == fields
    assert f"### `{event}`" in PROTOCOL
    assert all(f'"{name}"' in PROTOCOL for name in fields)


def test_what_ends_a_subscription() -> None:
    assert protocol.refusal("1", SubscriptionLimit, "too many").ends == "1"
    assert protocol.complete("2", Gone, "gone").ends == "2"
    assert protocol.gap(7, position="p").ends is None
