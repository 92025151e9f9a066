"""Whoever waits longest is served first, also in front of the layer's line: between the connections of a worker."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
REQUEST = b"GET /%s HTTP/1.1\r\nHost: here\r\n\r\n"
MANY = 1000

# The part of a worker's answers that went to the greedy client before the other one had his.
_served = {"greedy": 0}


def counting(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    """An application that never blocks: how many requests of the greedy client it has answered."""
    _served["greedy"] += environ["PATH_INFO"] == "/greedy"
    body = b"%04d" % _served["greedy"]
    start_response("200 OK", [("Content-Length", str(len(body)))])
    return [body]


@pytest.fixture
def address() -> Iterator[tuple[str, int]]:
    """The application under what deploy/gunicorn.conf.py says, on a socket that listens already."""
    with closing(socket.create_server(("127.0.0.1", 0))) as listener:
        command = [sys.executable, "-m", "gunicorn", "--config", "tests/web/fairness.conf.py"]
        command += ["--bind", f"fd://{listener.fileno()}", "--log-level", "warning", f"{__name__}:counting"]
        environment = {**os.environ, "BRIEFCASE_ENV": "development", "WEB_CONCURRENCY": "1"}
        server = subprocess.Popen(command, cwd=ROOT, env=environment, pass_fds=[listener.fileno()])
        try:
            yield listener.getsockname()
        finally:
            server.terminate()
            server.wait(timeout=10)


def body_of_one_answer(connection: socket.socket) -> int:
    answer = b""
    while b"\r\n\r\n" not in answer or len(answer.partition(b"\r\n\r\n")[2]) < 4:
        answer += connection.recv(1 if b"\r\n\r\n" in answer else 65536)
    return int(answer.partition(b"\r\n\r\n")[2][:4])


@pytest.mark.slow
def test_a_client_that_never_pauses_does_not_hold_up_the_others(address: tuple[str, int]) -> None:
    with (
        closing(socket.create_connection(address, timeout=10)) as patient,
        closing(socket.create_connection(address, timeout=10)) as greedy,
    ):
        # Both connections are known to the worker before it begins.
        patient.sendall(REQUEST % b"patient")
        assert body_of_one_answer(patient) == 0
        patient.sendall(REQUEST % b"patient")
        assert body_of_one_answer(patient) == 0
        greedy.sendall(REQUEST % b"greedy" * MANY)
        greedy.recv(1)
        patient.sendall(REQUEST % b"patient")
        assert 0 < body_of_one_answer(patient) < MANY
