"""What is declared wrongly is refused when the type or the schema is made, naming type and field and a way round."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import strawberry
from graphql import parse
from sqlalchemy import ForeignKey, LargeBinary, String, func, select
from sqlalchemy.ext.associationproxy import AssociationProxy, association_proxy
from sqlalchemy.orm import (
    DeclarativeBase,
    Mapped,
    MappedAsDataclass,
    WriteOnlyMapped,
    composite,
    mapped_column,
    relationship,
)

import bff
from app.models import Tag
from bff.execute import execute
from bff.session import Database
from bff.types.catalog import Catalog


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
    names: AssociationProxy[list[str]] = association_proxy("people", "name")


class Person(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(String(20))
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


def batch(keys: list[Any], scope: bff.Scope) -> list[int]:
    return [0 for _ in keys]


async def async_batch(keys: list[Any], scope: bff.Scope) -> list[int]:
    return [0 for _ in keys]


@pytest.mark.parametrize(
    ("field", "annotation", "says"),
    [
        (lambda: bff.column("nam"), str, "City.probe: the attribute 'nam' is no column of City; it maps flag, id"),
        (lambda: bff.relation("citizens"), "list[PersonType]", "City.probe: City maps no relationship 'citizens'"),
        (lambda: bff.relation("people"), "PersonType", "City.probe: the relationship is to-many; annotate it list[Person]"),
        (lambda: bff.relation("mayor"), "list[PersonType]", "City.probe: the relationship is to-one; annotate it Person"),
        (lambda: bff.relation("mayor"), str, "City.probe: the relationship leads to Person; annotate it with an entity type"),
        (lambda: bff.relation("people", order=["nam"]), "list[PersonType]", "City.probe: order='nam' is no column of Person; it maps city_id, id, name"),
        (lambda: bff.relation("by_length"), "list[PersonType]", "declare bff.relation('by_length', order=[...])"),
        (lambda: bff.relation("logs"), "list[PersonType]", "City.probe: the relationship leads to Log"),
        (lambda: bff.count("mayor"), int, "City.probe: City maps no to-many relationship 'mayor' to aggregate"),
        (lambda: bff.total("people", "age"), int, "City.probe: the total of 'age' is no column of Person; it maps city_id, id, name"),
        (lambda: bff.batched(batch, key="nam"), int, "City.probe: key='nam' is no column of City; it maps flag, id"),
        (lambda: bff.field(lambda self: 1, needs="nam"), int, "City.probe: needs='nam' is no column of City"),
        (lambda: bff.batched(async_batch, key="id"), int, "batch function async_batch is async"),
        (lambda: bff.column("name", colour="red"), str, "unknown options ['colour']"),
        (lambda: bff.column("place"), str, "City.probe: the attribute 'place' is no column of City"),
        (lambda: bff.column("names"), list[str], "City.probe: the attribute 'names' is no column of City"),
    ],
)  # fmt: skip
def test_a_field_declared_wrongly(field: Callable[[], Any], annotation: Any, says: str) -> None:
    with pytest.raises(bff.DeclarationError, match=re.escape(says)):
        schema_of(field(), annotation)


@pytest.mark.parametrize(
    ("attribute", "says"),
    [
        (
            "nam",
            "City maps no such column or relationship (columns: flag, id, mayor_id, name, x, y; relationships: by_length, "
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


def test_an_async_resolver() -> None:
    async def resolver(self: Any) -> int:
        return 1

    with pytest.raises(bff.DeclarationError, match=r"City.probe: async resolvers do not run here"):
        schema_of(bff.field(resolver), int)


def test_an_async_resolver_of_a_plain_type() -> None:
    @strawberry.type
    class Query:
        @strawberry.field
        async def probe(self) -> int:
            return 1

    with pytest.raises(bff.DeclarationError, match=r"Query.probe: async resolvers do not run here"):
        bff.Schema(Query)


def test_a_relation_on_a_type_that_is_no_entity() -> None:
    @bff.entity(Person, policy=bff.public)
    class PersonType:
        id: strawberry.ID

    @strawberry.type
    class Query:
        people: list[PersonType] = bff.relation("people")

    with pytest.raises(bff.DeclarationError, match=r"Query.people: relation fields stand on entity types only"):
        bff.Schema(Query)


def test_a_lookup_of_something_that_is_no_entity() -> None:
    @strawberry.type
    class Query:
        probe: str = bff.lookup()

    with pytest.raises(bff.DeclarationError, match=r"Query.probe: annotate it with an entity type"):
        bff.Schema(Query)


def test_a_model_that_is_read_has_a_policy() -> None:
    with pytest.raises(bff.DeclarationError, match=r"Person has no policy; declare an entity type of it with policy="):
        schema_of(bff.relation("people"), "list[PersonType]", person_policy=None)


def test_an_aggregate_over_a_model_without_a_policy() -> None:
    with pytest.raises(bff.DeclarationError, match=r"Person has no policy"):
        schema_of(bff.count("people"), int, person_policy=None)


def test_policies_in_a_circle() -> None:
    with pytest.raises(
        bff.DeclarationError, match=r"policies lead in a circle: (City -> Person -> City|Person -> City -> Person)"
    ):
        schema_of(
            bff.relation("people"), "list[PersonType]", policy=bff.through("mayor"), person_policy=bff.through("city")
        )


def test_a_policy_through_a_list() -> None:
    with pytest.raises(bff.DeclarationError, match=re.escape("City: policy=through('people') needs a to-one")) as e:
        schema_of(bff.relation("people"), "list[PersonType]", policy=bff.through("people"))
    assert str(e.value).endswith("City has: mayor")


def test_two_policies_of_one_model() -> None:
    @bff.entity(Person, policy=bff.public)
    class One:
        id: strawberry.ID

    @bff.entity(Person, policy=lambda person, viewer: person.id == viewer.id)
    class Two:
        id: strawberry.ID

    @strawberry.type
    class Query:
        one: One | None = bff.lookup()
        two: Two | None = bff.lookup()

    with pytest.raises(
        bff.DeclarationError, match=r"(One and Two|Two and One) declare two policies for Person; a model has one"
    ):
        bff.Schema(Query)


def test_an_interface_over_a_class_without_subclasses() -> None:
    @bff.entity(Person, policy=bff.public, interface=True)
    class PersonType:
        id: strawberry.ID

    @strawberry.type
    class Query:
        people: list[PersonType] = bff.collection()

    with pytest.raises(
        bff.DeclarationError, match=r"PersonType is an interface, but Person has no polymorphic_on column"
    ):
        bff.Schema(Query)


def test_a_batch_of_the_wrong_length_names_type_field_and_numbers(engine: Any) -> None:

    def short(keys: list[int], scope: bff.Scope) -> list[int]:
        return [1]

    @bff.entity(Tag, policy=bff.public, name="Tag")
    class TagType:
        id: strawberry.ID
        weight: int | None = bff.batched(short, key="id")

    @strawberry.type
    class Query:
        tags: list[TagType] = bff.collection(
            where=lambda tag: tag.id.in_(select(func.min(Tag.id)).union(select(func.max(Tag.id))))
        )

    schema = bff.Schema(Query)._schema
    with Database(engine, Catalog.of(schema).policies, secret=b"x").open(None, bff.Deadline.after(10)) as scope:
        result = execute(schema, parse("{ tags { id weight } }"), context_value=scope)
    assert result.data is not None
    assert [tag["weight"] for tag in result.data["tags"]] == [None, None]
    assert {str(error.original_error) for error in result.errors or []} == {
        "Tag.weight: batch function test_a_batch_of_the_wrong_length_names_type_field_and_numbers.<locals>.short was given "
        "2 keys and returned 1 values; it must return a sequence of one value a key, in order"
    }


def test_a_subclass_with_a_policy_of_its_own() -> None:
    """Its rows are read as the parent's too, under the parent's policy."""

    class Thing(Base):
        __tablename__ = "things"
        id: Mapped[int] = mapped_column(primary_key=True)
        kind: Mapped[str]
        __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_abstract": True}  # noqa: RUF012

    class Secret(Thing):
        __mapper_args__ = {"polymorphic_identity": "secret"}  # noqa: RUF012

    @bff.entity(Thing, policy=bff.public, interface=True, name="Thing")
    class ThingType:
        id: strawberry.ID

    @bff.entity(Secret, policy=lambda secret, viewer: secret.id == viewer.id, name="Secret")
    class SecretType(ThingType):
        pass

    @strawberry.type
    class Query:
        things: list[ThingType] = bff.collection()

    with pytest.raises(
        bff.DeclarationError, match=r"Secret declares a policy of its own, but Secret inherits from Thing"
    ):
        bff.Schema(Query, types=[SecretType])
