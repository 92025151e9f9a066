"""Which fields are regions: what PostgreSQL can write, as far as it pays, and the reasons for what it does not."""

import pytest

import bff.plan.plan
import bff.plan.pushdown
from bff.plan.explain import explain
from bff.plan.plan import Strategy
from bff.plan.pushdown import MOST_NESTED
from tests.bff.asking import Asker
from tests.bff.plan.authors import One, Run, reasons, regions


@pytest.mark.parametrize(
    "below", ["students { name }", "studentCount", "studentPage { totalCount }", "mentor { books { id } }"]
)
@pytest.mark.parametrize("parents", ["authors", "authorPage { nodes"])
def test_what_many_rows_may_share_is_read_once(ask: Asker, run: Run, below: str, parents: str) -> None:
    """A to-one relation with lists or counts below, inside of a list; with columns and to-one relations below it is written."""
    end = " }" if "Page" in parents else ""
    query = f"{{ {parents} {{ name mentor {{ name {below} }} }} {end} }}"
    assert set(reasons(ask, query).values()) == {
        "Author.mentor has lists or counts below, and may be the same for many rows"
    }
    ran = run(query)
    assert len(ran.statements) > 1
    assert reasons(ask, f"{{ {parents} {{ name mentor {{ name profile {{ bio }} mentor {{ id }} }} }} {end} }}") == {}
    assert reasons(ask, f'{{ author(id: "6") {{ mentor {{ name {below} }} }} }}') == {}


def test_what_a_mutation_reads_it_reads_in_its_turn(ask: Asker) -> None:
    """Its root fields are no regions, which would be read before all."""
    query = (
        'mutation { a: author(id: "1") { name } new: rename(id: 1, name: "anna") { name } b: author(id: "1") { name students'
        ' { name mentor { name } } } old: rename(id: 1, name: "ann") { name } c: author(id: "1") { name } }'
    )
    assert regions(ask, query) == ["students"]
    data = ask(query)
    assert [data[key]["name"] for key in ("a", "new", "b", "old", "c")] == ["ann", "anna", "anna", "ann", "ann"]
    assert data["b"]["students"][0]["mentor"] == {"name": "anna"}


DEEP = '{ author(id: "1") { students { students { students { name } } } } books { title } }'


def test_auto_leaves_what_is_beyond_many_subqueries_to_rounds(
    ask: Asker, one: One, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(bff.plan.plan, "MOST_SUBQUERIES", 3)
    says = "with Query.author the statement has 4 subqueries, more than 3"
    assert reasons(ask, DEEP, "auto") == {"author": says}
    # What is below it is of another statement, and what stands beside it has room.
    assert regions(ask, DEEP, "auto") == ["students", "books"]
    assert f"; in rounds: {says}" in explain(ask.plan(DEEP, "auto"))
    assert regions(ask, DEEP, "compiled") == ["author", "books"]
    assert reasons(ask, DEEP, "compiled") == {}
    one(DEEP)
    monkeypatch.setattr(bff.plan.plan, "MOST_SUBQUERIES", 4)
    assert regions(ask, DEEP, "auto") == ["author"]
    assert reasons(ask, DEEP, "auto") == {"books": "with Query.books the statement has 5 subqueries, more than 4"}
    monkeypatch.setattr(bff.plan.plan, "MOST_SUBQUERIES", 5)
    assert regions(ask, DEEP, "auto") == ["author", "books"]


@pytest.mark.parametrize(
    ("query", "subqueries"),
    [
        ('{ author(id: "1") { name nodeId length } }', 1),
        ('{ author(id: "1") { mentor { name } } }', 2),
        ('{ author(id: "1") { studentCount price } }', 3),
        ('{ author(id: "1") { studentPage { nodes { id } pageInfo { endCursor } } } }', 2),
        ('{ author(id: "1") { studentPage { totalCount edges { node { mentor { id } } } } } }', 4),
        ("{ works { author { id } } }", 3),
    ],
)
def test_what_counts_as_a_subquery(ask: Asker, query: str, subqueries: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """An interface's are counted for each type."""
    monkeypatch.setattr(bff.plan.plan, "MOST_SUBQUERIES", subqueries)
    assert reasons(ask, query, "auto") == {}
    monkeypatch.setattr(bff.plan.plan, "MOST_SUBQUERIES", subqueries - 1)
    assert (
        f"the statement has {subqueries} subqueries, more than {subqueries - 1}"
        in reasons(ask, query, "auto").popitem()[1]
    )


@pytest.mark.parametrize("strategy", ["auto", "compiled"])
def test_levels_are_limited_whatever_the_setting(ask: Asker, one: One, strategy: Strategy) -> None:
    def query(levels: int) -> str:
        return '{ author(id: "1") ' + "{ students " * levels + "{ name } " + "} " * levels + "}"

    assert reasons(ask, query(MOST_NESTED - 1), strategy) == {}
    one(query(MOST_NESTED - 1))
    says = f"Query.author takes {MOST_NESTED + 1} levels of subqueries, more than {MOST_NESTED}"
    assert reasons(ask, query(MOST_NESTED), strategy) == {"author": says}
    assert regions(ask, query(MOST_NESTED), strategy) == ["students"]
    assert ask(query(MOST_NESTED))


def test_columns_of_a_statement_are_limited(ask: Asker, one: One, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bff.plan.pushdown, "MOST_COLUMNS", 2)
    query = '{ a: author(id: "1") { name } b: books { id } c: books { id } }'
    assert reasons(ask, query) == {"c": "with Query.books the statement has more than 2 columns"}
    assert ask(query)["c"] == [{"id": key} for key in "1234"]


def test_rounds_have_no_regions(ask: Asker) -> None:
    assert regions(ask, DEEP, "rounds") == []
    assert reasons(ask, DEEP, "rounds") == {}


@pytest.mark.parametrize(
    ("query", "said"),
    [
        (
            '{ author(id: "1") { place } }',
            {"author": "Author.place is a resolver with objects, `info` or extensions"},
        ),
        (
            '{ author(id: "1") { students { place books { id } } mentor { name } } }',
            {
                "author": "Author.place is a resolver with objects, `info` or extensions",
                "students": "Author.place is a resolver with objects, `info` or extensions",
            },
        ),
        ('{ author(id: "1") { length students { shout } } }', {}),
    ],
)
def test_what_needs_python_is_left_to_it_and_all_below_is_a_region_again(
    ask: Asker, query: str, said: dict[str, str]
) -> None:
    assert reasons(ask, query) == said
    shown = explain(ask.plan(query))
    assert all(f"; in rounds: {reason}" in shown for reason in said.values())
    expected = {"author": ["students"], "students": ["books", "mentor"]}
    assert regions(ask, query) == (["author"] if not said else [] if len(said) == 1 else expected["students"])
    ask(query)
