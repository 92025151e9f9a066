"""Planning any graphql-core schema: fields and fragments, @skip and @include, and what is too large or not done."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, execute_sync, parse, specified_directives, validate
from graphql.type.directives import GraphQLDeferDirective, GraphQLStreamDirective

from bff.engine.execution import execute, run
from bff.plan.plan import compile_plan
from bff.plan.planner import MAX_FIELDS
from tests.bff.engine.schemas import PETS, messages, pets_root
from tests.bff.reference import answer, assert_same

# Fields, aliases, merging


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


# Size


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
