"""Hostile and broken requests: each is answered with a GraphQL response, its code, and in bounded work.

The numbers are those of the list that the project keeps; cases 17 and 18 need a real server (tests/web), 37, 38, 44, 47 and
48 are the engine's and the host's.
"""

from __future__ import annotations

import gzip
import json
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from bff import Bff, DatabaseSettings, Deadline, DocumentSettings, HttpSettings
from tests.bff.web.media_types import JSON, RESPONSE_JSON
from tests.web.site import make_site


@pytest.fixture(scope="module")
def production() -> Flask:
    """As in production: no introspection, no suggestions."""
    return make_site(http=HttpSettings(max_body=300_000))


@dataclass(frozen=True)
class Case:
    """One request. `status` None: refused as a document is, with 400 or 200 by the media type that the client asks for."""

    number: int
    code: str
    status: int | None
    body: bytes | None = None
    query: str | None = None
    parameters: dict[str, Any] = field(default_factory=dict)
    method: str = "POST"
    query_string: dict[str, str] | None = None
    headers: dict[str, str] = field(default_factory=lambda: {"Content-Type": JSON})

    def send(self, site: Flask, accept: str) -> TestResponse:
        body = self.body
        if body is None and self.method == "POST":
            query = {} if self.query is None else {"query": self.query}
            body = json.dumps({**query, **self.parameters}).encode()
        return site.test_client(use_cookies=False).open(
            "/graphql",
            method=self.method,
            data=body,
            query_string=self.query_string,
            headers={**self.headers, "Accept": accept},
        )


def bad_body(number: int, body: bytes) -> Case:
    return Case(number, "BAD_REQUEST", 400, body=body)


def bad_type(number: int, content_type: str | None, **headers: str) -> Case:
    given = {} if content_type is None else {"Content-Type": content_type}
    return Case(number, "UNSUPPORTED_MEDIA_TYPE", 415, body=b'{"query":"{viewer}"}', headers={**given, **headers})


def over(number: int, query: str) -> Case:
    return Case(number, "DOCUMENT_LIMIT", None, query=query)


def aliases(count: int) -> str:
    return "{" + " ".join(f"a{number}: viewer" for number in range(count)) + "}"


def overlapping(count: int) -> str:
    return "{" + " ".join(f"items(first: 1) {{ n{number}: number }}" for number in range(count)) + "}"


def doubling(count: int) -> str:
    fragments = [
        f"fragment F{n} on Query {{ a: self {{ ...F{n + 1} }} b: self {{ ...F{n + 1} }} }}" for n in range(count)
    ]
    return "{ ...F0 } " + " ".join(fragments) + f" fragment F{count} on Query {{ viewer }}"


def variables(count: int) -> str:
    names = [f"$v{number}" for number in range(count)]
    uses = " ".join(f"a{number}: echo(text: {name})" for number, name in enumerate(names))
    return "query (" + " ".join(f"{name}: String!" for name in names) + ") {" + uses + "}"


ECHO = 'query ($text: String! = "", $number: Int! = 0) { echo(text: $text, number: $number) }'
BIG = b'{"query": "{viewer}", "pad": "%s"}' % (b"x" * 300_000)

