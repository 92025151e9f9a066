"""Values as PostgreSQL's text of them (`column::text`), where two are equal just when their texts are.

So it is for integers, UUIDs, booleans, enums, dates, and text under a deterministic collation. Not for numbers with trailing
zeros, CHAR(n), citext, moments, and types of the host's own.
"""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import (
    TEXT,
    VARCHAR,
    Boolean,
    Date,
    Enum,
    Integer,
    String,
    Text,
    TypeDecorator,
    Unicode,
    UnicodeText,
    Uuid,
)
from sqlalchemy.types import TypeEngine

from .convert import DIALECT, column_type

AsText = Callable[[Any], str | None]
"""The text of a value that is not NULL; None when it cannot be told."""


def as_text_of(type_: TypeEngine[Any]) -> AsText | None:
    """How values of columns of this type become text; None where equality is not that of texts."""
    base = column_type(type_, but_for=())
    if base is None or (read := _reader(base)) is None:
        return None
    bound = _bound(type_, base)
    return read if bound is None else lambda value: read(bound(value))


def is_exact(type_: TypeEngine[Any]) -> bool:
    """Whether a column's texts are also what its values are given as (`convert`, `as_text`): no type of the host's own in between,
    and no enum, whose members have names of their own."""
    base = column_type(type_, but_for=_CONVERTING)
    return _kind(base) is not None and not isinstance(base, Enum)


_CONVERTING = (
    *("process_bind_param", "process_result_value", "bind_processor", "result_processor"),
    *("load_dialect_impl", "bind_expression", "column_expression"),
)
"""What a host's type may do to values on either way."""


def are_alike(one: TypeEngine[Any], other: TypeEngine[Any]) -> bool:
    """Whether values of the two types are equal just when their texts are."""
    kinds = [_kind(column_type(each, but_for=())) for each in (one, other)]
    return kinds[0] is not None and kinds[0] is kinds[1]


def _bound(type_: TypeEngine[Any], base: TypeEngine[Any]) -> Callable[[Any], Any] | None:
    """What a type does to values on their way to the driver, where that is more than to write them."""
    if isinstance(type_, TypeDecorator) or isinstance(base, Enum):
        process: Callable[[Any], Any] | None = type_.dialect_impl(DIALECT).bind_processor(DIALECT)
        return process
    return None


def _kind(base: TypeEngine[Any] | None) -> type | None:
    if isinstance(base, Integer):
        return int
    if isinstance(base, Boolean):
        return bool
    if isinstance(base, Uuid) and base.native_uuid:
        return uuid.UUID
    if isinstance(base, Date):
        return datetime.date
    if isinstance(base, Enum):
        return str
    if type(base) in _TEXTS and getattr(base, "collation", None) in _DETERMINISTIC:
        return str
    return None


_TEXTS: frozenset[type] = frozenset((String, Text, VARCHAR, TEXT, Unicode, UnicodeText))
_DETERMINISTIC = frozenset((None, "C", "POSIX"))


def _reader(base: TypeEngine[Any]) -> AsText | None:
    kind = _kind(base)
    if kind is int:
        return lambda value: str(value) if type(value) is int else None
    if kind is bool:
        return lambda value: ("true" if value else "false") if type(value) is bool else None
    if kind is uuid.UUID:
        return _uuid
    if kind is datetime.date:
        return lambda value: value.isoformat() if type(value) is datetime.date else None
    if kind is str:
        return lambda value: value if type(value) is str else None
    return None


def _uuid(value: Any) -> str | None:
    try:
        return str(value if isinstance(value, uuid.UUID) else uuid.UUID(value))
    except (ValueError, AttributeError, TypeError):
        return None
