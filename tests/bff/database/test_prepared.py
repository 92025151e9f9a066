"""Prepared statements on the real server: the same answers, whatever becomes of what was prepared."""

from __future__ import annotations

import datetime
import uuid
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, text
from sqlalchemy.exc import DBAPIError
from structlog.testing import capture_logs

from bff import DeadlineExceeded
from bff.database.prepared import LARGE, LOSSES, SEEN, Prepared, array_text, text_of
from bff.database.scope import Deadline, Scope
from bff.database.session import Database
from bff.entities.policy import Policies
from tests.bff.database.sent import SentSql, recording_engine

COUNT = "SELECT count(*) FROM things WHERE id > %(least)s"
KEYED = "SELECT id FROM things WHERE id = ANY(%(k0)s::BIGINT[]) ORDER BY id"
RAW = uuid.UUID("6f1dd0a4-6cf5-4f0c-9d4d-0d3ef3a5c1a7")
DAY = datetime.date(2024, 2, 29)
MOMENT = datetime.datetime(2024, 2, 29, 12, 30, tzinfo=datetime.UTC)

TABLE = """
create type mood as enum ('calm', 'it''s fine');
create table things (
  id bigint primary key, small smallint, whole integer, name text, code varchar(10), blanked char(5), mood mood,
  raw uuid, amount numeric(10, 2), ratio double precision, day date, moment timestamptz, local timestamp,
  at time, lasts interval, data bytea, flag boolean, numbers integer[], document jsonb);
insert into things values
  (1, 1, 2, 'one', 'a', 'x', 'calm', '6f1dd0a4-6cf5-4f0c-9d4d-0d3ef3a5c1a7', 2.50, 2.5, '2024-02-29',
   '2024-02-29 12:30Z', '2024-02-29 12:30', '12:30', '1 day', '\\x00ff', true, '{1,2}', '{"a": 1}'),
  (2, 3, 3, '100%%', 'b"\\', 'y', 'it''s fine', null, 3, 3, '2024-03-01', '2024-03-01 00:00Z', '2024-03-01',
   '00:00', '1 hour', '', false, '{}', '[]'),
  (3, null, null, 'NULL', '{}', null, null, null, null, null, null, null, null, null, null, null, null, null, null);
"""


@pytest.fixture(scope="module")
def recorded(make_database: Callable[[], str]) -> Iterator[tuple[Engine, SentSql]]:
    url = make_database()
    maker = create_engine(url)
    with maker.begin() as connection:
        connection.exec_driver_sql(TABLE, {})
    maker.dispose()
    engine, sent = recording_engine(url, pool_size=1, max_overflow=0, pool_timeout=0.1)
    yield engine, sent
    engine.dispose()


@pytest.fixture
def engine(recorded: tuple[Engine, SentSql]) -> Engine:
    """A pool of one connection, new for each test: nothing is prepared on it."""
    recorded[0].dispose()
    return recorded[0]


@pytest.fixture
def elsewhere(engine: Engine) -> Iterator[Engine]:
    """Somebody else's connections to the same database."""
    other = create_engine(engine.url, isolation_level="AUTOCOMMIT")
    yield other
    other.dispose()


@pytest.fixture
def sent(recorded: tuple[Engine, SentSql], engine: Engine) -> SentSql:
    engine.connect().close()
    recorded[1].clear()
    return recorded[1]


@pytest.fixture
def database(engine: Engine) -> Database:
    return Database(engine, Policies({}))


@pytest.fixture
def scope(database: Database) -> Iterator[Scope]:
    with database.open(None, Deadline.after(20)) as scope:
        yield scope


def rows(scope: Scope, sql: str = COUNT, parameters: dict[str, Any] | None = None, *, alone: bool = False) -> list[Any]:
    with scope.cursor(sql, {"least": 0} if parameters is None else parameters, alone=alone) as cursor:
        return cursor.fetchall()  # type: ignore[no-any-return]


def rows_of(database: Database, *arguments: Any, alone: bool = True) -> list[Any]:
    """The same in an operation of its own."""
    with database.open(None, Deadline.after(20)) as scope:
        return rows(scope, *arguments, alone=alone)


