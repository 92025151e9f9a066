"""The writing half of the REST API; what may be written, `app.rules` decides."""

from __future__ import annotations

from app import rules
from app.rest.api import blueprint, committed, session, viewer
from app.rest.arguments import Body
from app.rest.rows import Json


@blueprint.post("/matters/<key:matter_id>/tasks")
def post_matter_task(matter_id: int) -> tuple[Json, int]:
    body = Body("title", "assignee_id", "priority", "due_at", "tag_ids")
    task = rules.create_task(
        session(),
        viewer(),
        matter_id,
        title=body.text("title"),
        assignee_id=body.integer_or_null("assignee_id"),
        priority=body.integer("priority") if "priority" in body else rules.DEFAULT_PRIORITY,
        due_at=body.instant_or_null("due_at"),
        tag_ids=body.integers("tag_ids") if "tag_ids" in body else (),
    )
    return committed(task), 201


@blueprint.patch("/tasks/<key:task_id>")
def patch_task(task_id: int) -> Json:
    """Change the fields that the body has; ``position`` moves the task among its matter's."""
    body = Body("title", "status", "priority", "due_at", "assignee_id", "tag_ids", "position")
    changes: rules.TaskChanges = {}
    if "title" in body:
        changes["title"] = body.text("title")
    if "status" in body:
        changes["status"] = body.text("status")
    if "priority" in body:
        changes["priority"] = body.integer("priority")
    if "due_at" in body:
        changes["due_at"] = body.instant_or_null("due_at")
    if "assignee_id" in body:
        changes["assignee_id"] = body.integer_or_null("assignee_id")
    if "tag_ids" in body:
        changes["tag_ids"] = body.integers("tag_ids")
    # The move first: it locks the matter before any of its tasks, as every move does.
    if "position" in body:
        rules.move_task(session(), viewer(), task_id, body.integer("position"))
    return committed(rules.update_task(session(), viewer(), task_id, **changes))


@blueprint.post("/tasks/<key:task_id>/comments")
def post_task_comment(task_id: int) -> tuple[Json, int]:
    body = Body("body")
    return committed(rules.add_comment(session(), viewer(), task_id, body=body.text("body"))), 201


@blueprint.post("/matters/<key:matter_id>/time_entries")
def post_matter_time_entry(matter_id: int) -> tuple[Json, int]:
    body = Body("minutes", "worked_on", "note", "billable")
    entry = rules.log_time(
        session(),
        viewer(),
        matter_id,
        minutes=body.integer("minutes"),
        worked_on=body.day("worked_on"),
        note=body.text("note"),
        billable=body.boolean("billable") if "billable" in body else True,
    )
    return committed(entry), 201


@blueprint.post("/documents/<key:document_id>/versions")
def post_document_version(document_id: int) -> tuple[Json, int]:
    body = Body("checksum", "size_bytes")
    version = rules.add_document_version(
        session(),
        viewer(),
        document_id,
        checksum=body.text("checksum"),
        size_bytes=body.integer_or_null("size_bytes"),
    )
    return committed(version), 201


@blueprint.post("/notifications/<key:notification_id>/read")
def post_notification_read(notification_id: int) -> Json:
    return committed(rules.mark_notification_read(session(), viewer(), notification_id))


@blueprint.post("/invoices/<key:invoice_id>/send")
def post_invoice_send(invoice_id: int) -> Json:
    return committed(rules.send_invoice(session(), viewer(), invoice_id))
