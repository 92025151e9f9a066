"""How what clients hold for a while is signed: cursors and positions, with itsdangerous' signer. Pure."""

from __future__ import annotations

import hmac

from itsdangerous import Signer
from itsdangerous.signer import SigningAlgorithm

_TAG_BYTES = 16


class _ShortTag(SigningAlgorithm):
    """The first half of HMAC-SHA256: a page holds many cursors, and 128 bits cannot be guessed."""

    def get_signature(self, key: bytes, value: bytes) -> bytes:
        return hmac.digest(key, value, "sha256")[:_TAG_BYTES]


def signer(secret: bytes, purpose: bytes) -> Signer:
    """What signs for a purpose: it refuses, with BadSignature, what was signed for another one or with another secret."""
    # Derived here, once: itsdangerous' own derivation runs with every signature.
    key = hmac.digest(secret, purpose, "sha256")
    return Signer(key, key_derivation="none", algorithm=_ShortTag())