def stored(engine: Engine) -> dict[str, int]:
    """The generic plans of each statement that the pool's connection has prepared."""
    with engine.connect() as connection:
        found = connection.execute(text("select statement, generic_plans from pg_prepared_statements order by name"))
        # PostgreSQL keeps the whole string that a PREPARE came in.
        return {statement.partition(" AS ")[2].partition(";")[0]: plans for statement, plans in found}


def kinds(sent: SentSql) -> list[str]:
    """What each round trip does with a statement."""
    found = []
    for each in sent.take():
        steps = [word for word in ("DEALLOCATE", "PREPARE", "EXECUTE") if f"{word} bff_" in each]
        found.append(" ".join(steps) or ("plain" if "SELECT" in each else each))
    return found


def add(elsewhere: Engine, number: int) -> None:
    with elsewhere.connect() as connection:
        connection.execute(text("insert into things (id) values (:number)"), {"number": number})


@pytest.fixture
def added(elsewhere: Engine) -> Iterator[Callable[[], None]]:
    """`added()` commits one more row from elsewhere; all of them are gone after the test."""
    numbers = iter(range(1000, 2000))
    yield lambda: add(elsewhere, next(numbers))
    with elsewhere.connect() as connection:
        connection.execute(text("delete from things where id >= 1000"))


# When


def test_a_statement_is_prepared_at_its_second_use(database: Database, engine: Engine, sent: SentSql) -> None:
    for _ in range(4):
        assert rows_of(database) == [(3,)]
    assert kinds(sent) == ["plain", "PREPARE EXECUTE", "EXECUTE", "EXECUTE"]
    assert list(stored(engine)) == ["SELECT count(*) FROM things WHERE id > $1"]


def test_each_connection_prepares_its_own(database: Database, engine: Engine, sent: SentSql) -> None:
    for _ in range(2):
        rows_of(database)
    engine.dispose()
    assert stored(engine) == {}
    sent.clear()
    for _ in range(3):
        assert rows_of(database) == [(3,)]
    assert kinds(sent)[-3:] == ["plain", "PREPARE EXECUTE", "EXECUTE"]


def test_a_connection_that_was_cut_off_prepares_anew(database: Database, elsewhere: Engine, sent: SentSql) -> None:
    for _ in range(3):
        [(backend,)] = rows_of(database, "SELECT pg_backend_pid()", {})
    with elsewhere.connect() as connection:
        connection.execute(text("select pg_terminate_backend(:backend, 5000)"), {"backend": backend})
    with pytest.raises(Exception, match="the database cannot be reached"):
        rows_of(database)
    sent.clear()
    for _ in range(3):
        assert rows_of(database) == [(3,)]
    assert kinds(sent)[-3:] == ["plain", "PREPARE EXECUTE", "EXECUTE"]


def test_nothing_is_prepared_when_it_is_off(engine: Engine, sent: SentSql) -> None:
    database = Database(engine, Policies({}), prepare=False)
    for _ in range(3):
        assert rows_of(database) == [(3,)]
    assert kinds(sent) == ["plain"] * 3


def test_the_number_of_statements_has_a_bound(database: Database, engine: Engine, sent: SentSql) -> None:
    with engine.connect() as connection:
        connection.info["bff.prepared"] = Prepared(bound=2)
    sent.clear()
    statements = [f"SELECT {number}" for number in range(3)]
    for _ in range(2):
        for number, statement in enumerate(statements):
            assert rows_of(database, statement, {}) == [(number,)]
    assert kinds(sent) == ["plain"] * 3 + ["PREPARE EXECUTE"] * 2 + ["DEALLOCATE PREPARE EXECUTE"]
    assert sorted(stored(engine)) == statements[1:]
    # The longest unused leaves, not the oldest.
    rows_of(database, statements[1], {})
    rows_of(database, statements[0], {})
    assert sorted(stored(engine)) == statements[:2]
    with engine.connect() as connection:
        assert repr(connection.info["bff.prepared"]) == "<Prepared 2/2 statements, lost 0 times>"


