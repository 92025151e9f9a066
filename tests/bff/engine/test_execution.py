"""The engine follows the GraphQL specification: on any graphql-core schema it answers what graphql-core answers.

Every test goes through `reference.answer`, which runs the operation with both and compares data and errors to the
letter; what a test asserts beyond that says what the answer is about. Sections follow the specification's.
"""

from __future__ import annotations

import enum
import itertools
import sys
from collections import UserDict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Annotated, Any, ClassVar, cast

import pytest
import strawberry
from graphql import (
    ExecutionResult,
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    Undefined,
    build_schema,
    execute_sync,
    get_introspection_query,
    parse,
    specified_directives,
    validate,
)
from graphql.type.directives import (
    GraphQLDeferDirective,
    GraphQLDisableErrorPropagationDirective,
    GraphQLStreamDirective,
)
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig

from bff.engine.execution import execute, run
from bff.plan.plan import compile_plan
from bff.plan.planner import MAX_FIELDS
from tests.bff.reference import answer, assert_same, described


class Boom(Exception):
    """What resolvers here raise."""


class Coded(Exception):
    """An exception with extensions, as the layer's own have."""

    extensions: ClassVar = {"code": "CODED"}


def messages(result: ExecutionResult) -> list[str]:
    return [error.message for error in result.errors or ()]


def resolved(schema: GraphQLSchema, **resolvers: Callable[..., Any]) -> GraphQLSchema:
    """The schema with resolvers, named `Type_field`."""
    for name, resolver in resolvers.items():
        type_name, _, field_name = name.partition("_")
        cast(Any, schema.type_map[type_name]).fields[field_name].resolve = resolver
    return schema


# Coercion of arguments and variables


def _odd_value(value: Any) -> int:
    if not isinstance(value, int) or value % 2 == 0:
        raise GraphQLError(f"{value!r} is not odd", extensions={"code": "EVEN"})
    return value


def echo_schema() -> GraphQLSchema:
    """One field an input type; each answers with the arguments its resolver was given."""
    schema = build_schema(
        """
        scalar Echo
        scalar Odd
        scalar Fragile
        enum Color { RED GREEN }
        input Point { x: Int! = 3, y: Int, label: String = "none", next: Point, tags: [String!], color: Color }
        input Required { x: Int!, y: Int }
        input Pet @oneOf { cat: String, dog: Int, point: Required }
        type Query {
          int(x: Int): Echo
          intDefault(x: Int = 7): Echo
          intNullDefault(x: Int = null): Echo
          intRequired(x: Int!): Echo
          intRequiredDefault(x: Int! = 7): Echo
          float(x: Float): Echo
          string(x: String): Echo
          boolean(x: Boolean): Echo
          id(x: ID): Echo
          color(x: Color): Echo
          colorDefault(x: Color! = RED): Echo
          list(x: [Int]): Echo
          listInner(x: [Int!]): Echo
          listRequired(x: [Int]!): Echo
          listDefault(x: [Int!]! = [1, 2]): Echo
          matrix(x: [[Int]]): Echo
          colors(x: [Color!]): Echo
          point(x: Point): Echo
          pointDefault(x: Point! = {x: 5, tags: "one"}): Echo
          points(x: [Point!]): Echo
          required(x: Required): Echo
          pet(x: Pet): Echo
          pets(x: [Pet!]!): Echo
          odd(x: Odd): Echo
          odds(x: [Odd!]): Echo
          fragile(x: Fragile): Echo
        }
        """
    )

    def fragile(value: Any) -> Any:
        raise ZeroDivisionError(f"cannot read {value!r}")

    cast(GraphQLScalarType, schema.type_map["Odd"]).coerce_input_value = _odd_value
    cast(GraphQLScalarType, schema.type_map["Odd"]).coerce_input_literal = lambda node: _odd_value(
        int(getattr(node, "value", 0))
    )
    cast(GraphQLScalarType, schema.type_map["Fragile"]).coerce_input_value = fragile
    cast(GraphQLScalarType, schema.type_map["Fragile"]).coerce_input_literal = fragile
    for field in cast(GraphQLObjectType, schema.query_type).fields.values():
        field.resolve = lambda _source, _info, **arguments: arguments
    return schema


ECHO = echo_schema()
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


# Fields, aliases, merging


