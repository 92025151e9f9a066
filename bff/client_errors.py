"""Errors as clients see them: each with a code, and a defect as no more than the id under which it is in the log.

The errors of the layer's tree keep their message and code, but for those of declarations and documents; so do graphql-core's own
and a GraphQLError that a resolver raises. All others are defects: they are logged whole under an id, and the client gets the id.
"""

from __future__ import annotations

import traceback
from collections.abc import Iterable
from typing import Any

from graphql import ExecutionResult, GraphQLError

from .errors import BffError, DeclarationError, DocumentError, DocumentRefused, FieldError
from .telemetry import report_defect


def format_result(result: ExecutionResult, operation: str | None) -> dict[str, Any]:
    """The response of an execution. Without data, because nothing ran, there is no `data`."""
    more = {"extensions": result.extensions} if result.extensions else {}
    errors = result.errors or []
    if not errors:
        return {"data": result.data, **more}
    formatted = format_errors(errors, operation)
    if result.data is None and all(error.path is None for error in errors):
        return {"errors": formatted, **more}
    return {"errors": formatted, "data": result.data, **more}


def format_error(error: Exception, operation: str | None) -> list[dict[str, Any]]:
    """The errors for the client whose request failed with an exception."""
    if isinstance(error, DocumentRefused):
        return format_errors(errors_of(error), operation)
    return format_errors([GraphQLError(str(error), original_error=error)], operation)


def format_errors(errors: Iterable[GraphQLError], operation: str | None) -> list[dict[str, Any]]:
    """The errors for the client, each with a code; each kind of defect is logged once, not once a row."""
    known: dict[object, str] = {}
    return [_format_one(error, operation, known) for error in errors]


def _format_one(error: GraphQLError, operation: str | None, known: dict[object, str]) -> dict[str, Any]:
    formatted: dict[str, Any] = dict(error.formatted)
    extensions = dict(formatted.get("extensions") or {})
    original = _original(error)
    if isinstance(original, BffError) and not isinstance(original, DeclarationError | DocumentError):
        extensions.update({"code": original.code, **original.extensions})
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


def errors_of(refused: DocumentRefused) -> list[GraphQLError]:
    """What is wrong with a document, with where it is and the code of its refusal."""
    return [
        GraphQLError(each.message, each.nodes, each.source, each.positions, original_error=refused)
        for each in refused.errors
    ]
