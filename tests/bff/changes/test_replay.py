"""What is there of what was missed, and where something is not."""

from __future__ import annotations

from collections.abc import Sequence

from bff.changes.change import Change
from bff.changes.replay import Replay
from bff.changes.stream import Entry, Gap, MemoryStream, Position


def filled(stream: MemoryStream, count: int) -> Position:
    """So many changes, of the table `even` and `odd` in turn; gives where they begin."""
    begin = stream.top()
    for id in range(1, count + 1):
        table = "odd" if id % 2 else "even"
        stream.append([Change(id, 7, table, "insert", {}, {"id": str(id)}, frozenset())])
    return begin


def offsets(past: Replay) -> list[int]:
    return [entry.offset for entry in past.entries]


def test_what_is_there_is_read_of_the_tables_that_are_wanted() -> None:
    stream = MemoryStream()
    begin = filled(stream, 2_500)
    past = Replay.read(stream, begin, until=2_400, tables={"even"})
    assert offsets(past) == list(range(2, 2_401, 2))
    assert past.is_whole(0, 2_400)
    ahead = Replay.read(stream, Position(begin.epoch, 9), until=5, tables={"even"})
    assert (ahead, ahead.is_whole(9, 5)) == (Replay(), True)


def test_what_is_trimmed_is_a_hole() -> None:
    stream = MemoryStream(length=10)
    past = Replay.read(stream, filled(stream, 30), until=30, tables={"even", "odd"})
    assert offsets(past) == list(range(21, 31))
    assert past.holes == [(0, 20)]
    assert (past.is_whole(19, 30), past.is_whole(20, 30)) == (False, True)


def test_all_up_to_the_end_is_a_hole_where_nothing_of_that_is_there() -> None:
    stream = MemoryStream(length=10)
    begin = filled(stream, 30)
    assert Replay.read(stream, begin, until=15, tables={"odd"}) == Replay([], [(0, 15)])
    stream.clear()
    assert Replay.read(stream, begin, until=30, tables={"odd"}) == Replay([], [(0, 30)])
    assert Replay.read(stream, stream.top(), until=5, tables={"odd"}) == Replay([], [(0, 5)])


class Torn(MemoryStream):
    """Cannot give the third entry."""

    def read(self, after: Position, *, most: int, wait: float) -> Sequence[Entry]:
        if after.offset == 2:
            raise Gap("entry 3 cannot be read", Position(after.epoch, 3))
        return super().read(after, most=min(most, 2 - after.offset) if after.offset < 2 else most, wait=wait)


def test_what_is_before_and_behind_a_hole_is_there() -> None:
    stream = Torn()
    past = Replay.read(stream, filled(stream, 5), until=5, tables={"even", "odd"})
    assert (offsets(past), past.holes) == ([1, 2, 4, 5], [(2, 3)])
    assert [past.is_whole(*part) for part in ((0, 2), (3, 5), (2, 3), (1, 5))] == [True, True, False, False]
