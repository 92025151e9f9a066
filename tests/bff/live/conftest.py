"""A node of which tests say when it is written to."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.bff.live.memory_node import QUICK, Node


@pytest.fixture
def node() -> Iterator[Node]:
    node = Node(QUICK, patience=0.0)
    yield node
    node.hub.stop()
