"""The reading half of the REST API."""

from __future__ import annotations

from sqlalchemy import Select, select

from app.models import (
    Client,
    Comment,
    Contact,
    Document,
    DocumentVersion,
    Event,
    Invoice,
    InvoiceStatus,
    Matter,
    MatterMember,
    MatterStatus,
    Notification,
    Organization,
    Tag,
    Task,
    TaskStatus,
    TaskTag,
    TimeEntry,
    User,
)
from app.rest.api import blueprint, listed, session, viewer
from app.rest.arguments import (
    choices_argument,
    flag_argument,
    id_argument,
    instant_argument,
    integer_argument,
    text_argument,
)
from app.rest.rows import Json, JsonValue, shown
from app.rules import find


@blueprint.get("/viewer")
def get_viewer() -> Json:
    me = viewer()
    return {"user_id": me.user_id, "organization_id": me.organization_id, "role": me.role}


@blueprint.get("/organizations/<key:organization_id>")
def get_organization(organization_id: int) -> Json:
    return shown(find(session(), Organization, organization_id))


@blueprint.get("/users")
def get_users() -> Json:
    return listed(select(User).order_by(User.name, User.id))


@blueprint.get("/users/<key:user_id>")
def get_user(user_id: int) -> Json:
    return shown(find(session(), User, user_id))


@blueprint.get("/users/<key:user_id>/tasks")
def get_user_tasks(user_id: int) -> Json:
    user = find(session(), User, user_id)
    return listed(_tasks().where(Task.assignee_id == user.id))


@blueprint.get("/users/<key:user_id>/matters")
def get_user_matters(user_id: int) -> Json:
    """The matters that the user leads."""
    user = find(session(), User, user_id)
    return listed(_matters().where(Matter.lead_id == user.id))


@blueprint.get("/clients")
def get_clients() -> Json:
    return listed(select(Client).order_by(Client.name, Client.id))


@blueprint.get("/clients/<key:client_id>")
def get_client(client_id: int) -> Json:
    return shown(find(session(), Client, client_id))


@blueprint.get("/clients/<key:client_id>/contacts")
def get_client_contacts(client_id: int) -> Json:
    client = find(session(), Client, client_id)
    return listed(select(Contact).where(Contact.client_id == client.id).order_by(Contact.name, Contact.id))


@blueprint.get("/clients/<key:client_id>/matters")
def get_client_matters(client_id: int) -> Json:
    client = find(session(), Client, client_id)
    return listed(_matters().where(Matter.client_id == client.id))


@blueprint.get("/clients/<key:client_id>/invoices")
def get_client_invoices(client_id: int) -> Json:
    client = find(session(), Client, client_id)
    return listed(_invoices().where(Invoice.client_id == client.id))


@blueprint.get("/contacts/<key:contact_id>")
def get_contact(contact_id: int) -> Json:
    return shown(find(session(), Contact, contact_id))


@blueprint.get("/matters")
def get_matters() -> Json:
    return listed(_matters())


@blueprint.get("/matters/<key:matter_id>")
def get_matter(matter_id: int) -> Json:
    return shown(find(session(), Matter, matter_id))


@blueprint.get("/matters/<key:matter_id>/members")
def get_matter_members(matter_id: int) -> Json:
    matter = find(session(), Matter, matter_id)
    members = select(MatterMember).where(MatterMember.matter_id == matter.id)
    return listed(members.order_by(MatterMember.role, MatterMember.user_id))


@blueprint.get("/matters/<key:matter_id>/tasks")
def get_matter_tasks(matter_id: int) -> Json:
    matter = find(session(), Matter, matter_id)
    return listed(select(Task).where(Task.matter_id == matter.id).order_by(Task.position, Task.id))


@blueprint.get("/matters/<key:matter_id>/documents")
def get_matter_documents(matter_id: int) -> Json:
    matter = find(session(), Matter, matter_id)
    documents = select(Document).where(Document.matter_id == matter.id)
    return listed(documents.order_by(Document.title, Document.id))


@blueprint.get("/matters/<key:matter_id>/time_entries")
def get_matter_time_entries(matter_id: int) -> Json:
    matter = find(session(), Matter, matter_id)
    entries = select(TimeEntry).where(TimeEntry.matter_id == matter.id)
    return listed(entries.order_by(TimeEntry.worked_on, TimeEntry.id))


@blueprint.get("/matters/<key:matter_id>/invoices")
def get_matter_invoices(matter_id: int) -> Json:
    matter = find(session(), Matter, matter_id)
    invoices = select(Invoice).where(Invoice.matter_id == matter.id)
    return listed(invoices.order_by(Invoice.issued_on, Invoice.id))


@blueprint.get("/matters/<key:matter_id>/events")
def get_matter_events(matter_id: int) -> Json:
    matter = find(session(), Matter, matter_id)
    return listed(select(Event).where(Event.matter_id == matter.id).order_by(Event.starts_at, Event.id))


@blueprint.get("/tasks")
def get_tasks() -> Json:
    tasks = _tasks()
    if assignee_id := id_argument("assignee_id"):
        tasks = tasks.where(Task.assignee_id == assignee_id)
    if due_from := instant_argument("due_from"):
        tasks = tasks.where(Task.due_at >= due_from)
    if due_before := instant_argument("due_before"):
        tasks = tasks.where(Task.due_at < due_before)
    return listed(tasks)


