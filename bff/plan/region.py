"""Regions: fields whose whole answer PostgreSQL writes, as JSON in one column of a statement.

Root regions of a query are the columns of one row (`RootRow`): the page is one statement. Below rows that Python
needs, they are further columns of these rows' own statement. `bff.plan.pushdown` says which fields are regions, `bff.plan.json_sql`
makes the SQL; here is what a region is, and what a request makes of it. What is irregular is answered in rounds, which
give the errors; leaves that need Python, and cursors, are placeholders in the JSON (`bff.plan.placeholders`).

Regions are shared by threads and never touch a database, but they have state: each keeps the statements of the shapes last asked
for, and counts irregular answers; it logs when they are so many that the field is left to rounds.
"""

from __future__ import annotations

import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cachetools
from sqlalchemy import (
    ColumnElement,
    select,
)

from ..entities.arguments import list_arguments
from ..entities.connection import DEFAULT_PAGE
from ..entities.cursors import CursorCodec
from ..entities.page import ListRequest
from ..errors import BadUserInput
from ..schema.catalog import Catalog
from ..sql.select import LIMIT, list_parameters
from ..sql.statement import Statement
from ..telemetry import IRREGULAR_FIELD, log
from .json_sql import Writer, is_large, printer_of, shape_of, wants_cursors
from .loads import Rows
from .placeholders import Placeholder
from .steps import CallBatch, CallResolver, FieldPlan, LoadList, LookUp, PageRows, ReadColumn, Selection

MOST_FAILURES = 3
"""Irregular answers in a row from which on a field is left to rounds, where we may choose, but for one try in `RETRY`."""

RETRY = 100

_TEXTS = 32
"""Texts kept of one region: one for each shape of filters, orders and cursors in use."""


@dataclass(frozen=True, eq=False)
class RegionRequest:
    """What a request makes of a region: `shape` decides the text, `parameters` are its values."""

    region: Region
    lists: Mapping[FieldPlan, ListRequest]
    shape: Hashable
    parameters: Mapping[str, Any]
    codecs: Mapping[FieldPlan, CursorCodec]

    def read(self, alias: Any) -> ColumnElement[Any]:
        """The column, for rows of an alias."""
        return self.region.column({**self.region.constant, **self.lists}, alias)


