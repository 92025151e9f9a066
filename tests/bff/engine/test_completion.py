"""Values become what the schema says: objects of a type, lists, leaves; or an error.

Every test goes through `reference.answer`, which runs the operation with both and compares data and errors to the
letter; what a test asserts beyond that says what the answer is about.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from typing import Any, cast

import pytest
from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLError,
    GraphQLField,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLScalarType,
    GraphQLSchema,
    GraphQLUnionType,
    Undefined,
    build_schema,
)

from tests.bff.engine.schemas import Boom, Mapped, messages, odd_value, raises, resolved
from tests.bff.reference import answer

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


@pytest.mark.parametrize("union", [False, True], ids=["interface", "union"])
@pytest.mark.parametrize(
    "is_type_of",
    [
        None,
        lambda _value, _info: True,
        lambda _value, _info: False,
        lambda _value, _info: None,
        lambda value, _info: value["x"] == 1,
        raises,
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
        raises,
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


# Leaves


def test_leaves_that_cannot_be_serialized() -> None:
    schema = build_schema(
        "scalar Odd scalar Void enum Color { RED GREEN } type Query { i: [Int] f: [Float] s: [String] b: [Boolean] id: [ID] o: [Odd] v: [Void] c: [Color] must: [Odd!]! }"
    )
    cast(GraphQLScalarType, schema.type_map["Odd"]).coerce_output_value = odd_value
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
