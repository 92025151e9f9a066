"""What is checked of the declarations of a schema once all its types are known.

Relations lead to an entity of the right model, keys and orders name columns that can be keys and orders, resolvers are
synchronous, every row has one object type, every model read has one policy. Every complaint is a DeclarationError
that names type and field, the reason, and the way round.
"""

from __future__ import annotations

import inspect as pyinspect
from collections.abc import Iterator
from itertools import combinations
from typing import TYPE_CHECKING, Any

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema, get_named_type, is_abstract_type
from sqlalchemy.exc import NoInspectionAvailable
from sqlalchemy.orm import Mapper, RelationshipProperty
from sqlalchemy.orm.exc import UnmappedColumnError
from strawberry.types.field import StrawberryField

from ..columns.convert import is_convertible, is_hashable, is_number, is_ordered
from ..columns.scalars import DEFINITION
from ..columns.text_equality import is_exact
from ..entities.arguments import target_entity
from ..entities.connection import connection_node
from ..entities.entity import Entity, is_list
from ..entities.events import carried, changed_node, column_names, event_entity, event_kinds, former_columns, tables_of
from ..entities.mapped import columns_of, why_no_column
from ..entities.order import Ordering, default_order
from ..entities.paths import Path
from ..entities.policy import Policy
from ..entities.specs import (
    KINDS,
    Aggregate,
    Batched,
    Collection,
    Column,
    Event,
    Lookup,
    NodeById,
    NodeId,
    Plain,
    Presence,
    Relation,
    Spec,
)
from ..errors import DeclarationError

if TYPE_CHECKING:
    from .catalog import Catalog


def policies_of(catalog: Catalog) -> dict[type, Policy]:
    """The policies that the entities declare. Raises DeclarationError when a row would have two."""
    policies: dict[type, Policy] = {}
    owners: dict[type, Entity] = {}
    for entity in catalog:
        if entity.policy is None:
            continue
        for model, owner in owners.items():
            if model is entity.model and policies[model] is not entity.policy:
                raise DeclarationError(
                    f"{owner.name} and {entity.name} declare two policies for {model.__name__}; "
                    f"a model has one: leave it out of one of them"
                )
            if model is not entity.model and (issubclass(model, entity.model) or issubclass(entity.model, model)):
                base, heir = sorted((owner, entity), key=lambda each: len(each.model.__mro__))
                raise DeclarationError(
                    f"{heir.name} declares a policy of its own, but {heir.model.__name__} inherits from "
                    f"{base.model.__name__}, whose policy is that of {base.name}: rows read as {base.model.__name__} would "
                    f"escape it. Put it into the policy of {base.name}"
                )
        policies[entity.model], owners[entity.model] = entity.policy, entity
    return policies


def check(schema: GraphQLSchema, catalog: Catalog) -> None:
    """Raises DeclarationError for the first thing that is declared wrongly."""
    for entity in catalog:
        _check_entity(entity, catalog)
    for one, other in combinations([each for each in catalog if not each.interface], 2):
        _check_two(one, other, schema)
    for type_, name, field in _fields(schema):
        _Field(schema, catalog, type_, name, field).check()


def _check_entity(entity: Entity, catalog: Catalog) -> None:
    _check_policy(entity.name, entity.model, catalog)
    for name in entity.key:
        if not is_hashable(entity.expression(name).type):
            raise DeclarationError(
                f"{entity.name}: {entity.model.__name__}.{name} cannot be a key, as its values are lists or "
                f"mappings; map another primary key"
            )
    if entity.interface:
        _check_interface(entity, catalog)


def _check_policy(where: str, model: type, catalog: Catalog) -> None:
    try:
        catalog.policies.policy(model)
    except DeclarationError as error:
        raise DeclarationError(f"{where}: {error}") from None


