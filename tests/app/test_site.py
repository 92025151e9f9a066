"""The demo pages: the shell by a test client, and what people see of them in a real browser."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from flask.testing import FlaskClient
from selenium.webdriver.common.by import By
from selenium.webdriver.support.select import Select

from app import create_app
from app.database import EXTENSION
from tests.app.browser import NARROW, OWNER, WIDE, Browser, queries, rows
from tests.conftest import LiveSite

ClientOf = Callable[[Flask, int], FlaskClient]

PATHS = {
    "Dashboard": "/",
    "Matter": "/matters/1",
    "Client": "/clients/1",
    "Document": "/documents/1",
    "Inbox": "/inbox",
    "Calendar": "/calendar",
    "Billing": "/billing",
    "Search": "/search?q=engagement",
    "Team": "/team",
}


# The shell


@pytest.mark.parametrize("path", PATHS.values())
def test_anonymous_visitors_are_sent_to_sign_in_and_back(site: Flask, path: str) -> None:
    response = site.test_client().get(path)
    assert response.status_code == 302
    address = urlsplit(response.location)
    assert address.path == "/sign-in"
    assert parse_qs(address.query) == {"next": [path]}


@pytest.mark.parametrize(("page", "path"), PATHS.items())
def test_the_shell_names_the_page_and_its_variables(site: Flask, client_of: ClientOf, page: str, path: str) -> None:
    html = client_of(site, OWNER).get(path).text
    assert f'data-page="{page}"' in html
    variables = {"Matter": {"id": "1"}, "Search": {"text": "engagement"}, "Inbox": {"show": "all"}}
    found = re.search('data-variables="([^"]*)"', html)
    assert found is not None
    assert json.loads(found[1].replace("&#34;", '"')) == variables.get(page, {"id": "1"} if "1" in path else {})


@pytest.mark.parametrize("path", [*PATHS.values(), "/sign-in", "/static/page.js", "/static/nothing.js"])
def test_every_answer_forbids_what_is_not_a_file_of_this_site(site: Flask, client_of: ClientOf, path: str) -> None:
    # A file is open until its response is closed.
    with client_of(site, OWNER).get(path) as response:
        policy = dict(rule.split(" ", 1) for rule in response.headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert policy["script-src"] == policy["style-src"] == policy["connect-src"] == "'self'"
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert "no-cache" in response.headers["Cache-Control"]


def test_the_shell_escapes_what_the_address_says(site: Flask, client_of: ClientOf) -> None:
    html = client_of(site, OWNER).get("/search", query_string={"q": """"'><script>alert(1)</script>"""}).text
    assert "<script>alert" not in html
    assert html.count("alert(1)") == 2
    assert len(re.findall("<script", html)) == 1


@pytest.mark.parametrize(
    ("goal", "target"),
    [
        ("/matters/1", "/matters/1"),
        ("/search?q=a%20b", "/search?q=a%20b"),
        ("", "/"),
        ("matters", "/"),
        ("https://elsewhere.example/", "/"),
        ("//elsewhere.example/", "/"),
        ("/\\elsewhere.example/", "/"),
        ("/\t/elsewhere.example/", "/"),
        ("javascript:alert(1)", "/"),
    ],
)
def test_sign_in_leads_nowhere_else(site: Flask, client_of: ClientOf, goal: str, target: str) -> None:
    response = client_of(site, OWNER).get("/sign-in", query_string={"next": goal})
    assert response.status_code == 302
    assert response.location == target


@pytest.mark.parametrize(("first", "is_taken"), [("2025-01-31", True), ("20250131", False), ("2025-02-30", False)])
def test_the_calendar_begins_on_a_day(site: Flask, client_of: ClientOf, first: str, is_taken: bool) -> None:
    html = client_of(site, OWNER).get(f"/calendar?from={first}").text
    assert (f"{{&#34;from&#34;: &#34;{first}&#34;}}" in html) == is_taken


def test_people_to_try_are_named_in_development_only(site: Flask, database_url: str) -> None:
    assert "data-email=" in site.test_client().get("/sign-in").text
    config = {"BRIEFCASE_ENV": "production", "DATABASE_URL": database_url, "SECRET_KEY": "of the tests"}
    production = create_app(config)
    try:
        html = production.test_client().get("/sign-in").text
        assert "Work email" in html
        assert "data-email=" not in html
    finally:
        production.extensions[EXTENSION].dispose()


# In a browser


