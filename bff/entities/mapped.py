"""Which names of a mapped class are columns, and why another one is none. About SQLAlchemy's mappers alone, not entities."""

from __future__ import annotations

from typing import Any

from sqlalchemy.ext.associationproxy import AssociationProxy
from sqlalchemy.ext.hybrid import HybridExtensionType
from sqlalchemy.orm import ColumnProperty, Mapper


def is_column(mapper: Mapper[Any], name: str) -> bool:
    """Whether `name` is a column of the model, or a hybrid, column_property or synonym that gives one."""
    if name in mapper.synonyms:
        return is_column(mapper, mapper.synonyms[name].name)
    if name in mapper.attrs:
        return isinstance(mapper.attrs[name], ColumnProperty)
    return is_hybrid(mapper.all_orm_descriptors.get(name))


def is_hybrid(descriptor: Any) -> bool:
    """Whether it is a hybrid property."""
    return getattr(descriptor, "extension_type", None) is HybridExtensionType.HYBRID_PROPERTY


def columns_of(mapper: Mapper[Any]) -> list[str]:
    """The names of all columns, sorted."""
    return sorted(name for name in mapper.all_orm_descriptors.keys() if is_column(mapper, name))  # noqa: SIM118  (no mapping)


def why_no_column(mapper: Mapper[Any], name: str) -> str | None:
    """Why a mapped attribute is no column, and the way round; None when it is not mapped at all."""
    model, descriptor = mapper.class_.__name__, mapper.all_orm_descriptors.get(name)
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
