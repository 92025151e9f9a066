"""Briefcase's tables: organizations run matters for their clients.

Everything else in ``app`` reads and writes through these classes. Column and table names are what the frontend, the
REST API and the migrations share. Value sets are text columns with a CHECK, so that a new value is a one-line
migration and psql shows readable rows; the enums below are their only home in Python.

Every list relationship has an order that ends in the primary key, so two reads of the same rows never differ.
"""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Annotated

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    ColumnElement,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    MetaData,
    Text,
    UniqueConstraint,
    exists,
    func,
)
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship


class Role(StrEnum):
    """What a person may do in their organization."""

    OWNER = "owner"
    ADMIN = "admin"
    MEMBER = "member"
    GUEST = "guest"


class MatterStatus(StrEnum):
    """Where a matter stands; a closed one takes no new work."""

    OPEN = "open"
    ON_HOLD = "on_hold"
    CLOSED = "closed"


class MemberRole(StrEnum):
    """What a person does on one matter."""

    LEAD = "lead"
    MEMBER = "member"
    REVIEWER = "reviewer"


class TaskStatus(StrEnum):
    """Where a task stands; everything but done counts as open work."""

    OPEN = "open"
    DOING = "doing"
    DONE = "done"


class InvoiceStatus(StrEnum):
    """Where an invoice stands; only a draft can still change."""

    DRAFT = "draft"
    SENT = "sent"
    PAID = "paid"
    VOID = "void"


MOST_URGENT = 1
LEAST_URGENT = 4


def _one_of(column: str, values: type[StrEnum]) -> CheckConstraint:
    listed = ", ".join(f"'{value.value}'" for value in values)
    return CheckConstraint(f"{column} in ({listed})", name=column)


class Base(DeclarativeBase):
    """The declarative base; its metadata names every constraint, so migrations can refer to them."""

    metadata = MetaData(
        naming_convention={
            "pk": "pk_%(table_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "ck": "ck_%(table_name)s_%(constraint_name)s",
        }
    )
    type_annotation_map = {  # noqa: RUF012  (SQLAlchemy reads a plain class attribute)
        str: Text,
        int: Integer,
        datetime: DateTime(timezone=True),
    }


Key = Annotated[int, mapped_column(BigInteger, Identity(always=True), primary_key=True)]
BigInt = Annotated[int, mapped_column(BigInteger)]
Now = Annotated[datetime, mapped_column(server_default=func.now())]


class Organization(Base):
    """A firm, and the tenant: nothing of one organization is visible to another."""

    __tablename__ = "organizations"

    id: Mapped[Key]
    name: Mapped[str]
    slug: Mapped[str] = mapped_column(unique=True)
    plan: Mapped[str]
    created_at: Mapped[Now]

    users: Mapped[list[User]] = relationship(back_populates="organization", order_by="User.name, User.id")
    clients: Mapped[list[Client]] = relationship(back_populates="organization", order_by="Client.name, Client.id")
    matters: Mapped[list[Matter]] = relationship(back_populates="organization", order_by="Matter.opened_at, Matter.id")
    tags: Mapped[list[Tag]] = relationship(back_populates="organization", order_by="Tag.name, Tag.id")


