"""What the tests of the live bench play on."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from loadtest.live.stage import Stage
from tests.conftest import Servers


@pytest.fixture(scope="module")
def stage(servers: Servers, worker: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """A seeded Briefcase of this module's own, which may be written to."""
    name = f"{worker}_bench_live"
    url = servers.cluster.create(name, template=servers.seeded_template())
    yield Stage(url, tmp_path_factory.mktemp("stage"))
    servers.cluster.drop(name)
