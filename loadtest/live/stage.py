"""What the scenarios are played on: a PostgreSQL database, a Redis that can fail, and nodes, each a gunicorn with one worker.

A node is served as deploy/gunicorn.conf.py has it.
"""

from __future__ import annotations

import json
import os
import secrets
import signal
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import psutil
import psycopg2
import redis

from bff.testing.embedded import EmbeddedValkey
from loadtest.bench.sites import Site, SiteError, token_of
from loadtest.live.client import Ask, canonical, document
from loadtest.live.proxy import Proxy
from loadtest.live.results import Work
from loadtest.live.swarm import Known, Member
from loadtest.live.writer import Firm, firm

PAGE, COMMENTS = "MatterPage", "CommentAdded"
BRIEFCASE, BARE = "loadtest.live.served:briefcase()", "loadtest.live.served:bare()"
ORGANIZATION = 1


class Node(Site):
    """A process that holds sockets; nothing else has its port."""

    def __init__(self, application: str, *, token: str, environment: Mapping[str, str]) -> None:
        first = json.dumps({"query": "{ __typename }"})
        super().__init__(application, workers=1, token=token, first=first, environment=environment)

    @property
    def place(self) -> tuple[str, int]:
        """Where its clients connect."""
        return "127.0.0.1", self._port

    @property
    def pid(self) -> int:
        """Its worker's."""
        (worker,) = self._processes
        return worker.pid

    def pss_kb(self) -> float:
        """The worker's memory, pages that it shares with others split among them."""
        (worker,) = self._processes
        memory = worker.memory_full_info()
        # Shared pages are told apart on Linux alone.
        return getattr(memory, "pss", memory.uss) / 1024

    @property
    def is_up(self) -> bool:
        """Whether its worker is the one that it was started with."""
        (worker,) = self._processes
        return bool(worker.is_running())

    def kill(self) -> None:
        """End it as a machine that loses its power ends: no process of it does anything any more."""
        assert self._child is not None
        family = psutil.Process(self._child.pid).children(recursive=True)
        for process in family:
            process.send_signal(signal.SIGKILL)
        psutil.wait_procs(family, timeout=10)

    def work(self) -> Work:
        """What its hub has done so far."""
        return Work(**self.ask("GET", "/bench/work"))

    @contextmanager
    def sampled(self) -> Iterator[dict[str, float]]:
        """Where the worker's CPU time goes in the block: when it is over, seconds by component."""
        found: dict[str, float] = {}
        self.post("/bench/samples", {})
        yield found
        answer = self.ask("DELETE", "/bench/samples", {})
        total = sum(answer["samples"].values())
        found.update({name: count / total * answer["seconds"] for name, count in answer["samples"].items()})

    def post(self, path: str, body: object) -> Any:
        """The parsed answer to some JSON. Raises SiteError for any status but 200."""
        return self.ask("POST", path, body)

    def ask(self, method: str, path: str, body: object = None, *, timeout: float = 60) -> Any:
        """The same with any method."""
        with closing(HTTPConnection(*self.place, timeout=timeout)) as connection:
            headers = {"Content-Type": "application/json", "Authorization": f"Bearer {self._token}"}
            connection.request(method, path, json.dumps(body), headers)
            response = connection.getresponse()
            text = response.read().decode()
        if response.status != 200:
            raise SiteError(f"{path} answers {response.status}: {text[:500]}")
        return json.loads(text)


class Redis:
    """An embedded Valkey that can be killed and comes back as the same one: its clients know it by a proxy each.

    With `keeps` it has after a kill what it had before, else nothing.
    """

    def __init__(self, path: Path, *, keeps: bool = True) -> None:
        self._path, self._keeps = path, keeps
        self._password = secrets.token_urlsafe(16)
        self._server: EmbeddedValkey | None = None
        self._proxies: list[Proxy] = []
        self._resources = ExitStack()

    def __repr__(self) -> str:
        return f"<Redis {self._server or 'away'}>"

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._resources.close()
        if self._server is not None:
            self._server.__exit__(None, None, None)

    @property
    def url(self) -> str:
        """Straight to it."""
        assert self._server is not None
        return self._server.url

    def start(self) -> None:
        server = EmbeddedValkey(self._path, durable=self._keeps, password=self._password)
        server.__enter__()
        self._server = server
        for proxy in self._proxies:
            proxy.target = ("127.0.0.1", server.port)

    def kill(self) -> None:
        """End it without a word."""
        assert self._server is not None
        os.kill(int((self._server.path / "pid").read_text()), signal.SIGKILL)
        self._server.__exit__(None, None, None)
        self._server = None

    def flush(self) -> None:
        with closing(self._client()) as client:
            client.flushall()

    def proxy(self) -> tuple[Proxy, str]:
        """A way of its own to this Redis, and the address over it."""
        assert self._server is not None
        proxy = self._resources.enter_context(Proxy(("127.0.0.1", self._server.port)))
        self._proxies.append(proxy)
        return proxy, f"redis://:{self._password}@127.0.0.1:{proxy.place[1]}/0"

    def _client(self) -> redis.Redis:
        assert self._server is not None
        return redis.Redis.from_url(self._server.url)


