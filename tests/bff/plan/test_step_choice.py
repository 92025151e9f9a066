"""Which step resolves a field."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import strawberry
from graphql import GraphQLInt, GraphQLList, GraphQLNonNull, build_schema, parse
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig

import bff
from bff.entities.order import Ordering
from bff.plan.plan import compile_plan
from bff.plan.step_choice import list_levels
from bff.plan.steps import (
    CallBatch,
    CallResolver,
    FieldPlan,
    LoadAggregate,
    LoadList,
    LoadOne,
    LookUp,
    LookUpNode,
    PageRows,
    PageTotal,
    ReadAttribute,
    ReadColumn,
    ReadNodeId,
    TakeEvent,
    TakePresent,
    Typename,
)
from tests.bff.entities import ships
from tests.bff.plan.authors import SCHEMA


def fields(schema: Any, text: str) -> dict[str, FieldPlan]:
    """All fields of an operation by `Type.field`."""
    whole = compile_plan(schema, parse(text), strategy="rounds").whole()
    return {each.name: each for each in whole.fields()}


AUTHOR = fields(
    SCHEMA._schema,
    """{
      author(id: "1") {
        __typename nodeId name maybeName mentor { id } profile { bio } students { id } length shout place studentCount price
        bookPage { totalCount nodes { title } edges { cursor node { title } } pageInfo { endCursor } }
      }
      node(id: "Book:1") { nodeId } authorPage { totalCount } notes { text } someAuthors { name }
    }""",
)


@pytest.mark.parametrize(
    ("name", "step"),
    [
        ("Query.author", LookUp), ("Query.node", LookUpNode), ("Query.authorPage", LoadList), ("Query.notes", LoadList),
        ("Query.someAuthors", CallResolver), ("Author.__typename", Typename), ("Author.nodeId", ReadNodeId),
        ("Author.name", ReadColumn), ("Author.maybeName", ReadColumn), ("Author.mentor", LoadOne), ("Author.profile", LoadOne),
        ("Author.students", LoadList), ("Author.bookPage", LoadList), ("Author.length", CallBatch), ("Author.shout", CallResolver),
        ("Author.place", CallResolver), ("Author.studentCount", LoadAggregate), ("Author.price", LoadAggregate),
        ("BookConnection.totalCount", PageTotal), ("BookConnection.nodes", PageRows), ("BookConnection.edges", PageRows),
        ("BookEdge.node", PageRows), ("BookEdge.cursor", ReadAttribute), ("PageInfo.endCursor", ReadAttribute),
        ("BookConnection.pageInfo", ReadAttribute),
    ],
)  # fmt: skip
def test_the_step_of_each_kind_of_field(name: str, step: type) -> None:
    assert type(AUTHOR[name].step) is step


def test_a_column_under_two_names_is_read_from_one_place() -> None:
    assert AUTHOR["Author.name"].step == AUTHOR["Author.maybeName"].step


def test_a_relation_is_by_key_where_it_leads_to_one() -> None:
    """From the other side of one-to-one it is a list by parent."""
    steps: Any = [AUTHOR[name].step for name in ("Author.mentor", "Author.profile")]
    assert [type(each.load).__name__ for each in steps] == ["RowsByKey", "ListByParent"]


def test_lists_and_pages() -> None:
    steps: Any = {
        name: AUTHOR[name].step for name in ("Author.students", "Author.bookPage", "Query.authorPage", "Query.notes")
    }
    assert {name: each.page for name, each in steps.items()} == {
        "Author.students": False, "Author.bookPage": True, "Query.authorPage": True, "Query.notes": False,
    }  # fmt: skip
    assert steps["Author.bookPage"].load.order == (Ordering("price"), Ordering("id"))


def test_aggregates_of_no_rows() -> None:
    steps: Any = [AUTHOR[name].step for name in ("Author.studentCount", "Author.price")]
    assert [each.empty for each in steps] == [0, 0]


def test_what_is_subscribed_to() -> None:
    changed = fields(ships.SCHEMA, "subscription { shipChanged(id: 1) { kind node { id } } }")
    step: Any = changed["Subscription.shipChanged"].step
    assert isinstance(step, TakeEvent)
    assert (step.kinds, step.of_change, step.former is not None) == (("insert", "update", "delete"), True, True)
    assert isinstance(changed["ShipChanged.node"].step, PageRows)
    assert isinstance(changed["ShipChanged.kind"].step, ReadAttribute)
    added: Any = fields(ships.SCHEMA, "subscription { sailorAdded(fleet: 1) { id } }")["Subscription.sailorAdded"].step
    assert (added.kinds, added.of_change, added.former) == (("insert",), False, None)
    mates: Any = fields(ships.SCHEMA, "subscription { mates(shipId: 1) { name } }")["Subscription.mates"].step
    assert isinstance(mates, TakePresent)
    assert [each.entity.model for each in (mates.load, mates.place)] == [ships.SailorRow, ships.ShipRow]


# Objects of Python's: what is only an attribute is read without a call


class Anyone(BasePermission):
    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        return True


class Loud(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return next_(source, info, **kwargs)


@strawberry.type
class Thing:
    plain: int = 1
    renamed: int = strawberry.field(name="other", default=2)
    guarded: int = strawberry.field(permission_classes=[Anyone], default=3)
    extended: int = strawberry.field(extensions=[Loud()], default=4)

    @strawberry.field
    def method(self) -> int:
        return 5


@strawberry.type
class Query:
    @strawberry.field
    def thing(self) -> Thing:
        return Thing()


TEXT = "{ thing { plain other guarded extended method } }"


@pytest.mark.parametrize("make", [strawberry.Schema, bff.Schema])
def test_what_a_host_put_around_an_attribute_is_called(make: Callable[..., Any]) -> None:
    found = fields(make(Query)._schema, TEXT)
    assert {name: type(each.step) for name, each in found.items()} == {
        "Query.thing": CallResolver, "Thing.plain": ReadAttribute, "Thing.other": ReadAttribute, "Thing.guarded": CallResolver,
        "Thing.extended": CallResolver, "Thing.method": CallResolver,
    }  # fmt: skip
    other: Any = found["Thing.other"].step
    assert other.name == "renamed"


def test_a_default_resolver_of_the_hosts_own_is_called() -> None:
    config = StrawberryConfig(default_resolver=lambda source, name: getattr(source, name))
    found = fields(strawberry.Schema(Query, config=config)._schema, TEXT)
    assert type(found["Thing.plain"].step) is CallResolver


def test_fields_of_any_other_schema_are_called() -> None:
    found = fields(build_schema("type Query { a: Int b: Query }"), "{ a b { __typename a } }")
    assert [type(each.step) for each in found.values()].count(CallResolver) == 2
    assert type(found["Query.__typename"].step) is Typename


@pytest.mark.parametrize(
    ("type_", "levels"),
    [
        (GraphQLInt, (False,)),
        (GraphQLNonNull(GraphQLInt), (True,)),
        (GraphQLList(GraphQLInt), (False, False)),
        (GraphQLList(GraphQLNonNull(GraphQLInt)), (False, True)),
        (GraphQLNonNull(GraphQLList(GraphQLList(GraphQLNonNull(GraphQLInt)))), (True, False, True)),
    ],
    ids=str,
)
def test_where_null_is_forbidden(type_: Any, levels: tuple[bool, ...]) -> None:
    assert list_levels(type_) == (levels, GraphQLInt)
