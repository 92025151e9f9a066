"""GraphQL over HTTP, the half that answers: an execution's result or an exception in, status and bytes out.

Pure but for the log of defects (see `bff.client_errors`); knows of no web framework.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from graphql import ExecutionResult

from ..client_errors import format_error, format_result
from ..errors import BffError, FieldError, MethodNotAllowed, RequestError, TryAgain
from ..json_text import encode
from .request import JSON

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
    payload = format_result(result, operation)
    if "errors" not in payload:
        return Answer(HTTPStatus.OK, payload)
    code = payload["errors"][0]["extensions"]["code"]
    if "data" not in payload:
        # Nothing ran: the variables do not fit.
        return _refusal(payload["errors"], FieldError.status, media_type, is_well_formed=True)
    return Answer(HTTPStatus.OK, payload, code=code)


def answer_error(error: Exception, *, media_type: str, operation: str | None) -> Answer:
    """The answer to a request whose operation was not executed because of `error`."""
    formatted = format_error(error, operation)
    if isinstance(error, RequestError | FieldError | TryAgain):
        well_formed = isinstance(error, RequestError) and error.is_well_formed
        return _refusal(formatted, error.status, media_type, is_well_formed=well_formed, of=error)
    return _refusal(formatted, HTTPStatus.INTERNAL_SERVER_ERROR, media_type, is_well_formed=False)


def _refusal(
    errors: list[dict[str, Any]], status: int, media_type: str, *, is_well_formed: bool, of: BffError | None = None
) -> Answer:
    headers: dict[str, str] = {}
    if isinstance(of, MethodNotAllowed):
        headers["Allow"] = of.allow
    if isinstance(of, TryAgain) and of.retry_after is not None:
        headers["Retry-After"] = str(of.retry_after)
    if is_well_formed and media_type == JSON:
        status = HTTPStatus.OK
    return Answer(status, {"errors": errors}, headers, errors[0]["extensions"]["code"])
