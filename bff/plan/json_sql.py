"""The SQL of regions: a field and all below it as one expression, which is its JSON.

It is made of text and correlated subqueries, over an alias of the parent's rows:

    object      '{"id":"' || t.id || '","title":' || to_json(t.title) || ... || '}'
    to-one      (SELECT object FROM users u WHERE u.id = t.assignee_id AND policy)
    list        (SELECT '[' || string_agg(r.j, ',') || ']' FROM (SELECT object AS j FROM tasks t WHERE t.matter_id = m.id
                    AND policy AND filter ORDER BY ... LIMIT n) r)
    connection  the same over one row more, numbered, with what `pageInfo` needs

Of a list of many rows at the root, to-one relations are LEFT JOINs, for PostgreSQL to choose how to find them. What is no
answer (null where it is forbidden, a list beyond its bound, a value that the leaf type refuses) is `to_json.IRREGULAR`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from graphql import is_leaf_type, is_object_type
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
    or_,
    select,
)
from sqlalchemy.dialects.postgresql import aggregate_order_by

from ..columns.to_json import IRREGULAR, Piece, Printer, joined, null_or, printer, text
from ..entities.page import ListRequest
from ..entities.specs import Aggregate, Relation
from ..schema.catalog import Catalog, spec_of
from ..sql.implied import is_implied
from ..sql.select import LIMIT, ListShape, measure, passes, rows_of, visible, visible_behind
from ..sql.statement import parameter
from .json_expressions import boolean_text, evaluated_once, global_id, json_array, json_object, number
from .lists import ListByParent, RootList
from .loads import Rows, RowsByKey
from .placeholders import Placeholder, write_placeholder
from .steps import (
    CallBatch,
    CallResolver,
    FieldPlan,
    LoadAggregate,
    LoadList,
    LoadOne,
    LookUp,
    PageRows,
    PageTotal,
    ReadAttribute,
    ReadColumn,
    ReadNodeId,
    Selection,
    Typename,
)

MANY_ROWS = 1_000
"""Rows of a list at the root from which on its to-one relations are joined, not looked up row by row: a hash join of 10,000
tasks with their people took 32 ms where 10,000 lookups took 56; at 1,000 they were even, for a page of 50 lookups won."""


def printer_of(field: FieldPlan) -> Printer | None:
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
                # Counts, and the sums of integers as `measure` has them.
                return printer(BigInteger(), leaf, is_computed=False)
            return printer(summed, leaf, is_computed=True)
        case PageTotal():
            return printer(BigInteger(), leaf, is_computed=False)
    return None


def wants_cursors(site: FieldPlan) -> bool:
    """Whether a connection is asked for cursors."""
    if not (isinstance(site.step, LoadList) and site.step.page):
        return False
    parts = [each for each in fields_of(site) if not (isinstance(each.step, PageRows) and each.step.part == "nodes")]
    below = [each for part in parts if not part.is_leaf for each in fields_of(part)]
    return any(isinstance(each.step, ReadAttribute) and each.step.name in _CURSORS for each in below)


_CURSORS = ("cursor", "start_cursor", "end_cursor")

OF_PAGES = ("page_info", "has_next_page", "has_previous_page", *_CURSORS)
"""The attributes of a connection, its edges and its `PageInfo` that can be written; all others are Python's."""


def fields_of(field: FieldPlan) -> Sequence[FieldPlan]:
    """What is selected of an object whose type is certain."""
    [selection] = field.selections.values()
    assert isinstance(selection, Selection)
    return selection.fields


def shape_of(site: FieldPlan, asked: ListRequest) -> ListShape:
    """What of a list's arguments changes the SQL, with the rows' places only where cursors are asked for."""
    return ListShape.of(asked.arguments, asked.after, asked.before, keysets=wants_cursors(site))


