"""Triggers on tables of every kind: what each statement leaves in the outbox."""

from __future__ import annotations

import io
from contextlib import closing
from dataclasses import replace

import pytest

from bff.changes.triggers import (
    Captured,
    ColumnInDatabase,
    Relation,
    TableInDatabase,
    function,
    identifier,
    literal,
    missing_triggers,
    shortened,
)
from tests.bff.changes.captured import Host


def test_an_insert_tells_the_keys_of_each_row(tasks: Host) -> None:
    assert tasks.after("INSERT INTO tasks VALUES (8, 2, 'new', 1), (9, NULL, 'new', 1)") == [
        ("tasks", "insert", {}, {"id": "8", "matter_id": "2"}, []),
        ("tasks", "insert", {}, {"id": "9", "matter_id": None}, []),
    ]


def test_a_delete_tells_the_keys_that_were(tasks: Host) -> None:
    assert tasks.after("DELETE FROM tasks WHERE id >= 2") == [
        ("tasks", "delete", {"id": "2", "matter_id": "1"}, {}, []),
        ("tasks", "delete", {"id": "3", "matter_id": None}, {}, []),
    ]


def test_an_update_tells_the_keys_before_and_after_and_what_changed(tasks: Host) -> None:
    assert tasks.after("UPDATE tasks SET matter_id = 2, title = upper(title) WHERE id = 1") == [
        ("tasks", "update", {"id": "1", "matter_id": "1"}, {"id": "1", "matter_id": "2"}, ["matter_id", "title"])
    ]


def test_a_bulk_update_tells_only_the_rows_that_changed(tasks: Host) -> None:
    assert tasks.after("UPDATE tasks SET title = 'y'") == [
        ("tasks", "update", {"id": "1", "matter_id": "1"}, {"id": "1", "matter_id": "1"}, ["title"]),
        ("tasks", "update", {"id": "3", "matter_id": None}, {"id": "3", "matter_id": None}, ["title"]),
    ]


def test_null_is_a_value_like_another(tasks: Host) -> None:
    keys = {"id": "3", "matter_id": None}
    assert tasks.after("UPDATE tasks SET title = NULL WHERE id = 3") == [("tasks", "update", keys, keys, ["title"])]
    assert tasks.after("UPDATE tasks SET title = NULL WHERE id = 3") == []
    assert tasks.after("UPDATE tasks SET title = '' WHERE id = 3") == [("tasks", "update", keys, keys, ["title"])]


def test_an_update_of_the_primary_key_is_a_delete_and_an_insert(tasks: Host) -> None:
    tasks.run("ALTER TABLE tasks DROP CONSTRAINT tasks_pkey, ADD PRIMARY KEY (id) DEFERRABLE")
    assert tasks.after("UPDATE tasks SET id = id + 1 WHERE id >= 2") == [
        ("tasks", "delete", {"id": "2", "matter_id": "1"}, {}, []),
        ("tasks", "insert", {}, {"id": "4", "matter_id": None}, []),
        # What row 3 was and what it is are two rows.
        ("tasks", "update", {"id": "3", "matter_id": None}, {"id": "3", "matter_id": "1"}, ["matter_id", "title"]),
    ]


def test_a_statement_that_changes_nothing_leaves_nothing(tasks: Host) -> None:
    nothing = [
        "UPDATE tasks SET title = title",
        "UPDATE tasks SET title = 'q' WHERE false",
        "DELETE FROM tasks WHERE false",
    ]
    assert tasks.after(*nothing, "INSERT INTO tasks SELECT * FROM tasks WHERE false") == []


def test_a_rollback_leaves_nothing(tasks: Host) -> None:
    with tasks.engine.connect() as connection:
        connection.exec_driver_sql("DELETE FROM tasks")
        connection.rollback()
    with tasks.engine.begin() as connection, connection.begin_nested() as savepoint:
        connection.exec_driver_sql("DELETE FROM tasks")
        savepoint.rollback()
    assert tasks.outbox() == []


