"""What `check` tells and `install` makes, what of models is captured, and what happens to tables after the install."""

from __future__ import annotations

from sqlalchemy import ForeignKey
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship

from bff.changes import install as capture
from bff.changes.triggers import Captured
from tests.bff.changes.captured import Host


def test_partitions_are_told_as_their_table_however_they_are_written(host: Host) -> None:
    host.run(
        "CREATE TABLE logs (id int, day int, note text, PRIMARY KEY (day, id)) PARTITION BY RANGE (day)",
        "CREATE TABLE logs_1 PARTITION OF logs FOR VALUES FROM (1) TO (10)",
        "CREATE TABLE logs_2 PARTITION OF logs FOR VALUES FROM (10) TO (30) PARTITION BY LIST (day)",
        # The same columns in another order.
        "CREATE TABLE logs_2a (note text, day int NOT NULL, id int NOT NULL)",
        "ALTER TABLE logs_2 ATTACH PARTITION logs_2a FOR VALUES IN (10, 11)",
    )
    tables = [table for table in host.tables() if table.name == "logs"]
    with host.engine.begin() as connection:
        capture.install(connection, tables)
        assert capture.check(connection, tables) == []
    a, b, c = ({"id": "1", "day": "1"}, {"id": "1", "day": "10"}, {"id": "2", "day": "11"})
    assert host.after("INSERT INTO logs VALUES (1, 1, 'a')") == [("logs", "insert", {}, a, [])]
    assert host.after("UPDATE logs SET note = 'b'") == [("logs", "update", a, a, ["note"])]
    # The row moves into another partition.
    assert host.after("UPDATE logs SET day = 10") == [("logs", "delete", a, {}, []), ("logs", "insert", {}, b, [])]
    assert host.after("UPDATE logs_2a SET note = 'c'") == [("logs", "update", b, b, ["note"])]
    assert host.after("INSERT INTO logs_2 VALUES (2, 11)") == [("logs", "insert", {}, c, [])]
    assert host.after("DELETE FROM logs_2") == [("logs", "delete", b, {}, []), ("logs", "delete", c, {}, [])]
    assert host.after("TRUNCATE logs_1") == [("logs", "truncate", {}, {}, [])]
    # A partition that came later is missing until it is installed.
    host.run("CREATE TABLE logs_3 PARTITION OF logs FOR VALUES FROM (30) TO (40)")
    with host.engine.begin() as connection:
        (finding,) = capture.check(connection, tables)
        assert str(finding) == "logs: missing, public.logs_3 has no trigger for insert, update, delete, truncate"
        capture.install(connection, tables)
        assert capture.check(connection, tables) == []


def test_columns_may_come_and_go_without_an_install(tasks: Host) -> None:
    one = {"id": "1", "matter_id": "1"}
    tasks.run("ALTER TABLE tasks DROP COLUMN n", "ALTER TABLE tasks ADD COLUMN extra json")
    assert tasks.after("UPDATE tasks SET extra = '1' WHERE id = 1") == [("tasks", "update", one, one, ["extra"])]
    assert tasks.after("UPDATE tasks SET title = 'new', extra = '1' WHERE id = 1") == [
        ("tasks", "update", one, one, ["title"])
    ]
    assert tasks.after("UPDATE tasks SET title = title") == []
    tasks.run("ALTER TABLE tasks RENAME COLUMN title TO name")
    assert tasks.after("UPDATE tasks SET name = 'newer' WHERE id = 1") == [("tasks", "update", one, one, ["name"])]
    (finding,) = tasks.check()
    assert (finding.table, finding.state, finding.is_failure) == ("tasks", "outdated", True)
    tasks.capture()
    assert tasks.check() == []
    assert tasks.after("UPDATE tasks SET name = 'newest' WHERE id = 1") == [("tasks", "update", one, one, ["name"])]


def test_without_a_key_column_a_change_is_one_of_the_table(tasks: Host) -> None:
    tasks.run("ALTER TABLE tasks DROP COLUMN matter_id")
    for statement in ("UPDATE tasks SET n = 7", "INSERT INTO tasks VALUES (7)", "DELETE FROM tasks"):
        assert tasks.after(statement) == [("tasks", "truncate", {}, {}, [])]
    assert [str(finding) for finding in tasks.check(tasks={"matter_id"})] == [
        "tasks: missing, the database has no column matter_id",
        "tasks: outdated, its columns, its keys or the layer are others than at the install",
    ]


def test_an_install_is_made_once(tasks: Host) -> None:
    assert tasks.check() == []
    assert tasks.capture() == []


def test_check_tells_what_is_missing_and_install_makes_it(tasks: Host) -> None:
    tasks.run(
        "DROP TRIGGER bff_update ON tasks",
        "ALTER TABLE tasks DISABLE TRIGGER bff_insert",
        "DROP FUNCTION bff.matters CASCADE",
    )
    assert [str(finding) for finding in tasks.check()] == [
        "matters: missing, public.matters has no trigger for insert, update, delete, truncate",
        'matters: missing, the database has no function bff."matters"',
        "tasks: missing, public.tasks has no trigger for insert, update",
    ]
    tasks.capture()
    assert tasks.check() == []
    assert len(tasks.after("UPDATE tasks SET n = 8", "DELETE FROM matters")) == 3 + 2 + 2


