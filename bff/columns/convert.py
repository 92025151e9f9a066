"""Values on their way between a request and a column.

GraphQL's values are strings, numbers and what scalars make of them; columns are integers, UUIDs, enums, types of the
host's own. `convert` gives a column's Python value or refuses, so that nothing reaches PostgreSQL which it would
answer with an error: an error there ends the operation's snapshot.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import math
import uuid
from typing import Any

from sqlalchemy import (
    ARRAY,
    JSON,
    BigInteger,
    Boolean,
    Date,
    DateTime,
    Enum,
    Float,
    Integer,
    Numeric,
    SmallInteger,
    String,
    Text,
    Time,
    TypeDecorator,
    Uuid,
)
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql.psycopg2 import PGDialect_psycopg2
from sqlalchemy.types import CHAR, TypeEngine, UserDefinedType

from ..errors import BadUserInput

DIALECT = PGDialect_psycopg2()  # type: ignore[no-untyped-call]

_NUMERIC_DIGITS = 1000
"""Digits before or behind the point of a decimal number; PostgreSQL's own limits lie at 131072 and 16383."""


class _BPCHAR(UserDefinedType[str]):
    """CHAR of any length. `CAST(x AS CHAR)` would be CHAR(1)."""

    cache_ok = True

    def get_col_spec(self, **kw: Any) -> str:
        return "BPCHAR"


def is_convertible(type_: TypeEngine[Any]) -> bool:
    """Whether `convert` knows which values a column of this type takes."""
    type_ = _underlying(type_)
    return isinstance(type_, (Boolean, Date, DateTime, Float, Integer, Numeric, String, Time, Uuid))


def is_text(type_: TypeEngine[Any]) -> bool:
    """Whether what PostgreSQL keeps in a column of this type is the text that the application sees."""
    if isinstance(type_, TypeDecorator) and type(type_).process_bind_param is not TypeDecorator.process_bind_param:
        return False
    type_ = _underlying(type_)
    return isinstance(type_, String) and not isinstance(type_, Enum)


def padding(type_: TypeEngine[Any]) -> int | None:
    """To how many characters values of CHAR(n) have blanks at their end, which PostgreSQL strips wherever it makes text of
    them; None for other types."""
    type_ = _underlying(type_)
    return type_.length or 1 if isinstance(type_, CHAR) else None


def is_ordered(type_: TypeEngine[Any]) -> bool:
    """Whether PostgreSQL can put values of this type in an order that anyone could mean."""
    return not isinstance(_underlying(type_), (JSON, postgresql.HSTORE))


def is_hashable(type_: TypeEngine[Any]) -> bool:
    """Whether values of this type can be keys: lists and mappings cannot."""
    return not isinstance(_underlying(type_), (ARRAY, JSON, postgresql.HSTORE))


def is_number(type_: TypeEngine[Any]) -> bool:
    """Whether values of this type have a sum."""
    return isinstance(_underlying(type_), (Float, Integer, Numeric))


def unbounded(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type without length and precision: casting to it loses nothing, where VARCHAR(3) makes 'abc' of 'abcd'."""
    match type_:
        case TypeDecorator():
            decorator: TypeDecorator[Any] = type_.copy()
            decorator.impl = unbounded(type_.impl_instance)
            return decorator
        case postgresql.DOMAIN():
            return unbounded(type_.data_type)
        case CHAR():
            return _BPCHAR()
        case Enum() | postgresql.CITEXT() | Float():
            return type_
        case String():
            return Text()
        case Numeric():
            return Numeric() if type_.asdecimal else Numeric(asdecimal=False)
        case DateTime():
            return DateTime(timezone=type_.timezone)
        case Time():
            return Time(timezone=type_.timezone)
    return type_


def column_type(type_: TypeEngine[Any], *, but_for: tuple[str, ...]) -> TypeEngine[Any] | None:
    """SQLAlchemy's own type of a column in PostgreSQL, beneath the host's decorators, domains and variants.

    None where a decorator has methods of its own among `but_for`, and for types that are the host's.
    """
    while True:
        type_ = type_._variant_mapping.get(DIALECT.name, type_)
        if isinstance(type_, postgresql.DOMAIN):
            type_ = type_.data_type
        elif isinstance(type_, TypeDecorator):
            own = type(type_)
            if any(getattr(own, name) is not getattr(TypeDecorator, name) for name in but_for):
                return None
            type_ = type_.impl_instance
        else:
            return type_ if type(type_).__module__.startswith("sqlalchemy.") else None


def _underlying(type_: TypeEngine[Any]) -> TypeEngine[Any]:
    """The type of the column beneath the host's decorators and domains."""
    while isinstance(type_, (TypeDecorator, postgresql.DOMAIN)):
        type_ = type_.impl_instance if isinstance(type_, TypeDecorator) else type_.data_type
    return type_


def convert(type_: TypeEngine[Any], value: Any, *, what: str) -> Any:
    """An argument's value as a value of a column of this type; `what` names the argument in messages.

    Raises BadUserInput when it cannot be one: not a number, out of range, text that PostgreSQL cannot hold.
    """
    try:
        return _converted(type_, value)
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
        shown = repr(str(value)[:50])
        raise BadUserInput(f"{what} takes {_description(type_)}, not {shown}") from None


def zero(type_: TypeEngine[Any]) -> Any:
    """What the sum of no values of a column of this type is."""
    if isinstance(type_, TypeDecorator):
        return type_.process_result_value(zero(type_.impl_instance), DIALECT)
    if isinstance(type_, (Float, Numeric)):
        return decimal.Decimal(0) if type_.asdecimal else 0.0
    return 0


def as_text(value: Any) -> str:
    """A key's value as text that `convert` reads back."""
    if isinstance(value, enum.Enum):
        return str(value.value)
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (datetime.date, datetime.time)):
        return value.isoformat()
    return str(value)


