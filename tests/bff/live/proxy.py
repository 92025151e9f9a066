"""A TCP proxy that can be told to swallow everything, as a cable that is cut or a firewall that forgot a connection."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress


class Proxy:
    """Forwards connections on a port of its own to `port`, which may become another one."""

    def __init__(self, port: int) -> None:
        self.port = port
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._sockets: set[socket.socket] = set()
        self._black_hole = threading.Event()
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def address(self) -> str:
        host, port = self._listener.getsockname()
        return f"{host}:{port}"

    def swallow(self) -> None:
        """From now on nothing gets through, and nobody is told: neither who is connected nor who connects."""
        self._black_hole.set()

    def forward(self) -> None:
        """Who connects gets through again; who was connected never does."""
        self._black_hole.clear()

    def close(self) -> None:
        for each in (self._listener, *self._sockets):
            with suppress(OSError):
                # Wakes who waits for it.
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self._sockets.add(client)
                if not self._black_hole.is_set():
                    threading.Thread(target=self._connect, args=[client], daemon=True).start()

    def _connect(self, client: socket.socket) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", self.port), 5)
        except OSError:
            client.close()
            return
        server.settimeout(None)
        self._sockets.add(server)
        threading.Thread(target=self._pump, args=[client, server], daemon=True).start()
        self._pump(server, client)

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        is_dead = False
        with suppress(OSError):
            while data := source.recv(65536):
                is_dead = is_dead or self._black_hole.is_set()
                if not is_dead:
                    target.sendall(data)
        if not is_dead and not self._black_hole.is_set():
            for each in (source, target):
                with suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)