# What of the seeded data each page must show to the owner.
SHOWN = {
    "Dashboard": """
        (select split_part(name, ' ', 1) from users where id = :viewer)
        union all (select title from matters where organization_id = :organization and status = 'open'
            order by opened_at desc, id desc limit 20)
        union all (select title from tasks where assignee_id = :viewer and status <> 'done' order by due_at, id limit 20)
        union all (select body from notifications where user_id = :viewer and read_at is null
            order by created_at desc, id desc limit 10)
    """,
    "Matter": """
        select unnest(array[reference, title, description]) from matters where id = 1
        union all select c.name from clients c join matters m on m.client_id = c.id where m.id = 1
        union all select u.name from users u join matter_members m on m.user_id = u.id where m.matter_id = 1
        union all select title from tasks where matter_id = 1
        union all select tags.name from tags join task_tags on tag_id = tags.id join tasks on task_id = tasks.id
            where matter_id = 1
        union all (select title from documents where matter_id = 1 order by title, id limit 8)
        union all (select note from time_entries where matter_id = 1 order by worked_on desc, id desc limit 8)
        union all select number from invoices where matter_id = 1
        union all select title from events where matter_id = 1
    """,
    "Client": """
        select unnest(array[name, industry]) from clients where id = 1
        union all select unnest(array[name, email]) from contacts where client_id = 1
        union all select unnest(array[reference, title]) from matters where client_id = 1
        union all select number from invoices where client_id = 1
    """,
    "Document": """
        select title from documents where id = 1
        union all select checksum from document_versions where document_id = 1
        union all select u.name from users u join document_versions v on v.author_id = u.id where v.document_id = 1
        union all select m.title from matters m join documents d on d.matter_id = m.id where d.id = 1
    """,
    "Inbox": "select body from notifications where user_id = :viewer",
    "Calendar": """
        select e.title from events e join matters m on m.id = e.matter_id where organization_id = :organization
            and starts_at >= now() and starts_at < date_trunc('day', now()) + interval '14 days'
        union all select t.title from tasks t join matters m on m.id = t.matter_id
            where organization_id = :organization and t.status <> 'done'
            and t.due_at >= now() and t.due_at < date_trunc('day', now()) + interval '14 days'
    """,
    "Billing": """
        select unnest(array[number, title, name]) from (
            select i.number, m.title, c.name, row_number() over (partition by i.status order by issued_on desc, i.id desc)
            from invoices i join matters m on m.id = i.matter_id join clients c on c.id = i.client_id
            where m.organization_id = :organization) as newest
        where row_number <= 20
    """,
    "Search": """
        select unnest(array[d.title, m.title]) from documents d join matters m on m.id = d.matter_id
            where organization_id = :organization and d.title ilike '%engagement%'
        union all select unnest(array[t.title, m.title]) from tasks t join matters m on m.id = t.matter_id
            where organization_id = :organization and t.title ilike '%engagement%'
    """,
    "Team": "select unnest(array[name, title, email]) from users where organization_id = :organization",
}


@pytest.mark.slow
@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize(("page", "path"), PATHS.items())
def test_a_page_is_one_query_and_shows_the_data(
    browser: Browser, live_site: LiveSite, page: str, path: str, width: int
) -> None:
    browser.resize(width)
    with browser.watching() as seen:
        shown = browser.open(path)
    assert seen.failures == []
    assert seen.console == []
    assert [urlsplit(address).path for address in queries(seen.requests)] == ["/graphql"]
    assert f"documentId={page}Page" in queries(seen.requests)[0]
    assert [address for address in seen.requests if not address.startswith("/")] == []
    assert re.search(r"1 request\s+\d+ ms\s+[\d.]+ k?B", browser.find("#meter").text)
    # Nothing sticks out of the window.
    assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= width
    if width == WIDE:
        expected = rows(live_site, SHOWN[page], viewer=OWNER, organization=OWNER)
        assert expected
        assert [words for words in expected if words not in shown] == []
        assert "Server-Timing" in browser.find("#meter").text


# Texts whose contrast with what is behind them is less than WCAG 2.2 wants (1.4.3), and controls smaller than it wants
# (2.5.8). Of what is disabled it wants nothing.
HARD_TO_USE = """
const pixel = new OffscreenCanvas(1, 1).getContext('2d', { willReadFrequently: true });
const luminance = (colours) => {
  for (const colour of colours) { pixel.fillStyle = colour; pixel.fillRect(0, 0, 1, 1); }
  const [r, g, b] = [...pixel.getImageData(0, 0, 1, 1).data].map((it) => it / 255).map((it) =>
    it <= 0.04045 ? it / 12.92 : ((it + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const contrast = (element) => {
  const behind = [];
  for (let it = element; it; it = it.parentElement) behind.unshift(getComputedStyle(it).backgroundColor);
  const [low, high] = [luminance(behind), luminance([getComputedStyle(element).color])].sort((one, other) => one - other);
  return (high + 0.05) / (low + 0.05);
};
const shown = (selector) => [...document.querySelectorAll(selector)].filter((it) => it.getClientRects().length > 0);
const isText = (it) => [...it.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
const hardToRead = shown('body :not(option, .unseen, :disabled)').filter((it) => isText(it) && contrast(it) < 4.5);
const hardToHit = shown('button, select').filter((it) => it.offsetWidth < 24 || it.offsetHeight < 24);
return [...hardToRead, ...hardToHit].map((it) => it.outerHTML);
"""


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_everything_can_be_read_and_hit(browser: Browser, scheme: str) -> None:
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    try:
        for path in ("/matters/1", "/team"):
            browser.open(path)
            # Initials, in place of a picture; and an editor.
            browser.find(".avatar:not(img)")
            for title in browser.driver.find_elements(By.CSS_SELECTOR, "#task-1 .title"):
                title.click()
            assert browser.driver.execute_script(HARD_TO_USE) == []
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


