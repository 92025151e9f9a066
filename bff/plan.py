"""Plans: an operation compiled once, into what execution, `bff plan`, cost and live updates read.

`compile_plan(schema, document)` gives a `Plan`. A plan has one `Variant` for each set of values that the operation's
`@skip` and `@include` variables take; a variant is a tree of selections and fields in which everything that does
not depend on a request is settled: response keys and their order, nullability, how each field is resolved (its
step), which columns each load reads. Planning never touches a database; execution never parses.

Any graphql-core schema can be planned: fields without a `spec` are resolved by their resolver.
"""

from __future__ import annotations

import datetime
import decimal
import enum
import threading
import uuid
from collections.abc import Hashable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Literal

import cachetools
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLField,
    GraphQLNamedOutputType,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLStreamDirective,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
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
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues
from graphql.type.directives import GraphQLDisableErrorPropagationDirective
from strawberry.types.field import StrawberryField

from .errors import DeclarationError
from .join import Join
from .judging import MOST_SUBQUERIES, MOST_SUBQUERIES_FORCED, find_regions
from .leaves import serializer
from .loads import Aggregates, Batch, Counts, ListByParent, Load, RootList, Rows, RowsByKey
from .region import Regions, RootRow
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
    Typename,
)
from .types.catalog import Catalog, spec_of
from .types.entity import DEFINITION, Entity, entity_of, is_list, unwrap
from .types.fields import EntityField
from .types.specs import Aggregate, Batched, Collection, Column, Lookup, NodeById, NodeId, Plain, Relation
from .types.values import zero

Strategy = Literal["auto", "compiled", "rounds"]
"""How operations are executed: `rounds` loads every level by its keys; `compiled` has PostgreSQL write every field that needs
no Python of objects (see `bff.judging`), `auto` those for which it pays (`Region.pays`, `MOST_SUBQUERIES`)."""

STRATEGIES: tuple[Strategy, ...] = ("auto", "compiled", "rounds")

MAX_FIELDS = 20_000
"""Fields of one plan. A field of an interface counts for every type that implements it."""

_CONDITIONS = ("skip", "include", "defer", "stream")
"""The directives whose `if` decides what is planned."""

_VARIANTS = 64
"""Variants kept of one plan: 2^6, so six independent @skip/@include variables are never planned anew."""


@dataclass(eq=False)
class Variant:
    """The plan under one set of values of the @skip/@include variables."""

    root: Selection
    loads: tuple[Load, ...]
    size: int
    regions: Regions

    @cached_property
    def reads(self) -> list[RootRow | Load]:
        """What is run, in order; the loads of what is irregular in a region are not among them.

        A load comes after all that can bring it keys.
        """
        met: set[Load] = set()
        seen: set[Selection] = set()

        def visit(selection: Selection) -> None:
            seen.add(selection)
            for each in selection.fields:
                if each in self.regions.of:
                    continue
                met.update(loads_of(each.step), each.references.values())
                for below in each.selections.values():
                    if isinstance(below, Selection) and below not in seen:
                        visit(below)

        visit(self.root)
        ordered: list[RootRow | Load] = [] if self.regions.root is None else [self.regions.root]
        remaining = [load for load in self.loads if load in met]
        while remaining:
            blocked = {below for load in remaining for below in load.downstream if below is not load}
            ready = [load for load in remaining if load not in blocked] or remaining
            ordered += ready
            remaining = [load for load in remaining if load not in ready]
        return ordered


