"""All entity types of one schema, checked: the planner's and the CLI's view of the declarations.

`Catalog.of(schema)` is built once a schema. What can only be known with all types together is checked here:
relations lead to an entity of the right model, keys and orders name columns, resolvers are synchronous, every
model read has a policy. Every complaint is a DeclarationError that names type and field.
"""

from __future__ import annotations

import inspect as pyinspect
from collections.abc import Iterator
from typing import Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type
from strawberry.types.field import StrawberryField

from ..errors import BadUserInput, DeclarationError
from .arguments import DEFINITION, target_entity
from .connection import connection_node
from .entity import Entity, Key, Ordering, entity_of, is_list
from .policy import Policies, Policy
from .specs import Aggregate, Batched, Collection, Column, Lookup, NodeById, Plain, Relation, Spec

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
        self.policies = Policies(self._policies())
        self._by_model = {entity.model: entity for entity in self if not entity.interface}
        for entity in self:
            entity.check()
        for type_, field_name, definition in _fields(schema):
            self._check(type_, field_name, definition)

    @classmethod
    def of(cls, schema: GraphQLSchema) -> Catalog:
        """The catalog of a schema, built at the first call. Raises DeclarationError."""
        catalog = schema.extensions.get(_EXTENSION)
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

    def parse_global_id(self, text: str) -> tuple[Entity, Key]:
        """Entity and primary key of a global id. Raises BadUserInput."""
        name, colon, key = text.partition(":")
        entity = self.named(name)
        if not colon or entity is None or entity.interface:
            raise BadUserInput(f"node(id:) takes a global id such as 'Type:1', not {text[:50]!r}")
        return entity, entity.parse_global_id(key)

    def _policies(self) -> dict[type, Policy]:
        policies: dict[type, Policy] = {}
        owners: dict[type, str] = {}
        for entity in self:
            if entity.policy is None:
                continue
            if entity.model in policies and policies[entity.model] is not entity.policy:
                raise DeclarationError(
                    f"{owners[entity.model]} and {entity.name} declare two policies for {entity.model.__name__}; "
                    f"a model has one: leave it out of one of them"
                )
            policies[entity.model], owners[entity.model] = entity.policy, entity.name
        for model in policies:
            base = next((each for each in model.__mro__[1:] if each in policies), None)
            if base is not None and policies[base] is not policies[model]:
                raise DeclarationError(
                    f"{owners[model]} declares a policy of its own, but {model.__name__} inherits from {base.__name__}, whose "
                    f"policy is that of {owners[base]}: rows read as {base.__name__} would escape it. Put it into the policy "
                    f"of {owners[base]}"
                )
        return policies

    def _check(self, type_: GraphQLObjectType | GraphQLInterfaceType, name: str, field: StrawberryField) -> None:
        where = f"{type_.name}.{name}"
        resolver = field.base_resolver.wrapped_func if field.base_resolver else None
        if resolver is not None and (pyinspect.iscoroutinefunction(resolver) or pyinspect.isasyncgenfunction(resolver)):
            raise DeclarationError(
                f"{where}: async resolvers do not run here (gevent workers have no event loop); make it `def`"
            )
        spec: Spec | None = getattr(field, "spec", None)
        owner = self.named(type_.name)
        target = target_entity(field.type)
        if target is not None:
            self.policies.policy(target.model)
        match spec:
            case Column() | Relation() | Aggregate() | Batched() | Plain() if owner is None:
                raise DeclarationError(f"{where}: {type(spec).__name__.lower()} fields stand on entity types only")
            case Column(attribute=attribute):
                assert owner is not None
                _check_columns(where, owner, (attribute,), "the attribute ")
            case Relation():
                assert owner is not None
                self._check_relation(where, owner, spec, field, target)
            case Aggregate():
                assert owner is not None
                self._check_aggregate(where, owner, spec)
            case Batched(key=key):
                assert owner is not None
                _check_columns(where, owner, key, "key=")
            case Plain(needs=needs):
                assert owner is not None
                _check_columns(where, owner, needs, "needs=")
            case Lookup() | Collection() if target is None:
                raise DeclarationError(f"{where}: annotate it with an entity type, not {field.type}")
            case Collection(order=order):
                assert target is not None
                _check_columns(where, target, _names(order), "order=")
            case NodeById() if not isinstance(_named(type_, name), GraphQLInterfaceType):
                raise DeclarationError(f"{where}: bff.node() is annotated with an interface such as bff.Node")

    def _check_relation(
        self, where: str, owner: Entity, spec: Relation, field: StrawberryField, target: Entity | None
    ) -> None:
        relationship = owner.relationship(spec.attribute)
        if relationship is None:
            raise DeclarationError(f"{where}: {owner.model.__name__} maps no relationship '{spec.attribute}'")
        model = relationship.mapper.class_
        if target is None or not issubclass(model, target.model):
            raise DeclarationError(
                f"{where}: the relationship leads to {model.__name__}; annotate it with an entity type of that model"
            )
        many = is_list(field.type) or connection_node(field.type) is not None
        if many != bool(relationship.uselist):
            want = f"list[{target.name}]" if relationship.uselist else target.name
            raise DeclarationError(
                f"{where}: the relationship is to-{'many' if relationship.uselist else 'one'}; annotate it {want}"
            )
        if spec.order:
            _check_columns(where, target, _names(spec.order), "order=")
        elif many:
            target.default_order(relationship, where)

    def _check_aggregate(self, where: str, owner: Entity, spec: Aggregate) -> None:
        relationship = owner.relationship(spec.attribute)
        if relationship is None or not relationship.uselist:
            raise DeclarationError(
                f"{where}: {owner.model.__name__} maps no to-many relationship '{spec.attribute}' to aggregate"
            )
        if spec.column is not None and spec.column not in relationship.mapper.all_orm_descriptors:
            raise DeclarationError(f"{where}: {relationship.mapper.class_.__name__} maps no column '{spec.column}'")
        self.policies.policy(relationship.mapper.class_)


def _names(order: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(Ordering.parse(each).attribute for each in order)


def _check_columns(where: str, owner: Entity, names: tuple[str, ...], option: str) -> None:
    for name in names:
        if not owner.has_column(name):
            raise DeclarationError(
                f"{where}: {option}{name!r} is no column of {owner.model.__name__}; it maps {', '.join(owner.columns())}"
            )


def _fields(
    schema: GraphQLSchema,
) -> Iterator[tuple[GraphQLObjectType | GraphQLInterfaceType, str, StrawberryField]]:
    for type_ in schema.type_map.values():
        if isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)):
            for name, field in type_.fields.items():
                definition = field.extensions.get(DEFINITION)
                if isinstance(definition, StrawberryField):
                    yield type_, name, definition


def _named(type_: GraphQLObjectType | GraphQLInterfaceType, name: str) -> Any:
    return get_named_type(type_.fields[name].type)
