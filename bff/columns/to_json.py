"""How PostgreSQL itself writes a column's value as the JSON of a GraphQL leaf type.

`printer` gives, for a pair of SQL type and leaf type, what writes the very value that the driver, SQLAlchemy's type and
the leaf's serializer would make of it; None where that takes Python: types and scalars of the host's own, JSON,
arrays. A value that the leaf type refuses (an Int of 33 bits, NaN, a text that is no member of the enum) is irregular: the text
`IRREGULAR` stands in its place, and whoever reads the answer has it answered in Python.

JSON is put together as text: objects of row_to_json() over a subquery took PostgreSQL twice as long for the same page. What
a column's type is said to be and what it is may differ: whatever is not escaped by to_json() is cast to what it should be, which
costs nothing where it is that already.
"""

from __future__ import annotations

import enum
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLBoolean,
    GraphQLEnumType,
    GraphQLFloat,
    GraphQLID,
    GraphQLInt,
    GraphQLLeafType,
    GraphQLString,
)
from sqlalchemy import (
    BigInteger,
    Boolean,
    ColumnElement,
    Date,
    DateTime,
    Double,
    Enum,
    Float,
    Integer,
    Numeric,
    String,
    Text,
    Time,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal_column,
    not_,
    or_,
)
from sqlalchemy.sql.elements import ClauseList, Grouping
from sqlalchemy.sql.operators import concat_op
from sqlalchemy.types import CHAR

from .convert import DIALECT, column_type
from .scalars import BIG_INT, DATE, DATE_TIME, DECIMAL, DEFINITION, TIME, UUID
from .serialize import serializer

_READING = ("process_result_value", "result_processor", "load_dialect_impl", "column_expression")
"""What a host's type may have to say about values on their way out."""

IRREGULAR = "\x01"
"""JSON has no such character: in a string it is escaped."""

Piece = str | ColumnElement[Any]
"""A part of a text: literally, or an expression of text that is never NULL."""


def joined(pieces: Iterable[Piece]) -> ColumnElement[Any]:
    """The text of the pieces, one after the other."""
    parts: list[Any] = []
    literal = ""
    for piece in pieces:
        if isinstance(piece, str):
            literal += piece
            continue
        if literal:
            parts.append(text(literal))
            literal = ""
        parts.append(piece)
    if literal:
        parts.append(text(literal))
    # At once: `a + b + c` makes a list anew for each sign.
    return parts[0] if len(parts) == 1 else Grouping(ClauseList(*parts, operator=concat_op))


def text(literal: str) -> ColumnElement[Any]:
    """A text as it is."""
    quoted = literal.replace("'", "''")
    if not quoted.isprintable() or "\\" in quoted:
        escaped = quoted.replace("\\", r"\\")
        quoted = "".join(each if each >= " " else f"\\{ord(each):03o}" for each in escaped)
        return literal_column(f"E'{quoted}'", Text())
    return literal_column(f"'{quoted}'", Text())


def null_or(forbidden: bool) -> str:
    """What is written for NULL."""
    return IRREGULAR if forbidden else "null"


@dataclass(frozen=True)
class Printer:
    """`write` makes of an expression the text of its JSON, but for quotes where it is `quoted`; `refuses` tells irregular ones."""

    write: Callable[[Any], Any]
    refuses: Callable[[Any], Any] | None = None
    quoted: bool = False

    def __call__(self, expression: Any, *, nullable: bool, forbid_null: bool) -> list[Piece]:
        """The JSON of an expression's value. `nullable` tells whether it may be NULL, `forbid_null` that it must not."""
        written: list[Piece] = [self.write(expression)]
        if self.quoted:
            written = ['"', *written, '"']
        exceptions: list[Any] = []
        if nullable:
            exceptions.append((expression.is_(None), text(null_or(forbid_null))))
        if self.refuses is not None:
            exceptions.append((self.refuses(expression), text(IRREGULAR)))
        return [case(*exceptions, else_=joined(written))] if exceptions else written


def printer(type_: Any, leaf: GraphQLLeafType, *, is_computed: bool) -> Printer | None:
    """The printer of values of an SQL type as a leaf type. `is_computed` values may be larger than their type says."""
    type_ = column_type(type_, but_for=_READING)
    if type_ is None:
        return None
    scalar = leaf.extensions.get(DEFINITION)
    match type_:
        case Enum():
            return _labels(type_, leaf)
        case CHAR():
            return None
        case String() if leaf is GraphQLString or leaf is GraphQLID:
            return Printer(_json_text)
        case String() if isinstance(leaf, GraphQLEnumType):
            return _members(leaf)
        case Boolean() if leaf is GraphQLBoolean:
            return Printer(lambda x: _text(cast(x, Boolean())))
        case Integer():
            return _integer(type_, leaf, is_computed=is_computed)
        case Float():
            return Printer(_json, _is_infinite) if leaf is GraphQLFloat and not type_.asdecimal else None
        case Numeric() if leaf is GraphQLFloat:
            return Printer(lambda x: _json(cast(x, Double())), _is_no_double)
        case Numeric(asdecimal=True) if scalar is DECIMAL:
            return Printer(_json_text)
        case DateTime() if scalar is DATE_TIME:
            return Printer(_json, _beyond("0001-01-01", "9999-12-31 23:59:59.999999", "timestamp", type_.timezone))
        case Date() if scalar is DATE:
            return Printer(_json, _beyond("0001-01-01", "9999-12-31", "date"))
        case Time(timezone=False) if scalar is TIME:
            return Printer(_json_text, lambda x: x == literal_column("'24:00'::time"))
        case Uuid(native_uuid=True) if scalar is UUID or (not type_.as_uuid and leaf in (GraphQLString, GraphQLID)):
            return Printer(_json_text)
    return None