class Writer:
    """Writes fields, for what a request asks of the lists in them.

    `prefixes` are what the names of a list's or lookup's parameters begin with, `placeholders` the numbers of placeholders.
    """

    def __init__(
        self,
        catalog: Catalog,
        lists: Mapping[FieldPlan, ListRequest],
        *,
        prefixes: Mapping[FieldPlan, str],
        placeholders: Mapping[FieldPlan, int],
    ) -> None:
        self._catalog, self._lists, self._prefixes, self._placeholders = catalog, lists, prefixes, placeholders
        self._joined: dict[Any, list[tuple[Any, Any]]] = {}

    def column(self, field: FieldPlan, rows: Rows | None, alias: Any) -> ColumnElement[Any]:
        """The JSON of a field for a row of an alias of `rows`; at the root there is none."""
        return joined(self._value(field, rows, alias))

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
            case ReadColumn(slot=slot) if (written := printer_of(field)) is not None:
                name = rows.attribute_at(slot)
                expression, nullable = rows.entity.attribute(alias, name), rows.entity.is_nullable(name)
                if rows.entity.is_computed(name):
                    return evaluated_once(
                        expression, alias, lambda x: written(x, nullable=True, forbid_null=field.non_null[0])
                    )
                return written(expression, nullable=nullable, forbid_null=field.non_null[0])
            case ReadColumn() | CallBatch() | CallResolver():
                placeholder = Placeholder.of(field)
                assert placeholder is not None
                columns = [cast(rows.entity.attribute(alias, name), Text()) for name in placeholder.columns]
                return write_placeholder(self._placeholders[field], columns)
            case ReadNodeId(entity=entity, slots=slots):
                return global_id(entity, _attributes(rows, alias, slots))
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
        written = joined(json_object((each.key, self._value(each, rows, alias)) for each in selection.fields))
        # A column that is NULL and was declared not to be makes NULL of all: an object must not vanish for it.
        return func.coalesce(written, text(IRREGULAR))

    def _looked_up(self, field: FieldPlan, load: RowsByKey) -> list[Piece]:
        entity, alias, prefix = load.entity, load.entity.alias(), self._prefixes[field]
        key = [
            entity.attribute(alias, name) == parameter(f"{prefix}k{i}", entity.type_of(name))
            for i, name in enumerate(entity.key)
        ]
        found = _within(select(self._object(field, load, alias)), alias)
        return _one(field, found.where(*key, visible(entity, alias, load.policies)))

    def _one(self, field: FieldPlan, step: LoadOne, rows: Rows, alias: Any) -> list[Piece]:
        load, values = step.load, _attributes(rows, alias, step.slots)
        if isinstance(load, ListByParent):
            return self._first(field, load, values)
        entity, child = load.entity, load.entity.alias()
        conditions = [entity.attribute(child, name) == value for name, value in zip(entity.key, values, strict=True)]
        is_checked = not is_implied_by_parent(field, self._catalog)
        conditions.append(visible(entity, child, load.policies) if is_checked else entity.own(child))
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
        found = _within(rows_of(load.entity, join.child, read, ListShape(load.order), None), join.child)
        return _one(field, found.where(join.on(values), visible_behind(join, load.policies)).limit(1))

    # -- lists

    def _list(self, field: FieldPlan, step: LoadList, rows: Rows | None, alias: Any) -> list[Piece]:
        asked = self._lists[field]
        child, conditions = self._members(step, rows, alias)
        self._expect(step, asked, child)
        found = self._found(field, step, asked, child, [self._object(field, step.load, child).label("j")], conditions)
        bounded = asked.arguments.first is None
        rows_found = found.limit(number(asked.limit + 1) if bounded else self._limit(field, asked)).subquery()
        written: Any = json_array(func.string_agg(rows_found.c.j, text(",")))
        if bounded:
            written = case((func.count() > number(asked.limit), text(IRREGULAR)), else_=written)
        return [select(written).select_from(rows_found).correlate_except(None).scalar_subquery()]

    def _members(self, step: LoadList, rows: Rows | None, alias: Any) -> tuple[Any, list[Any]]:
        """A fresh alias of a list's rows, and what makes a row one of the list's."""
        load = step.load
        if isinstance(load, ListByParent):
            assert rows is not None
            join = load.join.again()
            return join.child, [join.on(_attributes(rows, alias, step.slots)), visible_behind(join, load.policies)]
        child = load.entity.alias()
        conditions = [visible(load.entity, child, load.policies)]
        if load.spec.where is not None:
            conditions.append(load.spec.where(child))
        return child, conditions

    def _found(
        self, field: FieldPlan, step: LoadList, asked: ListRequest, child: Any, read: list[Any], conditions: list[Any]
    ) -> Select[Any]:
        prefix, shape = self._prefixes[field], shape_of(field, asked)
        found = rows_of(step.load.entity, child, read, shape, asked.arguments.condition, prefix=prefix)
        found = _within(found, child).where(*conditions)
        for target, condition in self._joined.pop(child, ()):
            found = found.outerjoin_from(child, target, condition)
        return found

    def _expect(self, step: LoadList, asked: ListRequest, child: Any) -> None:
        """Have the to-one relations of many rows joined."""
        if is_large(step, asked):
            self._joined[child] = []

    def _limit(self, field: FieldPlan, asked: ListRequest) -> Any:
        if field.static_arguments is not None:
            return number(asked.limit)
        return cast(parameter(self._prefixes[field] + LIMIT, BigInteger()), BigInteger())

    # -- connections

    def _page(self, field: FieldPlan, step: LoadList, rows: Rows | None, alias: Any) -> list[Piece]:
        asked, parts = self._lists[field], fields_of(field)
        limit, backward = self._limit(field, asked), asked.arguments.last is not None
        child, conditions = self._members(step, rows, alias)
        self._expect(step, asked, child)
        nodes = list(_node_fields(parts))
        read = [self._object(each, step.load, child).label(f"j{i}") for i, each in enumerate(nodes)]
        found = self._found(field, step, asked, child, read, conditions).limit(limit + number(1)).subquery()
        row: Any = func.row_number().over().label("n")
        total: Any = func.count().over().label("total")
        numbered = select(*found.c, row, total).correlate_except(None).subquery()
        n = numbered.c.n
        cursor = self._cursor(field, asked, numbered)
        columns: list[Any] = [func.count().label("n")]
        for i, part in enumerate(parts):
            if isinstance(part.step, PageRows):
                in_order = aggregate_order_by(text(","), n.desc() if backward else n.asc())
                items = func.string_agg(self._item(part, nodes, numbered, cursor), in_order).filter(n <= limit)
                columns.append(json_array(items).label(f"a{i}"))
        if cursor is not None:
            ends = {"first": n == number(1), "last": n == func.least(numbered.c.total, limit)}
            for name, is_there in ends.items():
                end = func.max(joined(cursor)).filter(and_(is_there, n <= limit))
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
                    pairs.append((part.key, json_object(_page_info(part, asked, page, limit))))
        if not any(isinstance(part.step, (PageRows, ReadAttribute)) for part in parts):
            return json_object(pairs)
        written = select(joined(json_object(pairs))).select_from(page).correlate_except(None)
        return [written.scalar_subquery()]

    def _item(
        self, part: FieldPlan, nodes: list[FieldPlan], numbered: Any, cursor: list[Piece] | None
    ) -> ColumnElement[Any]:
        """One element of `nodes` or `edges`."""
        if part in nodes:
            return numbered.c[f"j{nodes.index(part)}"]  # type: ignore[no-any-return]
        pairs: list[tuple[str, list[Piece]]] = []
        for each in fields_of(part):
            match each.step:
                case Typename(name=name):
                    pairs.append((each.key, [f'"{name}"']))
                case PageRows():
                    pairs.append((each.key, [numbered.c[f"j{nodes.index(each)}"]]))
                case _:
                    assert cursor is not None
                    pairs.append((each.key, cursor))
        return joined(json_object(pairs))

    def _cursor(self, field: FieldPlan, asked: ListRequest, numbered: Any) -> list[Piece] | None:
        """What stands for the cursor of a row until it is signed."""
        if not wants_cursors(field):
            return None
        texts = [numbered.c[f"o{i}"] for i in range(len(asked.arguments.order))]
        return write_placeholder(self._placeholders[field], texts)

    def _total(
        self, part: FieldPlan, field: FieldPlan, step: LoadList, asked: ListRequest, rows: Rows | None, alias: Any
    ) -> list[Piece]:
        child, conditions = self._members(step, rows, alias)
        condition = asked.arguments.condition
        if condition is not None:
            conditions.append(passes(condition, step.load.entity, child, prefix=self._prefixes[field]))
        return _computed(part, func.count(), child, conditions)

    def _aggregate(self, field: FieldPlan, step: LoadAggregate, rows: Rows, alias: Any) -> list[Piece]:
        join = step.load.join.again()
        conditions = [join.on(_attributes(rows, alias, step.slots)), visible_behind(join, step.load.policies)]
        return _computed(field, measure(_measure(step), join.target, join.child), join.child, conditions)