CASES = [
    bad_body(1, b"null"),
    bad_body(1, b"7"),
    bad_body(1, b'"{viewer}"'),
    bad_body(2, b'{"query": "{viewer}\xff"}'),
    bad_body(3, b'{"query": "{view'),
    bad_body(4, b'{"variables": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"),
    bad_body(5, b'{"query": "{viewer}", "variables": {"n": ' + b"9" * 5_000 + b"}}"),
    bad_body(6, b'{"query": "{viewer}", "variables": {"n": NaN}}'),
    bad_body(6, b'{"query": "{viewer}", "variables": {"n": -Infinity}}'),
    bad_body(7, b'{"query": "{viewer}", "query": "{crash}"}'),
    bad_body(7, b'{"query": "{viewer}", "variables": {"a": {"b": 1, "b": 2}}}'),
    bad_body(8, b""),
    Case(9, "BODY_TOO_LARGE", 413, body=BIG),
    bad_type(10, JSON, **{"Content-Encoding": "gzip"}),
    Case(10, "UNSUPPORTED_MEDIA_TYPE", 415, body=gzip.compress(b" " * 10_000_000), headers={
        "Content-Type": JSON, "Content-Encoding": "gzip",
    }),
    bad_type(11, "text/plain"),
    bad_type(11, "application/x-www-form-urlencoded"),
    bad_type(11, None),
    bad_type(11, "application/json; charset=utf-16"),
    bad_type(12, "multipart/form-data; boundary=x"),
    Case(13, "BATCHING_DISABLED", 400, body=b'[{"query": "{viewer}"}]'),
    Case(13, "BATCHING_DISABLED", 400, body=b"[]"),
    Case(14, "METHOD_NOT_ALLOWED", 405, method="GET", query_string={"query": "mutation { poke }"}, headers={}),
    Case(15, "CSRF", 400, method="GET", query_string={"query": "{viewer}"}, headers={"Cookie": "session=marie"}),
    Case(15, "CSRF", 400, method="GET", query_string={"query": "{viewer}"}, headers={"Sec-Fetch-Site": "cross-site"}),
    *[Case(16, "METHOD_NOT_ALLOWED", 405, method=method, body=b"{}") for method in ("PUT", "DELETE", "PATCH", "PROPFIND")],
    Case(19, "BAD_REQUEST", 400, parameters={"query": 7}),
    Case(19, "BAD_REQUEST", 400, parameters={"query": None}),
    Case(19, "BAD_REQUEST", 400, query="{viewer}", parameters={"variables": "no"}),
    Case(19, "BAD_REQUEST", 400, query="{viewer}", parameters={"variables": [1]}),
    Case(20, "BAD_REQUEST", 400, query="{viewer}", parameters={"operationName": {"a": 1}}),
    Case(21, "PARSE_FAILED", None, query="{ viewer"),
    Case(21, "PARSE_FAILED", None, query=""),
    Case(21, "PARSE_FAILED", None, query="\ud800 { viewer }"),
    over(22, "{ self" * 5_000 + "{ viewer }" + "}" * 5_000),
    over(22, "{ self" * 100 + "{ viewer }" + "}" * 100),
    over(23, "{" + "viewer " * 30_000 + "}"),
    over(23, "{ echo(text: \"" + "x" * 60_000 + "\") }"),
    over(24, "{ viewer }" + "#\n" * 50_000),
    over(25, aliases(1_000)),
    over(26, "{" + "viewer " * 3_000 + "}"),
    over(26, "{" + "viewer " * 900 + "}"),
    over(27, overlapping(400)),
    over(27, overlapping(80)),
    over(28, "{ viewer" + " @include(if: true)" * 1_000 + " }"),
    Case(28, "VALIDATION_FAILED", None, query="{ viewer" + " @include(if: true)" * 100 + " }"),
    Case(29, "VALIDATION_FAILED", None, query="{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }"),
    Case(29, "VALIDATION_FAILED", None, query="{ ...A } fragment A on Query { viewer ...A }"),
    over(30, doubling(20)),
    over(30, doubling(40)),
    over(31, variables(1_500)),
    Case(32, "VALIDATION_FAILED", None, query="{ viewr }"),
    Case(33, "INTROSPECTION_DISABLED", None, query="{ __schema { types { name } } }"),
    Case(33, "INTROSPECTION_DISABLED", None, query='{ ...F } fragment F on Query { __type(name: "Query") { name } }'),
    Case(34, "OPERATION_NOT_FOUND", 400, query="query A { viewer } query B { viewer }"),
    Case(35, "OPERATION_NOT_FOUND", 400, query="query A { viewer }", parameters={"operationName": "B"}),
    Case(36, "SUBSCRIPTION_REFUSED", 400, query="subscription { ticks }"),
    Case(39, "BAD_USER_INPUT", None, query=ECHO, parameters={"variables": {"text": "a\x00b"}}),
    Case(39, "BAD_USER_INPUT", None, query=ECHO, parameters={"variables": {"text": "a\udc00b"}}),
    Case(39, "BAD_USER_INPUT", None, query=ECHO, parameters={"variables": {"deep": [{"a": ["\x00"]}]}}),
    Case(39, "BAD_USER_INPUT", None, query=ECHO, parameters={"variables": {"deep": {"a\x00": 1}}}),
    Case(39, "BAD_USER_INPUT", None, query=ECHO, parameters={"variables": {"number": 2**31}}),
    Case(39, "BAD_USER_INPUT", None, query=ECHO, parameters={"variables": {"number": 10**400}}),
    Case(39, "BAD_USER_INPUT", None, query=ECHO, parameters={"variables": {"number": 1.5}}),
    Case(39, "VALIDATION_FAILED", None, query='{ echo(text: "a\\u0000b") }'),
    Case(41, "PERSISTED_QUERY_NOT_FOUND", None, parameters={"documentId": "sha256:" + "0" * 64}),
    Case(41, "PERSISTED_QUERY_NOT_FOUND", None, parameters={"documentId": "Matter"}),
    Case(41, "PERSISTED_QUERY_NOT_FOUND", None, parameters={
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}},
    }),
    Case(42, "PERSISTED_QUERY_MISMATCH", 400, query="{viewer}", parameters={
        "extensions": {"persistedQuery": {"version": 1, "sha256Hash": "0" * 64}},
    }),
]  # fmt: skip


