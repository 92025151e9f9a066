"""Changing tasks where they stand: shown at once, kept by the site, taken back where it refuses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.select import Select
from sqlalchemy import create_engine, text

from tests.app.browser import OWNER, Browser, rows
from tests.conftest import LiveSite

pytestmark = pytest.mark.slow


@contextmanager
def offline(browser: Browser) -> Iterator[None]:
    """The network of the browser is cut."""
    conditions = {"offline": True, "latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    browser.driver.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)
    try:
        yield
    finally:
        browser.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {**conditions, "offline": False})


def title(live_site: LiveSite, task_id: int) -> str:
    [value] = rows(live_site, "select title from tasks where id = :id", id=task_id)
    assert isinstance(value, str)
    return value


def write(browser: Browser, selector: str, words: str) -> None:
    """Replace what a field holds, by keys alone."""
    browser.find(selector).send_keys(Keys.CONTROL, "a", Keys.NULL, words)


def test_a_task_is_renamed_by_keyboard_alone(browser: Browser, live_site: LiveSite) -> None:
    browser.open("/matters/1")
    browser.find("#task-1 .title").send_keys(Keys.ENTER)
    field = browser.find("#task-1 .editor input")
    assert browser.driver.switch_to.active_element == field
    write(browser, "#task-1 .editor input", "Call the <b>court</b>\n")
    browser.wait_for_text("#task-1 .title", "Call the <b>court</b>")
    # The focus is where it was before.
    assert browser.driver.switch_to.active_element == browser.find("#task-1 .title")
    browser.wait(lambda: title(live_site, 1) == "Call the <b>court</b>")


def test_escape_leaves_the_title_as_it_was(browser: Browser, live_site: LiveSite) -> None:
    before = title(live_site, 2)
    browser.open("/matters/1")
    browser.click("#task-2 .title")
    write(browser, "#task-2 .editor input", "Something else")
    browser.find("#task-2 .editor input").send_keys(Keys.ESCAPE)
    assert browser.find("#task-2 .title").text == before
    assert title(live_site, 2) == before


def test_a_refused_title_is_still_in_its_editor(browser: Browser, live_site: LiveSite) -> None:
    before = title(live_site, 3)
    browser.open("/matters/1")
    browser.click("#task-3 .title")
    write(browser, "#task-3 .editor input", "  \n")
    browser.wait_for_text("#task-3 .refusal", "title is empty")
    assert browser.find("#task-3 .editor input").get_property("value") == "  "
    assert title(live_site, 3) == before


def test_what_cannot_be_sent_is_shown_and_taken_back(browser: Browser, live_site: LiveSite) -> None:
    before = title(live_site, 4)
    browser.open("/matters/1")
    browser.click("#task-4 .title")
    with offline(browser):
        write(browser, "#task-4 .editor input", "Nobody hears this\n")
        browser.wait_for_text("#task-4 .refusal", "the site does not answer")
        assert browser.find("#task-4 .editor input").get_property("value") == "Nobody hears this"
    browser.find("#task-4 .editor input").send_keys(Keys.ENTER)
    browser.wait(lambda: title(live_site, 4) == "Nobody hears this")
    assert not browser.driver.find_elements(By.CSS_SELECTOR, "#task-4 .refusal")
    assert before != "Nobody hears this"


def test_a_change_is_shown_before_the_site_has_answered(browser: Browser, live_site: LiveSite) -> None:
    browser.open("/matters/1")
    # No answer comes while the table is locked.
    with locked(live_site):
        browser.click("#task-5 .title")
        write(browser, "#task-5 .editor input", "Shown at once\n")
        browser.wait_for_text("#task-5 .title", "Shown at once")
        browser.find(".add input").send_keys("One more thing\n")
        browser.find("//li[@aria-busy][.//button[text()='One more thing']]", by=By.XPATH)
        assert title(live_site, 5) != "Shown at once"
    browser.wait(lambda: title(live_site, 5) == "Shown at once")
    browser.find("//li[not(@aria-busy)][.//button[text()='One more thing']]", by=By.XPATH)
    assert rows(live_site, "select count(*) from tasks where title = 'One more thing'") == [1]


@contextmanager
def locked(live_site: LiveSite) -> Iterator[None]:
    """Nobody writes tasks meanwhile."""
    engine = create_engine(live_site.database_url)
    try:
        with engine.begin() as connection:
            connection.execute(text("lock table tasks in exclusive mode"))
            yield
    finally:
        engine.dispose()


def test_priority_assignee_and_due_date_are_changed(browser: Browser, live_site: LiveSite) -> None:
    browser.open("/matters/1")
    Select(browser.find("#task-6 select.subtle")).select_by_visible_text("Urgent")
    browser.wait(lambda: rows(live_site, "select priority from tasks where id = 6") == [1])

    people = Select(browser.find("#task-6 .assignee select"))
    chosen = next(it for it in people.options if it.get_attribute("value") and not it.is_selected())
    person_id, name = int(chosen.get_attribute("value") or 0), chosen.text
    people.select_by_visible_text(name)
    browser.wait(lambda: rows(live_site, "select assignee_id from tasks where id = 6") == [person_id])
    assert browser.find("#task-6 .assignee").get_attribute("title") == name
    people.select_by_visible_text("Nobody")
    browser.wait(lambda: rows(live_site, "select assignee_id from tasks where id = 6") == [None])

    browser.click("#task-6 .due")
    field = browser.find("#task-6 .editor [type=date]")
    browser.driver.execute_script("arguments[0].value = '2031-02-03'", field)
    field.send_keys(Keys.ENTER)
    browser.wait_for_text("#task-6 .due", "3 Feb 2031")
    due = "select to_char(due_at at time zone 'UTC', 'YYYY-MM-DD') from tasks where id = 6"
    browser.wait(lambda: rows(live_site, due)[0] in {"2031-02-02", "2031-02-03", "2031-02-04"})
    browser.click("#task-6 .due")
    field = browser.find("#task-6 .editor [type=date]")
    browser.driver.execute_script("arguments[0].value = ''", field)
    field.send_keys(Keys.ENTER)
    browser.wait_for_text("#task-6 .due", "No date")
    browser.wait(lambda: rows(live_site, "select due_at from tasks where id = 6") == [None])


def test_tasks_are_moved_and_the_button_keeps_the_focus(browser: Browser, live_site: LiveSite) -> None:
    in_order = "select id from tasks where matter_id = 1 order by position, id"
    before = rows(live_site, in_order)
    second = before[1]
    browser.open("/matters/1")
    button = browser.find(f"#task-{second} .moves button:last-child")
    button.send_keys(Keys.ENTER)
    button.send_keys(Keys.ENTER)
    after = [before[0], before[2], before[3], second, *before[4:]]
    browser.wait(lambda: rows(live_site, in_order) == after)
    shown = browser.driver.find_elements(By.CSS_SELECTOR, ".tasks > li")
    assert [it.get_attribute("id") for it in shown] == [f"task-{it}" for it in after]
    assert browser.driver.switch_to.active_element == button
    assert not browser.find(f"#task-{before[0]} .moves button:first-child").is_enabled()


def test_a_guests_task_is_refused_beside_its_field(
    browser: Browser, live_site: LiveSite, token_of: Callable[[int], str]
) -> None:
    guests = "select id from users where organization_id = :organization and role = 'guest' order by id limit 1"
    browser.become(token_of(rows(live_site, guests, organization=OWNER)[0]))
    browser.open("/matters/1")
    count = len(browser.driver.find_elements(By.CSS_SELECTOR, ".tasks > li"))
    browser.find(".add input").send_keys("Let me in\n")
    browser.wait_for_text(".add .refusal", "a guest cannot create tasks")
    assert browser.find(".add input").get_property("value") == "Let me in"
    assert len(browser.driver.find_elements(By.CSS_SELECTOR, ".tasks > li")) == count


def test_a_task_of_the_dashboard_is_finished(browser: Browser, live_site: LiveSite) -> None:
    [task_id, *_] = rows(
        live_site, "select id from tasks where assignee_id = :id and status <> 'done' order by due_at, id", id=OWNER
    )
    [left] = rows(live_site, "select count(*) from tasks where assignee_id = :id and status <> 'done'", id=OWNER)
    browser.open("/")
    browser.wait_for_text(".stats div", f"Your open tasks\n{left}")
    browser.click(".rows .finish")
    browser.wait_for_text(".stats div", f"Your open tasks\n{left - 1}")
    browser.wait(lambda: rows(live_site, "select status from tasks where id = :id", id=task_id) == ["done"])


# What pages are drawn with

DRAWN = """
const done = arguments[0];
import('/static/dom.js').then(({ h, draw }) => {
  const host = document.body.appendChild(document.createElement('ul'));
  const row = (id, words = id) => h('li', { key: id, mark: true }, words, h('input', { name: id, initial: id }));
  const order = () => [...host.children].map((it) => it.querySelector('input').name).join('');
  draw(host, ['a', 'b', 'c'].map((id) => row(id)));
  const nodes = [...host.children];
  const field = host.querySelector('[name=b]');
  field.focus();
  field.value = 'typed';
  field.setSelectionRange(1, 3);
  const changed = draw(host, row('c'), row('new'), row('b', 'other words'), row('a'));
  done({
    order: order(),
    same: host.children[0] === nodes[2] && host.children[2] === nodes[1],
    focused: document.activeElement === field,
    typed: field.value,
    selection: [field.selectionStart, field.selectionEnd],
    changed: [...changed].map((it) => it.querySelector('input').name).sort(),
    gone: (draw(host, row('a')), order()),
    after: document.activeElement === host,
    markup: (draw(host, h('a', { href: 'javascript:alert(1)' }, '<b>text</b>')), host.innerHTML),
  });
});
"""


def test_drawing_again_leaves_what_is_there(browser: Browser) -> None:
    browser.open("/documents/1")
    assert browser.driver.execute_async_script(DRAWN) == {
        "order": "cnewba",
        "same": True,
        "focused": True,
        "typed": "typed",
        "selection": [1, 3],
        "changed": ["b", "new"],
        "gone": "a",
        "after": True,
        "markup": "<a>&lt;b&gt;text&lt;/b&gt;</a>",
    }
