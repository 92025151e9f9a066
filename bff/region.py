"""Regions: fields whose whole answer PostgreSQL writes, as JSON in one column of a statement.

A field is a region when all below it are columns, whose values PostgreSQL writes as the leaf's serializer would
(`bff.printing`), relations, connections, aggregates, and leaves for which it can leave a hole. Its column is made of correlated subqueries:

    object      '{"id":"' || t.id || '","title":' || to_json(t.title) || ... || '}'
    to-one      (SELECT object FROM users u WHERE u.id = t.assignee_id AND policy)
    list        (SELECT '[' || string_agg(r.j, ',') || ']' FROM (SELECT object AS j FROM tasks t WHERE t.matter_id = m.id
                    AND policy AND filter ORDER BY ... LIMIT n) r)
    connection  the same over one row more, numbered, with what `pageInfo` needs

Of a list of many rows at the root, to-one relations are LEFT JOINs, for PostgreSQL to choose how to find them.

Root regions of a query are the columns of one row (`RootRow`): the page is one statement. Below rows that Python
needs, they are further columns of these rows' own statement. What is no answer (null where it is forbidden, a list
beyond its bound, a value that the leaf type refuses) is `printing.IRREGULAR`; the field is then answered in rounds,
which give the errors. Leaves that need Python, and cursors, are holes in the JSON (`bff.holes`).
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cachetools
from graphql import GraphQLError, is_leaf_type, is_object_type
from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Integer,
    Select,
    Text,
    and_,
    case,
    cast,
    func,
    literal_column,
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from . import sql
from .errors import BadUserInput
from .holes import Hole, written
from .loads import ListByParent, RootList, Rows, RowsByKey
from .pages import ListAsked
from .printing import IRREGULAR, Piece, Printer, has_text, joined, null_or, printer, text
from .statement import Statement, parameter
from .steps import (
    CallBatch,
    CallResolver,
    FieldPlan,
    LoadAggregate,
    LoadList,
    LoadOne,
    LookUp,
    LookUpNode,
    PageRows,
    PageTotal,
    ReadAttribute,
    ReadColumn,
    ReadNodeId,
    Selection,
    Typename,
)
from .telemetry import IRREGULAR_FIELD, log
from .types.arguments import list_arguments
from .types.catalog import Catalog, spec_of
from .types.connection import DEFAULT_PAGE
from .types.cursors import CursorCodec
from .types.entity import Entity
from .types.specs import Aggregate, Relation

MOST_SUBQUERIES = 100
"""Subqueries of one statement, by default. SQLAlchemy makes the text of some 400 a second and PostgreSQL plans as many; what
interfaces multiply grows without end, where rounds merge what reads the same."""

MOST_SUBQUERIES_FORCED = 1_000
"""The same where regions are forced."""

MANY_ROWS = 1_000
"""Rows of a list at the root from which on its to-one relations are joined, not looked up row by row: a hash join of 10,000
tasks with their people took 32 ms where 10,000 lookups took 56; at 1,000 they were even, for a page of 50 lookups won."""

MOST_NESTED = 10
"""Levels of subqueries in a region. SQLAlchemy compiles them by recursion, and Python's stack holds about 14 of them."""

MOST_COLUMNS = 1_000
"""Regions of one statement. A row of PostgreSQL has 1,664 columns at most."""

MOST_FAILURES = 3
"""Irregular answers in a row from which on a field is left to rounds, where we may choose, but for one try in `RETRY`."""

RETRY = 100

_TEXTS = 32
"""Texts kept of one region: one for each shape of filters, orders and cursors in use."""


