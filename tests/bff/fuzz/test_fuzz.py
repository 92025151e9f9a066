"""Random operations get the same answer from the engine and from graphql-core, on random schemas and on databases."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

import pytest
from graphql import execute_sync, parse, print_schema, validate
from hypothesis import assume, note
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from tests.bff.fuzz.budget import Fuzz
from tests.bff.fuzz.operations import Profile, operations
from tests.bff.fuzz.schemas import argument_values, schemas
from tests.bff.fuzz.subjects import FORCED, Site, Subject
from tests.bff.fuzz.values import NO_CURSORS, Samples
from tests.bff.reference import assert_same

pytestmark = pytest.mark.slow

CURSOR = re.compile(r"[-_0-9A-Za-z]{20,}")


def test_random_schemas(fuzz: Fuzz) -> None:
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
        for strategy in (*FORCED, *FORCED):
            assert_same(subject.run(strategy, operation.variables, None, root), expected)
        fuzz.counted()

    fuzz.run(50, check)


@dataclass(frozen=True)
class Size:
    """How large the operations on a site are, see `Profile`."""

    fields: int
    depth: int
    bounded: bool


def test_briefcase(fuzz: Fuzz, briefcase: Site) -> None:
    # graphql-core loads every object by itself, so what multiplies is asked for less.
    _fuzz_site(fuzz, briefcase, 20, Size(fields=18, depth=5, bounded=True))


def test_odd_models(fuzz: Fuzz, odd_site: Site) -> None:
    _fuzz_site(fuzz, odd_site, 30, Size(fields=25, depth=6, bounded=False))


def _fuzz_site(fuzz: Fuzz, site: Site, percent: int, size: Size) -> None:
    """Each operation once; again, by the same plan, with cursors out of the answer and for other viewers."""
    with Session(site.database.engine) as session:
        samples = Samples(site.schema, session)
    profile = Profile(
        fields=size.fields,
        depth=size.depth,
        bounded=size.bounded,
        values=samples,
        weigh=_weigh,
        cursors=("after", "before"),
        always=_always,
    )
    viewers = st.sampled_from([*site.viewers[:2] * 3, *site.viewers[2:]])

    def check(data: st.DataObject) -> None:
        operation = data.draw(operations(site.schema, profile))
        document = parse(operation.source)
        assume(not validate(site.schema, document))
        note(str(operation))
        subject = Subject(site.schema, document, operation.name)

        def answer(variables: dict[str, Any]) -> Any:
            viewer = data.draw(viewers)
            note(f"variables = {variables!r}\nviewer = {viewer}")
            return site.answer(subject, variables, viewer).data

        answered = answer(operation.variables)
        for _ in range(2 if operation.cursors and answered else 0):
            cursors = {name: data.draw(_cursors(answered, key)) for name, key in operation.cursors.items()}
            answer({**operation.variables, **cursors})
        fuzz.counted()

    fuzz.run(percent, check)


def _weigh(type_name: str, field_name: str) -> int:
    """What leads to many objects often, what ends an answer seldom."""
    if "smuggle" in field_name.lower():
        # graphql-core shows such an object as it is: see test_what_a_resolver_smuggles_in_is_read_under_policy.
        return 0
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
