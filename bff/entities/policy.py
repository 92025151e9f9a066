"""Row policies: which rows of a model a viewer may see.

A policy is declared once, on the entity type, and `bff` puts it into every statement that touches the model:
page queries, aggregates, searches, and the host's own ORM statements through `Database.police`.

    policy=lambda matter, viewer: matter.organization_id == viewer.organization_id
    policy=lambda note, viewer: note.team_id == sqlalchemy.any_(viewer.team_ids)
    policy=through("task")      a comment is visible when its task is
    policy=public               every row is visible to everyone

`viewer` in a policy stands for the viewer of some later request: reading an attribute of it gives a bound
parameter, so one statement serves every viewer. A policy must therefore be an expression; it cannot branch on
the viewer in Python (`sqlalchemy.or_(viewer.role == "admin", ...)` can).
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from sqlalchemy import Alias, BindParameter, Column, ColumnElement, Table, any_, inspect, literal_column, select, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Mapper, aliased
from sqlalchemy.sql import visitors
from sqlalchemy.sql.elements import BinaryExpression, CollectionAggregate
from sqlalchemy.sql.util import _deep_deannotate
from sqlalchemy.types import NullType

from ..columns.convert import DIALECT
from ..errors import DeclarationError


class ViewerParameter(BindParameter[Any]):
    """The parameter that an attribute of the viewer is in a statement, named after it.

    One attribute may be compared with columns of different types: where a type does something to its values, the
    parameter is named after the type too.
    """

    inherit_cache = True

    def __init__(self, attribute: str, type_: Any = None, value: object = None, *, unique: bool = False) -> None:
        super().__init__(f"viewer_{attribute}", value, type_=type_, unique=unique)
        self.viewer_attribute = attribute
        if not unique and self.type.dialect_impl(DIALECT).bind_processor(DIALECT) is not None:
            self.key = f"{self.key}_{_type_name(self.type)}"

    def typed(self, type_: Any) -> ViewerParameter:
        """The same attribute as a value of a type."""
        return ViewerParameter(self.viewer_attribute, type_, self.value, unique=self.unique)


def _type_name(type_: Any) -> str:
    name = getattr(type_, "name", None) or type_.compile(dialect=DIALECT)
    return "_".join(re.findall(r"\w+", str(name).lower()))


class ViewerParameters:
    """Stands for a viewer while a statement is built; each attribute is a bound parameter."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return ViewerParameter(name)


@dataclass(frozen=True)
class ViewerValues:
    """Stands for the viewer of a request in the host's own statements; None (nobody) sees only NULLs."""

    viewer: object | None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return ViewerParameter(name, value=viewer_value(self.viewer, name), unique=True)


def viewer_value(viewer: object | None, name: str) -> object:
    """The value of a viewer's attribute in a policy: NULL for nobody, so that no comparison holds.

    Tuples and sets come as lists, which is what PostgreSQL's arrays are made of. Raises DeclarationError when the
    viewer lacks the attribute.
    """
    if viewer is None:
        return None
    try:
        value: object = getattr(viewer, name)
    except AttributeError:
        raise DeclarationError(
            f"a policy reads viewer.{name}, but {type(viewer).__name__} has no attribute '{name}'"
        ) from None
    if isinstance(value, tuple):
        return list(value)
    return sorted(value, key=repr) if isinstance(value, (set, frozenset)) else value


Criterion = Callable[[Any, Any], ColumnElement[bool]]
"""(aliased model, viewer) -> SQL condition."""


@dataclass(frozen=True)
class Through:
    """A row is visible when the row its to-one relationship leads to is visible."""

    relationship: str


@dataclass(frozen=True)
class Public:
    """Every row is visible to everyone."""


Policy = Criterion | Through | Public

public = Public()


def through(relationship: str) -> Through:
    """A row is visible when the row behind this to-one relationship is (comments through their task)."""
    return Through(relationship)


