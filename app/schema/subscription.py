"""What can be followed: objects and lists as on Query, events of matters and of the viewer, and who is on a matter's page."""

from __future__ import annotations

import strawberry

import bff
from app import models
from app.schema.query import IN_TIME, MOST_PRESSING, NEWEST_DOCUMENTS, NEWEST_MATTERS, NEWEST_NOTIFICATIONS
from app.schema.types import (
    Client,
    Comment,
    Document,
    Event,
    Invoice,
    Matter,
    Notification,
    Organization,
    Task,
    User,
)


@strawberry.type
class Subscription:
    viewer: User | None = bff.lookup(key=lambda viewer: viewer.user_id, description="Who is asking; null: nobody.")
    organization: Organization | None = bff.lookup()
    user: User | None = bff.lookup()
    client: Client | None = bff.lookup()
    matter: Matter | None = bff.lookup()
    task: Task | None = bff.lookup()
    document: Document | None = bff.lookup()
    invoice: Invoice | None = bff.lookup()

    matters: list[Matter] = bff.collection(order=NEWEST_MATTERS)
    documents: list[Document] = bff.collection(order=NEWEST_DOCUMENTS)
    tasks: list[Task] = bff.collection(order=MOST_PRESSING)
    events: list[Event] = bff.collection(order=IN_TIME)
    notifications: list[Notification] = bff.collection(order=NEWEST_NOTIFICATIONS)
    notifications_connection: bff.Connection[Notification] = bff.collection(order=NEWEST_NOTIFICATIONS)

    comment_added: Comment = bff.event(
        on=["insert"],
        match={"task.matter_id": "matter_id"},
        description="Each comment on a task of a matter, as it is made.",
    )
    notification_received: Notification = bff.event(
        on=["insert"],
        match={"user_id": lambda viewer: viewer.user_id},
        description="Each notification for the viewer, as it is made.",
    )
    task_changed: bff.Changed[Task] = bff.event(
        match={"matter_id": "matter_id"},
        description="Each change of a task of a matter; of one that moves to another, both matters are told.",
    )
    presence_changed: list[User] = bff.presence(
        of=models.Matter,
        argument="matter_id",
        key=lambda viewer: viewer.user_id,
        description="Who has a matter open, the viewer included: whoever is subscribed to this.",
    )
