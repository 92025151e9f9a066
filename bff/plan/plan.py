"""Plans: an operation compiled once, into what execution, `bff plan`, cost and live updates read.

`compile_plan(schema, document)` gives a `Plan`. A plan has one `Variant` for each set of values that the operation's
`@skip` and `@include` variables take; a variant is a tree of selections and fields in which everything that does
not depend on a request is settled: response keys and their order, nullability, how each field is resolved (its
step), which columns each load reads. Planning never touches a database; execution never parses.

Any graphql-core schema can be planned: fields without a `spec` are resolved by their resolver.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterator
from dataclasses import dataclass
from functools import cached_property
from itertools import product
from typing import Any, Literal

import cachetools
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLError,
    GraphQLObjectType,
    GraphQLSchema,
    OperationDefinitionNode,
    OperationType,
    VariableNode,
    Visitor,
    print_ast,
    visit,
)
from graphql.execution.collect_fields import FragmentDetails
from graphql.execution.get_variable_signature import get_variable_signature
from graphql.execution.values import VariableValues
from graphql.type.directives import GraphQLDisableErrorPropagationDirective

from ..columns.scalars import DEFINITION
from ..entities.policy import viewer_value
from ..schema.catalog import Catalog
from .loads import Load
from .placeholders import asks_where
from .planner import plan_fields
from .pushdown import MOST_SUBQUERIES, MOST_SUBQUERIES_FORCED, find_regions
from .region import Regions, RootRow
from .steps import CallBatch, CallResolver, FieldPlan, LookUp, Selection, loads_of

Strategy = Literal["auto", "compiled", "rounds"]
"""How operations are executed: `rounds` loads every level by its keys; `compiled` has PostgreSQL write every field that needs
no Python of objects (see `bff.plan.pushdown`), `auto` those for which it pays (`Region.pays`, `MOST_SUBQUERIES`)."""

STRATEGIES: tuple[Strategy, ...] = ("auto", "compiled", "rounds")

_CONDITIONS = ("skip", "include", "defer", "stream")
"""The directives whose `if` decides what is planned."""

_FEW_CONDITIONS = 4
"""Variables of @skip and @include of which all values are tried, to tell who sees the same."""

_VARIANTS = 64
"""Variants kept of one plan: 2^6, so six independent @skip/@include variables are never planned anew."""


@dataclass(eq=False)
class Variant:
    """The plan under one set of values of the @skip/@include variables."""

    root: Selection
    loads: tuple[Load, ...]
    size: int
    regions: Regions

    def fields(self) -> Iterator[FieldPlan]:
        """All fields, each once."""
        seen: set[Selection] = set()
        waiting = [self.root]
        while waiting:
            selection = waiting.pop()
            if selection in seen:
                continue
            seen.add(selection)
            for each in selection.fields:
                yield each
                waiting += [below for below in each.selections.values() if isinstance(below, Selection)]

    @cached_property
    def is_free(self) -> bool:
        """Whether some Python of the host's may read what the plan does not know of, or look at the viewer."""
        return any(_is_free(each) for each in self.fields())

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


@dataclass(frozen=True)
class Audience:
    """What of a viewer decides what an operation shows: attributes that policies read, and keys that lookups read."""

    attributes: tuple[str, ...]
    keys: tuple[Callable[[Any], Any], ...]

    def of(self, viewer: object | None) -> Hashable:
        """Equal for viewers who see the same."""
        if viewer is None:
            return None
        values: list[Any] = [viewer_value(viewer, name) for name in self.attributes]
        values += [key(viewer) for key in self.keys]
        return tuple((type(each), tuple(each) if isinstance(each, list) else each) for each in values)


