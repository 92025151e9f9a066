"""Node with the packages of this folder's lock file, and GraphiQL's bundle."""

from __future__ import annotations

import fcntl
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from bff import graphiql

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
BUNDLE = ROOT / ".bff" / "graphiql"


@contextmanager
def one_at_a_time(name: str) -> Iterator[None]:
    """xdist's workers share this folder's packages and the bundle; whoever comes second finds them made."""
    (ROOT / ".bff").mkdir(exist_ok=True)
    with open(ROOT / ".bff" / f"{name}.lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


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


@pytest.fixture(scope="session")
def bundle(require_program: Callable[..., str]) -> Path:
    """GraphiQL's bundle, made of the sources as they are."""
    require_program("node")
    require_program("npm")
    with one_at_a_time("graphiql"):
        if not graphiql.is_current(BUNDLE):
            graphiql.install(BUNDLE, say=print, environ=os.environ)
    return BUNDLE


def run_node(node: str, *arguments: str) -> Any:
    """What a script of this folder prints, read as JSON."""
    done = subprocess.run([node, *arguments], cwd=HERE, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)