@dataclass(frozen=True)
class Stage:
    """One database with a Briefcase in it that may be written to, and a directory for what a scenario starts."""

    database_url: str
    path: Path
    say: Callable[[str], None] = print

    @property
    def firm(self) -> Firm:
        return firm(self.database_url, ORGANIZATION)

    @contextmanager
    def redis(self, *, keeps: bool = True) -> Iterator[Redis]:
        with Redis(self.path / f"valkey-{secrets.token_hex(4)}", keeps=keeps) as started:
            yield started

    @contextmanager
    def nodes(self, redis_urls: Sequence[str]) -> Iterator[list[Node]]:
        """A node for each address of Redis; all of them start at once."""
        made = [self.node(url) for url in redis_urls]
        with ExitStack() as running:
            with ThreadPoolExecutor(len(made)) as pool:
                started = [pool.submit(running.enter_context, node) for node in made]
            for each in started:
                each.result()
            yield made

    def node(self, redis_url: str) -> Node:
        """Briefcase. To be entered."""
        environment = {"DATABASE_URL": self.database_url, "REDIS_URL": redis_url}
        return Node(BRIEFCASE, token=token_of(self.firm.users[0]), environment=environment)

    def bare(self) -> Node:
        """Flask-SocketIO alone. To be entered."""
        return Node(BARE, token="nobody", environment={})


def page(matter: int) -> Mapping[str, Any]:
    """The body that asks for a matter's page."""
    return document(PAGE, id=str(matter))


def comments(matter: int) -> Mapping[str, Any]:
    """The body that asks for a matter's comments as they are made."""
    return document(COMMENTS, matterId=str(matter))


def members(
    firm: Firm, count: int, matters: Sequence[int], nodes: Sequence[Node], *, ask: Callable[[int], Ask] | None = None
) -> list[Member]:
    """So many of the firm's people, over all nodes in turn, each looking at one of the matters."""
    places = [node.place for node in nodes]
    tokens = [token_of(user) for user in firm.users]
    asked = ask or (lambda matter: Ask(page(matter)))
    return [
        Member(
            tokens[number % len(tokens)],
            # Each matter's are on every node.
            [asked(matters[number // len(nodes) % len(matters)])],
            places[number % len(nodes) :] + places[: number % len(nodes)],
        )
        for number in range(count)
    ]


def wrong_states(known: Sequence[Known], node: Node) -> int:
    """How many know something else than what a node gives over HTTP now."""
    fresh: dict[bytes, bytes] = {}
    wrong = 0
    for it in known:
        asked = canonical(it.ask.payload)
        if asked not in fresh:
            fresh[asked] = canonical(node.post("/graphql", it.ask.payload))
        wrong += it.state != fresh[asked]
    return wrong


def wait_for_right_states(take: Callable[[], Sequence[Known]], node: Node, *, timeout: float) -> int:
    """Until everybody knows what is so, or the time is over. Gives how many do not."""
    deadline = time.monotonic() + timeout
    while (wrong := wrong_states(take(), node)) and time.monotonic() < deadline:
        time.sleep(0.05)
    return wrong


def lock_holder(url: str, nodes: Sequence[Node]) -> Node | None:
    """The node whose worker holds an advisory lock of the database, as the relay does; None when none has it."""
    with closing(psycopg2.connect(url)) as connection, connection, connection.cursor() as cursor:
        cursor.execute(
            "select a.client_port from pg_locks l join pg_stat_activity a on a.pid = l.pid "
            "where l.locktype = 'advisory' and l.granted and a.datname = current_database()"
        )
        ports = {port for (port,) in cursor}
    for node in nodes:
        for line in psutil.Process(node.pid).net_connections("tcp"):
            if line.laddr[1] in ports and line.raddr[1:] == (urlsplit(url).port,):
                return node
    return None
