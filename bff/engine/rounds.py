"""Rounds: what executions ask loads for is collected, and each load is run once for all of them.

A load runs when no other pending load can still bring it keys (`Load.downstream`), so each is one statement for the whole
page, and for all executions that share the rounds. Results are kept by key: nothing is read twice.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import TryAgain
from ..plan.loads import Batch, Load
from ..plan.region import Region
from .arguments import Asked
from .loader import Key, Reads

Identity = tuple[Load, Hashable, frozenset[Region]]
"""A load, what it is asked beside keys, and which regions its rows shall hold: who asks the same shares one run."""


class CallFailed(Exception):
    """A batch function failed as a whole, called for several executions: none of them knows whether its keys are to blame."""


@dataclass(eq=False)
class _Pending:
    """A load that waits to run: its keys in order of appearance, for whom, and who gets the results."""

    by: Asked
    keys: dict[Key, None] = field(default_factory=dict)
    waiters: list[tuple[list[Key], Callable[[list[Any]], None]]] = field(default_factory=list)
    is_shared: bool = False


class Rounds:
    """The pending loads and the results of executions over one scope. Executions that share them have no regions."""

    def __init__(self, reads: Reads) -> None:
        self._reads = reads
        self._later: deque[Callable[[], None]] = deque()
        self._pending: dict[Identity, _Pending] = {}
        self._results: dict[Identity, dict[Key, Any]] = {}

    def __repr__(self) -> str:
        return f"<Rounds {len(self._pending)} loads pending, {len(self._results)} run>"

    def later(self, run: Callable[[], None]) -> None:
        """Call this before the next load runs."""
        self._later.append(run)

    def need(self, identity: Identity, keys: list[Key], deliver: Callable[[list[Any]], None], by: Asked) -> None:
        """Ask a load for keys, for the execution whose arguments are `by`; `deliver` is called with a result for each key,
        now when all are known, None where there is none."""
        load = identity[0]
        results = self._results.setdefault(identity, {})
        missing = [key for key in keys if key not in results and (key is not None or load.takes_null)]
        if not missing:
            deliver([results.get(key) for key in keys])
            return
        pending = self._pending.get(identity)
        if pending is None:
            pending = self._pending[identity] = _Pending(by)
        pending.is_shared = pending.is_shared or pending.by is not by
        pending.keys.update(dict.fromkeys(missing))
        pending.waiters.append((keys, deliver))

    def finish(self) -> None:
        """Run until nobody waits. Raises what a load raises; CallFailed where executions should be run apart."""
        while self._later or self._pending:
            if self._later:
                self._later.popleft()()
                continue
            loads = {load for load, *_ in self._pending}
            blocked = {load for above in loads for load in above.downstream if load is not above}
            ready = [each for each in self._pending if each[0] not in blocked] or list(self._pending)
            for identity in ready:
                self._run(identity, self._pending.pop(identity))

    def results(self, identity: Identity) -> Mapping[Key, Any]:
        """What a load has given so far, by key."""
        return self._results[identity]

    def forget(self) -> None:
        """Have everything read anew from now on."""
        self._results.clear()

    def _run(self, identity: Identity, pending: _Pending) -> None:
        load, asked, wanted = identity
        results, keys = self._results[identity], list(pending.keys)
        if isinstance(load, Batch) and pending.is_shared:
            results.update(self._call(load, asked, keys))
        else:
            results.update(self._reads.run(load, asked, keys, pending.by.of_computed(load, wanted)))
        for wanted_keys, deliver in pending.waiters:
            deliver([results.get(key) for key in wanted_keys])

    def _call(self, load: Batch, asked: Any, keys: list[Key]) -> dict[Key, Any]:
        try:
            return self._reads.call(load, asked, keys)
        except TryAgain:
            raise
        except Exception as error:
            raise CallFailed from error
