"""A small site with the layer on it and no database: for tests of the HTTP edge, in-process or under a real server
(`gunicorn tests.web.site:make_site()`)."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import strawberry
from flask import Flask, Request, abort, jsonify
from graphql import GraphQLError
from sqlalchemy import create_engine
from strawberry.scalars import JSON

from bff import BadUserInput, Bff, DeadlineExceeded, HttpSettings, Settings, Unauthenticated


@strawberry.type
class Item:
    number: int

    @strawberry.field
    def broken(self) -> str:
        raise RuntimeError(f"the password of {self.number} is hunter2")

    @strawberry.field
    def missing(self) -> str:
        return None  # type: ignore[return-value]


@strawberry.type
class Query:
    @strawberry.field(description="Who asks, by the session cookie and by the Authorization header.")
    def viewer(self, info: strawberry.Info) -> str:
        return str(info.context.viewer)

    @strawberry.field
    def echo(self, text: str = "", number: int = 0) -> str:
        return f"{text}{number or ''}"

    @strawberry.field
    def items(self, first: int = 3) -> list[Item]:
        return [Item(number=number) for number in range(first)]

    @strawberry.field
    def self(self) -> Query:
        return Query()

    @strawberry.field
    def crash(self) -> str | None:
        raise RuntimeError("the password is hunter2")

    @strawberry.field
    def refuse(self) -> str | None:
        raise BadUserInput("choose another")

    @strawberry.field
    def tell(self) -> str | None:
        raise GraphQLError("as the resolver says", extensions={"code": "OWN_CODE"})

    @strawberry.field
    def late(self) -> str | None:
        raise DeadlineExceeded("the operation was not answered in time", retry_after=7)

    @strawberry.field
    def anything(self) -> JSON:
        return {"big": 2**70, "text": "é"}  # type: ignore[return-value]

    @strawberry.field
    def unspeakable(self) -> JSON:
        return object()  # type: ignore[return-value]


@strawberry.type
class Mutation:
    @strawberry.mutation
    def poke(self) -> int:
        return 1


@strawberry.type
class Subscription:
    @strawberry.field
    def ticks(self) -> int:
        return 1


def viewer_of(request: Request) -> object:
    """The session cookie and the Authorization header; some values of the latter are refused, each in its own way."""
    authorization = request.headers.get("Authorization")
    if authorization == "Bearer expired":
        raise Unauthenticated("the token has expired")
    if authorization == "Bearer banned":
        abort(403, "go away")
    if authorization == "Bearer broken":
        raise ValueError("the key is hunter2")
    return f"{request.cookies.get('session')} {authorization}"


def make_site(folder: Path | None = None, **settings: Any) -> Flask:
    """The site with documents of `folder` and these settings; without any, as the tests against a real server want it."""
    if not settings:
        settings = {"development": True, "http": HttpSettings(body_timeout=1, max_body=4000)}
        settings["graphiql_assets"] = Path(os.environ.get("SITE_GRAPHIQL", ".bff/graphiql"))
    site = Flask(__name__)
    Bff(
        schema=strawberry.Schema(Query, Mutation, Subscription),
        engine=create_engine("postgresql+psycopg2://"),
        documents=folder,
        viewer=viewer_of,
        settings=Settings(**settings),
    ).init_app(site)
    site.add_url_rule("/sign-in", view_func=sign_in)
    return site


def sign_in() -> object:
    response = jsonify(signed_in=True)
    response.set_cookie("session", "marie", httponly=True, samesite="Lax")
    return response


def layer_of(folder: Path | None = None, **settings: Any) -> Bff:
    layer = make_site(folder, **{"development": False, **settings}).extensions["bff"]
    assert isinstance(layer, Bff)
    return layer
