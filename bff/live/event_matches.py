"""Matches changes with the channels that they are events of, and reads what each channel is sent.

Payloads are read under the viewer's policy, when the event is delivered: a row that is gone by then, or not to be seen, is no
event. What is read is tried until the database answers.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any, Protocol, TypeVar

from ..changes.backoff import Backoff
from ..changes.change import Change, ChangeId
from ..changes.stream import Entry
from ..errors import DeadlineExceeded, TryAgain
from ..readsets.readset import Invocation, LiveAnswer
from .event_channel import EventChannel
from .scheduler import Runner
from .sources import EventSource, Route

MOST_TOO_LONG = 3
"""Times that a read may exceed its deadline before its events are declared lost: all others wait for it."""

Match = tuple[EventChannel, Entry]
"""A change that is an event of a channel, as it is told there."""

Read = TypeVar("Read")


class EventReader(Runner, Protocol):
    """How events are read; the server implements it."""

    def locate(self, source: EventSource, changes: Sequence[Change]) -> Mapping[ChangeId, Mapping[Route, Change]]:
        """Where the rows of changes are and were, by the change's key, each with the change as it is told there. Raises TryAgain."""


class EventMatches:
    """Finds the matches of changes and channels, and reads their payloads. It keeps nothing."""

    def __init__(self, reader: EventReader, *, pause: Callable[[float], bool]) -> None:
        """`pause` waits for so many seconds, and tells whether to go on."""
        self._reader, self._pause = reader, pause

    def find(self, entries: Sequence[Entry], channels: Iterable[EventChannel]) -> list[Match]:
        """Who gets which of the entries, in their order. Raises DeadlineExceeded."""
        by_source: dict[str, dict[Route, list[EventChannel]]] = {}
        for channel in channels:
            by_source.setdefault(channel.source.name, {}).setdefault(channel.route, []).append(channel)
        found: list[tuple[int, EventChannel, Entry]] = []
        for by_route in by_source.values():
            source = next(iter(by_route.values()))[0].source
            taken = [each for each in entries if source.takes(each.change)]
            if taken:
                routes = self.tried(partial(self._reader.locate, source, [entry.change for entry in taken])) or {}
                for entry in taken:
                    for route, told in routes.get(entry.change.key, {}).items():
                        here = replace(entry, change=told)
                        found += [(entry.offset, channel, here) for channel in by_route.get(route, ())]
        found.sort(key=lambda each: each[0])
        return [(channel, entry) for _, channel, entry in found]

    def payloads(self, matches: Sequence[Match]) -> list[Mapping[str, Any]] | None:
        """The payloads of matches, in their order; None when stopping. Raises DeadlineExceeded."""
        groups: dict[Hashable, list[int]] = {}
        for number, (channel, _) in enumerate(matches):
            groups.setdefault(channel.subject.group, []).append(number)
        payloads: list[Mapping[str, Any]] = [{}] * len(matches)
        for numbers in groups.values():
            answers = self.tried(partial(self._answers, [matches[number] for number in numbers]))
            if answers is None:
                return None
            for number, answer in zip(numbers, answers, strict=True):
                payloads[number] = answer.payload
        return payloads

    def _answers(self, matches: Sequence[Match]) -> Sequence[LiveAnswer]:
        """Those of one plan and scope."""
        first = matches[0][0].subject
        asked = [
            Invocation(channel.subject.variables, channel.source.root_value(entry.change)) for channel, entry in matches
        ]
        return self._reader.execute_live(first.plan, asked, first.viewer).answers

    def tried(self, read: Callable[[], Read]) -> Read | None:
        """What `read` gives, tried until what it reads from answers; None when stopping. Raises DeadlineExceeded for what takes too
        long time and again."""
        backoff, too_long = Backoff(), 0
        while True:
            try:
                return read()
            except TryAgain as error:
                too_long += isinstance(error, DeadlineExceeded)
                if too_long == MOST_TOO_LONG:
                    raise
                if not self._pause(backoff.next()):
                    return None
