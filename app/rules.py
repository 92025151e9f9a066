"""What may be changed, by whom, and how: the one home of Briefcase's business rules.

The GraphQL mutations and the legacy REST API both call these functions; neither decides anything itself. A rule
takes a session that already sees only the viewer's rows (``layer.police(session, viewer)``), changes objects in it,
flushes, and returns the changed object. The caller owns the transaction and commits.

What a rule does not allow it refuses by raising `Refusal`. A row of another organization is refused exactly as one
that does not exist. Guests read, comment and keep their own notifications; everything else is for the firm's people.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, TypedDict, TypeVar, Unpack

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.models import (
    LEAST_URGENT,
    MOST_URGENT,
    Base,
    Comment,
    Document,
    DocumentVersion,
    Invoice,
    InvoiceStatus,
    Matter,
    MatterStatus,
    Notification,
    Role,
    Tag,
    Task,
    TaskStatus,
    TimeEntry,
    User,
)

if TYPE_CHECKING:
    from app.auth import Viewer

DEFAULT_PRIORITY = 3
TITLE_LIMIT = 200
TEXT_LIMIT = 10_000
TAG_LIMIT = 20
FIRST_YEAR, LAST_YEAR = 1900, 2200
MINUTES_A_DAY = 24 * 60
LARGEST_FILE = 2**40

_SHA256 = re.compile(r"[0-9a-f]{64}")
_BIGINT_END = 2**63

M = TypeVar("M", bound=Base)


class RefusalCode(StrEnum):
    """What kind of refusal it is; the same words as the layer's error codes."""

    BAD_USER_INPUT = "BAD_USER_INPUT"
    NOT_FOUND = "NOT_FOUND"
    FORBIDDEN = "FORBIDDEN"
    CONFLICT = "CONFLICT"


class Refusal(Exception):
    """A rule said no. `field` is the argument to mend, in Python's spelling, or None."""

    def __init__(self, code: RefusalCode, message: str, field: str | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.field = field


class TaskChanges(TypedDict, total=False):
    """What `update_task` changes: a missing key leaves the value, None clears it where it can be cleared."""

    title: str
    status: str
    priority: int
    due_at: datetime | None
    assignee_id: int | None
    tag_ids: Sequence[int]


def find(session: Session, model: type[M], key: int, field: str | None = None, *, lock: bool = False) -> M:
    """The row that the viewer sees under `key`, refused as not found otherwise.

    With `lock` it is freshly read, and nobody else changes it before the transaction ends.
    """
    found = None
    if 0 < key < _BIGINT_END:
        # No-key-update, so that children may still be inserted under the row meanwhile.
        found = session.get(model, key, with_for_update={"key_share": True} if lock else None)
    if found is None:
        raise _missing(model, key, field)
    return found


def create_task(
    session: Session,
    viewer: Viewer,
    matter_id: int,
    *,
    title: str,
    assignee_id: int | None = None,
    priority: int = DEFAULT_PRIORITY,
    due_at: datetime | None = None,
    tag_ids: Sequence[int] = (),
) -> Task:
    """Add an open task at the end of a matter that is not closed."""
    _refuse_guest(viewer, "create tasks")
    # The lock gives the task a position of its own when two are created at once.
    matter = find(session, Matter, matter_id, "matter_id", lock=True)
    _refuse_closed(matter)
    last = session.scalar(select(func.max(Task.position)).where(Task.matter_id == matter.id))
    task = Task(
        matter_id=matter.id,
        title=_text(title, "title", TITLE_LIMIT),
        status=TaskStatus.OPEN,
        priority=_priority(priority),
        position=0 if last is None else last + 1,
        due_at=_instant(due_at, "due_at"),
        assignee_id=None if assignee_id is None else find(session, User, assignee_id, "assignee_id").id,
        tags=_tags(session, tag_ids),
    )
    session.add(task)
    session.flush()
    return task


def update_task(session: Session, viewer: Viewer, task_id: int, **changes: Unpack[TaskChanges]) -> Task:
    """Change what is given of a task, and when it was updated."""
    _refuse_guest(viewer, "change tasks")
    task = find(session, Task, task_id, "task_id", lock=True)
    if "title" in changes:
        task.title = _text(changes["title"], "title", TITLE_LIMIT)
    if "status" in changes:
        task.status = _status(changes["status"])
    if "priority" in changes:
        task.priority = _priority(changes["priority"])
    if "due_at" in changes:
        task.due_at = _instant(changes["due_at"], "due_at")
    if "assignee_id" in changes:
        assignee_id = changes["assignee_id"]
        task.assignee = None if assignee_id is None else find(session, User, assignee_id, "assignee_id")
    if "tag_ids" in changes:
        task.tags = _tags(session, changes["tag_ids"])
    if changes:
        task.updated_at = _now()
    session.flush()
    return task


def move_task(session: Session, viewer: Viewer, task_id: int, position: int) -> Task:
    """Put a task at `position` among its matter's tasks, counting from 0; past the end means last.

    Every task of the matter is renumbered without gaps, whatever numbers they had.
    """
    _refuse_guest(viewer, "move tasks")
    if position < 0:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"position counts from 0, not {position}", "position")
    task = find(session, Task, task_id, "task_id")
    # One mover a matter at a time: two renumberings over the same old positions would mix.
    find(session, Matter, task.matter_id, "task_id", lock=True)
    in_order = select(Task).where(Task.matter_id == task.matter_id).order_by(Task.position, Task.id)
    siblings = list(session.scalars(in_order, execution_options={"populate_existing": True}))
    siblings.remove(task)
    siblings.insert(position, task)
    for number, sibling in enumerate(siblings):
        sibling.position = number
    task.updated_at = _now()
    session.flush()
    return task


