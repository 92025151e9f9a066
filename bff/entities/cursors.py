"""Cursors: a row's place in a total order, as text that only this server can have made.

A cursor holds the values of the row's ordering columns, as PostgreSQL prints them, and a signature over them, under a key
for the ordering and the viewer's policy values: one of another order, another tenant or a forger is refused as
BAD_USER_INPUT. PostgreSQL reads back what it prints without loss, whatever the column's type.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import orjson
from itsdangerous import BadSignature, Signer
from itsdangerous.encoding import base64_decode, base64_encode

from ..errors import BadUserInput
from ..signing import signer
from .entity import Entity
from .order import Ordering

Keyset = tuple[str | None, ...]
"""A row's values of the ordering columns, as PostgreSQL prints them; None for NULL."""


@dataclass(frozen=True)
class CursorCodec:
    """Writes and reads the cursors of one list: its entity, order, and whose rows they are."""

    secret: bytes
    entity: Entity
    order: tuple[Ordering, ...]
    audience: tuple[Any, ...]

    def encode(self, keyset: Keyset) -> str:
        """The cursor of the row at this keyset."""
        return self.sign(orjson.dumps(keyset))

    def sign(self, payload: bytes) -> str:
        """The cursor of a keyset that is written as JSON already."""
        return self._signer.sign(base64_encode(payload)).decode()

    def decode(self, cursor: str, *, what: str) -> Keyset:
        """The keyset of a cursor of this list. Raises BadUserInput for every other text."""
        try:
            payload = self._signer.unsign(cursor)
        except (BadSignature, UnicodeEncodeError):
            raise BadUserInput(f"{what} is not a cursor of this list in this order") from None
        return tuple(orjson.loads(base64_decode(payload)))

    @cached_property
    def _signer(self) -> Signer:
        context = repr((self.entity.name, [(o.attribute, o.descending) for o in self.order], self.audience))
        return signer(self.secret, b"cursor " + context.encode())
