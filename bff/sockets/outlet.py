"""One socket, as the hub sees it: takes messages, says when it is full, and holds them back while it is not known who it is of."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from typing import Protocol

from engineio import packet

from ..documents.registry import Operation
from ..errors import BffError
from ..protocol.messages import Message, Subscribe
from ..readsets.readset import Fact
from .connection import EngineSocket
from .timers import Timer


class Hub(Protocol):
    """Who answers subscriptions."""

    def subscribe(self, outlet: Outlet, request: Subscribe, operation: Operation, viewer: object) -> None: ...
    def unsubscribe(self, outlet: Outlet, id: str) -> None: ...
    def drop(self, outlet: Outlet) -> None: ...
    def end(self, outlet: Outlet, why: type[BffError], message: str) -> None: ...
    def drained(self, outlet: Outlet) -> None: ...
    def follow(self, outlet: Outlet, facts: Sequence[Fact], callback: Callable[[], None]) -> None: ...


class Outlet:
    """One client's connection to the namespace. Any greenlet may send; nothing here waits."""

    def __init__(
        self,
        connection: EngineSocket,
        sid: str,
        namespace: str,
        *,
        viewer: object,
        token: str | None,
        drained: Callable[[Outlet], None],
    ) -> None:
        """`drained` is called when it was full and is not any more."""
        self.connection = connection
        self.sid = sid
        self.viewer = viewer
        self.token = token
        """What the client gave in the place of an Authorization header."""
        self.subscriptions: dict[str, Subscribe] = {}
        """By their ids, those that are not over."""
        self.beginning: set[str] = set()
        """Ids of subscriptions that are being begun, even if they are over."""
        self.total = 0
        """Subscriptions that were ever begun."""
        self.is_over = False
        self.reason: str | None = None
        """Why it was sent away."""
        self.is_suspect = False
        """Whether the host has to be asked again who it is of."""
        self.is_asking = False
        """Whether somebody asks."""
        self.suspicions = 0
        """How often it became suspect because something changed."""
        self.expiry: Timer | None = None
        self._prefix = f"2{namespace},"
        self._drained = drained
        self._is_waited_for = False
        self._held: list[Message] | None = None
        self._held_for = self._cleared = 0
        # Lest what is sent overtakes what was held back, or is kept by a list that was just released.
        self._order = threading.Lock()
        self._is_silenced = False
        connection.on_drained.append(self._tell_drained)

    def __repr__(self) -> str:
        return f"<Outlet {self.sid} of {self.viewer!r}, {len(self.subscriptions)} subscriptions, {self.connection!r}>"

    def send(self, message: Message) -> None:
        """Send it now, or as soon as the client takes it."""
        if message.ends is not None:
            self.subscriptions.pop(message.ends, None)
        elif self._is_silenced:
            return
        with self._order:
            if self._held is None:
                self.reply(message)
            else:
                self._held.append(message)

    def reply(self, message: Message) -> None:
        """Send it whatever is held back, and though the subscription that it is of may go on."""
        encoded = message.encoded
        if encoded is None:
            # No packet of python-socketio, which would take the text for data to be encoded, and look for bytes in it.
            encoded = message.encoded = packet.Packet(
                packet.MESSAGE, f'{self._prefix}["{message.event}",{message.text}]'
            )
        self.connection.send(encoded)

    @property
    def is_full(self) -> bool:
        """Whether what is sent now would only wait."""
        # Before the question, lest the answer change in between and nobody tell.
        self._is_waited_for = True
        if self._held is not None or self.connection.is_full:
            return True
        self._is_waited_for = False
        return False

    def _tell_drained(self) -> None:
        if self._is_waited_for and self._held is None:
            self._is_waited_for = False
            self._drained(self)

    def hold(self, suspicion: int) -> None:
        """Keep what is sent from now on, until this suspicion, counted by `suspicions`, is cleared."""
        with self._order:
            if suspicion <= self._cleared:
                return
            self._held_for = max(self._held_for, suspicion)
            if self._held is None:
                self._held = []

    def release(self, suspicion: int) -> None:
        """All suspicions up to this one are cleared: send what was held back, unless there is another by now."""
        with self._order:
            self._cleared = max(self._cleared, suspicion)
            if self._held_for > self._cleared:
                return
            held, self._held = self._held or [], None
            for message in held:
                self.reply(message)
        if not self.connection.is_full:
            self._tell_drained()

    def silence(self, is_silenced: bool) -> None:
        """Drop what was held back, and from now on all but the ends of subscriptions."""
        with self._order:
            self._is_silenced = is_silenced
            self._held = None

    def close(self) -> None:
        """The client is gone."""
        self.is_over = True
        self.subscriptions.clear()
        if self.expiry is not None:
            self.expiry.cancel()
        self.connection.on_drained.remove(self._tell_drained)
