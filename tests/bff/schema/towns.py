"""Cities and their people, as models and as schemas with one field in question."""

from typing import Any

import strawberry
from sqlalchemy import ForeignKey, LargeBinary, String
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.ext.hybrid import hybrid_method, hybrid_property
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    WriteOnlyMapped,
    composite,
    mapped_column,
    relationship,
    synonym,
)
from strawberry.permission import BasePermission

import bff


class Base(DeclarativeBase):
    pass


class Point(MappedAsDataclass):
    x: int
    y: int


class City(Base):
    __tablename__ = "cities"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    flag: Mapped[bytes | None] = mapped_column(LargeBinary)
    x: Mapped[int]
    y: Mapped[int]
    place: Mapped[Point] = composite(lambda x, y: Point(x, y), "x", "y")
    mayor_id: Mapped[int | None] = mapped_column(ForeignKey("people.id"))
    mayor: Mapped["Person | None"] = relationship(foreign_keys=[mayor_id])
    people: Mapped[list["Person"]] = relationship(back_populates="city", foreign_keys="Person.city_id")
    by_length: Mapped[list["Person"]] = relationship(
        foreign_keys="Person.city_id", order_by="func.length(Person.name)", viewonly=True
    )
    logs: WriteOnlyMapped["Log"] = relationship()
    head: Mapped["Person | None"] = synonym("mayor")
    words: Mapped[list[str] | None] = mapped_column(ARRAY(String))
    names: AssociationProxy[list[str]] = association_proxy("people", "name")

    @hybrid_property
    def silent(self) -> str:
        return {1: "one"}[self.x]

    @hybrid_property
    def branching(self) -> str:
        return "here" if self.x == 1 else "there"

    @hybrid_method
    def is_near(self, x: int) -> bool:
        return self.x == x


class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
    extra: Mapped[Any | None] = mapped_column(JSONB)
    city_id: Mapped[int] = mapped_column(ForeignKey("cities.id"))
    city: Mapped[City] = relationship(back_populates="people", foreign_keys=[city_id])


class Log(Base):
    __tablename__ = "logs"
    id: Mapped[int] = mapped_column(primary_key=True)
    city_id: Mapped[int] = mapped_column(ForeignKey("cities.id"))


def schema_of(field: Any, annotation: Any, *, policy: Any = bff.public, person_policy: Any = bff.public) -> bff.Schema:
    """A schema whose type CityType has the one field `probe`."""

    @bff.entity(Person, policy=person_policy, name="Person")
    class PersonType:
        id: strawberry.ID

    names = {"PersonType": PersonType}
    resolved = eval(annotation, {**globals(), **names}) if isinstance(annotation, str) else annotation  # noqa: S307
    body = {"__annotations__": {"id": strawberry.ID, "probe": resolved}, "probe": field}
    city_type = bff.entity(City, policy=policy, name="City")(type("CityType", (), body))

    @strawberry.type
    class Query:
        city: city_type | None = bff.lookup()  # type: ignore[valid-type]

    return bff.Schema(Query)


class Nobody(BasePermission):
    message = "nobody may"

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return False


def batch(keys: list[Any], scope: bff.Scope) -> list[int]:
    return [0 for _ in keys]


def built(*types: Any, **fields: Any) -> bff.Schema:
    """A schema of these types, with a Query whose fields are (annotation, declaration)."""
    annotations = {"one": int, **{name: annotation for name, (annotation, _) in fields.items()}}
    declared = {"one": strawberry.field(resolver=lambda: 1), **{name: field for name, (_, field) in fields.items()}}
    query: Any = strawberry.type(type("Query", (), {"__annotations__": annotations, **declared}))
    return bff.Schema(query, types=types)
