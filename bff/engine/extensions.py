"""Runs Strawberry's schema extensions around operations, in the order in which Strawberry runs them.

    on_operation        around all of it
    on_parse            around nothing: the document is there already
    on_validate         around the rules that an extension added (`AddValidationRules` and its kin)
    on_execute          around the execution
    resolve             around each field (see `bff.engine.middleware`)
    get_results         the `extensions` of the response

There is a new instance of each for every operation, a live one's every run included. Directives of the host's own on fields
are an extension of Strawberry's, too, and run only where a document has one. Where there is none of all this, an operation
is run as if this module did not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from copy import copy
from typing import Any, Protocol

import strawberry
from graphql import (
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    MiddlewareManager,
    OperationType,
    specified_rules,
    validate,
)
from strawberry.extensions import AddValidationRules, SchemaExtension
from strawberry.extensions.directives import DirectivesExtensionSync
from strawberry.extensions.runner import SchemaExtensionsRunner
from strawberry.schema.base import BaseSchema
from strawberry.types.execution import ExecutionContext, ParseOptions

from ..errors import DeclarationError, ValidationFailed
from ..plan.plan import Plan
from .context import Resolvers


class Execute(Protocol):
    """Executes the operation."""

    def __call__(
        self, *, resolvers: Resolvers, variables: Mapping[str, Any] | None, root_value: Any
    ) -> ExecutionResult:
        """`resolvers` has the extensions' middleware; an extension may have given other variables or another root value."""


class Extensions:
    """The extensions of one schema."""

    def __init__(self, schema: strawberry.Schema) -> None:
        self.schema = schema
        self._are_given = bool(schema.extensions) or type(schema).get_extensions is not strawberry.Schema.get_extensions
        # Strawberry calls it with the errors of a result: for logs, or to change them.
        self._processes_errors = type(schema).process_errors is not BaseSchema.process_errors

    @classmethod
    def of(cls, schema: GraphQLSchema) -> Extensions | None:
        """Those of the Strawberry schema that a schema was made by; None where it was made by another library."""
        made_by = getattr(schema, "_strawberry_schema", None)
        return cls(made_by) if isinstance(made_by, strawberry.Schema) else None

    def __repr__(self) -> str:
        return f"<Extensions {', '.join(map(str, self.schema.extensions)) or 'none'}>"

    def are_needed(self, plan: Plan) -> bool:
        """Whether there is anything to run around an operation."""
        return self._are_given or self._processes_errors or plan.has_field_directives

    def around_fields(self, plan: Plan) -> str:
        """What is called around the fields of an operation, in words; nothing where nothing is."""
        wrapping = [each for each in self.schema.get_extensions(sync=True) if each._implements_resolve()]
        names = [type(each).__name__ for each in wrapping if not isinstance(each, DirectivesExtensionSync)]
        called = [f"{name}.resolve is called for each field" for name in names]
        if plan.has_field_directives and len(names) < len(wrapping):
            called.append("directives of fields are called for each object")
        return ", ".join(called)

    def run(
        self,
        plan: Plan,
        *,
        text: str,
        variables: Mapping[str, Any] | None,
        context_value: Any,
        root_value: Any,
        execute: Execute,
    ) -> ExecutionResult:
        """The result of `execute`, with the extensions around it. Raises what a hook raises, but for GraphQLErrors."""
        extensions = [_own(each) for each in self.schema.get_extensions(sync=True) if _is_of(each, plan)]
        context = ExecutionContext(
            query=text,
            schema=self.schema,
            allowed_operations=tuple(OperationType),
            context=context_value,
            root_value=root_value,
            variables=dict(variables or {}),
            provided_operation_name=plan.name,
        )
        for extension in extensions:
            extension.execution_context = context
        runner = SchemaExtensionsRunner(context, extensions)
        try:
            with runner.operation():
                self._look_at_document(plan, text, context_value, context, runner)
                with runner.executing():
                    if context.result is None:
                        context.result = execute(
                            resolvers=Resolvers(middleware=_middleware(extensions)),
                            variables=context.variables,
                            root_value=context.root_value,
                        )
                    if context.result.errors and self._processes_errors:
                        self.schema.process_errors(list(context.result.errors), context)
        except GraphQLError as error:
            return ExecutionResult(None, [error], runner.get_extensions_results_sync() or None)
        # An extension may have put another in its place.
        result = context.result
        assert result is not None
        return ExecutionResult(result.data, result.errors, runner.get_extensions_results_sync() or None)

    def _look_at_document(
        self, plan: Plan, text: str, scope: Any, context: ExecutionContext, runner: SchemaExtensionsRunner
    ) -> None:
        with runner.parsing():
            context.graphql_document = plan.document
        is_another = context.query != text or context.graphql_document is not plan.document
        if is_another or context.parse_options != ParseOptions():
            raise DeclarationError(
                "an extension gave another query, document or parse_options; documents are parsed once, and their plans kept"
            )
        if context.context is not scope:
            raise DeclarationError("an extension gave another context; the context of an operation is its bff.Scope")
        with runner.validation():
            added = tuple(rule for rule in context.validation_rules if rule not in specified_rules)
            errors = validate(plan.schema, plan.document, added) if added else []
            context.pre_execution_errors = errors or None
        if errors:
            raise ValidationFailed(errors)


def _own(extension: SchemaExtension) -> SchemaExtension:
    """An extension for one operation alone. Strawberry's examples give its validation rules as an instance."""
    return copy(extension) if isinstance(extension, AddValidationRules) else extension


def _is_of(extension: SchemaExtension, plan: Plan) -> bool:
    return plan.has_field_directives or not isinstance(extension, DirectivesExtensionSync)


def _middleware(extensions: list[SchemaExtension]) -> MiddlewareManager | None:
    wrapping = [each for each in extensions if each._implements_resolve()]
    return MiddlewareManager(*wrapping) if wrapping else None
