"""Asking a schema over a database: what the engine answers, asserted to be what graphql-core answers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from graphql import ExecutionResult, parse
from sqlalchemy import Engine

import bff
from bff.database.session import Database
from bff.engine.execution import run_to_encode
from bff.plan.plan import Plan, Strategy, compile_plan
from bff.schema.catalog import Catalog
from tests.bff.reference import answer


class Asker:
    """`ask(query)` gives the data of an answer without errors, `ask.result(query)` any answer."""

    def __init__(self, schema: bff.Schema, engine: Engine, viewer: object | None = None) -> None:
        self._schema, self._viewer = schema._schema, viewer
        self.database = Database(engine, Catalog.of(self._schema).policies)

    def __call__(self, query: str, **options: Any) -> Any:
        result = self.result(query, **options)
        assert result.errors is None, result.errors
        return result.data

    def result(self, query: str, *, viewer: object = ..., **options: Any) -> ExecutionResult:
        viewer = self._viewer if viewer is ... else viewer
        with self.database.open(viewer, bff.Deadline.after(60)) as scope:
            return answer(self._schema, query, context=scope, **options)

    def plan(self, query: str, strategy: Strategy = "compiled") -> Plan:
        """The plan of a query by a strategy."""
        return compile_plan(self._schema, parse(query), strategy=strategy)

    def run(
        self, plan: Plan, *, viewer: object | None = ..., variables: dict[str, Any] | None = None
    ) -> ExecutionResult:
        """What a plan answers, before it is encoded: what PostgreSQL wrote is `bff.json_text.Json`."""
        with self.database.open(self._viewer if viewer is ... else viewer, bff.Deadline.after(60)) as scope:
            return run_to_encode(plan, variables=variables, context=scope)

    def refusal(self, query: str, **options: Any) -> str:
        """The message of the one error, which is the client's to mend."""
        [error] = self.result(query, **options).errors or []
        assert error.extensions == {"code": "BAD_USER_INPUT"}, error
        return error.message


MakeDatabase = Callable[[], str]