@dataclass(frozen=True, eq=False)
class RegionAsked:
    """What a request makes of a region: `shape` decides the text, `parameters` are its values."""

    region: Region
    lists: Mapping[FieldPlan, ListAsked]
    shape: Hashable
    parameters: Mapping[str, Any]
    codecs: Mapping[FieldPlan, CursorCodec]

    def read(self, alias: Any) -> ColumnElement[Any]:
        """The column, for rows of an alias."""
        return _Writer(self.region, {**self.region.constant, **self.lists}).column(alias)


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
        cursors = [Hole(each) for each in self.sites if _wants_cursors(each)]
        self.holes = (*cursors, *(hole for each in dict.fromkeys(_python(root)) if (hole := Hole.of(each))))
        self._numbers = {hole.field: number for number, hole in enumerate(self.holes)}
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
        return any(isinstance(hole.field.step, CallBatch) for hole in self.holes)

    def hole(self, field: FieldPlan, columns: Sequence[Any]) -> list[Piece]:
        """The hole of a field, with the text of these columns in it."""
        return written(self._numbers[field], columns)

    def prefix(self, site: FieldPlan) -> str:
        """What the names of a site's parameters begin with."""
        return self._prefixes[site]

    def pays(self, asked: RegionAsked) -> bool:
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

    def statement(self, asked: RegionAsked) -> Statement:
        """The value of a root region, by itself."""
        with self._lock:
            statement = self._statements.get(asked.shape)
        if statement is None:
            statement = Statement(select(asked.read(None).label("j")), 0)
            with self._lock:
                self._seen[asked.shape] = True
                self._statements[asked.shape] = statement
        return statement

    def without_arguments(self) -> RegionAsked:
        """What a request without arguments asks, for whoever wants to see the statement before there is one."""
        lists: dict[FieldPlan, ListAsked] = {}
        for site in self.varying:
            if isinstance(site.step, LoadList):
                try:
                    lists[site] = list_asked(site, site.step, site.static_arguments or {})
                except BadUserInput:
                    lists[site] = list_asked(site, site.step, {})
        return self.asked(lists, dict.fromkeys(self.varying))

    def asked(self, lists: Mapping[FieldPlan, ListAsked], keys: Mapping[FieldPlan, Any]) -> RegionAsked:
        """What these arguments ask: of each varying list, and the key of each object looked up."""
        parameters: dict[str, Any] = {}
        shapes: list[Hashable] = []
        for site, asked in lists.items():
            prefix = self._prefixes[site]
            assert isinstance(site.step, LoadList)
            shape = _shape(site, asked), asked.arguments.first is None, _is_large(site.step, asked)
            shapes.append((prefix, *shape))
            parameters |= sql.list_parameters(asked.arguments, asked.after, asked.before, prefix=prefix)
            if site.static_arguments is None:
                parameters[prefix + sql.LIMIT] = asked.limit
        for site, key in keys.items():
            if isinstance(site.step, LookUp):
                prefix, width = self._prefixes[site], site.step.load.key_width
                parts = [None] * width if key is None else [key] if width == 1 else key
                parameters |= {f"{prefix}k{i}": part for i, part in enumerate(parts)}
        codecs = {site: asked.codec for site, asked in lists.items() if asked.codec is not None}
        return RegionAsked(self, lists, tuple(shapes), parameters, codecs)


def list_asked(field: FieldPlan, step: LoadList, raw: Mapping[str, Any]) -> ListAsked:
    """What argument values ask of a list; of a connection all but what its cursors mean. Raises BadUserInput."""
    load = step.load
    arguments = list_arguments(
        raw, entity=load.entity, order=load.order, bound=load.bound, declared=field.definition.args, what=field.name
    )
    size = arguments.last if arguments.first is None else arguments.first
    limit = size if size is not None else DEFAULT_PAGE if step.page else load.bound
    return ListAsked(arguments, limit, field.name, None, None, None)


