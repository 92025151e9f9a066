"""Who is asking: sign-in by email, signed tokens, and the viewer of a request.

A demo needs no passwords, so an email is enough to get a token. The token says only which user it is for, and is verified at
every request. Role and organization are the database's, read by `Viewers` at most once a second for each user: a
role taken away, or a user removed, is gone for every request that comes a second later (``VIEWER_SECONDS``).
Everything that answers requests (REST, GraphQL, sockets) asks `viewer_of` and nothing else.
"""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from cachetools import TTLCache
from flask import Blueprint, Flask, Request, Response, current_app, jsonify, request
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import ARRAY, BigInteger, Engine, bindparam, func, select

from app.database import EXTENSION as DATABASE
from app.database import ConfigurationError, current_database
from app.models import User

COOKIE = "briefcase_token"
EXTENSION = "briefcase.auth"
TOKEN_LIFETIME = timedelta(days=7)
VIEWER_SECONDS = 1.0
KNOWN_VIEWERS = 10_000

# At most 18 digits, so that every match is a bigint.
_DEVELOPMENT_TOKEN = re.compile(r"dev-([1-9][0-9]{0,17})")

blueprint = Blueprint("auth", __name__, url_prefix="/auth")


@dataclass(frozen=True)
class Viewer:
    """The signed-in person on whose behalf a request runs; their organization is the tenant."""

    user_id: int
    organization_id: int
    role: str


# Made once: to build the statement takes longer than to run it.
_READ = select(User.id, User.organization_id, User.role).where(
    User.id == func.any(bindparam("ids", type_=ARRAY(BigInteger)))
)


