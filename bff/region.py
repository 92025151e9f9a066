"""Regions: fields whose whole answer PostgreSQL writes, as JSON in one column of a statement.

A field is a region when nothing below it needs Python: columns whose values PostgreSQL writes as the leaf's serializer
would (`bff.printing`), relations, connections, aggregates. Its column is made of correlated subqueries:

    object      (SELECT row_to_json(x) FROM (SELECT t.id AS "id", ...) x)
    to-one      (SELECT object FROM users u WHERE u.id = t.assignee_id AND policy)
    list        (SELECT array_to_json(array_agg(r.j)) FROM (SELECT object AS j FROM tasks t WHERE t.matter_id = m.id
                    AND policy AND filter ORDER BY ... LIMIT n) r)
    connection  the same over one row more, numbered, with what `pageInfo` needs

Root regions of a query are the columns of one row (`RootRow`): the page is one statement. Below rows that Python
needs, they are further columns of these rows' own statement. What is no answer (null where it is forbidden, a list
beyond its bound, a value that the leaf type refuses) is `printing.IRREGULAR`; the field is then answered in rounds,
which give the errors. Cursors are signed in Python, so that no secret is in a statement: a place stands for each.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Hashable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import cachetools
from graphql import GraphQLError, is_leaf_type, is_object_type
from sqlalchemy import BigInteger, ColumnElement, Select, Text, and_, case, cast, func, literal_column, or_, select
from sqlalchemy.dialects.postgresql import JSON, aggregate_order_by, array

from . import sql
from .loads import ListByParent, Rows, RowsByKey
from .pages import ListAsked
from .printing import Printer, irregular, printer, text_of_key
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
from .types.catalog import Catalog, spec_of
from .types.cursors import CursorCodec
from .types.entity import Entity
from .types.specs import Aggregate, Relation

MAX_SUBQUERIES = 400
"""Subqueries of one region. PostgreSQL plans some thousand a second, and what interfaces multiply grows without end."""

_MAX_NAME = 63
"""Bytes of a name in PostgreSQL."""

_MAX_OBJECT = 800
"""Fields of one object; a row of PostgreSQL has 1,664 columns."""

_STATEMENTS = 32
"""Texts kept of one page's statement: one for each shape of filters, orders and cursors in use."""

_PLACE = re.compile(r'\{"bff cursor":(\d+),"place":(\[(?:"(?:[^"\\]|\\.)*"|[^"\]])*\])\}')


@dataclass(frozen=True, eq=False)
class RegionAsked:
    """What a request makes of a region: `shape` decides the text, `parameters` are its values."""

    region: Region
    lists: Mapping[FieldPlan, ListAsked]
    shape: Hashable
    parameters: Mapping[str, Any]
    codecs: tuple[CursorCodec | None, ...] = ()

    def read(self, alias: Any) -> ColumnElement[Any]:
        """The column, for rows of an alias."""
        return _Writer(self.region, self.lists).text(alias)

    def signed(self, text: str) -> str:
        """The JSON with a cursor for each place in it."""
        if not self.region.has_cursors:
            return text
        return _PLACE.sub(self._cursor, text)

    def _cursor(self, match: re.Match[str]) -> str:
        codec = self.codecs[int(match[1])]
        assert codec is not None
        return f'"{codec.sign(match[2].encode())}"'


