"""What is declared wrongly is refused when the schema is made, naming type and field and a way round."""

import re
from collections.abc import Callable
from typing import Any

import pytest
import strawberry
from sqlalchemy import String, case
from sqlalchemy.dialects.postgresql import ARRAY, INET
from sqlalchemy.orm import Mapped, mapped_column

import bff
from tests.bff.schema.towns import Base, Log, Nobody, Person, batch, built, schema_of


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
        (lambda: bff.batched(batch, key="id", reads=["citizens"]), int, "City.probe: City maps no relationship 'citizens'; it maps by_length, logs, mayor, people"),
        (lambda: bff.batched(batch, key="id", reads=["people.name", "people.age"]), int, "City.probe: reads='age' is no column of Person; it maps city_id, extra, id, name"),
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
        (lambda: strawberry.field(permission_classes=[Nobody]), str, "City.probe: City maps no such column or relationship"),
    ],
)  # fmt: skip
def test_a_field_declared_wrongly(field: Callable[[], Any], annotation: Any, says: str) -> None:
    with pytest.raises(bff.DeclarationError, match=re.escape(says)):
        schema_of(field(), annotation)


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
