"""Asks loads for keys, for one execution: what its fields and its placeholders need goes through here into the rounds."""

from __future__ import annotations

from collections.abc import Callable, Hashable
from typing import Any, Protocol

from ..plan.loads import Load, LoadKey
from ..plan.region import Region, Regions
from ..plan.steps import FieldPlan
from .arguments import Arguments
from .rounds import Identity, Rounds

_NONE: frozenset[Region] = frozenset()


class Recorder(Protocol):
    """Who wants to know what an execution reads; `bff.readsets.recorder` makes read sets of it."""

    def note(self, identity: Identity, keys: list[LoadKey]) -> None:
        """The execution asks a load for these keys."""


class Loading:
    """The loads of one execution, over rounds that it may share with others."""

    def __init__(self, rounds: Rounds, arguments: Arguments, regions: Regions, recorder: Recorder | None) -> None:
        self._rounds, self._arguments, self._regions, self._recorder = rounds, arguments, regions, recorder

    def need(
        self,
        load: Load,
        request: Hashable,
        keys: list[LoadKey],
        deliver: Callable[[list[Any]], None],
        *,
        field: FieldPlan | None = None,
    ) -> None:
        """Ask a load for keys; `deliver` is called with a result for each, None where there is none.

        `field` is who leads to its rows, if it is a load of rows: those with regions are shared by all who want the same.
        """
        wanted = _NONE if field is None else self._regions.below(field)
        identity = (load, request, wanted)
        if self._recorder is not None:
            self._recorder.note(identity, keys)
        computed = self._arguments.of_computed(load, wanted)
        self._rounds.need(identity, keys, deliver, computed=computed, owner=self)
