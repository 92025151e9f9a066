"""Cursors: a row's place in a total order, as text that only this server can have made.

A cursor holds the values of the row's ordering columns and an HMAC-SHA256 over them, the ordering and the
viewer's policy values: one of another order, another tenant or a forger is refused as BAD_USER_INPUT.
"""

from __future__ import annotations

import base64
import datetime
import decimal
import enum
import hashlib
import hmac
import uuid
from dataclasses import dataclass
from typing import Any

import orjson

from ..errors import BadUserInput
from .entity import Entity, Ordering

_TAG_BYTES = 12


@dataclass(frozen=True)
class CursorCodec:
    """Writes and reads the cursors of one list: its entity, order, and whose rows they are."""

    secret: bytes
    entity: Entity
    order: tuple[Ordering, ...]
    audience: tuple[Any, ...]

    def encode(self, values: tuple[Any, ...]) -> str:
        """The cursor of the row with these values of the ordering columns."""
        payload = orjson.dumps([_plain(value) for value in values])
        return base64.urlsafe_b64encode(self._tag(payload) + payload).decode().rstrip("=")

    def decode(self, cursor: str, *, what: str) -> tuple[Any, ...]:
        """The values of a cursor of this list. Raises BadUserInput for every other text."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
            tag, payload = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
            if not hmac.compare_digest(tag, self._tag(payload)):
                raise ValueError("tag")
            values = orjson.loads(payload)
        except ValueError:
            raise BadUserInput(f"{what} is not a cursor of this list in this order") from None
        return tuple(
            None if value is None else self.entity.convert(each.attribute, value, what=what)
            for each, value in zip(self.order, values, strict=True)
        )

    def _tag(self, payload: bytes) -> bytes:
        context = repr((self.entity.name, [(o.attribute, o.descending) for o in self.order], self.audience))
        return hmac.digest(self.secret, context.encode() + b"\0" + payload, hashlib.sha256)[:_TAG_BYTES]


def _plain(value: Any) -> Any:
    if isinstance(value, enum.Enum):
        return value.value
    if isinstance(value, (datetime.datetime, datetime.date, datetime.time)):
        return value.isoformat()
    if isinstance(value, (decimal.Decimal, uuid.UUID)):
        return str(value)
    return value
