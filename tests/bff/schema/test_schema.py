"""`bff.Schema`: what it adds to a schema of Strawberry's, and what it refuses."""

import datetime
from typing import Any

import pytest
import strawberry
from strawberry.directive import DirectiveLocation
from strawberry.schema.config import StrawberryConfig

import bff
from tests.bff.entities.ships import Query, ShipRow


def test_live_is_the_layer_s_directive() -> None:
    @strawberry.directive(locations=[DirectiveLocation.FIELD], name="live")
    def live(value: str) -> str:
        return value

    @strawberry.directive(locations=[DirectiveLocation.FIELD])
    def loud(value: str) -> str:
        return value.upper()

    with pytest.raises(bff.DeclarationError, match=r"the directive @live is the layer's own; give yours another name"):
        bff.Schema(Query, directives=[live])
    assert {"live", "loud"} <= {each.name for each in bff.Schema(Query, directives=[loud])._schema.directives}


@strawberry.type
class Times:
    @strawberry.field
    def number(self) -> bff.BigInt:
        return bff.BigInt(2**40)

    @strawberry.field
    def moment(self) -> datetime.datetime:
        return datetime.datetime(2024, 5, 1, 12, microsecond=500_000, tzinfo=datetime.UTC)

    @strawberry.field
    def leap_seconds(self) -> int:
        return 27


def answer(schema: bff.Schema, text: str) -> Any:
    result = schema.execute_sync(text)
    assert result.errors is None
    return result.data


def test_scalars_of_the_layer_are_there_and_a_hosts_own_win() -> None:
    schema = bff.Schema(Times)
    assert answer(schema, "{ number moment }") == {"number": 2**40, "moment": "2024-05-01T12:00:00.5+00:00"}
    own = strawberry.scalar(name="DateTime", serialize=lambda value: value.year, parse_value=int)
    config = StrawberryConfig(scalar_map={datetime.datetime: own})
    assert answer(bff.Schema(Times, config=config), "{ number moment }") == {"number": 2**40, "moment": 2024}
    # What the host gave is left as it was.
    assert list(config.scalar_map) == [datetime.datetime]


def test_live_means_nothing_to_strawberrys_own_execution() -> None:
    assert answer(bff.Schema(Times), "query @live { number }") == {"number": 2**40}


def test_options_are_strawberrys() -> None:
    schema = bff.Schema(Times, config=StrawberryConfig(auto_camel_case=False), schema_directives=[])
    assert answer(schema, "{ leap_seconds }") == {"leap_seconds": 27}
    with pytest.raises(TypeError, match="colour"):
        bff.Schema(Times, colour="red")


def test_declarations_are_checked_when_it_is_built() -> None:
    @bff.entity(ShipRow, name="Ship")
    class Unpoliced:
        id: strawberry.ID

    fields = {"__annotations__": {"ships": list[Unpoliced]}, "ships": bff.collection()}
    with pytest.raises(bff.DeclarationError, match="ShipRow has no policy"):
        bff.Schema(strawberry.type(type("Query", (), fields)))
