"""Events of real changes: random statements, captured by triggers, against what the tables themselves say happened.

Before and after each statement all tables are read whole. What was inserted, updated and deleted, where it is, and who sees it
is then worked out in Python, row by row; the sources must say the same of the changes in the outbox.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import pytest
from graphql import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine

import bff
from bff.changes import install as capture
from bff.changes.change import Change
from bff.live.sources import EventSource, source_of
from bff.plan.plan import compile_plan
from tests.bff.asking import Asker
from tests.bff.live.rooms import SCHEMA, THEM, US, A, B, C, D, Guest, RoomRow, furnish

pytestmark = pytest.mark.slow

Row = Mapping[str, str | None]
Key = tuple[str | None, ...]
Tables = dict[str, dict[Key, Row]]
"""Rows by table and primary key, all values as PostgreSQL's texts."""

KEYS = {
    "rooms": ("id",),
    "desks": ("desk_id",),
    "lamps": ("id",),
    "notes": ("desk_id", "number"),
    "marks": ("id",),
    "things": ("id",),
    "chairs": ("id",),
}

DESKS = [f"'{id}'::uuid" for id in (A, B, C, D, "00000000-0000-0000-0000-000000000020")]
ROOMS = ["1", "2", "3"]
desk, room, number = st.sampled_from(DESKS), st.sampled_from(ROOMS), st.integers(1, 3)
room_or_none, flag, id = st.sampled_from([*ROOMS, "NULL"]), st.sampled_from(["true", "false"]), st.integers(1, 5)


def note_moved(to: str, of: str, number: int) -> str:
    return (
        f"UPDATE notes SET desk_id = {to} WHERE desk_id = {of} AND number = {number} "
        f"AND EXISTS (SELECT FROM desks d WHERE d.desk_id = {to}) "
        f"AND NOT EXISTS (SELECT FROM notes n WHERE n.desk_id = {to} AND n.number = {number})"
    )


def chair_made(id: int, room: str) -> str:
    """One statement for both tables of a row."""
    return (
        f"WITH made AS (INSERT INTO things VALUES ({id}, 'chair', {room}) ON CONFLICT DO NOTHING RETURNING id) "
        f"INSERT INTO chairs SELECT id, 4 FROM made"
    )


STATEMENTS = st.one_of(
    st.builds("INSERT INTO desks VALUES ({}, {}, '') ON CONFLICT DO NOTHING".format, desk, room_or_none),
    st.builds("UPDATE desks SET in_room = {} WHERE desk_id = {}".format, room_or_none, desk),
    st.builds("UPDATE desks SET in_room = {} WHERE in_room = {}".format, room_or_none, room),
    st.builds("UPDATE desks SET label = label || 'x' WHERE in_room = {}".format, room),
    st.just("UPDATE desks SET label = label"),
    st.builds("DELETE FROM desks WHERE desk_id = {}".format, desk),
    st.builds("INSERT INTO notes SELECT desk_id, {}, '' FROM desks ON CONFLICT DO NOTHING".format, number),
    st.builds(note_moved, desk, desk, number),
    st.builds("UPDATE notes SET words = words || 'x' WHERE desk_id = {}".format, desk),
    st.builds("UPDATE notes SET number = number + 10 WHERE number = {}".format, number),
    st.builds("DELETE FROM notes WHERE number = {}".format, number),
    st.builds("UPDATE lamps SET is_red = {} WHERE id = {}".format, flag, id),
    st.builds("DELETE FROM lamps WHERE id = {}".format, id),
    st.builds("INSERT INTO marks SELECT {}, desk_id, number FROM notes LIMIT 1 ON CONFLICT DO NOTHING".format, id),
    st.builds("UPDATE marks SET desk_id = NULL, number = NULL WHERE id = {}".format, id),
    st.builds("UPDATE rooms SET team = 3 - team WHERE id = {}".format, room),
    st.builds(chair_made, id, room),
    st.builds("UPDATE things SET room_id = {} WHERE id = {}".format, room, id),
    st.builds("UPDATE chairs SET legs = legs + 1 WHERE id = {}".format, id),
    st.builds("DELETE FROM things WHERE id = {}".format, id),
    st.just("TRUNCATE marks, notes"),
)


# -- what the tables say


def of_room(tables: Tables, key: str | None) -> list[Row]:
    return [row for (id,), row in tables["rooms"].items() if id == key]


