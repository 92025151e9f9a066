"""What a subscription's root field is: whom a change concerns, where its row is and was, and what each viewer is told of it."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from itertools import count
from typing import Any

import pytest
from graphql import parse
from sqlalchemy import Engine, create_engine

import bff
from bff.changes.change import Change
from bff.entities.events import Happened, Present
from bff.errors import BadUserInput, Unauthenticated, VariablesRefused
from bff.live.sources import EventSource, LiveSource, PresenceSource, source_of
from bff.plan.plan import Plan, compile_plan
from bff.readsets.readset import Invocation
from bff.readsets.run_many import run_many
from tests.bff.asking import Asker
from tests.bff.live.rooms import SCHEMA, THEM, US, A, B, C, D, Guest, furnish


@pytest.fixture(scope="module")
def furnished(make_database: Callable[[], str]) -> Iterator[Engine]:
    engine = create_engine(make_database(), pool_size=2, max_overflow=0)
    furnish(engine)
    yield engine
    engine.dispose()


@pytest.fixture
def ask(furnished: Engine) -> Asker:
    return Asker(SCHEMA, furnished, US)


def plan_of(document: str) -> Plan:
    return compile_plan(SCHEMA._schema, parse(document))


def event_of(document: str) -> EventSource:
    source = source_of(plan_of(document))
    assert isinstance(source, EventSource)
    return source


_ids = count(1)


def inserted(table: str, **new: str | None) -> Change:
    return Change(next(_ids), 1, table, "insert", {}, new, frozenset())


def deleted(table: str, **old: str | None) -> Change:
    return Change(next(_ids), 1, table, "delete", old, {}, frozenset())


def updated(table: str, old: dict[str, str | None], **new: str | None) -> Change:
    changed = frozenset(name for name, value in new.items() if old[name] != value)
    return Change(next(_ids), 1, table, "update", old, {**old, **new}, changed)


def desk(id: uuid.UUID, room: int | None) -> dict[str, str | None]:
    return {"desk_id": str(id), "in_room": None if room is None else str(room)}


def located(ask: Asker, source: EventSource, *changes: Change) -> list[set[tuple[str | None, ...]]]:
    """The routes of each change."""
    with ask.database.open(None, bff.Deadline.after(60)) as scope:
        found = source.locate(changes, scope)
    return [set(found[each.key]) for each in changes]


# -- which source


@pytest.mark.parametrize(
    ("document", "kind"),
    [
        ("{ rooms { id } }", type(None)),
        ("query @live { rooms { id } }", LiveSource),
        ("query Rooms @live { rooms { id } room(id: 1) { id } }", LiveSource),
        ("subscription { rooms { id } }", LiveSource),
        ("subscription { nothing }", LiveSource),
        ("subscription { anyDesk { id } }", EventSource),
        ("subscription { ...F } fragment F on Subscription { anyDesk { id } }", EventSource),
        ("subscription { anyDesk { id } anyDesk { label } }", EventSource),
        ("subscription { present(roomId: 1) { id } }", PresenceSource),
    ],
)
def test_the_source_of_a_plan(document: str, kind: type) -> None:
    assert type(source_of(plan_of(document))) is kind


def test_what_follows_data_is_read_in_rounds() -> None:
    assert plan_of("subscription { rooms { id } }").strategy == "rounds"
    assert (
        compile_plan(SCHEMA._schema, parse("query @live { rooms { id } }"), strategy="compiled").strategy == "compiled"
    )


# -- which changes are events


@pytest.mark.parametrize(
    ("field", "tables", "kinds"),
    [
        ("anyDesk { id }", {"desks"}, {"insert", "update"}),
        ("deskChanged(roomId: 1) { id }", {"desks"}, {"insert", "update", "delete"}),
        ("noteAdded(roomId: 1) { number }", {"notes"}, {"insert"}),
        ("thingChanged(roomId: 1) { id }", {"things", "chairs"}, {"insert", "update", "delete"}),
        ("chairChanged(roomId: 1) { id }", {"things", "chairs"}, {"insert", "update"}),
    ],
)
def test_tables_and_kinds(field: str, tables: set[str], kinds: set[str]) -> None:
    source = event_of(f"subscription {{ {field} }}")
    assert source.tables == tables
    assert source.kinds == kinds


def test_other_tables_and_kinds_are_no_events() -> None:
    source = event_of("subscription { noteAdded(roomId: 1) { number } }")
    assert source.takes(inserted("notes", desk_id=str(A), number="1"))
    assert not source.takes(inserted("desks", **desk(A, 1)))
    assert not source.takes(deleted("notes", desk_id=str(A), number="1"))
    assert not source.takes(Change(1, 1, "notes", "truncate", {}, {}, frozenset()))


def test_a_row_of_joined_inheritance_is_inserted_once_and_updated_by_each_of_its_tables() -> None:
    chairs = event_of("subscription { chairChanged(roomId: 1) { id } }")
    thing = inserted("things", id="1", room_id="1"), updated("things", {"id": "1", "room_id": "1"})
    chair = inserted("chairs", id="1"), updated("chairs", {"id": "1"})
    assert [chairs.takes(each) for each in (*thing, *chair)] == [False, True, True, True]
    things = event_of("subscription { thingChanged(roomId: 1) { id } }")
    assert [things.takes(each) for each in (*thing, *chair)] == [True, True, False, True]


# -- where rows are


def test_a_column_of_the_row_itself_takes_no_statement(
    ask: Asker, furnished: Engine, count_sql: Callable[..., AbstractContextManager[Any]]
) -> None:
    source = event_of("subscription { deskChanged(roomId: 1) { id } }")
    with count_sql(furnished) as counted:
        routes = located(
            ask,
            source,
            inserted("desks", **desk(A, 1)),
            deleted("desks", **desk(A, 5)),
            updated("desks", desk(A, 1), in_room="2"),
            updated("desks", desk(A, 1), in_room=None),
            updated("desks", desk(A, 1)),
            inserted("desks", **desk(D, None)),
        )
    assert counted.count == 0
    assert routes == [{("1",)}, {("5",)}, {("1",), ("2",)}, {("1",)}, {("1",)}, set()]


def test_a_path_takes_one_statement_for_all_changes(
    ask: Asker, furnished: Engine, count_sql: Callable[..., AbstractContextManager[Any]]
) -> None:
    source = event_of("subscription { noteAdded(roomId: 1) { number } }")
    with count_sql(furnished) as counted:
        routes = located(
            ask, source, *(inserted("notes", desk_id=str(id), number="1") for id in (A, B, C, D, uuid.UUID(int=99)))
        )
    assert counted.count == 1
    assert routes == [{("1",)}, {("2",)}, {("3",)}, set(), set()]


def test_a_path_of_two_steps_and_a_move_between_parents(ask: Asker) -> None:
    source = event_of("subscription { noteChanged(team: 1) { id } }")
    note: dict[str, str | None] = {"desk_id": str(A), "number": "1"}
    assert located(
        ask,
        source,
        updated("notes", note),
        updated("notes", note, desk_id=str(C)),
        updated("notes", note, desk_id=str(D)),
        inserted("notes", desk_id=str(D), number="1"),
    ) == [{("1",)}, {("1",), ("2",)}, {("1",)}, set()]


def test_a_composite_key_on_the_way_may_be_null(ask: Asker) -> None:
    source = event_of("subscription { markMade(roomId: 1) { id } }")
    assert located(
        ask,
        source,
        inserted("marks", id="1", desk_id=str(A), number="1"),
        inserted("marks", id="2", desk_id=None, number=None),
        inserted("marks", id="3", desk_id=str(D), number="1"),
        inserted("marks", id="4", desk_id=str(A), number=None),
    ) == [{("1",)}, set(), set(), set()]


def test_several_paths_must_all_match(ask: Asker) -> None:
    source = event_of("subscription { deskOfTeam(red: true) { id } }")
    assert located(ask, source, *(inserted("desks", **desk(id, room)) for id, room in ((A, 1), (B, 2), (C, 3)))) == [
        {("1", "true")},
        set(),
        {("2", "false")},
    ]
    # The lamp stays with its desk, wherever that was.
    assert located(ask, source, updated("desks", desk(A, 3), in_room="1")) == [{("2", "true"), ("1", "true")}]


def test_without_paths_every_row_is_at_one_place(ask: Asker) -> None:
    source = event_of("subscription { anyDesk { id } }")
    assert located(ask, source, inserted("desks", **desk(A, 1)), updated("desks", desk(B, 1))) == [{()}, {()}]
    assert source.routes({}, None) == ()


def test_what_is_no_event_is_nowhere(ask: Asker) -> None:
    source = event_of("subscription { anyDesk { id } }")
    with ask.database.open(None, bff.Deadline.after(60)) as scope:
        assert source.locate([deleted("desks", **desk(A, 1)), inserted("rooms", id="1")], scope) == {}


@pytest.mark.parametrize(
    ("field", "ours", "theirs"), [("chairChanged(roomId: 1)", "1", "3"), ("chairOfTeam(team: 1)", "1", "2")]
)
def test_a_column_of_another_table_of_the_row_is_read(ask: Asker, field: str, ours: str, theirs: str) -> None:
    source = event_of(f"subscription {{ {field} {{ id }} }}")
    assert located(
        ask,
        source,
        inserted("chairs", id="1"),
        updated("chairs", {"id": "2"}),
        updated("things", {"id": "1", "room_id": "3"}, room_id="1"),
        inserted("chairs", id="99"),
    ) == [{(ours,)}, {(theirs,)}, {(ours,), (theirs,)}, set()]


def test_a_subclass_s_own_table_is_a_table_of_the_interface(ask: Asker) -> None:
    source = event_of("subscription { thingChanged(roomId: 1) { id } }")
    assert located(ask, source, updated("chairs", {"id": "2"}), updated("things", {"id": "3", "room_id": "2"})) == [
        {("3",)},
        {("2",)},
    ]


# -- who wants which


def test_the_route_of_an_argument() -> None:
    source = event_of("subscription($room: ID!) { deskChanged(roomId: $room) { id } }")
    assert source.routes({"room": "1"}, None) == ("1",)
    assert source.routes({"room": 1}, US) == ("1",)
    assert event_of('subscription { deskChanged(roomId: "7") { id } }').routes(None, US) == ("7",)
    assert event_of("subscription($red: Boolean = true) { deskOfTeam(red: $red) { id } }").routes({}, US) == (
        "1",
        "true",
    )


def test_a_value_of_the_viewer() -> None:
    source = event_of("subscription { myDesk { id } }")
    assert source.routes({}, Guest(1, A)) == (str(A),)
    assert source.routes({}, US) == (None,)
    with pytest.raises(Unauthenticated, match=r"Subscription.myDesk is for somebody, and nobody is signed in"):
        source.routes({}, None)


@pytest.mark.parametrize("room", ["", "x", "1 ", "\uff11", "1.0", "2147483648", "-2147483649", "9" * 5000, "\x00"])
def test_an_argument_that_cannot_be_a_value_of_the_column(room: str) -> None:
    source = event_of("subscription($room: ID!) { deskChanged(roomId: $room) { id } }")
    with pytest.raises(BadUserInput, match=r"^Subscription.deskChanged\(roomId:\) takes an integer of 32 bits, not"):
        source.routes({"room": room}, US)


def test_one_value_has_one_route() -> None:
    source = event_of("subscription($desk: ID!) { noteOfDesk(deskId: $desk) { id } }")
    assert source.routes({"desk": str(A).upper()}, US) == source.routes({"desk": f"{{{A}}}"}, US) == (str(A),)
    assert event_of('subscription { deskChanged(roomId: "007") { id } }').routes({}, US) == ("7",)


@pytest.mark.parametrize("variables", [{}, {"room": None}, {"room": {}}, {"room": [1]}, {"room": True}])
def test_variables_that_do_not_fit(variables: dict[str, Any]) -> None:
    source = event_of("subscription($room: ID!) { deskChanged(roomId: $room) { id } }")
    with pytest.raises(VariablesRefused) as refused:
        source.routes(variables, US)
    assert refused.value.extensions == {"code": "BAD_USER_INPUT"}
    assert len(refused.value.errors) == 1
    assert "room" in str(refused.value)


# -- what each viewer is told


DESK_CHANGED = "subscription { deskChanged(roomId: 1) { kind id node { id nodeId room { id } } } }"


def told(ask: Asker, document: str, change: Change, viewer: Guest | None = US) -> Any:
    """What the viewer is told, by the engine and by graphql-core alike; None: nothing."""
    source = event_of(document)
    root = source.root_value(change)
    # What the engine answers is what graphql-core does.
    result = ask.result(document, root=root, viewer=viewer, valid=True)
    payload = {"data": result.data, "errors": [dict(each.formatted) for each in result.errors or ()]}
    if source.is_withheld(payload):
        return None
    assert result.errors is None
    assert result.data is not None
    [value] = result.data.values()
    return value


def test_a_row_that_the_viewer_sees(ask: Asker) -> None:
    assert told(ask, "subscription { anyDesk { id room { team } } }", inserted("desks", **desk(A, 1))) == {
        "id": str(A),
        "room": {"team": 1},
    }


@pytest.mark.parametrize("viewer", [THEM, None], ids=["another", "nobody"])
@pytest.mark.parametrize(
    ("document", "change"),
    [
        ("subscription { anyDesk { id } }", inserted("desks", **desk(A, 1))),
        ("subscription { anyDesk { label } }", updated("desks", desk(A, 1))),
        ("subscription { deskOfTeam(red: true) { __typename } }", updated("desks", desk(A, 1))),
        (DESK_CHANGED, inserted("desks", **desk(A, 1))),
        (DESK_CHANGED, updated("desks", desk(A, 1))),
        (DESK_CHANGED, deleted("desks", **desk(uuid.UUID(int=99), 1))),
        (DESK_CHANGED, deleted("desks", **desk(uuid.UUID(int=99), None))),
    ],
)
def test_a_row_that_the_viewer_does_not_see_is_no_event_for_them(
    ask: Asker, document: str, change: Change, viewer: Guest | None
) -> None:
    assert told(ask, document, change, viewer) is None


def test_a_row_that_is_gone_by_then_is_no_event(ask: Asker) -> None:
    gone = uuid.UUID(int=99)
    assert told(ask, "subscription { anyDesk { id } }", inserted("desks", **desk(gone, 1))) is None
    assert told(ask, DESK_CHANGED, inserted("desks", **desk(gone, 1))) is None


def test_an_update_of_a_row_that_is_gone_by_then_is_told_to_who_saw_it(ask: Asker) -> None:
    """So it is for one that was taken from the viewer's sight: they may still show it."""
    gone = uuid.UUID(int=99)
    assert told(ask, DESK_CHANGED, updated("desks", desk(gone, 1))) == {
        "kind": "UPDATED",
        "id": str(gone),
        "node": None,
    }
    taken = updated("desks", desk(C, 1), in_room="3")
    assert told(ask, DESK_CHANGED, taken) == {"kind": "UPDATED", "id": str(C), "node": None}
    assert told(ask, DESK_CHANGED, taken, THEM)["node"]["id"] == str(C)


