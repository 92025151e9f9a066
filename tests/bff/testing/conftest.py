"""Places for embedded servers, and that their processes end with their test."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from bff.testing.places import temporary_directory


@pytest.fixture
def directory() -> Iterator[Path]:
    """Empty, and reachable for the account that runs PostgreSQL."""
    with temporary_directory() as path:
        yield path


@pytest.fixture
def ends_every_process() -> Iterator[None]:
    """Servers and their supervisors end with the test."""
    before = set(psutil.Process().children(recursive=True))
    yield
    assert not [it for it in psutil.Process().children(recursive=True) if it not in before]
