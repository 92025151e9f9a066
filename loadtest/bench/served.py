"""What the bench has served beside Briefcase itself: other ways to answer the same request, and longer lists.

gunicorn calls these factories by name, with Briefcase's own environment.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict, Unpack

import strawberry
from flask import Flask, Response
from graphql import ExecutionResult
from sqlalchemy import Engine
from strawberry.extensions import ParserCache, ValidationCache

import bff
from app import auth
from app.database import attach, database_url, open_database
from app.layer import DOCUMENTS
from app.schema import schema
from app.schema.mutations import Mutation
from app.schema.query import Query
from app.schema.subscription import Subscription
from app.schema.types import Comment
from bff.documents.registry import Operation
from bff.server import Server
from bff.telemetry import Trace, configure
from bff.web.blueprint import mount
from loadtest.bench import eager

MOST_ROOTS = 10_000


class Plain(Server):
    """Strawberry's own executor behind the layer's HTTP: graphql-core calls a resolver a field.

    The fields of entity types then load through the ORM session, one object at a time. Documents are parsed and
    validated once, by Strawberry's caches.
    """

    def __init__(self, **options: Unpack[_Options]) -> None:
        super().__init__(schema=schema, **options)
        self._executor = copy.copy(schema)
        self._executor.extensions = (ParserCache, ValidationCache)

    def run(
        self,
        operation: Operation,
        *,
        variables: Mapping[str, Any] | None,
        viewer: object | None,
        deadline: bff.Deadline,
        trace: Trace,
        root_value: Any = None,
    ) -> ExecutionResult:
        with self.gate.ticket(deadline), self._open(viewer, deadline) as scope:
            result = self._execute(operation.text, dict(variables or {}), scope, root_value)
        return ExecutionResult(result.data, result.errors)

    def _execute(self, text: str, variables: dict[str, Any], scope: bff.Scope, root_value: Any) -> Any:
        return self._executor.execute_sync(text, variables, context_value=scope, root_value=root_value)


class Eager(Plain):
    """The Matter page alone, by Strawberry's executor over rows that were loaded ahead (`loadtest.bench.eager`)."""

    def _execute(self, text: str, variables: dict[str, Any], scope: bff.Scope, root_value: Any) -> Any:
        assert isinstance(scope.viewer, auth.Viewer)
        asker = eager.Asker(scope.viewer, self.engine)
        return eager.schema.execute_sync(text, variables, context_value=asker, root_value=root_value)


def plain() -> Flask:
    """Briefcase's schema under Strawberry's executor."""
    app, options = _host()
    mount(app, Plain(**options), auth.viewer_of)
    return app


def eagerly() -> Flask:
    """The Matter page in Strawberry, by hand."""
    app, options = _host()
    mount(app, Eager(**options), auth.viewer_of)
    return app


@strawberry.type(name="Query")
class LongQuery(Query):
    """Briefcase's queries, and a list longer than any that it shows on a page."""

    comments: list[Comment] = bff.collection(order=["id"], bound=MOST_ROOTS)


def long_lists() -> Flask:
    """Briefcase's layer with lists of up to `MOST_ROOTS` roots."""
    app, options = _host()
    long = bff.Schema(query=LongQuery, mutation=Mutation, subscription=Subscription)
    bff.Bff(schema=long, viewer=auth.viewer_of, **options).init_app(app)
    return app


class _Options(TypedDict):
    engine: Engine
    documents: Path
    settings: bff.Settings


def _host() -> tuple[Flask, _Options]:
    """Briefcase without its layer, its REST API and its demo pages; and what a layer is made with."""
    configure()
    app = Flask(__name__, static_folder=None)
    app.config.update({name: os.environ[name] for name in ("BRIEFCASE_ENV", "SECRET_KEY") if name in os.environ})
    database = open_database(database_url(), pages=int(os.environ["DATABASE_POOL_SIZE"]))
    attach(app, database)
    auth.init_app(app)
    settings = bff.Settings(secret=app.config["SECRET_KEY"])
    return app, _Options(engine=database.pages, documents=DOCUMENTS, settings=settings)


def constant() -> Flask:
    """The floor of HTTP: as many bytes as PAGE_BYTES says, without a thought."""
    app = Flask(__name__, static_folder=None)
    body = b'{"data": "%b"}' % (b"x" * (int(os.environ["PAGE_BYTES"]) - 12))

    @app.post("/graphql")
    def page() -> Response:
        return Response(body, content_type="application/json")

    return app
