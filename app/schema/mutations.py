"""What can be changed. Each mutation is one transaction over one rule of `app.rules`.

A payload has the changed object, read anew, or says in `errors` why nothing was changed: those are what a user can
mend. An id that leads to nothing and one of another organization get the same answer.
"""

from __future__ import annotations

import datetime
import re
from collections.abc import Callable
from typing import Any, TypeVar, cast

import strawberry
from sqlalchemy.orm import Session
from strawberry.utils.str_converters import to_camel_case

import bff
from app import rules
from app.auth import Viewer
from app.models import Base, TaskStatus
from app.rules import Refusal, RefusalCode
from app.schema.types import Comment, DocumentVersion, Invoice, Notification, Task, TimeEntry

Info = strawberry.Info[bff.Scope, None]
Rule = Callable[[Session, Viewer], Base]
T = TypeVar("T")

_KEY = re.compile(r"[1-9][0-9]{0,18}", re.ASCII)

strawberry.enum(RefusalCode, name="UserErrorCode", description="What kind of mistake it is.")


@strawberry.type(description="Why a mutation changed nothing, for the person who asked for it.")
class UserError:
    code: RefusalCode
    message: str
    field: list[str] | None = strawberry.field(description="The path to the argument to mend; null: not one alone.")


@strawberry.type
class Payload:
    errors: list[UserError] = strawberry.field(description="Empty when the change was made.")


@strawberry.input
class CreateTaskInput:
    matter_id: strawberry.ID
    title: str
    assignee_id: strawberry.ID | None = None
    priority: int = rules.DEFAULT_PRIORITY
    due_at: datetime.datetime | None = None
    tag_ids: list[strawberry.ID] = strawberry.field(default_factory=list)


@strawberry.input(description="What is left out stays as it is; `dueAt: null` and `assigneeId: null` clear it.")
class UpdateTaskInput:
    task_id: strawberry.ID
    title: str | None = strawberry.UNSET
    status: TaskStatus | None = strawberry.UNSET
    priority: int | None = strawberry.UNSET
    due_at: datetime.datetime | None = strawberry.UNSET
    assignee_id: strawberry.ID | None = strawberry.UNSET
    tag_ids: list[strawberry.ID] | None = strawberry.UNSET


@strawberry.input
class MoveTaskInput:
    task_id: strawberry.ID
    position: int = strawberry.field(description="Among the matter's tasks, from 0; past the end means last.")


@strawberry.input
class AddCommentInput:
    task_id: strawberry.ID
    body: str


@strawberry.input
class LogTimeInput:
    matter_id: strawberry.ID
    minutes: int
    worked_on: datetime.date
    note: str
    billable: bool = True


@strawberry.input
class AddDocumentVersionInput:
    document_id: strawberry.ID
    checksum: str = strawberry.field(description="The content's SHA-256: 64 lower-case hex digits.")
    size_bytes: bff.BigInt | None = None


@strawberry.input
class MarkNotificationReadInput:
    notification_id: strawberry.ID


@strawberry.input
class SendInvoiceInput:
    invoice_id: strawberry.ID


@strawberry.type
class CreateTaskPayload(Payload):
    task: Task | None


@strawberry.type
class UpdateTaskPayload(Payload):
    task: Task | None


@strawberry.type
class MoveTaskPayload(Payload):
    task: Task | None


@strawberry.type
class AddCommentPayload(Payload):
    comment: Comment | None


@strawberry.type
class LogTimePayload(Payload):
    time_entry: TimeEntry | None


@strawberry.type
class AddDocumentVersionPayload(Payload):
    version: DocumentVersion | None


@strawberry.type
class MarkNotificationReadPayload(Payload):
    notification: Notification | None


@strawberry.type
class SendInvoicePayload(Payload):
    invoice: Invoice | None


