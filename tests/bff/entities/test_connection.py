"""Connections as types."""

from __future__ import annotations

from typing import Any

import pytest
import strawberry
from graphql import print_type

import bff
from bff.entities.connection import Connection, Edge, connection_node
from tests.bff.entities.ships import Ship


@strawberry.type
class Fleet:
    number: int


@strawberry.type
class Query:
    ships: bff.Connection[Ship] = bff.collection()
    some: bff.Connection[Ship] | None = bff.collection()

    @strawberry.field
    def fleets(self) -> list[Fleet]:
        return []


SCHEMA: Any = bff.Schema(Query)


def type_of(field: str) -> Any:
    """A field's type as Strawberry has resolved it."""
    return next(each.type for each in Query.__strawberry_definition__.fields if each.python_name == field)  # type: ignore[attr-defined]


def test_the_node_of_a_connection() -> None:
    assert connection_node(type_of("ships")) is connection_node(type_of("some")) is Ship


@pytest.mark.parametrize("type_", [Ship, Fleet, int, str, None])
def test_other_types_have_none(type_: Any) -> None:
    assert connection_node(type_) is None
    assert connection_node(type_of("fleets")) is None


def test_an_edge_is_no_connection() -> None:
    connection = SCHEMA.get_type_by_name("ShipConnection")
    [edges] = [each for each in connection.fields if each.python_name == "edges"]
    assert connection.concrete_of.origin is Connection
    assert edges.type.of_type.__strawberry_definition__.concrete_of.origin is Edge
    assert connection_node(edges.type) is None


def test_what_a_connection_shows() -> None:
    shown = print_type(SCHEMA._schema.type_map["ShipConnection"])
    assert "edges: [ShipEdge!]!" in shown
    assert "nodes: [Ship!]!" in shown
    assert "pageInfo: PageInfo!" in shown
    assert "totalCount: Int!" in shown
    assert SCHEMA._schema.query_type.fields["some"].type is SCHEMA._schema.type_map["ShipConnection"]
