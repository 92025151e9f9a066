"""Relay connections: the GraphQL types, and the page of rows behind one.

Pages are cut by keyset (`bff.entities.cursors`), so they are stable under inserts and as cheap deep in a list as at
its start. `hasNextPage` is exact when paging forward, `hasPreviousPage` when paging backward; the other of the
two tells whether a cursor was given, which is what the Relay specification asks of a server that does not look.
"""

from __future__ import annotations

from typing import Any, Generic, TypeVar

import strawberry
from strawberry.types.base import get_object_definition

from .entity import unwrap

Node_ = TypeVar("Node_")

DEFAULT_PAGE = 50
"""Rows of a connection's page when neither `first` nor `last` is given."""


@strawberry.type(description="Where a page of a connection lies among the others.")
class PageInfo:
    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@strawberry.type(description="One object of a connection and its place in the order.")
class Edge(Generic[Node_]):
    cursor: str
    node: Node_


@strawberry.type(description="One page of a list, cut by cursors.")
class Connection(Generic[Node_]):
    edges: list[Edge[Node_]]
    nodes: list[Node_]
    page_info: PageInfo
    total_count: int = strawberry.field(
        description="All objects of the list under its filter; counted only when asked."
    )


def connection_node(type_: Any) -> Any:
    """The node type of a resolved `Connection[...]` type, or None for other types."""
    definition = get_object_definition(unwrap(type_))
    if definition is None or definition.concrete_of is None or definition.concrete_of.origin is not Connection:
        return None
    return unwrap(next(iter(definition.type_var_map.values())))
