"""Briefcase live while it is written to by everybody at once: what each subscriber has is what there is.

The real thing but for sockets: database, outbox, relay, stream, follower and hub, with clients in memory. Between batches of
writes everything comes to rest, and all states are compared with fresh executions, all events with an audit of the
tables. How often an operation was run for nothing is told at the end of the run, by document and by kind of write.
"""

from __future__ import annotations

import random
import threading
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
import pytest
from sqlalchemy import Engine as DatabaseEngine
from sqlalchemy import create_engine, text

import bff
from app.auth import Viewer
from app.layer import make_layer
from bff.changes import follower as follower_module
from bff.changes.change import Change, ChangeId
from bff.changes.stream import Entry, Position, RedisStream
from bff.documents.registry import Operation
from bff.live.index import Index
from bff.live.node import LiveNode
from bff.live.sources import EventSource, Route
from bff.plan.plan import Plan
from bff.readsets.policy_keys import lineages
from bff.readsets.readset import Invocation as Ask
from bff.readsets.readset import LiveAnswers, ReadSet
from bff.schema.catalog import Catalog
from tests.app.live_clients import Check, Client, Invocation, Journal, Subscription
from tests.app.live_writes import APPLICATION, Write, Writer, anything, open_for_long
from tests.bff.fuzz.budget import Fuzz
from tests.bff.polling import wait_until

pytestmark = pytest.mark.slow

CLIENTS = 10
SUBSCRIPTIONS = 6
WRITERS = 4
MOMENT = 0.02
"""Seconds that something which may come is waited for, at most."""

AS_IF_LIVE = ("TeamPage", "BillingPage", "SearchPage")
"""Pages that are not live for what it would cost: right they must be all the same."""


@dataclass(frozen=True)
class Run:
    """One operation that was run again."""

    name: str
    reads: ReadSet
    """What it depended on before."""
    is_same: bool


class Observed:
    """The layer as the hub asks it, and what came of that."""

    def __init__(self, layer: bff.Bff) -> None:
        self._layer = layer
        self._lock = threading.Condition()
        self._last: dict[Hashable, tuple[bytes, ReadSet]] = {}
        self._committed = 0
        self.runs: list[Run] = []
        self.is_slow = False

    def plan_of(self, operation: Operation) -> Plan:
        return self._layer.server.plan_of(operation)

    def audience_of(self, plan: Plan, viewer: object | None) -> Hashable:
        return self._layer.server.audience_of(plan, viewer)

    def errors_of(self, error: Exception) -> list[dict[str, Any]]:
        return self._layer.server.errors_of(error)

    def locate(self, source: EventSource, changes: Sequence[Change]) -> Mapping[ChangeId, Mapping[Route, Change]]:
        return self._layer.server.locate(source, changes)

    def execute_live(self, plan: Plan, asked: Sequence[Ask], viewer: object | None) -> LiveAnswers:
        executed = self._layer.server.execute_live(plan, asked, viewer)
        scope = self._layer.server.audience_of(plan, viewer)
        with self._lock:
            for each, answered in zip(asked, executed.answers, strict=True):
                if each.root_value is None:
                    key = plan.name, orjson.dumps(each.variables, option=orjson.OPT_SORT_KEYS), scope
                    answer = orjson.dumps(answered.payload, default=str)
                    before = self._last.get(key)
                    if before is not None:
                        self.runs.append(Run(str(plan.name), before[1], before[0] == answer))
                    self._last[key] = answer, answered.reads
            self._lock.notify_all()
            if self.is_slow:
                # What is committed now, the snapshot does not hold, and the hub learns of it while this runs.
                committed = self._committed
                self._lock.wait_for(lambda: self._committed > committed, MOMENT)
        return executed

    def committed(self) -> None:
        """Somebody has written."""
        with self._lock:
            self._committed += 1
            self._lock.notify_all()

    def wait_for_run(self) -> None:
        """Until something is run, or a moment has passed."""
        with self._lock:
            runs = len(self.runs)
            self._lock.wait_for(lambda: len(self.runs) > runs, MOMENT)


