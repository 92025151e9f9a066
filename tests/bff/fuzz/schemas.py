"""Random graphql-core schemas whose resolvers answer, fail and misbehave as a seed says.

A field's value is a function of the seed, its path and its arguments, so two executions that agree call the same
resolvers with the same results, in whatever order. Results are values of all shapes that Python knows, and with
some chance null, Undefined, exceptions raised or returned, lists that end in an exception, leaves of wrong types,
objects of wrong types.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from random import Random
from typing import Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    Undefined,
    is_abstract_type,
    is_leaf_type,
)
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

from tests.bff.fuzz.operations import UNKNOWN, Choices, Place


class Failure(Exception):
    """What resolvers raise."""

    def __init__(self, message: str, code: str) -> None:
        super().__init__(message)
        self.extensions = {"code": code}


@dataclass(frozen=True)
class Trouble:
    """How often things go wrong, each from 0 to 1."""

    missing: float = 0.0
    failing: float = 0.0
    wrong: float = 0.0


CALM, ROUGH, STORMY = Trouble(), Trouble(0.04, 0.03, 0.02), Trouble(0.15, 0.1, 0.08)


@st.composite
def schemas(draw: DrawFn) -> GraphQLSchema:
    """A schema with resolvers, and in `extensions` its root value. Valid; `print_schema` shows it."""
    return _Builder(Choices(draw)).schema()


class Source(Mapping[str, Any]):
    """An object whose fields are read with `get`, as of a dict."""

    def __init__(self, world: _World, key: str, type_name: str) -> None:
        self.world, self.key, self.type_name = world, key, type_name

    def get(self, name: str, default: Any = None) -> Any:
        return self.type_name if name == "__typename" else self.world.resolve

    def __getitem__(self, name: str) -> Any:
        return self.get(name)

    def __iter__(self) -> Iterator[str]:
        return iter(())

    def __len__(self) -> int:
        return 0

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.type_name} {self.key}>"


class Attributes:
    """An object whose fields are attributes; one in twenty it lacks."""

    def __init__(self, world: _World, key: str, type_name: str) -> None:
        self.world, self.key, self.type_name = world, key, type_name
        self.__typename = type_name

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or Random(f"{self.key}.{name}").random() < 0.05:
            raise AttributeError(name)
        return self.world.resolve

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.type_name} {self.key}>"


class _World:
    """What resolvers do."""

    def __init__(self, seed: int, trouble: Trouble) -> None:
        self.seed, self.trouble = seed, trouble

    def random(self, *about: Any) -> Random:
        return Random(f"{self.seed}:{about!r}")

    def resolve_field(self, _source: Any, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        return self.resolve(info, **arguments)

    def resolve(self, info: GraphQLResolveInfo[Any], **arguments: Any) -> Any:
        path = "/".join(map(str, info.path.as_list()))
        random = self.random(path, sorted(arguments.items()))
        value = self._value(random, info, info.return_type, path)
        if isinstance(value, Failure) and random.random() < 0.5:
            raise value
        return value

    def _value(self, random: Random, info: GraphQLResolveInfo[Any], type_: Any, path: str) -> Any:
        trouble = self.trouble
        if isinstance(type_, GraphQLNonNull):
            type_ = type_.of_type
        roll = random.random()
        if roll < trouble.missing:
            return random.choice((None, Undefined, None))
        if roll < trouble.missing + trouble.failing:
            return self._failure(random, path)
        wrong = roll > 1 - trouble.wrong
        if isinstance(type_, GraphQLList):
            return self._list(random, info, type_.of_type, path, wrong)
        if is_leaf_type(type_):
            return _leaf(random, type_, wrong)
        names = (
            [each.name for each in info.schema.get_possible_types(type_)] if is_abstract_type(type_) else [type_.name]
        )
        name = random.choice(("Query", "Nothing", "Int") if wrong else names)
        return random.choice((Source, Attributes))(self, path, name)

    def _failure(self, random: Random, path: str) -> Exception:
        failures: tuple[Callable[[], Exception], ...] = (
            lambda: Failure(f"failed at {path}", "FAILED"),
            lambda: Failure(f"failed at {path}", "FAILED"),
            lambda: GraphQLError("of its own path", path=["own", 0], extensions={"own": True}),
            lambda: GraphQLError("of no path"),
            lambda: KeyError(path),
        )
        return random.choice(failures)()

    def _list(self, random: Random, info: GraphQLResolveInfo[Any], item: Any, path: str, wrong: bool) -> Any:
        if wrong and random.random() < 0.5:
            return random.choice(("text", 5, {"a": 1}, b"bytes", object))
        items = [self._value(random, info, item, f"{path}/{i}") for i in range(random.randint(0, 3))]
        if wrong:
            return _ending(items, self._failure(random, path))
        return random.choice(
            (lambda: items, lambda: tuple(items), lambda: iter(items), lambda: (each for each in items))
        )()

    def is_type_of(self, name: str) -> Callable[[Any, Any], Any]:
        def is_type_of(value: Any, _info: Any) -> Any:
            random = self.random(value.key, "is", name)
            if random.random() < self.trouble.wrong / 2:
                return self._raise(random, value.key)
            return (
                value.type_name == name if random.random() > self.trouble.wrong / 2 else random.choice((None, False, 1))
            )

        return is_type_of

    def resolve_type(self, value: Any, info: GraphQLResolveInfo[Any], _type: Any) -> Any:
        random = self.random(value.key, "type")
        if random.random() < self.trouble.wrong:
            return random.choice((lambda: None, lambda: 7, lambda: "Nothing", lambda: self._raise(random, value.key)))()
        return value.type_name

    def _raise(self, random: Random, path: str) -> Any:
        raise self._failure(random, path)


def _ending(items: list[Any], failure: Exception) -> Iterator[Any]:
    yield from items
    raise failure


def _leaf(random: Random, type_: Any, wrong: bool) -> Any:
    if wrong:
        return random.choice(("x", 2**40, 1.5, float("nan"), [1], {"a": 1}, True, object, "", -3, b"b"))
    if isinstance(type_, GraphQLEnumType):
        return random.choice([each.value for each in type_.values.values()])
    return {
        "Int": lambda: random.randint(-5, 5),
        "Float": lambda: random.choice((0.5, 1, -2.25, True)),
        "String": lambda: random.choice(("a", "", "é", 5, True)),
        "Boolean": lambda: random.choice((True, False, 1, 0.0)),
        "ID": lambda: random.choice(("id", 7, "0")),
    }.get(type_.name, lambda: random.choice((1, 3, 5)))()


def argument_values(choices: Choices, type_: GraphQLNamedType, _place: Place) -> Any:
    """Values for arguments of these schemas' own scalar; validation refuses wrong literals, so they are rare."""
    if type_.name != "Odd":
        return UNKNOWN
    return choices.among((1, 3, 5, -7)) if choices.chance(95) else choices.among((2, "x", True, [1]))


