"""How the REST API shows a row: its own columns and nothing else; what it refers to is an id."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TypeAlias

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
    TimeEntry,
    User,
)

JsonValue: TypeAlias = "bool | int | str | list[JsonValue] | dict[str, JsonValue] | None"
Json: TypeAlias = dict[str, JsonValue]

# Named one by one: a column that is added to a model must not leave the house by itself.
_SHOWN: dict[type[Base], str] = {
    Organization: "id name slug plan created_at",
    User: "id organization_id name email title avatar_url role last_seen_at",
    Client: "id organization_id owner_id name industry website",
    Contact: "id client_id name email phone",
    Matter: ("id organization_id client_id lead_id reference title status description budget_cents opened_at due_at"),
    MatterMember: "matter_id user_id role",
    Task: "id matter_id assignee_id title status priority position due_at updated_at",
    Tag: "id organization_id name color",
    Comment: "id task_id author_id body created_at",
    Document: "id matter_id uploader_id title kind size_bytes updated_at",
    DocumentVersion: "id document_id author_id number checksum created_at",
    TimeEntry: "id matter_id user_id minutes billable worked_on note",
    Invoice: "id client_id matter_id number status total_cents issued_on due_on",
    Event: "id matter_id title starts_at ends_at location",
    Notification: "id user_id matter_id kind body read_at created_at",
}
_FIELDS = {model: tuple(names.split()) for model, names in _SHOWN.items()}


def shown(row: Base) -> Json:
    """`row` as JSON: instants in UTC, days as they are."""
    return {name: _value(getattr(row, name)) for name in _FIELDS[type(row)]}


def _value(value: bool | int | str | date | None) -> JsonValue:
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    return value.isoformat() if isinstance(value, date) else value
