"""Briefcase live, as it is served: a commit reaches who may see it, and nobody who may not any more."""

from __future__ import annotations

import json
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any
from urllib.parse import urlsplit

import pytest
from sqlalchemy import Connection, create_engine, text

from loadtest.live.wire import Refused
from tests.bff.sockets.wire import Wire
from tests.conftest import LiveSite

pytestmark = pytest.mark.slow

Open = Callable[..., Wire]


@pytest.fixture
def connect(live_site: LiveSite) -> Iterator[Open]:
    """`connect(3)` is a socket of user 3."""
    address = urlsplit(live_site.url)
    assert address.hostname is not None
    assert address.port is not None
    with ExitStack() as stack:

        def open_socket(user_id: int, **given: Any) -> Wire:
            wire = stack.enter_context(Wire((address.hostname or "", address.port or 0), **given))
            return wire.connect({"token": f"dev-{user_id}"})

        yield open_socket


@pytest.fixture
def database(live_site: LiveSite) -> Iterator[Connection]:
    """Beside the site, as psql would be; commits as it goes."""
    engine = create_engine(live_site.database_url, isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        yield connection
    engine.dispose()


def subscribe(wire: Wire, id: str, document: str, /, **variables: object) -> dict[str, Any]:
    wire.emit("subscribe", {"id": id, "payload": {"documentId": document, "variables": variables}})
    return wire.next_named("subscribed")


def data_of(wire: Wire) -> Any:
    payload = wire.next_named("next")["payload"]
    assert "errors" not in payload
    return payload["data"]


def matter_and_members(database: Connection) -> tuple[int, list[int]]:
    """A matter with a task, and members of the firm who are on it."""
    found = database.execute(
        text(
            "select m.matter_id, array_agg(u.id order by u.id) from matter_members m join users u on u.id = m.user_id "
            "where u.role = 'member' and exists (select from tasks t where t.matter_id = m.matter_id) "
            "group by m.matter_id having count(*) > 1 order by m.matter_id limit 1"
        )
    ).one()
    return found[0], found[1]


def test_a_write_reaches_every_subscriber(connect: Open, live_site: LiveSite, database: Connection) -> None:
    matter_id, (one, other, *_) = matter_and_members(database)
    wires = [connect(one), connect(other)]
    for wire in wires:
        assert subscribe(wire, "1", "MatterLive", id=matter_id)["kind"] == "live"
        task = data_of(wire)["matter"]["tasks"][0]
    database.execute(text("update tasks set title = 'seen by all' where id = :id"), {"id": int(task["id"])})
    for wire in wires:
        titles = {each["id"]: each["title"] for each in data_of(wire)["matter"]["tasks"]}
        assert titles[task["id"]] == "seen by all"
    # The legacy API writes, too, and knows of nothing.
    patch = urllib.request.Request(
        f"{live_site.url}/api/tasks/{task['id']}",
        data=json.dumps({"title": "by REST"}).encode(),
        method="PATCH",
        headers={"Authorization": f"Bearer dev-{one}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(patch, timeout=10):
        pass
    for wire in wires:
        titles = {each["id"]: each["title"] for each in data_of(wire)["matter"]["tasks"]}
        assert titles[task["id"]] == "by REST"


def test_presence_is_told_to_who_is_there(connect: Open, database: Connection) -> None:
    matter_id, (one, other, *_) = matter_and_members(database)
    first, second = connect(one), connect(other)

    def who(wire: Wire) -> set[str]:
        return {user["id"] for user in data_of(wire)["presenceChanged"]}

    subscribe(first, "1", "Presence", matterId=matter_id)
    while who(first) != {str(one)}:
        pass
    subscribe(second, "1", "Presence", matterId=matter_id)
    while who(first) != {str(one), str(other)}:
        pass
    second.socket.close()
    while who(first) != {str(one)}:
        pass


def test_another_role_gets_no_more_data_and_subscribes_anew(connect: Open, database: Connection) -> None:
    matter_id, (user_id, *_) = matter_and_members(database)
    wire = connect(user_id)
    subscribe(wire, "1", "MatterLive", id=matter_id)
    task = data_of(wire)["matter"]["tasks"][0]
    role = "update users set role = :role where id = :id"
    database.execute(text(role), {"id": user_id, "role": "guest"})
    begun = time.monotonic()
    database.execute(text("update tasks set title = 'not for guests' where id = :id"), {"id": int(task["id"])})
    event, data = wire.event()
    assert time.monotonic() - begun < 5
    assert (event, data["id"], data["code"]) == ("complete", "1", "FORBIDDEN")
    subscribe(wire, "1", "MatterLive", id=matter_id)
    database.execute(text(role), {"id": user_id, "role": "member"})
    assert wire.next_named("complete")["code"] == "FORBIDDEN"


def test_a_position_is_good_for_nobody_else(connect: Open, database: Connection) -> None:
    _, (one, other, *_) = matter_and_members(database)
    query = {"query": "subscription { notifications { id } }"}
    wire = connect(one)
    wire.emit("subscribe", {"id": "1", "payload": query})
    position = wire.next_named("next")["position"]
    wire.emit("subscribe", {"id": "2", "payload": query, "resume": position})
    while (answer := wire.next_named("subscribed"))["id"] != "2":
        pass
    assert answer["recovered"] is True
    stranger = connect(other)
    stranger.emit("subscribe", {"id": "1", "payload": query, "resume": position})
    event, refused = stranger.event()
    assert (event, refused["payload"][0]["extensions"]["code"]) == ("error", "FORBIDDEN")


def test_a_user_who_is_removed_is_sent_away(connect: Open, database: Connection) -> None:
    user_id = database.execute(
        text(
            "insert into users (organization_id, name, email, title, role) "
            "values (1, 'Temp', 'temp@example.com', 'Temp', 'owner') returning id"
        )
    ).scalar_one()
    wire = connect(user_id)
    wire.emit("subscribe", {"id": "1", "payload": {"query": "subscription { viewer { name } }"}})
    assert data_of(wire) == {"viewer": {"name": "Temp"}}
    begun = time.monotonic()
    database.execute(text("delete from users where id = :id"), {"id": user_id})
    event, data = wire.event()
    assert (event, data["code"]) == ("complete", "UNAUTHENTICATED")
    assert wire.receive() == "41/graphql,"
    assert time.monotonic() - begun < 5


def test_events_that_are_not_taken_in_time_are_not_lost(connect: Open, database: Connection) -> None:
    matter_id, (user_id, other_id, *_) = matter_and_members(database)
    slow, other = connect(user_id, receive_buffer=4096), connect(other_id)
    for wire in (slow, other):
        subscribe(wire, "1", "CommentAdded", matterId=matter_id)
    count = 150
    database.execute(
        text(
            "insert into comments (task_id, author_id, body) select (select min(id) from tasks where matter_id = :matter), "
            ":author, number || repeat(' ', 40000) from generate_series(1, :count) number"
        ),
        {"matter": matter_id, "author": user_id, "count": count},
    )

    def collect(wire: Wire) -> tuple[list[int], int]:
        """All of them, resuming where it was cut off; and how often that was."""
        numbers: list[int] = []
        cuts = 0
        while len(numbers) < count:
            event, message = wire.event()
            if event == "next":
                numbers.append(int(message["payload"]["data"]["commentAdded"]["body"]))
            elif event == "complete":
                assert message["code"] == "SLOW_CONSUMER"
                cuts += 1
                payload = {"documentId": "CommentAdded", "variables": {"matterId": matter_id}}
                resumed = {"id": f"again {cuts}", "payload": payload, "resume": message["resume"]}
                wire.emit("subscribe", resumed)
            elif event == "subscribed":
                assert message["recovered"] is True
        return numbers, cuts

    everything = list(range(1, count + 1))
    # Six megabytes: when the other, who reads, has all of them, who does not read was cut off.
    assert collect(other)[0] == everything
    numbers, cuts = collect(slow)
    assert numbers == everything
    assert cuts > 0


def test_a_foreign_site_is_refused(connect: Open, live_site: LiveSite) -> None:
    assert connect(1, Origin=live_site.url)
    with pytest.raises(Refused, match="403"):
        connect(1, Origin="https://evil.example")
