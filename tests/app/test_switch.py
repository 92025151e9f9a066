"""The switch "REST | One query": the same page loaded both ways, and what each way cost."""

from __future__ import annotations

import json
import re
import urllib.request
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from flask import Flask
from selenium.webdriver.common.by import By

from app.rest.frontend import load
from tests.app.browser import NARROW, OWNER, WIDE, Browser, queries
from tests.conftest import LiveSite

pytestmark = pytest.mark.slow

# Of each page: where it is, and what the old frontend is told.
PAGES: dict[str, tuple[str, dict[str, Any]]] = {
    "Dashboard": ("/", {}),
    "Matter": ("/matters/1", {"id": 1}),
    "Client": ("/clients/1", {"id": 1}),
    "Document": ("/documents/1", {"id": 1}),
    "Inbox": ("/inbox", {}),
    "Calendar": ("/calendar", {}),
    "Billing": ("/billing", {}),
    "Search": ("/search?q=engagement", {"text": "engagement"}),
    "Team": ("/team", {}),
}
UNKNOWN, TIMES = "\N{EN DASH}", "\N{MULTIPLICATION SIGN}"


def by(path: str, way: str) -> str:
    return f"{path}{'&' if '?' in path else '?'}by={way}"


@pytest.fixture
def browser(browser: Browser) -> Browser:
    # Nothing is known of earlier loads.
    browser.driver.get(f"{browser.url}/healthz")
    browser.driver.execute_script("sessionStorage.clear()")
    # The old frontend's days are UTC's.
    browser.driver.execute_cdp_cmd("Emulation.setTimezoneOverride", {"timezoneId": "UTC"})
    return browser


