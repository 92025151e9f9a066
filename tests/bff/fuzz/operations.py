"""Hypothesis strategies for operations: any valid document a client could send to a schema, with variables.

`operations(schema, profile)` draws aliases, merged fields, fragments (named, inline, on interfaces and unions), directives,
typed variables that are sent, left out or null, and arguments as literals, variables or both mixed. What the values of
arguments are about (ids, filters, cursors) the profile says.

hypothesis-graphql is not used: it draws neither fragments nor directives nor variables.
"""

from __future__ import annotations

import json
import string
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, TypeVar

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_required_argument,
    is_type_sub_type_of,
)
from hypothesis import strategies as st
from hypothesis.strategies import DrawFn

T = TypeVar("T")

Composite = GraphQLObjectType | GraphQLInterfaceType | GraphQLUnionType


class Choices:
    """Draws for a generator of text. What shrinks is kept simple: the first of a sequence, False, 0."""

    def __init__(self, draw: DrawFn) -> None:
        self._draw = draw

    def chance(self, percent: int) -> bool:
        return self._draw(st.integers(0, 99)) >= 100 - percent

    def among(self, options: Sequence[T]) -> T:
        return options[self._draw(st.integers(0, len(options) - 1))]

    def between(self, low: int, high: int) -> int:
        return self._draw(st.integers(low, high))

    def text(self) -> str:
        return self._draw(st.text(string.ascii_letters + 'é"\\\n %_', max_size=6))


@dataclass(frozen=True)
class Name:
    """An enum value."""

    name: str


@dataclass(frozen=True)
class Variable:
    """A use of a variable."""

    name: str


MISSING = object()
"""The value of a variable that is not sent."""

UNKNOWN = object()
"""A profile's answer for values that it has no opinion about."""


@dataclass(frozen=True)
class Place:
    """Which value is wanted: `path` leads from the argument into its input objects."""

    parent: str
    field: str
    path: tuple[str, ...]


Values = Callable[[Choices, GraphQLNamedType, Place], Any]
"""A value for a leaf of an argument, as JSON has it (enums as `Name`), or UNKNOWN."""


@dataclass(frozen=True)
class Profile:
    """How large documents are and what arguments hold.

    `weigh` says how often a field is chosen (0: never). `cursors` names the arguments that take cursors: they are
    variables, so that a second execution can send what a first one answered. `bounded` lists nearly always say how many
    rows they want, for schemas whose lists are long.
    """

    fields: int = 25
    depth: int = 6
    roots: tuple[str, ...] = ("query",)
    values: Values = lambda *_: UNKNOWN
    weigh: Callable[[str, str], int] = lambda *_: 2
    cursors: tuple[str, ...] = ()
    always: Callable[[str], tuple[str, ...]] = lambda _type: ()
    bounded: bool = False


@dataclass(frozen=True)
class Operation:
    """A document, what is sent with it, and which variables are cursors of which response key."""

    source: str
    variables: dict[str, Any]
    name: str | None
    cursors: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.source}\nvariables = {self.variables!r}\noperation_name = {self.name!r}"


@st.composite
def operations(draw: DrawFn, schema: GraphQLSchema, profile: Profile) -> Operation:
    """An operation for the schema. Nearly all are valid; what is not, graphql-core's `validate` tells."""
    return _Writer(Choices(draw), schema, profile).operation()


