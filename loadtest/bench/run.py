"""One run of the bench: contenders start, take turns in rounds under the same loads, and what they show is recorded.

Everything that is measured is measured here; `report` and `plot` only show it. An answer that is not the page, byte for
byte as JSON reads it, stops the run: a figure for something else than the page is none.
"""

from __future__ import annotations

import json
import statistics
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from app.layer import DOCUMENTS
from app.schema import schema
from bff.documents.registry import Documents
from bff.plan.plan import compile_plan
from loadtest.bench import database, machine, programs, sampler
from loadtest.bench.contenders import BY_NAME, COMPILED, CONSTANT, CONTENDERS, LIMIT, ROUNDS, Contender
from loadtest.bench.database import Database
from loadtest.bench.programs import Keys
from loadtest.bench.results import Cpu, Footprint, Profile, Results, Sample, Series, Size, Volume
from loadtest.bench.sites import Site, SiteError, token_of

CONNECTIONS = (1, 8, 32)
WORKERS = (2, 1)
# Under one worker only this load is measured, to show what a second one adds.
CONNECTIONS_OF_ONE_WORKER = (8,)
CHECKED_PAGES = 10

TASKS = """
query Tasks($id: ID!) {
  matter(id: $id) {
    id title
    tasks(filter: {position: {lt: 1000}}) { ...Row }
    more: tasks(filter: {position: {gte: 1000}}) { ...Row }
  }
}
fragment Row on Task {
  id title status priority dueAt
  assignee { id name avatarUrl }
  tags { id name color }
  comments { id body createdAt author { id name avatarUrl } }
}
"""
"""The tasks of the Matter page. A plain list holds at most 1,000 rows, so those of a large matter are two."""

ROOTS = "query Roots($first: Int!) { comments(first: $first) { id body createdAt author { id name avatarUrl } } }"
ROOT_COUNTS = (100, 1_000, 10_000)


@dataclass(frozen=True)
class Effort:
    """How long each load takes, and how often; `scales` are those of the databases that are compared."""

    seconds: int
    rounds: int
    scales: tuple[float, ...] = (1, 10)


