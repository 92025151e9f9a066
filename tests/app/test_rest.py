"""The legacy REST API over a real database: shapes, errors, tenants, and what writing does."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import Engine, func, select, text
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from app.models import (
    Base,
    Client,
    Comment,
    Contact,
    Document,
    Event,
    Invoice,
    Matter,
    Notification,
    Organization,
    Tag,
    Task,
    TimeEntry,
    User,
)

ClientOf = Callable[[Flask, int], FlaskClient]

CHECKSUM = "0123456789abcdef" * 4
MISSING = 10**6

# The model that each argument in an address is the id of.
KEYS: dict[str, type[Base]] = {
    "organization_id": Organization,
    "user_id": User,
    "client_id": Client,
    "contact_id": Contact,
    "matter_id": Matter,
    "task_id": Task,
    "comment_id": Comment,
    "tag_id": Tag,
    "document_id": Document,
    "entry_id": TimeEntry,
    "invoice_id": Invoice,
    "event_id": Event,
    "notification_id": Notification,
}

# A body that each writing address takes.
BODIES: dict[str, dict[str, Any]] = {
    "rest.post_matter_task": {"title": "x"},
    "rest.patch_task": {"title": "x"},
    "rest.post_task_comment": {"body": "x"},
    "rest.post_matter_time_entry": {"minutes": 6, "worked_on": "2025-01-01", "note": "x"},
    "rest.post_document_version": {"checksum": CHECKSUM},
    "rest.post_notification_read": {},
    "rest.post_invoice_send": {},
}

# For every list, the SQL of the ids that user 1 of organization 1 may see in it.
LISTS = {
    "/api/users": "select id from users where organization_id = 1",
    "/api/clients": "select id from clients where organization_id = 1",
    "/api/matters": "select id from matters where organization_id = 1",
    "/api/tags": "select id from tags where organization_id = 1",
    "/api/tasks": "select t.id from tasks t join matters m on m.id = matter_id where organization_id = 1",
    "/api/time_entries": "select t.id from time_entries t join matters m on m.id = matter_id where organization_id = 1",
    "/api/invoices": "select i.id from invoices i join matters m on m.id = matter_id where organization_id = 1",
    "/api/events": "select e.id from events e join matters m on m.id = matter_id where organization_id = 1",
    "/api/notifications": "select id from notifications where user_id = 1",
}


def below_api(site: Flask, *methods: str) -> list[Rule]:
    """The routes of the API that take an id and one of `methods`."""
    rules = [rule for rule in site.url_map.iter_rules() if rule.endpoint.startswith("rest.") and rule.arguments]
    return [rule for rule in rules if verbs(rule) & set(methods)]


def verbs(rule: Rule) -> set[str]:
    return set(rule.methods or ()) - {"HEAD", "OPTIONS"}


def pages(client: FlaskClient, path: str) -> list[dict[str, Any]]:
    """All rows of a list, page after page."""
    rows: list[dict[str, Any]] = []
    while True:
        separator = "&" if "?" in path else "?"
        answer = client.get(f"{path}{separator}limit=200&offset={len(rows)}").json
        assert answer is not None
        rows += answer["items"]
        if len(rows) >= answer["total"]:
            assert len(rows) == answer["total"]
            return rows
        assert answer["items"]


def ids(engine: Engine, sql: str) -> set[int]:
    with engine.connect() as connection:
        return set(connection.execute(text(sql)).scalars())


def error(answer: Any) -> dict[str, Any]:
    assert answer.content_type == "application/json"
    assert set(answer.json) == {"error"}
    body: dict[str, Any] = answer.json["error"]
    return body


# Shapes


def test_a_matter_has_ids_where_the_page_needs_objects(site: Flask, client_of: ClientOf, engine: Engine) -> None:
    shown = client_of(site, 1).get("/api/matters/1").json
    with Session(engine) as session:
        matter = session.get_one(Matter, 1)
        assert matter.due_at is not None
        assert shown == {
            "id": 1,
            "organization_id": 1,
            "client_id": matter.client_id,
            "lead_id": matter.lead_id,
            "reference": matter.reference,
            "title": matter.title,
            "status": "open",
            "description": matter.description,
            "budget_cents": matter.budget_cents,
            "opened_at": matter.opened_at.astimezone(UTC).isoformat(),
            "due_at": matter.due_at.astimezone(UTC).isoformat(),
        }


@pytest.mark.slow
def test_every_resource_shows_its_own_columns_and_nothing_nested(site: Flask, client_of: ClientOf) -> None:
    client = client_of(site, 1)
    seen = 0
    for rule in below_api(site, "GET"):
        [argument] = rule.arguments
        answer = client.get(rule.rule.replace(f"<key:{argument}>", "1"))
        assert answer.status_code == 200, rule
        assert answer.json is not None
        for row in answer.json.get("items", [answer.json]):
            assert not any(isinstance(value, dict | list) for value in row.values()), rule
            seen += 1
    assert seen > 100


@pytest.mark.slow
def test_every_column_of_the_contract_is_shown_by_some_resource(site: Flask, client_of: ClientOf) -> None:
    client = client_of(site, 1)
    for path, model in {
        "/api/organizations/1": Organization,
        "/api/users/1": User,
        "/api/clients/1": Client,
        "/api/contacts/1": Contact,
        "/api/matters/1": Matter,
        "/api/tasks/1": Task,
        "/api/tags/1": Tag,
        "/api/comments/1": Comment,
        "/api/documents/1": Document,
        "/api/time_entries/1": TimeEntry,
        "/api/invoices/1": Invoice,
        "/api/events/1": Event,
    }.items():
        shown = client.get(path).json
        assert shown is not None
        assert set(shown) == set(model.__table__.columns.keys()), path


def test_lists_are_paged_and_say_how_many_there_are(site: Flask, client_of: ClientOf) -> None:
    client = client_of(site, 1)
    first = client.get("/api/users").json
    assert first is not None
    assert (len(first["items"]), first["total"], first["limit"], first["offset"]) == (50, 50, 50, 0)
    some = client.get("/api/users?limit=7&offset=45").json
    assert some is not None
    assert some["items"] == first["items"][45:]
    assert (some["total"], some["limit"], some["offset"]) == (50, 7, 45)
    beyond = client.get("/api/users?offset=2147483647").json
    assert beyond is not None
    assert (beyond["items"], beyond["total"]) == ([], 50)


def test_a_task_shows_its_tags_and_comments_as_lists_of_their_own(site: Flask, client_of: ClientOf) -> None:
    client = client_of(site, 1)
    tags, comments = pages(client, "/api/tasks/1/tags"), pages(client, "/api/tasks/1/comments")
    assert len(tags) == 2
    assert all(tag["organization_id"] == 1 for tag in tags)
    assert len(comments) == 3
    assert [it["created_at"] for it in comments] == sorted(it["created_at"] for it in comments)


def test_lists_filter(site: Flask, client_of: ClientOf, engine: Engine) -> None:
    client = client_of(site, 1)
    assert {it["status"] for it in pages(client, "/api/tasks?status=open,doing")} == {"open", "doing"}
    assert {it["status"] for it in pages(client, "/api/matters?status=closed")} <= {"closed"}
    assert {it["status"] for it in pages(client, "/api/invoices?status=draft")} == {"draft"}
    mine = {it["id"] for it in pages(client, "/api/tasks?assignee_id=3")}
    assert mine == ids(engine, "select id from tasks where assignee_id = 3")
    assert mine == {it["id"] for it in pages(client, "/api/users/3/tasks")}
    led = {it["id"] for it in pages(client, "/api/users/3/matters")}
    assert led == ids(engine, "select id from matters where lead_id = 3")
    unread = {it["id"] for it in pages(client, "/api/notifications?unread=true")}
    assert unread == ids(engine, "select id from notifications where user_id = 1 and read_at is null")
    now = datetime.now(UTC)
    window = {"starts_from": now.isoformat(), "starts_before": (now + timedelta(days=10)).isoformat()}
    answer = client.get("/api/events", query_string=window).json
    assert answer is not None
    starts = [datetime.fromisoformat(it["starts_at"]) for it in answer["items"]]
    assert starts == sorted(starts)
    assert all(now <= it < now + timedelta(days=10) for it in starts)


def test_unbilled_time_is_billable_and_after_the_last_invoice(site: Flask, client_of: ClientOf, engine: Engine) -> None:
    sql = """
        select e.id from time_entries e join matters m on m.id = e.matter_id
        where m.organization_id = 1 and e.billable and e.worked_on > coalesce(
            (select max(issued_on) from invoices i where i.matter_id = e.matter_id and status in ('sent', 'paid')),
            '-infinity')
    """
    expected = ids(engine, sql)
    assert expected
    assert {it["id"] for it in pages(client_of(site, 1), "/api/time_entries?unbilled=true")} == expected


def test_search_finds_every_type_by_what_it_is_called(site: Flask, client_of: ClientOf, engine: Engine) -> None:
    client = client_of(site, 1)
    with Session(engine) as session:
        named = {
            "matter": session.get_one(Matter, 1).reference.lower(),
            "client": session.get_one(Client, 1).name.upper(),
            "document": session.get_one(Document, 1).title,
            "user": session.get_one(User, 1).name,
            "task": session.get_one(Task, 1).title,
        }
    for type_name, words in named.items():
        answer = client.get("/api/search", query_string={"q": words, "limit": 50}).json
        assert answer is not None
        assert {"type": type_name, "id": 1} in answer["items"], words
    # A percent sign is a character here, not a pattern.
    assert client.get("/api/search?q=%25").json == {"items": []}


# Errors


@pytest.mark.parametrize(
    ("made_by", "status"), [("same-site", 403), ("cross-site", 403), ("same-origin", 404), (None, 404)]
)
def test_a_page_of_another_site_cannot_write(
    site: Flask, client_of: ClientOf, made_by: str | None, status: int
) -> None:
    """Cookies would not tell: `SameSite` lets a neighbouring origin send them."""
    headers = {"Sec-Fetch-Site": made_by} if made_by else {}
    assert client_of(site, 1).post("/api/invoices/999999/send", headers=headers).status_code == status


@pytest.mark.parametrize("header", [None, "Bearer broken", "Basic eDp5"])
def test_the_anonymous_are_told_to_sign_in(site: Flask, header: str | None) -> None:
    headers = {"Authorization": header} if header else {}
    for rule in site.url_map.iter_rules():
        if not rule.endpoint.startswith("rest."):
            continue
        path = rule.rule
        for argument in rule.arguments:
            path = path.replace(f"<key:{argument}>", "1")
        for method in verbs(rule):
            answer = site.test_client().open(path, method=method, headers=headers)
            assert answer.status_code == 401, path
            assert error(answer)["code"] == "UNAUTHENTICATED"


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/users?limit=0", "limit"),
        ("/api/users?limit=201", "limit"),
        ("/api/users?limit=-1", "limit"),
        ("/api/users?limit=ten", "limit"),
        ("/api/users?limit=\N{ARABIC-INDIC DIGIT ONE}", "limit"),
        (f"/api/users?offset={'9' * 5_000}", "offset"),
        ("/api/tasks?assignee_id=0", "assignee_id"),
        ("/api/tasks?status=finished", "status"),
        ("/api/tasks?status=", "status"),
        ("/api/tasks?due_from=yesterday", "due_from"),
        ("/api/tasks?due_before=2025-01-01T00:00:00", "due_before"),
        ("/api/notifications?unread=maybe", "unread"),
        ("/api/search", "q"),
        ("/api/search?q=%20", "q"),
        ("/api/search?q=%00", "q"),
        (f"/api/search?q={'x' * 201}", "q"),
    ],
)
def test_arguments_that_cannot_be_are_named(site: Flask, client_of: ClientOf, path: str, field: str) -> None:
    answer = client_of(site, 1).get(path)
    assert answer.status_code == 400
    found = error(answer)
    assert (found["code"], found["field"]) == ("BAD_USER_INPUT", field)
    assert len(found["message"]) < 300


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/api/nothing", 404, "NOT_FOUND"),
        ("GET", "/api/matters/x", 404, "NOT_FOUND"),
        ("GET", "/api/matters/0", 404, "NOT_FOUND"),
        ("GET", "/api/matters/-1", 404, "NOT_FOUND"),
        ("GET", "/api/matters/9223372036854775808", 404, "NOT_FOUND"),
        ("GET", f"/api/matters/{'9' * 5_000}", 404, "NOT_FOUND"),
        ("DELETE", "/api/matters/1", 405, "METHOD_NOT_ALLOWED"),
    ],
)
def test_errors_are_json_everywhere_below_api(
    site: Flask, client_of: ClientOf, method: str, path: str, status: int, code: str
) -> None:
    answer = client_of(site, 1).open(path, method=method)
    assert answer.status_code == status
    assert error(answer)["code"] == code
    assert ("Allow" in answer.headers) == (status == 405)


def test_other_addresses_keep_their_own_errors(site: Flask) -> None:
    answer = site.test_client().get("/nothing-here")
    assert answer.status_code == 404
    assert answer.content_type.startswith("text/html")


def test_a_defect_is_masked_and_closes_its_session(
    site: Flask, client_of: ClientOf, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.rest import reads

    def broken(*_: object) -> None:
        raise RuntimeError("a secret")

    client = client_of(site, 1)
    monkeypatch.setattr(reads, "shown", broken)
    monkeypatch.setitem(site.config, "PROPAGATE_EXCEPTIONS", False)
    answer = client.get("/api/matters/1")
    assert answer.status_code == 500
    assert error(answer)["code"] == "INTERNAL"
    assert "secret" not in answer.text


# Tenants


@pytest.mark.slow
def test_every_address_answers_another_organizations_row_as_a_missing_one(
    site: Flask, client_of: ClientOf, engine: Engine
) -> None:
    client = client_of(site, 1)
    with Session(engine) as session:
        # Ids alternate between the two organizations, or go by matter: these are organization 2's.
        foreign = {
            "comment_id": session.scalar(select(func.min(Comment.id)).join(Task).where(Task.matter_id == 2)),
            "notification_id": session.scalar(select(func.min(Notification.id)).where(Notification.user_id == 2)),
            "contact_id": session.scalar(select(func.min(Contact.id)).where(Contact.client_id == 2)),
            "task_id": session.scalar(select(func.min(Task.id)).where(Task.matter_id == 2)),
            "document_id": session.scalar(select(func.min(Document.id)).where(Document.matter_id == 2)),
            "entry_id": session.scalar(select(func.min(TimeEntry.id)).where(TimeEntry.matter_id == 2)),
            "invoice_id": session.scalar(select(func.min(Invoice.id)).where(Invoice.matter_id == 2)),
            "event_id": session.scalar(select(func.min(Event.id)).where(Event.matter_id == 2)),
        }
    asked = set()
    for rule in below_api(site, "GET", "POST", "PATCH"):
        [argument] = rule.arguments
        [method] = verbs(rule)
        answers = []
        for key in (foreign.get(argument, 2), MISSING):
            path = rule.rule.replace(f"<key:{argument}>", str(key))
            answer = client.open(path, method=method, json=BODIES.get(rule.endpoint))
            answers.append((answer.status_code, answer.text.replace(str(key), "<id>")))
        assert answers[0] == answers[1], rule
        assert answers[0][0] == 404, rule
        asked.add(argument)
    assert asked == set(KEYS)


def test_a_colleagues_notification_is_nobody_elses(site: Flask, client_of: ClientOf, engine: Engine) -> None:
    [key] = ids(engine, "select min(id) from notifications where user_id = 3")
    answers = [client_of(site, 1).post(f"/api/notifications/{it}/read") for it in (key, MISSING)]
    assert [it.status_code for it in answers] == [404, 404]
    assert error(answers[0])["message"] == f"there is no Notification {key}"


@pytest.mark.parametrize("path", LISTS)
def test_lists_hold_what_the_viewer_may_see_and_all_of_it(
    site: Flask, client_of: ClientOf, engine: Engine, path: str
) -> None:
    listed = [it["id"] for it in pages(client_of(site, 1), path)]
    assert len(listed) == len(set(listed))
    assert set(listed) == ids(engine, LISTS[path])
    assert ids(engine, LISTS[path].replace("= 1", "= 2"))


def test_every_list_is_in_the_test_of_lists(site: Flask) -> None:
    without_id = {
        rule.rule
        for rule in site.url_map.iter_rules()
        if rule.endpoint.startswith("rest.") and not rule.arguments and "GET" in verbs(rule)
    }
    assert without_id == {*LISTS, "/api/viewer", "/api/search"}


def test_search_finds_nothing_of_another_organization(site: Flask, client_of: ClientOf, engine: Engine) -> None:
    with Session(engine) as session:
        theirs = session.get_one(User, 2).name
        colleagues = session.scalars(
            select(User.id).where(User.organization_id == 1, User.name == theirs).order_by(User.id)
        ).all()
    answer = client_of(site, 1).get("/api/search", query_string={"q": theirs}).json
    assert answer is not None
    assert [it["id"] for it in answer["items"] if it["type"] == "user"] == list(colleagues)


# Writing


@pytest.mark.slow
def test_a_task_goes_through_its_life(fresh_site: Flask, client_of: ClientOf) -> None:
    client = client_of(fresh_site, 1)
    sent = {"title": "File it", "assignee_id": 3, "priority": 1, "due_at": "2030-01-02T03:04:00Z", "tag_ids": [1, 3]}
    created = client.post("/api/matters/1/tasks", json=sent)
    assert created.status_code == 201
    task = created.json
    assert task is not None
    assert task | {"due_at": sent["due_at"]} == {
        **{name: value for name, value in sent.items() if name != "tag_ids"},
        "id": task["id"],
        "matter_id": 1,
        "status": "open",
        "position": 20,
        "updated_at": task["updated_at"],
    }
    path = f"/api/tasks/{task['id']}"
    assert client.get(path).json == task
    assert {it["id"] for it in pages(client, f"{path}/tags")} == {1, 3}

    changed = client.patch(path, json={"status": "done", "due_at": None, "tag_ids": [], "position": 0})
    assert changed.status_code == 200
    assert changed.json is not None
    assert (changed.json["status"], changed.json["due_at"], changed.json["position"]) == ("done", None, 0)
    assert (changed.json["title"], changed.json["assignee_id"]) == ("File it", 3)
    assert client.get(path).json == changed.json
    assert pages(client, f"{path}/tags") == []
    in_order = pages(client, "/api/matters/1/tasks")
    assert [it["position"] for it in in_order] == list(range(21))
    assert in_order[0]["id"] == task["id"]

    comment = client.post(f"{path}/comments", json={"body": "Done ✓"})
    assert comment.status_code == 201
    assert comment.json is not None
    assert (comment.json["author_id"], comment.json["task_id"]) == (1, task["id"])
    assert pages(client, f"{path}/comments") == [comment.json]


def test_time_versions_and_notifications_are_written(fresh_site: Flask, client_of: ClientOf) -> None:
    client = client_of(fresh_site, 1)
    entry = client.post("/api/matters/1/time_entries", json={"minutes": 12, "worked_on": "2025-01-31", "note": "Call"})
    assert entry.status_code == 201
    assert entry.json is not None
    assert client.get(f"/api/time_entries/{entry.json['id']}").json == entry.json
    assert (entry.json["user_id"], entry.json["billable"], entry.json["worked_on"]) == (1, True, "2025-01-31")

    version = client.post("/api/documents/1/versions", json={"checksum": CHECKSUM, "size_bytes": 5})
    assert version.status_code == 201
    assert version.json is not None
    assert (version.json["number"], version.json["author_id"]) == (4, 1)
    assert pages(client, "/api/documents/1/versions")[-1] == version.json
    document = client.get("/api/documents/1").json
    assert document is not None
    assert document["size_bytes"] == 5

    unread = pages(client, "/api/notifications?unread=true")
    read = client.post(f"/api/notifications/{unread[0]['id']}/read")
    assert read.status_code == 200
    assert read.json is not None
    assert read.json["read_at"] is not None
    assert pages(client, "/api/notifications?unread=true") == unread[1:]


def test_an_invoice_is_sent_once_and_by_no_guest(fresh_site: Flask, client_of: ClientOf) -> None:
    client = client_of(fresh_site, 1)
    draft = pages(client, "/api/invoices?status=draft")[0]
    path = f"/api/invoices/{draft['id']}"
    guest = client_of(fresh_site, 99).post(f"{path}/send")
    assert guest.status_code == 403
    assert error(guest) == {"code": "FORBIDDEN", "message": "a guest cannot send invoices"}
    assert client.get(path).json == draft
    sent = client.post(f"{path}/send")
    assert (sent.status_code, sent.json) == (200, {**draft, "status": "sent"})
    again = client.post(f"{path}/send")
    assert again.status_code == 409
    assert error(again)["code"] == "CONFLICT"
    assert client.get(path).json == sent.json


def test_a_refused_request_changes_nothing(fresh_site: Flask, client_of: ClientOf) -> None:
    client = client_of(fresh_site, 1)
    before = pages(client, "/api/matters/1/tasks")
    answer = client.patch("/api/tasks/1", json={"position": 5, "title": "Changed", "assignee_id": 2})
    assert answer.status_code == 404
    assert error(answer) == {"code": "NOT_FOUND", "field": "assignee_id", "message": "there is no User 2"}
    assert pages(client, "/api/matters/1/tasks") == before


@pytest.mark.parametrize("key", [2, MISSING])
@pytest.mark.parametrize("field", ["assignee_id", "tag_ids"])
def test_links_to_another_organization_are_refused_as_missing_ones(
    site: Flask, client_of: ClientOf, field: str, key: int
) -> None:
    client = client_of(site, 1)
    value = [key] if field == "tag_ids" else key
    for answer in (
        client.patch("/api/tasks/1", json={field: value}),
        client.post("/api/matters/1/tasks", json={"title": "x", field: value}),
    ):
        assert answer.status_code == 404
        found = error(answer)
        assert (found["code"], found["field"]) == ("NOT_FOUND", field)
        assert found["message"].replace(str(key), "<id>").split("no ")[1] in {"User <id>", "Tag <id>"}


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (None, None),
        ([], None),
        ("x", None),
        ({"name": "x"}, "name"),
        ({"title": None}, "title"),
        ({"title": 1}, "title"),
        ({"title": "nul\x00"}, "title"),
        ({"priority": True}, "priority"),
        ({"priority": 1.5}, "priority"),
        ({"priority": 10**30}, "priority"),
        ({"position": -1}, "position"),
        ({"assignee_id": "3"}, "assignee_id"),
        ({"due_at": "tomorrow"}, "due_at"),
        ({"due_at": "2030-01-01T00:00:00"}, "due_at"),
        ({"due_at": 5}, "due_at"),
        ({"tag_ids": 1}, "tag_ids"),
        ({"tag_ids": [1, "2"]}, "tag_ids"),
        ({"tag_ids": None}, "tag_ids"),
        ({"status": ["open"]}, "status"),
    ],
)
def test_bodies_that_cannot_be_are_named(site: Flask, client_of: ClientOf, body: object, field: str | None) -> None:
    answer = client_of(site, 1).patch("/api/tasks/1", json=body)
    assert answer.status_code == 400
    found = error(answer)
    assert found["code"] == "BAD_USER_INPUT"
    assert found.get("field") == field


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"data": "{", "content_type": "application/json"}, 400),
        ({"data": b"\xff\xfe", "content_type": "application/json"}, 400),
        ({"data": "9" * 5_000, "content_type": "application/json"}, 400),
        ({"data": "[" * 100_000, "content_type": "application/json"}, 400),
        ({"data": '{"body": "x"}', "content_type": "text/plain"}, 400),
        ({"data": {"body": "x"}}, 400),
        ({"json": {"body": "x" * 300_000}}, 413),
    ],
)
def test_bodies_that_are_no_json_objects_are_refused(
    site: Flask, client_of: ClientOf, sent: dict[str, Any], status: int
) -> None:
    answer = client_of(site, 1).post("/api/tasks/1/comments", **sent)
    assert answer.status_code == status
    assert error(answer)["code"] in {"BAD_USER_INPUT", "REQUEST_ENTITY_TOO_LARGE"}


# Pictures


def test_everybodys_picture_is_there(site: Flask, client_of: ClientOf) -> None:
    with_picture = [it for it in pages(client_of(site, 1), "/api/users") if it["avatar_url"]]
    assert with_picture
    drawings = set()
    for person in with_picture:
        answer = site.test_client().get(person["avatar_url"])
        assert (answer.status_code, answer.mimetype) == (200, "image/svg+xml")
        drawings.add(answer.text)
    assert len(drawings) == len(with_picture)
