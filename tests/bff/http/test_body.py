"""Reading a body: sizes, what breaks, and the curfew, over a pair of real sockets."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import closing, suppress

import pytest

from bff.errors import BadRequest, BodyTooLarge, RequestTimeout
from bff.http.body import Curfew, read_body


class Source:
    """A request whose body is what `read` gives: all at once in chunks, or else call by call."""

    def __init__(self, read: Callable[[], bytes], content_length: int | None = None) -> None:
        self.content_length = content_length
        self.max_content_length: int | None = None
        self.environ = {"wsgi.input": self}
        self.asked: list[int] = []
        self._read = read

    def read(self, size: int) -> bytes:
        self.asked.append(size)
        return self._read()

    def get_data(self, cache: bool = True) -> bytes:
        assert not cache
        return self._read()[: self.max_content_length]


class FakeClock:
    now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair()
    with closing(ours), closing(theirs):
        yield ours, theirs


def read(source: Source, curfew: Curfew | None = None, connection: socket.socket | None = None) -> bytes:
    return read_body(source, most=5, connection=connection, curfew=curfew or Curfew(10))


def test_a_body_of_at_most_so_many_bytes_is_read() -> None:
    assert read(Source(lambda: b"12345", 5)) == b"12345"
    assert read(Source(lambda: b"12345")) == b"12345"


def test_a_body_that_comes_in_pieces_is_read_to_its_end() -> None:
    source = Source(iter([b"12", b"3", b"45"]).__next__, 5)
    assert read(source) == b"12345"
    assert source.asked == [5, 3, 2]


def test_a_body_that_ends_too_early_is_refused() -> None:
    with pytest.raises(BadRequest, match="ends too early") as caught:
        read(Source(iter([b"12", b""]).__next__, 5))
    assert str(caught.value.__cause__) == "the body ends after 2 of 5 bytes"


def test_a_body_that_is_larger_by_its_length_is_refused_unread() -> None:
    with pytest.raises(BodyTooLarge, match="the body has 6 bytes; at most 5 are taken"):
        read(Source(lambda: pytest.fail("it was read"), 6))


def test_a_body_that_turns_out_larger_is_refused() -> None:
    with pytest.raises(BodyTooLarge, match="more than 5 bytes"):
        read(Source(lambda: b"1234567"))


def test_whatever_the_server_raises_is_the_clients_mistake() -> None:
    def broken() -> bytes:
        raise OSError("of the server's own")

    with pytest.raises(BadRequest, match="cannot be read") as caught:
        read(Source(broken))
    assert isinstance(caught.value.__cause__, OSError)


@pytest.mark.parametrize("raises", [False, True], ids=["gives what it has", "raises"])
def test_who_is_late_is_hung_up_on_whatever_the_server_makes_of_it(
    pair: tuple[socket.socket, socket.socket], raises: bool
) -> None:
    ours, theirs = pair
    theirs.sendall(b"{")

    def drip() -> bytes:
        body = b""
        while received := ours.recv(1):
            body += received
        if raises:
            raise OSError("the client is gone")
        return body

    curfew = Curfew(0.05)
    with pytest.raises(RequestTimeout, match=r"within 0\.05 s"):
        read(Source(drip, 5), curfew, ours)
    assert repr(curfew) == "<Curfew of 0.05 s, 0 reading>"
    with suppress(BrokenPipeError):
        theirs.sendall(b"}")
    assert ours.recv(1) == b"", "what comes later is not read as the next request"


def test_only_who_is_late_is_hung_up_on(monkeypatch: pytest.MonkeyPatch) -> None:
    watchers: list[threading.Thread] = []
    monkeypatch.setattr(threading.Thread, "start", lambda thread: watchers.append(thread))
    clock = FakeClock()
    curfew = Curfew(10, clock)
    sockets = [socket.socketpair() for _ in range(3)]
    try:
        first, second, third = [side for side, _ in sockets]
        begun = [curfew.begin(first)]
        clock.now += 1
        begun += [curfew.begin(second), curfew.begin(third)]
        assert repr(curfew) == "<Curfew of 10 s, 3 reading>"
        assert curfew.hang_up() == 9
        assert curfew.end(begun[1])
        clock.now += 9
        assert curfew.hang_up() == 1
        assert not curfew.end(begun[0])
        assert first.recv(1) == b""
        for side, other in sockets[1:]:
            other.sendall(b"x")
            assert side.recv(1) == b"x"
        assert curfew.end(begun[2])
        assert curfew.hang_up() is None
        # One watches them all, and another one who comes when nobody was left.
        assert len(watchers) == 1
        assert curfew.end(curfew.begin(third))
        assert len(watchers) == 2
    finally:
        for each in [side for both in sockets for side in both]:
            each.close()


def test_a_watcher_that_could_not_start_is_started_by_the_next_reader(monkeypatch: pytest.MonkeyPatch) -> None:
    started: list[threading.Thread] = []

    def start(thread: threading.Thread) -> None:
        started.append(thread)
        if len(started) == 1:
            raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", start)
    curfew = Curfew(10)
    with closing(socket.socket()) as connection:
        with pytest.raises(RuntimeError):
            curfew.begin(connection)
        assert repr(curfew) == "<Curfew of 10 s, 0 reading>"
        assert curfew.end(curfew.begin(connection))
    assert len(started) == 2


def test_a_client_that_is_gone_already_is_no_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(threading.Thread, "start", lambda thread: None)
    clock = FakeClock()
    curfew = Curfew(10, clock)
    ours, theirs = socket.socketpair()
    theirs.close()
    ours.close()
    begun = curfew.begin(ours)
    clock.now += 10
    assert curfew.hang_up() is None
    assert not curfew.end(begun)


GREENLETS = """
import gevent.monkey
gevent.monkey.patch_all()

import json
import socket
import threading
import gevent.pool
from bff.http.body import Curfew, read_body
from bff.errors import RequestTimeout
from tests.bff.http.test_body import Source

watchers = []
run = Curfew._watch
Curfew._watch = lambda curfew: (watchers.append(curfew), run(curfew))

def quick(curfew):
    ours, theirs = socket.socketpair()
    theirs.sendall(b"1234" * 50)
    for _ in range(50):
        read_body(Source(lambda: ours.recv(4), 4), most=5, connection=ours, curfew=curfew)
        gevent.sleep(0)
    return True

def late(curfew):
    ours, theirs = socket.socketpair()
    try:
        read_body(Source(lambda: ours.recv(4), 4), most=5, connection=ours, curfew=curfew)
    except RequestTimeout:
        return True

pool = gevent.pool.Pool(20)
patient, hasty = Curfew(60), Curfew(0.2)
read = pool.map(quick, [patient] * 20)
hung_up = pool.map(late, [hasty] * 20)
print(json.dumps({"quick": sum(read), "late": sum(hung_up), "watchers": [repr(curfew) for curfew in watchers]}))
"""


@pytest.mark.slow
def test_one_greenlet_watches_all_readers() -> None:
    done = subprocess.run([sys.executable, "-c", GREENLETS], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen == {
        "quick": 20,
        "late": 20,
        "watchers": ["<Curfew of 60 s, 0 reading>", "<Curfew of 0.2 s, 0 reading>"],
    }