def test_an_update_that_moved_the_row(ask: Asker) -> None:
    change = updated("desks", desk(B, 1), in_room="2")
    assert told(ask, DESK_CHANGED, change) == {
        "kind": "UPDATED",
        "id": str(B),
        "node": {"id": str(B), "nodeId": f"Desk:{B}", "room": {"id": "2"}},
    }


def test_a_deleted_row_is_told_to_who_saw_it(ask: Asker) -> None:
    gone = uuid.UUID(int=99)
    change = deleted("desks", **desk(gone, 1))
    assert told(ask, DESK_CHANGED, change) == {"kind": "DELETED", "id": str(gone), "node": None}
    assert told(ask, DESK_CHANGED, deleted("desks", **desk(gone, 3)), THEM) is not None


def test_a_row_of_a_composite_key(ask: Asker) -> None:
    document = "subscription($desk: ID!) { noteOfDesk(deskId: $desk) { kind id node { nodeId } } }"
    source = event_of(document)
    here, gone = {"desk_id": str(A), "number": "1"}, {"desk_id": str(B), "number": "5"}
    assert source.root_value(inserted("notes", **here)) == Happened(
        source.root_value(inserted("notes", **here)).kind, f"{A},1", (A, 1)
    )
    fixed = document.replace("($desk: ID!)", "").replace("$desk", f'"{A}"')
    assert told(ask, fixed, inserted("notes", **here)) == {
        "kind": "INSERTED",
        "id": f"{A},1",
        "node": {"nodeId": f"Note:{A},1"},
    }
    assert told(ask, fixed, deleted("notes", **gone)) == {"kind": "DELETED", "id": f"{B},5", "node": None}
    assert told(ask, fixed, deleted("notes", **gone), THEM) is None