class Policies:
    """The policies of all models of a schema; `condition` is their one reading.

    Raises DeclarationError for policies that lead in a circle or are no SQL expression.
    """

    def __init__(self, policies: Mapping[type, Policy]) -> None:
        self._policies = dict(policies)
        for model in self._policies:
            self._check_chain(model)
        for model in self._policies:
            self._check_expression(model)
        self._viewer_attributes: dict[type, tuple[str, ...]] = {}

    @property
    def models(self) -> tuple[type, ...]:
        """The models that have a policy other than `public`."""
        return tuple(model for model in self._policies if not isinstance(self.policy(model), Public))

    def policy(self, model: type) -> Policy:
        """The policy of a model: its own, or that of the nearest class it inherits from.

        Raises DeclarationError when there is none: a model without a policy is not readable by accident.
        """
        for base in model.__mro__:
            if base in self._policies:
                return self._policies[base]
        raise DeclarationError(
            f"{model.__name__} has no policy; declare an entity type of it with policy=..., or policy=public"
        )

    def condition(self, model: type, entity: Any, viewer: Any) -> ColumnElement[bool]:
        """The SQL condition under which `viewer` sees a row of `entity`, an alias of `model`."""
        policy = self.policy(model)
        if isinstance(policy, Public):
            return true()
        if isinstance(policy, Through):
            target = _target(model, policy)
            if isinstance(self.policy(target), Public):
                return true()
            return self._leads_to_visible(entity, policy.relationship, target, viewer)
        condition: ColumnElement[bool] = _with_typed_parameters(
            policy(entity, viewer), f"the policy of {model.__name__}"
        )
        return condition

    def criteria(self, model: type, viewer: Any) -> ColumnElement[bool]:
        """The condition for SQLAlchemy's `with_loader_criteria`, which adapts it to the aliases of a host's statement.

        Only what is said of `model` may be adapted and filtered on. Subqueries of a policy therefore read tables, not
        entities, under names of their own: where the host's statement has the same entity, SQLAlchemy would take
        one for the other (`EXISTS (... members WHERE members_1.user_id = ...)`), and filter each level anew.
        """
        own: Mapper[Any] = inspect(model)
        alias: Any = aliased(model, flat=True)
        condition = self.condition(model, alias, viewer)
        entities = {entity for each in visitors.iterate(condition) if (entity := _mapper_of(each)) is not None}
        if any(entity.single and not own.isa(entity) for entity in entities):
            # Only as entities do subclasses in their parent's table keep to their own rows.
            return self.condition(model, model, viewer)
        ours = {
            column: each.element.c[column.key]._annotate({"parententity": own, "parentmapper": own})
            for each in visitors.iterate(inspect(alias).selectable)
            if isinstance(each, Alias)
            for column in each.c
        }
        names: dict[Any, Any] = {}

        def replace(element: Any, **_: Any) -> Any:
            if isinstance(element, Column) and element in ours:
                return ours[element]
            table = element.table if isinstance(element, Column) else element
            if not isinstance(table, Table):
                return None
            name = names.setdefault(table, table.alias())
            return name.c[element.key] if isinstance(element, Column) else name

        adaptable: ColumnElement[bool] = visitors.replacement_traverse(_deep_deannotate(condition), {}, replace)
        return adaptable

    def _leads_to_visible(self, entity: Any, relationship: str, target: type, viewer: Any) -> ColumnElement[bool]:
        """The condition that the row behind a to-one relationship is visible: `relationship.has(...)`, by hand.

        The target is an alias of its own, so that where a statement has it too, neither is taken for the other.
        """
        alias: Any = aliased(target)
        mapper: Mapper[Any] = inspect(target)
        attribute = getattr(entity, relationship).of_type(alias)
        table, secondary = inspect(alias).selectable, attribute.property.secondary
        conditions = [attribute.__clause_element__(), self.condition(target, alias, viewer)]
        if mapper.single and mapper.polymorphic_on is not None:
            kinds = [each.polymorphic_identity for each in mapper.self_and_descendants]
            conditions.append(getattr(alias, mapper.get_property_by_column(mapper.polymorphic_on).key).in_(kinds))
        within = [table] if secondary is None else [table, secondary]
        return select(literal_column("1")).select_from(table).where(*conditions).correlate_except(*within).exists()

    def columns(self, model: type) -> tuple[str, ...]:
        """The attributes of a row itself that decide who sees it, sorted."""
        mapper: Mapper[Any] = inspect(model)
        condition, own = self._of_row(model, ViewerParameters())
        columns = {own[each] for each in visitors.iterate(condition) if isinstance(each, Column) and each in own}
        return tuple(sorted({mapper.get_property_by_column(column).key for column in columns}))

    def former(self, model: type, viewer: Any, values: Mapping[str, ColumnElement[Any]]) -> ColumnElement[bool]:
        """The condition under which `viewer` saw a row that may be gone, by the `values` of the attributes in `columns`."""
        mapper: Mapper[Any] = inspect(model)
        condition, own = self._of_row(model, viewer)

        def replace(element: Any, **_: Any) -> Any:
            if isinstance(element, Column) and element in own:
                return values[mapper.get_property_by_column(own[element]).key]
            return None

        former: ColumnElement[bool] = visitors.replacement_traverse(condition, {}, replace)
        return former

    def _of_row(self, model: type, viewer: Any) -> tuple[ColumnElement[bool], dict[Any, Column[Any]]]:
        """The condition over an alias of its own, whose columns are told from others of the same table, and which they are."""
        alias: Any = aliased(model, flat=True)
        own = {
            column: each.element.c[column.key]
            for each in visitors.iterate(inspect(alias).selectable)
            if isinstance(each, Alias)
            for column in each.c
        }
        return self.condition(model, alias, viewer), own

    def viewer_attributes(self, model: type) -> tuple[str, ...]:
        """The attributes of the viewer that decide which rows of `model` are visible, sorted."""
        if model not in self._viewer_attributes:
            names = {each.viewer_attribute for each in self._parameters(model)}
            self._viewer_attributes[model] = tuple(sorted(names))
        return self._viewer_attributes[model]

    def audience(self, model: type, viewer: object | None) -> tuple[object, ...]:
        """The values of those attributes for a viewer: who has the same sees the same rows."""
        values = (viewer_value(viewer, name) for name in self.viewer_attributes(model))
        return tuple(tuple(value) if isinstance(value, list) else value for value in values)

    def parameters(self, viewer: object | None) -> dict[str, object]:
        """The values of the parameters in the conditions of all models."""
        return {name: viewer_value(viewer, attribute) for name, attribute in self._all_parameters.items()}

    @cached_property
    def _all_parameters(self) -> dict[str, str]:
        return {each.key: each.viewer_attribute for model in self.models for each in self._parameters(model)}

    def _parameters(self, model: type) -> list[ViewerParameter]:
        condition = self.condition(model, model, ViewerParameters())
        return [each for each in visitors.iterate(condition) if isinstance(each, ViewerParameter)]

    def _check_chain(self, model: type) -> None:
        seen = [model]
        policy = self.policy(model)
        while isinstance(policy, Through):
            model = _target(model, policy)
            if model in seen:
                names = " -> ".join(step.__name__ for step in [*seen, model])
                raise DeclarationError(f"policies lead in a circle: {names}")
            seen.append(model)
            policy = self.policy(model)

    def _check_expression(self, model: type) -> None:
        try:
            with _no_truth():
                condition: object = self.condition(model, model, ViewerParameters())
        except DeclarationError:
            raise
        except Exception as error:
            raise DeclarationError(
                f"the policy of {model.__name__} cannot be read as one SQL expression: {error}; it stands for every viewer, "
                f"so it cannot branch on one in Python: join conditions with sqlalchemy.and_ and sqlalchemy.or_"
            ) from error
        if not isinstance(condition, ColumnElement):
            raise DeclarationError(
                f"the policy of {model.__name__} gives {condition!r}, which is no SQL condition on its columns"
            )


