"""When live operations are run: what a change touches is, soon, once, and together with what is run alike.

- A change makes every operation dirty whose read set it touches, unless the snapshot that its state was read in holds the change
  already. Dirty operations are run at once, but not again within the window; those of one plan and scope that are due at the
  same time are run together, in one snapshot.
- A change that arrives while an operation runs is kept, and compared with the new read set and snapshot when it has run: so it
  is never lost, and never costs a run for what the run has seen.
- An operation that nobody subscribes to any more lingers, so that who reconnects finds it; it is not run meanwhile.
"""

from __future__ import annotations

import threading
from collections import OrderedDict, deque
from collections.abc import Callable, Hashable, Iterable, Sequence
from dataclasses import dataclass
from heapq import heappop, heappush
from itertools import count, islice
from typing import Any, Protocol

from ..changes.change import Snapshot
from ..changes.stream import Entry, Position
from ..errors import BffError, DeadlineExceeded, Gone, TryAgain
from ..plan.plan import Plan
from ..readsets.readset import Invocation, LiveAnswer, LiveAnswers
from ..settings import LiveSettings
from .channels import Outlet
from .index import Index
from .states import LiveOperation

MOST_TOGETHER = 50
"""Operations run together: more would keep the first waiting for the last."""

RESTS = 4
"""Times as long as a run took that an operation rests after it, if that is longer than the window. What changes without a pause is
run for a fifth of the time at most, so that a node under load has time for its sockets and its pages."""

MOST_LATE = 3
"""Times in a row that an operation may exceed its deadline, the first in company: then it ends, lest it take a thread for ever."""

_GONE = "what was subscribed to is not there any more, or not for this viewer"


class Runner(Protocol):
    """How operations are run; the server implements it."""

    def execute_live(self, plan: Plan, asked: Sequence[Invocation], viewer: object | None) -> LiveAnswers:
        """Run a plan for each of `asked`; `snapshot` is the first that any was read in. Raises TryAgain."""

    def errors_of(self, error: Exception) -> list[dict[str, Any]]:
        """The GraphQL errors for a client; what is a defect is logged and masked."""


@dataclass(eq=False, slots=True)
class _Run:
    """Operations that are run together, from `began` on. `since` and `position` say which changes came before."""

    operations: Sequence[LiveOperation]
    since: int
    position: Position
    began: float


