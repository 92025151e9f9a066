"""The contenders: every way in which the Matter page is served, with what `serve` has to start for each."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LIMIT = "limit"


@dataclass(frozen=True)
class Contender:
    """A way to answer the page. `application` is what gunicorn serves; the limit has none."""

    name: str
    title: str
    application: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    script: str | None = None
    """Which of k6's scripts loads it, unlike the others, which wrk does. k6 lets the last pages finish, of which what is slow
    answers few."""
    connections: tuple[int, ...] = (1, 8, 32)

    @property
    def workers(self) -> tuple[int, ...]:
        """With how many workers it is served; the limit counts as a site of two, with which it is compared."""
        return (2,) if self.application is None or self.script is not None else (2, 1)

    @property
    def patience(self) -> int:
        """How many times as long as the others it is loaded."""
        return 1 if self.script is None else 2


COMPILED = Contender("compiled", "this layer, compiled", "app:create_app()", {"BFF_STRATEGY": "compiled"})
ROUNDS = Contender("rounds", "this layer, in rounds", "app:create_app()", {"BFF_STRATEGY": "rounds"})
EAGER = Contender("eager", "Strawberry, rows loaded ahead by hand", "loadtest.bench.served:eagerly()")
PLAIN = Contender(
    "plain",
    "plain Strawberry",
    "loadtest.bench.served:plain()",
    # With several connections one may wait for longer than a page may take.
    {"BFF_DEADLINE": "60", "BFF_MAX_WAIT": "60"},
    script="page.js",
    connections=(1, 8),
)
REST = Contender("rest", "the REST page", "app:create_app()", script="rest.js", connections=(1, 8))
CONSTANT = Contender("constant", "a Flask constant", "loadtest.bench.served:constant()")

CONTENDERS = (
    Contender(LIMIT, "limit: pgbench, one statement by hand"),
    COMPILED,
    ROUNDS,
    EAGER,
    PLAIN,
    REST,
    CONSTANT,
)
BY_NAME = {contender.name: contender for contender in CONTENDERS}
