"""Cursors: a row's place in a total order, as text that only this server can have made.

A cursor holds the values of the row's ordering columns, as PostgreSQL prints them, and an HMAC-SHA256 over them, the
ordering and the viewer's policy values: one of another order, another tenant or a forger is refused as
BAD_USER_INPUT. PostgreSQL reads back what it prints without loss, whatever the column's type.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from dataclasses import dataclass
from typing import Any

import orjson

from ..errors import BadUserInput
from .entity import Entity, Ordering

_TAG_BYTES = 12

Place = tuple[str | None, ...]
"""A row's values of the ordering columns, as PostgreSQL prints them; None for NULL."""


@dataclass(frozen=True)
class CursorCodec:
    """Writes and reads the cursors of one list: its entity, order, and whose rows they are."""

    secret: bytes
    entity: Entity
    order: tuple[Ordering, ...]
    audience: tuple[Any, ...]

    def encode(self, place: Place) -> str:
        """The cursor of the row at this place."""
        return self.sign(orjson.dumps(place))

    def sign(self, payload: bytes) -> str:
        """The cursor of a place that is written as JSON already."""
        return base64.urlsafe_b64encode(self._tag(payload) + payload).decode().rstrip("=")

    def decode(self, cursor: str, *, what: str) -> Place:
        """The place of a cursor of this list. Raises BadUserInput for every other text."""
        try:
            raw = base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True)
        except ValueError:
            raw = b""
        tag, payload = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        if not hmac.compare_digest(tag, self._tag(payload)):
            raise BadUserInput(f"{what} is not a cursor of this list in this order")
        return tuple(orjson.loads(payload))

    def _tag(self, payload: bytes) -> bytes:
        context = repr((self.entity.name, [(o.attribute, o.descending) for o in self.order], self.audience))
        return hmac.digest(self.secret, context.encode() + b"\0" + payload, hashlib.sha256)[:_TAG_BYTES]
