"""Runs operations of a layer in a test, without HTTP: as any viewer, and with what a client would get for it.

    client = Client(layer, viewer=Clerk("north"))
    client.data("BookPage", {"isbn": "22"})                 # a registered operation
    client.payload('{ book(isbn: "333") { title } }')       # a text, with its errors if there are some

Queries and mutations only: a subscription is answered over Socket.IO.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from werkzeug.exceptions import HTTPException

from ..client_errors import format_error, format_result
from ..errors import OperationNotFound
from ..extension import Bff
from ..json_text import encode
from ..web.blueprint import answer_of_abort

Payload = dict[str, Any]
"""A GraphQL response as it is read from JSON: `data`, `errors` or both."""


class OperationFailed(AssertionError):
    """An operation was answered with errors; the message has each with its path and code."""


@dataclass(frozen=True)
class Client:
    """One viewer's client of `layer`; None is nobody.

    A resolver that needs the application (`current_app`) finds it where the test has entered `app.app_context()`.
    """

    layer: Bff
    viewer: object | None = None

    def payload(self, operation: str, variables: Mapping[str, Any] | None = None) -> Payload:
        """The response to a registered operation, by name or id, or to a text; whatever is raised is in it, as over HTTP.

        Raises OperationNotFound for a name that is not registered: it is the test's mistake.
        """
        payload, _ = self._run(operation, variables)
        return payload

    def data(self, operation: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The `data` of the response. Raises OperationFailed, from what the resolver raised, when there are errors."""
        payload, cause = self._run(operation, variables)
        if errors := payload.get("errors"):
            lines = [f"\n  {_spelt(error)}" for error in errors]
            raise OperationFailed(f"{operation} was answered with {len(errors)} errors:{''.join(lines)}") from cause
        data: dict[str, Any] = payload["data"]
        return data

    def _run(self, operation: str, variables: Mapping[str, Any] | None) -> tuple[Payload, Exception | None]:
        """The response, and what was behind the first of its errors."""
        cause: Exception | None = None
        try:
            result = self.layer.execute(operation, viewer=self.viewer, variables=variables)
            if result.errors:
                cause = result.errors[0].original_error
            encoded = encode(format_result(result, None))
        except HTTPException as error:
            cause, encoded = error, answer_of_abort(error).encode()
        except Exception as error:
            # As at the edge: what is no known refusal is logged whole and masked.
            if isinstance(error, OperationNotFound) and "{" not in operation:
                raise
            cause, encoded = error, encode({"errors": format_error(error, None)})
        decoded: Payload = json.loads(encoded)
        return decoded, cause


def _spelt(error: Mapping[str, Any]) -> str:
    path = ".".join(map(str, error.get("path", ())))
    return f"{path + ': ' if path else ''}{error['message']} ({error['extensions']['code']})"
