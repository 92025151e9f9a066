"""The Matter page in plain Strawberry as an expert would write it: every row of the page loaded ahead, in statements by hand.

Types with the fields of the page, which read attributes of ORM objects, and one resolver, which has SQLAlchemy load all that
the page will read. It knows this one page: another that selects more would load lazily, one that selects less loads as much.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass

import strawberry
from sqlalchemy import Engine, Select, select
from sqlalchemy.orm import Session, selectinload
from strawberry.extensions import ParserCache, ValidationCache
from strawberry.schema.config import StrawberryConfig

import bff
from app import models
from app.auth import Viewer
from app.models import InvoiceStatus, MatterStatus, MemberRole, TaskStatus
from bff.columns.scalars import BIG_INT
from bff.schema.schema import live


@dataclass(frozen=True)
class Asker:
    """Who asks, and where their rows are."""

    viewer: Viewer
    engine: Engine


@strawberry.type
class User:
    id: strawberry.ID
    name: str
    avatar_url: str | None
    title: str


@strawberry.type
class Contact:
    id: strawberry.ID
    name: str
    email: str
    phone: str | None


@strawberry.type
class Client:
    id: strawberry.ID
    name: str
    industry: str
    website: str | None
    owner: User
    contacts: list[Contact]


@strawberry.type
class Member:
    role: MemberRole
    user: User


@strawberry.type
class Tag:
    id: strawberry.ID
    name: str
    color: str


@strawberry.type
class Comment:
    id: strawberry.ID
    body: str
    created_at: datetime.datetime
    author: User


@strawberry.type
class Task:
    id: strawberry.ID
    title: str
    status: TaskStatus
    priority: int
    due_at: datetime.datetime | None
    assignee: User | None
    tags: list[Tag]
    comments: list[Comment]


@strawberry.type
class Version:
    id: strawberry.ID
    number: int
    checksum: str
    created_at: datetime.datetime
    author: User


@strawberry.type
class Document:
    id: strawberry.ID
    title: str
    kind: str
    size_bytes: bff.BigInt
    updated_at: datetime.datetime
    uploader: User
    versions: list[Version]


@strawberry.type
class TimeEntry:
    id: strawberry.ID
    minutes: int
    billable: bool
    worked_on: datetime.date
    note: str
    user: User


@strawberry.type
class Invoice:
    id: strawberry.ID
    number: str
    status: InvoiceStatus
    total_cents: bff.BigInt
    issued_on: datetime.date
    due_on: datetime.date


@strawberry.type
class Event:
    id: strawberry.ID
    title: str
    starts_at: datetime.datetime
    ends_at: datetime.datetime
    location: str | None


@strawberry.type
class Matter:
    id: strawberry.ID
    reference: str
    title: str
    status: MatterStatus
    description: str
    budget_cents: bff.BigInt
    opened_at: datetime.datetime
    due_at: datetime.datetime | None
    client: Client
    lead: User
    members: list[Member]
    tasks: list[Task]
    documents: list[Document]
    time_entries: list[TimeEntry]
    invoices: list[Invoice]
    events: list[Event]


def _page(matter_id: int, viewer: Viewer) -> Select[models.Matter]:
    client, tasks, documents = (
        selectinload(models.Matter.client),
        selectinload(models.Matter.tasks),
        selectinload(models.Matter.documents),
    )
    return (
        select(models.Matter)
        .where(models.Matter.id == matter_id, models.Matter.organization_id == viewer.organization_id)
        .options(
            client.options(selectinload(models.Client.owner), selectinload(models.Client.contacts)),
            selectinload(models.Matter.lead),
            selectinload(models.Matter.members).selectinload(models.MatterMember.user),
            tasks.options(
                selectinload(models.Task.assignee),
                selectinload(models.Task.tags),
                selectinload(models.Task.comments).selectinload(models.Comment.author),
            ),
            documents.options(
                selectinload(models.Document.uploader),
                selectinload(models.Document.versions).selectinload(models.DocumentVersion.author),
            ),
            selectinload(models.Matter.time_entries).selectinload(models.TimeEntry.user),
            selectinload(models.Matter.invoices),
            selectinload(models.Matter.events),
        )
    )


@strawberry.type
class Query:
    @strawberry.field
    def matter(self, info: strawberry.Info[Asker], id: strawberry.ID) -> Matter | None:
        with Session(info.context.engine) as session:
            return session.scalars(_page(int(id), info.context.viewer)).one_or_none()  # type: ignore[return-value]  # an ORM object stands in


schema = strawberry.Schema(
    query=Query,
    directives=[live],
    # Sent and checked as Briefcase's own.
    config=StrawberryConfig(scalar_map={bff.BigInt: BIG_INT}),
    extensions=[ParserCache, ValidationCache],
)
