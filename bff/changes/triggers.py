"""The SQL that captures one table: a trigger function and its triggers, as text. Pure; `bff.changes.install` runs it.

What these triggers promise: a write never fails because of them, and no change is missed.

- They name key columns alone. A table whose columns are others than at the install is compared by way of JSON, which is slower and
  as exact; where a key column is gone, a change is one of the whole table.
- Columns are compared by their bytes: every type has those, and 1.0 that becomes 1.00 is a change.
- Rows before and after are joined by the text of their identity with a full join, for which PostgreSQL has no nested loop: the
  plan is made for the first statement of a session and must do for the largest.
- The function runs as its owner, so that whoever may write the table may write the outbox.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from hashlib import sha256

SCHEMA = "bff"

CHANNEL = "bff_outbox"
"""What is notified at commit: a wake-up without content."""

LONGEST = 1_000
"""Characters of a key's text; a longer one is cut one after that, by which the relay knows it."""

MARK = "bff capture of"
"""How the comment of a function begins that is of this layer."""

_PLAIN = {"bool", "int2", "int4", "int8", "oid", "uuid", "text", "varchar", "bpchar", "name", "char"}
"""Types whose texts are the same under all settings of a session."""

_SETTINGS = {
    "bytea_output": "hex",
    "datestyle": "'ISO, YMD'",
    "extra_float_digits": "1",
    "intervalstyle": "postgres",
    "lc_monetary": "'C'",
    "timezone": "'UTC'",
}
"""Under which each value of the other types has one text."""

OUTBOX = f"""\
CREATE TABLE {SCHEMA}.outbox (
  id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
  xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
  table_name text NOT NULL,
  kind text NOT NULL CHECK (kind IN ('insert', 'update', 'delete', 'truncate')),
  old jsonb NOT NULL DEFAULT '{{}}',
  new jsonb NOT NULL DEFAULT '{{}}',
  changed text[] NOT NULL DEFAULT '{{}}'
) WITH (
  -- Rows are gone a moment after they came: there is as much to vacuum as was written.
  autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 5000, autovacuum_vacuum_cost_delay = 0
)"""

TRIGGERS = {
    "insert": "REFERENCING NEW TABLE AS bff_new",
    "update": "REFERENCING OLD TABLE AS bff_old NEW TABLE AS bff_new",
    "delete": "REFERENCING OLD TABLE AS bff_old",
    "truncate": "",
}
"""A trigger's transition tables by what it fires for."""


@dataclass(frozen=True)
class Captured:
    """A table whose changes are wanted, by which columns."""

    fullname: str
    """What its changes are told under: SQLAlchemy's `Table.fullname`."""
    schema: str | None
    name: str
    keys: frozenset[str]
    """Primary key, foreign keys, and what relationships join by; names as in the database."""

    @property
    def relation(self) -> str:
        """Its name in SQL."""
        return relation_name(self.schema, self.name)

    @property
    def function(self) -> str:
        """The name of its trigger function within the schema, without quotes."""
        return shortened(self.fullname)


@dataclass(frozen=True)
class ColumnInDatabase:
    """A column as the database has it."""

    name: str
    type_name: str
    is_sized: bool
    """Whether its values are all of one size, and thus short."""
    is_virtual: bool
    """Computed when it is read: a trigger does not see its value."""


@dataclass
class Relation:
    """Where a statement may write a captured table: itself, a partition, a child."""

    name: str
    """Its name in SQL."""
    kind: str
    """PostgreSQL's `relkind`."""
    is_descendant: bool
    triggers: set[str] = field(default_factory=set)
    """The names of those that call the table's function, whatever `session_replication_role` is."""


@dataclass
class TableInDatabase:
    """A captured table as the database has it."""

    kind: str
    """PostgreSQL's `relkind`."""
    columns: list[ColumnInDatabase] = field(default_factory=list)
    identity: frozenset[str] = frozenset()
    """Columns that tell its rows apart; empty when none do."""
    relations: dict[int, Relation] = field(default_factory=dict)
    """By their oid; the table is one of them."""


