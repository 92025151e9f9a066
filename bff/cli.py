"""`bff`: checks, prints and installs what a host's layer is made of. For developers and CI; never serves.

The layer is found by `--app module:attribute`, or `BFF_APP`, or `app` under `[tool.bff]` of the `pyproject.toml`
here. The attribute is the layer, a Flask application that it is mounted on, or a function that makes either.
"""

from __future__ import annotations

import difflib
import importlib
import json
import os
import signal
import sys
import tomllib
from contextlib import closing, redirect_stdout
from pathlib import Path

import click
from flask import Flask
from graphql import print_schema
from sqlalchemy.exc import SQLAlchemyError

from .changes import install as capture
from .changes.relay import Relay
from .changes.stream import RedisStream
from .database.direct import direct_engine
from .documents.manifest import apollo_manifest, client_preset_manifest
from .engine.extensions import Extensions
from .errors import BffError
from .extension import EXTENSION, Bff
from .plan.explain import explain
from .readsets.policy_keys import lineages
from .schema.catalog import Catalog
from .schema.indexes import missing_indexes
from .server import Server
from .settings import Settings
from .web import graphiql


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--app", metavar="MODULE:ATTRIBUTE", help="Where the host's layer is.")
@click.version_option(package_name="flask-bff")
@click.pass_context
def main(context: click.Context, app: str | None) -> None:
    """A page is one query: look at, check and prepare a host's GraphQL layer."""
    context.obj = app


@main.command()
@click.option("--strict", is_flag=True, help="Fail for warnings too.")
@click.pass_obj
def check(app: str | None, strict: bool) -> None:
    """Check schema and documents; fail for unused fragments too, and warn of relations that miss an index."""
    server = _server(app)
    unused, missing = server.documents.unused_fragments, missing_indexes(server.schema)
    for finding in unused:
        click.echo(finding, err=True)
    for name in server.documents.names:
        server.plan(name).texts()
    for index in missing:
        click.echo(f"warning: {index}", err=True)
    if unused or (strict and missing):
        sys.exit(1)
    click.echo(f"{len(server.schema.type_map)} types and {len(server.documents)} operations are in order")


@main.command()
@click.argument("page")
@click.pass_obj
def plan(app: str | None, page: str) -> None:
    """Print the plan of the registered operation PAGE as a tree, with its statements. Its file's name will do."""
    server = _server(app)
    by_file = {Path(each.source).stem.lower(): each.name for each in server.documents if each.source}
    name = page if server.documents.find(page) else by_file.get(page.lower()) or page
    try:
        found = server.plan(name)
        extensions = Extensions.of(server.schema)
        wrapped_by = "" if extensions is None else extensions.around_fields(found)
        click.echo(explain(found, wrapped_by=wrapped_by), nl=False)
    except BffError as error:
        raise click.ClickException(str(error)) from None


@main.command()
@click.option("--file", type=click.Path(dir_okay=False, path_type=Path), default="schema.graphql", show_default=True)
@click.option("--write", is_flag=True, help="Write the file instead of printing.")
@click.option("--check", is_flag=True, help="Fail when the file is not what the schema gives now.")
@click.pass_obj
def schema(app: str | None, file: Path, write: bool, check: bool) -> None:
    """Print the schema in GraphQL's schema language."""
    if write and check:
        raise click.UsageError("--write and --check exclude each other")
    text = print_schema(_server(app).schema).rstrip() + "\n"
    if write:
        file.write_text(text, encoding="utf-8")
    elif check:
        _compare(file, text)
    else:
        click.echo(text, nl=False)


@main.command()
@click.option(
    "--format",
    "form",
    type=click.Choice(["apollo", "client-preset"]),
    default="apollo",
    show_default=True,
    help="Apollo's persisted query manifest, or the persisted-documents.json of GraphQL Code Generator's client preset.",
)
@click.pass_obj
def manifest(app: str | None, form: str) -> None:
    """Print the registered operations and their ids as JSON."""
    documents = _server(app).documents
    content = apollo_manifest(documents) if form == "apollo" else client_preset_manifest(documents)
    click.echo(json.dumps(content, indent=2, ensure_ascii=False))


@main.group(name="graphiql")
def graphiql_group() -> None:
    """GraphiQL's files, for the page in development."""


