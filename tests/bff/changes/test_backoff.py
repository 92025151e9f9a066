"""Pauses double, have an end and a jitter, and begin from the first after a success."""

from __future__ import annotations

import pytest

from bff.changes.backoff import FIRST, LONGEST, Backoff


def test_pauses_double_up_to_the_longest() -> None:
    backoff = Backoff(chance=lambda: 1.0)
    pauses = [backoff.next() for _ in range(7)]
    assert pauses == [FIRST, 2 * FIRST, 4 * FIRST, 8 * FIRST, 16 * FIRST, LONGEST, LONGEST]


@pytest.mark.parametrize(("chance", "part"), [(0.0, 0.5), (0.5, 0.75), (1.0, 1.0)])
def test_chance_takes_away_up_to_half_of_a_pause(chance: float, part: float) -> None:
    backoff = Backoff(chance=lambda: chance)
    assert [backoff.next() for _ in range(2)] == [FIRST * part, 2 * FIRST * part]


def test_those_that_fail_together_are_not_tried_together() -> None:
    pauses = {Backoff().next() for _ in range(50)}
    assert len(pauses) > 1
    assert FIRST / 2 <= min(pauses) <= max(pauses) <= FIRST


def test_what_worked_begins_from_the_first_pause() -> None:
    backoff = Backoff(chance=lambda: 1.0)
    for _ in range(3):
        backoff.next()
    assert repr(backoff) == "<Backoff after 3 failures>"
    backoff.reset()
    assert repr(backoff) == "<Backoff after 0 failures>"
    assert backoff.next() == FIRST


def test_what_fails_for_ever_costs_no_more_each_time() -> None:
    backoff = Backoff(chance=lambda: 1.0)
    # 2 to the power of so many failures would be no float.
    assert {backoff.next() for _ in range(5_000)} >= {LONGEST}
