"""What can be asked: the viewer, every object by its key, lists with filters, and search.

A plain list gives up to a thousand rows, and `first` of them; the connection beside it pages through all. Both are
ordered as the site shows them unless `orderBy` says otherwise.
"""

from __future__ import annotations

import strawberry

import bff
from app.schema.search import SearchResult, search
from app.schema.types import (
    Client,
    Comment,
    Contact,
    Document,
    DocumentVersion,
    Event,
    Invoice,
    Matter,
    MatterMember,
    Notification,
    Organization,
    Tag,
    Task,
    TaskTag,
    TimeEntry,
    User,
)

BY_NAME = ["name", "id"]
NEWEST_MATTERS = ["-opened_at", "-id"]
NEWEST_DOCUMENTS = ["-updated_at", "-id"]
MOST_PRESSING = ["due_at", "id"]
NEWEST_INVOICES = ["-issued_on", "-id"]
IN_TIME = ["starts_at", "id"]
NEWEST_NOTIFICATIONS = ["-created_at", "-id"]
NEWEST_WORK = ["-worked_on", "-id"]


@strawberry.type
class Query:
    viewer: User | None = bff.lookup(key=lambda viewer: viewer.user_id, description="Who is asking; null: nobody.")
    node: bff.Node | None = bff.node(description="Any object by its `nodeId`.")

    organization: Organization | None = bff.lookup()
    user: User | None = bff.lookup()
    client: Client | None = bff.lookup()
    contact: Contact | None = bff.lookup()
    matter: Matter | None = bff.lookup()
    matter_member: MatterMember | None = bff.lookup()
    task: Task | None = bff.lookup()
    task_tag: TaskTag | None = bff.lookup()
    tag: Tag | None = bff.lookup()
    comment: Comment | None = bff.lookup()
    document: Document | None = bff.lookup()
    document_version: DocumentVersion | None = bff.lookup()
    time_entry: TimeEntry | None = bff.lookup()
    invoice: Invoice | None = bff.lookup()
    event: Event | None = bff.lookup()
    notification: Notification | None = bff.lookup()

    people: list[User] = bff.collection(order=BY_NAME)
    clients: list[Client] = bff.collection(order=BY_NAME)
    matters: list[Matter] = bff.collection(order=NEWEST_MATTERS)
    documents: list[Document] = bff.collection(order=NEWEST_DOCUMENTS)
    tasks: list[Task] = bff.collection(order=MOST_PRESSING)
    tags: list[Tag] = bff.collection(order=BY_NAME)
    time_entries: list[TimeEntry] = bff.collection(order=NEWEST_WORK)
    invoices: list[Invoice] = bff.collection(order=NEWEST_INVOICES)
    events: list[Event] = bff.collection(order=IN_TIME)
    notifications: list[Notification] = bff.collection(order=NEWEST_NOTIFICATIONS)

    people_connection: bff.Connection[User] = bff.collection(order=BY_NAME)
    clients_connection: bff.Connection[Client] = bff.collection(order=BY_NAME)
    matters_connection: bff.Connection[Matter] = bff.collection(order=NEWEST_MATTERS)
    documents_connection: bff.Connection[Document] = bff.collection(order=NEWEST_DOCUMENTS)
    tasks_connection: bff.Connection[Task] = bff.collection(order=MOST_PRESSING)
    tags_connection: bff.Connection[Tag] = bff.collection(order=BY_NAME)
    time_entries_connection: bff.Connection[TimeEntry] = bff.collection(order=NEWEST_WORK)
    unbilled_time_connection: bff.Connection[TimeEntry] = bff.collection(
        where=lambda entry: entry.is_unbilled(),
        order=NEWEST_WORK,
        description="Billable time that no invoice covers yet.",
    )
    invoices_connection: bff.Connection[Invoice] = bff.collection(order=NEWEST_INVOICES)
    events_connection: bff.Connection[Event] = bff.collection(order=IN_TIME)
    notifications_connection: bff.Connection[Notification] = bff.collection(order=NEWEST_NOTIFICATIONS)

    search: list[SearchResult] = strawberry.field(
        resolver=search, description="Where a text occurs in names and titles, the best matches first."
    )
