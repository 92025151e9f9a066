"""What a request says: query arguments and the fields of a JSON body, each read as one type or refused.

A refusal names the field, what it takes and what it got.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from enum import StrEnum
from typing import Any, TypeVar, cast

from flask import request

from app.rules import Refusal, RefusalCode

LARGEST_BODY = 256 * 1024
LONGEST_TEXT = 200

E = TypeVar("E", bound=StrEnum)


def integer_argument(name: str, *, default: int, least: int, most: int) -> int:
    """The query argument `name`, from `least` to `most`."""
    text = request.args.get(name)
    if text is None:
        return default
    # Twenty characters are more than a bigint has, and bound what int() may be given.
    if len(text) <= 20 and text.isascii() and text.isdecimal() and least <= int(text) <= most:
        return int(text)
    raise _wrong(name, f"an integer from {least} to {most}", text)


def id_argument(name: str) -> int | None:
    """The query argument `name`, the id of a row, or None without it."""
    return integer_argument(name, default=0, least=1, most=2**63 - 1) or None


def flag_argument(name: str) -> bool:
    """Whether the query argument `name` is ``true``; false without it."""
    text = request.args.get(name, "false")
    if text not in {"true", "false"}:
        raise _wrong(name, "true or false", text)
    return text == "true"


def choices_argument(name: str, values: type[E]) -> Sequence[E]:
    """The query argument `name`, some of `values` with commas between them; all of them without it."""
    text = request.args.get(name)
    if text is None:
        return tuple(values)
    try:
        return tuple(values(word) for word in text.split(","))
    except ValueError:
        raise _wrong(name, f"some of {', '.join(values)}", text) from None


def instant_argument(name: str) -> datetime | None:
    """The query argument `name`, an ISO 8601 moment with its time zone, or None without it."""
    text = request.args.get(name)
    return None if text is None else _instant(name, text)


def text_argument(name: str) -> str:
    """The query argument `name`, a short text that is not empty."""
    text = request.args.get(name, "").strip()
    if not text or len(text) > LONGEST_TEXT or not text.isprintable():
        raise _wrong(name, f"1 to {LONGEST_TEXT} printable characters", text)
    return text


class Body:
    """The JSON object that a request brought. Raises `Refusal` for anything else, and for fields not in `known`."""

    def __init__(self, *known: str) -> None:
        body = request.get_json(silent=True)
        if not isinstance(body, dict):
            raise Refusal(RefusalCode.BAD_USER_INPUT, "send a JSON object as application/json")
        self._fields: dict[str, Any] = body
        for name in body:
            if name not in known:
                raise Refusal(
                    RefusalCode.BAD_USER_INPUT, f"no field {name!r} here; there are: {', '.join(known)}", name
                )

    def __contains__(self, name: str) -> bool:
        return name in self._fields

    def text(self, name: str) -> str:
        return cast(str, self._typed(name, str, "a string"))

    def integer(self, name: str) -> int:
        return cast(int, self._typed(name, int, "an integer"))

    def integer_or_null(self, name: str) -> int | None:
        return None if self._fields.get(name) is None else self.integer(name)

    def boolean(self, name: str) -> bool:
        return cast(bool, self._typed(name, bool, "true or false"))

    def integers(self, name: str) -> list[int]:
        value = self._typed(name, list, "a list of integers")
        if not all(type(item) is int for item in value):
            raise _wrong(name, "a list of integers", value)
        return cast("list[int]", value)

    def day(self, name: str) -> date:
        value = self.text(name)
        try:
            return date.fromisoformat(value)
        except ValueError:
            raise _wrong(name, "a day like 2025-01-31", value) from None

    def instant_or_null(self, name: str) -> datetime | None:
        return None if self._fields.get(name) is None else _instant(name, self.text(name))

    def _typed(self, name: str, wanted: type, description: str) -> Any:
        if name not in self._fields:
            raise Refusal(RefusalCode.BAD_USER_INPUT, f"{name} is missing: {description}", name)
        value = self._fields[name]
        # Not isinstance: true is no integer here.
        if type(value) is not wanted:
            raise _wrong(name, description, value)
        return value


def _instant(name: str, text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text)
    except ValueError:
        value = None
    if value is None or value.tzinfo is None:
        raise _wrong(name, "a moment like 2025-01-31T09:00:00Z", text)
    return value


def _wrong(name: str, wanted: str, got: object) -> Refusal:
    shown = repr(got)
    shown = shown if len(shown) <= 80 else shown[:77] + "..."
    return Refusal(RefusalCode.BAD_USER_INPUT, f"{name} is {wanted}, not {shown}", name)
