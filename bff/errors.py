"""One tree of errors, told apart by what the caller should do.

    BffError
    ├── DeclarationError     the developer: mend the type, the model or the mount
    ├── DocumentError        the developer: mend the operation document
    ├── RequestError         the client: send another request; answered before anything runs
    │   ├── BadRequest, BatchingDisabled, CsrfRefused, MethodNotAllowed, NotAcceptable, RequestTimeout,
    │   │   BodyTooLarge, UnsupportedMediaType, OperationNotFound, SubscriptionRefused, NotLive
    │   ├── PersistedQueryNotFound, PersistedQueryMismatch, FreeTextRefused
    │   └── DocumentRefused      the request is well-formed, its document is not
    │       └── ParseFailed, ValidationFailed, DocumentLimit, IntrospectionDisabled, VariablesRefused
    ├── FieldError           the client: mend one argument; the rest of the page is answered
    │   └── BadUserInput, BoundExceeded, Forbidden, NotVisible, NullViolation, Unauthenticated
    ├── SubscriptionError    the client: begin another subscription, or none; told over sockets alone
    │   └── DuplicateId, Gone, SlowConsumer, SubscriptionLimit, TokenExpired
    └── TryAgain             nobody: send the same request later
        └── Overloaded, DeadlineExceeded, RateLimited

`code` is what a client switches on and travels as `errors[].extensions.code`; `status` is the HTTP status of
an answer that has no data.

`bff.client_errors` decides what a client sees. Errors of this tree keep their message and code, but for DeclarationError and
DocumentError; so do graphql-core's own errors, and a GraphQLError that a resolver raises for the client. These two and every
other exception are defects of the server: they are logged whole under an id, and the client gets the id alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from graphql import GraphQLError


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
    """The request cannot be answered as it is; nothing was run.

    `is_well_formed` tells a request that is fine as HTTP from one that is not: clients that ask for
    `application/json` get the first answered with 200, as GraphQL over HTTP has it.
    """

    code = "BAD_REQUEST"
    status = 400
    is_well_formed: ClassVar[bool] = False


class BadRequest(RequestError):
    """The body, the query string or a parameter is not what GraphQL over HTTP asks for."""


class BatchingDisabled(RequestError):
    """The body is an array of requests; send one operation a request."""

    code = "BATCHING_DISABLED"


class CsrfRefused(RequestError):
    """A GET that a foreign page could have made the browser send; see `bff.http.request.is_csrf_safe`."""

    code = "CSRF"


class MethodNotAllowed(RequestError):
    """Neither GET nor POST, or a mutation by GET; `allow` is the answer's `Allow` header."""

    code = "METHOD_NOT_ALLOWED"
    status = 405

    def __init__(self, message: str, *, allow: str) -> None:
        super().__init__(message)
        self.allow = allow


class NotAcceptable(RequestError):
    """`Accept` takes neither media type of a GraphQL response."""

    code = "NOT_ACCEPTABLE"
    status = 406


class RequestTimeout(RequestError):
    """The body did not arrive in time."""

    code = "REQUEST_TIMEOUT"
    status = 408


class BodyTooLarge(RequestError):
    """The body is over the limit; it was not read."""

    code = "BODY_TOO_LARGE"
    status = 413


class UnsupportedMediaType(RequestError):
    """The body is not plain `application/json` in UTF-8."""

    code = "UNSUPPORTED_MEDIA_TYPE"
    status = 415


class OperationNotFound(RequestError):
    """The document has no operation of that name, or several and no name was sent."""

    code = "OPERATION_NOT_FOUND"


class SubscriptionRefused(RequestError):
    """A subscription over HTTP; subscriptions travel over Socket.IO."""

    code = "SUBSCRIPTION_REFUSED"


class NotLive(RequestError):
    """An operation that cannot be subscribed to: a mutation, or a query without `@live`."""

    code = "NOT_LIVE"


