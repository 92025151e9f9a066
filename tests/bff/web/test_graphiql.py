"""GraphiQL's page and its bundle, as a browser is given them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.bff.web.media_types import HTML, JSON
from tests.web.site import make_site


@pytest.fixture
def assets(tmp_path: Path) -> Path:
    folder = tmp_path / "assets"
    (folder / "chunks").mkdir(parents=True)
    (folder / "page.js").write_text("// page")
    (folder / "chunks" / "x-HASH.js").write_text("// chunk")
    (folder / "sources.sha256").write_text("whatever")
    (tmp_path / "secret.txt").write_text("hunter2")
    return folder


def test_a_browser_gets_graphiql_in_development(assets: Path) -> None:
    response = (
        make_site(development=True, graphiql_assets=assets).test_client().get("/graphql", headers={"Accept": HTML})
    )
    assert (response.status_code, response.mimetype) == (200, "text/html")
    assert 'data-endpoint="/graphql"' in response.text
    assert '<script type="module" src="/graphql/assets/page.js"></script>' in response.text
    assert response.text.count("<script") == 1
    policy = response.headers["Content-Security-Policy"]
    assert "default-src 'none'; script-src 'self';" in policy
    assert "frame-ancestors 'none'" in policy


def test_graphiql_under_a_prefix_of_the_server(assets: Path) -> None:
    client = make_site(development=True, graphiql_assets=assets).test_client()
    page = client.get("/graphql", headers={"Accept": HTML}, environ_overrides={"SCRIPT_NAME": "/team"}).text
    assert 'data-endpoint="/team/graphql"' in page
    assert 'src="/team/graphql/assets/page.js"' in page


def test_there_is_no_graphiql_in_production(assets: Path) -> None:
    client = make_site(graphiql_assets=assets).test_client()
    assert client.get("/graphql", headers={"Accept": HTML}).mimetype == JSON
    assert client.get("/graphql/assets/page.js").status_code == 404


def test_without_its_bundle_the_page_says_how_to_get_it(tmp_path: Path) -> None:
    client = make_site(development=True, graphiql_assets=tmp_path / "none").test_client()
    response = client.get("/graphql", headers={"Accept": HTML})
    assert (response.status_code, response.mimetype) == (503, "text/plain")
    assert "bff graphiql install" in response.text


def test_assets_are_typed_and_cached_by_name(assets: Path) -> None:
    client = make_site(development=True, graphiql_assets=assets).test_client()
    # Files are streamed until the response is closed.
    with client.get("/graphql/assets/page.js") as page, client.get("/graphql/assets/chunks/x-HASH.js") as chunk:
        assert (page.mimetype, chunk.mimetype) == ("text/javascript", "text/javascript")
        assert page.headers["Cache-Control"] == "no-cache"
        assert "max-age=31536000" in chunk.headers["Cache-Control"]
        tag = page.headers["ETag"]
    with client.get("/graphql/assets/page.js", headers={"If-None-Match": tag}) as again:
        assert again.status_code == 304


@pytest.mark.parametrize(
    "name", ["../secret.txt", "chunks/../../secret.txt", "%2e%2e/secret.txt", "..%5csecret.txt", "/etc/passwd"]
)
def test_no_file_beside_the_bundle_is_served(assets: Path, name: str) -> None:
    response = make_site(development=True, graphiql_assets=assets).test_client().get(f"/graphql/assets/{name}")
    assert response.status_code in {404, 308}
    assert "hunter2" not in response.text
