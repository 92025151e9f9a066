"""Inheritance: single and joined tables, mixed, several levels deep, with classes that are abstract and that are not."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import strawberry
from sqlalchemy import ForeignKey, case, create_engine, or_
from sqlalchemy.ext.hybrid import hybrid_property
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, column_property, mapped_column, relationship

import bff
from tests.bff.asking import Asker, MakeDatabase


class Base(DeclarativeBase):
    pass


class OwnerRow(Base):
    __tablename__ = "owners"
    id: Mapped[int] = mapped_column(primary_key=True)
    favourite_id: Mapped[int | None] = mapped_column(ForeignKey("pets.id", use_alter=True))
    favourite: Mapped["PetRow | None"] = relationship(foreign_keys=[favourite_id])
    pets: Mapped[list["PetRow"]] = relationship(
        back_populates="owner", foreign_keys="PetRow.owner_id", order_by="PetRow.name"
    )
    dogs: Mapped[list["DogRow"]] = relationship(
        viewonly=True, foreign_keys="PetRow.owner_id", order_by="DogRow.age.desc()"
    )
    hounds: Mapped[list["HoundRow"]] = relationship(viewonly=True, foreign_keys="PetRow.owner_id")


class PetRow(Base):
    """Abstract: every pet is of a subclass, in a table of its own, joined to this one."""

    __tablename__ = "pets"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column("type")
    name: Mapped[str]
    is_secret: Mapped[bool] = mapped_column(default=False)
    owner_id: Mapped[int | None] = mapped_column(ForeignKey("owners.id"))
    owner: Mapped[OwnerRow | None] = relationship(back_populates="pets", foreign_keys=[owner_id])
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_abstract": True}  # noqa: RUF012

    @hybrid_property
    def label(self) -> Any:
        return self.name + "!"


class DogRow(PetRow):
    __tablename__ = "dogs"
    pet_id: Mapped[int] = mapped_column(ForeignKey("pets.id"), primary_key=True)
    age: Mapped[int | None]
    rival_id: Mapped[int | None] = mapped_column(ForeignKey("pets.id"))
    rival: Mapped[PetRow | None] = relationship(foreign_keys=[rival_id])
    toys: Mapped[list["ToyRow"]] = relationship(back_populates="dog", order_by="ToyRow.id")
    __mapper_args__ = {"polymorphic_identity": "dog", "inherit_condition": pet_id == PetRow.id}  # noqa: RUF012


class HoundRow(DogRow):
    """In the table of dogs."""

    nose: Mapped[int | None] = mapped_column()
    __mapper_args__ = {"polymorphic_identity": "hound"}  # noqa: RUF012


class CatRow(PetRow):
    """Maps a column of its own under a name that dogs have too, and a hybrid under one that pets have."""

    __tablename__ = "cats"
    id: Mapped[int] = mapped_column(ForeignKey("pets.id"), primary_key=True)
    age: Mapped[str | None] = mapped_column("how_old")
    lives: Mapped[int] = mapped_column(default=9)
    __mapper_args__ = {"polymorphic_identity": "cat"}  # noqa: RUF012

    @hybrid_property
    def label(self) -> Any:
        return self.name + "?"


class ToyRow(Base):
    __tablename__ = "toys"
    id: Mapped[int] = mapped_column(primary_key=True)
    dog_id: Mapped[int] = mapped_column(ForeignKey("dogs.pet_id"))
    dog: Mapped[DogRow] = relationship(back_populates="toys")


class BillRow(Base):
    """One table, told apart by an expression; the base class has rows of its own."""

    __tablename__ = "bills"
    id: Mapped[int] = mapped_column(primary_key=True)
    amount: Mapped[int] = mapped_column()
    kind: Mapped[str] = column_property(case((amount < 0, "credit"), else_="bill"))
    due_in: Mapped[int | None]
    parent_id: Mapped[int | None] = mapped_column(ForeignKey("bills.id"))
    parts: Mapped[list["BillRow"]] = relationship(order_by="BillRow.id")
    __mapper_args__ = {  # noqa: RUF012
        "polymorphic_on": "kind",
        "polymorphic_identity": "bill",
    }


class CreditRow(BillRow):
    __mapper_args__ = {"polymorphic_identity": "credit"}  # noqa: RUF012


@dataclass(frozen=True)
class Viewer:
    sees_secrets: bool = False


def not_secret(pet: Any, viewer: Any) -> Any:
    return or_(~pet.is_secret, viewer.sees_secrets)


def initials(keys: list[tuple[str, Any]], scope: bff.Scope) -> list[str]:
    return [f"{name[0]}{age}" for name, age in keys]


@bff.entity(OwnerRow, policy=bff.public)
class Owner(bff.Node):
    favourite: "Pet | None"
    pets: list["Pet"]
    pets_page: bff.Connection["Pet"] = bff.relation("pets", order=["-name"])
    dogs: list["Dog"]
    hounds: list["Hound"]
    pet_count: int = bff.count("pets")
    dog_count: int = bff.count("dogs")
    years: int = bff.total("dogs", "age")


@bff.entity(PetRow, policy=not_secret, interface=True)
class Pet(bff.Node):
    id: strawberry.ID
    kind: str
    name: str
    label: str
    owner: Owner | None


@bff.entity(DogRow, interface=True)
class AnyDog(Pet):
    age: int | None
    rival: Pet | None
    toys: list["Toy"]
    toy_count: int = bff.count("toys")
    initials: str = bff.batched(initials, key=("name", "age"))

    @bff.field(needs=("name", "age"))
    def shout(self) -> str:
        return f"{self.name} {self.age}".upper()  # type: ignore[attr-defined]


@bff.entity(DogRow)
class Dog(AnyDog):
    """A dog that is no hound."""


@bff.entity(HoundRow)
class Hound(AnyDog):
    nose: int | None


@bff.entity(CatRow)
class Cat(Pet):
    age_of_cat: str | None = bff.column("age")
    lives: int
    initials: str = bff.batched(initials, key=("name", "age"))

    @bff.field(needs=("name", "age"))
    def purr(self) -> str:
        return f"{self.name} {self.age}"  # type: ignore[attr-defined]


@bff.entity(ToyRow, policy=bff.through("dog"))
class Toy:
    id: strawberry.ID
    dog: AnyDog


@bff.entity(BillRow, policy=bff.public, interface=True)
class AnyBill(bff.Node):
    amount: int
    parts: list["AnyBill"]


@bff.entity(BillRow)
class Bill(AnyBill):
    due_in: int | None


@bff.entity(CreditRow)
class Credit(AnyBill):
    pass


@strawberry.type
class Query:
    owners: list[Owner] = bff.collection()
    pet: Pet | None = bff.lookup()
    dog: Dog | None = bff.lookup()
    pets: list[Pet] = bff.collection(order=["name"])
    pet_pages: bff.Connection[Pet] = bff.collection(order=["-name"])
    any_dogs: list[AnyDog] = bff.collection(order=["age"])
    dogs: list[Dog] = bff.collection()
    dog_pages: bff.Connection[Dog] = bff.collection()
    hounds: list[Hound] = bff.collection(where=lambda hound: hound.nose > 1)
    toys: list[Toy] = bff.collection()
    bills: list[AnyBill] = bff.collection()
    just_bills: list[Bill] = bff.collection(order=["amount"])
    credits: list[Credit] = bff.collection()
    node: bff.Node | None = bff.node()

    @strawberry.field
    def old_pet(self, info: strawberry.Info) -> Pet:
        """A resolver of the host's that gives an ORM object."""
        found: Any = info.context.session.get(PetRow, 2)
        return found  # type: ignore[no-any-return]