def _asked_always(site: FieldPlan) -> ListAsked | None:
    """What every request asks of a list, if it is the same. Of a connection it is not: cursors are for a viewer."""
    if not isinstance(site.step, LoadList) or site.step.page or site.static_arguments is None:
        return None
    try:
        return list_asked(site, site.step, site.static_arguments)
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
    def text(self) -> str:
        """The statement of a request without arguments."""
        return self.row([region.without_arguments() for region in self.regions]).sql

    def row(self, asked: Sequence[RegionAsked]) -> Row:
        """The row for what is asked of some of the regions, in their order."""
        shape = tuple([(each.region.number, each.shape) for each in asked])
        with self._lock:
            row = self._rows.get(shape)
        if row is None:
            row = Row(tuple(each.region.statement(each) for each in asked))
            with self._lock:
                self._rows[shape] = row
        return row


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
            case CallBatch() if Hole.of(field) is None:
                return f"{field.name} is a batch function with objects, or of columns that only Python reads"
            case CallResolver() if Hole.of(field) is None:
                return f"{field.name} is a resolver with objects, `info` or extensions"
            case LookUpNode():
                return f"{field.name} leads to any type"
            case ReadAttribute(name=name) if name not in _OF_PAGES:
                return f"{field.name} is an attribute of a Python object"
            case ReadColumn() if _printer(field) is None and Hole.of(field) is None:
                return f"{field.name} is read and written by Python"
            case LoadAggregate() | PageTotal() if _printer(field) is None:
                return f"{field.name} is written as {field.named_type.name} by Python"
            case ReadNodeId(entity=entity):
                if any(not has_text(entity.type_of(name)) for name in entity.key):
                    return f"{field.name} is written by Python"
            case LoadOne() | LoadList() if field.references:
                return f"{field.name} leads to Python objects"
        return None


def _printer(field: FieldPlan) -> Printer | None:
    """How the value of a leaf is written; None where that takes Python."""
    leaf = field.named_type
    if len(field.non_null) > 1 or not is_leaf_type(leaf):
        return None
    match field.step:
        case ReadColumn(slot=slot):
            rows = field.parent.rows
            assert rows is not None
            name = rows.attribute_at(slot)
            return printer(rows.entity.type_of(name), leaf, is_computed=rows.entity.is_computed(name))
        case LoadAggregate():
            column = _measure(field.step).column
            summed = None if column is None else field.step.load.join.target.expression(column).type
            if summed is None or isinstance(summed, Integer):
                # Counts, and the sums of integers as `sql.measure` has them.
                return printer(BigInteger(), leaf, is_computed=False)
            return printer(summed, leaf, is_computed=True)
        case PageTotal():
            return printer(BigInteger(), leaf, is_computed=False)
    return None


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
                    isinstance(each.step, ReadColumn) and _printer(each) is None
                ):
                    yield each


def _wants_cursors(site: FieldPlan) -> bool:
    """Whether a connection is asked for cursors."""
    if not (isinstance(site.step, LoadList) and site.step.page):
        return False
    parts = [each for each in _fields(site) if not (isinstance(each.step, PageRows) and each.step.part == "nodes")]
    below = [each for part in parts if not part.is_leaf for each in _fields(part)]
    return any(isinstance(each.step, ReadAttribute) and each.step.name in _CURSORS for each in below)


_CURSORS = ("cursor", "start_cursor", "end_cursor")
_OF_PAGES = ("page_info", "has_next_page", "has_previous_page", *_CURSORS)


def _fields(field: FieldPlan) -> Sequence[FieldPlan]:
    """What is selected of an object whose type is certain."""
    [selection] = field.selections.values()
    assert isinstance(selection, Selection)
    return selection.fields


def _shape(site: FieldPlan, asked: ListAsked) -> sql.ListShape:
    return sql.ListShape.of(asked.arguments, asked.after, asked.before, places=_wants_cursors(site))