@pytest.mark.parametrize("page", PAGES)
def test_by_rest_the_browser_makes_the_calls_of_the_old_frontend_and_shows_the_same_page(
    browser: Browser, live_site: LiveSite, page: str
) -> None:
    def get(path: str) -> Any:
        request = urllib.request.Request(live_site.url + path, headers={"Authorization": f"Bearer dev-{OWNER}"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.load(answer)

    path, parameters = PAGES[page]
    expected = load(page, get, **parameters)
    with browser.watching() as seen:
        browser.open(by(path, "rest"))
        browser.find("#waterfall tbody tr")
    assert seen.failures == seen.console == []
    # In this order, so wave after wave.
    assert queries(seen.requests) == [call for wave in expected.waves for call in wave]
    assert len(browser.driver.find_elements(By.CSS_SELECTOR, "#waterfall tbody tr")) == expected.calls
    assert f"{expected.calls} calls in {len(expected.waves)} waves" in browser.find("#waterfall thead").text
    assert browser.find("#meter").text.startswith(f"{expected.calls} requests")
    if page == "Search":
        # The old API gives ten of each kind, in another order.
        return
    by_rest = _shown(browser)
    browser.open(by(path, "query"))
    # What the old API does not tell stands out; on the Matter page there is nothing of the kind.
    pattern = re.escape(by_rest).replace(UNKNOWN, "[^\t]+?" if page != "Matter" else UNKNOWN)
    assert re.fullmatch(pattern, _shown(browser)), (by_rest, _shown(browser))


def _shown(browser: Browser) -> str:
    return str(browser.driver.execute_script("return document.getElementById('content').innerText"))


def test_the_matter_page_is_over_sixty_calls_against_one(browser: Browser) -> None:
    browser.open("/matters/1?by=query")
    browser.wait_for_text(".lane.query .sum", "1 call, ")
    assert browser.find(".lane.query").get_attribute("class") == "lane query now"

    browser.click(".lane.rest a")
    browser.wait(lambda: browser.path == "/matters/1?by=rest")
    browser.drawn()
    # What the other way took is known from before.
    [calls] = browser.wait(
        lambda: re.findall(r"^(\d+) calls, [\d,]+ ms, [\d.]+ kB$", browser.find(".lane.rest .sum").text)
    )
    assert int(calls) >= 60
    assert re.fullmatch(r"1 call, [\d,]+ ms, [\d.]+ kB", browser.find(".lane.query .sum").text)
    assert re.fullmatch(rf"REST took [\d.]+{TIMES} the time, {calls}{TIMES} the calls", browser.find(".verdict").text)

    bars = "return [...document.querySelectorAll('#waterfall .sent')].map((it) => it.getBoundingClientRect().toJSON())"
    places = browser.driver.execute_script(bars)
    assert len(places) == int(calls)
    assert all(place["width"] > 0 for place in places)
    # The later waves stand further to the right.
    assert places[-1]["left"] > places[0]["right"]


def test_of_one_query_the_servers_phases_are_drawn(browser: Browser) -> None:
    browser.open("/matters/1?by=query")
    phases = browser.wait(lambda: browser.driver.find_elements(By.CSS_SELECTOR, "#waterfall .phase"))
    legend = browser.find("#waterfall .legend").text
    assert [phase.get_attribute("title").split()[0] for phase in phases][-2:] == ["execute", "encode"]
    assert "execute" in legend
    assert "browser and network" in legend
    [bar] = browser.driver.find_elements(By.CSS_SELECTOR, "#waterfall .sent")
    right = bar.rect["x"] + bar.rect["width"]
    assert all(bar.rect["x"] <= it.rect["x"] <= it.rect["x"] + it.rect["width"] <= right + 2 for it in phases)


def test_the_way_is_remembered_in_the_address_from_page_to_page(browser: Browser) -> None:
    browser.open("/inbox?show=unread")
    browser.click(".switch [data-way=rest]")
    browser.wait(lambda: parse_qs(urlsplit(browser.path).query) == {"show": ["unread"], "by": ["rest"]})
    browser.drawn()
    assert browser.find(".switch [aria-current]").text == "REST"
    browser.click(".places a[href='/team']")
    browser.wait(lambda: browser.path == "/team?by=rest")
    browser.drawn()
    browser.find("[type=search]").send_keys("engagement\n")
    browser.wait(lambda: urlsplit(browser.path).path == "/search")
    assert parse_qs(urlsplit(browser.path).query) == {"by": ["rest"], "q": ["engagement"]}
    browser.drawn()
    browser.click(".switch [data-way=query]")
    browser.wait(lambda: "by=query" in browser.path)
    with browser.watching() as seen:
        browser.driver.refresh()
        browser.drawn()
    assert len(queries(seen.requests)) == 1


def test_the_waterfall_is_opened_and_closed_by_keyboard(browser: Browser) -> None:
    browser.open("/documents/1")
    toggle = browser.find("#waterfall-toggle")
    assert toggle.get_attribute("aria-expanded") == "false"
    assert not browser.find("#waterfall").is_displayed()
    toggle.send_keys("\n")
    assert toggle.get_attribute("aria-expanded") == "true"
    calls = browser.find("#waterfall .calls")
    assert calls.is_displayed()
    calls.send_keys("\ue00c")
    assert not browser.find("#waterfall").is_displayed()
    assert browser.driver.switch_to.active_element == toggle


@pytest.mark.parametrize("width", [WIDE, NARROW])
@pytest.mark.parametrize("way", ["rest", "query"])
def test_the_waterfall_fits_the_window(browser: Browser, width: int, way: str) -> None:
    browser.resize(width)
    browser.open(by("/matters/1", way))
    browser.find("#waterfall tbody tr")
    assert browser.driver.execute_script("return document.documentElement.scrollWidth") <= width
    calls = browser.find("#waterfall .calls")
    assert calls.get_property("scrollWidth") <= calls.get_property("clientWidth")


def test_by_rest_what_is_missing_is_missing(browser: Browser) -> None:
    assert "No such matter" in browser.open("/matters/2?by=rest")
    # Not the shell's: that is sent without a cookie to sign in.
    browser.open("/matters/1?by=rest")
    shown = browser.open("/search?q=ab%07c&by=rest")
    assert "BAD_USER_INPUT" in shown


def test_no_other_way_is_taken_from_the_address(site: Flask) -> None:
    client = site.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer dev-{OWNER}"
    html = client.get('/team?by="><script>').text
    assert 'data-by="query"' in html
    assert "><script>" not in html.replace('<script type="module"', "")
