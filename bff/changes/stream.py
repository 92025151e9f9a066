"""Changes in one order for all nodes, numbered without a gap: what the relay writes and every node's follower reads.

    RedisStream     a Redis stream, for any number of processes
    MemoryStream    in this process, for tests and for a site that is one process

A `Position` is an epoch and the number of an entry. Numbers of one epoch are contiguous and mean the same entries for ever;
when that can no longer be promised an epoch begins, and whoever reads on from an older one is told with `Gap`. Nothing is ever
missing in silence.
"""

from __future__ import annotations

import re
import secrets
from collections import deque
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition
from typing import Any, Protocol

import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from ..errors import TryAgain
from .change import Change

LENGTH = 100_000
"""Entries that a stream keeps, by default: some 30 MB in Redis, and as far back as a client may resume."""

BLOCK = 1.0
"""Seconds that one read waits in Redis; after each that brought nothing, epoch and top are looked at."""

SOCKET_TIMEOUT = 5.0
"""Seconds without an answer after which a connection is given up. A connection that died in silence says nothing for
ever, a live one answers within `BLOCK`."""

CONNECT_TIMEOUT = 3.0


@dataclass(frozen=True, slots=True)
class Position:
    """How far a reader has come."""

    epoch: str
    offset: int
    """The number of the last entry that is included; 0: before the first."""

    def __str__(self) -> str:
        return f"{self.epoch}:{self.offset}"


@dataclass(frozen=True, slots=True)
class Entry:
    """A change at its place."""

    offset: int
    change: Change


class Gap(Exception):
    """What comes after a position cannot be given whole: trimmed, flushed, of another epoch, unreadable.

    Reading goes on behind `after`, which loses no more than is gone: of another epoch it is the beginning of the one that there
    is now, within one it is where the next entry is that there is. What was between the two has to be taken as lost.
    """

    def __init__(self, reason: str, after: Position) -> None:
        super().__init__(f"{reason}; it goes on after {after}")
        self.after = after


class StreamAway(TryAgain):
    """The stream cannot be reached, now."""


class Stream(Protocol):
    """Where changes wait for the nodes. Any thread may call any method."""

    def append(self, changes: Sequence[Change]) -> Position:
        """Put all changes, or none, after the top; gives the position of the last. Raises StreamAway, and then they may or
        may not be there."""

    def top(self) -> Position:
        """The position of the last entry there is. Raises StreamAway."""

    def read(self, after: Position, *, most: int, wait: float) -> Sequence[Entry]:
        """The entries that follow a position, up to `most`; waits for up to `wait` seconds, and may give none earlier.

        Raises Gap and StreamAway.
        """


class MemoryStream:
    """A stream in this process's memory; its end is the stream's."""

    def __init__(self, *, length: int = LENGTH) -> None:
        self.length = length
        self._entries: deque[Entry] = deque(maxlen=length)
        self._top = _beginning()
        self._grown = Condition()

    def __repr__(self) -> str:
        return f"<MemoryStream {len(self._entries)} entries, top {self._top}>"

    def append(self, changes: Sequence[Change]) -> Position:
        with self._grown:
            for change in changes:
                self._top = Position(self._top.epoch, self._top.offset + 1)
                self._entries.append(Entry(self._top.offset, change))
            self._grown.notify_all()
            return self._top

    def top(self) -> Position:
        return self._top

    def read(self, after: Position, *, most: int, wait: float) -> Sequence[Entry]:
        with self._grown:
            self._grown.wait_for(lambda: after != self._top, wait)
            behind = self._top.offset - after.offset
            oldest = Position(self._top.epoch, self._top.offset - len(self._entries))
            if after.epoch != self._top.epoch:
                raise Gap(f"epoch {after.epoch} is over", oldest)
            if not 0 <= behind <= len(self._entries):
                raise Gap(f"{after} is not in the stream", oldest if behind > 0 else self._top)
            first = len(self._entries) - behind
            return [self._entries[index] for index in range(first, min(first + most, len(self._entries)))]

    def clear(self) -> None:
        """Forget everything and begin an epoch: what FLUSHALL is to Redis."""
        with self._grown:
            self._entries.clear()
            self._top = _beginning()
            self._grown.notify_all()


def _beginning() -> Position:
    return Position(secrets.token_hex(8), 0)


_WHERE = """
-- Gives epoch and top, of a new epoch where numbers cannot be continued: something is missing, is not as it was written
-- here, or Redis is another process than the one that the epoch began in. A restart or failover may have lost the last
-- entries, after readers saw them; numbering on from what is left would give their numbers to others.
local function where()
  local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)') or ''
  local epoch, top = redis.call('GET', KEYS[2]), nil
  if epoch and string.sub(epoch, -#run) == run and redis.call('EXISTS', KEYS[1]) == 1 then
    local info = redis.call('XINFO', 'STREAM', KEYS[1])
    for index = 1, #info, 2 do
      if info[index] == 'last-generated-id' then
        top = info[index + 1] == '0-1' and 0 or tonumber(string.match(info[index + 1], '^(%d+)%-0$'))
      end
    end
  end
  -- From 2^53 on, Lua's numbers have gaps; only a foreign entry can have brought the top there.
  if top and top + #ARGV < 9007199254740992 then
    return epoch, top
  end
  epoch = ARGV[1] .. '-' .. run
  redis.call('DEL', KEYS[1])
  redis.call('SET', KEYS[2], epoch)
  -- An empty stream that is there: one that is missing was lost.
  redis.call('XADD', KEYS[1], '0-1', 'epoch', epoch)
  redis.call('XTRIM', KEYS[1], 'MAXLEN', '0')
  return epoch, 0
end
local epoch, top = where()
"""

