"""Which step resolves a field: by the kind of field that it is declared as, and by what its objects are."""

from __future__ import annotations

from typing import Any

from graphql import (
    FieldNode,
    GraphQLField,
    GraphQLNamedOutputType,
    GraphQLOutputType,
    GraphQLSchema,
    is_list_type,
    is_non_null_type,
)
from strawberry.types.field import StrawberryField

from ..columns.convert import zero
from ..columns.scalars import DEFINITION
from ..entities.entity import Entity, entity_of, is_list, unwrap
from ..entities.events import changed_node, event_kinds, former_columns
from ..entities.order import default_order, order_by
from ..entities.specs import (
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
)
from ..errors import DeclarationError
from ..schema.catalog import Catalog, spec_of
from ..schema.fields import EntityField
from .lists import ListByParent, RootList
from .loads import Rows, RowsByKey
from .shared_loads import SharedLoads
from .steps import (
    CallBatch,
    CallResolver,
    LoadAggregate,
    LoadList,
    LoadOne,
    LookUp,
    LookUpNode,
    PageRows,
    PageTotal,
    ReadAttribute,
    ReadColumn,
    ReadNodeId,
    Selection,
    Step,
    TakeEvent,
    TakePresent,
    Typename,
)

PageOf = ListByParent | RootList | RowsByKey
"""Whose rows stand in an object about them: in a page, or (`RowsByKey`) in a `bff.Changed`."""


