"""What the layer knows of one entity type: its model, how to alias it and read its columns, and its keys.

`Entity` is made by the `entity` decorator and hangs on the Strawberry class; `entity_of` finds it there.

Attributes are named by strings. An interface's rows have the attributes of its subclasses too; those that the base
class does not map are named `Subclass.attribute`, for two subclasses may map one name to two columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import BigInteger, Column, ColumnElement, Integer, inspect, true
from sqlalchemy.orm import ColumnProperty, Mapper, RelationshipProperty, aliased, with_polymorphic
from sqlalchemy.types import TypeEngine
from strawberry.types.base import StrawberryOptional, StrawberryType
from strawberry.types.lazy_type import LazyType

from ..columns.convert import convert
from ..errors import DeclarationError
from .mapped import columns_of, is_column, is_hybrid
from .policy import Policy

ATTRIBUTE = "__bff_entity__"

Key = tuple[Any, ...]
"""The values of an object's primary key columns."""


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
        return ours is not None and (ours is theirs or not is_hybrid(theirs))

    def attribute(self, alias: Any, name: str) -> Any:
        """The SQL expression of a mapped attribute on an alias of this type."""
        subclass, dot, attribute = name.rpartition(".")
        return getattr(getattr(alias, subclass) if dot else alias, attribute)

    def expression(self, name: str) -> ColumnElement[Any]:
        """The SQL expression of an attribute on the model itself; its type is what matters.

        Raises DeclarationError when there is none.
        """
        mapper, attribute = self._mapper_of(name)
        if not is_column(mapper, attribute):
            raise DeclarationError(
                f"{self.model.__name__} maps no column '{name}'; it maps {', '.join(columns_of(self.mapper))}"
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
        return is_column(self.mapper, name)

    def relationship(self, name: str) -> RelationshipProperty[Any] | None:
        """The relationship `name` of the model."""
        return self.mapper.relationships.get(name)

    def is_nullable(self, name: str) -> bool:
        """Whether the attribute may be NULL in a row; computed ones and those of a subclass may."""
        prop = self.mapper.attrs.get(name)
        return not isinstance(prop, ColumnProperty) or bool(getattr(prop.columns[0], "nullable", True))

    # -- values

    def convert(self, name: str, value: Any, *, what: str) -> Any:
        """An argument's value as the attribute's Python value. Raises BadUserInput (see `bff.columns.convert`)."""
        return convert(self.type_of(name), value, what=what)

    def parse_key(self, values: tuple[Any, ...], *, what: str) -> Key:
        """A primary key from argument values in the order of `key`."""
        return tuple(self.convert(name, value, what=what) for name, value in zip(self.key, values, strict=True))


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
