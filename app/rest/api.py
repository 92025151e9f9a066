"""What every request of the REST API shares: its viewer, its session, the shape of lists and of errors."""

from __future__ import annotations

from typing import Any, cast

from flask import Blueprint, Response, g, jsonify, request
from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session
from werkzeug.exceptions import Forbidden, HTTPException, Unauthorized

from app.auth import Viewer, viewer_of
from app.database import current_database
from app.layer import current_layer
from app.models import Base
from app.rest.arguments import LARGEST_BODY, integer_argument
from app.rest.rows import Json, shown
from app.rules import Refusal, RefusalCode

PAGE = 50
LARGEST_PAGE = 200

_STATUS = {
    RefusalCode.BAD_USER_INPUT: 400,
    RefusalCode.FORBIDDEN: 403,
    RefusalCode.NOT_FOUND: 404,
    RefusalCode.CONFLICT: 409,
}

OWN_PAGES = ("same-origin", "none")
"""What browsers say of a request (`Sec-Fetch-Site`) that no other site made. Cookies alone would not tell."""

blueprint = Blueprint("rest", __name__, url_prefix="/api")


@blueprint.before_request
def _identify() -> None:
    request.max_content_length = LARGEST_BODY
    if request.method not in ("GET", "HEAD") and request.headers.get("Sec-Fetch-Site", "none") not in OWN_PAGES:
        raise Forbidden("this request was made by a page of another site")
    viewer = viewer_of(request)
    if viewer is None:
        raise Unauthorized("sign in at /auth/sign-in, and send the token as a cookie or as a bearer token")
    g.viewer = viewer


@blueprint.teardown_request
def _give_back(_error: BaseException | None) -> None:
    opened = cast("Session | None", g.pop("session", None))
    if opened is not None:
        opened.close()


def viewer() -> Viewer:
    """Who sent this request."""
    return cast(Viewer, g.viewer)


def session() -> Session:
    """This request's session, opened at the first call; it sees the rows that the viewer may see."""
    if "session" not in g:
        # In `g` before it is policed, so that it is closed whatever happens.
        g.session = current_database().rest()
        g.session = current_layer().police(g.session, viewer())
    return cast(Session, g.session)


def listed(statement: Select[Any]) -> Json:
    """The page of `statement`'s rows that the request asks for, and how many there are in all."""
    limit = integer_argument("limit", default=PAGE, least=1, most=LARGEST_PAGE)
    offset = integer_argument("offset", default=0, least=0, most=2**31 - 1)
    rows = session().scalars(statement.limit(limit).offset(offset))
    return {
        "items": [shown(row) for row in rows],
        "total": count(statement),
        "limit": limit,
        "offset": offset,
    }


def count(statement: Select[Any]) -> int:
    """How many rows `statement` has."""
    return session().scalar(select(func.count()).select_from(statement.order_by(None).subquery())) or 0


def committed(row: Base) -> Json:
    """Commit what this request changed and show `row`, as it is now, without reading it again."""
    answer = shown(row)
    session().commit()
    return answer


@blueprint.errorhandler(Refusal)
def _refused(refusal: Refusal) -> tuple[Response, int]:
    return _error(refusal.code, refusal.message, field=refusal.field), _STATUS[refusal.code]


@blueprint.app_errorhandler(HTTPException)
def _failed(error: HTTPException) -> Response | HTTPException:
    # Addresses that no route matches belong to no blueprint; those below /api are answered in its manner too.
    if not request.path.startswith("/api/"):
        return error
    status = error.code or 500
    code = {401: "UNAUTHENTICATED", 500: "INTERNAL"}.get(status, error.name.upper().replace(" ", "_"))
    response = _error(code, error.description or error.name)
    response.status_code = status
    # Allow, Retry-After and the like stay; what describes the HTML body goes.
    own = error.get_response()
    response.headers.extend((name, value) for name, value in own.headers if not name.startswith("Content-"))
    return response


def _error(code: str, message: str, *, field: str | None = None) -> Response:
    error = {"code": code, "message": message}
    return jsonify(error=error if field is None else {**error, "field": field})