def add_comment(session: Session, viewer: Viewer, task_id: int, *, body: str) -> Comment:
    """Say something about a task, as the viewer."""
    task = find(session, Task, task_id, "task_id")
    comment = Comment(task_id=task.id, author_id=viewer.user_id, body=_text(body, "body", TEXT_LIMIT))
    session.add(comment)
    session.flush()
    return comment


def log_time(
    session: Session,
    viewer: Viewer,
    matter_id: int,
    *,
    minutes: int,
    worked_on: date,
    note: str,
    billable: bool = True,
) -> TimeEntry:
    """Record the viewer's own work of one day on a matter that is not closed."""
    _refuse_guest(viewer, "log time")
    matter = find(session, Matter, matter_id, "matter_id")
    _refuse_closed(matter)
    if not 0 < minutes <= MINUTES_A_DAY:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"minutes go from 1 to {MINUTES_A_DAY}, not {minutes}", "minutes")
    # A day of grace: it is already tomorrow in half of the world.
    if worked_on > _now().date() + timedelta(days=1):
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"{worked_on} has not come yet", "worked_on")
    entry = TimeEntry(
        matter_id=matter.id,
        user_id=viewer.user_id,
        minutes=minutes,
        billable=billable,
        worked_on=worked_on,
        note=_text(note, "note", TEXT_LIMIT),
    )
    session.add(entry)
    session.flush()
    return entry


def add_document_version(
    session: Session, viewer: Viewer, document_id: int, *, checksum: str, size_bytes: int | None = None
) -> DocumentVersion:
    """Store the next version of a document, by the viewer. `checksum` is a SHA-256 in lower-case hex."""
    _refuse_guest(viewer, "add document versions")
    if not _SHA256.fullmatch(checksum):
        raise Refusal(RefusalCode.BAD_USER_INPUT, "checksum is a SHA-256: 64 lower-case hex digits", "checksum")
    if size_bytes is not None and not 0 <= size_bytes <= LARGEST_FILE:
        raise Refusal(
            RefusalCode.BAD_USER_INPUT,
            f"size_bytes goes from 0 to {LARGEST_FILE}, not {size_bytes}",
            "size_bytes",
        )
    # The lock hands out numbers one after the other; the unique constraint is only the backstop.
    document = find(session, Document, document_id, "document_id", lock=True)
    last = session.scalar(select(func.max(DocumentVersion.number)).where(DocumentVersion.document_id == document.id))
    version = DocumentVersion(
        document_id=document.id, author_id=viewer.user_id, number=(last or 0) + 1, checksum=checksum
    )
    session.add(version)
    document.updated_at = _now()
    if size_bytes is not None:
        document.size_bytes = size_bytes
    session.flush()
    return version