PETS_SDL = """
interface Named { name: String, nick(short: Boolean = false): String }
interface Animal implements Named { name: String, nick(short: Boolean = false): String, legs: Int!, friends: [Animal!] }
type Dog implements Named & Animal { name: String, nick(short: Boolean = false): String, legs: Int!, friends: [Animal!], barks: Boolean, owner: Person }
type Cat implements Named & Animal { name: String, nick(short: Boolean = false): String, legs: Int!, friends: [Animal!], meows: Boolean, owner: Person }
type Person implements Named { name: String, nick(short: Boolean = false): String, pets: [Pet], favourite: Pet, self: Person }
union Pet = Dog | Cat
union Thing = Dog | Person
type Query { named: [Named], animals: [Animal!]!, pets: [Pet!], things: [Thing], person: Person, dog: Dog, nothing: Named }
"""


def pets_schema() -> GraphQLSchema:
    """Animals and people as dicts that name their type."""
    schema = build_schema(PETS_SDL)

    def nick(source: Any, _info: Any, short: bool) -> str | None:
        return source["name"][:1] if short else source["name"].lower()

    return resolved(schema, Dog_nick=nick, Cat_nick=nick, Person_nick=nick)


PETS = pets_schema()


def pets_root() -> dict[str, Any]:
    rex: dict[str, Any] = {"__typename": "Dog", "name": "Rex", "legs": 4, "barks": True}
    tom: dict[str, Any] = {"__typename": "Cat", "name": "Tom", "legs": 4, "meows": False}
    tripod: dict[str, Any] = {"__typename": "Dog", "name": "Tripod", "legs": 3, "barks": False, "friends": [rex, tom]}
    ada: dict[str, Any] = {"__typename": "Person", "name": "Ada", "pets": [rex, None, tom], "favourite": tom}
    ada["self"], rex["owner"], tom["owner"], rex["friends"] = ada, ada, None, [tom, tripod]
    return {
        "named": [rex, ada, None, tom],
        "animals": [rex, tom, tripod],
        "pets": [tom, rex],
        "things": [rex, ada],
        "person": ada,
        "dog": rex,
        "nothing": None,
    }


@pytest.mark.parametrize(
    "source",
    [
        "{ dog { name name again: name n: nick(short: true) nick } dog { legs name } }",
        "{ b: dog { name } a: dog { name } dog { barks } b: dog { legs } }",
        "{ person { self { name } ... { self { self { nick } name } } } person { self { self { name } } } }",
        "{ named { __typename name ... on Dog { barks } ... on Person { favourite { __typename } } } __typename t: __typename }",
        "{ named { ... on Animal { legs ... on Cat { meows name } } ... on Named { nick(short: true) } } }",
        "{ pets { ... on Animal { name friends { __typename ... on Dog { friends { name } } } } ... on Cat { owner { name } } } }",
        "{ things { ... on Animal { legs } ... on Named { name } ...on Pet { ... on Dog { barks } ... on Cat { meows } } } }",
        "{ things { ...F } animals { ...F ...G } } fragment F on Named { name ...G } fragment G on Animal { legs ...H } fragment H on Dog { owner { ...P } } fragment P on Person { name pets { ...I } } fragment I on Dog { ...J } fragment J on Named { nick }",
        "{ animals { ...A ...B ...A } } fragment A on Dog { owner { name } } fragment B on Animal { ... on Dog { owner { nick favourite { __typename } } } }",
        "{ nothing { name ... on Dog { barks } } person { favourite { ... on Dog { barks } } } }",
        "{ animals { same: name ... on Dog { value: barks } ... on Cat { value: meows } } }",
        "{ ...Q ... on Query { dog { name } } ... { dog { legs } } } fragment Q on Query { person { name } dog { barks } }",
        "{ dog { owner { pets { ... on Dog { owner { pets { ... on Dog { name } __typename } } } } } } }",
    ],
)
def test_fields_and_fragments(source: str) -> None:
    answer(PETS, source, root=pets_root())


def test_the_order_of_keys_is_that_of_the_document() -> None:
    source = "{ z: dog { ...F name } a: person { name } dog { legs ... on Dog { barks } name } } fragment F on Dog { legs name barks }"
    data = answer(PETS, source, root=pets_root()).data
    assert data is not None
    assert list(data) == ["z", "a", "dog"]
    assert list(data["z"]) == ["legs", "name", "barks"]
    assert list(data["dog"]) == ["legs", "barks", "name"]


