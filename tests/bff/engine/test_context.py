"""What all parts of one execution are given, as graphql-core's own execution gives it: `execute` takes its arguments, or says why not."""

from __future__ import annotations

import re
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    GraphQLResolveInfo,
    GraphQLSchema,
    MiddlewareManager,
    build_schema,
    execute_sync,
    parse,
)
from graphql.execution import Executor

from bff.engine.context import NotSynchronous, Resolvers
from bff.engine.execution import execute
from bff.plan.plan import Strategy
from tests.bff.engine.schemas import PETS, messages, pets_root, resolved
from tests.bff.plan import authors
from tests.bff.reference import assert_same

SCHEMA = build_schema(
    "type Query { a: Int, b(x: Int): String, pet: Pet } interface Pet { name: String } type Cat implements Pet { name: String }"
)


def both(schema: GraphQLSchema, text: str, root: Any = None, **options: Any) -> ExecutionResult:
    """The answer of the engine, asserted to be graphql-core's with the same arguments."""
    document = parse(text)
    expected = execute_sync(schema, document, root, **options)
    actual = execute(schema, document, root, **options)
    assert_same(actual, expected)
    return actual


# What is refused


@pytest.mark.parametrize(
    ("argument", "value", "says"),
    [
        ("executor_class", Executor, "execute() takes no executor_class: a plan is run by this engine; wrap fields with middleware"),
        ("abort_signal", object(), "execute() takes no abort_signal: an operation ends by the deadline of its bff.Scope"),
        ("hooks", object(), "execute() takes no hooks: there is no asynchronous work that they could tell of"),
    ],
)  # fmt: skip
def test_arguments_that_would_be_without_effect_are_refused(argument: str, value: Any, says: str) -> None:
    with pytest.raises(TypeError, match=re.escape(says)):
        execute(SCHEMA, parse("{ a }"), **{argument: value})
    execute(SCHEMA, parse("{ a }"), **{argument: None})


@pytest.mark.parametrize("middleware", [lambda next_, *_: None, "text", {1}])
def test_what_is_no_middleware(middleware: Any) -> None:
    with pytest.raises(TypeError) as expected:
        execute_sync(SCHEMA, parse("{ a }"), middleware=middleware)
    with pytest.raises(TypeError) as actual:
        execute(SCHEMA, parse("{ a }"), middleware=middleware)
    assert str(actual.value) == str(expected.value)


@pytest.mark.parametrize("strategy", ["compiled", "rounds"])
@pytest.mark.parametrize("value", [None, {"not": "a scope"}])
def test_entities_need_a_scope(strategy: Strategy, value: Any) -> None:
    """What reads none runs with any context value, or with none."""
    schema = authors.SCHEMA._schema
    assert execute(schema, parse("{ __typename }"), context_value=value).data == {"__typename": "Query"}
    says = f"entity fields need a bff.Scope as context value, not {value}"
    with pytest.raises(TypeError, match=re.escape(says)):
        execute(schema, parse("{ books { id } }"), context_value=value, strategy=strategy)


# Resolvers where the schema has none


