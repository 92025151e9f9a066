"""Writes to Briefcase, as the application and as anybody else makes them, at random.

A write is a function of its means; it takes a row that there is now, so that most of them do something. Nothing here knows what
is live.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import bff
from app import rules
from app.auth import Viewer

ROLES = ("owner", "admin", "member", "guest")


@dataclass
class Writer:
    """One who writes, with what chance and by what means; mostly to these matters, and `moment` lasts as long as a transaction
    stays open."""

    random: random.Random
    engine: Engine
    layer: bff.Bff
    matters: tuple[int, ...] = ()
    moment: Callable[[], None] = lambda: None

    def one(self, statement: str, **values: object) -> Any:
        """A value that a statement finds in a row at random, None where there is none."""
        with self.engine.connect() as connection:
            found = connection.execute(text(statement), values).scalars().all()
        return self.random.choice(sorted(found)) if found else None

    def viewer(self, of: int | None = None) -> Viewer:
        """Somebody who may write: of an organization, if one is given."""
        with self.engine.connect() as connection:
            rows = connection.execute(
                text(
                    "select id, organization_id, role from users where role <> 'guest'"
                    " and (cast(:of as bigint) is null or organization_id = :of) order by id"
                ),
                {"of": of},
            ).all()
        return Viewer(*self.random.choice(rows))

    def number(self) -> int:
        return self.random.randrange(1_000_000)


Write = Callable[[Writer], object]


# ---- the application's: mutations, and rules over sessions as REST has them


def _mutate(writer: Writer, viewer: Viewer, name: str, **input: object) -> None:
    result = writer.layer.execute(name, viewer=viewer, variables={"input": input})
    # Others may hold what it needs: then it failed, as requests do.
    assert result.data is not None or result.errors


def _task_of(writer: Writer, viewer: Viewer) -> Any:
    return writer.one(
        "select t.id from tasks t join matters m on m.id = t.matter_id where m.id = :id", id=_matter_of(writer, viewer)
    )


def _matter_of(writer: Writer, viewer: Viewer) -> Any:
    of = viewer.organization_id
    found = None
    if writer.random.random() < 0.6:
        found = writer.one(
            "select id from matters where organization_id = :of and id = any(:matters)",
            of=of,
            matters=list(writer.matters),
        )
    return found or writer.one("select id from matters where organization_id = :of", of=of)


def create_task(writer: Writer) -> None:
    viewer = writer.viewer()
    title = f"Task {writer.number()}"
    _mutate(writer, viewer, "CreateTask", matterId=str(_matter_of(writer, viewer)), title=title)


def update_task(writer: Writer) -> None:
    viewer = writer.viewer()
    due = datetime.now(UTC).replace(microsecond=0) + timedelta(days=writer.random.randint(-20, 20))
    change: dict[str, object] = writer.random.choice(
        [
            {"title": f"Title {writer.number()}"},
            {"status": writer.random.choice(["OPEN", "DOING", "DONE"])},
            {"priority": writer.random.randint(1, 4)},
            {"dueAt": due.isoformat()},
            {"assigneeId": str(writer.viewer(viewer.organization_id).user_id)},
            {"tagIds": [str(writer.one("select id from tags where organization_id = :of", of=viewer.organization_id))]},
        ]
    )
    _mutate(writer, viewer, "UpdateTask", taskId=str(_task_of(writer, viewer)), **change)


def move_task(writer: Writer) -> None:
    viewer = writer.viewer()
    _mutate(writer, viewer, "MoveTask", taskId=str(_task_of(writer, viewer)), position=writer.random.randrange(9))


def add_comment(writer: Writer) -> None:
    viewer = writer.viewer()
    _mutate(writer, viewer, "AddComment", taskId=str(_task_of(writer, viewer)), body=f"Comment {writer.number()}")


def log_time(writer: Writer) -> None:
    viewer = writer.viewer()
    day = datetime.now(UTC).date() - timedelta(days=writer.random.randrange(30))
    _mutate(
        writer,
        viewer,
        "LogTime",
        matterId=str(_matter_of(writer, viewer)),
        minutes=writer.random.randint(1, 200),
        workedOn=day.isoformat(),
        note="work",
        billable=writer.random.random() < 0.7,
    )


def add_document_version(writer: Writer) -> None:
    viewer = writer.viewer()
    document = writer.one(
        "select d.id from documents d join matters m on m.id = d.matter_id where m.organization_id = :of",
        of=viewer.organization_id,
    )
    checksum = f"{writer.number():064x}"
    _mutate(writer, viewer, "AddDocumentVersion", documentId=str(document), checksum=checksum)


def mark_notification_read(writer: Writer) -> None:
    id = writer.one("select id from notifications where read_at is null")
    user = writer.one("select user_id from notifications where id = :id", id=id)
    organization = writer.one("select organization_id from users where id = :id", id=user)
    if organization is not None:
        _mutate(writer, Viewer(user, organization, "member"), "MarkNotificationRead", notificationId=str(id))


def send_invoice(writer: Writer) -> None:
    viewer = writer.viewer()
    id = writer.one(
        "select i.id from invoices i join matters m on m.id = i.matter_id"
        " where i.status = 'draft' and m.organization_id = :of",
        of=viewer.organization_id,
    )
    _mutate(writer, viewer, "SendInvoice", invoiceId=str(id or 0))


def by_rest(writer: Writer) -> None:
    """Several changes of one session, in one transaction; a request that fails at its end leaves nothing."""
    viewer = writer.viewer()
    with writer.layer.police(Session(writer.engine), viewer) as session, suppress(rules.Refusal):
        for _ in range(writer.random.randint(1, 3)):
            task = _task_of(writer, viewer)
            match writer.random.randrange(4):
                case 0:
                    rules.update_task(session, viewer, task, title=f"REST {writer.number()}")
                case 1:
                    rules.add_comment(session, viewer, task, body=f"REST {writer.number()}")
                case 2:
                    rules.move_task(session, viewer, task, writer.random.randrange(5))
                case 3:
                    rules.create_task(session, viewer, _matter_of(writer, viewer), title=f"REST {writer.number()}")
        writer.moment()
        if writer.random.random() < 0.8:
            session.commit()


def _sql(*statements: str) -> Write:
    """Statements over rows at random, in one transaction: `:task`, `:matter` and so on are such rows, `:number` a number."""

    def write(writer: Writer) -> None:
        values = {name: _FOUND[name](writer) for name in _FOUND if any(f":{name}" in each for each in statements)}
        with writer.engine.begin() as connection:
            run(writer, connection, statements, values)

    return write


def run(writer: Writer, connection: Connection, statements: tuple[str, ...], values: dict[str, object]) -> None:
    for statement in statements:
        connection.execute(text(statement), {**values, "number": writer.number()})
    writer.moment()


def _any(table: str) -> Callable[[Writer], object]:
    def find(writer: Writer) -> object:
        found = None
        if writer.matters and table in _OF_MATTERS and writer.random.random() < 0.6:
            found = writer.one(
                f"select x.id from {table} x {_OF_MATTERS[table]} = any(:matters)", matters=list(writer.matters)
            )
        return writer.one(f"select id from {table}") if found is None else found

    return find


_OF_MATTERS = {
    "matters": "where x.id",
    **dict.fromkeys(("tasks", "documents", "invoices", "events", "notifications"), "where x.matter_id"),
    "comments": "join tasks t on t.id = x.task_id where t.matter_id",
}
"""Where rows of tables say that they are of a matter."""


_FOUND: dict[str, Callable[[Writer], object]] = {
    "task": _any("tasks"),
    "matter": _any("matters"),
    "other_matter": _any("matters"),
    "user": _any("users"),
    "other_user": _any("users"),
    "organization": _any("organizations"),
    "document": _any("documents"),
    "comment": _any("comments"),
    "notification": _any("notifications"),
    "invoice": _any("invoices"),
    "event": _any("events"),
    "tag": _any("tags"),
    "client": _any("clients"),
    "contact": _any("contacts"),
}

_SAME = (
    "(select a.id from matters a, matters b, tasks t where t.id = :task and b.id = t.matter_id"
    " and a.organization_id = b.organization_id order by (a.id + :number) % 97, a.id limit 1)"
)

APPLICATION: dict[str, Write] = {
    "create task": create_task,
    "update task": update_task,
    "move task": move_task,
    "add comment": add_comment,
    "log time": log_time,
    "add document version": add_document_version,
    "mark notification read": mark_notification_read,
    "send invoice": send_invoice,
    "REST": by_rest,
    "user was seen": _sql("update users set last_seen_at = clock_timestamp() where id = :user"),
    "matter renamed": _sql("update matters set title = 'Matter ' || :number where id = :matter"),
    "matter's status": _sql(
        "update matters set status = (array['open', 'on_hold', 'closed'])[1 + :number % 3] where id = :matter"
    ),
    "document renamed": _sql("update documents set title = 'Document ' || :number where id = :document"),
    "notification made": _sql(
        "insert into notifications (user_id, matter_id, kind, body) values (:user, :matter, 'note', 'n' || :number)"
    ),
    "event moved": _sql(
        "update events set starts_at = starts_at + interval '1 day', ends_at = ends_at + interval '1 day' where id = :event"
    ),
    "event made": _sql(
        "insert into events (matter_id, title, starts_at, ends_at)"
        " values (:matter, 'e' || :number, now() + interval '1 day', now() + interval '2 days')"
    ),
    "member added": _sql(
        "insert into matter_members (matter_id, user_id, role) values (:matter, :user, 'member') on conflict do nothing"
    ),
    "task moves to another matter": _sql(f"update tasks set matter_id = {_SAME} where id = :task"),
    "tag renamed": _sql("update tags set name = 'tag ' || :number where id = :tag"),
    "user renamed": _sql("update users set name = 'User ' || :number where id = :user"),
    "client renamed": _sql("update clients set name = 'Client ' || :number where id = :client"),
    "invoice paid": _sql("update invoices set status = 'paid' where id = :invoice"),
}
"""What users do all day, each one transaction."""

_DELETE_TASK = (
    "delete from comments where task_id = :task",
    "delete from task_tags where task_id = :task",
    "delete from tasks where id = :task",
)

ANYBODY: tuple[Write, ...] = (
    *[APPLICATION[name] for name in APPLICATION],
    _sql("update tasks set status = 'done', updated_at = now() where matter_id = :matter"),
    _sql("update tasks set priority = 1 + priority % 4 where id % 13 = :number % 13"),
    _sql("update tasks set title = title where matter_id = :matter"),
    _sql("update tasks set title = title || '!' where id = :task", "update tasks set position = 99 where id = :task"),
    _sql(*_DELETE_TASK),
    _sql("savepoint one", *_DELETE_TASK, "rollback to savepoint one", "update tasks set priority = 4 where id = :task"),
    _sql("savepoint one", "update tasks set title = 'saved' where id = :task", "release savepoint one"),
    _sql("delete from document_versions where document_id = :document", "delete from documents where id = :document"),
    _sql("delete from comments where id = :comment"),
    _sql("update comments set body = 'edited' where id = :comment"),
    _sql("update comments set task_id = :task where id = :comment"),
    _sql("insert into comments (task_id, author_id, body) select :task, :user, n::text from generate_series(1, 5) n"),
    _sql("delete from notifications where id = :notification"),
    _sql("update notifications set user_id = :user where id = :notification"),
    _sql("update notifications set read_at = now() where user_id = :user"),
    _sql(
        "insert into notifications (user_id, kind, body) select id, 'all', 'x' from users where organization_id = :organization"
    ),
    _sql("delete from events where id = :event"),
    _sql("delete from time_entries where matter_id = :matter"),
    _sql("update tasks set matter_id = :other_matter where id = :task"),
    _sql("update tasks set matter_id = :other_matter where matter_id = :matter and id % 3 = 0"),
    _sql("insert into task_tags (task_id, tag_id) values (:task, :tag) on conflict do nothing"),
    _sql("delete from task_tags where task_id = :task"),
    _sql("delete from task_tags where tag_id = :tag", "delete from tags where id = :tag"),
    _sql("update tags set color = '#' || :number where id = :tag"),
    _sql("delete from matter_members where matter_id = :matter and user_id = :user"),
    _sql("update matter_members set role = 'reviewer' where matter_id = :matter and role = 'member'"),
    _sql("update matters set lead_id = :user where id = :matter"),
    _sql("update matters set client_id = :client where id = :matter"),
    _sql("update documents set matter_id = :matter, uploader_id = :user where id = :document"),
    _sql("update contacts set client_id = :client where id = :contact"),
    _sql("update organizations set name = 'Organization ' || :number where id = :organization"),
)
"""What may come from anywhere: programs beside, and whoever sits at psql."""

SELDOM: tuple[Write, ...] = (
    _sql("truncate task_tags"),
    _sql("truncate comments"),
    _sql("truncate notifications"),
    _sql("update matters set organization_id = :organization where id = :matter"),
    _sql("update users set organization_id = :organization where id = :user"),
    _sql("update users set role = (array['owner', 'admin', 'member', 'guest'])[1 + :number % 4] where id = :user"),
    _sql("update clients set organization_id = :organization where id = :client"),
    _sql("update tags set organization_id = :organization where id = :tag"),
)


def anything(writer: Writer) -> None:
    """A write of any kind, seldom one that is rare; what the database refuses is not done."""
    write = writer.random.choice(SELDOM if writer.random.random() < 0.08 else ANYBODY)
    with suppress(DBAPIError):
        write(writer)


def open_for_long(writer: Writer) -> None:
    """A transaction of several writes that stays open meanwhile, and may be undone."""
    with suppress(DBAPIError), writer.engine.connect() as connection, connection.begin() as transaction:
        values: dict[str, object] = {name: _FOUND[name](writer) for name in ("task", "matter", "user", "notification")}
        for statement in writer.random.sample(
            [
                "update tasks set title = 'open ' || :number where id = :task",
                "insert into comments (task_id, author_id, body) values (:task, :user, 'open ' || :number)",
                "update matters set title = 'open ' || :number where id = :matter",
                "update notifications set body = 'open ' || :number where id = :notification",
                "insert into notifications (user_id, kind, body) values (:user, 'open', 'open ' || :number)",
            ],
            2,
        ):
            run(writer, connection, (statement,), values)
        if writer.random.random() < 0.3:
            transaction.rollback()