def test_fields_that_the_schema_lacks_are_left_out() -> None:
    answer(PETS, "{ dog { name colour } unknown person { name } }", root=pets_root(), valid=False)


# @skip and @include


@pytest.mark.parametrize(
    "variables",
    [{"a": a, "b": b} for a, b in itertools.product((True, False), repeat=2)]
    + [{}, {"a": None}, {"a": None, "b": True}, {"a": True, "b": None}, {"b": False}, {"a": "yes"}],
)
@pytest.mark.parametrize(
    "source",
    [
        "query($a: Boolean!, $b: Boolean!) { dog { name @skip(if: $a) legs @include(if: $b) barks @skip(if: $a) @include(if: $b) } }",
        "query($a: Boolean = true, $b: Boolean = false) { dog { name @skip(if: $a) legs @include(if: $b) } person { name } }",
        "query($a: Boolean = true, $b: Boolean! = true) { dog @include(if: $a) { ...F @skip(if: $b) ... @include(if: $b) { legs } } } fragment F on Dog { name }",
        "query($a: Boolean = false, $b: Boolean = true) { dog { name @skip(if: $a) name @include(if: $b) ...F @include(if: $a) ...F } } fragment F on Dog { legs owner @skip(if: $b) { name } }",
        "query($a: Boolean! = true, $b: Boolean = true) { ...F @include(if: $b) ... on Query @skip(if: $a) { person { name } } } fragment F on Query { animals { ... on Dog @include(if: $a) { name } } }",
        "query($a: Boolean = true, $b: Boolean = true) { person { pets { ... on Dog { name @skip(if: $a) } ... on Cat { name @include(if: $b) } } name } }",
        "query($a: Boolean = true, $b: Boolean = true) { animals { owner: friends @include(if: $a) { name @include(if: $b) } } dog { name } }",
        "query($a: Boolean = true, $b: Boolean = true) { dog @skip(if: true) { name @include(if: $a) } person { name @include(if: false) nick @skip(if: $b) @include(if: $a) } }",
    ],
)
def test_skip_and_include(source: str, variables: dict[str, Any]) -> None:
    answer(PETS, source, root=pets_root(), variables=variables)


def test_a_plan_serves_every_value_of_its_conditions() -> None:
    names = "abcdef"
    declarations = ", ".join(f"${name}: Boolean = true" for name in names)
    fields = " ".join(f"{name}: name @include(if: ${name})" for name in names)
    document = parse(f"query({declarations}) {{ dog {{ {fields} legs }} }}")
    plan = compile_plan(PETS, document)
    for values in itertools.product((True, False), repeat=len(names)):
        variables = dict(zip(names, values, strict=True))
        expected = execute_sync(PETS, document, pets_root(), None, variables)
        assert_same(run(plan, variables=variables, context=None, root_value=pets_root()), expected)


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


# Default resolvers


class Attributes:
    """A source whose attributes are read, called, or fail."""

    plain = 1
    none = None

    def called(self, info: GraphQLResolveInfo[Any], n: int = 0) -> int:
        return n + len(info.field_name)

    @property
    def failing(self) -> int:
        raise Boom("property")

    @property
    def missing(self) -> int:
        raise AttributeError("hidden")

    def wrong(self) -> int:
        return 1


class Mapped(UserDict[str, Any]):
    """A Mapping that is no dict."""


@pytest.mark.parametrize(
    "source",
    [
        {"plain": 1, "called": lambda info, n: n, "failing": Boom("returned")},
        {"called": lambda info, **arguments: len(arguments)},
        {},
        Mapped(plain=2, called=lambda info, n=3: n),
        Attributes(),
        Attributes,
        object(),
        7,
        "text",
        [1],
    ],
    ids=lambda source: type(source).__name__,
)
def test_default_resolvers(source: Any) -> None:
    schema = build_schema(
        "type Source { plain: Int, none: Int, called(n: Int): Int, failing: Int, missing: Int, wrong: Int, unknown: Int }"
        " type Query { source: Source }"
    )
    query = "{ source { plain none called(n: 4) bare: called failing missing wrong unknown __typename } }"
    answer(schema, query, root={"source": source})
    answer(schema, "{ source { plain } __typename }", root=source)


