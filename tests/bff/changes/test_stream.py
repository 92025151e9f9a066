"""Both streams keep what `Stream` promises; and what only Redis can do to one."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from typing import Protocol

import pytest
import redis

from bff.changes.change import Change
from bff.changes.stream import Entry, Gap, MemoryStream, Position, RedisStream, Stream, StreamAway


def change(id: int) -> Change:
    return Change(id, 1000 + id, "tasks", "insert", {}, {"id": str(id)}, frozenset())


def changes(*ids: int) -> list[Change]:
    return [change(id) for id in ids]


def ids(entries: Sequence[Entry]) -> list[tuple[int, int]]:
    return [(entry.offset, entry.change.id) for entry in entries]


class Flush(Protocol):
    def __call__(self) -> object: ...


@pytest.fixture(params=["memory", "redis"])
def made(request: pytest.FixtureRequest) -> Iterator[tuple[Stream, Flush]]:
    """A stream of at least 200 entries (Redis drops them a hundred at a time), and what loses all of it."""
    if request.param == "memory":
        memory = MemoryStream(length=200)
        yield memory, memory.clear
        return
    url: str = request.getfixturevalue("redis_url")
    with closing(redis.Redis.from_url(url)) as client, closing(RedisStream(url, length=200)) as stream:
        yield stream, client.flushdb


@pytest.fixture
def stream(made: tuple[Stream, Flush]) -> Stream:
    return made[0]


@pytest.fixture
def flush(made: tuple[Stream, Flush]) -> Flush:
    return made[1]


# What every stream does


def test_entries_are_numbered_in_the_order_of_appending(stream: Stream) -> None:
    begin = stream.top()
    assert begin.offset == 0
    assert stream.append(changes(5, 3)) == Position(begin.epoch, 2)
    assert stream.append(changes(9)) == stream.top() == Position(begin.epoch, 3)
    entries = stream.read(begin, most=10, wait=0)
    assert ids(entries) == [(1, 5), (2, 3), (3, 9)]
    assert [entry.change for entry in entries] == changes(5, 3, 9)


def test_appending_nothing_changes_nothing(stream: Stream) -> None:
    top = stream.append(changes(1))
    assert stream.append([]) == top == stream.top()


def test_reading_goes_on_where_it_stopped(stream: Stream) -> None:
    position = stream.top()
    stream.append(changes(*range(1, 8)))
    read: list[tuple[int, int]] = []
    while entries := stream.read(position, most=3, wait=0):
        assert len(entries) <= 3
        read += ids(entries)
        position = Position(position.epoch, entries[-1].offset)
    assert read == [(number, number) for number in range(1, 8)]


def test_reading_waits_for_what_comes(stream: Stream) -> None:
    position, found = stream.top(), list[Entry]()
    reader = threading.Thread(target=lambda: found.extend(stream.read(position, most=10, wait=5)))
    reader.start()
    stream.append(changes(1))
    reader.join(5)
    assert ids(found) == [(1, 1)]


def test_a_position_older_than_what_is_kept_is_a_gap_up_to_the_oldest_that_is(stream: Stream) -> None:
    begin = stream.top()
    # One by one, since Redis trims after each.
    for id in range(1, 500):
        stream.append(changes(id))
    with pytest.raises(Gap) as gap:
        stream.read(begin, most=10, wait=0)
    after = gap.value.after
    assert after.epoch == begin.epoch
    kept = stream.read(after, most=1_000, wait=0)
    assert ids(kept) == [(number, number) for number in range(after.offset + 1, 500)]
    assert 200 <= len(kept) <= 300
    with pytest.raises(Gap):
        stream.read(Position(after.epoch, after.offset - 1), most=10, wait=0)
    assert ids(stream.read(Position(begin.epoch, 490), most=3, wait=0)) == [(491, 491), (492, 492), (493, 493)]


def test_a_position_past_the_top_is_a_gap(stream: Stream) -> None:
    top = stream.append(changes(1))
    with pytest.raises(Gap) as gap:
        stream.read(Position(top.epoch, 5), most=10, wait=0)
    assert gap.value.after == top


def test_a_position_of_another_epoch_is_a_gap_up_to_the_beginning(stream: Stream) -> None:
    begin = stream.top()
    stream.append(changes(1, 2))
    for other in (Position("other", 0), Position("other", 2), Position("", 0)):
        with pytest.raises(Gap) as gap:
            stream.read(other, most=10, wait=0)
        assert gap.value.after == begin


@pytest.mark.parametrize("appended", [0, 1, 2, 3])
def test_what_was_lost_is_a_gap_however_much_has_come_since(stream: Stream, flush: Flush, appended: int) -> None:
    position = stream.append(changes(1, 2))
    flush()
    for id in range(appended):
        stream.append(changes(10 + id))
    with pytest.raises(Gap) as gap:
        stream.read(position, most=10, wait=0)
    assert gap.value.after == Position(stream.top().epoch, 0)
    assert gap.value.after.epoch != position.epoch
    assert ids(stream.read(gap.value.after, most=10, wait=0)) == [(id + 1, 10 + id) for id in range(appended)]


def test_a_beginning_that_was_lost_is_a_gap(stream: Stream, flush: Flush) -> None:
    position = stream.top()
    flush()
    stream.append(changes(1))
    with pytest.raises(Gap):
        stream.read(position, most=10, wait=0)


def test_appending_at_once_loses_and_doubles_nothing(stream: Stream) -> None:
    begin = stream.top()
    batches = [changes(*range(first, first + 10)) for first in range(0, 100, 10)]
    threads = [threading.Thread(target=stream.append, args=[batch]) for batch in batches]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    entries = stream.read(begin, most=1000, wait=0)
    assert [entry.offset for entry in entries] == list(range(1, 101))
    assert sorted(entry.change.id for entry in entries) == list(range(100))
    # A batch stays together.
    assert all(entries[first].change.id + 9 == entries[first + 9].change.id for first in range(0, 100, 10))


# What can happen to Redis


@pytest.fixture
def client(redis_url: str) -> Iterator[redis.Redis]:
    with closing(redis.Redis.from_url(redis_url)) as client:
        yield client


@pytest.fixture
def in_redis(redis_url: str) -> Iterator[RedisStream]:
    with closing(RedisStream(redis_url)) as stream:
        yield stream


Breakage = Callable[[redis.Redis], object]


@pytest.mark.parametrize(
    "breakage",
    [
        pytest.param(lambda client: client.delete("bff:epoch"), id="the epoch evicted"),
        pytest.param(lambda client: client.delete("bff:changes"), id="the stream evicted"),
        pytest.param(lambda client: client.set("bff:epoch", "an older epoch, of another process"), id="restarted"),
        pytest.param(
            lambda client: client.xadd("bff:changes", {"a": "b"}, id=f"{2**64 - 1}-{2**64 - 1}"), id="ids used up"
        ),
        pytest.param(lambda client: client.xadd("bff:changes", {"a": "b"}, id=f"{2**53}-0"), id="ids too large"),
        pytest.param(lambda client: client.xadd("bff:changes", {"a": "b"}, id="2-7"), id="a foreign id"),
    ],
)
@pytest.mark.parametrize("appended", [False, True], ids=["idle", "appended to"])
def test_where_numbers_cannot_go_on_an_epoch_begins(
    in_redis: RedisStream, client: redis.Redis, breakage: Breakage, appended: bool
) -> None:
    position = in_redis.append(changes(1, 2))
    breakage(client)
    if appended:
        in_redis.append(changes(3))
    with pytest.raises(Gap) as gap:
        in_redis.read(position, most=10, wait=0)
    assert gap.value.after.epoch != position.epoch
    in_redis.append(changes(4))
    told = [3, 4] if appended else [4]
    assert ids(in_redis.read(gap.value.after, most=10, wait=0)) == list(enumerate(told, 1))


def test_the_epoch_names_the_process_of_redis(in_redis: RedisStream, client: redis.Redis) -> None:
    assert in_redis.top().epoch.endswith(f"-{client.info('server')['run_id']}")


def test_an_entry_that_cannot_be_read_is_a_gap_of_one(in_redis: RedisStream, client: redis.Redis) -> None:
    begin = in_redis.append(changes(1))
    client.xadd("bff:changes", {"epoch": begin.epoch, "change": "forged"}, id="2-0")
    in_redis.append(changes(3))
    assert ids(in_redis.read(Position(begin.epoch, 0), most=10, wait=0)) == [(1, 1)]
    with pytest.raises(Gap) as gap:
        in_redis.read(begin, most=10, wait=0)
    assert gap.value.after == Position(begin.epoch, 2)
    assert ids(in_redis.read(gap.value.after, most=10, wait=0)) == [(3, 3)]


@pytest.mark.parametrize("fields", [{"a": "b"}, {"epoch": "other", "change": change(9).to_json()}])
def test_a_foreign_entry_is_never_taken_for_one(
    in_redis: RedisStream, client: redis.Redis, fields: dict[str, str]
) -> None:
    begin = in_redis.append(changes(1))
    client.xadd("bff:changes", fields, id="2-0")  # type: ignore[arg-type]
    with pytest.raises(Gap) as gap:
        in_redis.read(begin, most=10, wait=0)
    assert gap.value.after == Position(begin.epoch, 2)
    in_redis.append(changes(3))
    assert ids(in_redis.read(gap.value.after, most=10, wait=0)) == [(3, 3)]


def test_entries_that_were_deleted_are_a_gap(in_redis: RedisStream, client: redis.Redis) -> None:
    begin = in_redis.top()
    top = in_redis.append(changes(1, 2, 3))
    client.xdel("bff:changes", "2-0")
    assert ids(in_redis.read(begin, most=10, wait=0)) == [(1, 1)]
    with pytest.raises(Gap) as gap:
        in_redis.read(Position(begin.epoch, 1), most=10, wait=0)
    assert gap.value.after == Position(begin.epoch, 2)
    assert ids(in_redis.read(gap.value.after, most=10, wait=0)) == [(3, 3)]
    client.xtrim("bff:changes", maxlen=0)
    with pytest.raises(Gap) as gap:
        in_redis.read(begin, most=10, wait=0)
    assert gap.value.after == top


def test_the_stream_is_trimmed(redis_url: str, client: redis.Redis) -> None:
    with closing(RedisStream(redis_url, prefix="short", length=100)) as stream:
        for first in range(0, 2000, 100):
            stream.append(changes(*range(first, first + 100)))
    assert client.xlen("short:changes") < 300


def test_a_stream_that_cannot_be_reached_is_away(redis_url: str) -> None:
    with closing(RedisStream("redis://127.0.0.1:1")) as nowhere:
        for call in (
            nowhere.top,
            lambda: nowhere.append(changes(1)),
            lambda: nowhere.read(Position("", 0), most=1, wait=0),
        ):
            with pytest.raises(StreamAway, match="Redis"):
                call()
    with closing(redis.Redis.from_url(redis_url)) as client:
        client.set("taken:changes", "by something else")
    with closing(RedisStream(redis_url, prefix="taken")) as stream, pytest.raises(StreamAway, match="WRONGTYPE"):
        stream.read(Position("", 0), most=1, wait=0)


def test_a_stream_shows_where_it_is_and_no_password(in_redis: RedisStream) -> None:
    assert repr(in_redis) == "<RedisStream bff:changes on 127.0.0.1>"
    assert repr(MemoryStream()).startswith("<MemoryStream 0 entries, top ")
