"""`Path`: from a row over to-one relationships to a column, as events name it: "task.matter_id"."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Any

import strawberry
from sqlalchemy import BigInteger, Boolean, Column, Integer, Uuid, inspect
from sqlalchemy.orm import ColumnProperty, Mapper, RelationshipProperty

from ..columns.convert import column_type
from ..columns.scalars import BigInt
from ..columns.text_equality import is_exact
from ..errors import DeclarationError


@dataclass(frozen=True)
class Path:
    """`relationships` lead from a row of one model to one of another, whose `attribute` is the `column`."""

    relationships: tuple[RelationshipProperty[Any], ...]
    attribute: str
    column: Column[Any]

    @classmethod
    def of(cls, model: type, text: str) -> Path:
        """The path from rows of a model. Raises DeclarationError when there is none whose value an event may be matched by."""
        *names, attribute = text.split(".")
        mapper: Mapper[Any] = inspect(model)
        relationships = []
        for name in names:
            relationship = mapper.relationships.get(name)
            if relationship is None or relationship.uselist:
                to_one = ", ".join(key for key, each in mapper.relationships.items() if not each.uselist)
                raise DeclarationError(
                    f"{text!r}: {mapper.class_.__name__} maps no to-one relationship {name!r}; it maps {to_one or 'none'}"
                )
            relationships.append(relationship)
            mapper = relationship.mapper
        prop = mapper.attrs.get(attribute)
        column = prop.columns[0] if isinstance(prop, ColumnProperty) else None
        if not isinstance(column, Column):
            names = sorted(each.key for each in mapper.column_attrs if isinstance(each.columns[0], Column))
            raise DeclarationError(
                f"{text!r}: {attribute!r} is no column of {mapper.class_.__name__}; it maps {', '.join(names)}"
            )
        if not is_exact(column.type):
            raise DeclarationError(
                f"{text!r} ends in a column of {column.type!r}, whose values may be equal and not look it; "
                f"end it in an integer, a UUID, a boolean or plain text"
            )
        return cls(tuple(relationships), attribute, column)

    @property
    def argument_type(self) -> Any:
        """The type of an argument that is compared with the column, as the schema's own fields show such columns."""
        if self.column.primary_key or self.column.foreign_keys:
            return strawberry.ID
        match column_type(self.column.type, but_for=()):
            case Boolean():
                return bool
            case BigInteger():
                return BigInt
            case Integer():
                return int
            case Uuid():
                return uuid.UUID
        return str
