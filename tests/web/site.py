"""A small site with the layer on it, for tests that need a real server: `gunicorn tests.web.site:make_site()`."""

from __future__ import annotations

import os
from pathlib import Path

import strawberry
from flask import Flask, Request, jsonify
from sqlalchemy import create_engine

from bff import Bff, Settings


@strawberry.type
class Query:
    @strawberry.field(description="Who asks, by the session cookie and by the Authorization header.")
    def viewer(self, info: strawberry.Info) -> str:
        return str(info.context.viewer)

    @strawberry.field
    def echo(self, text: str) -> str:
        return text


@strawberry.type
class Mutation:
    @strawberry.mutation
    def poke(self) -> int:
        return 1


def viewer_of(request: Request) -> object:
    return f"{request.cookies.get('session')} {request.headers.get('Authorization')}"


def make_site() -> Flask:
    """Development as the environment says; GraphiQL from where it says."""
    site = Flask(__name__)
    Bff(
        schema=strawberry.Schema(Query, Mutation),
        engine=create_engine("postgresql+psycopg2://"),
        viewer=viewer_of,
        settings=Settings(
            development=True,
            body_timeout=1,
            max_body=4000,
            graphiql_assets=Path(os.environ.get("SITE_GRAPHIQL", ".bff/graphiql")),
        ),
    ).init_app(site)
    site.add_url_rule("/sign-in", view_func=sign_in)
    return site


def sign_in() -> object:
    response = jsonify(signed_in=True)
    response.set_cookie("session", "marie", httponly=True, samesite="Lax")
    return response
