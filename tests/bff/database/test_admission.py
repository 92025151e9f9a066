"""Who gets a ticket, who waits, who is refused: `Line` by itself, `Gate` on threads and on greenlets."""

from __future__ import annotations

import json
import subprocess
import sys
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bff import DatabaseSettings, Deadline, DeadlineExceeded
from bff.database.admission import Gate, Line
from bff.errors import Overloaded


class FakeClock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def line(tickets: int = 2, max_waiting: int = 2, max_wait: float = 5.0) -> Line[str]:
    return Line(tickets, max_waiting, max_wait)


def test_tickets_go_out_until_none_is_left() -> None:
    it = line(tickets=2)
    assert it.enter("a", 10)
    assert it.enter("b", 10)
    assert not it.enter("c", 10)
    assert it.busy == 2
    assert list(it.waiting) == ["c"]


def test_whoever_waits_longest_is_served_first() -> None:
    it = line(tickets=1, max_waiting=3)
    it.enter("runs", 10)
    for waiter in ("first", "second", "third"):
        it.enter(waiter, 10)
    assert [it.leave(0.1), it.leave(0.1), it.leave(0.1), it.leave(0.1)] == ["first", "second", "third", None]
    assert it.busy == 0


def test_a_newcomer_never_overtakes_the_line() -> None:
    it = line(tickets=1)
    it.enter("runs", 10)
    it.enter("waits", 10)
    assert it.leave(0.1) == "waits"
    assert not it.enter("newcomer", 10)


def test_a_full_line_refuses_at_once() -> None:
    it = line(tickets=1, max_waiting=1)
    it.enter("runs", 10)
    it.enter("waits", 10)
    with pytest.raises(Overloaded, match="1 operations run and 1 wait") as caught:
        it.enter("refused", 10)
    assert caught.value.retry_after == 1


def test_a_line_without_room_refuses_whoever_would_wait() -> None:
    it = line(tickets=1, max_waiting=0)
    it.enter("runs", 10)
    with pytest.raises(Overloaded):
        it.enter("refused", 10)


def test_a_deadline_that_the_line_would_outlast_is_refused_at_once() -> None:
    it = line(tickets=2, max_waiting=10)
    it.mean_held = 4.0
    it.enter("a", 10)
    it.enter("b", 10)
    assert it.expected_wait == 2.0  # one to wait for, two tickets of 4 s
    with pytest.raises(Overloaded, match=r"expected in 2\.0 s") as caught:
        it.enter("hurried", 1.9)
    assert caught.value.retry_after == 2
    assert not it.enter("patient", 2.1)


def test_the_expected_wait_follows_how_long_tickets_are_held() -> None:
    it = line(tickets=1)
    it.enter("a", 10)
    it.leave(1.0)
    assert it.mean_held == 1.0
    it.enter("b", 10)
    it.leave(2.0)
    assert it.mean_held == pytest.approx(1.1)


def test_who_gives_up_leaves_the_line() -> None:
    it = line(tickets=1)
    it.enter("runs", 10)
    it.enter("impatient", 10)
    it.enter("patient", 10)
    assert it.give_up("impatient", served=False) is None
    assert it.leave(0.1) == "patient"


def test_a_ticket_that_reached_who_has_given_up_goes_to_the_next() -> None:
    it = line(tickets=1)
    it.enter("runs", 10)
    it.enter("impatient", 10)
    it.enter("patient", 10)
    assert it.leave(0.1) == "impatient"
    assert it.give_up("impatient", served=True) == "patient"
    assert it.give_up("patient", served=True) is None
    assert it.busy == 0


@given(st.data())
def test_tickets_are_neither_lost_nor_made(data: st.DataObject) -> None:
    tickets = data.draw(st.integers(1, 3))
    it: Line[int] = Line(tickets, 4, 5.0)
    running: list[int] = []
    arrived = served = 0
    for _ in range(data.draw(st.integers(0, 40))):
        if data.draw(st.booleans()):
            arrived += 1
            try:
                if it.enter(arrived, 10.0):
                    running.append(arrived)
            except Overloaded:
                assert len(it.waiting) == 4
        elif running:
            running.pop(data.draw(st.integers(0, len(running) - 1)))
            nxt = it.leave(0.0)
            if nxt is not None:
                assert nxt > served, "the order of arrival"
                served = nxt
                running.append(nxt)
        assert it.busy == len(running) <= tickets
        assert not it.waiting or it.busy == tickets


def test_a_gate_tells_its_state() -> None:
    clock = FakeClock()
    gate = Gate(2, DatabaseSettings(max_waiting=0, max_wait=1), clock=clock)
    assert repr(gate) == "<Gate 0/2 busy, 0 waiting>"
    with gate.ticket(Deadline.after(10, clock)):
        clock.now += 3
        assert repr(gate) == "<Gate 1/2 busy, 0 waiting>"
        with gate.ticket(Deadline.after(10, clock)), pytest.raises(Overloaded), gate.ticket(Deadline.after(10, clock)):
            pass
    assert gate.stats() == {
        "tickets": 2,
        "busy": 0,
        "waiting": 0,
        "mean_held": 3.0,
        "admitted": 2,
        "refused": 1,
        "timed_out": 0,
    }