def test_an_interface_s_rows_are_of_their_own_types(ask: Asker) -> None:
    document = "subscription { thingChanged(roomId: 1) { id node { __typename id ... on Chair { legs } } } }"
    chair, box = updated("chairs", {"id": "1"}), updated("things", {"id": "3", "room_id": "2"})
    assert told(ask, document, chair)["node"] == {"__typename": "Chair", "id": "1", "legs": 4}
    assert told(ask, document, box)["node"] == {"__typename": "Box", "id": "3"}
    assert told(ask, "subscription { chairChanged(roomId: 1) { id legs } }", chair) == {"id": "1", "legs": 4}
    # A box is no chair, though its table is one of theirs.
    assert told(ask, "subscription { chairChanged(roomId: 1) { id legs } }", box) is None
    assert told(ask, document, deleted("things", id="9", room_id="1"))["id"] == "9"
    assert told(ask, document, deleted("things", id="9", room_id="3")) is None


def test_who_may_not_see_the_one_place_does_not_learn_of_it_at_the_other(ask: Asker) -> None:
    """A desk that moves between a room of theirs and one of ours: each is told at their own, and of nothing at the other's."""
    came, went = updated("desks", desk(A, 3), in_room="1"), updated("desks", desk(C, 1), in_room="3")
    source = event_of(DESK_CHANGED)

    def is_told(change: Change, room: str, viewer: Guest) -> bool:
        with ask.database.open(viewer, bff.Deadline.after(60)) as scope:
            at = source.locate([change], scope)[change.key]
            root = source.root_value(at[(room,)])
            [answered] = run_many(source.plan, [Invocation({}, root)], context=scope).answers
        result = ask.result(DESK_CHANGED, root=root, viewer=viewer, valid=True)
        assert source.is_withheld(
            {"errors": [dict(each.formatted) for each in result.errors or ()]}
        ) is source.is_withheld(answered.payload)
        return not source.is_withheld(answered.payload)

    for change in (came, went):
        assert is_told(change, "1", US)
        assert not is_told(change, "3", US)
        assert is_told(change, "3", THEM)
        assert not is_told(change, "1", THEM)


