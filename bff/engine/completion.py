"""Completion: values in, response out, for all objects of a field at once.

Follows the specification's "Value Completion": nulls, lists, leaves, the types of objects. Objects are not run here: their
selections are handed on with what to run them over (`enter`). Objects that a resolver returned where an entity
type is declared are read again as rows: under policy, with the columns asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    GraphQLResolveInfo,
    Undefined,
    default_type_resolver,
    is_abstract_type,
    is_object_type,
)
from graphql.pyutils import inspect, is_iterable
from sqlalchemy import inspect as inspect_model

from ..entities.entity import Entity
from ..errors import TryAgain
from ..plan.loads import Load, Rows, RowsByKey
from ..plan.plan import Plan
from ..plan.steps import FieldPlan, LookUpNode, Selection
from .arguments import bare
from .loader import Key
from .response_path import Failures, Place, field_place


class Need(Protocol):
    """Ask a load for keys; the function is called with a result for each, None where there is none."""

    def __call__(
        self,
        load: Load,
        asked: Hashable,
        keys: list[Key],
        deliver: Callable[[list[Any]], None],
        field: FieldPlan | None = None,
    ) -> None:
        """`field` is who leads to the rows, if the load is one of rows."""


Enter = Callable[[Selection, Sequence[Any], list[Any], list[Place]], None]
"""Run a selection later, over sources, into outputs, which stand at places."""


@dataclass(frozen=True, eq=False)
class Typed:
    """A row with its entity, where the field's type does not tell it."""

    entity: Entity
    row: Any


