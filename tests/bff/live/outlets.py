"""Outlets that keep what they are given, and a client's side of it."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from typing import Any

from bff.changes.change import Change
from bff.protocol.messages import Message
from loadtest.live.patches import apply

PATIENCE = 10.0
"""Seconds until a test that waits has failed."""


def told_as(change: Change) -> str:
    """The id of the event that tells of a change."""
    return f"{change.xid}-{change.id}"


class KeptOutlet:
    """An outlet in memory; `is_full` is set by the test."""

    def __init__(self) -> None:
        self.is_full = False
        self.messages: list[tuple[str, dict[str, Any]]] = []
        self._came = threading.Condition()

    def send(self, message: Message) -> None:
        with self._came:
            self.messages.append((message.event, json.loads(message.text)))
            self._came.notify_all()

    def wait(self, condition: Callable[[KeptOutlet], object]) -> None:
        """Return once the condition holds of what came."""
        with self._came:
            assert self._came.wait_for(lambda: condition(self), PATIENCE), self.messages

    def view(self, id: str) -> Viewed:
        """What all that came makes for a subscription."""
        return Viewed(id).see(self.messages)

    def take(self) -> list[tuple[str, dict[str, Any]]]:
        """What came since the last call."""
        taken, self.messages = self.messages, []
        return taken


class Viewed:
    """What a client of the protocol makes of messages for one subscription: its states, or its events."""

    def __init__(self, id: str) -> None:
        self.id = id
        self.channel: int | None = None
        self.version = 0
        self.payload: Any = None
        self.events: list[str] = []
        self.payloads: list[Any] = []
        self.position: str | None = None
        self.recovered: bool | None = None
        self.gaps = 0
        self.ended: dict[str, Any] | None = None

    def see(self, messages: list[tuple[str, dict[str, Any]]]) -> Viewed:
        """Take messages as they came. Fails on what the protocol does not allow."""
        for event, message in messages:
            match event:
                case "subscribed" if message["id"] == self.id:
                    self.channel, self.recovered = message["channel"], message["recovered"]
                    self.position = message["position"]
                    if "version" in message:
                        self.version = message["version"]
                case "error" | "complete" if message["id"] == self.id:
                    self.ended = message
                case "gap" if message["channel"] == self.channel:
                    self.gaps += 1
                    self.position = message["position"]
                case "position" if message["channel"] == self.channel:
                    self.position = message["position"]
                case "next" if message["channel"] == self.channel and message.get("id", self.id) == self.id:
                    self._next(message)
        return self

    def _next(self, message: dict[str, Any]) -> None:
        assert self.ended is None, "a message after the end"
        self.position = message["position"]
        if "event" in message:
            if message["event"] not in self.events:
                self.events.append(message["event"])
                self.payloads.append(message["payload"])
        elif "patch" in message:
            assert message["version"] == self.version + 1, "a patch of another version"
            self.payload, self.version = apply(self.payload, message["patch"]), message["version"]
        else:
            self.payload, self.version = message["payload"], message["version"]
