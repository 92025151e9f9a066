"""Derives the footprints of loads: which facts a run depends on, given its keys, what it was asked, and who asked.

They are derived from what the load's statement reads (`bff.readsets.statement_reads`):

    rows by key        the rows with these keys, in each of the model's tables
    lists, aggregates  the rows whose foreign keys are the parent's; over a secondary table its rows, and the target's that
                       these lead to, or may lead to
    collections        the rows that the policy's and the filter's equalities name, of the row itself or of one above it; else
                       the whole table
    batch functions    the lists that they are declared to read, and of their rows the columns
    policies           the columns of the row itself; over an enforced foreign key, updates of the tables above: a row that is
                       not there yet has nothing that leads to it
    other subqueries   the whole of their tables

Where a value is of a type whose equality is not that of its text, the fact is a coarser one. Pure: nothing here touches a
database.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial, singledispatch
from typing import Any
from weakref import WeakKeyDictionary

import cachetools
from sqlalchemy import Column, Table, inspect, literal_column, select
from sqlalchemy.orm import Mapper

from ..columns.text_equality import AsText, are_alike, as_text_of
from ..entities.arguments import ListArguments
from ..entities.entity import Entity
from ..entities.filters import Condition
from ..entities.mapped import columns_of
from ..entities.page import ListRequest
from ..entities.policy import Policies
from ..plan.lists import Counts, ListByParent, RootList
from ..plan.loads import Aggregates, Batch, FormerRows, Load, Rows, RowsByKey
from ..sql.conjunctions import equal_columns
from ..sql.implied import is_implied
from ..sql.join import Join
from ..sql.references import ColumnNames, References, leaves, references_of, table_of, union
from ..sql.select import ListShape, attributes, key_types, measure, passes
from ..sql.statement import unnest
from .footprint import Footprint, Keyed, Named, Part
from .policy_keys import foreign_key_in, is_key, policy_keys
from .readset import Fact, Interest, joined, whole
from .statement_reads import Reads, keys_of, policy_reads, reads_of, rows_above, visible_rows

_SHAPES = 64
"""Footprints kept of one load: one for each shape of filter and order in use."""


def facts_of(
    load: Load, asked: Any, keys: Iterable[Any], results: Mapping[Any, Any], viewer: object | None
) -> Iterator[tuple[Fact, Interest]]:
    """What an execution depends on that asked a load for keys."""
    derivation = _derivation(load, asked)
    return _footprint(load, derivation).facts(keys, results, viewer, derivation.condition)


# -- the kinds of loads


@dataclass(frozen=True)
class _Derivation:
    """How the footprint of a load is made for what it was asked."""

    make: Callable[[], Footprint]
    shape: Hashable = None
    """Equal for all that the load may be asked with the same footprint."""
    condition: Condition | None = None
    """The filter, whose values are no part of the shape."""


@singledispatch
def _derivation(load: Load, _asked: Any) -> _Derivation:
    raise TypeError(f"nothing is known of what {load!r} reads")


@_derivation.register
def _(load: ListByParent | RootList, asked: ListRequest) -> _Derivation:
    arguments = asked.arguments
    is_whole = asked.codec is None and arguments.first is None
    shape = ListShape.of(arguments, None, None, keysets=is_whole)
    return _Derivation(partial(_of_list, load, arguments, is_whole=is_whole), shape, arguments.condition)


@_derivation.register
def _(load: Counts, asked: ListArguments) -> _Derivation:
    shape = ListShape.of(asked, None, None, keysets=False)
    return _Derivation(partial(_of_counts, load, asked.condition), shape, asked.condition)


@_derivation.register
def _(load: RowsByKey, _asked: Any) -> _Derivation:
    return _Derivation(partial(_of_rows, load))


@_derivation.register
def _(load: Aggregates, _asked: Any) -> _Derivation:
    return _Derivation(partial(_of_aggregates, load))


@_derivation.register
def _(load: FormerRows, _asked: Any) -> _Derivation:
    return _Derivation(partial(_of_former, load))


@_derivation.register
def _(load: Batch, _asked: Any) -> _Derivation:
    return _Derivation(partial(_of_batch, load))


_footprints: WeakKeyDictionary[Load, cachetools.LRUCache[Hashable, Footprint]] = WeakKeyDictionary()
_lock = threading.Lock()


def _footprint(load: Load, derivation: _Derivation) -> Footprint:
    """The load's footprint of this shape, made at its first use; plans are shared by all threads."""
    with _lock:
        kept = _footprints.setdefault(load, cachetools.LRUCache(_SHAPES))
        found = kept.get(derivation.shape)
    if found is None:
        found = derivation.make()
        with _lock:
            kept[derivation.shape] = found
    return found


