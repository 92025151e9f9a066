"""What an entity's annotations may name, and what is refused where the type is declared."""

import re

import pytest

import bff
from tests.bff.schema.towns import City, Point


@pytest.mark.parametrize(
    ("attribute", "says"),
    [
        (
            "nam",
            "City maps no such column or relationship (columns: branching, flag, id, mayor_id, name, silent, words, x, y; relationships: by_length, "
            "logs, mayor, people); give it a resolver, or name another with bff.column(...) or bff.relation(...)",
        ),
        ("place", "City.place is a composite; show its columns, or compute it: @bff.field(needs=['x', 'y'])"),
        ("names", "City.names is an association proxy; show the relationship 'people' and, on its type, 'name'"),
    ],
)
def test_an_annotation_that_the_model_does_not_map(attribute: str, says: str) -> None:
    with pytest.raises(bff.DeclarationError, match=re.escape(f"CityType.{attribute}: {says}")):
        bff.entity(City, policy=bff.public)(type("CityType", (), {"__annotations__": {attribute: str}}))


def test_a_class_that_is_not_mapped() -> None:
    with pytest.raises(bff.DeclarationError, match=r"CityType: .*Point.* is not a class mapped by SQLAlchemy"):
        bff.entity(Point, policy=bff.public)(type("CityType", (), {"__annotations__": {}}))
