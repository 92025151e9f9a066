"""Reading a request's body: at most so many bytes, within so many seconds however slowly they drip.

Called by the web layer with what its server gave it. Never looks at what the bytes say.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, BinaryIO, Protocol

from ..errors import BadRequest, BodyTooLarge, RequestTimeout


class Source(Protocol):
    """What a body is read from; Werkzeug's request is one."""

    max_content_length: int | None

    @property
    def environ(self) -> Mapping[str, Any]:
        """WSGI's; of it, `wsgi.input` is read where the body has a length."""

    @property
    def content_length(self) -> int | None:
        """The bytes that the body has by its header, None where it comes in chunks."""

    def get_data(self, cache: bool = True) -> bytes:
        """The body, `max_content_length` bytes of it at most. Raises what the server raises."""


def read_body(source: Source, *, most: int, connection: socket.socket | None, curfew: Curfew) -> bytes:
    """The body, refused at `most` bytes before it is read. Raises BodyTooLarge, RequestTimeout and BadRequest.

    `connection` is the socket it comes over, where the server gives it; without one, time is the server's matter.
    """
    length = source.content_length
    if length is not None and length > most:
        raise BodyTooLarge(f"the body has {length} bytes; at most {most} are taken")
    body, failure = b"", None
    begun = curfew.begin(connection) if connection is not None else None
    try:
        body = _chunks(source, most) if length is None else _exactly(source.environ["wsgi.input"], length)
    except Exception as error:  # noqa: BLE001 - of the server's own kind; told apart below, when the curfew has ended
        failure = error
    finally:
        is_late = begun is not None and not curfew.end(begun)
    if is_late:
        raise RequestTimeout(f"the body did not arrive within {curfew.seconds:g} s")
    if failure is not None:
        # Chunks or trailers are broken, or the client is gone.
        raise BadRequest("the body cannot be read: its framing is broken, or it ends too early") from failure
    if len(body) > most:
        raise BodyTooLarge(f"the body has more than {most} bytes")
    return body


def _chunks(source: Source, most: int) -> bytes:
    # One more than is taken: Werkzeug cuts a body of unknown length at its limit, in silence.
    source.max_content_length = most + 1
    return source.get_data(cache=False)


def _exactly(stream: BinaryIO, length: int) -> bytes:
    body = stream.read(length)
    while len(body) < length:
        more = stream.read(length - len(body))
        if not more:
            raise EOFError(f"the body ends after {len(body)} of {length} bytes")
        body += more
    return body


class Curfew:
    """Ends the reading from a socket that takes longer than `seconds`, however many there are.

    A time-out of the socket would not do: it begins anew with every byte that arrives. One thread (greenlet, under
    gevent) watches all of them, and ends when it has nothing left to watch: a `threading.Timer` for each costs
    more than the rest of reading. Its deadlines come in the order of their begin, since all have equally long.
    """

    def __init__(self, seconds: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.seconds = seconds
        self._clock = clock
        self._lock = threading.Lock()
        self._reading: dict[object, tuple[float, socket.socket]] = {}
        self._is_watched = False

    def __repr__(self) -> str:
        return f"<Curfew of {self.seconds:g} s, {len(self._reading)} reading>"

    def begin(self, connection: socket.socket) -> object:
        """Time a reading from `connection`; gives what `end` takes."""
        begun = object()
        with self._lock:
            self._reading[begun] = (self._clock() + self.seconds, connection)
            is_watched, self._is_watched = self._is_watched, True
        if not is_watched:
            # Without the lock: under gevent, starting lets others run.
            try:
                threading.Thread(target=self._watch, name="bff curfew", daemon=True).start()
            except BaseException:
                # No thread to be had, or the greenlet is killed: the next reader starts one.
                self._is_watched = False
                self.end(begun)
                raise
        return begun

    def end(self, begun: object) -> bool:
        """The reading is over: whether in time. False: it was ended, and what it gave is not the whole."""
        with self._lock:
            return self._reading.pop(begun, None) is not None

    def hang_up(self) -> float | None:
        """End the readings that are late. Gives the seconds until the next one may be, None when there is none."""
        while True:
            with self._lock:
                begun, (at, connection) = next(iter(self._reading.items()), (None, (0.0, None)))
                if connection is None:
                    self._is_watched = False
                    return None
                left = at - self._clock()
                if left > 0:
                    return left
                # Under the lock, so that who ends at this moment is either late or not hung up on.
                del self._reading[begun]
                with suppress(OSError):  # the client is gone already
                    connection.shutdown(socket.SHUT_RD)

    def _watch(self) -> None:
        # Nobody is late before, and most have read by then: a watcher that looked at once would end at once.
        left: float | None = self.seconds
        while left is not None:
            time.sleep(left)
            left = self.hang_up()
