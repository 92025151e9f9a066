"""The resolvers that graphql-core calls of a schema with entities."""

from typing import Any

import strawberry
from graphql import parse
from sqlalchemy import func, select

import bff
from app.models import Tag
from bff.database.session import Database
from bff.engine.execution import execute
from bff.schema.catalog import Catalog


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
