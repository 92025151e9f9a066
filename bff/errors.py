"""One tree of errors, told apart by what the caller should do.

    BffError
    ├── DeclarationError     the developer: mend the type, the model or the mount
    ├── DocumentError        the developer: mend the operation document
    ├── RequestError         the client: send another request; answered before anything runs
    │   ├── BadRequest, MethodNotAllowed, UnsupportedMediaType, BodyTooLarge, CsrfRefused, ...
    │   └── PersistedQueryNotFound, FreeTextRefused, ...
    ├── FieldError           the client: mend one argument; the rest of the page is answered
    │   └── BadUserInput, NotFound, Forbidden, Unauthenticated
    └── TryAgain             nobody: send the same request later
        └── Overloaded, DeadlineExceeded

`code` is what a client switches on and travels as `errors[].extensions.code`; `status` is the HTTP status of
an answer that has no data. Whatever is not in this tree is a defect of the server: it is masked, carries an
id, and is logged whole (see `bff.web`).
"""

from __future__ import annotations

from typing import Any, ClassVar


class BffError(Exception):
    """Root of the tree. `extensions` is what GraphQL clients see next to the message."""

    code: ClassVar[str] = "INTERNAL"
    status: ClassVar[int] = 500

    @property
    def extensions(self) -> dict[str, Any]:
        """The `extensions` of the GraphQL error made of this one (graphql-core reads this attribute)."""
        return {"code": self.code}


class DeclarationError(BffError):
    """A type, field, policy or mount is declared wrongly; raised while the schema is built."""

    code = "DECLARATION"


class DocumentError(BffError):
    """An operation document of the host is broken; the message starts with `file:line:column`."""

    code = "DOCUMENT"


class RequestError(BffError):
    """The request cannot be answered as it is; nothing was run."""

    code = "BAD_REQUEST"
    status = 400


class FieldError(BffError):
    """One field cannot be answered as asked; the other fields are."""

    code = "BAD_USER_INPUT"
    status = 400


class BadUserInput(FieldError):
    """An argument has a value the field does not take; the message says which it takes."""


class Forbidden(FieldError):
    """The viewer may see the object but not do this to it."""

    code = "FORBIDDEN"
    status = 403


class Unauthenticated(FieldError):
    """The field needs a viewer and the request has none."""

    code = "UNAUTHENTICATED"
    status = 401


class BoundExceeded(FieldError):
    """A plain list holds more rows than its bound; page it instead."""

    code = "BOUND_EXCEEDED"


class TryAgain(BffError):
    """Nothing is wrong with the request; the same one may succeed later."""

    code = "OVERLOADED"
    status = 503


class DeadlineExceeded(TryAgain):
    """The operation's deadline passed before its data was read."""

    code = "DEADLINE_EXCEEDED"
    status = 504
