"""Read sets are put together without losing what was of interest about a fact."""

from __future__ import annotations

import pytest

from bff.readsets.readset import ALL, ANYTHING, NOTHING, UNKNOWN, Fact, Interest, ReadSet, joined, whole

ONE: Fact = ("task", ("id",), ("1",))
OTHER: Fact = ("task", ("id",), ("2",))
TITLE, STATE = Interest(frozenset({"title"}), False), Interest(frozenset({"state"}), True)


@pytest.mark.parametrize(
    ("one", "other", "both"),
    [
        (TITLE, TITLE, TITLE),
        (TITLE, STATE, Interest(frozenset({"title", "state"}), True)),
        (TITLE, Interest(frozenset(), True), Interest(frozenset({"title"}), True)),
        (TITLE, Interest(None, False), Interest(None, False)),
        (STATE, Interest(None, False), ALL),
        (STATE, ALL, ALL),
    ],
)
def test_of_two_interests_both_count_in_either_order(one: Interest, other: Interest, both: Interest) -> None:
    assert one | other == other | one == both


def test_a_fact_that_comes_again_keeps_all_that_is_of_interest() -> None:
    found = joined([(ONE, TITLE), (OTHER, TITLE), (ONE, STATE), (ONE, TITLE)])
    assert found == {ONE: TITLE | STATE, OTHER: TITLE}


def test_the_union_of_read_sets_is_new_and_has_the_facts_of_both() -> None:
    first, second = ReadSet({ONE: TITLE}), ReadSet({ONE: STATE, OTHER: ALL})
    assert (first | second).facts == (second | first).facts == {ONE: TITLE | STATE, OTHER: ALL}
    assert (first.facts, second.facts) == ({ONE: TITLE}, {ONE: STATE, OTHER: ALL})
    assert (first | NOTHING).facts == first.facts
    assert (first | UNKNOWN).facts == {ONE: TITLE, ANYTHING: ALL}


def test_it_tells_how_much_it_has() -> None:
    assert repr(ReadSet({ONE: ALL, OTHER: ALL, whole("matter"): ALL})) == "<ReadSet of 3 facts on 2 tables>"
    assert repr(NOTHING) == "<ReadSet of 0 facts on 0 tables>"
