"""The arguments of fields: which the schema shows, and what a request's values mean."""

import re
from typing import Any

import pytest
import strawberry

import bff
from bff.entities.arguments import ListArguments, list_arguments
from bff.entities.entity import entity_of
from bff.entities.order import Ordering
from tests.bff.entities.ships import BerthRow, Sailor, ShipRow, arguments_of, schema_of


def test_paths_of_the_viewer_take_no_argument() -> None:
    match = {"ship_id": "ship_id", "ship.fleet": lambda viewer: viewer.fleet, "ship.flag": "flag"}
    assert arguments_of(schema_of(bff.event(match=match), Sailor)) == {"shipId": "ID!", "flag": "String!"}


def scaled(keys: list[int], scope: bff.Scope, *, by: int, unit: str = "m") -> list[str]:
    return [f"{key * by}{unit}" for key in keys]


@bff.entity(ShipRow, policy=bff.public, name="Vessel")
class Vessel(bff.Node):
    id: strawberry.ID
    flag: str
    length: str = bff.batched(scaled, key="fleet")
    sailors: list[Sailor]
    crew: bff.Connection[Sailor] = bff.relation("sailors")


@bff.entity(BerthRow, policy=bff.public, name="Place")
class Place:
    number: int


@strawberry.type
class Query:
    vessel: Vessel | None = bff.lookup()
    mine: Vessel | None = bff.lookup(key=lambda viewer: 1)
    place: Place | None = bff.lookup()
    vessels: list[Vessel] = bff.collection()
    fleet: bff.Connection[Vessel] = bff.collection()
    node: bff.Node | None = bff.node()


SCHEMA = bff.Schema(Query)._schema
LIST = {"first": "Int", "filter": "SailorFilter", "orderBy": "[SailorOrder!]"}


@pytest.mark.parametrize(
    ("type_", "field", "arguments"),
    [
        ("Query", "vessel", {"id": "ID!"}),
        ("Query", "mine", {}),
        ("Query", "node", {"id": "ID!"}),
        ("Query", "vessels", {"first": "Int", "filter": "VesselFilter", "orderBy": "[VesselOrder!]"}),
        ("Vessel", "flag", {}),
        ("Vessel", "length", {"by": "Int!", "unit": "String!"}),
        ("Vessel", "sailors", LIST),
        ("Vessel", "crew", {"after": "String", "last": "Int", "before": "String", **LIST}),
    ],
)
def test_arguments_of_each_kind_of_field(type_: str, field: str, arguments: dict[str, str]) -> None:
    found: Any = SCHEMA.type_map[type_]
    assert {name: str(each.type) for name, each in found.fields[field].args.items()} == arguments


def test_a_key_is_typed_as_the_type_shows_it() -> None:
    """And as an ID where the type does not."""
    found: Any = SCHEMA.type_map["Query"]
    assert {str(each.type) for each in found.fields["place"].args.values()} == {"ID!", "Int!"}


# What a request asks of a list

VESSEL: Any = entity_of(Vessel)
OWN = (Ordering("id", False),)


def asked(bound: int = 10, **raw: Any) -> ListArguments:
    declared: Any = SCHEMA.type_map["Query"]
    if "orderBy" in raw:
        type_: Any = SCHEMA.type_map["VesselOrder"]
        raw["orderBy"] = [type_.parse_value(name) for name in raw["orderBy"]]
    return list_arguments(
        raw, entity=VESSEL, order=OWN, bound=bound, declared=declared.fields["fleet"].args, what="Query.fleet"
    )


def test_nothing_asked_is_the_lists_own_order() -> None:
    assert asked() == asked(first=None, filter=None, orderBy=[]) == ListArguments(OWN)


def test_an_order_is_made_total_by_the_key_and_has_each_column_once() -> None:
    up, down = Ordering("flag", False), Ordering("flag", True)
    assert asked(orderBy=["FLAG_DESC"]).order == (down, Ordering("id", False))
    assert asked(orderBy=["FLAG_ASC", "FLAG_DESC"]).order == (up, Ordering("id", False))
    assert asked(orderBy=["ID_DESC", "FLAG_ASC"]).order[0] == Ordering("id", True)


@pytest.mark.parametrize("name", ["first", "last"])
@pytest.mark.parametrize("size", [0, 10])
def test_a_size_within_the_bound(name: str, size: int) -> None:
    assert getattr(asked(**{name: size}), name) == size


@pytest.mark.parametrize(
    ("raw", "says"),
    [
        ({"first": -1}, "Query.fleet(first:) takes 0 to 10, not -1"),
        ({"first": 11}, "Query.fleet(first:) takes 0 to 10, not 11"),
        ({"last": 11}, "Query.fleet(last:) takes 0 to 10, not 11"),
        ({"first": 1, "last": 1}, "Query.fleet takes first or last, not both"),
    ],
)
def test_a_size_beyond_it(raw: dict[str, int], says: str) -> None:
    with pytest.raises(bff.BadUserInput, match=re.escape(says)):
        asked(**raw)