def has_text(type_: Any) -> bool:
    """Whether PostgreSQL's text of a key is what stands in a global id."""
    type_ = column_type(type_, but_for=_READING)
    is_blank_padded_or_labelled = isinstance(type_, (Enum, CHAR))
    return isinstance(type_, (Integer, String, Uuid)) and not is_blank_padded_or_labelled and _is_native(type_)


def _is_native(type_: Any) -> bool:
    return not isinstance(type_, Uuid) or type_.native_uuid


def _text(expression: Any) -> Any:
    return cast(expression, Text())


def _json(expression: Any) -> Any:
    return cast(func.to_json(expression), Text())


def _json_text(expression: Any) -> Any:
    return _json(_text(expression))


def _integer(type_: Integer, leaf: GraphQLLeafType, *, is_computed: bool) -> Printer | None:
    def whole(x: Any) -> Any:
        return _text(cast(x, BigInteger()))

    def broken(x: Any) -> Any:
        # What is said to be an integer and is computed may be a numeric: a sum of bigints is. Compared as one, which takes
        # every value, where a cast to bigint would be an error of the statement.
        number = cast(x, Numeric())
        fits = number.between(literal_column(str(-(2**63))), literal_column(str(2**63 - 1)))
        return or_(not_(fits), number != func.trunc(number))

    def large(x: Any) -> Any:
        return not_(x.between(literal_column(str(-(2**31))), literal_column(str(2**31 - 1))))

    if leaf is GraphQLInt:
        if is_computed:
            return Printer(whole, lambda x: or_(broken(x), large(x)))
        return Printer(whole, large if isinstance(type_, BigInteger) else None)
    if leaf.extensions.get(DEFINITION) is BIG_INT:
        return Printer(whole, broken if is_computed else None)
    if leaf is GraphQLID or leaf is GraphQLString:
        # A numeric's text is Python's, with the zeros behind the point.
        return Printer(_json_text, broken) if is_computed else Printer(whole, quoted=True)
    if leaf is GraphQLFloat and not isinstance(type_, BigInteger) and not is_computed:
        return Printer(whole)
    return None


def _is_infinite(expression: Any) -> Any:
    # NaN is larger than every other value.
    infinity: Any = literal_column("'infinity'::float8")
    return not_(and_(expression < infinity, expression > -infinity))


def _is_no_double(expression: Any) -> Any:
    """Numerics that double precision has no room for, above and below; NaN is larger than every other value."""
    largest: Any = literal_column("1e308")
    smallest: Any = literal_column("1e-300")
    return or_(expression > largest, expression < -largest, and_(expression != 0, func.abs(expression) < smallest))


def _beyond(first: str, last: str, type_name: str, timezone: bool = False) -> Callable[[Any], Any]:
    """Outside of what Python's type holds, infinity too."""
    suffix, type_name = ("+00", "timestamptz") if timezone else ("", type_name)
    bounds: list[Any] = [
        literal_column(f"'{text}{suffix if ' ' in text or timezone else ''}'::{type_name}") for text in (first, last)
    ]
    return lambda x: not_(x.between(*bounds))


def _labels(type_: Enum, leaf: GraphQLLeafType) -> Printer | None:
    """A column of SQLAlchemy's Enum: what each label becomes is known."""
    read = type_.dialect_impl(DIALECT).result_processor(DIALECT, None)
    return _table(leaf, {label: label if read is None else read(label) for label in type_.enums})


def _members(leaf: GraphQLEnumType) -> Printer | None:
    """A text column whose texts are the values of an enum's members."""
    values = [each.value for each in leaf.values.values()]
    texts = [each.value if isinstance(each, enum.Enum) else each for each in values]
    return _table(leaf, {text: text for text in texts if isinstance(text, str)})


def _table(leaf: GraphQLLeafType, values: Mapping[str, Any]) -> Printer | None:
    """A printer that looks a column's text up among `values`; all others are irregular."""
    serialize = serializer(leaf)
    written: dict[Any, Any] = {}
    for found, value in values.items():
        try:
            name = serialize(value)
        except Exception:  # noqa: BLE001 (whatever a scalar raises is the error of a field that has this value)
            continue
        if isinstance(name, str):
            written[text(found)] = text(json.dumps(name, ensure_ascii=False))
    if not written:
        return None
    return Printer(
        lambda x: case(*((_text(x) == found, name) for found, name in written.items()), else_=text(IRREGULAR))
    )
