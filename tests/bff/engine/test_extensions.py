"""Strawberry's schema extensions: run around operations and fields as Strawberry runs them, or refused.

The reference is Strawberry's own `execute_sync` of the same schema, for whatever reads no rows.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import strawberry
from graphql import ExecutionResult, GraphQLError, ValidationRule, parse
from sqlalchemy import ForeignKey, create_engine, insert
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from strawberry.directive import DirectiveLocation, DirectiveValue
from strawberry.extensions import AddValidationRules, QueryDepthLimiter, SchemaExtension

import bff
from bff.plan.plan import compile_plan
from bff.readsets.readset import Invocation


@strawberry.type
class Query:
    @strawberry.field
    def greeting(self, name: str = "you") -> str:
        return f"hello {name}"

    @strawberry.field
    def secret(self) -> str | None:
        return "s3cret"


def layer_of(*extensions: Any, query: type = Query, **options: Any) -> bff.Bff:
    schema = bff.Schema(query, extensions=extensions, **options)
    return bff.Bff(schema=schema, engine=create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none"))


def answers(layer: bff.Bff, text: str, **variables: Any) -> ExecutionResult:
    """The layer's answer, asserted to be Strawberry's own."""
    actual = layer.execute(text, variables=variables)
    expected = layer.server.schema._strawberry_schema.execute_sync(text, variables)  # type: ignore[attr-defined]
    assert actual.data == expected.data
    assert [error.message for error in actual.errors or ()] == [error.message for error in expected.errors or ()]
    assert [error.path for error in actual.errors or ()] == [error.path for error in expected.errors or ()]
    assert (actual.extensions or {}) == (expected.extensions or {})
    return actual


class Told(SchemaExtension):
    """Writes down what is called, in the response."""

    def __init__(self) -> None:
        self.calls: list[str] = []

    def on_operation(self) -> Iterator[None]:
        self.calls.append("operation")
        yield
        assert self.execution_context.result is not None
        self.calls.append(f"result {self.execution_context.result.data}")

    def on_parse(self) -> Iterator[None]:
        assert self.execution_context.graphql_document is None
        yield
        assert self.execution_context.graphql_document is not None
        self.calls.append("parsed")

    def on_validate(self) -> Iterator[None]:
        self.calls.append(f"validating {self.execution_context.operation_type.value}")
        yield

    def on_execute(self) -> Iterator[None]:
        self.calls.append(f"executing {self.execution_context.variables}")
        yield

    def resolve(self, _next: Callable[..., Any], root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        self.calls.append(f"{info.field_name} {kwargs}")
        return _next(root, info, *args, **kwargs)

    def get_results(self) -> dict[str, Any]:
        return {"told": self.calls}


def test_every_hook_runs_in_strawberrys_order() -> None:
    text = "query ($name: String!) { greeting(name: $name) __typename }"
    told = answers(layer_of(Told), text, name="Ada").extensions
    assert told == {
        "told": [
            "operation",
            "parsed",
            "validating query",
            "executing {'name': 'Ada'}",
            "greeting {'name': 'Ada'}",
            "__typename {}",
            "result {'greeting': 'hello Ada', '__typename': 'Query'}",
        ]
    }


def test_each_operation_has_instances_of_its_own() -> None:
    layer = layer_of(Told)
    first, second = (layer.execute("{ secret }").extensions for _ in range(2))
    assert first
    assert first == second


@pytest.mark.parametrize("hook", ["on_operation", "on_parse", "on_validate", "on_execute"])
@pytest.mark.parametrize("after", [False, True])
def test_a_hook_may_refuse_the_operation(hook: str, after: bool) -> None:
    def refuse(self: SchemaExtension) -> Iterator[None]:
        if after:
            yield
        raise GraphQLError("not for you")
        yield

    guard = type("Guard", (SchemaExtension,), {hook: refuse})
    result = answers(layer_of(guard), "{ secret }")
    assert result.data is None
    assert [error.message for error in result.errors or ()] == ["not for you"]


def test_an_error_of_the_layer_is_answered_as_such() -> None:
    class SignIn(SchemaExtension):
        def on_operation(self) -> Iterator[None]:
            raise bff.Unauthenticated("sign in")
            yield

    with pytest.raises(bff.Unauthenticated, match="sign in"):
        layer_of(SignIn).execute("{ secret }")


class Hide(SchemaExtension):
    def resolve(self, _next: Callable[..., Any], root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        if info.field_name == "secret":
            raise GraphQLError("hidden")
        return _next(root, info, *args, **kwargs)


def test_resolve_may_refuse_a_field() -> None:
    assert answers(layer_of(Hide), "{ greeting secret }").data == {"greeting": "hello you", "secret": None}


def test_the_last_of_several_is_around_the_others() -> None:
    def adds(letter: str) -> type[SchemaExtension]:
        def resolve(self: Any, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            return f"{_next(root, info, *args, **kwargs)}{letter}"

        return type("Adds", (SchemaExtension,), {"resolve": resolve})

    assert answers(layer_of(adds("a"), adds("b")), "{ secret }").data == {"secret": "s3cretab"}


def test_a_result_that_is_there_already_is_not_executed_for() -> None:
    class Kept(SchemaExtension):
        def on_operation(self) -> Iterator[None]:
            self.execution_context.result = ExecutionResult({"secret": "kept"}, None)
            yield

    assert answers(layer_of(Kept), "{ secret }").data == {"secret": "kept"}


def test_rules_that_an_extension_adds_hold() -> None:
    class NoSecrets(ValidationRule):
        def enter_field(self, node: Any, *_: Any) -> None:
            if node.name.value == "secret":
                self.report_error(GraphQLError("no secrets", node))

    layer = layer_of(lambda: AddValidationRules([NoSecrets]), lambda: QueryDepthLimiter(max_depth=3))
    assert layer.execute("{ greeting }").data == {"greeting": "hello you"}
    with pytest.raises(bff.BffError, match="no secrets"):
        layer.execute("{ secret }")


def test_errors_are_processed_by_the_hosts_schema() -> None:
    seen: list[str] = []

    class Noting(bff.Schema):
        def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
            seen.extend(error.message for error in errors)

    layer = bff.Bff(
        schema=Noting(Query, extensions=[Hide]), engine=create_engine("postgresql+psycopg2://nobody@127.0.0.1:1/none")
    )
    layer.execute("{ secret }")
    assert seen == ["hidden"]


def test_directives_of_the_hosts_own_run_on_fields() -> None:
    @strawberry.directive(locations=[DirectiveLocation.FIELD])
    def upper(value: DirectiveValue[str]) -> str:
        return value.upper()

    layer = layer_of(directives=[upper])
    assert answers(layer, "{ secret @upper greeting }").data == {"secret": "S3CRET", "greeting": "hello you"}
    assert answers(layer, "{ secret }").data == {"secret": "s3cret"}


# -- over rows


class Base(DeclarativeBase):
    pass


class TeamRow(Base):
    __tablename__ = "teams"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    people: Mapped[list[PersonRow]] = relationship(back_populates="team", order_by="PersonRow.id")


class PersonRow(Base):
    __tablename__ = "people"
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str]
    team_id: Mapped[int] = mapped_column(ForeignKey("teams.id"))
    team: Mapped[TeamRow] = relationship(back_populates="people")


def lengths(names: list[str], scope: bff.Scope) -> list[int]:
    return [len(name) for name in names]


@bff.entity(PersonRow, policy=bff.public)
class Person(bff.Node):
    id: strawberry.ID
    name: str | None
    team: Team
    length: int = bff.batched(lengths, key="name")


@bff.entity(TeamRow, policy=bff.public)
class Team(bff.Node):
    id: strawberry.ID
    name: str
    people: list[Person]
    page: bff.Connection[Person] = bff.relation("people")
    size: int = bff.count("people")


@strawberry.type
class Rows:
    teams: list[Team] = bff.collection(order=["id"])
    person: Person | None = bff.lookup()
    node: bff.Node | None = bff.node()


class Private(SchemaExtension):
    """A name may be read by a person's own team only; Ada is nobody's business."""

    def resolve(self, _next: Callable[..., Any], root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
        value = _next(root, info, *args, **kwargs)
        if str(info.parent_type) == "Person" and info.field_name == "name" and root.name == "Ada":
            raise GraphQLError("private")
        if info.field_name == "people":
            return [person for person in value if person.name != "Bob"]
        return value


@pytest.fixture
def rows(make_database: Callable[[], str]) -> Iterator[Callable[..., bff.Bff]]:
    engine = create_engine(make_database())
    Base.metadata.create_all(engine)
    with engine.begin() as connection:
        connection.execute(insert(TeamRow), [{"id": 1, "name": "red"}, {"id": 2, "name": "blue"}])
        people = [(1, "Ada", 1), (2, "Bob", 1), (3, "Cy", 2)]
        connection.execute(
            insert(PersonRow), [dict(zip(("id", "name", "team_id"), each, strict=True)) for each in people]
        )

    def make(*extensions: Any) -> bff.Bff:
        schema = bff.Schema(Rows, types=[Person, Team], extensions=extensions)
        return bff.Bff(schema=schema, engine=engine)

    yield make
    engine.dispose()


def test_resolve_is_called_for_what_is_loaded(rows: Callable[..., bff.Bff]) -> None:
    """Whatever is read in batches is seen object by object, and each row as an object with what was loaded of it."""
    result = rows(Private).execute("{ teams { name size people { name length } page { nodes { name } totalCount } } }")
    assert result.data == {
        "teams": [
            {
                "name": "red",
                "size": 2,
                "people": [{"name": None, "length": 3}],
                "page": {"nodes": [{"name": None}, {"name": "Bob"}], "totalCount": 2},
            },
            {
                "name": "blue",
                "size": 1,
                "people": [{"name": "Cy", "length": 2}],
                "page": {"nodes": [{"name": "Cy"}], "totalCount": 1},
            },
        ]
    }
    assert [error.path for error in result.errors or ()] == [
        ["teams", 0, "people", 0, "name"],
        ["teams", 0, "page", "nodes", 0, "name"],
    ]


def test_resolve_is_called_whatever_way_leads_to_a_row(rows: Callable[..., bff.Bff]) -> None:
    layer = rows(Private)
    for text in ('{ person(id: "1") { name } }', '{ node(id: "Person:1") { ... on Person { name } } }'):
        result = layer.execute(text)
        assert [error.message for error in result.errors or ()] == ["private"], text
    # Asked again, PostgreSQL would write it all, were there no extension.
    assert layer.execute('{ person(id: "1") { name } }').errors is not None


def test_an_extension_that_changes_nothing_changes_nothing(rows: Callable[..., bff.Bff]) -> None:
    class Idle(SchemaExtension):
        def resolve(self, _next: Callable[..., Any], root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            return _next(root, info, *args, **kwargs)

    text = """{ teams { nodeId size people(first: 1, filter: {name: {ne: "x"}}) { name team { name } }
      page(first: 1) { edges { cursor node { name } } pageInfo { hasNextPage endCursor } totalCount } }
      node(id: "Team:2") { __typename nodeId ... on Team { people { length } } } }"""
    with_cursors_of_one_secret = bff.Settings(secret="of the tests")  # type: ignore[arg-type]
    answers = [
        bff.Bff(schema=each.schema, engine=each.engine, settings=with_cursors_of_one_secret).execute(text)
        for each in (rows().server, rows(Idle).server)
    ]
    assert answers[0] == answers[1]
    assert answers[0].errors is None


def test_other_rows_than_were_loaded_are_an_error(rows: Callable[..., bff.Bff]) -> None:
    class Forge(SchemaExtension):
        def resolve(self, _next: Callable[..., Any], root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            value = _next(root, info, *args, **kwargs)
            return PersonRow(id=9, name="Mallory") if info.field_name == "person" else value

    [error] = rows(Forge).execute('{ person(id: "1") { name } }').errors or []
    assert "middleware gave PersonRow for Rows.person" in error.message


def test_extensions_run_around_live_operations_and_what_they_read_counts(rows: Callable[..., bff.Bff]) -> None:
    class Counting(SchemaExtension):
        def on_operation(self) -> Iterator[None]:
            self.size = self.execution_context.context.session.query(TeamRow).count()
            yield

        def resolve(self, _next: Callable[..., Any], root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            value = _next(root, info, *args, **kwargs)
            return f"{value} of {self.size}" if info.field_name == "name" else value

    server = rows(Counting).server
    text = "query Live($id: ID!) @live { person(id: $id) { name } }"

    plan = compile_plan(server.schema, parse(text))
    executed = server.execute_live(plan, [Invocation({"id": "1"}), Invocation({"id": "3"})], None)
    assert [each.payload for each in executed.answers] == [
        {"data": {"person": {"name": "Ada of 2"}}},
        {"data": {"person": {"name": "Cy of 2"}}},
    ]
    assert all({table for table, *_ in each.reads.facts} == {"people", "teams"} for each in executed.answers)
    assert executed.snapshot
    # Its code may look at the viewer: no two of them share an execution.
    assert server.audience_of(plan, "one") != server.audience_of(plan, "other")
