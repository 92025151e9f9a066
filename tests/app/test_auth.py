"""Who is asking: sign-in, tokens, cookies, and the viewer of a request."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask, request
from itsdangerous import URLSafeTimedSerializer
from sqlalchemy import Engine, create_engine, select, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import create_app
from app.auth import COOKIE, TOKEN_LIFETIME, Viewer, Viewers, expires, follows, token_for, viewer_of
from app.database import EXTENSION, ConfigurationError
from app.models import User

OWNER = Viewer(user_id=1, organization_id=1, role="owner")


@pytest.fixture
def production(database_url: str) -> Iterator[Flask]:
    app = create_app({"DATABASE_URL": database_url, "SECRET_KEY": "of production"})
    yield app
    app.extensions[EXTENSION].dispose()


@pytest.fixture
def email(engine: Engine) -> str:
    """The address of user 1."""
    with Session(engine) as session:
        return session.scalars(select(User.email).where(User.id == 1)).one()


def asks(app: Flask, *, bearer: str | None = None, cookie: str | None = None, **headers: str) -> Viewer | None:
    """The viewer of a request with these credentials."""
    if bearer is not None:
        headers["Authorization"] = f"Bearer {bearer}"
    if cookie is not None:
        headers["Cookie"] = f"{COOKIE}={cookie}"
    with app.test_request_context("/", headers=headers):
        return viewer_of(request)


def token(app: Flask, user_id: int) -> str:
    with app.app_context():
        return token_for(user_id)


# Signing in and out


def test_an_email_signs_in(site: Flask, email: str) -> None:
    answer = site.test_client().post("/auth/sign-in", json={"email": f"  {email.upper()} "})
    assert answer.status_code == 200
    assert answer.json is not None
    user = answer.json["user"]
    assert user == {"id": 1, "name": user["name"], "email": email, "role": "owner", "organization_id": 1}
    assert asks(site, bearer=answer.json["token"]) == OWNER


def test_the_cookie_of_the_sign_in_is_enough_until_the_sign_out(site: Flask, email: str) -> None:
    client = site.test_client()
    assert client.get("/api/viewer").status_code == 401
    client.post("/auth/sign-in", json={"email": email})
    assert client.get("/api/viewer").json == {"user_id": 1, "organization_id": 1, "role": "owner"}
    assert client.post("/auth/sign-out").status_code == 204
    assert client.get("/api/viewer").status_code == 401


def test_the_cookie_is_for_this_site_and_not_for_its_scripts(site: Flask, email: str) -> None:
    plain = site.test_client().post("/auth/sign-in", json={"email": email})
    [cookie] = plain.headers.getlist("Set-Cookie")
    assert "HttpOnly" in cookie
    assert "SameSite=Lax" in cookie
    assert f"Max-Age={7 * 24 * 60 * 60}" in cookie
    assert "Secure" not in cookie
    encrypted = site.test_client().post("/auth/sign-in", json={"email": email}, base_url="https://localhost")
    assert "Secure" in encrypted.headers["Set-Cookie"]


def test_nobody_signs_in_with_an_address_that_is_not_there(site: Flask) -> None:
    answer = site.test_client().post("/auth/sign-in", json={"email": "nobody@nowhere.example"})
    assert answer.status_code == 401
    assert answer.json == {"error": {"code": "UNAUTHENTICATED", "message": "nobody signs in as nobody@nowhere.example"}}
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "sent",
    [
        {"json": None},
        {"json": []},
        {"json": {}},
        {"json": {"email": 1}},
        {"json": {"email": ""}},
        {"json": {"email": "no address"}},
        {"json": {"email": "nul\x00@example.com"}},
        {"data": '{"email": "half\\ud800@example.com"}', "content_type": "application/json"},
        {"json": {"email": f"{'x' * 400}@example.com"}},
        {"data": "{", "content_type": "application/json"},
        {"data": b"\xff", "content_type": "application/json"},
        {"data": "[" * 100_000, "content_type": "application/json"},
        {"data": {"email": "a@example.com"}},
    ],
)
def test_a_sign_in_that_is_none_is_a_bad_request(site: Flask, sent: dict[str, Any]) -> None:
    answer = site.test_client().post("/auth/sign-in", **sent)
    assert answer.status_code == 400
    assert answer.json is not None
    assert answer.json["error"]["code"] == "BAD_USER_INPUT"


# The viewer of a request


def test_a_token_works_as_bearer_and_as_cookie(site: Flask) -> None:
    assert asks(site, bearer=token(site, 1)) == OWNER
    assert asks(site, cookie=token(site, 1)) == OWNER
    assert asks(site, Authorization=f"bearer   {token(site, 1)}") == OWNER
    assert asks(site) is None


def test_a_broken_bearer_is_anonymous_whatever_the_cookie_says(site: Flask) -> None:
    assert asks(site, bearer="broken", cookie=token(site, 1)) is None
    assert asks(site, cookie=token(site, 1), Authorization="Basic dXNlcjpwYXNz") is None
    assert asks(site, bearer=token(site, 1), cookie="broken") == OWNER


def test_forged_tokens_are_anonymous(site: Flask, production: Flask) -> None:
    good = token(site, 1)
    payload, _, signature = good.partition(".")
    other = URLSafeTimedSerializer("of the tests", salt="briefcase.token").dumps("1")
    salted = URLSafeTimedSerializer("of the tests", salt="something else").dumps(1)
    for forged in ("", ".", good + "x", f"{payload}x.{signature}", other, salted, token(production, 1), "\x00", "ä"):
        assert asks(site, bearer=forged) is None, forged
        assert asks(site, cookie=forged) is None, forged


def test_a_token_expires(site: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    signed = token(site, 1)
    now = time.time()
    monkeypatch.setattr(time, "time", lambda: now + TOKEN_LIFETIME.total_seconds() - 10)
    assert asks(site, bearer=signed) == OWNER
    monkeypatch.setattr(time, "time", lambda: now + TOKEN_LIFETIME.total_seconds() + 10)
    assert asks(site, bearer=signed) is None
    assert site.test_client().get("/api/viewer", headers={"Authorization": f"Bearer {signed}"}).status_code == 401


def test_a_token_of_nobody_is_anonymous(site: Flask) -> None:
    assert asks(site, bearer=token(site, 10**9)) is None


def test_a_viewer_is_known_for_a_second_and_no_longer(
    fresh_site: Flask, count_sql: Callable[..., AbstractContextManager[Any]]
) -> None:
    database = fresh_site.extensions[EXTENSION]
    now = 100.0
    viewers = Viewers(database.viewers, seconds=1, clock=lambda: now)
    with count_sql() as n:
        assert viewers.find(1) == OWNER
    assert n.count == 1, n
    make_guest_of_another(fresh_site, 1)
    now += 0.9
    with count_sql() as n:
        assert viewers.find(1) == OWNER
    assert n.count == 0, n
    now += 0.1
    assert viewers.find(1) == Viewer(user_id=1, organization_id=2, role="guest")


def test_a_socket_is_asked_anew_past_what_is_known(fresh_site: Flask) -> None:
    signed = token(fresh_site, 1)
    assert asks(fresh_site, bearer=signed) == OWNER
    make_guest_of_another(fresh_site, 1)
    headers = {"Authorization": f"Bearer {signed}"}
    with fresh_site.test_request_context("/", headers=headers, environ_overrides={"bff.recheck": True}):
        assert viewer_of(request) == Viewer(user_id=1, organization_id=2, role="guest")
    # Now it is known to all.
    assert asks(fresh_site, bearer=signed) == Viewer(user_id=1, organization_id=2, role="guest")


def test_when_a_token_is_over(site: Flask) -> None:
    def over(**headers: str) -> float | None:
        with site.test_request_context("/", headers=headers):
            return expires(request)

    signed = token(site, 1)
    for until in (over(Authorization=f"Bearer {signed}"), over(Cookie=f"{COOKIE}={signed}")):
        assert until is not None
        assert abs(until - time.time() - TOKEN_LIFETIME.total_seconds()) < 5
    assert over() is None
    assert over(Authorization="Bearer broken") is None


def test_who_a_viewer_is_stands_in_the_row_of_the_user() -> None:
    assert follows(OWNER) == [(User, 1)]


def test_nobody_is_not_remembered_and_everybody_is_asked_for_alone(
    fresh_site: Flask, count_sql: Callable[..., AbstractContextManager[Any]]
) -> None:
    viewers = Viewers(fresh_site.extensions[EXTENSION].viewers, seconds=1)
    with count_sql() as n:
        assert (viewers.find(10**9), viewers.find(10**9)) == (None, None)
        one, two = viewers.find(1), viewers.find(2)
    assert n.count == 4, n
    assert one != two
    assert repr(viewers) == "<Viewers 2 known for 1 s>"


def test_a_site_may_ask_for_roles_at_every_request(fresh_database_url: str) -> None:
    app = create_app({"DATABASE_URL": fresh_database_url, "SECRET_KEY": "of production", "VIEWER_SECONDS": "0"})
    try:
        signed = token(app, 1)
        assert asks(app, bearer=signed) == OWNER
        make_guest_of_another(app, 1)
        assert asks(app, bearer=signed) == Viewer(user_id=1, organization_id=2, role="guest")
    finally:
        app.extensions[EXTENSION].dispose()


def test_who_waits_for_a_connection_is_read_together_with_all_others(
    fresh_site: Flask, count_sql: Callable[..., AbstractContextManager[Any]]
) -> None:
    engine = fresh_site.extensions[EXTENSION].viewers
    viewers = Viewers(engine, seconds=1)
    ids = [1, 2, 3, 2, 10**9, 4]
    found: dict[int, Viewer | None] = {}

    def find(number: int) -> None:
        found[number] = viewers.find(ids[number])

    threads = [threading.Thread(target=find, args=(number,)) for number in range(len(ids))]
    taken = [engine.connect() for _ in range(engine.pool.size())]
    with count_sql() as n:
        for thread in threads:
            thread.start()
        try:
            while viewers._next is None or len(viewers._next.ids) < len(ids):
                threads[0].join(0.001)
            make_guest_of_another(fresh_site, 1)
        finally:
            for connection in taken:
                connection.close()
        for thread in threads:
            thread.join(5)
    seen = [found[number] for number in range(len(ids))]
    assert [viewer and viewer.user_id for viewer in seen] == [1, 2, 3, 2, None, 4]
    assert found[0] == Viewer(user_id=1, organization_id=2, role="guest"), "read after they came, not before"
    assert n.count == 2, n  # one for all of them, and the update


def test_whoever_joined_a_reading_that_fails_is_told(site: Flask, monkeypatch: pytest.MonkeyPatch) -> None:
    engine = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/nothing")
    viewers = Viewers(engine, seconds=1)
    with pytest.raises(OperationalError):
        viewers.find(1)
    joined, errors = threading.Event(), list[Exception]()

    def join() -> None:
        joined.set()
        try:
            viewers.find(2)
        except ConnectionError as error:
            errors.append(error)

    follower = threading.Thread(target=join)
    connect = engine.connect

    def connect_when_joined() -> Any:
        follower.start()
        joined.wait(5)
        while viewers._next is not None and len(viewers._next.ids) < 2:
            follower.join(0.001)
        return connect()

    monkeypatch.setattr(engine, "connect", connect_when_joined)
    with pytest.raises(OperationalError):
        viewers.find(1)
    follower.join(5)
    assert [str(error) for error in errors] == ["who is asking cannot be read: the database does not answer"]
    assert viewers._next is None


def make_guest_of_another(app: Flask, user_id: int) -> None:
    with app.extensions[EXTENSION].rest() as session:
        session.execute(update(User).where(User.id == user_id).values(role="guest", organization_id=2))
        session.commit()


def test_a_token_is_verified_at_every_request_and_an_anonymous_one_costs_no_statement(
    fresh_site: Flask, count_sql: Callable[..., AbstractContextManager[Any]]
) -> None:
    signed = token(fresh_site, 1)
    with count_sql() as n:
        assert asks(fresh_site, bearer=signed) == OWNER
    assert n.count == 1, n
    with count_sql() as n:
        assert asks(fresh_site, bearer=signed + "x") is None
        assert asks(fresh_site) is None
        assert asks(fresh_site, bearer="broken") is None
    assert n.count == 0, n


def test_viewers_are_looked_up_while_the_rest_pool_is_exhausted(site: Flask) -> None:
    database = site.extensions[EXTENSION]
    viewers = Viewers(database.viewers, seconds=0)
    pool = database.rest_engine.pool
    assert (pool.size(), pool._max_overflow) == (5, 10)
    taken = [database.rest_engine.connect() for _ in range(15)]
    try:
        assert viewers.find(1) == OWNER
    finally:
        for connection in taken:
            connection.close()


# Development and production


def test_development_takes_a_user_id_for_a_token(site: Flask) -> None:
    assert asks(site, bearer="dev-1") == OWNER
    two = asks(site, bearer="dev-2")
    assert two is not None
    assert (two.user_id, two.organization_id) == (2, 2)
    for nobody in (
        "dev-",
        "dev-0",
        "dev-01",
        "dev--1",
        "dev-x",
        "dev-999999999",
        f"dev-{'9' * 30}",
        "DEV-1",
        "dev-\N{ARABIC-INDIC DIGIT ONE}",
    ):
        assert asks(site, bearer=nobody) is None, nobody
    # A cookie is what browsers send by themselves; the short form is for headers alone.
    assert asks(site, cookie="dev-1") is None


def test_production_does_not(production: Flask) -> None:
    assert asks(production, bearer="dev-1") is None
    assert asks(production, bearer=token(production, 1)) == OWNER


@pytest.mark.parametrize("environment", [None, "production", "Development", ""])
def test_only_the_exact_word_is_development(
    database_url: str, monkeypatch: pytest.MonkeyPatch, environment: str | None
) -> None:
    monkeypatch.delenv("SECRET_KEY", raising=False)
    monkeypatch.delenv("BRIEFCASE_ENV", raising=False)
    if environment is not None:
        monkeypatch.setenv("BRIEFCASE_ENV", environment)
    with pytest.raises(ConfigurationError, match="SECRET_KEY is not set"):
        create_app({"DATABASE_URL": database_url})


@pytest.mark.slow
def test_settings_come_from_the_environment(database_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BRIEFCASE_ENV", "development")
    monkeypatch.setenv("DATABASE_URL", database_url)
    monkeypatch.delenv("SECRET_KEY", raising=False)
    app = create_app()
    try:
        assert asks(app, bearer="dev-1") == OWNER
    finally:
        app.extensions[EXTENSION].dispose()


def test_an_application_without_a_database_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("DATABASE_URL", raising=False)
    with pytest.raises(ConfigurationError, match="DATABASE_URL is not set"):
        create_app({"BRIEFCASE_ENV": "development"})


@pytest.mark.slow
def test_it_answers_that_it_is_alive_without_a_database() -> None:
    app = create_app({"BRIEFCASE_ENV": "development", "DATABASE_URL": "postgresql://nobody@127.0.0.1:1/nothing"})
    answer = app.test_client().get("/healthz")
    assert (answer.status_code, answer.json) == (200, {"status": "ok"})
