"""The layer's scalars: 64-bit integers, and one text form of dates, times and decimals.

A value has one text, whether Python or PostgreSQL wrote it, and it is PostgreSQL's: to_json() of a date or a moment
in a session in UTC, ::text of a time and of a numeric. So fractions of a second end in no zeros (isoformat() has always six
digits), and a decimal has no exponent. What is taken from clients is what Strawberry takes.

A type of a built schema is one of these if its Strawberry definition is: `type_.extensions[DEFINITION] is DATE_TIME`.
A host's own scalar of the same name, given with `scalar_map`, is another object.
"""

from __future__ import annotations

import datetime
import decimal
import uuid
from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NewType

import strawberry
from graphql import GraphQLError
from strawberry.schema.types import base_scalars
from strawberry.types.scalar import ScalarDefinition

DEFINITION = "strawberry-definition"
"""Where Strawberry leaves its own definition in the `extensions` of graphql-core's objects."""

BigInt = NewType("BigInt", int)
"""A 64-bit integer, for `bigint` columns: GraphQL's own Int ends at 2^31. Travels as a JSON number."""

_MIN, _MAX = -(2**63), 2**63 - 1

_DIGITS = 131072
"""Digits before the point that a numeric has room for. Behind it are 16383 at most."""


def _shown_big_int(value: Any) -> int:
    # PostgreSQL's sum of bigints is a numeric.
    is_whole = isinstance(value, decimal.Decimal) and value.is_finite() and value == value.to_integral_value()
    return _big_int(int(value) if is_whole and abs(value) <= _MAX else value)


def _big_int(value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise GraphQLError(f"BigInt cannot represent non-integer value: {value!r:.50}")
    if not _MIN <= value <= _MAX:
        raise GraphQLError(f"BigInt cannot represent a value outside of 64 bits: {str(value)[:50]}")
    return value


def iso_text(value: Any) -> str:
    """The ISO 8601 text of a date, time or moment, its fraction of a second without the zeros at its end.

    The offset stays as it is; what comes from a database is in UTC.
    """
    text: str = value.isoformat()
    seconds, point, rest = text.partition(".")
    if not point:
        return text
    offset = rest.lstrip("0123456789")
    fraction = rest.removesuffix(offset).rstrip("0")
    return f"{seconds}.{fraction}{offset}" if fraction else seconds + offset


def decimal_text(value: Any) -> str:
    """The text of a number, a Decimal's without exponent and with the zeros at its end. Not finite: `NaN`, `Infinity`."""
    # What no column can hold stays short: 1E+999999999 would have as many digits.
    if isinstance(value, decimal.Decimal) and abs(value.adjusted()) <= _DIGITS:
        return format(value, "f")
    return str(value)


BIG_INT: ScalarDefinition = strawberry.scalar(
    name="BigInt",
    description="An integer of 64 bits, as a JSON number.",
    serialize=_shown_big_int,
    parse_value=_big_int,
)
DATE = replace(base_scalars.DateDefinition, serialize=iso_text)
DATE_TIME = replace(base_scalars.DateTimeDefinition, serialize=iso_text)
TIME = replace(base_scalars.TimeDefinition, serialize=iso_text)
DECIMAL = replace(base_scalars.DecimalDefinition, serialize=decimal_text)
UUID = base_scalars.UUIDDefinition

SCALARS: Mapping[object, ScalarDefinition] = {
    BigInt: BIG_INT,
    datetime.date: DATE,
    datetime.datetime: DATE_TIME,
    datetime.time: TIME,
    decimal.Decimal: DECIMAL,
    uuid.UUID: UUID,
}
"""What `bff.Schema` shows values of these types as, unless the host says otherwise."""