def test_a_cascade_counts(tasks: Host) -> None:
    assert tasks.after("DELETE FROM matters WHERE id = 1") == [
        ("matters", "delete", {"id": "1"}, {}, []),
        ("tasks", "delete", {"id": "1", "matter_id": "1"}, {}, []),
        ("tasks", "delete", {"id": "2", "matter_id": "1"}, {}, []),
    ]


def test_truncate_is_a_change_of_the_whole_table(tasks: Host) -> None:
    assert tasks.after("TRUNCATE matters CASCADE") == [
        ("matters", "truncate", {}, {}, []),
        ("tasks", "truncate", {}, {}, []),
    ]


def test_copy_counts(tasks: Host) -> None:
    with tasks.engine.begin() as connection, closing(connection.connection.cursor()) as cursor:
        cursor.copy_expert("COPY tasks FROM stdin", io.StringIO("7\t2\tcopied\t1\n"))
    assert tasks.outbox() == [("tasks", "insert", {}, {"id": "7", "matter_id": "2"}, [])]


def test_upsert_and_merge_and_writing_queries_count(tasks: Host) -> None:
    seven, one = {"id": "7", "matter_id": None}, {"id": "1", "matter_id": "1"}
    insert, update = ("tasks", "insert", {}, seven, []), ("tasks", "update", one, one, ["n"])
    assert (
        tasks.after("INSERT INTO tasks (id, n) VALUES (1, 5), (7, 5) ON CONFLICT (id) DO UPDATE SET n = excluded.n")
        == tasks.after(
            "DELETE FROM tasks WHERE id = 7",
            "DELETE FROM bff.outbox",
            "MERGE INTO tasks USING (VALUES (1, 6), (7, 6)) AS new (id, n) ON tasks.id = new.id"
            " WHEN MATCHED THEN UPDATE SET n = new.n WHEN NOT MATCHED THEN INSERT (id, n) VALUES (new.id, new.n)",
        )
        == tasks.after(
            "DELETE FROM tasks WHERE id = 7",
            "DELETE FROM bff.outbox",
            "WITH added AS (INSERT INTO tasks (id) VALUES (7)) UPDATE tasks SET n = 9 WHERE id = 1",
        )
        == [insert, update]
    )


def test_a_change_has_the_transaction_even_out_of_a_savepoint(tasks: Host) -> None:
    with tasks.engine.begin() as connection:
        connection.exec_driver_sql("UPDATE tasks SET n = 2 WHERE id = 1")
        with connection.begin_nested():
            connection.exec_driver_sql("UPDATE tasks SET n = 2 WHERE id = 2")
        xid = connection.exec_driver_sql("SELECT pg_current_xact_id()::text").scalar_one()
        found = connection.exec_driver_sql("SELECT DISTINCT xid::text FROM bff.outbox").scalars().all()
    assert found == [xid]


def test_capture_can_be_off_for_the_rest_of_a_transaction(tasks: Host) -> None:
    with tasks.engine.begin() as connection:
        connection.exec_driver_sql("TRUNCATE tasks")
        connection.exec_driver_sql("SET LOCAL bff.capture = off")
        connection.exec_driver_sql("INSERT INTO tasks (id) SELECT generate_series(1, 1000)")
    assert tasks.outbox() == [("tasks", "truncate", {}, {}, [])]
    assert len(tasks.after("DELETE FROM tasks WHERE id <= 2")) == 2


