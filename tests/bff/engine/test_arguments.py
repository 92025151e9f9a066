"""Arguments and variables are coerced as graphql-core coerces them.

Every test goes through `reference.answer`, which runs the operation with both and compares data and errors to the
letter; what a test asserts beyond that says what the answer is about.
"""

from __future__ import annotations

import itertools
from typing import Any, cast

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    build_schema,
    execute_sync,
    parse,
)

from bff.engine.execution import run
from bff.plan.plan import compile_plan
from tests.bff.engine.schemas import ECHO, PETS, Boom, messages, pets_root, resolved
from tests.bff.reference import answer, assert_same

ECHO_FIELDS = {
    name: str(field.args["x"].type) for name, field in cast(GraphQLObjectType, ECHO.query_type).fields.items()
}

LITERALS = (
    "null", "0", "3", "-4", "2147483648", "1.5", "1e3", '"s"', '"3"', '""', "true", "RED", "BLUE", "[]", "[1]", "[1, null]",
    "[[1], 2, null]", "[RED, GREEN]", '["a", 1]', "{}", "{x: 1}", "{x: 1, y: null}", "{y: 2}", '{x: "1"}', "{x: 1, z: 2}",
    '{x: 1, next: {y: 1, next: {}}, tags: ["a", "b"]}', "{x: null}", "{label: null, color: GREEN}",
    '{cat: "c"}', "{cat: null}", '{cat: "c", dog: 1}', "{point: {x: 1}}", '[{cat: "c"}, {dog: 1}]', '"""block\n  string"""',
)  # fmt: skip

VALUES: tuple[Any, ...] = (
    Undefined, None, 0, 3, -4, 2**31, 1.5, 4.0, float("nan"), "s", "3", "", True, "RED", "BLUE", [], [1], [1, None],
    [[1], 2, None], ["RED", "GREEN"], (1, 2), {1}, {}, {"x": 1}, {"x": 1, "y": None}, {"y": 2}, {"x": "1"},
    {"x": 1, "z": 2}, {"x": 1, "next": {"y": 1, "next": {}}, "tags": "a"}, {"x": None}, {"label": None, "color": "GREEN"},
    {"cat": "c"}, {"cat": None}, {"cat": "c", "dog": 1}, {"point": {"x": 1}}, {"point": {"y": 1}}, [{"cat": "c"}, {"dog": 1}],
    {"x": Undefined}, {"x": 1, "y": Undefined}, object, b"bytes",
)  # fmt: skip


@pytest.mark.parametrize("field", ECHO_FIELDS)
def test_arguments_from_literals(field: str) -> None:
    accepted = 0
    for literal in LITERALS:
        document = parse(f"{{ {field}(x: {literal}) other: {field} }}")
        accepted += not answer(ECHO, document, valid=None).errors
    assert accepted > 0 or field in {"fragile", "intRequired", "listRequired", "pets"}


@pytest.mark.parametrize("field", ECHO_FIELDS)
def test_arguments_from_variables(field: str) -> None:
    declared = ECHO_FIELDS[field]
    declarations = {declared, f"{declared.rstrip('!')}!", declared.rstrip("!")}
    if field in {"intRequiredDefault", "intRequired", "int"}:
        declarations |= {"Int = 8", "Int = null", "Int! = 9"}
    accepted = 0
    for declaration, value in itertools.product(sorted(declarations), VALUES):
        document = parse(f"query($v: {declaration}) {{ {field}(x: $v) }}")
        variables = {} if value is Undefined else {"v": value}
        accepted += not answer(ECHO, document, variables=variables, valid=None).errors
    assert accepted > 0


@pytest.mark.parametrize(
    ("source", "variables"),
    [
        ("query($a: Int) { list(x: [$a, 1, $a]) }", {}),
        ("query($a: Int) { list(x: [$a, 1]) listInner(x: [2]) }", {"a": None}),
        ("query($a: Int!) { listInner(x: [$a]) matrix(x: [[$a], [$a, $a]]) }", {"a": 4}),
        ("query($a: Int) { point(x: {y: $a}) }", {}),
        ("query($a: Int) { point(x: {y: $a, next: {y: $a}}) }", {"a": None}),
        ("query($a: Int!) { point(x: {x: $a}) points(x: [{x: $a}, {y: $a}]) }", {"a": 1}),
        ("query($a: Int = 4) { point(x: {x: $a}) }", {}),
        ("query($a: Int = 4) { point(x: {x: $a}) }", {"a": None}),
        ("query($a: Int = 4) { required(x: {x: $a}) intRequired(x: $a) intRequiredDefault(x: $a) }", {"a": None}),
        ("query($a: Int) { intRequiredDefault(x: $a) intDefault(x: $a) int(x: $a) }", {}),
        ("query($a: Int) { intRequiredDefault(x: $a) intDefault(x: $a) int(x: $a) }", {"a": None}),
        ("query($a: [String!]) { point(x: {tags: $a}) }", {"a": "one"}),
        ("query($a: String!) { pet(x: {cat: $a}) }", {"a": "c"}),
        ('query($a: Pet! = {cat: "c"}) { pet(x: $a) pets(x: [$a, {dog: 2}]) }', {}),
        ("query($a: Required = {x: 1}) { required(x: $a) }", {}),
        ("query($a: Odd!) { odd(x: $a) odds(x: [$a, 3]) }", {"a": 5}),
        ("query($a: Odd = 5) { odd(x: $a) }", {"a": 4}),
        ("query($a: Odd!) { odds(x: [$a]) }", {"a": None}),
        ("query($a: Color!, $b: Color = GREEN) { colors(x: [$a, RED]) color(x: $b) }", {"a": "RED"}),
        ("query($a: Color) { color(x: $a) }", {"a": "PURPLE"}),
        ("query($a: Fragile) { fragile(x: $a) }", {"a": 1}),
        ("query($a: Int) { int(x: $a) }", {"a": 1, "unknown": 2}),
    ],
)
def test_variables_within_literals(source: str, variables: dict[str, Any]) -> None:
    answer(ECHO, source, variables=variables)


