"""GraphQL over HTTP, the half that reads: bytes and headers in, a `GraphQLRequest` or a RequestError out.

Pure; knows of no web framework. Follows the GraphQL-over-HTTP specification and is strict where JSON parsers differ:
duplicate keys, NaN, numbers of thousands of digits and deep nesting are refused, so that whatever stands in
front of the site reads a request as the site does.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, NoReturn
from urllib.parse import parse_qsl

from werkzeug.http import parse_accept_header, parse_options_header

from ..errors import BadRequest, BatchingDisabled, NotAcceptable, UnsupportedMediaType
from ..json_text import is_text

RESPONSE_JSON = "application/graphql-response+json"
"""The specification's media type: the status tells whether the operation ran."""

JSON = "application/json"
"""The legacy media type: 200 whenever the request was well-formed."""

PREFLIGHT_HEADERS = ("GraphQL-Require-Preflight", "Apollo-Require-Preflight", "X-Apollo-Operation-Name")
"""Headers that no foreign page can send without a CORS preflight, any one of them is enough."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphQLRequest:
    """The parameters of one request; `hash` is Apollo's `extensions.persistedQuery.sha256Hash`."""

    query: str | None = None
    document_id: str | None = None
    hash: str | None = None
    operation_name: str | None = None
    variables: Mapping[str, Any] | None = None


def decode_body(body: bytes) -> GraphQLRequest:
    """The parameters of a POST. Raises BadRequest or BatchingDisabled."""
    try:
        text = body.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest(f"the body is not UTF-8 ({error.reason} at byte {error.start})") from None
    parameters = parse_json(text, "the body")
    if isinstance(parameters, list):
        raise BatchingDisabled("the body is an array; send one operation a request")
    if not isinstance(parameters, dict):
        raise BadRequest(f"the body must be a JSON object, not {_kind(parameters)}")
    return decode_parameters(parameters)


def decode_parameters(parameters: Mapping[str, Any]) -> GraphQLRequest:
    """The parameters of a request that is JSON already, whatever brought it here. Raises BadRequest."""
    variables = parameters.get("variables")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest(f"variables must be a JSON object, not {_kind(variables)}")
    return GraphQLRequest(
        query=_text(parameters, "query", allow_lone_surrogates=True),
        document_id=_text(parameters, "documentId"),
        hash=_persisted_hash(parameters.get("extensions")),
        operation_name=_text(parameters, "operationName") or None,
        variables=variables,
    )


def decode_query_string(query_string: bytes) -> GraphQLRequest:
    """The parameters of a GET, `variables` and `extensions` being JSON. Raises BadRequest."""
    try:
        pairs = parse_qsl(query_string.decode("ascii"), keep_blank_values=True, errors="strict", max_num_fields=50)
    except ValueError:
        raise BadRequest("the query string is not a form of at most 50 fields in UTF-8") from None
    parameters: dict[str, Any] = _unique(pairs)
    for name in ("variables", "extensions"):
        if name in parameters:
            parameters[name] = parse_json(parameters[name] or "null", name)
    return decode_parameters({name: value for name, value in parameters.items() if value != ""})


def parse_json(text: str, what: str) -> Any:
    """JSON, strictly; `what` names the text in messages. Raises BadRequest."""
    try:
        # Not orjson: it takes duplicate keys and rounds long integers in silence.
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse_constant)
    except RecursionError:
        raise BadRequest(f"{what}: JSON is nested too deeply") from None
    except ValueError as error:
        raise BadRequest(f"{what}: not JSON ({error})") from None


def check_content_type(content_type: str | None, content_encoding: str | None) -> None:
    """Raises UnsupportedMediaType unless the body is `application/json` in UTF-8, not compressed.

    A compressed body is not taken because its size is not what it says; requests are small.
    """
    media_type, _, parameters = (content_type or "").partition(";")
    if media_type.strip().lower() != JSON:
        given = repr(media_type.strip()) if content_type else "no content type"
        raise UnsupportedMediaType(f"the body must be {JSON}, not {given}")
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "charset" and value.strip().strip('"').lower() not in {"utf-8", "utf8"}:
            raise UnsupportedMediaType(f"the body must be in UTF-8, not {value.strip()!r}")
    if (content_encoding or "identity").strip().lower() != "identity":
        raise UnsupportedMediaType(f"the body must not be compressed, not {content_encoding!r}")


