"""The layer as a host mounts it, and what it refuses."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import strawberry
from flask import Flask, current_app
from flask_socketio import SocketIO
from graphql import parse
from pydantic import SecretStr
from sqlalchemy import Engine, create_engine

from bff import Bff, Deadline, DeclarationError, LiveSettings, Schema, Settings
from bff.database.scope import PROCESS_SECRET
from bff.errors import OperationNotFound
from bff.http.request import GraphQLRequest
from bff.readsets.readset import Invocation
from tests.bff.polling import wait_until
from tests.bff.sockets.site import Site, make_site
from tests.web.site import layer_of


@pytest.fixture(scope="module")
def engine(make_database: Callable[[], str]) -> Iterator[Engine]:
    """An empty database."""
    engine = create_engine(make_database())
    yield engine
    engine.dispose()


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
    with pytest.raises(DeclarationError, match=r"cors_allowed_origins=\[\] lets every site connect"):
        make_site(options={"cors_allowed_origins": []})
    app, layer = make_site()
    with pytest.raises(DeclarationError, match="has a layer already"):
        layer.listen_on(app.extensions["socketio"])
    with pytest.raises(DeclarationError, match="has no application yet"):
        layer.listen_on(SocketIO())
    with pytest.raises(DeclarationError, match="comes after init_app"):
        Site().listen_on(SocketIO(Flask(__name__)))


def test_cursors_are_signed_with_the_hosts_key_unless_the_layer_has_one() -> None:
    def secret_of(layer: Bff, **config: Any) -> bytes:
        app = Flask(__name__)
        app.config.update(config)
        layer.init_app(app)
        with layer.server._open(None, Deadline.after(1)) as scope:
            return scope.secret

    assert secret_of(layer_of(), SECRET_KEY="k") == secret_of(layer_of(), SECRET_KEY=b"k") != b"k"
    assert secret_of(layer_of(), SECRET_KEY="k") != secret_of(layer_of(), SECRET_KEY="l")
    assert secret_of(layer_of(secret="own"), SECRET_KEY="k") == b"own"
    assert secret_of(layer_of()) == PROCESS_SECRET


# ---- sockets


def live_layer(engine: Engine, redis_url: str | None, prefix: str = "bff") -> Bff:
    """A layer of one field, which is not mounted."""

    @strawberry.type
    class Query:
        @strawberry.field
        def one(self) -> int:
            return 1

    redis = None if redis_url is None else SecretStr(redis_url)
    return Bff(
        schema=Schema(query=Query),
        engine=engine,
        settings=Settings(live=LiveSettings(redis_url=redis, prefix=prefix, relay=False)),
    )


def test_sockets_without_redis_are_refused_by_the_name_of_the_setting(
    engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BFF_REDIS_URL", raising=False)
    layer, app = live_layer(engine, None), Flask(__name__)
    layer.init_app(app)
    with pytest.raises(DeclarationError, match=r"^live operations need Redis: set BFF_REDIS_URL$"):
        layer.init_sockets(SocketIO(app))
    assert (layer.node, layer.sockets) == (None, None)


def test_sockets_before_the_application_are_refused_and_leave_no_node(engine: Engine, redis_url: str) -> None:
    layer = live_layer(engine, redis_url)
    with pytest.raises(DeclarationError, match=r"^init_sockets comes after init_app$"):
        layer.init_sockets(SocketIO(Flask(__name__)))
    assert (layer.node, layer.sockets) == (None, None)


def test_sockets_that_are_refused_leave_those_that_there_are(engine: Engine, redis_url: str, live_prefix: str) -> None:
    layer, app = live_layer(engine, redis_url, live_prefix), Flask(__name__)
    layer.init_app(app)
    sockets = SocketIO(app, async_mode="threading")
    layer.init_sockets(sockets)
    node, endpoint = layer.node, layer.sockets
    assert node is not None
    with pytest.raises(DeclarationError, match="has a layer already"):
        layer.init_sockets(sockets)
    assert (layer.node, layer.sockets) == (node, endpoint)


def test_the_live_side_runs_from_start_until_it_is_drained(engine: Engine, redis_url: str, live_prefix: str) -> None:
    layer, app = live_layer(engine, redis_url, live_prefix), Flask(__name__)
    layer.init_app(app)
    before = set(threading.enumerate())
    layer.init_sockets(SocketIO(app, async_mode="threading"))
    assert set(threading.enumerate()) == before, "a server forks after this"
    node = layer.node
    assert node is not None
    layer.start()
    layer.start()
    wait_until(lambda: node.follower.is_connected)
    layer.drain(within=0)
    assert not set(threading.enumerate()) - before


def test_without_sockets_there_is_nothing_to_start_or_to_drain(engine: Engine) -> None:
    layer = live_layer(engine, None)
    layer.start()
    layer.drain()
    assert (layer.node, layer.sockets) == (None, None)


# ---- mounting, and code


def test_an_application_knows_its_layer(engine: Engine) -> None:
    layer, app = live_layer(engine, None), Flask(__name__)
    layer.init_app(app)
    assert app.extensions["bff"] is layer
    assert layer.engine is engine
    assert app.test_client().post("/graphql", json={"query": "{ one }"}).json == {"data": {"one": 1}}


def test_code_needs_no_application(engine: Engine) -> None:
    layer = live_layer(engine, None)
    assert layer.execute("{ one }").data == {"one": 1}
    assert layer.execute(parse("query A { one } query B { two: one }"), operation_name="B").data == {"two": 1}
    with pytest.raises(OperationNotFound, match="registered: none"):
        layer.plan("Who")
