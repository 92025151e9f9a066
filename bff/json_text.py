"""Finished JSON within data, and the encoding of both as one text."""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

import orjson

# NUL cannot be stored in Postgres, and a lone surrogate is not text: neither can be part of an answer.
_NOT_TEXT = re.compile("[\x00\ud800-\udfff]")


class Json:
    """A value as the text of its JSON, which is in the answer byte by byte. No dataclass: orjson would write its fields."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def __repr__(self) -> str:
        return f"<Json {self.text:.60}>"


def encode(payload: object) -> bytes:
    """The payload as JSON in UTF-8. Raises TypeError or ValueError for a scalar's value that JSON does not have."""
    try:
        return orjson.dumps(payload, default=_fragment)
    except TypeError:
        # A JSON column may hold an integer of more than 64 bits, which is valid JSON and more than orjson takes.
        return _encode_any(payload)


def plain(data: Any) -> Any:
    """The data with the values in the place of their JSON."""
    match data:
        case Json():
            return json.loads(data.text)
        case dict():
            return {key: plain(value) for key, value in data.items()}
        case list():
            return [plain(value) for value in data]
    return data


def is_text(value: str) -> bool:
    """Whether `value` can be stored and sent: no NUL, no half of a surrogate pair."""
    return _NOT_TEXT.search(value) is None


def _fragment(value: object) -> orjson.Fragment:
    if isinstance(value, Json):
        return orjson.Fragment(value.text)
    raise TypeError(f"JSON has no {type(value).__name__}")


def _encode_any(payload: object) -> bytes:
    """The payload by the standard library's encoder, which knows no finished JSON: marks hold its places."""
    mark = secrets.token_hex()  # nothing that a payload can hold
    finished: list[bytes] = []

    def hold(value: object) -> str:
        if not isinstance(value, Json):
            raise TypeError(f"JSON has no {type(value).__name__}")
        finished.append(value.text.encode())
        return f"{mark}{len(finished) - 1}"

    text = json.dumps(payload, ensure_ascii=False, separators=(",", ":"), allow_nan=False, default=hold).encode()
    return re.sub(rb'"%b(\d+)"' % mark.encode(), lambda held: finished[int(held[1])], text)
