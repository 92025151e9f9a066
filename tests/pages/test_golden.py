"""Golden files: each page's operation, variables, plan, statements and answer, as a folder of `tests/pages/`.

`statements.sql` is what is sent out of the box, `rounds.sql` what is sent in rounds; the answer is one. A change of a page, a type, the planner or the SQL shows in review as a diff of these files. `make generate` (or `pytest
tests/pages --golden-write`) writes them anew. Besides, graphql-core itself answers each page: both must agree.

Of the live documents, `live/` has the plans: what they follow, how events are routed, and what is read of them.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from graphql import execute_sync

from app.auth import Viewer
from app.dev.pages import Sample, samples
from bff import Bff, Deadline
from bff.database.session import Database
from bff.plan.explain import explain
from bff.plan.plan import Strategy

HERE = Path(__file__).parent
LIVE = HERE / "live"
VIEWER = Viewer(1, 1, "owner")

pages = pytest.mark.parametrize("sample", samples(), ids=lambda sample: sample.page)


@pages
def test_a_page_is_as_it_was(
    sample: Sample,
    golden_layers: Mapping[Strategy, Bff],
    golden_layer: Bff,
    count_sql: Callable[..., AbstractContextManager[Any]],
    pytestconfig: pytest.Config,
) -> None:
    operation = golden_layer.server.documents.find(sample.operation)
    assert operation is not None
    answers: dict[Strategy, Any] = {}
    statements: dict[Strategy, str] = {}
    for strategy, layer in golden_layers.items():
        with count_sql(layer.engine) as counted:
            result = layer.execute(sample.operation, viewer=VIEWER, variables=sample.variables)
        assert result.errors is None
        answers[strategy] = _json(result.data)
        statements[strategy] = "".join(f"-- {number}\n{sql};\n\n" for number, sql in enumerate(counted.statements, 1))
    assert answers["auto"] == answers["compiled"] == answers["rounds"]
    golden = {
        "operation.graphql": operation.text,
        "variables.json": _json(sample.variables),
        "plan.txt": explain(golden_layer.plan(sample.operation)),
        "statements.sql": statements["compiled"],
        "rounds.sql": statements["rounds"],
        "answer.json": answers["auto"],
    }
    folder = HERE / sample.page.lower()
    if pytestconfig.getoption("--golden-write", default=False):
        folder.mkdir(exist_ok=True)
        for path in folder.iterdir():
            path.unlink()
        for name, text in golden.items():
            (folder / name).write_text(_lines(text), encoding="utf-8")
    assert {path.name: path.read_text(encoding="utf-8") for path in folder.iterdir()} == {
        name: _lines(text) for name, text in golden.items()
    }


@pages
def test_graphql_core_gives_the_same_answer(sample: Sample, golden_layer: Bff, golden_database: Database) -> None:
    operation = golden_layer.server.documents.find(sample.operation)
    assert operation is not None
    answer = golden_layer.execute(sample.operation, viewer=VIEWER, variables=sample.variables)
    with golden_database.open(VIEWER, Deadline.after(60)) as opened:
        scope = replace(opened, secret=golden_layer.server.secret)
        reference = execute_sync(golden_layer.server.schema, operation.document, None, scope, dict(sample.variables))
    assert reference.errors is None
    assert answer.data == reference.data


def test_live_plans_are_as_they_were(golden_layer: Bff, pytestconfig: pytest.Config) -> None:
    plans = {
        Path(it.source.partition(":")[0]).stem + ".txt": _lines(explain(golden_layer.plan(it.id)))
        for it in golden_layer.server.documents
        if it.source and it.source.startswith("graphql/live/")
    }
    assert len(plans) >= 5
    if pytestconfig.getoption("--golden-write", default=False):
        LIVE.mkdir(exist_ok=True)
        for path in LIVE.iterdir():
            path.unlink()
        for name, text in plans.items():
            (LIVE / name).write_text(text, encoding="utf-8")
    assert {path.name: path.read_text(encoding="utf-8") for path in LIVE.iterdir()} == plans


def test_what_is_a_subscription_or_live_can_be_subscribed_to(golden_layer: Bff) -> None:
    live = {it.name for it in golden_layer.server.documents if golden_layer.plan(it.id).is_live}
    assert {it.name for it in golden_layer.server.documents if it.kind == "subscription"} < live
    assert {name for name in live if name and name.endswith("Page")} == {
        "CalendarPage",
        "DashboardPage",
        "DocumentPage",
        "InboxPage",
        "MatterPage",
    }


def test_every_page_has_its_files(golden_layer: Bff) -> None:
    operations = {
        it.name for it in golden_layer.server.documents if it.source and it.source.startswith("graphql/pages/")
    }
    assert operations == {sample.operation for sample in samples()}
    assert {path.name for path in HERE.iterdir() if path.is_dir() and path.name != "__pycache__"} == {
        LIVE.name,
        *(sample.page.lower() for sample in samples()),
    }


def _json(value: Any) -> str:
    return json.dumps(value, indent=1, ensure_ascii=False)


def _lines(text: str) -> str:
    """The text without blanks at the ends of its lines (SQLAlchemy leaves some), and one newline at its end."""
    return "\n".join(line.rstrip() for line in text.strip().splitlines()) + "\n"
