"""Positions as clients see them: opaque, signed, and good only for the subscription that they were given for.

Inside are the stream's epoch and offset and, for a live subscription, the hash of the state that the client has.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from hashlib import blake2b, sha256

from ..errors import Forbidden
from .stream import Position

_FORM = re.compile(r"(?P<epoch>[0-9A-Za-z_-]{1,40}):(?P<offset>[0-9]{1,18}):(?P<tag>[0-9a-f]{0,32})\.(?P<seal>[0-9a-f]{32})")


@dataclass(frozen=True, slots=True)
class Held:
    """What a client says it has: all up to a position, and of a live subscription the state with this hash."""

    position: Position
    tag: str


class Sealer:
    """Signs and reads the positions of one subject: an operation with its variables in a viewer's scope."""

    def __init__(self, secret: bytes, subject: bytes) -> None:
        self._key = hmac.new(secret, b"bff position" + sha256(subject).digest(), sha256).digest()[:32]

    def seal(self, position: Position, tag: str = "") -> str:
        """The position as it is sent."""
        text = f"{position.epoch}:{position.offset}:{tag}"
        return f"{text}.{self._seal(text)}"

    def open(self, sealed: str) -> Held:
        """What a client presents. Raises Forbidden for what was not given for this subject by this secret."""
        match = _FORM.fullmatch(sealed)
        text, _, seal = sealed.rpartition(".")
        if match is None or not hmac.compare_digest(self._seal(text), seal):
            raise Forbidden("this position is not one of this subscription; subscribe without it")
        return Held(Position(match["epoch"], int(match["offset"])), match["tag"])

    def _seal(self, text: str) -> str:
        return blake2b(text.encode(), key=self._key, digest_size=16).hexdigest()


def tag_of(text: bytes) -> str:
    """The hash of a state's JSON."""
    return blake2b(text, digest_size=16).hexdigest()