def test_a_field_resolver_resolves_what_has_none_of_its_own() -> None:
    schema = resolved(build_schema("type Query { own: String, a: String, q: Query }"), Query_own=lambda *_: "its own")
    seen: list[Any] = []

    def resolver(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        seen.append((source, info.path.as_list(), arguments))
        return {} if info.field_name == "q" else f"{info.parent_type.name}.{info.field_name}"

    assert both(schema, "{ own a q { a own } }", "root", field_resolver=resolver).data == {
        "own": "its own", "a": "Query.a", "q": {"a": "Query.a", "own": "its own"},
    }  # fmt: skip
    half = len(seen) // 2
    assert sorted(map(str, seen[:half])) == sorted(map(str, seen[half:]))


def test_what_a_field_resolver_raises_is_the_fields_error() -> None:
    def resolver(*_: Any, **__: Any) -> Any:
        raise ZeroDivisionError("no")

    assert messages(both(SCHEMA, "{ a b }", field_resolver=resolver)) == ["no", "no"]


@pytest.mark.parametrize(
    "answer", ["Dog", "Cat", "Person", "Nobody", None, 5, ZeroDivisionError("no type")], ids=repr
)  # fmt: skip
def test_a_type_resolver_tells_types_apart(answer: Any) -> None:
    asked: list[Any] = []

    def resolver(value: Any, info: GraphQLResolveInfo[Any], abstract: Any) -> Any:
        asked.append((value["name"], info.path.as_list(), abstract.name))
        if isinstance(answer, Exception):
            raise answer
        return answer

    text = "{ named { name ... on Dog { barks } ... on Cat { meows } } animals { name } }"
    both(PETS, text, pets_root(), type_resolver=resolver)
    assert asked


def test_types_that_the_schema_tells_apart_ask_no_type_resolver() -> None:
    def never(*_: Any) -> Any:
        raise AssertionError

    schema = build_schema(
        "interface Pet { name: String } type Cat implements Pet { name: String } type Query { pet: Pet }"
    )
    schema.type_map["Pet"].resolve_type = lambda *_: "Cat"  # type: ignore[attr-defined]
    assert both(schema, "{ pet { name } }", {"pet": {"name": "Tom"}}, type_resolver=never).data == {
        "pet": {"name": "Tom"}
    }


# Middleware


class Tell:
    """Middleware as an object, and as a function."""

    def resolve(self, next_: Callable[..., Any], root: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        value = next_(root, info, **arguments)
        return f"<{value}>" if isinstance(value, str) else value


def upper(next_: Callable[..., Any], root: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
    value = next_(root, info, **arguments)
    return value.upper() if isinstance(value, str) else value


@pytest.mark.parametrize(
    ("middleware", "name"),
    [([], "Rex"), ([upper], "REX"), ((Tell(), upper), "<REX>"), ([upper, Tell()], "<REX>"), (MiddlewareManager(Tell()), "<Rex>")],
    ids=["none", "function", "object and function", "function and object", "manager"],
)  # fmt: skip
def test_middleware_in_every_form(middleware: Any, name: str) -> None:
    data = both(PETS, "{ dog { name barks owner { name } } }", pets_root(), middleware=middleware).data
    assert data is not None
    assert data["dog"]["name"] == name


# Variables


@pytest.mark.parametrize("most", [0, 1, 3, 50])
def test_no_more_errors_of_variables_than_asked_for(most: int) -> None:
    text = (
        "query("
        + ", ".join(f"$v{i}: Int!" for i in range(5))
        + ") { "
        + " ".join(f"a{i}: b(x: $v{i})" for i in range(5))
        + " }"
    )
    result = both(SCHEMA, text, variable_values={f"v{i}": "x" for i in range(5)}, max_coercion_errors=most)
    assert result.data is None
    assert len(messages(result)) == min(5, most + 1)


# Awaitables


async def soon() -> int:
    return 1


class Promise:
    """Awaitable to who asks, and no coroutine."""

    def __await__(self) -> Any:
        yield


def is_promise(value: Any) -> bool:
    return isinstance(value, Promise)


@pytest.mark.parametrize("check", [True, is_promise])
def test_awaitables_are_looked_for_where_it_is_asked_for(check: Any) -> None:
    for root in ({"a": Promise()}, {"pet": Promise()}):
        with pytest.raises(NotSynchronous, match=r"^GraphQL execution failed to complete synchronously\.$"):
            execute(SCHEMA, parse("{ a pet { name } }"), root, check_sync=check)


def test_a_coroutine_that_nobody_will_await_is_closed() -> None:
    """Else Python warns of it, which fails the test."""
    with pytest.raises(NotSynchronous):
        execute(SCHEMA, parse("{ a }"), {"a": lambda *_: soon()}, check_sync=True)


@pytest.mark.parametrize("value", [1, None, "x"])
@pytest.mark.parametrize("check", [True, False, is_promise])
def test_values_that_are_none_are_as_ever(check: Any, value: Any) -> None:
    both(SCHEMA, "{ a b }", {"a": value, "b": value}, check_sync=check)


def test_unasked_an_awaitable_is_a_value() -> None:
    result = execute(SCHEMA, parse("{ a }"), {"a": Promise()})
    assert messages(result)[0].startswith("Int cannot represent non-integer value: <")


def test_resolvers_without_a_check_take_every_value() -> None:
    promise: Awaitable[Any] = Promise()
    assert Resolvers().at_once(promise) is promise


# Info


def test_asynchronous_work_is_refused_with_its_reason() -> None:
    def gather(_source: Any, info: GraphQLResolveInfo[Any]) -> int:
        helpers: Any = info.async_helpers
        helpers.track([1, "no awaitable"])
        helpers.gather([])
        return 1

    schema = resolved(build_schema("type Query { a: Int }"), Query_a=gather)
    result = execute(schema, parse("{ a }"))
    assert messages(result) == ["gevent workers have no event loop: resolvers are synchronous"]


# A chain of fragments


CHAIN = 10_000


@pytest.mark.slow
def test_a_chain_of_fragments_that_python_cannot_follow_is_an_error() -> None:
    """Of the result, as in graphql-core: the process goes on."""
    spreads = " ".join(f"fragment F{i} on Query {{ ...F{i + 1} }}" for i in range(CHAIN))
    document = parse(f"{{ ...F0 }} {spreads} fragment F{CHAIN} on Query {{ a }}")
    expected, actual = execute_sync(SCHEMA, document, {"a": 1}), execute(SCHEMA, document, {"a": 1})
    assert_same(actual, expected)
    assert actual.data is None
    assert messages(actual) == ["Selections are nested too deeply. Execution aborted."]