def test_check_tells_what_is_outdated(tasks: Host) -> None:
    tasks.run("CREATE OR REPLACE FUNCTION bff.tasks() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NULL; END'")
    assert [(finding.table, finding.state) for finding in tasks.check()] == [("tasks", "outdated")]
    assert [(finding.table, finding.state) for finding in tasks.check(matters={"title"})] == [
        ("matters", "outdated"),
        ("tasks", "outdated"),
    ]
    tasks.capture(matters={"title"})
    assert tasks.check(matters={"title"}) == []


def test_check_tells_of_tables_that_no_model_has(tasks: Host) -> None:
    asked = [table for table in tasks.tables() if table.name == "tasks"]
    with tasks.engine.begin() as connection:
        (finding,) = capture.check(connection, asked)
    assert str(finding) == "matters: foreign, no model has this table, and it is still captured"
    assert not finding.is_failure
    tasks.run("DROP TABLE matters CASCADE")
    tasks.capture()
    assert [str(finding) for finding in tasks.check()] == [
        "matters: foreign, no model has this table, and it is captured no more, what is left is a function",
    ]


def test_what_cannot_be_captured_is_told_and_does_not_stop_the_rest(host: Host) -> None:
    host.run(
        "CREATE TABLE tasks (id int PRIMARY KEY)",
        "CREATE VIEW open_tasks AS SELECT * FROM tasks",
        "CREATE MATERIALIZED VIEW old_tasks AS SELECT * FROM tasks",
    )
    missing = Captured("nowhere.nothing", "nowhere", "nothing", frozenset())
    tables = [*host.tables(), missing]
    with host.engine.begin() as connection:
        capture.install(connection, tables)
        assert [(str(finding), finding.is_failure) for finding in capture.check(connection, tables)] == [
            ("old_tasks: impossible, public.old_tasks is a materialized view", False),
            ("open_tasks: impossible, public.open_tasks is a view", False),
            ('nowhere.nothing: missing, the database has no "nowhere"."nothing"', True),
        ]
    assert host.after("INSERT INTO open_tasks VALUES (1)") == [("tasks", "insert", {}, {"id": "1"}, [])]


class Base(DeclarativeBase):
    pass


class Person(Base):
    __tablename__ = "person"
    id: Mapped[int] = mapped_column("Id", primary_key=True)
    kind: Mapped[str]
    # Neither is a foreign key in the database.
    team_code: Mapped[str | None] = mapped_column("team")
    badge: Mapped[int | None]
    team: Mapped[Team | None] = relationship(
        primaryjoin="foreign(Person.team_code) == Team.code", back_populates="people", viewonly=True
    )
    doors: Mapped[list[Door]] = relationship(
        primaryjoin="foreign(Pass.badge) == Person.badge",
        secondary="pass",
        secondaryjoin="and_(Door.number == foreign(Pass.door), Pass.is_valid)",
        viewonly=True,
    )
    __mapper_args__ = {"polymorphic_on": "kind", "polymorphic_identity": "person"}  # noqa: RUF012


class Manager(Person):
    __tablename__ = "manager"
    id: Mapped[int] = mapped_column(ForeignKey("person.Id"), primary_key=True)
    bonus: Mapped[int]
    __mapper_args__ = {"polymorphic_identity": "manager"}  # noqa: RUF012


class Team(Base):
    __tablename__ = "team"
    __table_args__ = ({"schema": "org"},)
    id: Mapped[int] = mapped_column(primary_key=True)
    code: Mapped[str]
    people: Mapped[list[Person]] = relationship(
        primaryjoin="foreign(Person.team_code) == Team.code", back_populates="team", viewonly=True
    )


class Door(Base):
    __tablename__ = "door"
    id: Mapped[int] = mapped_column(primary_key=True)
    number: Mapped[int]
    note: Mapped[str]


class Pass(Base):
    __tablename__ = "pass"
    id: Mapped[int] = mapped_column(primary_key=True)
    badge: Mapped[int]
    door: Mapped[int]
    is_valid: Mapped[bool]
    note: Mapped[str]


def test_key_columns_are_those_of_keys_and_of_relationships() -> None:
    assert {table.fullname: set(table.keys) for table in capture.tables_of([Door])} == {
        "door": {"id", "number"},
        "manager": {"id"},
        "org.team": {"id", "code"},
        "pass": {"id", "badge", "door", "is_valid"},
        "person": {"Id", "team", "badge"},
    }


def test_joined_inheritance_is_told_by_table(host: Host) -> None:
    host.run("CREATE SCHEMA org")
    Base.metadata.create_all(host.engine)
    with host.engine.begin() as connection:
        capture.install(connection, capture.tables_of([Person]))
        assert capture.check(connection, capture.tables_of([Person])) == []
    with Session(host.engine) as session, session.begin():
        session.add(Manager(id=1, kind="manager", bonus=5, team_code="a"))
    assert host.outbox() == [
        ("manager", "insert", {}, {"id": "1"}, []),
        ("person", "insert", {}, {"Id": "1", "badge": None, "team": "a"}, []),
    ]
    with Session(host.engine) as session, session.begin():
        session.get_one(Manager, 1).bonus = 6
    assert host.outbox() == [("manager", "update", {"id": "1"}, {"id": "1"}, ["bonus"])]
