"""Rows that are visible through others, two levels deep, under a policy on key columns; one foreign key waits for COMMIT."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import strawberry
from sqlalchemy import Engine, ForeignKey, MetaData, and_, any_
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column, relationship
from sqlalchemy.schema import CreateSchema

import bff

SCHEMA = "firm"


class Base(DeclarativeBase):
    metadata = MetaData(schema=SCHEMA)


class OrganizationRow(Base):
    __tablename__ = "organization"
    id: Mapped[int] = mapped_column(primary_key=True)


class MatterRow(Base):
    __tablename__ = "matter"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int | None] = mapped_column(ForeignKey(f"{SCHEMA}.organization.id"))
    office_id: Mapped[int | None] = mapped_column(ForeignKey(f"{SCHEMA}.organization.id"))


class TaskRow(Base):
    __tablename__ = "task"
    id: Mapped[int] = mapped_column(primary_key=True)
    matter_id: Mapped[int | None] = mapped_column(ForeignKey(f"{SCHEMA}.matter.id"))
    title: Mapped[str | None]
    matter: Mapped[MatterRow | None] = relationship()


class NoteRow(Base):
    __tablename__ = "note"
    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int | None] = mapped_column(ForeignKey(f"{SCHEMA}.task.id", deferrable=True, initially="DEFERRED"))
    text: Mapped[str | None]
    task: Mapped[TaskRow | None] = relationship()


@dataclass(frozen=True)
class Viewer:
    """Somebody of an organization, who works for some offices."""

    organization_id: int
    offices: tuple[int, ...]


def _of_office(matter: Any, viewer: Any) -> Any:
    return and_(matter.organization_id == viewer.organization_id, matter.office_id == any_(viewer.offices))


@bff.entity(MatterRow, policy=_of_office)
class Matter(bff.Node):
    id: int


@bff.entity(TaskRow, policy=bff.through("matter"))
class Task(bff.Node):
    id: int
    title: str | None


@bff.entity(NoteRow, policy=bff.through("task"))
class Note(bff.Node):
    id: int
    text: str | None


@strawberry.type
class Query:
    task: Task | None = bff.lookup()
    note: Note | None = bff.lookup()
    tasks: list[Task] = bff.collection(order=["id"])
    notes: list[Note] = bff.collection(order=["id"])
    tasks_connection: bff.Connection[Task] = bff.collection(order=["title"])
    notes_connection: bff.Connection[Note] = bff.collection(order=["text"])


schema = bff.Schema(query=Query, types=[Matter])

SOURCES = [
    "{ tasks { id title } }",
    "{ notes { id text } }",
    "{ notes { id } }",
    "{ tasksConnection { totalCount } }",
    "{ notesConnection { totalCount } }",
    "{ tasksConnection(first: 3) { nodes { title } } }",
    "{ notesConnection(first: 3) { nodes { text } } }",
    '{ notesConnection(filter: {text: {eq: "n3"}}) { nodes { id } } }',
    "{ task(id: 2) { title } note(id: 3) { text } }",
]
"""Each way to depend on such rows."""


def make_rows(engine: Engine) -> list[Viewer]:
    """Create the tables and their rows, the same every time. Gives a viewer for each of two organizations."""
    with engine.begin() as connection:
        connection.execute(CreateSchema(SCHEMA))
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        session.add_all([OrganizationRow(id=each) for each in (1, 2, 3)])
        session.flush()
        session.add_all(
            [MatterRow(id=each, organization_id=1 + each % 2, office_id=1 + each % 3) for each in range(1, 9)]
        )
        session.flush()
        session.add_all([TaskRow(id=each, matter_id=1 + each % 8, title=f"t{each}") for each in range(1, 17)])
        session.flush()
        session.add_all([NoteRow(id=each, task_id=1 + each % 16, text=f"n{each}") for each in range(1, 33)])
        session.commit()
    return [Viewer(1, (1, 2)), Viewer(2, (1, 3))]
