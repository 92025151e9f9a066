"""What the layer knows of one entity type: its model, how to alias it, read its columns and convert its values.

`Entity` is made by the `entity` decorator and hangs on the Strawberry class; `entity_of` finds it there.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from sqlalchemy import BigInteger, ColumnElement, DateTime, Integer, SmallInteger, UnaryExpression, inspect
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import ColumnProperty, Mapper, RelationshipProperty, aliased, with_polymorphic
from sqlalchemy.sql import operators
from strawberry.types.base import StrawberryOptional, StrawberryType

from ..errors import BadUserInput, DeclarationError
from .policy import Policy

ATTRIBUTE = "__bff_entity__"

Key = tuple[Any, ...]
"""The values of an object's primary key columns."""


@dataclass(frozen=True)
class Ordering:
    """One column of an ORDER BY. PostgreSQL's rule for NULL is kept: it is larger than every value."""

    attribute: str
    descending: bool = False

    @classmethod
    def parse(cls, text: str) -> Ordering:
        """From "due_at" or "-due_at"."""
        return cls(text.removeprefix("-"), text.startswith("-"))


@dataclass(frozen=True, eq=False)
class Entity:
    """An entity type: a Strawberry class over a mapped class.

    `interface` tells that the type is a GraphQL interface whose objects are of the types of its subclasses.
    """

    python_class: type
    model: type
    name: str
    policy: Policy | None
    interface: bool = False

    def __repr__(self) -> str:
        return f"<Entity {self.name} of {self.model.__name__}>"

    @cached_property
    def mapper(self) -> Mapper[Any]:
        mapper: Mapper[Any] = inspect(self.model)
        return mapper

    @cached_property
    def key(self) -> tuple[str, ...]:
        """The attributes of the primary key, in its order."""
        return tuple(self.mapper.get_property_by_column(column).key for column in self.mapper.primary_key)

    @cached_property
    def discriminator(self) -> str | None:
        """The attribute that tells subclasses apart, where a row of this type may be of one."""
        if not self.interface:
            return None
        column = self.mapper.polymorphic_on
        assert column is not None
        return self.mapper.get_property_by_column(column).key

    def check(self) -> None:
        """Raises DeclarationError when the model cannot be what the declaration says."""
        if self.interface and self.mapper.polymorphic_on is None:
            raise DeclarationError(
                f"{self.name} is an interface, but {self.model.__name__} has no polymorphic_on column to tell "
                f"its subclasses apart; declare it without interface=True"
            )

    def alias(self) -> Any:
        """A fresh alias of the model; with the columns of all subclasses when the type is an interface."""
        if self.interface:
            return with_polymorphic(self.model, "*", aliased=True, flat=True)
        return aliased(self.model, flat=True)

    def attribute(self, alias: Any, name: str) -> Any:
        """The SQL expression of a mapped attribute on an alias of this type."""
        if hasattr(alias, name):
            return getattr(alias, name)
        for mapper in self.mapper.self_and_descendants:
            if name in mapper.all_orm_descriptors and mapper is not self.mapper:
                return getattr(getattr(alias, mapper.class_.__name__), name)
        raise DeclarationError(f"{self.model.__name__} maps no attribute '{name}'")

    def has_column(self, name: str) -> bool:
        """Whether `name` is a column, hybrid or column_property of the model or, for an interface, a subclass."""
        return any(_is_column(mapper, name) for mapper in self._mappers())

    def relationship(self, name: str) -> RelationshipProperty[Any] | None:
        """The relationship `name` of the model or, for an interface, of a subclass."""
        for mapper in self._mappers():
            if name in mapper.relationships:
                return mapper.relationships[name]
        return None

    def columns(self) -> list[str]:
        """The names of all mapped columns, for messages."""
        return sorted(name for name in dict(self.mapper.all_orm_descriptors) if _is_column(self.mapper, name))

    def expression(self, name: str) -> ColumnElement[Any]:
        """The SQL expression of an attribute on the model itself; its type is what matters."""
        for mapper in self._mappers():
            if _is_column(mapper, name):
                expression: ColumnElement[Any] = getattr(mapper.class_, name)
                return expression
        raise DeclarationError(f"{self.model.__name__} maps no column '{name}'; it maps {', '.join(self.columns())}")

    def orderings(self, names: tuple[str, ...]) -> tuple[Ordering, ...]:
        """Orderings by the attributes named ("-" before a descending one), closed by the primary key."""
        orderings = tuple(Ordering.parse(name) for name in names)
        for each in orderings:
            self.expression(each.attribute)
        return self.total_order(orderings)

    def total_order(self, orderings: tuple[Ordering, ...]) -> tuple[Ordering, ...]:
        """The same ordering made total: what is missing of the primary key follows, ascending."""
        named = {each.attribute for each in orderings}
        return orderings + tuple(Ordering(name) for name in self.key if name not in named)

    def default_order(self, relationship: RelationshipProperty[Any], where: str) -> tuple[Ordering, ...]:
        """The relationship's own `order_by` as orderings. Raises DeclarationError when it is not of columns."""
        orderings = []
        for clause in relationship.order_by or ():
            descending = isinstance(clause, UnaryExpression) and clause.modifier is operators.desc_op
            column = clause.element if isinstance(clause, UnaryExpression) else clause
            try:
                attribute = self.mapper.get_property_by_column(column).key
            except InvalidRequestError:  # SQLAlchemy's UnmappedColumnError and its like
                raise DeclarationError(
                    f"{where}: order_by of the relationship is not made of columns of {self.model.__name__} "
                    f"({clause}); declare bff.relation({relationship.key!r}, order=[...])"
                ) from None
            orderings.append(Ordering(attribute, descending))
        return self.total_order(tuple(orderings))

    def is_nullable(self, name: str) -> bool:
        """Whether the attribute may be NULL; computed ones may."""
        for mapper in self._mappers():
            prop = mapper.attrs.get(name)
            if isinstance(prop, ColumnProperty):
                return bool(getattr(prop.columns[0], "nullable", True))
        return True

    def convert(self, name: str, value: Any, *, what: str) -> Any:
        """An argument's value as the attribute's Python type; `what` names the argument in messages.

        GraphQL IDs are strings, columns are integers, UUIDs, enums. A date and time without an offset is one of UTC,
        and what a column without time zone holds is compared as UTC. Raises BadUserInput when the value cannot be
        one of the column: not a number, out of its range, text that PostgreSQL cannot hold.
        """
        type_ = self.expression(name).type
        try:
            python_type: type = type_.python_type
        except NotImplementedError:
            return value
        try:
            converted = _convert(value, python_type)
            if isinstance(converted, datetime.datetime) and isinstance(type_, DateTime):
                converted = _in_utc(converted, aware=type_.timezone)
            elif isinstance(converted, datetime.time) and converted.tzinfo and not getattr(type_, "timezone", True):
                raise ValueError("offset")
        except (ValueError, OverflowError, decimal.InvalidOperation):
            raise BadUserInput(f"{what} takes {_describe(python_type)}, not {_shown(value)}") from None
        bits = 16 if isinstance(type_, SmallInteger) else 64 if isinstance(type_, BigInteger) else 32
        if (
            isinstance(type_, Integer)
            and isinstance(converted, int)
            and not -(2 ** (bits - 1)) <= converted < 2 ** (bits - 1)
        ):
            raise BadUserInput(f"{what} takes an integer of {bits} bits, not {_shown(value)}")
        return converted

    def parse_key(self, values: tuple[Any, ...], *, what: str) -> Key:
        """A primary key from argument values in the order of `key`."""
        return tuple(self.convert(name, value, what=what) for name, value in zip(self.key, values, strict=True))

    def parse_global_id(self, text: str) -> Key:
        """A primary key from the part of a global id behind the type's name ("5" or "5,7")."""
        parts = text.split(",") if len(self.key) > 1 else [text]
        if len(parts) != len(self.key):
            raise BadUserInput(f"a global id of {self.name} has {len(self.key)} key values, not {len(parts)}")
        if len(parts) > 1:
            parts = [unquote(part) for part in parts]
        return self.parse_key(tuple(parts), what=f"the global id of {self.name}")

    def global_id(self, key: Key) -> str:
        """The global id of the object with this key: `Matter:5`, `MatterMember:5,7`."""
        parts = [str(getattr(part, "value", part)) for part in key]
        if len(parts) > 1:
            # Texts may have commas in them; without this two keys could have one id.
            parts = [part.replace("%", "%25").replace(",", "%2C") for part in parts]
        return f"{self.name}:{','.join(parts)}"

    def _mappers(self) -> list[Mapper[Any]]:
        return list(self.mapper.self_and_descendants) if self.interface else [self.mapper]


