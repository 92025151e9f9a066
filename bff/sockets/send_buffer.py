"""What one client was sent and has not taken yet, in its order, with its bytes and its age.

It knows no connection, no thread and no lock. `EngineSocket` owns it, holds a lock around every change of it, and does the
writing. What is kept is a packet on the polling transport, and a frame or the rest of one on a WebSocket.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from engineio import packet

from ..settings import SocketLimits
from .websocket import frame_bytes, frame_text

_CHUNK = 65_536
"""Bytes that are written at once, of as many frames as fit."""

_OVERFLOW = 4
"""Times `max_unsent` from which on nothing more is kept."""


class SendBuffer:
    """Packets, frames and a rest of one frame, oldest first. Properties may be read without a lock."""

    def __init__(self, limits: SocketLimits, *, now: Callable[[], float]) -> None:
        self._limits, self._now = limits, now
        self._kept: deque[tuple[packet.Packet | memoryview, int, float]] = deque()
        self.size = 0
        """Bytes that are kept."""

    def __repr__(self) -> str:
        return f"<SendBuffer {len(self._kept)} kept, {self.size} bytes>"

    @property
    def is_empty(self) -> bool:
        """Whether nothing is kept."""
        return not self._kept

    @property
    def age(self) -> float:
        """Seconds since the oldest that is kept was sent; 0 when nothing is."""
        try:
            return self._now() - self._kept[0][2]
        except IndexError:
            return 0.0

    @property
    def is_full(self) -> bool:
        """Whether the client takes less than it is sent."""
        if not self._kept:
            return False
        return self.size > self._limits.max_unsent or self.age > self._limits.max_age / 2

    @property
    def is_overflowing(self) -> bool:
        """Whether nothing more may be kept."""
        return self.size > _OVERFLOW * self._limits.max_unsent

    @property
    def is_overdue(self) -> bool:
        """Whether the oldest should have been taken by now."""
        return self.age > self._limits.max_age

    def keep(self, rest: packet.Packet | memoryview) -> None:
        """Keep a packet, or what is left of a frame, behind all others."""
        size = len(rest) if isinstance(rest, memoryview) else len(rest.encode())
        self._kept.append((rest, size, self._now()))
        self.size += size

    def chunk(self) -> bytes | memoryview:
        """The beginning of what is kept, as one piece of memory. It stays kept until it is `written`."""
        frames: list[memoryview] = []
        size = 0
        for index, (rest, counted, at) in enumerate(self._kept):
            if not isinstance(rest, memoryview):
                rest = memoryview(frame_of(rest))
                self.size += len(rest) - counted
                self._kept[index] = (rest, len(rest), at)
            size += len(rest)
            if frames and size > _CHUNK:
                break
            frames.append(rest)
        return frames[0][:_CHUNK] if len(frames) == 1 else b"".join(frames)

    def written(self, taken: int) -> None:
        """So many bytes of the chunk were written. What was cleared meanwhile is not kept again."""
        while taken and self._kept:
            rest, size, at = self._kept.popleft()
            self.size -= min(size, taken)
            if size > taken:
                assert isinstance(rest, memoryview)
                self._kept.appendleft((rest[taken:], size - taken, at))
            taken -= min(size, taken)

    def take(self, most: int) -> tuple[list[packet.Packet], int]:
        """The oldest packets, so many at most, and their bytes. They are kept no more."""
        packets: list[packet.Packet] = []
        taken = 0
        while self._kept and len(packets) < most:
            rest, size, _ = self._kept.popleft()
            packets.append(rest)
            taken += size
        self.size -= taken
        return packets, taken

    def clear(self) -> bool:
        """Keep nothing; whether anything was, the rest of a frame perhaps, after which no other can be sent."""
        kept = bool(self._kept)
        self._kept.clear()
        self.size = 0
        return kept


def frame_of(pkt: packet.Packet) -> bytes:
    """The packet as a frame of a WebSocket, made once however many clients it goes to."""
    frame: bytes | None = getattr(pkt, "frame", None)
    if frame is None:
        encoded = pkt.encode()
        frame = pkt.frame = frame_text(encoded) if isinstance(encoded, str) else frame_bytes(bytes(encoded))
    return frame