@pytest.mark.slow
def test_the_ring_around_an_open_editor_lies_on_nothing(browser: Browser) -> None:
    browser.open("/matters/1")
    browser.click("#task-1 .title")
    script = """
        const field = document.querySelector('#task-1 .editor input');
        const style = getComputedStyle(field);
        const ring = parseFloat(style.outlineWidth) + parseFloat(style.outlineOffset);
        return [style.outlineStyle, document.querySelector('#task-1 .tag').getBoundingClientRect().top
            - field.getBoundingClientRect().bottom - ring];
    """
    outline, space = browser.driver.execute_script(script)
    assert outline == "solid"
    assert space > 0


@pytest.mark.slow
def test_signing_in_and_out(chromium: Browser, live_site: LiveSite) -> None:
    chromium.become(None)
    chromium.driver.get(f"{live_site.url}/team?from=here")
    assert urlsplit(chromium.path).path == "/sign-in"
    chromium.find("#email").send_keys("nobody@nowhere.example")
    chromium.click("#sign-in [type=submit]")
    chromium.wait_for_text("#refusal", "nobody signs in as nobody@nowhere.example")

    [email] = rows(live_site, "select email from users where id = :id", id=OWNER)
    chromium.click(f"[data-email='{email}']")
    assert "Team" in chromium.drawn()
    assert chromium.path == "/team?from=here"

    chromium.click("#sign-out")
    chromium.find("#email")
    assert chromium.path == "/sign-in"
    chromium.driver.get(f"{live_site.url}/")
    assert urlsplit(chromium.path).path == "/sign-in"


@pytest.mark.slow
def test_links_lead_from_page_to_page(browser: Browser, live_site: LiveSite) -> None:
    browser.open("/matters/1")
    [client_id] = rows(live_site, "select client_id from matters where id = 1")
    browser.click(f"a[href='/clients/{client_id}']")
    browser.wait(lambda: browser.path == f"/clients/{client_id}")
    browser.drawn()
    browser.click("a[href='/matters/1']")
    browser.wait(lambda: browser.path == "/matters/1")
    browser.drawn()
    [document_id] = rows(live_site, "select id from documents where matter_id = 1 order by title, id limit 1")
    browser.click(f"a[href='/documents/{document_id}']")
    browser.wait(lambda: browser.path == f"/documents/{document_id}")
    browser.drawn()
    browser.find("[type=search]").send_keys("engagement\n")
    browser.wait(lambda: browser.path == "/search?q=engagement")
    assert "“engagement”" in browser.drawn()


@pytest.mark.slow
def test_a_comment_appears_as_the_text_that_it_is(browser: Browser, live_site: LiveSite) -> None:
    body = """<img src="/nothing" onerror="document.title='broken'"> & 'more' ]]>"""
    browser.open("/matters/1")
    with browser.watching() as seen:
        browser.click("#task-1 .comments")
        browser.find("#thread-1 textarea").send_keys(body)
        browser.click("#thread-1 [type=submit]")
        browser.wait_for_text("#thread-1 .said", body)
        # It is there before it is sent.
        browser.wait_for_text("#meter", "2 requests")
    assert [urlsplit(address).path for address in queries(seen.requests)] == ["/graphql"]
    assert seen.failures == seen.console == []
    assert browser.find("#thread-1 textarea").get_property("value") == ""
    assert browser.find("#task-1 .comments").text == "4"
    assert rows(live_site, "select body from comments where task_id = 1 and author_id = :id", id=OWNER)[-1] == body

    browser.driver.refresh()
    browser.drawn()
    browser.click("#task-1 .comments")
    browser.wait_for_text("#thread-1 .said", body)
    assert "broken" not in browser.driver.title


