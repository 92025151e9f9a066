from __future__ import annotations

import pytest
from engineio import packet

from bff.settings import SocketLimits
from bff.sockets.send_buffer import SendBuffer, frame_of
from bff.sockets.websocket import frame_text


class Time:
    """A clock whose owner says what time it is."""

    def __init__(self) -> None:
        self.now = 100.0


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def buffer(time: Time) -> SendBuffer:
    return SendBuffer(SocketLimits(max_unsent=100, max_age=10.0), now=lambda: time.now)


def message(text: str) -> packet.Packet:
    return packet.Packet(packet.MESSAGE, text)


def frame(size: int, *, of: bytes = b"x") -> memoryview:
    return memoryview(of * size)


def test_nothing_is_kept_at_first(buffer: SendBuffer) -> None:
    assert buffer.is_empty
    assert (buffer.size, buffer.age) == (0, 0)
    assert not buffer.is_full
    assert not buffer.is_overflowing
    assert not buffer.is_overdue
    assert repr(buffer) == "<SendBuffer 0 kept, 0 bytes>"


def test_bytes_are_counted_of_packets_as_they_are_encoded_and_of_frames(buffer: SendBuffer) -> None:
    buffer.keep(message("hello"))
    assert buffer.size == len("4hello")
    buffer.keep(frame(10))
    assert buffer.size == 16
    assert repr(buffer) == "<SendBuffer 2 kept, 16 bytes>"


def test_its_age_is_that_of_the_oldest(buffer: SendBuffer, time: Time) -> None:
    buffer.keep(frame(3))
    time.now += 2
    buffer.keep(frame(3))
    time.now += 1
    assert buffer.age == 3
    buffer.written(2)
    assert buffer.age == 3, "a part of it is still kept"
    buffer.written(1)
    assert buffer.age == 1


def test_it_is_full_by_bytes(buffer: SendBuffer) -> None:
    buffer.keep(frame(100))
    assert not buffer.is_full
    buffer.keep(frame(1))
    assert buffer.is_full
    buffer.written(1)
    assert not buffer.is_full


def test_it_is_full_by_half_of_the_age_at_which_it_is_overdue(buffer: SendBuffer, time: Time) -> None:
    buffer.keep(frame(1))
    time.now += 5
    assert not buffer.is_full
    time.now += 1
    assert buffer.is_full
    assert not buffer.is_overdue
    time.now += 4
    assert not buffer.is_overdue
    time.now += 1
    assert buffer.is_overdue


def test_it_overflows_with_four_times_as_many_bytes(buffer: SendBuffer) -> None:
    buffer.keep(frame(400))
    assert not buffer.is_overflowing
    buffer.keep(frame(1))
    assert buffer.is_overflowing


def test_a_chunk_joins_frames_in_their_order_and_leaves_them_until_they_are_written(buffer: SendBuffer) -> None:
    buffer.keep(frame(2, of=b"a"))
    buffer.keep(frame(3, of=b"b"))
    assert bytes(buffer.chunk()) == b"aabbb"
    assert bytes(buffer.chunk()) == b"aabbb"
    buffer.written(3)
    assert bytes(buffer.chunk()) == b"bb"
    buffer.written(2)
    assert buffer.is_empty
    assert buffer.size == 0


def test_a_chunk_is_bounded(buffer: SendBuffer) -> None:
    buffer.keep(frame(65_000, of=b"a"))
    buffer.keep(frame(1_000, of=b"b"))
    assert bytes(buffer.chunk()) == b"a" * 65_000, "the second frame does not fit"
    buffer.clear()
    buffer.keep(frame(100_000))
    assert len(buffer.chunk()) == 65_536, "of a large frame it is a part"
    buffer.written(65_536)
    assert len(buffer.chunk()) == buffer.size == 100_000 - 65_536


def test_packets_become_frames_when_the_client_has_become_a_websocket(buffer: SendBuffer) -> None:
    buffer.keep(message("one"))
    buffer.keep(message("two"))
    framed = frame_text("4one") + frame_text("4two")
    assert bytes(buffer.chunk()) == framed
    assert buffer.size == len(framed)
    buffer.written(1)
    assert bytes(buffer.chunk()) == framed[1:]


def test_packets_are_taken_in_their_order_and_not_all_at_once(buffer: SendBuffer) -> None:
    packets = [message(str(number)) for number in range(3)]
    for each in packets:
        buffer.keep(each)
    assert buffer.take(2) == (packets[:2], 4)
    assert buffer.size == 2
    assert buffer.take(2) == (packets[2:], 2)
    assert buffer.take(2) == ([], 0)
    assert buffer.is_empty


def test_clearing_tells_whether_anything_was_kept(buffer: SendBuffer) -> None:
    assert not buffer.clear()
    buffer.keep(frame(10))
    assert buffer.clear()
    assert buffer.is_empty
    assert buffer.size == 0


def test_what_was_cleared_while_it_was_written_is_not_counted_twice(buffer: SendBuffer) -> None:
    buffer.keep(frame(10))
    buffer.chunk()
    buffer.clear()
    buffer.written(10)
    assert buffer.is_empty
    assert buffer.size == 0


def test_a_packet_is_framed_once() -> None:
    text, binary = message("hello"), packet.Packet(packet.MESSAGE, b"\x00\x01")
    assert frame_of(text) == frame_text("4hello")
    assert frame_of(text) is frame_of(text)
    assert frame_of(binary) == b"\x82\x02\x00\x01"