# -- their footprints


def _of_rows(load: RowsByKey) -> Footprint:
    entity, alias = load.entity, load.entity.alias()
    deciding = reads_of(alias, (), [entity.own(alias)]) | policy_reads(load.policies, entity.model)
    read = deciding | reads_of(alias, _expressions(load, alias, entity.key))
    fixed, keyed = dict(read.others), []
    for table, columns in read.own.items():
        parts = _key_parts(entity, table, range(len(entity.key)))
        if parts:
            absent = Interest(deciding.own.get(table, frozenset()), True)
            keyed.append(Keyed(table.fullname, parts, Interest(columns, True), absent))
        else:
            fixed[whole(table.fullname)] = Interest(columns, True)
    return Footprint(fixed, tuple(keyed), named=read.named)


def _of_list(load: ListByParent | RootList, asked: ListArguments, *, is_whole: bool) -> Footprint:
    """`is_whole` tells that neither a limit nor a cursor leaves rows out: then the order decides of none."""
    entity = load.entity
    alias = load.join.child if isinstance(load, ListByParent) else entity.alias()
    order = [entity.attribute(alias, each.attribute) for each in asked.order]
    shown = reads_of(alias, [*_expressions(load, alias, ()), *order])
    deciding = reads_of(alias, () if is_whole else order, _conditions(entity, alias, asked.condition))
    slots = [slot for name in entity.key if (slot := load.position(name, entity)) is not None]
    rows = _Shown(shown, entity, tuple(slots) if len(slots) == len(entity.key) else ())
    if isinstance(load, RootList):
        return _of_collection(load, deciding, rows, is_whole=is_whole and asked.condition is None)
    return _behind(load.join, load.policies, deciding, rows, is_whole=is_whole and asked.condition is None)


def _of_counts(load: Counts, condition: Condition | None) -> Footprint:
    of, entity = load.of, load.of.entity
    alias = of.join.child if isinstance(of, ListByParent) else entity.alias()
    deciding = reads_of(alias, (), _conditions(entity, alias, condition))
    if isinstance(of, RootList):
        return _of_collection(of, deciding, _Shown(Reads(), entity))
    return _behind(of.join, of.policies, deciding, _Shown(Reads(), entity))


def _of_former(load: FormerRows) -> Footprint:
    """The rows themselves are no more; what the policy makes of their values may change."""
    read = policy_reads(load.policies, load.entity.model)
    return Footprint(read.others, named=read.named)


def _of_aggregates(load: Aggregates) -> Footprint:
    join = load.join
    measures = [measure(each, join.target, join.child) for each in load.measures]
    deciding = reads_of(join.child, measures, [join.target.own(join.child)])
    return _behind(join, load.policies, deciding, _Shown(Reads(), join.target))


def _of_batch(load: Batch) -> Footprint:
    """The lists of the relationships that the function is declared to read, and what it looks at in their rows."""
    fixed: dict[Fact, Interest] = {}
    by_key: list[Keyed] = []
    named: list[Named] = []
    for join, columns in load.reads or ():
        names = (*(columns or ()), *join.target.key)
        deciding = reads_of(join.child, [join.target.attribute(join.child, name) for name in names])
        if columns is None:
            # Objects, which may be of any subclass.
            tables = (table for mapper in join.target.mapper.self_and_descendants for table in mapper.tables)
            deciding.own = dict.fromkeys((*deciding.own, *(table for table in tables if isinstance(table, Table))))
        positions = [load.spec.key.index(name) if name in load.spec.key else None for name in join.key]
        footprint = _behind(join, load.policies, deciding, _Shown(Reads(), join.target), positions=positions)
        fixed = joined([*fixed.items(), *footprint.fixed.items()])
        by_key += footprint.by_key
        named += footprint.named
    return Footprint(fixed, tuple(by_key), named=tuple(named))


