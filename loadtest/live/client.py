"""One client of the live protocol (bff/protocol/PROTOCOL.md): its side of the conversation, and what it came to know.

Bytes in, bytes out: `swarm` has the sockets and the clock. Thousands of them fit into a process: a state, or a message,
that many clients have is there once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Literal, Protocol
from weakref import WeakValueDictionary

import orjson

from loadtest.live import patches
from loadtest.live.wire import Event, Frames, Handshake, Packets, WireError, text_frame

PACKETS = Packets("/graphql")
_NEXT = PACKETS.event + b'["next",'
# After these a subscription that was refused its position, or ended, is asked for anew.
_WITHOUT_POSITION = {"FORBIDDEN"}
_PING, _PONG, _OPEN, _END, _NOTHING = b"2", b"3", b"0", b"1", b"6"


@dataclass(frozen=True, slots=True)
class Ask:
    """What a client subscribes to: the body of a GraphQL request."""

    payload: Mapping[str, Any]
    mode: Literal["full", "patch"] = "patch"


@dataclass(frozen=True, slots=True)
class Break:
    """A place in a sequence of events where some may be missing, and the server said so."""

    reason: Literal["gap", "unrecovered"]


class State:
    """A payload at some version. What a message makes of it is made once, for all clients that have both."""

    __slots__ = ("__weakref__", "_following", "payload")
    _whole: ClassVar[WeakValueDictionary[bytes, State]] = WeakValueDictionary()

    def __init__(self, payload: Any) -> None:
        self.payload = payload
        self._following: dict[bytes, State] = {}

    @classmethod
    def whole(cls, text: bytes, payload: Any) -> State:
        """The state that the message `text` brings."""
        state = cls._whole.get(text)
        if state is None:
            state = cls._whole[text] = cls(payload)
        return state

    def patched(self, text: bytes, patch: Sequence[Mapping[str, Any]]) -> State:
        """The state after the message `text`, which brings `patch`. Raises PatchError."""
        state = self._following.get(text)
        if state is None:
            state = self._following[text] = State(patches.apply(self.payload, patch))
        return state


@dataclass(slots=True)
class Subscription:
    """What a client knows of one thing that it subscribed to."""

    id: str
    ask: Ask
    channel: int | None = None
    kind: Literal["live", "event"] | None = None
    position: str | None = None
    version: int | None = None
    state: State | None = None
    entries: list[str | Break] = field(default_factory=list)
    """Of an event subscription: the ids of events in the order in which they came first, and where some may be missing."""
    ids: set[str] = field(default_factory=set)
    recovered: list[bool] = field(default_factory=list)
    """What the server said at each return."""
    duplicates: int = 0
    ended: str | None = None
    """The code with which the server has ended or refused it for good."""

    @property
    def is_current(self) -> bool:
        """Whether nothing is owed to it: it was accepted, and has its state."""
        return self.channel is not None and (self.kind == "event" or (self.version is not None))


class Log(Protocol):
    """Is told of each state and event as it arrives."""

    def note(self, text: bytes, now: int, client: int) -> None: ...


class Client:
    """A client with its subscriptions, over one connection after the other.

    The owner opens a connection, sends what `begin` gives, hands over what arrives, sends what it gets for it, and
    says when the connection is `lost`. `now` is the monotonic clock in nanoseconds.
    """

    __slots__ = (
        "_began",
        "_channels",
        "_frames",
        "_handshake",
        "_head",
        "_log",
        "_token",
        "faults",
        "leave_within",
        "number",
        "outages",
        "subscriptions",
    )

    def __init__(self, number: int, *, token: str, asks: Sequence[Ask], log: Log) -> None:
        self.number = number
        self.subscriptions = [Subscription(str(place), ask) for place, ask in enumerate(asks, 1)]
        self.outages: list[tuple[int, int]] = []
        """When it lost what it had, and had all of it again."""
        self.faults: list[str] = []
        """What it met that the protocol does not allow."""
        self.leave_within: float | None = None
        """Seconds within which the node wants it to go elsewhere."""
        self._token, self._log = token, log
        self._channels: dict[int, list[Subscription]] = {}
        self._handshake: Handshake | None = None
        self._head = b""
        self._frames: Frames | None = None
        self._began: int | None = None

    def __repr__(self) -> str:
        return f"<Client {self.number} {'current' if self.is_current else 'behind'}>"

    @property
    def is_current(self) -> bool:
        return all(it.is_current or it.ended is not None for it in self.subscriptions)

    def begin(self, host: str) -> bytes:
        """A new connection to `host` is there: what it sends first."""
        self._handshake, self._head, self._frames = Handshake.to(host), b"", None
        self.leave_within = None
        return self._handshake.request

    def lost(self, now: int) -> None:
        """The connection is over. What it knows it keeps, to go on from there."""
        if self._began is None and self.is_current:
            self._began = now
        self._handshake, self._frames = None, None
        self._channels.clear()
        for subscription in self.subscriptions:
            subscription.channel = None

    def received(self, data: bytes, now: int) -> tuple[bytes, bool]:
        """What to send for what has arrived, and whether the server has ended. Raises Refused, WireError."""
        if self._frames is None:
            assert self._handshake is not None
            rest = self._handshake.rest(self._head + data)
            if rest is None:
                self._head += data
                return b"", False
            self._frames, self._head, data = Frames(), b"", rest
        texts, answer, is_over = self._frames.feed(data)
        for text in texts:
            if text.startswith(_NEXT):
                self._log.note(text, now, self.number)
                self._next(text, PACKETS.read(text).body)
            elif text == _PING:
                answer += text_frame(_PONG)
            elif text.startswith(PACKETS.event):
                answer += self._event(PACKETS.read(text))
            elif text.startswith(_OPEN):
                answer += text_frame(PACKETS.connect({"token": self._token}))
            elif text.startswith(PACKETS.connected):
                for subscription in self.subscriptions:
                    if subscription.ended is None:
                        answer += self._subscribe(subscription)
            elif text.startswith(PACKETS.refused):
                refusal = PACKETS.body(text) or {}
                code = (refusal.get("data") or {}).get("code", "refused")
                for subscription in self.subscriptions:
                    subscription.ended = code
                is_over = True
            elif text == _END or text.startswith(PACKETS.disconnected):
                is_over = True
            elif text != _NOTHING:
                raise WireError(f"an unknown packet: {text[:80]!r}")
        if self._began is not None and self.is_current:
            self.outages.append((self._began, now))
            self._began = None
        return answer, is_over

    def _subscribe(self, subscription: Subscription) -> bytes:
        body = {"id": subscription.id, "payload": subscription.ask.payload, "mode": subscription.ask.mode}
        if subscription.position is not None:
            body["resume"] = subscription.position
        return text_frame(PACKETS.emit("subscribe", body))

    # ---- what the server says

    def _event(self, event: Event) -> bytes:
        body = event.body
        if event.name == "subscribed":
            self._subscribed(self._of(body["id"]), body)
        elif event.name == "position":
            for subscription in self._channels.get(body["channel"], ()):
                subscription.position = body["position"]
        elif event.name == "gap":
            for subscription in self._channels.get(body["channel"], ()):
                subscription.entries.append(Break("gap"))
                subscription.position = body["position"]
        elif event.name == "error":
            return self._over(self._of(body["id"]), body["payload"][0]["extensions"]["code"], None)
        elif event.name == "complete":
            return self._over(self._of(body["id"]), body["code"], body.get("resume"))
        elif event.name == "move":
            self.leave_within = body["within"] / 1e3
        else:
            raise WireError(f"an unknown event: {event.name}")
        return b""

    def _of(self, id_: str) -> Subscription:
        return self.subscriptions[int(id_) - 1]

    def _subscribed(self, subscription: Subscription, body: Mapping[str, Any]) -> None:
        subscription.channel, subscription.kind = body["channel"], body["kind"]
        self._channels.setdefault(body["channel"], []).append(subscription)
        subscription.position = body.get("position", subscription.position)
        recovered = body["recovered"]
        if recovered is not None:
            subscription.recovered.append(recovered)
            if recovered is False and subscription.kind == "event":
                subscription.entries.append(Break("unrecovered"))
        # Without a version the state follows. Versions are a channel's own: what it had says nothing any more.
        subscription.version = body.get("version")
        if subscription.version is not None and subscription.state is None:
            self.faults.append("a version of a state that it does not have")

    def _over(self, subscription: Subscription, code: str, resume: str | None) -> bytes:
        if subscription.channel is not None:
            self._channels[subscription.channel].remove(subscription)
            subscription.channel = None
        if resume is None and not (code in _WITHOUT_POSITION and subscription.position is not None):
            subscription.ended = code
            return b""
        subscription.position = resume
        if resume is None and subscription.kind == "event":
            subscription.entries.append(Break("unrecovered"))
        return self._subscribe(subscription)

    def _next(self, text: bytes, body: Mapping[str, Any]) -> None:
        take: Callable[[Subscription, bytes, Mapping[str, Any]], None] = (
            self._take_event if "event" in body else self._take_state
        )
        of_one = body.get("id")
        for subscription in self._channels.get(body["channel"], ()):
            if of_one is None or of_one == subscription.id:
                take(subscription, text, body)

    def _take_event(self, subscription: Subscription, _text: bytes, body: Mapping[str, Any]) -> None:
        id_ = body["event"]
        if id_ in subscription.ids:
            subscription.duplicates += 1
        else:
            subscription.ids.add(id_)
            subscription.entries.append(id_)
        subscription.position = body["position"]

    def _take_state(self, subscription: Subscription, text: bytes, body: Mapping[str, Any]) -> None:
        version, known = body["version"], subscription.version
        if known is not None and version <= known:
            # For somebody who joined later.
            return
        if "payload" in body:
            subscription.state = State.whole(text, body["payload"])
        elif known is None:
            # On its way to others when this one joined; its own state follows.
            return
        elif version != known + 1 or subscription.state is None:
            self.faults.append(f"a patch for version {version}, which follows {version - 1}, not {known}")
            return
        else:
            try:
                subscription.state = subscription.state.patched(text, body["patch"])
            except patches.PatchError as error:
                self.faults.append(str(error))
                return
        subscription.version, subscription.position = version, body["position"]


def document(name: str, **variables: str) -> Mapping[str, Any]:
    """The body that asks for a registered document."""
    return {"documentId": name, "variables": variables}


def canonical(payload: object) -> bytes:
    """One spelling for equal payloads."""
    return orjson.dumps(payload, option=orjson.OPT_SORT_KEYS)
