"""Random operations get the same answer from the engine and from graphql-core, on random schemas and on databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import ExecutionResult, GraphQLSchema, execute_sync, parse, print_schema, validate
from hypothesis import assume, note
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from app.auth import Viewer
from app.models import User
from app.schema import schema as briefcase_schema
from bff.execute import execute
from bff.scope import Deadline, Scope
from bff.session import Database
from bff.types.catalog import Catalog
from tests.bff.fuzz import odd
from tests.bff.fuzz.operations import Operation, Profile, operations
from tests.bff.fuzz.schemas import argument_values, schemas
from tests.bff.fuzz.values import NO_CURSORS, Samples
from tests.bff.reference import assert_same

pytestmark = pytest.mark.slow

CURSOR = re.compile(r"[-_0-9A-Za-z]{20,}")


def test_random_schemas(fuzz: Any) -> None:
    profile = Profile(roots=("query", "query", "mutation"), values=argument_values)

    def check(data: st.DataObject) -> None:
        schema = data.draw(schemas())
        operation = data.draw(operations(schema, profile))
        document = parse(operation.source)
        assume(not validate(schema, document))
        note(print_schema(schema))
        note(str(operation))
        root = schema.extensions["root"]
        actual = execute(schema, document, root, None, operation.variables, operation.name)
        expected = execute_sync(schema, document, root, None, operation.variables, operation.name)
        assert_same(actual, expected)
        fuzz.counted()

    fuzz.run(50, check)


@dataclass(frozen=True)
class Site:
    """A schema of entities over a database, who asks, and what there is to ask about."""

    schema: GraphQLSchema
    database: Database
    viewers: list[Any]
    profile: Profile

    @classmethod
    def of(cls, schema: GraphQLSchema, engine: Engine, viewers: list[Any], **options: Any) -> Site:
        """The site with values from its rows."""
        with Session(engine) as session:
            samples = Samples(schema, session)
        database = Database(engine, Catalog.of(schema).policies, secret=b"of the tests")
        profile = Profile(values=samples, cursors=("after", "before"), always=_always, **options)
        return cls(schema, database, viewers, profile)

    def open(self, viewer: Any) -> AbstractContextManager[Scope]:
        return self.database.open(viewer, Deadline.after(120))

    def check(self, fuzz: Any, data: st.DataObject) -> None:
        """Run an operation on both, then again with cursors out of the answer."""
        operation = data.draw(operations(self.schema, self.profile))
        viewer = data.draw(st.sampled_from(self.viewers))
        document = parse(operation.source)
        assume(not validate(self.schema, document))
        note(f"{operation}\nviewer = {viewer}")
        result = self._same(document, operation, operation.variables, viewer)
        for _ in range(2 if operation.cursors and result.data else 0):
            variables = dict(operation.variables)
            for name, key in operation.cursors.items():
                variables[name] = data.draw(st.sampled_from([*_cursors(result.data, key), None]) | _forged(result.data))
            note(f"then variables = {variables}")
            self._same(document, operation, variables, viewer)
        fuzz.counted()

    def _same(self, document: Any, operation: Operation, variables: dict[str, Any], viewer: Any) -> ExecutionResult:
        with self.open(viewer) as scope:
            actual = execute(self.schema, document, None, scope, variables, operation.name)
        with self.open(viewer) as scope:
            expected = execute_sync(self.schema, document, None, scope, variables, operation.name)
        assert_same(actual, expected)
        return actual


def _always(type_name: str) -> tuple[str, ...]:
    """What a client that pages selects."""
    if type_name.endswith("Connection"):
        return ("edges", "pageInfo")
    return {"PageInfo": ("endCursor", "startCursor")}.get(type_name, ("cursor",) if type_name.endswith("Edge") else ())


def _cursors(data: Any, key: str) -> list[str]:
    """The cursors of the connections under a response key."""
    found: list[str] = []

    def search(value: Any, inside: bool) -> None:
        if isinstance(value, dict):
            for name, each in value.items():
                search(each, inside or name == key)
        elif isinstance(value, list):
            for each in value:
                search(each, inside)
        elif inside and isinstance(value, str) and CURSOR.fullmatch(value):
            found.append(value)

    search(data, False)
    return list(dict.fromkeys(found))


def _forged(data: Any) -> st.SearchStrategy[str]:
    """No cursor, or one of the answer that was tampered with or belongs elsewhere."""
    real = list(dict.fromkeys(CURSOR.findall(repr(data)))) or ["A" * 24]
    some = st.sampled_from(real)
    return st.sampled_from(NO_CURSORS) | some | some.map(lambda each: each[:-2] + "AA") | some.map(lambda each: "B" + each[1:])


@pytest.fixture(scope="module")
def briefcase(engine: Engine) -> Site:
    with Session(engine) as session:
        users = session.query(User).order_by(User.id).all()
        one, other = users[0], next(each for each in reversed(users) if each.organization_id != users[0].organization_id)
        viewers = [Viewer(each.id, each.organization_id, each.role) for each in (one, other)]
    # The oracle loads every object by itself, so what multiplies is asked for seldom.
    return Site.of(briefcase_schema._schema, engine, [*viewers, None], fields=18, depth=5)


@pytest.fixture(scope="module")
def odd_site(make_database: Any) -> Iterator[Site]:
    engine = create_engine(make_database(), pool_size=2, max_overflow=0)
    try:
        viewers = odd.make_rows(engine)
        yield Site.of(odd.schema._schema, engine, [*viewers, None], fields=25)
    finally:
        engine.dispose()


def test_briefcase(fuzz: Any, briefcase: Site) -> None:
    fuzz.run(25, lambda data: briefcase.check(fuzz, data))


def test_odd_models(fuzz: Any, odd_site: Site) -> None:
    fuzz.run(25, lambda data: odd_site.check(fuzz, data))
