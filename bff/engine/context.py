"""What all parts of one execution are given: the plan, the request's values, and who asks."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import dataclass
from typing import Any, TypeGuard

from graphql import GraphQLResolveInfo
from graphql.execution.values import VariableValues
from graphql.pyutils import inspect
from graphql.type.definition import GraphQLResolveInfoHelpers

from ..database.scope import Scope
from ..plan.plan import Plan
from ..plan.steps import FieldPlan
from .response_path import Place, path_of


@dataclass(frozen=True, eq=False)
class ExecutionContext:
    """One execution of a plan. `context_value` is what resolvers find in `info.context`: a `Scope`, where entities are read."""

    plan: Plan
    variables: VariableValues
    context_value: Any
    root_value: Any = None

    @property
    def scope(self) -> Scope:
        """The operation's scope. Raises TypeError when the context value is none."""
        return scope_in(self.context_value)

    def info(self, field: FieldPlan, place: Place) -> GraphQLResolveInfo[Any]:
        """What a resolver of the field is told at this place."""
        plan = self.plan
        return GraphQLResolveInfo(
            field.details[0].node.name.value,
            field.nodes,
            field.definition.type,
            field.parent.type,
            path_of(place),  # type: ignore[arg-type]
            plan.schema,
            plan.fragment_definitions,
            self.root_value,
            plan.operation,
            self.variables,
            self.context_value,
            _is_awaitable,
            None,
            _NO_ASYNC_WORK,
        )


def scope_in(context_value: Any) -> Scope:
    """The context value as a scope. Raises TypeError when it is none."""
    if not isinstance(context_value, Scope):
        raise TypeError(f"entity fields need a bff.Scope as context value, not {inspect(context_value)}")
    return context_value


def _is_awaitable(_value: Any) -> TypeGuard[Awaitable[Any]]:
    return False


def _no_async_work(_values: Any) -> Any:
    raise TypeError("gevent workers have no event loop: resolvers are synchronous")


_NO_ASYNC_WORK = GraphQLResolveInfoHelpers(_no_async_work, _no_async_work)
