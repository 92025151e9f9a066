"""Which fields of a plan are regions: those that can be written by PostgreSQL, as far as it pays.

A field can be when all below it are columns whose values PostgreSQL writes as the leaf's serializer would (`bff.columns.to_json`),
relations, connections, aggregates, and leaves for which it can leave a placeholder (`bff.plan.placeholders`). What is none is left to rounds, for
a reason that `bff plan` prints.
"""

from __future__ import annotations

from dataclasses import dataclass

from graphql import GraphQLError

from ..columns.to_json import has_text
from ..schema.catalog import Catalog
from .json_sql import OF_PAGES, printer_of
from .loads import Rows, RowsByKey
from .placeholders import Placeholder
from .region import Region, Regions, RootRow
from .steps import (
    CallBatch,
    CallResolver,
    FieldPlan,
    LoadAggregate,
    LoadList,
    LoadOne,
    LookUp,
    LookUpNode,
    PageTotal,
    ReadAttribute,
    ReadColumn,
    ReadNodeId,
    Selection,
)

MOST_SUBQUERIES = 100
"""Subqueries of one statement, by default. SQLAlchemy makes the text of some 400 a second and PostgreSQL plans as many; what
interfaces multiply grows without end, where rounds merge what reads the same."""

MOST_SUBQUERIES_FORCED = 1_000
"""The same where regions are forced."""

MOST_NESTED = 10
"""Levels of subqueries in a region. SQLAlchemy compiles them by recursion, and Python's stack holds about 14 of them."""

MOST_COLUMNS = 1_000
"""Regions of one statement. A row of PostgreSQL has 1,664 columns at most."""


def find_regions(root: Selection, catalog: Catalog, *, is_query: bool, most: int) -> Regions:
    """The maximal regions of a plan's tree. Appends to loads of rows what their statements may then compute.

    A field that would take its statement beyond `most` subqueries is left to rounds, where what reads the same is merged. So is
    a to-one relation that many rows may have in common, where lists or counts are below it: rounds read its rows once, subqueries
    would for each row (1,000 tasks of one person with 10,000: 2.0 s against 0.02).
    """
    found = Regions()
    judge = _Judge(catalog, most)
    seen: set[int] = set()

    def visit(selection: Selection, is_root: bool) -> None:
        if id(selection) in seen:
            return
        seen.add(id(selection))
        for each in selection.fields:
            if isinstance(each.step, (LoadOne, LoadList, LoadAggregate, LookUp)) and (is_query or not is_root):
                reason = judge.take(each, selection.rows)
                if reason is None:
                    region = found.of[each] = Region(len(found.of), each, selection.rows, catalog)
                    if selection.rows is not None:
                        selection.rows.computed.append(region)
                    continue
                found.reasons[each] = reason
            for below in each.selections.values():
                if isinstance(below, Selection):
                    visit(below, False)

    visit(root, True)
    at_root = [found.of[each] for each in root.fields if each in found.of]
    if at_root:
        found.root = RootRow(at_root)
    return found


@dataclass(frozen=True)
class _Judgement:
    """Why a field cannot be a region, or what it takes: subqueries in all, and levels of them.

    `is_costly` tells of lists and counts in it, `shared` of a to-one relation with such below, which a list must not hold.
    """

    reason: str | None
    subqueries: int = 0
    levels: int = 0
    is_costly: bool = False
    shared: str | None = None


class _Judge:
    """Says which fields can be regions, and counts what they take of their statement."""

    def __init__(self, catalog: Catalog, most: int) -> None:
        self._catalog, self._most = catalog, most
        self._known: dict[FieldPlan, _Judgement] = {}
        self._taken: dict[Rows | None, tuple[int, int]] = {}

    def take(self, field: FieldPlan, rows: Rows | None) -> str | None:
        """Why a field is no region of these rows; None makes it one."""
        judgement = self._judge(field)
        if judgement.reason is not None:
            return judgement.reason
        if judgement.levels > MOST_NESTED:
            return f"{field.name} takes {judgement.levels} levels of subqueries, more than {MOST_NESTED}"
        if rows is not None and judgement.shared is not None and isinstance(field.step, LoadOne):
            return judgement.shared
        regions, subqueries = self._taken.get(rows, (0, 0))
        regions, subqueries = regions + 1, subqueries + judgement.subqueries
        if subqueries > self._most:
            return f"with {field.name} the statement has {subqueries} subqueries, more than {self._most}"
        if regions > MOST_COLUMNS:
            return f"with {field.name} the statement has more than {MOST_COLUMNS} columns"
        self._taken[rows] = regions, subqueries
        return None

    def _judge(self, field: FieldPlan) -> _Judgement:
        if field not in self._known:
            self._known[field] = self._judged(field)
        return self._known[field]

    def _judged(self, field: FieldPlan) -> _Judgement:
        reason = self._own_reason(field)
        if reason is not None:
            return _Judgement(reason)
        own = isinstance(field.step, (LoadOne, LoadList, LoadAggregate, LookUp, PageTotal))
        subqueries, levels, is_costly, shared = int(own), 0, False, None
        for below in field.selections.values():
            if isinstance(below, GraphQLError):
                return _Judgement(f"{field.name}: {below.message}")
            for each in below.fields:
                inner = self._judge(each)
                if inner.reason is not None:
                    return inner
                subqueries += inner.subqueries
                levels = max(levels, inner.levels)
                is_costly = is_costly or inner.is_costly
                shared = shared or inner.shared
        match field.step:
            case LoadOne(load=RowsByKey()) if is_costly:
                shared = f"{field.name} has lists or counts below, and may be the same for many rows"
            case LoadList() if shared is not None:
                return _Judgement(shared)
            case LoadList() | LoadAggregate() | PageTotal():
                is_costly = True
        return _Judgement(None, subqueries, levels + int(own), is_costly, shared)

    def _own_reason(self, field: FieldPlan) -> str | None:
        match field.step:
            case CallBatch() if Placeholder.of(field) is None:
                return f"{field.name} is a batch function with objects, or of columns that only Python reads"
            case CallResolver() if Placeholder.of(field) is None:
                return f"{field.name} is a resolver with objects, `info` or extensions"
            case LookUpNode():
                return f"{field.name} leads to any type"
            case ReadAttribute(name=name) if name not in OF_PAGES:
                return f"{field.name} is an attribute of a Python object"
            case ReadColumn() if printer_of(field) is None and Placeholder.of(field) is None:
                return f"{field.name} is read and written by Python"
            case LoadAggregate() | PageTotal() if printer_of(field) is None:
                return f"{field.name} is written as {field.named_type.name} by Python"
            case ReadNodeId(entity=entity):
                if any(not has_text(entity.type_of(name)) for name in entity.key):
                    return f"{field.name} is written by Python"
        return None
