"""The demo pages of Briefcase: the new frontend, where a page is one query.

The server renders a shell: who is signed in, where one can go, and which page it is with which variables. The browser
sends that page's operation and draws the answer (`static/page.js`); with ``?by=rest`` it makes the old frontend's calls
instead, to compare. There is no build step and nothing comes from
another host; the policy in every answer's headers forbids inline scripts and styles.
"""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from flask import Blueprint, Flask, Response, current_app, redirect, render_template, request, url_for
from sqlalchemy import Row, select
from werkzeug.wrappers import Response as AnyResponse

from app.auth import Viewer, is_development, viewer_of
from app.database import current_database
from app.layer import current_layer
from app.models import Organization, User

if TYPE_CHECKING:
    from app.seed import SignIn

HEADERS = {
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    ),
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
}

WAYS = ("rest", "query")
"""How the browser may load a page: the calls of the old frontend, or one query. ``?by=`` says which."""

SOCKET_IO = "socket.io.js"
"""What a live page needs besides the layer: `bff graphiql install` makes it. Without it pages are as they were when loaded."""

blueprint = Blueprint("site", __name__, static_folder="static", static_url_path="/static", template_folder="templates")


def init_app(app: Flask) -> None:
    """Mount the pages at the root of `app`, their scripts and styles under ``/static``."""
    app.register_blueprint(blueprint)


@blueprint.after_request
def _harden(response: Response) -> Response:
    response.headers.update(HEADERS)
    # A shell names who is signed in; a file has said already how it may be kept.
    response.headers.setdefault("Cache-Control", "private, no-cache")
    return response


@blueprint.get("/")
def dashboard() -> str | AnyResponse:
    return _page("Dashboard")


@blueprint.get("/matters/<key:matter_id>")
def matter(matter_id: int) -> str | AnyResponse:
    return _page("Matter", id=str(matter_id))


@blueprint.get("/clients/<key:client_id>")
def client(client_id: int) -> str | AnyResponse:
    return _page("Client", id=str(client_id))


@blueprint.get("/documents/<key:document_id>")
def document(document_id: int) -> str | AnyResponse:
    return _page("Document", id=str(document_id))


@blueprint.get("/inbox")
def inbox() -> str | AnyResponse:
    return _page("Inbox", show="unread" if request.args.get("show") == "unread" else "all")


@blueprint.get("/calendar")
def calendar() -> str | AnyResponse:
    first = request.args.get("from", "")
    return _page("Calendar", **({"from": first} if _is_day(first) else {}))


@blueprint.get("/billing")
def billing() -> str | AnyResponse:
    return _page("Billing")


@blueprint.get("/search")
def search() -> str | AnyResponse:
    return _page("Search", text=request.args.get("q", "").strip())


@blueprint.get("/team")
def team() -> str | AnyResponse:
    return _page("Team")


@blueprint.get("/sign-in")
def sign_in() -> str | AnyResponse:
    """Where everybody without a valid cookie ends up; in development it names people to try."""
    goal = _own_path(request.args.get("next"))
    if viewer_of(request) is not None:
        return redirect(goal)
    people: list[SignIn] = []
    if is_development(current_app):
        # Here, because in production nobody needs what makes up the rows.
        from app.seed import sign_ins

        people = sign_ins(current_database().viewers)
    return render_template("sign_in.html", goal=goal, people=people)


def _page(name: str, **variables: str) -> str | AnyResponse:
    """The shell of page `name` for whoever is signed in; everybody else is sent to sign in and back."""
    viewer = viewer_of(request)
    if viewer is None:
        here = request.full_path if request.query_string else request.path
        return redirect(url_for("site.sign_in", next=here))
    person = _person(viewer)
    by = request.args.get("by")
    return render_template(
        "page.html",
        page=name,
        variables=variables,
        person=person,
        me={"id": str(person.id), "name": person.name, "avatarUrl": person.avatar_url},
        by=by if by in WAYS else "query",
        is_chosen=by in WAYS,
        is_live=_is_live(),
        ways={way: f"{request.path}?{urlencode({**request.args, 'by': way})}" for way in WAYS},
    )


def _person(viewer: Viewer) -> Row[int, str, str, str | None, str]:
    """What the shell shows of the viewer."""
    statement = (
        select(User.id, User.name, User.title, User.avatar_url, Organization.name.label("organization"))
        .join(Organization)
        .where(User.id == viewer.user_id)
    )
    with current_database().viewers.connect() as connection:
        return connection.execute(statement).one()


def _is_live() -> bool:
    """Whether pages can be live: there is Redis, and what their sockets are made of."""
    layer = current_layer()
    return layer.node is not None and (layer.settings.graphiql_assets / SOCKET_IO).is_file()


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False


def _own_path(goal: str | None) -> str:
    """`goal` when it is a path of this site, or the dashboard: a link may not send people elsewhere after sign-in.

    Browsers read a backslash as a slash, and an address that begins with two names another host.
    """
    if goal is None or not goal.startswith("/") or goal[1:2] in {"/", "\\"} or not goal.isprintable():
        return url_for("site.dashboard")
    return goal
