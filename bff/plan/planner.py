"""Plans the fields of an operation: selections, how each of their fields is resolved, and the loads that these share.

`plan_fields` is pure and knows one set of values of the operation's `@skip` and `@include` variables; `bff.plan.plan` keeps what
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
    GraphQLObjectType,
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

from ..columns.serialize import serializer
from ..entities.entity import Entity
from ..schema.catalog import Catalog
from .loads import Load, Rows
from .shared_loads import SharedLoads
from .step_choice import PageOf, StepChoice, list_levels
from .steps import (
    CallBatch,
    FieldPlan,
    LoadList,
    LoadOne,
    LookUp,
    LookUpNode,
    PageRows,
    Selection,
    TakeEvent,
    TakePresent,
    loads_of,
)

MAX_FIELDS = 20_000
"""Fields of one plan. A field of an interface counts for every type that implements it."""


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
    hide_suggestions: bool = False,
) -> Planned:
    """Plan an operation under these variables; `with_keys` has rows read with their primary keys, asked for or not.

    Raises GraphQLError when it cannot be planned.
    """
    planner = _Planner(
        schema, operation, dict(fragments), variables, with_keys=with_keys, hide_suggestions=hide_suggestions
    )
    return planner.plan(root_type)


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
        hide_suggestions: bool,
    ) -> None:
        self._with_keys, self._hide_suggestions = with_keys, hide_suggestions
        self._schema, self._catalog = schema, Catalog.of(schema)
        self._operation, self._fragments, self._variables = operation, fragments, variables
        self._loads = SharedLoads(self._catalog)
        self._steps = StepChoice(schema, self._catalog, self._loads)
        self._above: list[Load] = []
        self._waited: list[Load] = []
        self._selections: dict[Hashable, tuple[Selection | GraphQLError, frozenset[Load]]] = {}
        self._size = 0

    def plan(self, root_type: GraphQLObjectType) -> Planned:
        root = self._root(root_type)
        if self._with_keys:
            for load in self._loads:
                if isinstance(load, Rows):
                    load.slots(load.entity.key, load.entity)
        return Planned(root, tuple(self._loads), self._size)

    def _root(self, root_type: GraphQLObjectType) -> Selection:
        try:
            collected = collect_fields(
                self._schema, self._fragments, self._variables, root_type, self._operation, self._hide_suggestions
            )
        except RecursionError:
            # Raised behind this block: the error would keep all frames of the recursion.
            collected = None
        if collected is None:
            raise GraphQLError("Selections are nested too deeply. Execution aborted.", self._operation)
        return self._selection(root_type, _at_once(collected), None, None)

    def _selection(
        self,
        type_: GraphQLObjectType,
        grouped: GroupedFieldSet,
        rows: Rows | None,
        page: PageOf | None,
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
        page: PageOf | None,
    ) -> FieldPlan:
        self._size += 1
        if self._size > MAX_FIELDS:
            raise GraphQLError(f"The operation selects more than {MAX_FIELDS} fields over all types it may meet.")
        node = details[0].node
        if is_list_type(get_nullable_type(definition.type)):
            self._refuse_stream(node)
        non_null, named_type = list_levels(definition.type)
        step = self._steps.choose(selection, definition, node, page)
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
        stream = get_directive_values(GraphQLStreamDirective, node, self._variables, None, self._hide_suggestions)
        if stream is not None and stream.get("if") is not False:
            raise GraphQLError(_AT_ONCE, node)

    # -- sub-selections

    def _descend(self, parent: FieldPlan, page: PageOf | None) -> None:
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
                rows = parent.references[type_.name] = self._loads.rows_by_key(entity)
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
        self, type_: GraphQLObjectType, parent: FieldPlan, rows: Rows | None, page: PageOf | None
    ) -> Selection | GraphQLError:
        """The fields of `parent`'s selection sets that apply to `type_`; an error is one of every object met."""
        try:
            collected = collect_subfields(
                self._schema,
                self._fragments,
                self._variables,
                self._operation,
                type_,
                parent.details,
                self._hide_suggestions,
            )
        except GraphQLError as error:
            return error
        try:
            return self._selection(type_, _at_once(collected), rows, page)
        except RecursionError:
            pass
        return GraphQLError("Selections are nested too deeply.", parent.nodes)

    def _source(
        self, parent: FieldPlan, entity: Entity | None, page: PageOf | None
    ) -> tuple[Rows | None, PageOf | None, list[Load]]:
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

    def _wait_for(self, load: Load) -> None:
        self._waited.append(load)
        for above in self._above:
            if above is not load:
                above.downstream.add(load)


_AT_ONCE = "Answers come at once: @defer and @stream are not supported. Disable them with `if: false`."


def _at_once(collected: CollectedFields) -> GroupedFieldSet:
    if collected.new_defer_usages:
        raise GraphQLError(_AT_ONCE, collected.new_defer_usages[0].directive_node)
    return collected.grouped_field_set


def _no_leaf(value: Any) -> Any:
    raise TypeError(f"{value!r} is an object, not a leaf")
