from __future__ import annotations

from dataclasses import dataclass

import pytest
from sqlalchemy import ForeignKey
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, column_property, composite, mapped_column, relationship, synonym

from bff.entities.mapped import columns_of, is_column, why_no_column


class Base(DeclarativeBase):
    pass


@dataclass
class Point:
    x: int
    y: int


class City(Base):
    __tablename__ = "cities"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]


class House(Base):
    __tablename__ = "houses"
    id: Mapped[int] = mapped_column(primary_key=True)
    city_id: Mapped[int] = mapped_column(ForeignKey("cities.id"))
    x: Mapped[int] = mapped_column()
    y: Mapped[int]
    city: Mapped[City] = relationship()
    point: Mapped[Point] = composite("x", "y")
    number = synonym("id")
    town = synonym("city")
    double = column_property(x * 2)
    city_name: AssociationProxy[str] = association_proxy("city", "name")

    @hybrid_property
    def sum(self) -> int:
        return self.x + self.y


MAPPER = House.__mapper__


def test_columns_are_what_has_one_value_in_sql() -> None:
    assert columns_of(MAPPER) == ["city_id", "double", "id", "number", "sum", "x", "y"]
    assert is_column(MAPPER, "number")
    assert not is_column(MAPPER, "street")


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("point", "House.point is a composite; show its columns, or compute it: @bff.field(needs=['x', 'y'])"),
        ("town", "House.town is a synonym of a relationship; name that: bff.relation('city')"),
        ("city", "House.city is a relationship; show it with bff.relation('city')"),
        (
            "city_name",
            "House.city_name is an association proxy; show the relationship 'city' and, on its type, 'name'",
        ),
        ("street", None),
    ],
)
def test_why_another_name_is_no_column(name: str, why: str | None) -> None:
    assert not is_column(MAPPER, name)
    assert why_no_column(MAPPER, name) == why