@dataclass(frozen=True)
class _Shown:
    """What is read of rows beside what decides which; `slots` are where their key stands, if it is read."""

    read: Reads
    entity: Entity
    slots: tuple[int, ...] = ()

    def by_row(self) -> tuple[tuple[Keyed, ...], dict[Table, ColumnNames]]:
        """What is of interest of the rows that were read, each; and of tables in which these cannot be named, what is of any."""
        keyed, rest = [], {}
        for table, columns in self.read.own.items():
            parts = _key_parts(self.entity, table, self.slots) if self.slots else ()
            if parts:
                keyed.append(Keyed(table.fullname, parts, Interest(columns, True)))
            else:
                rest[table] = columns
        return tuple(keyed), rest


def _of_collection(load: RootList, deciding: Reads, shown: _Shown, *, is_whole: bool = True) -> Footprint:
    entity = load.entity
    alias = entity.alias()
    own = [] if load.spec.where is None else [load.spec.where(alias)]
    deciding = deciding | reads_of(alias, (), own) | policy_reads(load.policies, entity.model)
    policy = list(policy_keys(load.policies, entity.model))
    # Where rows are many that are not shown, what is shown is of interest of those alone that are.
    by_row, rest = ((), shown.read.own) if is_whole and policy and not own else shown.by_row()
    columns = _columns_of(entity)
    named = tuple(
        Named(
            table.fullname,
            keys_of(table, policy),
            {name: (column.name, text) for name, (column, text) in columns.items() if column.table is table},
            Interest(union(mentioned, rest.get(table, frozenset())), True),
        )
        for table, mentioned in deciding.own.items()
    )
    above = rows_above(load.policies, entity.model) if any(each.lineage is not None for each in policy) else ()
    others = joined([*deciding.others.items(), *shown.read.others.items()])
    return Footprint(others, (), by_row, (*named, *above, *deciding.named, *shown.read.named))


def _behind(
    join: Join,
    policies: Policies,
    deciding: Reads,
    shown: _Shown,
    *,
    is_whole: bool = True,
    positions: Sequence[int | None] | None = None,
) -> Footprint:
    """What depends on the rows that a join leads to: `deciding` is what decides which; `is_whole` tells that all are shown.

    `positions` are where the parts of the join's key stand in the load's, None where they do not.
    """
    relationship = join.relationship
    is_checked = not is_implied(policies, relationship, parent=join.owner.model, target=join.target.model)
    if is_checked:
        deciding = deciding | policy_reads(policies, join.target.model)
    keys = unnest(key_types(join.owner, join.key))
    on = references_of(select(literal_column("1")).select_from(keys, join.child).where(join.on(keys.c)))
    parts = _pairs(join, range(len(join.key)) if positions is None else positions)
    if relationship.secondary is not None:
        visible = policies if is_checked else None
        return _behind_secondary(join, on, deciding, shown, tuple(part for _, part in parts), visible)
    joining = Reads()
    joining.note(on, join.child)
    deciding = deciding | joining
    by_row, rest = ((), shown.read.own) if is_whole else shown.by_row()
    fixed, by_key = joined([*deciding.others.items(), *shown.read.others.items()]), []
    for table, columns in deciding.own.items():
        interest = Interest(union(columns, rest.get(table, frozenset())), True)
        of_table = tuple(part for of, part in parts if of is table)
        if of_table:
            by_key.append(Keyed(table.fullname, of_table, interest))
        else:
            fixed = joined([*fixed.items(), (whole(table.fullname), interest)])
    return Footprint(fixed, tuple(by_key), by_row, (*deciding.named, *shown.read.named))