def of_desk(tables: Tables, key: str | None) -> list[Row]:
    return [row for (id,), row in tables["desks"].items() if id == key]


def of_note(tables: Tables, desk: str | None, number: str | None) -> list[Row]:
    return [row for key, row in tables["notes"].items() if key == (desk, number)]


def desk_of_team(tables: Tables, desk: Row) -> set[Key]:
    lamps = [lamp for lamp in tables["lamps"].values() if lamp["desk_id"] == desk["desk_id"]]
    return {(room["team"], lamp["is_red"]) for room in of_room(tables, desk["in_room"]) for lamp in lamps}


def note_of_team(tables: Tables, note: Row) -> set[Key]:
    desks = of_desk(tables, note["desk_id"])
    return {(room["team"],) for desk in desks for room in of_room(tables, desk["in_room"])}


def mark_in_room(tables: Tables, mark: Row) -> set[Key]:
    notes = of_note(tables, mark["desk_id"], mark["number"])
    return {(desk["in_room"],) for note in notes for desk in of_desk(tables, note["desk_id"])}


def thing_in_room(tables: Tables, row: Row) -> set[Key]:
    """Of a chair's own table, by way of the other."""
    if "room_id" in row:
        return {(row["room_id"],)}
    return {(thing["room_id"],) for (id,), thing in tables["things"].items() if id == row["id"]}


Places = Callable[[Tables, Row], set[Key]]

FIELDS: dict[str, tuple[dict[str, set[str]], Places]] = {
    "anyDesk { id }": ({"desks": {"insert", "update"}}, lambda _, row: {()}),
    "deskChanged(roomId: 1) { id kind node { id } }": (
        {"desks": {"insert", "update", "delete"}},
        lambda _, row: {(row["in_room"],)},
    ),
    "deskOfTeam(red: true) { id }": ({"desks": {"insert", "update"}}, desk_of_team),
    "noteAdded(roomId: 1) { number }": (
        {"notes": {"insert"}},
        lambda tables, row: {(desk["in_room"],) for desk in of_desk(tables, row["desk_id"])},
    ),
    "noteChanged(team: 1) { id kind node { number } }": ({"notes": {"insert", "update"}}, note_of_team),
    'noteOfDesk(deskId: "") { id kind node { number } }': (
        {"notes": {"insert", "update", "delete"}},
        lambda _, row: {(row["desk_id"],)},
    ),
    "markMade(roomId: 1) { id }": ({"marks": {"insert", "update"}}, mark_in_room),
    "thingChanged(roomId: 1) { id kind node { id } }": (
        {"things": {"insert", "update", "delete"}, "chairs": {"update"}},
        thing_in_room,
    ),
    "chairChanged(roomId: 1) { id }": ({"things": {"update"}, "chairs": {"insert", "update"}}, thing_in_room),
}


Event = tuple[str, str, str, frozenset[Key]]
"""Table, kind, the row's key as events tell it, and where it is or was."""


def expected(fields: str, before: Tables, after: Tables) -> list[Event]:
    """The events of a field between two states, that have a place."""
    kinds_of, places = FIELDS[fields]
    found: list[Event] = []
    for table, kinds in kinds_of.items():
        for key in before[table].keys() | after[table].keys():
            old, new = before[table].get(key), after[table].get(key)
            kind = "insert" if old is None else "delete" if new is None else "update"
            if old == new or kind not in kinds:
                continue
            routes = {
                route for row in (old, new) if row is not None for route in places(after, row) if None not in route
            }
            if routes:
                found.append((table, kind, ",".join(map(str, key)), frozenset(routes)))
    return sorted(found, key=repr)


def team_of(table: str, after: Tables, row: Row | None) -> set[str | None]:
    """Whose row it is: what the policies say. Marks are everybody's."""
    if row is None:
        return set()
    match table:
        case "desks":
            return {room["team"] for room in of_room(after, row["in_room"])}
        case "notes":
            return {team for (team,) in note_of_team(after, row)}
        case "things" | "chairs":
            return {room["team"] for (id,) in thing_in_room(after, row) for room in of_room(after, id)}
    return {"1", "2"}


