"""The namespace as clients of the protocol meet it: connecting, subscribing, being asked anew who they are."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from http.client import HTTPConnection
from typing import Any

import pytest
import strawberry
from flask import Flask, current_app
from flask_socketio import SocketIO
from sqlalchemy import Engine
from sqlalchemy.orm import Mapped, mapped_column

from bff import Bff, DeclarationError, LiveSettings, Schema, SocketLimits
from bff.http.request import GraphQLRequest
from bff.protocol import messages as protocol
from bff.readsets.readset import Invocation
from bff.sockets.viewer import facts_of
from loadtest.live.wire import Refused
from tests.bff.polling import wait_until
from tests.bff.sockets.site import Base, Served, Site, User, make_site
from tests.bff.sockets.wire import Wire

Serve = Callable[..., Served]
MARIE = {"token": "marie"}


def test_a_subscription(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    assert wire.event() == (
        "subscribed",
        {"id": "1", "channel": 1, "kind": "live", "recovered": None, "position": "0"},
    )
    site.hub.push('{"data":1}')
    assert wire.event() == ("next", {"channel": 1, "version": 1, "payload": {"data": 1}, "position": "1"})
    wire.emit("complete", {"id": "1"})
    wait_until(lambda: not any(site.hub.subscriptions.values()))


def test_what_was_asked_reaches_the_hub(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    wire.subscribe("a", mode="patch", resume="here")
    wire.next_named("subscribed")
    ((request,),) = (held.values() for held in site.hub.subscriptions.values())
    assert (request.id, request.mode, request.resume) == ("a", "patch", "here")
    assert request.request.query == "{ ticks }"


def test_cookies_count_where_no_token_is_given(serve: Serve) -> None:
    assert serve().open(Cookie="user=paul").connect()


@pytest.mark.parametrize(
    ("auth", "data"),
    [
        (None, {"code": "UNAUTHENTICATED"}),
        ({}, {"code": "UNAUTHENTICATED"}),
        ({"token": "nobody"}, {"code": "UNAUTHENTICATED"}),
        ({"token": 5}, {"code": "UNAUTHENTICATED"}),
        ({"token": "marie\r\nX: y"}, {"code": "UNAUTHENTICATED"}),
        ([1], {"code": "UNAUTHENTICATED"}),
    ],
)
def test_nobody_is_refused(serve: Serve, auth: object, data: dict[str, Any]) -> None:
    answer = serve().open().ask_to_connect(auth)
    assert answer.startswith("44/graphql,")
    assert json.loads(answer.removeprefix("44/graphql,"))["data"] == data


def test_a_token_counts_before_a_cookie(serve: Serve) -> None:
    assert serve().open(Cookie="user=marie").ask_to_connect({"token": "nobody"}).startswith("44")


def test_a_defect_of_the_viewer_function_is_masked(serve: Serve) -> None:
    answer = serve().open().ask_to_connect({"token": "broken"})
    assert '"INTERNAL"' in answer
    assert "hunter2" not in answer


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("401", "UNAUTHENTICATED"),
        ("403", "UNAUTHENTICATED"),
        ("429", "RATE_LIMITED"),
        ("503", "OVERLOADED"),
        ("expired", "UNAUTHENTICATED"),
        ("busy", "OVERLOADED"),
    ],
)
def test_what_the_viewer_function_refuses_with(serve: Serve, name: str, code: str) -> None:
    answer = serve().open().ask_to_connect({"token": name})
    assert json.loads(answer.removeprefix("44/graphql,"))["data"] == {"code": code}


def test_refused_operations_are_answered_with_their_codes(serve: Serve) -> None:
    wire = serve().open().connect(MARIE)
    wire.subscribe("1", "{ nothing }")
    name, data = wire.event()
    assert (name, data["id"]) == ("error", "1")
    assert data["payload"][0]["extensions"]["code"] == "VALIDATION_FAILED"
    # It is over: its id is free.
    wire.subscribe("1")
    assert wire.event()[0] == "subscribed"


def test_bad_request_names_its_subscription(serve: Serve) -> None:
    wire = serve().open().connect(MARIE)
    wire.subscribe("1", mode="some")
    name, data = wire.event()
    assert (name, data["id"]) == ("error", "1")
    assert data["payload"] == [{"message": "mode must be full or patch", "extensions": {"code": "BAD_REQUEST"}}]


def test_completed_while_it_begins_and_asked_for_again(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    site.hub.gate.clear()
    wire.subscribe("1", resume="first")
    wait_until(lambda: site.hub.subscriptions)
    wire.emit("complete", {"id": "1"})
    wire.subscribe("1", resume="second")
    wire.subscribe("1")
    assert wire.next_named("error")["payload"][0]["extensions"]["code"] == "DUPLICATE_ID"
    site.hub.gate.set()
    wait_until(lambda: [held["1"].resume for held in site.hub.subscriptions.values() if held] == ["second"])


def test_completed_while_it_begins(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    site.hub.gate.clear()
    wire.subscribe("1")
    wait_until(lambda: site.hub.subscriptions)
    wire.emit("complete", {"id": "1"})
    wait_until(lambda: not any(site.hub.subscriptions.values()))
    site.hub.gate.set()
    wire.subscribe("2")
    wait_until(lambda: [list(held) for held in site.hub.subscriptions.values()] == [["2"]])


def test_gone_while_it_begins(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    site.hub.gate.clear()
    wire.subscribe("1")
    wait_until(lambda: site.hub.subscriptions)
    wire.socket.close()
    wait_until(lambda: site.hub.drops == 1)
    site.hub.gate.set()
    wait_until(lambda: site.hub.drops == 2)
    assert site.hub.subscriptions == {}


def test_token_that_expires(serve: Serve) -> None:
    site = serve()
    site.layer.lives = 0.2
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    end = wire.next_named("complete")
    assert (end["id"], end["code"]) == ("1", "TOKEN_EXPIRED")
    assert wire.receive() == "41/graphql,"


def test_expired_token_is_refused(serve: Serve) -> None:
    site = serve()
    site.layer.lives = -1
    assert '"UNAUTHENTICATED"' in site.open().ask_to_connect(MARIE)


# ---- who is it now


def test_asked_past_caches_once_it_is_followed(serve: Serve) -> None:
    site = serve()
    site.open().connect(MARIE)
    wait_until(lambda: site.layer.asked == [False, True])
    ((facts, _),) = site.hub.followed.values()
    assert facts == [("users", ("id",), ("5",))]


def test_nobody_any_more(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    wire.next_named("subscribed")
    wait_until(lambda: len(site.layer.asked) == 2)
    del site.layer.people["marie"]
    site.hub.touch()
    site.hub.push("{}")
    assert wire.event() == (
        "complete",
        {"id": "1", "code": "UNAUTHENTICATED", "message": "nobody is signed in any more"},
    )
    assert wire.receive() == "41/graphql,"


def test_another_viewer_subscribes_anew(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    wire.next_named("subscribed")
    wait_until(lambda: len(site.layer.asked) == 2)
    site.layer.people["marie"] = "client"
    site.hub.touch()
    site.hub.push("{}")
    assert wire.event()[1]["code"] == "FORBIDDEN"
    wait_until(lambda: len(site.hub.followed) == 1 and len(site.layer.asked) >= 4)
    wire.subscribe("1")
    wire.next_named("subscribed")
    (outlet,) = site.hub.subscriptions
    assert outlet.viewer == ("marie", "client")


def test_the_same_viewer_goes_on_and_misses_nothing(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    wire.next_named("subscribed")
    (outlet,) = site.hub.subscriptions
    outlet.hold(1)
    site.hub.newest = protocol.next_state(1, version=1, payload="1", position="")
    outlet.send(site.hub.newest)
    assert outlet.is_full
    site.hub.waiting.add(outlet)
    site.hub.newest = protocol.next_state(1, version=2, payload="2", position="")
    site.hub.touch()
    assert [wire.event()[1]["payload"] for _ in range(2)] == [1, 2]


def test_what_is_held_for_a_later_suspicion_is_not_released_with_an_earlier(serve: Serve) -> None:
    site = serve()
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    wire.next_named("subscribed")
    (outlet,) = site.hub.subscriptions
    outlet.hold(2)
    outlet.send(protocol.next_state(1, version=1, payload="1", position=""))
    outlet.release(1)
    assert outlet.is_full
    outlet.release(2)
    assert not outlet.is_full
    outlet.hold(2)
    assert not outlet.is_full, "it was cleared before"
    assert wire.event()[1]["payload"] == 1


def test_who_cannot_be_found_out_is_sent_away(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bff.sockets.recheck._ASK_FOR", 0.3)
    monkeypatch.setattr("bff.sockets.recheck._ASK_EVERY", 0.05)
    site = serve()
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    wire.next_named("subscribed")
    wait_until(lambda: len(site.layer.asked) == 2)
    site.layer.people = None  # type: ignore[assignment]
    site.hub.touch()
    site.hub.push("{}")
    assert wire.event()[1]["code"] == "INTERNAL"
    assert wire.receive() == "41/graphql,"


class Seat(Base):
    __tablename__ = "seats"
    row: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)


def test_rows_as_facts() -> None:
    assert facts_of([(Seat, ("a", 1)), (User, 2)]) == [
        ("seats", ("row", "number"), ("a", "1")),
        ("users", ("id",), ("2",)),
    ]
    for row in [(Seat, 1), (int, 1)]:
        with pytest.raises(DeclarationError, match="which is no model and its primary key"):
            facts_of([row])


# ---- the host's Socket.IO


def test_host_keeps_its_own_namespaces(serve: Serve) -> None:
    wire = serve().open()
    wire.send("40/chat,")
    assert wire.receive().startswith('40/chat,{"sid"')
    wire.send('42/chat,7["echo",{"a":1}]')
    assert wire.receive() == '43/chat,7[{"a":1}]'
    wire.send('451-/chat,8["echo",{"_placeholder":true,"num":0}]')
    wire.send_bytes(b"\x00\x01")
    assert wire.receive() == '461-/chat,8[{"_placeholder":true,"num":0}]'
    assert wire.receive() == "\x00\x01"


def test_hosts_own_tests_of_its_namespaces_go_on() -> None:
    app, layer = make_site()
    client = layer.socketio.test_client(app, namespace="/chat")
    assert client.is_connected("/chat")
    assert client.emit("echo", {"a": 1}, namespace="/chat", callback=True) == {"a": 1}
    layer.socketio.emit("news", "today", namespace="/chat")
    assert [each["args"] for each in client.get_received("/chat")] == [["today"]]
    client.disconnect("/chat")


def test_live_operations_run_as_the_application(engine: Engine) -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def where(self) -> str:
            return current_app.name

    layer = Bff(schema=Schema(query=Query), engine=engine)
    plan = layer.server.plan_of(layer.server.find(GraphQLRequest(query="query @live { where }")))
    layer.init_app(Flask("the host"))
    [answered] = layer.server.execute_live(plan, [Invocation({})], None).answers
    assert answered.payload == {"data": {"where": "the host"}}


class Poller:
    """A client of the polling transport."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._connection = HTTPConnection(*address, timeout=10)
        self._query = "EIO=4&transport=polling"
        self._waiting: list[str] = []
        opened = json.loads(self.receive()[1:])
        self.sid = opened["sid"]
        self.upgrades = opened["upgrades"]
        self._query += f"&sid={self.sid}"

    def send(self, text: str) -> int:
        self._connection.request("POST", f"/socket.io/?{self._query}", body=text.encode())
        response = self._connection.getresponse()
        response.read()
        return response.status

    def receive(self) -> str:
        while not self._waiting:
            self._connection.request("GET", f"/socket.io/?{self._query}")
            with self._connection.getresponse() as response:
                assert response.status == 200
                self._waiting += response.read().decode().split("\x1e")
        return self._waiting.pop(0)

    def close(self) -> None:
        self._connection.close()


