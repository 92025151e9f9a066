"""How PostgreSQL itself writes a column's value as the JSON of a GraphQL leaf type.

`printer` gives, for a pair of SQL type and leaf type, what writes the very value that the driver, SQLAlchemy's type and
the leaf's serializer would make of it; None where that takes Python: types and scalars of the host's own, JSON,
arrays. A value that the leaf type refuses (an Int of 33 bits, NaN, a text that is no member of the enum) is irregular: the text
`IRREGULAR` stands in its place, and whoever reads the answer has it answered in Python.
"""

from __future__ import annotations

import enum
from collections.abc import Callable, Mapping
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
    TypeDecorator,
    Uuid,
    and_,
    case,
    cast,
    func,
    literal_column,
    not_,
    or_,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.types import CHAR

from .leaves import serializer
from .types.entity import DEFINITION
from .types.scalars import BIG_INT, DATE, DATE_TIME, DECIMAL, TIME, UUID
from .types.values import DIALECT

IRREGULAR = '{"bff irregular":0}'
"""No string of an answer holds this text, as its quotes would be escaped, and no name of GraphQL has a blank."""


def irregular() -> ColumnElement[Any]:
    """The JSON value that stands for one which PostgreSQL cannot give."""
    return literal_column(f"'{IRREGULAR}'::json", postgresql.JSON())


@dataclass(frozen=True)
class Printer:
    """`value` makes of a column's expression the one whose JSON is wanted; `refuses` is the condition of irregular ones."""

    value: Callable[[Any], Any]
    refuses: Callable[[Any], Any] | None = None

    def __call__(self, expression: Any, *, forbid_null: bool) -> ColumnElement[Any]:
        """The expression of the JSON, or of a value that row_to_json() writes so."""
        value = self.value(expression)
        refused = [] if self.refuses is None else [self.refuses(expression)]
        if forbid_null:
            refused.append(expression.is_(None))
        if not refused:
            return value  # type: ignore[no-any-return]
        return case((or_(*refused), irregular()), else_=func.to_json(value))


def printer(type_: Any, leaf: GraphQLLeafType, *, is_computed: bool) -> Printer | None:
    """The printer of values of an SQL type as a leaf type. `is_computed` values may be larger than their type says."""
    type_ = _column_type(type_)
    if type_ is None:
        return None
    scalar = leaf.extensions.get(DEFINITION)
    match type_:
        case Enum():
            return _labels(type_, leaf)
        case CHAR():
            return None
        case String() if leaf is GraphQLString or leaf is GraphQLID:
            return Printer(_text if is_computed else _same)
        case String() if isinstance(leaf, GraphQLEnumType):
            return _members(leaf)
        case Boolean() if leaf is GraphQLBoolean:
            return Printer(_same)
        case Integer():
            return _integer(type_, leaf, is_computed=is_computed)
        case Float():
            return Printer(_same, _is_infinite) if leaf is GraphQLFloat and not type_.asdecimal else None
        case Numeric() if leaf is GraphQLFloat:
            return Printer(lambda x: cast(x, Double()), _is_no_double)
        case Numeric(asdecimal=True) if scalar is DECIMAL:
            return Printer(_text)
        case DateTime() if scalar is DATE_TIME:
            return Printer(_same, _beyond("0001-01-01", "9999-12-31 23:59:59.999999", "timestamp", type_.timezone))
        case Date() if scalar is DATE:
            return Printer(_same, _beyond("0001-01-01", "9999-12-31", "date"))
        case Time(timezone=False) if scalar is TIME:
            return Printer(_text, lambda x: x == literal_column("'24:00'::time"))
        case Uuid(native_uuid=True) if scalar is UUID or (not type_.as_uuid and leaf in (GraphQLString, GraphQLID)):
            return Printer(_text)
    return None


def text_of_key(type_: Any) -> Callable[[Any], Any] | None:
    """What writes a key's value as in a global id; None where that takes Python."""
    match _column_type(type_):
        case Enum() | CHAR():
            return None
        case Integer() | String() | Uuid(native_uuid=True):
            return _text
    return None


def _column_type(type_: Any) -> Any:
    """SQLAlchemy's own type of the column; None for what has code of the host's own between column and value."""
    while isinstance(type_, (TypeDecorator, postgresql.DOMAIN)):
        if isinstance(type_, postgresql.DOMAIN):
            type_ = type_.data_type
            continue
        own = type(type_)
        if any(getattr(own, name) is not getattr(TypeDecorator, name) for name in _READING):
            return None
        type_ = type_.impl_instance
    return type_ if type(type_).__module__.startswith("sqlalchemy.") else None


_READING = ("process_result_value", "result_processor", "load_dialect_impl", "column_expression")
"""What a host's type may have to say about values on their way out."""


def _same(expression: Any) -> Any:
    return expression


def _text(expression: Any) -> Any:
    return cast(expression, Text())


def _integer(type_: Integer, leaf: GraphQLLeafType, *, is_computed: bool) -> Printer | None:
    # What is said to be an integer and is computed may be a numeric: a sum of bigints is.
    whole = (lambda x: cast(x, BigInteger())) if is_computed else _same
    broken: Callable[[Any], Any] | None = (lambda x: x != cast(x, BigInteger())) if is_computed else None
    if leaf is GraphQLInt:
        if not is_computed and not isinstance(type_, BigInteger):
            return Printer(_same)
        return Printer(
            whole,
            _any(broken, lambda x: not_(x.between(literal_column(str(-(2**31))), literal_column(str(2**31 - 1))))),
        )
    if leaf.extensions.get(DEFINITION) is BIG_INT:
        return Printer(whole, broken)
    if leaf is GraphQLID or leaf is GraphQLString:
        return Printer(lambda x: cast(whole(x), Text()), broken)
    if leaf is GraphQLFloat and not isinstance(type_, BigInteger) and not is_computed:
        return Printer(lambda x: cast(x, Double()))
    return None


def _any(*conditions: Callable[[Any], Any] | None) -> Callable[[Any], Any]:
    return lambda x: or_(*(each(x) for each in conditions if each is not None))


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
    read = type_.dialect_impl(DIALECT).result_processor(DIALECT, None) or _same
    return _table(leaf, {label: read(label) for label in type_.enums})


def _members(leaf: GraphQLEnumType) -> Printer | None:
    """A text column whose texts are the values of an enum's members."""
    values = [each.value for each in leaf.values.values()]
    texts = [each.value if isinstance(each, enum.Enum) else each for each in values]
    return _table(leaf, {text: text for text in texts if isinstance(text, str)})


def _table(leaf: GraphQLLeafType, values: Mapping[str, Any]) -> Printer | None:
    """A printer that looks a column's text up among `values`; all others are irregular."""
    serialize = serializer(leaf)
    written: dict[str, str] = {}
    for text, value in values.items():
        try:
            name = serialize(value)
        except Exception:  # noqa: BLE001 (whatever a scalar raises is the error of a field that has this value)
            continue
        if isinstance(name, str):
            written[text] = name
    if not written:
        return None
    texts = tuple(_quoted(text) for text in written)

    is_same = all(text == name for text, name in written.items())

    def write(expression: Any) -> Any:
        found = _text(expression)
        return found if is_same else case(*((found == _quoted(each), _quoted(name)) for each, name in written.items()))

    return Printer(write, lambda x: _text(x).not_in(texts))


def _quoted(text: str) -> Any:
    return literal_column("'" + text.replace("'", "''") + "'", Text())
