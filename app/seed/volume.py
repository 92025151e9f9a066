"""How many rows a seeded Briefcase has, table by table: so many at scale 1, n times as many at scale n."""

from __future__ import annotations

import math
from dataclasses import dataclass

from app.models import (
    Base,
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

PEOPLE_A_FIRM = 50
ADMINS_A_FIRM = 3
GUESTS_A_FIRM = 4
TAGS_A_FIRM = 20
CONTACTS_A_CLIENT = 4
MEMBERS_A_MATTER = 8
TASKS_A_MATTER = 20
TAGS_A_TASK = 2
COMMENTS_A_TASK = 3
DOCUMENTS_A_MATTER = 12
VERSIONS_A_DOCUMENT = 3
ENTRIES_A_MATTER = 30
INVOICES_A_MATTER = 3
EVENTS_A_MATTER = 5
NOTIFICATIONS_A_MATTER = 10


@dataclass(frozen=True)
class Volume:
    """How many of what alternates between organizations; whatever belongs to one matter is counted by it."""

    organizations: int
    clients: int
    matters: int

    @classmethod
    def of_scale(cls, scale: float) -> Volume:
        """The volume of `scale`. A fraction has fewer matters, of the same size, in at least two organizations."""
        if not (math.isfinite(scale) and scale > 0):
            raise ValueError(f"scale is a positive number, not {scale}")
        organizations = max(2, round(10 * scale))
        return cls(
            organizations=organizations,
            clients=max(organizations, round(300 * scale)),
            matters=max(organizations, round(2_000 * scale)),
        )

    @property
    def counts(self) -> dict[type[Base], int]:
        """The rows of every table, in the order in which they can be inserted."""
        tasks = self.matters * TASKS_A_MATTER
        documents = self.matters * DOCUMENTS_A_MATTER
        return {
            Organization: self.organizations,
            User: self.organizations * PEOPLE_A_FIRM,
            Client: self.clients,
            Contact: self.clients * CONTACTS_A_CLIENT,
            Matter: self.matters,
            MatterMember: self.matters * MEMBERS_A_MATTER,
            Tag: self.organizations * TAGS_A_FIRM,
            Task: tasks,
            TaskTag: tasks * TAGS_A_TASK,
            Comment: tasks * COMMENTS_A_TASK,
            Document: documents,
            DocumentVersion: documents * VERSIONS_A_DOCUMENT,
            TimeEntry: self.matters * ENTRIES_A_MATTER,
            Invoice: self.matters * INVOICES_A_MATTER,
            Event: self.matters * EVENTS_A_MATTER,
            Notification: self.matters * NOTIFICATIONS_A_MATTER,
        }