def test_any_role_that_may_write_a_table_is_captured(tasks: Host) -> None:
    tasks.run(
        "DROP ROLE IF EXISTS bff_clerk",
        "CREATE ROLE bff_clerk",
        "GRANT SELECT, UPDATE ON tasks TO bff_clerk",
    )
    try:
        with tasks.engine.begin() as connection:
            connection.exec_driver_sql("SET LOCAL ROLE bff_clerk")
            # What the clerk's search path finds first must not be run with the owner's rights.
            connection.exec_driver_sql("SET LOCAL search_path = pg_temp")
            connection.exec_driver_sql(
                "CREATE FUNCTION pg_temp.pg_notify(text, text) RETURNS void LANGUAGE sql AS 'SELECT 1/0'"
            )
            connection.exec_driver_sql("UPDATE public.tasks SET n = 5 WHERE id = 1")
        assert [(table, kind) for table, kind, *_ in tasks.outbox()] == [("tasks", "update")]
    finally:
        tasks.run("DROP OWNED BY bff_clerk", "DROP ROLE bff_clerk")


def test_a_writer_that_fires_no_triggers_is_captured(tasks: Host) -> None:
    with tasks.engine.begin() as connection:
        connection.exec_driver_sql("SET LOCAL session_replication_role = replica")
        connection.exec_driver_sql("UPDATE tasks SET n = 5 WHERE id = 1")
    assert len(tasks.outbox()) == 1


def test_names_may_be_anything(host: Host) -> None:
    table = '"Öd\'d ""table"" $bff$ \\ % :x"'
    host.run(
        'CREATE SCHEMA "Other Schema"',
        f'CREATE TABLE "Other Schema".{table} ("the ""Key" int PRIMARY KEY, "select" text, "c\'o\\n" text)'.replace(
            "%", "%%"
        ),
        f'CREATE TABLE "{"long" * 15}" (id int PRIMARY KEY)',
    )
    host.capture()
    assert host.check() == []
    fullname = "Other Schema." + table[1:-1].replace('""', '"')
    assert host.after(
        f'INSERT INTO "Other Schema".{table} VALUES (1)'.replace("%", "%%"),
        f'UPDATE "Other Schema".{table} SET "select" = \'a\', "c\'o\\n" = \'b\''.replace("%", "%%"),
        f"INSERT INTO {'long' * 15} VALUES (1)",
    ) == [
        (fullname, "insert", {}, {'the "Key': "1"}, []),
        (fullname, "update", {'the "Key': "1"}, {'the "Key': "1"}, ["c'o\\n", "select"]),
        ("long" * 15, "insert", {}, {"id": "1"}, []),
    ]


def test_keys_of_several_columns_and_of_types_that_settings_turn(host: Host) -> None:
    host.run(
        "CREATE TABLE odd (at timestamptz, day date, bytes bytea, PRIMARY KEY (at, day, bytes), state text)",
        "INSERT INTO odd VALUES ('2026-01-31 12:00+00', '2026-01-31', 'a')",
    )
    host.capture()
    with host.engine.begin() as connection:
        connection.exec_driver_sql(
            "SET LOCAL timezone = 'Asia/Tokyo'; SET LOCAL datestyle = 'German'; SET LOCAL bytea_output = escape"
        )
        connection.exec_driver_sql("UPDATE odd SET state = 'x'")
    keys = {"at": "2026-01-31 12:00:00+00", "day": "2026-01-31", "bytes": "\\x61"}
    assert host.outbox() == [("odd", "update", keys, keys, ["state"])]


def test_columns_of_types_without_equality_are_compared(host: Host) -> None:
    host.run(
        'CREATE TABLE odd (id int PRIMARY KEY, j json, n numeric, t text COLLATE "C", a json[])',
        "INSERT INTO odd VALUES (1, '{}', 1.0, 'a', NULL)",
    )
    host.capture()
    keys = {"id": "1"}
    assert host.after("UPDATE odd SET j = '{}', n = 1.0, t = 'a'") == []
    for column, value in {"j": "'{ }'", "n": "1.00", "t": "'A'", "a": "'{1}'"}.items():
        assert host.after(f"UPDATE odd SET {column} = {value}") == [("odd", "update", keys, keys, [column])]