# Types of objects


def typed_schema(
    resolve_type: Callable[..., Any] | None, is_type_of: Callable[..., Any] | None, *, union: bool
) -> GraphQLSchema:
    shape = {"x": GraphQLField(GraphQLInt)}
    interface = GraphQLInterfaceType("Shape", shape, resolve_type=resolve_type)
    circle = GraphQLObjectType("Circle", shape, interfaces=[interface], is_type_of=is_type_of)
    square = GraphQLObjectType("Square", shape, interfaces=[interface])
    other = GraphQLObjectType("Other", shape)
    abstract: Any = interface if not union else GraphQLUnionType("Either", [circle, square], resolve_type=resolve_type)
    field: Any = GraphQLField(abstract)
    fields = {
        "one": field,
        "must": GraphQLField(GraphQLNonNull(abstract)),
        "many": GraphQLField(GraphQLList(abstract)),
        "strict": GraphQLField(GraphQLList(GraphQLNonNull(abstract))),
        "circle": GraphQLField(circle),
        "circles": GraphQLField(GraphQLNonNull(GraphQLList(circle))),
    }
    return GraphQLSchema(GraphQLObjectType("Query", fields), types=[circle, square, other])


def _raises(*_: Any) -> Any:
    raise Boom("no type")


@pytest.mark.parametrize("union", [False, True], ids=["interface", "union"])
@pytest.mark.parametrize(
    "is_type_of",
    [
        None,
        lambda _value, _info: True,
        lambda _value, _info: False,
        lambda _value, _info: None,
        lambda value, _info: value["x"] == 1,
        _raises,
    ],
    ids=["none", "true", "false", "null", "by value", "raises"],
)
@pytest.mark.parametrize(
    "resolve_type",
    [
        None,
        lambda value, *_: value.get("kind"),
        lambda *_: "Circle",
        lambda *_: "Other",
        lambda *_: "Missing",
        lambda *_: "Int",
        lambda *_: "Shape",
        lambda *_: "",
        lambda *_: 1,
        lambda value, info, _type: info.schema.get_type("Circle"),
        _raises,
    ],
    ids=[
        "none",
        "by value",
        "circle",
        "other",
        "missing",
        "scalar",
        "interface",
        "empty",
        "number",
        "object",
        "raises",
    ],
)
def test_types_of_objects(
    resolve_type: Callable[..., Any] | None, is_type_of: Callable[..., Any] | None, union: bool
) -> None:
    schema = typed_schema(resolve_type, is_type_of, union=union)
    some = "... on Circle { x } ... on Square { y: x }"
    many = [{"kind": "Circle", "x": 1}, {"kind": "Square", "x": 2}, None, {"x": 3}, {"__typename": "Square", "x": 1}]
    root = {"one": many[0], "must": many[1], "many": many, "strict": many[:2], "circle": many[0], "circles": many}
    answer(
        schema,
        f"{{ one {{ {some} __typename }} many {{ __typename {some} }} circle {{ x }} circles {{ x }} }}",
        root=root,
    )
    answer(schema, f"{{ one {{ {some} }} strict {{ {some} }} }}", root=root)
    answer(schema, f"{{ one {{ {some} }} must {{ {some} }} }}", root=root)


def test_types_are_asked_with_the_field_s_info() -> None:
    seen: list[tuple[Any, ...]] = []

    def note(value: Any, info: GraphQLResolveInfo[Any], *rest: Any) -> Any:
        seen.append((value["x"], info.path.as_list(), info.field_name, str(info.return_type), *map(str, rest)))
        return "Circle" if rest else True

    schema = typed_schema(note, note, union=False)
    answer(schema, "{ many { x } circle { x } }", root={"many": [{"x": 1}, {"x": 2}], "circle": {"x": 3}})
    half = len(seen) // 2
    assert sorted(seen[:half]) == sorted(seen[half:])
    assert (2, ["many"], "many", "[Shape]", "Shape") in seen


# Null, errors and where they go


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


def raising(value: Any) -> Callable[..., Any]:
    def resolve(*_: Any) -> Any:
        if isinstance(value, Boom):
            raise value
        return value

    return resolve


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
            resolved(schema, Inner_value=resolve, Inner_failing=_raises)
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