@strawberry.type
class Mutation:
    @strawberry.mutation(description="Add an open task at the end of a matter.")
    def create_task(self, info: Info, input: CreateTaskInput) -> CreateTaskPayload:
        def rule(session: Session, viewer: Viewer) -> Base:
            return rules.create_task(
                session,
                viewer,
                _key(input.matter_id, "Matter", "matter_id"),
                title=input.title,
                assignee_id=None if input.assignee_id is None else _key(input.assignee_id, "User", "assignee_id"),
                priority=input.priority,
                due_at=input.due_at,
                tag_ids=[_key(tag_id, "Tag", "tag_ids") for tag_id in input.tag_ids],
            )

        task, errors = _change(info, rule)
        return CreateTaskPayload(task=task, errors=errors)

    @strawberry.mutation(description="Change a task.")
    def update_task(self, info: Info, input: UpdateTaskInput) -> UpdateTaskPayload:
        def rule(session: Session, viewer: Viewer) -> Base:
            task_id = _key(input.task_id, "Task", "task_id")
            return rules.update_task(session, viewer, task_id, **_changes(input))

        task, errors = _change(info, rule)
        return UpdateTaskPayload(task=task, errors=errors)

    @strawberry.mutation(description="Put a task at another place among its matter's.")
    def move_task(self, info: Info, input: MoveTaskInput) -> MoveTaskPayload:
        def rule(session: Session, viewer: Viewer) -> Base:
            return rules.move_task(session, viewer, _key(input.task_id, "Task", "task_id"), input.position)

        task, errors = _change(info, rule)
        return MoveTaskPayload(task=task, errors=errors)

    @strawberry.mutation(description="Say something about a task, as the viewer.")
    def add_comment(self, info: Info, input: AddCommentInput) -> AddCommentPayload:
        def rule(session: Session, viewer: Viewer) -> Base:
            return rules.add_comment(session, viewer, _key(input.task_id, "Task", "task_id"), body=input.body)

        comment, errors = _change(info, rule)
        return AddCommentPayload(comment=comment, errors=errors)

    @strawberry.mutation(description="Record the viewer's own work of one day on a matter.")
    def log_time(self, info: Info, input: LogTimeInput) -> LogTimePayload:
        def rule(session: Session, viewer: Viewer) -> Base:
            return rules.log_time(
                session,
                viewer,
                _key(input.matter_id, "Matter", "matter_id"),
                minutes=input.minutes,
                worked_on=input.worked_on,
                note=input.note,
                billable=input.billable,
            )

        time_entry, errors = _change(info, rule)
        return LogTimePayload(time_entry=time_entry, errors=errors)

    @strawberry.mutation(description="Store the next version of a document, by the viewer.")
    def add_document_version(self, info: Info, input: AddDocumentVersionInput) -> AddDocumentVersionPayload:
        def rule(session: Session, viewer: Viewer) -> Base:
            return rules.add_document_version(
                session,
                viewer,
                _key(input.document_id, "Document", "document_id"),
                checksum=input.checksum,
                size_bytes=input.size_bytes,
            )

        version, errors = _change(info, rule)
        return AddDocumentVersionPayload(version=version, errors=errors)

    @strawberry.mutation(description="Mark one of the viewer's notifications as read; the first time counts.")
    def mark_notification_read(self, info: Info, input: MarkNotificationReadInput) -> MarkNotificationReadPayload:
        def rule(session: Session, viewer: Viewer) -> Base:
            notification_id = _key(input.notification_id, "Notification", "notification_id")
            return rules.mark_notification_read(session, viewer, notification_id)

        notification, errors = _change(info, rule)
        return MarkNotificationReadPayload(notification=notification, errors=errors)

    @strawberry.mutation(description="Send a draft to the client; after that it stays as it is.")
    def send_invoice(self, info: Info, input: SendInvoiceInput) -> SendInvoicePayload:
        def rule(session: Session, viewer: Viewer) -> Base:
            return rules.send_invoice(session, viewer, _key(input.invoice_id, "Invoice", "invoice_id"))

        invoice, errors = _change(info, rule)
        return SendInvoicePayload(invoice=invoice, errors=errors)


def _change(info: Info, rule: Rule) -> tuple[Any, list[UserError]]:
    """The row that a rule changed, or why it did not, in one transaction. Raises Unauthenticated without a viewer.

    The row is Any because the layer reads it again as the GraphQL type that the payload declares.
    """
    viewer = cast("Viewer | None", info.context.viewer)
    if viewer is None:
        raise bff.Unauthenticated("sign in at /auth/sign-in, and send the token as a cookie or as a bearer token")
    try:
        with info.context.writing() as session:
            return rule(session, viewer), []
    except Refusal as refusal:
        path = None if refusal.field is None else ["input", to_camel_case(refusal.field)]
        return None, [UserError(code=refusal.code, message=refusal.message, field=path)]


def _key(value: strawberry.ID, type_name: str, field: str) -> int:
    """The primary key that an id is. What cannot be one leads to nothing, as any other id may."""
    if not _KEY.fullmatch(value):
        raise Refusal(RefusalCode.NOT_FOUND, f"there is no {type_name} {value[:20]}", field)
    return int(value)


def _changes(input: UpdateTaskInput) -> rules.TaskChanges:
    """What an input changes, under the names of the rule. Refuses null where a task must have a value."""
    changes: rules.TaskChanges = {}
    if input.title is not strawberry.UNSET:
        changes["title"] = _given(input.title, "title")
    if input.status is not strawberry.UNSET:
        changes["status"] = _given(input.status, "status")
    if input.priority is not strawberry.UNSET:
        changes["priority"] = _given(input.priority, "priority")
    if input.due_at is not strawberry.UNSET:
        changes["due_at"] = input.due_at
    if input.assignee_id is not strawberry.UNSET:
        assignee_id = input.assignee_id
        changes["assignee_id"] = None if assignee_id is None else _key(assignee_id, "User", "assignee_id")
    if input.tag_ids is not strawberry.UNSET:
        changes["tag_ids"] = [_key(tag_id, "Tag", "tag_ids") for tag_id in _given(input.tag_ids, "tag_ids")]
    return changes


def _given(value: T | None, field: str) -> T:
    if value is None:
        raise Refusal(RefusalCode.BAD_USER_INPUT, f"{field} cannot be null; leave it out to keep it", field)
    return value