def _is_column(mapper: Mapper[Any], name: str) -> bool:
    descriptors = mapper.all_orm_descriptors
    if name not in descriptors or name in mapper.relationships:
        return False
    if name in mapper.attrs:
        return isinstance(mapper.attrs[name], ColumnProperty) or name in mapper.synonyms
    return descriptors[name].extension_type.name == "HYBRID_PROPERTY"


def _convert(value: Any, python_type: type) -> Any:
    if isinstance(value, str):
        if "\x00" in value:
            raise ValueError("NUL")
        value.encode()  # a lone surrogate is a UnicodeEncodeError, which is a ValueError
    if isinstance(value, enum.Enum) and not issubclass(python_type, enum.Enum):
        value = value.value
    if issubclass(python_type, decimal.Decimal) and not _is_numeric(value := decimal.Decimal(value)):
        raise ValueError("decimal")
    if isinstance(value, python_type) and not (python_type is int and isinstance(value, bool)):
        return value
    if issubclass(python_type, bool):
        raise ValueError("bool")
    if issubclass(python_type, datetime.datetime):
        return datetime.datetime.fromisoformat(value)
    if issubclass(python_type, (datetime.date, datetime.time)):
        return python_type.fromisoformat(value)
    if issubclass(python_type, int):
        # int() takes "1_0", " 1 " and other alphabets' digits; an id is plain digits.
        if (
            not (text := str(value)).removeprefix("-").isascii()
            or not text.removeprefix("-").isdigit()
            or len(text) > 20
        ):
            raise ValueError("int")
        return int(text)
    if issubclass(python_type, (uuid.UUID, float, decimal.Decimal, enum.Enum, str)):
        return python_type(value)
    return value