def is_told(fields: str, table: str, kind: str, old: Row | None, new: Row | None, after: Tables, guest: Guest) -> bool:
    if "chairChanged" in fields and table == "things" and new is not None and new["kind"] != "chair":
        return False
    team = str(guest.team)
    sees = new is not None and team in team_of(table, after, new)
    if sees or "kind" not in fields or kind == "insert":
        return sees
    # A chair's own table does not tell the room, by which the old row was seen.
    return table != "chairs" and team in team_of(table, after, old)


# -- what the sources say


class Office:
    """A database with its changes captured, and a plan and a source for each field."""

    def __init__(self, engine: Engine) -> None:
        self.engine, self.ask = engine, Asker(SCHEMA, engine)
        self.sources: dict[str, EventSource] = {}
        for fields in FIELDS:
            source = source_of(compile_plan(SCHEMA._schema, parse(f"subscription {{ {fields} }}")))
            assert isinstance(source, EventSource)
            self.sources[fields] = source
        furnish(engine)
        with engine.begin() as connection:
            capture.install(connection, capture.tables_of([RoomRow]))

    def refurnish(self) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(f"TRUNCATE {', '.join(KEYS)}")
        furnish(self.engine)
        self.changes()

    def changes(self) -> list[Change]:
        """What came since the last call."""
        with self.engine.begin() as connection:
            rows = connection.exec_driver_sql(
                "DELETE FROM bff.outbox RETURNING id, xid::text::bigint, table_name, kind, old, new, changed"
            ).fetchall()
        return [Change(*row[:-1], frozenset(row[-1])) for row in sorted(rows)]

    def tables(self) -> Tables:
        found: Tables = {}
        with self.engine.connect() as connection:
            for table, key in KEYS.items():
                query = f"SELECT (SELECT json_object_agg(k, v) FROM jsonb_each_text(to_jsonb(t)) AS each(k, v)) FROM {table} t"
                rows = [row for (row,) in connection.exec_driver_sql(query)]
                found[table] = {tuple(row[name] for name in key): row for row in rows}
        return found

    def run(self, statement: str) -> None:
        with self.engine.begin() as connection:
            connection.exec_driver_sql(statement)

    def events(self, fields: str, changes: list[Change]) -> list[Event]:
        source = self.sources[fields]
        with self.ask.database.open(None, bff.Deadline.after(60)) as scope:
            located = source.locate(changes, scope)
        assert located.keys() == {change.key for change in changes if source.takes(change)}
        return sorted(
            (
                (change.table, change.kind, source.root_value(change).id, set(located[change.key]))
                for change in changes
                if located.get(change.key)
            ),
            key=repr,
        )

    def told(self, fields: str, change: Change, guest: Guest) -> Any:
        """The data that a guest is told, by the engine and by graphql-core; None: nothing."""
        source = self.sources[fields]
        result = self.ask.result(f"subscription {{ {fields} }}", root=source.root_value(change), viewer=guest)
        payload = {"data": result.data, "errors": [dict(error.formatted) for error in result.errors or ()]}
        if source.is_withheld(payload):
            return None
        assert result.errors is None, result.errors
        return result.data


@pytest.fixture(scope="module")
def office(make_database: Callable[[], str]) -> Iterator[Office]:
    engine = create_engine(make_database(), pool_size=2, max_overflow=0)
    yield Office(engine)
    engine.dispose()


@settings(
    max_examples=15,
    deadline=None,
    derandomize=True,
    database=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(statements=st.lists(STATEMENTS, min_size=4, max_size=8))
def test_sources_say_what_the_tables_do(office: Office, statements: list[str]) -> None:
    office.refurnish()
    for statement in statements:
        before = office.tables()
        office.run(statement)
        after, changes = office.tables(), office.changes()
        if statement.startswith("TRUNCATE"):
            # Nothing is told of rows that nobody named.
            assert all(office.events(fields, changes) == [] for fields in FIELDS)
            continue
        for fields in FIELDS:
            assert office.events(fields, changes) == expected(fields, before, after), (statement, fields)
            for change in filter(office.sources[fields].takes, changes[:3]):
                key = tuple((change.new or change.old)[name] for name in KEYS[change.table])
                old, new = before[change.table].get(key), after[change.table].get(key)
                for guest in (US, THEM):
                    told = office.told(fields, change, guest)
                    wanted = is_told(fields, change.table, change.kind, old, new, after, guest)
                    assert (told is not None) is wanted, (statement, fields, change, guest, told)