@lru_cache(maxsize=128)
def choose_media_type(accept: str | None) -> str:
    """The response's media type: the client's favourite of the two, `application/json` where it does not say.

    Raises NotAcceptable where it takes neither.
    """
    if not accept or not accept.strip():
        return JSON
    qualities = _qualities(accept)
    wildcard = max(qualities.get("*/*", 0.0), qualities.get("application/*", 0.0))
    legacy = qualities.get(JSON, wildcard)
    # A wildcard alone is a client that may not know the newer type.
    modern = qualities.get(RESPONSE_JSON, 0.0)
    if max(legacy, modern) <= 0:
        raise NotAcceptable(f"Accept must take {RESPONSE_JSON} or {JSON}")
    return RESPONSE_JSON if modern >= legacy else JSON


def accepts_html(accept: str | None) -> bool:
    """Whether a browser asks for a page: the header names `text/html` and no type of a GraphQL response."""
    types = {media_type for media_type, quality in _qualities(accept).items() if quality > 0}
    return "text/html" in types and not types & {JSON, RESPONSE_JSON}


def is_csrf_safe(headers: Mapping[str, str]) -> bool:
    """Whether a GET with these headers was sent on purpose, not by a foreign page through the user's browser.

    A POST needs no such question: `application/json` forces a preflight. A GET never writes (mutations are
    refused), and a foreign page cannot read the answer; what is left to it is to spend the server's time in the user's
    name and to measure how long that takes. So a GET is refused when the browser says that another site made
    it (`Sec-Fetch-Site`, which pages cannot set, also without cookies: the network it comes from may itself be
    a credential), and when it carries what a browser adds by itself (cookies, or an Authorization of a
    scheme other than Bearer) with neither a header that only a preflighted request can have nor the
    browser's word that it comes from here. Programs, which send no ambient credentials, need no extra header.
    """
    given = {name.lower(): value for name, value in headers.items()}
    if any(name.lower() in given for name in PREFLIGHT_HEADERS):
        return True
    if given.get("content-type", "").partition(";")[0].strip().lower() == JSON:
        return True
    authorization = given.get("authorization", "")
    if authorization[:7].lower() == "bearer ":
        return True
    site = given.get("sec-fetch-site")
    if site is not None:
        return site in {"same-origin", "none"}
    return "cookie" not in given and not authorization


def _qualities(accept: str | None) -> dict[str, float]:
    """How much each media type is wanted, whatever its parameters; of one that is there twice, the higher counts."""
    best_first = parse_accept_header(accept)
    return {parse_options_header(item)[0].lower(): quality for item, quality in reversed(best_first)}


def _persisted_hash(extensions: Any) -> str | None:
    if extensions is None:
        return None
    if not isinstance(extensions, dict):
        raise BadRequest(f"extensions must be a JSON object, not {_kind(extensions)}")
    persisted = extensions.get("persistedQuery")
    if persisted is None:
        return None
    if not isinstance(persisted, dict):
        raise BadRequest(f"extensions.persistedQuery must be a JSON object, not {_kind(persisted)}")
    if persisted.get("version") != 1 or isinstance(persisted["version"], bool):
        raise BadRequest("Unsupported persisted query version")
    sha256_hash = _text(persisted, "sha256Hash")
    if sha256_hash is None:
        raise BadRequest("extensions.persistedQuery.sha256Hash is missing")
    return sha256_hash


def _text(parameters: Mapping[str, Any], name: str, *, allow_lone_surrogates: bool = False) -> str | None:
    value = parameters.get(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise BadRequest(f"{name} must be a string, not {_kind(value)}")
    # The query's own parser reports such characters as the syntax errors that they are.
    if not allow_lone_surrogates and not is_text(value):
        raise BadRequest(f"{name} holds a NUL or half of a surrogate pair")
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise BadRequest("a key appears twice")
    return members


def _refuse_constant(constant: str) -> NoReturn:
    raise BadRequest(f"{constant} is not JSON")


def _kind(value: object) -> str:
    if value is None:
        return "null"
    kinds: dict[type, str] = {bool: "a boolean", str: "a string", list: "an array", dict: "an object"}
    return kinds.get(type(value), "a number")