SCHEMA = bff.Schema(Query, types=[Dog, Hound, Cat, Bill, Credit])


@pytest.fixture(scope="module")
def ask(make_database: MakeDatabase) -> Iterator[Asker]:
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([OwnerRow(id=1), OwnerRow(id=2)])
        session.flush()
        session.add_all(
            [
                DogRow(id=1, name="Rex", age=5, owner_id=1),
                HoundRow(id=2, name="Fox", age=3, nose=2, owner_id=1, rival_id=1),
                CatRow(id=3, name="Tom", age="old", owner_id=1),
                DogRow(id=4, name="Ivy", age=None, owner_id=2, rival_id=3),
                CatRow(id=5, name="Spy", is_secret=True, owner_id=2),
                DogRow(id=6, name="Max", age=9, is_secret=True, owner_id=2, rival_id=5),
                HoundRow(id=7, name="Bob", age=4, nose=None),
            ]
        )
        session.flush()
        session.add_all(
            [ToyRow(id=1, dog_id=1), ToyRow(id=2, dog_id=2), ToyRow(id=3, dog_id=6), ToyRow(id=4, dog_id=2)]
        )
        session.get_one(OwnerRow, 1).favourite_id = 3
        session.get_one(OwnerRow, 2).favourite_id = 5
        session.add_all(
            [
                BillRow(id=1, amount=10, due_in=3),
                CreditRow(id=2, amount=-5, parent_id=1),
                BillRow(id=3, amount=7, parent_id=1),
            ]
        )
        session.commit()
    yield Asker(SCHEMA, engine, Viewer())
    engine.dispose()