def function(table: Captured, there: TableInDatabase) -> tuple[str, str, str]:
    """The trigger function of a table: the statement that makes it, its body, and its comment, which has a hash of all."""
    body = _body(table, there)
    types = {column.type_name for column in there.columns if column.name in table.keys | there.identity}
    settings = {} if types <= _PLAIN else _SETTINGS
    # Nothing that a caller's search path names may run as the owner.
    options = ["SET search_path = pg_catalog, pg_temp", *(f"SET {name} = {value}" for name, value in settings.items())]
    tag = "$bff$"
    while tag in body:
        tag = f"{tag[:-1]}_$"
    statement = (
        f"CREATE OR REPLACE FUNCTION {SCHEMA}.{identifier(table.function)}() RETURNS trigger\n"
        f"LANGUAGE plpgsql SECURITY DEFINER {' '.join(options)} AS {tag}{body}{tag}"
    )
    return statement, body, f"{MARK} {table.fullname}: {sha256(statement.encode()).hexdigest()[:16]}"


def comment(table: Captured, words: str) -> str:
    return f"COMMENT ON FUNCTION {SCHEMA}.{identifier(table.function)}() IS {literal(words)}"


def missing_triggers(table: Captured, relation: Relation) -> list[str]:
    """What a relation has no trigger for."""
    return [kind for kind in TRIGGERS if _trigger_name(table, relation, kind) not in relation.triggers]


def trigger(table: Captured, relation: Relation, kind: str) -> Iterator[str]:
    """The statements that make one trigger."""
    name = _trigger_name(table, relation, kind)
    yield (
        f"CREATE OR REPLACE TRIGGER {identifier(name)} AFTER {kind.upper()} ON {relation.name} {TRIGGERS[kind]}\n"
        f"FOR EACH STATEMENT EXECUTE FUNCTION {SCHEMA}.{identifier(table.function)}()"
    )
    # Also where session_replication_role keeps others from firing.
    yield f"ALTER TABLE {relation.name} ENABLE ALWAYS TRIGGER {identifier(name)}"


def _trigger_name(table: Captured, relation: Relation, kind: str) -> str:
    # A child may be a captured table itself, and have triggers of its own.
    return shortened(f"bff_{kind}_of_{table.fullname}") if relation.is_descendant else f"bff_{kind}"