class _Writer:
    def __init__(self, choices: Choices, schema: GraphQLSchema, profile: Profile) -> None:
        self._choices, self._schema, self._profile = choices, schema, profile
        self._left = profile.fields
        self._keys: dict[str, tuple[str, str, str]] = {}
        self._fragments: list[tuple[str, Composite, str]] = []
        self._variables: dict[str, _Declared] = {}
        self._cursors: dict[str, str] = {}

    def operation(self) -> Operation:
        choices = self._choices
        kind = choices.among(self._profile.roots)
        root = {"query": self._schema.query_type, "mutation": self._schema.mutation_type}[kind]
        assert root is not None
        selections = self._selection_set(root, 0)
        name = choices.among(("", "Q", "Page"))
        declarations = ", ".join(
            f"${each.name}: {each.type}" + ("" if each.default is UNKNOWN else f" = {_literal(each.default)}")
            for each in self._variables.values()
        )
        head = f"{kind} {name}" + (f"({declarations})" if declarations else "")
        parts = [f"{head} {selections}"]
        parts += [f"fragment {fragment} on {type_.name} {text}" for fragment, type_, text in self._fragments]
        asked: str | None = None
        if name and choices.chance(10):
            # Another operation, which must not run, and one name to choose with, which may be wrong.
            parts.insert(choices.between(0, len(parts)), "query Other { t: __typename }")
            asked = choices.among((name, name, "Other", "Nobody"))
        sent = {each.name: _plain(each.value) for each in self._variables.values() if each.value is not MISSING}
        return Operation("\n".join(parts), sent, asked, self._cursors)

    # -- selections

    def _selection_set(self, type_: Composite, depth: int) -> str:
        choices = self._choices
        selections = []
        for name in self._profile.always(type_.name):
            if choices.chance(70):
                selections.append(self._field(type_, name, depth))
        while not selections or (self._left > 0 and choices.chance(72) and len(selections) < 8):
            selections.append(self._selection(type_, depth))
        return "{ " + " ".join(selections) + " }"

    def _selection(self, type_: Composite, depth: int) -> str:
        choices = self._choices
        deep = depth < self._profile.depth and self._left > 0
        if deep and choices.chance(12):
            return self._inline(type_, depth)
        if deep and choices.chance(12):
            return self._spread(type_, depth)
        if isinstance(type_, GraphQLUnionType):
            return self._inline(type_, depth) if deep and choices.chance(80) else self._typename()
        if choices.chance(6):
            return self._typename()
        names = [
            name
            for name, each in type_.fields.items()
            for _ in range(self._profile.weigh(type_.name, name))
            if deep or not is_composite_type(get_named_type(each.type))
        ]
        return self._field(type_, choices.among(names), depth) if names else self._typename()

    def _typename(self) -> str:
        self._left -= 1
        return f"{self._key('__typename', '', 'String!')}__typename{self._directives()}"

    def _field(self, type_: Composite, name: str, depth: int) -> str:
        assert not isinstance(type_, GraphQLUnionType)
        self._left -= 1
        definition = type_.fields[name]
        cursors: list[str] = []
        arguments = self._arguments(type_.name, name, definition, cursors)
        key = self._key(name, arguments, str(definition.type))
        for variable in cursors:
            self._cursors[variable] = key.rstrip(": ") or name
        head = f"{key}{name}{arguments}{self._directives()}"
        inner = get_named_type(definition.type)
        if isinstance(inner, Composite):
            return f"{head} {self._selection_set(inner, depth + 1)}"
        return head

    def _key(self, name: str, arguments: str, type_: str) -> str:
        """`alias: ` or nothing. One response key stands for one field with one set of arguments, in the whole document."""
        signature = (name, arguments, type_)
        key = name
        if self._choices.chance(15):
            key = self._choices.among(("a", "b", "id", "name", "node", name))
        number = 0
        while self._keys.setdefault(key, signature) != signature:
            number += 1
            key = f"{name.strip('_')}{number}"
        return "" if key == name else f"{key}: "

    def _inline(self, type_: Composite, depth: int) -> str:
        choices = self._choices
        on = type_ if choices.chance(30) else choices.among(self._overlapping(type_))
        condition = "" if on is type_ and choices.chance(50) else f" on {on.name}"
        return f"...{condition}{self._directives()} {self._selection_set(on, depth + 1)}"

    def _spread(self, type_: Composite, depth: int) -> str:
        choices = self._choices
        overlapping = self._overlapping(type_)
        known = [name for name, on, _ in self._fragments if on in overlapping]
        if known and choices.chance(50):
            return f"...{choices.among(known)}{self._directives()}"
        on = choices.among(overlapping)
        text = self._selection_set(on, depth + 1)
        # Named only now that it is whole, so that no fragment can spread itself.
        name = f"F{len(self._fragments)}"
        self._fragments.append((name, on, text))
        return f"...{name}{self._directives()}"

    def _overlapping(self, type_: Composite) -> list[Composite]:
        possible = set(self._possible(type_))
        return [
            each
            for each in self._schema.type_map.values()
            if isinstance(each, Composite) and not each.name.startswith("__") and possible & set(self._possible(each))
        ]

    def _possible(self, type_: Composite) -> Sequence[GraphQLObjectType]:
        return [type_] if isinstance(type_, GraphQLObjectType) else self._schema.get_possible_types(type_)

    def _directives(self) -> str:
        choices = self._choices
        if not choices.chance(12):
            return ""
        names = choices.among((("include",), ("skip",), ("skip", "include")))
        directives = self._schema.directives
        arguments = {each.name: each.args["if"] for each in directives if each.name in names}
        parts = []
        for name in names:
            place = Place(f"@{name}", name, ("if",))
            value: Any = choices.chance(50) if choices.chance(30) else self._variable(arguments[name], place, False)
            parts.append(f" @{name}(if: {_literal(value)})")
        return "".join(parts)

    # -- arguments

    def _arguments(self, parent: str, name: str, definition: GraphQLField, cursors: list[str]) -> str:
        choices = self._choices
        given = []
        for argument_name, argument in definition.args.items():
            place = Place(parent, name, (argument_name,))
            if argument_name in self._profile.cursors:
                if choices.chance(40):
                    variable = self._cursor(place)
                    cursors.append(variable.name)
                    given.append(f"{argument_name}: ${variable.name}")
                continue
            percent = 35
            if argument_name == "first" and self._profile.bounded:
                percent = 95
            elif argument_name == "last" and any(each.startswith("first:") for each in given):
                percent = 5
            if is_required_argument(argument) or choices.chance(percent):
                given.append(f"{argument_name}: {_literal(self._argument(argument, place))}")
        return f"({', '.join(given)})" if given else ""

    def _argument(self, argument: GraphQLArgument, place: Place) -> Any:
        if self._choices.chance(40):
            return self._variable(argument, place, False)
        return self._value(argument.type, place, 0, variables=True)

    def _value(self, type_: GraphQLInputType, place: Place, depth: int, *, variables: bool) -> Any:
        choices = self._choices
        if isinstance(type_, GraphQLNonNull):
            return self._present(type_.of_type, place, depth, variables=variables)
        return None if choices.chance(8) else self._present(type_, place, depth, variables=variables)

    def _present(self, type_: GraphQLInputType, place: Place, depth: int, *, variables: bool) -> Any:
        choices = self._choices
        if isinstance(type_, GraphQLList):
            item = type_.of_type
            if choices.chance(15) and not isinstance(get_named_type(item), GraphQLInputObjectType):
                # One item stands for a list of it.
                return self._present(_nullable(item), place, depth + 1, variables=False)
            return [self._item(item, place, depth + 1, variables) for _ in range(choices.between(0, 3))]
        if isinstance(type_, GraphQLInputObjectType):
            return self._object(type_, place, depth, variables)
        assert isinstance(type_, (GraphQLScalarType, GraphQLEnumType))
        value = self._profile.values(choices, type_, place)
        return _leaf(choices, type_) if value is UNKNOWN else value

    def _item(self, type_: GraphQLInputType, place: Place, depth: int, variables: bool) -> Any:
        if variables and self._choices.chance(20):
            return self._variable(GraphQLArgument(type_), place, False)
        return self._value(type_, place, depth, variables=variables)

    def _object(self, type_: GraphQLInputObjectType, place: Place, depth: int, variables: bool) -> Any:
        choices = self._choices
        names = list(type_.fields)
        if type_.is_one_of:
            chosen = {choices.among(names)}
        else:
            limit = 3 if depth < 3 else 1
            chosen = {choices.among(names) for _ in range(choices.between(0, limit))}
            chosen |= {name for name, each in type_.fields.items() if _is_required(each)}
        if depth > 4:
            chosen = {
                name
                for name in chosen
                if not isinstance(get_named_type(type_.fields[name].type), GraphQLInputObjectType)
            }
        made = {}
        for name in sorted(chosen):
            each = type_.fields[name]
            inner = Place(place.parent, place.field, (*place.path, name))
            if variables and choices.chance(25):
                made[name] = self._variable(each, inner, type_.is_one_of)
            elif type_.is_one_of:
                made[name] = self._present(_nullable(each.type), inner, depth + 1, variables=variables)
            else:
                made[name] = self._value(each.type, inner, depth + 1, variables=variables)
        return made

    # -- variables

    def _variable(self, at: GraphQLArgument | GraphQLInputField, place: Place, strict: bool) -> Variable:
        """A variable that may stand there, an old one or a new one."""
        fitting = [
            each.name for each in self._variables.values() if self._fits(each, at, strict) and each.reusable(place)
        ]
        if fitting and self._choices.chance(50):
            return Variable(self._choices.among(fitting))
        return Variable(self._declare(at, place, strict).name)

    def _fits(self, variable: _Declared, at: GraphQLArgument | GraphQLInputField, strict: bool) -> bool:
        type_, wanted = variable.graphql_type, at.type
        if strict and not isinstance(type_, GraphQLNonNull):
            return False
        if isinstance(wanted, GraphQLNonNull) and not isinstance(type_, GraphQLNonNull):
            if variable.default in (UNKNOWN, None) and not _has_default(at):
                return False
            wanted = wanted.of_type
        return is_type_sub_type_of(self._schema, type_, wanted)

    def _declare(self, at: GraphQLArgument | GraphQLInputField, place: Place, strict: bool) -> _Declared:
        choices = self._choices
        type_: GraphQLInputType = at.type
        default: Any = UNKNOWN
        bare = _nullable(type_)
        if isinstance(type_, GraphQLNonNull):
            # Nullable where null is not taken: only with a default of its own or of the place.
            if not strict and choices.chance(50):
                type_ = bare
                if not _has_default(at) or choices.chance(50):
                    default = self._present(bare, place, 2, variables=False)
        else:
            if strict or choices.chance(25):
                type_ = GraphQLNonNull(bare)
            if not strict and choices.chance(30):
                default = (
                    None if type_ is bare and choices.chance(20) else self._present(bare, place, 2, variables=False)
                )
        return self._add(type_, default, place)

    def _cursor(self, place: Place) -> _Declared:
        """A variable for a cursor. There is none before the first answer."""
        value = self._choices.text() if self._choices.chance(5) else MISSING
        return self._note(GraphQLString, UNKNOWN, value, place)

    def _add(self, type_: GraphQLInputType, default: Any, place: Place) -> _Declared:
        choices = self._choices
        value: Any
        if choices.chance(1):
            value = choices.among(("wrong", -1, [], {"wrong": 1}, 1.5, None))
        elif not isinstance(type_, GraphQLNonNull) and choices.chance(7):
            value = None
        elif (default is not UNKNOWN or not isinstance(type_, GraphQLNonNull)) and choices.chance(35):
            value = MISSING
        else:
            value = self._present(_nullable(type_), place, 1, variables=False)
        return self._note(type_, default, value, place)

    def _note(self, type_: GraphQLInputType, default: Any, value: Any, place: Place) -> _Declared:
        variable = _Declared(f"v{len(self._variables)}", type_, default, value, place)
        self._variables[variable.name] = variable
        return variable