def mark_notification_read(session: Session, viewer: Viewer, notification_id: int) -> Notification:
    """Mark one of the viewer's own notifications as read; the first time counts."""
    notification = find(session, Notification, notification_id, "notification_id", lock=True)
    if notification.user_id != viewer.user_id:
        raise _missing(Notification, notification_id, "notification_id")
    if notification.read_at is None:
        notification.read_at = _now()
    session.flush()
    return notification


def send_invoice(session: Session, viewer: Viewer, invoice_id: int) -> Invoice:
    """Send a draft. Whatever was sent, paid or voided stays as it is."""
    invoice = find(session, Invoice, invoice_id, "invoice_id", lock=True)
    _refuse_guest(viewer, "send invoices")
    if invoice.status != InvoiceStatus.DRAFT:
        raise Refusal(
            RefusalCode.CONFLICT,
            f"invoice {invoice.number} is {invoice.status}; only a draft can be sent",
            "invoice_id",
        )
    invoice.status = InvoiceStatus.SENT
    session.flush()
    return invoice


def _missing(model: type[Base], key: int, field: str | None) -> Refusal:
    return Refusal(RefusalCode.NOT_FOUND, f"there is no {model.__name__} {key}", field)


def _refuse_guest(viewer: Viewer, what: str) -> None:
    if viewer.role == Role.GUEST:
        raise Refusal(RefusalCode.FORBIDDEN, f"a guest cannot {what}")


def _refuse_closed(matter: Matter) -> None:
    if matter.status == MatterStatus.CLOSED:
        raise Refusal(RefusalCode.CONFLICT, f"matter {matter.reference} is closed", "matter_id")


def _text(value: str, field: str, limit: int) -> str:
    value = value.strip()
    if not value:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"{field} is empty", field)
    if len(value) > limit:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"{field} has {len(value)} characters; at most {limit} fit", field)
    # PostgreSQL's text holds neither NUL nor half a surrogate pair.
    if "\x00" in value or any("\ud800" <= character <= "\udfff" for character in value):
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"{field} holds a character that is not text", field)
    return value


def _status(value: str) -> str:
    try:
        return TaskStatus(value)
    except ValueError:
        raise Refusal(
            RefusalCode.BAD_USER_INPUT, f"status is one of {', '.join(TaskStatus)}, not {value!r}", "status"
        ) from None


def _priority(value: int) -> int:
    if not MOST_URGENT <= value <= LEAST_URGENT:
        raise Refusal(
            RefusalCode.BAD_USER_INPUT,
            f"priority goes from {MOST_URGENT} (most urgent) to {LEAST_URGENT}, not {value}",
            "priority",
        )
    return value


def _instant(value: datetime | None, field: str) -> datetime | None:
    if value is not None and value.tzinfo is None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"{field} needs a time zone: {value.isoformat()}Z for UTC", field)
    # At the ends of Python's calendar a time zone leads out of it: PostgreSQL would keep what nobody can read back.
    if value is not None and not FIRST_YEAR <= value.year <= LAST_YEAR:
        reason = f"{field} is in the years {FIRST_YEAR} to {LAST_YEAR}, not in {value.year}"
        raise Refusal(RefusalCode.BAD_USER_INPUT, reason, field)
    return value


def _tags(session: Session, tag_ids: Sequence[int]) -> list[Tag]:
    wanted = list(dict.fromkeys(tag_ids))
    if len(wanted) > TAG_LIMIT:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"a task has at most {TAG_LIMIT} tags, not {len(wanted)}", "tag_ids")
    tags = [find(session, Tag, tag_id, "tag_ids") for tag_id in wanted]
    return sorted(tags, key=lambda tag: (tag.name, tag.id))


def _now() -> datetime:
    return datetime.now(UTC)
