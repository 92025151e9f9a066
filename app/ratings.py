"""How surely clients pay, as an outside credit agency says over HTTP: the batched field `Client.creditRating`.

`agency` is Briefcase's one account there. Without `RATINGS_URL` nobody is asked and nobody is rated. The agency is a
nicety: when it is slow, away or talks nonsense, the page is answered without its grades and the log says why.

One request asks for any number of companies:

    POST <RATINGS_URL>/grades  {"websites": ["https://www.acme.example", ...]}
    200                        {"grades": {"https://www.acme.example": "A", ...}}

A website that the agency does not know is missing from the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from http.client import HTTPException
from urllib.request import Request, urlopen

import structlog
from flask import Flask

import bff

SETTING = "RATINGS_URL"
TIMEOUT = 2.0
LARGEST_ANSWER = 1_000_000

log = structlog.get_logger("briefcase")


class CreditGrade(StrEnum):
    """How surely a company pays."""

    A = "A"
    B = "B"
    C = "C"
    D = "D"


class CreditAgency:
    """A client of the agency's API at `base_url`; None: there is none, and nobody is rated."""

    def __init__(self, base_url: str | None = None, *, timeout: float = TIMEOUT) -> None:
        self.base_url = base_url
        self.timeout = timeout

    def __repr__(self) -> str:
        return f"<CreditAgency {self.base_url or 'not configured'}>"

    def init_app(self, app: Flask) -> None:
        """Take the address from the application's settings. A process has one agency: the last application's."""
        url = app.config.get(SETTING)
        if url and not str(url).startswith(("http://", "https://")):
            raise ValueError(f"{SETTING} is an http or https address, not {url!r}")
        self.base_url = str(url).rstrip("/") if url else None

    def grades(self, keys: Sequence[str | None], scope: bff.Scope) -> list[CreditGrade | None]:
        """The grades of companies by their websites, in one request; None for who has no website or no grade."""
        websites = [key for key in keys if key is not None]
        known = self._ask(websites, scope.deadline.remaining) if self.base_url and websites else {}
        return [None if key is None else known.get(key) for key in keys]

    def _ask(self, websites: Sequence[str], seconds_left: float) -> Mapping[str, CreditGrade]:
        request = Request(
            f"{self.base_url}/grades",
            data=json.dumps({"websites": websites}).encode(),
            headers={"Content-Type": "application/json", "Accept": "application/json"},
        )
        try:
            # Not longer than half of what is left: the rest of the page needs some of it too.
            with urlopen(request, timeout=max(0.001, min(self.timeout, seconds_left / 2))) as response:
                answer = json.loads(response.read(LARGEST_ANSWER))
            return {website: CreditGrade(grade) for website, grade in answer["grades"].items()}
        except (OSError, HTTPException, ValueError, RecursionError, LookupError, TypeError, AttributeError) as error:
            log.warning("briefcase.ratings_failed", url=self.base_url, reason=repr(error))
            return {}


agency = CreditAgency()
