"""Sites that the bench serves: one gunicorn each, as deploy/gunicorn.conf.py has it, on a free port of loopback."""

from __future__ import annotations

import json
import os
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Mapping
from contextlib import closing
from http.client import HTTPConnection, HTTPException
from pathlib import Path
from types import TracebackType
from typing import IO, Any, Self

import psutil
from itsdangerous import URLSafeTimedSerializer

from bff.testing.process import Child
from loadtest.bench.results import Footprint

ROOT = Path(__file__).resolve().parents[2]
SECRET = "of the bench"
CONNECTIONS = 10
START_TIMEOUT = 60.0
# Seconds of work in a tenth of one: a worker's own heartbeat.
IDLE = 0.01


class SiteError(RuntimeError):
    """A site does not start, or answers otherwise than it must; the message says what it said."""


class Site:
    """A WSGI application under gunicorn with so many workers, for a `with` block.

    It is there when the block begins: it has answered `first`, a body for its endpoint. `boot_seconds` is how long that
    took from nothing.
    """

    def __init__(
        self, application: str, *, workers: int, token: str, first: str, environment: Mapping[str, str]
    ) -> None:
        self.application, self.workers = application, workers
        self.boot_seconds = 0.0
        self._token, self._first, self._environment = token, first, environment
        self._port = 0
        self._child: Child | None = None
        self._log: IO[bytes] | None = None
        self._processes: list[psutil.Process] = []

    def __repr__(self) -> str:
        return f"<Site {self.application} {f'on port {self._port}' if self._child else 'stopped'}>"

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    def __enter__(self) -> Self:
        self._port = _free_port()
        self._log = tempfile.TemporaryFile()
        command: list[str | Path] = [
            sys.executable,
            "-m",
            "gunicorn",
            "--config",
            ROOT / "loadtest" / "bench" / "serving.py",
        ]
        environment = {
            **os.environ,
            "BRIEFCASE_ENV": "development",
            "SECRET_KEY": SECRET,
            "HOST": "127.0.0.1",
            "PORT": str(self._port),
            "WEB_CONCURRENCY": str(self.workers),
            "DATABASE_CONNECTIONS": str(CONNECTIONS),
            **self._environment,
        }
        begun = time.perf_counter()
        self._child = Child(
            [*command, self.application],
            stop_signal=signal.SIGTERM,
            cwd=ROOT,
            env=environment,
            output=self._log,
        )
        try:
            self._wait(begun)
        except BaseException:
            self.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._child is not None:
            self._child.stop()
        if self._log is not None:
            self._log.close()
        self._child, self._log = None, None

    def answer(self, body: str) -> Any:
        """The parsed answer to one body. Raises SiteError for any but a page without errors."""
        with closing(HTTPConnection("127.0.0.1", self._port, timeout=START_TIMEOUT)) as connection:
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
            connection.request("POST", "/graphql", body, headers)
            response = connection.getresponse()
            text = response.read()
        answer = json.loads(text) if response.status == 200 else None
        if answer is None or "errors" in answer:
            raise SiteError(f"{self.application} answers {response.status}: {text.decode(errors='replace')[:500]}")
        return answer

    def cpu_seconds(self) -> float:
        """What its workers have worked so far."""
        return sum(times.user + times.system for times in (process.cpu_times() for process in self._processes))

    def settle(self) -> None:
        """Wait until it is done with what a load has left behind, so that the next one has the machine to itself."""
        deadline = time.monotonic() + START_TIMEOUT
        worked = self.cpu_seconds()
        while time.monotonic() < deadline:
            time.sleep(0.1)
            before, worked = worked, self.cpu_seconds()
            if worked - before <= IDLE:
                return

    def footprint(self, contender: str) -> Footprint:
        """Its start, and the mean of its workers' memory."""
        whole = [process.memory_full_info() for process in self._processes]
        # Shared pages are told apart on Linux alone.
        pss = [getattr(memory, "pss", memory.uss) for memory in whole]
        rss_mb = sum(memory.rss for memory in whole) / len(whole) / 2**20
        return Footprint(contender, self.boot_seconds, rss_mb=rss_mb, pss_mb=sum(pss) / len(whole) / 2**20)

    def _wait(self, begun: float) -> None:
        assert self._child is not None
        while True:
            try:
                self.answer(self._first)
            except (OSError, HTTPException):
                if self._child.returncode is not None or time.perf_counter() - begun > START_TIMEOUT:
                    raise SiteError(f"{self.application} does not start:\n{self._said()}") from None
                time.sleep(0.01)
            else:
                break
        self.boot_seconds = time.perf_counter() - begun
        # gunicorn's master forks the workers; the supervisor's shell is not gunicorn.
        family = psutil.Process(self._child.pid).children(recursive=True)
        servers = {process.pid for process in family if "gunicorn" in " ".join(process.cmdline())}
        self._processes = [process for process in family if process.ppid() in servers]

    def _said(self) -> str:
        assert self._log is not None
        self._log.seek(0)
        return self._log.read().decode(errors="replace")[-2_000:]


def token_of(user_id: int) -> str:
    """What `app.auth` signs for a user of these sites."""
    return URLSafeTimedSerializer(SECRET, salt="briefcase.token").dumps(user_id)


def _free_port() -> int:
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
