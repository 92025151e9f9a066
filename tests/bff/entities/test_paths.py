"""Paths over to-one relationships to a column, as events name them."""

import pytest

import bff
from tests.bff.entities.ships import Sailor, arguments_of, schema_of


@pytest.mark.parametrize(
    ("path", "type_"),
    [
        ("ship_id", "ID!"),
        ("ship.id", "ID!"),
        ("ship.fleet", "Int!"),
        ("ship.tonnage", "BigInt!"),
        ("ship.serial", "UUID!"),
        ("ship.is_armed", "Boolean!"),
        ("ship.flag", "String!"),
    ],
)
def test_an_argument_is_typed_by_its_column(path: str, type_: str) -> None:
    assert arguments_of(schema_of(bff.event(match={path: "the_value"}), Sailor)) == {"theValue": type_}