class Region:
    """One field whose value PostgreSQL writes.

    `sites` are the lists and lookups in it. What is asked of some is the same in every request (`constant`); `varying` are the
    others. `rows` are the parent's, None at the root. Parameters are named after the region's `number` in the plan.
    """

    def __init__(self, number: int, root: FieldPlan, rows: Rows | None, catalog: Catalog) -> None:
        self.number, self.field, self.rows, self.catalog = number, root, rows, catalog
        self.sites: tuple[FieldPlan, ...] = tuple(dict.fromkeys(_sites(root)))
        self.constant = {site: asked for site in self.sites if (asked := _asked_always(site)) is not None}
        self.varying = tuple(site for site in self.sites if site not in self.constant)
        cursors = [Placeholder(each) for each in self.sites if wants_cursors(each)]
        self.placeholders = (
            *cursors,
            *(placeholder for each in dict.fromkeys(_python(root)) if (placeholder := Placeholder.of(each))),
        )
        self._numbers = {placeholder.field: number for number, placeholder in enumerate(self.placeholders)}
        self._prefixes = {site: f"r{number}s{i}_" for i, site in enumerate(self.sites)}
        self._seen: cachetools.LRUCache[Hashable, bool] = cachetools.LRUCache(_TEXTS)
        self._failures = 0
        self._statements: cachetools.LRUCache[Hashable, Statement] = cachetools.LRUCache(_TEXTS)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<Region {self.number} {self.field.name}>"

    @property
    def calls(self) -> bool:
        """Whether batch functions are called for it, which may read for themselves."""
        return any(isinstance(placeholder.field.step, CallBatch) for placeholder in self.placeholders)

    def column(self, lists: Mapping[FieldPlan, ListRequest], alias: Any) -> ColumnElement[Any]:
        """The JSON of the field for rows of an alias, given what is asked of every list in it."""
        writer = Writer(self.catalog, lists, prefixes=self._prefixes, placeholders=self._numbers)
        return writer.column(self.field, self.rows, alias)

    def expect(self) -> None:
        """Take it that a request without arguments comes again."""
        shape = self.without_arguments().shape
        with self._lock:
            self._seen[shape] = True

    def pays(self, asked: RegionRequest) -> bool:
        """Whether it is worth a try: this shape was asked for before, lately, and answers were not always irregular.

        Making a text takes longer than one answer in rounds, and what is irregular is answered twice.
        """
        with self._lock:
            is_known = asked.shape in self._seen
            self._seen[asked.shape] = True
            if self._failures >= MOST_FAILURES:
                self._failures += 1
            return is_known and (self._failures < MOST_FAILURES or self._failures % RETRY == 0)

    def failed(self, has_failed: bool) -> None:
        """Note whether an answer was irregular."""
        if not has_failed:
            self._failures = 0
        elif self._failures < MOST_FAILURES:
            self._failures += 1
            if self._failures == MOST_FAILURES:
                log.warning(IRREGULAR_FIELD, field=self.field.name, key=self.field.key)

    @cachetools.cachedmethod(
        lambda self: self._statements, key=lambda _self, asked: asked.shape, lock=lambda self: self._lock
    )
    def statement(self, asked: RegionRequest) -> Statement:
        """The value of a root region, by itself."""
        statement = Statement(select(asked.read(None).label("j")), 0)
        with self._lock:
            self._seen[asked.shape] = True
        return statement

    def without_arguments(self) -> RegionRequest:
        """What a request without arguments asks, for whoever wants to see the statement before there is one."""
        lists: dict[FieldPlan, ListRequest] = {}
        for site in self.varying:
            if isinstance(site.step, LoadList):
                try:
                    lists[site] = list_request(site, site.step, site.static_arguments or {})
                except BadUserInput:
                    lists[site] = list_request(site, site.step, {})
        return self.asked(lists, dict.fromkeys(self.varying))

    def asked(self, lists: Mapping[FieldPlan, ListRequest], keys: Mapping[FieldPlan, Any]) -> RegionRequest:
        """What these arguments ask: of each varying list, and the key of each object looked up."""
        parameters: dict[str, Any] = {}
        shapes: list[Hashable] = []
        for site, asked in lists.items():
            prefix = self._prefixes[site]
            assert isinstance(site.step, LoadList)
            shape = shape_of(site, asked), asked.arguments.first is None, is_large(site.step, asked)
            shapes.append((prefix, *shape))
            parameters |= list_parameters(asked.arguments, asked.after, asked.before, prefix=prefix)
            if site.static_arguments is None:
                parameters[prefix + LIMIT] = asked.limit
        for site, key in keys.items():
            if isinstance(site.step, LookUp):
                prefix, width = self._prefixes[site], site.step.load.key_width
                parts = [None] * width if key is None else [key] if width == 1 else key
                parameters |= {f"{prefix}k{i}": part for i, part in enumerate(parts)}
        codecs = {site: asked.codec for site, asked in lists.items() if asked.codec is not None}
        return RegionRequest(self, lists, tuple(shapes), parameters, codecs)


def list_request(field: FieldPlan, step: LoadList, raw: Mapping[str, Any]) -> ListRequest:
    """What argument values ask of a list; of a connection all but what its cursors mean. Raises BadUserInput."""
    load = step.load
    arguments = list_arguments(
        raw, entity=load.entity, order=load.order, bound=load.bound, declared=field.definition.args, what=field.name
    )
    size = arguments.last if arguments.first is None else arguments.first
    limit = size if size is not None else DEFAULT_PAGE if step.page else load.bound
    return ListRequest(arguments, limit, field.name, None, None, None)


