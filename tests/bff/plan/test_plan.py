"""Plans: one for every value of an operation's conditions, and ready before the first request."""

import re
from itertools import product
from typing import Any

import pytest
from graphql import GraphQLError, parse, print_ast
from graphql.execution.values import VariableValues

from bff.plan.explain import explain
from bff.plan.lists import ListByParent
from bff.plan.loads import Load
from bff.plan.plan import Audience, Plan, compile_plan
from tests.bff.asking import Asker
from tests.bff.entities import ships
from tests.bff.plan.authors import PAGE, SCHEMA, One, Reader


def test_skip_and_include_by_variables_plan_once_for_each_of_their_values(ask: Asker, one: One) -> None:
    query = (
        'query($a: Boolean!, $b: Boolean!) { author(id: "1") { name @include(if: $a) students @skip(if: $b) { name }'
        " mentor { name @include(if: $a) } } books(first: 1) @include(if: $a) { title } }"
    )
    assert one(query, variables={"a": True, "b": True}) == {
        "author": {"name": "ann", "mentor": None}, "books": [{"title": "one"}],
    }  # fmt: skip
    assert set(one(query, variables={"a": False, "b": False})) == {"author"}
    plan = ask.plan(query)
    for _ in range(3):
        for a, b in [(True, True), (False, True), (False, False)]:
            ask.run(plan, variables={"a": a, "b": b})
    assert repr(plan) == "<Plan of query (anonymous), 3 variants>"


def test_a_plan_is_ready_before_its_first_request(ask: Asker, count_sql: Any) -> None:
    """Of a registered operation, the first request is answered by the one statement that the plan shows."""
    plan = ask.plan(PAGE, "auto")
    plan.prepare()
    [text] = plan.texts()
    with count_sql(ask.database.engine) as counted:
        ask.run(plan)
    assert counted.statements == [text]
    assert text in explain(plan).replace("\n   ", "\n")


# What a plan is


def planned(text: str, name: str | None = None, **options: Any) -> Plan:
    return compile_plan(SCHEMA._schema, parse(text), name, **options)


@pytest.mark.parametrize(
    ("text", "name", "says"),
    [
        ("fragment F on Query { books { id } }", None, "Must provide an operation."),
        ("query A { books { id } } query B { books { id } }", None, "Must provide operation name if query contains multiple operations."),
        ("query A { books { id } }", "B", "Unknown operation named 'B'."),
        ("query A { books { id } }", "", "Unknown operation named ''."),
        ("subscription { it }", None, "Schema is not configured to execute subscription operation."),
    ],
)  # fmt: skip
def test_an_operation_that_is_not_there(text: str, name: str | None, says: str) -> None:
    with pytest.raises(GraphQLError, match=re.escape(says)):
        planned(text, name)


@pytest.mark.parametrize(
    ("text", "kind", "name", "is_live"),
    [
        ("{ books { id } }", "query", None, False),
        ("query A @live { books { id } }", "query", "A", True),
        ("mutation B { author(id: 1) { id } }", "mutation", "B", False),
    ],
)
def test_what_an_operation_is(text: str, kind: str, name: str | None, is_live: bool) -> None:
    plan = planned(text)
    assert (plan.kind, plan.name, plan.is_live, plan.is_mutation) == (kind, name, is_live, kind == "mutation")
    assert plan.text == print_ast(parse(text))


def test_who_follows_data_must_know_each_row() -> None:
    """So what is live is run in rounds, with the keys of all rows."""
    subscription = compile_plan(ships.SCHEMA, parse("subscription { ship(id: 1) { id } }"), strategy="compiled")
    assert (subscription.is_live, subscription.strategy, subscription.whole().regions.of) == (True, "rounds", {})
    plan = planned("{ students: author(id: 1) { students { name } } }", strategy="compiled")
    live = plan.live
    assert live is plan.live
    assert live.live is live
    assert (live.strategy, live.document, live.operation) == ("rounds", plan.document, plan.operation)
    [lists] = [each for each in live.whole().loads if isinstance(each, ListByParent)]
    assert "id" in lists.columns
    [lists] = [each for each in planned(plan.text, strategy="rounds").whole().loads if isinstance(each, ListByParent)]
    assert "id" not in lists.columns


def variables(**values: Any) -> VariableValues:
    return VariableValues({}, values)


