"""What is declared wrongly is refused when the type or the schema is made, naming type and field and a way round."""

import functools
import re
from collections.abc import Callable
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError, parse
from sqlalchemy import ForeignKey, LargeBinary, String, case, func, select
from sqlalchemy.dialects.postgresql import ARRAY, INET, JSONB
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
from app.models import Tag
from bff.database.session import Database
from bff.engine.execution import execute
from bff.schema.catalog import Catalog


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


class AsyncBatch:
    async def __call__(self, keys: list[Any], scope: bff.Scope) -> list[int]:
        return [0 for _ in keys]


class Nobody(BasePermission):
    message = "nobody may"

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return False


def batch(keys: list[Any], scope: bff.Scope) -> list[int]:
    return [0 for _ in keys]


async def async_batch(keys: list[Any], scope: bff.Scope) -> list[int]:
    return [0 for _ in keys]


@pytest.mark.parametrize(
    ("field", "annotation", "says"),
    [
        (lambda: bff.column("nam"), str, "City.probe: the attribute 'nam' is no column of City; it maps branching, flag, id"),
        (lambda: bff.relation("citizens"), "list[PersonType]", "City.probe: City maps no relationship 'citizens'"),
        (lambda: bff.relation("people"), "PersonType", "City.probe: the relationship is to-many; annotate it list[Person]"),
        (lambda: bff.relation("mayor"), "list[PersonType]", "City.probe: the relationship is to-one; annotate it Person"),
        (lambda: bff.relation("mayor"), str, "City.probe: the relationship leads to Person; annotate it with an entity type"),
        (lambda: bff.relation("people", order=["nam"]), "list[PersonType]", "City.probe: order='nam' is no column of Person; it maps city_id, extra, id, name"),
        (lambda: bff.relation("by_length"), "list[PersonType]", "declare bff.relation('by_length', order=[...])"),
        (lambda: bff.relation("logs"), "list[PersonType]", "City.probe: the relationship leads to Log"),
        (lambda: bff.count("mayor"), int, "City.probe: City maps no to-many relationship 'mayor' to aggregate"),
        (lambda: bff.total("people", "age"), int, "City.probe: the total of 'age' is no column of Person; it maps city_id, extra, id, name"),
        (lambda: bff.batched(batch, key="nam"), int, "City.probe: key='nam' is no column of City; it maps branching, flag, id"),
        (lambda: bff.field(lambda self: 1, needs="nam"), int, "City.probe: needs='nam' is no column of City"),
        (lambda: bff.batched(async_batch, key="id"), int, "batch function async_batch is async"),
        (lambda: bff.batched(batch, key="id", reads="people"), int, "reads='people' of a batched field is a text; list relationships: reads=['people']"),
        (lambda: bff.batched(batch, key="id", reads=["citizens"]), int, "City.probe: City maps no relationship 'citizens'; it maps by_length, logs, mayor, people"),
        (lambda: bff.batched(batch, key="id", reads=["people.name", "people.age"]), int, "City.probe: reads='age' is no column of Person; it maps city_id, extra, id, name"),
        (lambda: bff.column("name", colour="red"), str, "unknown options ['colour']"),
        (lambda: bff.column("place"), str, "City.probe: the attribute 'place' is no column of City; City.place is a composite; show its columns"),
        (lambda: bff.column("names"), list[str], "City.probe: the attribute 'names' is no column of City; City.names is an association proxy"),
        (lambda: bff.column("mayor"), str, "City.probe: the attribute 'mayor' is no column of City; City.mayor is a relationship; show it with bff.relation('mayor')"),
        (lambda: bff.column("head"), str, "City.head is a synonym of a relationship; name that: bff.relation('mayor')"),
        (lambda: bff.column("is_near"), bool, "City.is_near is no column; compute it in a resolver: @bff.field(needs=[...])"),
        (lambda: bff.column("silent"), str, "City.probe: the hybrid property City.silent gives no SQL expression on the class; give it an `.expression`"),
        (lambda: bff.column("branching"), str, "City.probe: the hybrid property City.branching gives no SQL expression on the class"),
        (lambda: bff.column("mayor_id"), "PersonType", "City.probe: 'mayor_id' is a column of City; annotate it with a scalar"),
        (lambda: bff.relation("people"), "bff.Connection[str]", "City.probe: the relationship leads to Person; annotate it with an entity type"),
        (lambda: bff.relation("mayor"), "bff.Connection[PersonType]", "City.probe: the relationship is to-one; annotate it Person"),
        (lambda: bff.relation("people", order=["-city"]), "list[PersonType]", "City.probe: order='city' is no column of Person; Person.city is a relationship"),
        (lambda: bff.relation("people", order=["extra"]), "list[PersonType]", "City.probe: order='extra' is of a type without an order; order by another column of Person, or by a hybrid"),
        (lambda: bff.total("people", "name"), str, "City.probe: the total is of 'name', which is no number; sum a number column or a hybrid"),
        (lambda: bff.count("citizens"), int, "City.probe: City maps no relationship 'citizens'; it maps by_length, logs, mayor, people"),
        (lambda: bff.batched(batch, key=("id", "words")), int, "City.probe: key='words' holds lists or mappings, which cannot be keys; name another column"),
        (lambda: bff.batched(functools.partial(async_batch), key="id"), int, "is async; gevent workers run no event loop: make it `def`"),
        (lambda: bff.batched(AsyncBatch(), key="id"), int, "is async; gevent workers run no event loop: make it `def`"),
        (lambda: bff.batched(lambda keys: keys, key="id"), int, "<lambda> takes (keys); make it (keys, scope, *, arguments...)"),
        (lambda: bff.batched(lambda keys, scope, *, size: keys, key="id"), int, "the argument 'size' of batch function <lambda>.<locals>.<lambda> has no annotation"),
        (lambda: strawberry.field(permission_classes=[Nobody]), str, "City.probe: City maps no such column or relationship"),
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
    with Database(engine, Catalog.of(schema).policies).open(None, bff.Deadline.after(10)) as scope:
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


# Rows with more than one type, and types whose rows cannot be told apart


class Animal(Base):
    __tablename__ = "animals"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "animal"}  # noqa: RUF012


class Dog(Animal):
    __mapper_args__ = {"polymorphic_identity": "dog"}  # noqa: RUF012


class Shape(Base):
    __tablename__ = "shapes"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_abstract": True}  # noqa: RUF012


class Circle(Shape):
    """In a table that shares no rows with its parent's."""

    __tablename__ = "circles"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    __mapper_args__ = {"concrete": True, "polymorphic_identity": "circle"}  # noqa: RUF012


class Bill(Base):
    """Told apart by an expression that has no name."""

    __tablename__ = "bills"
    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column()
    __mapper_args__ = {"polymorphic_on": case((amount < 0, "credit"), else_="bill")}  # noqa: RUF012


class Host(Base):
    """A key that a request's text cannot be checked to be."""

    __tablename__ = "hosts"
    address: Mapped[str] = mapped_column(INET, primary_key=True)


class Bag(Base):
    __tablename__ = "bags"
    things: Mapped[list[str]] = mapped_column(ARRAY(String), primary_key=True)


def said(self: Any) -> str:
    return "what a resolver says"


def type_of(model: type, name: str, *bases: type, **options: Any) -> Any:
    """An entity type that shows no column."""
    if not any(issubclass(model, base.__bff_entity__.model) for base in bases if base is not bff.Node):
        options.setdefault("policy", bff.public)
    return bff.entity(model, name=name, **options)(type(f"{name}Type", bases or (object,), {"said": bff.field(said)}))


def built(*types: Any, **fields: Any) -> bff.Schema:
    """A schema of these types, with a Query whose fields are (annotation, declaration)."""
    annotations = {"one": int, **{name: annotation for name, (annotation, _) in fields.items()}}
    declared = {"one": strawberry.field(resolver=lambda: 1), **{name: field for name, (_, field) in fields.items()}}
    query: Any = strawberry.type(type("Query", (), {"__annotations__": annotations, **declared}))
    return bff.Schema(query, types=types)


def interface_without_a_type_for_its_own_rows() -> None:
    animal = type_of(Animal, "Animal", bff.Node, interface=True)
    built(animal, type_of(Dog, "Dog", animal))


def interface_without_a_type_for_a_subclass() -> None:
    animal = type_of(Animal, "Animal", bff.Node, interface=True)
    built(animal, type_of(Animal, "Beast", animal))


def subclass_that_does_not_implement_the_interface() -> None:
    animal = type_of(Animal, "Animal", bff.Node, interface=True)
    built(animal, type_of(Animal, "Beast", animal), type_of(Dog, "Dog", bff.Node, policy=None))


def object_types_of_a_class_and_its_subclass() -> None:
    built(type_of(Animal, "Animal", bff.Node), type_of(Dog, "Dog", bff.Node, policy=None))


def two_types_of_one_model_in_one_interface() -> None:
    built(type_of(Log, "Log", bff.Node), type_of(Log, "Entry", bff.Node, policy=None))


def interface_over_concrete_tables() -> None:
    shape = type_of(Shape, "Shape", bff.Node, interface=True)
    built(shape, type_of(Circle, "Circle", shape))


def interface_told_apart_by_a_nameless_expression() -> None:
    built(type_of(Bill, "Bill", bff.Node, interface=True))


def lookup_by_a_key_that_cannot_be_checked() -> None:
    host = type_of(Host, "Host")
    built(host=(host | None, bff.lookup()))


def node_with_a_key_that_cannot_be_checked() -> None:
    built(type_of(Host, "Host", bff.Node))


def key_that_is_a_list() -> None:
    built(type_of(Bag, "Bag"))


def lookup_of_many() -> None:
    log = type_of(Log, "Log")
    built(logs=(list[log], bff.lookup()))


def collection_of_one() -> None:
    log = type_of(Log, "Log")
    built(log=(log | None, bff.collection()))


def collection_in_no_order() -> None:
    log = type_of(Log, "Log")
    built(logs=(list[log], bff.collection(order=["-at"])))


def node_that_is_no_interface() -> None:
    log = type_of(Log, "Log", bff.Node)
    built(node=(log | None, bff.node()))


def permissions_without_a_resolver() -> None:
    body = {"__annotations__": {"id": strawberry.ID}, "id": strawberry.field(permission_classes=[Nobody])}
    log = bff.entity(Log, policy=bff.public, name="Log")(type("LogType", (), body))
    built(logs=(list[log], bff.collection()))


@pytest.mark.parametrize(
    ("build", "says"),
    [
        (
            interface_without_a_type_for_its_own_rows,
            "Animal is an interface, but rows of Animal have no object type: declare @bff.entity(Animal) on a subclass of "
            "AnimalType and list it in the schema's types=, or map Animal with polymorphic_abstract=True",
        ),
        (
            interface_without_a_type_for_a_subclass,
            "Animal is an interface, but rows of Dog have no object type: declare @bff.entity(Dog) on a subclass of AnimalType",
        ),
        (subclass_that_does_not_implement_the_interface, "Animal is an interface, but rows of Dog have no object type"),
        (
            object_types_of_a_class_and_its_subclass,
            "Dog and Animal: rows of Dog are rows of Animal too, and a row has one object type; make an interface of the base "
            "class with @bff.entity(Animal, interface=True), and Animal and Dog subclasses of it",
        ),
        (
            two_types_of_one_model_in_one_interface,
            "are both types of Log and of Node, which could not tell them apart; keep one of them out of Node",
        ),
        (
            interface_over_concrete_tables,
            "Shape: Circle inherits by concrete tables, which have no common rows; declare entities without the interface",
        ),
        (
            interface_told_apart_by_a_nameless_expression,
            "Bill is an interface, but Bill tells its subclasses apart by an expression without a name; map it: "
            "`kind = column_property(",
        ),
        (
            lookup_by_a_key_that_cannot_be_checked,
            "Query.host: the argument cannot be the key Host.address, as values of INET cannot be checked; look objects up by "
            "another column with a resolver",
        ),
        (
            node_with_a_key_that_cannot_be_checked,
            "Host.nodeId: nodeId cannot be the key Host.address, as values of INET",
        ),
        (
            key_that_is_a_list,
            "Bag: Bag.things cannot be a key, as its values are lists or mappings; map another primary key",
        ),
        (lookup_of_many, "Query.logs: bff.lookup() gives one object; annotate it Log | None"),
        (collection_of_one, "Query.log: bff.collection() gives many objects; annotate it list[Log]"),
        (collection_in_no_order, "Query.logs: order='at' is no column of Log; it maps city_id, id"),
        (node_that_is_no_interface, "Query.node: bff.node() is annotated with an interface such as bff.Node"),
        (
            permissions_without_a_resolver,
            "Log.id: permission classes and extensions wrap a resolver, and this field has none; give it one with "
            "@bff.field(needs=[...]), or say who sees the row in the policy",
        ),
    ],
)
def test_types_declared_wrongly(build: Callable[[], None], says: str) -> None:
    with pytest.raises(bff.DeclarationError, match=re.escape(says)):
        build()


def test_permissions_of_a_resolver_are_asked() -> None:
    """By both executions: what wraps a resolver is not passed by."""

    def name(self: Any) -> str:
        return str(self.name)

    body = {
        "__annotations__": {"id": strawberry.ID, "name": str | None},
        "name": bff.field(name, needs="name", permission_classes=[Nobody]),
    }
    person = bff.entity(Person, policy=bff.public, name="Person")(type("PersonType", (), body))
    schema = built(people=(list[person], bff.collection()))
    field = schema._schema.type_map["Person"].fields["name"]  # type: ignore[attr-defined]
    with pytest.raises(GraphQLError, match="nobody may"):
        field.resolve(Person(id=1, name="Ann"), None)
