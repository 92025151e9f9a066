"""What declarations say where a text or an absence stands for more."""

from __future__ import annotations

import functools
from typing import Any

import pytest

from bff.entities.specs import Batched, Event, Related


@pytest.mark.parametrize(
    ("texts", "expected"),
    [
        ([], ()),
        (["tasks"], (Related("tasks", None),)),
        (["tasks.status"], (Related("tasks", ("status",)),)),
        (["tasks.status", "people", "tasks.title"], (Related("tasks", ("status", "title")), Related("people", None))),
        # Any column is any, whatever else is named.
        (["tasks.status", "tasks"], (Related("tasks", None),)),
        (["tasks", "tasks.status"], (Related("tasks", None),)),
    ],
)
def test_what_a_batch_function_reads(texts: list[str], expected: tuple[Related, ...]) -> None:
    assert Related.parse(texts) == expected


@pytest.mark.parametrize(
    ("on", "has_deletes", "kinds"),
    [
        (None, True, ("insert", "update", "delete")),
        (None, False, ("insert", "update")),
        (("delete",), True, ("delete",)),
        (("update",), False, ("update",)),
    ],
)
def test_the_kinds_of_change_that_an_event_tells_of(on: Any, has_deletes: bool, kinds: tuple[str, ...]) -> None:
    assert Event(on).kinds(has_deletes=has_deletes) == kinds


def lengths(keys: list[str], scope: Any) -> list[int]:
    return list(map(len, keys))


def test_a_batch_function_has_a_name_for_messages() -> None:
    assert Batched(lengths, ("id",)).name == "lengths"
    assert "lengths" in Batched(functools.partial(lengths), ("id",)).name