def test_events_are_told_together(
    ask: Asker, furnished: Engine, count_sql: Callable[..., AbstractContextManager[Any]]
) -> None:
    """As many statements as for one: rows, former rows, and what is selected of them."""
    source = event_of(DESK_CHANGED)
    gone = uuid.UUID(int=99)
    changes = [
        inserted("desks", **desk(A, 1)),
        inserted("desks", **desk(C, 3)),
        updated("desks", desk(B, 1), in_room="2"),
        updated("desks", desk(C, 1), in_room="3"),
        deleted("desks", **desk(gone, 1)),
        deleted("desks", **desk(gone, 3)),
    ]
    asked = [Invocation({}, source.root_value(change)) for change in changes]
    counts = []
    for some in (asked, asked[3:4], asked[:1]):
        with ask.database.open(US, bff.Deadline.after(60)) as scope, count_sql(furnished) as counted:
            executed = run_many(source.plan, some, context=scope)
        counts.append(sum("FROM" in statement for statement in counted.statements))
        if some is asked:
            payloads = [answered.payload for answered in executed.answers]
            assert [source.is_withheld(each) for each in payloads] == [False, True, False, False, False, True]
            told = [each["data"]["deskChanged"] for each in payloads if not source.is_withheld(each)]
            assert [(each["kind"], each["id"], each["node"] is None) for each in told] == [
                ("INSERTED", str(A), False),
                ("UPDATED", str(B), False),
                ("UPDATED", str(C), True),
                ("DELETED", str(gone), True),
            ]
            assert payloads[1]["errors"][0]["extensions"] == {"code": "NOT_VISIBLE"}
    assert counts == [3, 2, 2]