class Region:
    """One field whose value PostgreSQL writes; `sites` are the fields in it whose arguments a request may decide.

    `rows` are the parent's, None at the root. Parameters are named after the region's `number` in the plan.
    """

    def __init__(self, number: int, root: FieldPlan, rows: Rows | None, catalog: Catalog) -> None:
        self.number, self.field, self.rows, self.catalog = number, root, rows, catalog
        self.sites: tuple[FieldPlan, ...] = tuple(dict.fromkeys(_sites(root)))
        self.has_cursors = any(_wants_cursors(each) for each in self.sites)
        self.constant: RegionAsked | None = None

    def __repr__(self) -> str:
        return f"<Region {self.number} {self.field.name}>"

    @property
    def is_constant(self) -> bool:
        """Whether every request asks the same of it."""
        return all(
            isinstance(each.step, LoadList) and not each.step.page and each.static_arguments is not None
            for each in self.sites
        )

    def prefix(self, site: FieldPlan) -> str:
        """What the names of a site's parameters begin with."""
        return f"r{self.number}s{self.sites.index(site)}_"

    def asked(self, lists: Mapping[FieldPlan, ListAsked], keys: Mapping[FieldPlan, Any]) -> RegionAsked:
        """What these arguments ask: of each list, and the key of each object looked up."""
        parameters: dict[str, Any] = {}
        shapes: list[Hashable] = []
        for site in self.sites:
            prefix = self.prefix(site)
            if site in lists:
                asked = lists[site]
                shapes.append((_shape(site, asked), asked.arguments.first is None))
                parameters |= sql.list_parameters(asked.arguments, asked.after, asked.before, prefix=prefix)
                if site.static_arguments is None:
                    parameters[prefix + sql.LIMIT] = asked.limit
            else:
                assert isinstance(site.step, LookUp)
                key = keys[site]
                width = site.step.load.key_width
                parts = [None] * width if key is None else [key] if width == 1 else key
                parameters |= {f"{prefix}k{i}": part for i, part in enumerate(parts)}
        codecs = tuple(lists[site].codec if site in lists else None for site in self.sites)
        return RegionAsked(self, lists, tuple(shapes), parameters, codecs)


class RootRow:
    """The root regions of a query as one row of one statement."""

    def __init__(self, regions: Sequence[Region]) -> None:
        self.regions = tuple(regions)
        self._statements: cachetools.LRUCache[Hashable, Statement] = cachetools.LRUCache(_STATEMENTS)
        self._lock = threading.Lock()

    def __repr__(self) -> str:
        return f"<RootRow {', '.join(region.field.key for region in self.regions)}>"

    def statement(self, asked: Sequence[RegionAsked]) -> Statement:
        """The statement for what is asked of some of the regions, in their order."""
        shape = tuple((each.region.number, each.shape) for each in asked)
        with self._lock:
            statement = self._statements.get(shape)
        if statement is None:
            columns = [each.read(None).label(f"r{each.region.number}") for each in asked]
            statement = Statement(select(*columns), 0)
            with self._lock:
                self._statements[shape] = statement
        return statement


@dataclass(eq=False)
class Regions:
    """The regions of one variant of a plan: which fields they are, and of every other field of data why it is none."""

    of: dict[FieldPlan, Region] = field(default_factory=dict)
    root: RootRow | None = None
    reasons: dict[FieldPlan, str] = field(default_factory=dict)


def find_regions(root: Selection, catalog: Catalog, *, is_query: bool) -> Regions:
    """The maximal regions of a plan's tree. Appends to loads of rows what their statements then compute."""
    found = Regions()
    judge = _Judge(catalog)
    seen: set[int] = set()

    def visit(selection: Selection, is_root: bool) -> None:
        if id(selection) in seen:
            return
        seen.add(id(selection))
        for each in selection.fields:
            if isinstance(each.step, (LoadOne, LoadList, LoadAggregate, LookUp)) and (is_query or not is_root):
                reason = judge.reason(each)
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