def _is_numeric(value: decimal.Decimal) -> bool:
    """Whether PostgreSQL's numeric has room for it: 131072 digits before the decimal point, 16383 after."""
    exponent = value.as_tuple().exponent
    return isinstance(exponent, int) and exponent >= -16383 and value.adjusted() < 131072


def _in_utc(value: datetime.datetime, *, aware: bool) -> datetime.datetime:
    if value.tzinfo is None:
        return value.replace(tzinfo=datetime.UTC) if aware else value
    return value if aware else value.astimezone(datetime.UTC).replace(tzinfo=None)


def _describe(python_type: type) -> str:
    if issubclass(python_type, enum.Enum):
        return "one of " + ", ".join(str(member.value) for member in python_type)
    names = {
        int: "an integer", str: "text without NUL or lone surrogates", uuid.UUID: "a UUID", float: "a number",
        decimal.Decimal: "a decimal number", datetime.datetime: "an ISO 8601 date and time",
        datetime.date: "an ISO 8601 date", datetime.time: "an ISO 8601 time without an offset", bool: "a boolean",
    }  # fmt: skip
    return names.get(python_type, python_type.__name__)


def _shown(value: Any) -> str:
    return repr(str(value)[:50])


def entity_of(type_: Any) -> Entity | None:
    """The entity behind a Strawberry class, or None for other types."""
    found = getattr(type_, "__dict__", {}).get(ATTRIBUTE)
    return found if isinstance(found, Entity) else None


def unwrap(type_: Any) -> Any:
    """The named type inside Optional and list."""
    while isinstance(type_, StrawberryType) and hasattr(type_, "of_type"):
        type_ = type_.of_type
    return type_


def is_list(type_: Any) -> bool:
    """Whether a resolved Strawberry type is a list, optional or not."""
    if isinstance(type_, StrawberryOptional):
        type_ = type_.of_type
    return type(type_).__name__ == "StrawberryList"