def test_what_was_seen_once_is_forgotten_too() -> None:
    prepared = Prepared()
    for number in range(SEEN + 1):
        preparation = text_of(f"SELECT {number}").preparation({})
        assert preparation is not None
        assert prepared.call(preparation) is None
    first = text_of("SELECT 0").preparation({})
    assert first is not None
    assert prepared.call(first) is None


# Lost statements


@pytest.mark.parametrize("how", ["DEALLOCATE ALL", "DISCARD ALL"])
@pytest.mark.parametrize("alone", [True, False])
def test_statements_that_others_deallocate_are_prepared_again(
    database: Database, engine: Engine, sent: SentSql, how: str, alone: bool
) -> None:
    for _ in range(2):
        rows_of(database, alone=alone)
    with engine.connect() as connection:
        connection.execution_options(isolation_level="AUTOCOMMIT").exec_driver_sql(how)
    sent.clear()
    for _ in range(3):
        assert rows_of(database, alone=alone) == [(3,)]
    done = [kind for kind in kinds(sent) if kind != "ROLLBACK"]
    assert done == ["EXECUTE", "plain", "PREPARE EXECUTE", "EXECUTE"]


def test_a_snapshot_survives_the_loss_of_a_statement(
    database: Database, added: Callable[[], None], sent: SentSql
) -> None:
    for _ in range(2):
        rows_of(database)
    with database.open(None, Deadline.after(20)) as scope:
        assert scope.session.scalar(text("select count(*) from things")) == 3
        added()
        scope.session.execute(text("deallocate all"))
        sent.clear()
        assert rows(scope) == [(3,)]
        assert kinds(sent) == ["EXECUTE", "plain"]
        added()
        assert rows(scope) == [(3,)]
        assert scope.session.scalar(text("select count(*) from things")) == 3
    assert rows_of(database) == [(5,)]


def test_a_first_statement_that_is_lost_opens_one_snapshot(
    database: Database, engine: Engine, added: Callable[[], None]
) -> None:
    for _ in range(2):
        rows_of(database)
    with engine.connect() as connection:
        connection.exec_driver_sql("deallocate all")
        connection.commit()
    with database.open(None, Deadline.after(20)) as scope:
        assert rows(scope) == [(3,)]
        assert rows(scope, "SHOW transaction_isolation", {}) == [("repeatable read",)]
        assert rows(scope, "SHOW transaction_read_only", {}) == [("on",)]
        added()
        assert rows(scope) == [(3,)]


@pytest.mark.parametrize("alone", [True, False])
def test_what_is_prepared_already_is_used(
    database: Database, engine: Engine, sent: SentSql, added: Callable[[], None], alone: bool
) -> None:
    """A pooler's server may have it from another client; and its name says that it is the same."""
    for _ in range(2):
        rows_of(database)
    with engine.connect() as connection:
        del connection.info["bff.prepared"]
    rows_of(database)
    sent.clear()
    with database.open(None, Deadline.after(20)) as scope:
        assert rows(scope, "SELECT 1", {}, alone=alone) == [(1,)]
        assert rows(scope, alone=alone) == [(3,)]
        if not alone:
            added()
            assert rows(scope) == [(3,)]
    assert kinds(sent)[1:3] == ["PREPARE EXECUTE", "plain"]
    rows_of(database)
    assert kinds(sent) == ["EXECUTE"]


def test_a_connection_that_loses_its_statements_again_and_again_prepares_no_more(
    database: Database, engine: Engine, sent: SentSql
) -> None:
    with capture_logs() as records:
        for _ in range(LOSSES):
            for _ in range(2):
                rows_of(database)
            with engine.connect() as connection:
                connection.exec_driver_sql("deallocate all")
                connection.commit()
        rows_of(database)
        sent.clear()
        for _ in range(3):
            assert rows_of(database) == [(3,)]
    assert kinds(sent) == ["plain"] * 3
    [warning] = records
    assert (warning["event"], warning["sqlstate"], warning["log_level"]) == ("graphql.unprepared", "26000", "warning")
    assert "set BFF_PREPARE=false" in warning["error"]


