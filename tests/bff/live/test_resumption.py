"""Resumptions: what was missed is told once and whole, or its loss is declared."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from bff.changes.stream import Entry, Gap, Position
from tests.bff.live.memory_node import NOTES, QUICK, Node, held_back
from tests.bff.live.outlets import KeptOutlet, told_as
from tests.bff.polling import wait_until


def test_who_resumes_gets_what_was_missed_and_then_the_new(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    first = node.note("1")
    node.tell(first)
    outlet.wait(lambda it: it.view("s").events)
    position = outlet.view("s").position
    node.hub.drop(outlet)
    missed = [node.note("1"), node.note("2"), node.note("1")]
    node.tell(*missed)
    again = node.subscribe(NOTES, resume=position)
    new = node.note("1")
    node.tell(new)
    again.wait(lambda it: len(it.view("s").events) == 3)
    view = again.view("s")
    assert view.events == [told_as(missed[0]), told_as(missed[2]), told_as(new)]
    assert view.recovered is True


def test_what_was_trimmed_is_declared() -> None:
    node = Node(QUICK, length=3, patience=0.0)
    try:
        outlet = node.subscribe(NOTES)
        start = outlet.view("s").position
        node.tell(node.note("1"))
        outlet.wait(lambda it: it.view("s").events)
        later = outlet.view("s").position
        node.hub.drop(outlet)
        node.tell(*(node.note("1") for _ in range(3)))
        lost, kept = node.subscribe(NOTES, resume=start), node.subscribe(NOTES, resume=later)
        for outlet in (lost, kept):
            outlet.wait(lambda it: len(it.view("s").events) == 3)
        assert (lost.view("s").recovered, kept.view("s").recovered) == (False, True)
        # What is there yet is told; the one that is not was not told either.
        assert lost.view("s").events == kept.view("s").events
        note = node.note("1")
        node.tell(note)
        lost.wait(lambda it: it.view("s").events[3:] == [told_as(note)])
    finally:
        node.hub.stop()


def test_who_is_cut_off_in_a_new_epoch_resumes_in_it(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    position = outlet.view("s").position
    node.hub.drop(outlet)
    note = node.note("1")
    node.begin_epoch(note)
    full = KeptOutlet()
    full.is_full = True
    node.subscribe(NOTES, outlet=full, resume=position)
    full.wait(lambda it: it.view("s").ended)
    ended = full.view("s").ended or {}
    assert (full.view("s").recovered, ended["code"]) == (False, "SLOW_CONSUMER")
    again = node.subscribe(NOTES, resume=ended["resume"])
    again.wait(lambda it: it.view("s").events == [told_as(note)])
    assert again.view("s").recovered is True


def test_who_comes_while_a_new_epoch_is_not_yet_known_of_gets_all_of_it(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    position = outlet.view("s").position
    node.tell(node.note("1"))
    node.hub.drop(outlet)
    node.stream.clear()
    begin, note = node.stream.top(), node.note("1")
    end = node.stream.append([note])
    again = node.subscribe(NOTES, resume=position)
    again.wait(lambda it: it.view("s").recovered is False)
    node.hub.lost(begin)
    node.hub.changed(node.stream.read(begin, most=1, wait=0), end)
    again.wait(lambda it: it.view("s").events == [told_as(note)])


def test_a_hole_in_what_was_missed_is_declared_and_the_rest_is_told(
    node: Node, monkeypatch: pytest.MonkeyPatch
) -> None:
    outlet = node.subscribe(NOTES)
    start = outlet.view("s").position
    notes = [node.note("1") for _ in range(5)]
    positions = []
    for note in notes:
        node.tell(note)
        outlet.wait(lambda it, note=note: told_as(note) in it.view("s").events)
        positions.append(outlet.view("s").position)
    read = node.stream.read

    def unreadable(after: Position, *, most: int, wait: float) -> Sequence[Entry]:
        """The third."""
        if after.offset == 2:
            raise Gap("entry 3 cannot be read", Position(after.epoch, 3))
        return read(after, most=min(most, 2 - after.offset) if after.offset < 2 else most, wait=wait)

    monkeypatch.setattr(node.stream, "read", unreadable)
    release = held_back(node)
    holding = node.engine.before
    notes.append(node.note("1"))
    node.tell(notes[-1])
    wait_until(lambda: node.engine.before is not holding)
    # Both wait for the read of that, and are read for together.
    before, behind = node.subscribe(NOTES, resume=start), node.subscribe(NOTES, resume=positions[2])
    release()
    for each, there in ((before, [*notes[:2], *notes[3:]]), (behind, notes[3:])):
        each.wait(lambda it, there=there: it.view("s").events == [told_as(note) for note in there])
    assert (before.view("s").recovered, behind.view("s").recovered) == (False, True)


def test_who_was_on_a_node_that_is_ahead_has_missed_nothing(node: Node) -> None:
    outlet = node.subscribe(NOTES)
    begin = node.stream.top()
    notes = [node.note("1") for _ in range(2)]
    node.tell(*notes)
    outlet.wait(lambda it: len(it.view("s").events) == 2)
    position = outlet.view("s").position
    behind = Node(QUICK, patience=0.0, stream=node.stream, begin=begin)
    try:
        again = behind.subscribe(NOTES, resume=position)
        again.wait(lambda it: it.view("s").recovered is True)
        notes.append(node.note("1"))
        end = node.stream.append(notes[-1:])
        behind.hub.changed(node.stream.read(begin, most=3, wait=0), end)
        again.wait(lambda it: it.view("s").events[-1:] == [told_as(notes[2])])
        assert again.view("s").gaps == 0
    finally:
        behind.hub.stop()
