"""The endpoint as the world meets it: under gunicorn's gevent worker, by npm's audits, a browser and raw sockets."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.conftest import BUNDLE, ROOT
from tests.web.conftest import run_node


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """Host and port of the small site under gunicorn. It takes over a socket that listens already, so nothing waits."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        environment = {name: value for name, value in os.environ.items() if not name.startswith("BFF_")}
        command = [sys.executable, "-m", "gunicorn", "--bind", f"fd://{listener.fileno()}", "--worker-class", "gevent"]
        command += ["--no-control-socket", "--log-level", "warning", "tests.web.site:make_site()"]
        server = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**environment, "SITE_GRAPHIQL": str(BUNDLE)},
            pass_fds=[listener.fileno()],
            stdout=subprocess.DEVNULL,
        )
        try:
            yield listener.getsockname()
        finally:
            server.terminate()
            server.wait(timeout=10)


@pytest.fixture(scope="module")
def url(address: tuple[str, int]) -> str:
    return f"http://{address[0]}:{address[1]}/graphql"


@pytest.mark.slow
def test_audits(node: str, url: str) -> None:
    results = run_node(node, "audits.mjs", url)
    assert [result for result in results if result["status"] != "ok"] == []
    assert len(results) == 61


@pytest.mark.slow
def test_graphiql_in_a_browser(
    node: str, url: str, bundle: Path, require_program: Callable[..., str], tmp_path: Path
) -> None:
    chromium = require_program("chromium", "google-chrome", "chrome")
    seen = run_node(node, "graphiql.mjs", url, chromium, str(tmp_path / "page.png"))
    assert seen["failed"] == []
    assert seen["foreign"] == []
    assert seen["console"] == []
    assert "viewer: String!\n\nWho asks, by the session cookie" in seen["docs"]
    assert json.loads(seen["result"]) == {"data": {"viewer": "marie Bearer dev-1"}}


def talk(address: tuple[str, int], *chunks: bytes, timeout: float = 10.0) -> bytes:
    """Send, without saying that it is all, and read until the server closes."""
    with closing(socket.create_connection(address, timeout=timeout)) as connection:
        for chunk in chunks:
            connection.sendall(chunk)
        answer = b""
        while received := connection.recv(65536):
            answer += received
    return answer


HEAD = b"POST /graphql HTTP/1.1\r\nHost: here\r\nContent-Type: application/json\r\nConnection: close\r\n"
BODY = b'{"query": "{ viewer }"}'


@pytest.mark.parametrize(
    "framing",
    [
        pytest.param(b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="length and chunks"),
        pytest.param(b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", id="chunked twice"),
        pytest.param(b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n", id="chunked, then another"),
        pytest.param(b"Content-Length: 5\r\nContent-Length: 6\r\n\r\n{}", id="two lengths"),
    ],
)
def test_ambiguous_framing_is_refused_and_closed(address: tuple[str, int], framing: bytes) -> None:
    assert talk(address, HEAD, framing).startswith(b"HTTP/1.1 400 ")


def test_bad_trailer_is_refused_and_closed(address: tuple[str, int]) -> None:
    chunks = b"%x\r\n%s\r\n0\r\nnot a header\r\n\r\n" % (len(BODY), BODY)
    answer = talk(address, HEAD, b"Transfer-Encoding: chunked\r\n\r\n", chunks)
    assert answer.startswith(b"HTTP/1.1 400 ")
    assert b'"BAD_REQUEST"' in answer


def test_chunked_body_is_read(address: tuple[str, int]) -> None:
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (len(BODY), BODY)
    answer = talk(address, HEAD, b"Transfer-Encoding: chunked\r\n\r\n", chunks)
    assert answer.endswith(b'{"data":{"viewer":"None None"}}')


def test_chunked_body_over_the_limit_is_413(address: tuple[str, int]) -> None:
    chunks = b"%x\r\n%s\r\n0\r\n\r\n" % (4001, b" " * 4001)
    answer = talk(address, HEAD + b"Transfer-Encoding: chunked\r\n\r\n" + chunks)
    assert answer.startswith(b"HTTP/1.1 413 ")
    assert b'"BODY_TOO_LARGE"' in answer


@pytest.mark.slow
def test_slow_body_is_408_however_it_drips(address: tuple[str, int]) -> None:
    # The site gives a body one second. A byte that comes in time does not buy another second.
    begun = time.monotonic()
    with closing(socket.create_connection(address, timeout=10)) as connection:
        connection.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY))
        connection.settimeout(0.3)
        answer, dripped = b"", 0
        while not answer:
            try:
                answer = connection.recv(65536)
            except TimeoutError:
                connection.send(BODY[dripped : dripped + 1])
                dripped += 1
        connection.settimeout(10)
        while received := connection.recv(65536):
            answer += received
    assert answer.startswith(b"HTTP/1.1 408 ")
    assert b'"REQUEST_TIMEOUT"' in answer
    assert 0.9 < time.monotonic() - begun < 3


def test_other_requests_are_answered_while_a_body_drips(address: tuple[str, int]) -> None:
    with closing(socket.create_connection(address, timeout=10)) as slow:
        slow.sendall(HEAD + b"Content-Length: %d\r\n\r\n" % len(BODY))
        answer = talk(address, HEAD, b"Content-Length: %d\r\n\r\n" % len(BODY), BODY)
    assert answer.endswith(b'{"data":{"viewer":"None None"}}')