# A schema that changes


@pytest.fixture
def changing(elsewhere: Engine) -> Iterator[Callable[[str], None]]:
    """`changing(sql)` alters a table of its own, which has one row."""
    with elsewhere.connect() as connection:
        connection.exec_driver_sql("drop table if exists moving; create table moving (name varchar(10))")
        connection.exec_driver_sql("insert into moving values ('one')")

        def change(sql: str) -> None:
            connection.exec_driver_sql(sql)

        yield change


@pytest.mark.parametrize("alone", [True, False])
def test_a_column_that_changes_its_type_changes_no_answer(
    database: Database, engine: Engine, sent: SentSql, changing: Callable[[str], None], alone: bool
) -> None:
    """PostgreSQL refuses the statement: "cached plan must not change result type"."""
    statement = "SELECT name FROM moving"
    for _ in range(3):
        assert rows_of(database, statement, {}, alone=alone) == [("one",)]
    for kind in ("text", "varchar(20)", "text"):
        changing(f"alter table moving alter column name type {kind}")
        sent.clear()
        for _ in range(3):
            assert rows_of(database, statement, {}, alone=alone) == [("one",)]
        done = [each for each in kinds(sent) if each != "ROLLBACK"]
        assert done == ["EXECUTE", "plain", "DEALLOCATE PREPARE EXECUTE", "EXECUTE"]
    assert list(stored(engine)) == [statement]


def test_a_column_that_changes_its_type_takes_no_snapshot_along(
    database: Database, sent: SentSql, changing: Callable[[str], None], added: Callable[[], None]
) -> None:
    statement = "SELECT name FROM moving"
    for _ in range(2):
        rows_of(database, statement, {})
    with database.open(None, Deadline.after(20)) as scope:
        assert rows(scope) == [(3,)]
        changing("alter table moving alter column name type text")
        added()
        sent.clear()
        assert rows(scope, statement, {}) == [("one",)]
        assert kinds(sent) == ["EXECUTE", "plain"]
        assert rows(scope) == [(3,)]


def test_a_table_that_is_made_anew_is_read(database: Database, changing: Callable[[str], None]) -> None:
    statement = "SELECT name FROM moving"
    for _ in range(3):
        rows_of(database, statement, {})
    changing("drop table moving")
    with pytest.raises(DBAPIError, match="does not exist"):
        rows_of(database, statement, {})
    changing("create table moving (name integer); insert into moving values (17)")
    for _ in range(3):
        assert rows_of(database, statement, {}) == [(17,)]


# Values and their types

