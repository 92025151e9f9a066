"""GraphQL over HTTP, the half that answers: an execution's result or an exception in, status and bytes out.

Where an error is in the layer's tree, its message and code go to the client. Whatever is not is a defect: it is logged
whole under an id, and the client gets the id. Pure but for that log; knows of no web framework.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from graphql import ExecutionResult, GraphQLError

from .encoding import encode
from .errors import (
    BffError,
    DeclarationError,
    DocumentError,
    DocumentRefused,
    FieldError,
    MethodNotAllowed,
    RequestError,
    TryAgain,
)
from .http import JSON
from .places import NullViolation
from .telemetry import report_defect

OK = "OK"
"""The `code` of an answer without errors, in the log."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A response but for its transport. `code` is the first error's, for the log."""

    status: int
    payload: Mapping[str, Any] = field(repr=False)
    headers: Mapping[str, str] = field(default_factory=dict)
    code: str = OK

    def encode(self) -> bytes:
        """The payload as JSON in UTF-8. Raises TypeError or ValueError for a scalar's value that JSON does not have."""
        return encode(self.payload)


def answer_result(result: ExecutionResult, *, media_type: str, operation: str | None) -> Answer:
    """The answer to an operation that was executed, or whose variables were refused."""
    errors = result.errors or []
    if not errors:
        return Answer(HTTPStatus.OK, {"data": result.data})
    if result.data is None and all(error.path is None for error in errors):
        # Nothing ran: the variables do not fit. Without data there is no `data`.
        return _refusal(errors, FieldError.status, media_type, is_well_formed=True, operation=operation)
    formatted = _format(errors, operation)
    return Answer(HTTPStatus.OK, {"errors": formatted, "data": result.data}, code=formatted[0]["extensions"]["code"])


def answer_error(error: Exception, *, media_type: str, operation: str | None) -> Answer:
    """The answer to a request whose operation was not executed because of `error`."""
    if isinstance(error, DocumentRefused):
        errors = [_with_original(each, error) for each in error.errors]
    else:
        errors = [GraphQLError(str(error), original_error=error)]
    if isinstance(error, RequestError | FieldError | TryAgain):
        well_formed = isinstance(error, RequestError) and error.is_well_formed
        return _refusal(errors, error.status, media_type, is_well_formed=well_formed, operation=operation, of=error)
    return _refusal(errors, HTTPStatus.INTERNAL_SERVER_ERROR, media_type, is_well_formed=False, operation=operation)


def _refusal(
    errors: Iterable[GraphQLError],
    status: int,
    media_type: str,
    *,
    is_well_formed: bool,
    operation: str | None,
    of: BffError | None = None,
) -> Answer:
    headers: dict[str, str] = {}
    if isinstance(of, MethodNotAllowed):
        headers["Allow"] = of.allow
    if isinstance(of, TryAgain) and of.retry_after is not None:
        headers["Retry-After"] = str(of.retry_after)
    if is_well_formed and media_type == JSON:
        status = HTTPStatus.OK
    formatted = _format(errors, operation)
    return Answer(status, {"errors": formatted}, headers, formatted[0]["extensions"]["code"])


def _format(errors: Iterable[GraphQLError], operation: str | None) -> list[dict[str, Any]]:
    """The errors for the client, each with a code; each kind of defect is logged once, not once a row."""
    known: dict[object, str] = {}
    return [_format_one(error, operation, known) for error in errors]


def _format_one(error: GraphQLError, operation: str | None, known: dict[object, str]) -> dict[str, Any]:
    formatted: dict[str, Any] = dict(error.formatted)
    extensions = dict(formatted.get("extensions") or {})
    original = _original(error)
    if isinstance(original, BffError) and not isinstance(original, DeclarationError | DocumentError):
        extensions.update(original.extensions)
    elif isinstance(original, NullViolation):
        extensions["code"] = "NULL_VIOLATION"
    elif isinstance(original, GraphQLError):
        # graphql-core's own (an argument or variable that does not fit), or one that a resolver meant for the client.
        extensions.setdefault("code", FieldError.code)
    else:
        kind = _kind(original)
        if kind not in known:
            known[kind] = report_defect(original, operation=operation, path=error.path)
        formatted["message"] = f"internal error; it is in the server's log as {known[kind]}"
        extensions = {"code": BffError.code, "id": known[kind]}
    formatted["extensions"] = extensions
    return formatted


def _original(error: GraphQLError) -> Exception:
    """What was raised first; the error itself when it is graphql-core's own."""
    original: Exception = error
    while isinstance(original, GraphQLError) and original.original_error is not None:
        original = original.original_error
    return original


def _kind(error: Exception) -> object:
    """Equal for exceptions of one type from one line."""
    frame = next(iter(traceback.extract_tb(error.__traceback__, limit=-1)), None)
    return type(error), frame and (frame.filename, frame.lineno)


def _with_original(error: GraphQLError, original: Exception) -> GraphQLError:
    return GraphQLError(error.message, error.nodes, error.source, error.positions, original_error=original)
