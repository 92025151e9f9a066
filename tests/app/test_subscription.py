"""Briefcase's subscriptions: what can be followed, where its events belong, and who is told."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import strawberry
from graphql import GraphQLObjectType
from sqlalchemy import text

import bff
from app import models
from app.auth import Viewer
from app.schema import schema
from app.schema.query import Query
from app.schema.types import Comment, Matter, Notification, Task, User
from bff.changes.change import Change
from bff.client_errors import format_errors
from bff.database.scope import Deadline
from bff.database.session import Database
from bff.live.sources import EventSource, LiveSource, PresenceSource, source_of
from bff.schema.catalog import Catalog

README = Path(__file__).parents[2] / "README.md"
OWNER, STRANGER = Viewer(1, 1, "owner"), Viewer(10_000, 2, "owner")


def test_readme_s_subscription_can_be_declared() -> None:
    """And is what Briefcase has."""
    block = re.search(r"<!-- subscription -->\n```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert block
    names: dict[str, Any] = {
        "strawberry": strawberry,
        "bff": bff,
        "models": models,
        "Matter": Matter,
        "Comment": Comment,
    }
    names |= {"Notification": Notification, "Task": Task, "User": User}
    exec(compile(block[1], str(README), "exec", dont_inherit=True), names)  # noqa: S102 - this repository's own text
    shown = fields(bff.Schema(Query, subscription=names["Subscription"]))
    assert len(shown) == 5
    assert shown.items() <= fields(schema).items()


def fields(of: bff.Schema) -> dict[str, str]:
    """The fields of Subscription with their arguments and types."""
    type_ = of._schema.subscription_type
    assert isinstance(type_, GraphQLObjectType)
    return {
        name: f"({', '.join(f'{argument}: {each.type}' for argument, each in field.args.items())}): {field.type}"
        for name, field in type_.fields.items()
    }


def test_what_can_be_followed() -> None:
    found = fields(schema)
    assert found["commentAdded"] == "(matterId: ID!): Comment!"
    assert found["notificationReceived"] == "(): Notification!"
    assert found["taskChanged"] == "(matterId: ID!): TaskChanged!"
    assert found["presenceChanged"] == "(matterId: ID!): [User!]!"
    query = schema._schema.query_type
    assert query
    live = {"viewer", "organization", "user", "client", "matter", "task", "document", "notifications"}
    assert live <= found.keys()
    assert {name: str(query.fields[name].type) for name in live} == {
        name: found[name].rpartition("): ")[2] for name in live
    }


@pytest.mark.parametrize(
    ("operation", "kind"),
    [
        ("MatterPage", LiveSource),
        ("DashboardPage", LiveSource),
        ("InboxPage", LiveSource),
        ("MatterLive", LiveSource),
        ("CommentAdded", EventSource),
        ("NotificationReceived", EventSource),
        ("TaskChanged", EventSource),
        ("Presence", PresenceSource),
        ("SearchPage", type(None)),
        ("AddComment", type(None)),
    ],
)
def test_the_source_of_each_document(layer: bff.Bff, operation: str, kind: type) -> None:
    assert type(source_of(layer.plan(operation))) is kind


def event_of(layer: bff.Bff, operation: str) -> EventSource:
    source = source_of(layer.plan(operation))
    assert isinstance(source, EventSource)
    return source


def row(layer: bff.Bff, statement: str) -> dict[str, str]:
    """The key columns of a row as PostgreSQL's texts."""
    with layer.engine.connect() as connection:
        return {name: str(value) for name, value in connection.execute(text(statement)).mappings().one().items()}


def told(layer: bff.Bff, operation: str, change: Change, variables: dict[str, Any], viewer: Viewer) -> Any:
    """The data of the event; None when the viewer is told nothing."""
    source = event_of(layer, operation)
    result = layer.execute(operation, viewer=viewer, variables=variables, root_value=source.root_value(change))
    if source.is_withheld({"data": result.data, "errors": format_errors(result.errors or (), operation)}):
        return None
    assert result.errors is None
    return result.data


def test_a_comment_is_an_event_of_its_task_s_matter(layer: bff.Bff) -> None:
    source = event_of(layer, "CommentAdded")
    new = row(layer, "select id, task_id, author_id from comments where id = 1")
    matter = row(layer, f"select matter_id from tasks where id = {new['task_id']}")["matter_id"]
    change = Change(1, 1, "comments", "insert", {}, new, frozenset())
    database = Database(layer.engine, Catalog.of(layer.server.schema).policies)
    with database.open(None, Deadline.after(60)) as scope:
        assert list(source.locate([change], scope)[change.key]) == [(matter,)]
    assert source.routes({"matterId": matter}, OWNER) == (matter,)
    data = told(layer, "CommentAdded", change, {"matterId": matter}, OWNER)
    assert data["commentAdded"]["task"]["id"] == new["task_id"]
    assert told(layer, "CommentAdded", change, {"matterId": matter}, STRANGER) is None


def test_a_notification_is_for_one_person(layer: bff.Bff) -> None:
    source = event_of(layer, "NotificationReceived")
    assert source.routes({}, OWNER) == ("1",)
    new = row(layer, "select min(id) as id, user_id from notifications where user_id = 1 group by user_id")
    change = Change(1, 1, "notifications", "insert", {}, new, frozenset())
    assert told(layer, "NotificationReceived", change, {}, OWNER)["notificationReceived"]["id"] == new["id"]
    assert told(layer, "NotificationReceived", change, {}, Viewer(2, 1, "owner")) is None


def test_a_deleted_task_is_told_to_its_organization_alone(layer: bff.Bff) -> None:
    old = {"id": "999999", "matter_id": "1", "assignee_id": None}
    change = Change(1, 1, "tasks", "delete", old, {}, frozenset())
    gone = {"taskChanged": {"kind": "DELETED", "id": "999999", "node": None}}
    assert told(layer, "TaskChanged", change, {"matterId": "1"}, OWNER) == gone
    assert told(layer, "TaskChanged", change, {"matterId": "1"}, STRANGER) is None


def test_who_has_a_matter_open_is_seen_by_its_organization_alone(layer: bff.Bff) -> None:
    source = source_of(layer.plan("Presence"))
    assert isinstance(source, PresenceSource)
    assert (source.place({"matterId": "1"}), source.who(OWNER)) == ("matters:1", "1")
    other = row(layer, "select max(id) as id from users where organization_id = 1")["id"]
    of_another = row(layer, "select max(id) as id from users where organization_id = 2")["id"]
    root = source.root_value("matters:1", [other, of_another, "1"])
    result = layer.execute("Presence", viewer=OWNER, variables={"matterId": "1"}, root_value=root)
    assert result.data is not None
    assert [person["id"] for person in result.data["presenceChanged"]] == ["1", other]
    refused = layer.execute("Presence", viewer=STRANGER, variables={"matterId": "1"}, root_value=root)
    assert source.is_withheld({"errors": format_errors(refused.errors or (), None)})
