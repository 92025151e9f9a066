"""The mutations, as the registered documents ask for them: one transaction each, the changed object, typed errors.

What is refused changes nothing, so that those tests share a database; each of the others has one of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient
from graphql import GraphQLInputObjectType, GraphQLObjectType, get_named_type
from sqlalchemy import Engine, text

from app import rules
from app.auth import Viewer
from bff import Bff
from bff.testing.client import Client

pytestmark = pytest.mark.slow

ClientOf = Callable[[Flask, int], FlaskClient]

OWNER = Viewer(1, 1, "owner")
GUEST = Viewer(99, 1, "guest")
CHECKSUM = "0123456789abcdef" * 4
MISSING = str(10**6)

# For each mutation's document an input that user 1 of organization 1 may send. Matter 2, task 21, document 13, user 2,
# tag 2 and everything else below with an even matter are organization 2's.
INPUTS: dict[str, dict[str, Any]] = {
    "CreateTask": {"matterId": "1", "title": "Call the bank", "assigneeId": "3", "priority": 2, "tagIds": ["1", "3"]},
    "UpdateTask": {"taskId": "1", "title": "Call the court", "assigneeId": "5", "tagIds": ["5"]},
    "MoveTask": {"taskId": "1", "position": 3},
    "AddComment": {"taskId": "1", "body": "Done by Friday."},
    "LogTime": {"matterId": "1", "minutes": 30, "workedOn": "2025-01-15", "note": "Call with the bank"},
    "AddDocumentVersion": {"documentId": "1", "checksum": CHECKSUM, "sizeBytes": 2**33},
    "MarkNotificationRead": {"notificationId": "1"},
    "SendInvoice": {"invoiceId": "3"},
}

# What another organization has, by the argument that would name it.
FOREIGN: dict[str, Any] = {
    "matterId": "2",
    "taskId": "21",
    "documentId": "13",
    "invoiceId": "6",
    "notificationId": "2",
    "assigneeId": "2",
    "tagIds": ["1", "2"],
}

NOT_FOUND, BAD_USER_INPUT, FORBIDDEN, CONFLICT = "NOT_FOUND", "BAD_USER_INPUT", "FORBIDDEN", "CONFLICT"


@pytest.fixture
def fresh_layer(fresh_site: Flask) -> Bff:
    """The layer of `fresh_site`, with invoice 3 a draft and matter 1 open, whatever the seeder rolled."""
    layer = fresh_site.extensions["bff"]
    assert isinstance(layer, Bff)
    with layer.engine.begin() as connection:
        connection.execute(text("update invoices set status = 'draft' where id in (3, 6)"))
        connection.execute(text("update matters set status = 'open' where id in (1, 2)"))
        connection.execute(text("update notifications set read_at = null where id in (1, 2)"))
    return layer


def send(layer: Bff, name: str, viewer: Viewer | None = OWNER, **changes: Any) -> dict[str, Any]:
    """The payload of a registered mutation with the usual input, changed by `changes`."""
    [payload] = Client(layer, viewer).data(name, {"input": INPUTS[name] | changes}).values()
    assert isinstance(payload, dict)
    return payload


def refused(payload: dict[str, Any]) -> tuple[str, list[str] | None]:
    """Code and field of the one error of a payload that has nothing else."""
    *objects, errors = payload.values()
    assert objects == [None]
    [error] = errors
    assert error["message"]
    return error["code"], error["field"]


def done(payload: dict[str, Any]) -> dict[str, Any]:
    """The changed object of a payload without errors."""
    assert payload["errors"] == []
    changed = next(iter(payload.values()))
    assert isinstance(changed, dict)
    return changed


def rows(engine: Engine) -> dict[str, Any]:
    """Every table's contents, as one number each."""
    with engine.connect() as connection:
        tables = connection.scalars(
            text("select table_name from information_schema.tables where table_schema = 'public'")
        )
        return {
            table: connection.scalar(text(f'select sum(hashtextextended(t::text, 0)) from "{table}" t'))
            for table in tables
        }


# ---- what they do


