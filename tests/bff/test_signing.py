"""What is signed is read again with the same secret for the same purpose, and not otherwise."""

from __future__ import annotations

import pytest
from itsdangerous import BadSignature

from bff.signing import signer

SIGNED = signer(b"secret", b"cursor").sign(b"what")


def test_what_is_signed_is_read_again() -> None:
    assert signer(b"secret", b"cursor").unsign(SIGNED) == b"what"
    assert signer(b"secret", b"cursor").sign(b"what") == SIGNED


@pytest.mark.parametrize(
    ("secret", "purpose"), [(b"other", b"cursor"), (b"secret", b"position"), (b"secretc", b"ursor")]
)
def test_neither_secrets_nor_purposes_are_mixed_up(secret: bytes, purpose: bytes) -> None:
    with pytest.raises(BadSignature):
        signer(secret, purpose).unsign(SIGNED)


@pytest.mark.parametrize(
    "text",
    [b"", b".", b"what", b"what.", SIGNED[:-1], SIGNED[4:], b"W" + SIGNED[1:], SIGNED.replace(b".", b""), b"what.\xff"],
)
def test_no_other_text_is_signed(text: bytes) -> None:
    with pytest.raises(BadSignature):
        signer(b"secret", b"cursor").unsign(text)
