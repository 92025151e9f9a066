"""Fields of entities: what is refused where a field is declared, and what wraps its resolver."""

import functools
import re
from collections.abc import Callable
from typing import Any

import pytest
import strawberry
from graphql import GraphQLError

import bff
from tests.bff.schema.towns import Nobody, Person, batch, built


class AsyncBatch:
    async def __call__(self, keys: list[Any], scope: bff.Scope) -> list[int]:
        return [0 for _ in keys]


async def async_batch(keys: list[Any], scope: bff.Scope) -> list[int]:
    return [0 for _ in keys]


@pytest.mark.parametrize(
    ("field", "says"),
    [
        (lambda: bff.batched(async_batch, key="id"), "batch function async_batch is async"),
        (lambda: bff.batched(batch, key="id", reads="people"), "reads='people' of a batched field is a text; list relationships: reads=['people']"),
        (lambda: bff.column("name", colour="red"), "unknown options ['colour']"),
        (lambda: bff.batched(functools.partial(async_batch), key="id"), "is async; gevent workers run no event loop: make it `def`"),
        (lambda: bff.batched(AsyncBatch(), key="id"), "is async; gevent workers run no event loop: make it `def`"),
        (lambda: bff.batched(lambda keys: keys, key="id"), "<lambda> takes (keys); make it (keys, scope, *, arguments...)"),
        (lambda: bff.batched(lambda keys, scope, *, size: keys, key="id"), "the argument 'size' of batch function <lambda>.<locals>.<lambda> has no annotation"),
    ],
)  # fmt: skip
def test_a_field_declared_wrongly(field: Callable[[], Any], says: str) -> None:
    with pytest.raises(bff.DeclarationError, match=re.escape(says)):
        field()


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
