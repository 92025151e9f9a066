"""Who is present where, and operations that show them."""

from __future__ import annotations

from tests.bff.live.memory_node import PRESENT, Node
from tests.bff.live.outlets import KeptOutlet


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
