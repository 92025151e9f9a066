"""Change capture: brings a database to where every change of the host's tables is written into the outbox.

`tables_of` says what to capture, from models; `tables_in` from a MetaData, for migrations. `install` makes the triggers (their
SQL is `bff.changes.triggers`), and takes no lock where everything stands; `check` tells what it would do. Every write is
captured in its own transaction: by the ORM, psql, COPY or a cascade.

A table whose rows have no identity in the database (neither a primary key nor another unique key of columns that are NOT NULL)
changes as a whole, by a `truncate`. `SET LOCAL bff.capture = off` leaves out what a transaction writes from there on: for loading
rows after a TRUNCATE, which says for its table that anything may be another now.

PostgreSQL 14 or newer. Not captured, because no statement triggers with transition tables fire there: what views, materialized
views and foreign tables show, and rows that a subscription of logical replication applies.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from sqlalchemy import Column, Connection, MetaData, Table, inspect, text
from sqlalchemy.orm import Mapper, registry
from sqlalchemy.sql import visitors

from . import triggers
from .triggers import MARK, OUTBOX, SCHEMA, Captured, ColumnInDatabase, Relation, TableInDatabase

_KINDS = {"v": "a view", "m": "a materialized view", "f": "a foreign table"}
_CAPTURABLE = ("r", "p")


@dataclass(frozen=True)
class Finding:
    """What is not as the models want it."""

    table: str
    state: Literal["missing", "outdated", "foreign", "impossible"]
    reason: str

    def __str__(self) -> str:
        return f"{self.table}: {self.state}, {self.reason}"

    @property
    def is_failure(self) -> bool:
        """Whether changes that can be captured are not, or not as they should be."""
        return self.state in ("missing", "outdated")


def tables_of(models: Iterable[type]) -> list[Captured]:
    """All tables of the registries that mapped classes belong to: what batch functions and resolvers read counts too."""
    registries: dict[registry, None] = {inspect(model).registry: None for model in models}
    tables: dict[str, Table] = {}
    keys: dict[str, set[str]] = defaultdict(set)
    for each in registries:
        each.configure()
        tables.update(each.metadata.tables)
        for mapper in each.mappers:
            tables.update({table.fullname: table for table in mapper.tables if isinstance(table, Table)})
            for column in _joined(mapper):
                keys[column.table.fullname].add(column.name)
    return _captured(tables.values(), keys)


def tables_in(metadata: MetaData) -> list[Captured]:
    """The tables of a MetaData. A migration reflects one, so that what it does depends on no model of a later day."""
    return _captured(metadata.tables.values(), {})


def statements(connection: Connection, tables: Sequence[Captured]) -> list[str]:
    """The SQL that is still to be run; none where everything stands."""
    return list(_Installation.read(connection, tables).statements(tables))


def install(connection: Connection, tables: Sequence[Captured]) -> list[str]:
    """Run what `statements` gives, in the connection's transaction; gives it. The role has to own the tables."""
    run = statements(connection, tables)
    for statement in run:
        # Without parameters, so that a percent sign is one.
        connection.exec_driver_sql(statement, execution_options={"no_parameters": True})
    return run


def install_capture(connection: Connection, metadata: MetaData) -> None:
    """For migrations: capture the tables of a MetaData, in the migration's transaction. Raises what PostgreSQL raises.

        tables = MetaData()
        tables.reflect(op.get_bind(), only=lambda name, _: name != "alembic_version")
        bff.install_capture(op.get_bind(), tables)

    A reflection has neither foreign keys that are in the models alone, nor what else relationships join by: with such, a migration
    runs what `bff live install --sql` prints.
    """
    install(connection, tables_in(metadata))


def check(connection: Connection, tables: Sequence[Captured]) -> list[Finding]:
    """What `install` would do, what it cannot do, and what there is that no table asks for."""
    installation = _Installation.read(connection, tables)
    return [*(finding for table in tables for finding in installation.findings(table)), *installation.foreign(tables)]