def _converted(type_: TypeEngine[Any], value: Any) -> Any:
    match type_:
        case TypeDecorator():
            return _decorated(type_, value)
        case postgresql.DOMAIN():
            return _converted(type_.data_type, value)
        case Enum():
            return _member(type_, value)
        case CHAR(length=int(length)):
            # As it is read. Equality takes no notice of the blanks, but keys are found again in Python.
            return _text(value).ljust(length)
        case String():
            return _text(value)
        case Boolean():
            return value if isinstance(value, bool) else {"true": True, "false": False}[value]
        case Integer():
            return _integer(value, 16 if isinstance(type_, SmallInteger) else 64 if _is_big(type_) else 32)
        case Numeric(asdecimal=True) | Float(asdecimal=True):
            return _decimal(value)
        case Numeric() | Float():
            return _float(value)
        case Uuid():
            found = value if isinstance(value, uuid.UUID) else uuid.UUID(value)
            return found if type_.as_uuid else str(found)
        case DateTime():
            return _datetime(value, is_aware=type_.timezone)
        case Date():
            return value if type(value) is datetime.date else datetime.date.fromisoformat(value)
        case Time():
            return _time(value, is_aware=type_.timezone)
    return value


def _decorated(type_: TypeDecorator[Any], value: Any) -> Any:
    """Through the host's own code and back, so that it is what a row holds; the column beneath must take it too."""
    bind, result = type(type_).process_bind_param, type(type_).process_result_value
    if bind is TypeDecorator.process_bind_param:
        bound = value
    else:
        try:
            bound = type_.process_bind_param(value, DIALECT)
        except Exception as error:
            # Whatever the host's code raises: it does not take the value.
            raise ValueError(str(error)) from error
    bound = _converted(type_.impl_instance, bound)
    return bound if result is TypeDecorator.process_result_value else type_.process_result_value(bound, DIALECT)


def _member(type_: Enum, value: Any) -> Any:
    if type_.enum_class is None:
        text = str(getattr(value, "value", value))
        return type_.enums[type_.enums.index(text)]
    if isinstance(value, type_.enum_class):
        return value
    return {str(member.value): member for member in type_.enum_class}[str(getattr(value, "value", value))]


def _text(value: Any) -> str:
    text = str(getattr(value, "value", value))
    if "\x00" in text:
        raise ValueError("NUL")
    text.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
    return text


def _is_big(type_: Integer) -> bool:
    return isinstance(type_, BigInteger)


def _integer(value: Any, bits: int) -> int:
    if isinstance(value, enum.Enum):
        value = value.value
    # int() takes "1_0", " 1 " and other alphabets' digits; an id is plain digits.
    text = str(value)
    digits = text.removeprefix("-")
    if not digits.isascii() or not digits.isdigit() or len(digits) > 20:
        raise ValueError("int")
    number = int(text)
    if not -(2 ** (bits - 1)) <= number < 2 ** (bits - 1):
        raise ValueError("range")
    return number


def _decimal(value: Any) -> decimal.Decimal:
    number = value if isinstance(value, decimal.Decimal) else decimal.Decimal(str(value))
    if not number.is_finite() or abs(number.adjusted()) > _NUMERIC_DIGITS or len(str(number)) > _NUMERIC_DIGITS:
        raise ValueError("range")
    return number


def _float(value: Any) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError("range")
    return number


def _datetime(value: Any, *, is_aware: bool) -> datetime.datetime:
    """Between columns with and without time zone, UTC is meant: the session's time zone."""
    if isinstance(value, datetime.datetime):
        moment = value
    elif isinstance(value, datetime.date):
        moment = datetime.datetime.combine(value, datetime.time())
    else:
        moment = datetime.datetime.fromisoformat(value)
    # PostgreSQL knows no offsets beyond 15:59, so it gets none.
    moment = moment.replace(tzinfo=datetime.UTC) if moment.tzinfo is None else moment.astimezone(datetime.UTC)
    return moment if is_aware else moment.replace(tzinfo=None)


def _time(value: Any, *, is_aware: bool) -> datetime.time:
    time = value if isinstance(value, datetime.time) else datetime.time.fromisoformat(value)
    if is_aware:
        if abs(time.utcoffset() or datetime.timedelta()) >= datetime.timedelta(hours=16):
            raise ValueError("an offset that PostgreSQL does not know")
        return time.replace(tzinfo=datetime.UTC) if time.tzinfo is None else time
    if time.tzinfo is not None:
        raise ValueError("a time zone where there is none")
    return time


def _description(type_: TypeEngine[Any]) -> str:
    match type_:
        case Enum():
            members = type_.enums if type_.enum_class is None else [str(member.value) for member in type_.enum_class]
            return "one of " + ", ".join(members)
        case String():
            return "text without NUL or lone surrogates"
        case Integer():
            return f"an integer of {16 if isinstance(type_, SmallInteger) else 64 if _is_big(type_) else 32} bits"
        case Numeric(asdecimal=True) | Float(asdecimal=True):
            return f"a decimal number of up to {_NUMERIC_DIGITS} digits"
        case Numeric() | Float():
            return "a finite number"
        case Uuid():
            return "a UUID"
        case DateTime():
            return "an ISO 8601 date and time"
        case Date():
            return "an ISO 8601 date"
        case Time():
            return f"an ISO 8601 time {'with' if type_.timezone else 'without'} time zone"
        case Boolean():
            return "true or false"
    return f"a value of {type(type_).__name__}"
