"""The `bff` command, over a host made for each test."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from bff.cli import main
from bff.web import graphiql

HOST = """
import strawberry
from flask import Flask
from sqlalchemy import create_engine
from bff import Bff


@strawberry.type
class Query:
    @strawberry.field
    def hello(self, name: str = "you") -> str:
        return name


layer = Bff(schema=strawberry.Schema(Query), engine=create_engine("postgresql+psycopg2://"), documents="graphql")


def make_app():
    app = Flask(__name__)
    layer.init_app(app)
    return app


bare = Flask(__name__)
"""

INDEXLESS_HOST = """
import strawberry
from sqlalchemy import ForeignKey, create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
import bff


class Base(DeclarativeBase):
    pass


class TaskRow(Base):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    matter_id: Mapped[int] = mapped_column(ForeignKey("matters.id"))


class MatterRow(Base):
    __tablename__ = "matters"
    id: Mapped[int] = mapped_column(primary_key=True)
    tasks: Mapped[list[TaskRow]] = relationship()


@bff.entity(TaskRow, policy=bff.public)
class Task:
    id: int


@bff.entity(MatterRow, policy=bff.public)
class Matter:
    tasks: list[Task]
    task_count: int = bff.count("tasks")


@strawberry.type
class Query:
    matter: Matter | None = bff.lookup()
    hello: str = "you"


layer = bff.Bff(schema=bff.Schema(Query), engine=create_engine("postgresql+psycopg2://"), documents="graphql")
"""

WRAPPED_HOST = """
import strawberry
from sqlalchemy import create_engine
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from strawberry.directive import DirectiveLocation, DirectiveValue
from strawberry.extensions import SchemaExtension
import bff


class Base(DeclarativeBase):
    pass


class TaskRow(Base):
    __tablename__ = "tasks"
    id: Mapped[int] = mapped_column(primary_key=True)
    title: Mapped[str]


@bff.entity(TaskRow, policy=bff.public)
class Task:
    title: str


@strawberry.type
class Query:
    tasks: list[Task] = bff.collection(order=["id"])


@strawberry.directive(locations=[DirectiveLocation.FIELD])
def upper(value: DirectiveValue[str]) -> str:
    return value.upper()


class Timing(SchemaExtension):
    def on_operation(self):
        yield


class Guard(SchemaExtension):
    def resolve(self, _next, root, info, *args, **kwargs):
        return _next(root, info, *args, **kwargs)


def layer_with(*extensions):
    schema = bff.Schema(Query, extensions=extensions, directives=[upper])
    return bff.Bff(schema=schema, engine=create_engine("postgresql+psycopg2://"), documents="graphql")


def plain():
    return layer_with(Timing)


def guarded():
    return layer_with(Timing, Guard)
