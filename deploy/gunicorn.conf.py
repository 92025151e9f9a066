import gevent.monkey

gevent.monkey.patch_all()  # before everything: sockets and locks that were made earlier would stay blocking

import gc

gc.disable()  # while all that is loaded and planned is kept: a fifth of the start; see post_fork

# How Briefcase is served, by `make demo` and in production alike: gunicorn -c deploy/gunicorn.conf.py
#
# One number sizes it all: DATABASE_CONNECTIONS, the connections that PostgreSQL has for the pages of this host. They
# are shared out evenly among the workers, without overflow: what every worker may open is what PostgreSQL has, so no
# load makes it refuse one. There are as many workers as cores (WEB_CONCURRENCY overrides), since a worker is one
# thread and what it does besides waiting is Python.
#
#   variable              default     meaning
#   DATABASE_CONNECTIONS  10          connections of this host, all workers together; more than PostgreSQL has cores for do
#                                     not make pages faster: they wait for each other there, out of turn, not here in line
#   WEB_CONCURRENCY       cores       workers; never more than there are connections
#   HOST, PORT            127.0.0.1, 5000
#   BRIEFCASE_ENV         production  `development` waits a second at the end, production longer

import os
from typing import Any

import gevent
from gunicorn.arbiter import Arbiter
from gunicorn.workers.base import Worker
from sqlalchemy import Engine

import bff

DATABASE_CONNECTIONS = int(os.environ.get("DATABASE_CONNECTIONS", "10"))
IS_DEVELOPMENT = os.environ.get("BRIEFCASE_ENV") == "development"

wsgi_app = "app:create_app()"
bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '5000')}"

# gunicorn's own gevent worker hands over its sockets, which is all that the layer needs to speak WebSocket.
worker_class = "gevent"
workers = min(int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 1), DATABASE_CONNECTIONS)
raw_env = [f"DATABASE_POOL_SIZE={DATABASE_CONNECTIONS // workers}"]

# Every open socket is a connection for as long as it is open; at gunicorn's 1,000 the next request would wait for one
# of them to end. More than the sockets that the layer takes (BFF_LIVE_MAX_SOCKETS).
worker_connections = 10_000

# Load and plan once, before the fork: a broken document stops the start with one message, not one a worker.
preload_app = True

# A worker that stops sends its sockets away (see post_worker_init), in BFF_LIVE_DRAIN seconds; pages are done long before.
graceful_timeout = 3 if IS_DEVELOPMENT else 30
keepalive = 5

# A persisted query carries its variables in the address.
limit_request_line = 8190
# Nothing controls the master but signals.
control_socket_disable = True


def post_fork(server: Arbiter, worker: Worker) -> None:
    bff.patch_psycopg2()
    # A connection that two processes use is garbage to both: forget, without closing, what came over the fork.
    for thing in gc.get_objects():
        if issubclass(type(thing), Engine):
            thing.dispose(close=False)
    # What was loaded before the fork stays: looking through it again and again costs time, and copies what is shared.
    gc.freeze()
    gc.enable()


def post_worker_init(worker: Worker) -> None:
    # Open sockets would hold a worker that is to stop until its time is over, and then be cut off: they are sent away, each at
    # a time of its own, and come back to another worker, where they go on. Watched, not caught as a signal, because
    # a worker stops for other reasons, too.
    layer = worker.wsgi.extensions["bff"]
    # Now, after the fork: what follows changes, and what brings them, are threads.
    layer.start()

    def drain() -> None:
        while worker.alive:
            gevent.sleep(0.1)
        layer.drain(within=0.5 if IS_DEVELOPMENT else None)

    gevent.spawn(drain)


def post_request(worker: Worker, request: Any, environ: Any, response: Any) -> None:
    # A client whose next request has arrived already would be served again, and again, before all who wait: gevent
    # goes on as long as nothing blocks, and an answer that needs no database never does.
    gevent.sleep(0)