class Plan:
    """One operation of a document, planned for a schema. Immutable but for the variants it remembers."""

    def __init__(
        self,
        schema: GraphQLSchema,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        strategy: Strategy,
        *,
        with_keys: bool = False,
        hide_suggestions: bool = False,
    ) -> None:
        self._with_keys, self.hide_suggestions = with_keys, hide_suggestions
        self.schema, self.document, self.operation = schema, document, operation
        # Who follows data must know each row that was read.
        self.strategy: Strategy = "rounds" if operation.operation is OperationType.SUBSCRIPTION else strategy
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

    @property
    def is_live(self) -> bool:
        """Whether it can be subscribed to: a subscription, or a query with `@live`."""
        directives = {each.name.value for each in self.operation.directives or ()}
        return self.kind == "subscription" or (self.kind == "query" and "live" in directives)

    @cached_property
    def text(self) -> str:
        """The document, printed."""
        return print_ast(self.document)

    @cached_property
    def has_field_directives(self) -> bool:
        """Whether a field has a directive of the host's own."""
        return _has_own_directive(self.document)

    def variant(self, variables: VariableValues) -> Variant:
        """The variant for these variables. Raises GraphQLError when the operation cannot be planned."""
        if self._has_fragment_variables:
            return self._plan(variables)
        coerced = variables.coerced
        return self._planned(tuple((name, coerced[name]) for name in self.conditions if name in coerced))

    @cachetools.cachedmethod(
        lambda self: self._variants, key=lambda _self, conditions: conditions, lock=lambda self: self._lock
    )
    def _planned(self, conditions: tuple[tuple[str, Any], ...]) -> Variant:
        return self._plan(VariableValues({}, dict(conditions)))

    def _plan(self, variables: VariableValues) -> Variant:
        planned = plan_fields(
            self.schema,
            self.operation,
            self.fragments,
            self.root_type,
            variables,
            with_keys=self._with_keys,
            hide_suggestions=self.hide_suggestions,
        )
        is_query = self.operation.operation is OperationType.QUERY
        most = MOST_SUBQUERIES if self.strategy == "auto" else MOST_SUBQUERIES_FORCED
        regions = Regions()
        if self.strategy != "rounds":
            regions = find_regions(planned.root, self.catalog, is_query=is_query, most=most)
        return Variant(planned.root, planned.loads, planned.size, regions)

    @cached_property
    def live(self) -> Plan:
        """The same operation as it is executed live: in rounds, so that every key is seen, and with the keys of all rows."""
        if self.strategy == "rounds" and self._with_keys:
            return self
        return Plan(
            self.schema,
            self.document,
            self.operation,
            "rounds",
            with_keys=True,
            hide_suggestions=self.hide_suggestions,
        )

    @cached_property
    def audience(self) -> Audience | None:
        """What of a viewer decides what this operation shows them; None where it may be anything."""
        if self._has_fragment_variables or len(self.conditions) > _FEW_CONDITIONS:
            return None
        values = product((True, False), repeat=len(self.conditions))
        variants = [self.variant(VariableValues({}, dict(zip(self.conditions, each, strict=True)))) for each in values]
        if any(each.is_free for each in variants):
            return None
        models = {model for variant in variants for load in variant.loads for model in load.models}
        attributes = {name for model in models for name in self.catalog.policies.viewer_attributes(model)}
        keys = {
            field.step.spec.key: None
            for variant in variants
            for field in variant.fields()
            if isinstance(field.step, LookUp) and field.step.spec.key is not None
        }
        return Audience(tuple(sorted(attributes)), tuple(keys))

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


def _is_free(field: FieldPlan) -> bool:
    """Whether code that a field runs may read on its own or look at the viewer.

    A resolver gets at both through `info`. What a batch function is declared to read it may have read into objects, whose
    attributes then read more.
    """
    match field.step:
        case CallBatch(load=batch):
            return batch.reads is None or not field.is_leaf
        case CallResolver():
            definition = field.definition.extensions.get(DEFINITION)
            return not field.name.rpartition(".")[2].startswith("__") and (definition is None or asks_where(definition))
    return False


def compile_plan(
    schema: GraphQLSchema,
    document: DocumentNode,
    operation_name: str | None = None,
    *,
    strategy: Strategy = "auto",
    hide_suggestions: bool = False,
) -> Plan:
    """Plan one operation of a document; with `hide_suggestions` its errors tell nothing that the schema has.

    Raises GraphQLError, with graphql-core's texts, when the document has no such operation or several and no
    name was given, and when the schema has no root type for it.
    """
    operations = [each for each in document.definitions if isinstance(each, OperationDefinitionNode)]
    if operation_name is not None:
        operations = [each for each in operations if each.name and each.name.value == operation_name]
        if not operations:
            raise GraphQLError(f"Unknown operation named '{operation_name}'.")
        return Plan(schema, document, operations[-1], strategy, hide_suggestions=hide_suggestions)
    if not operations:
        raise GraphQLError("Must provide an operation.")
    if len(operations) > 1:
        raise GraphQLError("Must provide operation name if query contains multiple operations.")
    return Plan(schema, document, operations[0], strategy, hide_suggestions=hide_suggestions)


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


def _has_own_directive(document: DocumentNode) -> bool:
    found = False

    class Directives(Visitor):
        def enter_field(self, node: FieldNode, *_: Any) -> None:
            nonlocal found
            found = found or any(each.name.value not in _CONDITIONS for each in node.directives or ())

    visit(document, Directives())
    return found


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