class Plan:
    """One operation of a document, planned for a schema. Immutable but for the variants it remembers."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        strategy: Strategy,
    ) -> None:
        self.schema, self.document, self.operation, self.strategy = schema, document, operation, strategy
        self.catalog = Catalog.of(schema)
        self.fragment_definitions = {
            each.name.value: each for each in document.definitions if isinstance(each, FragmentDefinitionNode)
        }
        self.fragments = {name: _fragment(schema, each) for name, each in self.fragment_definitions.items()}
        root_type = schema.get_root_type(operation.operation)
        if root_type is None:
            raise GraphQLError(f"Schema is not configured to execute {operation.operation.value} operation.", operation)
        self.root_type: GraphQLObjectType = root_type
        self._has_fragment_variables = any(each.variable_signatures for each in self.fragments.values())
        self.propagates_errors = not any(
            directive.name.value == GraphQLDisableErrorPropagationDirective.name
            for directive in operation.directives or ()
        )
        self.conditions = _condition_variables(document)
        self._variants: cachetools.LRUCache[Any, Variant] = cachetools.LRUCache(_VARIANTS)
        self._lock = threading.Lock()

    @property
    def kind(self) -> str:
        """query, mutation or subscription."""
        return self.operation.operation.value

    @property
    def name(self) -> str | None:
        return self.operation.name.value if self.operation.name else None

    @property
    def is_mutation(self) -> bool:
        return self.operation.operation is OperationType.MUTATION

    def variant(self, variables: VariableValues) -> Variant:
        """The variant for these variables. Raises GraphQLError when the operation cannot be planned."""
        if self._has_fragment_variables:
            return _Planner(self, variables).plan()
        coerced = variables.coerced
        return self._planned(tuple((name, coerced[name]) for name in self.conditions if name in coerced))

    @cachetools.cachedmethod(
        lambda self: self._variants, key=lambda _self, conditions: conditions, lock=lambda self: self._lock
    )
    def _planned(self, conditions: tuple[tuple[str, Any], ...]) -> Variant:
        return _Planner(self, VariableValues({}, dict(conditions))).plan()

    def whole(self) -> Variant:
        """The variant with every `@include`d field in and no field `@skip`ped: what is printed and checked."""
        coerced = {name: directive == "include" for name, directive in self.conditions.items()}
        return self.variant(VariableValues({}, coerced))

    def prepare(self) -> None:
        """Plan the whole: what is wrong is wrong now. Texts of statements are made when they are first run."""
        for region in self.whole().regions.of.values():
            region.expect()

    def texts(self) -> list[str]:
        """The statements of a request without arguments, in the order they run. Raises what the host's conditions raise."""
        return [each.text for each in self.whole().reads]

    def __repr__(self) -> str:
        return f"<Plan of {self.kind} {self.name or '(anonymous)'}, {len(self._variants)} variants>"


def compile_plan(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation_name: str | None = None,
    *,
    strategy: Strategy = "auto",
) -> Plan:
    """Plan one operation of a document.

    Raises GraphQLError, with graphql-core's texts, when the document has no such operation or several and no
    name was given, and when the schema has no root type for it.
    """
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if operation_name is not None:
        operations = [each for each in operations if each.name and each.name.value == operation_name]
        if not operations:
            raise GraphQLError(f"Unknown operation named '{operation_name}'.")
        return Plan(schema, document, operations[-1], strategy)
    if not operations:
        raise GraphQLError("Must provide an operation.")
    if len(operations) > 1:
        raise GraphQLError("Must provide operation name if query contains multiple operations.")
    return Plan(schema, document, operations[0], strategy)


def is_shareable(arguments: Mapping[str, Any]) -> bool:
    """Whether argument values may be given to several calls: no call can change them for the next."""
    return all(type(value) in _IMMUTABLE or isinstance(value, enum.Enum) for value in arguments.values())


_IMMUTABLE = frozenset(
    (type(None), bool, int, float, str, decimal.Decimal, uuid.UUID, datetime.datetime, datetime.date, datetime.time)
)


def _fragment(schema: GraphQLSchema, definition: FragmentDefinitionNode) -> FragmentDetails:
    if not definition.variable_definitions:
        return FragmentDetails(definition)
    signatures = {}
    for each in definition.variable_definitions:
        signature = get_variable_signature(schema, each)
        if isinstance(signature, GraphQLError):
            raise signature
        signatures[signature.name] = signature
    return FragmentDetails(definition, signatures)


