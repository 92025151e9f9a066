"""What the layer knows of one entity type: its model, how to alias it and read its columns, its keys and orders.

`Entity` is made by the `entity` decorator and hangs on the Strawberry class; `entity_of` finds it there.

Attributes are named by strings. An interface's rows have the attributes of its subclasses too; those that the base
class does not map are named `Subclass.attribute`, for two subclasses may map one name to two columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any
from urllib.parse import unquote

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, UnaryExpression, inspect, true
from sqlalchemy.exc import ArgumentError
from sqlalchemy.ext.associationproxy import AssociationProxy
from sqlalchemy.ext.hybrid import HybridExtensionType
from sqlalchemy.orm import ColumnProperty, Mapper, RelationshipProperty, aliased, with_polymorphic
from sqlalchemy.orm.exc import UnmappedColumnError
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeEngine
from strawberry.types.base import StrawberryOptional, StrawberryType
from strawberry.types.lazy_type import LazyType

from ..columns.convert import as_text, convert
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
    """An entity type: a Strawberry class (`python_class`) over a mapped class (`model`).

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
        return self._polymorphic_attribute() if self.interface else None

    @cached_property
    def is_exact(self) -> bool:
        """Whether only rows of the model itself are meant, none of its subclasses.

        So it is for the object type of a model that is an interface as well: every row has one object type.
        """
        above = (entity_of(base) for base in self.python_class.__mro__[1:])
        return any(each is not None and each.interface and each.model is self.model for each in above)

    def _polymorphic_attribute(self) -> str:
        column = self.mapper.polymorphic_on
        if column is None:
            raise DeclarationError(
                f"{self.name} is an interface, but {self.model.__name__} has no polymorphic_on column to tell "
                f"its subclasses apart; declare it without interface=True"
            )
        name = self.mapper.get_property_by_column(column).key
        if name not in self.mapper.all_orm_descriptors:
            raise DeclarationError(
                f"{self.name} is an interface, but {self.model.__name__} tells its subclasses apart by an expression "
                f"without a name; map it: `kind = column_property({column})` and polymorphic_on='kind'"
            )
        return name

    # -- reading rows

    def alias(self) -> Any:
        """A fresh alias of the model; with the columns of all subclasses when the type is an interface."""
        if self.interface:
            return with_polymorphic(self.model, "*", aliased=True, flat=True)
        return aliased(self.model, flat=True)

    def own(self, alias: Any) -> ColumnElement[bool]:
        """The condition under which a row of the model's table is of this type."""
        if not self.is_exact:
            return true()
        own: ColumnElement[bool] = (
            self.attribute(alias, self._polymorphic_attribute()) == self.mapper.polymorphic_identity
        )
        return own

    def path(self, owner: Entity, name: str) -> str:
        """How rows of this type name the attribute `name` of `owner`, the type itself or one of a subclass."""
        if owner.mapper is self.mapper or self._maps_alike(owner.mapper, name):
            return name
        return f"{owner.model.__name__}.{name}"

    def _maps_alike(self, mapper: Mapper[Any], name: str) -> bool:
        ours, theirs = self.mapper.all_orm_descriptors.get(name), mapper.all_orm_descriptors.get(name)
        return ours is not None and (ours is theirs or not _is_hybrid(theirs))

    def attribute(self, alias: Any, name: str) -> Any:
        """The SQL expression of a mapped attribute on an alias of this type."""
        subclass, dot, attribute = name.rpartition(".")
        return getattr(getattr(alias, subclass) if dot else alias, attribute)

    def expression(self, name: str) -> ColumnElement[Any]:
        """The SQL expression of an attribute on the model itself; its type is what matters.

        Raises DeclarationError when there is none.
        """
        mapper, attribute = self._mapper_of(name)
        if not _is_column(mapper, attribute):
            raise DeclarationError(
                f"{self.model.__name__} maps no column '{name}'; it maps {', '.join(self.columns())}"
            )
        try:
            expression = getattr(mapper.class_, attribute).__clause_element__()
        except Exception as error:  # noqa: BLE001  (a hybrid is the host's code)
            expression = error
        if not isinstance(expression, ColumnElement):
            raise DeclarationError(
                f"the hybrid property {self.model.__name__}.{name} gives no SQL expression on the class; give it an "
                f"`.expression`, or compute it in a resolver: @bff.field(needs=[...])"
            )
        return expression

    def is_computed(self, name: str) -> bool:
        """Whether an attribute is an expression, no column."""
        return not isinstance(self.expression(name), Column)

    def type_of(self, name: str) -> TypeEngine[Any]:
        """The SQL type of an attribute. What is computed of integers may be larger than they are."""
        if name not in self._types:
            type_ = self.expression(name).type
            self._types[name] = BigInteger() if isinstance(type_, Integer) and self.is_computed(name) else type_
        return self._types[name]

    @cached_property
    def _types(self) -> dict[str, TypeEngine[Any]]:
        return {}

    def _mapper_of(self, name: str) -> tuple[Mapper[Any], str]:
        subclass, _, attribute = name.rpartition(".")
        mappers = (each for each in self.mapper.self_and_descendants if each.class_.__name__ == subclass)
        return next(mappers, self.mapper), attribute

    def has_column(self, name: str) -> bool:
        """Whether `name` is a column of the model, or a hybrid, column_property or synonym that gives one."""
        return _is_column(self.mapper, name)

    def relationship(self, name: str) -> RelationshipProperty[Any] | None:
        """The relationship `name` of the model."""
        return self.mapper.relationships.get(name)

    def columns(self) -> list[str]:
        """The names of all mapped columns, for messages."""
        return sorted(name for name in self.mapper.all_orm_descriptors.keys() if _is_column(self.mapper, name))  # noqa: SIM118  (no mapping)

    def why_no_column(self, name: str) -> str | None:
        """Why a mapped attribute is no column, and the way round; None when it is not mapped at all."""
        model, mapper, descriptor = self.model.__name__, self.mapper, self.mapper.all_orm_descriptors.get(name)
        if name in mapper.composites:
            columns = ", ".join(repr(each.key) for each in mapper.composites[name].props)
            return f"{model}.{name} is a composite; show its columns, or compute it: @bff.field(needs=[{columns}])"
        if name in mapper.synonyms:
            return f"{model}.{name} is a synonym of a relationship; name that: bff.relation({mapper.synonyms[name].name!r})"
        if isinstance(descriptor, AssociationProxy):
            return (
                f"{model}.{name} is an association proxy; show the relationship {descriptor.target_collection!r} and, "
                f"on its type, {descriptor.value_attr!r}"
            )
        if name in mapper.relationships:
            return f"{model}.{name} is a relationship; show it with bff.relation({name!r})"
        if descriptor is not None:
            return f"{model}.{name} is no column; compute it in a resolver: @bff.field(needs=[...])"
        return None

    def is_nullable(self, name: str) -> bool:
        """Whether the attribute may be NULL in a row; computed ones and those of a subclass may."""
        prop = self.mapper.attrs.get(name)
        return not isinstance(prop, ColumnProperty) or bool(getattr(prop.columns[0], "nullable", True))

    # -- orders

    def orderings(self, names: tuple[str, ...]) -> tuple[Ordering, ...]:
        """Orderings by the attributes named ("-" before a descending one), closed by the primary key."""
        return self.total_order(tuple(Ordering.parse(name) for name in names))

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
            except (ArgumentError, AttributeError, UnmappedColumnError):
                raise DeclarationError(
                    f"{where}: order_by of the relationship is not made of columns of {self.model.__name__} "
                    f"({clause}); declare bff.relation({relationship.key!r}, order=[...]), and reach a column of "
                    f"a secondary table by mapping the table"
                ) from None
            orderings.append(Ordering(attribute, descending))
        return self.total_order(tuple(orderings))

    # -- values

    def convert(self, name: str, value: Any, *, what: str) -> Any:
        """An argument's value as the attribute's Python value. Raises BadUserInput (see `bff.columns.convert`)."""
        return convert(self.type_of(name), value, what=what)

    def parse_key(self, values: tuple[Any, ...], *, what: str) -> Key:
        """A primary key from argument values in the order of `key`."""
        return tuple(self.convert(name, value, what=what) for name, value in zip(self.key, values, strict=True))

    def parse_global_id(self, text: str) -> Key:
        """A primary key from the part of a global id behind the type's name ("5" or "5,7")."""
        parts = [unquote(part) for part in text.split(",")] if len(self.key) > 1 else [text]
        if len(parts) != len(self.key):
            raise BadUserInput(f"a global id of {self.name} has {len(self.key)} key values, not {len(parts)}")
        return self.parse_key(tuple(parts), what=f"the global id of {self.name}")

    def global_id(self, key: Key) -> str:
        """The global id of the object with this key: `Matter:5`, `MatterMember:5,7`."""
        parts = [as_text(part) for part in key]
        if len(parts) > 1:
            parts = [part.replace("%", "%25").replace(",", "%2C") for part in parts]
        return f"{self.name}:{','.join(parts)}"


