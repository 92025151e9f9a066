"""When each change came into the stream: a reader beside the nodes' own."""

from __future__ import annotations

import threading
import time
from types import TracebackType
from typing import Self

from bff.changes.stream import RedisStream, StreamAway


class Watch:
    """Reads the stream from now on, for a `with` block; `times` are those of its entries, in monotonic nanoseconds."""

    def __init__(self, redis_url: str) -> None:
        self.times: list[int] = []
        self._stream = RedisStream(redis_url)
        self._is_over = False
        self._thread = threading.Thread(target=self._read)

    def __enter__(self) -> Self:
        self._position = self._stream.top()
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._is_over = True
        self._thread.join()
        self._stream.close()

    def _read(self) -> None:
        while not self._is_over:
            try:
                entries = self._stream.read(self._position, most=1000, wait=0.1)
            except StreamAway:
                # Nobody measures while Redis is away.
                return
            now = time.monotonic_ns()
            for entry in entries:
                self.times.append(now)
                self._position = type(self._position)(self._position.epoch, entry.offset)
