"""Changes and snapshots as values."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import closing

import psycopg2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.changes.change import Change, Snapshot

UPDATE = Change(
    7, 2**40, "public.tasks", "update", {"id": "1"}, {"id": "1", "matter_id": None}, frozenset({"matter_id"})
)


def test_a_change_survives_json() -> None:
    assert Change.from_json(UPDATE.to_json()) == UPDATE
    assert Change.from_json(UPDATE.to_json().decode()) == UPDATE


def test_a_change_says_what_it_is() -> None:
    assert repr(UPDATE) == (
        "<Change 7 of 1099511627776: update public.tasks {'id': '1'} -> {'id': '1', 'matter_id': None} (matter_id)>"
    )
    assert repr(Change(1, 2, "tasks", "truncate", {}, {}, frozenset())) == "<Change 1 of 2: truncate tasks>"


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"null",
        b"{}",
        UPDATE.to_json().replace(b"update", b"upsert"),
        UPDATE.to_json().replace(b'"1"', b"1"),
        UPDATE.to_json().replace(b'["matter_id"]', b"[5]"),
        UPDATE.to_json().replace(b"1099511627776", b'"1099511627776"'),
    ],
)
def test_what_is_no_change_is_refused(text: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        Change.from_json(text)


@pytest.mark.parametrize("text", ["", "1:2", "1:2:3:4", "a:b:c"])
def test_what_is_no_snapshot_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"."):
        Snapshot.parse(text)


@given(
    st.integers(3, 40).flatmap(
        lambda xmin: st.tuples(st.just(xmin), st.integers(xmin, 60), st.sets(st.integers(xmin, 60), max_size=6))
    )
)
def test_a_snapshot_holds_what_is_below_and_not_running(parts: tuple[int, int, set[int]]) -> None:
    xmin, xmax, running = parts
    running = {xid for xid in running if xid < xmax}
    snapshot = Snapshot.parse(f"{xmin}:{xmax}:{','.join(map(str, sorted(running)))}")
    assert [xid for xid in range(70) if snapshot.holds(xid)] == [
        xid for xid in range(70) if xid < xmin or (xid < xmax and xid not in running)
    ]


def test_a_snapshot_holds_what_postgresql_says_is_visible(make_database: Callable[[], str]) -> None:
    url = make_database().replace("+psycopg2", "")
    with (
        closing(psycopg2.connect(url)) as one,
        closing(psycopg2.connect(url)) as two,
        closing(psycopg2.connect(url)) as it,
    ):

        def ask(connection: psycopg2.extensions.connection, sql: str) -> str:
            with connection.cursor() as cursor:
                cursor.execute(sql)
                row = cursor.fetchone()
                assert row is not None
                return str(row[0])

        running = int(ask(one, "select pg_current_xact_id()"))
        done = int(ask(two, "select pg_current_xact_id()"))
        two.commit()
        text = ask(it, "select pg_current_snapshot()")
        snapshot = Snapshot.parse(text)
        assert (snapshot.holds(running), snapshot.holds(done)) == (False, True)
        for xid in range(running - 2, done + 3):
            assert str(snapshot.holds(xid)) == ask(it, f"select pg_visible_in_snapshot('{xid}', '{text}')").title()
