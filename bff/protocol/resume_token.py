"""Positions as clients see them: opaque, signed, and good only for the subscription that they were given for.

Inside are the stream's epoch and offset, for a live subscription the hash of the state that the client has, and the subject:
which operation with which variables in which viewer's scope.
"""

from __future__ import annotations

import hmac
import re
from dataclasses import dataclass
from hashlib import blake2b

from ..changes.stream import Position
from ..errors import Forbidden

_FORM = re.compile(
    r"(?P<epoch>[0-9A-Za-z_-]{1,100}):(?P<offset>[0-9]{1,16}):(?P<tag>[0-9a-f]{0,32}):(?P<subject>[0-9a-f]{16})"
)


@dataclass(frozen=True, slots=True)
class Held:
    """What a client says it has: all up to a position, and of a live subscription the state with this hash."""

    position: Position
    tag: str


class Sealer:
    """Signs and reads the positions of one subject. Nodes with the same secret read each other's."""

    def __init__(self, secret: bytes, subject: bytes) -> None:
        self._key = blake2b(secret, person=b"bff position", digest_size=32).digest()
        self._subject = blake2b(subject, digest_size=8).hexdigest()

    def seal(self, position: Position, tag: str = "") -> str:
        """The position as it is sent."""
        text = f"{position.epoch}:{position.offset}:{tag}:{self._subject}"
        return f"{text}.{self._seal(text)}"

    def open(self, sealed: str) -> Held | None:
        """What a client presents; None when it cannot be read, being of another secret or of no server.

        Raises Forbidden for one that was given for another subject.
        """
        text, _, seal = sealed.rpartition(".")
        match = _FORM.fullmatch(text)
        if match is None or not hmac.compare_digest(self._seal(text).encode(), seal.encode()):
            return None
        if match["subject"] != self._subject:
            raise Forbidden("this position is another subscription's; subscribe without it")
        return Held(Position(match["epoch"], int(match["offset"])), match["tag"])

    def _seal(self, text: str) -> str:
        return blake2b(text.encode(), key=self._key, digest_size=16).hexdigest()


def tag_of(text: bytes) -> str:
    """The hash of a state's JSON."""
    return blake2b(text, digest_size=16).hexdigest()
