"""Serializers of leaves: each value becomes, or fails to become, what graphql-core's execution makes of it."""

from __future__ import annotations

import decimal
import enum
import uuid
from typing import Any

import pytest
from graphql import (
    ExecutionResult,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    execute_sync,
    parse,
)

from bff.columns.serialize import serializer


class Mood(enum.Enum):
    GOOD = "good"


class Number(int):
    """An integer that is none to `type(value) is int`."""


class Word(str):
    """The same of a text."""


def fails(value: Any) -> Any:
    raise ZeroDivisionError(f"no {value!r}")


TYPES: dict[str, GraphQLLeafType] = {
    "string": GraphQLString,
    "id": GraphQLID,
    "int": GraphQLInt,
    "boolean": GraphQLBoolean,
    "float": GraphQLFloat,
    "enum": GraphQLEnumType("Mood", Mood),
    "scalar": GraphQLScalarType("Upper", coerce_output_value=lambda value: str(value).upper()),
    "void": GraphQLScalarType("Void", coerce_output_value=lambda value: None if value else Undefined),
    "failing": GraphQLScalarType("Failing", coerce_output_value=fails),
}

VALUES: list[Any] = [
    0, 1, -1, 2**31 - 1, 2**31, -(2**31), -(2**31) - 1, 2**64, True, False, 1.0, 1.5, -0.0, float("nan"), float("inf"),
    float("-inf"), 1e300, "", "a", "1", "1.5", "good", "GOOD", b"b", [], [1], {}, {"a": 1}, (1,), object, 1j, Mood.GOOD, Number(7),
    Number(2**40), Word("w"), decimal.Decimal("1.50"), uuid.UUID(int=1),
]  # fmt: skip


def executed(type_: GraphQLLeafType, value: Any) -> ExecutionResult:
    field = GraphQLField(type_, resolve=lambda *_: value)
    return execute_sync(GraphQLSchema(GraphQLObjectType("Query", {"it": field})), parse("{ it }"))


@pytest.mark.parametrize("value", VALUES, ids=repr)
@pytest.mark.parametrize("name", TYPES)
def test_what_graphql_core_makes_of_a_value(name: str, value: Any) -> None:
    expected = executed(TYPES[name], value)
    serialize = serializer(TYPES[name])
    if expected.errors is None:
        assert expected.data is not None
        assert repr(serialize(value)) == repr(expected.data["it"])
        return
    original = expected.errors[0].original_error or expected.errors[0]
    with pytest.raises(type(original)) as failed:
        serialize(value)
    assert str(failed.value) == str(original)


@pytest.mark.parametrize(
    ("name", "value"), [("string", "text"), ("id", "text"), ("int", 2**31 - 1), ("boolean", False), ("float", 0.1)]
)
def test_a_value_that_is_its_own_answer_is_not_converted(name: str, value: Any) -> None:
    assert serializer(TYPES[name])(value) is value
