"""The old frontend as data: which calls each page makes to the REST API, and in which order.

A page is a generator. It yields waves: addresses that can be asked at the same time because the answers to the waves
before name them. It is sent the answers, and ends when a browser could show what the page shows. `load` runs one
as a browser would: an address that the page has asked before is not asked again, since its own cache has it.
The tests, the load test and the table of pages all count through here.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any, TypeAlias
from urllib.parse import urlencode

Get: TypeAlias = Callable[[str], Any]
Row: TypeAlias = dict[str, Any]
Page: TypeAlias = Generator[Sequence[str], list[Any], None]
Rows: TypeAlias = Generator[Sequence[str], list[Any], list[list[Row]]]

LARGEST_PAGE = 200
CALENDAR_DAYS = 14
OPEN_WORK = "open,doing"


@dataclass(frozen=True)
class Load:
    """One page as it was loaded: the calls of each wave, none of them twice."""

    page: str
    waves: Sequence[Sequence[str]]

    @property
    def calls(self) -> int:
        return sum(len(wave) for wave in self.waves)


def load(page: str, get: Get, **parameters: Any) -> Load:
    """Make the calls of `page` through ``get(path)``, which gives the parsed JSON of an answer.

    `parameters` are the page's own: ``id`` for Matter, Client and Document, ``text`` for Search, ``today`` (a date)
    for Dashboard and Calendar. Raises KeyError for a page that is not in `PAGES`.
    """
    waves: list[list[str]] = []
    answers: dict[str, Any] = {}
    steps = PAGES[page](**parameters)
    try:
        wanted = next(steps)
        while True:
            wave = [path for path in dict.fromkeys(wanted) if path not in answers]
            if wave:
                waves.append(wave)
            for path in wave:
                answers[path] = get(path)
            wanted = steps.send([answers[path] for path in wanted])
    except StopIteration:
        return Load(page, waves)


def matter_page(id: int) -> Page:
    """A matter with its people, tasks, documents, time, invoices and events."""
    here = f"/api/matters/{id}"
    parts = ("members", "tasks", "documents", "time_entries", "invoices", "events")
    lists = yield from whole(*(f"{here}/{part}" for part in parts), beside=[here])
    members, tasks, documents, entries, _invoices, _events = lists
    # Asked before, so this costs no call; nor does a user further down whom an earlier wave brought.
    [matter] = yield [here]
    client = f"/api/clients/{matter['client_id']}"
    known = users(
        [matter["lead_id"]],
        ids(members, "user_id"),
        ids(tasks, "assignee_id"),
        ids(documents, "uploader_id"),
        ids(entries, "user_id"),
    )
    _contacts, *lists = yield from whole(
        f"{client}/contacts",
        *(f"/api/documents/{document['id']}/versions" for document in documents),
        *(f"/api/tasks/{task['id']}/comments" for task in tasks),
        *(f"/api/tasks/{task['id']}/tags" for task in tasks),
        beside=[client, *known],
    )
    versions, comments = lists[: len(documents)], lists[len(documents) : len(documents) + len(tasks)]
    [client_row] = yield [client]
    yield users([client_row["owner_id"]], *(ids(rows, "author_id") for rows in (*versions, *comments)))


def dashboard_page(today: date | None = None) -> Page:
    """What is on the viewer's desk: open matters, own tasks, what comes up, and what is unread."""
    [viewer] = yield ["/api/viewer"]
    me = viewer["user_id"]
    _user, _organization, matters, tasks, events, notifications = yield [
        user(me),
        f"/api/organizations/{viewer['organization_id']}",
        address("/api/matters", status="open", limit=20),
        address(f"/api/users/{me}/tasks", status=OPEN_WORK, limit=20),
        address("/api/events", starts_from=instant(day(today)), limit=10),
        address("/api/notifications", unread="true", limit=10),
    ]
    yield [
        *users(ids(matters["items"], "lead_id")),
        *clients(ids(matters["items"], "client_id")),
        *matters_of(tasks["items"], events["items"], notifications["items"]),
    ]


def client_page(id: int) -> Page:
    """A client with its owner, contacts, matters with their leads, and invoices with their totals."""
    here = f"/api/clients/{id}"
    parts = ("contacts", "matters", "invoices")
    _contacts, matters, _invoices = yield from whole(*(f"{here}/{part}" for part in parts), beside=[here])
    [client] = yield [here]
    yield users([client["owner_id"]], ids(matters, "lead_id"))


def document_page(id: int) -> Page:
    """A document with its uploader, versions with their authors, its matter, and the matter's client."""
    here = f"/api/documents/{id}"
    [versions] = yield from whole(f"{here}/versions", beside=[here])
    [document] = yield [here]
    matter_path = f"/api/matters/{document['matter_id']}"
    yield [matter_path, *users([document["uploader_id"]], ids(versions, "author_id"))]
    [matter] = yield [matter_path]
    yield clients([matter["client_id"]])