def test_errors_of_arguments_on_many_objects() -> None:
    schema = build_schema("type Query { items: [Item!]! } type Item { n(x: Int!): Int, name: String }")
    answer(
        schema,
        "query($x: Int = 1) { items { name n(x: $x) } again: items { n(x: 2) } }",
        variables={"x": None},
        root={"items": [{"name": "a", "n": lambda _info, x: x}, {"name": "b", "n": lambda _info, x: x}]},
    )


def test_leaves_that_cannot_be_serialized() -> None:
    schema = build_schema(
        "scalar Odd scalar Void enum Color { RED GREEN } type Query { i: [Int] f: [Float] s: [String] b: [Boolean] id: [ID] o: [Odd] v: [Void] c: [Color] must: [Odd!]! }"
    )
    cast(GraphQLScalarType, schema.type_map["Odd"]).coerce_output_value = _odd_value
    cast(GraphQLScalarType, schema.type_map["Void"]).coerce_output_value = lambda value: Undefined if value else None
    values: list[Any] = [
        0, 1, -1, 2**31, -(2**31), 2**53, True, False, 1.0, 1.5, float("nan"), float("inf"), "1", "x", "", b"b", [1], {"a": 1},
        object, 3 + 1j, None, "RED", "BLUE", Boom("leaf"), {1}, (1,),
    ]  # fmt: skip
    root = dict.fromkeys(("i", "f", "s", "b", "id", "o", "v", "c"), values)
    answer(schema, "{ i f s b id o v c }", root=root)
    answer(schema, "{ must }", root={"must": [1, 3, 4, 6]})


class Weekday(enum.Enum):
    """Values of an enum type that are Python enums."""

    MONDAY = 1
    SUNDAY = 7


def test_enums_by_value_and_by_name() -> None:
    weekday = GraphQLEnumType("Weekday", Weekday)
    by_name = GraphQLEnumType("ByName", Weekday, names_as_values=True)
    unhashable = GraphQLEnumType("Unhashable", {"A": [1], "B": {"b": 2}})
    fields: dict[str, GraphQLField] = {}
    for name, type_ in {"weekday": weekday, "named": by_name, "odd": unhashable}.items():
        fields[name] = GraphQLField(
            GraphQLList(type_),
            args={"x": GraphQLArgument(type_)},
            resolve=lambda source, info, x=None: [x, *source[info.field_name]],
        )
    schema = GraphQLSchema(GraphQLObjectType("Query", fields))
    root = {
        "weekday": [Weekday.SUNDAY, 1, 7, 3, "MONDAY"],
        "named": ["SUNDAY", Weekday.SUNDAY],
        "odd": [[1], {"b": 2}, "A"],
    }
    answer(schema, "{ weekday(x: MONDAY) named(x: SUNDAY) odd(x: B) }", root=root)
    answer(
        schema,
        "query($w: Weekday, $n: ByName) { weekday(x: $w) named(x: $n) }",
        variables={"w": "SUNDAY", "n": "MONDAY"},
        root=root,
    )


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


# Lists


def counting(limit: int, error: Exception | None = None) -> Iterator[Any]:
    yield from range(limit)
    if error is not None:
        raise error


class BadIteration:
    """An iterable that cannot be iterated."""

    def __iter__(self) -> Iterator[Any]:
        raise Boom("iter")


class Items:
    """Iterable through __getitem__ alone, which is no Iterable."""

    def __getitem__(self, index: int) -> int:
        raise IndexError


@pytest.mark.parametrize(
    "make",
    [
        lambda: [1, 2], lambda: (1, 2), lambda: {1}, lambda: frozenset((1,)), lambda: iter([1, 2]), lambda: range(3),
        lambda: counting(2), lambda: counting(2, Boom("late")), lambda: counting(0, Boom("early")), lambda: {"a": 1},
        lambda: {"a": 1}.keys(), lambda: {"a": 1}.values(), lambda: "text", lambda: b"bytes", lambda: bytearray(b"x"),
        lambda: 5, lambda: BadIteration(), lambda: Items(), lambda: map(int, ["1", "x"]), lambda: [[1], (2, None), "3", 4],
        lambda: (counting(2, Boom(str(i))) for i in range(2)), lambda: [1, Boom("item"), Undefined, None], lambda: Mapped(a=1),
        lambda: counting(3, GraphQLError("late", path=["own"])),
    ],
)  # fmt: skip
def test_lists(make: Callable[[], Any]) -> None:
    for type_ in ("[Int]", "[Int!]", "[[Int]]", "[[Int!]!]", "[Int!]!", "[[Int]!]!"):
        schema = build_schema(f"type Query {{ before: Int! list: {type_} after: Int! }}")
        answer(schema, "{ before list after }", root=lambda make=make: {"before": 1, "list": make(), "after": 2})