class Bench:
    """A run over a database with a Briefcase in it. `say` is told what is going on, a line a time."""

    def __init__(self, server: Database, pgbench: Path, effort: Effort, say: Callable[[str], None]) -> None:
        self._server, self._pgbench, self._effort, self._say = server, pgbench, effort, say
        self._urls = {scale: server.briefcase(scale) for scale in effort.scales}
        self._url = self._urls[effort.scales[0]]
        self._keys = database.keys_of(self._url, database.VIEWER)
        self._large = database.add_large_matters(self._url)
        self._token = token_of(database.VIEWER)
        self._page_bytes = 0

    @property
    def url(self) -> str:
        """The database that most is measured on."""
        return self._url

    def run(self) -> Results:
        """All of it. Raises ProgramError and SiteError when something cannot be measured."""
        described = machine.describe(
            {
                "PostgreSQL": database.version(self._url),
                "wrk": programs.wrk_version(),
            }
        )
        self._say(f"Load average {described.load_before:g}, which should be next to nothing")
        series, footprints = self._compare()
        return Results(
            day=datetime.now(UTC).date().isoformat(),
            seconds=self._effort.seconds,
            rounds=self._effort.rounds,
            machine=described,
            page_bytes=self._page_bytes,
            series=series,
            sizes=self._sizes(),
            volumes=self._volumes(),
            profiles=self._profiles(),
            footprints=footprints,
            plan_ms=plan_times(),
        )

    # ---- the page, by every contender

    def _compare(self) -> tuple[list[Series], list[Footprint]]:
        samples: dict[tuple[str, int, int], list[Sample]] = defaultdict(list)
        with ExitStack() as running:
            sites = dict(self._start_all(running))
            loads = [
                (contender, workers, connections)
                for workers in WORKERS
                for connections in (CONNECTIONS if workers == max(WORKERS) else CONNECTIONS_OF_ONE_WORKER)
                for contender in CONTENDERS
                if connections in contender.connections and workers in contender.workers
            ]
            for number in range(self._effort.rounds):
                self._say(f"Round {number + 1} of {self._effort.rounds}")
                # There and back, so that nobody always follows the same one.
                for contender, workers, connections in loads if number % 2 == 0 else reversed(loads):
                    site = sites.get((contender.name, workers))
                    sample = self._load(contender, site, self._keys, self._url, connections)
                    samples[contender.name, workers, connections].append(sample)
                    rate, p50 = f"{sample.rate:9,.1f}/s", f"{sample.p50_ms:9,.1f} ms"
                    self._say(f"  {contender.name:<9} {workers} workers {connections:>3} connections {rate} {p50}")
            footprints = [site.footprint(name) for (name, workers), site in sites.items() if workers == max(WORKERS)]
        return [Series(*load, taken) for load, taken in samples.items()], footprints

    def _start_all(self, running: ExitStack) -> Iterator[tuple[tuple[str, int], Site]]:
        """Each contender with each number of workers, one after the other, lest they disturb each other's start."""
        expected = self._expected(self._url, self._keys)
        self._page_bytes = len(json.dumps(expected[0], separators=(",", ":"), ensure_ascii=False).encode())
        for contender in CONTENDERS:
            if contender.application is None:
                continue
            for workers in contender.workers:
                site = running.enter_context(self._site(contender, self._url, workers))
                self._say(f"{contender.title}: {site.boot_seconds:.1f} s to the first answer of {workers} workers")
                if contender is not CONSTANT:
                    _check(site, self._keys, expected)
                yield (contender.name, workers), site

    def _site(self, contender: Contender, url: str, workers: int, environment: Mapping[str, str] | None = None) -> Site:
        assert contender.application is not None
        return Site(
            contender.application,
            workers=workers,
            token=self._token,
            first=_body(self._keys.first),
            environment={
                "DATABASE_URL": url,
                "PAGE_BYTES": str(self._page_bytes),
                **contender.environment,
                **(environment or {}),
            },
        )

    def _load(self, contender: Contender, site: Site | None, keys: Keys, url: str, connections: int) -> Sample:
        seconds = self._effort.seconds * contender.patience
        worked = 0.0 if site is None else site.cpu_seconds()
        worked_there = self._server.cpu_seconds()
        if site is None:
            sample = programs.pgbench(self._pgbench, url, keys, connections=connections, seconds=seconds)
        elif contender.script is not None:
            sample = programs.k6(contender.script, site.url, connections=connections, seconds=seconds)
        else:
            bodies = [_body(id_) for id_ in keys]
            sample = programs.wrk(
                f"{site.url}/graphql", bodies, token=self._token, connections=connections, seconds=seconds
            )
        cpu = Cpu(
            workers=0.0 if site is None else site.cpu_seconds() - worked,
            database=self._server.cpu_seconds() - worked_there,
        )
        if site is not None:
            site.settle()
        return replace(sample, cpu=cpu)

    def _expected(self, url: str, keys: Keys) -> list[object]:
        """The answers that everybody must give, by hand."""
        ids = list(keys)[:CHECKED_PAGES]
        pages = database.page_by_hand(url, programs.LIMIT.read_text(), keys.organization, ids)
        return [{"data": {"matter": json.loads(page)}} for page in pages]

    # ---- larger answers, larger databases

    def _sizes(self) -> list[Size]:
        """One connection's milliseconds for answers of very different sizes."""
        token = token_of(database.OWNER_OF_LARGE)
        # Nobody else asks, so there is less to average.
        seconds = (self._effort.seconds + 1) // 2
        asked = [
            ("Tasks", factor, json.dumps({"query": TASKS, "variables": {"id": str(id_)}}))
            for factor, id_ in self._large.items()
        ]
        asked += [
            ("Roots", first, json.dumps({"query": ROOTS, "variables": {"first": first}})) for first in ROOT_COUNTS
        ]
        found: dict[tuple[str, str, int], Size] = {}
        with ExitStack() as running:
            sites = {
                name: running.enter_context(
                    Site(
                        "loadtest.bench.served:long_lists()",
                        workers=1,
                        token=token,
                        first=asked[0][2],
                        environment={"DATABASE_URL": self._url, "BFF_DEADLINE": "60", **BY_NAME[name].environment},
                    )
                )
                for name in (COMPILED.name, ROUNDS.name)
            }
            for _ in range(self._effort.rounds):
                for operation, size, body in asked:
                    for name, site in sites.items():
                        answer = site.answer(body)
                        sample = programs.wrk(
                            f"{site.url}/graphql", [body], token=token, connections=1, seconds=seconds
                        )
                        key = operation, name, size
                        length = len(json.dumps(answer, separators=(",", ":"), ensure_ascii=False).encode())
                        known = found.setdefault(key, Size(operation, name, size, objects_in(answer), length, []))
                        known.samples.append(sample)
                        self._say(f"  {operation} {size:>6} {name:<9} {sample.p50_ms:9,.1f} ms")
        return list(found.values())

    def _volumes(self) -> list[Volume]:
        """The page at 8 connections over databases of different scales."""
        names = (LIMIT, COMPILED.name, ROUNDS.name)
        samples: dict[tuple[float, str], list[Sample]] = defaultdict(list)
        with ExitStack() as running:
            keys = {scale: database.keys_of(url, database.VIEWER) for scale, url in self._urls.items()}
            sites: dict[tuple[float, str], Site] = {}
            for scale, url in self._urls.items():
                for name in names[1:]:
                    site = sites[scale, name] = running.enter_context(self._site(BY_NAME[name], url, workers=2))
                    _check(site, keys[scale], self._expected(url, keys[scale]))
            for _ in range(self._effort.rounds):
                for scale, url in self._urls.items():
                    for name in names:
                        sample = self._load(BY_NAME[name], sites.get((scale, name)), keys[scale], url, connections=8)
                        samples[scale, name].append(sample)
                        self._say(f"  scale {scale:>3g} {name:<9} {sample.rate:9,.1f}/s")
        return [Volume(scale, name, 8, taken) for (scale, name), taken in samples.items()]

    # ---- inside a worker

    def _profiles(self) -> list[Profile]:
        return [self._profile(contender) for contender in (COMPILED, ROUNDS, CONSTANT)]

    def _profile(self, contender: Contender) -> Profile:
        with tempfile.TemporaryDirectory() as name:
            with self._site(contender, self._url, 1, {"SAMPLES": name}) as site:
                # What the first takes until the samples begin, the others make up for.
                for _ in range(3):
                    self._load(contender, site, self._keys, self._url, connections=8)
            pages, ms = sampler.milliseconds(Path(name))
        self._say(f"  {contender.name:<9} {sum(ms.values()):.2f} ms of CPU a page")
        return Profile(contender.name, pages, ms)


