"""The messages of `PROTOCOL.md`: what clients send, decoded and checked; what the server sends, encoded once.

Pure; knows of no transport. Who sends to many sockets makes one `Message` and hands it to all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import BadRequest, BffError
from ..http.request import GraphQLRequest, decode_parameters, parse_json
from ..json_text import encode, is_text

MOST_ID = 64
"""Characters of a subscription's id."""

MOST_POSITION = 1_000
"""Characters of a position; those that the server gives are shorter."""

Mode = Literal["full", "patch"]
Kind = Literal["live", "event"]


# ---- from the client


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscribe:
    """A client asks for an operation to stay answered, under an id of its own."""

    id: str
    request: GraphQLRequest
    mode: Mode = "full"
    resume: str | None = None


@dataclass(frozen=True, slots=True)
class Complete:
    """A client has enough of a subscription."""

    id: str


class NotOfProtocol(Exception):
    """A message that no client of this protocol sends, and that names no subscription to answer it to."""


class SubscribeRefused(BadRequest):
    """A `subscribe` that cannot be answered as it is; `id` tells the client which."""

    def __init__(self, id: str, reason: str) -> None:
        super().__init__(reason)
        self.id = id


def decode(arguments: str) -> Subscribe | Complete:
    """What a client sent: the JSON array of an event's name and its arguments.

    Raises SubscribeRefused where the message names a subscription, else NotOfProtocol.
    """
    try:
        event, *given = parse_json(arguments, "the message")
    except (BadRequest, TypeError, ValueError) as error:
        raise NotOfProtocol(f"not an event: {error}") from None
    if event not in ("subscribe", "complete"):
        raise NotOfProtocol(f"unknown event {event!r:.50}; known: subscribe, complete")
    if len(given) != 1 or not isinstance(given[0], dict):
        raise NotOfProtocol(f"{event} takes one object")
    (message,) = given
    id = message.get("id")
    if not isinstance(id, str) or not 1 <= len(id) <= MOST_ID or not is_text(id):
        raise NotOfProtocol(f"{event} needs an id of 1 to {MOST_ID} characters")
    if event == "complete":
        return Complete(id)
    try:
        return _subscribe(id, message)
    except BadRequest as error:
        raise SubscribeRefused(id, str(error)) from None


def _subscribe(id: str, message: Mapping[str, Any]) -> Subscribe:
    unknown = message.keys() - {"id", "payload", "mode", "resume"}
    if unknown:
        raise BadRequest(f"subscribe has no member {min(unknown)!r:.50}; known: id, payload, mode, resume")
    payload = message.get("payload")
    if not isinstance(payload, dict):
        raise BadRequest("payload must be an object, as the body of GraphQL over HTTP")
    mode = message.get("mode", "full")
    if mode not in ("full", "patch"):
        raise BadRequest("mode must be full or patch")
    resume = message.get("resume")
    if resume is not None and (not isinstance(resume, str) or len(resume) > MOST_POSITION):
        raise BadRequest("resume must be the position of an earlier message")
    return Subscribe(id=id, request=decode_parameters(payload), mode=mode, resume=resume)


# ---- from the server


class Message:
    """An event's name and its argument as JSON, both as they are sent.

    `ends` is the id of the subscription that is over with it. `encoded` is what the adapter made of it for the first
    socket, and sends to all others.
    """

    __slots__ = ("encoded", "ends", "event", "text")

    def __init__(self, event: str, text: str, *, ends: str | None = None) -> None:
        self.event = event
        self.text = text
        self.ends = ends
        self.encoded: object | None = None

    def __repr__(self) -> str:
        return f"<Message {self.event} {self.text:.60}>"


def subscribed(
    id: str, *, channel: int, kind: Kind, position: str, recovered: bool | None = None, version: int | None = None
) -> Message:
    """The subscription begins; with `version` the client's own state is the newest one."""
    fields: dict[str, Any] = {"id": id, "channel": channel, "kind": kind, "recovered": recovered}
    if version is not None:
        fields["version"] = version
    return _message("subscribed", {**fields, "position": position})


def next_state(channel: int, *, version: int, payload: str, position: str, id: str | None = None) -> Message:
    """A state, whole; `payload` is JSON. With `id` it is for that one of the channel's subscriptions."""
    return _next(channel, id, f'"version":{version},"payload":{payload}', position)


def next_patch(channel: int, *, version: int, patch: str, position: str) -> Message:
    """A state as a patch of the one before; `patch` is JSON."""
    return _next(channel, None, f'"version":{version},"patch":{patch}', position)


def next_event(channel: int, *, event: str, payload: str, position: str, id: str | None = None) -> Message:
    """An event; `payload` is JSON. With `id` it is for that one of the channel's subscriptions."""
    return _next(channel, id, f'"event":{_text(event)},"payload":{payload}', position)


def _next(channel: int, id: str | None, what: str, position: str) -> Message:
    addressed = "" if id is None else f'"id":{_text(id)},'
    return Message("next", f'{{"channel":{channel},{addressed}{what},"position":{_text(position)}}}')


def position(channel: int, *, position: str) -> Message:
    """Nothing new for this channel up to here."""
    return _message("position", {"channel": channel, "position": position})


def gap(channel: int, *, position: str) -> Message:
    """Events were lost and cannot be had any more."""
    return _message("gap", {"channel": channel, "position": position})


def error(id: str, errors: Sequence[Mapping[str, Any]]) -> Message:
    """The subscription was refused; `errors` are GraphQL errors as of an HTTP answer."""
    return _message("error", {"id": id, "payload": errors}, ends=id)


def refusal(id: str, why: type[BffError], reason: str) -> Message:
    """`error` with the code of `why`."""
    return error(id, [{"message": reason, "extensions": {"code": why.code}}])


def complete(id: str, why: type[BffError], reason: str, *, resume: str | None = None) -> Message:
    """The subscription is over; with `resume` it may be asked for again."""
    fields = {"id": id, "code": why.code, "message": reason}
    return _message("complete", fields if resume is None else {**fields, "resume": resume}, ends=id)


def move(within: float) -> Message:
    """This node stops: connect anew after a random part of `within` seconds."""
    return _message("move", {"within": round(within * 1000)})


def _message(event: str, fields: Mapping[str, Any], *, ends: str | None = None) -> Message:
    return Message(event, encode(fields).decode(), ends=ends)


def _text(text: str) -> str:
    return encode(text).decode()
