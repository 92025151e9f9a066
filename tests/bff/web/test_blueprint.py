"""The endpoint through Flask: statuses and headers, what is told to clients and what to the log."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from structlog.testing import capture_logs

from bff import DocumentSettings, HttpSettings
from tests.bff.web.media_types import JSON, RESPONSE_JSON
from tests.web.site import make_site


@pytest.fixture(scope="module")
def site() -> Flask:
    return make_site(http=HttpSettings(max_body=100_000))


@pytest.fixture
def client(site: Flask) -> FlaskClient:
    return site.test_client()


def ask(client: FlaskClient, query: str, headers: dict[str, str] | None = None, **variables: Any) -> Any:
    response = client.post("/graphql", json={"query": query, "variables": variables}, headers=headers or {})
    assert response.status_code == 200, response.text
    return response.get_json()


def test_an_answer(client: FlaskClient) -> None:
    response = client.post("/graphql", json={"query": "{ viewer }"}, headers={"Authorization": "Bearer marie"})
    assert (response.status_code, response.json) == (200, {"data": {"viewer": "None Bearer marie"}})
    assert response.headers["Content-Type"] == "application/json; charset=utf-8"
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    phases = [part.partition(";")[0] for part in response.headers["Server-Timing"].split(", ")]
    assert phases == ["decode", "viewer", "find", "plan", "wait", "execute", "encode", "total"]


def test_the_media_type_is_the_one_asked_for(client: FlaskClient) -> None:
    body = {"query": "{ echo }"}
    response = client.post("/graphql", json=body, headers={"Accept": f"{RESPONSE_JSON}, {JSON};q=0.9"})
    assert response.headers["Content-Type"] == f"{RESPONSE_JSON}; charset=utf-8"
    response = client.post("/graphql", json=body, headers={"Accept": "image/png"})
    assert (response.status_code, response.mimetype) == (406, JSON)
    assert response.json["errors"][0]["extensions"]["code"] == "NOT_ACCEPTABLE"


def test_a_get_is_answered_with_an_etag_and_then_not_again(client: FlaskClient) -> None:
    first = client.get('/graphql?query={echo(text:"x")}')
    assert (first.status_code, first.json) == (200, {"data": {"echo": "x"}})
    assert first.headers["Cache-Control"] == "private, no-cache"
    assert {"Accept", "Authorization", "Cookie"} <= set(first.headers["Vary"].split(", "))
    again = client.get('/graphql?query={echo(text:"x")}', headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get('/graphql?query={echo(text:"y")}', headers={"If-None-Match": first.headers["ETag"]})
    assert other.json == {"data": {"echo": "y"}}


def test_variables_of_a_get(client: FlaskClient) -> None:
    query = {"query": "query ($t: String!) { echo(text: $t) }", "variables": '{"t": "é"}'}
    assert client.get("/graphql", query_string=query).json == {"data": {"echo": "é"}}


def test_head_and_options(client: FlaskClient) -> None:
    head = client.head("/graphql?query={echo}")
    assert (head.status_code, head.data) == (200, b"")
    options = client.options("/graphql")
    assert (options.status_code, options.headers["Allow"], options.data) == (204, "GET, POST", b"")


def test_a_mutation_by_get_says_how(client: FlaskClient) -> None:
    response = client.get("/graphql?query=mutation{poke}")
    assert (response.status_code, response.headers["Allow"]) == (405, "POST")
    assert ask(client, "mutation { poke }") == {"data": {"poke": 1}}


def test_a_refused_get_is_not_cached(client: FlaskClient) -> None:
    response = client.get("/graphql?query={nope}")
    assert response.status_code == 200
    assert "errors" in response.json
    assert client.get("/graphql").headers["Cache-Control"] == "no-store"


def test_json_that_holds_more_than_64_bits(client: FlaskClient) -> None:
    assert ask(client, "{ anything }") == {"data": {"anything": {"big": 2**70, "text": "é"}}}


def test_a_value_that_json_does_not_have_is_a_defect(client: FlaskClient) -> None:
    with capture_logs() as records:
        response = client.post("/graphql", json={"query": "{ unspeakable }"})
    assert (response.status_code, response.mimetype) == (500, JSON)
    assert response.json["errors"][0]["extensions"]["code"] == "INTERNAL"
    assert [record["event"] for record in records] == ["graphql.defect", "graphql.request"]


def test_another_path_and_a_prefix() -> None:
    site = make_site(path="/api/pages")
    assert ask_at(site, "/api/pages") == {"data": {"echo": ""}}
    assert site.test_client().post("/graphql", json={"query": "{ echo }"}).status_code == 404


def ask_at(site: Flask, path: str) -> Any:
    return site.test_client().post(path, json={"query": "{ echo }"}).get_json()


def test_a_registered_document_by_get_and_post(tmp_path: Path) -> None:
    folder = tmp_path / "graphql"
    folder.mkdir()
    (folder / "say.graphql").write_text("query Say($t: String!) { echo(text: $t) }")
    client = make_site(folder, documents=DocumentSettings(trusted_only=True)).test_client()
    expected = {"data": {"echo": "hi"}}
    body = {"documentId": "Say", "operationName": "Say", "variables": {"t": "hi"}}
    assert client.post("/graphql", json=body).json == expected
    assert client.get("/graphql", query_string={"documentId": "Say", "variables": '{"t": "hi"}'}).json == expected


def test_apollos_automatic_persisted_queries(client: FlaskClient) -> None:
    text = '{ echo(text: "persisted") }'
    digest = hashlib.sha256(text.encode()).hexdigest()
    extensions = {"persistedQuery": {"version": 1, "sha256Hash": digest}}
    missed = client.post("/graphql", json={"extensions": extensions})
    assert missed.json == {
        "errors": [{"message": "PersistedQueryNotFound", "extensions": {"code": "PERSISTED_QUERY_NOT_FOUND"}}]
    }
    expected = {"data": {"echo": "persisted"}}
    assert client.post("/graphql", json={"query": text, "extensions": extensions}).json == expected
    assert client.post("/graphql", json={"extensions": extensions}).json == expected


def test_errors_of_the_tree_and_of_resolvers_keep_what_they_say(client: FlaskClient) -> None:
    errors = ask(client, "{ refuse tell }")["errors"]
    assert [(error["message"], error["path"], error["extensions"]) for error in errors] == [
        ("choose another", ["refuse"], {"code": "BAD_USER_INPUT"}),
        ("as the resolver says", ["tell"], {"code": "OWN_CODE"}),
    ]


def test_a_value_that_is_missing_is_told_by_name(client: FlaskClient) -> None:
    answer = ask(client, "{ items(first: 1) { missing } }")
    assert answer["data"] is None
    assert answer["errors"][0]["message"] == "Cannot return null for non-nullable field Item.missing."
    assert answer["errors"][0]["extensions"] == {"code": "NULL_VIOLATION"}


def test_a_defect_is_logged_whole_once_however_many_rows_have_it(client: FlaskClient) -> None:
    with capture_logs() as records:
        answer = ask(client, "query Broken { a: crash b: crash refuse }")
    defects = [record for record in records if record["event"] == "graphql.defect"]
    assert len(defects) == 1
    assert defects[0]["error"] == "RuntimeError('the password is hunter2')"
    assert defects[0]["exc_info"].__traceback__ is not None
    assert (defects[0]["operation"], defects[0]["path"], defects[0]["log_level"]) == ("Broken", ["a"], "error")
    codes = [error["extensions"] for error in answer["errors"]]
    assert codes[:2] == [{"code": "INTERNAL", "id": defects[0]["id"]}] * 2
    assert codes[2] == {"code": "BAD_USER_INPUT"}


def test_the_host_refuses_a_viewer_in_its_way(client: FlaskClient) -> None:
    def refused(token: str) -> tuple[int, str, str]:
        response = client.post("/graphql", json={"query": "{ echo }"}, headers={"Authorization": f"Bearer {token}"})
        error = response.get_json()["errors"][0]
        return response.status_code, error["extensions"]["code"], error["message"]

    assert refused("expired") == (401, "UNAUTHENTICATED", "the token has expired")
    assert refused("banned") == (403, "FORBIDDEN", "go away")
    with capture_logs() as records:
        status, code, message = refused("broken")
    assert (status, code) == (500, "INTERNAL")
    assert "hunter2" not in message
    assert records[0]["error"] == "ValueError('the key is hunter2')"


def test_one_record_a_request(client: FlaskClient) -> None:
    with capture_logs() as records:
        client.post("/graphql", json={"query": "query Hello { echo }"})
    (record,) = records
    assert record.pop("ms") >= 0
    assert set(record.pop("phases")) == {"decode", "viewer", "find", "plan", "wait", "execute", "encode"}
    assert len(record.pop("document")) == 12
    assert record == {
        "event": "graphql.request",
        "log_level": "info",
        "operation": "Hello",
        "kind": "query",
        "registered": False,
        "status": 200,
        "code": "OK",
        "statements": 0,
        "bytes": 20,
    }


def test_a_refusal_is_recorded_by_its_code(client: FlaskClient) -> None:
    with capture_logs() as records:
        client.post("/graphql", json={"query": "query Late { late }"})
        client.post("/graphql", data=b"{", content_type=JSON)
    assert [(it["operation"], it["status"], it["code"], it["log_level"]) for it in records] == [
        ("Late", 504, "DEADLINE_EXCEEDED", "warning"),
        (None, 400, "BAD_REQUEST", "info"),
    ]
