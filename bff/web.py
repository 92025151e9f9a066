"""The Flask blueprint: `POST` and `GET` of the endpoint, and GraphiQL in development.

The only module of the layer that knows Flask. It reads a request, asks the host who the viewer is, has `Server`
find and run the operation, and sends the answer; whatever happens in between is answered as a GraphQL
response. Decides nothing about operations itself.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from hashlib import blake2b
from pathlib import Path

from flask import Blueprint, Flask, Request, Response, request, send_from_directory, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.exceptions import HTTPException
from werkzeug.routing import Rule

from .answers import Answer, answer_error, answer_result
from .documents import Operation
from .errors import BadRequest, BodyTooLarge, CsrfRefused, MethodNotAllowed, RequestTimeout, SubscriptionRefused
from .graphiql import is_installed, page
from .http import (
    JSON,
    GraphQLRequest,
    accepts_html,
    check_content_type,
    choose_media_type,
    decode_body,
    decode_query_string,
    is_csrf_safe,
)
from .scope import Deadline
from .server import Server
from .telemetry import REQUEST, Trace, log

ViewerOf = Callable[[Request], object | None]
"""The host's function from a request to its viewer, None for nobody. What it raises of the layer's errors, and what it
aborts with, is answered as such."""

HTML = "text/html; charset=utf-8"
READ_METHODS = {"GET", "HEAD"}

# GraphiQL's editor sets styles from script, which no policy but 'unsafe-inline' allows; scripts come from files.
CONTENT_SECURITY_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self' data:; "
    "img-src 'self' data:; connect-src 'self'; worker-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def mount(app: Flask, server: Server, viewer_of: ViewerOf) -> None:
    """Register the endpoint on `app` at the settings' path."""
    endpoint = _Endpoint(server, viewer_of)
    blueprint = Blueprint("bff", __name__)
    path = server.settings.path
    blueprint.record(lambda state: _add_any_method_rule(state, path, endpoint.view))
    if server.settings.development:
        blueprint.add_url_rule(f"{path}/assets/<path:name>", "asset", endpoint.asset)
    app.register_blueprint(blueprint)


def _add_any_method_rule(state: BlueprintSetupState, path: str, view: Callable[[], Response]) -> None:
    # Not `add_url_rule`: Flask answers a method that a rule does not list with a page of HTML.
    name = f"{state.name}.endpoint"
    state.app.view_functions[name] = view
    state.app.url_map.add(Rule(f"{state.url_prefix or ''}{path}", endpoint=name, methods=None))


class _Endpoint:
    def __init__(self, server: Server, viewer_of: ViewerOf) -> None:
        self._server = server
        self._viewer_of = viewer_of
        self._settings = server.settings

    def view(self) -> Response:
        """One request to the endpoint, whatever its method."""
        is_read = request.method in READ_METHODS
        if is_read and self._settings.development and accepts_html(request.headers.get("Accept")):
            return self._graphiql()
        if request.method == "OPTIONS":
            return Response(status=204, headers={"Allow": "GET, POST"}, content_type="")
        trace = Trace()
        exchange = _Exchange()
        try:
            answer = self._answer(exchange, trace)
            with trace.phase("encode"):
                body = answer.encode()
        except HTTPException as error:
            answer = _answer_of_host(error)
            body = answer.encode()
        except Exception as error:  # noqa: BLE001 - the edge: what is not a known refusal is logged whole and masked
            answer = answer_error(error, media_type=exchange.media_type, operation=exchange.name)
            body = answer.encode()
        response = _respond(answer, body, exchange.media_type, is_cacheable=is_read)
        response.headers["Server-Timing"] = trace.server_timing()
        self._log(answer, exchange, trace, response)
        return response

    def _answer(self, exchange: _Exchange, trace: Trace) -> Answer:
        deadline = Deadline.after(self._settings.deadline)
        is_read = request.method in READ_METHODS
        exchange.media_type = choose_media_type(request.headers.get("Accept"))
        if not is_read and request.method != "POST":
            raise MethodNotAllowed(f"{request.method} is not answered here; send GET or POST", allow="GET, POST")
        with trace.phase("decode"):
            parameters = self._read_get() if is_read else self._read_post()
        with trace.phase("viewer"):
            viewer = self._viewer_of(request)
        with trace.phase("find"):
            operation = exchange.operation = self._server.find(parameters)
        if operation.kind == "subscription":
            raise SubscriptionRefused("subscriptions are answered over Socket.IO")
        if is_read and operation.kind != "query":
            raise MethodNotAllowed("a mutation must be sent by POST", allow="POST")
        result = self._server.run(
            operation, variables=parameters.variables, viewer=viewer, deadline=deadline, trace=trace
        )
        return answer_result(result, media_type=exchange.media_type, operation=operation.name)

    def _read_get(self) -> GraphQLRequest:
        if not is_csrf_safe(dict(request.headers)):
            raise CsrfRefused(
                "this GET could have been made by another site; send the header GraphQL-Require-Preflight, or use POST"
            )
        return decode_query_string(request.query_string)

    def _read_post(self) -> GraphQLRequest:
        check_content_type(request.headers.get("Content-Type"), request.headers.get("Content-Encoding"))
        return decode_body(_read_body(request, most=self._settings.max_body, seconds=self._settings.body_timeout))

    def _graphiql(self) -> Response:
        assets = self._settings.graphiql_assets
        if not is_installed(assets):
            message = "GraphiQL is not installed here. Run `bff graphiql install`, then reload this page.\n"
            return Response(message, status=503, content_type="text/plain; charset=utf-8")
        assets_url = url_for("bff.asset", name="page.js").removesuffix("/page.js")
        response = Response(page(endpoint=url_for("bff.endpoint"), assets=assets_url), content_type=HTML)
        response.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        response.headers["Vary"] = "Accept"
        return response

    def asset(self, name: str) -> Response:
        """One file of GraphiQL's bundle."""
        folder = self._settings.graphiql_assets.absolute()
        # Files whose name has the hash of what they hold never change.
        is_hashed = Path(name).parent.name in {"chunks", "media"}
        response = send_from_directory(folder, name, max_age=31_536_000 if is_hashed else None, etag=True)
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    def _log(self, answer: Answer, exchange: _Exchange, trace: Trace, response: Response) -> None:
        operation = exchange.operation
        record = log.info if answer.status < 500 else log.warning
        record(
            REQUEST,
            operation=exchange.name,
            kind=operation.kind if operation else None,
            document=operation.id[:12] if operation else None,
            registered=operation is not None and operation.source is not None,
            status=response.status_code,
            code=answer.code,
            ms=trace.total_ms,
            phases=trace.milliseconds(),
            statements=trace.statements,
            bytes=response.content_length,
        )


