"""The follower tells of every change once and of every gap, whatever the stream and the hub do."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pytest
from structlog.testing import capture_logs

from bff.changes import follower as follower_module
from bff.changes.backoff import LONGEST, Backoff
from bff.changes.change import Change
from bff.changes.follower import Follower, FollowerStats
from bff.changes.stream import Entry, MemoryStream, Position, StreamAway
from tests.bff.polling import wait_until


def changes(*ids: int, xid: int = 7) -> list[Change]:
    return [Change(id, xid, "tasks", "insert", {}, {"id": str(id)}, frozenset()) for id in ids]


class Hub:
    """Takes in what it is told; fails as often as it is told to."""

    def __init__(self) -> None:
        self.ids: list[int] = []
        self.position: Position | None = None
        self.gaps: list[Position] = []
        self.failures = 0

    def changed(self, entries: Sequence[Entry], position: Position) -> None:
        self._fail_perhaps()
        self.ids += [entry.change.id for entry in entries]
        self.position = position

    def lost(self, position: Position) -> None:
        self._fail_perhaps()
        self.gaps.append(position)
        self.position = position

    def _fail_perhaps(self) -> None:
        if self.failures:
            self.failures -= 1
            raise ZeroDivisionError("the hub's defect")


class Cuttable(MemoryStream):
    """A stream that is away when it is told to."""

    is_away = False

    def top(self) -> Position:
        if self.is_away:
            raise StreamAway("cut")
        return super().top()

    def read(self, after: Position, *, most: int, wait: float) -> Sequence[Entry]:
        if self.is_away:
            raise StreamAway("cut")
        return super().read(after, most=most, wait=wait)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    """A follower that stops is in a read."""
    monkeypatch.setattr(follower_module, "WAIT", 0.05)


@pytest.fixture
def hub() -> Hub:
    return Hub()


@pytest.fixture
def stream() -> Cuttable:
    return Cuttable()


@pytest.fixture
def follower(stream: Cuttable, hub: Hub) -> Iterator[Follower]:
    """One that follows."""
    follower = Follower(stream, hub.changed, hub.lost)
    follower.start()
    wait_until(lambda: hub.gaps)
    yield follower
    follower.stop()
    assert follower.stats().state == "stopped"


def test_it_begins_with_a_gap_and_then_tells_everything(follower: Follower, stream: Cuttable, hub: Hub) -> None:
    assert hub.gaps == [stream.top()]
    stream.append(changes(1, 2))
    stream.append(changes(3))
    wait_until(lambda: hub.position == stream.top())
    assert hub.ids == [1, 2, 3]
    assert follower.position == stream.top()
    assert follower.stats() == FollowerStats("following", stream.top(), entries=3, duplicates=0, gaps=0, failures=0)
    assert repr(follower) == f"<Follower following at {stream.top()}, 3 entries, 0 gaps, 0 failures>"


def test_what_was_before_it_began_is_not_told(stream: Cuttable, hub: Hub) -> None:
    stream.append(changes(1))
    follower = Follower(stream, hub.changed, hub.lost)
    assert (follower.position, follower.is_connected) == (None, False)
    follower.start()
    wait_until(lambda: follower.is_connected)
    stream.append(changes(2))
    wait_until(lambda: hub.ids)
    follower.stop()
    assert hub.ids == [2]


def test_what_was_appended_twice_is_told_once(follower: Follower, stream: Cuttable, hub: Hub) -> None:
    stream.append(changes(1, 2))
    stream.append(changes(1, 2, 3))
    stream.append(changes(1, 2, 3))
    wait_until(lambda: hub.position == stream.top())
    assert hub.ids == [1, 2, 3]
    assert follower.stats().duplicates == 5
    # Numbers that an outbox made anew gives again are of other transactions.
    stream.append(changes(1, xid=8))
    wait_until(lambda: hub.position == stream.top())
    assert hub.ids == [1, 2, 3, 1]


def test_only_so_many_changes_are_known_again(stream: Cuttable, hub: Hub) -> None:
    follower = Follower(stream, hub.changed, hub.lost, window=10)
    follower.start()
    wait_until(lambda: hub.gaps)
    stream.append(changes(*range(11)))
    stream.append(changes(0, 10))
    wait_until(lambda: hub.position == stream.top())
    follower.stop()
    assert hub.ids == [*range(11), 0]


def test_a_gap_is_told_and_followed_from(follower: Follower, stream: Cuttable, hub: Hub) -> None:
    stream.append(changes(1))
    wait_until(lambda: hub.ids)
    with capture_logs() as logs:
        stream.clear()
        wait_until(lambda: follower.stats().gaps)
    stream.append(changes(2))
    wait_until(lambda: hub.position == stream.top())
    assert (hub.ids, len(hub.gaps)) == ([1, 2], 2)
    (record,) = [record for record in logs if record.get("state") == "gap"]
    assert record["position"] == str(hub.gaps[1])


def test_all_that_a_new_epoch_holds_is_told_once(follower: Follower, stream: Cuttable, hub: Hub) -> None:
    stream.append(changes(1, 2))
    wait_until(lambda: hub.ids == [1, 2])
    stream.is_away = True
    wait_until(lambda: follower.stats().failures)
    stream.clear()
    # What was appended before it was away, and not yet deleted, is appended once more.
    begin = Position(stream.append(changes(2, 3, 4)).epoch, 0)
    stream.is_away = False
    wait_until(lambda: hub.position == stream.top())
    assert (hub.ids, hub.gaps[1:]) == ([1, 2, 3, 4], [begin])


def test_of_what_was_trimmed_the_rest_is_told(hub: Hub) -> None:
    stream = Cuttable(length=3)
    follower = Follower(stream, hub.changed, hub.lost)
    follower.start()
    wait_until(lambda: hub.gaps)
    stream.is_away = True
    wait_until(lambda: follower.stats().failures)
    stream.append(changes(*range(1, 6)))
    stream.is_away = False
    wait_until(lambda: hub.position == stream.top())
    follower.stop()
    assert (hub.ids, [gap.offset for gap in hub.gaps]) == ([3, 4, 5], [0, 2])


def test_it_comes_back_and_goes_on_where_it_was(follower: Follower, stream: Cuttable, hub: Hub) -> None:
    wait_until(lambda: follower.is_connected)
    with capture_logs() as logs:
        stream.is_away = True
        wait_until(lambda: follower.stats().failures)
        stream.append(changes(1, 2))
        wait_until(lambda: follower.stats().failures >= 3)
        assert not follower.is_connected
        assert hub.ids == []
        stream.is_away = False
        wait_until(lambda: follower.is_connected)
    wait_until(lambda: hub.ids == [1, 2])
    assert len(hub.gaps) == 1
    # Once each, not at every attempt.
    assert [record["state"] for record in logs] == ["away", "following"]


def test_a_stream_that_is_away_at_the_beginning_is_waited_for(stream: Cuttable, hub: Hub) -> None:
    stream.is_away = True
    follower = Follower(stream, hub.changed, hub.lost)
    with capture_logs() as logs:
        follower.start()
        wait_until(lambda: follower.stats().failures >= 2)
        assert follower.stats().state == "away"
        stream.append(changes(1))
        stream.is_away = False
        wait_until(lambda: follower.is_connected)
    follower.stop()
    assert hub.gaps == [stream.top()]
    assert [(record["log_level"], record["state"], record["error"]) for record in logs] == [
        ("warning", "away", "cut"),
        ("info", "following", None),
    ]


@pytest.mark.parametrize("failures", [1, 2])
def test_what_the_hub_did_not_take_in_is_a_gap(follower: Follower, stream: Cuttable, hub: Hub, failures: int) -> None:
    hub.failures = failures
    with capture_logs() as logs:
        stream.append(changes(1))
        wait_until(lambda: len(hub.gaps) == 2)
    stream.append(changes(2))
    wait_until(lambda: hub.position == stream.top())
    assert hub.ids == [2]
    assert [record["error"] for record in logs if record["event"] == "graphql.defect"] == [
        'ZeroDivisionError("the hub\'s defect")'
    ] * failures


def test_pauses_double_with_jitter_up_to_a_bound() -> None:
    shortest, longest = Backoff(chance=lambda: 0.0), Backoff(chance=lambda: 1.0)
    assert [shortest.next() for _ in range(3)] == pytest.approx([0.05, 0.1, 0.2])
    assert [longest.next() for _ in range(40)][-1] == LONGEST
    assert repr(longest) == "<Backoff after 30 failures>"
    longest.reset()
    assert longest.next() == pytest.approx(0.1)
