"""Resolvers: which is called, how often, and what it is told.

Every test goes through `reference.answer`, which runs the operation with both and compares data and errors to the
letter; what a test asserts beyond that says what the answer is about.
"""

from __future__ import annotations

import enum
from typing import Annotated, Any

import pytest
import strawberry
from graphql import GraphQLResolveInfo, build_schema
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig

from tests.bff.engine.schemas import Boom, Mapped, messages, resolved
from tests.bff.reference import answer

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