def inbox_page() -> Page:
    """The viewer's notifications, each with its matter."""
    [notifications] = yield [address("/api/notifications", limit=50)]
    yield matters_of(notifications["items"])


def calendar_page(today: date | None = None) -> Page:
    """The events of the coming two weeks with their matters, and the tasks due in them with their assignees."""
    first, end = instant(day(today)), instant(day(today) + timedelta(days=CALENDAR_DAYS))
    events, tasks = yield [
        address("/api/events", starts_from=first, starts_before=end, limit=100),
        address("/api/tasks", status=OPEN_WORK, due_from=first, due_before=end, limit=100),
    ]
    yield [*matters_of(events["items"]), *users(ids(tasks["items"], "assignee_id"))]


def billing_page() -> Page:
    """The newest invoices of every status with client and matter, and unbilled time with who worked."""
    *invoices, entries = yield [
        *(address("/api/invoices", status=status, limit=20) for status in ("draft", "sent", "paid", "void")),
        address("/api/time_entries", unbilled="true", limit=50),
    ]
    listed = [invoice for answer in invoices for invoice in answer["items"]]
    yield [
        *clients(ids(listed, "client_id")),
        *matters_of(listed),
        *users(ids(entries["items"], "user_id")),
    ]


def search_page(text: str) -> Page:
    """Where a text occurs: matters with client, clients, documents and tasks with matter, and people."""
    [answer] = yield [address("/api/search", q=text)]
    of_type = {"matter": "matters", "client": "clients", "document": "documents", "user": "users", "task": "tasks"}
    results = yield [f"/api/{of_type[hit['type']]}/{hit['id']}" for hit in answer["items"]]
    found = [(hit["type"], result) for hit, result in zip(answer["items"], results, strict=True)]
    yield [
        *clients(row["client_id"] for type_name, row in found if type_name == "matter"),
        *matters_of([row for type_name, row in found if type_name in {"document", "task"}]),
    ]


def team_page() -> Page:
    """Everybody of the organization with title, how many open tasks they have, and the matters they lead."""
    [people] = yield from whole("/api/users")
    # A list of one row says its total, which is all that is shown of the tasks.
    counts = [address(f"{user(person['id'])}/tasks", status=OPEN_WORK, limit=1) for person in people]
    yield from whole(*(f"{user(person['id'])}/matters" for person in people), beside=counts)


PAGES: Mapping[str, Callable[..., Page]] = {
    "Matter": matter_page,
    "Dashboard": dashboard_page,
    "Client": client_page,
    "Document": document_page,
    "Inbox": inbox_page,
    "Calendar": calendar_page,
    "Billing": billing_page,
    "Search": search_page,
    "Team": team_page,
}


def address(path: str, **arguments: object) -> str:
    return f"{path}?{urlencode(arguments)}"


def user(user_id: int) -> str:
    return f"/api/users/{user_id}"


def users(*groups: Iterable[int]) -> list[str]:
    return [user(user_id) for user_ids in groups for user_id in user_ids]


def clients(client_ids: Iterable[int]) -> list[str]:
    return [f"/api/clients/{client_id}" for client_id in client_ids]


def matters_of(*lists: Sequence[Row]) -> list[str]:
    return [f"/api/matters/{matter_id}" for rows in lists for matter_id in ids(rows, "matter_id")]


def ids(rows: Iterable[Row], name: str) -> list[int]:
    """What `rows` refer to by `name`, where they do."""
    return [row[name] for row in rows if row[name] is not None]


def whole(*paths: str, beside: Sequence[str] = ()) -> Rows:
    """Every row of each list: the first pages in one wave, and what is left of long lists in a second.

    `beside` goes out with the first wave.
    """
    first = yield [*(address(path, limit=LARGEST_PAGE) for path in paths), *beside]
    lists: list[list[Row]] = [list(answer["items"]) for answer in first[: len(paths)]]
    left = [
        (rows, address(path, limit=LARGEST_PAGE, offset=offset))
        for rows, path, answer in zip(lists, paths, first, strict=False)
        for offset in range(LARGEST_PAGE, answer["total"], LARGEST_PAGE)
    ]
    if left:
        further = yield [path for _, path in left]
        for (rows, _), answer in zip(left, further, strict=True):
            rows.extend(answer["items"])
    return lists


def day(today: date | None) -> date:
    return today or datetime.now(UTC).date()


def instant(of: date) -> str:
    return datetime.combine(of, time(), UTC).isoformat()
