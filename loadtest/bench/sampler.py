"""Where a worker's CPU time goes, by component: samples of its own CPU clock, taken inside while it serves.

The clock interrupts the process after each two milliseconds that it has worked, never while it waits. A sample counts for the
component of the innermost frame that has one: what psycopg2 or orjson do in C counts for the line that called them. The
time before the first pages are answered is left out.
"""

from __future__ import annotations

import json
import signal
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from types import CodeType, FrameType

INTERVAL = 0.002
# Statements are compiled and prepared, and connections made, by the first pages.
WARM_UP = 100

HTTP, VIEWER, LOOKUP = "HTTP", "viewer", "plan lookup"
SESSION, DRIVER, ENGINE, ENCODE, LOG = "session", "driver", "engine", "encode", "log"
OTHER = "other"
COMPONENTS = (HTTP, VIEWER, LOOKUP, SESSION, DRIVER, ENGINE, ENCODE, LOG, OTHER)

# The first that fits a frame's file and function decides; files that none fits belong to whoever called them.
Places = Sequence[tuple[str, str | None, str]]

PLACES: Places = (
    ("/bff/database/gevent_wait.py", None, DRIVER),
    ("/bff/database/session.py", None, SESSION),
    ("/bff/database/prepared.py", None, SESSION),
    ("/bff/database/scope.py", None, SESSION),
    ("/bff/database/admission.py", None, SESSION),
    ("/sqlalchemy/engine/default.py", None, DRIVER),
    ("/sqlalchemy/dialects/", None, DRIVER),
    ("/sqlalchemy/pool/", None, SESSION),
    ("/sqlalchemy/", None, SESSION),
    ("/bff/server.py", None, LOOKUP),
    ("/bff/documents/registry.py", None, LOOKUP),
    ("/bff/documents/limits.py", None, LOOKUP),
    ("/bff/http/response.py", None, ENCODE),
    ("/bff/json_text.py", None, ENCODE),
    ("/bff/web/blueprint.py", None, HTTP),
    ("/bff/http/request.py", None, HTTP),
    ("/bff/http/body.py", None, HTTP),
    ("/bff/telemetry.py", None, LOG),
    ("/structlog/", None, LOG),
    ("/bff/", None, ENGINE),
    ("/graphql/", None, ENGINE),
    ("/strawberry/", None, ENGINE),
    ("/app/auth.py", None, VIEWER),
    ("/flask/", None, HTTP),
    ("/werkzeug/", None, HTTP),
    ("/gunicorn/", None, HTTP),
    ("/gevent/", None, HTTP),
)


def component_of(path: str, function: str, places: Places = PLACES) -> str | None:
    """The component of a frame; None for one that belongs to its caller's."""
    for part, name, component in places:
        if part in path and name in (None, function):
            return component
    return None


class Samples:
    """Samples of this process from `start` to `stop`, by components."""

    def __init__(self, places: Places = PLACES) -> None:
        self._places = places
        self._components: dict[CodeType, str | None] = {}
        self._found: Counter[str] = Counter()
        self._begun = 0.0

    def __repr__(self) -> str:
        return f"<Samples {self._found.total()}>"

    def start(self) -> None:
        signal.signal(signal.SIGPROF, self._take)
        signal.setitimer(signal.ITIMER_PROF, INTERVAL, INTERVAL)
        self._begun = time.process_time()

    def stop(self) -> tuple[float, dict[str, int]]:
        """The CPU seconds since the start, and how many samples fell to each component; then it may be started anew."""
        signal.setitimer(signal.ITIMER_PROF, 0)
        found, self._found = dict(self._found), Counter()
        return time.process_time() - self._begun, found

    def _take(self, _signal: int, frame: FrameType | None) -> None:
        found: str | None = None
        while frame is not None:
            component = self._component(frame.f_code)
            if component == VIEWER:
                # Whatever it calls, a session or a driver, is the price of knowing who asks.
                found = component
                break
            found = found or component
            frame = frame.f_back
        self._found[found or OTHER] += 1

    def _component(self, code: CodeType) -> str | None:
        try:
            return self._components[code]
        except KeyError:
            component = self._components[code] = component_of(code.co_filename, code.co_name, self._places)
            return component


class Sampler:
    """The samples of this process once it is warm. `answered` is told of every page, `write` records what was found."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self._samples = Samples()
        self._answered = 0

    def __repr__(self) -> str:
        return f"<Sampler {self._answered} pages, {self._samples!r}>"

    def answered(self) -> None:
        """A page was answered; after `WARM_UP` of them sampling begins."""
        self._answered += 1
        if self._answered == WARM_UP:
            self._samples.start()

    def write(self, name: str) -> None:
        """Stop, and write seconds, pages and samples into a file of the directory."""
        pages = max(0, self._answered - WARM_UP)
        seconds, samples = self._samples.stop() if pages else (0.0, {})
        found = {"pages": pages, "seconds": seconds, "samples": samples}
        (self._directory / f"{name}.json").write_text(json.dumps(found))


def milliseconds(directory: Path) -> tuple[int, dict[str, float]]:
    """The pages that all samplers of a directory saw, and each component's CPU milliseconds of one."""
    pages, seconds, samples = 0, 0.0, Counter[str]()
    for path in directory.glob("*.json"):
        found = json.loads(path.read_text())
        pages += found["pages"]
        seconds += found["seconds"]
        samples.update(found["samples"])
    if not pages or not samples:
        return pages, {}
    return pages, {
        name: samples[name] / samples.total() * seconds / pages * 1e3 for name in COMPONENTS if samples[name]
    }
