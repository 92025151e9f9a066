"""What is between a program and its server: connections that can be cut, or swallowed as by a broken network.

with Proxy(("127.0.0.1", 6379)) as proxy:
    ...                       # clients connect to proxy.place
    proxy.swallow()           # those that are open stay open, and nothing comes through any more
    with proxy.black_hole():  # nor do those that are opened meanwhile, ever
        ...
    proxy.target = ...        # new ones go there
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from types import TracebackType
from typing import Self

_CHUNK = 65_536


class Proxy:
    """A TCP proxy on a free port of loopback, for a `with` block. A target that is not there ends a connection at once."""

    def __init__(self, target: tuple[str, int]) -> None:
        self.target = target
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._links: set[_Link] = set()
        self._is_black_hole = False
        self._lock = threading.Lock()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __repr__(self) -> str:
        return f"<Proxy {self.place} to {self.target}, {len(self._links)} open>"

    @property
    def place(self) -> tuple[str, int]:
        """Where it listens."""
        host, port = self._listener.getsockname()
        return host, port

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        # Closing alone does not wake the thread that accepts.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._thread.join()
        self.cut()

    def swallow(self) -> int:
        """Lose all that is sent over the connections that are open now, in both ways. Gives how many."""
        with self._lock:
            return self._swallow()

    @contextmanager
    def black_hole(self) -> Iterator[None]:
        """As `swallow`, for the connections that are opened during the block too."""
        with self._lock:
            self._swallow()
            self._is_black_hole = True
        try:
            yield
        finally:
            with self._lock:
                self._is_black_hole = False

    def cut(self) -> None:
        """End the connections that are open now."""
        with self._lock:
            links = list(self._links)
        for link in links:
            link.end()

    def _swallow(self) -> int:
        for link in self._links:
            link.is_swallowed = True
        return len(self._links)

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(self.target, timeout=5)
            except OSError:
                client.close()
                continue
            server.settimeout(None)
            with self._lock:
                link = _Link(client, server, is_swallowed=self._is_black_hole)
                self._links.add(link)
            for source, sink in ((client, server), (server, client)):
                threading.Thread(target=self._pump, args=(link, source, sink), daemon=True).start()

    def _pump(self, link: _Link, source: socket.socket, sink: socket.socket) -> None:
        with closing(source):
            try:
                while data := source.recv(_CHUNK):
                    if not link.is_swallowed:
                        sink.sendall(data)
            except OSError:
                pass
            link.end()
        with self._lock:
            self._links.discard(link)


class _Link:
    """A connection with its continuation."""

    def __init__(self, client: socket.socket, server: socket.socket, *, is_swallowed: bool) -> None:
        self._sockets = (client, server)
        self.is_swallowed = is_swallowed

    def end(self) -> None:
        for end in self._sockets:
            try:
                end.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass  # one of the pumps has closed it
