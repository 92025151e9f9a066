"""Completion: values in, response out, for all objects of a field at once.

Follows the specification's "Value Completion": nulls, lists, leaves, the types of objects. Objects are not run here: the
selections below them are left in `entered`, with the level to run them over. Objects that a resolver returned where an
entity type is declared are read again as rows: under policy, with the columns asked for.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from graphql import (
    GraphQLError,
    GraphQLObjectType,
    Undefined,
    is_abstract_type,
    is_object_type,
)
from graphql.pyutils import inspect, is_iterable
from sqlalchemy import inspect as inspect_model

from ..entities.entity import Entity
from ..errors import TryAgain
from ..plan.loads import Rows, RowsByKey
from ..plan.steps import FieldPlan, LookUpNode, Selection
from .arguments import bare
from .context import ExecutionContext
from .level import Level, Slots
from .loading import Loading
from .response_path import Failures, ResponsePath, field_path


@dataclass(frozen=True, eq=False)
class Typed:
    """A row with its entity, where the field's type does not tell it."""

    entity: Entity
    row: Any


class Completion:
    """Completes the values of one execution; `entered` are the selections to run next."""

    def __init__(self, context: ExecutionContext, failures: Failures, loading: Loading) -> None:
        self._context, self._failures, self._loading = context, failures, loading
        self.entered: deque[tuple[Selection, Level]] = deque()

    def complete(self, field: FieldPlan, level: Level, values: Sequence[Any]) -> None:
        """Complete one value for each object of a level, which may be an exception, into the field's key."""
        key, outputs, paths = field.key, level.outputs, level.paths
        if not field.is_leaf or len(field.non_null) > 1:
            here: list[ResponsePath] = [(path, key, field) for path in paths]
            self._items(field, 0, Slots(outputs, [key] * len(outputs), here, values))
            return
        serialize = field.serialize
        for i, value in enumerate(values):
            if value is None or value is Undefined:
                if field.non_null[0]:
                    self._failures.null(field, 0, (paths[i], key, field))
            elif isinstance(value, Exception):
                self._failures.note(field, 0, (paths[i], key, field), value)
            else:
                try:
                    outputs[i][key] = serialize(value)
                except Exception as error:
                    self._failures.note(field, 0, (paths[i], key, field), error)

    def _items(self, field: FieldPlan, depth: int, slots: Slots) -> None:
        """Complete values of one list level, the outermost being 0."""
        present: list[int] = []
        for i, value in enumerate(slots.values):
            if value is None or value is Undefined:
                if field.non_null[depth]:
                    self._failures.null(field, depth, slots.paths[i])
            elif isinstance(value, Exception):
                self._failures.note(field, depth, slots.paths[i], value)
            else:
                present.append(i)
        if len(present) < len(slots):
            slots = slots.take(present)
        if depth + 1 < len(field.non_null):
            self._lists(field, depth, slots)
        elif field.is_leaf:
            serialize = field.serialize
            for container, key, path, value in zip(
                slots.containers, slots.keys, slots.paths, slots.values, strict=True
            ):
                try:
                    container[key] = serialize(value)
                except Exception as error:
                    self._failures.note(field, depth, path, error)
        elif len(slots):
            self._objects(field, depth, slots)

    def _lists(self, field: FieldPlan, depth: int, slots: Slots) -> None:
        containers: list[Any] = []
        keys: list[Any] = []
        paths: list[ResponsePath] = []
        values: list[Any] = []
        for container, key, path, value in zip(slots.containers, slots.keys, slots.paths, slots.values, strict=True):
            if not is_iterable(value):
                error = GraphQLError(f"Expected Iterable, but did not find one for field '{field.name}'.")
                self._failures.note(field, depth, path, error)
                continue
            items: list[Any] = []
            try:
                # Item by item: what came before an exception is completed.
                for item in value:
                    items.append(item)
            except Exception as raised:
                self._failures.note(field, depth, path, raised, after=len(items))
            completed: list[Any] = [None] * len(items)
            container[key] = completed
            containers.extend([completed] * len(items))
            keys.extend(range(len(items)))
            paths.extend([(path, i, None) for i in range(len(items))])
            values.extend(items)
        self._items(field, depth + 1, Slots(containers, keys, paths, values))

    def _objects(self, field: FieldPlan, depth: int, slots: Slots) -> None:
        """Complete objects: find each one's type, then enter the selections type by type."""
        if field.rows is not None and isinstance(field.named_type, GraphQLObjectType):
            self._enter(field, depth, field.named_type.name, slots)
            return
        groups: dict[str, list[int]] = {}
        name_of = self._type_names(field)
        for i, (path, value) in enumerate(zip(slots.paths, slots.values, strict=True)):
            try:
                name = name_of(value, path)
            except TryAgain:
                raise
            except Exception as error:
                self._failures.note(field, depth, path, error)
                continue
            groups.setdefault(name, []).append(i)
        for name, indices in groups.items():
            group = slots.take(indices)
            load = field.references.get(name)
            if load is not None:
                self._refer(field, depth, name, load, group)
            elif isinstance(field.step, LookUpNode):
                self._enter(field, depth, name, group.holding([value.row for value in group.values]))
            else:
                self._enter(field, depth, name, group)

    def _refer(self, field: FieldPlan, depth: int, name: str, load: RowsByKey, slots: Slots) -> None:
        """Objects that a resolver returned are read again as rows: under policy, with the columns asked for."""
        keys = [bare(_identity(value)) for value in slots.values]
        # Who waits for the rows need not keep the objects.
        waiting = slots.holding(())

        def deliver(rows: list[Any]) -> None:
            if field.non_null[depth]:
                for i, row in enumerate(rows):
                    if row is None:
                        self._failures.null(field, depth, waiting.paths[i])
            found = [i for i, row in enumerate(rows) if row is not None]
            self._enter(field, depth, name, waiting.holding(rows).take(found))

        self._loading.need(load, None, keys, deliver, field=field)

    def _enter(self, field: FieldPlan, depth: int, name: str, slots: Slots) -> None:
        selection = field.selections[name]
        if isinstance(selection, GraphQLError):
            for path in slots.paths:
                self._failures.note(field, depth, path, selection)
            return
        template = selection.template
        outputs = []
        for container, key in zip(slots.containers, slots.keys, strict=True):
            output = container[key] = template.copy()
            outputs.append(output)
        if outputs:
            self.entered.append((selection, Level(slots.values, outputs, slots.paths)))

    def _type_names(self, field: FieldPlan) -> Callable[[Any, ResponsePath], str]:
        """A function from a value of the field to the name of its object type."""
        named = field.named_type
        if isinstance(field.step, LookUpNode):
            return lambda value, _: value.entity.name
        if is_object_type(named):
            constant = named.name
            if not named.is_type_of:
                return lambda _value, _place: constant
            return lambda value, path: self._checked_type(field, value, path)
        if field.rows is not None and field.rows.discriminator is not None:
            by_identity, slot = self._subtypes(field.rows), field.rows.discriminator
            return lambda row, _: by_identity(row[slot])
        return lambda value, path: self._runtime_type(field, value, path)

    def _subtypes(self, rows: Rows) -> Callable[[Any], str]:
        mappers = rows.entity.mapper.polymorphic_map
        of_model = self._context.plan.catalog.of_model

        def name_of(identity: Any) -> str:
            if identity not in mappers:
                raise GraphQLError(f"No mapped class for rows of {rows.entity.name} of the kind {identity!r}.")
            entity = of_model(mappers[identity].class_)
            if entity is None:
                raise GraphQLError(f"No entity type for {mappers[identity].class_.__name__}.")
            return entity.name

        return name_of

    def _checked_type(self, field: FieldPlan, value: Any, path: ResponsePath) -> str:
        named = field.named_type
        assert isinstance(named, GraphQLObjectType)
        assert named.is_type_of
        if not named.is_type_of(value, self._context.info(field, field_path(path))):
            raise GraphQLError(f"Expected value of type '{named}' but got: {inspect(value)}.", field.nodes)
        return named.name

    def _runtime_type(self, field: FieldPlan, value: Any, path: ResponsePath) -> str:
        schema, named = self._context.plan.schema, field.named_type
        assert is_abstract_type(named)
        info = self._context.info(field, field_path(path))
        name: Any = (named.resolve_type or self._context.resolvers.type_resolver)(value, info, named)
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
