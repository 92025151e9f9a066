"""Rounds: what executions ask loads for is collected, and each load is run once for all of them.

A load runs when no other pending load can still bring it keys (`Load.downstream`), so each is one statement for the whole
page, and for all executions that share the rounds. Results are kept by key: nothing is read twice.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field

from ..errors import TryAgain
from ..plan.loads import Batch, Computed, Load, LoadKey, Results
from ..plan.region import Region
from .loader import Loader

Identity = tuple[Load, Hashable, frozenset[Region]]
"""A load, what it is asked beside keys, and which regions its rows shall hold: who asks the same shares one run."""

Deliver = Callable[[list[object]], None]
"""Is called with a result for each key that was asked for, None where there is none."""


class CallFailed(Exception):
    """A batch function failed as a whole, called for several executions: none of them knows whether its keys are to blame."""


@dataclass(eq=False)
class _Pending:
    """A load that waits to run: for whom, its keys in order of appearance, and who gets the results."""

    owner: object
    computed: Sequence[Computed | None]
    keys: dict[LoadKey, None] = field(default_factory=dict)
    waiters: list[tuple[list[LoadKey], Deliver]] = field(default_factory=list)
    is_shared: bool = False


class Rounds:
    """The pending loads and the results of executions over one scope. Executions that share them have no regions."""

    def __init__(self, loader: Loader) -> None:
        self._loader = loader
        self._pending: dict[Identity, _Pending] = {}
        self._results: dict[Identity, Results] = {}

    def __repr__(self) -> str:
        return f"<Rounds {len(self._pending)} loads pending, {len(self._results)} run>"

    def need(
        self,
        identity: Identity,
        keys: list[LoadKey],
        deliver: Deliver,
        *,
        computed: Sequence[Computed | None],
        owner: object,
    ) -> None:
        """Ask a load for keys; `deliver` is called with their results, now when all are known.

        `computed` is what is asked of the regions in the rows, `owner` tells the executions apart.
        """
        load = identity[0]
        results = self._results.setdefault(identity, {})
        missing = [key for key in keys if key not in results and (key is not None or load.takes_null)]
        if not missing:
            deliver([results.get(key) for key in keys])
            return
        pending = self._pending.get(identity)
        if pending is None:
            pending = self._pending[identity] = _Pending(owner, computed)
        pending.is_shared = pending.is_shared or pending.owner is not owner
        pending.keys.update(dict.fromkeys(missing))
        pending.waiters.append((keys, deliver))

    def run_ready(self) -> bool:
        """Run the loads that wait for no other; False when none was pending.

        Raises what a load raises, and CallFailed where executions should be run apart.
        """
        loads = {load for load, *_ in self._pending}
        blocked = {load for above in loads for load in above.downstream if load is not above}
        ready = [each for each in self._pending if each[0] not in blocked] or list(self._pending)
        for identity in ready:
            self._run(identity, self._pending.pop(identity))
        return bool(ready)

    def results(self, identity: Identity) -> Mapping[LoadKey, object]:
        """What a load has given so far, by key."""
        return self._results[identity]

    def forget(self) -> None:
        """Have everything read again from now on."""
        self._results.clear()

    def _run(self, identity: Identity, pending: _Pending) -> None:
        load, request, _ = identity
        results, keys = self._results[identity], list(pending.keys)
        if isinstance(load, Batch) and pending.is_shared:
            results.update(self._call(load, request, keys))
        else:
            results.update(load.run(self._loader, request, keys, pending.computed))
        for wanted, deliver in pending.waiters:
            deliver([results.get(key) for key in wanted])

    def _call(self, load: Batch, request: object, keys: list[LoadKey]) -> Results:
        try:
            return self._loader.call(load, request, keys)  # type: ignore[arg-type]  # a batch function's is a BatchRequest
        except TryAgain:
            raise
        except Exception as error:
            raise CallFailed from error
