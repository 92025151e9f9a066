"""Scalars that GraphQL lacks and databases have."""

from __future__ import annotations

from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.types.scalar import ScalarDefinition

BigInt = NewType("BigInt", int)
"""A 64-bit integer, for `bigint` columns: GraphQL's own Int ends at 2^31. Travels as a JSON number."""

_MIN, _MAX = -(2**63), 2**63 - 1


def _big_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise GraphQLError(f"BigInt cannot represent non-integer value: {value!r:.50}")
    if not _MIN <= value <= _MAX:
        raise GraphQLError(f"BigInt cannot represent a value outside of 64 bits: {str(value)[:50]}")
    return value


BIG_INT: ScalarDefinition = strawberry.scalar(
    name="BigInt",
    description="An integer of 64 bits, as a JSON number.",
    serialize=_big_int,
    parse_value=_big_int,
)
