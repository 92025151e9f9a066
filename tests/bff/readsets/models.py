"""Organizations, their matters, tasks in these, and comments on tasks: a policy of each kind."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import ForeignKey, any_
from sqlalchemy.dialects.postgresql import CITEXT
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship

from bff import public, through
from bff.entities.policy import Policies


class Base(DeclarativeBase):
    pass


class Organization(Base):
    __tablename__ = "organizations"
    id: Mapped[int] = mapped_column(primary_key=True)


class Matter(Base):
    __tablename__ = "matters"
    id: Mapped[int] = mapped_column(primary_key=True)
    organization_id: Mapped[int] = mapped_column("organization", ForeignKey("organizations.id"))
    state: Mapped[str]
    tasks: Mapped[list[Task]] = relationship(back_populates="matter")


class Task(Base):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    matter_id: Mapped[int] = mapped_column(ForeignKey("matters.id"))
    owner: Mapped[int]
    matter: Mapped[Matter] = relationship(back_populates="tasks")


class Comment(Base):
    __tablename__ = "comments"
    id: Mapped[int] = mapped_column(primary_key=True)
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"))
    task: Mapped[Task] = relationship()


class Draft(Base):
    """Its foreign key is checked at COMMIT alone."""

    __tablename__ = "drafts"
    id: Mapped[int] = mapped_column(primary_key=True)
    matter_id: Mapped[int] = mapped_column(ForeignKey("matters.id", deferrable=True))
    matter: Mapped[Matter] = relationship()


class Desk(Base):
    """Of a key whose equality is not that of texts."""

    __tablename__ = "desks"
    code: Mapped[str] = mapped_column(CITEXT, primary_key=True)
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))


@dataclass(frozen=True)
class Viewer:
    organization_id: Any = 7
    organization_ids: Any = (7, 8)
    desk: Any = "A"


POLICIES = Policies(
    {
        Organization: public,
        Matter: lambda matter, viewer: (matter.organization_id == viewer.organization_id) & (matter.state != "secret"),
        Task: through("matter"),
        Comment: through("task"),
        Draft: through("matter"),
        Desk: lambda desk, viewer: (desk.organization_id == any_(viewer.organization_ids)) & (desk.code == viewer.desk),
    }
)
