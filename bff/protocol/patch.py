"""JSON Patch (RFC 6902): what turns one JSON value into another.

`difference` looks at values as GraphQL responses have them: objects with the same keys at the same place, and lists whose
items are mostly the same objects, told by their ids. It makes short patches fast, not the shortest: O(n) but for items
that moved. Only `add`, `remove`, `replace` and `move` are used.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ..json_text import encode

PatchOperation = dict[str, Any]
"""One operation of a patch, as it is sent."""

IDENTITIES = ("id", "nodeId")
"""Keys by whose values the items of a list are told apart, where all have one of their own."""


def difference(old: Any, new: Any) -> list[PatchOperation]:
    """The operations, in order, that turn `old` into `new`. Both are plain JSON and stay as they are."""
    operations: list[PatchOperation] = []
    _compare(old, new, "", operations)
    return operations


def _compare(old: Any, new: Any, path: str, operations: list[PatchOperation]) -> None:
    if type(old) is dict and type(new) is dict:
        _compare_objects(old, new, path, operations)
    elif type(old) is list and type(new) is list:
        _compare_lists(old, new, path, operations)
    elif not _is_same(old, new):
        operations.append({"op": "replace", "path": path, "value": new})


def _compare_objects(old: dict[str, Any], new: dict[str, Any], path: str, operations: list[PatchOperation]) -> None:
    for key in old:
        if key not in new:
            operations.append({"op": "remove", "path": f"{path}/{_escaped(key)}"})
    for key, value in new.items():
        if key in old:
            # Most are the same: comparing in C first is many times faster than walking both.
            if not _is_same(old[key], value):
                _compare(old[key], value, f"{path}/{_escaped(key)}", operations)
        else:
            operations.append({"op": "add", "path": f"{path}/{_escaped(key)}", "value": value})


def _compare_lists(old: list[Any], new: list[Any], path: str, operations: list[PatchOperation]) -> None:
    identities = _identities(old), _identities(new)
    if identities[0] is None or identities[1] is None:
        _compare_in_place(old, new, path, operations)
        return
    wanted = set(identities[1])
    items = dict(zip(identities[0], old, strict=True))
    # From the end, so that the places of what is still to be removed stay as they are.
    for place in range(len(old) - 1, -1, -1):
        if identities[0][place] not in wanted:
            operations.append({"op": "remove", "path": f"{path}/{place}"})
    order = [identity for identity in identities[0] if identity in wanted]
    for place, (identity, item) in enumerate(zip(identities[1], new, strict=True)):
        here = f"{path}/{place}"
        if identity not in items:
            operations.append({"op": "add", "path": here, "value": item})
            order.insert(place, identity)
            continue
        if order[place] != identity:
            found = order.index(identity, place)
            operations.append({"op": "move", "from": f"{path}/{found}", "path": here})
            order.insert(place, order.pop(found))
        if not _is_same(items[identity], item):
            _compare(items[identity], item, here, operations)


def _compare_in_place(old: list[Any], new: list[Any], path: str, operations: list[PatchOperation]) -> None:
    """Lists without identities: what is equal at both ends stays, what is between is changed item by item."""
    shortest = min(len(old), len(new))
    begin = 0
    while begin < shortest and _is_same(old[begin], new[begin]):
        begin += 1
    end = 0
    while end < shortest - begin and _is_same(old[-1 - end], new[-1 - end]):
        end += 1
    common = shortest - begin - end
    for place in range(begin, begin + common):
        if not _is_same(old[place], new[place]):
            _compare(old[place], new[place], f"{path}/{place}", operations)
    for place in range(len(old) - end - 1, begin + common - 1, -1):
        operations.append({"op": "remove", "path": f"{path}/{place}"})
    for place in range(begin + common, len(new) - end):
        operations.append({"op": "add", "path": f"{path}/{place}", "value": new[place]})


def _identities(items: Sequence[Any]) -> list[Any] | None:
    """What tells the items apart, None when nothing does."""
    if not items:
        return []
    for key in IDENTITIES:
        found = [item.get(key) if type(item) is dict else None for item in items]
        if all(type(each) is str or type(each) is int for each in found) and len(set(found)) == len(found):
            return found
    return None


def _is_same(old: Any, new: Any) -> bool:
    """Equal as JSON: to Python 1, 1.0 and True are equal too, deep inside as well."""
    if old is new:
        return True
    if type(old) is not type(new) or old != new:
        return False
    # Twice a text made in C costs less than one walk over the types.
    return type(old) not in (dict, list) or encode(old) == encode(new)


def _escaped(key: str) -> str:
    return key.replace("~", "~0").replace("/", "~1")
