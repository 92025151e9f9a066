"""Patches: applied to the old value by RFC 6902's letter they give the new one, and they are short."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff.protocol.patch import difference
from loadtest.live.patches import apply

SCALARS = (
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from([0.0, 1.0, 1.5]) | st.text("ab/~0", max_size=3)
)
VALUES = st.recursive(
    SCALARS,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.text("ab/~", max_size=2), inner, max_size=4)
        | st.lists(st.builds(lambda i, v: {"id": i, "v": v}, st.sampled_from("abcdef"), inner), max_size=6)
    ),
    max_leaves=25,
)


@given(old=VALUES, new=VALUES)
def test_a_patch_turns_the_old_value_into_the_new_one(old: Any, new: Any) -> None:
    before = copy.deepcopy((old, new))
    patched = apply(old, difference(old, new))
    assert exact(patched) == exact(new)
    assert exact([old, new]) == exact(list(before)), "a value was changed"


@given(items=st.permutations(list("abcdefgh")), keep=st.integers(0, 8))
def test_items_with_ids_move(items: list[str], keep: int) -> None:
    old = [{"id": each, "text": "x" * 50} for each in "abcdefgh"]
    new = [{"id": each, "text": "x" * 50} for each in items[:keep]]
    patch = difference(old, new)
    assert apply(old, patch) == new
    assert {each["op"] for each in patch} <= {"move", "remove"}


@pytest.mark.parametrize(
    ("old", "new", "patch"),
    [
        ({"a": 1}, {"a": 1}, []),
        ({"a": 1}, {"a": True}, [{"op": "replace", "path": "/a", "value": True}]),
        ({"a": [1]}, {"a": [1.0]}, [{"op": "replace", "path": "/a/0", "value": 1.0}]),
        ({"a/b~": None}, {}, [{"op": "remove", "path": "/a~1b~0"}]),
        ([1, 2, 3], [1, 3], [{"op": "remove", "path": "/1"}]),
        ([1, 3], [1, 2, 3], [{"op": "add", "path": "/1", "value": 2}]),
        (
            {"tasks": [{"id": "1", "title": "a"}, {"id": "2", "title": "b"}]},
            {"tasks": [{"id": "3", "title": "c"}, {"id": "1", "title": "a"}, {"id": "2", "title": "B"}]},
            [
                {"op": "add", "path": "/tasks/0", "value": {"id": "3", "title": "c"}},
                {"op": "replace", "path": "/tasks/2/title", "value": "B"},
            ],
        ),
        (None, {"a": 1}, [{"op": "replace", "path": "", "value": {"a": 1}}]),
    ],
)
def test_patches_are_short(old: Any, new: Any, patch: list[dict[str, Any]]) -> None:
    assert [exact(each) for each in difference(old, new)] == [exact(each) for each in patch]


def exact(value: Any) -> str:
    """Tells 1, 1.0 and True apart; the order of an object's keys does not count."""
    if isinstance(value, dict):
        return "{" + ",".join(sorted(f"{key!r}:{exact(item)}" for key, item in value.items())) + "}"
    if isinstance(value, list):
        return "[" + ",".join(map(exact, value)) + "]"
    return repr(value)
