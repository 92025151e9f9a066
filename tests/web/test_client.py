"""The live client: its own tests under Node, its types, the README's snippets of it, and how it is served."""

from __future__ import annotations

import json
import os
import re
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import orjson
import pytest
from flask.testing import FlaskClient
from hypothesis import given, settings

from bff.protocol.patch import difference
from bff.web import blueprint as web
from tests.bff.protocol.test_patch import VALUES
from tests.conftest import ROOT, LiveSite
from tests.web.conftest import HERE
from tests.web.site import make_site

CLIENT = ROOT / "bff" / "protocol" / "client"
SNIPPET = re.compile(r"<!-- live: (\w+) -->\n```js\n(.*?)```", re.DOTALL)


def run_tests(node: str, name: str, **environment: str) -> None:
    """Run a file of node:test, all of whose tests have to pass; it prints what failed."""
    command = [node, "--test", "--test-reporter=tap", "--test-timeout=100000", name]
    done = subprocess.run(
        command, cwd=HERE, env=os.environ | environment, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    counts = {what: int(count) for what, count in re.findall(r"^# (\w+) (\d+)$", done.stdout, re.MULTILINE)}
    assert counts["pass"] == counts["tests"] > 0, done.stdout
    # One that is skipped passes for node:test, and one that is to be done may fail.
    assert [counts[what] for what in ("fail", "cancelled", "skipped", "todo")] == [0, 0, 0, 0], done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", ["client", "timing", "patch", "libraries"])
def test_in_node(node: str, name: str) -> None:
    run_tests(node, f"{name}.test.mjs")


@pytest.mark.slow
def test_against_briefcase(node: str, live_site: LiveSite) -> None:
    run_tests(node, "live.test.mjs", SITE=live_site.url)


def check_types(node: str, project: Path) -> None:
    compiler = HERE / "node_modules" / "typescript" / "bin" / "tsc"
    done = subprocess.run(
        [node, compiler, "--project", project], cwd=HERE, capture_output=True, text=True, timeout=120, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.slow
def test_types(node: str) -> None:
    check_types(node, HERE / "types")


@pytest.mark.slow
def test_the_snippets_of_the_readme(node: str, tmp_path: Path) -> None:
    snippets = dict(SNIPPET.findall((ROOT / "README.md").read_text(encoding="utf-8")))
    assert snippets.keys() == {"plain", "apollo", "urql", "relay", "iterate"}
    options = json.loads((HERE / "types" / "tsconfig.json").read_text())["compilerOptions"]
    # As a page has them; and what is inferred in JavaScript need not be declared.
    options |= {"noImplicitAny": False, "typeRoots": [str(HERE / "node_modules" / "@types")]}
    options["paths"] = {"*": [f"{HERE}/node_modules/*", f"{HERE}/node_modules/@types/*"]}
    for name, text in snippets.items():
        served = text.replace("'/graphql/client.js'", f"'{CLIENT}/client.js'")
        served = served.replace("'/graphql/assets/socket.io.js'", "'socket.io-client'")
        (tmp_path / ("live.js" if name == "plain" else f"{name}.js")).write_text(served)
    (tmp_path / "package.json").write_text('{"type": "module"}')
    (tmp_path / "tsconfig.json").write_text(json.dumps({"compilerOptions": options, "include": ["*.js"]}))
    check_types(node, tmp_path)


@pytest.fixture(scope="module")
def applied(node: str) -> Iterator[Callable[[Any, Any], Any]]:
    """`applied(document, patch)`: what the client makes of it."""
    with subprocess.Popen([node, "apply.mjs"], cwd=HERE, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin is not None
        assert process.stdout is not None

        def apply(document: Any, patch: Any) -> Any:
            process.stdin.write(orjson.dumps([document, patch]) + b"\n")
            process.stdin.flush()
            return orjson.loads(process.stdout.readline())

        yield apply
        process.stdin.close()


@pytest.mark.slow
@given(old=VALUES, new=VALUES)
@settings(max_examples=150, deadline=None)
def test_what_the_server_makes_patches_of_the_client_makes_of_them(
    applied: Callable[[Any, Any], Any], old: Any, new: Any
) -> None:
    assert as_in_javascript(applied(old, difference(old, new))) == as_in_javascript(new)


def as_in_javascript(value: Any) -> str:
    """As JSON, in which 1.0 is 1."""
    return json.dumps(json.loads(json.dumps(value), parse_float=number_in_javascript), sort_keys=True)


def number_in_javascript(literal: str) -> float:
    number = float(literal)
    return int(number) if number.is_integer() else number


def test_numbers_are_told_apart_as_in_javascript() -> None:
    assert as_in_javascript([1.0, {"a": -0.0}]) == as_in_javascript([1, {"a": 0}])
    assert len({as_in_javascript(number) for number in (1, 15, 1.05, 10.5, 105, True, "1", "1.0")}) == 8


# ---- served


@pytest.fixture
def client(tmp_path: Path) -> FlaskClient:
    return make_site(development=False, path="/api/graphql", graphiql_assets=tmp_path).test_client()


@pytest.mark.parametrize(("name", "mimetype"), [("client.js", "text/javascript"), ("client.d.ts", "text/plain")])
def test_the_client_is_served_and_only_sent_when_it_is_another(client: FlaskClient, name: str, mimetype: str) -> None:
    response = client.get(f"/api/graphql/{name}")
    assert (response.status_code, response.mimetype) == (200, mimetype)
    assert response.data == (web.CLIENT / name).read_bytes()
    assert response.headers["Cache-Control"] == "no-cache"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    again = client.get(f"/api/graphql/{name}", headers={"If-None-Match": response.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(f"/api/graphql/{name}", headers={"If-None-Match": '"other"'}).status_code == 200
    assert client.post(f"/api/graphql/{name}").status_code == 405


def test_socket_io_is_served_once_it_is_installed(client: FlaskClient, tmp_path: Path) -> None:
    assert client.get("/api/graphql/assets/socket.io.js").status_code == 404
    (tmp_path / "socket.io.js").write_text("export {};")
    (tmp_path / "page.js").write_text("export {};")
    response = client.get("/api/graphql/assets/socket.io.js")
    assert (response.status_code, response.mimetype, response.text) == (200, "text/javascript", "export {};")
    # The rest of the bundle is for development.
    assert client.get("/api/graphql/assets/page.js").status_code == 404
