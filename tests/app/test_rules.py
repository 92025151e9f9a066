"""The business rules, called as the mutations call them: a policed session, a viewer, and a transaction around."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import Engine, create_engine, func, select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from app import rules
from app.auth import Viewer
from app.models import Document, DocumentVersion, Invoice, Matter, Notification, Tag, Task, TimeEntry, User
from app.rules import Refusal, RefusalCode
from bff import Bff

OWNER = Viewer(1, 1, "owner")
GUEST = Viewer(99, 1, "guest")
CHECKSUM = "0123456789abcdef" * 4


@pytest.fixture
def session(engine: Engine, layer: Bff) -> Iterator[Session]:
    """A session of user 1, whose changes are undone."""
    with Session(engine) as session:
        yield layer.police(session, OWNER)


@pytest.fixture
def fresh(fresh_database_url: str) -> Iterator[Engine]:
    engine = create_engine(fresh_database_url)
    yield engine
    engine.dispose()


def refusal(code: RefusalCode, rule: Callable[..., object], *arguments: Any, **keywords: Any) -> Refusal:
    with pytest.raises(Refusal) as caught:
        rule(*arguments, **keywords)
    assert caught.value.code == code, caught.value.message
    return caught.value


def titles(session: Session, matter_id: int) -> list[str]:
    return list(session.scalars(select(Task.title).where(Task.matter_id == matter_id).order_by(Task.position, Task.id)))


def positions(session: Session, matter_id: int) -> list[int]:
    return list(session.scalars(select(Task.position).where(Task.matter_id == matter_id).order_by(Task.position)))


# Tasks


def test_a_new_task_is_open_and_last(session: Session) -> None:
    tags = session.scalars(select(Tag.id).order_by(Tag.name.desc()).limit(2)).all()
    due = datetime(2030, 1, 2, 3, 4, tzinfo=UTC)
    task = rules.create_task(
        session, OWNER, 1, title="  File it ", assignee_id=3, priority=1, due_at=due, tag_ids=[*tags, tags[0]]
    )
    assert (task.title, task.status, task.priority, task.position) == ("File it", "open", 1, 20)
    assert (task.assignee_id, task.due_at) == (3, due)
    session.refresh(task)
    assert [tag.id for tag in task.tags] == [tags[1], tags[0]]
    assert rules.create_task(session, OWNER, 1, title="And then").position == 21


def test_a_task_changes_only_in_what_is_given(session: Session) -> None:
    task = session.get_one(Task, 1)
    before = (task.title, task.due_at, task.assignee_id, task.position, [tag.id for tag in task.tags])
    updated_at = task.updated_at
    assert rules.update_task(session, OWNER, 1, status="doing", priority=4) is task
    after = (task.title, task.due_at, task.assignee_id, task.position, [tag.id for tag in task.tags])
    assert (task.status, task.priority) == ("doing", 4)
    assert after == before
    assert task.updated_at > updated_at


def test_a_task_can_be_cleared(session: Session) -> None:
    task = rules.update_task(session, OWNER, 1, due_at=None, assignee_id=None, tag_ids=[])
    session.refresh(task)
    assert (task.due_at, task.assignee, task.tags) == (None, None, [])


def test_a_task_that_is_given_nothing_stays(session: Session) -> None:
    updated_at = session.get_one(Task, 1).updated_at
    assert rules.update_task(session, OWNER, 1).updated_at == updated_at


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": " \t"}, "title"),
        ({"title": "x" * 201}, "title"),
        ({"title": "nul\x00"}, "title"),
        ({"title": "half \ud800"}, "title"),
        ({"status": "finished"}, "status"),
        ({"status": "DONE"}, "status"),
        ({"priority": 0}, "priority"),
        ({"priority": 5}, "priority"),
        ({"due_at": datetime(2030, 1, 1)}, "due_at"),  # noqa: DTZ001
        ({"due_at": datetime.fromisoformat("0001-01-01T00:00:00+14:00")}, "due_at"),
        ({"due_at": datetime.fromisoformat("9999-12-31T23:59:59-14:00")}, "due_at"),
        ({"tag_ids": list(range(1, 100))}, "tag_ids"),
    ],
)
def test_values_that_a_task_does_not_take_are_refused(session: Session, changes: dict[str, Any], field: str) -> None:
    assert refusal(RefusalCode.BAD_USER_INPUT, rules.update_task, session, OWNER, 1, **changes).field == field


def test_a_closed_matter_takes_no_new_work(session: Session) -> None:
    session.execute(update(Matter).where(Matter.id == 1).values(status="closed"))
    refused = refusal(RefusalCode.CONFLICT, rules.create_task, session, OWNER, 1, title="Late")
    assert refused.field == "matter_id"
    today = datetime.now(UTC).date()
    refusal(RefusalCode.CONFLICT, rules.log_time, session, OWNER, 1, minutes=6, worked_on=today, note="Late")


# Moving


@pytest.mark.parametrize(
    ("start", "to", "lands"), [(3, 7, 7), (7, 3, 3), (0, 19, 19), (19, 0, 0), (5, 5, 5), (2, 99, 19)]
)
def test_a_move_puts_the_task_there_and_keeps_the_others_in_order(
    session: Session, start: int, to: int, lands: int
) -> None:
    before = list(session.scalars(select(Task.id).where(Task.matter_id == 1).order_by(Task.position, Task.id)))
    task = rules.move_task(session, OWNER, before[start], to)
    assert task.position == lands
    expected = [task_id for task_id in before if task_id != task.id]
    expected.insert(lands, task.id)
    session.expire_all()
    assert list(session.scalars(select(Task.id).where(Task.matter_id == 1).order_by(Task.position))) == expected
    assert positions(session, 1) == list(range(20))


def test_a_move_mends_positions_with_gaps_and_doubles(session: Session) -> None:
    session.execute(update(Task).where(Task.matter_id == 1).values(position=Task.id / 3 * 10))
    in_order = list(session.scalars(select(Task.id).where(Task.matter_id == 1).order_by(Task.position, Task.id)))
    rules.move_task(session, OWNER, in_order[4], 1)
    in_order.insert(1, in_order.pop(4))
    session.expire_all()
    assert list(session.scalars(select(Task.id).where(Task.matter_id == 1).order_by(Task.position))) == in_order
    assert positions(session, 1) == list(range(20))


def test_a_move_leaves_other_matters_alone(session: Session) -> None:
    before = titles(session, 3)
    rules.move_task(session, OWNER, 1, 10)
    session.expire_all()
    assert titles(session, 3) == before
    assert positions(session, 3) == list(range(20))


def test_a_move_to_before_the_first_is_refused(session: Session) -> None:
    assert refusal(RefusalCode.BAD_USER_INPUT, rules.move_task, session, OWNER, 1, -1).field == "position"


@pytest.mark.slow
def test_movers_of_one_matter_wait_for_each_other(fresh: Engine, layer: Bff) -> None:
    with Session(fresh) as first, Session(fresh) as second:
        rules.move_task(layer.police(first, OWNER), OWNER, 1, 10)
        second.execute(text("set local lock_timeout = '20ms'"))
        with pytest.raises(OperationalError, match="lock timeout"):
            rules.move_task(layer.police(second, OWNER), OWNER, 2, 12)


@pytest.mark.slow
def test_many_moves_at_once_leave_positions_without_gaps(fresh: Engine, layer: Bff) -> None:
    def move(task_id: int) -> None:
        with Session(fresh) as session:
            rules.move_task(layer.police(session, OWNER), OWNER, task_id, (task_id * 7) % 20)
            session.commit()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(move, range(1, 13)))
    with Session(fresh) as session:
        assert positions(session, 1) == list(range(20))


# Comments, time, versions


def test_a_comment_is_the_viewers(session: Session) -> None:
    comment = rules.add_comment(session, OWNER, 1, body="Seen.\n\nThanks ✓")
    assert (comment.task_id, comment.author_id, comment.body) == (1, 1, "Seen.\n\nThanks ✓")
    assert abs(comment.created_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert refusal(RefusalCode.BAD_USER_INPUT, rules.add_comment, session, OWNER, 1, body="  ").field == "body"
    refusal(RefusalCode.BAD_USER_INPUT, rules.add_comment, session, OWNER, 1, body="x" * 10_001)


def test_time_is_logged_for_the_viewer(session: Session) -> None:
    today = datetime.now(UTC).date()
    entry = rules.log_time(session, OWNER, 1, minutes=90, worked_on=today, note="Call", billable=False)
    stored = session.get_one(TimeEntry, entry.id, populate_existing=True)
    assert (stored.matter_id, stored.user_id, stored.minutes, stored.billable) == (1, 1, 90, False)
    assert (stored.worked_on, stored.note) == (today, "Call")


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"minutes": 0}, "minutes"),
        ({"minutes": -6}, "minutes"),
        ({"minutes": 1441}, "minutes"),
        ({"worked_on": date(9999, 1, 1)}, "worked_on"),
        ({"note": ""}, "note"),
    ],
)
def test_time_that_nobody_can_have_worked_is_refused(session: Session, wrong: dict[str, Any], field: str) -> None:
    good = {"minutes": 6, "worked_on": date(2025, 1, 1), "note": "Call"}
    refused = refusal(RefusalCode.BAD_USER_INPUT, rules.log_time, session, OWNER, 1, **{**good, **wrong})
    assert refused.field == field


def test_a_version_takes_the_next_number(session: Session) -> None:
    version = rules.add_document_version(session, OWNER, 1, checksum=CHECKSUM, size_bytes=12)
    assert (version.document_id, version.author_id, version.number) == (1, 1, 4)
    document = session.get_one(Document, 1)
    assert document.size_bytes == 12
    assert abs(document.updated_at - datetime.now(UTC)) < timedelta(minutes=1)
    assert rules.add_document_version(session, OWNER, 1, checksum=CHECKSUM).number == 5
    assert document.size_bytes == 12


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"checksum": "abc"}, "checksum"),
        ({"checksum": CHECKSUM.upper()}, "checksum"),
        ({"checksum": CHECKSUM + "\n"}, "checksum"),
        ({"size_bytes": -1}, "size_bytes"),
        ({"size_bytes": 2**63}, "size_bytes"),
    ],
)
def test_versions_that_cannot_be_are_refused(session: Session, wrong: dict[str, Any], field: str) -> None:
    good: dict[str, Any] = {"checksum": CHECKSUM}
    refused = refusal(RefusalCode.BAD_USER_INPUT, rules.add_document_version, session, OWNER, 1, **good | wrong)
    assert refused.field == field


@pytest.mark.slow
def test_versions_stored_at_once_get_numbers_of_their_own(fresh: Engine, layer: Bff) -> None:
    def store(_: int) -> int:
        with Session(fresh) as session:
            version = rules.add_document_version(layer.police(session, OWNER), OWNER, 1, checksum=CHECKSUM)
            session.commit()
            return version.number

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(store, range(12))) == list(range(4, 16))
    with Session(fresh) as session:
        assert session.scalar(select(func.count()).where(DocumentVersion.document_id == 1)) == 15


def test_tasks_created_at_once_get_positions_of_their_own(fresh: Engine, layer: Bff) -> None:
    def create(number: int) -> None:
        with Session(fresh) as session:
            rules.create_task(layer.police(session, OWNER), OWNER, 1, title=f"Task {number}")
            session.commit()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(create, range(8)))
    with Session(fresh) as session:
        assert positions(session, 1) == list(range(28))


# Notifications and invoices


def test_a_notification_is_read_once_and_by_its_own_user(session: Session, engine: Engine) -> None:
    mine = select(Notification.id).where(Notification.user_id == 1, Notification.read_at.is_(None)).limit(1)
    notification = rules.mark_notification_read(session, OWNER, session.scalars(mine).one())
    first = notification.read_at
    assert first is not None
    assert rules.mark_notification_read(session, OWNER, notification.id).read_at == first
    with Session(engine) as unpoliced:
        colleague = unpoliced.scalars(select(Notification.id).where(Notification.user_id == 3).limit(1)).one()
        # Refused by the rule itself, also where no policy hides it.
        refusal(RefusalCode.NOT_FOUND, rules.mark_notification_read, unpoliced, OWNER, colleague)


@pytest.mark.parametrize("status", ["sent", "paid", "void"])
def test_only_a_draft_can_be_sent(session: Session, status: str) -> None:
    invoice = session.get_one(Invoice, 1)
    session.execute(update(Invoice).where(Invoice.id == 1).values(status=status))
    refused = refusal(RefusalCode.CONFLICT, rules.send_invoice, session, OWNER, 1)
    assert refused.message == f"invoice {invoice.number} is {status}; only a draft can be sent"
    session.execute(update(Invoice).where(Invoice.id == 1).values(status="draft"))
    assert rules.send_invoice(session, OWNER, 1).status == "sent"


def test_of_two_who_send_one_invoice_the_second_waits_and_is_refused(fresh: Engine, layer: Bff) -> None:
    with Session(fresh) as session:
        draft = session.scalars(select(Invoice.id).where(Invoice.status == "draft").order_by(Invoice.id)).first()
        organization = session.scalar(select(Matter.organization_id).join(Invoice).where(Invoice.id == draft))
        assert draft is not None
        assert organization is not None
    viewer = Viewer(organization, organization, "owner")

    def send(_: int) -> str:
        with Session(fresh) as session:
            try:
                rules.send_invoice(layer.police(session, viewer), viewer, draft)
            except Refusal as refused:
                return refused.code
            session.commit()
            return "sent"

    with ThreadPoolExecutor(2) as threads:
        assert sorted(threads.map(send, range(2))) == ["CONFLICT", "sent"]


# Who may


def test_a_guest_comments_and_changes_nothing_else(engine: Engine, layer: Bff) -> None:
    today = datetime.now(UTC).date()
    with Session(engine) as session:
        layer.police(session, GUEST)
        assert session.get_one(User, GUEST.user_id).role == "guest"
        assert rules.add_comment(session, GUEST, 1, body="As the expert:").author_id == GUEST.user_id
        own = session.scalars(select(Notification.id).where(Notification.user_id == GUEST.user_id).limit(1)).one()
        assert rules.mark_notification_read(session, GUEST, own).read_at is not None
        forbidden: list[tuple[Callable[..., object], tuple[Any, ...], dict[str, Any]]] = [
            (rules.create_task, (1,), {"title": "No"}),
            (rules.update_task, (1,), {"title": "No"}),
            (rules.move_task, (1, 0), {}),
            (rules.log_time, (1,), {"minutes": 6, "worked_on": today, "note": "No"}),
            (rules.add_document_version, (1,), {"checksum": CHECKSUM}),
            (rules.send_invoice, (1,), {}),
        ]
        for rule, arguments, keywords in forbidden:
            refused = refusal(RefusalCode.FORBIDDEN, rule, session, GUEST, *arguments, **keywords)
            assert refused.message.startswith("a guest cannot ")


# Rows of another organization: matter 2, task 21, document 13, user 2, tag 2, invoice 4 are organization 2's


@pytest.mark.parametrize("missing", [False, True])
@pytest.mark.parametrize(
    ("rule", "key", "keywords", "field"),
    [
        (rules.create_task, 2, {"title": "x"}, "matter_id"),
        (rules.update_task, 21, {"title": "x"}, "task_id"),
        (rules.move_task, 21, {"position": 0}, "task_id"),
        (rules.add_comment, 21, {"body": "x"}, "task_id"),
        (rules.log_time, 2, {"minutes": 6, "worked_on": date(2025, 1, 1), "note": "x"}, "matter_id"),
        (rules.add_document_version, 13, {"checksum": CHECKSUM}, "document_id"),
        (rules.send_invoice, 4, {}, "invoice_id"),
    ],
)
def test_what_another_organization_has_does_not_exist(
    session: Session, rule: Callable[..., object], key: int, keywords: dict[str, Any], field: str, missing: bool
) -> None:
    key = 10**6 if missing else key
    refused = refusal(RefusalCode.NOT_FOUND, rule, session, OWNER, key, **keywords)
    assert refused.field == field
    assert refused.message == f"there is no {refused.message.split()[3]} {key}"


@pytest.mark.parametrize("key", [2, 10**6, 0, -1, 2**63, 2**100])
def test_people_and_tags_of_another_organization_do_not_exist_either(session: Session, key: int) -> None:
    for changes in ({"assignee_id": key}, {"tag_ids": [1, key]}):
        [field] = changes
        for rule, target in ((rules.update_task, 1), (rules.create_task, 1)):
            wanted: dict[str, Any] = {"title": "x", **changes}
            refused = refusal(RefusalCode.NOT_FOUND, rule, session, OWNER, target, **wanted)
            assert (refused.field, refused.message.split()[-1]) == (field, str(key))
