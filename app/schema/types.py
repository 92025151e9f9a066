"""Briefcase's object types: one for each table, each with the policy that says whose rows they are.

Policies are declared here and nowhere else; the layer puts them into every statement, GraphQL's and REST's alike.
What belongs to a matter is visible to its organization, through however many tables; a notification is visible to
the one person it is for. Lists that a page wants whole are plain; those that grow have a connection beside them.
"""

from __future__ import annotations

import datetime
from typing import Any

import strawberry
from sqlalchemy import ColumnElement

import bff
from app import models
from app.models import InvoiceStatus, MatterStatus, MemberRole, Role, TaskStatus
from app.ratings import CreditGrade, agency
from app.schema.health import MatterHealth, matter_health

strawberry.enum(Role, description="What a person may do in their organization.")
strawberry.enum(MatterStatus, description="Where a matter stands; a closed one takes no new work.")
strawberry.enum(MemberRole, description="What a person does on one matter.")
strawberry.enum(TaskStatus, description="Where a task stands; everything but DONE counts as open work.")
strawberry.enum(InvoiceStatus, description="Where an invoice stands; only a draft can still change.")
strawberry.enum(MatterHealth, description="How a matter does: what is overdue, and what is left of its budget.")
strawberry.enum(CreditGrade, description="How surely a company pays, from A (surely) to D.")


def of_organization(row: Any, viewer: Any) -> ColumnElement[bool]:
    """The rows that carry the viewer's organization."""
    condition: ColumnElement[bool] = row.organization_id == viewer.organization_id
    return condition


def _is_open(task: Any) -> ColumnElement[bool]:
    condition: ColumnElement[bool] = task.status != TaskStatus.DONE
    return condition


@bff.entity(
    models.Organization,
    policy=lambda organization, viewer: organization.id == viewer.organization_id,
    description="A firm: the viewer's own, nobody sees another.",
)
class Organization(bff.Node):
    id: strawberry.ID
    name: str
    slug: str
    plan: str
    created_at: datetime.datetime
    users: list[User]
    clients: list[Client]
    matters: list[Matter]
    tags: list[Tag]
    matters_connection: bff.Connection[Matter] = bff.relation("matters", order=["-opened_at", "-id"])
    people_count: int = bff.count("users")
    client_count: int = bff.count("clients")
    open_matter_count: int = bff.count("matters", where=lambda matter: matter.status == MatterStatus.OPEN)


@bff.entity(models.User, policy=of_organization, description="A person of the viewer's organization.")
class User(bff.Node):
    id: strawberry.ID
    name: str
    email: str
    title: str
    avatar_url: str | None
    role: Role
    last_seen_at: datetime.datetime | None
    organization: Organization
    owned_clients: list[Client]
    led_matters: list[Matter]
    memberships: list[MatterMember]
    assigned_tasks: list[Task]
    comments: list[Comment]
    uploaded_documents: list[Document]
    authored_versions: list[DocumentVersion]
    time_entries: list[TimeEntry]
    notifications: list[Notification]
    assigned_tasks_connection: bff.Connection[Task] = bff.relation("assigned_tasks")
    notifications_connection: bff.Connection[Notification] = bff.relation("notifications")
    open_task_count: int = bff.count("assigned_tasks", where=_is_open)
    led_matter_count: int = bff.count("led_matters")
    logged_minutes: bff.BigInt = bff.total("time_entries", "minutes")
    billed_minutes: bff.BigInt = bff.total(
        "time_entries", "minutes", where=lambda entry: entry.billable, description="Minutes that clients pay for."
    )
    unread_count: int = bff.count(
        "notifications",
        where=lambda notification: notification.read_at.is_(None),
        description="Unread notifications; 0 of everybody but the viewer, who sees no others.",
    )

    @bff.field(needs="name", description="The first letters of the first and the last word of the name.")
    def initials(self) -> str:
        words = self.name.split()
        return "".join(word[0].upper() for word in (words if len(words) < 2 else (words[0], words[-1])))


@bff.entity(models.Client, policy=of_organization, description="Whom the organization works for.")
class Client(bff.Node):
    id: strawberry.ID
    name: str
    industry: str
    website: str | None
    organization: Organization
    owner: User
    contacts: list[Contact]
    matters: list[Matter]
    invoices: list[Invoice]
    invoices_connection: bff.Connection[Invoice] = bff.relation("invoices", order=["-issued_on", "-id"])
    open_matter_count: int = bff.count("matters", where=lambda matter: matter.status == MatterStatus.OPEN)
    invoiced_cents: bff.BigInt = bff.total(
        "invoices",
        "total_cents",
        where=lambda invoice: invoice.status.in_([InvoiceStatus.SENT, InvoiceStatus.PAID]),
        description="What was ever asked of the client.",
    )
    outstanding_cents: bff.BigInt = bff.total(
        "invoices",
        "total_cents",
        where=lambda invoice: invoice.status == InvoiceStatus.SENT,
        description="What was asked of the client and is not paid yet.",
    )
    credit_rating: CreditGrade | None = bff.batched(
        agency.grades,
        key="website",
        reads=(),
        description="The grade that the credit agency gives the client's website; null when it is not known.",
    )


@bff.entity(models.Contact, policy=bff.through("client"), description="A person on the client's side.")
class Contact(bff.Node):
    id: strawberry.ID
    name: str
    email: str
    phone: str | None
    client: Client