POLLING = {"transports": ["polling", "websocket"]}


@pytest.fixture
def poll() -> Iterator[Callable[[Served], Poller]]:
    with ExitStack() as stack:
        yield lambda site: stack.enter_context(closing(Poller(site.address)))


def test_polling_where_the_host_allows_it(serve: Serve, poll: Callable[[Served], Poller]) -> None:
    site = serve(options=POLLING)
    client = poll(site)
    assert client.send('40/graphql,{"token":"marie"}') == 200
    assert client.receive().startswith('40/graphql,{"sid"')
    client.send('42/graphql,["subscribe",{"id":"1","payload":{"query":"{ ticks }"}}]')
    assert client.receive().startswith('42/graphql,["subscribed"')
    for number in range(30):
        site.hub.push(str(number))
    for number in range(30):
        assert f'"payload":{number},' in client.receive()
    client.send("41/graphql,")
    wait_until(lambda: site.hub.drops)


def test_polling_client_that_takes_nothing_is_bounded(serve: Serve, poll: Callable[[Served], Poller]) -> None:
    site = serve(options=POLLING, live=LiveSettings(sockets=SocketLimits(max_unsent=1000)))
    client = poll(site)
    client.send('40/graphql,{"token":"marie"}')
    client.send('42/graphql,["subscribe",{"id":"1","payload":{"query":"{ ticks }"}}]')
    wait_until(lambda: site.hub.subscriptions)
    for number in range(100):
        site.hub.push(str(number))
    (connection,) = site.layer.connections
    assert 1000 < connection.unsent < 1300
    while '"payload":99,' not in client.receive():
        pass