class User(Base):
    """A person of an organization; signs in by email."""

    __tablename__ = "users"
    __table_args__ = (_one_of("role", Role), Index(None, "organization_id", "name"))

    id: Mapped[Key]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str]
    email: Mapped[str] = mapped_column(unique=True)
    title: Mapped[str]
    avatar_url: Mapped[str | None]
    role: Mapped[str]
    last_seen_at: Mapped[datetime | None]

    organization: Mapped[Organization] = relationship(back_populates="users")
    owned_clients: Mapped[list[Client]] = relationship(back_populates="owner", order_by="Client.name, Client.id")
    led_matters: Mapped[list[Matter]] = relationship(back_populates="lead", order_by="Matter.opened_at, Matter.id")
    memberships: Mapped[list[MatterMember]] = relationship(back_populates="user", order_by="MatterMember.matter_id")
    assigned_tasks: Mapped[list[Task]] = relationship(back_populates="assignee", order_by="Task.due_at, Task.id")
    comments: Mapped[list[Comment]] = relationship(back_populates="author", order_by="Comment.created_at, Comment.id")
    uploaded_documents: Mapped[list[Document]] = relationship(
        back_populates="uploader", order_by="Document.title, Document.id"
    )
    authored_versions: Mapped[list[DocumentVersion]] = relationship(
        back_populates="author", order_by="DocumentVersion.created_at, DocumentVersion.id"
    )
    time_entries: Mapped[list[TimeEntry]] = relationship(
        back_populates="user", order_by="TimeEntry.worked_on, TimeEntry.id"
    )
    notifications: Mapped[list[Notification]] = relationship(
        back_populates="user", order_by="Notification.created_at.desc(), Notification.id.desc()"
    )


class Client(Base):
    """Whom an organization works for."""

    __tablename__ = "clients"
    __table_args__ = (Index(None, "organization_id", "name"),)

    id: Mapped[Key]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    owner_id: Mapped[int] = mapped_column(ForeignKey("users.id"), index=True)
    name: Mapped[str]
    industry: Mapped[str]
    website: Mapped[str | None]

    organization: Mapped[Organization] = relationship(back_populates="clients")
    owner: Mapped[User] = relationship(back_populates="owned_clients")
    contacts: Mapped[list[Contact]] = relationship(back_populates="client", order_by="Contact.name, Contact.id")
    matters: Mapped[list[Matter]] = relationship(back_populates="client", order_by="Matter.opened_at, Matter.id")
    invoices: Mapped[list[Invoice]] = relationship(back_populates="client", order_by="Invoice.issued_on, Invoice.id")


class Contact(Base):
    """A person on the client's side; does not sign in."""

    __tablename__ = "contacts"
    __table_args__ = (Index(None, "client_id", "name"),)

    id: Mapped[Key]
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    name: Mapped[str]
    email: Mapped[str]
    phone: Mapped[str | None]

    client: Mapped[Client] = relationship(back_populates="contacts")


class Matter(Base):
    """One engagement for one client: the page that everybody keeps open."""

    __tablename__ = "matters"
    __table_args__ = (
        _one_of("status", MatterStatus),
        UniqueConstraint("organization_id", "reference"),
        Index(None, "organization_id", "status", "opened_at"),
        Index(None, "client_id", "opened_at"),
        Index(None, "lead_id", "opened_at"),
    )

    id: Mapped[Key]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    lead_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    reference: Mapped[str]
    title: Mapped[str]
    status: Mapped[str]
    description: Mapped[str]
    budget_cents: Mapped[BigInt]
    opened_at: Mapped[datetime]
    due_at: Mapped[datetime | None]

    organization: Mapped[Organization] = relationship(back_populates="matters")
    client: Mapped[Client] = relationship(back_populates="matters")
    lead: Mapped[User] = relationship(back_populates="led_matters")
    # The lead comes first: "lead" sorts before "member" and "reviewer".
    members: Mapped[list[MatterMember]] = relationship(
        back_populates="matter", order_by="MatterMember.role, MatterMember.user_id"
    )
    tasks: Mapped[list[Task]] = relationship(back_populates="matter", order_by="Task.position, Task.id")
    documents: Mapped[list[Document]] = relationship(back_populates="matter", order_by="Document.title, Document.id")
    time_entries: Mapped[list[TimeEntry]] = relationship(
        back_populates="matter", order_by="TimeEntry.worked_on, TimeEntry.id"
    )
    invoices: Mapped[list[Invoice]] = relationship(back_populates="matter", order_by="Invoice.issued_on, Invoice.id")
    events: Mapped[list[Event]] = relationship(back_populates="matter", order_by="Event.starts_at, Event.id")
    notifications: Mapped[list[Notification]] = relationship(
        back_populates="matter", order_by="Notification.created_at.desc(), Notification.id.desc()"
    )


