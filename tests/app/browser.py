"""A real browser on a live Briefcase, used as a person would: by what can be seen."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from selenium.common.exceptions import NoSuchElementException, StaleElementReferenceException
from selenium.webdriver import Chrome, ChromeOptions
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.wait import WebDriverWait
from sqlalchemy import create_engine, text

from tests.conftest import LiveSite

T = TypeVar("T")

# User 1 owns organization 1.
OWNER = 1
WIDE, NARROW = 1280, 390
PATIENCE = 30

# Headless, without a sandbox (the tests may run as root), and quiet: it asks nobody but the site.
FLAGS = [
    "headless",
    "no-sandbox",
    "disable-gpu",
    "disable-dev-shm-usage",
    "disable-quic",
    "no-first-run",
    "disable-background-networking",
    "disable-component-update",
    "disable-sync",
    "disable-default-apps",
]


@dataclass
class Seen:
    """What the browser noticed: the requests in order, those that failed, and what the console said."""

    requests: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    console: list[str] = field(default_factory=list)


class Browser:
    """Chromium on the site at `url`. Close it."""

    def __init__(self, url: str, *, chromium: str, driver: str, profile: Path) -> None:
        self.url = url
        options = ChromeOptions()
        options.binary_location = chromium
        for flag in (*FLAGS, f"user-data-dir={profile}"):
            options.add_argument(f"--{flag}")
        options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
        # Naming the driver keeps Selenium from looking for one on the network.
        self.driver = Chrome(options=options, service=Service(driver))
        self.resize(WIDE)

    def close(self) -> None:
        self.driver.quit()

    def open(self, path: str) -> str:
        """Go to a page and wait until it is drawn. Gives its text."""
        self.driver.get(self.url + path)
        return self.drawn()

    def drawn(self) -> str:
        """Wait until a page is drawn. Gives its text."""
        self.find("#content:not([aria-busy])")
        return self.text

    @property
    def text(self) -> str:
        return self.find("body").text

    @property
    def path(self) -> str:
        """Where the browser is, without the site."""
        return self.driver.current_url.removeprefix(self.url)

    def find(self, selector: str, *, by: str = By.CSS_SELECTOR) -> WebElement:
        """The first element, as soon as there is one."""
        return self.wait(lambda: self.driver.find_element(by, selector))

    def click(self, selector: str, *, by: str = By.CSS_SELECTOR) -> None:
        element = self.find(selector, by=by)
        # The driver scrolls only to what is outside of the window, and the site's bars cover its edges.
        self.driver.execute_script("arguments[0].scrollIntoView({block: 'center'})", element)
        element.click()

    def wait(self, condition: Callable[[], T]) -> T:
        ignored = [NoSuchElementException, StaleElementReferenceException]
        waiting = WebDriverWait(self.driver, PATIENCE, poll_frequency=0.05, ignored_exceptions=ignored)
        return waiting.until(lambda _: condition())

    def wait_for_text(self, selector: str, words: str) -> None:
        self.wait(lambda: words in self.find(selector).text)

    def become(self, token: str | None) -> None:
        """Be whoever a token is for; nobody without one."""
        self.driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        if token is not None:
            cookie = {"name": "briefcase_token", "value": token, "url": self.url, "httpOnly": True}
            self.driver.execute_cdp_cmd("Network.setCookie", cookie)

    def resize(self, width: int) -> None:
        metrics = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width == NARROW}
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)

    @contextmanager
    def watching(self) -> Iterator[Seen]:
        """What happens from now to the end of the block."""
        self._events()
        self.driver.get_log("browser")
        seen = Seen()
        yield seen
        for event in self._events():
            parameters = event["params"]
            if event["method"] == "Network.requestWillBeSent":
                address = parameters["request"]["url"]
                seen.requests.append(address.removeprefix(self.url))
            elif event["method"] == "Network.loadingFailed":
                seen.failures.append(parameters["errorText"])
            elif event["method"] == "Network.responseReceived" and parameters["response"]["status"] >= 400:
                seen.failures.append(f"{parameters['response']['status']} {parameters['response']['url']}")
        seen.console += [entry["message"] for entry in self.driver.get_log("browser")]

    def _events(self) -> list[dict[str, Any]]:
        return [json.loads(entry["message"])["message"] for entry in self.driver.get_log("performance")]


def queries(requests: list[str]) -> list[str]:
    """The requests that were made for data."""
    paths = [(urlsplit(address).path, address) for address in requests]
    return [address for path, address in paths if path == "/graphql" or path.startswith("/api/")]


def rows(live: LiveSite, statement: str, **parameters: object) -> list[Any]:
    """The first column of what a statement finds in the site's database."""
    engine = create_engine(live.database_url)
    try:
        with engine.connect() as connection:
            return list(connection.scalars(text(statement), parameters))
    finally:
        engine.dispose()