def _captured(tables: Iterable[Table], keys: Mapping[str, set[str]]) -> list[Captured]:
    return [
        Captured(
            table.fullname,
            table.schema,
            table.name,
            frozenset(
                {column.name for column in table.columns if column.primary_key or column.foreign_keys}
                | keys.get(table.fullname, set())
            ),
        )
        for table in sorted(tables, key=lambda table: table.fullname)
        if table.schema != SCHEMA
    ]


def _joined(mapper: Mapper[Any]) -> Iterator[Column[Any]]:
    """The columns that a mapper's relationships join by."""
    for relationship in mapper.relationships:
        for condition in (relationship.primaryjoin, relationship.secondaryjoin):
            for element in visitors.iterate(condition) if condition is not None else ():
                if isinstance(element, Column) and isinstance(element.table, Table):
                    yield element


@dataclass(frozen=True)
class _Function:
    source: str
    comment: str
    is_used: bool


class _Installation:
    """What there is in a database, read at once."""

    def __init__(
        self,
        tables: dict[str, TableInDatabase],
        functions: dict[str, _Function],
        *,
        has_schema: bool,
        has_outbox: bool,
    ) -> None:
        self._tables, self._functions = tables, functions
        self._has_schema, self._has_outbox = has_schema, has_outbox

    def __repr__(self) -> str:
        return f"<_Installation {len(self._tables)} tables, {len(self._functions)} functions>"

    @classmethod
    def read(cls, connection: Connection, tables: Sequence[Captured]) -> _Installation:
        asked = {"names": [table.relation for table in tables]}
        by_relation = {table.relation: table for table in tables}
        there: dict[str, TableInDatabase] = {}
        for name, kind, column, type_name, is_sized, is_virtual in connection.execute(_COLUMNS, asked):
            table = there.setdefault(by_relation[name].fullname, TableInDatabase(kind))
            if column is not None:
                table.columns.append(ColumnInDatabase(column, type_name, is_sized, is_virtual))
        for name, identity in connection.execute(_IDENTITIES, asked):
            there[by_relation[name].fullname].identity = frozenset(identity)
        for name, id, relation, kind, is_descendant, function, trigger in connection.execute(_TRIGGERS, asked):
            captured = by_relation[name]
            found = there[captured.fullname].relations.setdefault(id, Relation(relation, kind, is_descendant))
            if function == captured.function:
                found.triggers.add(trigger)
        functions = {
            name: _Function(source, comment or "", is_used)
            for name, source, comment, is_used in connection.execute(_FUNCTIONS)
        }
        has_schema, has_outbox = connection.execute(_SCHEMA).one()
        return cls(there, functions, has_schema=has_schema, has_outbox=has_outbox)

    def statements(self, tables: Sequence[Captured]) -> Iterator[str]:
        if not self._has_schema:
            yield f"CREATE SCHEMA {SCHEMA}"
        if not self._has_outbox:
            yield OUTBOX
        for table in tables:
            there = self._tables.get(table.fullname)
            if there is None or there.kind not in _CAPTURABLE:
                continue
            yield from self._function(table, there)
            for relation in there.relations.values():
                if relation.kind in _CAPTURABLE:
                    for kind in triggers.missing_triggers(table, relation):
                        yield from triggers.trigger(table, relation, kind)

    def findings(self, table: Captured) -> Iterator[Finding]:
        there = self._tables.get(table.fullname)
        if there is None:
            yield Finding(table.fullname, "missing", f"the database has no {table.relation}")
            return
        for relation in there.relations.values():
            if relation.kind not in _CAPTURABLE:
                kind = _KINDS.get(relation.kind, f"of kind {relation.kind!r}")
                yield Finding(table.fullname, "impossible", f"{relation.name} is {kind}")
            elif missing := triggers.missing_triggers(table, relation):
                yield Finding(table.fullname, "missing", f"{relation.name} has no trigger for {', '.join(missing)}")
        if there.kind not in _CAPTURABLE:
            return
        if lacking := table.keys - {column.name for column in there.columns}:
            yield Finding(table.fullname, "missing", f"the database has no column {', '.join(sorted(lacking))}")
        if list(self._function(table, there)):
            if table.function in self._functions:
                reason = "its columns, its keys or the layer are others than at the install"
                yield Finding(table.fullname, "outdated", reason)
            else:
                name = triggers.identifier(table.function)
                yield Finding(table.fullname, "missing", f"the database has no function {SCHEMA}.{name}")

    def foreign(self, tables: Sequence[Captured]) -> Iterator[Finding]:
        asked = {table.function for table in tables}
        for name, function in sorted(self._functions.items()):
            if name not in asked and function.comment.startswith(MARK):
                rest = "is still captured" if function.is_used else "is captured no more, what is left is a function"
                yield Finding(name, "foreign", f"no model has this table, and it {rest}")

    def _function(self, table: Captured, there: TableInDatabase) -> Iterator[str]:
        """What makes the table's function, unless it is there as it should be."""
        create, body, comment = triggers.function(table, there)
        old = self._functions.get(table.function)
        if old is None or old.comment != comment or old.source != body:
            yield create
            yield triggers.comment(table, comment)