class MatterMember(Base):
    """A person on a matter, with what they do there."""

    __tablename__ = "matter_members"
    __table_args__ = (_one_of("role", MemberRole),)

    matter_id: Mapped[int] = mapped_column(ForeignKey("matters.id"), primary_key=True)
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"), primary_key=True, index=True)
    role: Mapped[str]

    matter: Mapped[Matter] = relationship(back_populates="members")
    user: Mapped[User] = relationship(back_populates="memberships")


class TaskTag(Base):
    """A tag on a task. ``Task.tags`` and ``Tag.tasks`` write it; a `TaskTag` itself is only read."""

    __tablename__ = "task_tags"

    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"), primary_key=True)
    tag_id: Mapped[int] = mapped_column(ForeignKey("tags.id"), primary_key=True, index=True)

    task: Mapped[Task] = relationship(viewonly=True)
    tag: Mapped[Tag] = relationship(viewonly=True)


class Task(Base):
    """Something to do on a matter; ``position`` counts from 0 within it."""

    __tablename__ = "tasks"
    __table_args__ = (
        _one_of("status", TaskStatus),
        CheckConstraint(f"priority between {MOST_URGENT} and {LEAST_URGENT}", name="priority"),
        Index(None, "matter_id", "position"),
        Index(None, "assignee_id", "due_at"),
        Index(None, "due_at"),
    )

    id: Mapped[Key]
    matter_id: Mapped[int] = mapped_column(ForeignKey("matters.id"))
    assignee_id: Mapped[int | None] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str]
    status: Mapped[str]
    priority: Mapped[int]
    position: Mapped[int]
    due_at: Mapped[datetime | None]
    updated_at: Mapped[Now]

    matter: Mapped[Matter] = relationship(back_populates="tasks")
    assignee: Mapped[User | None] = relationship(back_populates="assigned_tasks")
    tags: Mapped[list[Tag]] = relationship(secondary="task_tags", back_populates="tasks", order_by="Tag.name, Tag.id")
    comments: Mapped[list[Comment]] = relationship(back_populates="task", order_by="Comment.created_at, Comment.id")


class Tag(Base):
    """A label that an organization puts on its tasks."""

    __tablename__ = "tags"
    __table_args__ = (UniqueConstraint("organization_id", "name"),)

    id: Mapped[Key]
    organization_id: Mapped[int] = mapped_column(ForeignKey("organizations.id"))
    name: Mapped[str]
    color: Mapped[str]

    organization: Mapped[Organization] = relationship(back_populates="tags")
    tasks: Mapped[list[Task]] = relationship(secondary="task_tags", back_populates="tags", order_by="Task.id")


