"""Positions as clients see them: opaque, signed, and good only for the subscription that they were given for.

Inside are the stream's epoch and offset, for a live subscription the hash of the state that the client has, and the subject:
which operation with which variables in which viewer's scope.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import blake2b

from itsdangerous import BadSignature

from ..changes.stream import Position
from ..errors import Forbidden
from ..signing import signer


@dataclass(frozen=True, slots=True)
class ResumePoint:
    """What a client says it has: all up to a position, and of a live subscription the state with this hash."""

    position: Position
    tag: str


class ResumeTokens:
    """Signs and reads the positions of one subject. Nodes with the same secret read each other's."""

    def __init__(self, secret: bytes, subject: bytes) -> None:
        self._signer = signer(secret, b"position")
        self._subject = blake2b(subject, digest_size=8).hexdigest()

    def seal(self, position: Position, tag: str = "") -> str:
        """The position as it is sent."""
        return self._signer.sign(f"{position.epoch}:{position.offset}:{tag}:{self._subject}").decode()

    def open(self, sealed: str) -> ResumePoint | None:
        """What a client presents; None when it cannot be read, being of another secret or of no server.

        Raises Forbidden for one that was given for another subject.
        """
        try:
            epoch, offset, tag, subject = self._signer.unsign(sealed).decode().rsplit(":", 3)
        except (BadSignature, UnicodeEncodeError):
            return None
        if subject != self._subject:
            raise Forbidden("this position is another subscription's; subscribe without it")
        return ResumePoint(Position(epoch, int(offset)), tag)


def tag_of(text: bytes) -> str:
    """The hash of a state's JSON."""
    return blake2b(text, digest_size=16).hexdigest()
