"""The arguments of fields, as the schema shows them."""

import bff
from tests.bff.entities.ships import Sailor, arguments_of, schema_of


def test_paths_of_the_viewer_take_no_argument() -> None:
    match = {"ship_id": "ship_id", "ship.fleet": lambda viewer: viewer.fleet, "ship.flag": "flag"}
    assert arguments_of(schema_of(bff.event(match=match), Sailor)) == {"shipId": "ID!", "flag": "String!"}
