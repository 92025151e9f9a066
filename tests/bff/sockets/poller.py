"""A client of Engine.IO's polling transport."""

from __future__ import annotations

import json
from http.client import HTTPConnection


class Poller:
    """A client of the polling transport."""

    def __init__(self, address: tuple[str, int]) -> None:
        self._connection = HTTPConnection(*address, timeout=10)
        self._query = "EIO=4&transport=polling"
        self._waiting: list[str] = []
        opened = json.loads(self.receive()[1:])
        self.sid = opened["sid"]
        self.upgrades = opened["upgrades"]
        self._query += f"&sid={self.sid}"

    def send(self, text: str) -> int:
        self._connection.request("POST", f"/socket.io/?{self._query}", body=text.encode())
        response = self._connection.getresponse()
        response.read()
        return response.status

    def receive(self) -> str:
        while not self._waiting:
            self._connection.request("GET", f"/socket.io/?{self._query}")
            with self._connection.getresponse() as response:
                assert response.status == 200
                self._waiting += response.read().decode().split("\x1e")
        return self._waiting.pop(0)

    def close(self) -> None:
        self._connection.close()


POLLING = {"transports": ["polling", "websocket"]}