def test_items_before_an_exception_in_a_list_have_their_errors_reported() -> None:
    schema = build_schema("type Query { soft: [Item] hard: [Item!] } type Item { soft: Int hard: Int! }")

    def items(*failing: int) -> Iterator[Any]:
        for i in range(3):
            yield {"soft": Boom(f"soft {i}"), "hard": None if i in failing else i}
        raise Boom("late")

    def root(*failing: int) -> Callable[[], Any]:
        return lambda: {"soft": items(*failing), "hard": items(*failing)}

    assert messages(answer(schema, "{ soft { soft } }", root=root())) == ["soft 0", "soft 1", "soft 2", "late"]
    answer(schema, "{ soft { soft hard } hard { soft hard } }", root=root())
    answer(schema, "{ soft { soft hard } hard { soft hard } }", root=root(1))
    answer(schema, "{ hard { hard soft } soft { hard soft } }", root=root(0, 2))


def test_big_lists() -> None:
    schema = build_schema(
        "type Query { items: [Item!]! matrix: [[Int!]!]! } type Item { n: Int! even: Boolean! item: Item }"
    )
    resolved(schema, Item_n=lambda source, _info: source, Item_even=lambda source, _info: source % 2 == 0 or None)
    resolved(schema, Item_item=lambda source, _info: source + 1 if source % 3 else None)
    root = {"items": range(1000), "matrix": [range(100)] * 100}
    data = answer(schema, "{ items { n item { n item { n } } } matrix }", root=root).data
    assert data is not None
    assert len(data["items"]) == 1000
    assert answer(schema, "{ matrix items { n even } }", root=root).data is None


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


# Info


