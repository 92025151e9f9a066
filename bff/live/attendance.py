"""Attendance: which of a node's subscriptions hold their viewers where, and live operations that show who is there.

`Presence` may wait for Redis, which the hub must not while it holds its lock: what is to be told goes through a queue, in
order, which a thread of its own works off.
"""

from __future__ import annotations

import secrets
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from queue import Queue
from typing import Any

from graphql import GraphQLError

from ..errors import NotVisible
from ..readsets.readset import Invocation
from ..telemetry import report_defect
from .presence import Presence
from .scheduler import Runner
from .sources import PresenceSource
from .states import LiveOperation


@dataclass(frozen=True, slots=True)
class Stay:
    """That a member (None: nobody, who only looks) is at a place; no other subscription has this `holder`, on any node."""

    source: PresenceSource
    place: str
    member: str | None
    holder: str


class Attendance:
    """The stays of one node. `lock` is the hub's: held around every call but `stay` and `run`."""

    def __init__(
        self,
        runner: Runner,
        presence: Presence,
        *,
        lock: threading.RLock,
        touch: Callable[[LiveOperation], None],
    ) -> None:
        """`touch` is called with an operation that shows other members than before."""
        self._runner, self._presence, self._lock, self._touch = runner, presence, lock, touch
        self._watching: dict[LiveOperation, Callable[[], None]] = {}
        self._told: Queue[Callable[[], None] | None] = Queue()

    def __repr__(self) -> str:
        return f"<Attendance {len(self._watching)} operations>"

    def stay(self, source: PresenceSource, operation: LiveOperation) -> Stay:
        """Where and who the viewer of an operation will be. May read the database.

        Raises NotVisible when they may not see the place, and what else is the answer's error where there is no answer.
        """
        subject = operation.subject
        place, member = source.place(subject.variables), source.who(subject.viewer)
        operation.is_withheld = source.is_withheld
        operation.root_value = source.root_value(place, ())
        asked = Invocation(subject.variables, operation.root_value)
        [answered] = self._runner.execute_live(subject.plan, [asked], subject.viewer).answers
        if source.is_withheld(answered.payload):
            raise NotVisible(f"{source.name}: there is nothing to be present at, or not for this viewer")
        if _is_refused(answered.payload):
            error = answered.payload["errors"][0]
            raise GraphQLError(error["message"], extensions=error["extensions"])
        return Stay(source, place, member, secrets.token_hex(8))

    def begin(self, stay: Stay) -> None:
        """The viewer is there."""
        if stay.member is not None:
            self._told.put(partial(self._presence.join, stay.place, stay.member, stay.holder))

    def end(self, stay: Stay) -> None:
        """The viewer is not held there any more."""
        if stay.member is not None:
            self._told.put(partial(self._presence.leave, stay.place, stay.member, stay.holder))

    def watch(self, operation: LiveOperation, stay: Stay) -> None:
        """Have an operation show who is at the place of a stay."""
        source, place = stay.source, stay.place

        def changed(members: frozenset[str]) -> None:
            with self._lock:
                operation.root_value = source.root_value(place, members)
                self._touch(operation)

        self._watching[operation] = partial(self._presence.unwatch, place, changed)
        self._told.put(partial(self._presence.watch, place, changed))

    def forget(self, operation: LiveOperation) -> None:
        """The operation is not kept any more."""
        unwatch = self._watching.pop(operation, None)
        if unwatch is not None:
            self._told.put(unwatch)

    def run(self) -> None:
        """Tell `Presence` what is to be told, until `stop`."""
        while (tell := self._told.get()) is not None:
            try:
                tell()
            except Exception as error:  # noqa: BLE001 - a defect must not end the thread
                report_defect(error, part="live.presence")

    def stop(self) -> None:
        """Have `run` return."""
        self._told.put(None)


def _is_refused(payload: Mapping[str, Any]) -> bool:
    """Whether there is no answer but errors: who is shown nothing is shown to nobody."""
    data = payload.get("data") or {}
    return "errors" in payload and all(value is None for value in data.values())
