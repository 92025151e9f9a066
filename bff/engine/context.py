"""What all parts of one execution are given: the plan, the request's values, and who asks."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from inspect import iscoroutine
from typing import Any, TypeGuard

from graphql import (
    GraphQLFieldResolver,
    GraphQLResolveInfo,
    GraphQLTypeResolver,
    MiddlewareManager,
    default_field_resolver,
    default_type_resolver,
)
from graphql.execution.values import VariableValues
from graphql.pyutils import inspect, is_awaitable
from graphql.type.definition import GraphQLResolveInfoHelpers

from ..database.scope import Scope
from ..plan.plan import Plan
from ..plan.steps import FieldPlan
from .response_path import ResponsePath, graphql_path


def _is_not_awaitable(_value: Any) -> TypeGuard[Awaitable[Any]]:
    return False


class NotSynchronous(RuntimeError):
    """A resolver gave an awaitable, and awaitables were to be looked for."""


@dataclass(frozen=True)
class Resolvers:
    """What resolves where a schema does not say it, and what is wrapped around each field; as graphql-core has it."""

    field_resolver: GraphQLFieldResolver = default_field_resolver
    type_resolver: GraphQLTypeResolver = default_type_resolver
    middleware: MiddlewareManager | None = None
    is_awaitable: Callable[[Any], TypeGuard[Awaitable[Any]]] = _is_not_awaitable
    """Of values for which it holds, there is no result: execution is synchronous."""

    def at_once(self, value: Any) -> Any:
        """The value of a resolver. Raises NotSynchronous for one that is awaitable."""
        if not self.is_awaitable(value):
            return value
        if iscoroutine(value):
            value.close()
        raise NotSynchronous("GraphQL execution failed to complete synchronously.")


@dataclass(frozen=True, eq=False)
class ExecutionContext:
    """One execution of a plan. `context_value` is what resolvers find in `info.context`: a `Scope`, where entities are read."""

    plan: Plan
    variables: VariableValues
    context_value: Any
    root_value: Any = None
    resolvers: Resolvers = Resolvers()

    @property
    def scope(self) -> Scope:
        """The operation's scope. Raises TypeError when the context value is none."""
        return scope_in(self.context_value)

    def info(self, field: FieldPlan, path: ResponsePath) -> GraphQLResolveInfo[Any]:
        """What a resolver of the field is told at this path."""
        plan = self.plan
        return GraphQLResolveInfo(
            field.details[0].node.name.value,
            field.nodes,
            field.definition.type,
            field.parent.type,
            graphql_path(path),  # type: ignore[arg-type]
            plan.schema,
            plan.fragment_definitions,
            self.root_value,
            plan.operation,
            self.variables,
            self.context_value,
            self.resolvers.is_awaitable,
            None,
            _NO_ASYNC_WORK,
        )


def scope_in(context_value: Any) -> Scope:
    """The context value as a scope. Raises TypeError when it is none."""
    if not isinstance(context_value, Scope):
        raise TypeError(f"entity fields need a bff.Scope as context value, not {inspect(context_value)}")
    return context_value


def _gather(_values: Any) -> Any:
    raise TypeError("gevent workers have no event loop: resolvers are synchronous")


def _track(values: Any) -> None:
    if any(map(is_awaitable, values)):
        _gather(values)


_NO_ASYNC_WORK = GraphQLResolveInfoHelpers(_gather, _track)
