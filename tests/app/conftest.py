"""Briefcase as an application, over the databases that `tests/conftest.py` makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app import create_app
from app.database import EXTENSION
from bff import Bff


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