def test_large_values_are_compared_whole(host: Host) -> None:
    host.run(
        "CREATE TABLE odd (id int PRIMARY KEY, body text, n int)", "INSERT INTO odd VALUES (1, repeat('ab', 500000), 1)"
    )
    host.capture()
    keys = {"id": "1"}
    assert host.after("UPDATE odd SET n = 2, body = body || ''") == [("odd", "update", keys, keys, ["n"])]
    assert host.after("UPDATE odd SET body = overlay(body placing 'x' from 900000)") == [
        ("odd", "update", keys, keys, ["body"])
    ]


def test_generated_columns_are_told(host: Host) -> None:
    host.run(
        "CREATE TABLE odd (id int PRIMARY KEY, a int, b int, stored int GENERATED ALWAYS AS (a + 1) STORED,"
        " virtual int GENERATED ALWAYS AS (a + 1) VIRTUAL)",
        "INSERT INTO odd VALUES (1, 1, 1)",
    )
    host.capture()
    keys = {"id": "1"}
    assert host.after("UPDATE odd SET a = 2") == [("odd", "update", keys, keys, ["a", "stored", "virtual"])]
    # A trigger does not see virtual columns: with any other of its row, one may have changed.
    assert host.after("UPDATE odd SET b = 2") == [("odd", "update", keys, keys, ["b", "virtual"])]
    host.run("ALTER TABLE odd ADD COLUMN c int")
    assert host.after("UPDATE odd SET b = 3") == [("odd", "update", keys, keys, ["b", "virtual"])]


def test_a_key_that_triggers_do_not_see_makes_a_change_one_of_the_table(host: Host) -> None:
    host.run(
        "CREATE TABLE odd (id int PRIMARY KEY, a int, twice int GENERATED ALWAYS AS (a * 2) VIRTUAL)",
        "INSERT INTO odd VALUES (1, 1)",
    )
    host.capture(odd={"twice"})
    assert host.after("UPDATE odd SET a = 2") == [("odd", "truncate", {}, {}, [])]


def test_a_table_without_identity_changes_as_a_whole(host: Host) -> None:
    host.run(
        "CREATE TABLE bare (a int UNIQUE, b int)",
        "CREATE TABLE unique_key (a int NOT NULL UNIQUE, b int)",
        "CREATE UNIQUE INDEX ON bare (b) WHERE b > 0",
    )
    host.capture()
    for statement in (
        "INSERT INTO bare VALUES (1, 1), (2, 2)",
        "UPDATE bare SET b = 5 WHERE a = 1",
        "DELETE FROM bare",
    ):
        assert host.after(statement) == [("bare", "truncate", {}, {}, [])]
    assert host.after("UPDATE bare SET b = 1") == []
    assert host.after("INSERT INTO unique_key VALUES (1, 1)") == [("unique_key", "insert", {}, {"a": "1"}, [])]


def test_a_long_key_is_cut_where_the_relay_can_tell(host: Host) -> None:
    host.run("CREATE TABLE notes (id int PRIMARY KEY, thread text)")
    host.capture(notes={"thread"})
    ((*_, new, _),) = host.after("INSERT INTO notes VALUES (1, repeat('x', 5000))")
    assert len(new["thread"] or "") == 1001


def test_children_that_are_tables_too_are_told_as_both(host: Host) -> None:
    host.run(
        "CREATE TABLE base (id int PRIMARY KEY)", "CREATE TABLE child (note text, PRIMARY KEY (id)) INHERITS (base)"
    )
    host.capture()
    assert host.check() == []
    assert host.after("INSERT INTO child VALUES (1, 'a')") == [
        ("base", "insert", {}, {"id": "1"}, []),
        ("child", "insert", {}, {"id": "1"}, []),
    ]


