"""Extensions that the layer cannot run are refused when the schema is built, with the way round."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
import strawberry
from sqlalchemy import create_engine
from strawberry.extensions import (
    DisableValidation,
    MaskErrors,
    MaxTokensLimiter,
    ParserCache,
    PydanticErrorExtension,
    SchemaExtension,
    ValidationCache,
)
from strawberry.extensions.tracing import ApolloTracingExtension, ApolloTracingExtensionSync
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext

import bff


@strawberry.type
class Query:
    ok: bool = True


class AsyncHook(SchemaExtension):
    async def on_operation(self) -> AsyncIterator[None]:
        yield


class AsyncResolve(SchemaExtension):
    async def resolve(self, _next: Callable[..., Any], root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        return _next(root, info, *args, **kwargs)


class Streaming(SchemaExtension):
    def on_stream_result(self, result: Any) -> Iterator[None]:
        yield


@pytest.mark.parametrize(
    ("extension", "reason"),
    [
        (DisableValidation, "DisableValidation cannot be run: every document is validated, once; leave it out"),
        (lambda: MaxTokensLimiter(max_token_count=10), "set BFF_MAX_TOKENS"),
        (ParserCache, "documents are parsed once, and their plans kept; leave it out"),
        (ValidationCache, "documents are validated once, and their plans kept; leave it out"),
        (MaskErrors, "the layer masks defects, and logs them"),
        (PydanticErrorExtension, r"raise bff\.BadUserInput"),
        (ApolloTracingExtension, "ApolloTracingExtension has an async resolve; .* end in Sync"),
        (AsyncHook, "AsyncHook has an async on_operation; gevent workers run no event loop"),
        (AsyncResolve, "AsyncResolve has an async resolve"),
        (Streaming, "Streaming has on_stream_result alone, .* use on_operation"),
    ],
)
def test_what_cannot_be_run_is_refused(extension: Any, reason: str) -> None:
    with pytest.raises(bff.DeclarationError, match=reason):
        bff.Schema(Query, extensions=[extension])


@pytest.mark.filterwarnings("ignore:Passing an extension instance")
def test_an_instance_would_be_shared_by_operations() -> None:
    class Guard(SchemaExtension):
        def on_operation(self) -> Iterator[None]:
            yield

    with pytest.raises(
        bff.DeclarationError, match="Guard is an instance, which operations at the same time would share"
    ):
        bff.Schema(Query, extensions=[Guard()])  # type: ignore[list-item]


def test_a_class_that_executes_is_refused() -> None:
    class Mine(StrawberryGraphQLCoreExecutionContext):
        pass

    with pytest.raises(bff.DeclarationError, match="execution_context_class cannot be used"):
        bff.Schema(Query, execution_context_class=Mine)


def test_a_schema_of_strawberrys_own_is_checked_where_it_is_mounted() -> None:
    schema = strawberry.Schema(Query, extensions=[ParserCache])
    with pytest.raises(bff.DeclarationError, match="ParserCache cannot be run"):
        bff.Bff(schema=schema, engine=create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none"))


def test_synchronous_tracing_is_taken() -> None:
    bff.Schema(Query, extensions=[ApolloTracingExtensionSync])


def test_extensions_are_checked_behind_a_schema_of_graphql_core() -> None:
    schema = strawberry.Schema(Query, extensions=[AsyncResolve])
    engine = create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none")
    with pytest.raises(bff.DeclarationError, match="AsyncResolve has an async resolve"):
        bff.Bff(schema=schema._schema, engine=engine)