def _behind_secondary(
    join: Join, on: References, deciding: Reads, shown: _Shown, parts: tuple[Part, ...], visible: Policies | None
) -> Footprint:
    """The same over a secondary table: its rows by the parent's key, then the target's; `visible` has the target's policy, if it
    is checked."""
    secondary: Any = join.relationship.secondary
    own = set(leaves(inspect(join.child).selectable))
    pairs = {each: columns for each, columns in on.of.items() if table_of(each) is secondary and each not in own}
    joining = Reads()
    joining.note(
        References({each: columns for each, columns in on.of.items() if each not in pairs}, on.is_opaque), join.child
    )
    deciding = deciding | joining
    fixed = joined([*deciding.others.items(), *shown.read.others.items()])
    by_key: list[Keyed] = []
    for table, columns in References(pairs, False).of_tables().items():
        if parts:
            by_key.append(Keyed(table.fullname, parts, Interest(columns, True)))
        else:
            fixed = joined([*fixed.items(), (whole(table.fullname), Interest(columns, True))])
    by_row, rest = shown.by_row()
    # Of rows that are not shown, those may come to be whose columns decide otherwise.
    waiting = {table: union(columns, rest.get(table, frozenset())) for table, columns in deciding.own.items()}
    target = list(waiting)
    foreign_key = foreign_key_in(join.relationship.secondaryjoin, target[0]) if len(target) == 1 else None
    is_enforced = foreign_key is not None and not foreign_key.deferrable
    if visible is not None:
        named = visible_rows(visible, join.target.model, waiting, moves=not is_enforced)
    else:
        named = tuple(
            Named(table.fullname, (), {}, Interest(columns, not is_enforced)) for table, columns in waiting.items()
        )
    return Footprint(fixed, tuple(by_key), by_row, (*named, *deciding.named, *shown.read.named))


def _expressions(load: Rows, alias: Any, more: tuple[str, ...]) -> list[Any]:
    """What a load shows of its rows."""
    names = dict.fromkeys([*load.columns, *more])
    return [read(alias) for read in attributes(load.entity, names)]


def _conditions(entity: Entity, alias: Any, condition: Condition | None) -> list[Any]:
    conditions: list[Any] = [entity.own(alias)]
    if condition is not None:
        conditions.append(passes(condition, entity, alias))
    return conditions


def _key_parts(entity: Entity, table: Table, positions: Iterable[int]) -> tuple[Part, ...]:
    """The columns of one of an entity's tables that hold its key; those of them that become text."""
    parts = []
    for name, position in zip(entity.key, positions, strict=True):
        column = next(
            (
                column
                for mapper in entity.mapper.self_and_descendants
                for column in _columns(mapper, name)
                if column.table is table
            ),
            None,
        )
        if column is not None and (as_text := as_text_of(column.type)) is not None:
            parts.append(Part(column.name, position, as_text))
    return tuple(parts)


def _columns(mapper: Mapper[Any], name: str) -> list[Any]:
    return list(getattr(mapper.attrs.get(name), "columns", ()))


def _pairs(join: Join, positions: Sequence[int | None]) -> list[tuple[Table, Part]]:
    """The columns on the other side of a join that it says are equal to parts of its key."""
    relationship = join.relationship
    equal = equal_columns(relationship.primaryjoin)
    found = []
    for local, remote in relationship.local_remote_pairs or ():
        if frozenset((local, remote)) not in equal or not isinstance(remote.table, Table):
            continue
        name = join.owner.mapper.get_property_by_column(local).key
        position = positions[join.key.index(name)] if name in join.key else None
        as_text = as_text_of(local.type) if are_alike(local.type, remote.type) else None
        if position is not None and as_text is not None:
            found.append((remote.table, Part(remote.name, position, as_text)))
    return found


def _columns_of(entity: Entity) -> dict[str, tuple[Column[Any], AsText]]:
    """The key columns of an entity's attributes whose values become text: what changes tell of rows."""
    found = {}
    for name in columns_of(entity.mapper):
        columns = _columns(entity.mapper, name)
        if len(columns) == 1 and is_key(columns[0]) and (as_text := as_text_of(columns[0].type)):
            found[name] = (columns[0], as_text)
    return found