class Scheduler:
    """The runs of one node. `lock` is the hub's: held around every call but `work`, and while clients are told."""

    def __init__(
        self,
        runner: Runner,
        *,
        lock: threading.RLock,
        clock: Callable[[], float],
        settings: LiveSettings,
        patience: float,
        ended: Callable[[Iterable[tuple[Outlet, str]]], None],
        forgotten: Callable[[LiveOperation], None],
    ) -> None:
        """A new subscription waits `patience` seconds at most while the database does not answer. `ended` is called with subscriptions
        that were ended here, `forgotten` with operations that are not kept any more."""
        self._runner, self._lock, self._clock = runner, lock, clock
        self._settings, self._patience = settings, patience
        self._ended, self._forgotten = ended, forgotten
        self._has_work = threading.Condition(lock)
        self._index: Index[LiveOperation] = Index()
        # What is dirty and wanted, and since when it may be run; what may be run now is in `_ready`, too. That many are due must
        # not make each run dear, so none looks through them all.
        self._due: dict[LiveOperation, float] = {}
        self._agenda: list[tuple[float, int, LiveOperation]] = []
        self._number = count().__next__
        self._ready: dict[Hashable, dict[LiveOperation, None]] = {}
        self._lingering: OrderedDict[LiveOperation, float] = OrderedDict()
        # Changes since the oldest run that is under way began, numbered on for ever.
        self._recent: deque[tuple[int, Entry]] = deque()
        self._seen = 0
        self._under_way: set[_Run] = set()
        self._is_stopping = False
        self.position = Position("", 0)
        self.executions = self.unchanged = self.states = self.failures = 0

    def __repr__(self) -> str:
        return f"<Scheduler {len(self._due)} due, {len(self._under_way)} under way, {self.executions} done>"

    def stats(self) -> dict[str, int]:
        """Gauges `due` and `running`; counters `executions` (operations that were run), `unchanged` (of those, found nothing new),
        `states` (found something) and `failures` (runs that have to be repeated)."""
        return {
            "due": len(self._due),
            "running": sum(len(each.operations) for each in self._under_way),
            "executions": self.executions,
            "unchanged": self.unchanged,
            "states": self.states,
            "failures": self.failures,
        }

    # ---- what the hub tells

    def touch(self, operation: LiveOperation) -> None:
        """The operation's state is old."""
        if operation.is_running:
            operation.must_rerun = True
            return
        operation.is_dirty = True
        self.schedule(operation)

    def schedule(self, operation: LiveOperation) -> None:
        """Have a dirty operation run that somebody wants."""
        if not operation.is_wanted:
            return
        self._lingering.pop(operation, None)
        if operation.is_dirty and not operation.is_running and operation not in self._due:
            self._run_at(operation, operation.rests_until)

    def linger(self, operation: LiveOperation) -> None:
        """Nobody subscribes to the operation any more."""
        self._take_off(operation)
        self._lingering[operation] = self._clock() + self._settings.linger
        self._lingering.move_to_end(operation)
        self._has_work.notify()

    def changed(self, entries: Sequence[Entry], position: Position) -> None:
        """Entries of the stream, up to `position`."""
        self.position = position
        for entry in entries:
            self._seen += 1
            if self._under_way:
                self._recent.append((self._seen, entry))
            for operation in self._index.touched(entry.change):
                if not operation.is_running and not _holds(operation, entry):
                    self.touch(operation)

    def lost(self, operations: Iterable[LiveOperation], position: Position) -> None:
        """Changes before `position` were lost: any state may be old."""
        self.position = position
        for operation in operations:
            operation.snapshot = None
            self.touch(operation)

    def stop(self) -> None:
        """Have `work` return."""
        self._is_stopping = True
        self._has_work.notify_all()

    # ---- the threads

    def work(self) -> None:
        """Run what is due until `stop`; in several threads at once."""
        while True:
            with self._lock:
                run = self._next()
                while run is None and not self._is_stopping:
                    self._has_work.wait(self._sleep())
                    run = self._next()
                if run is None or self._is_stopping:
                    return
            self._do(run)

    def _sleep(self) -> float | None:
        """Seconds until there may be something to do, None when nothing is known."""
        times = [self._agenda[0][0]] if self._agenda else []
        if self._lingering:
            times.append(next(iter(self._lingering.values())))
        return max(0.0, min(times) - self._clock()) if times else None

    def _next(self) -> _Run | None:
        now = self._clock()
        while self._lingering and next(iter(self._lingering.values())) <= now:
            operation, _ = self._lingering.popitem(last=False)
            self._forget(operation)
        while self._agenda and self._agenda[0][0] <= now:
            due, _, operation = heappop(self._agenda)
            # It may have been taken off, or put on anew.
            if self._due.get(operation) == due:
                self._ready.setdefault(operation.group, {})[operation] = None
        if not self._ready:
            return None
        group, ready = next(iter(self._ready.items()))
        # What is left of it is behind the others'.
        self._ready[group] = self._ready.pop(group)
        together = list(islice(ready, MOST_TOGETHER))
        for operation in together:
            self._take_off(operation)
            operation.is_dirty, operation.must_rerun, operation.is_running = False, False, True
        run = _Run(together, self._seen, self.position, now)
        self._under_way.add(run)
        if self._ready:
            self._has_work.notify()
        return run

    def _run_at(self, operation: LiveOperation, time: float) -> None:
        self._due[operation] = time
        heappush(self._agenda, (time, self._number(), operation))
        self._has_work.notify()

    def _take_off(self, operation: LiveOperation) -> None:
        """The operation is not to be run, or is run now."""
        if self._due.pop(operation, None) is not None:
            ready = self._ready.get(operation.group, {})
            ready.pop(operation, None)
            if not ready:
                self._ready.pop(operation.group, None)

    def _do(self, run: _Run) -> None:
        first = run.operations[0].subject
        asked = [Invocation(operation.subject.variables, operation.root_value) for operation in run.operations]
        try:
            executed = self._runner.execute_live(first.plan, asked, first.viewer)
            snapshot = Snapshot.parse(executed.snapshot)
        except Exception as error:  # noqa: BLE001 - a defect of one operation must not end the thread of all
            with self._lock:
                self._end(run)
                for operation in run.operations:
                    self._failed(operation, error)
            return
        with self._lock:
            self.executions += len(run.operations)
            for operation, answered in zip(run.operations, executed.answers, strict=True):
                operation.snapshot = snapshot
                self._index.put(operation, answered.reads)
            touched = self._touched_since(run, snapshot)
            self._end(run)
            for operation, answered in zip(run.operations, executed.answers, strict=True):
                try:
                    self._take(operation, answered, run.position)
                except Exception as error:  # noqa: BLE001 - a value that JSON does not have is its own operation's defect
                    self._failed(operation, error)
                if operation in touched or operation.must_rerun:
                    self.touch(operation)

    def _touched_since(self, run: _Run, snapshot: Snapshot) -> set[LiveOperation]:
        """The operations that were touched since the run began by what it has not seen."""
        touched: set[LiveOperation] = set()
        for number, entry in self._recent:
            if number > run.since and not snapshot.holds(entry.change.xid):
                touched |= self._index.touched(entry.change)
        return touched

    def _end(self, run: _Run) -> None:
        self._under_way.remove(run)
        oldest = min((each.since for each in self._under_way), default=self._seen)
        while self._recent and self._recent[0][0] <= oldest:
            self._recent.popleft()
        now = self._clock()
        rest = max(self._settings.window, RESTS * (now - run.began))
        for operation in run.operations:
            operation.is_running = False
            operation.rests_until = now + rest

    def _take(self, operation: LiveOperation, answered: LiveAnswer, position: Position) -> None:
        operation.backoff.reset()
        operation.late = 0
        if "data" not in answered.payload:
            # Nothing ran: the variables do not fit; or, for those who have a state, what ran before does not any more.
            errors = answered.payload["errors"]
            self._ended(operation.refuse(errors))
            self._ended(operation.complete(BffError, errors[0]["message"], can_resume=True))
            self._forget(operation)
            return
        if operation.is_withheld(answered.payload):
            self._ended(operation.complete(Gone, _GONE))
            self._forget(operation)
            return
        match operation.take(answered.payload, position):
            case "unchanged":
                self.unchanged += 1
            case "gone":
                self._ended(operation.complete(Gone, _GONE))
                self._forget(operation)
            case _:
                self.states += 1
        if not operation.is_wanted and operation not in self._lingering:
            self.linger(operation)

    def _failed(self, operation: LiveOperation, error: Exception) -> None:
        self.failures += 1
        operation.is_dirty = True
        operation.late += isinstance(error, DeadlineExceeded)
        if not isinstance(error, TryAgain) or operation.late > MOST_LATE:
            errors = self._runner.errors_of(error)
            self._ended(operation.refuse(errors))
            self._ended(operation.complete(BffError, errors[0]["message"], can_resume=True))
            self._forget(operation)
            return
        too_old = [each for each in operation.joining if each.since + self._patience <= self._clock()]
        if too_old:
            self._ended(operation.refuse(self._runner.errors_of(error)))
        if operation.is_wanted:
            self._run_at(operation, self._clock() + operation.backoff.next())
        else:
            self.linger(operation)

    def _forget(self, operation: LiveOperation) -> None:
        self._take_off(operation)
        self._lingering.pop(operation, None)
        self._index.remove(operation)
        self._forgotten(operation)


def _holds(operation: LiveOperation, entry: Entry) -> bool:
    return operation.snapshot is not None and operation.snapshot.holds(entry.change.xid)
