"""The jobs of the thread of events: from where a resumption reads, and until where."""

from __future__ import annotations

import pytest

from bff.live import event_jobs
from tests.bff.live.memory_node import NOTES, Node
from tests.bff.live.outlets import told_as


def test_for_who_comes_from_another_epoch_it_is_not_looked_too_far(node: Node, monkeypatch: pytest.MonkeyPatch) -> None:
    outlet = node.subscribe(NOTES)
    position = outlet.view("s").position
    monkeypatch.setattr(event_jobs, "FARTHEST", 2)
    notes = [node.note("1") for _ in range(3)]
    node.begin_epoch(*notes)
    outlet.wait(lambda it: len(it.view("s").events) == 3)
    again = node.subscribe(NOTES, resume=position)
    again.wait(lambda it: it.view("s").events == [told_as(each) for each in notes[1:]])