def test_resolvers_are_given_the_same_info() -> None:
    schema = build_schema(
        """
        interface Node { id: Int, node(n: Int): Node, nodes: [Node] }
        type A implements Node { id: Int, node(n: Int): Node, nodes: [Node] }
        type Query { node: Node, nodes: [[Node!]!] }
        """
    )
    seen: list[Any] = []

    def note(source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        path: list[Any] = []
        step = info.path
        while step is not None:
            path.append((step.key, step.typename))
            step = step.prev
        seen.append(
            (
                source, info.field_name, tuple(map(id, info.field_nodes)), str(info.return_type), info.parent_type.name,
                tuple(path), id(info.schema), {name: id(each) for name, each in info.fragments.items()}, info.root_value,
                id(info.operation), info.variable_values.coerced, list(info.variable_values.sources), info.context, info.is_awaitable(note), info.abort_signal, arguments,
            )
        )  # fmt: skip
        if info.field_name == "id":
            return 1
        item = {"__typename": "A"}
        return (
            [[item], [item, item]]
            if path[-1] == ("nodes", "Query") and len(path) == 1
            else [item]
            if info.field_name == "nodes"
            else item
        )

    for type_name, field_name in [("Query", "node"), ("Query", "nodes"), ("A", "id"), ("A", "node"), ("A", "nodes")]:
        resolved(schema, **{f"{type_name}_{field_name}": note})
    source = """
    query Q($n: Int = 3, $m: Boolean!) {
      node { id ...F }
      nodes { node(n: $n) { id @include(if: $m) nodes { id } } ...F }
      node { ... on A { id } }
    }
    fragment F on Node { id x: node(n: 5) { ... on Node { id nodes { id } } } }
    """
    result = answer(schema, source, root="root", context={"context": 1}, variables={"m": True})
    assert not result.errors
    half = len(seen) // 2
    assert half > 20
    assert sorted(map(repr, seen[:half])) == sorted(map(repr, seen[half:]))


def test_every_resolver_is_called_once_for_each_object() -> None:
    calls: list[tuple[Any, ...]] = []
    schema = build_schema("type Query { items: [Item!] } type Item { n: Int items: [Item!] }")

    def note(source: Any, info: GraphQLResolveInfo[Any]) -> Any:
        calls.append(tuple(info.path.as_list()))
        return [1, 2, 3] if info.field_name == "items" else source

    resolved(schema, Query_items=note, Item_items=note, Item_n=note)
    answer(schema, "{ items { n m: n items { n items { n } } } }")
    half = len(calls) // 2
    assert sorted(calls[:half], key=str) == sorted(calls[half:], key=str)


# Fragment variables


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
    schema = resolved(deep_schema(), Node_x=_raises)
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


def test_interfaces_do_not_multiply_a_plan() -> None:
    names = [f"T{i}" for i in range(30)]
    types = " ".join(f"type {name} implements Node {{ id: ID next: Node own{name}: Int }}" for name in names)
    schema = build_schema(f"interface Node {{ id: ID next: Node }} {types} type Query {{ node: Node }}")
    depth = 8
    source = (
        "{ node { "
        + "id next { " * depth
        + "id ... on T3 { ownT3 } ...F "
        + "} " * depth
        + "} } fragment F on Node { next { id } }"
    )
    node: dict[str, Any] = {"__typename": "T3", "id": 3, "ownT3": 33, "next": {"__typename": "T4", "id": 4}}
    for i in range(depth):
        node = {"__typename": f"T{i}", "id": i, "next": node}
    answer(schema, source, root={"node": node})
    variant = compile_plan(schema, parse(source)).whole()
    assert variant.size < 2 * len(names) * (depth + 3) < MAX_FIELDS


def test_a_plan_that_is_too_large_is_refused_before_it_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("bff.plan.planner.MAX_FIELDS", 20)
    fields = " ".join(f"f{i}: name" for i in range(20))
    result = execute(PETS, parse(f"{{ dog {{ {fields} }} }}"), pets_root())
    assert result.data is None
    assert messages(result) == ["The operation selects more than 20 fields over all types it may meet."]


# Incremental delivery, which the engine does not do


@pytest.mark.parametrize(
    ("source", "refused"),
    [
        ("{ dog { name ... @defer { legs } } }", True),
        ("{ ...F @defer } fragment F on Query { dog { name } }", True),
        ("{ animals @stream(initialCount: 1) { name } }", True),
        ("{ dog { name ... @defer(if: false) { legs } } animals @stream(if: false, initialCount: 0) { name } }", False),
        ("query($on: Boolean = true) { dog { name ... @defer(if: $on) { legs } } }", True),
        ("query($on: Boolean = false) { dog { name ... @defer(if: $on) { legs } } pets @stream(if: $on) { __typename } }", False),
    ],
)  # fmt: skip
def test_defer_and_stream_are_refused_unless_disabled(source: str, refused: bool) -> None:
    schema = GraphQLSchema(
        PETS.query_type,
        types=list(PETS.type_map.values()),
        directives=[*specified_directives, GraphQLDeferDirective, GraphQLStreamDirective],
    )
    document = parse(source)
    assert not validate(schema, document)
    if not refused:
        answer(schema, document, root=pets_root())
        return
    with pytest.raises(RuntimeError, match="failed to complete synchronously"):
        execute_sync(schema, document, pets_root())
    result = execute(schema, document, pets_root())
    assert result.data is None
    assert "@defer and @stream are not supported" in messages(result)[0]


# Strawberry, without entities


@strawberry.enum
class Level(enum.Enum):
    """An enum as Strawberry has it."""

    LOW = "low"
    HIGH = "high"


@strawberry.input
class Range:
    """An input with a default."""

    low: int = 0
    high: int | None = None


@strawberry.interface
class Item:
    """An interface whose types Strawberry tells apart."""

    id: strawberry.ID
    price: float


@strawberry.type
class Book(Item):
    """Attributes, methods and a list."""

    title: str
    level: Level = Level.LOW
    _hidden: strawberry.Private[int] = 0

    @strawberry.field
    def shout(self, times: int = 1, level: Level = Level.HIGH) -> str:
        return f"{self.title.upper() * times} {level.value}"

    @strawberry.field
    def related(self, info: strawberry.Info, within: Range | None = None) -> list[Item]:
        low = 0 if within is None else within.low
        return [each for each in info.context["items"] if each.price >= low]


@strawberry.type
class Toy(Item):
    """A type whose attributes may be missing."""

    owner: str | None = None


@strawberry.type
class Impostor:
    """Not a type of the schema's."""

    id: int = 1


class Nobody(BasePermission):
    """Refuses everyone."""

    message = "nobody may see this"

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        return False


@strawberry.type
class Account:
    """Attributes behind a permission: no resolver is written, and yet one runs."""

    name: str
    secret: str | None = strawberry.field(permission_classes=[Nobody], default=None)
    must: str = strawberry.field(permission_classes=[Nobody], default="x")


@strawberry.type
class Query:
    """The root."""

    @strawberry.field
    def items(self, info: strawberry.Info) -> list[Item]:
        return info.context["items"]  # type: ignore[no-any-return]

    @strawberry.field
    def found(self, info: strawberry.Info, text: str) -> Annotated[Book | Toy, strawberry.union("Found")] | None:
        return next((each for each in info.context["items"] if text in str(each)), None)

    @strawberry.field
    def account(self) -> Account:
        return Account(name="a", secret="s")

    @strawberry.field
    def wrong(self) -> list[Item]:
        return [Impostor(), Book(id=strawberry.ID("1"), price=1, title="B"), None, 5]  # type: ignore[list-item]

    @strawberry.field
    def book(self) -> Book:
        return Book(id=strawberry.ID("1"), price="free", title=None)  # type: ignore[arg-type]

    @strawberry.field
    def fails(self) -> Book | None:
        raise Boom("strawberry")


STRAWBERRY = strawberry.Schema(Query, types=[Book, Toy])._schema


@pytest.mark.parametrize(
    "source",
    [
        "{ items { id price __typename ... on Book { title level shout } ... on Toy { owner } } }",
        "{ items { ... on Book { shout(times: 2, level: LOW) related(within: {low: 5}) { id ... on Book { related { id } } } } } }",
        'query($r: Range) { found(text: "SQL") { __typename ... on Book { title related(within: $r) { price } } ... on Toy { id } } }',
        "{ account { name secret } }",
        "{ account { name must } }",
        "{ wrong { id __typename } }",
        "{ book { id level } a: book { price } }",
        "{ book { id } a: book { title } }",
        '{ fails { id } found(text: "nothing at all") { __typename } }',
    ],
)
def test_strawberry(source: str) -> None:
    items = [
        Book(id=strawberry.ID("1"), price=9.5, title="SQL"),
        Toy(id=strawberry.ID("2"), price=3),
        Book(id=strawberry.ID("3"), price=4, title="Python", level=Level.HIGH),
    ]
    answer(STRAWBERRY, source, context={"items": items}, variables={"r": {"low": 4}})


def test_permissions_of_attributes_are_asked() -> None:
    result = answer(STRAWBERRY, "{ account { name secret } }")
    assert result.data == {"account": {"name": "a", "secret": None}}
    assert messages(result) == ["nobody may see this"]


def test_strawberry_s_own_default_resolver_is_called() -> None:
    @strawberry.type
    class Root:
        name: str

    def read(source: Any, name: str) -> Any:
        return source[name]

    schema = strawberry.Schema(Root, config=StrawberryConfig(default_resolver=read))._schema
    assert answer(schema, "{ name }", root={"name": "from a dict"}).data == {"name": "from a dict"}


def test_the_helper_tells_answers_apart() -> None:
    """What the comparison above rests on."""
    one = ExecutionResult({"a": 1, "b": True}, None)
    for other in (
        ExecutionResult({"b": True, "a": 1}, None),
        ExecutionResult({"a": 1, "b": 1}, None),
        ExecutionResult({"a": 1.0, "b": True}, None),
        ExecutionResult({"a": 1, "b": True}, []),
        ExecutionResult({"a": 1, "b": True}, [GraphQLError("x")]),
    ):
        assert described(one) != described(other)
    first, second = GraphQLError("x", path=["a"]), GraphQLError("x", path=["b"])
    assert described(ExecutionResult(None, [first, second])) != described(ExecutionResult(None, [second, first]))
    assert described(ExecutionResult(None, [GraphQLError("x", original_error=Boom())])) != described(
        ExecutionResult(None, [GraphQLError("x", original_error=Coded())])
    )