def _asked_always(site: FieldPlan) -> ListRequest | None:
    """What every request asks of a list, if it is the same. Of a connection it is not: cursors are for a viewer."""
    if not isinstance(site.step, LoadList) or site.step.page or site.static_arguments is None:
        return None
    try:
        return list_request(site, site.step, site.static_arguments)
    except BadUserInput:
        return None  # which is found out again with every request, as it is an error of the field


class RootRow:
    """The root regions of a query as one row of one statement, put together of the regions' own."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self.regions = tuple(regions)
        self._rows: cachetools.LRUCache[Hashable, Row] = cachetools.LRUCache(_TEXTS)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<RootRow {', '.join(region.field.key for region in self.regions)}>"

    @property
    def title(self) -> str:
        """What it answers, in words."""
        return f"the fields {', '.join(region.field.key for region in self.regions)}"

    @property
    def text(self) -> str:
        """The statement of a request without arguments."""
        return self.row([region.without_arguments() for region in self.regions]).sql

    @cachetools.cachedmethod(
        lambda self: self._rows,
        key=lambda _self, asked: tuple([(each.region.number, each.shape) for each in asked]),
        lock=lambda self: self._lock,
    )
    def row(self, asked: Sequence[RegionRequest]) -> Row:
        """The row for what is asked of some of the regions, in their order."""
        return Row(tuple(each.region.statement(each) for each in asked))


class Row:
    """Several statements, each of one value, as one statement of one row."""

    def __init__(self, statements: tuple[Statement, ...]) -> None:
        self.statements = statements
        values = (f"({each.sql}) AS r{number}" for number, each in enumerate(statements))
        self.sql = statements[0].sql if len(statements) == 1 else "SELECT " + ",\n".join(values)

    def parameters(self, values: Mapping[str, Any], viewer: object | None) -> dict[str, Any]:
        """All parameters for the driver; no two regions have one of the same name but the viewer's."""
        parameters = dict(values)
        for each in self.statements:
            parameters = each.parameters(parameters, viewer)
        return parameters


@dataclass(eq=False)
class Regions:
    """The regions of one variant of a plan: which fields they are, and of every other field of data why it is none."""

    of: dict[FieldPlan, Region] = field(default_factory=dict)
    root: RootRow | None = None
    reasons: dict[FieldPlan, str] = field(default_factory=dict)
    _below: dict[FieldPlan, frozenset[Region]] = field(default_factory=dict)

    def below(self, field: FieldPlan) -> frozenset[Region]:
        """The regions in the rows that a field leads to, for this field: others may read the same rows for others."""
        if field not in self._below:
            self._below[field] = frozenset(self._regions_below(field))
        return self._below[field]

    def _regions_below(self, field: FieldPlan) -> Iterator[Region]:
        for selection in field.selections.values():
            if isinstance(selection, Selection):
                for each in selection.fields:
                    if each in self.of:
                        yield self.of[each]
                    elif isinstance(each.step, PageRows):
                        yield from self._regions_below(each)


def _sites(field: FieldPlan) -> Iterator[FieldPlan]:
    """The field and those below it whose arguments decide what is read."""
    if isinstance(field.step, (LoadList, LookUp)):
        yield field
    for below in field.selections.values():
        if isinstance(below, Selection):
            for each in below.fields:
                if not each.is_leaf:
                    yield from _sites(each)


def _python(field: FieldPlan) -> Iterator[FieldPlan]:
    """The fields below this one that Python fills in."""
    for below in field.selections.values():
        if isinstance(below, Selection):
            for each in below.fields:
                if not each.is_leaf:
                    yield from _python(each)
                elif isinstance(each.step, (CallBatch, CallResolver)) or (
                    isinstance(each.step, ReadColumn) and printer_of(each) is None
                ):
                    yield each
