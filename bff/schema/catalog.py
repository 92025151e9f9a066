"""All entity types of one schema, checked: the planner's and the CLI's view of the declarations."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from graphql import GraphQLSchema

from ..columns.scalars import DEFINITION
from ..entities.entity import Entity, Key, entity_of
from ..entities.global_id import parse_key_text
from ..entities.policy import Policies
from ..entities.specs import Spec
from ..errors import BadUserInput
from .checks import check, policies_of

_EXTENSION = "bff"


def spec_of(field: Any) -> Spec | None:
    """The spec of a graphql-core field made of an entity field, or None."""
    definition = field.extensions.get(DEFINITION)
    spec: Spec | None = getattr(definition, "spec", None)
    return spec


class Catalog:
    """The entities of a schema by GraphQL name and by model, and their policies."""

    def __init__(self, schema: GraphQLSchema) -> None:
        self._by_name: dict[str, Entity] = {}
        for type_ in schema.type_map.values():
            entity = entity_of(getattr(type_.extensions.get(DEFINITION), "origin", None))
            if entity is not None:
                self._by_name[type_.name] = entity
        self._by_model = {entity.model: entity for entity in self if not entity.interface}
        self._rows: dict[type, Entity] = {}
        self.policies = Policies(policies_of(self))
        check(schema, self)

    @classmethod
    def of(cls, schema: GraphQLSchema) -> Catalog:
        """The catalog of a schema, built at the first call. Raises DeclarationError."""
        catalog: Catalog | None = schema.extensions.get(_EXTENSION)
        if catalog is None:
            catalog = schema.extensions[_EXTENSION] = cls(schema)
        return catalog

    def __iter__(self) -> Iterator[Entity]:
        return iter(self._by_name.values())

    def __repr__(self) -> str:
        return f"<Catalog of {len(self._by_name)} entities>"

    def named(self, name: str) -> Entity | None:
        """The entity of a GraphQL type name."""
        return self._by_name.get(name)

    def of_model(self, model: type) -> Entity | None:
        """The object entity of a mapped class: its own, or that of the nearest class it inherits from."""
        return next((self._by_model[base] for base in model.__mro__ if base in self._by_model), None)

    def rows_of(self, model: type) -> Entity:
        """An entity of all rows of a mapped class, whether it has a type or not: what aggregates run over."""
        if model not in self._rows:
            self._rows[model] = Entity(model, model, model.__name__, None)
        return self._rows[model]

    def parse_global_id(self, text: str) -> tuple[Entity, Key]:
        """Entity and primary key of a global id. Raises BadUserInput."""
        name, colon, key = text.partition(":")
        entity = self.named(name)
        if not colon or entity is None or entity.interface:
            raise BadUserInput(f"node(id:) takes a global id such as 'Type:1', not {text[:50]!r}")
        return entity, parse_key_text(entity, key)