def test_a_column_may_get_another_type_without_an_install(tasks: Host) -> None:
    tasks.run("ALTER TABLE tasks ALTER title TYPE json USING to_json(title)", "ALTER TABLE tasks ALTER id TYPE text")
    one = {"id": "1", "matter_id": "1"}
    assert tasks.after("""UPDATE tasks SET title = '{"a": 1}' WHERE id = '1'""") == [
        ("tasks", "update", one, one, ["title"])
    ]


# The texts that triggers are made of


def only(host: Host, sql: str) -> object:
    """The one value of a statement, which is sent as it is."""
    with host.engine.connect() as connection, closing(connection.connection.cursor()) as cursor:
        cursor.execute(sql)
        [[value]] = cursor.fetchall()
        return value


@pytest.mark.parametrize("value", ["", "plain", "it's", "\\", "a\\'b", "E'\\n", "é\n$bff$", 'a"b', "%s %(x)s :x"])
def test_a_literal_is_the_text_it_was_made_of(host: Host, value: str) -> None:
    assert only(host, f"select {literal(value)}") == value


@pytest.mark.parametrize("name", ["plain", "Mixed", 'a"b', "it's", "é \\ $bff$", "select"])
def test_an_identifier_is_the_name_it_was_made_of(host: Host, name: str) -> None:
    assert only(host, f"select {identifier(name)} from (select 1 as {identifier(name)}) x") == 1


@pytest.mark.parametrize("name", ["x" * 64, "é" * 32, "x" + "é" * 100, "x" * 500])
def test_a_name_that_postgresql_would_cut_is_told_from_others_that_begin_alike(name: str) -> None:
    short = shortened(name)
    assert len(short.encode()) <= 63
    assert short.startswith(name[:20])
    assert short != shortened(name + "y")
    assert short == shortened(name)


@pytest.mark.parametrize("name", ["tasks", "x" * 63, "é" * 31])
def test_a_name_that_postgresql_takes_stays(name: str) -> None:
    assert shortened(name) == name


TASKS = Captured("tasks", None, "tasks", frozenset({"matter_id"}))


def in_database(*columns: str, **types: str) -> TableInDatabase:
    made = [ColumnInDatabase(name, types.get(name, "int4"), is_sized=True, is_virtual=False) for name in columns]
    return TableInDatabase("r", made, frozenset({"id"}))


def test_a_function_is_another_when_its_keys_or_columns_are() -> None:
    """By its comment it is known whether it stands as it would be made now."""
    there = in_database("id", "matter_id", "title")
    *_, comment = function(TASKS, there)
    others = [
        function(replace(TASKS, keys=frozenset({"matter_id", "title"})), there),
        function(TASKS, in_database("id", "matter_id")),
        function(TASKS, replace(there, identity=frozenset())),
        function(TASKS, in_database("id", "matter_id", "title", matter_id="timestamptz")),
    ]
    assert comment == function(TASKS, in_database("title", "matter_id", "id"))[2], "in whatever order"
    assert len({comment, *(each[2] for each in others)}) == 5
    assert comment.startswith("bff capture of tasks: ")


def test_settings_are_fixed_only_where_a_type_is_written_by_them() -> None:
    plain, _, _ = function(TASKS, in_database("id", "matter_id", "title", title="timestamptz"))
    moment, _, _ = function(TASKS, in_database("id", "matter_id", matter_id="timestamptz"))
    assert "SET search_path = pg_catalog, pg_temp" in plain
    assert "timezone" not in plain, "a column that is no key is not told"
    assert "SET timezone = 'UTC'" in moment


def test_what_a_relation_lacks_is_by_the_names_of_its_triggers() -> None:
    own = Relation('"tasks"', "r", False, {"bff_insert", "bff_update"})
    child = Relation('"tasks_1"', "r", True, {"bff_insert", "bff_delete_of_tasks"})
    assert missing_triggers(TASKS, own) == ["delete", "truncate"]
    assert missing_triggers(TASKS, child) == ["insert", "update", "truncate"]
