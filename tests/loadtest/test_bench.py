"""The bench in small: its statements and sites answer the layer's page, its programs measure, its report is what it recorded."""

from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from app import create_app
from app.database import EXTENSION
from bff.testing.servers import Servers
from loadtest import forms
from loadtest.bench import database, machine, programs, report, sampler, served
from loadtest.bench.__main__ import REPORT, installed_pgbench, main
from loadtest.bench.contenders import COMPILED, CONTENDERS, LIMIT
from loadtest.bench.database import Database
from loadtest.bench.programs import ProgramError
from loadtest.bench.results import Results, Sample, Series, slope
from loadtest.bench.run import ROOTS, TASKS, objects_in, plan_times
from loadtest.bench.sites import SECRET, Site, SiteError, token_of
from loadtest.bench.targets import targets

ROOT = Path(__file__).parents[2]
WRK_SAYS = """\
Running 1s test @ http://127.0.0.1:5000/graphql
  1 threads and 8 connections
{"pages": 120, "failures": 20, "seconds": 1.002500, "p50_ms": 7.250, "p99_ms": 19.500, "bytes": 4711}
"""


@pytest.fixture(scope="session")
def url(database_url: str) -> str:
    """The seeded Briefcase, as psycopg2 and pgbench spell it."""
    return database_url.replace("+psycopg2", "")


@pytest.fixture(scope="session")
def layers_pages(database_url: str) -> dict[int, Any]:
    """The layer's answers to the first matters of the first viewer's organization."""
    with _in_environment(database_url), _answering(create_app()) as ask:
        keys = database.keys_of(database_url.replace("+psycopg2", ""), database.VIEWER)
        return {id_: ask({"documentId": "MatterPage", "variables": {"id": str(id_)}}) for id_ in list(keys)[:5]}


@contextmanager
def _in_environment(database_url: str) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BRIEFCASE_ENV", "development")
        patch.setenv("DATABASE_URL", database_url)
        patch.setenv("DATABASE_POOL_SIZE", "2")
        patch.setenv("SECRET_KEY", SECRET)
        patch.setenv("PAGE_BYTES", "1000")
        yield


@contextmanager
def _answering(app: Flask, user: int = database.VIEWER) -> Iterator[Callable[[dict[str, Any]], Any]]:
    """`ask(body)` gives an application's parsed answer to a user whom the bench has signed in."""
    client = app.test_client()

    def ask(body: dict[str, Any]) -> Any:
        response = client.post("/graphql", json=body, headers={"Authorization": f"Bearer {token_of(user)}"})
        assert response.status_code == 200, response.text
        return json.loads(response.data)

    try:
        yield ask
    finally:
        if EXTENSION in app.extensions:
            app.extensions[EXTENSION].dispose()


# The same answers


def test_the_limit_gives_the_layers_page(url: str, layers_pages: dict[int, Any]) -> None:
    by_hand = database.page_by_hand(url, programs.LIMIT.read_text(), database.VIEWER, list(layers_pages))
    assert [{"data": {"matter": json.loads(page)}} for page in by_hand] == list(layers_pages.values())
    assert all(page["data"]["matter"]["tasks"] for page in layers_pages.values())


@pytest.mark.slow
def test_all_forms_of_json_give_one_answer(url: str, layers_pages: dict[int, Any]) -> None:
    measured = forms.measure(url, matters=2, rounds=1)
    assert {(it.functions, it.shape) for it in measured} == {(it.functions.title, it.shape) for it in forms.FORMS}
    assert all(it.ms > 0 for it in measured)
    rows = forms.table(measured).splitlines()[2:]
    assert len(rows) == len(forms.FORMS)
    assert [float(row.split("|")[4]) for row in rows] == sorted(float(row.split("|")[4]) for row in rows)
    # The first form's answer is that of all, and the layer's.
    id_, page = next(iter(layers_pages.items()))
    sql = forms.FORMS[0].sql.replace("$1", ":id").replace("$2", ":organization")
    [answer] = database.page_by_hand(url, sql, database.VIEWER, [id_])
    assert {"data": {"matter": json.loads(answer)}} == page


@pytest.mark.slow
@pytest.mark.parametrize("factory", [served.plain, served.eagerly, served.long_lists])
def test_whatever_is_served_gives_the_layers_page(
    factory: Callable[[], Flask], database_url: str, layers_pages: dict[int, Any]
) -> None:
    id_, page = next(iter(layers_pages.items()))
    with _in_environment(database_url), _answering(factory()) as ask:
        assert ask({"documentId": "MatterPage", "variables": {"id": str(id_)}}) == page
        nobodys = ask({"documentId": "MatterPage", "variables": {"id": str(id_ + 1)}})
        assert nobodys == {"data": {"matter": None}}


