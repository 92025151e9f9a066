"""JSON that is written already, within data that is not, and the encoding of both."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import orjson


@dataclass(frozen=True, slots=True)
class Json:
    """A value as the text of its JSON; it goes into an answer as it is."""

    text: str


def encode(payload: Mapping[str, Any]) -> bytes:
    """The payload as JSON in UTF-8. Raises TypeError or ValueError for a scalar's value that JSON does not have."""
    try:
        return orjson.dumps(payload, default=_fragment)
    except TypeError:
        # A JSON column may hold an integer of more than 64 bits, which is valid JSON and more than orjson takes.
        return json.dumps(payload, default=_parsed, ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode()


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


def _fragment(value: Any) -> orjson.Fragment:
    if isinstance(value, Json):
        return orjson.Fragment(value.text)
    raise TypeError(f"Type is not JSON serializable: {type(value).__name__}")


def _parsed(value: Any) -> Any:
    if isinstance(value, Json):
        return json.loads(value.text)
    raise TypeError(f"Object of type {type(value).__name__} is not JSON serializable")
