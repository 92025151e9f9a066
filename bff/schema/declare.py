"""The `entity` decorator: a Strawberry type over a mapped class.

    @bff.entity(models.Matter, policy=lambda matter, viewer: matter.organization_id == viewer.organization_id)
    class Matter(bff.Node):
        id: strawberry.ID
        title: str                                         # a column
        tasks: list["Task"]                                # a relationship
        open_task_count: int = bff.count("tasks", where=lambda task: task.status != "done")

Annotations named after mapped columns and relationships need no declaration, also when they come with a
`strawberry.field(description=...)` or from a Strawberry interface that the type inherits. One that is neither raises
DeclarationError here, at import; what needs all types together is checked by `bff.schema.checks`.
"""

from __future__ import annotations

import inspect as pyinspect
from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform

import strawberry
from sqlalchemy import inspect
from sqlalchemy.exc import NoInspectionAvailable
from strawberry.types.base import get_object_definition
from strawberry.types.field import StrawberryField

from ..entities.entity import ATTRIBUTE, Entity
from ..entities.mapped import columns_of, why_no_column
from ..entities.policy import Policy
from ..entities.specs import Column, NodeId, Relation, Spec
from ..errors import DeclarationError
from .catalog import Catalog
from .fields import EntityField, make

T = TypeVar("T")


@dataclass_transform(kw_only_default=True)
def entity(
    model: type,
    *,
    policy: Policy | None = None,
    name: str | None = None,
    description: str | None = None,
    interface: bool = False,
) -> Callable[[type[T]], type[T]]:
    """Declare a GraphQL object type over a mapped class.

    `policy` says which rows a viewer may see (see `bff.entities.policy`); a subclass of a mapped class has its parent's
    and cannot have another, since its rows are read as the parent's too. `interface` makes a GraphQL interface of a class with mapped subclasses: declare the subclasses
    as entities that inherit from this one, and the class itself when rows are of it. Raises DeclarationError for an
    annotation that the model does not map.
    """

    def decorate(cls: type[T]) -> type[T]:
        try:
            inspect(model)
        except NoInspectionAvailable:
            raise DeclarationError(f"{cls.__name__}: {model!r} is not a class mapped by SQLAlchemy") from None
        made = Entity(cls, model, name or cls.__name__, policy, interface)
        for attribute in pyinspect.get_annotations(cls):
            declared = cls.__dict__.get(attribute)
            if declared is None:
                setattr(cls, attribute, make(_mapped(made, attribute)))
            elif _has_no_resolver(declared):
                setattr(cls, attribute, EntityField.of(declared, _mapped(made, attribute)))
        cls.is_type_of = staticmethod(_is_type_of(model))  # type: ignore[attr-defined]
        declare = strawberry.interface if interface else strawberry.type
        declared_type: type[T] = declare(cls, name=name, description=description)
        _adopt_inherited(declared_type, made)
        setattr(declared_type, ATTRIBUTE, made)
        return declared_type

    return decorate


def _has_no_resolver(field: object) -> bool:
    return isinstance(field, StrawberryField) and not isinstance(field, EntityField) and not field.base_resolver


def _adopt_inherited(declared: type, entity: Entity) -> None:
    """Fields that a plain Strawberry interface brings are columns and relationships of this model."""
    fields = get_object_definition(declared, strict=True).fields
    for i, field in enumerate(fields):
        if _has_no_resolver(field):
            fields[i] = EntityField.of(field, _mapped(entity, field.python_name))


def _mapped(entity: Entity, attribute: str) -> Spec:
    if entity.relationship(attribute) is not None:
        return Relation(attribute)
    if entity.has_column(attribute):
        return Column(attribute)
    relationships = ", ".join(sorted(entity.mapper.relationships.keys())) or "none"
    raise DeclarationError(
        f"{entity.name}.{attribute}: "
        + (
            why_no_column(entity.mapper, attribute)
            or f"{entity.model.__name__} maps no such column or relationship (columns: {', '.join(columns_of(entity.mapper))}; "
            f"relationships: {relationships}); give it a resolver, or name another with bff.column(...) or "
            f"bff.relation(...)"
        )
    )


def _is_type_of(model: type) -> Callable[[Any, Any], bool]:
    def is_type_of(value: Any, info: Any) -> bool:
        nearest = Catalog.of(info.schema).of_model(type(value))
        return nearest is not None and nearest.model is model

    return is_type_of


@strawberry.interface(description="An object with an id that is unique over all types.")
class Node:
    """Inherit an entity from it to give it `nodeId`, and `Query.node` reaches it."""

    node_id: strawberry.ID = make(NodeId())
