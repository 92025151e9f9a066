"""Runs one plan with many variables at once, and tells what each execution depended on: what live operations are run by.

All executions share one scope, one snapshot and the statements of each round; each gets the result that it would have had by
itself, errors included. What fails in company is tried alone, so that nobody's fault is another's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import ExecutionResult, GraphQLError
from graphql.execution.values import VariableValues
from sqlalchemy.exc import DBAPIError

from ..client_errors import format_result
from ..database.scope import Scope
from ..database.session import translated
from ..engine.execution import Execution, coerce
from ..engine.loader import Reads
from ..engine.rounds import Rounds
from ..errors import TryAgain
from ..plan.plan import Plan
from .readset import NOTHING, UNKNOWN, Answered, Asked, Executed, Fact, Interest, ReadSet
from .recorder import Recorder, Watch

Ran = tuple[ExecutionResult, ReadSet]


def run_together(plan: Plan, asked: Sequence[Asked], *, context: Scope, hide_suggestions: bool = False) -> Executed:
    """Run a query or subscription for each of `asked`. Raises TryAgain (deadline, database away); all else is in the answers."""
    results, snapshot = run_each(plan, asked, context=context, hide_suggestions=hide_suggestions)
    return Executed([Answered(format_result(result, plan.name), reads) for result, reads in results], snapshot)


def run_each(
    plan: Plan, asked: Sequence[Asked], *, context: Scope, hide_suggestions: bool = False
) -> tuple[list[Ran], str]:
    """The same with results as graphql-core has them, and the text of the first snapshot."""
    together = _Together(plan.live, context, hide_suggestions)
    coerced = [coerce(plan, each.variables, hide_suggestions=hide_suggestions) for each in asked]
    fitting = [
        (variables, each.root_value)
        for variables, each in zip(coerced, asked, strict=True)
        if not isinstance(variables, list)
    ]
    try:
        ran = iter(together.run(fitting))
    finally:
        context.release()
    results = [(ExecutionResult(None, each), NOTHING) if isinstance(each, list) else next(ran) for each in coerced]
    assert together.snapshot is not None
    return results, together.snapshot


class _Together:
    def __init__(self, plan: Plan, context: Scope, hide_suggestions: bool) -> None:
        self._plan, self._context, self._hide_suggestions = plan, context, hide_suggestions
        self.snapshot: str | None = None

    def run(self, fitting: Sequence[tuple[VariableValues, Any]]) -> list[Ran]:
        try:
            return self._run(fitting)
        except TryAgain:
            raise
        except Exception as error:
            if isinstance(error, DBAPIError) and isinstance(translated(error, self._context.deadline), TryAgain):
                raise
            # A statement that failed has ended the snapshot.
            self._context.release()
            if len(fitting) == 1:
                return [(_failed(error), UNKNOWN)]
            return [ran for each in fitting for ran in self.run([each])]

    def _run(self, fitting: Sequence[tuple[VariableValues, Any]]) -> list[Ran]:
        watch, context = Watch(), self._context
        reads = Reads(context, unwatched=watch.paused)
        context.watch(watch.note)
        snapshot = reads.snapshot()
        self.snapshot = self.snapshot or snapshot
        rounds = Rounds(reads)
        begun = []
        is_free = False
        for variables, root_value in fitting:
            recorder = Recorder()
            execution = Execution(
                self._plan,
                variables,
                context,
                root_value,
                self._hide_suggestions,
                reads=reads,
                rounds=rounds,
                in_rounds=True,
                recorder=recorder,
            )
            is_free = is_free or self._plan.variant(variables).is_free
            begun.append((execution.begin(), recorder))
        rounds.finish()
        # What code that is free may have found in the session's objects, others' statements may have put there.
        more: Mapping[Fact, Interest] = watch.facts if is_free else {}
        return [(result(), recorder.read_set(rounds, context.viewer, more)) for result, recorder in begun]


def _failed(error: Exception) -> ExecutionResult:
    if isinstance(error, GraphQLError):
        return ExecutionResult(None, [error])
    return ExecutionResult(None, [GraphQLError(str(error), original_error=error)])