class Comment(Base):
    """What somebody said about a task."""

    __tablename__ = "comments"
    __table_args__ = (Index(None, "task_id", "created_at"), Index(None, "author_id", "created_at"))

    id: Mapped[Key]
    task_id: Mapped[int] = mapped_column(ForeignKey("tasks.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    body: Mapped[str]
    created_at: Mapped[Now]

    task: Mapped[Task] = relationship(back_populates="comments")
    author: Mapped[User] = relationship(back_populates="comments")


class Document(Base):
    """A file of a matter; its contents live elsewhere, its history in the versions."""

    __tablename__ = "documents"
    __table_args__ = (Index(None, "matter_id", "title"), Index(None, "uploader_id", "title"))

    id: Mapped[Key]
    matter_id: Mapped[int] = mapped_column(ForeignKey("matters.id"))
    uploader_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    title: Mapped[str]
    kind: Mapped[str]
    size_bytes: Mapped[BigInt]
    updated_at: Mapped[Now]

    matter: Mapped[Matter] = relationship(back_populates="documents")
    uploader: Mapped[User] = relationship(back_populates="uploaded_documents")
    versions: Mapped[list[DocumentVersion]] = relationship(
        back_populates="document", order_by="DocumentVersion.number, DocumentVersion.id"
    )


class DocumentVersion(Base):
    """One stored state of a document; numbers count from 1 without a gap."""

    __tablename__ = "document_versions"
    __table_args__ = (
        CheckConstraint("number > 0", name="number"),
        UniqueConstraint("document_id", "number"),
        Index(None, "author_id", "created_at"),
    )

    id: Mapped[Key]
    document_id: Mapped[int] = mapped_column(ForeignKey("documents.id"))
    author_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    number: Mapped[int]
    checksum: Mapped[str]
    created_at: Mapped[Now]

    document: Mapped[Document] = relationship(back_populates="versions")
    author: Mapped[User] = relationship(back_populates="authored_versions")


class TimeEntry(Base):
    """Time that somebody worked on a matter on one day."""

    __tablename__ = "time_entries"
    __table_args__ = (
        CheckConstraint("minutes > 0", name="minutes"),
        Index(None, "matter_id", "worked_on"),
        Index(None, "user_id", "worked_on"),
    )

    id: Mapped[Key]
    matter_id: Mapped[int] = mapped_column(ForeignKey("matters.id"))
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    minutes: Mapped[int]
    billable: Mapped[bool]
    worked_on: Mapped[date]
    note: Mapped[str]

    matter: Mapped[Matter] = relationship(back_populates="time_entries")
    user: Mapped[User] = relationship(back_populates="time_entries")

    @classmethod
    def is_unbilled(cls) -> ColumnElement[bool]:
        """The condition that no invoice covers this time yet: billable, worked after the last one went out."""
        billed = exists().where(
            Invoice.matter_id == cls.matter_id,
            Invoice.status.in_([InvoiceStatus.SENT, InvoiceStatus.PAID]),
            Invoice.issued_on >= cls.worked_on,
        )
        return cls.billable & ~billed


class Invoice(Base):
    """What a client is asked to pay for a matter."""

    __tablename__ = "invoices"
    __table_args__ = (
        _one_of("status", InvoiceStatus),
        Index(None, "client_id", "issued_on"),
        Index(None, "matter_id", "issued_on"),
    )

    id: Mapped[Key]
    client_id: Mapped[int] = mapped_column(ForeignKey("clients.id"))
    matter_id: Mapped[int] = mapped_column(ForeignKey("matters.id"))
    number: Mapped[str]
    status: Mapped[str]
    total_cents: Mapped[BigInt]
    issued_on: Mapped[date]
    due_on: Mapped[date]

    client: Mapped[Client] = relationship(back_populates="invoices")
    matter: Mapped[Matter] = relationship(back_populates="invoices")


class Event(Base):
    """An appointment of a matter: a hearing, a call, a deadline meeting."""

    __tablename__ = "events"
    __table_args__ = (
        CheckConstraint("ends_at > starts_at", name="ends_at"),
        Index(None, "matter_id", "starts_at"),
        Index(None, "starts_at"),
    )

    id: Mapped[Key]
    matter_id: Mapped[int] = mapped_column(ForeignKey("matters.id"))
    title: Mapped[str]
    starts_at: Mapped[datetime]
    ends_at: Mapped[datetime]
    location: Mapped[str | None]

    matter: Mapped[Matter] = relationship(back_populates="events")


class Notification(Base):
    """Something that one person should see; theirs alone."""

    __tablename__ = "notifications"
    __table_args__ = (Index(None, "user_id", "created_at"), Index(None, "matter_id", "created_at"))

    id: Mapped[Key]
    user_id: Mapped[int] = mapped_column(ForeignKey("users.id"))
    matter_id: Mapped[int | None] = mapped_column(ForeignKey("matters.id"))
    kind: Mapped[str]
    body: Mapped[str]
    read_at: Mapped[datetime | None]
    created_at: Mapped[Now]

    user: Mapped[User] = relationship(back_populates="notifications")
    matter: Mapped[Matter | None] = relationship(back_populates="notifications")