def plan_times(*, repeats: int = 3) -> dict[str, float]:
    """The milliseconds in which each registered document is planned and its statements are made, by operation."""
    graphql_schema = schema._schema
    documents = Documents.load(DOCUMENTS, graphql_schema)
    times: dict[str, list[float]] = defaultdict(list)
    for _ in range(repeats):
        for operation in documents:
            begun = time.perf_counter()
            compile_plan(graphql_schema, operation.document, operation.name).prepare()
            times[str(operation.name)].append((time.perf_counter() - begun) * 1e3)
    return {name: statistics.median(taken) for name, taken in sorted(times.items())}


def objects_in(answer: object) -> int:
    """The objects of an answer, all levels together."""
    waiting, objects = [answer], count()
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            next(objects)
            waiting += value.values()
        elif isinstance(value, list):
            waiting += value
    return next(objects)


def _body(matter_id: int) -> str:
    return json.dumps({"documentId": "MatterPage", "variables": {"id": str(matter_id)}})


def _check(site: Site, keys: Keys, expected: Sequence[object]) -> None:
    """Raises SiteError when a site does not give the pages that are expected."""
    for id_, page in zip(keys, expected, strict=False):
        if site.answer(_body(id_)) != page:
            raise SiteError(f"{site.application} gives another page of matter {id_} than the statement by hand")