class _Exchange:
    """What is known of a request so far, for its answer and its log record should the rest fail."""

    def __init__(self) -> None:
        self.media_type = JSON
        self.operation: Operation | None = None

    @property
    def name(self) -> str | None:
        return self.operation.name if self.operation else None


def _read_body(incoming: Request, *, most: int, seconds: float) -> bytes:
    """The body, refused at `most` bytes before it is read and at `seconds` however slowly it drips."""
    if incoming.content_length is not None and incoming.content_length > most:
        raise BodyTooLarge(f"the body has {incoming.content_length} bytes; at most {most} are taken")
    # One more than is taken: Werkzeug cuts a body of unknown length at its limit, in silence.
    incoming.max_content_length = most + 1
    late = threading.Event()
    with _hanging_up(incoming, after=seconds, late=late):
        try:
            body = incoming.get_data(cache=False, parse_form_data=False)
        except Exception as error:
            # Of the server's own kind, where chunks or trailers are broken, or the client is gone.
            if not late.is_set():
                raise BadRequest("the body cannot be read: its framing is broken, or it ends too early") from error
    if late.is_set():
        raise RequestTimeout(f"the body did not arrive within {seconds:g} s")
    if len(body) > most:
        raise BodyTooLarge(f"the body has more than {most} bytes")
    return body


@contextmanager
def _hanging_up(incoming: Request, *, after: float, late: threading.Event) -> Iterator[None]:
    """End the reading of the body in the block `after` seconds, `late` being set, where the server gives its socket.

    A time-out of the socket would not do: it begins anew with every byte that arrives.
    """
    connection = incoming.environ.get("gunicorn.socket") or incoming.environ.get("werkzeug.socket")
    if connection is None:
        yield
        return

    def hang_up() -> None:
        late.set()
        connection.shutdown(socket.SHUT_RD)

    timer = threading.Timer(after, hang_up)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()


def _respond(answer: Answer, body: bytes, media_type: str, *, is_cacheable: bool) -> Response:
    response = Response(body, status=answer.status, content_type=f"{media_type}; charset=utf-8")
    response.headers.update(answer.headers)
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.vary.update(["Accept", "Authorization", "Cookie"])
    if is_cacheable and answer.status == 200:
        response.headers["Cache-Control"] = "private, no-cache"
        response.set_etag(blake2b(body, digest_size=16).hexdigest())
        response.make_conditional(request)
    else:
        response.headers["Cache-Control"] = "no-store"
    return response


def _answer_of_host(error: HTTPException) -> Answer:
    """What the host's viewer function aborted with."""
    status = error.get_response().status_code
    codes = {401: "UNAUTHENTICATED", 403: "FORBIDDEN", 429: "RATE_LIMITED"}
    code = codes.get(status, "BAD_REQUEST" if status < 500 else "INTERNAL")
    headers = {name: value for name, value in error.get_headers() if name in {"WWW-Authenticate", "Retry-After"}}
    return Answer(
        status, {"errors": [{"message": error.description or error.name, "extensions": {"code": code}}]}, headers, code
    )
