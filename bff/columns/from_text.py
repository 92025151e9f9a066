"""Reading back in Python what PostgreSQL prints: a column's text as the very value that a row would have.

`parser` does what driver and SQLAlchemy's type do together, the host's own type decorators included; None for types whose
text it does not know.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

from sqlalchemy import Boolean, Date, DateTime, Enum, Float, Integer, Numeric, String, Time, Uuid
from sqlalchemy.types import CHAR

from .convert import DIALECT, column_type

Parser = Callable[[str], Any]
"""A function from PostgreSQL's text of a value, never of NULL, to the value. Raises ValueError and its like."""

_READING = ("result_processor", "load_dialect_impl", "column_expression")
"""What a host's type may have to say about how a column is read, other than about its values."""

_FLOAT, _NUMERIC = 701, 1700
"""What Numeric and Float do depends on which of PostgreSQL's types came: double precision or numeric."""


def parser(type_: Any) -> Parser | None:
    """The parser of a column's values; None where there is none."""
    beneath = column_type(type_, but_for=_READING)
    driver = None if beneath is None else _driver(beneath)
    if driver is None:
        return None
    code = _FLOAT if isinstance(beneath, Float) else _NUMERIC if isinstance(beneath, Numeric) else None
    process = type_.dialect_impl(DIALECT).result_processor(DIALECT, code)
    return driver if process is None else lambda text: process(driver(text))


def _driver(type_: Any) -> Parser | None:
    """What psycopg2 makes of the text."""
    match type_:
        case CHAR():
            # A cast to text strips the blanks that a row has.
            return None
        case Enum() | String():
            return str
        case Uuid(native_uuid=True):
            return uuid.UUID
        case Boolean():
            return "true".__eq__
        case Integer():
            return int
        case Float(asdecimal=False):
            return float
        case Float():
            return None
        case Numeric():
            return Decimal
        case DateTime():
            return datetime.datetime.fromisoformat
        case Date():
            return datetime.date.fromisoformat
        case Time(timezone=False):
            return _time
    return None


def _time(text: str) -> datetime.time:
    if text.startswith("24"):
        raise ValueError("24:00 is no time of a day")
    return datetime.time.fromisoformat(text)
