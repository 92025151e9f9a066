"""GraphiQL on Briefcase: subscriptions and live queries, in a real browser."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import LiveSite
from tests.web.conftest import run_node


@pytest.mark.slow
def test_live_operations_run_until_they_are_stopped(
    node: str, bundle: Path, live_site: LiveSite, require_program: Callable[..., str], tmp_path: Path
) -> None:
    chromium = require_program("chromium", "google-chrome", "chrome")
    seen = run_node(node, "graphiql_live.mjs", live_site.url, chromium, str(tmp_path / "page.png"))
    assert seen["failed"] == []
    assert seen["console"] == []
    assert seen["operations"] == {
        kind: {
            "sent": ["subscribe", "complete"],
            "results": [{"data": {"task": {"title": f"{when} the {kind}"}}} for when in ("before", "during")],
        }
        for kind in ("subscription", "query")
    }
