"""Runs a plan: what PostgreSQL writes is spliced into the answer, the rest is run in rounds.

Root regions are one statement (see `bff.plan.region`); regions below rows come with the rows. In rounds (see
`bff.engine.rounds`) every pending load of the level is collected, each is run once, and so on: breadth-first. A
`Selection` is run over all its objects at once, field by field (`bff.engine.resolution`).

The result is what graphql-core's depth-first execution gives, to the letter, errors included (see
`bff.engine.response_path`).
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from typing import Any, TypeGuard

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLFieldResolver,
    GraphQLSchema,
    GraphQLTypeResolver,
    Middleware,
    MiddlewareManager,
    assert_valid_schema,
)
from graphql.execution.values import VariableValues, get_variable_values
from graphql.pyutils import inspect
from graphql.pyutils import is_awaitable as default_is_awaitable
from psycopg2 import errorcodes
from sqlalchemy.exc import DBAPIError

from ..database.scope import Scope
from ..json_text import Json, plain
from ..plan.plan import Plan, Strategy, compile_plan
from ..plan.region import Region, Regions
from ..plan.steps import FieldPlan, Selection, Typename
from .arguments import Arguments
from .completion import Completion
from .context import ExecutionContext, Resolvers
from .fill import Fill
from .level import Level
from .loader import Loader
from .loading import Loading, Recorder
from .resolution import Resolution
from .response_path import Failures
from .rounds import Rounds

MAX_COERCION_ERRORS = 50
"""As many errors of variables as graphql-core reports by default."""


def execute(
    schema: GraphQLSchema,
    document: DocumentNode,
    root_value: Any = None,
    context_value: Any = None,
    variable_values: dict[str, Any] | None = None,
    operation_name: str | None = None,
    field_resolver: GraphQLFieldResolver | None = None,
    type_resolver: GraphQLTypeResolver | None = None,
    max_coercion_errors: int = MAX_COERCION_ERRORS,
    middleware: Middleware | None = None,
    executor_class: type[Any] | None = None,
    check_sync: bool | Callable[[Any], TypeGuard[Awaitable[Any]]] = False,
    hide_suggestions: bool = False,
    abort_signal: Any = None,
    hooks: Any = None,
    *,
    strategy: Strategy = "auto",
) -> ExecutionResult:
    """Execute an operation as graphql-core's `execute_sync` does, for any graphql-core schema, with the same arguments.

    The document is taken to be valid. Entity fields need a `Scope` as context value. `bff.engine.middleware` says what a
    middleware is called with where fields are loaded in batches.

    Raises TypeError for arguments that this engine has no use for: `executor_class`, as plans are run here;
    `abort_signal`, as the scope has a deadline; `hooks`, which tell of asynchronous work. Raises NotSynchronous, a
    RuntimeError, for an awaitable where `check_sync` asks to look for one.
    """
    for name, value in (("executor_class", executor_class), ("abort_signal", abort_signal), ("hooks", hooks)):
        if value is not None:
            raise TypeError(f"execute() takes no {name}: {_NO_USE[name]}")
    assert_valid_schema(schema)
    try:
        plan = compile_plan(schema, document, operation_name, strategy=strategy, hide_suggestions=hide_suggestions)
    except GraphQLError as error:
        return ExecutionResult(data=None, errors=[error])
    given = Resolvers()
    resolvers = Resolvers(
        field_resolver or given.field_resolver,
        type_resolver or given.type_resolver,
        _manager(middleware),
        check_sync if callable(check_sync) else default_is_awaitable if check_sync else given.is_awaitable,
    )
    return run(
        plan,
        variables=variable_values,
        context=context_value,
        root_value=root_value,
        resolvers=resolvers,
        max_coercion_errors=max_coercion_errors,
    )


_NO_USE = {
    "executor_class": "a plan is run by this engine; wrap fields with middleware",
    "abort_signal": "an operation ends by the deadline of its bff.Scope",
    "hooks": "there is no asynchronous work that they could tell of",
}


def _manager(middleware: Any) -> MiddlewareManager | None:
    if middleware is None or isinstance(middleware, MiddlewareManager):
        return middleware
    if isinstance(middleware, list | tuple):
        return MiddlewareManager(*middleware)
    raise TypeError(
        "Middleware must be passed as a list or tuple of functions or objects,"
        f" or as a single MiddlewareManager object. Got {inspect(middleware)} instead."
    )


def run(
    plan: Plan,
    *,
    variables: Mapping[str, Any] | None,
    context: Any,
    root_value: Any = None,
    resolvers: Resolvers | None = None,
    max_coercion_errors: int = MAX_COERCION_ERRORS,
) -> ExecutionResult:
    """Run a plan. Field errors are in the result; TryAgain errors (deadline, database away) are raised."""
    result = run_to_encode(
        plan,
        variables=variables,
        context=context,
        root_value=root_value,
        resolvers=resolvers,
        max_coercion_errors=max_coercion_errors,
    )
    return ExecutionResult(plain(result.data), result.errors, result.extensions)


def run_to_encode(
    plan: Plan,
    *,
    variables: Mapping[str, Any] | None,
    context: Any,
    root_value: Any = None,
    resolvers: Resolvers | None = None,
    max_coercion_errors: int = MAX_COERCION_ERRORS,
) -> ExecutionResult:
    """The same, for a caller that encodes the result: parts of its data may be `Json`, which are written as they are.

    With middleware all is run in rounds: no middleware would see what PostgreSQL writes.
    """
    coerced = coerce(plan, variables, max_errors=max_coercion_errors)
    if isinstance(coerced, list):
        return ExecutionResult(data=None, errors=coerced)
    resolvers = resolvers or Resolvers()
    execution_context = ExecutionContext(plan, coerced, context, root_value, resolvers)
    in_rounds = plan.strategy == "rounds" or resolvers.middleware is not None
    try:
        try:
            return _alone(execution_context, in_rounds=in_rounds)
        except DBAPIError as error:
            if plan.kind != "query" or in_rounds or not _may_be_ours(error):
                raise
            for region in plan.variant(coerced).regions.of.values():
                region.failed(True)
            context.release()
            return _alone(execution_context, in_rounds=True)
    except GraphQLError as error:
        return ExecutionResult(data=None, errors=[error])
    finally:
        if isinstance(context, Scope):
            context.release()


def coerce(
    plan: Plan, variables: Mapping[str, Any] | None, *, max_errors: int = MAX_COERCION_ERRORS
) -> VariableValues | list[GraphQLError]:
    """The variables as the operation declares them, or what is wrong with them."""
    return get_variable_values(
        plan.schema,
        plan.operation.variable_definitions or (),
        dict(variables or {}),
        max_errors=max_errors,
        hide_suggestions=plan.hide_suggestions,
    )


def _alone(context: ExecutionContext, *, in_rounds: bool) -> ExecutionResult:
    """The result of an execution with rounds of its own."""
    loader = Loader(context.context_value)
    return Execution(context, loader, Rounds(loader), in_rounds=in_rounds).run()


class Execution:
    """One execution of a plan: its fields, over the rounds that it shares with those beside it, or has for itself.

    Raises GraphQLError when the plan has no variant for the variables.
    """

    def __init__(
        self,
        context: ExecutionContext,
        loader: Loader,
        rounds: Rounds,
        *,
        in_rounds: bool,
        recorder: Recorder | None = None,
    ) -> None:
        variant = context.plan.variant(context.variables)
        self._context, self._loader, self._rounds = context, loader, rounds
        self._root = variant.root
        self._regions = Regions() if in_rounds else variant.regions
        self._failures = Failures(propagate=context.plan.propagates_errors)
        self._arguments = Arguments(context)
        loading = Loading(rounds, self._arguments, self._regions, recorder)
        self._completion = Completion(context, self._failures, loading)
        self._fill = Fill(context, self._arguments, loading)
        self._resolution = Resolution(context, self._arguments, loading, self._completion)
        self._data: dict[str, Any] = self._root.template.copy()

    def run(self) -> ExecutionResult:
        """Run to the end; parts of the result's data may be `Json`."""
        written = self._write_root_regions()
        fields = [each for each in self._root.fields if each not in written]
        for together in [[each] for each in fields] if self._context.plan.is_mutation else [fields]:
            self._begin(together)
            finish([self], self._rounds)
            self._rounds.forget()
            if self._failures.reach_root:
                break
        return self.result()

    def begin(self) -> None:
        """Ask for what a query needs first; `finish` brings it to its end."""
        self._begin(self._root.fields)

    def result(self) -> ExecutionResult:
        """What came of it."""
        return self._failures.settle(self._data)

    def advance(self) -> None:
        """Run the selections that were entered, and those that are entered meanwhile."""
        entered = self._completion.entered
        while entered:
            selection, level = entered.popleft()
            self._run_selection(selection, level)

    def _begin(self, fields: Sequence[FieldPlan]) -> None:
        for each in fields:
            self._resolution.resolve(each, self._root_level)

    @property
    def _root_level(self) -> Level:
        return Level([self._context.root_value], [self._data], [None])

    def _run_selection(self, selection: Selection, level: Level) -> None:
        for field in selection.fields:
            region = self._regions.of.get(field)
            if region is None:
                self._resolution.resolve(field, level)
            else:
                self._write_region(region, level)

    # -- regions

    def _write_root_regions(self) -> set[FieldPlan]:
        """Write the root fields that one statement answers, now or when they are filled in; tell which they are."""
        row = self._regions.root
        requests = [] if row is None else [it for each in row.regions if (it := self._arguments.of_region(each))]
        if row is None or not requests:
            return set()
        # When nothing else will read, there is no snapshot to share, and what rounds read then is of another.
        others = [
            each for each in self._root.fields if each not in self._regions.of and not isinstance(each.step, Typename)
        ]
        is_alone = not (others or len(requests) < len(row.regions) or any(each.region.calls for each in requests))
        texts = self._loader.root(row, requests, alone=is_alone)
        found: dict[FieldPlan, Json | None] = {}
        for each, text in zip(requests, texts, strict=True):
            field = each.region.field
            deliver = partial(_keep, found, field) if is_alone else partial(self._splice, field, self._root_level)
            self._fill.fill(each, [text], deliver)
        if is_alone:
            if None in found.values():
                return set()
            self._data.update({field.key: value for field, value in found.items()})
        return {each.region.field for each in requests}

    def _write_region(self, region: Region, level: Level) -> None:
        """Write a field whose JSON stands in the rows."""
        rows = region.rows
        assert rows is not None
        request, slot = self._arguments.of_region(region), rows.computed_slot(region)
        deliver = partial(self._splice, region.field, level)
        if request is None:
            deliver([None] * len(level))
        else:
            self._fill.fill(request, [row[slot] for row in level.sources], deliver)

    def _splice(self, field: FieldPlan, level: Level, values: Sequence[Json | None]) -> None:
        """Put finished JSON into the answer; what there is none for, being irregular, is left to rounds."""
        for output, value in zip(level.outputs, values, strict=True):
            if value is not None:
                output[field.key] = value
        left = [i for i, value in enumerate(values) if value is None]
        if left:
            self._resolution.resolve(field, level.take(left))


def finish(executions: Sequence[Execution], rounds: Rounds) -> None:
    """Run executions that share rounds until none waits for anything.

    Raises what a load raises, and CallFailed where the executions should be run apart.
    """
    while True:
        for each in executions:
            each.advance()
        if not rounds.run_ready():
            return


def _may_be_ours(error: DBAPIError) -> bool:
    """Whether rounds may answer where a statement of regions failed.

    A batch function failed in SQL, and its field cannot be answered in a transaction that failed; a value is not of the
    type that it is said to be; the statement is beyond a limit of PostgreSQL's.
    """
    return str(getattr(error.orig, "pgcode", None))[:2] in _OURS


_OURS = frozenset(
    each[:2]
    for each in (
        errorcodes.IN_FAILED_SQL_TRANSACTION,
        errorcodes.DATA_EXCEPTION,
        errorcodes.SYNTAX_ERROR,
        errorcodes.PROGRAM_LIMIT_EXCEEDED,
    )
)
"""The classes of these errors, by the first two characters of their codes."""


def _keep(found: dict[FieldPlan, Json | None], field: FieldPlan, values: list[Json | None]) -> None:
    [found[field]] = values
