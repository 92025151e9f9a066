"""How long the tests of loss take."""

from __future__ import annotations

import pytest


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.getgroup("live").addoption(
        "--outage", type=float, metavar="SECONDS", help="for how long the tests of loss keep Redis away"
    )
