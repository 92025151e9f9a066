"""The Flask blueprint: `POST` and `GET` of the endpoint, the module for live pages, and GraphiQL in development.

It reads a request, asks the host who the viewer is, has `Server` find and run the operation, and sends the answer; whatever
happens in between is answered as a GraphQL response. It decides nothing about operations itself. Besides it, only
`bff.extension`, `bff.sockets` and `bff.cli` know Flask.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from hashlib import blake2b
from pathlib import Path

from flask import Blueprint, Flask, Request, Response, request, send_from_directory, url_for
from flask.blueprints import BlueprintSetupState
from werkzeug.datastructures import Headers
from werkzeug.exceptions import HTTPException, NotFound
from werkzeug.routing import Rule

from ..database.scope import Deadline
from ..documents.registry import Operation
from ..errors import (
    BadRequest,
    BffError,
    CsrfRefused,
    Forbidden,
    MethodNotAllowed,
    RateLimited,
    SubscriptionRefused,
    Unauthenticated,
)
from ..http.body import Curfew, read_body
from ..http.request import (
    JSON,
    GraphQLRequest,
    accepts_html,
    check_content_type,
    choose_media_type,
    decode_body,
    decode_query_string,
    is_csrf_safe,
)
from ..http.response import Answer, answer_error, answer_result
from ..server import Server
from ..telemetry import REQUEST, Trace, log
from .graphiql import SOCKET_IO, is_installed, page

ViewerOf = Callable[[Request], object | None]
"""The host's function from a request to its viewer, None for nobody. What it raises of the layer's errors, and what it
aborts with, is answered as such."""

HTML = "text/html; charset=utf-8"
READ_METHODS = {"GET", "HEAD"}

CLIENT = Path(__file__).parents[1] / "protocol" / "client"
"""The module for live pages, and its types."""

_JAVASCRIPT = "text/javascript; charset=utf-8"
_TYPES = "text/plain; charset=utf-8"

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
    for name, folder, content_type in (
        ("client.js", CLIENT, _JAVASCRIPT),
        ("client.d.ts", CLIENT, _TYPES),
        (f"assets/{SOCKET_IO}", server.settings.graphiql_assets.absolute(), _JAVASCRIPT),
    ):
        file = folder / name.rpartition("/")[2]
        blueprint.add_url_rule(f"{path}/{name}", name.replace(".", "_"), partial(_send, file, content_type))
    if server.settings.development:
        blueprint.add_url_rule(f"{path}/assets/<path:name>", "asset", endpoint.asset)
    app.register_blueprint(blueprint)


def _send(file: Path, content_type: str) -> Response:
    """A file whose address stays the same whatever it holds: browsers ask each time, and get it when it is another one."""
    try:
        content = file.read_bytes()
    except FileNotFoundError:
        # socket.io-client, where `bff graphiql install` has not been run.
        raise NotFound from None
    response = Response(content, content_type=content_type)
    response.headers["Cache-Control"] = "no-cache"
    response.headers["X-Content-Type-Options"] = "nosniff"
    # Of the content, not of the file's time: it is the same on all nodes.
    response.set_etag(blake2b(content, digest_size=16).hexdigest())
    response.make_conditional(request)
    return response


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
        self._curfew = Curfew(server.settings.http.body_timeout)

    def view(self) -> Response:
        """One request to the endpoint, whatever its method."""
        # Itself, not Flask's proxy, which looks for it at every attribute.
        incoming = request._get_current_object()  # type: ignore[attr-defined]
        is_read = incoming.method in READ_METHODS
        if is_read and self._settings.development and accepts_html(incoming.headers.get("Accept")):
            return self._graphiql()
        if incoming.method == "OPTIONS":
            return Response(status=204, headers={"Allow": "GET, POST"}, content_type="")
        trace = Trace()
        exchange = _Exchange()
        try:
            answer = self._answer(incoming, exchange, trace)
            with trace.phase("encode"):
                body = answer.encode()
        except HTTPException as error:
            answer = answer_of_abort(error)
            body = answer.encode()
        except Exception as error:  # noqa: BLE001 - the edge: what is not a known refusal is logged whole and masked
            answer = answer_error(error, media_type=exchange.media_type, operation=exchange.name)
            body = answer.encode()
        response = _respond(answer, body, exchange.media_type, trace, revalidating=incoming if is_read else None)
        self._log(answer, exchange, trace, response)
        return response

    def _answer(self, incoming: Request, exchange: _Exchange, trace: Trace) -> Answer:
        deadline = Deadline.after(self._settings.deadline)
        is_read = incoming.method in READ_METHODS
        exchange.media_type = choose_media_type(incoming.headers.get("Accept"))
        if not is_read and incoming.method != "POST":
            raise MethodNotAllowed(f"{incoming.method} is not answered here; send GET or POST", allow="GET, POST")
        with trace.phase("decode"):
            parameters = self._read_get(incoming) if is_read else self._read_post(incoming)
        with trace.phase("viewer"):
            viewer = self._viewer_of(incoming)
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

    def _read_get(self, incoming: Request) -> GraphQLRequest:
        if not is_csrf_safe(dict(incoming.headers)):
            raise CsrfRefused(
                "this GET could have been made by another site; send the header GraphQL-Require-Preflight, or use POST"
            )
        return decode_query_string(incoming.query_string)

    def _read_post(self, incoming: Request) -> GraphQLRequest:
        check_content_type(incoming.headers.get("Content-Type"), incoming.headers.get("Content-Encoding"))
        connection = incoming.environ.get("gunicorn.socket") or incoming.environ.get("werkzeug.socket")
        body = read_body(incoming, most=self._settings.http.max_body, connection=connection, curfew=self._curfew)
        return decode_body(body)

    def _graphiql(self) -> Response:
        assets = self._settings.graphiql_assets
        if not is_installed(assets):
            message = "GraphiQL is not installed here. Run `bff graphiql install`, then reload this page.\n"
            return Response(message, status=503, content_type="text/plain; charset=utf-8")
        assets_url = url_for("bff.asset", name="page.js").removesuffix("/page.js")
        html = page(endpoint=url_for("bff.endpoint"), assets=assets_url, namespace=self._settings.live.namespace)
        response = Response(html, content_type=HTML)
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


def _respond(answer: Answer, body: bytes, media_type: str, trace: Trace, *, revalidating: Request | None) -> Response:
    """The answer as a response; to `revalidating`, if it may be kept, with an ETag, or 304 in its place."""
    is_kept = revalidating is not None and answer.status == 200
    # One list: every header that is set afterwards is looked for among all the others.
    headers = [
        ("Content-Type", f"{media_type}; charset=utf-8"),
        ("X-Content-Type-Options", "nosniff"),
        ("Vary", "Accept, Authorization, Cookie"),
        ("Cache-Control", "private, no-cache" if is_kept else "no-store"),
        ("Server-Timing", trace.server_timing()),
        *answer.headers.items(),
    ]
    response = Response(body, status=answer.status, headers=Headers(headers))
    if revalidating is not None and is_kept:
        response.set_etag(blake2b(body, digest_size=16).hexdigest())
        response.make_conditional(revalidating)
    return response


def answer_of_abort(error: HTTPException) -> Answer:
    """What the host aborted with: its viewer function, or an extension."""
    status = error.get_response().status_code
    codes = {kind.status: kind.code for kind in (Unauthenticated, Forbidden, RateLimited)}
    code = codes.get(status, BadRequest.code if status < 500 else BffError.code)
    headers = {name: value for name, value in error.get_headers() if name in {"WWW-Authenticate", "Retry-After"}}
    return Answer(
        status, {"errors": [{"message": error.description or error.name, "extensions": {"code": code}}]}, headers, code
    )
