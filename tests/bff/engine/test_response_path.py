"""Null, errors and where they go: breadth-first execution answers as depth-first execution does.

Every test goes through `reference.answer`, which runs the operation with both and compares data and errors to the
letter; what a test asserts beyond that says what the answer is about.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from graphql import GraphQLError, GraphQLSchema, Undefined, build_schema, parse, specified_directives
from graphql.type.directives import GraphQLDisableErrorPropagationDirective

from tests.bff.engine.schemas import PETS, Boom, Coded, messages, raises, raising, resolved
from tests.bff.reference import answer

WRAPPINGS = [
    "T", "T!", "[T]", "[T]!", "[T!]", "[T!]!",
    "[[T]]", "[[T]]!", "[[T]!]", "[[T]!]!", "[[T!]]", "[[T!]]!", "[[T!]!]", "[[T!]!]!",
]  # fmt: skip


def outcomes(wrapping: str, leaves: tuple[Any, ...]) -> list[Any]:
    """Values for a type: good, missing, failing, and wrong at every level of its lists."""
    depth = wrapping.count("[")
    if depth == 0:
        return [*leaves]
    inner = outcomes(wrapping.replace("[", "", 1).replace("]", "", 1), leaves)
    pairs = [[inner[-1], each] for each in inner] + ([[each, inner[0]] for each in inner] if depth == 1 else [])
    return [None, Boom("list"), "text", [], *pairs, [inner[1], inner[2], inner[0], inner[1]]]


@pytest.mark.parametrize("around", ["", "!"], ids=["nullable", "non-null"])
@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_null_propagation_of_leaves(wrapping: str, around: str) -> None:
    type_ = wrapping.replace("T", "Int")
    schema = build_schema(
        f"""
        type Query {{ outer: Outer{around}, sibling: Int }}
        type Outer {{ before: Int, inner: Inner{around}, after: Int! }}
        type Inner {{ first: Int, failing: Int, value: {type_}, last: Int! }}
        """
    )
    source = parse(
        "{ sibling outer { before inner { first failing value again: value last } other: inner { value } after } }"
    )
    for value in outcomes(wrapping, (1, None, Boom("leaf"), Undefined, "x")):
        for resolve in (raising(value), lambda *_, value=value: value):
            resolved(schema, Inner_value=resolve, Inner_failing=raises)
            root = {"sibling": 1, "outer": {"before": 2, "after": 3, "inner": {"first": 4, "last": 5}}}
            answer(schema, source, root=root, valid=None)


@pytest.mark.parametrize("around", ["", "!"], ids=["nullable", "non-null"])
@pytest.mark.parametrize("wrapping", WRAPPINGS)
def test_null_propagation_through_objects(wrapping: str, around: str) -> None:
    schema = build_schema(
        f"""
        type Query {{ items: {wrapping.replace("T", "Item")}, wrapped: Wrapped{around} }}
        type Wrapped {{ items: {wrapping.replace("T", "Item")}, after: Int }}
        type Item {{ soft: Int, hard: Int!, item: Item{around}, items: {wrapping.replace("T", "Item")} }}
        """
    )
    sources = (
        parse("{ items { hard } wrapped { items { soft hard } after } }"),
        parse("{ wrapped { after items { soft item { hard } hard items { soft hard } } } items { soft } }"),
    )
    good: dict[str, Any] = {"soft": 1, "hard": 2}
    bad = {"soft": Boom("soft"), "hard": None}
    worse = {"soft": Boom("soft"), "hard": Boom("hard")}
    nested = {"soft": 3, "hard": 4, "item": bad, "items": outcomes(wrapping, (good, bad, worse))[-1]}
    for value in outcomes(wrapping, (good, None, bad, nested, worse)):
        for source in sources:
            answer(schema, source, root={"items": value, "wrapped": {"items": value, "after": 1}}, valid=None)


def test_the_first_error_of_a_nulled_object_is_the_one_reported() -> None:
    schema = build_schema("type Query { a: A } type A { soft: Int, x: Int!, y: Int!, list: [A!]!, a: A }")
    fail = {"soft": Boom("soft"), "x": Boom("x"), "y": Boom("y"), "list": [{"x": Boom("in list")}, {"y": Boom("too")}]}
    assert messages(answer(schema, "{ a { soft x y list { x y } } }", root={"a": fail})) == ["soft", "x"]
    assert messages(answer(schema, "{ a { soft list { x } y } }", root={"a": fail})) == ["soft", "in list"]
    assert messages(answer(schema, "{ a { a { y x } soft y a2: a { x } } }", root={"a": {**fail, "a": fail}})) == [
        "y",
        "soft",
        "y",
    ]


@pytest.mark.parametrize(
    "raised",
    [
        Boom("plain"),
        Boom(),
        Coded("with extensions"),
        GraphQLError("ours"),
        GraphQLError("ours", extensions={"code": "X", "list": [1]}),
        GraphQLError("elsewhere", path=["not", "here", 0]),
        GraphQLError("elsewhere", path=["x"], extensions={"a": 1}),
        GraphQLError("wraps", original_error=Coded("inner")),
        GraphQLError("positions", positions=[3]),
        KeyError("key"),
        TypeError("type"),
        RecursionError("deep"),
        ExceptionGroup("several", [Boom("one"), Boom("two")]),
    ],
    ids=repr,
)
def test_exceptions_raised_and_returned(raised: Exception) -> None:
    schema = build_schema(
        "type Query { raised: Int, returned: Int, must: Int!, list: [Int], objects: [Sub!] } type Sub { must: Int! }"
    )
    root = {
        "raised": raising_any(raised),
        "returned": raised,
        "must": raised,
        "list": [1, raised, 3],
        "objects": [{"must": raised}],
    }
    answer(schema, "{ raised returned list objects { must } }", root=root)
    answer(schema, "{ list must raised }", root=root)
    answer(schema, "{ list a: list objects { must } }", root=root)


def raising_any(error: Exception) -> Callable[..., Any]:
    def resolve(*_: Any) -> Any:
        raise error

    return resolve


def test_errors_keep_the_nodes_of_merged_fields() -> None:
    result = answer(PETS, "{\n dog { owner { name } }\n dog { owner { nick } }\n}", root={"dog": {"owner": Boom("x")}})
    assert result.errors is not None
    assert [(each.line, each.column) for each in result.errors[0].locations or ()] == [(2, 8), (3, 8)]


def test_without_error_propagation() -> None:
    schema = GraphQLSchema(
        build_schema("type Query { a: A! } type A { x: Int! list: [Int!]! a: A! y: Int }").query_type,
        directives=[*specified_directives, GraphQLDisableErrorPropagationDirective],
    )
    root = {"a": {"x": None, "list": [1, None, Boom("item")], "a": {"x": Boom("x"), "list": None, "a": None}}}
    source = "query @experimental_disableErrorPropagation { a { x list a { y x list a { x } } } }"
    result = answer(schema, source, root=root)
    assert result.data == {
        "a": {"x": None, "list": [1, None, None], "a": {"y": None, "x": None, "list": None, "a": None}}
    }
    assert answer(schema, "{ a { x list } }", root=root).data is None