_TOP = f"{_WHERE} return {{epoch, string.format('%.0f', top)}}"

_APPEND = f"""{_WHERE}
for index = 3, #ARGV do
  top = top + 1
  redis.call('XADD', KEYS[1], 'MAXLEN', '~', ARGV[2], string.format('%.0f-0', top), 'epoch', epoch, 'change', ARGV[index])
end
return {{epoch, string.format('%.0f', top)}}
"""

_ID = re.compile(rb"(\d+)-0")


class RedisStream:
    """A stream in Redis or Valkey, 6.2 or newer: `<prefix>:changes`, whose ids are `<number>-0`, and `<prefix>:epoch`.

    Each call has a connection of its own and is not tried again; that is for the caller, who knows how long to wait. In a
    cluster, braces in the prefix keep the two keys together (`{bff}`).
    """

    def __init__(self, url: str, *, prefix: str = "bff", length: int = LENGTH) -> None:
        self.length = length
        self._client = redis.Redis.from_url(
            url,
            socket_timeout=SOCKET_TIMEOUT,
            socket_connect_timeout=CONNECT_TIMEOUT,
            retry=Retry(NoBackoff(), 0),
            protocol=2,
        )
        self._key, self._epoch_key = f"{prefix}:changes", f"{prefix}:epoch"
        self._top: Any = self._client.register_script(_TOP)
        self._append: Any = self._client.register_script(_APPEND)

    def __repr__(self) -> str:
        where = self._client.get_connection_kwargs()
        return f"<RedisStream {self._key} on {where.get('host') or where.get('path')}>"

    def append(self, changes: Sequence[Change]) -> Position:
        with self._reaching():
            return self._call(self._append, [secrets.token_hex(8), self.length, *(it.to_json() for it in changes)])

    def top(self) -> Position:
        with self._reaching():
            return self._call(self._top, [secrets.token_hex(8)])

    def read(self, after: Position, *, most: int, wait: float) -> Sequence[Entry]:
        with self._reaching():
            # BLOCK 0 would wait for ever.
            block = max(1, int(min(wait, BLOCK) * 1000))
            found: Any = self._client.xread({self._key: f"{after.offset}-0"}, count=most, block=block)
            if found:
                return self._entries(after, found[0][1])
            return self._nothing_new(after, most)

    def close(self) -> None:
        """Close the connections, those in use too: who reads is told that the stream is away."""
        self._client.connection_pool.disconnect()

    def _call(self, script: Any, arguments: list[Any]) -> Position:
        epoch, offset = script(keys=[self._key, self._epoch_key], args=arguments)
        return Position(epoch.decode(), int(offset))

    def _nothing_new(self, after: Position, most: int) -> Sequence[Entry]:
        """Look whether nothing new means that all is well."""
        top = self.top()
        if top == after:
            return ()
        if top.epoch != after.epoch or top.offset < after.offset:
            raise self._gap(f"{after} is not in the stream", after, top)
        found: Any = self._client.xread({self._key: f"{after.offset}-0"}, count=most)
        if not found:
            raise self._gap(f"what follows {after} was deleted", after, top)
        return self._entries(after, found[0][1])

    def _entries(self, after: Position, found: Sequence[tuple[bytes, dict[bytes, bytes] | None]]) -> Sequence[Entry]:
        """What was found as entries: contiguous, of this epoch, and readable; or the part of it that is."""
        entries: list[Entry] = []
        for expected, (id, fields) in enumerate(found, after.offset + 1):
            number = _ID.fullmatch(id)
            if number is None or int(number[1]) != expected or (fields or {}).get(b"epoch") != after.epoch.encode():
                if entries:
                    break
                raise self._gap(f"what follows {after} is not entry {expected}", after, self.top())
            try:
                entries.append(Entry(expected, Change.from_json((fields or {}).get(b"change", b""))))
            except ValueError as error:
                if entries:
                    break
                raise Gap(f"entry {expected} cannot be read ({error})", Position(after.epoch, expected)) from error
        return entries

    def _gap(self, reason: str, after: Position, top: Position) -> Gap:
        """The gap behind a position, which ends where the next entry is."""
        is_of_another = after.epoch != top.epoch
        begin = 0 if is_of_another else after.offset
        found: Any = self._client.xread({self._key: f"{begin}-0"}, count=1)
        number = _ID.fullmatch(found[0][1][0][0]) if found else None
        if number is None:
            return Gap(reason, top)
        # Within its epoch at least one is lost: the next, where that is there and is not one of ours.
        least = begin if is_of_another else begin + 1
        return Gap(reason, Position(top.epoch, max(least, int(number[1]) - 1)))

    @contextmanager
    def _reaching(self) -> Iterator[None]:
        """Whatever keeps Redis from doing what was asked is StreamAway: down, full, loading, not writable, not ours."""
        try:
            yield
        except (redis.RedisError, OSError) as error:
            # The idle connections went the same way: each would cost the next callers a time-out of its own.
            self._client.connection_pool.disconnect(inuse_connections=False)
            raise StreamAway(f"Redis: {error}") from error