def _check_interface(entity: Entity, catalog: Catalog) -> None:
    mappers: list[Mapper[Any]] = list(entity.mapper.self_and_descendants)
    if concrete := [each.class_.__name__ for each in mappers if each.concrete]:
        raise DeclarationError(
            f"{entity.name}: {', '.join(concrete)} inherits by concrete tables, which have no common rows; declare "
            f"entities without the interface, each with its policy"
        )
    assert entity.discriminator is not None  # raises DeclarationError when nothing tells subclasses apart
    for mapper in mappers:
        if mapper.polymorphic_identity is None or mapper.polymorphic_abstract:
            continue
        found = catalog.of_model(mapper.class_)
        if found is None or found.model is not mapper.class_ or not issubclass(found.python_class, entity.python_class):
            raise DeclarationError(
                f"{entity.name} is an interface, but rows of {mapper.class_.__name__} have no object type: declare "
                f"@bff.entity({mapper.class_.__name__}) on a subclass of {entity.python_class.__name__} and list it in "
                f"the schema's types=, or map {mapper.class_.__name__} with polymorphic_abstract=True"
            )


def _check_two(one: Entity, other: Entity, schema: GraphQLSchema) -> None:
    """Every row that an abstract type or a base class may give has one object type."""
    if one.model is other.model:
        for abstract in filter(is_abstract_type, schema.type_map.values()):
            names = {each.name for each in schema.get_possible_types(abstract)}
            if {one.name, other.name} <= names:
                raise DeclarationError(
                    f"{one.name} and {other.name} are both types of {one.model.__name__} and of {abstract.name}, which "
                    f"could not tell them apart; keep one of them out of {abstract.name}"
                )
        return
    base, heir = (one, other) if issubclass(other.model, one.model) else (other, one)
    if issubclass(heir.model, base.model) and not base.is_exact:
        raise DeclarationError(
            f"{heir.name} and {base.name}: rows of {heir.model.__name__} are rows of {base.model.__name__} too, and a "
            f"row has one object type; make an interface of the base class with @bff.entity("
            f"{base.model.__name__}, interface=True), and {base.name} and {heir.name} subclasses of it"
        )


_Type = GraphQLObjectType | GraphQLInterfaceType


def _fields(schema: GraphQLSchema) -> Iterator[tuple[_Type, str, StrawberryField]]:
    for type_ in schema.type_map.values():
        if isinstance(type_, (GraphQLObjectType, GraphQLInterfaceType)):
            for name, field in type_.fields.items():
                definition = field.extensions.get(DEFINITION)
                if isinstance(definition, StrawberryField):
                    yield type_, name, definition


