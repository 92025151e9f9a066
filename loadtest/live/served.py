"""What the bench of live pages has served: Briefcase, and a bare Flask-SocketIO to compare with. gunicorn calls these by name."""

from __future__ import annotations

import time
from typing import Any

import gevent
from flask import Flask, jsonify, request
from flask_socketio import SocketIO, join_room

from app import create_app
from app.layer import current_layer
from loadtest.bench.sampler import OTHER, VIEWER, Places, Samples

NAMESPACE = "/graphql"
ROOM = "everybody"


RELAY, FOLLOWER, HUB, EXECUTION = "relay", "follower", "hub", "execution"
DIFF, ENCODE, SEND, HTTP = "diff", "encode", "send", "HTTP"
COMPONENTS = (RELAY, FOLLOWER, HUB, EXECUTION, DIFF, ENCODE, SEND, HTTP, VIEWER, OTHER)

# Of `loadtest.bench.sampler`: where a push's CPU time goes.
PLACES: Places = (
    ("/bff/changes/relay.py", None, RELAY),
    ("/bff/database/direct.py", None, RELAY),
    ("/bff/changes/follower.py", None, FOLLOWER),
    ("/bff/changes/stream.py", None, FOLLOWER),
    ("/redis/", None, FOLLOWER),
    ("/bff/protocol/patch.py", None, DIFF),
    ("/bff/protocol/messages.py", None, ENCODE),
    ("/bff/protocol/resume_token.py", None, ENCODE),
    ("/bff/json_text.py", None, ENCODE),
    ("/bff/live/", None, HUB),
    ("/bff/sockets/", None, SEND),
    ("/engineio/", None, SEND),
    ("/socketio/", None, SEND),
    ("/flask_socketio/", None, SEND),
    ("/bff/web/blueprint.py", None, HTTP),
    ("/bff/", None, EXECUTION),
    ("/sqlalchemy/", None, EXECUTION),
    ("/graphql/", None, EXECUTION),
    ("/app/auth.py", None, VIEWER),
    ("/flask/", None, HTTP),
    ("/werkzeug/", None, HTTP),
    ("/gunicorn/", None, HTTP),
)


def briefcase() -> Flask:
    """Briefcase, which tells what its hub has done, and where its CPU time went."""
    app = create_app()
    samples = Samples(PLACES)

    @app.get("/bench/work")
    def work() -> Any:
        node = current_layer().node
        assert node is not None
        stats = node.hub.stats()
        return jsonify({name: stats[name] for name in ("changes", "executions", "unchanged")})

    @app.post("/bench/samples")
    def start() -> Any:
        samples.start()
        return jsonify()

    @app.delete("/bench/samples")
    def stop() -> Any:
        seconds, found = samples.stop()
        return jsonify(seconds=seconds, samples=found)

    return app


def bare() -> Flask:
    """Flask-SocketIO as a site has it that sends to a room: whoever subscribes is in it.

    `POST /emit` with ``{"body": ..., "times": 3, "every": 0.1}`` emits `next` with the body so many times, and gives when
    each was begun, in monotonic nanoseconds.
    """
    app = Flask(__name__, static_folder=None)
    socketio = SocketIO(app, async_mode="gevent", transports=["websocket"])

    def connect(_auth: object = None) -> None:
        """Everybody may."""

    def subscribe(message: Any) -> None:
        join_room(ROOM)
        answer = {"id": message["id"], "channel": 1, "kind": "event", "recovered": None, "position": ""}
        socketio.emit("subscribed", answer, to=request.sid, namespace=NAMESPACE)  # type: ignore[attr-defined]

    socketio.on_event("connect", connect, namespace=NAMESPACE)
    socketio.on_event("subscribe", subscribe, namespace=NAMESPACE)

    @app.post("/emit")
    def emit() -> Any:
        asked: Any = request.get_json()
        began = []
        for _ in range(asked["times"]):
            began.append(time.monotonic_ns())
            socketio.emit("next", asked["body"], to=ROOM, namespace=NAMESPACE)
            gevent.sleep(asked["every"])
        return jsonify(began)

    @app.post("/graphql")
    def first() -> Any:
        """What a site of the bench answers once it is there."""
        return jsonify(data={})

    return app