def test_who_looks_for_nothing_but_the_kind_is_not_told_more(ask: Asker) -> None:
    document = "subscription { deskChanged(roomId: 1) { kind } }"
    assert told(ask, document, updated("desks", desk(A, 1))) == {"kind": "UPDATED"}
    assert told(ask, document, updated("desks", desk(C, 3))) is None


# -- presence

PRESENT = "subscription($room: ID!) { present(roomId: $room) { id } }"


def presence() -> PresenceSource:
    source = source_of(plan_of(PRESENT))
    assert isinstance(source, PresenceSource)
    return source


def test_a_place_and_who_is_there() -> None:
    source = presence()
    assert source.place({"room": "01"}) == source.place({"room": 1}) == "rooms:1"
    assert source.who(Guest(1, A)) == str(A)
    assert source.who(US) is None
    assert source.root_value("rooms:1", [str(B), str(A), str(B)]) == Present(1, (A, B))


def test_a_place_that_cannot_be() -> None:
    source = presence()
    with pytest.raises(BadUserInput, match=r"^Subscription.present\(roomId:\) takes an integer of 32 bits, not 'x'"):
        source.place({"room": "x"})
    with pytest.raises(VariablesRefused):
        source.place({})
    with pytest.raises(Unauthenticated):
        source.who(None)