def test_every_mutation_has_a_document_and_an_input_here(layer: Bff) -> None:
    mutation = layer.server.schema.mutation_type
    assert isinstance(mutation, GraphQLObjectType)
    fields = {name[0].upper() + name[1:] for name in mutation.fields}
    assert fields == set(INPUTS) == {it.name for it in layer.server.documents if it.kind == "mutation"}


def test_each_answers_with_what_it_changed(fresh_layer: Bff) -> None:
    for name in INPUTS:
        before = rows(fresh_layer.engine)
        changed = done(send(fresh_layer, name))
        assert changed["id"]
        assert rows(fresh_layer.engine) != before, name


def test_a_task_is_created_changed_and_moved(fresh_layer: Bff) -> None:
    task = done(send(fresh_layer, "CreateTask", dueAt="2030-01-02T03:04:00+01:00"))
    assert (task["title"], task["status"], task["priority"], task["position"]) == ("Call the bank", "OPEN", 2, 20)
    assert task["dueAt"] == "2030-01-02T02:04:00+00:00"
    assert task["assignee"]["id"] == "3"
    assert task["matter"]["id"] == "1"
    assert {tag["id"] for tag in task["tags"]} == {"1", "3"}

    changed = done(send(fresh_layer, "UpdateTask", taskId=task["id"], status="DOING", dueAt=None, assigneeId=None))
    assert (changed["title"], changed["status"], changed["priority"]) == ("Call the court", "DOING", 2)
    assert changed["dueAt"] is changed["assignee"] is None
    assert [tag["id"] for tag in changed["tags"]] == ["5"]

    moved = done(send(fresh_layer, "MoveTask", taskId=task["id"], position=0))
    assert moved["position"] == 0
    siblings = moved["matter"]["tasks"]
    assert [(it["id"], it["position"]) for it in siblings[:2]] == [(task["id"], 0), ("1", 1)]
    assert [it["position"] for it in siblings] == list(range(21))


def test_what_an_update_leaves_out_stays(fresh_layer: Bff) -> None:
    def update(**changes: Any) -> dict[str, Any]:
        variables = {"input": {"taskId": "1", **changes}}
        data = fresh_layer.execute("UpdateTask", viewer=OWNER, variables=variables).data
        assert data is not None
        return done(data["updateTask"])

    before = update()
    after = update(title="Another title")
    assert after.pop("title") == "Another title"
    assert after["updatedAt"].endswith("+00:00")
    assert after.pop("updatedAt") > before.pop("updatedAt")
    assert after == {name: value for name, value in before.items() if name != "title"}


def test_the_viewer_comments_and_logs_time(fresh_layer: Bff) -> None:
    comment = done(send(fresh_layer, "AddComment"))
    assert (comment["body"], comment["author"]["id"]) == ("Done by Friday.", "1")
    assert comment["task"] == {"id": "1", "commentCount": 4}

    billed = done(send(fresh_layer, "LogTime", billable=False))["matter"]["billedMinutes"]
    entry = done(send(fresh_layer, "LogTime"))
    assert (entry["minutes"], entry["billable"], entry["workedOn"], entry["user"]["id"]) == (
        30,
        True,
        "2025-01-15",
        "1",
    )
    assert entry["matter"]["billedMinutes"] == billed + 30


def test_a_document_gets_its_next_version(fresh_layer: Bff) -> None:
    version = done(send(fresh_layer, "AddDocumentVersion"))
    assert (version["number"], version["checksum"], version["author"]["id"]) == (4, CHECKSUM, "1")
    assert (version["document"]["sizeBytes"], version["document"]["versionCount"]) == (2**33, 4)


def test_a_notification_is_read_once(fresh_layer: Bff) -> None:
    first = done(send(fresh_layer, "MarkNotificationRead"))
    again = done(send(fresh_layer, "MarkNotificationRead"))
    assert first["readAt"] == again["readAt"] is not None
    assert first["user"] == again["user"]


def test_a_sent_invoice_is_owed_and_cannot_be_sent_again(fresh_layer: Bff) -> None:
    invoice = done(send(fresh_layer, "SendInvoice"))
    assert invoice["status"] == "SENT"
    assert invoice["client"]["outstandingCents"] >= invoice["totalCents"] > 0
    assert refused(send(fresh_layer, "SendInvoice")) == (CONFLICT, ["input", "invoiceId"])


