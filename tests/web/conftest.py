"""Node with the packages of this folder's lock file."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import one_at_a_time

HERE = Path(__file__).parent


@pytest.fixture(scope="session")
def node(require_program: Callable[..., str]) -> str:
    """Node, with the packages of this folder's lock file installed."""
    executable, npm = require_program("node"), require_program("npm")
    installed = HERE / "node_modules" / ".lock"
    wanted = (HERE / "package-lock.json").read_text()
    with one_at_a_time("tests-web"):
        if not installed.exists() or installed.read_text() != wanted:
            command = [npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--no-update-notifier"]
            done = subprocess.run(command, cwd=HERE, capture_output=True, text=True, check=False)
            assert done.returncode == 0, done.stderr
            installed.write_text(wanted)
    return executable


def run_node(node: str, *arguments: str) -> Any:
    """What a script of this folder prints, read as JSON."""
    done = subprocess.run([node, *arguments], cwd=HERE, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
