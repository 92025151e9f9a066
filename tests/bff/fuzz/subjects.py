"""What is executed twice: an operation by the engine and by graphql-core, on any schema or over a database."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

from graphql import DocumentNode, ExecutionResult, GraphQLError, GraphQLSchema, execute_sync
from sqlalchemy import Engine

from bff.database.scope import Deadline, Scope
from bff.database.session import Database
from bff.engine.execution import execute, run
from bff.plan.plan import Plan, Strategy, compile_plan
from bff.schema.catalog import Catalog
from tests.bff.reference import assert_same, assert_same_json

FORCED: tuple[Strategy, ...] = ("compiled", "rounds")


class Subject:
    """An operation as the engine has it: planned once by each strategy, run as often as one likes."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, name: str | None) -> None:
        self.schema, self.document, self.name = schema, document, name
        self._plans: dict[Strategy, Plan] = {}
        try:
            self._plans = {each: compile_plan(schema, document, name, strategy=each) for each in FORCED}
        except GraphQLError:
            pass

    def run(self, strategy: Strategy, variables: dict[str, Any], context: Any, root: Any = None) -> ExecutionResult:
        if not self._plans:
            return execute(self.schema, self.document, root, context, variables, self.name)
        return run(self._plans[strategy], variables=variables, context=context, root_value=root)


@dataclass(frozen=True)
class Site:
    """A schema of entities over a database, and who asks."""

    schema: GraphQLSchema
    database: Database
    viewers: list[Any]

    @classmethod
    def of(cls, schema: GraphQLSchema, engine: Engine, viewers: list[Any]) -> Site:
        return cls(schema, Database(engine, Catalog.of(schema).policies), viewers)

    def open(self, viewer: Any) -> AbstractContextManager[Scope]:
        """A scope of the viewer's own, for one execution."""
        return self.database.open(viewer, Deadline.after(120))

    def answer(self, subject: Subject, variables: dict[str, Any], viewer: Any) -> ExecutionResult:
        """The engine's answer, which is asserted to be graphql-core's by either strategy."""
        with self.open(viewer) as scope:
            expected = execute_sync(self.schema, subject.document, None, scope, variables, subject.name)
        for strategy in FORCED:
            with self.open(viewer) as scope:
                actual = subject.run(strategy, variables, scope)
            (assert_same if strategy == "rounds" else assert_same_json)(actual, expected)
        return actual