class PersistedQueryNotFound(RequestError):
    """No document has this id, hash or name. The message is the one that Apollo's and urql's clients
    compare with before they send the text along."""

    code = "PERSISTED_QUERY_NOT_FOUND"
    is_well_formed = True

    def __init__(self) -> None:
        super().__init__("PersistedQueryNotFound")


class PersistedQueryMismatch(RequestError):
    """The text that came with a hash has another hash."""

    code = "PERSISTED_QUERY_MISMATCH"

    def __init__(self) -> None:
        super().__init__("provided sha does not match query")


class FreeTextRefused(RequestError):
    """A query text, where only registered documents are answered."""

    code = "FREE_TEXT_REFUSED"
    status = 403


class DocumentRefused(RequestError):
    """The request is well-formed, its document is not answered; `errors` says why, with locations."""

    is_well_formed = True

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = tuple(errors)


class ParseFailed(DocumentRefused):
    """The text is not a GraphQL document."""

    code = "PARSE_FAILED"


class ValidationFailed(DocumentRefused):
    """The document asks for what the schema does not have."""

    code = "VALIDATION_FAILED"


class DocumentLimit(DocumentRefused):
    """The document is larger than a free text may be; a registered one has no such limits."""

    code = "DOCUMENT_LIMIT"


class IntrospectionDisabled(DocumentRefused):
    """`__schema` or `__type` outside of development."""

    code = "INTROSPECTION_DISABLED"


class VariablesRefused(DocumentRefused):
    """The variables do not fit the document."""

    code = "BAD_USER_INPUT"


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


class NotVisible(FieldError):
    """An event is of a row that the viewer may not see. Whoever delivers events leaves it out."""

    code = "NOT_VISIBLE"
    status = 403


class Unauthenticated(FieldError):
    """The field needs a viewer and the request has none."""

    code = "UNAUTHENTICATED"
    status = 401


class BoundExceeded(FieldError):
    """A plain list holds more rows than its bound; page it instead."""

    code = "BOUND_EXCEEDED"


class NullViolation(FieldError, TypeError):
    """A position that must have a value has none, for this viewer; a TypeError as in graphql-core."""

    code = "NULL_VIOLATION"
    status = 200

    @property
    def extensions(self) -> dict[str, Any]:
        """None, as of graphql-core's own error; clients are told the code all the same."""
        return {}


class SubscriptionError(BffError):
    """A subscription is refused or over. It is not raised: the messages of `PROTOCOL.md` carry its code."""


class DuplicateId(SubscriptionError):
    """The id is in use on this socket; the subscription that uses it goes on."""

    code = "DUPLICATE_ID"


class SubscriptionLimit(SubscriptionError):
    """The socket has as many subscriptions as it may have."""

    code = "LIMIT"


class Gone(SubscriptionError):
    """What was subscribed to is not there any more, or not for this viewer."""

    code = "GONE"


class SlowConsumer(SubscriptionError):
    """Events were not taken in time; the client may resume."""

    code = "SLOW_CONSUMER"


class TokenExpired(SubscriptionError):
    """The time of the viewer's credential is over."""

    code = "TOKEN_EXPIRED"


class TryAgain(BffError):
    """Nothing is wrong with the request; the same one may succeed later."""

    code = "OVERLOADED"
    status = 503

    def __init__(self, message: str = "the server is busy", *, retry_after: int | None = None) -> None:
        """`retry_after` is the answer's `Retry-After`, in seconds."""
        super().__init__(message)
        self.retry_after = retry_after


class Overloaded(TryAgain):
    """No ticket is free, and the line for one is full or longer than the deadline."""


class DeadlineExceeded(TryAgain):
    """The operation's deadline passed before its data was read."""

    code = "DEADLINE_EXCEEDED"
    status = 504


class RateLimited(TryAgain):
    """The host's own limit was reached; its viewer function aborted with 429."""

    code = "RATE_LIMITED"
    status = 429