class Briefcase:
    """A node of Briefcase with its clients, and everything that is there to compare with."""

    def __init__(self, engine: DatabaseEngine, writing: DatabaseEngine, redis_url: str, prefix: str, seed: int) -> None:
        self.random = random.Random(seed)
        settings = bff.Settings(
            secret="of the tests", live=bff.LiveSettings(redis_url=redis_url, prefix=prefix, window=0.0)
        )
        self.layer = make_layer(engine, settings=settings)
        self.observed = Observed(self.layer)
        self.writing = writing
        self.node = LiveNode(
            self.observed,
            engine,
            settings.live,
            patience=settings.deadline,
            lineages=lineages(Catalog.of(self.layer.server.schema).policies),
            redis_url=redis_url,
            secret=self.layer.server.secret,
        )
        self.stream = RedisStream(redis_url, prefix=prefix, length=settings.live.stream_length)
        self.journal = Journal(writing)
        self.check = Check(self.layer, self.journal)
        self.clients: list[Client] = []
        self.resumed = 0
        self.by_document: Counter[tuple[str, bool]] = Counter()
        self.by_write: Counter[tuple[str, bool]] = Counter()
        self.by_fact: Counter[str] = Counter()
        self._read = Position("", 0)

    def start(self) -> None:
        self.node.start()
        wait_until(lambda: self.node.follower.position is not None)
        self._read = self.stream.top()
        self.viewers = self._viewers()
        self.asked = self._asked()
        for viewer in self.viewers:
            client = Client(self.node.hub, self.layer, viewer)
            self.clients.append(client)
            for name in ("CommentAdded", "TaskChanged", "NotificationReceived"):
                client.subscribe(self.random.choice([each for each in self.asked if each.name == name]), "full")
            for _ in range(SUBSCRIPTIONS):
                self._subscribe(client)
        self.rest()

    def _viewers(self) -> list[Viewer]:
        """Of two organizations, several roles each; some of whom are two clients."""
        with self.writing.connect() as connection:
            rows = connection.execute(
                text("select id, organization_id, role from users where organization_id <= 2 order by id")
            ).all()
        found: dict[tuple[int, str], Viewer] = {}
        for row in rows:
            found.setdefault((row.organization_id, row.role), Viewer(*row))
        some = list(found.values())
        return [some[i % len(some)] for i in range(CLIENTS)]

    def _asked(self) -> list[Invocation]:
        """Every document that is live, with variables of both organizations."""
        chance = Writer(self.random, self.writing, self.layer)
        matters = [
            str(chance.one("select id from matters where organization_id = :of", of=of)) for of in (1, 1, 1, 2, 2)
        ]
        self.matters = tuple(map(int, matters))
        documents = [
            str(chance.one(f"select id from documents where matter_id = {matter}") or 1) for matter in matters[1:4]
        ]
        begin, end = "2000-01-01T00:00:00Z", "2100-01-01T00:00:00Z"
        week = {"from": "2026-11-20T00:00:00Z", "before": "2026-12-10T00:00:00Z"}
        day = {"today": "2026-11-24", "from": "2026-11-24T00:00:00Z"}
        asked = [Invocation("MatterPage", {"id": each}) for each in matters]
        asked += [Invocation("MatterLive", {"id": each}) for each in matters]
        asked += [Invocation("DocumentPage", {"id": each}) for each in documents]
        asked += [
            Invocation("CalendarPage", week),
            Invocation("CalendarPage", {"from": begin, "before": end, "withTasks": False}),
        ]
        asked += [Invocation("DashboardPage", day), Invocation("DashboardPage", {**day, "today": "2027-03-01"})]
        asked += [
            Invocation("InboxPage", {}),
            Invocation("InboxPage", {"first": 5, "filter": {"readAt": {"isNull": True}}}),
        ]
        asked += [
            Invocation(name, {"matterId": each}) for name in ("CommentAdded", "TaskChanged") for each in matters[1:]
        ]
        asked += [Invocation("NotificationReceived", {})] * 3
        asked += [Invocation("Presence", {"matterId": matters[0]}), Invocation("Presence", {"matterId": matters[3]})]
        live = {each.name for each in asked}
        registered = {str(each.name) for each in self.layer.server.documents if self.layer.server.plan_of(each).is_live}
        assert live == registered, "a document that is live is not asked for"
        for name in AS_IF_LIVE:
            found = self.layer.server.documents.find(name)
            assert found is not None
            head, brace, rest = found.text.partition(f"query {name}")
            arguments, brace, body = rest.partition("{")
            variables = {"text": "Task"} if name == "SearchPage" else {}
            asked.append(Invocation(name, variables, f"{head}query {name}{arguments}@live {brace}{body}"))
        return asked

    # ---- coming and going

    def _subscribe(self, client: Client, former: Subscription | None = None) -> None:
        asked = self.random.choice(self.asked) if former is None else former.asked
        mode = self.random.choice(["full", "patch"])  # type: ignore[arg-type]
        client.subscribe(asked, mode if former is None else former.mode, former)  # type: ignore[arg-type]

    def wander(self) -> list[tuple[Client, Subscription]]:
        """Clients come and go; gives the subscriptions that are to be gone on with, later."""
        away: list[tuple[Client, Subscription]] = []
        for client in self.random.sample(self.clients, 4):
            match self.random.randrange(5):
                case 0:
                    self._subscribe(client)
                case 1 if client.subscriptions:
                    subscription = self.random.choice(list(client.subscriptions.values()))
                    client.leave(subscription)
                    if self.random.random() < 0.7:
                        away.append((client, subscription))
                case 2:
                    away += [(client, each) for each in client.reconnect()]
                case 3:
                    client.outlet.is_full = True
                case 4 if client.subscriptions:
                    # The same once more on the same socket.
                    client.subscribe(self.random.choice(list(client.subscriptions.values())).asked, "patch")
        return away

    def come_back(self, away: list[tuple[Client, Subscription]]) -> None:
        for client, subscription in away:
            if subscription.viewed.ended is None:
                self.resumed += subscription.viewed.position is not None
                self._subscribe(client, subscription)

    def take_again(self) -> None:
        """Nobody is slow any more; who was cut off resumes."""
        for client in self.clients:
            client.drain()
            client.see()
            for subscription in list(client.subscriptions.values()):
                ended = subscription.viewed.ended
                if ended is not None and ended.get("code") == "SLOW_CONSUMER":
                    del client.subscriptions[subscription.id]
                    subscription.viewed.position = ended["resume"]
                    subscription.viewed.ended = None
                    self._subscribe(client, subscription)

    # ---- writing

    def storm(self) -> None:
        """Everybody writes at once, and clients come and go meanwhile."""
        self.observed.is_slow = True
        threads = [
            threading.Thread(target=self._write, args=(random.Random(self.random.random()),)) for _ in range(WRITERS)
        ]
        for thread in threads:
            thread.start()
        away = self.wander()
        self.observed.wait_for_run()
        some = self.random.sample(away, len(away) // 2)
        self.come_back(some)
        for thread in threads:
            thread.join()
        self.observed.is_slow = False
        self.rest()
        self.come_back([each for each in away if each not in some])
        self.take_again()
        self.rest()

    def _write(self, chance: random.Random) -> None:
        writer = Writer(chance, self.writing, self.layer, self.matters, self.observed.wait_for_run)
        for _ in range(3):
            (open_for_long if chance.random() < 0.3 else anything)(writer)
            self.observed.committed()

    def write_alone(self, name: str, write: Write) -> None:
        """One write of the application's, to see what is run for nothing."""
        self.observed.runs.clear()
        entries = len(self.journal.entries)
        write(Writer(self.random, self.writing, self.layer, self.matters))
        self.rest()
        changes = [entry.change for _, entry in self.journal.entries[entries:]]
        for run in self.observed.runs:
            if run.name in AS_IF_LIVE:
                continue
            self.by_write[name, run.is_same] += 1
            self.by_document[run.name, run.is_same] += 1
            if run.is_same:
                self.by_fact.update(f"{run.name} by {each} ({name})" for each in _why(run.reads, changes))

    # ---- coming to rest

    def rest(self) -> None:
        """Wait until all that was committed has been told."""
        wait_until(self._is_quiet, seconds=30)
        entries: list[Entry] = []
        while found := self.stream.read(self._read, most=1_000, wait=0):
            entries += found
            self._read = Position(self._read.epoch, found[-1].offset)
        self.journal.end_batch(entries)

    def _is_quiet(self) -> bool:
        with self.writing.connect() as connection:
            waiting = connection.scalar(text("select count(*) from bff.outbox"))
        stats = self.node.hub.stats()
        return (
            waiting == 0
            and self.node.follower.position == self.stream.top()
            and stats["due"] == stats["running"] == stats["event_jobs"] == 0
        )

    def compare(self) -> None:
        """Everybody has what there is."""
        self.check.begin()
        for client in self.clients:
            client.see()
            self.check.client(client)
        self._compare_presence()
        for client in self.clients:
            while len(client.subscriptions) < SUBSCRIPTIONS:
                self._subscribe(client)
            for extra in list(client.subscriptions.values())[2 * SUBSCRIPTIONS :]:
                client.leave(extra)

    def _compare_presence(self) -> None:
        def presences() -> list[tuple[Client, Subscription]]:
            return [
                (client, each)
                for client in self.clients
                for each in client.subscriptions.values()
                if each.kind == "presence"
            ]

        def expected(viewer: Viewer, matter: str) -> list[str]:
            there = {
                client.viewer.user_id for client, each in presences() if each.asked.variables["matterId"] == matter
            }
            answer = Invocation("People", {}, "query People { people(first: 1000) { id } }").answer(self.layer, viewer)
            return sorted(str(each["id"]) for each in answer["data"]["people"] if int(each["id"]) in there)

        for client, subscription in presences():
            client.see()
            if subscription.viewed.ended is not None:
                matter = subscription.asked.variables["matterId"]
                answer = Invocation("M", {"id": matter}, "query M($id: ID!) { matter(id: $id) { id } }")
                assert answer.answer(self.layer, client.viewer)["data"] == {"matter": None}
                del client.subscriptions[subscription.id]
        for client, subscription in presences():
            wanted = expected(client.viewer, subscription.asked.variables["matterId"])

            def has(client: Client = client, subscription: Subscription = subscription, wanted: Any = wanted) -> bool:
                client.see()
                data = (subscription.viewed.payload or {}).get("data") or {"presenceChanged": []}
                return sorted(each["id"] for each in data["presenceChanged"]) == wanted

            wait_until(has)

    def __str__(self) -> str:
        return (
            f"{self.check.states} states and {self.check.events} events as they should be, {self.check.ended} gone,"
            f" {self.resumed} resumed\n  for nothing, by document: {_shares(self.by_document)}"
            f"\n  by write: {_shares(self.by_write)}"
            f"\n  most often by: {'; '.join(f'{count} {fact}' for fact, count in self.by_fact.most_common(12))}"
        )


def _why(reads: ReadSet, changes: Iterable[Change]) -> set[str]:
    """The kinds of fact by which changes touch what depends on these."""
    found = set()
    for fact, interest in reads.facts.items():
        alone: Index[int] = Index()
        alone.put(1, ReadSet({fact: interest}))
        if any(alone.touched(change) for change in changes):
            found.add(f"{fact[0]} by {','.join(fact[1]) or 'whole'}")
    return found


def _shares(counter: Counter[tuple[str, bool]]) -> str:
    names = sorted({name for name, _ in counter}, key=lambda name: -counter[name, True])
    return ", ".join(f"{name} {counter[name, True]} of {counter[name, True] + counter[name, False]}" for name in names)


@pytest.fixture
def briefcase(
    fuzz: Fuzz,
    fresh_database_url: str,
    redis_url: str,
    live_prefix: str,
    monkeypatch: pytest.MonkeyPatch,
    record_property: Callable[[str, Any], None],
) -> Iterator[Briefcase]:
    # A follower that stops is in a read.
    monkeypatch.setattr(follower_module, "WAIT", 0.1)
    engine = create_engine(fresh_database_url, pool_size=6, max_overflow=0)
    writing = create_engine(fresh_database_url, pool_size=2 * WRITERS + 2, max_overflow=0)
    briefcase = Briefcase(engine, writing, redis_url, f"{live_prefix}_fuzz", fuzz.seed or 0)
    try:
        briefcase.start()
        yield briefcase
    finally:
        briefcase.node.stop()
        engine.dispose()
        writing.dispose()
    record_property("live", str(briefcase))


def test_everybody_has_what_there_is(fuzz: Fuzz, briefcase: Briefcase) -> None:
    """Single writes of the application's, then storms, each time until everything has been told."""
    rounds = max(1, fuzz.total // 75)
    try:
        briefcase.compare()
        for _ in range(rounds):
            for name in briefcase.random.sample(sorted(APPLICATION), 10):
                briefcase.write_alone(name, APPLICATION[name])
            briefcase.compare()
        for _ in range(rounds):
            briefcase.storm()
            briefcase.compare()
            fuzz.counted()
    except AssertionError as error:
        error.add_note(f"again: make fuzz N={fuzz.total} SEED={fuzz.seed}")
        raise