class _Judge:
    """Says why a field cannot be a region, None where it can, and counts the subqueries it takes."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._known: dict[FieldPlan, tuple[str | None, int]] = {}

    def reason(self, field: FieldPlan) -> str | None:
        reason, size = self._judge(field)
        if reason is None and size > MAX_SUBQUERIES:
            return f"{field.name} takes {size} subqueries, at most {MAX_SUBQUERIES} are compiled"
        return reason

    def _judge(self, field: FieldPlan) -> tuple[str | None, int]:
        if field not in self._known:
            self._known[field] = self._judged(field)
        return self._known[field]

    def _judged(self, field: FieldPlan) -> tuple[str | None, int]:
        if len(field.key) > _MAX_NAME:
            return f"{field.name} has a response key of more than {_MAX_NAME} bytes", 0
        reason = self._own_reason(field)
        if reason is not None:
            return reason, 0
        size = 1
        for below in field.selections.values():
            if isinstance(below, GraphQLError):
                return f"{field.name}: {below.message}", 0
            if len(below.fields) > _MAX_OBJECT:
                return f"{field.name} selects more than {_MAX_OBJECT} fields of an object", 0
            for each in below.fields:
                reason, more = self._judge(each)
                if reason is not None:
                    return reason, 0
                size += more if not each.is_leaf or isinstance(each.step, (LoadAggregate, PageTotal)) else 0
        return None, size

    def _own_reason(self, field: FieldPlan) -> str | None:
        match field.step:
            case CallBatch():
                return f"{field.name} is a batch function"
            case CallResolver():
                return f"{field.name} is a resolver"
            case LookUpNode():
                return f"{field.name} leads to any type"
            case ReadAttribute(name=name) if name not in _OF_PAGES:
                return f"{field.name} is an attribute of a Python object"
            case ReadColumn() | LoadAggregate() | PageTotal():
                if _printer(field) is None:
                    return f"{field.name} is written as {field.named_type.name} by Python"
            case ReadNodeId(entity=entity):
                if any(text_of_key(entity.type_of(name)) is None for name in entity.key):
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
            if column is None:
                return printer(BigInteger(), leaf, is_computed=False)
            return printer(field.step.load.join.target.expression(column).type, leaf, is_computed=True)
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

    def text(self, alias: Any) -> ColumnElement[Any]:
        """The JSON of the region's field as text; NULL is null."""
        value = self._value(self._region.field, self._region.rows, alias)
        if isinstance(self._region.field.step, LoadAggregate):
            value = select(func.to_json(value)).scalar_subquery()
        return cast(value, Text())

    def _value(self, field: FieldPlan, rows: Rows | None, alias: Any) -> Any:
        """The value of a field for a row of an alias: JSON, or what row_to_json() writes as it should be."""
        step = field.step
        match step:
            case Typename(name=name):
                return literal_column(f"'{name}'", Text())
            case LookUp(load=load):
                return self._looked_up(field, load)
            case LoadList():
                return self._page(field, step, rows, alias) if step.page else self._list(field, step, rows, alias)
        assert rows is not None
        match step:
            case ReadColumn(slot=slot):
                name = rows.attribute_at(slot)
                written = _printer(field)
                assert written is not None
                expression = rows.entity.attribute(alias, name)
                return written(expression, forbid_null=field.non_null[0] and rows.entity.is_nullable(name))
            case ReadNodeId(entity=entity, slots=slots):
                return _global_id(entity, [rows.entity.attribute(alias, rows.attribute_at(slot)) for slot in slots])
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
        return case(*objects, else_=irregular())

    def _of_type(self, field: FieldPlan, name: str, rows: Rows, alias: Any) -> ColumnElement[Any]:
        selection = field.selections[name]
        assert isinstance(selection, Selection)
        return _json_object((each.key, self._value(each, rows, alias)) for each in selection.fields)

    def _or_irregular(self, field: FieldPlan, statement: Select[Any]) -> Any:
        value = statement.scalar_subquery()
        return func.coalesce(value, irregular()) if field.non_null[0] else value

    def _looked_up(self, field: FieldPlan, load: RowsByKey) -> Any:
        entity, alias, prefix = load.entity, load.entity.alias(), self._region.prefix(field)
        key = [
            entity.attribute(alias, name) == parameter(f"{prefix}k{i}", entity.type_of(name))
            for i, name in enumerate(entity.key)
        ]
        found = _rows(select(self._object(field, load, alias)), alias)
        return self._or_irregular(field, found.where(*key, sql.visible(entity, alias, load.policies)))

    def _one(self, field: FieldPlan, step: LoadOne, rows: Rows, alias: Any) -> Any:
        load, values = step.load, _attributes(rows, alias, step.slots)
        if isinstance(load, ListByParent):
            return self._first(field, load, values)
        entity, child = load.entity, load.entity.alias()
        key = [entity.attribute(child, name) == value for name, value in zip(entity.key, values, strict=True)]
        found = _rows(select(self._object(field, load, child)), child).where(*key)
        if self._is_implied(field, load):
            found = found.where(entity.own(child))
        else:
            found = found.where(sql.visible(entity, child, load.policies))
        return self._or_irregular(field, found)

    def _is_implied(self, field: FieldPlan, load: RowsByKey) -> bool:
        owner, spec = self._catalog.named(field.parent.type.name), spec_of(field.definition)
        assert owner is not None
        assert isinstance(spec, Relation)
        relationship = owner.relationship(spec.attribute)
        assert relationship is not None
        return load.policies.is_implied(owner.model, relationship, load.entity.model)

    def _first(self, field: FieldPlan, load: ListByParent, values: list[Any]) -> Any:
        """The one row of a to-one relationship whose key stands on the other side."""
        join = load.join.again()
        read = [self._object(field, load, join.child)]
        found = _rows(sql.rows_of(load.entity, join.child, read, sql.ListShape(load.order), None), join.child)
        found = found.where(join.on(values), sql.visible_behind(join, load.policies))
        return self._or_irregular(field, found.limit(1))

    # -- lists

    def _list(self, field: FieldPlan, step: LoadList, rows: Rows | None, alias: Any) -> Any:
        asked = self._lists[field]
        child, conditions = self._members(step, rows, alias)
        found = self._found(field, step, asked, child, [self._object(field, step.load, child).label("j")], conditions)
        bounded = asked.arguments.first is None
        limit = literal_column(str(asked.limit + 1)) if bounded else self._limit(field, asked)
        rows_found = found.limit(limit).subquery()
        written: Any = _array(func.array_agg(rows_found.c.j))
        if bounded:
            written = case((func.count() > asked.limit, irregular()), else_=written)
        return select(written).select_from(rows_found).correlate_except(None).scalar_subquery()

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
        prefix = self._region.prefix(field)
        shape = _shape(field, asked)
        found = sql.rows_of(step.load.entity, child, read, shape, asked.arguments.condition, prefix=prefix)
        return _rows(found, child).where(*conditions)

    def _limit(self, field: FieldPlan, asked: ListAsked) -> Any:
        if field.static_arguments is not None:
            return literal_column(str(asked.limit))
        return cast(parameter(self._region.prefix(field) + sql.LIMIT, BigInteger()), BigInteger())

    # -- connections

    def _page(self, field: FieldPlan, step: LoadList, rows: Rows | None, alias: Any) -> Any:
        asked = self._lists[field]
        limit = self._limit(field, asked)
        parts = _fields(field)
        child, conditions = self._members(step, rows, alias)
        nodes = list(_node_fields(parts))
        read = [self._object(each, step.load, child).label(f"j{i}") for i, each in enumerate(nodes)]
        found = self._found(field, step, asked, child, read, conditions).limit(limit + literal_column("1")).subquery()
        number: Any = func.row_number().over().label("n")
        total: Any = func.count().over().label("total")
        numbered = select(*found.c, number, total).correlate_except(None).subquery()
        n = numbered.c.n
        place = self._place(field, asked, numbered)
        columns: list[Any] = [func.count().label("n")]
        for i, part in enumerate(parts):
            if isinstance(part.step, PageRows):
                item = self._item(part, nodes, numbered, place)
                in_order = aggregate_order_by(item, n.desc() if asked.arguments.last is not None else n.asc())
                columns.append(func.array_agg(in_order).filter(n <= limit).label(f"a{i}"))
        if place is not None:
            ends = {"first": n == 1, "last": n == func.least(numbered.c.total, limit)}
            for name, is_there in ends.items():
                text = func.max(cast(place, Text())).filter(and_(is_there, n <= limit))
                columns.append(cast(text, JSON()).label(name))
        page = select(*columns).select_from(numbered).correlate_except(None).subquery()
        is_read = any(isinstance(part.step, (PageRows, ReadAttribute)) for part in parts)
        pairs = [
            (part.key, self._part(part, i, field, step, asked, limit, page, rows, alias))
            for i, part in enumerate(parts)
        ]
        return _json_object(pairs, page if is_read else None)

    def _item(self, part: FieldPlan, nodes: list[FieldPlan], numbered: Any, place: Any) -> Any:
        """One element of `nodes` or `edges`."""
        if part in nodes:
            return numbered.c[f"j{nodes.index(part)}"]
        pairs: list[tuple[str, Any]] = []
        for each in _fields(part):
            match each.step:
                case Typename(name=name):
                    pairs.append((each.key, literal_column(f"'{name}'", Text())))
                case PageRows():
                    pairs.append((each.key, numbered.c[f"j{nodes.index(each)}"]))
                case _:
                    pairs.append((each.key, place))
        return _json_object(pairs)

    def _part(
        self,
        part: FieldPlan,
        number: int,
        field: FieldPlan,
        step: LoadList,
        asked: ListAsked,
        limit: Any,
        page: Any,
        rows: Rows | None,
        alias: Any,
    ) -> Any:
        """One field of a connection."""
        match part.step:
            case Typename(name=name):
                return literal_column(f"'{name}'", Text())
            case PageRows():
                return _array(page.c[f"a{number}"])
            case PageTotal():
                return self._total(part, field, step, asked, rows, alias)
        has_more = page.c.n > limit
        backward = asked.arguments.last is not None
        values: dict[str, Any] = {
            "has_next_page": _boolean(asked.before is not None) if backward else has_more,
            "has_previous_page": has_more if backward else _boolean(asked.after is not None),
        }
        if "first" in page.c:
            first, last = page.c["first"], page.c["last"]
            values |= {"start_cursor": last if backward else first, "end_cursor": first if backward else last}
        return _json_object((each.key, _page_info(each, values)) for each in _fields(part))

    def _place(self, field: FieldPlan, asked: ListAsked, numbered: Any) -> Any:
        """What stands for the cursor of a row until it is signed."""
        if not _wants_cursors(field):
            return None
        number: Any = literal_column(str(self._region.sites.index(field)))
        texts = [numbered.c[f"o{i}"] for i in range(len(asked.arguments.order))]
        return _json_object([("bff cursor", number), ("place", func.array_to_json(array(texts, type_=Text())))])

    def _total(
        self, part: FieldPlan, field: FieldPlan, step: LoadList, asked: ListAsked, rows: Rows | None, alias: Any
    ) -> Any:
        child, conditions = self._members(step, rows, alias)
        condition = asked.arguments.condition
        if condition is not None:
            conditions.append(sql.passes(condition, step.load.entity, child, prefix=self._region.prefix(field)))
        written = _printer(part)
        assert written is not None
        return _rows(select(written(func.count(), forbid_null=False)), child).where(*conditions).scalar_subquery()

    def _aggregate(self, field: FieldPlan, step: LoadAggregate, rows: Rows, alias: Any) -> Any:
        join = step.load.join.again()
        written = _printer(field)
        assert written is not None
        value = written(sql.measure(_measure(step), join.target, join.child), forbid_null=False)
        conditions = join.on(_attributes(rows, alias, step.slots)), sql.visible_behind(join, step.load.policies)
        return _rows(select(value), join.child).where(*conditions).scalar_subquery()


