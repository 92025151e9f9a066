"""Servers with sockets, for the tests of what clients may do to them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing
from typing import Any

import pytest
from werkzeug.serving import make_server

from tests.bff.sockets.poller import Poller
from tests.bff.sockets.site import Serve, Served, make_site
from tests.bff.sockets.wire import Wire


@pytest.fixture
def serve() -> Iterator[Callable[..., Served]]:
    """`serve(deadline=5)` gives the small site, served by threads; `.open()` a connection to it."""
    with ExitStack() as stack:

        def start(**settings: Any) -> Served:
            app, layer = make_site(**settings)
            server = make_server("127.0.0.1", 0, app, threaded=True)
            thread = threading.Thread(target=server.serve_forever, args=(0.01,))
            thread.start()
            stack.callback(server.server_close)
            stack.callback(thread.join)
            stack.callback(server.shutdown)
            address = ("127.0.0.1", server.server_port)
            return Served(address, layer, lambda **given: stack.enter_context(Wire(address, **given)))

        yield start


@pytest.fixture
def poll() -> Iterator[Callable[[Served], Poller]]:
    with ExitStack() as stack:
        yield lambda site: stack.enter_context(closing(Poller(site.address)))


@pytest.fixture
def site(serve: Serve) -> Served:
    return serve()
