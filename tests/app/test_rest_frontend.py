"""How many calls the old frontend makes for each page, made for real."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any

import pytest
from flask import Flask
from flask.testing import FlaskClient

from app.rest.frontend import PAGES, Load, load

ClientOf = Callable[[Flask, int], FlaskClient]
Loader = Callable[..., Load]

PARAMETERS: dict[str, dict[str, Any]] = {
    "Matter": {"id": 1},
    "Client": {"id": 1},
    "Document": {"id": 1},
    "Search": {"text": "the"},
}


@pytest.fixture
def answers() -> dict[str, Any]:
    """What each address answered."""
    return {}


@pytest.fixture
def load_page(site: Flask, client_of: ClientOf, answers: dict[str, Any]) -> Loader:
    """`load_page("Matter")` loads it as user 1; a call that fails, or that is made twice, fails the test."""
    client = client_of(site, 1)

    def get(path: str) -> Any:
        assert path not in answers, f"{path} was asked twice"
        answer = client.get(path)
        assert answer.status_code == 200, f"{path}: {answer.text}"
        answers[path] = answer.json
        return answer.json

    def of_page(page: str) -> Load:
        answers.clear()
        return load(page, get, **PARAMETERS.get(page, {}))

    return of_page


def rows(answers: dict[str, Any], path: str) -> list[dict[str, Any]]:
    """The rows of a list that was asked for, all its pages together."""
    return [row for asked, answer in answers.items() if asked.split("?")[0] == path for row in answer["items"]]


@pytest.mark.slow
def test_the_matter_page_takes_at_least_sixty_calls(load_page: Loader) -> None:
    assert load_page("Matter").calls >= 60


@pytest.mark.slow
def test_the_matter_page_asks_for_everything_that_it_shows(load_page: Loader, answers: dict[str, Any]) -> None:
    loaded = load_page("Matter")
    matter = answers["/api/matters/1"]
    client = answers[f"/api/clients/{matter['client_id']}"]
    assert len(rows(answers, f"/api/clients/{client['id']}/contacts")) == 4
    people = {client["owner_id"], matter["lead_id"]}
    people |= {it["user_id"] for it in rows(answers, "/api/matters/1/members")}
    for task in rows(answers, "/api/matters/1/tasks"):
        people |= {task["assignee_id"]} - {None}
        assert len(rows(answers, f"/api/tasks/{task['id']}/tags")) == 2
        comments = rows(answers, f"/api/tasks/{task['id']}/comments")
        assert len(comments) == 3
        people |= {it["author_id"] for it in comments}
    documents = rows(answers, "/api/matters/1/documents")
    assert len(documents) == 12
    for document in documents:
        versions = rows(answers, f"/api/documents/{document['id']}/versions")
        assert len(versions) == 3
        people |= {document["uploader_id"], *(it["author_id"] for it in versions)}
    entries = rows(answers, "/api/matters/1/time_entries")
    assert len(entries) == 30
    people |= {it["user_id"] for it in entries}
    assert len(rows(answers, "/api/matters/1/invoices")) == 3
    assert len(rows(answers, "/api/matters/1/events")) == 5

    asked = {int(path.rpartition("/")[2]) for path in answers if path.startswith("/api/users/")}
    assert asked == people
    assert len(people) >= 30
    # 20 tasks with two lists each, 12 documents with one, 6 lists and 2 rows around them, the contacts, the people.
    assert loaded.calls == 20 * 2 + 12 + 6 + 2 + 1 + len(people)
    assert len(loaded.waves) == 3


@pytest.mark.slow
def test_every_page_loads_and_the_number_of_its_calls_is_known(
    load_page: Loader, record_property: Callable[[str, object], None], pytestconfig: pytest.Config
) -> None:
    loads = {page: load_page(page) for page in PAGES}
    # None in xdist's workers; the properties reach the report from there too.
    terminal = pytestconfig.pluginmanager.get_plugin("terminalreporter")
    for page, loaded in loads.items():
        record_property(page, loaded.calls)
        if terminal is not None:
            waves = " + ".join(str(len(wave)) for wave in loaded.waves)
            terminal.write_line(f"{page:<10} {loaded.calls:>4} REST calls  ({waves})")
    assert list(loads) == [
        "Matter",
        "Dashboard",
        "Client",
        "Document",
        "Inbox",
        "Calendar",
        "Billing",
        "Search",
        "Team",
    ]
    for page, loaded in loads.items():
        calls = [path for wave in loaded.waves for path in wave]
        assert len(calls) == len(set(calls)) == loaded.calls, page
        assert all(path.startswith("/api/") for path in calls), page
        # One call would be no page of the old kind.
        assert loaded.calls > 3, page


@pytest.mark.slow
def test_the_team_page_asks_twice_for_everybody(load_page: Loader, answers: dict[str, Any]) -> None:
    assert load_page("Team").calls == 1 + 2 * 50
    people = rows(answers, "/api/users")
    assert all(f"/api/users/{it['id']}/tasks?status=open%2Cdoing&limit=1" in answers for it in people)


def scripted(answer: Callable[[str], Any]) -> tuple[list[str], Callable[[str], Any]]:
    """A `get` that keeps what it was asked."""
    asked: list[str] = []

    def get(path: str) -> Any:
        asked.append(path)
        return answer(path)

    return asked, get


def test_long_lists_are_fetched_page_after_page() -> None:
    def answer(path: str) -> Any:
        if "?" not in path:
            return {"owner_id": 7}
        offset = int(path.partition("offset=")[2] or 0)
        total = 450 if "/matters" in path else 0
        items = [{"lead_id": 1_000 + number} for number in range(offset, min(offset + 200, total))]
        return {"items": items, "total": total}

    asked, get = scripted(answer)
    loaded = load("Client", get, id=5)
    assert [len(wave) for wave in loaded.waves] == [4, 2, 451]
    assert asked[4:6] == [
        "/api/clients/5/matters?limit=200&offset=200",
        "/api/clients/5/matters?limit=200&offset=400",
    ]
    assert len(set(asked)) == len(asked)


def test_an_address_is_asked_once_a_page() -> None:
    asked, get = scripted(
        lambda path: {"items": [{"matter_id": 3}, {"matter_id": 3}, {"matter_id": None}]} if "?" in path else {}
    )
    loaded = load("Inbox", get)
    assert asked == ["/api/notifications?limit=50", "/api/matters/3"]
    assert loaded == Load("Inbox", [["/api/notifications?limit=50"], ["/api/matters/3"]])


def test_the_calendar_looks_two_weeks_ahead() -> None:
    asked, get = scripted(lambda _path: {"items": []})
    load("Calendar", get, today=date(2025, 1, 31))
    window = "2025-01-31T00%3A00%3A00%2B00%3A00", "2025-02-14T00%3A00%3A00%2B00%3A00"
    assert asked == [
        f"/api/events?starts_from={window[0]}&starts_before={window[1]}&limit=100",
        f"/api/tasks?status=open%2Cdoing&due_from={window[0]}&due_before={window[1]}&limit=100",
    ]


def test_a_page_that_is_none_is_refused() -> None:
    with pytest.raises(KeyError, match="Mater"):
        load("Mater", lambda _path: None)