def is_large(step: LoadList, asked: ListRequest) -> bool:
    return isinstance(step.load, RootList) and asked.limit >= MANY_ROWS


def is_implied_by_parent(field: FieldPlan, catalog: Catalog) -> bool:
    """Whether the rows that a relation leads to are visible because the parent is; see `bff.sql.implied`."""
    owner, spec = catalog.named(field.parent.type.name), spec_of(field.definition)
    if owner is None or not isinstance(spec, Relation | Aggregate):
        return False
    relationship = owner.relationship(spec.attribute)
    assert relationship is not None
    return is_implied(catalog.policies, relationship, parent=owner.model, target=relationship.mapper.class_)


def _measure(step: LoadAggregate) -> Aggregate:
    return step.load.measures[step.slot - len(step.load.join.key)]


def _computed(field: FieldPlan, value: Any, child: Any, conditions: list[Any]) -> list[Piece]:
    """A count or sum over the rows of an alias."""
    written = printer_of(field)
    assert written is not None
    pieces = written(value, nullable=False, forbid_null=True)
    return [_within(select(joined(pieces)), child).where(*conditions).scalar_subquery()]


def _page_info(part: FieldPlan, asked: ListRequest, page: Any, limit: Any) -> Iterator[tuple[str, list[Piece]]]:
    backward = asked.arguments.last is not None
    has_more = cast(page.c.n > limit, Text())
    values: dict[str, Callable[[], Piece]] = {
        "has_next_page": lambda: boolean_text(asked.before is not None) if backward else has_more,
        "has_previous_page": lambda: has_more if backward else boolean_text(asked.after is not None),
        "start_cursor": lambda: page.c["last" if backward else "first"],
        "end_cursor": lambda: page.c["first" if backward else "last"],
    }
    for each in fields_of(part):
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
                yield from (each for each in fields_of(part) if isinstance(each.step, PageRows))
            else:
                yield part


def _attributes(rows: Rows, alias: Any, slots: tuple[int, ...]) -> list[Any]:
    return [rows.entity.attribute(alias, rows.attribute_at(slot)) for slot in slots]


def _within(statement: Select[Any], alias: Any) -> Select[Any]:
    """The statement over rows of an alias, whatever else it names being of the statements around it."""
    return statement.select_from(alias).correlate_except(None)


def _one(field: FieldPlan, found: Select[Any]) -> list[Piece]:
    return [func.coalesce(found.scalar_subquery(), text(null_or(field.non_null[0])))]