@blueprint.get("/tasks/<key:task_id>")
def get_task(task_id: int) -> Json:
    return shown(find(session(), Task, task_id))


@blueprint.get("/tasks/<key:task_id>/tags")
def get_task_tags(task_id: int) -> Json:
    task = find(session(), Task, task_id)
    tags = select(Tag).join(TaskTag, TaskTag.tag_id == Tag.id).where(TaskTag.task_id == task.id)
    return listed(tags.order_by(Tag.name, Tag.id))


@blueprint.get("/tasks/<key:task_id>/comments")
def get_task_comments(task_id: int) -> Json:
    task = find(session(), Task, task_id)
    comments = select(Comment).where(Comment.task_id == task.id)
    return listed(comments.order_by(Comment.created_at, Comment.id))


@blueprint.get("/comments/<key:comment_id>")
def get_comment(comment_id: int) -> Json:
    return shown(find(session(), Comment, comment_id))


@blueprint.get("/tags")
def get_tags() -> Json:
    return listed(select(Tag).order_by(Tag.name, Tag.id))


@blueprint.get("/tags/<key:tag_id>")
def get_tag(tag_id: int) -> Json:
    return shown(find(session(), Tag, tag_id))


@blueprint.get("/documents/<key:document_id>")
def get_document(document_id: int) -> Json:
    return shown(find(session(), Document, document_id))


@blueprint.get("/documents/<key:document_id>/versions")
def get_document_versions(document_id: int) -> Json:
    document = find(session(), Document, document_id)
    versions = select(DocumentVersion).where(DocumentVersion.document_id == document.id)
    return listed(versions.order_by(DocumentVersion.number, DocumentVersion.id))


@blueprint.get("/time_entries")
def get_time_entries() -> Json:
    """The newest first; with ``unbilled=true`` only what no invoice covers yet."""
    entries = select(TimeEntry).order_by(TimeEntry.worked_on.desc(), TimeEntry.id.desc())
    return listed(entries.where(TimeEntry.is_unbilled()) if flag_argument("unbilled") else entries)


@blueprint.get("/time_entries/<key:entry_id>")
def get_time_entry(entry_id: int) -> Json:
    return shown(find(session(), TimeEntry, entry_id))


@blueprint.get("/invoices")
def get_invoices() -> Json:
    return listed(_invoices())


@blueprint.get("/invoices/<key:invoice_id>")
def get_invoice(invoice_id: int) -> Json:
    return shown(find(session(), Invoice, invoice_id))


@blueprint.get("/events")
def get_events() -> Json:
    """In the order in which they begin."""
    events = select(Event).order_by(Event.starts_at, Event.id)
    if starts_from := instant_argument("starts_from"):
        events = events.where(Event.starts_at >= starts_from)
    if starts_before := instant_argument("starts_before"):
        events = events.where(Event.starts_at < starts_before)
    return listed(events)


@blueprint.get("/events/<key:event_id>")
def get_event(event_id: int) -> Json:
    return shown(find(session(), Event, event_id))


@blueprint.get("/notifications")
def get_notifications() -> Json:
    """The viewer's own, the newest first."""
    own = select(Notification).where(Notification.user_id == viewer().user_id)
    if flag_argument("unread"):
        own = own.where(Notification.read_at.is_(None))
    return listed(own.order_by(Notification.created_at.desc(), Notification.id.desc()))


@blueprint.get("/search")
def search() -> Json:
    """Where ``q`` occurs, as ``{"type": ..., "id": ...}``: at most ``limit`` of each type."""
    text = text_argument("q")
    limit = integer_argument("limit", default=10, least=1, most=50)
    found = {
        "matter": select(Matter.id).where(
            Matter.title.icontains(text, autoescape=True) | Matter.reference.icontains(text, autoescape=True)
        ),
        "client": select(Client.id).where(Client.name.icontains(text, autoescape=True)),
        "document": select(Document.id).where(Document.title.icontains(text, autoescape=True)),
        "user": select(User.id).where(User.name.icontains(text, autoescape=True)),
        "task": select(Task.id).where(Task.title.icontains(text, autoescape=True)),
    }
    items: list[JsonValue] = [
        {"type": name, "id": key}
        for name, keys in found.items()
        for key in session().scalars(keys.order_by(keys.selected_columns.id).limit(limit))
    ]
    return {"items": items}


def _matters() -> Select[Matter]:
    """Matters of the asked ``status``, the newest first."""
    status = choices_argument("status", MatterStatus)
    return select(Matter).where(Matter.status.in_(status)).order_by(Matter.opened_at.desc(), Matter.id.desc())


def _tasks() -> Select[Task]:
    """Tasks of the asked ``status``, the most pressing first."""
    status = choices_argument("status", TaskStatus)
    return select(Task).where(Task.status.in_(status)).order_by(Task.due_at, Task.id)


def _invoices() -> Select[Invoice]:
    """Invoices of the asked ``status``, the newest first."""
    status = choices_argument("status", InvoiceStatus)
    return select(Invoice).where(Invoice.status.in_(status)).order_by(Invoice.issued_on.desc(), Invoice.id.desc())
