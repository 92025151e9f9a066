"""Paths over to-one relationships to a column, as events name them."""

import re

import pytest

import bff
from bff.entities.paths import Path
from tests.bff.entities.ships import CookRow, Sailor, SailorRow, ShipRow, arguments_of, schema_of


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


def names(path: Path) -> list[str]:
    return [each.key for each in path.relationships]


def test_a_path_leads_over_to_one_relationships_to_a_column() -> None:
    near, far = Path.of(SailorRow, "ship_id"), Path.of(SailorRow, "ship.fleet")
    assert (names(near), near.attribute, near.column) == ([], "ship_id", SailorRow.__table__.c.ship_id)
    assert (names(far), far.attribute, far.column) == (["ship"], "fleet", ShipRow.__table__.c.fleet)


def test_a_path_of_a_subclass_leads_from_its_own_rows() -> None:
    assert names(Path.of(CookRow, "ship.fleet")) == ["ship"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("boat.fleet", "'boat.fleet': SailorRow maps no to-one relationship 'boat'; it maps ship"),
        ("ship.sailors.name", "'ship.sailors.name': ShipRow maps no to-one relationship 'sailors'; it maps none"),
        ("ship", "'ship': 'ship' is no column of SailorRow; it maps "),
        ("ship.double", "'ship.double': 'double' is no column of ShipRow; it maps "),
        ("ship..fleet", "'ship..fleet': ShipRow maps no to-one relationship ''"),
        ("", "'': '' is no column of SailorRow"),
        (
            "ship.nickname",
            "'ship.nickname' ends in a column of CITEXT(), whose values may be equal and not look it; end it in",
        ),
    ],
)
def test_what_is_no_path(text: str, says: str) -> None:
    with pytest.raises(bff.DeclarationError, match=re.escape(says)):
        Path.of(SailorRow, text)
