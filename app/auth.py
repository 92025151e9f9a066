"""Who is asking: sign-in by email, signed tokens, and the viewer of a request.

A demo needs no passwords, so an email is enough to get a token. The token says only which user it is for; role
and organization are read at every request, so that a role taken away is gone with the next one.
Everything that answers requests (REST, GraphQL, sockets) asks `viewer_of` and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from flask import Blueprint, Flask, Request, Response, current_app, jsonify, request
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy import select

from app.database import ConfigurationError, current_database
from app.models import User

COOKIE = "briefcase_token"
TOKEN_LIFETIME = timedelta(days=7)

# At most 18 digits, so that every match is a bigint.
_DEVELOPMENT_TOKEN = re.compile(r"dev-([1-9][0-9]{0,17})")

blueprint = Blueprint("auth", __name__, url_prefix="/auth")


@dataclass(frozen=True)
class Viewer:
    """The signed-in person on whose behalf a request runs; their organization is the tenant."""

    user_id: int
    organization_id: int
    role: str


def init_app(app: Flask) -> None:
    """Mount sign-in and sign-out. Raises `ConfigurationError` when there is nothing to sign with."""
    if not app.config.get("SECRET_KEY"):
        if not is_development(app):
            raise ConfigurationError("SECRET_KEY is not set; only BRIEFCASE_ENV=development runs without one")
        app.config["SECRET_KEY"] = "development"
    app.register_blueprint(blueprint)


def token_for(user_id: int) -> str:
    """A signed token that is this user for `TOKEN_LIFETIME`, as cookie and as bearer."""
    return _serializer().dumps(user_id)


def viewer_of(request: Request) -> Viewer | None:
    """The viewer of `request`, or None for an anonymous one.

    The ``Authorization`` header counts before the cookie: a request that presents a broken bearer token is
    anonymous, whatever its cookie says. Costs one statement, and none for an anonymous request.
    """
    user_id = _user_id_of(request)
    if user_id is None:
        return None
    statement = select(User.organization_id, User.role).where(User.id == user_id)
    with current_database().viewers.connect() as connection:
        row = connection.execute(statement).one_or_none()
    return None if row is None else Viewer(user_id, row.organization_id, row.role)


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


def _serializer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.config["SECRET_KEY"], salt="briefcase.token")


def _user_id_of(request: Request) -> int | None:
    header = request.headers.get("Authorization")
    if header is None:
        token = request.cookies.get(COOKIE)
        return None if token is None else _user_id_in(token)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        return None
    token = token.strip()
    if is_development(current_app) and (match := _DEVELOPMENT_TOKEN.fullmatch(token)):
        return int(match[1])
    return _user_id_in(token)


def _user_id_in(token: str) -> int | None:
    try:
        user_id: Any = _serializer().loads(token, max_age=int(TOKEN_LIFETIME.total_seconds()))
    except BadData:
        return None
    return user_id if isinstance(user_id, int) else None


def _is_plausible(email: str) -> bool:
    # A NUL or a lone surrogate cannot be sent to PostgreSQL at all.
    return "@" in email and len(email) <= 320 and email.isprintable()


def _refusal(code: str, message: str) -> Response:
    return jsonify(error={"code": code, "message": message})