# ---- what they refuse


@pytest.mark.parametrize(
    ("name", "changes", "field"),
    [
        ("CreateTask", {"title": " "}, "title"),
        ("CreateTask", {"title": "x" * (rules.TITLE_LIMIT + 1)}, "title"),
        ("CreateTask", {"priority": 9}, "priority"),
        ("CreateTask", {"dueAt": "2030-01-02T03:04:00"}, "dueAt"),
        ("CreateTask", {"tagIds": [str(2 * n + 1) for n in range(rules.TAG_LIMIT + 1)]}, "tagIds"),
        ("UpdateTask", {"title": None}, "title"),
        ("UpdateTask", {"status": None}, "status"),
        ("UpdateTask", {"priority": None}, "priority"),
        ("UpdateTask", {"tagIds": None}, "tagIds"),
        ("MoveTask", {"position": -1}, "position"),
        ("AddComment", {"body": ""}, "body"),
        ("LogTime", {"minutes": 0}, "minutes"),
        ("LogTime", {"workedOn": "2999-12-31"}, "workedOn"),
        ("AddDocumentVersion", {"checksum": "abc"}, "checksum"),
        ("AddDocumentVersion", {"sizeBytes": -1}, "sizeBytes"),
    ],
)
def test_a_value_that_a_rule_does_not_take_is_named_by_its_path(
    layer: Bff, name: str, changes: dict[str, Any], field: str
) -> None:
    before = rows(layer.engine)
    assert refused(send(layer, name, **changes)) == (BAD_USER_INPUT, ["input", field])
    assert rows(layer.engine) == before


@pytest.mark.parametrize("name", sorted(INPUTS.keys() - {"AddComment", "MarkNotificationRead"}))
def test_a_guest_is_refused(layer: Bff, name: str) -> None:
    before = rows(layer.engine)
    assert refused(send(layer, name, viewer=GUEST)) == (FORBIDDEN, None)
    assert rows(layer.engine) == before


def test_a_closed_matter_takes_no_new_work(fresh_layer: Bff) -> None:
    with fresh_layer.engine.begin() as connection:
        connection.execute(text("update matters set status = 'closed' where id = 1"))
    assert refused(send(fresh_layer, "CreateTask")) == (CONFLICT, ["input", "matterId"])
    assert refused(send(fresh_layer, "LogTime")) == (CONFLICT, ["input", "matterId"])


@pytest.mark.parametrize("name", INPUTS)
def test_nobody_is_told_to_sign_in(layer: Bff, name: str) -> None:
    before = rows(layer.engine)
    result = layer.execute(name, variables={"input": INPUTS[name]})
    assert result.data is None
    [error] = result.errors or []
    assert error.extensions == {"code": "UNAUTHENTICATED"}
    assert "/auth/sign-in" in error.message
    assert rows(layer.engine) == before


def arguments_that_name_rows(layer: Bff) -> list[tuple[str, str]]:
    """Every argument of every mutation that takes the id of a row, or a list of them: from the schema itself."""
    mutation = layer.server.schema.mutation_type
    assert isinstance(mutation, GraphQLObjectType)
    found = []
    for name, field in mutation.fields.items():
        input_type = get_named_type(field.args["input"].type)
        assert isinstance(input_type, GraphQLInputObjectType)
        for argument, definition in input_type.fields.items():
            named = get_named_type(definition.type)
            assert not isinstance(named, GraphQLInputObjectType), f"{name}: this test does not look into {argument}"
            if named.name == "ID":
                found.append((name[0].upper() + name[1:], argument))
    return found