def _odd(value: Any) -> int:
    if not isinstance(value, int) or value % 2 == 0:
        raise GraphQLError(f"not odd: {value!r}", extensions={"code": "EVEN"})
    return value


class _Builder:
    """Draws types, then their fields, so that fields may lead to any of them."""

    def __init__(self, choices: Choices) -> None:
        self._choices = choices
        trouble = choices.among((ROUGH, CALM, STORMY))
        self._world = _World(choices.between(0, 10_000), trouble)
        self._odd = GraphQLScalarType("Odd", coerce_output_value=_odd, coerce_input_value=_odd)
        self._enum = GraphQLEnumType("Color", {"RED": "red", "GREEN": 2, "BLUE": None, "LIST": (1,)})
        self._leaves: list[Any] = [
            GraphQLInt, GraphQLString, GraphQLBoolean, GraphQLFloat, GraphQLID, self._enum, self._odd,
        ]  # fmt: skip
        self._inputs = self._make_inputs()
        self._fields: dict[str, dict[str, GraphQLField]] = {}

    def schema(self) -> GraphQLSchema:
        choices = self._choices
        interfaces: list[GraphQLInterfaceType] = []
        for i in range(choices.between(1, 3)):
            name = f"I{i}"
            above = [choices.among(interfaces)] if interfaces and choices.chance(50) else []
            interfaces.append(
                GraphQLInterfaceType(
                    name, self._thunk(name), interfaces=_closed(above), resolve_type=self._type_resolver()
                )
            )
        objects: list[GraphQLObjectType] = []
        for i in range(choices.between(2, 5)):
            name = f"T{i}"
            chosen = [each for each in interfaces if choices.chance(60)]
            objects.append(
                GraphQLObjectType(
                    name,
                    self._thunk(name),
                    interfaces=_closed(chosen),
                    is_type_of=self._world.is_type_of(name) if choices.chance(30) else None,
                )
            )
        unions = [
            GraphQLUnionType(
                f"U{i}",
                _distinct([choices.among(objects) for _ in range(choices.between(2, 4))]),
                resolve_type=self._type_resolver(),
            )
            for i in range(choices.between(1, 2))
        ]
        used = [each for each in interfaces if any(each in type_.interfaces for type_ in objects)]
        composites: list[Any] = [*objects, *used, *unions]
        for each in [*interfaces, *objects]:
            self._fields[each.name] = self._make_fields(each, composites)
        query = GraphQLObjectType("Query", self._root_fields(composites))
        mutation = GraphQLObjectType("Mutation", self._root_fields(composites))
        root = Source(self._world, "root", "Query")
        return GraphQLSchema(query, mutation, types=[*objects, *interfaces, *unions], extensions={"root": root})

    def _thunk(self, name: str) -> Callable[[], dict[str, GraphQLField]]:
        return lambda: self._fields[name]

    def _type_resolver(self) -> Any:
        return self._world.resolve_type if self._choices.chance(40) else None

    def _make_inputs(self) -> list[Any]:
        leaves = self._leaves
        point = GraphQLInputObjectType(
            "Point",
            lambda: {
                "x": GraphQLInputField(GraphQLNonNull(GraphQLInt), default_value=3),
                "odd": GraphQLInputField(self._odd, out_name="odd_"),
                "tags": GraphQLInputField(GraphQLList(GraphQLNonNull(GraphQLString))),
                "next": GraphQLInputField(point),
                "color": GraphQLInputField(self._enum, default_value="red"),
                "must": GraphQLInputField(GraphQLNonNull(GraphQLBoolean)),
            },
        )
        pick = GraphQLInputObjectType(
            "Pick",
            {
                "int": GraphQLInputField(GraphQLInt),
                "point": GraphQLInputField(point),
                "odd": GraphQLInputField(self._odd),
            },
            is_one_of=True,
        )
        return [
            *leaves,
            point,
            pick,
            GraphQLList(GraphQLInt),
            GraphQLList(GraphQLNonNull(point)),
            GraphQLList(GraphQLList(self._odd)),
        ]

    def _make_fields(self, owner: Any, composites: list[Any]) -> dict[str, GraphQLField]:
        fields: dict[str, GraphQLField] = {}
        for interface in owner.interfaces:
            for name, inherited in self._fields[interface.name].items():
                fields[name] = self._inherited(inherited, fields.get(name))
        for i, led_to in enumerate(("leaf", "any", "composite", "any")[: self._choices.between(2, 4)]):
            # Names are unique per type that introduces them, so interfaces never clash.
            fields[f"{owner.name.lower()}{'abcd'[i]}"] = self._field(composites, led_to)
        return fields

    def _inherited(self, field: GraphQLField, other: GraphQLField | None) -> GraphQLField:
        """The field of an interface in a type that implements it, and another interface that has `other` of that name."""
        type_: Any = field.type
        if not isinstance(type_, GraphQLNonNull):
            if other is not None and isinstance(other.type, GraphQLNonNull):
                type_ = other.type
            elif self._choices.chance(30):
                type_ = GraphQLNonNull(type_)
        arguments = {**field.args, **(other.args if other is not None else {})}
        if self._choices.chance(20):
            arguments["extra"] = GraphQLArgument(GraphQLInt)
        return GraphQLField(type_, args=arguments, resolve=self._resolver())

    def _root_fields(self, composites: list[Any]) -> dict[str, GraphQLField]:
        return {
            f"f{i}": self._field(composites, "composite" if i < 3 else "any")
            for i in range(self._choices.between(3, 5))
        }

    def _field(self, composites: list[Any], led_to: str) -> GraphQLField:
        choices = self._choices
        is_leaf = led_to == "leaf" or (led_to == "any" and choices.chance(50))
        named = choices.among(self._leaves if is_leaf else composites)
        arguments = {f"arg{i}": self._argument(choices.among(self._inputs)) for i in range(2) if choices.chance(25)}
        return GraphQLField(self._wrapped(named), args=arguments, resolve=self._resolver())

    def _resolver(self) -> Any:
        # Without one the default resolver reads the source, which may lack the field.
        return self._world.resolve_field if self._choices.chance(60) else None

    def _wrapped(self, type_: Any) -> Any:
        choices = self._choices
        for _ in range(choices.among((0, 0, 1, 1, 2))):
            if choices.chance(45):
                type_ = GraphQLNonNull(type_)
            type_ = GraphQLList(type_)
        return GraphQLNonNull(type_) if choices.chance(35) else type_

    def _argument(self, type_: Any) -> GraphQLArgument:
        choices = self._choices
        if choices.chance(30):
            return GraphQLArgument(GraphQLNonNull(type_))
        if type_ is GraphQLInt and choices.chance(60):
            return GraphQLArgument(
                GraphQLNonNull(type_) if choices.chance(50) else type_, default_value=4, out_name="number"
            )
        return GraphQLArgument(type_)


def _closed(interfaces: list[GraphQLInterfaceType]) -> list[GraphQLInterfaceType]:
    """The interfaces and those that they implement."""
    return _distinct([each for chosen in interfaces for each in [*chosen.interfaces, chosen]])


def _distinct(types: list[Any]) -> list[Any]:
    return list(dict.fromkeys(types))
