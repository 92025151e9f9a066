"""Random operations get the same answer from the engine and from graphql-core, on random schemas and on databases."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLSchema,
    execute_sync,
    parse,
    print_schema,
    validate,
)
from hypothesis import assume, note
from hypothesis import strategies as st
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session

from app.auth import Viewer
from app.models import User
from app.schema import schema as briefcase_schema
from bff.execute import execute, run
from bff.plan import compile_plan
from bff.scope import Deadline, Scope
from bff.session import Database
from bff.types.catalog import Catalog
from tests.bff.fuzz import odd
from tests.bff.fuzz.operations import Profile, operations
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
        expected = execute_sync(schema, document, root, None, operation.variables, operation.name)
        subject = Subject(schema, document, operation.name)
        for _ in range(2):
            assert_same(subject.run(operation.variables, None, root), expected)
        fuzz.counted()

    fuzz.run(50, check)


class Subject:
    """An operation as the engine has it: planned once, run as often as one likes."""

    def __init__(self, schema: GraphQLSchema, document: DocumentNode, name: str | None) -> None:
        self.schema, self.document, self.name = schema, document, name
        try:
            self._plan = compile_plan(schema, document, name)
        except GraphQLError:
            self._plan = None

    def run(self, variables: dict[str, Any], context: Any, root: Any = None) -> ExecutionResult:
        if self._plan is None:
            return execute(self.schema, self.document, root, context, variables, self.name)
        return run(self._plan, variables=variables, context=context, root_value=root)


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
        profile = Profile(values=samples, weigh=_weigh, cursors=("after", "before"), always=_always, **options)
        return cls(schema, database, viewers, profile)

    def open(self, viewer: Any) -> AbstractContextManager[Scope]:
        return self.database.open(viewer, Deadline.after(120))

    def check(self, fuzz: Any, data: st.DataObject) -> None:
        """Run an operation on both; again, by the same plan, with cursors out of the answer and for other viewers."""
        operation = data.draw(operations(self.schema, self.profile))
        document = parse(operation.source)
        assume(not validate(self.schema, document))
        note(str(operation))
        subject = Subject(self.schema, document, operation.name)
        result = self._same(subject, operation.variables, data.draw(st.sampled_from(self.viewers)))
        for _ in range(2 if operation.cursors and result.data else 0):
            variables = dict(operation.variables)
            for name, key in operation.cursors.items():
                variables[name] = data.draw(_cursors(result.data, key))
            self._same(subject, variables, data.draw(st.sampled_from(self.viewers)))
        fuzz.counted()

    def _same(self, subject: Subject, variables: dict[str, Any], viewer: Any) -> ExecutionResult:
        note(f"variables = {variables!r}\nviewer = {viewer}")
        with self.open(viewer) as scope:
            actual = subject.run(variables, scope)
        with self.open(viewer) as scope:
            expected = execute_sync(self.schema, subject.document, None, scope, variables, subject.name)
        assert_same(actual, expected)
        return actual


def _weigh(type_name: str, field_name: str) -> int:
    """What leads to many objects often, what ends an answer seldom."""
    if field_name == "broken" or (field_name.startswith("must") and type_name == "Query"):
        return 1
    if field_name.startswith("must"):
        return 2
    if type_name == "Query":
        return 7 if field_name.endswith(("Connection", "s")) else 4 if field_name in ("node", "home", "viewer") else 2
    return 6 if field_name.endswith("Connection") else 4


def _always(type_name: str) -> tuple[str, ...]:
    """What a client that pages selects."""
    if type_name.endswith("Connection"):
        return ("edges", "pageInfo")
    return {"PageInfo": ("endCursor", "startCursor")}.get(type_name, ("cursor",) if type_name.endswith("Edge") else ())


def _cursors(data: Any, key: str) -> st.SearchStrategy[str | None]:
    """A cursor of the connections under a response key; seldom one of others, one tampered with, or none at all."""
    own: list[str] = []

    def search(value: Any, inside: bool) -> None:
        if isinstance(value, dict):
            for name, each in value.items():
                search(each, inside or name == key)
        elif isinstance(value, list):
            for each in value:
                search(each, inside)
        elif inside and isinstance(value, str) and CURSOR.fullmatch(value):
            own.append(value)

    search(data, False)
    own = list(dict.fromkeys(own)) or ["A" * 24]
    every = list(dict.fromkeys(CURSOR.findall(repr(data)))) or own

    def choose(kind: int) -> st.SearchStrategy[str | None]:
        if kind < 8:
            return st.sampled_from(own)
        wrong = [
            st.sampled_from(every),
            st.sampled_from(own).map(lambda each: each[:-2] + "AA"),
            st.sampled_from(own).map(lambda each: "B" + each[1:]),
            st.sampled_from((None, *NO_CURSORS)),
        ]
        return st.one_of(wrong)

    return st.integers(0, 9).flatmap(choose)


@pytest.fixture(scope="module")
def briefcase(engine: Engine) -> Site:
    with Session(engine) as session:
        users = session.query(User).order_by(User.id).all()
        one, other = (
            users[0],
            next(each for each in reversed(users) if each.organization_id != users[0].organization_id),
        )
        viewers = [Viewer(each.id, each.organization_id, each.role) for each in (one, other)]
    # The oracle loads every object by itself, so what multiplies is asked for seldom.
    return Site.of(briefcase_schema._schema, engine, [*viewers * 3, None], fields=18, depth=5)


@pytest.fixture(scope="module")
def odd_site(make_database: Any) -> Iterator[Site]:
    engine = create_engine(make_database(), pool_size=2, max_overflow=0)
    try:
        viewers = odd.make_rows(engine)
        yield Site.of(odd.schema._schema, engine, [*viewers * 3, None], fields=25)
    finally:
        engine.dispose()


def test_briefcase(fuzz: Any, briefcase: Site) -> None:
    fuzz.run(20, lambda data: briefcase.check(fuzz, data))


def test_odd_models(fuzz: Any, odd_site: Site) -> None:
    fuzz.run(30, lambda data: odd_site.check(fuzz, data))
