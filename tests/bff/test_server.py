"""The parts wired: registered, persisted and free documents, plans that are made once, tickets, code that executes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from graphql import parse
from sqlalchemy import NullPool, create_engine

from bff import BadUserInput, Bff, Deadline, DeclarationError, DocumentError, Settings
from bff.errors import (
    BadRequest,
    DocumentLimit,
    FreeTextRefused,
    OperationNotFound,
    PersistedQueryMismatch,
    PersistedQueryNotFound,
)
from bff.http.request import GraphQLRequest
from tests.web.site import make_site


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "graphql" / "pages"
    folder.mkdir(parents=True)
    (folder / "who.graphql").write_text("query Who { viewer ...More }")
    (folder / "more.graphql").write_text("fragment More on Query { items(first: 1) { number } }")
    return tmp_path / "graphql"


def layer_of(documents: Path | None = None, **settings: Any) -> Bff:
    layer = make_site(documents, max_body=10**6, **settings).extensions["bff"]
    assert isinstance(layer, Bff)
    return layer


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_registered_documents_are_found_by_id_hash_and_name(documents: Path) -> None:
    layer = layer_of(documents)
    who = layer.documents.find("Who")
    assert who is not None
    for request in (
        GraphQLRequest(document_id="Who"),
        GraphQLRequest(document_id=f"sha256:{who.id}", operation_name="Who"),
        GraphQLRequest(document_id=who.id),
        GraphQLRequest(hash=who.id),
    ):
        assert layer.find(request) is who
    with pytest.raises(PersistedQueryNotFound, match=r"^PersistedQueryNotFound$"):
        layer.find(GraphQLRequest(document_id="Whom"))
    with pytest.raises(OperationNotFound, match="no operation 'Other'; the document has Who"):
        layer.find(GraphQLRequest(document_id="Who", operation_name="Other"))


def test_a_request_asks_in_one_way(documents: Path) -> None:
    layer = layer_of(documents)
    with pytest.raises(BadRequest, match="either"):
        layer.find(GraphQLRequest(document_id="Who", query="{ viewer }"))
    with pytest.raises(BadRequest, match="missing"):
        layer.find(GraphQLRequest(variables={}))


def test_automatic_persisted_queries() -> None:
    layer = layer_of()
    text = "query A { viewer } query B { viewer }"
    by_hash = GraphQLRequest(hash=digest(text), operation_name="B")
    with pytest.raises(PersistedQueryNotFound):
        layer.find(by_hash)
    with pytest.raises(PersistedQueryMismatch, match="provided sha does not match query"):
        layer.find(GraphQLRequest(query=text + " ", hash=digest(text), operation_name="B"))
    registered = layer.find(GraphQLRequest(query=text, hash=digest(text), operation_name="B"))
    assert registered.name == "B"
    assert layer.find(by_hash) == registered


def test_texts_are_kept_while_there_is_room() -> None:
    texts = [f'{{ echo(text: "{letter * 20}") }}' for letter in "abc"]
    layer = layer_of(text_cache=2 * len(texts[0]))
    for text in texts:
        layer.find(GraphQLRequest(query=text))
    with pytest.raises(PersistedQueryNotFound):
        layer.find(GraphQLRequest(hash=digest(texts[0])))
    assert layer.find(GraphQLRequest(hash=digest(texts[2]))).text == texts[2]
    too_long = '{ echo(text: "' + "x" * 100 + '") }'
    assert layer.find(GraphQLRequest(query=too_long)).text == too_long


def test_only_registered_documents_where_only_they_are_trusted(documents: Path) -> None:
    layer = layer_of(documents, trusted_only=True)
    assert layer.find(GraphQLRequest(document_id="Who")).name == "Who"
    for request in (GraphQLRequest(query="{ viewer }"), GraphQLRequest(query="{ viewer }", hash=digest("{ viewer }"))):
        with pytest.raises(FreeTextRefused):
            layer.find(request)
    # Code is not a client.
    assert layer.execute("{ viewer }", viewer="me").data == {"viewer": "me"}


def test_a_plan_is_made_once(documents: Path) -> None:
    layer = layer_of(documents)
    for request in (GraphQLRequest(document_id="Who"), GraphQLRequest(query="{ viewer }")):
        assert layer.plan_of(layer.find(request)) is layer.plan_of(layer.find(request))
    assert layer.plan("Who") is layer.plan_of(layer.find(GraphQLRequest(document_id="Who")))


def test_an_operation_of_a_text_has_a_plan_of_its_own() -> None:
    layer = layer_of()
    text = "query A { viewer } query B { echo }"
    first, second = (layer.plan_of(layer.find(GraphQLRequest(query=text, operation_name=name))) for name in "AB")
    assert (first.name, second.name) == ("A", "B")


def test_code_executes_by_name_text_or_document(documents: Path) -> None:
    layer = layer_of(documents)
    expected = {"viewer": "marie", "items": [{"number": 0}]}
    who = layer.documents.find("Who")
    assert who is not None
    for document in ("Who", f"sha256:{who.id}", who.text, parse(who.text)):
        assert layer.execute(document, viewer="marie").data == expected
    answer = layer.execute("query ($t: String!) { echo(text: $t) }", variables={"t": "hello"})
    assert (answer.data, answer.errors) == ({"echo": "hello"}, None)
    assert layer.execute("query A { echo } query B { viewer }", operation_name="B").data == {"viewer": "None"}


def test_code_is_told_what_there_is(documents: Path) -> None:
    with pytest.raises(OperationNotFound, match="no operation 'Whom'; registered: Who"):
        layer_of(documents).execute("Whom")
    with pytest.raises(OperationNotFound, match="registered: none"):
        layer_of().plan("Who")


def test_the_limits_of_free_text_are_those_of_clients() -> None:
    layer = layer_of(max_tokens=3)
    with pytest.raises(DocumentLimit):
        layer.find(GraphQLRequest(query="{ viewer echo }"))
    assert layer.execute("{ viewer echo }").data == {"viewer": "None", "echo": ""}


def test_variables_that_are_no_text_run_nothing() -> None:
    result = layer_of().execute("query ($t: String!) { echo(text: $t) }", variables={"t": "a\x00"})
    assert result.data is None
    assert result.errors is not None
    assert isinstance(result.errors[0].original_error, BadUserInput)


def test_an_operation_that_has_no_plan_stops_the_boot(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = tmp_path / "graphql"
    folder.mkdir()
    # Valid, and larger than a plan may be.
    fields = " ".join(f"f{number}: viewer" for number in range(20_001))
    (folder / "huge.graphql").write_text(f"query Huge {{ {fields} }}")
    with pytest.raises(DocumentError, match=r"^graphql/huge\.graphql:1:1: .*20000"):
        layer_of(folder)


def test_as_many_tickets_as_connections() -> None:
    schema = layer_of().schema
    url = "postgresql+psycopg2://"

    def tickets(engine: Any, **settings: Any) -> float:
        return Bff(schema=schema, engine=engine, settings=Settings(**settings)).gate.stats()["tickets"]

    assert tickets(create_engine(url)) == 15
    assert tickets(create_engine(url, pool_size=4, max_overflow=0)) == 4
    assert tickets(create_engine(url, pool_size=4, max_overflow=2), tickets=5) == 5
    assert tickets(create_engine(url, poolclass=NullPool)) == 10
    assert tickets(create_engine(url, max_overflow=-1), tickets=50) == 50
    with pytest.raises(DeclarationError, match="7 tickets for 6 connections"):
        tickets(create_engine(url, pool_size=4, max_overflow=2), tickets=7)


def test_it_tells_its_state(documents: Path) -> None:
    assert repr(layer_of(documents)) == "<Bff 1 operations, <Gate 0/15 busy, 0 waiting>>"


def test_cursors_are_signed_with_the_hosts_key_unless_the_layer_has_one() -> None:
    def secret_of(layer: Bff, **config: Any) -> bytes:
        app = Flask(__name__)
        app.config.update(config)
        layer.init_app(app)
        with layer._database.open(None, Deadline.after(1)) as scope:
            return scope.secret

    assert secret_of(layer_of(), SECRET_KEY="k") == secret_of(layer_of(), SECRET_KEY=b"k") != b"k"
    assert secret_of(layer_of(), SECRET_KEY="k") != secret_of(layer_of(), SECRET_KEY="l")
    assert secret_of(layer_of(secret="own"), SECRET_KEY="k") == b"own"
    assert secret_of(layer_of()) != secret_of(layer_of())