@graphiql_group.command()
@click.option("--force", is_flag=True, help="Install also when the installed bundle is current.")
def install(force: bool) -> None:
    """Fetch and bundle GraphiQL, from the npm registry, into the folder that BFF_GRAPHIQL_ASSETS names."""
    folder = Settings().graphiql_assets
    if graphiql.is_current(folder) and not force:
        click.echo(f"GraphiQL is in {folder}")
        return
    try:
        graphiql.install(folder, say=click.echo, environ=os.environ)
    except graphiql.InstallError as error:
        raise click.ClickException(str(error)) from None


@main.group()
def live() -> None:
    """What live operations need in the database."""


@live.command(name="install")
@click.option("--sql", is_flag=True, help="Print the statements instead of running them.")
@click.option("--check", is_flag=True, help="Fail when a table is not captured, or not as the models want it.")
@click.pass_obj
def install_triggers(app: str | None, sql: bool, check: bool) -> None:
    """Have every change of the models' tables captured, by triggers; what stands already is left alone."""
    if sql and check:
        raise click.UsageError("--sql and --check exclude each other")
    server = _server(app)
    tables = capture.tables_of(entity.model for entity in Catalog.of(server.schema))
    try:
        with direct_engine(server.engine, server.settings.live.database_url).begin() as connection:
            if sql:
                for statement in capture.statements(connection, tables):
                    click.echo(f"{statement};\n")
                return
            run = [] if check else capture.install(connection, tables)
            findings = capture.check(connection, tables)
    except SQLAlchemyError as error:
        raise click.ClickException(str(error)) from None
    for finding in findings:
        click.echo(finding if finding.is_failure else f"note: {finding}", err=True)
    if any(finding.is_failure for finding in findings):
        raise click.ClickException("not every change is captured" + ("; run `bff live install`" if check else ""))
    impossible = {finding.table for finding in findings if finding.state == "impossible"}
    click.echo(
        f"changes of {len(tables) - len(impossible)} tables are captured{f', by {len(run)} statements' if run else ''}"
    )


@main.command(name="relay")
@click.pass_obj
def run_relay(app: str | None) -> None:
    """Bring changes from the database into the stream until SIGTERM; for sites whose nodes have BFF_RELAY=false."""
    server = _server(app)
    settings = server.settings.live
    if settings.redis_url is None:
        raise click.ClickException("where is the stream? Set BFF_REDIS_URL")
    url = settings.redis_url.get_secret_value()
    stream = RedisStream(url, prefix=settings.prefix, length=settings.stream_length)
    direct = direct_engine(server.engine, settings.database_url)
    relay = Relay(direct, stream, lineages(Catalog.of(server.schema).policies))
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: relay.stop())
    with closing(stream):
        relay.run()


def _compare(file: Path, text: str) -> None:
    committed = file.read_text(encoding="utf-8") if file.exists() else ""
    if committed == text:
        click.echo(f"{file} is what the schema gives")
        return
    lines = difflib.unified_diff(
        committed.splitlines(), text.splitlines(), f"{file} (committed)", f"{file} (from the schema)", lineterm="", n=1
    )
    click.echo("\n".join(lines), err=True)
    raise click.ClickException(f"{file} is not what the schema gives; run `bff schema --write`")


def _server(app: str | None) -> Server:
    """The server of the host's layer. What is wrong with its schema or documents is wrong here, and is printed as it is."""
    target = app or Settings().app or _configured(Path("pyproject.toml"))
    if not target:
        raise click.UsageError("which layer? Give --app module:attribute, BFF_APP, or app under [tool.bff]")
    module_name, _, attribute = target.partition(":")
    if not module_name or not attribute:
        raise click.UsageError(f"{target!r} is not of the form module:attribute")
    if str(Path.cwd()) not in sys.path:
        sys.path.insert(0, str(Path.cwd()))
    try:
        # What the host prints or logs while it is loaded is not what the command prints.
        with redirect_stdout(sys.stderr):
            found = getattr(importlib.import_module(module_name), attribute)
            if callable(found) and not isinstance(found, Bff | Flask):
                found = found()
    except BffError as error:
        raise click.ClickException(str(error)) from None
    except (ImportError, AttributeError) as error:
        raise click.ClickException(f"{target}: {error}") from error
    if isinstance(found, Flask):
        found = found.extensions.get(EXTENSION)
    if not isinstance(found, Bff):
        raise click.ClickException(f"{target} is neither a layer nor an application that one is mounted on")
    return found.server


def _configured(file: Path) -> str | None:
    if not file.exists():
        return None
    app = tomllib.loads(file.read_text(encoding="utf-8")).get("tool", {}).get("bff", {}).get("app")
    return app if isinstance(app, str) else None
