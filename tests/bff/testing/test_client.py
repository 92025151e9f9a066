"""What a test is given for an operation: the payload as a client gets it, or the data, or a failure that says why."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, ClassVar

import pytest
import strawberry
from flask import Flask
from graphql import GraphQLError
from sqlalchemy import create_engine
from strawberry.extensions import SchemaExtension
from werkzeug.exceptions import Unauthorized

from bff import Bff, DocumentSettings, Settings
from bff.errors import (
    BadRequest,
    BadUserInput,
    DeclarationError,
    Forbidden,
    OperationNotFound,
    RateLimited,
    Unauthenticated,
)
from bff.testing.client import Client, OperationFailed
from tests.web.site import Mutation, Query, make_site


@pytest.fixture
def layer(tmp_path: Path) -> Iterator[Bff]:
    (tmp_path / "echo.graphql").write_text("query Echo($text: String!) { echo(text: $text) }")
    engine = create_engine("postgresql+psycopg2://")
    yield Bff(schema=strawberry.Schema(Query, Mutation), engine=engine, documents=tmp_path)
    engine.dispose()


def test_a_registered_operation_is_run_by_its_name(layer: Bff) -> None:
    assert Client(layer).data("Echo", {"text": "hello"}) == {"echo": "hello"}
    with pytest.raises(OperationNotFound, match="no operation 'Ecko'; registered: Echo"):
        Client(layer).data("Ecko")


def test_a_text_is_run_as_the_viewer(layer: Bff) -> None:
    assert Client(layer, viewer="marie").data("{ viewer }") == {"viewer": "marie"}
    assert Client(layer).data("{ viewer }") == {"viewer": "None"}
    assert Client(layer).data("mutation { poke }") == {"poke": 1}


@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ echo refuse tell }", None),
        ("{ items(first: 2) { number missing } }", None),
        ("{ anything }", None),
        ("{ nothing }", None),
        ("{ echo", None),
        ("query ($number: Int!) { echo(number: $number) }", {"number": "one"}),
        ("{ late }", None),
    ],
)
def test_the_payload_is_that_of_http(query: str, variables: dict[str, object] | None) -> None:
    site = make_site(development=True)
    answer = site.test_client().post("/graphql", json={"query": query, "variables": variables})
    assert Client(site.extensions["bff"]).payload(query, variables) == answer.get_json()


class Refusing(SchemaExtension):
    """Raises before an operation is executed."""

    error: ClassVar[Exception]

    def on_operation(self) -> Iterator[None]:
        raise self.error
        yield


@pytest.mark.parametrize(
    "error",
    [
        Unauthenticated("sign in"),
        Forbidden("not you"),
        BadUserInput("another"),
        BadRequest("send another"),
        RateLimited("slowly", retry_after=3),
        DeclarationError("hunter2"),
        GraphQLError("as the extension says", extensions={"code": "OWN_CODE"}),
        Unauthorized("go away"),
        ValueError("hunter2"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_what_is_raised_around_an_operation_is_answered_as_over_http(error: Exception) -> None:
    Refusing.error = error
    engine = create_engine("postgresql+psycopg2://")
    layer = Bff(schema=strawberry.Schema(Query, extensions=[Refusing]), engine=engine)
    site = Flask(__name__)
    layer.init_app(site)
    answer = site.test_client().post("/graphql", json={"query": "{ echo }"}).get_json()
    assert without_ids(Client(layer).payload("{ echo }")) == without_ids(answer)
    assert "hunter2" not in str(answer)
    with pytest.raises(OperationFailed) as failed:
        Client(layer).data("{ echo }")
    assert failed.value.__cause__ in (error, None)


@pytest.mark.parametrize("query", ["{ unspeakable }", "query A { echo } query B { echo }"])
def test_what_cannot_be_answered_is_as_over_http(query: str) -> None:
    site = make_site(development=True)
    answer = site.test_client().post("/graphql", json={"query": query}).get_json()
    assert without_ids(Client(site.extensions["bff"]).payload(query)) == without_ids(answer)


def without_ids(payload: Any) -> Any:
    """A payload without the ids of defects, which are new each time."""
    for error in payload["errors"]:
        if defect := error["extensions"].pop("id", None):
            error["message"] = error["message"].replace(defect, "...")
    return payload


def test_a_defect_is_masked_in_the_payload_and_shown_in_the_failure(layer: Bff) -> None:
    [error] = Client(layer).payload("{ items(first: 1) { broken } }")["errors"]
    assert error["extensions"]["code"] == "INTERNAL"
    assert "hunter2" not in error["message"]
    with pytest.raises(OperationFailed) as failed:
        Client(layer).data("{ items(first: 1) { broken } }")
    assert re.search(r"answered with 1 errors:\n  items\.0\.broken: internal error; .* \(INTERNAL\)", str(failed.value))
    assert str(failed.value.__cause__) == "the password of 0 is hunter2"


def test_a_failure_names_every_error_with_its_path_and_code(layer: Bff) -> None:
    with pytest.raises(OperationFailed) as failed:
        Client(layer).data("{ refuse tell }")
    assert "  refuse: choose another (BAD_USER_INPUT)\n  tell: as the resolver says (OWN_CODE)" in str(failed.value)
    with pytest.raises(OperationFailed, match=r"\(VALIDATION_FAILED\)"):
        Client(layer).data("{ nothing }")


def test_texts_are_run_where_clients_may_send_none(tmp_path: Path) -> None:
    engine = create_engine("postgresql+psycopg2://")
    layer = Bff(
        schema=strawberry.Schema(Query), engine=engine, settings=Settings(documents=DocumentSettings(trusted_only=True))
    )
    assert Client(layer).data("{ echo(number: 1) }") == {"echo": "1"}
