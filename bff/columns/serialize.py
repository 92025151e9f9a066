"""Serializers of leaf values: graphql-core's `coerce_output_value`, without the call where Python's value is the answer."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
    Undefined,
)
from graphql.pyutils import inspect

Serializer = Callable[[Any], Any]


def serializer(type_: GraphQLLeafType) -> Serializer:
    """A function from a value other than None to its serialized form.

    It raises what `type_.coerce_output_value` raises, and TypeError where that gives no value, with
    graphql-core's text.
    """
    coerce = type_.coerce_output_value

    def checked(value: Any) -> Any:
        result = coerce(value)
        if result is None or result is Undefined:
            raise TypeError(
                f"Expected `{inspect(type_)}.coerce_output_value({inspect(value)})`"
                f" to return non-nullable value, returned: {inspect(result)}"
            )
        return result

    if type_ is GraphQLString:
        return lambda value: value if type(value) is str else checked(value)
    if type_ is GraphQLID:
        return lambda value: value if (of := type(value)) is str else str(value) if of is int else checked(value)
    if type_ is GraphQLInt:
        return lambda value: value if type(value) is int and -(2**31) <= value < 2**31 else checked(value)
    if type_ is GraphQLBoolean:
        return lambda value: value if type(value) is bool else checked(value)
    if type_ is GraphQLFloat:
        return lambda value: value if type(value) is float and math.isfinite(value) else checked(value)
    return checked
