"""Plans the fields of an operation: selections, how each of their fields is resolved, and the loads that these share.

`plan_fields` is pure and knows one set of values of the operation's `@skip` and `@include` variables; `bff.plan` keeps what
it gives.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from typing import Any

from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLField,
    GraphQLNamedOutputType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLStreamDirective,
    OperationDefinitionNode,
    Visitor,
    get_argument_values,
    get_directive_values,
    get_nullable_type,
    is_abstract_type,
    is_leaf_type,
    is_list_type,
    is_non_null_type,
    is_object_type,
    visit,
)
from graphql.execution.collect_fields import (
    CollectedFields,
    FieldDetails,
    FragmentDetails,
    GroupedFieldSet,
    collect_fields,
    collect_subfields,
)
from graphql.execution.values import VariableValues
from strawberry.types.field import StrawberryField

from ..columns.convert import zero
from ..columns.scalars import DEFINITION
from ..columns.serialize import serializer
from ..entities.entity import Entity, entity_of, is_list, unwrap
from ..entities.events import changed_node, event_kinds, former_columns
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
from ..sql.join import Join
from .lists import Counts, ListByParent, RootList
from .loads import Aggregates, Batch, FormerRows, Load, Rows, RowsByKey
from .steps import (
    CallBatch,
    CallResolver,
    FieldPlan,
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
    loads_of,
)

MAX_FIELDS = 20_000
"""Fields of one plan. A field of an interface counts for every type that implements it."""


_Page = ListByParent | RootList | RowsByKey
"""Whose rows stand in an object about them: in a page, or (`RowsByKey`) in a `bff.Changed`."""


@dataclass(frozen=True)
class Planned:
    """The fields of an operation, from the root, their loads, and how many fields there are."""

    root: Selection
    loads: tuple[Load, ...]
    size: int


def plan_fields(
    schema: GraphQLSchema,
    operation: OperationDefinitionNode,
    fragments: Mapping[str, FragmentDetails],
    root_type: GraphQLObjectType,
    variables: VariableValues,
    *,
    with_keys: bool = False,
) -> Planned:
    """Plan an operation under these variables; `with_keys` has rows read with their primary keys, asked for or not.

    Raises GraphQLError when it cannot be planned.
    """
    return _Planner(schema, operation, dict(fragments), variables, with_keys=with_keys).plan(root_type)


def is_shareable(arguments: Mapping[str, Any]) -> bool:
    """Whether argument values may be given to several calls: no call can change them for the next."""
    return all(type(value) in _IMMUTABLE or isinstance(value, enum.Enum) for value in arguments.values())


_IMMUTABLE = frozenset(
    (type(None), bool, int, float, str, decimal.Decimal, uuid.UUID, datetime.datetime, datetime.date, datetime.time)
)


def _uses_variables(node: FieldNode) -> bool:
    found = False

    class Variables(Visitor):
        def enter_variable(self, *_: Any) -> Any:
            nonlocal found
            found = True
            return self.BREAK

    for argument in node.arguments or ():
        visit(argument, Variables())
    return found


class _Planner:
    """Makes one variant. `_above` is the chain of loads that the place being planned waits for."""

    def __init__(
        self,
        schema: GraphQLSchema,
        operation: OperationDefinitionNode,
        fragments: dict[str, FragmentDetails],
        variables: VariableValues,
        *,
        with_keys: bool,
    ) -> None:
        self._with_keys = with_keys
        self._schema, self._catalog = schema, Catalog.of(schema)
        self._operation, self._fragments, self._variables = operation, fragments, variables
        self._loads: dict[Any, Load] = {}
        self._joins: dict[Any, Join] = {}
        self._above: list[Load] = []
        self._waited: list[Load] = []
        self._selections: dict[Hashable, tuple[Selection | GraphQLError, frozenset[Load]]] = {}
        self._size = 0

    def plan(self, root_type: GraphQLObjectType) -> Planned:
        collected = collect_fields(self._schema, self._fragments, self._variables, root_type, self._operation)
        root = self._selection(root_type, _at_once(collected), None, None)
        if self._with_keys:
            for load in self._loads.values():
                if isinstance(load, Rows):
                    load.slots(load.entity.key, load.entity)
        return Planned(root, tuple(self._loads.values()), self._size)

    def _selection(
        self,
        type_: GraphQLObjectType,
        grouped: GroupedFieldSet,
        rows: Rows | None,
        page: _Page | None,
    ) -> Selection:
        selection = Selection(type_, rows)
        for key, details in grouped.items():
            definition = self._schema.get_field(type_, details[0].node.name.value)
            if definition is not None:
                selection.fields.append(self._field(selection, key, definition, details, page))
        selection.template = dict.fromkeys(each.key for each in selection.fields)
        return selection

    def _field(
        self,
        selection: Selection,
        key: str,
        definition: GraphQLField,
        details: list[FieldDetails],
        page: _Page | None,
    ) -> FieldPlan:
        self._size += 1
        if self._size > MAX_FIELDS:
            raise GraphQLError(f"The operation selects more than {MAX_FIELDS} fields over all types it may meet.")
        node = details[0].node
        if is_list_type(get_nullable_type(definition.type)):
            self._refuse_stream(node)
        non_null, named_type = _levels(definition.type)
        step = self._step(selection, definition, node, page)
        made = FieldPlan(
            key=key,
            index=len(selection.fields),
            parent=selection,
            definition=definition,
            details=details,
            step=step,
            non_null=non_null,
            named_type=named_type,
            is_leaf=is_leaf_type(named_type),
            static_arguments=self._static_arguments(definition, node, details[0]),
            serialize=serializer(named_type) if is_leaf_type(named_type) else _no_leaf,
        )
        for load in loads_of(step):
            self._wait_for(load)
        if not made.is_leaf:
            self._descend(made, page)
        return made

    def _static_arguments(
        self, definition: GraphQLField, node: FieldNode, details: FieldDetails
    ) -> dict[str, Any] | None:
        """The argument values that are the same for every call; None when they are coerced for each."""
        if not definition.args and not node.arguments:
            return {}
        if _uses_variables(node) or details.fragment_variable_values:
            return None
        try:
            arguments = get_argument_values(definition, node, VariableValues({}, {}))
        except Exception:  # noqa: BLE001 (whatever a scalar raises is an error of the field, when it is executed)
            return None
        return arguments if is_shareable(arguments) else None

    def _refuse_stream(self, node: FieldNode) -> None:
        stream = get_directive_values(GraphQLStreamDirective, node, self._variables)
        if stream is not None and stream.get("if") is not False:
            raise GraphQLError(_AT_ONCE, node)

    # -- sub-selections

    def _descend(self, parent: FieldPlan, page: _Page | None) -> None:
        named = parent.named_type
        types = (
            self._schema.get_possible_types(named)
            if is_abstract_type(named)
            else [named]
            if is_object_type(named)
            else []
        )
        for type_ in types:
            entity = self._catalog.named(type_.name)
            rows, inner_page, loads = self._source(parent, entity, page)
            parent.rows = rows
            if rows is None and entity is not None:
                rows = parent.references[type_.name] = self._rows_by_key(entity)
                self._wait_for(rows)
                for load in loads:
                    load.downstream.add(rows)
                loads = [*loads, rows]
            self._above.extend(loads)
            key = (type_.name, rows, inner_page, tuple((id(each.node), id(each[2])) for each in parent.details))
            if key in self._selections:
                selection, waited = self._selections[key]
                for load in waited:
                    self._wait_for(load)
            else:
                mark = len(self._waited)
                selection = self._sub_selection(type_, parent, rows, inner_page)
                self._selections[key] = selection, frozenset(self._waited[mark:])
            parent.selections[type_.name] = selection
            if loads:
                del self._above[-len(loads) :]

    def _sub_selection(
        self, type_: GraphQLObjectType, parent: FieldPlan, rows: Rows | None, page: _Page | None
    ) -> Selection | GraphQLError:
        """The fields of `parent`'s selection sets that apply to `type_`; an error is one of every object met."""
        try:
            collected = collect_subfields(
                self._schema, self._fragments, self._variables, self._operation, type_, parent.details
            )
        except GraphQLError as error:
            return error
        return self._selection(type_, _at_once(collected), rows, page)

    def _source(
        self, parent: FieldPlan, entity: Entity | None, page: _Page | None
    ) -> tuple[Rows | None, _Page | None, list[Load]]:
        """What objects of a sub-selection are: rows of a load, parts of a page, or (None, None) Python objects."""
        match parent.step:
            case LoadOne(load=load) | LookUp(load=load):
                return load, None, [load]
            case LoadList(load=rows, page=False):
                return rows, None, [rows]
            case LoadList(load=rows, page=True):
                return None, rows, [rows]
            case PageRows(part="edges"):
                return None, page, []
            case PageRows():
                return page, None, []
            case LookUpNode(loads=loads) if entity is not None:
                return loads[entity.name], None, [loads[entity.name]]
            case CallBatch(load=batch):
                return None, None, [batch]
            case TakeEvent(load=load, of_change=True):
                return None, load, [load]
            case TakeEvent(load=load) | TakePresent(load=load):
                return load, None, [load]
        return None, None, []

    # -- steps

    def _step(self, selection: Selection, definition: GraphQLField, node: FieldNode, page: _Page | None) -> Step:
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
                return LookUp(self._rows_by_key(found), spec, _key_arguments(found, definition, spec))
            case NodeById():
                possible = self._schema.get_possible_types(_levels(definition.type)[1])  # type: ignore[arg-type]
                entities = [entity for each in possible if (entity := self._catalog.named(each.name))]
                return LookUpNode({entity.name: self._rows_by_key(entity) for entity in entities})
            case Collection():
                load = self._root_list(self._target(definition, where), spec, where)
                return LoadList(load, (), not is_list(strawberry_field.type))
            case Event():
                return self._event(definition, spec, where)
            case Presence():
                place = self._rows_by_key(self._catalog.rows_of(spec.of))
                return TakePresent(self._rows_by_key(self._target(definition, where)), spec, place)
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
        former: FormerRows | None = None
        if names is not None:
            former = self._load(("former", entity), lambda: FormerRows(entity, policies, names))
        return TakeEvent(self._rows_by_key(entity), spec, kinds, of_change, former)

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
                join = self._join(owner, spec.attribute, None)
                aggregates = self._load(
                    ("aggregates", join),
                    lambda: Aggregates(f"aggregates of {owner.name}.{spec.attribute}", join, self._catalog.policies),
                )
                empty = 0 if spec.column is None else zero(join.target.expression(spec.column).type)
                return LoadAggregate(aggregates, rows.slots(join.key, owner), aggregates.slot(spec), empty)
            case Batched():
                return CallBatch(self._batch(owner, spec, where), rows.slots(spec.key, owner))
            case Plain(needs=needs):
                rows.slots(needs, owner)
        return CallResolver(rows, owner)

    def _relation(self, rows: Rows, owner: Entity, spec: Relation, definition: GraphQLField, where: str) -> Step:
        strawberry_type = definition.extensions[DEFINITION].type
        target = self._target(definition, where)
        join = self._join(owner, spec.attribute, target)
        if join.leads_to_key:
            return LoadOne(self._rows_by_key(target), rows.slots(join.target_key(), owner))
        relationship = join.relationship
        order = target.orderings(spec.order) if spec.order else target.default_order(relationship, where)
        load = self._load(
            ("list", join, order, spec.bound),
            lambda: ListByParent(f"{owner.name}.{spec.attribute}", join, self._catalog.policies, order, spec.bound),
        )
        slots = rows.slots(join.key, owner)
        if not relationship.uselist:
            return LoadOne(load, slots)
        return LoadList(load, slots, not is_list(strawberry_type))

    def _page_step(self, strawberry_field: Any, page: _Page) -> Step:
        name = strawberry_field.python_name
        if name in ("nodes", "edges", "node"):
            return PageRows(name)
        if name == "total_count" and not isinstance(page, RowsByKey):
            return PageTotal(self._load(("counts", page), lambda: Counts(page)))
        return ReadAttribute(name)

    # -- loads, one for each thing read

    def _wait_for(self, load: Load) -> None:
        self._waited.append(load)
        for above in self._above:
            if above is not load:
                above.downstream.add(load)

    def _load(self, key: Any, make: Any) -> Any:
        if key not in self._loads:
            self._loads[key] = make()
        return self._loads[key]

    def _rows_by_key(self, entity: Entity) -> RowsByKey:
        load: RowsByKey = self._load(("rows", entity), lambda: RowsByKey(entity, self._catalog.policies))
        return load

    def _root_list(self, entity: Entity, spec: Collection, where: str) -> RootList:
        load: RootList = self._load(
            ("root", entity, spec), lambda: RootList(where, entity, self._catalog.policies, spec)
        )
        return load

    def _batch(self, owner: Entity, spec: Batched, where: str) -> Batch:
        policies = self._catalog.policies
        key: tuple[Any, ...] = ("batch", spec.function)
        reads = None
        if spec.reads is not None:
            # What is read for a key depends on whose key it is.
            reads = tuple((self._join(owner, each.relationship, None), each.columns) for each in spec.reads)
            key = (*key, spec.key, reads)
        batch: Batch = self._load(key, lambda: Batch(where, spec, reads, policies))
        return batch

    def _join(self, owner: Entity, attribute: str, target: Entity | None) -> Join:
        relationship = owner.relationship(attribute)
        if relationship is None:
            raise DeclarationError(f"{owner.name}: {owner.mapper.class_.__name__} maps no relationship '{attribute}'")
        if target is None:
            target = self._catalog.rows_of(relationship.mapper.class_)
        key = (relationship, target)
        if key not in self._joins:
            self._joins[key] = Join(owner, relationship, target)
        return self._joins[key]

    def _target(self, definition: GraphQLField, where: str) -> Entity:
        named = _levels(definition.type)[1]
        entity = self._catalog.named(named.name)
        if entity is None:
            # A connection: its strawberry definition knows the node type.
            origin = named.extensions[DEFINITION]
            entity = entity_of(unwrap(next(iter(origin.type_var_map.values()))))
        if entity is None:
            raise DeclarationError(f"{where} leads to {named.name}, which is no entity")
        return entity


_AT_ONCE = "Answers come at once: @defer and @stream are not supported. Disable them with `if: false`."


def _at_once(collected: CollectedFields) -> GroupedFieldSet:
    if collected.new_defer_usages:
        raise GraphQLError(_AT_ONCE, collected.new_defer_usages[0].directive_node)
    return collected.grouped_field_set


def _key_arguments(entity: Entity, definition: GraphQLField, spec: Lookup) -> tuple[str, ...]:
    """The GraphQL names of the arguments that are the parts of a key."""
    by_python_name = {each.extensions[DEFINITION].python_name: name for name, each in definition.args.items()}
    return () if spec.key else tuple(by_python_name[name] for name in entity.key)


def _no_leaf(value: Any) -> Any:
    raise TypeError(f"{value!r} is an object, not a leaf")


def _levels(type_: GraphQLOutputType) -> tuple[tuple[bool, ...], GraphQLNamedOutputType]:
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
