"""What the tests of the live bench play on."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager

import pytest

from loadtest.live.stage import Stage


@pytest.fixture(scope="module")
def stage(
    temporary_database: Callable[..., AbstractContextManager[str]],
    seeded_template: str,
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[Stage]:
    """A seeded Briefcase of this module's own, which may be written to."""
    with temporary_database(template=seeded_template) as url:
        yield Stage(url.replace("+psycopg2", ""), tmp_path_factory.mktemp("stage"))