PREPARED: list[tuple[str, dict[str, Any]]] = [
    ("SELECT id FROM things WHERE id = ANY(%(k0)s::BIGINT[]) ORDER BY id", {"k0": [3, 1]}),
    ("SELECT id FROM things WHERE id = ANY(%(k0)s::BIGINT[]) ORDER BY id", {"k0": []}),
    ("SELECT id FROM things WHERE id = ANY(%(k0)s::BIGINT[]) ORDER BY id", {"k0": [None, 2]}),
    ("SELECT k.* FROM unnest(%(k0)s::BIGINT[], %(k1)s::TEXT[]) AS k(a, b)", {"k0": [1, None], "k1": ["x", None]}),
    (
        "SELECT k FROM unnest(%(k0)s::TEXT[]) AS k",
        {"k0": ["", "NULL", "a,b", 'q"', "\\", "{}", " ", "é\n", "50%", None]},
    ),
    ("SELECT k FROM unnest(%(k0)s::VARCHAR(3)[]) AS k", {"k0": ["ab", "abcd"]}),
    ("SELECT k FROM unnest(%(k0)s::DATE[]) AS k", {"k0": [DAY, None]}),
    ("SELECT k FROM unnest(%(k0)s::TIMESTAMP WITH TIME ZONE[]) AS k", {"k0": [MOMENT]}),
    ("SELECT id FROM things WHERE raw = ANY(%(k0)s::UUID[])", {"k0": [RAW, None]}),
    ("SELECT id FROM things WHERE mood = ANY(%(k0)s::mood[])", {"k0": ["it's fine"]}),
    ("SELECT id FROM things WHERE mood = %(a)s", {"a": "it's fine"}),
    ("SELECT id FROM things WHERE mood = %(a)s::mood", {"a": "calm"}),
    ("SELECT id FROM things WHERE raw = %(a)s", {"a": RAW}),
    ("SELECT id FROM things WHERE raw = %(a)s::UUID", {"a": str(RAW)}),
    ("SELECT id FROM things WHERE whole = %(viewer_a)s", {"viewer_a": None}),
    ("SELECT id FROM things WHERE whole = %(viewer_a)s OR name = %(viewer_b)s", {"viewer_a": None, "viewer_b": "one"}),
    ("SELECT id FROM things WHERE small = %(a)s OR id = %(a)s ORDER BY id", {"a": 3}),
    ("SELECT id FROM things WHERE small = %(a)s OR id = %(a)s ORDER BY id", {"a": 70_000}),
    ("SELECT id FROM things WHERE small < %(a)s ORDER BY id", {"a": 2**40}),
    ("SELECT id FROM things WHERE small < %(a)s ORDER BY id", {"a": 2**80}),
    ("SELECT id FROM things WHERE small > %(a)s ORDER BY id", {"a": -(2**31) - 1}),
    ("SELECT id FROM things WHERE name = %(a)s OR code = %(a)s OR blanked = %(a)s", {"a": "x"}),
    ("SELECT id FROM things WHERE name = %(a)s OR whole = %(a)s::INTEGER ORDER BY id", {"a": "3"}),
    ("SELECT id FROM things ORDER BY id LIMIT %(limit_)s", {"limit_": 2}),
    ("SELECT id FROM things ORDER BY id LIMIT %(limit_)s", {"limit_": None}),
    ("SELECT id FROM things WHERE whole < %(a)s ORDER BY id", {"a": 2.5}),
    ("SELECT id FROM things WHERE whole < %(a)s ORDER BY id", {"a": Decimal("2.5")}),
    ("SELECT id FROM things WHERE ratio <= %(a)s ORDER BY id", {"a": Decimal("2.5")}),
    ("SELECT id FROM things WHERE ratio = %(a)s OR amount = %(a)s", {"a": 2.5}),
    ("SELECT id FROM things WHERE ratio < %(a)s ORDER BY id", {"a": float("inf")}),
    ("SELECT id FROM things WHERE day < %(a)s ORDER BY id", {"a": MOMENT.replace(tzinfo=None)}),
    ("SELECT id FROM things WHERE day < %(a)s ORDER BY id", {"a": MOMENT}),
    ("SELECT id FROM things WHERE moment >= %(a)s ORDER BY id", {"a": DAY}),
    ("SELECT id FROM things WHERE moment = %(a)s", {"a": MOMENT}),
    ("SELECT id FROM things WHERE local = %(a)s", {"a": MOMENT.replace(tzinfo=None)}),
    ("SELECT id FROM things WHERE at = %(a)s", {"a": datetime.time(12, 30)}),
    ("SELECT %(a)s::TIME WITH TIME ZONE", {"a": datetime.time(12, 30, tzinfo=datetime.UTC)}),
    ("SELECT id FROM things WHERE lasts < %(a)s ORDER BY id", {"a": datetime.timedelta(hours=2)}),
    ("SELECT id FROM things WHERE data = %(a)s", {"a": b"\x00\xff"}),
    ("SELECT id FROM things WHERE flag = %(a)s", {"a": True}),
    ("SELECT id FROM things WHERE %(a)s AND id = 1", {"a": True}),
    ("SELECT id FROM things WHERE name LIKE '%%\\%%' AND id > %(a)s", {"a": 0}),
    ("SELECT id, '%%' FROM things WHERE name = %(a)s", {"a": "100%"}),
    ("SELECT id, '$1 %%(a)s' FROM things WHERE id = %(a)s", {"a": 1}),
    ("SELECT id FROM things WHERE name LIKE %(a)s ORDER BY id", {"a": "%o%"}),
    ("SELECT substr(name, %(a)s, %(b)s) FROM things ORDER BY id", {"a": 1, "b": 2}),
    ("SELECT day + %(a)s FROM things WHERE id = 1", {"a": 7}),
    ("SELECT document -> %(a)s FROM things WHERE id = %(b)s", {"a": "a", "b": 1}),
    ("SELECT id FROM things WHERE %(a)s = ANY(numbers)", {"a": 2}),
    ("SELECT coalesce(whole, %(a)s) FROM things GROUP BY coalesce(whole, %(a)s) ORDER BY 1", {"a": 5}),
    ("SELECT count(*) FROM things", {}),
]

