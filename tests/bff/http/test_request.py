"""GraphQL over HTTP, the reading half: parameters, media types, and which GETs a foreign page could have made."""

from __future__ import annotations

from urllib.parse import quote, urlencode

import pytest

from bff.errors import BadRequest, NotAcceptable, UnsupportedMediaType
from bff.http.request import (
    JSON,
    PREFLIGHT_HEADERS,
    RESPONSE_JSON,
    GraphQLRequest,
    accepts_html,
    check_content_type,
    choose_media_type,
    decode_body,
    decode_query_string,
    is_csrf_safe,
)

HASH = "ab" * 32


def test_a_body_and_a_query_string_say_the_same() -> None:
    expected = GraphQLRequest(
        query="query A($a: Int) { a }", operation_name="A", variables={"a": [1, None, "é"]}, document_id="A", hash=HASH
    )
    extensions = f'{{"persistedQuery": {{"version": 1, "sha256Hash": "{HASH}"}}}}'
    variables = '{"a": [1, null, "é"]}'
    body = (
        f'{{"query": "query A($a: Int) {{ a }}", "operationName": "A", "variables": {variables},'
        f'"documentId": "A", "extensions": {extensions}, "other": 1}}'
    )
    assert decode_body(body.encode()) == expected
    form = {
        "query": "query A($a: Int) { a }",
        "operationName": "A",
        "variables": variables,
        "documentId": "A",
        "extensions": extensions,
    }
    assert decode_query_string(urlencode(form).encode()) == expected


def test_null_and_empty_are_not_given() -> None:
    body = b'{"query": "{a}", "operationName": null, "variables": null, "extensions": null, "documentId": null}'
    assert decode_body(body) == GraphQLRequest(query="{a}")
    assert decode_body(b'{"query": "{a}", "operationName": ""}') == GraphQLRequest(query="{a}")
    assert decode_query_string(b"query=%7Ba%7D&operationName=&variables=&extensions=") == GraphQLRequest(query="{a}")


@pytest.mark.parametrize(
    "query_string",
    [
        b"query=%7Ba%7D&query=%7Bb%7D",
        b"query=%ff",
        b"query=%7Ba%7D&variables=%5B",
        b"query=%7Ba%7D&variables=[1]",
        b"query=%7Ba%7D&" + b"&".join(b"x%d=1" % number for number in range(60)),
        "query=é".encode(),
        b"query=%7Ba%7D&variables=" + quote("[" * 2000).encode(),
    ],
)
def test_a_query_string_is_read_strictly(query_string: bytes) -> None:
    with pytest.raises(BadRequest):
        decode_query_string(query_string)


@pytest.mark.parametrize(
    ("extensions", "message"),
    [
        ("7", "extensions must be a JSON object, not a number"),
        ('{"persistedQuery": true}', "extensions.persistedQuery must be a JSON object, not a boolean"),
        ('{"persistedQuery": {"version": 2}}', "Unsupported persisted query version"),
        ('{"persistedQuery": {"version": true, "sha256Hash": ""}}', "Unsupported persisted query version"),
        ('{"persistedQuery": {"version": 1}}', "extensions.persistedQuery.sha256Hash is missing"),
        ('{"persistedQuery": {"version": 1, "sha256Hash": 7}}', "sha256Hash must be a string, not a number"),
    ],
)
def test_a_wrong_persisted_query_is_told(extensions: str, message: str) -> None:
    with pytest.raises(BadRequest, match=message):
        decode_body(f'{{"extensions": {extensions}}}'.encode())


@pytest.mark.parametrize(
    ("accept", "chosen"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("application/*", JSON),
        (JSON, JSON),
        (RESPONSE_JSON, RESPONSE_JSON),
        (f"{RESPONSE_JSON}, {JSON};q=0.9", RESPONSE_JSON),
        (f"{JSON}, {RESPONSE_JSON}", RESPONSE_JSON),
        (f"{JSON}, {RESPONSE_JSON};q=0.9", JSON),
        (f"{RESPONSE_JSON};charset=utf-8, */*;q=0.1", RESPONSE_JSON),
        (f"{RESPONSE_JSON};q=0, {JSON}", JSON),
        ("text/html, application/xhtml+xml, */*;q=0.8", JSON),
        ("multipart/mixed;deferSpec=20220824,APPLICATION/GRAPHQL-RESPONSE+JSON,application/json", RESPONSE_JSON),
    ],
)
def test_media_type(accept: str | None, chosen: str) -> None:
    assert choose_media_type(accept) == chosen


@pytest.mark.parametrize("accept", ["text/html", "image/png, text/*", f"{JSON};q=0", f"{JSON};q=none"])
def test_no_media_type(accept: str) -> None:
    with pytest.raises(NotAcceptable):
        choose_media_type(accept)


def test_only_a_browser_that_navigates_gets_a_page() -> None:
    assert accepts_html("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8")
    assert not accepts_html("*/*")
    assert not accepts_html(None)
    assert not accepts_html(f"text/html, {JSON}")
    assert not accepts_html("text/html;q=0")


@pytest.mark.parametrize("content_type", [JSON, "application/json; charset=utf-8", 'Application/JSON;charset="UTF-8"'])
@pytest.mark.parametrize("encoding", [None, "identity"])
def test_content_types_that_are_read(content_type: str, encoding: str | None) -> None:
    check_content_type(content_type, encoding)


@pytest.mark.parametrize("encoding", ["gzip", "br", "identity, gzip"])
def test_compressed_bodies_are_not(encoding: str) -> None:
    with pytest.raises(UnsupportedMediaType, match="compressed"):
        check_content_type(JSON, encoding)


COOKIE = {"Cookie": "session=x"}


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param({}, id="a program"),
        pytest.param({"Authorization": "Bearer x"}, id="a program that says who it is"),
        *[pytest.param({**COOKIE, name: "1"}, id=name) for name in PREFLIGHT_HEADERS],
        pytest.param({**COOKIE, "graphql-require-preflight": ""}, id="in lower case"),
        pytest.param({**COOKIE, "Content-Type": "application/json"}, id="a preflighted content type"),
        pytest.param({**COOKIE, "Sec-Fetch-Site": "same-origin"}, id="a page of ours"),
        pytest.param({**COOKIE, "Sec-Fetch-Site": "none"}, id="typed into the address bar"),
        pytest.param({"Authorization": "Bearer x", "Sec-Fetch-Site": "cross-site"}, id="a bearer was preflighted"),
    ],
)
def test_gets_that_were_meant(headers: dict[str, str]) -> None:
    assert is_csrf_safe(headers)


@pytest.mark.parametrize(
    "headers",
    [
        pytest.param(COOKIE, id="a cookie, from an old browser"),
        pytest.param({"Authorization": "Basic eDp5"}, id="credentials that the browser repeats by itself"),
        pytest.param({"Authorization": "Negotiate x"}, id="credentials of the machine"),
        pytest.param({**COOKIE, "Sec-Fetch-Site": "cross-site"}, id="another site"),
        pytest.param({**COOKIE, "Sec-Fetch-Site": "same-site"}, id="a neighbour's subdomain"),
        pytest.param({"Sec-Fetch-Site": "cross-site"}, id="another site, where the network is the credential"),
        pytest.param({**COOKIE, "Content-Type": "text/plain"}, id="a simple content type"),
    ],
)
def test_gets_that_a_foreign_page_could_have_made(headers: dict[str, str]) -> None:
    assert not is_csrf_safe(headers)