def _body(table: Captured, there: TableInDatabase) -> str:
    columns = sorted(column.name for column in there.columns)
    virtual = sorted(column.name for column in there.columns if column.is_virtual)
    keys = sorted(table.keys | there.identity)
    whole = f"INSERT INTO {SCHEMA}.outbox (table_name, kind) SELECT {literal(table.fullname)}, 'truncate'"
    if not there.identity or set(keys) & set(virtual):
        return f"""
BEGIN
  IF current_setting('bff.capture', true) = 'off' THEN
    RETURN NULL;
  END IF;
  IF TG_OP = 'TRUNCATE' THEN
    {whole};
  ELSIF TG_OP = 'DELETE' THEN
    {whole} WHERE EXISTS (SELECT FROM bff_old);
  ELSE
    {whole} WHERE EXISTS (SELECT FROM bff_new);
  END IF;
  IF FOUND THEN
    PERFORM pg_notify('{CHANNEL}', '');
  END IF;
  RETURN NULL;
END
"""
    compared = [name for name in columns if name not in virtual]
    differing = ", ".join(
        f"CASE WHEN record_image_ne(ROW(o.{identifier(name)}), ROW(n.{identifier(name)})) THEN {literal(name)} END"
        for name in compared
    )
    virtual_names = "ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = TG_RELID AND attgenerated = 'v')"
    one = identifier(min(there.identity))
    same = " AND ".join(f"o.{identifier(name)}::text = n.{identifier(name)}::text" for name in sorted(there.identity))
    old, new = _values(keys, there.columns, "o"), _values(keys, there.columns, "n")

    def update(changed: str, virtual: str) -> str:
        return f"""INSERT INTO {SCHEMA}.outbox (table_name, kind, old, new, changed)
    SELECT {literal(table.fullname)}, c.kind,
      CASE WHEN c.kind = 'insert' THEN '{{}}' ELSE {old} END,
      CASE WHEN c.kind = 'delete' THEN '{{}}' ELSE {new} END,
      CASE WHEN c.kind = 'update' THEN c.changed{virtual} ELSE '{{}}' END
    FROM bff_old o FULL JOIN bff_new n ON {same}
    CROSS JOIN LATERAL (
      SELECT CASE WHEN o.{one}::text IS NULL THEN 'insert' WHEN n.{one}::text IS NULL THEN 'delete' ELSE 'update' END AS kind,
        {changed} AS changed
      OFFSET 0 -- compares once, not again for the condition
    ) c
    WHERE c.kind <> 'update' OR c.changed <> '{{}}'"""

    installed = update(f"array_remove(ARRAY[{differing}], NULL)", f" || {_array(virtual)}" if virtual else "")
    by_json = update(
        "ARRAY(SELECT name FROM ROWS FROM (json_each_text(row_to_json(o)), json_each_text(row_to_json(n))) AS pair(name, a, _, b)"
        " WHERE a IS DISTINCT FROM b)",
        f" || {virtual_names}",
    )
    return f"""
DECLARE
  actual text[];
BEGIN
  IF current_setting('bff.capture', true) = 'off' THEN
    RETURN NULL;
  END IF;
  actual := ARRAY(
    SELECT attname::text FROM pg_attribute WHERE attrelid = TG_RELID AND attnum > 0 AND NOT attisdropped ORDER BY attname
  );
  IF TG_OP = 'TRUNCATE' OR NOT actual @> {_array(keys)} THEN
    {whole};
  ELSIF TG_OP = 'INSERT' THEN
    INSERT INTO {SCHEMA}.outbox (table_name, kind, new)
    SELECT {literal(table.fullname)}, 'insert', {new} FROM bff_new n;
  ELSIF TG_OP = 'DELETE' THEN
    INSERT INTO {SCHEMA}.outbox (table_name, kind, old)
    SELECT {literal(table.fullname)}, 'delete', {old} FROM bff_old o;
  ELSIF actual = {_array(columns)} THEN
    {installed};
  ELSE
    -- Columns came or went since the install.
    {by_json};
  END IF;
  IF FOUND THEN
    PERFORM pg_notify('{CHANNEL}', '');
  END IF;
  RETURN NULL;
END
"""


def _values(keys: Sequence[str], columns: Sequence[ColumnInDatabase], row: str) -> str:
    sized = {column.name for column in columns if column.is_sized}
    texts = [
        f"{row}.{identifier(key)}::text" if key in sized else f"left({row}.{identifier(key)}::text, {LONGEST + 1})"
        for key in keys
    ]
    return f"jsonb_object({_array(keys)}, ARRAY[{', '.join(texts)}])"


def _array(values: Sequence[str]) -> str:
    return f"ARRAY[{', '.join(map(literal, values))}]::text[]"


def relation_name(schema: str | None, name: str) -> str:
    """A table's name in SQL."""
    return identifier(name) if schema is None else f"{identifier(schema)}.{identifier(name)}"


def identifier(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def literal(value: str) -> str:
    quoted = value.replace("'", "''")
    return f"E'{quoted}'".replace("\\", "\\\\") if "\\" in value else f"'{quoted}'"


def shortened(name: str) -> str:
    """The name, or its beginning and a hash where PostgreSQL would cut it."""
    if len(name.encode()) <= _NAME:
        return name
    digest = sha256(name.encode()).hexdigest()[:8]
    return f"{name.encode()[: _NAME - 9].decode(errors='ignore')}_{digest}"


_NAME = 63
"""Bytes of a name in PostgreSQL."""