def refused(response: TestResponse) -> dict[str, Any]:
    """The first error of a response that has no data."""
    assert response.mimetype in {JSON, RESPONSE_JSON}
    payload = response.get_json()
    assert set(payload) == {"errors"}
    error = payload["errors"][0]
    assert isinstance(error["message"], str)
    assert "Traceback" not in response.text
    assert isinstance(error, dict)
    return error


@pytest.mark.parametrize("case", CASES, ids=lambda case: f"{case.number}-{case.code}")
def test_refused(case: Case, production: Flask) -> None:
    for accept, document_status in ((RESPONSE_JSON, 400), (JSON, 200)):
        response = case.send(production, accept)
        error = refused(response)
        assert error["extensions"]["code"] == case.code, error
        assert response.status_code == (document_status if case.status is None else case.status)
        assert response.mimetype == accept


def test_no_suggestions_in_production(production: Flask) -> None:
    query = "query ($number: Int!) { viewr, echo(txt: 1), items(first: $numbr) { nmber } }"
    text = production.test_client().post("/graphql", json={"query": query}).text
    assert "viewr" in text
    assert "Did you mean" not in text


def test_suggestions_and_introspection_in_development() -> None:
    client = make_site(development=True).test_client()
    assert "Did you mean 'viewer'?" in client.post("/graphql", json={"query": "{ viewr }"}).text
    answer = client.post("/graphql", json={"query": "{ __schema { queryType { name } } }"}).get_json()
    assert answer == {"data": {"__schema": {"queryType": {"name": "Query"}}}}


def test_40_a_crash_is_masked_and_200(production: Flask) -> None:
    response = production.test_client().post("/graphql", json={"query": "{ viewer crash }"})
    assert response.status_code == 200
    payload = response.get_json()
    assert payload["data"] == {"viewer": "None None", "crash": None}
    (error,) = payload["errors"]
    assert error["path"] == ["crash"]
    assert error["extensions"].keys() == {"code", "id"}
    assert error["extensions"]["code"] == "INTERNAL"
    assert error["extensions"]["id"] in error["message"]
    assert "hunter2" not in response.text


