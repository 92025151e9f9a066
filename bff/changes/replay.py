"""What the stream still holds of a part of it, for whoever missed that."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Self

from .stream import Entry, Gap, Position, Stream

_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Replay:
    """The entries that are there, in their order. Of a hole all between two offsets is gone, the second included."""

    entries: list[Entry] = field(default_factory=list)
    holes: list[tuple[int, int]] = field(default_factory=list)

    @classmethod
    def read(cls, stream: Stream, after: Position, *, until: int, tables: Container[str]) -> Self:
        """What is there after a position, up to an offset of the same epoch, of changes of these tables. Raises StreamAway."""
        past = cls()
        while after.offset < until:
            gone_to = until
            try:
                read = stream.read(after, most=min(_CHUNK, until - after.offset), wait=0)
            except Gap as gap:
                read = ()
                # Of an epoch that is over, nothing is left.
                if gap.after.epoch == after.epoch and after.offset < gap.after.offset < until:
                    gone_to = gap.after.offset
            if read:
                past.entries.extend(entry for entry in read if entry.change.table in tables)
                after = Position(after.epoch, read[-1].offset)
            else:
                past.holes.append((after.offset, gone_to))
                after = Position(after.epoch, gone_to)
        return past

    def is_whole(self, after: int, until: int) -> bool:
        """Whether nothing is gone between two offsets, the second included."""
        return all(end <= after or until <= begin for begin, end in self.holes)