NOT_PREPARED: list[tuple[str, dict[str, Any]]] = [
    # PREPARE finds no type for these; PostgreSQL takes a quoted literal for text.
    ("SELECT json_build_object(%(a)s, 1)::text", {"a": "key"}),
    ("SELECT id FROM things WHERE %(a)s IS NULL OR id = 1 ORDER BY id", {"a": None}),
    # Two parameters, where the driver's text has one expression.
    ("SELECT coalesce(name, %(a)s) FROM things GROUP BY coalesce(name, %(a)s) ORDER BY 1", {"a": "none"}),
    # Lists without a cast: what they hold decides on their type.
    ("SELECT id FROM things WHERE id = ANY(%(a)s) ORDER BY id", {"a": [1, 3]}),
    ("SELECT id FROM things WHERE numbers = %(a)s", {"a": [1, 2]}),
]


def _answers(database: Database, statement: str, parameters: dict[str, Any], *, alone: bool) -> list[Any]:
    return [rows_of(database, statement, parameters, alone=alone) for _ in range(4)]


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize(("statement", "parameters"), PREPARED)
def test_prepared_statements_answer_as_plain_ones(
    database: Database, engine: Engine, sent: SentSql, statement: str, parameters: dict[str, Any], alone: bool
) -> None:
    with engine.connect() as connection:
        plain = connection.exec_driver_sql(statement, parameters).cursor.fetchall()
    sent.clear()
    assert _answers(database, statement, parameters, alone=alone) == [plain] * 4
    done = [each for each in kinds(sent) if each != "ROLLBACK"]
    assert done == ["plain", "PREPARE EXECUTE", "EXECUTE", "EXECUTE"]


@pytest.mark.parametrize("alone", [True, False])
@pytest.mark.parametrize(("statement", "parameters"), NOT_PREPARED)
def test_what_cannot_be_prepared_is_sent_as_it_is(
    database: Database, engine: Engine, statement: str, parameters: dict[str, Any], alone: bool
) -> None:
    text_of.cache_clear()
    with engine.connect() as connection:
        plain = connection.exec_driver_sql(statement, parameters).cursor.fetchall()
    assert _answers(database, statement, parameters, alone=alone) == [plain] * 4
    assert stored(engine) == {}


def test_that_a_text_cannot_be_prepared_is_told_once_and_tried_once(database: Database, sent: SentSql) -> None:
    statement = "SELECT json_build_object(%(a)s, 2)::text"
    with capture_logs() as records:
        for _ in range(4):
            assert rows_of(database, statement, {"a": "key"}) == [('{"key" : 2}',)]
    assert kinds(sent) == ["plain", "PREPARE EXECUTE", "plain", "plain", "plain"]
    [record] = records
    assert (record["event"], record["sqlstate"], record["statement"]) == ("graphql.unprepared", "42P18", statement)