def _measure(step: LoadAggregate) -> Aggregate:
    return step.load.measures[step.slot - len(step.load.join.key)]


def _page_info(field: FieldPlan, values: Mapping[str, Any]) -> Any:
    match field.step:
        case Typename(name=name):
            return literal_column(f"'{name}'", Text())
        case ReadAttribute(name=name):
            return values[name]
    raise TypeError(f"no way to write {field!r}")


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


def _rows(statement: Select[Any], alias: Any) -> Select[Any]:
    """The statement over rows of an alias, whatever else it names being of the statements around it."""
    return statement.select_from(alias).correlate_except(None)


def _json_object(pairs: Any, source: Any = None) -> ColumnElement[Any]:
    """The JSON object of these keys and values, over the one row of `source`, or of what they belong to."""
    columns = select(*(value.label(key) for key, value in pairs)).correlate_except(None)
    inner = (columns if source is None else columns.select_from(source)).subquery()
    return select(func.row_to_json(inner.table_valued(), type_=JSON())).select_from(inner).scalar_subquery()


def _array(values: Any) -> Any:
    return func.coalesce(func.array_to_json(values), literal_column("'[]'::json"), type_=JSON())


def _boolean(value: bool) -> Any:
    return literal_column("true" if value else "false")


def _global_id(entity: Entity, key: list[Any]) -> Any:
    parts = []
    for name, expression in zip(entity.key, key, strict=True):
        write = text_of_key(entity.type_of(name))
        assert write is not None
        part = write(expression)
        if len(key) > 1:
            part = func.replace(func.replace(part, "%", "%25"), ",", "%2C")
        parts.append(part)
    text: Any = literal_column(f"'{entity.name}:'", Text())
    for i, part in enumerate(parts):
        text = text + (literal_column("','", Text()) + part if i else part)
    return text
