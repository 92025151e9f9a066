"""Briefcase's schema as a client sees it: every table's type, lookups, lists, aggregates, computed fields, search."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from flask import Flask
from graphql import GraphQLEnumType, GraphQLObjectType, GraphQLUnionType, get_named_type
from sqlalchemy import BigInteger, Engine, inspect, text

from app import create_app, models
from app.auth import Viewer
from app.database import EXTENSION
from app.models import Base, MatterStatus
from app.ratings import CreditAgency, CreditGrade, agency
from app.schema import schema
from app.schema.health import MatterHealth, Workload, judge
from app.schema.search import LONGEST_QUERY, MOST_RESULTS
from bff import Bff
from bff.schema.indexes import missing_indexes
from bff.testing.client import Client

CountSql = Callable[..., AbstractContextManager[Any]]

OWNER = Viewer(1, 1, "owner")
GRAPH = schema._schema
MODELS = dict(sorted((it.class_.__name__, it.class_) for it in Base.registry.mappers))
# Their types show, in the place of a foreign key, what it leads to.
LISTS = ["people", "clients", "matters", "documents", "tasks", "tags", "timeEntries", "invoices", "events"]
LISTS += ["notifications"]


def ask(layer: Bff, query: str, **variables: Any) -> Any:
    return Client(layer, OWNER).data(query, variables)


def error_of(layer: Bff, query: str, **variables: Any) -> tuple[str, str]:
    """Code and message of the one error of an operation."""
    [error] = Client(layer, OWNER).payload(query, variables)["errors"]
    return error["extensions"]["code"], error["message"]


def one(engine: Engine, statement: str) -> Any:
    with engine.connect() as connection:
        return connection.scalar(text(statement))


# ---- types


def test_every_relation_has_an_index(monkeypatch: pytest.MonkeyPatch) -> None:
    """And would be missed without: the tables are asked, which the migrations are compared with."""
    assert missing_indexes(GRAPH) == []
    # Typed as the abstract FromClause by SQLAlchemy.
    table: Any = models.Task.__table__
    kept = {index for index in table.indexes if "matter_id" not in index.columns}
    monkeypatch.setattr(table, "indexes", kept)
    assert len(kept) == 2
    [missing] = missing_indexes(GRAPH)
    assert (missing.table, [column.name for column in missing.columns]) == (table, ["matter_id"])
    assert "Matter.tasks" in missing.fields


def test_every_table_has_a_type_a_lookup_and_a_global_id() -> None:
    assert GRAPH.query_type
    interface = GRAPH.get_type("Node")
    for name in MODELS:
        type_ = GRAPH.get_type(name)
        assert isinstance(type_, GraphQLObjectType)
        assert interface in type_.interfaces
        lookup = GRAPH.query_type.fields[name[0].lower() + name[1:]]
        assert lookup.type is type_
        assert len(lookup.args) == len(inspect(MODELS[name]).primary_key)


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_column_is_shown_or_is_a_key_that_a_relation_follows(model: type[Base]) -> None:
    type_ = GRAPH.get_type(model.__name__)
    assert isinstance(type_, GraphQLObjectType)
    for column in inspect(model).columns:
        name = column.name
        if column.foreign_keys:
            name = name.removesuffix("_id")
        camel = name.split("_")[0] + "".join(word.title() for word in name.split("_")[1:])
        assert camel in type_.fields, column
        if isinstance(column.type, BigInteger) and not column.primary_key and not column.foreign_keys:
            assert get_named_type(type_.fields[camel].type).name == "BigInt"


@pytest.mark.parametrize("model", MODELS.values(), ids=MODELS)
def test_every_relation_of_the_models_is_a_field(model: type[Base]) -> None:
    type_ = GRAPH.get_type(model.__name__)
    assert isinstance(type_, GraphQLObjectType)
    fields = {definition.extensions["strawberry-definition"].python_name for definition in type_.fields.values()}
    assert set(inspect(model).relationships.keys()) <= fields


def test_value_sets_are_enums() -> None:
    for values in (models.Role, models.MatterStatus, models.MemberRole, models.TaskStatus, models.InvoiceStatus):
        type_ = GRAPH.get_type(values.__name__)
        assert isinstance(type_, GraphQLEnumType)
        assert list(type_.values) == [value.name for value in values]


@pytest.mark.parametrize("name", MODELS)
def test_an_object_of_every_type_is_found_by_its_global_id(name: str, layer: Bff, engine: Engine) -> None:
    table = MODELS[name].__table__
    with engine.connect() as connection:
        # The first rows are the first organization's and its first user's.
        key = tuple(connection.execute(table.select().order_by(*table.primary_key).limit(1)).one())
    keys = [str(key[list(table.columns).index(column)]) for column in table.primary_key]
    node_id = f"{name}:{','.join(keys)}"
    data = ask(layer, "query($id: ID!) { node(id: $id) { __typename nodeId } }", id=node_id)
    assert data == {"node": {"__typename": name, "nodeId": node_id}}


# ---- lists


@pytest.mark.parametrize("name", LISTS)
def test_a_list_and_its_connection_hold_the_same(name: str, layer: Bff) -> None:
    data = ask(
        layer,
        f"{{ {name}(first: 3) {{ id }} paged: {name}Connection(first: 2) {{ totalCount pageInfo {{ hasNextPage endCursor }}"
        f" nodes {{ id }} }} }}",
    )
    rows, paged = data[name], data["paged"]
    rest = ask(
        layer,
        f"query($after: String) {{ {name}Connection(first: 1, after: $after) {{ nodes {{ id }} }} }}",
        after=paged["pageInfo"]["endCursor"],
    )
    assert paged["nodes"] + rest[f"{name}Connection"]["nodes"] == rows
    assert paged["totalCount"] >= len(rows) == 3
    assert paged["pageInfo"]["hasNextPage"]


def test_every_connection_of_the_query_has_a_list_here() -> None:
    assert GRAPH.query_type
    connections = {name.removesuffix("Connection") for name in GRAPH.query_type.fields if name.endswith("Connection")}
    assert connections - {"unbilledTime"} == set(LISTS)


def test_unbilled_time_is_billable_and_after_the_last_invoice(layer: Bff, engine: Engine) -> None:
    found = ask(
        layer,
        "{ unbilledTimeConnection { totalCount nodes { billable workedOn matter { invoices { status issuedOn } } } } }",
    )["unbilledTimeConnection"]
    assert found["nodes"]
    for entry in found["nodes"]:
        gone_out = [it["issuedOn"] for it in entry["matter"]["invoices"] if it["status"] in ("SENT", "PAID")]
        assert entry["billable"]
        assert all(issued < entry["workedOn"] for issued in gone_out)
    assert found["totalCount"] == one(
        engine,
        "select count(*) from time_entries t join matters m on m.id = t.matter_id where m.organization_id = 1"
        " and billable and not exists (select from invoices i where i.matter_id = m.id and i.status in ('sent', 'paid')"
        " and issued_on >= worked_on)",
    )


def test_lists_are_filtered_by_what_they_show(layer: Bff, engine: Engine) -> None:
    data = ask(
        layer,
        """{
          open: mattersConnection(filter: {status: {eq: OPEN}}) { totalCount }
          closed: mattersConnection(filter: {status: {in: [CLOSED]}, title: {contains: "A"}}) { nodes { status title } }
          mine: user(id: 3) { assignedTasks(filter: {status: {ne: DONE}}, orderBy: [PRIORITY_ASC]) { status priority } }
        }""",
    )
    assert data["open"]["totalCount"] == one(
        engine, "select count(*) from matters where organization_id = 1 and status = 'open'"
    )
    assert data["closed"]["nodes"]
    assert all(it["status"] == "CLOSED" and "a" in it["title"].lower() for it in data["closed"]["nodes"])
    tasks = data["mine"]["assignedTasks"]
    assert [it["priority"] for it in tasks] == sorted(it["priority"] for it in tasks)
    assert tasks
    assert all(it["status"] != "DONE" for it in tasks)


# ---- aggregates

OF_MATTER_1 = {
    "taskCount": "select count(*) from tasks where matter_id = 1",
    "openTaskCount": "select count(*) from tasks where matter_id = 1 and status <> 'done'",
    "documentCount": "select count(*) from documents where matter_id = 1",
    "billedMinutes": "select sum(minutes) from time_entries where matter_id = 1 and billable",
    "unbilledMinutes": (
        "select coalesce(sum(minutes), 0) from time_entries t where matter_id = 1 and billable and not exists"
        " (select from invoices where matter_id = 1 and status in ('sent', 'paid') and issued_on >= worked_on)"
    ),
    "outstandingCents": ("select coalesce(sum(total_cents), 0) from invoices where matter_id = 1 and status = 'sent'"),
}
OF_CLIENT_1 = {
    "openMatterCount": "select count(*) from matters where client_id = 1 and status = 'open'",
    "invoicedCents": "select sum(total_cents) from invoices where client_id = 1 and status in ('sent', 'paid')",
    "outstandingCents": "select coalesce(sum(total_cents), 0) from invoices where client_id = 1 and status = 'sent'",
}
OF_USER_1 = {
    "openTaskCount": "select count(*) from tasks where assignee_id = 1 and status <> 'done'",
    "ledMatterCount": "select count(*) from matters where lead_id = 1",
    "loggedMinutes": "select coalesce(sum(minutes), 0) from time_entries where user_id = 1",
    "billedMinutes": "select coalesce(sum(minutes), 0) from time_entries where user_id = 1 and billable",
    "unreadCount": "select count(*) from notifications where user_id = 1 and read_at is null",
}
OF_ORGANIZATION_1 = {
    "peopleCount": "select count(*) from users where organization_id = 1",
    "clientCount": "select count(*) from clients where organization_id = 1",
    "openMatterCount": "select count(*) from matters where organization_id = 1 and status = 'open'",
}
AGGREGATES = {
    "matter": OF_MATTER_1,
    "client": OF_CLIENT_1,
    "user": OF_USER_1,
    "organization": OF_ORGANIZATION_1,
    "task": {"commentCount": "select count(*) from comments where task_id = 1"},
    "document": {"versionCount": "select count(*) from document_versions where document_id = 1"},
    "tag": {
        "openTaskCount": (
            "select count(*) from task_tags join tasks on id = task_id where tag_id = 1 and status <> 'done'"
        )
    },
}


@pytest.mark.parametrize("name", AGGREGATES)
def test_aggregates_are_what_the_rows_come_to(name: str, layer: Bff, engine: Engine) -> None:
    wanted = {field: int(one(engine, statement)) for field, statement in AGGREGATES[name].items()}
    assert ask(layer, f'{{ {name}(id: "1") {{ {" ".join(wanted)} }} }}')[name] == wanted
    type_ = GRAPH.get_type(name.title())
    assert isinstance(type_, GraphQLObjectType)
    numbers = {it for it in type_.fields if it.endswith(("Count", "Minutes")) or it in OF_CLIENT_1 or it in OF_MATTER_1}
    assert numbers == wanted.keys()


# ---- computed fields


def test_initials_are_of_the_first_and_the_last_word(fresh_site: Flask) -> None:
    names = {1: "Ada Lovelace", 3: "Ada", 5: "Ada King of Lovelace", 7: "émile zola", 9: ""}
    layer: Bff = fresh_site.extensions["bff"]
    with layer.engine.begin() as connection:
        for user_id, name in names.items():
            connection.execute(text("update users set name = :name where id = :id"), {"name": name, "id": user_id})
    people = ask(layer, "{ people(filter: {id: {in: [1, 3, 5, 7, 9]}}, orderBy: [ID_ASC]) { initials } }")["people"]
    assert [it["initials"] for it in people] == ["AL", "A", "AL", "ÉZ", ""]


NOON = datetime(2025, 1, 15, 12, tzinfo=UTC)
YESTERDAY = NOON - timedelta(days=1)


@pytest.mark.parametrize(
    ("status", "due_at", "workload", "health"),
    [
        (MatterStatus.CLOSED, YESTERDAY, Workload(3, 3, 10**9), MatterHealth.CLOSED),
        (MatterStatus.OPEN, None, Workload(), MatterHealth.GOOD),
        (MatterStatus.OPEN, NOON, Workload(10, 1, 80_000), MatterHealth.GOOD),
        (MatterStatus.OPEN, YESTERDAY, Workload(0, 0, 0), MatterHealth.GOOD),
        (MatterStatus.ON_HOLD, None, Workload(10, 2, 0), MatterHealth.WATCH),
        (MatterStatus.OPEN, None, Workload(0, 0, 80_001), MatterHealth.WATCH),
        (MatterStatus.OPEN, None, Workload(3, 1, 100_000), MatterHealth.WATCH),
        (MatterStatus.OPEN, None, Workload(10, 4, 0), MatterHealth.AT_RISK),
        (MatterStatus.OPEN, None, Workload(0, 0, 100_001), MatterHealth.AT_RISK),
        (MatterStatus.OPEN, YESTERDAY, Workload(1, 0, 0), MatterHealth.AT_RISK),
    ],
)
def test_health_is_judged_by_dates_tasks_and_budget(
    status: MatterStatus, due_at: datetime | None, workload: Workload, health: MatterHealth
) -> None:
    assert judge(status, due_at, 100_000, workload, NOON) is health


def test_health_is_of_a_day_and_takes_two_statements_for_all_matters(
    layer: Bff, engine: Engine, count_sql: CountSql
) -> None:
    query = "query($first: Int, $on: Date) { matters(first: $first) { id status dueAt health(on: $on) } }"
    ask(layer, query)  # planned
    counts = {}
    for first in (1, 20):
        with count_sql(layer.engine) as counted:
            matters = ask(layer, query, first=first)["matters"]
        counts[len(matters)] = counted.count
    assert counts == {1: 3, 20: 3}
    assert {it["health"] for it in matters if it["status"] == "CLOSED"} == {"CLOSED"}
    assert len({it["health"] for it in matters}) > 2
    # Long after every date all open work is overdue.
    late = ask(layer, query, first=20, on=str(datetime.now(UTC).date() + timedelta(days=3650)))["matters"]
    assert {it["health"] for it in late if it["dueAt"] and it["status"] != "CLOSED"} == {"AT_RISK"}


@dataclass
class FakeAgency:
    """A credit agency that takes its time, and remembers what it was asked."""

    url: str = ""
    asked: list[list[str]] = field(default_factory=list)
    answer: Callable[[list[str]], bytes] = lambda websites: json.dumps(
        {"grades": {website: "ABCD"[len(website) % 4] for website in websites if "a" in website}}
    ).encode()
    status: int = 200
    delay: float = 0.05
    closing: threading.Event = field(default_factory=threading.Event)


@pytest.fixture
def fake_agency() -> Iterator[FakeAgency]:
    """`agency` asks this one, over HTTP, until the test is over."""
    fake = FakeAgency()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            assert self.path == "/v1/grades"
            asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))["websites"]
            fake.asked.append(asked)
            fake.closing.wait(fake.delay)
            body = fake.answer(asked)
            try:
                self.send_response(fake.status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)
            except OSError:
                pass  # who asked did not wait

        def log_message(self, *_: Any) -> None: ...

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    fake.url = f"http://127.0.0.1:{server.server_port}/v1"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    with configured(agency, base_url=fake.url):
        yield fake
    fake.closing.set()
    server.shutdown()
    thread.join()
    server.server_close()


@contextmanager
def configured(agency: CreditAgency, **settings: Any) -> Iterator[None]:
    before = vars(agency).copy()
    vars(agency).update(settings)
    try:
        yield
    finally:
        vars(agency).update(before)


RATED = "{ clients { website creditRating } viewer { organization { clients { id creditRating } } } }"


def test_all_clients_of_a_level_are_rated_in_one_call(layer: Bff, fake_agency: FakeAgency, engine: Engine) -> None:
    data = ask(layer, RATED)
    [websites] = fake_agency.asked
    assert sorted(websites) == sorted({it["website"] for it in data["clients"]} - {None})
    assert len(websites) > 1
    for client in data["clients"]:
        website = client["website"]
        known = website is not None and "a" in website
        assert client["creditRating"] == ("ABCD"[len(website) % 4] if known else None)
    assert [it["creditRating"] for it in data["clients"]] == [
        it["creditRating"] for it in data["viewer"]["organization"]["clients"]
    ]


def test_what_several_levels_need_is_asked_at_once(layer: Bff, fake_agency: FakeAgency) -> None:
    ask(layer, "{ client(id: 1) { creditRating organization { clients { creditRating } } } }")
    [websites] = fake_agency.asked
    assert len(websites) == len(set(websites)) > 1


def test_without_an_address_nobody_is_asked_or_rated(layer: Bff, fake_agency: FakeAgency) -> None:
    with configured(agency, base_url=None):
        assert {it["creditRating"] for it in ask(layer, RATED)["clients"]} == {None}
    assert fake_agency.asked == []


@pytest.mark.parametrize(
    ("answer", "status"),
    [
        (b"", 200),
        (b"<html>", 200),
        (b"[]", 200),
        (b"null", 200),
        (b"{}", 200),
        (b'{"grades": []}', 200),
        (b'{"grades": {"x": "Z"}}', 200),
        (b'{"grades": {"x": []}}', 200),
        (b'{"grades": {}}', 503),
        (b"\xff\xfe", 200),
        (b"[" * 100_000, 200),
    ],
)
def test_an_agency_that_talks_nonsense_costs_the_page_its_grades_only(
    layer: Bff, fake_agency: FakeAgency, answer: bytes, status: int
) -> None:
    fake_agency.answer, fake_agency.status = lambda _: answer, status
    data = ask(layer, RATED)
    assert data["clients"]
    assert {it["creditRating"] for it in data["clients"]} == {None}
    assert len(fake_agency.asked) == 1


def test_an_agency_that_does_not_answer_is_not_waited_for(layer: Bff, fake_agency: FakeAgency) -> None:
    fake_agency.delay = 60
    with configured(agency, timeout=0.05):
        assert {it["creditRating"] for it in ask(layer, RATED)["clients"]} == {None}
    assert len(fake_agency.asked) == 1


def test_an_agency_that_is_not_there_costs_the_page_its_grades_only(layer: Bff, fake_agency: FakeAgency) -> None:
    with configured(agency, base_url="http://127.0.0.1:9"):
        assert {it["creditRating"] for it in ask(layer, RATED)["clients"]} == {None}


def test_the_application_names_the_agency(database_url: str) -> None:
    def base_url_for(**settings: str) -> str | None:
        config = {"BRIEFCASE_ENV": "development", "DATABASE_URL": database_url, **settings}
        create_app(config).extensions[EXTENSION].dispose()
        return agency.base_url

    with configured(agency):
        assert base_url_for(RATINGS_URL="https://ratings.example/v1/") == "https://ratings.example/v1"
        assert base_url_for() is None
        with pytest.raises(ValueError, match="RATINGS_URL is an http or https address, not 'file:///etc/passwd'"):
            base_url_for(RATINGS_URL="file:///etc/passwd")


def test_grades_are_the_agencys_words() -> None:
    assert [grade.value for grade in CreditGrade] == ["A", "B", "C", "D"]


# ---- search

SEARCH = """query($text: String!, $first: Int! = 100) {
  search(query: $text, first: $first) {
    __typename
    ... on Node { nodeId }
    ... on Matter { title reference } ... on Document { title } ... on Task { title }
    ... on Client { name } ... on User { name email }
  }
}"""


def search(layer: Bff, text: str, **variables: Any) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = ask(layer, SEARCH, text=text, **variables)["search"]
    return found


def test_search_is_a_union_over_all_that_has_a_name() -> None:
    type_ = GRAPH.get_type("SearchResult")
    assert isinstance(type_, GraphQLUnionType)
    assert {it.name for it in type_.types} == {"Matter", "Client", "Document", "User", "Task"}


@pytest.mark.parametrize(
    ("table", "column", "type_name"),
    [
        ("matters", "title", "Matter"),
        ("matters", "reference", "Matter"),
        ("clients", "name", "Client"),
        ("users", "name", "User"),
        ("users", "email", "User"),
        ("documents", "title", "Document"),
        ("tasks", "title", "Task"),
    ],
)
def test_search_finds_every_type_by_what_it_is_called(
    layer: Bff, engine: Engine, table: str, column: str, type_name: str
) -> None:
    name = one(engine, f"select {column} from {table} where id = 1")
    assert f"{type_name}:1" in [it["nodeId"] for it in search(layer, name.upper())]


@pytest.fixture
def named_layer(fresh_site: Flask) -> Bff:
    """With a few rows of organization 1 under names that nothing else has."""
    layer: Bff = fresh_site.extensions["bff"]
    with layer.engine.begin() as connection:
        for statement in (
            "update matters set title = 'About the quokka' where id = 1",
            "update matters set title = 'Quokka' where id = 3",
            "update clients set name = 'Quokka & Sons' where id = 1",
            "update users set name = 'Unquokkable' where id = 1",
            "update documents set title = 'quokka' where id = 1",
            r"update tasks set title = '100%_sure\' where id = 1",
            "update tasks set title = '100 pages surely' where id = 2",
        ):
            connection.execute(text(statement))
    return layer


def test_the_best_matches_come_first(named_layer: Bff) -> None:
    found = [it["nodeId"] for it in search(named_layer, "  QUOKKA ")]
    # So called, beginning so, a word beginning so, somewhere inside; equals in the order of types.
    assert found == ["Matter:3", "Document:1", "Client:1", "Matter:1", "User:1"]
    assert [it["nodeId"] for it in search(named_layer, "quokka", first=2)] == found[:2]
    assert search(named_layer, "quokka", first=0) == []


def test_wildcards_are_characters_like_others(named_layer: Bff) -> None:
    for text_, found in {"100%_sure": 1, "0%": 1, "e\\": 1, "%%": 0, "__": 0, "0%s": 0}.items():
        assert [it["nodeId"] for it in search(named_layer, text_)] == ["Task:1"][:found], text_


def test_search_is_repeatable_and_bounded(layer: Bff) -> None:
    found = search(layer, "the")
    assert len(found) == MOST_RESULTS
    assert found == search(layer, "the")
    assert search(layer, "the", first=10) == found[:10]
    assert len(ask(layer, '{ search(query: "the") { __typename } }')["search"]) == 20


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"text": " x "}, "search(query:) takes 2 to 200 characters, not 1"),
        ({"text": "x" * (LONGEST_QUERY + 1)}, "search(query:) takes 2 to 200 characters, not 201"),
        ({"text": "a\nb"}, "search(query:) takes printable characters only"),
        ({"text": "xx", "first": -1}, "search(first:) takes 0 to 100, not -1"),
        ({"text": "xx", "first": 101}, "search(first:) takes 0 to 100, not 101"),
    ],
)
def test_a_search_that_cannot_be_says_why(layer: Bff, variables: dict[str, Any], message: str) -> None:
    assert error_of(layer, SEARCH, **variables) == ("BAD_USER_INPUT", message)


def test_search_reads_of_what_it_found_what_is_asked_for(layer: Bff, count_sql: CountSql) -> None:
    search(layer, "the")
    with count_sql(layer.engine) as counted:
        found = search(layer, "the")
    types = {it["__typename"] for it in found}
    assert counted.count == 5 + len(types)
    assert all("description" not in statement for statement in counted.statements)
