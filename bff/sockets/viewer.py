"""What the host tells of its viewers: who a handshake is of, until when, and which rows decide that."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import flask
from flask import Flask, Request
from socketio.exceptions import ConnectionRefusedError as Refused
from sqlalchemy import Table, inspect
from sqlalchemy.orm import Mapper
from werkzeug.exceptions import HTTPException

from ..errors import BffError, DeclarationError, FieldError, Overloaded, RateLimited, Unauthenticated
from ..readsets.readset import Fact
from ..telemetry import report_defect

ViewerOf = Callable[[Request], object | None]
Expires = Callable[[Request], float | None]
"""When the credential of a request is over, in POSIX seconds; None for never."""

Rows = Iterable[tuple[type[Any], Any]]
"""Rows by model and primary key, a tuple where it has several columns."""

Follows = Callable[[Any], Rows]
"""The rows that decide who a viewer is, and whether they are somebody."""

RECHECK = "bff.recheck"
"""This is true in the environ of a request that asks who the viewer is *now*: the host answers past its caches."""

_TOKEN = re.compile(r"[\x21-\x7e]{1,8192}")


@dataclass(frozen=True, slots=True)
class Viewers:
    """The host's functions, asked in the context of the handshake's request."""

    viewer_of: ViewerOf
    expires: Expires | None = None
    follows: Follows | None = None

    def admit(self, environ: Mapping[str, Any], token: str | None) -> tuple[object, float | None]:
        """Who connects, and for how many seconds. Raises Refused."""
        try:
            with _request(environ, token) as request:
                viewer = self.viewer_of(request)
                until = self.expires(request) if viewer is not None and self.expires else None
        except HTTPException as error:
            raise Refused(error.description or error.name, {"code": _why(error).code}) from None
        except BffError as error:
            raise Refused(str(error), {"code": error.code}) from None
        except Exception as error:  # noqa: BLE001 - the edge: a defect of the host's function is logged whole and masked
            identity = report_defect(error, part="sockets.connect")
            raise Refused("Internal server error", {"code": BffError.code, "id": identity}) from None
        seconds = None if until is None else until - time.time()
        if viewer is None or (seconds is not None and seconds <= 0):
            raise _refused("nobody is signed in")
        return viewer, seconds

    def viewer_now(self, environ: Mapping[str, Any], token: str | None) -> object | None:
        """Who the host says they are now, past its caches. Raises what keeps it from an answer."""
        try:
            with _request({**environ, RECHECK: True}, token) as request:
                return self.viewer_of(request)
        except HTTPException as error:
            if error.code is not None and error.code < 500:
                return None
            raise
        except FieldError:
            return None

    def facts_of(self, viewer: object) -> list[Fact]:
        """That the rows which decide who the viewer is are as they are; none where the host names no rows."""
        return [] if self.follows is None else facts_of(self.follows(viewer))


@contextmanager
def _request(environ: Mapping[str, Any], token: str | None) -> Iterator[Request]:
    """The request of the handshake, as the one that is being answered."""
    given = dict(environ) if token is None else {**environ, "HTTP_AUTHORIZATION": f"Bearer {token}"}
    app: Flask = environ["flask.app"]
    with app.request_context(given):
        yield flask.request._get_current_object()  # type: ignore[attr-defined]


def _why(error: HTTPException) -> type[BffError]:
    """What the host's viewer function meant by what it aborted with."""
    status = error.get_response().status_code
    if status == RateLimited.status:
        return RateLimited
    return Overloaded if status >= 500 else Unauthenticated


def token_of(auth: Any) -> str | None:
    """What the client presents in its auth. Raises Refused for what is no token."""
    token = auth.get("token") if isinstance(auth, dict) else None
    if auth is not None and not isinstance(auth, dict):
        raise _refused("auth must be an object")
    if token is not None and (not isinstance(token, str) or not _TOKEN.fullmatch(token)):
        raise _refused("auth.token must be a token")
    return token


def _refused(reason: str) -> Refused:
    return Refused(reason, {"code": Unauthenticated.code})


def facts_of(rows: Rows) -> list[Fact]:
    """That these rows are as they are, table by table. Raises DeclarationError for what is no row of a model."""
    facts: list[Fact] = []
    for model, key in rows:
        mapper = inspect(model, raiseerr=False)
        values = key if isinstance(key, tuple) else (key,)
        if not isinstance(mapper, Mapper) or len(values) != len(mapper.primary_key):
            raise DeclarationError(f"follows gave ({model!r}, {key!r}), which is no model and its primary key")
        for table in mapper.tables:
            assert isinstance(table, Table)
            names = tuple(column.name for column in table.primary_key)
            facts.append((table.fullname, names, tuple(str(value) for value in values)))
    return facts
