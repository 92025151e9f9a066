"""Schemas without entities, for what the GraphQL specification says of any: pets with their people, and fields that echo."""

from __future__ import annotations

from collections import UserDict
from collections.abc import Callable
from typing import Any, ClassVar, cast

from graphql import ExecutionResult, GraphQLError, GraphQLObjectType, GraphQLScalarType, GraphQLSchema, build_schema


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


def odd_value(value: Any) -> int:
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

    cast(GraphQLScalarType, schema.type_map["Odd"]).coerce_input_value = odd_value
    cast(GraphQLScalarType, schema.type_map["Odd"]).coerce_input_literal = lambda node: odd_value(
        int(getattr(node, "value", 0))
    )
    cast(GraphQLScalarType, schema.type_map["Fragile"]).coerce_input_value = fragile
    cast(GraphQLScalarType, schema.type_map["Fragile"]).coerce_input_literal = fragile
    for field in cast(GraphQLObjectType, schema.query_type).fields.values():
        field.resolve = lambda _source, _info, **arguments: arguments
    return schema


ECHO = echo_schema()

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


class Mapped(UserDict[str, Any]):
    """A Mapping that is no dict."""


def raises(*_: Any) -> Any:
    raise Boom("no type")


def raising(value: Any) -> Callable[..., Any]:
    def resolve(*_: Any) -> Any:
        if isinstance(value, Boom):
            raise value
        return value

    return resolve