class _Writer:
    """Writes the column of a region, for what a request asks of the lists in it."""

    def __init__(self, region: Region, lists: Mapping[FieldPlan, ListAsked]) -> None:
        self._region, self._lists, self._catalog = region, lists, region.catalog
        self._joined: dict[Any, list[tuple[Any, Any]]] = {}

    def column(self, alias: Any) -> ColumnElement[Any]:
        """The JSON of the region's field."""
        return joined(self._value(self._region.field, self._region.rows, alias))

    def _value(self, field: FieldPlan, rows: Rows | None, alias: Any) -> list[Piece]:
        """The JSON of a field for a row of an alias."""
        step = field.step
        match step:
            case Typename(name=name):
                return [f'"{name}"']
            case LookUp(load=load):
                return self._looked_up(field, load)
            case LoadList():
                return self._page(field, step, rows, alias) if step.page else self._list(field, step, rows, alias)
        assert rows is not None
        match step:
            case ReadColumn(slot=slot) if (written := _printer(field)) is not None:
                name = rows.attribute_at(slot)
                expression, nullable = rows.entity.attribute(alias, name), rows.entity.is_nullable(name)
                if rows.entity.is_computed(name):
                    return _once(expression, lambda x: written(x, nullable=True, forbid_null=field.non_null[0]))
                return written(expression, nullable=nullable, forbid_null=field.non_null[0])
            case ReadColumn() | CallBatch() | CallResolver():
                hole = Hole.of(field)
                assert hole is not None
                columns = [cast(rows.entity.attribute(alias, name), Text()) for name in hole.columns]
                return self._region.hole(field, columns)
            case ReadNodeId(entity=entity, slots=slots):
                return _global_id(entity, _attributes(rows, alias, slots))
            case LoadOne():
                return self._one(field, step, rows, alias)
            case LoadAggregate():
                return self._aggregate(field, step, rows, alias)
        raise TypeError(f"no way to write {field!r}")

    # -- objects

    def _object(self, field: FieldPlan, rows: Rows, alias: Any) -> ColumnElement[Any]:
        """The object that a row of an alias is, by its type."""
        named = field.named_type
        if is_object_type(named):
            return self._of_type(field, named.name, rows, alias)
        assert rows.entity.discriminator is not None
        kind = rows.entity.attribute(alias, rows.entity.discriminator)
        kinds: dict[str, list[Any]] = {}
        for identity, mapper in rows.entity.mapper.polymorphic_map.items():
            entity = self._catalog.of_model(mapper.class_)
            if entity is not None and entity.name in field.selections:
                kinds.setdefault(entity.name, []).append(identity)
        objects = [
            (or_(*(kind == each for each in identities)), self._of_type(field, name, rows, alias))
            for name, identities in kinds.items()
        ]
        return case(*objects, else_=text(IRREGULAR))

    def _of_type(self, field: FieldPlan, name: str, rows: Rows, alias: Any) -> ColumnElement[Any]:
        selection = field.selections[name]
        assert isinstance(selection, Selection)
        written = joined(_object((each.key, self._value(each, rows, alias)) for each in selection.fields))
        # A column that is NULL and was declared not to be makes NULL of all: an object must not vanish for it.
        return func.coalesce(written, text(IRREGULAR))

    def _looked_up(self, field: FieldPlan, load: RowsByKey) -> list[Piece]:
        entity, alias, prefix = load.entity, load.entity.alias(), self._region.prefix(field)
        key = [
            entity.attribute(alias, name) == parameter(f"{prefix}k{i}", entity.type_of(name))
            for i, name in enumerate(entity.key)
        ]
        found = _within(select(self._object(field, load, alias)), alias)
        return _one(field, found.where(*key, sql.visible(entity, alias, load.policies)))

    def _one(self, field: FieldPlan, step: LoadOne, rows: Rows, alias: Any) -> list[Piece]:
        load, values = step.load, _attributes(rows, alias, step.slots)
        if isinstance(load, ListByParent):
            return self._first(field, load, values)
        entity, child = load.entity, load.entity.alias()
        conditions = [entity.attribute(child, name) == value for name, value in zip(entity.key, values, strict=True)]
        is_implied = is_implied_by_parent(field, self._catalog)
        conditions.append(entity.own(child) if is_implied else sql.visible(entity, child, load.policies))
        joined = self._joined.get(alias)
        if joined is None:
            return _one(field, _within(select(self._object(field, load, child)), child).where(*conditions))
        joined.append((child, and_(*conditions)))
        self._joined[child] = joined
        is_missing = entity.attribute(child, entity.key[0]).is_(None)
        return [case((is_missing, text(null_or(field.non_null[0]))), else_=self._object(field, load, child))]

    def _first(self, field: FieldPlan, load: ListByParent, values: list[Any]) -> list[Piece]:
        """The one row of a to-one relationship whose key stands on the other side."""
        join = load.join.again()
        read = [self._object(field, load, join.child).label("j")]
        found = _within(sql.rows_of(load.entity, join.child, read, sql.ListShape(load.order), None), join.child)
        return _one(field, found.where(join.on(values), sql.visible_behind(join, load.policies)).limit(1))

    # -- lists

    def _list(self, field: FieldPlan, step: LoadList, rows: Rows | None, alias: Any) -> list[Piece]:
        asked = self._lists[field]
        child, conditions = self._members(step, rows, alias)
        self._expect(step, asked, child)
        found = self._found(field, step, asked, child, [self._object(field, step.load, child).label("j")], conditions)
        bounded = asked.arguments.first is None
        rows_found = found.limit(_number(asked.limit + 1) if bounded else self._limit(field, asked)).subquery()
        written: Any = _array(func.string_agg(rows_found.c.j, text(",")))
        if bounded:
            written = case((func.count() > _number(asked.limit), text(IRREGULAR)), else_=written)
        return [select(written).select_from(rows_found).correlate_except(None).scalar_subquery()]

    def _members(self, step: LoadList, rows: Rows | None, alias: Any) -> tuple[Any, list[Any]]:
        """A fresh alias of a list's rows, and what makes a row one of the list's."""
        load = step.load
        if isinstance(load, ListByParent):
            assert rows is not None
            join = load.join.again()
            return join.child, [join.on(_attributes(rows, alias, step.slots)), sql.visible_behind(join, load.policies)]
        child = load.entity.alias()
        conditions = [sql.visible(load.entity, child, load.policies)]
        if load.spec.where is not None:
            conditions.append(load.spec.where(child))
        return child, conditions

    def _found(
        self, field: FieldPlan, step: LoadList, asked: ListAsked, child: Any, read: list[Any], conditions: list[Any]
    ) -> Select[Any]:
        prefix, shape = self._region.prefix(field), _shape(field, asked)
        found = sql.rows_of(step.load.entity, child, read, shape, asked.arguments.condition, prefix=prefix)
        found = _within(found, child).where(*conditions)
        for target, condition in self._joined.pop(child, ()):
            found = found.outerjoin_from(child, target, condition)
        return found

    def _expect(self, step: LoadList, asked: ListAsked, child: Any) -> None:
        """Have the to-one relations of many rows joined."""
        if _is_large(step, asked):
            self._joined[child] = []

    def _limit(self, field: FieldPlan, asked: ListAsked) -> Any:
        if field.static_arguments is not None:
            return _number(asked.limit)
        return cast(parameter(self._region.prefix(field) + sql.LIMIT, BigInteger()), BigInteger())

    # -- connections

    def _page(self, field: FieldPlan, step: LoadList, rows: Rows | None, alias: Any) -> list[Piece]:
        asked, parts = self._lists[field], _fields(field)
        limit, backward = self._limit(field, asked), asked.arguments.last is not None
        child, conditions = self._members(step, rows, alias)
        self._expect(step, asked, child)
        nodes = list(_node_fields(parts))
        read = [self._object(each, step.load, child).label(f"j{i}") for i, each in enumerate(nodes)]
        found = self._found(field, step, asked, child, read, conditions).limit(limit + _number(1)).subquery()
        number: Any = func.row_number().over().label("n")
        total: Any = func.count().over().label("total")
        numbered = select(*found.c, number, total).correlate_except(None).subquery()
        n = numbered.c.n
        place = self._place(field, asked, numbered)
        columns: list[Any] = [func.count().label("n")]
        for i, part in enumerate(parts):
            if isinstance(part.step, PageRows):
                in_order = aggregate_order_by(text(","), n.desc() if backward else n.asc())
                items = func.string_agg(self._item(part, nodes, numbered, place), in_order).filter(n <= limit)
                columns.append(_array(items).label(f"a{i}"))
        if place is not None:
            ends = {"first": n == _number(1), "last": n == func.least(numbered.c.total, limit)}
            for name, is_there in ends.items():
                end = func.max(joined(place)).filter(and_(is_there, n <= limit))
                columns.append(func.coalesce(end, text("null")).label(name))
        page = select(*columns).select_from(numbered).correlate_except(None).subquery()
        pairs: list[tuple[str, list[Piece]]] = []
        for i, part in enumerate(parts):
            match part.step:
                case Typename(name=name):
                    pairs.append((part.key, [f'"{name}"']))
                case PageRows():
                    pairs.append((part.key, [page.c[f"a{i}"]]))
                case PageTotal():
                    pairs.append((part.key, self._total(part, field, step, asked, rows, alias)))
                case _:
                    pairs.append((part.key, _object(_page_info(part, asked, page, limit))))
        if not any(isinstance(part.step, (PageRows, ReadAttribute)) for part in parts):
            return _object(pairs)
        written = select(joined(_object(pairs))).select_from(page).correlate_except(None)
        return [written.scalar_subquery()]

    def _item(
        self, part: FieldPlan, nodes: list[FieldPlan], numbered: Any, place: list[Piece] | None
    ) -> ColumnElement[Any]:
        """One element of `nodes` or `edges`."""
        if part in nodes:
            return numbered.c[f"j{nodes.index(part)}"]  # type: ignore[no-any-return]
        pairs: list[tuple[str, list[Piece]]] = []
        for each in _fields(part):
            match each.step:
                case Typename(name=name):
                    pairs.append((each.key, [f'"{name}"']))
                case PageRows():
                    pairs.append((each.key, [numbered.c[f"j{nodes.index(each)}"]]))
                case _:
                    assert place is not None
                    pairs.append((each.key, place))
        return joined(_object(pairs))

    def _place(self, field: FieldPlan, asked: ListAsked, numbered: Any) -> list[Piece] | None:
        """What stands for the cursor of a row until it is signed."""
        if not _wants_cursors(field):
            return None
        texts = [numbered.c[f"o{i}"] for i in range(len(asked.arguments.order))]
        return self._region.hole(field, texts)

    def _total(
        self, part: FieldPlan, field: FieldPlan, step: LoadList, asked: ListAsked, rows: Rows | None, alias: Any
    ) -> list[Piece]:
        child, conditions = self._members(step, rows, alias)
        condition = asked.arguments.condition
        if condition is not None:
            conditions.append(sql.passes(condition, step.load.entity, child, prefix=self._region.prefix(field)))
        return _computed(part, func.count(), child, conditions)

    def _aggregate(self, field: FieldPlan, step: LoadAggregate, rows: Rows, alias: Any) -> list[Piece]:
        join = step.load.join.again()
        conditions = [join.on(_attributes(rows, alias, step.slots)), sql.visible_behind(join, step.load.policies)]
        return _computed(field, sql.measure(_measure(step), join.target, join.child), join.child, conditions)


