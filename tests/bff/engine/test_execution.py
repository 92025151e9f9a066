"""The engine follows the GraphQL specification: on any graphql-core schema it answers what graphql-core answers.

Every test goes through `reference.answer`, which runs the operation with both and compares data and errors to the
letter; what a test asserts beyond that says what the answer is about.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import (
    GraphQLField,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLSchema,
    build_schema,
    execute_sync,
    get_introspection_query,
    parse,
    validate,
)

from bff.engine.execution import execute, run
from bff.plan.plan import compile_plan
from tests.bff.engine.schemas import ECHO, PETS, Boom, messages, pets_root, raises, resolved
from tests.bff.reference import answer, assert_same

# Variables that cannot be


def test_every_variable_is_complained_about_up_to_the_limit() -> None:
    names = [f"v{i}" for i in range(60)]
    declarations = ", ".join(f"${name}: Int!" for name in names)
    fields = " ".join(f"{name}: int(x: ${name})" for name in names)
    result = answer(ECHO, f"query({declarations}) {{ {fields} }}", variables=dict.fromkeys(names, "x"))
    assert result.data is None
    assert len(messages(result)) == 51
    assert messages(result)[-1].startswith("Too many errors processing variables")


def test_suggestions_in_errors_of_variables_can_be_hidden() -> None:
    document = parse("query($c: Color) { color(x: $c) }")
    variables = {"c": "REDD"}
    for hidden in (True, False):
        expected = execute_sync(ECHO, document, variable_values=variables, hide_suggestions=hidden)
        actual = run(compile_plan(ECHO, document, hide_suggestions=hidden), variables=variables, context=None)
        assert_same(actual, expected)
        assert ("Did you mean" in messages(actual)[0]) is not hidden


# Operations


@pytest.mark.parametrize("operation", [None, "A", "B", "C", "", "a"])
@pytest.mark.parametrize(
    "source",
    [
        "{ dog { name } }",
        "query A { dog { name } }",
        "query A { dog { name } } query B { person { name } }",
        "query A { dog { name } } { person { name } }",
        "query A { dog { name } } query A { person { name } }",
        "fragment F on Dog { name }",
        "query A { dog { ...F } } fragment F on Dog { name } mutation B { x } subscription C { x }",
    ],
)
def test_the_operation_is_chosen_by_name(source: str, operation: str | None) -> None:
    answer(PETS, source, root=pets_root(), operation=operation, valid=None)


@pytest.mark.parametrize("kind", ["query", "mutation", "subscription"])
def test_a_schema_without_a_root_type_for_the_operation(kind: str) -> None:
    thing = GraphQLObjectType("Thing", {"x": GraphQLField(GraphQLInt)})
    schemas = {
        "query": GraphQLSchema(query=None, mutation=thing, assume_valid=True),
        "mutation": GraphQLSchema(query=thing),
        "subscription": GraphQLSchema(query=thing),
    }
    result = answer(schemas[kind], f"{kind} {{ x }}", valid=None)
    assert result.data is None
    assert messages(result) == [f"Schema is not configured to execute {kind} operation."]


def test_an_invalid_schema_is_refused_as_graphql_core_refuses_it() -> None:
    schema = build_schema(
        "type Query { a: Int } interface I { b: Int } type T implements I { c: Int }", assume_valid_sdl=True
    )
    schema._validation_errors = None
    with pytest.raises(TypeError) as expected:
        execute_sync(schema, parse("{ a }"))
    with pytest.raises(TypeError) as actual:
        execute(schema, parse("{ a }"))
    assert str(actual.value) == str(expected.value)


def test_a_subscription_operation_is_executed_like_a_query() -> None:
    schema = build_schema(
        "type Query { a: Int } type Subscription { ticks: Int, tocks(n: Int = 2): [Int!], never: Int! }"
    )
    root = {"ticks": 1, "tocks": lambda _info, n: range(n), "never": None}
    assert answer(schema, "subscription { ticks }", root=root).data == {"ticks": 1}
    assert answer(schema, "subscription { tocks(n: 3) }", root=root).data == {"tocks": [0, 1, 2]}
    assert answer(schema, "subscription { never }", root=root).data is None


# Introspection


@pytest.mark.parametrize("schema", [ECHO, PETS], ids=["echo", "pets"])
def test_introspection(schema: GraphQLSchema) -> None:
    source = get_introspection_query(
        specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
    )  # fmt: skip
    result = answer(schema, source)
    assert not result.errors


@pytest.mark.parametrize(
    "source",
    [
        '{ __type(name: "Dog") { name fields { name type { kind ofType { name } } } interfaces { name } __typename } dog { name } }',
        '{ __type(name: "Nothing") { name } a: __type(name: "Pet") { possibleTypes { name } } __schema { queryType { name } } }',
        "query($n: String!) { __type(name: $n) { enumValues(includeDeprecated: true) { name } kind } __typename }",
    ],
)
def test_introspection_beside_data(source: str) -> None:
    answer(PETS, source, root=pets_root(), variables={"n": "__TypeKind"})


# Mutations


@dataclass
class Counter:
    """A root value that remembers what was done to it."""

    value: int = 0

    def add(self, _info: Any, n: int = 1) -> dict[str, Any]:
        self.value += n
        return {"value": self.value, "later": lambda *_: self.value, "must": self.value if n > 0 else None}

    def fail(self, _info: Any) -> Any:
        self.value += 100
        raise Boom("fail")

    def must(self, _info: Any, n: int) -> int | None:
        self.value += n
        return self.value if n > 0 else None


MUTATIONS = build_schema(
    """
    type Query { value: Int }
    type Mutation { add(n: Int = 1): Payload, fail: Payload, must(n: Int!): Int!, value: Int }
    type Payload { value: Int, later: Int, must: Int! }
    """
)


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("mutation { a: add { value later } b: add(n: 5) { later value } c: value }", 6),
        ("mutation { a: add { value } fail { value } b: add { later } }", 102),
        ("mutation { a: add(n: -1) { must } b: add { value } }", 0),
        ("mutation { a: add { value } must(n: 0) b: add { value } }", 1),
        ("mutation { fail { value } a: must(n: -3) fail2: fail { value } b: must(n: 1) }", 97),
        ("mutation { a: must(n: 2) b: must(n: 0) c: must(n: 4) }", 2),
        ("mutation { a: add { value } ... on Mutation { b: add(n: 2) { value } a: add { later } } ...M } fragment M on Mutation { c: value b: add(n: 2) { later } }", 3),
    ],
)  # fmt: skip
def test_mutations_run_one_after_another(source: str, value: int) -> None:
    document = parse(source)
    assert not validate(MUTATIONS, document)
    theirs, ours = Counter(), Counter()
    expected = execute_sync(MUTATIONS, document, theirs)
    assert_same(execute(MUTATIONS, document, ours), expected)
    # A field that must not be null stops those behind it: they are not called at all.
    assert ours.value == theirs.value == value


# Size


@pytest.fixture
def deep_stack() -> Iterator[None]:
    """Room for graphql-core, which recurses for every level of the answer."""
    before = sys.getrecursionlimit()
    sys.setrecursionlimit(50_000)
    yield
    sys.setrecursionlimit(before)


DEEPEST = 195
"""Levels that graphql-core's parser lets through; it ends at 200."""


def nested(depth: int, last: str) -> str:
    return "{ " + "self { " * depth + last + " }" * depth + " }"


def deep_schema() -> GraphQLSchema:
    schema = build_schema("type Query { self: Node } type Node { self: Node! x: Int! list: [Node!]! }")
    node: dict[str, Any] = {"x": 1}
    node["self"], node["list"] = node, [node]
    return resolved(schema, Query_self=lambda *_: node)


@pytest.mark.usefixtures("deep_stack")
@pytest.mark.parametrize("last", ["x", "list { x }", "y: x list { self { x } }"])
def test_deep_selections(last: str) -> None:
    answer(deep_schema(), nested(DEEPEST, last))


@pytest.mark.usefixtures("deep_stack")
def test_an_error_far_below() -> None:
    schema = resolved(deep_schema(), Node_x=raises)
    result = answer(schema, nested(DEEPEST, "x"))
    assert result.data == {"self": None}
    assert result.errors is not None
    assert len(result.errors[0].path or ()) == DEEPEST + 1


def test_depth_needs_no_stack() -> None:
    document = parse(nested(DEEPEST, "x"))
    schema = deep_schema()
    result = execute(schema, document)
    assert result.errors is None
    assert repr(result.data).count("self") == DEEPEST