def test_rows_of_an_interface_are_of_their_own_types(ask: Asker) -> None:
    found = ask(
        "{ pets { __typename nodeId kind label ... on AnyDog { age shout } ... on Hound { nose }"
        " ... on Cat { ageOfCat lives purr } } }"
    )["pets"]
    assert found == [
        {"__typename": "Hound", "nodeId": "Hound:7", "kind": "hound", "label": "Bob!", "age": 4, "shout": "BOB 4", "nose": None},
        {"__typename": "Hound", "nodeId": "Hound:2", "kind": "hound", "label": "Fox!", "age": 3, "shout": "FOX 3", "nose": 2},
        {"__typename": "Dog", "nodeId": "Dog:4", "kind": "dog", "label": "Ivy!", "age": None, "shout": "IVY NONE"},
        {"__typename": "Dog", "nodeId": "Dog:1", "kind": "dog", "label": "Rex!", "age": 5, "shout": "REX 5"},
        {"__typename": "Cat", "nodeId": "Cat:3", "kind": "cat", "label": "Tom?", "ageOfCat": "old", "lives": 9, "purr": "Tom old"},
    ]  # fmt: skip


def test_two_subclasses_may_map_one_name_to_two_columns(ask: Asker) -> None:
    found = ask("{ pets { ... on Dog { age initials } ... on Cat { age: ageOfCat initials } } }", valid=None)["pets"]
    assert found[-2:] == [{"age": 5, "initials": "R5"}, {"age": "old", "initials": "Told"}]


def test_an_interface_within_an_interface(ask: Asker) -> None:
    found = ask("{ anyDogs { __typename name age toyCount } toys { id dog { __typename name } } }")
    assert [(each["__typename"], each["name"], each["toyCount"]) for each in found["anyDogs"]] == [
        ("Hound", "Fox", 2), ("Hound", "Bob", 0), ("Dog", "Rex", 1), ("Dog", "Ivy", 0),
    ]  # fmt: skip
    assert [each["dog"]["name"] for each in found["toys"]] == ["Rex", "Fox", "Fox"]


def test_a_type_of_a_class_that_is_an_interface_too_has_only_its_own_rows(ask: Asker) -> None:
    """A row has one object type: dogs that are hounds are no Dog, whichever way they are asked for."""
    found = ask(
        '{ dogs { name } dogPages(first: 5) { totalCount nodes { name } } dog(id: "1") { name } hound: dog(id: "2") { name }'
        ' node(id: "Dog:2") { nodeId } same: node(id: "Hound:2") { nodeId } justBills { amount } credits { amount } }'
    )
    assert found["dogs"] == found["dogPages"]["nodes"] == [{"name": "Rex"}, {"name": "Ivy"}]
    assert found["dogPages"]["totalCount"] == 2
    assert (found["dog"], found["hound"], found["node"]) == ({"name": "Rex"}, None, None)
    assert found["same"] == {"nodeId": "Hound:2"}
    assert found["justBills"] == [{"amount": 7}, {"amount": 10}]
    assert found["credits"] == [{"amount": -5}]


def test_a_class_told_apart_by_an_expression(ask: Asker) -> None:
    found = ask("{ bills { __typename amount ... on Bill { dueIn } parts { __typename } } }")["bills"]
    assert found == [
        {"__typename": "Bill", "amount": 10, "dueIn": 3, "parts": [{"__typename": "Credit"}, {"__typename": "Bill"}]},
        {"__typename": "Credit", "amount": -5, "parts": []},
        {"__typename": "Bill", "amount": 7, "dueIn": None, "parts": []},
    ]