def _is_column(mapper: Mapper[Any], name: str) -> bool:
    if name in mapper.synonyms:
        return _is_column(mapper, mapper.synonyms[name].name)
    if name in mapper.attrs:
        return isinstance(mapper.attrs[name], ColumnProperty)
    return _is_hybrid(mapper.all_orm_descriptors.get(name))


def _is_hybrid(descriptor: Any) -> bool:
    return getattr(descriptor, "extension_type", None) is HybridExtensionType.HYBRID_PROPERTY


def entity_of(type_: Any) -> Entity | None:
    """The entity behind a Strawberry class, or None for other types."""
    found = getattr(type_, "__dict__", {}).get(ATTRIBUTE)
    return found if isinstance(found, Entity) else None


def unwrap(type_: Any) -> Any:
    """The named type inside Optional and list, imported where `strawberry.lazy` names it."""
    while isinstance(type_, StrawberryType) and hasattr(type_, "of_type"):
        type_ = type_.of_type
    return type_.resolve_type() if isinstance(type_, LazyType) else type_


def is_list(type_: Any) -> bool:
    """Whether a resolved Strawberry type is a list, optional or not."""
    if isinstance(type_, StrawberryOptional):
        type_ = type_.of_type
    return type(type_).__name__ == "StrawberryList"
