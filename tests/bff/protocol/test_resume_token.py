"""Positions that clients hold: readable by who gave them, for what they were given."""

from __future__ import annotations

import pytest

from bff.changes.stream import Position
from bff.errors import Forbidden
from bff.protocol.resume_token import ResumePoint, ResumeTokens

SEALER = ResumeTokens(b"secret", b"matter 1 of firm 1")
POSITION = Position("0123456789abcdef-00ff", 42)


@pytest.mark.parametrize("tag", ["", "0123456789abcdef" * 2])
def test_what_is_sealed_is_opened(tag: str) -> None:
    assert SEALER.open(SEALER.seal(POSITION, tag)) == ResumePoint(POSITION, tag)
    assert ResumeTokens(b"secret", b"matter 1 of firm 1").open(SEALER.seal(POSITION, tag)) == ResumePoint(POSITION, tag)


@pytest.mark.parametrize("subject", [b"matter 2 of firm 1", b"matter 1 of firm 2"])
def test_of_another_subject_it_is_forbidden(subject: bytes) -> None:
    with pytest.raises(Forbidden):
        ResumeTokens(b"secret", subject).open(SEALER.seal(POSITION))


def test_what_is_not_readable_is_lost() -> None:
    sealed = SEALER.seal(POSITION)
    text, _, seal = sealed.rpartition(".")
    forged = [
        ResumeTokens(b"other", b"matter 1 of firm 1").seal(POSITION),
        sealed[:-1],
        sealed.replace("42", "43"),
        f"{text}:.{seal}",
        f"{text}.é{seal[1:]}",
        "x" * 900,
        "",
        "...",
    ]
    assert [SEALER.open(each) for each in forged] == [None] * len(forged)
