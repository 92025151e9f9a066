"""Objects and values that are run over together."""

from __future__ import annotations

from typing import Any

from bff.engine.level import Level, Slots

PATHS: list[Any] = [(None, key, None) for key in "abc"]


def test_objects_are_taken_with_all_that_belongs_to_them() -> None:
    outputs: list[dict[str, Any]] = [{}, {}, {}]
    level = Level(["x", "y", "z"], outputs, PATHS)
    taken = level.take(iter([2, 0]))
    assert (len(level), len(taken)) == (3, 2)
    assert (taken.sources, taken.paths) == (["z", "x"], [PATHS[2], PATHS[0]])
    # The very same outputs: what is written there is in the response.
    assert taken.outputs[0] is outputs[2]
    assert taken.outputs[1] is outputs[0]
    assert len(level.take(())) == 0


def test_an_object_may_be_taken_twice() -> None:
    """Two fields of one response may be of one object."""
    assert Level(["x"], [{}], PATHS[:1]).take([0, 0]).sources == ["x", "x"]


def test_values_are_taken_with_their_containers() -> None:
    first: dict[str, Any] = {}
    second: list[Any] = [None, None]
    slots = Slots([first, second, second], ["key", 0, 1], PATHS, [1, 2, 3])
    taken = slots.take([2, 0])
    assert (taken.keys, taken.values, taken.paths) == ([1, "key"], [3, 1], [PATHS[2], PATHS[0]])
    assert taken.containers[0] is second
    assert taken.containers[1] is first


def test_other_values_stand_in_the_same_places() -> None:
    slots = Slots([{}], ["key"], PATHS[:1], [1])
    held = slots.holding([2])
    assert (held.values, held.keys, held.paths, len(held)) == ([2], ["key"], PATHS[:1], 1)
    assert held.containers is slots.containers
    assert slots.values == [1]