def test_relations_to_and_from_subclasses(ask: Asker) -> None:
    found = ask(
        "{ owners { favourite { name } pets { __typename name } dogs { name age } hounds { name }"
        " petCount dogCount years petsPage(first: 2) { totalCount nodes { name ... on AnyDog { age } } } } }"
    )["owners"]
    assert found[0] == {
        "favourite": {"name": "Tom"},
        "pets": [{"__typename": "Hound", "name": "Fox"}, {"__typename": "Dog", "name": "Rex"}, {"__typename": "Cat", "name": "Tom"}],
        # Dogs are the rows of Dog, as everywhere; what counts them counts rows of the class.
        "dogs": [{"name": "Rex", "age": 5}],
        "hounds": [{"name": "Fox"}],
        "petCount": 3,
        "dogCount": 2,
        "years": 8,
        "petsPage": {"totalCount": 3, "nodes": [{"name": "Tom"}, {"name": "Rex", "age": 5}]},
    }  # fmt: skip
    # The policy of pets holds for all of their subclasses, on every path.
    assert found[1] == {
        "favourite": None, "pets": [{"__typename": "Dog", "name": "Ivy"}], "dogs": [{"name": "Ivy", "age": None}],
        "hounds": [], "petCount": 1, "dogCount": 1, "years": 0, "petsPage": {"totalCount": 1, "nodes": [{"name": "Ivy", "age": None}]},
    }  # fmt: skip


def test_relations_of_a_subclass(ask: Asker) -> None:
    found = ask("{ pets { ... on AnyDog { name rival { __typename name owner { nodeId } } toys { id } } } }")["pets"]
    dogs = {each["name"]: each for each in found if each}
    assert dogs["Fox"]["rival"] == {"__typename": "Dog", "name": "Rex", "owner": {"nodeId": "Owner:1"}}
    assert dogs["Ivy"]["rival"] == {"__typename": "Cat", "name": "Tom", "owner": {"nodeId": "Owner:1"}}
    assert dogs["Fox"]["toys"] == [{"id": "2"}, {"id": "4"}]
    assert dogs["Bob"]["toys"] == []


def test_the_policy_of_the_base_class_holds_for_its_subclasses(ask: Asker) -> None:
    query = '{ pet(id: "6") { name } dog(id: "6") { name } node(id: "Dog:6") { nodeId } other: node(id: "Cat:5") { nodeId } }'
    assert ask(query) == {"pet": None, "dog": None, "node": None, "other": None}
    assert ask(query, viewer=Viewer(sees_secrets=True)) == {
        "pet": {"name": "Max"}, "dog": {"name": "Max"}, "node": {"nodeId": "Dog:6"}, "other": {"nodeId": "Cat:5"},
    }  # fmt: skip
    assert len(ask("{ toys { id } }", viewer=Viewer(sees_secrets=True))["toys"]) == 4


def test_filters_and_orders_of_an_interface_and_of_a_subclass(ask: Asker) -> None:
    found = ask(
        '{ pets(filter: {label: {eq: "Rex!"}}) { name } anyDogs(filter: {age: {gte: 4}}, orderBy: [AGE_DESC]) { name }'
        " hounds { name } petPages(first: 3, orderBy: [KIND_ASC, NAME_DESC]) { totalCount nodes { name } } }"
    )
    assert found["pets"] == [{"name": "Rex"}]
    assert found["anyDogs"] == [{"name": "Rex"}, {"name": "Bob"}]
    assert found["hounds"] == [{"name": "Fox"}]
    assert found["petPages"] == {"totalCount": 5, "nodes": [{"name": "Tom"}, {"name": "Rex"}, {"name": "Ivy"}]}


def test_an_object_of_a_resolver_is_of_its_own_type(ask: Asker) -> None:
    assert ask("{ oldPet { __typename name ... on Hound { nose toys { id } } } }")["oldPet"] == {
        "__typename": "Hound", "name": "Fox", "nose": 2, "toys": [{"id": "2"}, {"id": "4"}],
    }  # fmt: skip
