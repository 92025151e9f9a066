"""JSON Patch (RFC 6902) as clients of live pages apply it.

Nothing is changed in place: a document that several clients share stays what it is, and what a patch leaves alone is
shared by the old and the new one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any


class PatchError(ValueError):
    """A patch does not fit the document; the message names the operation."""


def apply(document: Any, patch: Sequence[Mapping[str, Any]]) -> Any:
    """The document after all operations of the patch. Raises PatchError where one cannot be done."""
    for operation in patch:
        try:
            document = _apply(document, operation)
        except (KeyError, IndexError, TypeError, ValueError, AttributeError) as error:
            raise PatchError(f"{dict(operation)} cannot be done: {error!r}") from None
    return document


def _apply(document: Any, operation: Mapping[str, Any]) -> Any:
    path = _tokens(operation["path"])
    match operation["op"]:
        case "add":
            return _add(document, path, operation["value"])
        case "remove":
            return _remove(document, path)
        case "replace":
            return _replace(document, path, operation["value"])
        case "move":
            source = _tokens(operation["from"])
            return _add(_remove(document, source), path, _get(document, source))
        case "copy":
            return _add(document, path, _get(document, _tokens(operation["from"])))
        case "test":
            if not _is_same(_get(document, path), operation["value"]):
                raise ValueError("the value is another")
            return document
        case unknown:
            raise ValueError(f"{unknown!r} is no operation")


def _tokens(pointer: str) -> list[str]:
    if pointer and not pointer.startswith("/"):
        raise ValueError(f"{pointer!r} is no pointer")
    return [token.replace("~1", "/").replace("~0", "~") for token in pointer.split("/")[1:]]


def _get(document: Any, path: Sequence[str]) -> Any:
    for token in path:
        document = document[_key(document, token)]
    return document


def _add(document: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value

    def add(container: Any, token: str) -> None:
        if isinstance(container, list):
            place = len(container) if token == "-" else _index(token)
            if place > len(container):
                raise IndexError(place)
            container.insert(place, value)
        else:
            container[token] = value

    return _edited(document, path, add)


def _remove(document: Any, path: Sequence[str]) -> Any:
    def remove(container: Any, token: str) -> None:
        del container[_key(container, token)]

    return _edited(document, path, remove)


def _replace(document: Any, path: Sequence[str], value: Any) -> Any:
    if not path:
        return value

    def replace(container: Any, token: str) -> None:
        key = _key(container, token)
        container[key]  # replaced is only what is there
        container[key] = value

    return _edited(document, path, replace)


def _edited(container: Any, path: Sequence[str], edit: Callable[[Any, str], None]) -> Any:
    """A copy in which `edit` was done to the container that the path's last token is in."""
    copy = container.copy()
    if len(path) == 1:
        edit(copy, path[0])
    else:
        key = _key(copy, path[0])
        copy[key] = _edited(copy[key], path[1:], edit)
    return copy


def _key(container: Any, token: str) -> str | int:
    if isinstance(container, dict):
        return token
    if isinstance(container, list):
        return _index(token)
    raise TypeError(f"{token!r} of a value that holds nothing")


def _index(token: str) -> int:
    if not (token.isascii() and token.isdecimal()) or (len(token) > 1 and token[0] == "0"):
        raise ValueError(f"{token!r} is no index")
    return int(token)


def _is_same(value: Any, other: Any) -> bool:
    # JSON has true and 1 apart, Python has not.
    if isinstance(value, bool) or isinstance(other, bool):
        return value is other
    if isinstance(value, dict) and isinstance(other, dict):
        return value.keys() == other.keys() and all(_is_same(value[key], other[key]) for key in value)
    if isinstance(value, list) and isinstance(other, list):
        return len(value) == len(other) and all(map(_is_same, value, other))
    return bool(value == other)
