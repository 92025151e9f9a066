"""Runs one plan with many variables at once, and tells what each execution depended on: what live operations are run by.

All executions share one scope, one snapshot and the statements of each round; each gets the result that it would have had by
itself, errors included. When a shared run fails, each execution is tried by itself, so that one cannot fail the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from graphql import ExecutionResult, GraphQLError
from sqlalchemy.exc import DBAPIError

from ..client_errors import errors_of, format_result
from ..database.scope import Scope
from ..database.session import translated
from ..engine.context import ExecutionContext, Resolvers
from ..engine.execution import Execution, coerce, finish
from ..engine.extensions import Extensions
from ..engine.loader import Loader
from ..engine.rounds import Rounds
from ..errors import DocumentRefused, NotVisible, TryAgain
from ..plan.plan import Plan
from .readset import NOTHING, UNKNOWN, Fact, Interest, Invocation, LiveAnswer, LiveAnswers, ReadSet
from .recorder import Recorder, Watch

Ran = tuple[ExecutionResult, ReadSet]


def run_many(
    plan: Plan, asked: Sequence[Invocation], *, context: Scope, extensions: Extensions | None = None
) -> LiveAnswers:
    """Run a query or subscription for each of `asked`. Raises TryAgain (deadline, database away); all else is in the answers.

    Where the schema has extensions, each is run by itself, with them around it.
    """
    if asked and extensions is not None and extensions.are_needed(plan):
        ran = [_run_wrapped(plan.live, each, context, extensions) for each in asked]
        results, snapshot = [each for each, _ in ran], ran[0][1]
    else:
        results, snapshot = run_each(plan, asked, context=context)
    return LiveAnswers([LiveAnswer(format_result(result, plan.name), reads) for result, reads in results], snapshot)


def run_each(plan: Plan, asked: Sequence[Invocation], *, context: Scope) -> tuple[list[Ran], str]:
    """The same with results as graphql-core has them, and the text of the first snapshot."""
    plan = plan.live
    together = _Together(context)
    coerced = [coerce(plan, each.variables) for each in asked]
    fitting = [
        ExecutionContext(plan, variables, context, each.root_value)
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


def _run_wrapped(plan: Plan, asked: Invocation, scope: Scope, extensions: Extensions) -> tuple[Ran, str]:
    """One execution with its extensions, and the text of its snapshot. What extensions read counts, too.

    What is not for the viewer stays so, whatever extensions make of it.
    """
    watch, recorder = Watch(), Recorder()
    loader = Loader(scope, unwatched=watch.paused)
    rounds = Rounds(loader)
    withheld: ExecutionResult | None = None

    def execute(*, resolvers: Resolvers, variables: Mapping[str, Any] | None, root_value: Any) -> ExecutionResult:
        nonlocal withheld
        coerced = coerce(plan, variables)
        if isinstance(coerced, list):
            return ExecutionResult(None, coerced)
        context = ExecutionContext(plan, coerced, scope, root_value, resolvers)
        execution = Execution(context, loader, rounds, in_rounds=True, recorder=recorder)
        execution.begin()
        finish([execution], rounds)
        result = execution.result()
        if any(isinstance(each.original_error, NotVisible) for each in result.errors or ()):
            withheld = ExecutionResult(result.data, list(result.errors or ()))
        return result

    try:
        scope.watch(watch.note)
        snapshot = loader.snapshot()
        try:
            result = extensions.run(
                plan,
                text=plan.text,
                variables=asked.variables,
                context_value=scope,
                root_value=asked.root_value,
                execute=execute,
            )
        except TryAgain:
            raise
        except Exception as error:  # its own answer, whatever it is
            if isinstance(error, DBAPIError) and isinstance(translated(error, scope.deadline), TryAgain):
                raise
            return (_failed(error), UNKNOWN), snapshot
        return (withheld or result, recorder.read_set(rounds, scope.viewer, watch.facts)), snapshot
    finally:
        scope.release()


class _Together:
    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self.snapshot: str | None = None

    def run(self, contexts: Sequence[ExecutionContext]) -> list[Ran]:
        try:
            return self._run(contexts)
        except TryAgain:
            raise
        except Exception as error:
            if isinstance(error, DBAPIError) and isinstance(translated(error, self._scope.deadline), TryAgain):
                raise
            # A statement that failed has ended the snapshot.
            self._scope.release()
            if len(contexts) == 1:
                return [(_failed(error), UNKNOWN)]
            return [ran for each in contexts for ran in self.run([each])]

    def _run(self, contexts: Sequence[ExecutionContext]) -> list[Ran]:
        watch, scope = Watch(), self._scope
        loader = Loader(scope, unwatched=watch.paused)
        scope.watch(watch.note)
        snapshot = loader.snapshot()
        self.snapshot = self.snapshot or snapshot
        rounds = Rounds(loader)
        recorders = [Recorder() for _ in contexts]
        executions = [
            Execution(each, loader, rounds, in_rounds=True, recorder=recorder)
            for each, recorder in zip(contexts, recorders, strict=True)
        ]
        for execution in executions:
            execution.begin()
        finish(executions, rounds)
        # What code that is free may have found in the session's objects, others' statements may have put there.
        is_free = any(each.plan.variant(each.variables).is_free for each in contexts)
        more: Mapping[Fact, Interest] = watch.facts if is_free else {}
        return [
            (execution.result(), recorder.read_set(rounds, scope.viewer, more))
            for execution, recorder in zip(executions, recorders, strict=True)
        ]


def _failed(error: Exception) -> ExecutionResult:
    if isinstance(error, GraphQLError):
        return ExecutionResult(None, [error])
    if isinstance(error, DocumentRefused):
        return ExecutionResult(None, errors_of(error))
    return ExecutionResult(None, [GraphQLError(str(error), original_error=error)])