class Viewers:
    """Who users are, by their ids, none known for longer than `seconds`; 0 reads the database every time.

    Nobody is not remembered, so that a new user is there at once. Any thread or greenlet may ask. Who comes while all
    connections are taken is read together with all others who wait, so nobody waits for more than one read to end.
    """

    def __init__(self, engine: Engine, *, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self._engine = engine
        self._known: TTLCache[int, Viewer] = TTLCache(KNOWN_VIEWERS, seconds, clock)
        self._lock = threading.Lock()
        self._next: _Reading | None = None

    def __repr__(self) -> str:
        return f"<Viewers {len(self._known)} known for {self._known.ttl:g} s>"

    def find(self, user_id: int, *, fresh: bool = False) -> Viewer | None:
        """The viewer who is this user, None when there is none. Costs one statement at most, and one if it has to be `fresh`."""
        with self._lock:
            viewer = self._known.get(user_id)
            if viewer is not None and not fresh:
                return viewer
            reading, is_first = self._next, self._next is None
            if reading is None:
                reading = self._next = _Reading()
            reading.ids.append(user_id)
        if is_first:
            self._read(reading)
        return reading.found(user_id)

    def _read(self, reading: _Reading) -> None:
        try:
            with self._engine.connect() as connection:
                self._close(reading)
                rows = connection.execute(_READ, {"ids": reading.ids}).all()
            viewers = {row.id: Viewer(row.id, row.organization_id, row.role) for row in rows}
            with self._lock:
                if self._known.ttl:
                    self._known.update(viewers)
                    for gone in set(reading.ids) - viewers.keys():
                        self._known.pop(gone, None)
            reading.viewers = viewers
        finally:
            self._close(reading)
            reading.is_over.set()

    def _close(self, reading: _Reading) -> None:
        """Let nobody join it any more: who comes later must see what is written later."""
        with self._lock:
            if self._next is reading:
                self._next = None


class _Reading:
    """One statement, for all who joined before it was sent."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.viewers: dict[int, Viewer] | None = None
        self.is_over = threading.Event()

    def found(self, user_id: int) -> Viewer | None:
        self.is_over.wait()
        if self.viewers is None:
            raise ConnectionError("who is asking cannot be read: the database does not answer")
        return self.viewers.get(user_id)


@dataclass(frozen=True)
class _Auth:
    """What an application knows of its users: made once, since it costs more to make than to use."""

    tokens: URLSafeTimedSerializer = field(repr=False)
    viewers: Viewers


def init_app(app: Flask) -> None:
    """Mount sign-in and sign-out. Raises `ConfigurationError` when there is nothing to sign with."""
    if not app.config.get("SECRET_KEY"):
        if not is_development(app):
            raise ConfigurationError("SECRET_KEY is not set; only BRIEFCASE_ENV=development runs without one")
        app.config["SECRET_KEY"] = "development"
    app.extensions[EXTENSION] = _Auth(
        tokens=URLSafeTimedSerializer(app.config["SECRET_KEY"], salt="briefcase.token"),
        viewers=Viewers(
            app.extensions[DATABASE].viewers, seconds=float(app.config.get("VIEWER_SECONDS", VIEWER_SECONDS))
        ),
    )
    app.register_blueprint(blueprint)


def token_for(user_id: int) -> str:
    """A signed token that is this user for `TOKEN_LIFETIME`, as cookie and as bearer."""
    token = _current().tokens.dumps(user_id)
    assert isinstance(token, str)
    return token


def viewer_of(request: Request) -> Viewer | None:
    """The viewer of `request`, or None for an anonymous one.

    The ``Authorization`` header counts before the cookie: a request that presents a broken bearer token is
    anonymous, whatever its cookie says. Costs one statement at most, and none for an anonymous request. A socket that is asked
    anew who it is of (``bff.recheck``) is answered by the database, not by what was known a second ago.
    """
    signed_in = _signed_in(request)
    if signed_in is None:
        return None
    return _current().viewers.find(signed_in.user_id, fresh=request.environ.get("bff.recheck", False))


def expires(request: Request) -> float | None:
    """When the request's token is over, in POSIX seconds; None for never, or for no token at all."""
    signed_in = _signed_in(request)
    return None if signed_in is None else signed_in.until


def follows(viewer: Viewer) -> list[tuple[type[User], int]]:
    """The rows that decide who a viewer is: role and organization are the user's, who may be removed."""
    return [(User, viewer.user_id)]


@blueprint.post("/sign-in")
def sign_in() -> tuple[Response, int] | Response:
    """Take ``{"email": ...}``, give ``{"token": ..., "user": {...}}`` and the same token as a cookie."""
    body = request.get_json(silent=True)
    email = body.get("email") if isinstance(body, dict) else None
    if not isinstance(email, str) or not _is_plausible(email):
        return _refusal("BAD_USER_INPUT", 'send {"email": "..."} as application/json'), 400
    statement = select(User.id, User.name, User.email, User.role, User.organization_id)
    with current_database().viewers.connect() as connection:
        row = connection.execute(statement.where(User.email == email.strip().lower())).one_or_none()
    if row is None:
        return _refusal("UNAUTHENTICATED", f"nobody signs in as {email.strip()}"), 401
    token = token_for(row.id)
    response = jsonify(token=token, user=row._asdict())
    response.set_cookie(COOKIE, token, max_age=TOKEN_LIFETIME, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


@blueprint.post("/sign-out")
def sign_out() -> Response:
    """Forget the cookie. A bearer token lives on until it expires: nothing is stored to revoke."""
    response = current_app.response_class(status=204)
    response.delete_cookie(COOKIE, httponly=True, samesite="Lax", secure=request.is_secure)
    return response


def is_development(app: Flask) -> bool:
    """Whether ``BRIEFCASE_ENV`` says so, to the letter; everything else is production."""
    return bool(app.config.get("BRIEFCASE_ENV") == "development")


def _current() -> _Auth:
    auth = current_app.extensions[EXTENSION]
    assert isinstance(auth, _Auth)
    return auth


@dataclass(frozen=True)
class _SignedIn:
    """What a token says: which user, and until when (POSIX seconds)."""

    user_id: int
    until: float | None


def _signed_in(request: Request) -> _SignedIn | None:
    header = request.headers.get("Authorization")
    if header is None:
        token = request.cookies.get(COOKIE)
        return None if token is None else _read_token(token)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        return None
    token = token.strip()
    if is_development(current_app) and (match := _DEVELOPMENT_TOKEN.fullmatch(token)):
        return _SignedIn(int(match[1]), None)
    return _read_token(token)


def _read_token(token: str) -> _SignedIn | None:
    given: tuple[Any, datetime]
    try:
        given = _current().tokens.loads(token, max_age=int(TOKEN_LIFETIME.total_seconds()), return_timestamp=True)
    except BadData:
        return None
    user_id, signed_at = given
    return _SignedIn(user_id, (signed_at + TOKEN_LIFETIME).timestamp()) if isinstance(user_id, int) else None


def _is_plausible(email: str) -> bool:
    # A NUL or a lone surrogate cannot be sent to PostgreSQL at all.
    return "@" in email and len(email) <= 320 and email.isprintable()


def _refusal(code: str, message: str) -> Response:
    return jsonify(error={"code": code, "message": message})
