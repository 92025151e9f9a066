"""Briefcase as an application, over the databases that `tests/conftest.py` makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.auth import token_for
from app.database import EXTENSION
from bff import Bff
from tests.app.browser import OWNER, WIDE, Browser
from tests.conftest import LiveSite


@contextmanager
def _running(database_url: str) -> Iterator[Flask]:
    app = create_app({"BRIEFCASE_ENV": "development", "DATABASE_URL": database_url, "SECRET_KEY": "of the tests"})
    try:
        yield app
    finally:
        app.extensions[EXTENSION].dispose()


@pytest.fixture(scope="session")
def site(database_url: str) -> Iterator[Flask]:
    """Briefcase in development, over the database that all tests of a worker share: for reading."""
    with _running(database_url) as app:
        yield app


@pytest.fixture
def fresh_site(fresh_database_url: str) -> Iterator[Flask]:
    """Briefcase in development, over a database of this test alone: for writing."""
    with _running(fresh_database_url) as app:
        yield app


@pytest.fixture(scope="session")
def layer(site: Flask) -> Bff:
    """The layer of `site`; it polices sessions on any engine."""
    mounted = site.extensions["bff"]
    assert isinstance(mounted, Bff)
    return mounted


@pytest.fixture
def client_of() -> Callable[[Flask, int], FlaskClient]:
    """`client_of(site, 1)` sends every request as user 1."""

    def signed_in(app: Flask, user_id: int) -> FlaskClient:
        client = app.test_client()
        client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer dev-{user_id}"
        return client

    return signed_in


# In a browser


@pytest.fixture(scope="module")
def open_chromium(
    live_site: LiveSite, require_program: Callable[..., str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Browser]]:
    """`open_chromium()` starts one more browser on the live site, with cookies and a cache of its own."""
    chromium, driver = require_program("chromium", "google-chrome", "chrome"), require_program("chromedriver")
    with ExitStack() as stack:

        def start() -> Browser:
            profile = tmp_path_factory.mktemp("chromium")
            browser = Browser(live_site.url, chromium=chromium, driver=driver, profile=profile)
            stack.callback(browser.close)
            return browser

        yield start


@pytest.fixture(scope="module")
def chromium(open_chromium: Callable[[], Browser]) -> Browser:
    """The one browser of a module's tests, one after the other."""
    return open_chromium()


@pytest.fixture
def token_of(site: Flask) -> Callable[[int], str]:
    """The tokens of `site` are good for the live one too: both sign with one secret."""

    def make(user_id: int) -> str:
        with site.app_context():
            return token_for(user_id)

    return make


@pytest.fixture
def browser(chromium: Browser, token_of: Callable[[int], str]) -> Browser:
    """A wide window in which the owner of the first organization is signed in."""
    chromium.become(token_of(OWNER))
    chromium.resize(WIDE)
    return chromium