def test_polling_client_that_floods_is_closed(serve: Serve, poll: Callable[[Served], Poller]) -> None:
    site = serve(options=POLLING, live=LiveSettings(sockets=SocketLimits(rate=1, burst=20)))
    client = poll(site)
    client.send('40/graphql,{"token":"marie"}')
    while client.send('42/graphql,["complete",{"id":"1"}]') == 200:
        pass
    wait_until(lambda: site.hub.drops)


def test_upgrade_from_polling_to_a_websocket(serve: Serve, poll: Callable[[Served], Poller]) -> None:
    site = serve(options=POLLING)
    client = poll(site)
    assert client.upgrades == ["websocket"]
    client.send('40/graphql,{"token":"marie"}')
    client.receive()
    wire = site.open(sid=client.sid)
    wire.ping(b"there?")
    assert wire.read_pong() == b"there?"
    wire.send("2probe")
    assert wire.receive() == "3probe"
    assert client.receive() == "6"
    wire.send("5")
    wire.subscribe("1")
    wire.next_named("subscribed")
    site.hub.push(json.dumps("x" * 200_000))
    assert len(wire.next_named("next")["payload"]) == 200_000


def test_upgrade_without_a_probe_is_none(serve: Serve, poll: Callable[[Served], Poller]) -> None:
    site = serve(options=POLLING)
    client = poll(site)
    wire = site.open(sid=client.sid)
    wire.send("5")
    assert wire.read_end().code == 1006
    # It polls on.
    client.send('40/graphql,{"token":"marie"}')
    assert client.receive().startswith("40/graphql,")