def test_43_free_text_where_only_registered_documents_are_answered() -> None:
    client = make_site(documents=DocumentSettings(trusted_only=True)).test_client()
    response = client.post("/graphql", json={"query": "{ viewer }"})
    assert (response.status_code, refused(response)["extensions"]["code"]) == (403, "FREE_TEXT_REFUSED")


def test_45_overload_is_503_with_retry_after() -> None:
    site = make_site(database=DatabaseSettings(tickets=1, max_waiting=0))
    layer: Bff = site.extensions["bff"]
    with layer.server.gate.ticket(Deadline.after(5)):
        response = site.test_client().post("/graphql", json={"query": "{ viewer }"})
    assert (response.status_code, refused(response)["extensions"]["code"]) == (503, "OVERLOADED")
    assert response.headers["Retry-After"] == "1"


def test_46_a_passed_deadline_is_504(production: Flask) -> None:
    response = production.test_client().post("/graphql", json={"query": "{ viewer late }"})
    assert (response.status_code, refused(response)["extensions"]["code"]) == (504, "DEADLINE_EXCEEDED")
    assert response.headers["Retry-After"] == "7"


# ---- bounded work

TIMED = [
    pytest.param(lambda n: "{" + "viewer " * (100 * n) + "}", 40, 0.020, id="23 tokens"),
    pytest.param(lambda n: "{ viewer }" + "#\n" * (100 * n), 40, 0.020, id="24 comments"),
    pytest.param(overlapping, 35, 0.050, id="27 overlapping fields"),
    pytest.param(lambda n: "{" + "viewer " * n + "}", 400, 0.050, id="27 one field again and again"),
    pytest.param(doubling, 20, 0.050, id="30 doubling fragments"),
]
"""A document by its size, that size, and the seconds that twice the size may take."""


def answer(site: Flask, query: str) -> TestResponse:
    return site.test_client().post("/graphql", json={"query": query})


@pytest.mark.slow
@pytest.mark.parametrize(("document", "size", "seconds"), TIMED)
def test_refused_in_time(production: Flask, document: Callable[[int], str], size: int, seconds: float) -> None:
    query = document(2 * size)

    def once() -> float:
        # Of the processor, and the least of several: the machine is shared with other tests.
        begun = time.thread_time()
        refused(answer(production, query))
        return time.thread_time() - begun

    assert min(once() for _ in range(7)) < seconds


def calls(function: Callable[[], object]) -> int:
    """How many functions are called; unlike time it is the same in every run."""
    count = 0

    def profile(_frame: object, event: str, _argument: object) -> None:
        nonlocal count
        count += event in ("call", "c_call")

    sys.setprofile(profile)
    try:
        function()
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.slow
@pytest.mark.parametrize(("document", "size"), [
    *[pytest.param(*each.values[:2], id=each.id) for each in TIMED],
    pytest.param(aliases, 150, id="25 aliases"),
    pytest.param(variables, 35, id="31 variables"),
    pytest.param(lambda n: "{ viewer" + " @include(if: true)" * n + " }", 60, id="28 directives"),
    pytest.param(lambda n: "{" + " ".join(f"nope{i}" for i in range(n)) + "}", 200, id="32 unknown fields"),
    pytest.param(lambda n: "{" + "... {" * n + "viewer" + "}" * n + "}", 80, id="22 inline fragments"),
    pytest.param(lambda n: " ".join(f"query Q{i} {{ ...F }}" for i in range(n // 10)) + "fragment F on Query {"
                 + " ".join(f"a{i}: viewer" for i in range(n)) + "}", 100, id="operations that share a fragment"),
])  # fmt: skip
def test_twice_the_document_is_at_most_about_twice_the_work(
    production: Flask, document: Callable[[int], str], size: int
) -> None:
    answer(production, document(1))
    small, large = (
        calls(lambda: answer(production, document(size))),
        calls(lambda: answer(production, document(2 * size))),
    )
    assert large <= 2.2 * small