class Completion:
    """Completes the values of one execution."""

    def __init__(
        self,
        plan: Plan,
        failures: Failures,
        *,
        need: Need,
        enter: Enter,
        info: Callable[[FieldPlan, Place], GraphQLResolveInfo[Any]],
    ) -> None:
        self._plan, self._failures = plan, failures
        self._need, self._run_later, self._info = need, enter, info

    def complete(self, field: FieldPlan, outputs: list[Any], places: list[Place], values: Sequence[Any]) -> None:
        """Complete one value for each output, which may be an exception, into `outputs[i][field.key]`."""
        key = field.key
        if not field.is_leaf or len(field.non_null) > 1:
            positions: list[Place] = [(place, key, field) for place in places]
            self._items(field, 0, outputs, [key] * len(outputs), positions, values)
            return
        serialize = field.serialize
        for i, value in enumerate(values):
            if value is None or value is Undefined:
                if field.non_null[0]:
                    self._failures.null(field, 0, (places[i], key, field))
            elif isinstance(value, Exception):
                self._failures.note(field, 0, (places[i], key, field), value)
            else:
                try:
                    outputs[i][key] = serialize(value)
                except Exception as error:
                    self._failures.note(field, 0, (places[i], key, field), error)

    def _items(
        self,
        field: FieldPlan,
        level: int,
        containers: list[Any],
        keys: list[Any],
        places: list[Place],
        values: Sequence[Any],
    ) -> None:
        """Complete values of one list level into `containers[i][keys[i]]`."""
        present: list[int] = []
        for i, value in enumerate(values):
            if value is None or value is Undefined:
                if field.non_null[level]:
                    self._failures.null(field, level, places[i])
            elif isinstance(value, Exception):
                self._failures.note(field, level, places[i], value)
            else:
                present.append(i)
        if len(present) < len(values):
            containers, keys = [containers[i] for i in present], [keys[i] for i in present]
            places, values = [places[i] for i in present], [values[i] for i in present]
        if level + 1 < len(field.non_null):
            self._lists(field, level, containers, keys, places, values)
        elif field.is_leaf:
            serialize = field.serialize
            for container, key, place, value in zip(containers, keys, places, values, strict=True):
                try:
                    container[key] = serialize(value)
                except Exception as error:
                    self._failures.note(field, level, place, error)
        elif values:
            self._objects(field, level, containers, keys, places, values)

    def _lists(
        self,
        field: FieldPlan,
        level: int,
        containers: list[Any],
        keys: list[Any],
        places: list[Place],
        values: Sequence[Any],
    ) -> None:
        inner: tuple[list[Any], list[Any], list[Place], list[Any]] = ([], [], [], [])
        for container, key, place, value in zip(containers, keys, places, values, strict=True):
            if not is_iterable(value):
                error = GraphQLError(f"Expected Iterable, but did not find one for field '{field.name}'.")
                self._failures.note(field, level, place, error)
                continue
            items: list[Any] = []
            try:
                # Item by item: what came before an exception is completed.
                for item in value:
                    items.append(item)
            except Exception as raised:
                self._failures.note(field, level, place, raised, after=len(items))
            completed: list[Any] = [None] * len(items)
            container[key] = completed
            inner[0].extend([completed] * len(items))
            inner[1].extend(range(len(items)))
            inner[2].extend([(place, i, None) for i in range(len(items))])
            inner[3].extend(items)
        self._items(field, level + 1, *inner)

    def _objects(
        self,
        field: FieldPlan,
        level: int,
        containers: list[Any],
        keys: list[Any],
        places: list[Place],
        values: Sequence[Any],
    ) -> None:
        """Complete objects: find each one's type, then run the selections type by type."""
        if field.rows is not None and isinstance(field.named_type, GraphQLObjectType):
            self._enter(field, level, field.named_type.name, containers, keys, places, values)
            return
        groups: dict[str, tuple[list[Any], list[Any], list[Place], list[Any]]] = {}
        name_of = self._type_names(field)
        for container, key, place, value in zip(containers, keys, places, values, strict=True):
            try:
                name = name_of(value, place)
            except TryAgain:
                raise
            except Exception as error:
                self._failures.note(field, level, place, error)
                continue
            group = groups.get(name)
            if group is None:
                group = groups[name] = ([], [], [], [])
            for member, part in zip(group, (container, key, place, value), strict=True):
                member.append(part)
        for name, (g_containers, g_keys, g_places, g_values) in groups.items():
            load = field.references.get(name)
            if load is None:
                rows = [value.row for value in g_values] if isinstance(field.step, LookUpNode) else g_values
                self._enter(field, level, name, g_containers, g_keys, g_places, rows)
            else:
                self._refer(field, level, name, load, g_containers, g_keys, g_places, g_values)

    def _refer(
        self,
        field: FieldPlan,
        level: int,
        name: str,
        load: RowsByKey,
        containers: list[Any],
        keys: list[Any],
        places: list[Place],
        values: list[Any],
    ) -> None:
        """Objects that a resolver returned are read again as rows: under policy, with the columns asked for."""

        def deliver(rows: list[Any]) -> None:
            found = [i for i, row in enumerate(rows) if row is not None]
            if field.non_null[level]:
                for i, row in enumerate(rows):
                    if row is None:
                        self._failures.null(field, level, places[i])
            self._enter(
                field,
                level,
                name,
                [containers[i] for i in found],
                [keys[i] for i in found],
                [places[i] for i in found],
                [rows[i] for i in found],
            )

        self._need(load, None, [bare(_identity(value)) for value in values], deliver, field)

    def _enter(
        self,
        field: FieldPlan,
        level: int,
        name: str,
        containers: list[Any],
        keys: list[Any],
        places: list[Place],
        sources: Sequence[Any],
    ) -> None:
        selection = field.selections[name]
        if isinstance(selection, GraphQLError):
            for place in places:
                self._failures.note(field, level, place, selection)
            return
        template = selection.template
        outputs = []
        for container, key in zip(containers, keys, strict=True):
            output = container[key] = template.copy()
            outputs.append(output)
        if outputs:
            self._run_later(selection, sources, outputs, places)

    def _type_names(self, field: FieldPlan) -> Callable[[Any, Place], str]:
        """A function from a value of the field to the name of its object type."""
        named = field.named_type
        if isinstance(field.step, LookUpNode):
            return lambda value, _: value.entity.name
        if is_object_type(named):
            constant = named.name
            if not named.is_type_of:
                return lambda _value, _place: constant
            return lambda value, place: self._checked_type(field, value, place)
        if field.rows is not None and field.rows.discriminator is not None:
            by_identity, slot = self._subtypes(field.rows), field.rows.discriminator
            return lambda row, _: by_identity(row[slot])
        return lambda value, place: self._runtime_type(field, value, place)

    def _subtypes(self, rows: Rows) -> Callable[[Any], str]:
        mappers = rows.entity.mapper.polymorphic_map
        of_model = self._plan.catalog.of_model

        def name_of(identity: Any) -> str:
            if identity not in mappers:
                raise GraphQLError(f"No mapped class for rows of {rows.entity.name} of the kind {identity!r}.")
            entity = of_model(mappers[identity].class_)
            if entity is None:
                raise GraphQLError(f"No entity type for {mappers[identity].class_.__name__}.")
            return entity.name

        return name_of

    def _checked_type(self, field: FieldPlan, value: Any, place: Place) -> str:
        named = field.named_type
        assert isinstance(named, GraphQLObjectType)
        assert named.is_type_of
        if not named.is_type_of(value, self._info(field, field_place(place))):
            raise GraphQLError(f"Expected value of type '{named}' but got: {inspect(value)}.", field.nodes)
        return named.name

    def _runtime_type(self, field: FieldPlan, value: Any, place: Place) -> str:
        schema, named = self._plan.schema, field.named_type
        assert is_abstract_type(named)
        info = self._info(field, field_place(place))
        name: Any = (named.resolve_type or default_type_resolver)(value, info, named)
        complaint = None
        if name is None:
            complaint = (
                f"Abstract type '{named}' must resolve to an Object type at runtime for field '{field.name}'."
                f" Either the '{named}' type should provide a 'resolve_type' function or each possible type should"
                f" provide an 'is_type_of' function."
            )
        elif not isinstance(name, str):
            complaint = (
                f"Abstract type '{named}' must resolve to an Object type at runtime for field '{field.name}' with"
                f" value {inspect(value)}, received '{inspect(name)}', which is not a valid Object type name."
            )
        elif (type_ := schema.get_type(name)) is None:
            complaint = (
                f"Abstract type '{named}' was resolved to a type '{name}' that does not exist inside the schema."
            )
        elif not is_object_type(type_):
            complaint = f"Abstract type '{named}' was resolved to a non-object type '{name}'."
        elif not schema.is_sub_type(named, type_):
            complaint = f"Runtime Object type '{type_}' is not a possible type for '{named}'."
        elif type_.is_type_of and not type_.is_type_of(value, info):
            complaint = f"Expected value of type '{type_}' but got: {inspect(value)}."
        if complaint is not None:
            raise GraphQLError(complaint, field.nodes)
        return str(name)


def _identity(value: Any) -> tuple[Any, ...]:
    state = inspect_model(value)
    return tuple(state.identity or state.mapper.primary_key_from_instance(value))
