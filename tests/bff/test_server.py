"""The parts wired: registered, persisted and free documents, plans that are made once, tickets, code that executes."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import pytest
from graphql import parse
from sqlalchemy import NullPool, create_engine

from bff import (
    BadUserInput,
    DatabaseSettings,
    DeclarationError,
    DocumentError,
    DocumentSettings,
    Limits,
    Settings,
)
from bff.errors import (
    BadRequest,
    DocumentLimit,
    FreeTextRefused,
    OperationNotFound,
    PersistedQueryMismatch,
    PersistedQueryNotFound,
)
from bff.http.request import GraphQLRequest
from bff.server import Server
from tests.web.site import layer_of


@pytest.fixture
def documents(tmp_path: Path) -> Path:
    folder = tmp_path / "graphql" / "pages"
    folder.mkdir(parents=True)
    (folder / "who.graphql").write_text("query Who { viewer ...More }")
    (folder / "more.graphql").write_text("fragment More on Query { items(first: 1) { number } }")
    return tmp_path / "graphql"


def server_of(folder: Path | None = None, **settings: Any) -> Server:
    return layer_of(folder, **settings).server


def digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def test_registered_documents_are_found_by_id_hash_and_name(documents: Path) -> None:
    server = server_of(documents)
    who = server.documents.find("Who")
    assert who is not None
    for request in (
        GraphQLRequest(document_id="Who"),
        GraphQLRequest(document_id=f"sha256:{who.id}", operation_name="Who"),
        GraphQLRequest(document_id=who.id),
        GraphQLRequest(hash=who.id),
    ):
        assert server.find(request) is who
    with pytest.raises(PersistedQueryNotFound, match=r"^PersistedQueryNotFound$"):
        server.find(GraphQLRequest(document_id="Whom"))
    with pytest.raises(OperationNotFound, match="no operation 'Other'; the document has Who"):
        server.find(GraphQLRequest(document_id="Who", operation_name="Other"))


def test_a_request_asks_in_one_way(documents: Path) -> None:
    server = server_of(documents)
    with pytest.raises(BadRequest, match="either"):
        server.find(GraphQLRequest(document_id="Who", query="{ viewer }"))
    with pytest.raises(BadRequest, match="missing"):
        server.find(GraphQLRequest(variables={}))


def test_automatic_persisted_queries() -> None:
    server = server_of()
    text = "query A { viewer } query B { viewer }"
    by_hash = GraphQLRequest(hash=digest(text), operation_name="B")
    with pytest.raises(PersistedQueryNotFound):
        server.find(by_hash)
    with pytest.raises(PersistedQueryMismatch, match="provided sha does not match query"):
        server.find(GraphQLRequest(query=text + " ", hash=digest(text), operation_name="B"))
    registered = server.find(GraphQLRequest(query=text, hash=digest(text), operation_name="B"))
    assert registered.name == "B"
    assert server.find(by_hash) == registered


def test_texts_are_kept_while_there_is_room() -> None:
    texts = [f'{{ echo(text: "{letter * 20}") }}' for letter in "abc"]
    server = server_of(documents=DocumentSettings(text_cache=2 * len(texts[0])))
    for text in texts:
        server.find(GraphQLRequest(query=text))
    with pytest.raises(PersistedQueryNotFound):
        server.find(GraphQLRequest(hash=digest(texts[0])))
    assert server.find(GraphQLRequest(hash=digest(texts[2]))).text == texts[2]
    too_long = '{ echo(text: "' + "x" * 100 + '") }'
    assert server.find(GraphQLRequest(query=too_long)).text == too_long


def test_only_registered_documents_where_only_they_are_trusted(documents: Path) -> None:
    server = server_of(documents, documents=DocumentSettings(trusted_only=True))
    assert server.find(GraphQLRequest(document_id="Who")).name == "Who"
    for request in (GraphQLRequest(query="{ viewer }"), GraphQLRequest(query="{ viewer }", hash=digest("{ viewer }"))):
        with pytest.raises(FreeTextRefused):
            server.find(request)
    # Code is not a client.
    assert server.execute("{ viewer }", viewer="me").data == {"viewer": "me"}


def test_a_plan_is_made_once(documents: Path) -> None:
    server = server_of(documents)
    for request in (GraphQLRequest(document_id="Who"), GraphQLRequest(query="{ viewer }")):
        assert server.plan_of(server.find(request)) is server.plan_of(server.find(request))
    assert server.plan("Who") is server.plan_of(server.find(GraphQLRequest(document_id="Who")))


def test_an_operation_of_a_text_has_a_plan_of_its_own() -> None:
    server = server_of()
    text = "query A { viewer } query B { echo }"
    first, second = (server.plan_of(server.find(GraphQLRequest(query=text, operation_name=name))) for name in "AB")
    assert (first.name, second.name) == ("A", "B")


def test_code_executes_by_name_text_or_document(documents: Path) -> None:
    server = server_of(documents)
    expected = {"viewer": "marie", "items": [{"number": 0}]}
    who = server.documents.find("Who")
    assert who is not None
    for document in ("Who", f"sha256:{who.id}", who.text, parse(who.text)):
        assert server.execute(document, viewer="marie").data == expected
    answer = server.execute("query ($t: String!) { echo(text: $t) }", variables={"t": "hello"})
    assert (answer.data, answer.errors) == ({"echo": "hello"}, None)
    assert server.execute("query A { echo } query B { viewer }", operation_name="B").data == {"viewer": "None"}


def test_code_is_told_what_there_is(documents: Path) -> None:
    with pytest.raises(OperationNotFound, match="no operation 'Whom'; registered: Who"):
        server_of(documents).execute("Whom")
    with pytest.raises(OperationNotFound, match="registered: none"):
        server_of().plan("Who")


def test_the_limits_of_free_text_are_those_of_clients() -> None:
    server = server_of(limits=Limits(tokens=3))
    with pytest.raises(DocumentLimit):
        server.find(GraphQLRequest(query="{ viewer echo }"))
    assert server.execute("{ viewer echo }").data == {"viewer": "None", "echo": ""}


def test_variables_that_are_no_text_run_nothing() -> None:
    result = server_of().execute("query ($t: String!) { echo(text: $t) }", variables={"t": "a\x00"})
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
        server_of(folder)


def test_as_many_tickets_as_connections() -> None:
    schema = server_of().schema
    url = "postgresql+psycopg2://"

    def tickets(engine: Any, **settings: Any) -> float:
        return Server(
            schema=schema, engine=engine, settings=Settings(database=DatabaseSettings(**settings))
        ).gate.stats()["tickets"]

    assert tickets(create_engine(url)) == 15
    assert tickets(create_engine(url, pool_size=4, max_overflow=0)) == 4
    assert tickets(create_engine(url, pool_size=4, max_overflow=2), tickets=5) == 5
    assert tickets(create_engine(url, poolclass=NullPool)) == 10
    assert tickets(create_engine(url, max_overflow=-1), tickets=50) == 50
    with pytest.raises(DeclarationError, match="7 tickets for 6 connections"):
        tickets(create_engine(url, pool_size=4, max_overflow=2), tickets=7)


def test_it_tells_its_state(documents: Path) -> None:
    assert repr(server_of(documents)) == "<Server 1 operations, <Gate 0/15 busy, 0 waiting>>"
    assert repr(layer_of()) == "<Bff <Server 0 operations, <Gate 0/15 busy, 0 waiting>>>"