def test_variants_are_made_once_for_each_value_of_the_conditions() -> None:
    plan = planned(
        "query($a: Boolean!, $b: Boolean!, $n: Int) { books(first: $n) { id @include(if: $a) title @skip(if: $b) } }"
    )
    assert plan.conditions == {"a": "include", "b": "skip"}
    one = plan.variant(variables(a=True, b=False, n=1))
    assert plan.variant(variables(a=True, b=False, n=2)) is one is plan.whole()
    assert plan.variant(variables(a=False, b=False, n=1)) is not one
    assert [each.key for each in one.fields()] == ["books", "id", "title"]


def test_the_variants_kept_are_bounded() -> None:
    names = [f"v{i}" for i in range(7)]
    fields = " ".join(f"{name}: id @include(if: ${name})" for name in names)
    plan = planned(
        f"query({', '.join(f'${name}: Boolean!' for name in names)}) {{ books {{ id {fields} }} }}", strategy="rounds"
    )
    for values in product((True, False), repeat=len(names)):
        plan.variant(variables(**dict(zip(names, values, strict=True))))
    assert repr(plan) == "<Plan of query (anonymous), 64 variants>"


def test_reads_come_after_all_that_bring_them_keys() -> None:
    whole = planned(PAGE, strategy="rounds").whole()
    reads = whole.reads
    assert len(reads) == len(set(reads)) > 10
    for i, each in enumerate(reads):
        assert isinstance(each, Load)
        assert not (each.downstream - {each}) & set(reads[:i]) or _in_a_circle(each)
    assert len(planned(PAGE, strategy="rounds").texts()) == len(reads)


def _in_a_circle(load: Load) -> bool:
    """Authors lead to books and these to authors."""
    seen: set[Load] = set()
    waiting = list(load.downstream - {load})
    while waiting:
        each = waiting.pop()
        if each is load:
            return True
        if each not in seen:
            seen.add(each)
            waiting += each.downstream
    return False


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ books { id @include(if: true) } ...F @skip(if: false) } fragment F on Query { __typename }", False),
        ("{ books { id @loud } }", True),
        ("query @live { books { id } }", False),
    ],
)
def test_directives_of_the_hosts_own_on_fields(text: str, expected: bool) -> None:
    assert planned(text).has_field_directives is expected


# Who sees the same


def sees(text: str) -> Audience | None:
    return planned(text).audience


def test_who_sees_the_same_is_told_by_what_policies_read() -> None:
    audience = sees("{ authors { name } books { title } }")
    assert audience is not None
    assert (audience.attributes, audience.keys) == (("tenant",), ())
    assert audience.of(Reader("north")) == audience.of(Reader("north")) != audience.of(Reader("south"))
    assert audience.of(None) is None
    nobody_asked = sees("{ books { title } }")
    assert nobody_asked is not None
    assert nobody_asked.of(Reader("north")) == nobody_asked.of(Reader("south"))
    assert nobody_asked.of(None) is None


def test_values_that_python_takes_for_equal_are_told_apart() -> None:
    audience = Audience(("tenant",), ())
    ones: list[Any] = [1, 1.0, True, "1", [1], (1,)]
    # Tuples are PostgreSQL's arrays, as lists are.
    assert len({audience.of(Reader(each)) for each in ones}) == len(ones) - 1


def test_keys_that_lookups_read_of_the_viewer_count() -> None:
    audience = Audience((), (lambda viewer: viewer.tenant,))
    assert audience.of(Reader("a")) != audience.of(Reader("b"))


@pytest.mark.parametrize(
    "text",
    [
        "{ authors { place } }",
        "{ someAuthors { id } }",
        "{ authors { length } }",
        "query(" + ", ".join(f"$v{i}: Boolean!" for i in range(5)) + ") { books { id " + " ".join(f"a{i}: id @skip(if: $v{i})" for i in range(5)) + " } }",
    ],
    ids=["info", "resolver", "batch of unknown reads", "too many conditions"],
)  # fmt: skip
def test_where_python_may_look_at_the_viewer_it_may_be_anything(text: str) -> None:
    assert sees(text) is None


def test_what_any_variant_reads_counts() -> None:
    audience = sees("query($a: Boolean!) { books { title authors @include(if: $a) { name } } }")
    assert audience is not None
    assert audience.attributes == ("tenant",)
    assert sees("query($a: Boolean!) { authors { name place @skip(if: $a) } }") is None