_SCHEMA = text(f"SELECT to_regnamespace('{SCHEMA}') IS NOT NULL, to_regclass('{SCHEMA}.outbox') IS NOT NULL")

_COLUMNS = text(
    """
    SELECT asked.name, relation.relkind, attname, CASE
        WHEN typtype = 'e' THEN 'text'
        WHEN typnamespace = 'pg_catalog'::regnamespace THEN typname
        ELSE format_type(atttypid, NULL)
      END, typlen > 0, attgenerated = 'v'
    FROM unnest(CAST(:names AS text[])) AS asked(name)
    JOIN pg_class relation ON relation.oid = to_regclass(asked.name)
    LEFT JOIN pg_attribute ON attrelid = relation.oid AND attnum > 0 AND NOT attisdropped
    LEFT JOIN pg_type ON pg_type.oid = atttypid
    ORDER BY asked.name, attname
    """
)

_IDENTITIES = text(
    """
    SELECT DISTINCT ON (asked.name) asked.name, key.columns
    FROM unnest(CAST(:names AS text[])) AS asked(name)
    JOIN pg_index ON indrelid = to_regclass(asked.name)
    CROSS JOIN LATERAL (
      SELECT array_agg(attname::text) AS columns, bool_and(attnotnull) AS is_complete
      FROM pg_attribute
      WHERE attrelid = indrelid AND attnum = ANY ((indkey::int2[])[0 \\: indnkeyatts - 1])
    ) key
    WHERE indisunique AND indisvalid AND indpred IS NULL AND indexprs IS NULL AND key.is_complete
    ORDER BY asked.name, indisprimary DESC, indnkeyatts, indexrelid
    """
)

_TRIGGERS = text(
    f"""
    WITH RECURSIVE tree AS (
      SELECT name AS root, to_regclass(name)::oid AS id FROM unnest(CAST(:names AS text[])) AS asked(name) WHERE to_regclass(name) IS NOT NULL
      UNION
      SELECT root, inhrelid FROM tree JOIN pg_inherits ON inhparent = id
    )
    SELECT root, id, format('%I.%I', nspname, relname), relkind, id <> to_regclass(root), proname, tgname
    FROM tree
    JOIN pg_class ON pg_class.oid = id
    JOIN pg_namespace ON pg_namespace.oid = relnamespace
    LEFT JOIN pg_trigger ON tgrelid = id AND NOT tgisinternal AND tgenabled = 'A'
    LEFT JOIN pg_proc ON pg_proc.oid = tgfoid AND pronamespace = to_regnamespace('{SCHEMA}')
    ORDER BY root, id <> to_regclass(root), 3, tgname
    """
)

_FUNCTIONS = text(
    f"""
    SELECT proname, prosrc, obj_description(oid, 'pg_proc'), EXISTS (SELECT FROM pg_trigger WHERE tgfoid = pg_proc.oid)
    FROM pg_proc WHERE pronamespace = to_regnamespace('{SCHEMA}') AND prorettype = 'trigger'::regtype
    """
)
