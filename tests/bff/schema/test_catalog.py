"""The entities of a schema: by name, by model, and by the global ids of their objects."""

from __future__ import annotations

import re
from typing import Any

import pytest
import strawberry
from graphql import build_schema
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

import bff
from bff.entities.global_id import global_id
from bff.entities.specs import Batched, Collection, Column, Lookup, NodeById, NodeId, Plain, Relation
from bff.schema.catalog import Catalog, spec_of
from tests.bff.plan.authors import SCHEMA, AuthorRow, FilmRow, WorkRow
from tests.bff.schema.towns import City, Person

CATALOG = Catalog.of(SCHEMA._schema)


def name_of(entity: Any) -> str | None:
    return None if entity is None else str(entity.name)


def test_a_schema_has_one_catalog() -> None:
    assert Catalog.of(SCHEMA._schema) is CATALOG
    assert {each.name for each in CATALOG} == {"Author", "Book", "Chapter", "Note", "Profile", "Work", "Film", "Song"}
    assert repr(CATALOG) == "<Catalog of 8 entities>"


def test_any_schema_has_one() -> None:
    """Of graphql-core's own, without a single entity."""
    catalog = Catalog.of(build_schema("type Query { a: Int }"))
    assert list(catalog) == []
    assert catalog.named("Query") is None


@bff.entity(Person, name="Person")
class Unpoliced:
    id: strawberry.ID


@strawberry.type
class Query:
    people: list[Unpoliced] = bff.collection()


def test_what_is_wrong_is_said_each_time_that_it_is_asked_for() -> None:
    schema = strawberry.Schema(Query)._schema
    for _ in range(2):
        with pytest.raises(bff.DeclarationError, match="Person has no policy"):
            Catalog.of(schema)


def test_entities_by_the_names_of_their_types() -> None:
    assert name_of(CATALOG.named("Author")) == "Author"
    assert [CATALOG.named(name) for name in ("author", "AuthorRow", "Query", "Found", "Node", "")] == [None] * 6


def test_the_object_type_of_a_model() -> None:
    """An interface is none: its rows are of the types of subclasses."""
    assert name_of(CATALOG.of_model(AuthorRow)) == "Author"
    assert name_of(CATALOG.of_model(FilmRow)) == "Film"
    assert CATALOG.of_model(WorkRow) is None
    assert CATALOG.of_model(object) is None


class Base(DeclarativeBase):
    pass


class ToolRow(Base):
    __tablename__ = "tools"
    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str]
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "tool"}  # noqa: RUF012


class SawRow(ToolRow):
    __mapper_args__ = {"polymorphic_identity": "saw"}  # noqa: RUF012


class ChainsawRow(SawRow):
    __mapper_args__ = {"polymorphic_identity": "chainsaw"}  # noqa: RUF012


@bff.entity(ToolRow, policy=bff.public)
class Tool:
    id: strawberry.ID


@strawberry.type
class Tools:
    tools: list[Tool] = bff.collection()


def test_a_class_without_a_type_is_of_the_nearest_that_has_one() -> None:
    catalog = Catalog.of(bff.Schema(Tools)._schema)
    assert [name_of(catalog.of_model(each)) for each in (ToolRow, SawRow, ChainsawRow)] == ["Tool"] * 3


def test_rows_of_any_model_can_be_read() -> None:
    """Whether it has a type or not; under the policy of the model, since an entity of all of its rows has none of its own."""
    rows = CATALOG.rows_of(WorkRow)
    assert rows is CATALOG.rows_of(WorkRow)
    assert rows is not CATALOG.named("Work")
    assert (rows.model, rows.policy, rows.interface, rows.key) == (WorkRow, None, False, ("id",))
    assert CATALOG.rows_of(City).key == ("id",)


@pytest.mark.parametrize(
    ("text", "name", "key"),
    [("Author:1", "Author", (1,)), ("Chapter:1,2", "Chapter", (1, 2)), ("Film:4", "Film", (4,))],
)
def test_global_ids(text: str, name: str, key: tuple[int, ...]) -> None:
    entity, found = CATALOG.parse_global_id(text)
    assert (entity.name, found) == (name, key)
    assert global_id(entity, found) == text


@pytest.mark.parametrize(
    "text", ["", ":", "Author", "author:1", "Nobody:1", "Work:4", "Query:1", "Node:1", "Author 1", "1:Author"]
)
def test_what_is_no_global_id(text: str) -> None:
    says = f"node(id:) takes a global id such as 'Type:1', not {text!r}"
    with pytest.raises(bff.BadUserInput, match=re.escape(says)):
        CATALOG.parse_global_id(text)


@pytest.mark.parametrize("text", ["Author:", "Author:x", "Author:1,2", "Chapter:1", "Author:1:2", "Author: 1 "])
def test_a_key_that_the_entity_cannot_have(text: str) -> None:
    with pytest.raises(bff.BadUserInput):
        CATALOG.parse_global_id(text)


def test_a_long_text_is_not_repeated() -> None:
    with pytest.raises(bff.BadUserInput) as refused:
        CATALOG.parse_global_id("x" * 10_000)
    assert len(str(refused.value)) < 150


@pytest.mark.parametrize(
    ("type_", "field", "kind"),
    [
        ("Author", "name", Column), ("Author", "nodeId", NodeId), ("Author", "mentor", Relation), ("Author", "length", Batched),
        ("Author", "shout", Plain), ("Query", "author", Lookup), ("Query", "authors", Collection), ("Query", "node", NodeById),
        ("Query", "found", type(None)), ("PageInfo", "endCursor", type(None)), ("__Type", "name", type(None)),
    ],
)  # fmt: skip
def test_the_spec_of_a_field(type_: str, field: str, kind: type) -> None:
    found: Any = SCHEMA._schema.type_map[type_]
    assert isinstance(spec_of(found.fields[field]), kind)