def _is_large(step: LoadList, asked: ListAsked) -> bool:
    return isinstance(step.load, RootList) and asked.limit >= MANY_ROWS


def is_implied_by_parent(field: FieldPlan, catalog: Catalog) -> bool:
    """Whether the rows that a relation leads to are visible because the parent is; see `Policies.is_implied`."""
    owner, spec = catalog.named(field.parent.type.name), spec_of(field.definition)
    if owner is None or not isinstance(spec, Relation | Aggregate):
        return False
    relationship = owner.relationship(spec.attribute)
    assert relationship is not None
    return catalog.policies.is_implied(owner.model, relationship, relationship.mapper.class_)


def _measure(step: LoadAggregate) -> Aggregate:
    return step.load.measures[step.slot - len(step.load.join.key)]


def _computed(field: FieldPlan, value: Any, child: Any, conditions: list[Any]) -> list[Piece]:
    """A count or sum over the rows of an alias."""
    written = _printer(field)
    assert written is not None
    pieces = written(value, nullable=False, forbid_null=True)
    return [_within(select(joined(pieces)), child).where(*conditions).scalar_subquery()]


def _page_info(part: FieldPlan, asked: ListAsked, page: Any, limit: Any) -> Iterator[tuple[str, list[Piece]]]:
    backward = asked.arguments.last is not None
    has_more = cast(page.c.n > limit, Text())
    values: dict[str, Callable[[], Piece]] = {
        "has_next_page": lambda: _boolean(asked.before is not None) if backward else has_more,
        "has_previous_page": lambda: has_more if backward else _boolean(asked.after is not None),
        "start_cursor": lambda: page.c["last" if backward else "first"],
        "end_cursor": lambda: page.c["first" if backward else "last"],
    }
    for each in _fields(part):
        match each.step:
            case Typename(name=name):
                yield each.key, [f'"{name}"']
            case ReadAttribute(name=name):
                yield each.key, [values[name]()]