class StepChoice:
    """Chooses the steps of one plan's fields; what they read becomes loads of the plan."""

    def __init__(self, schema: GraphQLSchema, catalog: Catalog, loads: SharedLoads) -> None:
        self._schema, self._catalog, self._loads = schema, catalog, loads

    def choose(self, selection: Selection, definition: GraphQLField, node: FieldNode, page: PageOf | None) -> Step:
        """The step of a field of a selection; `page` is whose rows stand in its objects, if they are about rows."""
        name = node.name.value
        if name == "__typename":
            return Typename(selection.type.name)
        strawberry_field: Any = definition.extensions.get(DEFINITION)
        if page is not None:
            return self._page_step(strawberry_field, page)
        spec = spec_of(definition)
        where = f"{selection.type.name}.{name}"
        match spec:
            case Lookup():
                found = self._target(definition, where)
                return LookUp(self._loads.rows_by_key(found), spec, _key_arguments(found, definition, spec))
            case NodeById():
                possible = self._schema.get_possible_types(list_levels(definition.type)[1])  # type: ignore[arg-type]
                entities = [entity for each in possible if (entity := self._catalog.named(each.name))]
                return LookUpNode({entity.name: self._loads.rows_by_key(entity) for entity in entities})
            case Collection():
                load = self._loads.root_list(where, self._target(definition, where), spec)
                return LoadList(load, (), not is_list(strawberry_field.type))
            case Event():
                return self._event(definition, spec, where)
            case Presence():
                place = self._loads.rows_by_key(self._catalog.rows_of(spec.of))
                return TakePresent(self._loads.rows_by_key(self._target(definition, where)), spec, place)
        rows = selection.rows
        if rows is not None:
            return self._row_step(rows, selection, definition, where)
        if self._only_reads(definition, strawberry_field):
            return ReadAttribute(strawberry_field.python_name)
        return CallResolver(None, None)

    def _event(self, definition: GraphQLField, spec: Event, where: str) -> Step:
        entity, type_ = self._target(definition, where), definition.extensions[DEFINITION].type
        policies, kinds = self._catalog.policies, event_kinds(spec, type_)
        of_change = changed_node(type_) is not None
        names = former_columns(entity, policies) if of_change else None
        former = None if names is None else self._loads.former_rows(entity, names)
        return TakeEvent(self._loads.rows_by_key(entity), spec, kinds, of_change, former)

    def _only_reads(self, definition: GraphQLField, strawberry_field: Any) -> bool:
        """Whether a resolver of Strawberry's does nothing but getattr.

        Its `_is_default` says only that the host wrote no resolver: permissions and other extensions, exception
        handlers, another `default_resolver` and fields of the host's own class still have their say.
        """
        return (
            getattr(definition.resolve, "_is_default", False)
            and strawberry_field.is_basic_field
            and strawberry_field.default_resolver is getattr
            and type(strawberry_field).get_result in (StrawberryField.get_result, EntityField.get_result)
            and not definition.args
            and not getattr(self._schema._strawberry_schema, "exception_handlers", ())  # type: ignore[attr-defined]
        )

    def _row_step(self, rows: Rows, selection: Selection, definition: GraphQLField, where: str) -> Step:
        owner = self._catalog.named(selection.type.name)
        if owner is None:
            raise DeclarationError(f"{where}: rows of a type that is no entity")
        spec = spec_of(definition)
        match spec:
            case Column(attribute=attribute):
                return ReadColumn(rows.slot(attribute, owner))
            case NodeId():
                return ReadNodeId(owner, rows.slots(owner.key, owner))
            case Relation():
                return self._relation(rows, owner, spec, definition, where)
            case Aggregate():
                join = self._loads.join(owner, spec.attribute, None)
                aggregates = self._loads.aggregates(f"aggregates of {owner.name}.{spec.attribute}", join)
                empty = 0 if spec.column is None else zero(join.target.expression(spec.column).type)
                return LoadAggregate(aggregates, rows.slots(join.key, owner), aggregates.slot(spec), empty)
            case Batched():
                return CallBatch(self._loads.batch(where, owner, spec), rows.slots(spec.key, owner))
            case Plain(needs=needs):
                rows.slots(needs, owner)
        return CallResolver(rows, owner)

    def _relation(self, rows: Rows, owner: Entity, spec: Relation, definition: GraphQLField, where: str) -> Step:
        strawberry_type = definition.extensions[DEFINITION].type
        target = self._target(definition, where)
        join = self._loads.join(owner, spec.attribute, target)
        if join.leads_to_key:
            return LoadOne(self._loads.rows_by_key(target), rows.slots(join.target_key(), owner))
        relationship = join.relationship
        order = order_by(target, spec.order) if spec.order else default_order(target, relationship, where)
        load = self._loads.list_by_parent(f"{owner.name}.{spec.attribute}", join, order, spec.bound)
        slots = rows.slots(join.key, owner)
        if not relationship.uselist:
            return LoadOne(load, slots)
        return LoadList(load, slots, not is_list(strawberry_type))

    def _page_step(self, strawberry_field: Any, page: PageOf) -> Step:
        name = strawberry_field.python_name
        if name in ("nodes", "edges", "node"):
            return PageRows(name)
        if name == "total_count" and not isinstance(page, RowsByKey):
            return PageTotal(self._loads.counts(page))
        return ReadAttribute(name)

    def _target(self, definition: GraphQLField, where: str) -> Entity:
        named = list_levels(definition.type)[1]
        entity = self._catalog.named(named.name)
        if entity is None:
            # A connection: its strawberry definition knows the node type.
            origin = named.extensions[DEFINITION]
            entity = entity_of(unwrap(next(iter(origin.type_var_map.values()))))
        if entity is None:
            raise DeclarationError(f"{where} leads to {named.name}, which is no entity")
        return entity


def _key_arguments(entity: Entity, definition: GraphQLField, spec: Lookup) -> tuple[str, ...]:
    """The GraphQL names of the arguments that are the parts of a key."""
    by_python_name = {each.extensions[DEFINITION].python_name: name for name, each in definition.args.items()}
    return () if spec.key else tuple(by_python_name[name] for name in entity.key)


def list_levels(type_: GraphQLOutputType) -> tuple[tuple[bool, ...], GraphQLNamedOutputType]:
    """Whether null is forbidden at each list level, outermost first, and the named type inside."""
    levels = []
    while True:
        non_null = is_non_null_type(type_)
        levels.append(non_null)
        if non_null:
            type_ = type_.of_type  # type: ignore[union-attr]
        if not is_list_type(type_):
            return tuple(levels), type_  # type: ignore[return-value]
        type_ = type_.of_type
