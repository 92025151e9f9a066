"""Row policies: which rows of a model a viewer may see.

A policy is declared once, on the entity type, and `bff` puts it into every statement that touches the model:
page queries, aggregates, searches, and the host's own ORM statements through `Database.police`.

    policy=lambda matter, viewer: matter.organization_id == viewer.organization_id
    policy=through("task")      a comment is visible when its task is
    policy=public               every row is visible to everyone

`viewer` in a policy stands for the viewer of some later request: reading an attribute of it gives a bound
parameter, so one statement serves every viewer. A policy must therefore be an expression; it cannot branch on
the viewer in Python (`sqlalchemy.or_(viewer.role == "admin", ...)` can), and a list of the
viewer is cast: `matter.team_id == any_(cast(viewer.team_ids, ARRAY(BigInteger)))`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BindParameter, ColumnElement, bindparam, inspect, true
from sqlalchemy.orm import Mapper
from sqlalchemy.sql import visitors

from ..errors import DeclarationError

PREFIX = "viewer_"
"""What the bound parameters of viewer attributes start with."""


class ViewerParameters:
    """Stands for a viewer while a statement is built; each attribute is a bound parameter."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return bindparam(PREFIX + name, None)


@dataclass(frozen=True)
class ViewerValues:
    """Stands for the viewer of a request in the host's own statements; None (nobody) sees only NULLs."""

    viewer: object | None

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return bindparam(PREFIX + name, viewer_value(self.viewer, name), unique=True)


def viewer_value(viewer: object | None, name: str) -> object:
    """The value of a viewer's attribute in a policy: NULL for nobody, so that no comparison holds.

    Raises DeclarationError when the viewer lacks the attribute.
    """
    if viewer is None:
        return None
    try:
        value: object = getattr(viewer, name)
    except AttributeError:
        raise DeclarationError(
            f"a policy reads viewer.{name}, but {type(viewer).__name__} has no attribute '{name}'"
        ) from None
    return value


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
    """The policies of all models of a schema; `condition` is their one reading."""

    def __init__(self, policies: Mapping[type, Policy]) -> None:
        self._policies = dict(policies)
        for model in self._policies:
            self._check_chain(model)

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
            relationship = getattr(entity, policy.relationship)
            # `has` on the plain class: the subquery then has a FROM of its own.
            return relationship.has(self.condition(target, target, viewer))  # type: ignore[no-any-return]
        return policy(entity, viewer)

    def viewer_attributes(self, model: type) -> tuple[str, ...]:
        """The attributes of the viewer that decide which rows of `model` are visible, sorted."""
        condition = self.condition(model, model, ViewerParameters())
        names = {each.key for each in visitors.iterate(condition) if isinstance(each, BindParameter)}
        return tuple(sorted(name.removeprefix(PREFIX) for name in names if name.startswith(PREFIX)))

    def audience(self, model: type, viewer: object | None) -> tuple[object, ...]:
        """The values of those attributes for a viewer: who has the same sees the same rows."""
        return tuple(viewer_value(viewer, name) for name in self.viewer_attributes(model))

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
