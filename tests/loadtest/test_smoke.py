"""The load test in small: a few pages each way from a live site, and its runner's answers to what goes wrong."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from threading import Thread
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from app.rest.frontend import load as load_over_rest
from loadtest.run import Load, LoadTestError, load, main, running_site, table
from tests.conftest import LiveSite


@pytest.fixture
def requests_of(live_site: LiveSite) -> Callable[[], list[str]]:
    """`requests_of()` gives the requests that have come since it was called last, as ``METHOD address``, in order."""
    seen = len(_logged(live_site))

    def since() -> list[str]:
        nonlocal seen
        lines = _logged(live_site)
        news, seen = lines[seen:], len(lines)
        return news

    return since


@pytest.fixture
def half_a_site() -> Iterator[str]:
    """A site that knows who there is and which matters, and whose pages all lack something."""
    answers: dict[str, object] = {
        "/api/viewer": {"organization_id": 1},
        "/api/matters": {"items": [{"id": 1}]},
        "/graphql": {"data": {"matter": None}},
    }

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer = answers.get(urlsplit(self.path).path)
            body = json.dumps(answer).encode()
            self.send_response(404 if answer is None else 200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.do_GET()

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


def _logged(live_site: LiveSite) -> list[str]:
    """All but the looking for matters that comes first."""
    lines = live_site.request_log.read_text().splitlines()
    return [line for line in lines if not re.fullmatch(r"GET /api/(viewer|matters\?.*)", line)]


@pytest.mark.slow
def test_one_query_a_page(live_site: LiveSite, requests_of: Callable[[], list[str]]) -> None:
    measured = load("page.js", live_site.url, browsers=2, seconds=30, pages=6)
    assert (measured.loads, measured.failures, measured.calls) == (6, 0, 6)
    assert requests_of() == ["POST /graphql"] * 6
    assert measured.bytes > 6 * 10_000
    assert 0 < measured.median_ms <= measured.p95_ms
    assert measured.rate > 0


@pytest.mark.slow
def test_over_rest_it_makes_the_calls_of_the_old_frontend(
    live_site: LiveSite, requests_of: Callable[[], list[str]]
) -> None:
    measured = load("rest.js", live_site.url, browsers=1, seconds=60, pages=1)
    assert (measured.loads, measured.failures) == (1, 0)
    made = requests_of()
    [matter_id] = {int(found[1]) for line in made if (found := re.fullmatch(r"GET /api/matters/(\d+)", line))}

    def get(path: str) -> object:
        # Organizations take turns in the ids of matters as in those of users.
        user = 2 - matter_id % 2
        with urlopen(Request(live_site.url + path, headers={"Authorization": f"Bearer dev-{user}"})) as response:
            return json.load(response)

    expected = load_over_rest("Matter", get, id=matter_id)
    assert sorted(made) == sorted(f"GET {path}" for wave in expected.waves for path in wave)
    assert measured.calls == expected.calls >= 60
    # The waves in their order; within one it does not matter which answer is the first.
    position = {line: index for index, line in enumerate(made)}
    ranges = [[position[f"GET {path}"] for path in wave] for wave in expected.waves]
    assert all(max(earlier) < min(later) for earlier, later in pairwise(ranges))


@pytest.mark.slow
def test_a_site_that_knows_nobody_is_not_measured(live_site: LiveSite) -> None:
    with pytest.raises(LoadTestError, match="nobody is signed in"):
        load("page.js", f"{live_site.url}/nowhere", browsers=1, seconds=5, pages=1)


@pytest.mark.slow
@pytest.mark.parametrize("script", ["page.js", "rest.js"])
def test_pages_that_lack_something_are_failures(script: str, half_a_site: str) -> None:
    measured = load(script, half_a_site, browsers=1, seconds=5, pages=3)
    assert (measured.loads, measured.failures) == (0, 3)
    assert measured.rate == measured.median_ms == 0
    assert measured.failed_share == 1


@pytest.mark.slow
def test_a_demo_that_runs_already_is_used(live_site: LiveSite) -> None:
    port = urlsplit(live_site.url).port
    assert port is not None
    before = live_site.request_log.read_text().count("GET /healthz")
    with running_site(port, os.environ) as site:
        assert site == live_site.url
    assert live_site.request_log.read_text().count("GET /healthz") == before + 1


@pytest.mark.slow
def test_what_keeps_the_demo_from_starting_is_said(half_a_site: str, capsys: pytest.CaptureFixture[str]) -> None:
    port = urlsplit(half_a_site).port
    assert main({**os.environ, "PORT": str(port)}) == 1
    printed = capsys.readouterr()
    assert f"No demo runs on port {port}" in printed.out
    assert f"port {port} is in use" in printed.err


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"PORT": "http"}, "PORT is 'http': a number from 1 to 65535"),
        ({"BROWSERS": "0"}, "BROWSERS is '0': a number from 1 to 200"),
        ({"SECONDS": "601"}, "SECONDS is '601': a number from 1 to 600"),
    ],
)
def test_what_is_no_number_is_refused(
    variables: dict[str, str], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(variables) == 1
    assert message in capsys.readouterr().err


def test_both_ways_stand_side_by_side() -> None:
    page = Load(loads=300, failures=0, seconds=10, median_ms=20, p95_ms=40, calls=300, bytes=12_000_000)
    rest = Load(loads=9, failures=1, seconds=10, median_ms=2_000, p95_ms=4_000, calls=900, bytes=450_000)
    assert table(page, rest).splitlines() == [
        "                         one query        REST     ratio",
        "page loads a second           30.0         0.9     33.3x",
        "median, ms                      20       2,000    100.0x",
        "p95, ms                         40       4,000    100.0x",
        "failed                        0.0%       10.0%          ",
        "calls a page                   1.0       100.0    100.0x",
        "kB a page                     40.0        50.0      1.2x",
    ]


def test_nothing_loaded_divides_by_nothing() -> None:
    nothing = Load(loads=0, failures=3, seconds=0)
    assert "100.0%" in table(nothing, nothing)
