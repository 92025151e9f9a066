"""Deadlines on a clock of the test's, and what a scope still does once its deadline has passed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest
from sqlalchemy.orm import Session

from bff import DeadlineExceeded
from bff.database.scope import PROCESS_SECRET, Deadline, Note, Scope


class Clock:
    """A clock that stands still until it is set."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


class MemoryLease:
    """A lease without a database, which notes what it is asked."""

    def __init__(self) -> None:
        self.asked: list[Any] = []

    @property
    def session(self) -> Session:
        self.asked.append("session")
        return Session()

    @contextmanager
    def cursor(self, sql: str, parameters: Mapping[str, Any], *, alone: bool) -> Iterator[Any]:
        self.asked.append((sql, parameters, alone))
        yield None

    @contextmanager
    def writing(self) -> Iterator[Session]:
        self.asked.append("writing")
        yield Session()

    def release(self) -> None:
        self.asked.append("release")

    def watch(self, note: Note) -> None:
        self.asked.append(note)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def lease() -> MemoryLease:
    return MemoryLease()


@pytest.fixture
def scope(clock: Clock, lease: MemoryLease) -> Scope:
    """It has five seconds."""
    return Scope("marie", Deadline.after(5, clock), lease)


def test_a_deadline_is_one_instant_however_late_it_is_asked(clock: Clock) -> None:
    deadline = Deadline.after(2.5, clock)
    assert (deadline.at, deadline.limit, deadline.remaining) == (102.5, 2.5, 2.5)
    clock.now = 102.0
    assert deadline.remaining == 0.5
    deadline.check()
    clock.now = 104.0
    assert deadline.remaining == -1.5


def test_a_deadline_has_passed_at_its_very_instant(clock: Clock) -> None:
    deadline = Deadline.after(2.5, clock)
    clock.now = 102.5
    with pytest.raises(DeadlineExceeded, match=r"^the operation was not answered within its 2\.5 s$"):
        deadline.check()


def test_deadlines_are_equal_by_their_instant_and_not_their_clock(clock: Clock) -> None:
    assert Deadline.after(2, clock) == Deadline(102.0, 2)
    assert repr(Deadline.after(2, clock)) == "Deadline(at=102.0, limit=2)"


def test_what_is_read_goes_to_the_lease(scope: Scope, lease: MemoryLease) -> None:
    with scope.cursor("select 1", {"a": 1}), scope.cursor("select 2", {}, alone=True), scope.writing():
        pass
    _ = scope.session
    assert lease.asked == [("select 1", {"a": 1}, False), ("select 2", {}, True), "writing", "session"]


@pytest.mark.parametrize(
    "use",
    [
        pytest.param(lambda scope: scope.session, id="session"),
        pytest.param(lambda scope: scope.cursor("select 1", {}), id="cursor"),
        pytest.param(lambda scope: scope.cursor("select 1", {}, alone=True), id="cursor alone"),
        pytest.param(lambda scope: scope.writing(), id="writing"),
    ],
)
def test_nothing_is_begun_after_the_deadline(
    scope: Scope, lease: MemoryLease, clock: Clock, use: Callable[[Scope], object]
) -> None:
    clock.now = 105.0
    with pytest.raises(DeadlineExceeded):
        use(scope)
    assert lease.asked == []


def test_the_connection_goes_back_after_the_deadline_too(scope: Scope, lease: MemoryLease, clock: Clock) -> None:
    clock.now = 200.0
    scope.release()
    assert lease.asked == ["release"]


def test_who_watches_is_given_to_the_lease(scope: Scope, lease: MemoryLease) -> None:
    def note(text: str, compiled: Any) -> None: ...

    scope.watch(note)
    assert lease.asked == [note]


def test_a_scope_shows_neither_its_secret_nor_its_lease(clock: Clock, lease: MemoryLease) -> None:
    deadline = Deadline.after(5, clock)
    assert Scope(None, deadline, lease).secret == PROCESS_SECRET
    scope = Scope(None, deadline, lease, b"hunter2")
    assert repr(scope) == "Scope(viewer=None, deadline=Deadline(at=105.0, limit=5))"
