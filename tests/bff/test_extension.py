"""The layer as a host mounts it, and what it refuses."""

from __future__ import annotations

import pytest
import strawberry
from flask import Flask, current_app
from flask_socketio import SocketIO
from sqlalchemy import Engine

from bff import Bff, DeclarationError, Schema
from bff.http.request import GraphQLRequest
from bff.readsets.readset import Invocation
from tests.bff.sockets.site import Site, make_site


def test_live_operations_run_as_the_application(engine: Engine) -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        def where(self) -> str:
            return current_app.name

    layer = Bff(schema=Schema(query=Query), engine=engine)
    plan = layer.server.plan_of(layer.server.find(GraphQLRequest(query="query @live { where }")))
    layer.init_app(Flask("the host"))
    [answered] = layer.server.execute_live(plan, [Invocation({})], None).answers
    assert answered.payload == {"data": {"where": "the host"}}


def test_what_it_cannot_stand_on_is_refused() -> None:
    for options, reason in [
        ({"cors_allowed_origins": []}, "cors_allowed_origins=\\[\\] lets every site connect"),
        ({"async_mode": "eventlet"}, None),
    ]:
        if reason is not None:
            with pytest.raises(DeclarationError, match=reason):
                make_site(options=options)
    app, layer = make_site()
    with pytest.raises(DeclarationError, match="has a layer already"):
        layer.listen_on(app.extensions["socketio"])
    with pytest.raises(DeclarationError, match="has no application yet"):
        layer.listen_on(SocketIO())
    with pytest.raises(DeclarationError, match="comes after init_app"):
        Site().listen_on(SocketIO(Flask(__name__)))