def test_what_it_cannot_stand_on_is_refused() -> None:
    for options, reason in [
        ({"cors_allowed_origins": []}, "cors_allowed_origins=\\[\\] lets every site connect"),
        ({"async_mode": "eventlet"}, None),
    ]:
        if reason is not None:
            with pytest.raises(DeclarationError, match=reason):
                make_site(options=options)
    app, layer = make_site()
    with pytest.raises(DeclarationError, match="has a layer already"):
        layer.listen_on(app.extensions["socketio"])
    with pytest.raises(DeclarationError, match="has no application yet"):
        layer.listen_on(SocketIO())
    with pytest.raises(DeclarationError, match="comes after init_app"):
        Site().listen_on(SocketIO(Flask(__name__)))


# ---- pings, ends


def test_pings_and_a_client_that_answers_none(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bff.sockets.engineio._SWEEP", 0.05)
    site = serve(options={"ping_interval": 0.1, "ping_timeout": 0.4})
    wire = site.open().connect(MARIE)
    for _ in range(8):
        assert wire.receive(pings=True) == "2"
    assert site.hub.drops == 0
    # It reads no more, so it answers no more.
    wait_until(lambda: site.hub.drops == 1 and not site.layer.connections)


def test_a_connection_to_nothing_is_closed(serve: Serve, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bff.sockets.namespace._JOIN_WITHIN", 0.1)
    site = serve()
    joined = site.open().connect(MARIE)
    assert site.open().read_end().code == 1006
    joined.subscribe("1")
    joined.next_named("subscribed")


def test_drain(serve: Serve) -> None:
    site = serve()
    told = site.open().connect(MARIE)
    other = site.open()
    begun = time.monotonic()
    site.layer.drain(within=0.3)
    assert time.monotonic() - begun < 2
    assert told.next_named("move") == {"within": 300}
    assert told.receive() == "1"
    assert other.read_end().code == 1000
    assert site.hub.drops == 1


def test_no_socket_while_it_drains(serve: Serve) -> None:
    site = serve()
    site.layer.drain(within=0)
    with pytest.raises(Refused, match="503"):
        Wire(site.address)