@dataclass(frozen=True)
class _Declared:
    """A variable of the operation."""

    name: str
    graphql_type: GraphQLInputType
    default: Any
    value: Any
    place: Place

    @property
    def type(self) -> str:
        return str(self.graphql_type)

    def reusable(self, place: Place) -> bool:
        """Values are made for a place: one for an `id` of a filter is of no use as `first`."""
        return self.place.path[-1] == place.path[-1] or self.type.strip("[]!") == "Boolean"


def _has_default(at: GraphQLArgument | GraphQLInputField) -> bool:
    return not is_required_argument(at) and isinstance(at.type, GraphQLNonNull)  # type: ignore[arg-type]


def _is_required(at: GraphQLInputField) -> bool:
    return is_required_argument(at)  # type: ignore[arg-type]


def _nullable(type_: GraphQLInputType) -> Any:
    return type_.of_type if isinstance(type_, GraphQLNonNull) else type_


def _leaf(choices: Choices, type_: GraphQLScalarType | GraphQLEnumType) -> Any:
    if isinstance(type_, GraphQLEnumType):
        return Name(choices.among(list(type_.values)))
    match type_.name:
        case "Int" | "BigInt":
            return choices.among((0, 1, 2, -1, 7, 2**31 - 1))
        case "Float":
            return choices.among((0.0, 1.5, -2, 1e10))
        case "Boolean":
            return choices.chance(50)
        case "ID":
            return choices.among((1, "1", "x", ""))
        case "String":
            return choices.text()
    return choices.among((1, 2, 3, "x", 1.5, True, [1], {"a": 1}))


def _literal(value: Any) -> str:
    match value:
        case Variable(name=name):
            return f"${name}"
        case Name(name=name):
            return name
        case None:
            return "null"
        case bool():
            return "true" if value else "false"
        case str():
            # A document is Unicode, which has no halves of a pair; variables may hold them.
            return json.dumps(value.encode(errors="replace").decode(), ensure_ascii=False)
        case list():
            return "[" + ", ".join(map(_literal, value)) + "]"
        case dict():
            return "{" + ", ".join(f"{key}: {_literal(each)}" for key, each in value.items()) + "}"
    return repr(value)


def _plain(value: Any) -> Any:
    match value:
        case Name(name=name):
            return name
        case list():
            return [_plain(each) for each in value]
        case dict():
            return {key: _plain(each) for key, each in value.items()}
    return value