def test_the_constant_is_as_long_as_a_page(database_url: str) -> None:
    with _in_environment(database_url):
        response = served.constant().test_client().post("/graphql", json={})
    assert len(response.data) == 1000
    assert response.json is not None


def test_applications_of_contenders_can_be_served() -> None:
    named = {contender.application for contender in CONTENDERS} - {None, "app:create_app()"}
    assert named == {
        f"loadtest.bench.served:{factory.__name__}()" for factory in (served.plain, served.eagerly, served.constant)
    }


# Rows


@pytest.mark.slow
def test_large_matters_hold_so_many_times_the_tasks(fresh_database_url: str) -> None:
    url = fresh_database_url.replace("+psycopg2", "")
    large = database.add_large_matters(url)
    assert database.add_large_matters(url) == large
    with _in_environment(fresh_database_url), _answering(served.long_lists(), database.OWNER_OF_LARGE) as ask:
        objects = {
            factor: objects_in(ask({"query": TASKS, "variables": {"id": str(id_)}})) for factor, id_ in large.items()
        }
        roots = ask({"query": ROOTS, "variables": {"first": 1_500}})
    # Three objects stand around the tasks: the answer, its data, the matter.
    assert {factor: (of - 3) / (objects[1] - 3) for factor, of in objects.items()} == {1: 1, 10: 10, 100: 100}
    assert len(roots["data"]["comments"]) == 1_500
    assert list(database.keys_of(url, database.OWNER_OF_LARGE))[-1] < min(large.values())


@pytest.mark.slow
def test_a_scale_is_made_once(servers: Servers) -> None:
    server = Database(servers.cluster)
    try:
        url = server.briefcase(0.01)
        assert server.briefcase(0.01) == url
        keys = database.keys_of(url, 1)
        assert (keys.count, keys.step) == (10, 2)
    finally:
        servers.cluster.drop("scale_0.01")
    assert server.cpu_seconds() > 0


# Programs


@pytest.mark.slow
def test_pgbench_measures_the_limit(url: str) -> None:
    keys = database.keys_of(url, database.VIEWER)
    sample = programs.pgbench(installed_pgbench(), url, keys, connections=2, seconds=1)
    assert sample.pages > 10
    assert 0 < sample.p50_ms <= sample.p99_ms
    assert sample.failures == 0


@pytest.mark.slow
def test_pgbenchs_failures_stop_the_bench(url: str) -> None:
    keys = replace(database.keys_of(url, database.VIEWER), step=2**62)
    with pytest.raises(ProgramError, match="pgbench"):
        programs.pgbench(installed_pgbench(), url, keys, connections=1, seconds=1)


def test_what_wrk_says_is_read() -> None:
    sample = programs.wrk_sample(WRK_SAYS)
    assert sample == Sample(100, 20, 1.0025, p50_ms=7.25, p99_ms=19.5, bytes=4711)
    assert sample.rate == pytest.approx(99.75, abs=0.01)
    with pytest.raises(ProgramError, match="unable to connect"):
        programs.wrk_sample("unable to connect to 127.0.0.1:1 Connection refused")