def test_values_of_other_types_are_another_statement(database: Database, engine: Engine) -> None:
    """Else 2.5 would be 3 for a column of integers, and a moment its day."""
    statement = "SELECT id FROM things WHERE whole < %(a)s ORDER BY id"
    for _ in range(3):
        for value, found in ((3, [(1,)]), (2.5, [(1,)]), (None, []), (2**40, [(1,), (2,)]), ("3", [(1,)])):
            assert rows_of(database, statement, {"a": value}) == found
    assert len(stored(engine)) == 1
    with engine.connect() as connection:
        # Integers of both sizes, numbers, and what is of the column's own type.
        assert connection.scalar(text("select count(*) from pg_prepared_statements")) == 4


@pytest.mark.parametrize("alone", [True, False])
def test_a_value_out_of_range_gives_the_error_that_it_gives_anyway(database: Database, alone: bool) -> None:
    statement = "SELECT id FROM things WHERE raw = %(a)s"
    for _ in range(3):
        rows_of(database, statement, {"a": str(RAW)}, alone=alone)
    with pytest.raises(DBAPIError, match="invalid input syntax for type uuid"):
        rows_of(database, statement, {"a": "none"}, alone=alone)
    assert rows_of(database, statement, {"a": str(RAW)}, alone=alone) == [(1,)]


def test_an_error_of_the_data_is_no_error_of_preparing(database: Database, engine: Engine, sent: SentSql) -> None:
    statement = "SELECT 6 / whole FROM things WHERE id = %(a)s"
    for _ in range(3):
        assert rows_of(database, statement, {"a": 1}) == [(3,)]
    divided = "SELECT 6 / (whole - 2) FROM things WHERE id = %(a)s"
    for _ in range(4):
        with pytest.raises(DBAPIError, match="division by zero"):
            rows_of(database, divided, {"a": 1})
    sent.clear()
    assert rows_of(database, divided, {"a": 2}) == [(6,)]
    assert kinds(sent) == ["EXECUTE"]


def test_a_statement_that_outlives_the_deadline_is_not_sent_again(database: Database, sent: SentSql) -> None:
    statement = "SELECT 1 FROM pg_sleep(%(seconds)s)"
    for _ in range(2):
        rows_of(database, statement, {"seconds": 0})
    sent.clear()
    with pytest.raises(DeadlineExceeded), database.open(None, Deadline.after(0.2)) as scope:
        rows(scope, statement, {"seconds": 30}, alone=True)
    assert kinds(sent) == ["EXECUTE"]


def test_moments_without_a_zone_are_utc_s_in_prepared_texts_too(
    make_database: Callable[[], str], engine: Engine
) -> None:
    """A literal in the text is read when it is prepared, whatever time zone the host's connection has."""
    far = create_engine(engine.url, connect_args={"options": "-c timezone=Asia/Tokyo"})
    database = Database(far, Policies({}))
    statement = "SELECT id FROM things WHERE moment = '2024-02-29 12:30'::timestamptz AND id = %(a)s"
    for _ in range(3):
        assert rows_of(database, statement, {"a": 1}) == [(1,)]
    far.dispose()


# Plans


def test_a_statement_for_keys_has_one_plan_for_any_of_them(database: Database, engine: Engine) -> None:
    for _ in range(4):
        rows_of(database, KEYED, {"k0": [1, 2]})
        rows_of(database)
    # The other is PostgreSQL's to decide, after five plans.
    assert stored(engine) == {
        KEYED.replace("%(k0)s", "$1"): 3,
        "SELECT count(*) FROM things WHERE id > $1": 0,
    }


def test_very_many_keys_are_planned_for_themselves(database: Database, sent: SentSql) -> None:
    for _ in range(3):
        assert rows_of(database, KEYED, {"k0": list(range(LARGE))}) == [(1,), (2,), (3,)]
    assert kinds(sent) == ["plain"] * 3


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        ([], "{}"),
        ([1, -2, None], "{1,-2,NULL}"),
        (["NULL", 'a"b\\'], '{"NULL","a\\"b\\\\"}'),
        ([RAW], f"{{{RAW}}}"),
        ([True], None),
        ([DAY], None),
        ([[1], [2]], None),
        ((1, 2), None),
        ("{1}", None),
    ],
)
def test_arrays_as_postgresql_reads_them(values: Any, expected: str | None) -> None:
    assert array_text(values) == expected