class _Field:
    """One field of the schema while it is checked."""

    def __init__(
        self, schema: GraphQLSchema, catalog: Catalog, type_: _Type, name: str, definition: StrawberryField
    ) -> None:
        self._schema, self._catalog, self._type, self._name, self._definition = (
            schema, catalog, type_, name, definition,
        )  # fmt: skip
        self._where = f"{type_.name}.{name}"
        self._target = target_entity(definition.type)
        self._owner = catalog.named(type_.name)

    def check(self) -> None:
        spec: Spec | None = getattr(self._definition, "spec", None)
        if self._type is self._schema.subscription_type:
            self._check_subscription(spec)
        elif isinstance(spec, (Event, Presence)):
            raise self._error(f"bff.{type(spec).__name__.lower()}() stands on Subscription only")
        self._check_resolver(spec)
        if isinstance(spec, (Column, Relation, Aggregate, Batched, Plain)):
            if self._owner is None:
                raise self._error(f"{type(spec).__name__.lower()} fields stand on entity types only")
            self._check_on_entity(spec, self._owner)
        elif isinstance(spec, NodeId):
            self._check_key(self._owner, "nodeId")
        elif isinstance(spec, (Lookup, Collection)):
            self._check_root(spec)
        elif isinstance(spec, NodeById) and not isinstance(self._named_type(), GraphQLInterfaceType):
            raise self._error("bff.node() is annotated with an interface such as bff.Node")

    def _error(self, reason: str) -> DeclarationError:
        return DeclarationError(f"{self._where}: {reason}")

    def _named_type(self) -> Any:
        return get_named_type(self._type.fields[self._name].type)

    def _check_resolver(self, spec: Spec | None) -> None:
        field = self._definition
        resolver = field.base_resolver.wrapped_func if field.base_resolver else None
        if resolver is not None and (pyinspect.iscoroutinefunction(resolver) or pyinspect.isasyncgenfunction(resolver)):
            raise self._error("async resolvers do not run here (gevent workers have no event loop); make it `def`")
        if field.extensions and spec is not None and resolver is None:
            raise self._error(
                "permission classes and extensions wrap a resolver, and this field has none; give it one with "
                "@bff.field(needs=[...]), or say who sees the row in the policy"
            )

    def _check_on_entity(self, spec: Column | Relation | Aggregate | Batched | Plain, owner: Entity) -> None:
        match spec:
            case Column(attribute=attribute):
                self._check_columns(owner, (attribute,), "the attribute ")
                if self._target is not None:
                    raise self._error(f"{attribute!r} is a column of {owner.model.__name__}; annotate it with a scalar")
            case Relation():
                self._check_relation(spec, owner)
            case Aggregate():
                self._check_aggregate(spec, owner)
            case Batched(key=key, reads=reads):
                self._check_columns(owner, key, "key=", hashable=True)
                for related in reads or ():
                    model = self._relationship(related.relationship, owner).mapper.class_
                    self._check_columns(self._catalog.rows_of(model), related.columns or (), "reads=")
                    _check_policy(self._where, model, self._catalog)
            case Plain(needs=needs):
                self._check_columns(owner, needs, "needs=")

    def _check_columns(self, owner: Entity, names: tuple[str, ...], option: str, *, hashable: bool = False) -> None:
        for name in names:
            if not owner.has_column(name):
                raise self._error(
                    f"{option}{name!r} is no column of {owner.model.__name__}; "
                    f"{why_no_column(owner.mapper, name) or 'it maps ' + ', '.join(columns_of(owner.mapper))}"
                )
            try:
                type_ = owner.expression(name).type
            except DeclarationError as error:
                raise self._error(str(error)) from None
            if hashable and not is_hashable(type_):
                raise self._error(
                    f"{option}{name!r} holds lists or mappings, which cannot be keys; name another column"
                )

    def _check_order(self, target: Entity, order: tuple[Ordering, ...]) -> None:
        for each in order:
            self._check_columns(target, (each.attribute,), "order=")
            if not is_ordered(target.expression(each.attribute).type):
                raise self._error(
                    f"order={each.attribute!r} is of a type without an order; order by another column of "
                    f"{target.model.__name__}, or by a hybrid that takes a value out of it"
                )

    def _check_relation(self, spec: Relation, owner: Entity) -> None:
        target, relationship = self._target, self._relationship(spec.attribute, owner)
        model = relationship.mapper.class_
        if target is None or target.model is not model:
            raise self._error(
                f"the relationship leads to {model.__name__}; annotate it with an entity type of that model"
            )
        is_many = is_list(self._definition.type) or connection_node(self._definition.type) is not None
        if is_many != bool(relationship.uselist):
            want = f"list[{target.name}]" if relationship.uselist else target.name
            raise self._error(f"the relationship is to-{'many' if relationship.uselist else 'one'}; annotate it {want}")
        if spec.order:
            self._check_order(target, tuple(Ordering.parse(name) for name in spec.order))
        else:
            self._check_order(target, default_order(target, relationship, self._where))

    def _relationship(self, attribute: str, owner: Entity) -> RelationshipProperty[Any]:
        relationship = owner.relationship(attribute)
        if relationship is None:
            names = ", ".join(sorted(owner.mapper.relationships.keys())) or "none"
            raise self._error(f"{owner.model.__name__} maps no relationship {attribute!r}; it maps {names}")
        for column in relationship.local_columns:
            try:
                name = owner.mapper.get_property_by_column(column).key
            except UnmappedColumnError:
                raise self._error(
                    f"the relationship {attribute!r} hangs on {column}, which {owner.model.__name__} does not map; map it"
                ) from None
            self._check_columns(owner, (name,), "the relationship's column ", hashable=True)
        return relationship

    def _check_aggregate(self, spec: Aggregate, owner: Entity) -> None:
        relationship = self._relationship(spec.attribute, owner)
        if not relationship.uselist:
            raise self._error(
                f"{owner.model.__name__} maps no to-many relationship {spec.attribute!r} to aggregate; that one is to-one"
            )
        if spec.column is not None:
            self._check_total(self._catalog.rows_of(relationship.mapper.class_), spec.column)
        _check_policy(self._where, relationship.mapper.class_, self._catalog)

    def _check_total(self, target: Entity, column: str) -> None:
        self._check_columns(target, (column,), "the total of ")
        if not is_number(target.expression(column).type):
            raise self._error(f"the total is of {column!r}, which is no number; sum a number column or a hybrid")

    def _check_root(self, spec: Lookup | Collection) -> None:
        target, type_ = self._target, self._definition.type
        if target is None:
            raise self._error(f"annotate it with an entity type, not {type_}")
        is_many = is_list(type_) or connection_node(type_) is not None
        if isinstance(spec, Collection):
            if not is_many:
                raise self._error(f"bff.collection() gives many objects; annotate it list[{target.name}]")
            self._check_order(target, tuple(Ordering.parse(name) for name in spec.order))
            return
        if is_many:
            raise self._error(f"bff.lookup() gives one object; annotate it {target.name} | None")
        if spec.key is None:
            self._check_key(target, "the argument")

    def _check_key(self, entity: Entity | None, what: str) -> None:
        for name in entity.key if entity is not None else ():
            assert entity is not None
            type_ = entity.expression(name).type
            if not is_convertible(type_):
                raise self._error(
                    f"{what} cannot be the key {entity.model.__name__}.{name}, as values of {type(type_).__name__} "
                    f"cannot be checked; look objects up by another column with a resolver"
                )

    # -- on Subscription

    def _check_subscription(self, spec: Spec | None) -> None:
        field = self._definition
        if field.is_subscription:
            raise self._error(
                "@strawberry.subscription is a stream of its own, which nothing here runs; make it an ordinary resolver "
                "(@strawberry.field), whose answer follows the data, or a bff.event()"
            )
        resolver = field.base_resolver.wrapped_func if field.base_resolver else None
        if resolver is not None and pyinspect.isgeneratorfunction(resolver):
            raise self._error(
                "generators do not run here; return the answer as of now, it is asked for again when it changed"
            )
        if resolver is None and spec is None:
            raise self._error(
                "the field has no resolver; declare it with bff.lookup(), bff.collection() or bff.event()"
            )
        if isinstance(spec, Event):
            self._check_event(spec)
        elif isinstance(spec, Presence):
            self._check_presence(spec)

    def _check_event(self, spec: Event) -> None:
        type_ = self._definition.type
        entity, is_changed = event_entity(type_), changed_node(type_) is not None
        if entity is None or is_list(type_):
            raise self._error(f"annotate it with an entity type or bff.Changed of one, not {type_}")
        kinds = event_kinds(spec, type_)
        if not kinds or len(set(kinds)) < len(kinds) or not set(kinds).issubset(KINDS):
            raise self._error(f"on={list(kinds)} is not of the kinds of change, each once: {', '.join(KINDS)}")
        if "delete" in kinds and not is_changed:
            raise self._error(f"of a deleted row there is no object; annotate it bff.Changed[{entity.name}]")
        if not tables_of(entity) or entity.mapper.local_table is not tables_of(entity)[0]:
            raise self._error(f"{entity.model.__name__} is not mapped to a table, whose changes could be told")
        self._check_exact_key(entity)
        self._check_match(spec, entity, has_deletes="delete" in kinds)
        if "delete" in kinds and former_columns(entity, self._catalog.policies) is None:
            names = ", ".join(sorted(carried(entity, entity.mapper.local_table)))
            raise self._error(
                f"who saw a deleted row of {entity.model.__name__} cannot be told: changes of its table carry {names}, and "
                f"its policy needs more; declare on=[...] without 'delete', or base the policy on these columns"
            )

    def _check_exact_key(self, entity: Entity) -> None:
        for name in entity.key:
            if not is_exact(entity.expression(name).type):
                raise self._error(
                    f"the key {entity.model.__name__}.{name} is of {entity.expression(name).type!r}, whose values may be equal "
                    f"and not look it; events need keys of integers, UUIDs, booleans or plain text"
                )

    def _check_match(self, spec: Event, entity: Entity, *, has_deletes: bool) -> None:
        names: set[str] = set()
        for text, matched_by in spec.match:
            try:
                path = Path.of(entity.model, text)
            except DeclarationError as error:
                raise self._error(f"match={error}") from None
            if isinstance(matched_by, str):
                if matched_by in names:
                    raise self._error(
                        f"match={text!r}: the argument {matched_by!r} is matched already; give each path its own"
                    )
                names.add(matched_by)
            elif not callable(matched_by):
                raise self._error(f"match={text!r} takes the name of an argument, or a function of the viewer")
            owner = entity
            for relationship in path.relationships:
                self._relationship(relationship.key, owner)
                owner = self._catalog.rows_of(relationship.mapper.class_)
            self._check_carried(path, text, entity, has_deletes=has_deletes)
        if len(names) > len(self._type.fields[self._name].args):
            raise self._error(f"the arguments {', '.join(sorted(names))} have one name in GraphQL; give each its own")

    def _check_carried(self, path: Path, text: str, entity: Entity, *, has_deletes: bool) -> None:
        if path.relationships:
            if has_deletes:
                raise self._error(
                    f"match={text!r} leads to another row, which may be gone when a row is deleted; match a column of "
                    f"{entity.model.__name__} itself, or declare on=[...] without 'delete'"
                )
            return
        tables = [table for table in tables_of(entity) if column_names(entity, (path.attribute,), table)]
        known = {name for table in tables for name in carried(entity, table)}
        if path.attribute not in known:
            raise self._error(
                f"match={text!r} is no column that changes of {entity.model.__name__} carry: {', '.join(sorted(known))}"
            )
        if has_deletes and column_names(entity, (path.attribute,), entity.mapper.local_table) is None:
            raise self._error(
                f"match={text!r} is a column of {tables[0].fullname}, no longer known when a row of "
                f"{entity.mapper.local_table} is deleted; declare on=[...] without 'delete'"
            )

    def _check_presence(self, spec: Presence) -> None:
        type_ = self._definition.type
        if self._target is None or not is_list(type_):
            raise self._error(
                f"bff.presence() gives who is there; annotate it with a list of an entity type, not {type_}"
            )
        try:
            place = self._catalog.rows_of(spec.of)
            place.mapper  # noqa: B018  (raises when it is not mapped)
        except NoInspectionAvailable:
            raise self._error(f"of={spec.of!r} is not a class mapped by SQLAlchemy") from None
        _check_policy(self._where, spec.of, self._catalog)
        if len(place.key) != 1:
            raise self._error(
                f"of={spec.of.__name__} has a key of {len(place.key)} columns, and an argument is one value"
            )
        if not callable(spec.key):
            raise self._error("key= takes a function from a viewer to its key among the objects")
        self._check_exact_key(place)
        self._check_exact_key(self._target)