def _node_fields(parts: Sequence[FieldPlan]) -> Iterator[FieldPlan]:
    """The fields of a connection whose values are rows."""
    for part in parts:
        if isinstance(part.step, PageRows):
            if part.step.part == "edges":
                yield from (each for each in _fields(part) if isinstance(each.step, PageRows))
            else:
                yield part


def _attributes(rows: Rows, alias: Any, slots: tuple[int, ...]) -> list[Any]:
    return [rows.entity.attribute(alias, rows.attribute_at(slot)) for slot in slots]


def _within(statement: Select[Any], alias: Any) -> Select[Any]:
    """The statement over rows of an alias, whatever else it names being of the statements around it."""
    return statement.select_from(alias).correlate_except(None)


def _one(field: FieldPlan, found: Select[Any]) -> list[Piece]:
    return [func.coalesce(found.scalar_subquery(), text(null_or(field.non_null[0])))]


def _object(pairs: Iterable[tuple[str, list[Piece]]]) -> list[Piece]:
    """The JSON object of these keys and values."""
    pieces: list[Piece] = ["{"]
    for i, (key, value) in enumerate(pairs):
        pieces += [f'{"," if i else ""}"{key}":', *value]
    return [*pieces, "}"]


def _array(items: Any) -> Any:
    return func.coalesce(text("[") + items + text("]"), text("[]"))


def _once(expression: Any, write: Callable[[Any], list[Piece]]) -> list[Piece]:
    """What is written of an expression, which may be costly or volatile, and is named several times in it."""
    # Without OFFSET, PostgreSQL would put the expression wherever it is named.
    value = select(expression.label("v")).offset(_number(0)).correlate_except(None).subquery()
    return [select(joined(write(value.c.v))).select_from(value).correlate_except(None).scalar_subquery()]


def _boolean(value: bool) -> str:
    return "true" if value else "false"


def _number(value: int) -> Any:
    return literal_column(str(value), BigInteger())


def _global_id(entity: Entity, key: list[Any]) -> list[Piece]:
    parts: list[Piece] = [f"{entity.name}:"]
    for i, expression in enumerate(key):
        part: Any = cast(expression, Text())
        if len(key) > 1:
            part = func.replace(func.replace(part, text("%"), text("%25")), text(","), text("%2C"))
        parts += [",", part] if i else [part]
    return [cast(func.to_json(cast(joined(parts), Text())), Text())]
