from __future__ import annotations

import threading
from collections.abc import Callable

import pytest

from bff.sockets.timers import Timers


class Time:
    """A clock whose owner says what time it is, and runs what it starts."""

    def __init__(self) -> None:
        self.now = 100.0
        self.started: list[Callable[[], None]] = []
        self.event = threading.Event()
        self.clock = Timers(start=self.started.append, event=self.event, now=lambda: self.now)


@pytest.fixture
def time() -> Time:
    return Time()


def test_things_happen_in_the_order_of_their_times(time: Time) -> None:
    seen: list[str] = []
    for seconds, name in [(3, "c"), (1, "a"), (2, "b"), (2, "b too")]:
        time.clock.after(seconds, lambda name=name: seen.append(name))  # type: ignore[misc]
    assert time.clock.ring_due() == 1
    time.now += 2
    assert time.clock.ring_due() == 1
    assert seen == ["a", "b", "b too"]
    time.now += 5
    assert time.clock.ring_due() is None
    assert seen == ["a", "b", "b too", "c"]


def test_what_is_cancelled_does_not_happen(time: Time) -> None:
    seen: list[int] = []
    timer = time.clock.after(1, lambda: seen.append(1))
    timer.cancel()
    time.now += 2
    assert time.clock.ring_due() is None
    assert seen == []


def test_what_happens_may_have_something_else_happen(time: Time) -> None:
    seen: list[int] = []
    time.clock.after(1, lambda: time.clock.after(1, lambda: seen.append(1)))
    time.now += 1
    assert time.clock.ring_due() == 1
    time.now += 1
    assert time.clock.ring_due() is None
    assert seen == [1]


def test_a_defect_ends_nobody_elses_time(time: Time, capsys: pytest.CaptureFixture[str]) -> None:
    seen: list[int] = []
    time.clock.after(1, lambda: 1 // 0)
    time.clock.after(1, lambda: seen.append(1))
    time.now += 1
    assert time.clock.ring_due() is None
    assert seen == [1]


def test_it_runs_while_there_is_something_and_is_woken_for_what_is_earlier(time: Time) -> None:
    time.clock.after(5, lambda: None)
    assert len(time.started) == 1
    assert not time.event.is_set()
    time.clock.after(1, lambda: None)
    assert len(time.started) == 1
    assert time.event.is_set()
    time.now += 10
    time.started[0]()
    assert repr(time.clock) == "<Timers 0 pending>"
    time.clock.after(1, lambda: None)
    assert len(time.started) == 2
