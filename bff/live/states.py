"""The state of one live operation on a node: the newest answer, and who has which.

`LiveOperation` knows nothing of changes, threads or databases: the hub runs the operation and gives it the answer (`take`).
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from ..changes.backoff import Backoff
from ..changes.change import Snapshot
from ..changes.stream import Position
from ..errors import BffError
from ..json_text import encode
from ..protocol import messages as protocol
from ..protocol.messages import Mode
from ..protocol.patch import difference
from ..protocol.resume_token import ResumePoint, ResumeTokens, tag_of
from .channels import Channel, Member, Outlet
from .subject import Subject

MODES: tuple[Mode, ...] = ("full", "patch")

Outcome = Literal["first", "changed", "unchanged", "gone"]


@dataclass(frozen=True, slots=True)
class State:
    """An answer as of `position`; `text` is its JSON, `patch` turns the payload of the version before into this one."""

    version: int
    payload: Mapping[str, Any] = field(repr=False)
    text: str = field(repr=False)
    tag: str
    position: Position
    sealed: str
    patch: str | None = field(default=None, repr=False)


@dataclass(frozen=True, slots=True)
class Joining:
    """A subscription that waits for the first state."""

    outlet: Outlet
    id: str
    mode: Mode
    held: ResumePoint | None
    is_resuming: bool
    since: float


class LiveOperation:
    """One operation with its variables in one viewer's scope. Not locked: the hub's lock is held around every call."""

    def __init__(self, subject: Subject, *, tokens: ResumeTokens, number: Callable[[], int]) -> None:
        self.subject, self.tokens = subject, tokens
        self.channels: dict[Mode, Channel] = {mode: Channel(number()) for mode in MODES}
        self.joining: list[Joining] = []
        self.state: State | None = None
        self.snapshot: Snapshot | None = None
        self.root_value: Any = None
        self.is_withheld: Callable[[Mapping[str, Any]], bool] = lambda _payload: False
        self.is_dirty = True
        self.is_running = False
        self.must_rerun = False
        self.backoff = Backoff()
        self.late = 0
        """Times in a row that a run exceeded its deadline."""
        self.rests_until = float("-inf")

    def __repr__(self) -> str:
        version = 0 if self.state is None else self.state.version
        return (
            f"<LiveOperation {self.subject.plan.name} version {version}, {sum(map(len, self.channels.values()))} subscribers"
            f"{', dirty' if self.is_dirty else ''}{', running' if self.is_running else ''}>"
        )

    @property
    def group(self) -> Hashable:
        """Equal for operations that may be run together; who was late is run alone, not to make others late."""
        return (self.subject.group, self if self.late else None)

    @property
    def is_wanted(self) -> bool:
        """Whether anybody subscribes to it, or is about to."""
        return bool(self.joining) or any(map(len, self.channels.values()))

    def members(self) -> Iterator[tuple[Channel, Member]]:
        """All who have a state."""
        for channel in self.channels.values():
            for member in channel:
                yield channel, member

    # ---- coming and going

    def join(self, joining: Joining) -> None:
        """Begin a subscription, as soon as there is a state that is not known to be old."""
        if self.state is None or self.is_dirty or self.is_running:
            self.joining.append(joining)
        else:
            self._admit(joining, self.state)

    def _admit(self, joining: Joining, state: State) -> None:
        channel, outlet, held = self.channels[joining.mode], joining.outlet, joining.held
        recovered = (held is not None and held.position.epoch == state.position.epoch) if joining.is_resuming else None
        is_current = bool(recovered) and held is not None and held.tag == state.tag
        member = channel.admit(outlet, joining.id)
        outlet.send(
            protocol.subscribed(
                joining.id,
                channel=channel.number,
                kind="live",
                recovered=recovered,
                version=state.version if is_current else None,
                position=state.sealed,
            )
        )
        # The socket's other subscriptions to the channel may have been passed over: then the state is for them, too.
        is_behind = len(member.ids) > 1 and member.version < state.version
        if is_current and not is_behind:
            member.version = state.version
        elif outlet.is_full:
            member.version = 0
        else:
            outlet.send(self._whole(channel, state, id=None if is_behind else joining.id))
            member.version = state.version

    def leave(self, outlet: Outlet, id: str, mode: Mode) -> None:
        """End a subscription."""
        self.channels[mode].leave(outlet, id)
        self.joining = [each for each in self.joining if (each.outlet, each.id) != (outlet, id)]

    def drained(self, outlet: Outlet) -> None:
        """The outlet takes messages again: send it the newest state if it was passed over."""
        state = self.state
        if state is None:
            return
        for channel in self.channels.values():
            member = channel.of(outlet)
            if member is not None and member.version < state.version and not outlet.is_full:
                outlet.send(self._whole(channel, state))
                member.version = state.version

    # ---- states

    def take(self, payload: Mapping[str, Any], position: Position) -> Outcome:
        """Take an answer as the newest state, and send it to all. `gone`: there is nothing left of what there was."""
        last = self.state
        encoded = encode(payload)
        is_plain = payload.keys() == {"data"}
        text, tag = encoded.decode(), tag_of(encoded if is_plain else encode(_without_marks(payload)))
        if last is not None and last.tag == tag:
            if last.position.epoch != position.epoch:
                self.state = self._state(last.version, last.payload, last.text, tag, position)
            outcome: Outcome = "unchanged"
        elif last is not None and _is_gone(last.payload, payload):
            return "gone"
        else:
            version = 1 if last is None else last.version + 1
            self.state = self._state(version, payload, text, tag, position, last=last)
            self._publish(self.state)
            outcome = "first" if last is None else "changed"
        joining, self.joining = self.joining, []
        assert self.state is not None
        for each in joining:
            self._admit(each, self.state)
        return outcome

    def _state(
        self,
        version: int,
        payload: Mapping[str, Any],
        text: str,
        tag: str,
        position: Position,
        *,
        last: State | None = None,
    ) -> State:
        patch = None
        if last is not None and len(self.channels["patch"]):
            made = encode(difference(last.payload, payload)).decode()
            patch = made if len(made) < len(text) else None
        return State(version, payload, text, tag, position, self.tokens.seal(position, tag), patch)

    def _publish(self, state: State) -> None:
        for mode, channel in self.channels.items():
            whole = patched = None
            for member in channel:
                if member.outlet.is_full:
                    continue
                if mode == "patch" and state.patch is not None and member.version == state.version - 1:
                    patched = patched or protocol.next_patch(
                        channel.number, version=state.version, patch=state.patch, position=state.sealed
                    )
                    member.outlet.send(patched)
                else:
                    whole = whole or self._whole(channel, state)
                    member.outlet.send(whole)
                member.version = state.version

    @staticmethod
    def _whole(channel: Channel, state: State, *, id: str | None = None) -> protocol.Message:
        return protocol.next_state(
            channel.number, version=state.version, payload=state.text, position=state.sealed, id=id
        )

    # ---- the end

    def complete(self, why: type[BffError], message: str, *, can_resume: bool = False) -> list[tuple[Outlet, str]]:
        """End all subscriptions; gives which they were."""
        resume = self.state.sealed if can_resume and self.state is not None else None
        ended = [(each.outlet, each.id) for each in self.joining]
        for channel in self.channels.values():
            ended += [(member.outlet, id) for member in channel.clear() for id in sorted(member.ids)]
        self.joining = []
        for outlet, id in ended:
            outlet.send(protocol.complete(id, why, message, resume=resume))
        return ended

    def refuse(self, errors: list[dict[str, Any]]) -> list[tuple[Outlet, str]]:
        """Tell all who wait for the first state that there will be none; gives who they were."""
        ended = [(each.outlet, each.id) for each in self.joining]
        self.joining = []
        for outlet, id in ended:
            outlet.send(protocol.error(id, errors))
        return ended


def _without_marks(payload: Mapping[str, Any]) -> dict[str, Any]:
    """The payload, but for what is another with every run: the ids under which defects are logged, and `extensions`."""
    kept = [
        {**error, "message": "", "extensions": {"code": BffError.code}}
        if error.get("extensions", {}).get("code") == BffError.code
        else error
        for error in payload.get("errors") or ()
    ]
    return {"data": payload.get("data"), "errors": kept}


def _is_gone(last: Mapping[str, Any], payload: Mapping[str, Any]) -> bool:
    """Whether all root fields are null that had something before: what they showed is deleted, or not to be seen any more."""
    before, now = last.get("data"), payload.get("data")
    if payload.get("errors") or not before or not isinstance(now, dict):
        return False
    return any(value is not None for value in before.values()) and all(value is None for value in now.values())
