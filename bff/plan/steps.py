"""The tree of a plan: selections, their fields, and how each field is resolved (its step). Values, made by `bff.plan.planner`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from graphql import FieldNode, GraphQLError, GraphQLField, GraphQLNamedOutputType, GraphQLObjectType
from graphql.execution.collect_fields import FieldDetails

from ..columns.serialize import Serializer
from ..entities.entity import Entity
from ..entities.specs import Event, Lookup, Presence
from .lists import Counts, ListByParent, RootList
from .loads import Aggregates, Batch, FormerRows, Load, Rows, RowsByKey


@dataclass(frozen=True)
class Typename:
    """`__typename`."""

    name: str


@dataclass(frozen=True)
class ReadColumn:
    """Read from the row."""

    slot: int


@dataclass(frozen=True)
class ReadNodeId:
    """The global id, from the key columns of the row."""

    entity: Entity
    slots: tuple[int, ...]


@dataclass(frozen=True)
class LoadOne:
    """The row of `load` that the key in `slots` leads to."""

    load: RowsByKey | ListByParent
    slots: tuple[int, ...]


@dataclass(frozen=True)
class LoadList:
    """The rows of `load` for the key in `slots`, as a list or, with `page`, as a connection."""

    load: ListByParent | RootList
    slots: tuple[int, ...]
    page: bool


@dataclass(frozen=True)
class LoadAggregate:
    """A count or sum for the key in `slots`; `empty` is that of no rows."""

    load: Aggregates
    slots: tuple[int, ...]
    slot: int
    empty: Any


@dataclass(frozen=True)
class CallBatch:
    """The value of a batch function for the key in `slots`."""

    load: Batch
    slots: tuple[int, ...]


@dataclass(frozen=True)
class CallResolver:
    """One call of the field's resolver an object; over rows, `rows` and `owner` tell how to read `self` from one."""

    rows: Rows | None
    owner: Entity | None


@dataclass(frozen=True)
class ReadAttribute:
    """An attribute of the source object: Strawberry's own default, without the call."""

    name: str


@dataclass(frozen=True)
class LookUp:
    """One row by a key from the viewer or from the `arguments`, which are in its order."""

    load: RowsByKey
    spec: Lookup
    arguments: tuple[str, ...]


@dataclass(frozen=True)
class LookUpNode:
    """One row by global id; a load for each type."""

    loads: Mapping[str, RowsByKey]


@dataclass(frozen=True)
class PageRows:
    """The rows of a page (`nodes`), or of its edges (`edges`, then `node`)."""

    part: str


@dataclass(frozen=True)
class PageTotal:
    """`totalCount` of a page."""

    load: Counts


@dataclass(frozen=True)
class TakeEvent:
    """The row that the root value, a `Happened`, is about; with `of_change`, in a `bff.Changed`.

    `former` tells whether the viewer saw the row before; None when that cannot be told.
    """

    load: RowsByKey
    spec: Event
    kinds: tuple[str, ...]
    of_change: bool
    former: FormerRows | None


@dataclass(frozen=True)
class TakePresent:
    """The rows that the root value, a `Present`, names, if the viewer sees the one of `place` where they are."""

    load: RowsByKey
    spec: Presence
    place: RowsByKey


Step = (
    Typename | ReadColumn | ReadNodeId | LoadOne | LoadList | LoadAggregate | CallBatch | CallResolver
    | ReadAttribute | LookUp | LookUpNode | PageRows | PageTotal | TakeEvent | TakePresent
)  # fmt: skip


@dataclass(eq=False)
class FieldPlan:
    """One response key of a selection.

    `non_null` holds for each list level, outermost first, whether null is forbidden there: `[T!]` is
    (False, True). `selections` are the sub-selections by object type. `rows` tells that the field's objects are rows
    of a load; `references` are the loads that turn objects which a resolver returned into rows.
    """

    key: str
    index: int
    parent: Selection
    definition: GraphQLField
    details: list[FieldDetails]
    step: Step
    non_null: tuple[bool, ...]
    named_type: GraphQLNamedOutputType
    is_leaf: bool
    static_arguments: dict[str, Any] | None
    serialize: Serializer
    selections: dict[str, Selection | GraphQLError] = field(default_factory=dict)
    rows: Rows | None = None
    references: dict[str, RowsByKey] = field(default_factory=dict)

    @property
    def nodes(self) -> list[FieldNode]:
        return [each.node for each in self.details]

    @property
    def name(self) -> str:
        """`Type.field`, for messages."""
        return f"{self.parent.type.name}.{self.details[0].node.name.value}"

    def __repr__(self) -> str:
        return f"<FieldPlan {self.name} as {self.key}: {type(self.step).__name__}>"


@dataclass(eq=False)
class Selection:
    """The fields selected on objects of one type; `rows` tells that the objects are rows of a load.

    Fields that lead to objects of the same type with the same selections below share one. Without that, a plan grows
    with the number of types at every level that goes through an interface.
    """

    type: GraphQLObjectType
    rows: Rows | None
    fields: list[FieldPlan] = field(default_factory=list)
    template: dict[str, Any] = field(default_factory=dict)

    def __repr__(self) -> str:
        return f"<Selection of {len(self.fields)} on {self.type.name}>"


def loads_of(step: Step) -> list[Load]:
    """The loads that a field with this step waits for."""
    match step:
        case LookUpNode(loads=loads):
            return list(loads.values())
        case TakeEvent(load=load, former=FormerRows() as former):
            return [load, former]
        case TakePresent(load=load, place=place):
            return [place, load]
        case LoadOne() | LoadList() | LoadAggregate() | CallBatch() | LookUp() | PageTotal() | TakeEvent():
            return [step.load]
    return []