def test_a_row_of_another_organization_is_answered_as_a_missing_one(fresh_layer: Bff) -> None:
    engine = fresh_layer.engine
    before = rows(engine)
    arguments = arguments_that_name_rows(fresh_layer)
    assert len(arguments) == 12
    for name, argument in arguments:
        foreign = FOREIGN[argument]
        answers = []
        for value in (foreign, [MISSING] if isinstance(foreign, list) else MISSING):
            payload = send(fresh_layer, name, OWNER, **{argument: value})
            assert refused(payload) == (NOT_FOUND, ["input", argument]), (name, argument)
            key = value[-1] if isinstance(value, list) else value
            answers.append(payload["errors"][0]["message"].replace(key, "…"))
        assert answers[0] == answers[1], (name, argument)
    assert rows(engine) == before
    # It is there for its own people: what was refused above is not simply broken.
    other = Viewer(2, 2, "owner")
    for name, argument in arguments:
        if argument not in ("assigneeId", "tagIds"):
            own: dict[str, Any] = {"assigneeId": "2", "tagIds": ["2"]} if name in ("CreateTask", "UpdateTask") else {}
            own[argument] = FOREIGN[argument]
            done(send(fresh_layer, name, other, **own))


@pytest.mark.parametrize(
    "key", ["0", "-1", "x", "", "1_0", " 1", "\N{FULLWIDTH DIGIT ONE}", str(2**63), str(2**200), "Task:1"]
)
def test_an_id_that_cannot_be_one_leads_to_nothing(layer: Bff, key: str) -> None:
    assert refused(send(layer, "AddComment", taskId=key)) == (NOT_FOUND, ["input", "taskId"])


def test_a_colleagues_notification_is_nobody_elses(layer: Bff) -> None:
    assert refused(send(layer, "MarkNotificationRead", viewer=Viewer(3, 1, "admin"))) == (
        NOT_FOUND,
        ["input", "notificationId"],
    )


# ---- transactions


def test_mutations_of_one_operation_run_one_after_the_other_each_in_its_own_transaction(fresh_layer: Bff) -> None:
    document = """
      mutation($first: AddCommentInput!, $second: AddCommentInput!, $third: AddCommentInput!) {
        first: addComment(input: $first) { comment { body task { commentCount } } errors { code } }
        second: addComment(input: $second) { comment { body } errors { code } }
        third: addComment(input: $third) { comment { body task { commentCount } } errors { code } }
      }
    """
    variables = {
        "first": {"taskId": "1", "body": "one"},
        "second": {"taskId": "1", "body": ""},
        "third": {"taskId": "1", "body": "three"},
    }
    assert Client(fresh_layer, OWNER).data(document, variables) == {
        "first": {"comment": {"body": "one", "task": {"commentCount": 4}}, "errors": []},
        "second": {"comment": None, "errors": [{"code": BAD_USER_INPUT}]},
        "third": {"comment": {"body": "three", "task": {"commentCount": 5}}, "errors": []},
    }


def test_a_defect_in_a_rule_undoes_its_transaction(layer: Bff, monkeypatch: pytest.MonkeyPatch) -> None:
    comment = rules.add_comment

    def broken(*arguments: Any, **keywords: Any) -> None:
        comment(*arguments, **keywords)
        raise RuntimeError("after the flush")

    monkeypatch.setattr(rules, "add_comment", broken)
    before = rows(layer.engine)
    result = layer.execute("AddComment", viewer=OWNER, variables={"input": INPUTS["AddComment"]})
    assert [type(error.original_error) for error in result.errors or []] == [RuntimeError]
    assert rows(layer.engine) == before


def test_over_http_a_refusal_is_data_and_an_anonymous_request_an_error(
    fresh_layer: Bff, fresh_site: Flask, client_of: ClientOf
) -> None:
    body = {"documentId": "SendInvoice", "variables": {"input": INPUTS["SendInvoice"]}}
    sent = client_of(fresh_site, 1).post("/graphql", json=body)
    assert sent.status_code == 200
    assert sent.json is not None
    assert sent.json["data"]["sendInvoice"]["invoice"]["status"] == "SENT"
    again = client_of(fresh_site, 1).post("/graphql", json=body)
    assert again.json is not None
    [error] = again.json["data"]["sendInvoice"]["errors"]
    assert error["code"] == CONFLICT
    assert "errors" not in again.json
    anonymous = fresh_site.test_client().post("/graphql", json=body)
    assert anonymous.json is not None
    assert anonymous.json["errors"][0]["extensions"]["code"] == "UNAUTHENTICATED"
