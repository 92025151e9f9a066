"""The jobs of the thread of events: from where a resumption reads, and until where."""

from __future__ import annotations

import pytest

from bff.changes.change import Change
from bff.changes.stream import Entry, Position
from bff.live import event_jobs
from bff.live.event_jobs import FARTHEST, Resume, Routed, after_routing
from bff.protocol.resume_token import ResumePoint
from tests.bff.live.memory_node import NOTES, Node
from tests.bff.live.outlets import KeptOutlet, told_as


def resume(held: Position, until: Position) -> Resume:
    return Resume(None, KeptOutlet(), "s", ResumePoint(held, ""), until)  # type: ignore[arg-type]  # of any channel


def routed(offset: int) -> Routed:
    return Routed(Entry(offset, Change(offset, 100, "notes", "insert", {}, {}, frozenset())), "e1")


@pytest.mark.parametrize(
    ("held", "until", "begin"),
    [
        (Position("e1", 3), Position("e1", 9), Position("e1", 3)),
        # On a node that is behind the one where it was.
        (Position("e1", 9), Position("e1", 3), Position("e1", 9)),
        (Position("e1", 3), Position("e2", 9), Position("e2", 0)),
        (Position("e1", 3), Position("e2", FARTHEST + 9), Position("e2", 9)),
        # However far it was: in its own epoch all of it is read.
        (Position("e2", 3), Position("e2", FARTHEST + 9), Position("e2", 3)),
    ],
)
def test_it_reads_on_where_it_was_or_from_the_begin_of_an_epoch(
    held: Position, until: Position, begin: Position
) -> None:
    assert resume(held, until).begin == begin


def test_what_was_routed_before_it_is_read_for_it_too() -> None:
    job = resume(Position("e1", 3), Position("e1", 5))
    after = after_routing(job, [routed(6), routed(8)])
    assert (after.until, after.begin, after.id) == (Position("e1", 8), Position("e1", 3), "s")
    assert job.until == Position("e1", 5)


@pytest.mark.parametrize("offsets", [[], [4], [4, 5]])
def test_what_was_routed_before_it_was_asked_for_changes_nothing(offsets: list[int]) -> None:
    job = resume(Position("e1", 3), Position("e1", 5))
    assert after_routing(job, [routed(offset) for offset in offsets]) is job


def test_what_is_routed_is_at_its_entry() -> None:
    assert routed(6).position == Position("e1", 6)


def test_for_who_comes_from_another_epoch_it_is_not_looked_too_far(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    outlet = node.subscribe(NOTES)
    position = outlet.view("s").position
    monkeypatch.setattr(event_jobs, "FARTHEST", 2)
    notes = [node.note("1") for _ in range(3)]
    node.begin_epoch(*notes)
    outlet.wait(lambda it: len(it.view("s").events) == 3)
    again = node.subscribe(NOTES, resume=position)
    again.wait(lambda it: it.view("s").events == [told_as(each) for each in notes[1:]])
