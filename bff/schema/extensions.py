"""Which of Strawberry's schema extensions the layer can run; the others are refused when the schema is built.

`bff.engine.extensions` runs them. Documents are parsed and validated once and their plans kept, and nothing here is
asynchronous: what stands on the contrary would be ignored, and an extension that is ignored may be a permission check.
"""

from __future__ import annotations

import inspect
from collections.abc import Mapping

import strawberry
from strawberry.extensions import (
    AddValidationRules,
    DisableValidation,
    MaskErrors,
    MaxTokensLimiter,
    ParserCache,
    PydanticErrorExtension,
    SchemaExtension,
    ValidationCache,
)
from strawberry.extensions.tracing import ApolloFederationTracingExtension
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

from ..errors import DeclarationError

_REFUSED: Mapping[type[SchemaExtension], str] = {
    ApolloFederationTracingExtension: "it needs the request in the context, which is a bff.Scope; leave it out",
    MaskErrors: "the layer masks defects, and logs them, which it could no more; leave it out, and raise bff.FieldError for "
    "what clients may read",
    PydanticErrorExtension: "errors have the layer's own extensions; raise bff.BadUserInput, or use exception_handlers",
    DisableValidation: "every document is validated, once; leave it out",
    MaxTokensLimiter: "tokens are counted before a text is parsed; set BFF_MAX_TOKENS",
    ParserCache: "documents are parsed once, and their plans kept; leave it out",
    ValidationCache: "documents are validated once, and their plans kept; leave it out",
}

_HOOKS = ("on_operation", "on_parse", "on_validate", "on_execute", "resolve", "get_results")


def check_extensions(schema: strawberry.Schema) -> None:
    """Raises DeclarationError for an extension, or another option of a Strawberry schema, that cannot be run."""
    again = schema.get_extensions(sync=True)
    for extension in schema.get_extensions(sync=True):
        name = type(extension).__name__
        is_instance = any(extension is each for each in again)
        # Of those that hold nothing but rules, every operation has a copy.
        if is_instance and not isinstance(extension, AddValidationRules):
            raise DeclarationError(
                f"the extension {name} is an instance, which operations at the same time would share; give the class, or a "
                f"function that makes one"
            )
        for kind, way_round in _REFUSED.items():
            if isinstance(extension, kind):
                raise DeclarationError(f"the extension {name} cannot be run: {way_round}")
        for hook in _HOOKS:
            function = getattr(extension, hook)
            if inspect.iscoroutinefunction(function) or inspect.isasyncgenfunction(function):
                raise DeclarationError(
                    f"the extension {name} has an async {hook}; gevent workers run no event loop: make it `def`, or take "
                    f"its synchronous form (Strawberry's own end in Sync)"
                )
        if _overrides(extension, "on_stream_result") and not _overrides(extension, "on_operation"):
            raise DeclarationError(
                f"the extension {name} has on_stream_result alone, and results are not streamed here; each live answer is "
                f"an operation: use on_operation"
            )
    if schema.execution_context_class is not StrawberryGraphQLCoreExecutionContext:
        raise DeclarationError(
            "execution_context_class cannot be used: operations are run by the layer's engine; wrap fields with an "
            "extension's resolve, operations with its on_operation"
        )


def _overrides(extension: SchemaExtension, hook: str) -> bool:
    return getattr(type(extension), hook) is not getattr(SchemaExtension, hook)
