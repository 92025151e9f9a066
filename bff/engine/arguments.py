"""What a request asks of the fields of a plan: coerced arguments, the order, filter and cursors of lists, keys.

What may be wrong with an argument is an error of its field, so these functions give exceptions as values.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import replace
from typing import Any

from graphql import get_argument_values
from strawberry.types.arguments import convert_arguments

from ..columns.scalars import DEFINITION
from ..entities.cursors import CursorCodec
from ..entities.entity import Entity
from ..entities.page import ListRequest
from ..errors import TryAgain
from ..plan.loads import BatchRequest, Load, LoadKey, Rows, RowsByKey
from ..plan.region import Region, RegionRequest, list_request
from ..plan.steps import CallBatch, FieldPlan, LoadList, LookUp, LookUpNode
from .context import ExecutionContext


class Arguments:
    """Reads the arguments of one execution."""

    def __init__(self, context: ExecutionContext) -> None:
        self._context, self._plan = context, context.plan
        self._of_regions: dict[Region, RegionRequest | None] = {}

    def of(self, field: FieldPlan) -> dict[str, Any] | Exception:
        """The coerced argument values of a field, by GraphQL name."""
        if field.static_arguments is not None:
            return field.static_arguments
        try:
            return self.coerced(field)
        except Exception as error:
            return error

    def coerced(self, field: FieldPlan) -> dict[str, Any]:
        """The same, coerced anew. Raises what coercion does."""
        details = field.details[0]
        return get_argument_values(
            field.definition,
            details.node,
            self._context.variables,
            details.fragment_variable_values,
            self._plan.hide_suggestions,
        )

    def of_list(self, field: FieldPlan, step: LoadList) -> ListRequest | Exception:
        """What is asked of a list or connection."""
        raw = self.of(field)
        if isinstance(raw, Exception):
            return raw
        load = step.load
        try:
            request = list_request(field, step, raw)
            if not step.page:
                return request
            arguments = request.arguments
            audience = load.policies.audience(load.entity.model, self._context.scope.viewer)
            codec = CursorCodec(self._context.scope.secret, load.entity, arguments.order, audience)
            after, before = (
                None if cursor is None else codec.decode(cursor, what=f"{field.name}({name}:)")
                for name, cursor in (("after", arguments.after), ("before", arguments.before))
            )
            return replace(request, codec=codec, after=after, before=before)
        except TryAgain:
            raise
        except Exception as error:
            return error

    def of_batch(self, field: FieldPlan, step: CallBatch) -> BatchRequest | Exception:
        """The arguments of a batch function."""
        raw = self.of(field)
        return raw if isinstance(raw, Exception) else BatchRequest(self._by_python_name(field, raw), _frozen(raw))

    def of_lookup(self, field: FieldPlan, step: LookUp) -> LoadKey | Exception:
        """The primary key of the one row that is looked up; None leads nowhere."""
        raw = self.of(field)
        if isinstance(raw, Exception):
            return raw
        try:
            return self._key(field.name, step, raw)
        except TryAgain:
            raise
        except Exception as error:
            return error

    def _key(self, what: str, step: LookUp, raw: dict[str, Any]) -> LoadKey:
        if step.spec.key is None:
            values = tuple(raw[name] for name in step.arguments)
        elif self._context.scope.viewer is None:
            return None
        else:
            found = step.spec.key(self._context.scope.viewer)
            if found is None:
                return None
            values = found if isinstance(found, tuple) else (found,)
        return bare(step.load.entity.parse_key(values, what=what))

    def of_node(self, field: FieldPlan, step: LookUpNode) -> tuple[Entity, RowsByKey | None, LoadKey] | Exception:
        """The entity that a global id names, its load if the field can lead there, and the primary key."""
        raw = self.of(field)
        if isinstance(raw, Exception):
            return raw
        try:
            entity, key = self._plan.catalog.parse_global_id(raw["id"])
        except Exception as error:
            return error
        return entity, step.loads.get(entity.name), bare(key)

    def of_region(self, region: Region) -> RegionRequest | None:
        """What is asked of a region; None when it is left to rounds.

        So it is when an argument in it is wrong, which is an error of whatever has it, and, where we may choose, when it does not pay.
        """
        if region not in self._of_regions:
            self._of_regions[region] = self._region(region)
        return self._of_regions[region]

    def of_computed(self, load: Load, wanted: frozenset[Region]) -> list[RegionRequest | None]:
        """What is asked of the regions in the rows of a load, of those that are wanted."""
        computed = load.computed if isinstance(load, Rows) else []
        return [self.of_region(each) if each in wanted else None for each in computed if isinstance(each, Region)]

    def _region(self, region: Region) -> RegionRequest | None:
        lists: dict[FieldPlan, ListRequest] = {}
        keys: dict[FieldPlan, LoadKey] = {}
        for site in region.varying:
            if isinstance(site.step, LookUp):
                key = self.of_lookup(site, site.step)
                if isinstance(key, Exception):
                    return None
                keys[site] = key
            else:
                assert isinstance(site.step, LoadList)
                request = self.of_list(site, site.step)
                if isinstance(request, Exception):
                    return None
                lists[site] = request
        made = region.asked(lists, keys)
        return made if self._plan.strategy != "auto" or region.pays(made) else None

    def _by_python_name(self, field: FieldPlan, raw: dict[str, Any]) -> dict[str, Any]:
        """Argument values as Strawberry gives them to resolvers."""
        if not raw:
            return {}
        strawberry_schema = self._plan.schema._strawberry_schema  # type: ignore[attr-defined]
        return convert_arguments(
            raw,
            field.definition.extensions[DEFINITION].arguments,
            scalar_registry=strawberry_schema.schema_converter.scalar_registry,
            config=strawberry_schema.config,
        )


def bare(key: tuple[Any, ...]) -> LoadKey:
    """A primary key as the key of a load."""
    return key[0] if len(key) == 1 else key


def _frozen(value: Any) -> Hashable:
    """The same as something hashable, in which 1, 1.0 and True differ, and what cannot be compared is like nothing."""
    if isinstance(value, Mapping):
        return tuple((name, _frozen(each)) for name, each in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(_frozen(each) for each in value)
    try:
        hash(value)
    except TypeError:
        return object()
    return type(value), value