def test_a_missing_program_is_named_with_its_package(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert main({}, data=tmp_path / "data", folder=tmp_path) == 1
    assert "wrk is not installed; on Debian: apt-get install wrk" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("variables", [{"SECONDS": "0"}, {"ROUNDS": "many"}])
def test_what_is_no_number_is_refused(variables: dict[str, str], capsys: pytest.CaptureFixture[str]) -> None:
    assert main(variables) == 1
    [(name, value)] = variables.items()
    assert f"{name} is {value!r}: a number from 1" in capsys.readouterr().err


# Sites


@pytest.mark.slow
def test_a_site_is_there_and_is_measured(tmp_path: Path) -> None:
    environment = {"PAGE_BYTES": "5000", "SAMPLES": str(tmp_path)}
    with Site(
        "loadtest.bench.served:constant()", workers=1, token="nobody", first="{}", environment=environment
    ) as site:
        assert 0 < site.boot_seconds < 60
        before = site.cpu_seconds()
        for _ in range(sampler.WARM_UP + 50):
            assert site.answer("{}") == {"data": "x" * 4988}
        assert site.cpu_seconds() > before > 0
        site.settle()
        footprint = site.footprint("constant")
        assert footprint.rss_mb >= footprint.pss_mb > 1
        if shutil.which("wrk"):
            sample = programs.wrk(f"{site.url}/graphql", ["{}"], token="nobody", connections=2, seconds=1)
            assert sample.pages > 10
            assert sample.failures == 0
            assert sample.bytes > sample.pages * 5000
    pages, ms = sampler.milliseconds(tmp_path)
    assert pages >= 50
    assert set(ms) <= {sampler.HTTP, sampler.OTHER}


@pytest.mark.slow
def test_a_site_that_does_not_start_says_why() -> None:
    site = Site("loadtest.bench.served:nothing()", workers=1, token="", first="{}", environment={})
    with pytest.raises(SiteError, match="nothing"), site:
        pytest.fail("it has started")


# Inside a worker


def test_components_are_those_of_files_that_exist() -> None:
    for part, _, _ in sampler.PLACES:
        if part.endswith(".py") and not part.startswith("/sqlalchemy/"):
            assert (ROOT / part.lstrip("/")).is_file(), part
    assert sampler.component_of("/x/sqlalchemy/engine/default.py", "do_execute") == sampler.DRIVER
    assert sampler.component_of("/x/sqlalchemy/orm/session.py", "execute") == sampler.SESSION
    assert sampler.component_of("/x/bff/engine/execution.py", "run") == sampler.ENGINE
    assert sampler.component_of("/usr/lib/python3/json/decoder.py", "decode") is None


def test_samples_are_of_work_after_the_first_pages(tmp_path: Path) -> None:
    taken = sampler.Sampler(tmp_path)
    for _ in range(sampler.WARM_UP - 1):
        taken.answered()
    taken.write("early")
    assert sampler.milliseconds(tmp_path) == (0, {})
    for _ in range(11):
        taken.answered()
    until = time.process_time() + 0.05
    total = count()
    while time.process_time() < until:
        next(total)
    taken.write("late")
    pages, ms = sampler.milliseconds(tmp_path)
    assert pages == 10
    assert list(ms) == [sampler.OTHER]
    assert 5 <= ms[sampler.OTHER] < 50


def test_every_document_is_planned() -> None:
    times = plan_times(repeats=1)
    assert {"MatterPage", "DashboardPage", "CreateTask"} <= times.keys()
    assert all(ms > 0 for ms in times.values())


# Figures


def test_objects_of_all_levels_count() -> None:
    assert objects_in({"data": {"tasks": [{"tags": [{}, {}]}, None, 1]}}) == 5


def test_slopes_are_exponents() -> None:
    assert slope([(1, 3), (10, 30), (100, 300)]) == pytest.approx(1)
    assert slope([(1, 1), (10, 100)]) == pytest.approx(2)


def test_medians_are_of_rounds() -> None:
    samples = [Sample(pages, 0, 2, p50_ms=pages, p99_ms=2 * pages) for pages in (10, 400, 30)]
    series = Series("rounds", 2, 8, samples)
    assert (series.rate, series.p50_ms, series.p99_ms) == (15, 30, 60)
    assert series.cpu_ms(lambda cpu: cpu.workers) is None


def test_this_machine_is_described() -> None:
    described = machine.describe({"PostgreSQL": "18"})
    assert described.cores == os.cpu_count()
    assert {"Python", "PostgreSQL", "gevent"} <= described.versions.keys()
    assert described.processor


# The report


@pytest.fixture(scope="module")
def recorded() -> Results:
    """The run whose report is committed."""
    return Results.from_json((REPORT / "pages.json").read_bytes())


def test_the_committed_report_is_of_the_committed_figures(recorded: Results) -> None:
    assert (REPORT / "pages.md").read_text() == report.render(recorded)
    assert Results.from_json(recorded.to_json()) == recorded


def test_every_contender_was_measured(recorded: Results) -> None:
    measured = {(it.contender, it.connections) for it in recorded.series if it.workers == 2}
    assert measured == {(contender.name, each) for contender in CONTENDERS for each in contender.connections}
    assert [target.title for target in targets(recorded) if target.shown is None] == []


def test_targets_that_are_not_reached_are_marked(recorded: Results) -> None:
    faster = [
        replace(it, samples=[replace(sample, pages=sample.pages * 100) for sample in it.samples])
        for it in recorded.series
        if it.contender == LIMIT
    ]
    others = [it for it in recorded.series if it.contender != LIMIT]
    line = next(
        line for line in report.targets_table(replace(recorded, series=others + faster)).splitlines() if "limit" in line
    )
    assert line.endswith("**no** |")
    missing = [it for it in recorded.series if it.contender != COMPILED.name]
    assert "not measured" in report.targets_table(replace(recorded, series=missing))


@pytest.mark.slow
def test_the_picture_can_be_drawn(recorded: Results, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="only `make bench` installs it")
    from loadtest.bench import plot

    plot.draw(recorded, tmp_path / "pages.png")
    assert (tmp_path / "pages.png").read_bytes().startswith(b"\x89PNG")