def test_arguments_travel_under_their_out_names() -> None:
    point = GraphQLInputObjectType(
        "Point",
        {"from": GraphQLInputField(GraphQLInt, out_name="from_"), "to": GraphQLInputField(GraphQLInt, default_value=9)},
        out_type=lambda value: tuple(sorted(value.items())),
    )
    field = GraphQLField(
        GraphQLString,
        args={"in": GraphQLArgument(point, out_name="in_"), "class": GraphQLArgument(GraphQLInt, 4, out_name="class_")},
        resolve=lambda _source, _info, **arguments: repr(arguments),
    )
    schema = GraphQLSchema(GraphQLObjectType("Query", {"echo": field}))
    result = answer(
        schema, "query($v: Point) { a: echo(in: {from: 1}) b: echo(in: $v, class: 2) c: echo }", variables={"v": {}}
    )
    assert result.data is not None
    assert result.data["c"] == "{'class_': 4}"


def test_an_input_type_that_cannot_be_made_is_an_error_of_the_field() -> None:
    def refuse(value: dict[str, Any]) -> Any:
        if value.get("x") == 2:
            raise Boom("two is too many")
        return value

    schema = GraphQLSchema(
        GraphQLObjectType(
            "Query",
            {
                "echo": GraphQLField(
                    GraphQLString,
                    args={
                        "x": GraphQLArgument(
                            GraphQLInputObjectType("In", {"x": GraphQLInputField(GraphQLInt)}, out_type=refuse)
                        )
                    },
                    resolve=lambda _source, _info, **arguments: repr(arguments),
                )
            },
        )
    )
    result = answer(
        schema, "query($v: Int) { a: echo(x: {x: 1}) b: echo(x: {x: 2}) c: echo(x: {x: $v}) }", variables={"v": 2}
    )
    assert messages(result) == ["two is too many", "two is too many"]


def test_what_a_resolver_does_to_its_arguments_stays_with_that_call() -> None:
    schema = build_schema(
        """
        input Filter { tags: [String!]!, limit: Int }
        type Item { take(filter: Filter!): [String!]! }
        type Query { items: [Item!]! }
        """
    )

    def take(_source: Any, _info: Any, filter: dict[str, Any]) -> list[str]:
        filter["tags"].append("taken")
        filter.pop("limit", None)
        return filter["tags"]

    resolved(schema, Query_items=lambda *_: [1, 2, 3], Item_take=take)
    document = parse(
        'query($t: [String!]!) { items { a: take(filter: {tags: ["x"], limit: 1}) b: take(filter: {tags: $t}) } }'
    )
    plan = compile_plan(schema, document)
    for _ in range(2):
        # graphql-core coerces a variable once: what one call does to it the next one sees, with the engine too.
        expected = execute_sync(schema, document, variable_values={"t": ["y"]})
        actual = run(plan, variables={"t": ["y"]}, context=None)
        assert actual.data is not None
        assert actual.data["items"][2]["a"] == ["x", "taken"]
        assert [each["a"] for each in actual.data["items"]] == [each["a"] for each in (expected.data or {})["items"]]


def test_errors_of_arguments_on_many_objects() -> None:
    schema = build_schema("type Query { items: [Item!]! } type Item { n(x: Int!): Int, name: String }")
    answer(
        schema,
        "query($x: Int = 1) { items { name n(x: $x) } again: items { n(x: 2) } }",
        variables={"x": None},
        root={"items": [{"name": "a", "n": lambda _info, x: x}, {"name": "b", "n": lambda _info, x: x}]},
    )


@pytest.mark.parametrize("variables", [{}, {"s": True}, {"s": False}, {"s": None}])
@pytest.mark.parametrize(
    "source",
    [
        "query($s: Boolean) { dog { ...F(short: $s) } } fragment F($short: Boolean = true) on Dog { nick(short: $short) }",
        "query($s: Boolean) { dog { ...F person: owner { ...F(short: true) } } } fragment F($short: Boolean = false) on Named { nick(short: $short) name }",
        "query($s: Boolean = true) { dog { ...F(keep: $s) ...G(keep: $s) } } fragment F($keep: Boolean!) on Dog { name @include(if: $keep) legs @skip(if: $keep) } fragment G($keep: Boolean = false) on Dog { owner @include(if: $keep) { name } barks }",
        "query($s: Boolean) { animals { ...F(short: $s) } } fragment F($short: Boolean) on Animal { ...G(deep: $short) } fragment G($deep: Boolean) on Named { nick(short: $deep) }",
        "query($s: Boolean) { dog { nick(short: $s) ...F } person { ...F } } fragment F($short: Boolean) on Named { n: nick(short: $short) o: nick(short: $s) }",
    ],
)
def test_fragment_variables(source: str, variables: dict[str, Any]) -> None:
    document = parse(source, experimental_fragment_arguments=True)
    plan = compile_plan(PETS, document)
    for _ in range(2):
        expected = execute_sync(PETS, document, pets_root(), None, variables)
        assert_same(run(plan, variables=variables, context=None, root_value=pets_root()), expected)


def test_a_fragment_variable_of_an_unknown_type() -> None:
    document = parse("{ dog { ...F } } fragment F($x: Missing) on Dog { name }", experimental_fragment_arguments=True)
    answer(PETS, document, root=pets_root(), valid=False)
