"""Who a handshake is of, and until when; which rows decide it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from sqlalchemy.orm import Mapped, mapped_column

from bff import DeclarationError
from bff.sockets.viewer import facts_of
from tests.bff.sockets.site import MARIE, Base, Serve, User


def test_cookies_count_where_no_token_is_given(serve: Serve) -> None:
    assert serve().open(Cookie="user=paul").connect()


@pytest.mark.parametrize(
    ("auth", "data"),
    [
        (None, {"code": "UNAUTHENTICATED"}),
        ({}, {"code": "UNAUTHENTICATED"}),
        ({"token": "nobody"}, {"code": "UNAUTHENTICATED"}),
        ({"token": 5}, {"code": "UNAUTHENTICATED"}),
        ({"token": "marie\r\nX: y"}, {"code": "UNAUTHENTICATED"}),
        ([1], {"code": "UNAUTHENTICATED"}),
    ],
)
def test_nobody_is_refused(serve: Serve, auth: object, data: dict[str, Any]) -> None:
    answer = serve().open().ask_to_connect(auth)
    assert answer.startswith("44/graphql,")
    assert json.loads(answer.removeprefix("44/graphql,"))["data"] == data


def test_a_token_counts_before_a_cookie(serve: Serve) -> None:
    assert serve().open(Cookie="user=marie").ask_to_connect({"token": "nobody"}).startswith("44")


def test_a_defect_of_the_viewer_function_is_masked(serve: Serve) -> None:
    answer = serve().open().ask_to_connect({"token": "broken"})
    assert '"INTERNAL"' in answer
    assert "hunter2" not in answer


@pytest.mark.parametrize(
    ("name", "code"),
    [
        ("401", "UNAUTHENTICATED"),
        ("403", "UNAUTHENTICATED"),
        ("429", "RATE_LIMITED"),
        ("503", "OVERLOADED"),
        ("expired", "UNAUTHENTICATED"),
        ("busy", "OVERLOADED"),
    ],
)
def test_what_the_viewer_function_refuses_with(serve: Serve, name: str, code: str) -> None:
    answer = serve().open().ask_to_connect({"token": name})
    assert json.loads(answer.removeprefix("44/graphql,"))["data"] == {"code": code}


def test_token_that_expires(serve: Serve) -> None:
    site = serve()
    site.layer.lives = 0.2
    wire = site.open().connect(MARIE)
    wire.subscribe("1")
    end = wire.next_named("complete")
    assert (end["id"], end["code"]) == ("1", "TOKEN_EXPIRED")
    assert wire.receive() == "41/graphql,"


def test_expired_token_is_refused(serve: Serve) -> None:
    site = serve()
    site.layer.lives = -1
    assert '"UNAUTHENTICATED"' in site.open().ask_to_connect(MARIE)


class Seat(Base):
    __tablename__ = "seats"
    row: Mapped[str] = mapped_column(primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)


def test_rows_as_facts() -> None:
    assert facts_of([(Seat, ("a", 1)), (User, 2)]) == [
        ("seats", ("row", "number"), ("a", "1")),
        ("users", ("id",), ("2",)),
    ]
    for row in [(Seat, 1), (int, 1)]:
        with pytest.raises(DeclarationError, match="which is no model and its primary key"):
            facts_of([row])