@contextmanager
def _no_truth() -> Iterator[None]:
    """`a == b and c == d` is just `a == b`, as SQLAlchemy's comparisons have a truth of their own; here they have none."""
    truth: Any = BinaryExpression.__bool__

    def __bool__(self: BinaryExpression[Any]) -> bool:  # noqa: N807
        if sys._getframe(1).f_globals["__name__"].startswith("sqlalchemy."):
            return bool(truth(self))
        raise TypeError(f"whether {self} holds is not known in Python")

    BinaryExpression.__bool__ = __bool__  # type: ignore[method-assign]
    try:
        yield
    finally:
        BinaryExpression.__bool__ = truth  # type: ignore[method-assign]


def _with_typed_parameters(condition: Any, where: str) -> Any:
    """The condition with its parameters named after their types, and the lists in `column == any_(viewer.list)` typed
    as arrays of the column's type, enums and UUIDs too."""

    def replace(element: Any, **_: Any) -> Any:
        if isinstance(element, ViewerParameter):
            if element.expanding:
                name = element.viewer_attribute
                raise DeclarationError(
                    f"{where} compares with .in_(viewer.{name}); use == sqlalchemy.any_(viewer.{name}), which is one "
                    f"parameter for lists of every length"
                )
            return element.typed(element.type)
        if isinstance(element, BinaryExpression) and isinstance(element.right, CollectionAggregate):
            parameter = getattr(element.right.element, "element", None)
            if isinstance(parameter, ViewerParameter) and isinstance(parameter.type, NullType):
                typed = any_(parameter.typed(ARRAY(element.left.type)))
                return BinaryExpression(element.left, typed, element.operator, type_=element.type)
        return None

    if hasattr(condition, "__clause_element__"):
        condition = condition.__clause_element__()
    return visitors.replacement_traverse(condition, {}, replace) if isinstance(condition, ColumnElement) else condition


def _mapper_of(element: Any) -> Mapper[Any] | None:
    mapper: Mapper[Any] | None = getattr(element, "_annotations", {}).get("parentmapper")
    return mapper


def _target(model: type, policy: Through) -> type:
    mapper: Mapper[Any] = inspect(model)
    relationship = mapper.relationships.get(policy.relationship)
    if relationship is None or relationship.uselist:
        to_one = ", ".join(name for name, each in mapper.relationships.items() if not each.uselist)
        raise DeclarationError(
            f"{model.__name__}: policy=through({policy.relationship!r}) needs a to-one relationship; "
            f"{model.__name__} has: {to_one or 'none'}"
        )
    target: type = relationship.mapper.class_
    return target