@bff.entity(models.Matter, policy=of_organization, description="One engagement for one client.")
class Matter(bff.Node):
    id: strawberry.ID
    reference: str
    title: str
    status: MatterStatus
    description: str
    budget_cents: bff.BigInt
    opened_at: datetime.datetime
    due_at: datetime.datetime | None
    organization: Organization
    client: Client
    lead: User
    members: list[MatterMember]
    tasks: list[Task]
    documents: list[Document]
    time_entries: list[TimeEntry]
    invoices: list[Invoice]
    events: list[Event]
    notifications: list[Notification]
    tasks_connection: bff.Connection[Task] = bff.relation("tasks")
    documents_connection: bff.Connection[Document] = bff.relation("documents", order=["-updated_at", "-id"])
    time_entries_connection: bff.Connection[TimeEntry] = bff.relation("time_entries", order=["-worked_on", "-id"])
    task_count: int = bff.count("tasks")
    open_task_count: int = bff.count("tasks", where=_is_open)
    document_count: int = bff.count("documents")
    billed_minutes: bff.BigInt = bff.total(
        "time_entries", "minutes", where=lambda entry: entry.billable, description="Minutes that the client pays for."
    )
    unbilled_minutes: bff.BigInt = bff.total(
        "time_entries",
        "minutes",
        where=lambda entry: entry.is_unbilled(),
        description="Minutes that the client will pay for and no invoice covers yet.",
    )
    outstanding_cents: bff.BigInt = bff.total(
        "invoices",
        "total_cents",
        where=lambda invoice: invoice.status == InvoiceStatus.SENT,
        description="What was asked for this matter and is not paid yet.",
    )
    health: MatterHealth = bff.batched(
        matter_health,
        key=["id", "status", "due_at", "budget_cents"],
        reads=["tasks.status", "tasks.due_at", "time_entries.minutes", "time_entries.billable"],
        description="How the matter does on a day, by default today.",
    )


@bff.entity(models.MatterMember, policy=bff.through("matter"), description="A person on a matter.")
class MatterMember(bff.Node):
    role: MemberRole
    matter: Matter
    user: User


@bff.entity(models.Task, policy=bff.through("matter"), description="Something to do on a matter.")
class Task(bff.Node):
    id: strawberry.ID
    title: str
    status: TaskStatus
    priority: int
    position: int
    due_at: datetime.datetime | None
    updated_at: datetime.datetime
    matter: Matter
    assignee: User | None
    tags: list[Tag]
    comments: list[Comment]
    comments_connection: bff.Connection[Comment] = bff.relation("comments")
    comment_count: int = bff.count("comments")


@bff.entity(models.TaskTag, policy=bff.through("task"), description="That a task carries a tag.")
class TaskTag(bff.Node):
    task: Task
    tag: Tag


@bff.entity(models.Tag, policy=of_organization, description="A label that the organization puts on its tasks.")
class Tag(bff.Node):
    id: strawberry.ID
    name: str
    color: str
    organization: Organization
    tasks: list[Task]
    tasks_connection: bff.Connection[Task] = bff.relation("tasks", order=["due_at", "id"])
    open_task_count: int = bff.count("tasks", where=_is_open)


@bff.entity(models.Comment, policy=bff.through("task"), description="What somebody said about a task.")
class Comment(bff.Node):
    id: strawberry.ID
    body: str
    created_at: datetime.datetime
    task: Task
    author: User


@bff.entity(models.Document, policy=bff.through("matter"), description="A file of a matter.")
class Document(bff.Node):
    id: strawberry.ID
    title: str
    kind: str
    size_bytes: bff.BigInt
    updated_at: datetime.datetime
    matter: Matter
    uploader: User
    versions: list[DocumentVersion]
    version_count: int = bff.count("versions")


@bff.entity(models.DocumentVersion, policy=bff.through("document"), description="One stored state of a document.")
class DocumentVersion(bff.Node):
    id: strawberry.ID
    number: int
    checksum: str
    created_at: datetime.datetime
    document: Document
    author: User


@bff.entity(models.TimeEntry, policy=bff.through("matter"), description="Time that somebody worked on one day.")
class TimeEntry(bff.Node):
    id: strawberry.ID
    minutes: int
    billable: bool
    worked_on: datetime.date
    note: str
    matter: Matter
    user: User


@bff.entity(models.Invoice, policy=bff.through("matter"), description="What a client is asked to pay for a matter.")
class Invoice(bff.Node):
    id: strawberry.ID
    number: str
    status: InvoiceStatus
    total_cents: bff.BigInt
    issued_on: datetime.date
    due_on: datetime.date
    client: Client
    matter: Matter


@bff.entity(models.Event, policy=bff.through("matter"), description="An appointment of a matter.")
class Event(bff.Node):
    id: strawberry.ID
    title: str
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    location: str | None
    matter: Matter


@bff.entity(
    models.Notification,
    policy=lambda notification, viewer: notification.user_id == viewer.user_id,
    description="Something that the viewer should see; nobody sees another's.",
)
class Notification(bff.Node):
    id: strawberry.ID
    kind: str
    body: str
    read_at: datetime.datetime | None
    created_at: datetime.datetime
    user: User
    matter: Matter | None
