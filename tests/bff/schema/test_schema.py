"""`bff.Schema`: what it adds to a schema of Strawberry's, and what it refuses."""

import pytest
import strawberry
from strawberry.directive import DirectiveLocation

import bff
from tests.bff.entities.ships import Query


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
