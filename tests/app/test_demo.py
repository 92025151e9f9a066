"""`make demo` as a process: what it starts, what it prints, and that nothing of it is left."""

from __future__ import annotations

import json
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from urllib.request import Request, urlopen

import psutil
import pytest

from app.dev.demo import DemoError, serving_port
from bff.testing.places import temporary_directory

ROOT = Path(__file__).parents[2]
# Its own data and few rows; everything else is what `make demo` runs.
DEMO = "import sys, pathlib; from app.dev.demo import main; sys.exit(main(data=pathlib.Path(sys.argv[1]), scale=0.02))"


@pytest.fixture
def data() -> Iterator[Path]:
    with temporary_directory() as path:
        yield path / ".bff"


@pytest.fixture
def port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        number: int = probe.getsockname()[1]
        return number


@contextmanager
def demo(data: Path, port: int | str, **variables: str) -> Iterator[subprocess.Popen[str]]:
    """A demo that ends with the block at the latest."""
    inherited = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "REDIS_URL"}}
    with subprocess.Popen(
        [sys.executable, "-c", DEMO, str(data)],
        cwd=ROOT,
        env={**inherited, "PORT": str(port), **variables},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        try:
            yield process
        finally:
            process.terminate()


def printed(process: subprocess.Popen[str], last: str) -> str:
    """What it prints, up to the line that holds `last`."""
    assert process.stdout is not None
    lines = []
    for line in process.stdout:
        lines.append(line)
        if last in line:
            break
    return "".join(lines)


def answer(url: str, **headers: str) -> str:
    with urlopen(Request(url, headers=headers)) as response:
        text: str = response.read().decode()
        return text


@pytest.mark.slow
def test_it_starts_from_nothing_and_again_and_leaves_no_process(data: Path, port: int, tmp_path: Path) -> None:
    for rows, live, end in (
        ("seeded in", "Pages are not live", signal.SIGINT),
        ("there already", "Open a matter in two windows", signal.SIGTERM),
    ):
        with demo(data, port, BFF_GRAPHIQL_ASSETS=str(tmp_path)) as process:
            text = printed(process, "Ctrl-C stops everything")
            assert rows in text
            assert re.findall("Pages are not live|Open a matter in two windows", text) == [live]
            assert re.findall(rf"http://127\.0\.0\.1:{port}(/\S*)$", text, re.MULTILINE) == [
                "/",
                "/graphql",
                "/api/viewer",
            ]
            assert re.search(r"\S+@\S+ .*Authorization: Bearer dev-1 ", text), text
            viewer = json.loads(answer(f"http://127.0.0.1:{port}/api/viewer", Authorization="Bearer dev-1"))
            assert viewer["user_id"] == 1

            children = psutil.Process(process.pid).children(recursive=True)
            assert {"postgres", "valkey-server"} <= {child.name() for child in children}
            process.send_signal(end)
            assert process.wait(timeout=30) == 0
            _, left = psutil.wait_procs(children, timeout=10)
            assert not left
        # What the sockets of pages are made of.
        (tmp_path / "socket.io.js").write_text("export {};")


@pytest.mark.slow
def test_it_embeds_nothing_where_addresses_are_given(data: Path, port: int, database_url: str, redis_url: str) -> None:
    with demo(data, port, DATABASE_URL=database_url, REDIS_URL=redis_url) as process:
        assert "there already" in printed(process, "Ctrl-C stops everything")
        names = {child.name() for child in psutil.Process(process.pid).children(recursive=True)}
        assert not names & {"postgres", "valkey-server"}
        assert not data.exists()


@pytest.mark.parametrize("value", ["http", "70000", "0", "-1", "5000 "])
def test_a_port_that_is_none_is_refused(value: str) -> None:
    with pytest.raises(DemoError, match=f"PORT is '{value}'"):
        serving_port(value)


def test_a_busy_port_is_said(port: int) -> None:
    with (
        closing(socket.create_server(("127.0.0.1", port))),
        pytest.raises(DemoError, match=rf"port {port} is in use.*: make demo PORT={port + 1}"),
    ):
        serving_port(str(port))
    assert serving_port(str(port)) == port


@pytest.mark.slow
def test_a_site_that_does_not_start_ends_the_demo(data: Path, port: int, database_url: str, redis_url: str) -> None:
    with demo(data, port, DATABASE_URL=database_url, REDIS_URL=redis_url, WEB_CONCURRENCY="many") as process:
        text = printed(process, "the site does not start")
        assert "invalid literal for int() with base 10: 'many'" in text
        assert process.wait(timeout=30) == 1