"""

SDL = 'type Query {\n  hello(name: String! = "you"): String!\n}\n'


@pytest.fixture(autouse=True)
def host(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with host.py and one page, which is the working directory."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "path", list(sys.path))
    (tmp_path / "host.py").write_text(HOST)
    (tmp_path / "graphql").mkdir()
    (tmp_path / "graphql" / "hello.graphql").write_text("query Hello { hello ...More }")
    (tmp_path / "graphql" / "more.graphql").write_text("fragment More on Query { again: hello }")
    yield tmp_path
    sys.modules.pop("host", None)


@pytest.fixture
def bff() -> Callable[..., Result]:
    def run(*arguments: str, app: str | None = "host:layer") -> Result:
        chosen = [] if app is None else ["--app", app]
        return CliRunner().invoke(main, [*chosen, *arguments])

    return run


def test_check(bff: Callable[..., Result], host: Path) -> None:
    done = bff("check")
    assert (done.exit_code, done.stdout) == (0, f"{done.stdout.split()[0]} types and 1 operations are in order\n")


def test_check_fails_for_unused_fragments(bff: Callable[..., Result], host: Path) -> None:
    (host / "graphql" / "unused.graphql").write_text("\nfragment Idle on Query { hello }")
    done = bff("check")
    assert done.exit_code == 1
    assert done.stderr.endswith("graphql/unused.graphql:2:1: fragment 'Idle' is never used\n")


def test_check_warns_of_relations_without_an_index(bff: Callable[..., Result], host: Path) -> None:
    (host / "host.py").write_text(INDEXLESS_HOST)
    warned, strict = bff("check"), bff("check", "--strict")
    assert (warned.exit_code, strict.exit_code) == (0, 1)
    assert warned.stdout.endswith("1 operations are in order\n")
    for done in (warned, strict):
        assert [line for line in done.stderr.splitlines() if line.startswith("warning:")] == [
            "warning: Matter.tasks, Matter.taskCount: no index of tasks begins with matter_id, by which its rows are looked "
            "up: create index on tasks (matter_id)"
        ]


def test_a_strict_check_without_warnings(bff: Callable[..., Result]) -> None:
    assert bff("check", "--strict").exit_code == 0


def test_check_prints_every_broken_document(bff: Callable[..., Result], host: Path) -> None:
    (host / "graphql" / "a.graphql").write_text("query A { hullo }")
    (host / "graphql" / "b.graphql").write_text("query B {")
    done = bff("check")
    assert done.exit_code == 1
    assert "graphql/a.graphql:1:11: Cannot query field 'hullo' on type 'Query'. Did you mean 'hello'?" in done.stderr
    assert "graphql/b.graphql:1:10: Syntax Error" in done.stderr
    assert "Traceback" not in done.stderr


def test_plan(bff: Callable[..., Result]) -> None:
    done = bff("plan", "Hello")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith("query Hello\n")
    assert "again" in done.stdout


def test_plan_by_the_name_of_the_operation_s_file(bff: Callable[..., Result], host: Path) -> None:
    (host / "graphql" / "greeting.graphql").write_text("query GreetingPage { hello }\n")
    by_file = bff("plan", "Greeting")
    assert by_file.exit_code == 0, by_file.output
    assert by_file.stdout == bff("plan", "GreetingPage").stdout


@pytest.mark.parametrize(
    ("app", "page", "reason"),
    [
        ("host:plain", "Plain", ""),
        ("host:guarded", "Plain", "Guard.resolve is called for each field"),
        ("host:plain", "Loud", "directives of fields are called for each object"),
        (
            "host:guarded",
            "Loud",
            "Guard.resolve is called for each field, directives of fields are called for each object",
        ),
    ],
)
def test_plan_of_what_is_run_in_rounds_for_what_is_around_its_fields(
    bff: Callable[..., Result], host: Path, app: str, page: str, reason: str
) -> None:
    (host / "host.py").write_text(WRAPPED_HOST)
    for file in (host / "graphql").iterdir():
        file.unlink()
    (host / "graphql" / "plain.graphql").write_text("query Plain { tasks { title } }")
    (host / "graphql" / "loud.graphql").write_text("query Loud { tasks { title @upper } }")
    shown = bff("plan", page, app=app).stdout
    head, *rest = shown.splitlines()
    assert head == f"query {page}{reason and '; in rounds: '}{reason}"
    assert ("written by PostgreSQL" in shown) == (not reason)
    assert ("#1 list, at most 1000; checked" in rest[0]) == bool(reason)


def test_plan_of_an_unknown_page_lists_the_known(bff: Callable[..., Result]) -> None:
    done = bff("plan", "Hullo")
    assert done.exit_code == 1
    assert "no operation 'Hullo'; registered: Hello" in done.stderr


def test_schema_is_printed_written_and_checked(bff: Callable[..., Result], host: Path) -> None:
    assert bff("schema").stdout == SDL
    missing = bff("schema", "--check")
    assert missing.exit_code == 1
    assert bff("schema", "--write").exit_code == 0
    assert (host / "schema.graphql").read_text() == SDL
    assert bff("schema", "--check").exit_code == 0
    (host / "schema.graphql").write_text(SDL.replace("hello", "hullo"))
    stale = bff("schema", "--check")
    assert stale.exit_code == 1
    assert '-  hullo(name: String! = "you"): String!' in stale.stderr
    assert '+  hello(name: String! = "you"): String!' in stale.stderr
    assert "bff schema --write" in stale.stderr
    assert bff("schema", "--write", "--check").exit_code == 2


def test_manifests(bff: Callable[..., Result]) -> None:
    apollo = json.loads(bff("manifest").stdout)
    assert apollo["format"] == "apollo-persisted-query-manifest"
    (operation,) = apollo["operations"]
    assert operation["name"] == "Hello"
    assert json.loads(bff("manifest", "--format", "client-preset").stdout) == {operation["id"]: operation["body"]}


@pytest.mark.parametrize("app", ["host:layer", "host:make_app"])
def test_a_layer_an_application_or_who_makes_one(bff: Callable[..., Result], app: str) -> None:
    assert bff("check", app=app).exit_code == 0


def test_the_layer_is_named_by_the_environment_or_the_project(
    bff: Callable[..., Result], host: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    nameless = bff("check", app=None)
    assert nameless.exit_code == 2
    assert "--app module:attribute" in nameless.stderr
    (host / "pyproject.toml").write_text('[tool.bff]\napp = "host:layer"\n')
    assert bff("check", app=None).exit_code == 0
    monkeypatch.setenv("BFF_APP", "host:bare")
    assert "neither a layer" in bff("check", app=None).stderr


@pytest.mark.parametrize(
    ("app", "message"),
    [
        ("host", "not of the form module:attribute"),
        ("nowhere:layer", "No module named 'nowhere'"),
        ("host:nothing", "has no attribute 'nothing'"),
        ("host:bare", "neither a layer"),
    ],
)
def test_what_is_no_layer(bff: Callable[..., Result], app: str, message: str) -> None:
    done = bff("check", app=app)
    assert done.exit_code != 0
    assert message in done.stderr


def test_graphiql_is_installed_once(
    bff: Callable[..., Result], host: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    # Programs of the right names in place of npm and Node: what they fetch and bundle is tested in tests/web.
    programs = tmp_path / "programs"
    programs.mkdir()
    log = tmp_path / "log"
    for name, script in {
        "npm": f'#!/bin/sh\necho "npm $*" >> {log}\n',
        "node": f'#!/bin/sh\n[ "$1" = --version ] && echo v20.1.0 && exit\necho "node $*" >> {log}\nmkdir "$2"\n',
    }.items():
        (programs / name).write_text(script)
        (programs / name).chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("BFF_GRAPHIQL_ASSETS", str(tmp_path / "made" / "graphiql"))
    first = bff("graphiql", "install", app=None)
    assert first.exit_code == 0, first.output
    assert graphiql.is_current(tmp_path / "made" / "graphiql")
    assert [line.split()[0:2] for line in log.read_text().splitlines()] == [["npm", "ci"], ["node", "build.mjs"]]
    assert bff("graphiql", "install", app=None).exit_code == 0
    assert len(log.read_text().splitlines()) == 2
    assert bff("graphiql", "install", "--force", app=None).exit_code == 0
    assert len(log.read_text().splitlines()) == 4
    assert [path.name for path in (tmp_path / "made").iterdir()] == ["graphiql"]


def test_a_failed_installation_leaves_what_was_there(
    bff: Callable[..., Result], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    programs, made = tmp_path / "programs", tmp_path / "made" / "graphiql"
    programs.mkdir()
    made.mkdir(parents=True)
    (made / "sources.sha256").write_text("of older sources")
    (programs / "npm").write_text("#!/bin/sh\necho the registry is away >&2\nexit 7\n")
    (programs / "node").write_text("#!/bin/sh\necho v20.1.0\n")
    for program in programs.iterdir():
        program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    monkeypatch.setenv("BFF_GRAPHIQL_ASSETS", str(made))
    done = bff("graphiql", "install", app=None)
    assert done.exit_code == 1
    assert "failed with status 7:\nthe registry is away" in done.stderr
    assert (made / "sources.sha256").read_text() == "of older sources"
