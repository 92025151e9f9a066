"""Which changes touch which read sets, and that what is removed leaves nothing."""

from __future__ import annotations

import pytest

from bff.changes.change import Change, Kind, Values
from bff.live.index import Index
from bff.readsets.readset import UNKNOWN, Fact, Interest, ReadSet, whole

TASK: Fact = ("task", ("matter_id",), ("5",))


def change(
    kind: Kind, old: Values | None = None, new: Values | None = None, *changed: str, table: str = "task"
) -> Change:
    return Change(1, 1, table, kind, old or {}, new or {}, frozenset(changed))


def index(**read_sets: dict[Fact, Interest]) -> Index[str]:
    made: Index[str] = Index()
    for owner, facts in read_sets.items():
        made.put(owner, ReadSet(facts))
    return made


@pytest.mark.parametrize(
    ("it", "touched"),
    [
        (change("insert", None, {"id": "1", "matter_id": "5"}), True),
        (change("insert", None, {"id": "1", "matter_id": "6"}), False),
        (change("insert", None, {"id": "1", "matter_id": None}), False),
        (change("delete", {"id": "1", "matter_id": "5"}), True),
        (change("update", {"id": "1", "matter_id": "5"}, {"id": "1", "matter_id": "5"}, "title"), True),
        (change("update", {"id": "1", "matter_id": "5"}, {"id": "1", "matter_id": "5"}, "priority"), False),
        (change("update", {"id": "1", "matter_id": "5"}, {"id": "1", "matter_id": "6"}, "matter_id"), True),
        (change("update", {"id": "1", "matter_id": "6"}, {"id": "1", "matter_id": "5"}, "matter_id"), True),
        (change("update", {"id": "1", "matter_id": "6"}, {"id": "1", "matter_id": "7"}, "matter_id"), False),
        (change("truncate"), True),
        (change("truncate", table="other"), False),
        # What a change does not tell may be anything.
        (change("insert", None, {"id": "1"}), True),
    ],
)
def test_a_change_touches_rows_before_and_after_by_what_is_of_interest(it: Change, touched: bool) -> None:
    lists = index(a={TASK: Interest(frozenset(("title", "matter_id")), True)})
    assert lists.touched(it) == ({"a"} if touched else set())


def test_where_nothing_moves_only_updates_and_truncates_count() -> None:
    policed = index(a={whole("matter"): Interest(frozenset(("organization_id",)), False)})
    rows = {"id": "1"}
    assert not policed.touched(change("insert", None, rows, table="matter"))
    assert not policed.touched(change("delete", rows, table="matter"))
    assert not policed.touched(change("update", rows, rows, "title", table="matter"))
    assert policed.touched(change("update", rows, rows, "organization_id", table="matter"))
    assert policed.touched(change("truncate", table="matter"))


def test_what_is_not_known_is_touched_by_everything() -> None:
    unknown = index(a=dict(UNKNOWN.facts))
    assert unknown.touched(change("update", {"id": "1"}, {"id": "1"}, "x", table="anything")) == {"a"}


def test_a_new_read_set_takes_the_place_of_the_old_one_and_nothing_stays_of_what_is_removed() -> None:
    made = index(a={TASK: Interest(None, True)}, b={TASK: Interest(None, True), whole("x"): Interest(None, True)})
    made.put("a", ReadSet({("task", ("matter_id",), ("6",)): Interest(None, True)}))
    assert made.touched(change("insert", None, {"matter_id": "5"})) == {"b"}
    assert made.touched(change("insert", None, {"matter_id": "6"})) == {"a"}
    assert repr(made) == "<Index of 2 owners, 3 facts on 2 tables>"
    for owner in ("a", "b", "nobody"):
        made.remove(owner)
    assert (len(made), repr(made)) == (0, "<Index of 0 owners, 0 facts on 0 tables>")