def test_a_gate_has_at_least_one_ticket() -> None:
    with pytest.raises(ValueError, match="not 0"):
        Gate(0, DatabaseSettings(max_waiting=0, max_wait=1))


def test_a_deadline_that_has_passed_asks_for_no_ticket() -> None:
    clock = FakeClock()
    gate = Gate(1, DatabaseSettings(max_waiting=0, max_wait=1), clock=clock)
    deadline = Deadline.after(1, clock)
    clock.now += 2
    with pytest.raises(DeadlineExceeded), gate.ticket(deadline):
        pass
    assert gate.stats()["busy"] == 0


def test_an_error_in_the_block_gives_the_ticket_back() -> None:
    gate = Gate(1, DatabaseSettings(max_waiting=0, max_wait=1))
    with pytest.raises(KeyError), gate.ticket(Deadline.after(10)):
        raise KeyError
    assert gate.stats()["busy"] == 0


def test_waiting_ends_after_max_wait_with_503_and_at_the_deadline_with_504() -> None:
    gate = Gate(1, DatabaseSettings(max_waiting=1, max_wait=0.02))
    hasty = Gate(1, DatabaseSettings(max_waiting=1, max_wait=5))
    with (
        gate.ticket(Deadline.after(10)),
        pytest.raises(Overloaded, match=r"within 0\.02 s"),
        gate.ticket(Deadline.after(10)),
    ):
        pass
    with hasty.ticket(Deadline.after(10)), pytest.raises(DeadlineExceeded), hasty.ticket(Deadline.after(0.02)):
        pass
    for each in (gate, hasty):
        assert repr(each) == "<Gate 0/1 busy, 0 waiting>"
        assert each.stats()["timed_out"] == 1


def test_a_thread_that_waits_gets_the_ticket_that_comes_back() -> None:
    gate = Gate(1, DatabaseSettings(max_waiting=1, max_wait=5))
    entered = threading.Event()

    def wait_and_enter() -> None:
        with gate.ticket(Deadline.after(5)):
            entered.set()

    waiter = threading.Thread(target=wait_and_enter)
    with gate.ticket(Deadline.after(5)):
        waiter.start()
        assert not entered.wait(0.05)
    waiter.join(5)
    assert entered.is_set()
    assert gate.stats()["busy"] == 0


GREENLETS = """
import gevent.monkey
gevent.monkey.patch_all()

import json
import gevent
from bff import DatabaseSettings, Deadline
from bff.database.admission import Gate

gate = Gate(3, DatabaseSettings(max_waiting=20, max_wait=5))
running = most = beats = 0
order = []

def work(number):
    global running, most
    with gate.ticket(Deadline.after(5)):
        order.append(number)
        running += 1
        most = max(most, running)
        try:
            gevent.sleep(0.01)
        finally:
            running -= 1

def beat():
    global beats
    while True:
        gevent.sleep(0.002)
        beats += 1

ticker = gevent.spawn(beat)
workers = [gevent.spawn(work, number) for number in range(12)]
gevent.sleep(0.005)
line = repr(gate)
workers[5].kill()   # waits in the line
workers[1].kill()   # holds a ticket
gevent.joinall(workers)
ticker.kill()
print(json.dumps({"most": most, "order": order, "beats": beats, "line": line, "end": repr(gate)}))
"""


@pytest.mark.slow
def test_greenlets_wait_without_blocking_and_killed_ones_lose_nothing() -> None:
    done = subprocess.run([sys.executable, "-c", GREENLETS], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    seen = json.loads(done.stdout)
    assert seen["line"] == "<Gate 3/3 busy, 9 waiting>"
    assert seen["most"] == 3
    assert seen["order"] == [number for number in range(12) if number != 5]
    assert seen["beats"] >= 5
    assert seen["end"] == "<Gate 0/3 busy, 0 waiting>"


GREEDY = """
import gevent.monkey
gevent.monkey.patch_all()

import json
import gevent
from bff import DatabaseSettings, Deadline
from bff.database.admission import Gate

gate = Gate(2, DatabaseSettings(max_waiting=20, max_wait=5))
order = []

def work(name, times):
    for _ in range(times):
        with gate.ticket(Deadline.after(5)):
            order.append(name)
            gevent.sleep(0)
        # At once again, without letting anybody run in between.

workers = [gevent.spawn(work, "greedy", 10)]
workers += [gevent.spawn(work, name, 3) for name in "abcdef"]
gevent.joinall(workers)
print(json.dumps(order))
"""


@pytest.mark.slow
def test_who_comes_back_at_once_waits_behind_all_who_wait() -> None:
    done = subprocess.run([sys.executable, "-c", GREEDY], capture_output=True, text=True, timeout=30, check=False)
    assert done.returncode == 0, done.stderr
    turns = json.loads(done.stdout)
    # As long as all of them want more, they go round and round in the order in which they came.
    assert turns[:21] == ["greedy", *"abcdef"] * 3
    assert turns[21:] == ["greedy"] * 7