def seen(ask: Asker, place: str, present: list[uuid.UUID], viewer: Guest | None) -> Any:
    source = presence()
    root = source.root_value(place, [str(each) for each in present])
    result = ask.result(PRESENT, root=root, viewer=viewer, variables={"room": place[-1]})
    payload = {"data": result.data, "errors": [dict(each.formatted) for each in result.errors or ()]}
    return None if source.is_withheld(payload) else result.data["present"] if result.data else payload


def test_who_is_there_is_seen_by_who_may_see_the_place_and_them(ask: Asker) -> None:
    assert seen(ask, "rooms:1", [A, B, C, uuid.UUID(int=99)], US) == [{"id": str(A)}, {"id": str(B)}]
    assert seen(ask, "rooms:1", [], US) == []
    assert seen(ask, "rooms:3", [A, C], US) is None
    assert seen(ask, "rooms:3", [A, C], THEM) == [{"id": str(C)}]
    assert seen(ask, "rooms:9", [A], US) is None
    assert seen(ask, "rooms:1", [A], None) is None


def test_several_plans_share_what_they_are_about() -> None:
    one, two = event_of("subscription { anyDesk { id } }"), event_of("subscription Mine { d: anyDesk { label } }")
    assert one.name == two.name == "Subscription.anyDesk"
    assert repr(one) == "<EventSource Subscription.anyDesk: insert, update of desks>"
    assert repr(presence()) == "<PresenceSource Subscription.present of RoomRow>"


def test_a_live_field_answers_as_on_query(ask: Asker) -> None:
    assert ask("subscription { rooms { id team } }") == ask("{ rooms { id team } }")
    assert ask("subscription { room(id: 3) { id } }") == {"room": None}
    assert ask("subscription { nothing }") == {"nothing": None}