@pytest.mark.slow
def test_an_empty_comment_is_refused_beside_its_field(browser: Browser) -> None:
    browser.open("/matters/1")
    browser.click("#task-2 .comments")
    browser.find("#thread-2 textarea").send_keys("   ")
    browser.click("#thread-2 [type=submit]")
    browser.wait_for_text("#thread-2 form .refusal", "body is empty")


@pytest.mark.slow
def test_a_tasks_status_is_changed_and_counted(browser: Browser, live_site: LiveSite) -> None:
    [task_id] = rows(live_site, "select id from tasks where matter_id = 1 and status = 'open' order by id desc limit 1")
    [count] = rows(live_site, "select count(*) from tasks where matter_id = 1 and status <> 'done'")
    browser.open("/matters/1")
    browser.wait_for_text(".stats div", f"Open tasks\n{count}")
    Select(browser.find(f"#task-{task_id} select")).select_by_value("DONE")
    browser.wait_for_text(".stats div", f"Open tasks\n{count - 1}")
    browser.wait(lambda: rows(live_site, "select status from tasks where id = :id", id=task_id) == ["done"])


@pytest.mark.slow
def test_a_guests_change_is_refused_and_undone(
    browser: Browser, live_site: LiveSite, token_of: Callable[[int], str]
) -> None:
    guests = "select id from users where organization_id = :organization and role = 'guest' order by id limit 1"
    browser.become(token_of(rows(live_site, guests, organization=OWNER)[0]))
    browser.open("/matters/1")
    status = browser.find("#task-3 select").get_property("value")
    other = "DOING" if status == "DONE" else "DONE"
    Select(browser.find("#task-3 select")).select_by_value(other)
    browser.wait_for_text("#task-3 .refusal", "a guest cannot change tasks")
    assert browser.find("#task-3 select").get_property("value") == status


@pytest.mark.slow
def test_a_draft_is_sent(browser: Browser, live_site: LiveSite) -> None:
    drafts = """select i.id from invoices i join matters m on m.id = i.matter_id
        where i.status = 'draft' and organization_id = :organization order by issued_on desc, i.id desc limit 1"""
    [invoice_id] = rows(live_site, drafts, organization=OWNER)
    browser.open("/billing")
    browser.click(f"#invoice-{invoice_id} button")
    browser.wait_for_text(f"#invoice-{invoice_id}", "Sent")
    assert rows(live_site, "select status from invoices where id = :id", id=invoice_id) == ["sent"]


@pytest.mark.slow
def test_a_notification_is_marked_read(browser: Browser, live_site: LiveSite) -> None:
    unread = "select id from notifications where user_id = :id and read_at is null order by id"
    before = rows(live_site, unread, id=OWNER)
    browser.open("/inbox?show=unread")
    browser.wait_for_text(".heading", f"{len(before)} unread")
    browser.click(f"#notification-{before[0]} button")
    browser.wait_for_text(".heading", f"{len(before) - 1} unread")
    browser.wait(lambda: rows(live_site, unread, id=OWNER) == before[1:])


@pytest.mark.slow
def test_further_rows_of_a_list_come_when_asked_for(browser: Browser, live_site: LiveSite) -> None:
    paid = """select i.id from invoices i join matters m on m.id = i.matter_id
        where i.status = 'paid' and organization_id = :organization order by issued_on desc, i.id desc"""
    found = rows(live_site, paid, organization=OWNER)
    assert 20 < len(found) <= 40
    browser.open("/billing")
    more = "//section[.//h2[text()='Paid']]//button[text()='Show more']"
    assert not browser.driver.find_elements(By.ID, f"invoice-{found[-1]}")
    browser.click(more, by=By.XPATH)
    browser.find(f"#invoice-{found[-1]}")
    browser.wait(lambda: not browser.driver.find_elements(By.XPATH, more))
    assert "2 requests" in browser.find("#meter").text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "kind"), [("/matters/2", "matter"), ("/clients/2", "client"), ("/documents/13", "document")]
)
def test_what_belongs_to_others_is_missing(browser: Browser, path: str, kind: str) -> None:
    assert f"No such {kind}" in browser.open(path)


@pytest.mark.slow
def test_errors_of_the_api_are_shown(browser: Browser) -> None:
    shown = browser.open("/search?q=ab%07c")
    assert "BAD_USER_INPUT" in shown
    assert "printable characters" in shown


@pytest.mark.slow
def test_a_page_whose_viewer_has_gone_says_so(browser: Browser) -> None:
    browser.open("/matters/1")
    browser.become(None)
    browser.click("#task-4 .comments")
    browser.find("#thread-4 textarea").send_keys("Is anybody there?")
    browser.click("#thread-4 [type=submit]")
    browser.wait_for_text("#content", "You are signed out")
    assert "token" not in browser.text
