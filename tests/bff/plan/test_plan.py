"""Plans: one for every value of an operation's conditions, and ready before the first request."""

from typing import Any

from bff.plan.explain import explain
from tests.bff.asking import Asker
from tests.bff.plan.authors import PAGE, One


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
