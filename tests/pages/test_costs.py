"""What pages cost: statements within their limits, however many objects; and the table in README says what is true."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from flask import Flask
from graphql import GraphQLNamedType, GraphQLObjectType, get_named_type, is_leaf_type
from sqlalchemy import create_engine, text

from app.auth import Viewer
from app.dev.pages import README, VIEWER_ID, Sample, samples, site_for_measuring, table, with_table
from app.layer import make_layer
from app.rest import frontend
from bff import Bff
from bff.readsets.readset import Invocation

pytestmark = pytest.mark.slow

CountSql = Callable[..., AbstractContextManager[Any]]

VIEWER = Viewer(VIEWER_ID, 1, "owner")
OF_MATTER = 14
OF_ANY_OTHER_PAGE = 16

# What tells the rows of a REST resource apart on a page, by the last word of its address.
LABELS: dict[str, list[str]] = {
    "organizations": ["name"],
    "users": ["name"],
    "tags": ["name"],
    "clients": ["name"],
    "contacts": ["name", "email"],
    "matters": ["reference", "title"],
    "tasks": ["title"],
    "documents": ["title"],
    "versions": ["checksum"],
    "comments": ["body"],
    "time_entries": ["note"],
    "invoices": ["number"],
    "events": ["title"],
    "notifications": ["body"],
    "members": [],
    "viewer": [],
    "search": [],
}


@pytest.fixture(scope="module")
def full_site(make_database: Callable[[], str]) -> Iterator[Flask]:
    """Two firms of full size."""
    with site_for_measuring(make_database()) as site:
        yield site


@pytest.fixture(scope="module")
def full_layer(full_site: Flask) -> Bff:
    layer = full_site.extensions["bff"]
    assert isinstance(layer, Bff)
    return layer


def statements(layer: Bff, count_sql: CountSql, operation: str, variables: Any = None) -> int:
    layer.execute(operation, viewer=VIEWER, variables=variables)  # planned
    with count_sql(layer.engine) as counted:
        result = layer.execute(operation, viewer=VIEWER, variables=variables)
    assert result.errors is None, result.errors
    count: int = counted.count
    return count


def test_readme_has_what_is_measured(full_site: Flask) -> None:
    readme = README.read_text(encoding="utf-8")
    assert readme == with_table(readme, table(full_site)), "run: python -m app.dev.pages"


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.page)
def test_a_page_takes_few_statements(sample: Sample, full_layer: Bff, count_sql: CountSql) -> None:
    most = OF_MATTER if sample.page == "Matter" else OF_ANY_OTHER_PAGE
    assert 0 < statements(full_layer, count_sql, sample.operation, sample.variables) <= most


def test_live_pages_depend_on_rows_and_on_no_table_as_a_whole(full_layer: Bff) -> None:
    """So that what one firm writes has no other firm's page executed."""
    live = []
    for sample in samples():
        plan = full_layer.plan(sample.operation)
        if plan.is_live:
            live.append(sample.page)
            [answer] = full_layer.server.execute_live(plan, [Invocation(sample.variables)], VIEWER).answers
            assert "errors" not in answer.payload
            assert [table for table, columns, _ in answer.reads.facts if not columns] == [], sample.page
    assert live == ["Matter", "Dashboard", "Document", "Inbox", "Calendar"]


@pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.page)
def test_a_page_shows_what_the_old_frontend_showed(sample: Sample, full_site: Flask, full_layer: Bff) -> None:
    client = full_site.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer dev-{VIEWER_ID}"
    shown: set[str] = set()

    def get(path: str) -> Any:
        answer = client.get(path).json
        assert answer is not None
        resource = [word for word in path.partition("?")[0].split("/") if not word.isdecimal()][-1]
        rows = answer.get("items", [answer])
        # A list of one row is asked for its total.
        if "limit=1&" not in f"{path}&":
            shown.update(row[label] for row in rows for label in LABELS[resource])
        return answer

    frontend.load(sample.page, get, **sample.parameters)
    answer = full_layer.execute(sample.operation, viewer=VIEWER, variables=sample.variables)
    assert answer.errors is None
    assert shown
    assert shown - set(strings(answer.data)) == set()


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, (dict, list)):
        for each in value.values() if isinstance(value, dict) else value:
            yield from strings(each)


@pytest.fixture
def fresh_layer(fresh_database_url: str) -> Iterator[Bff]:
    engine = create_engine(fresh_database_url)
    yield make_layer(engine)
    engine.dispose()


def test_a_small_matter_takes_as_many_statements_as_a_large_one(fresh_layer: Bff, count_sql: CountSql) -> None:
    page = ("MatterPage", {"id": "1"})
    large = statements(fresh_layer, count_sql, *page)
    with fresh_layer.engine.begin() as connection:
        for statement in (
            # One of everything, and somebody everywhere.
            "update tasks set assignee_id = 1 where id = 1",
            "delete from comments where task_id between 1 and 20 and id > 1",
            "delete from task_tags where task_id between 2 and 20",
            "delete from tasks where id between 2 and 20",
            "delete from document_versions where document_id between 1 and 12 and id > 1",
            "delete from documents where id between 2 and 12",
            "delete from time_entries where matter_id = 1 and id > 1",
            "delete from invoices where matter_id = 1 and id > 1",
            "delete from events where matter_id = 1 and id > 1",
            "delete from matter_members where matter_id = 1 and role <> 'lead'",
        ):
            connection.execute(text(statement))
    data = fresh_layer.execute(page[0], viewer=VIEWER, variables=page[1]).data
    assert data is not None
    lists = [value for value in data["matter"].values() if isinstance(value, list)]
    assert [len(value) for value in lists] == [1] * 6
    assert statements(fresh_layer, count_sql, *page) == large


# Lists, with a filter that keeps who has something of everything.
MANY = {
    "people": "filter: {role: {in: [ADMIN, MEMBER]}}",
    "matters": "",
    "documents": "",
    "tasks": "",
    "timeEntries": "",
    "invoices": "",
    "events": "",
}


@pytest.mark.parametrize("name", MANY)
def test_many_objects_take_as_many_statements_as_two(name: str, full_layer: Bff, count_sql: CountSql) -> None:
    """With everything that a type shows, and everything that it leads to."""
    assert full_layer.server.schema.query_type
    type_ = get_named_type(full_layer.server.schema.query_type.fields[name].type)
    query = f"query($first: Int) {{ {name}(first: $first {MANY[name]}) {selection(type_, 1)} }}"
    assert statements(full_layer, count_sql, query, {"first": 2}) == statements(
        full_layer, count_sql, query, {"first": 100}
    )


def selection(type_: GraphQLNamedType, depth: int) -> str:
    """All fields of a type that take no arguments or can do without, relations to the given depth."""
    assert isinstance(type_, GraphQLObjectType)
    fields = []
    for name, field in type_.fields.items():
        named = get_named_type(field.type)
        if is_leaf_type(named):
            fields.append(name)
        elif depth and not named.name.endswith("Connection"):
            fields.append(f"{name} {selection(named, depth - 1)}")
    return "{ " + " ".join(fields) + " }"