def _condition_variables(document: DocumentNode) -> dict[str, str]:
    """The variables that decide which fields are planned, with the directive that reads them."""
    found: dict[str, str] = {}

    class Conditions(Visitor):
        def enter_directive(self, node: Any, *_: Any) -> None:
            if node.name.value in _CONDITIONS:
                for argument in node.arguments or ():
                    if argument.name.value == "if" and isinstance(argument.value, VariableNode):
                        found.setdefault(argument.value.name.value, node.name.value)

    visit(document, Conditions())
    return found


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

    def __init__(self, plan: Plan, variables: VariableValues) -> None:
        self._plan, self._variables = plan, variables
        self._schema, self._catalog = plan.schema, plan.catalog
        self._loads: dict[Any, Load] = {}
        self._joins: dict[Any, Join] = {}
        self._above: list[Load] = []
        self._waited: list[Load] = []
        self._selections: dict[Hashable, tuple[Selection | GraphQLError, frozenset[Load]]] = {}
        self._size = 0

    def plan(self) -> Variant:
        plan = self._plan
        collected = collect_fields(self._schema, plan.fragments, self._variables, plan.root_type, plan.operation)
        root = self._selection(plan.root_type, _at_once(collected), None, None)
        is_query = plan.operation.operation is OperationType.QUERY
        most = MOST_SUBQUERIES if plan.strategy == "auto" else MOST_SUBQUERIES_FORCED
        regions = Regions()
        if plan.strategy != "rounds":
            regions = find_regions(root, self._catalog, is_query=is_query, most=most)
        return Variant(root, tuple(self._loads.values()), self._size, regions)

    def _selection(
        self,
        type_: GraphQLObjectType,
        grouped: GroupedFieldSet,
        rows: Rows | None,
        page: ListByParent | RootList | None,
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
        page: ListByParent | RootList | None,
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

    def _descend(self, parent: FieldPlan, page: ListByParent | RootList | None) -> None:
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
        self, type_: GraphQLObjectType, parent: FieldPlan, rows: Rows | None, page: ListByParent | RootList | None
    ) -> Selection | GraphQLError:
        """The fields of `parent`'s selection sets that apply to `type_`; an error is one of every object met."""
        plan = self._plan
        try:
            collected = collect_subfields(
                self._schema, plan.fragments, self._variables, plan.operation, type_, parent.details
            )
        except GraphQLError as error:
            return error
        return self._selection(type_, _at_once(collected), rows, page)

    def _source(
        self, parent: FieldPlan, entity: Entity | None, page: ListByParent | RootList | None
    ) -> tuple[Rows | None, ListByParent | RootList | None, list[Load]]:
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
        return None, None, []

    # -- steps

    def _step(
        self, selection: Selection, definition: GraphQLField, node: FieldNode, page: ListByParent | RootList | None
    ) -> Step:
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
        rows = selection.rows
        if rows is not None:
            return self._row_step(rows, selection, definition, where)
        if self._only_reads(definition, strawberry_field):
            return ReadAttribute(strawberry_field.python_name)
        return CallResolver(None, None)

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
                batch = self._load(("batch", spec.function), lambda: Batch(where, spec))
                return CallBatch(batch, rows.slots(spec.key, owner))
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

    def _page_step(self, strawberry_field: Any, page: ListByParent | RootList) -> Step:
        name = strawberry_field.python_name
        if name in ("nodes", "edges", "node"):
            return PageRows(name)
        if name == "total_count":
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


def loads_of(step: Step) -> list[Load]:
    """The loads that a field with this step waits for."""
    match step:
        case LookUpNode(loads=loads):
            return list(loads.values())
        case LoadOne() | LoadList() | LoadAggregate() | CallBatch() | LookUp() | PageTotal():
            return [step.load]
    return []


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
